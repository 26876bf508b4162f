//! Files that grow, are rotated, cut, copied and compressed while they are followed: every line is found once.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use auditty::engine::Engine;
use auditty::event::EventId;
use tempfile::TempDir;

use crate::support::logs::{line, lines};
use crate::support::pipeline::{Running, all_hits, open_engine, request, search};
use crate::support::wait;

/// A folder of logs and a place for the index.
struct Place {
    base: TempDir,
}

impl Place {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("logs")).unwrap();
        Self { base }
    }

    fn logs(&self) -> PathBuf {
        self.base.path().join("logs")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.logs().join(name)
    }

    fn index(&self) -> PathBuf {
        self.base.path().join("index")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.file(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.file(from), self.file(to)).unwrap();
    }

    /// Compresses a file as a rotator does: the new one complete under its name, then the old one deleted.
    fn compress(&self, name: &str) {
        let text = fs::read(self.file(name)).unwrap();
        let hidden = self.file(".tmp");
        let mut out = flate2::write::GzEncoder::new(
            File::create(&hidden).unwrap(),
            flate2::Compression::fast(),
        );
        out.write_all(&text).unwrap();
        out.finish().unwrap();
        fs::rename(hidden, self.file(&format!("{name}.gz"))).unwrap();
        fs::remove_file(self.file(name)).unwrap();
    }

    fn follow(&self, path: &Path) -> Running {
        Running::open(path, &self.index(), true)
    }
}

fn ids(engine: &dyn Engine) -> Vec<EventId> {
    all_hits(engine, "*")
        .iter()
        .map(|hit| hit.event.id)
        .collect()
}

#[test]
fn appended_lines_are_found() {
    let place = Place::new();
    place.write("a.log", &lines(0..50));
    let running = place.follow(&place.file("a.log"));
    running.wait_for(0..50);
    for n in 50..80 {
        place.append("a.log", &line(n));
    }
    running.wait_for(0..80);
    place.append("a.log", &lines(80..2000));
    running.settle_on(0..2000);
    let hits = all_hits(&running.engine, "*");
    let numbers: Vec<Option<u64>> = hits.iter().map(|hit| hit.event.line).collect();
    assert_eq!(numbers, (1..=2000).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_line_in_pieces_is_one_event() {
    let place = Place::new();
    place.write("a.log", &lines(0..3));
    let running = place.follow(&place.file("a.log"));
    let whole = line(3);
    let (head, tail) = whole.split_at(30);
    place.append("a.log", head);
    wait::until(&running.engine, "the torn line", || {
        let total = search(&running.engine, &request("*")).total;
        (total == 4).then_some(()).ok_or(format!("{total} events"))
    });
    place.append("a.log", tail);
    running.wait_for(0..4);
    assert_eq!(search(&running.engine, &request("*")).total, 4);
    place.append("a.log", &line(4));
    running.settle_on(0..5);
    assert_eq!(search(&running.engine, &request("*")).total, 5);
}

#[test]
fn a_line_torn_at_the_end_of_one_run_is_whole_in_the_next() {
    let place = Place::new();
    let whole = line(3);
    let (head, tail) = whole.split_at(30);
    place.write("a.log", &(lines(0..3) + head));
    let first = Running::complete(&place.file("a.log"), &place.index());
    assert_eq!(search(&first.engine, &request("*")).total, 4);
    drop(first);
    place.append("a.log", &(tail.to_owned() + &line(4)));
    let second = Running::complete(&place.file("a.log"), &place.index());
    second.settle_on(0..5);
    assert_eq!(search(&second.engine, &request("*")).total, 5);
}

#[test]
fn a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_start() {
    let place = Place::new();
    place.write("a.log", &lines(0..40));
    let running = place.follow(&place.file("a.log"));
    running.wait_for(0..40);
    let before = ids(&running.engine);
    // What is written between the last look and the rename is not lost, nor what a slow writer adds after it.
    place.append("a.log", &lines(40..50));
    place.rename("a.log", "a.log.1");
    place.append("a.log.1", &lines(50..55));
    place.append("a.log", &lines(55..70));
    running.wait_for(0..70);
    place.append("a.log", &lines(70..75));
    running.settle_on(0..75);
    assert_eq!(ids(&running.engine)[..40], before[..]);
    place.rename("a.log.1", "a.log.2");
    place.rename("a.log", "a.log.1");
    place.append("a.log", &lines(75..80));
    running.settle_on(0..80);
    assert_eq!(ids(&running.engine)[..40], before[..]);
}

#[test]
fn a_file_copied_and_emptied_is_read_on_in_the_copy() {
    let place = Place::new();
    place.write("a.log", &lines(0..40));
    let running = place.follow(&place.file("a.log"));
    running.wait_for(0..40);
    let before = ids(&running.engine);
    place.append("a.log", &lines(40..45));
    fs::copy(place.file("a.log"), place.file("a.log.1")).unwrap();
    let emptied = OpenOptions::new()
        .write(true)
        .open(place.file("a.log"))
        .unwrap();
    emptied.set_len(0).unwrap();
    place.append("a.log", &lines(45..60));
    running.wait_for(0..60);
    place.append("a.log", &lines(60..65));
    running.settle_on(0..65);
    assert_eq!(ids(&running.engine)[..40], before[..]);
}

#[test]
fn an_emptied_file_keeps_its_events_as_gone() {
    let place = Place::new();
    place.write("a.log", &lines(0..40));
    let running = place.follow(&place.file("a.log"));
    running.wait_for(0..40);
    let emptied = OpenOptions::new()
        .write(true)
        .open(place.file("a.log"))
        .unwrap();
    emptied.set_len(0).unwrap();
    place.append("a.log", &lines(40..50));
    running.settle_on(0..50);
    let hits = all_hits(&running.engine, "*");
    let gone = hits.iter().filter(|hit| hit.event.gone).count();
    assert_eq!(gone, 40);
}

#[test]
fn a_deleted_file_keeps_its_events_as_gone() {
    let place = Place::new();
    place.write("a.log", &lines(0..20));
    place.write("b.log", &lines(20..30));
    let running = place.follow(&place.logs());
    running.wait_for(0..30);
    place.append("a.log", &lines(30..32));
    fs::remove_file(place.file("a.log")).unwrap();
    place.append("b.log", &lines(40..45));
    let expected = || (0..32).chain(40..45);
    wait::until(&running.engine, "the deletion", || {
        let gone = all_hits(&running.engine, "source:*a.log")
            .iter()
            .filter(|h| h.event.gone)
            .count();
        if gone > 0 {
            Ok(())
        } else {
            Err("nothing is gone".into())
        }
    });
    // The last lines may be deleted before anybody could see them.
    let found = crate::support::logs::numbers(&all_hits(&running.engine, "*"));
    if found.contains(&30) {
        running.settle_on(expected());
    } else {
        running.settle_on((0..30).chain(40..45));
    }
}

#[test]
fn a_new_file_in_a_folder_is_read() {
    let place = Place::new();
    place.write("a.log", &lines(0..5));
    let running = place.follow(&place.logs());
    running.wait_for(0..5);
    place.write("b.log", &lines(5..10));
    running.wait_for(0..10);
    fs::create_dir(place.file("sub")).unwrap();
    fs::write(place.file("sub/c.log"), lines(10..15)).unwrap();
    running.wait_for(0..15);
    place.write("empty.log", "");
    place.append("empty.log", &lines(15..20));
    running.settle_on(0..20);
}

#[test]
fn a_rotated_file_that_is_compressed_is_not_read_again() {
    let place = Place::new();
    place.write("a.log.1", &lines(0..40));
    place.write("a.log", &lines(40..60));
    let running = place.follow(&place.file("a.log"));
    running.wait_for(0..60);
    let before = ids(&running.engine);
    place.compress("a.log.1");
    place.append("a.log", &lines(60..70));
    running.settle_on(0..70);
    assert_eq!(ids(&running.engine)[..60], before[..]);
    place.rename("a.log.1.gz", "a.log.2.gz");
    place.rename("a.log", "a.log.1");
    place.write("a.log", &lines(70..80));
    running.settle_on(0..80);
    assert_eq!(ids(&running.engine)[..60], before[..]);
    let gone = all_hits(&running.engine, "*")
        .iter()
        .filter(|h| h.event.gone)
        .count();
    assert_eq!(gone, 0, "what was compressed is not gone");
}

#[test]
fn rotation_between_two_runs_loses_and_doubles_nothing() {
    let place = Place::new();
    place.write("a.log.1", &lines(0..30));
    place.write("a.log", &lines(30..60));
    let first = Running::complete(&place.file("a.log"), &place.index());
    first.settle_on(0..60);
    let before = ids(&first.engine);
    drop(first);
    place.append("a.log", &lines(60..65));
    place.compress("a.log.1");
    place.rename("a.log.1.gz", "a.log.2.gz");
    place.rename("a.log", "a.log.1");
    place.write("a.log", &lines(65..90));
    let second = Running::complete(&place.file("a.log"), &place.index());
    second.settle_on(0..90);
    assert_eq!(ids(&second.engine)[..60], before[..]);
}

#[test]
fn what_is_indexed_is_not_read_again() {
    let place = Place::new();
    place.write("a.log", &lines(0..3000));
    place.write("a.log.1", &lines(5000..5400));
    let first = Running::complete(&place.logs(), &place.index());
    first.settle_on((0..3000).chain(5000..5400));
    let before = ids(&first.engine);
    drop(first);
    // An engine without a pipeline knows it all.
    let alone = open_engine(&place.index());
    assert_eq!(ids(&alone), before);
    drop(alone);
    let originals = || fs::metadata(place.index().join("originals")).unwrap().len();
    let size = originals();
    let second = Running::complete(&place.logs(), &place.index());
    assert_eq!(ids(&second.engine), before);
    assert_eq!(search(&second.engine, &request("*")).total, 3400);
    drop(second);
    assert_eq!(originals(), size, "something was read again");
}

#[test]
fn a_file_changed_in_place_is_read_again_and_that_is_said() {
    let place = Place::new();
    place.write("a.log", &lines(0..30));
    let running = place.follow(&place.file("a.log"));
    running.wait_for(0..30);
    running.engine.sinks()[0].flush().unwrap();
    let changed = lines(0..30).replace("\"user3\"", "\"evil3\"");
    let mut file = OpenOptions::new()
        .write(true)
        .open(place.file("a.log"))
        .unwrap();
    file.write_all(changed.as_bytes()).unwrap();
    drop(file);
    wait::until(&running.engine, "the changed lines", || {
        let found = search(&running.engine, &request("user:evil3")).total;
        (found == 4).then_some(()).ok_or(format!("{found} events"))
    });
    let said = running.engine.info().messages;
    assert!(
        said.iter().any(|m| m.contains("changed in place")),
        "{said:?}"
    );
}

/// A record of three lines, of which the second can be changed without changing its length.
fn audit_record(serial: u64, exe: &str) -> String {
    let stamp = format!("msg=audit(1772359200.{serial:03}:{serial})");
    [
        format!("type=SYSCALL {stamp}: arch=c000003e syscall=59 success=yes exit=0 pid=7 auid=1000 uid=0 comm=\"x\" exe=\"/bin/x\"\n"),
        format!("type=EXECVE {stamp}: argc=1 a0=\"{exe}\"\n"),
        format!("type=EOE {stamp}: \n"),
    ]
    .concat()
}

#[test]
fn a_record_changed_in_a_later_line_is_found_as_it_was_and_as_it_is() {
    let place = Place::new();
    // The first record comes again later: alike, and yet another event.
    let text = [
        audit_record(1, "/bin/aaa"),
        audit_record(2, "/bin/bbb"),
        audit_record(1, "/bin/aaa"),
        audit_record(3, "/bin/ccc"),
    ]
    .concat();
    place.write("audit.log", &text);
    let running = place.follow(&place.file("audit.log"));
    wait::until(&running.engine, "the records", || {
        let total = search(&running.engine, &request("*")).total;
        (total == 4).then_some(()).ok_or(format!("{total} events"))
    });
    running.engine.sinks()[0].flush().unwrap();
    let before = ids(&running.engine);
    let distinct: std::collections::BTreeSet<_> = before.iter().collect();
    assert_eq!(distinct.len(), 4, "{before:?}");

    let changed = text.replace("/bin/bbb", "/bin/evl");
    let mut file = OpenOptions::new()
        .write(true)
        .open(place.file("audit.log"))
        .unwrap();
    file.write_all(changed.as_bytes()).unwrap();
    drop(file);
    wait::until(&running.engine, "the changed record", || {
        let total = search(&running.engine, &request("\"/bin/evl\"")).total;
        (total == 1).then_some(()).ok_or(format!("{total} events"))
    });
    running.engine.sinks()[0].flush().unwrap();
    let now = all_hits(&running.engine, "\"/bin/evl\"").remove(0).event;
    let then = all_hits(&running.engine, "\"/bin/bbb\"").remove(0).event;
    assert!(then.gone && !now.gone);
    assert_ne!(then.id, now.id);
    for event in [&then, &now] {
        let found = running.engine.event(event.id).unwrap().unwrap().event;
        assert_eq!(found.raw, event.raw);
    }
    assert_eq!(search(&running.engine, &request("*")).total, 5);
    let others = all_hits(&running.engine, "\"/bin/aaa\" OR \"/bin/ccc\"");
    assert!(
        others
            .iter()
            .all(|h| before.contains(&h.event.id) && !h.event.gone)
    );
}

#[test]
fn a_second_engine_reads_follows_and_takes_over() {
    let place = Place::new();
    place.write("a.log", &lines(0..300));
    let first = place.follow(&place.file("a.log"));
    first.settle_on(0..300);
    let second = place.follow(&place.file("a.log"));
    assert!(first.engine.sinks()[0].writes() && !second.engine.sinks()[0].writes());
    second.wait_for(0..300);
    place.append("a.log", &lines(300..320));
    first.wait_for(0..320);
    second.wait_for(0..320);
    assert_eq!(ids(&first.engine), ids(&second.engine));
    first.settle_on(0..320);
    second.wait_for(0..320);
    drop(first);
    wait::until(&second.engine, "the takeover", || {
        let writes = second.engine.sinks()[0].writes();
        if writes {
            Ok(())
        } else {
            Err("it does not write".into())
        }
    });
    place.append("a.log", &lines(320..340));
    second.settle_on(0..340);
    drop(second);
    let third = Running::complete(&place.file("a.log"), &place.index());
    third.settle_on(0..340);
}

#[test]
fn the_older_part_of_a_large_file_has_its_line_numbers() {
    let place = Place::new();
    // More than is looked at first.
    place.write("a.log", &lines(0..6000));
    assert!(fs::metadata(place.file("a.log")).unwrap().len() > 512 << 10);
    let running = place.follow(&place.file("a.log"));
    place.append("a.log", &lines(6000..6050));
    running.settle_on(0..6050);
    wait::until(&running.engine, "the line numbers", || {
        let hits = all_hits(&running.engine, "*");
        let wrong = hits
            .iter()
            .enumerate()
            .find(|(i, hit)| hit.event.line != Some(*i as u64 + 1));
        wrong.map_or(Ok(()), |(i, hit)| {
            Err(format!("line {} is {:?}", i + 1, hit.event.line))
        })
    });
}
