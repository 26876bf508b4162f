//! Tests of waiting for changes, with notices and without.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::SystemTime;

use super::super::discover::Discoverer;
use super::*;

const LONG: Duration = Duration::from_secs(20);

struct Watched {
    dir: tempfile::TempDir,
    discoverer: Discoverer,
    watcher: Watcher,
}

impl Watched {
    /// Everything in the directory, or one file of it.
    fn new(argument: Option<&str>, notices: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.log"), "one\n").unwrap();
        fs::write(dir.path().join("empty.log"), "").unwrap();
        let path = argument.map_or(dir.path().to_path_buf(), |name| dir.path().join(name));
        let mut discoverer = Discoverer::new(vec![path]);
        let watcher = Watcher::with_notices(&discoverer.scan(), |waker| {
            if notices {
                Ok(recommended(waker).unwrap())
            } else {
                Err("none".into())
            }
        });
        let mut watched = Self {
            dir,
            discoverer,
            watcher,
        };
        watched.settle();
        watched
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(name)
    }

    /// Takes in what happened so far. Until a directory's time has settled nothing can be told from it: it is made old.
    fn settle(&mut self) {
        fs::File::open(self.dir.path())
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        loop {
            let found = self.discoverer.scan();
            self.watcher.update(&found);
            if self.watcher.recv(LOOK_WITHOUT_NOTICES).is_none() {
                return;
            }
        }
    }

    fn append(&self, name: &str) {
        OpenOptions::new()
            .append(true)
            .open(self.path(name))
            .unwrap()
            .write_all(b"more\n")
            .unwrap();
    }

    fn wait_for(&mut self, matches: impl Fn(&Wake) -> bool) {
        let deadline = Instant::now() + LONG;
        while Instant::now() < deadline {
            if self.watcher.recv(LONG).is_some_and(|wake| matches(&wake)) {
                return;
            }
        }
        panic!("no such wake");
    }
}

#[test]
fn growth_is_told_with_notices_and_without() {
    for notices in [true, false] {
        let mut watched = Watched::new(None, notices);
        assert_eq!(watched.watcher.uncovered().is_empty(), notices);
        let path = watched.path("a.log");
        watched.append("a.log");
        watched.wait_for(|wake| wake.files.contains(&path));
        assert_eq!(
            watched.watcher.recv(Duration::from_millis(300)),
            None,
            "told once"
        );
    }
}

#[test]
fn new_renamed_and_removed_files_ask_for_a_scan() {
    for notices in [true, false] {
        let mut watched = Watched::new(None, notices);
        fs::write(watched.path("b.log"), "x").unwrap();
        watched.wait_for(|wake| wake.rescan);
        watched.settle();
        fs::rename(watched.path("a.log"), watched.path("a.log.1")).unwrap();
        watched.wait_for(|wake| wake.rescan);
        watched.settle();
        fs::remove_file(watched.path("b.log")).unwrap();
        watched.wait_for(|wake| wake.rescan);
    }
}

#[test]
fn a_file_in_a_new_directory_is_found() {
    let mut watched = Watched::new(None, true);
    fs::create_dir(watched.path("sub")).unwrap();
    watched.wait_for(|wake| wake.rescan);
    watched.settle();
    fs::write(watched.path("sub/c.log"), "x").unwrap();
    watched.wait_for(|wake| wake.rescan);
}

#[test]
fn an_empty_file_that_grows_asks_for_a_scan() {
    let mut watched = Watched::new(None, true);
    watched.append("empty.log");
    watched.wait_for(|wake| wake.rescan);
}

#[test]
fn what_was_written_before_the_watch_began_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(dir.path()).unwrap().join("a.log");
    fs::write(&path, "one\n").unwrap();
    let found = Discoverer::new(vec![path.clone()]).scan();
    OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"two\n")
        .unwrap();
    let wake = Watcher::new(&found).recv(LONG).unwrap();
    assert!(wake.files.contains(&path));
}

#[test]
fn with_one_file_open_other_files_do_not_wake_by_name() {
    let watched = Watched::new(Some("a.log"), true);
    let mut watcher = watched.watcher;
    let dir = fs::canonicalize(watched.dir.path()).unwrap();
    for (name, rescan) in [
        ("unrelated.log", false),
        ("a.log.1", true),
        ("a-2026-03-01T10-00-00.000.log", true),
    ] {
        watcher.pending = Wake::default();
        watcher.note(Signal::Moved(dir.join(name)));
        assert_eq!(watcher.pending.rescan, rescan, "{name}");
    }
}

#[test]
fn waking_by_hand_ends_a_wait_and_a_flood_asks_for_a_scan() {
    let mut watched = Watched::new(None, true);
    let waker = watched.watcher.waker();
    waker.wake();
    let wake = watched.watcher.recv(LONG).unwrap();
    assert!(wake.asked && !wake.rescan);
    for _ in 0..=QUEUE {
        waker.wake();
    }
    watched.wait_for(|wake| wake.rescan);
}

#[test]
fn a_busy_writer_wakes_no_more_often_than_the_gap() {
    let mut watched = Watched::new(None, true);
    let waker = watched.watcher.waker();
    let began = Instant::now();
    for _ in 0..5 {
        waker.wake();
        assert!(watched.watcher.recv(LONG).is_some());
    }
    assert!(began.elapsed() >= GAP * 4);
}
