//! Two looks at a set, and what happened between them.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use super::super::SourceError;
use super::super::discover::{Discoverer, Discovery};
use super::super::file::open_at;
use super::super::stream::open_stream;
use super::super::watch::Watcher;
use super::*;

fn file(path: &str, ino: u64, len: u64, mtime: u64) -> GenFile {
    let compression = if path.ends_with(".gz") {
        Compression::Gzip
    } else {
        Compression::None
    };
    let mtime = SystemTime::UNIX_EPOCH + Duration::from_secs(mtime);
    GenFile {
        path: path.into(),
        compression,
        id: FileId {
            dev: 1,
            ino,
            born: None,
        },
        len,
        mtime,
        ctime: (0, 0),
    }
}

fn short(change: &Change) -> String {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let from = change
        .renamed_from
        .as_deref()
        .map_or(String::new(), |path| format!("{} → ", name(path)));
    let what = match &change.what {
        What::Unchanged => "unchanged".into(),
        What::Appended { from } => format!("appended from {from}"),
        What::Truncated => "truncated".into(),
        What::ChangedInPlace => "changed".into(),
        What::New { perhaps: None } => "new".into(),
        What::New {
            perhaps: Some(path),
        } => format!("new, perhaps {}", name(path)),
        What::Removed => "removed".into(),
    };
    format!("{from}{}: {what}", name(&change.file.path))
}

fn told(before: &[GenFile], after: &[GenFile]) -> Vec<String> {
    compare(before, after).iter().map(short).collect()
}

#[test]
fn what_happened_to_each_file() {
    type Case<'a> = (&'a str, Vec<GenFile>, Vec<GenFile>, &'a [&'a str]);
    let cases: Vec<Case<'_>> = vec![
        (
            "nothing",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a", 1, 5, 1)],
            &["a: unchanged"],
        ),
        (
            "a line",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a", 1, 9, 2)],
            &["a: appended from 5"],
        ),
        (
            "emptied",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a", 1, 0, 2)],
            &["a: truncated"],
        ),
        (
            "edited",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a", 1, 5, 2)],
            &["a: changed"],
        ),
        (
            "replaced",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a", 2, 9, 2)],
            &["a: removed", "a: new"],
        ),
        (
            "deleted",
            vec![file("/a", 1, 5, 1)],
            vec![],
            &["a: removed"],
        ),
        (
            "rename rotation",
            vec![file("/a.1", 1, 5, 1), file("/a", 2, 5, 2)],
            vec![
                file("/a.2", 1, 5, 1),
                file("/a.1", 2, 7, 3),
                file("/a", 3, 1, 4),
            ],
            &["a.1 → a.2: unchanged", "a → a.1: appended from 5", "a: new"],
        ),
        (
            "three renames in a row",
            vec![file("/a", 1, 5, 1)],
            vec![
                file("/a.3", 1, 6, 2),
                file("/a.2", 2, 5, 3),
                file("/a.1", 3, 5, 4),
                file("/a", 4, 5, 5),
            ],
            &["a → a.3: appended from 5", "a.2: new", "a.1: new", "a: new"],
        ),
        (
            "the oldest drops off",
            vec![
                file("/a.2", 1, 5, 1),
                file("/a.1", 2, 5, 2),
                file("/a", 3, 5, 3),
            ],
            vec![
                file("/a.2", 2, 5, 2),
                file("/a.1", 3, 5, 3),
                file("/a", 4, 0, 4),
            ],
            &[
                "a.2: removed",
                "a.1 → a.2: unchanged",
                "a → a.1: unchanged",
                "a: new",
            ],
        ),
        (
            "copytruncate",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a.1", 2, 6, 2), file("/a", 1, 0, 2)],
            &["a.1: new, perhaps a", "a: truncated"],
        ),
        (
            "copytruncate, and the file has outgrown its old length since",
            vec![file("/a", 1, 5, 1)],
            vec![file("/a.1", 2, 6, 2), file("/a", 1, 50, 3)],
            &["a.1: new, perhaps a", "a: appended from 5"],
        ),
        (
            "copytruncate twice: only the later copy can be the file as it was followed by another",
            vec![file("/a", 1, 5, 1)],
            vec![
                file("/a.2", 2, 6, 2),
                file("/a.1", 3, 7, 3),
                file("/a", 1, 0, 3),
            ],
            &["a.2: new", "a.1: new, perhaps a", "a: truncated"],
        ),
        (
            "compressed after rotation",
            vec![file("/a.1", 1, 500, 1), file("/a", 2, 5, 2)],
            vec![file("/a.1.gz", 3, 50, 1), file("/a", 2, 5, 2)],
            &["a.1: removed", "a.1.gz: new, perhaps a.1", "a: unchanged"],
        ),
        (
            "rotated and compressed in one go (delaycompress)",
            vec![
                file("/a.2.gz", 9, 40, 0),
                file("/a.1", 1, 500, 1),
                file("/a", 2, 5, 2),
            ],
            vec![
                file("/a.3.gz", 9, 40, 0),
                file("/a.2.gz", 3, 50, 1),
                file("/a.1", 2, 5, 2),
                file("/a", 4, 1, 3),
            ],
            &[
                "a.1: removed",
                "a.2.gz → a.3.gz: unchanged",
                "a.2.gz: new, perhaps a.1",
                "a → a.1: unchanged",
                "a: new",
            ],
        ),
        (
            "being compressed: both are there",
            vec![file("/a.1", 1, 500, 1)],
            vec![file("/a.1", 1, 500, 1), file("/a.1.gz", 3, 10, 9)],
            &["a.1: unchanged", "a.1.gz: new, perhaps a.1"],
        ),
        (
            "the live file compressed under its own name",
            vec![file("/a", 1, 500, 1)],
            vec![file("/a.gz", 3, 50, 1)],
            &["a: removed", "a.gz: new, perhaps a"],
        ),
        (
            "lumberjack",
            vec![file("/a.log", 1, 5, 1)],
            vec![
                file("/a-2026-03-01T10-00-00.000.log", 1, 6, 2),
                file("/a.log", 2, 1, 3),
            ],
            &[
                "a.log → a-2026-03-01T10-00-00.000.log: appended from 5",
                "a.log: new",
            ],
        ),
    ];
    for (case, before, after, expected) in cases {
        assert_eq!(told(&before, &after), expected, "{case}");
    }
}

#[test]
fn a_reused_inode_is_another_file() {
    let born = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let mut before = file("/a", 1, 5, 1);
    before.id.born = born(1);
    let mut after = file("/a", 1, 50, 2);
    after.id.born = born(2);
    assert_eq!(told(&[before], &[after]), ["a: removed", "a: new"]);
}

/// A log in a real directory, followed by what `compare` says alone: every line must be read once, in order.
struct Followed {
    dir: tempfile::TempDir,
    discoverer: Discoverer,
    before: Vec<GenFile>,
    /// Reached in each file, in decompressed bytes.
    reached: HashMap<FileId, u64>,
    read: String,
    written: usize,
}

impl Followed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let discoverer = Discoverer::new(vec![dir.path().to_path_buf()]);
        Self {
            dir,
            discoverer,
            before: Vec::new(),
            reached: HashMap::new(),
            read: String::new(),
            written: 0,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn append(&mut self, lines: usize) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("a.log"))
            .unwrap();
        for _ in 0..lines {
            writeln!(file, "line {}", self.written).unwrap();
            self.written += 1;
        }
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn compress(&self, from: &str, to: &str) {
        let mtime = fs::metadata(self.path(from)).unwrap().modified().unwrap();
        let packed = fs::File::create(self.path(to)).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
        encoder
            .write_all(&fs::read(self.path(from)).unwrap())
            .unwrap();
        encoder.finish().unwrap().set_modified(mtime).unwrap();
        fs::remove_file(self.path(from)).unwrap();
    }

    fn copytruncate(&self, to: &str) {
        fs::copy(self.path("a.log"), self.path(to)).unwrap();
        OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(self.path("a.log"))
            .unwrap();
    }

    fn read_on(&mut self) {
        self.try_read().unwrap();
        assert_eq!(self.read, lines(self.written));
    }

    fn try_read(&mut self) -> Result<Discovery, SourceError> {
        let found = self.discoverer.scan();
        let set = found.roots.first().and_then(|root| root.sets.first());
        let after = set.map_or(Vec::new(), |set| set.generations.clone());
        for change in compare(&self.before, &after) {
            let reached = |id: FileId| self.reached.get(&id).copied();
            let start = match &change.what {
                What::Removed => continue,
                What::Truncated => 0,
                What::New { perhaps } => {
                    let origin = perhaps
                        .as_ref()
                        .and_then(|path| self.before.iter().find(|old| old.path == *path));
                    reached(change.file.id)
                        .or_else(|| reached(origin?.id))
                        .unwrap_or(0)
                }
                _ => reached(change.file.id).unwrap_or(0),
            };
            let mut text = String::new();
            if change.file.compression == Compression::None {
                open_at(&change.file, start)?
                    .read_to_string(&mut text)
                    .unwrap();
            } else {
                let mut stream = open_stream(&change.file)?;
                stream.skip_to(start).unwrap();
                stream.read_to_string(&mut text).unwrap();
            }
            self.reached
                .insert(change.file.id, start + text.len() as u64);
            self.read.push_str(&text);
            change.apply_to(&mut self.before);
        }
        self.before = after;
        Ok(found)
    }
}

fn lines(n: usize) -> String {
    (0..n).map(|i| format!("line {i}\n")).collect()
}

#[test]
fn appended_lines_are_read_once() {
    let mut log = Followed::new();
    log.append(3);
    log.read_on();
    log.read_on();
    log.append(2);
    log.read_on();
}

#[test]
fn rename_rotation_loses_nothing() {
    let mut log = Followed::new();
    log.append(3);
    log.read_on();
    log.append(2);
    log.rename("a.log", "a.log.1");
    log.append(1);
    log.read_on();
    for _ in 0..3 {
        for n in (1..9).rev() {
            if log.path(&format!("a.log.{n}")).exists() {
                log.rename(&format!("a.log.{n}"), &format!("a.log.{}", n + 1));
            }
        }
        log.append(2);
        log.rename("a.log", "a.log.1");
        log.append(2);
    }
    log.read_on();
}

#[test]
fn rotation_into_dated_names_loses_nothing() {
    for rotated in [
        "a-2026-03-01T10-00-00.000.log",
        "a.log-20260301",
        "a-20260301.log",
    ] {
        let mut log = Followed::new();
        log.append(3);
        log.read_on();
        log.append(1);
        log.rename("a.log", rotated);
        log.append(2);
        log.read_on();
    }
}

#[test]
fn compression_after_rotation_reads_nothing_twice() {
    let mut log = Followed::new();
    log.append(40);
    log.rename("a.log", "a.log.1");
    log.append(30);
    log.read_on();
    log.compress("a.log.1", "a.log.1.gz");
    log.append(1);
    log.read_on();
    log.rename("a.log.1.gz", "a.log.3.gz");
    log.rename("a.log", "a.log.1");
    log.append(5);
    log.read_on();
    log.compress("a.log.1", "a.log.2.gz");
    log.rename("a.log", "a.log.1");
    log.append(2);
    log.read_on();
}

#[test]
fn copytruncate_reads_the_copy_on_and_the_file_anew() {
    let mut log = Followed::new();
    log.append(10);
    log.read_on();
    log.append(3);
    log.copytruncate("a.log.1");
    log.append(2);
    log.read_on();
    log.append(4);
    log.read_on();
}

#[test]
fn a_deleted_and_recreated_file_is_new() {
    let mut log = Followed::new();
    log.append(4);
    log.read_on();
    fs::remove_file(log.path("a.log")).unwrap();
    log.append(1);
    log.read_on();
}

#[test]
fn under_load_every_line_of_a_rotating_log_is_read_once() {
    const ROTATIONS: usize = 20;
    const LINES: usize = 2000;
    let mut log = Followed::new();
    log.append(1);
    let dir = log.dir.path().to_path_buf();
    let writer = std::thread::spawn(move || {
        let live = dir.join("a.log");
        for rotation in 0..ROTATIONS {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&live)
                .unwrap();
            // The writer of a renamed file goes on in it until it opens the new one.
            for i in 0..LINES {
                if i == LINES / 2 {
                    for n in (1..=rotation).rev() {
                        fs::rename(
                            dir.join(format!("a.log.{n}")),
                            dir.join(format!("a.log.{}", n + 1)),
                        )
                        .unwrap();
                    }
                    fs::rename(&live, dir.join("a.log.1")).unwrap();
                }
                writeln!(file, "line {}", 1 + rotation * LINES + i).unwrap();
            }
        }
    });
    let mut watcher = Watcher::new(&log.discoverer.scan());
    let mut looks_after_the_end = 0;
    while looks_after_the_end < 2 {
        looks_after_the_end += usize::from(writer.is_finished());
        watcher.recv(Duration::from_millis(20));
        match log.try_read() {
            Ok(found) => watcher.update(&found),
            Err(SourceError::Replaced { .. } | SourceError::Io { .. }) => looks_after_the_end = 0,
            Err(e) => panic!("{e}"),
        }
    }
    writer.join().unwrap();
    assert_eq!(log.read, lines(1 + ROTATIONS * LINES));
}
