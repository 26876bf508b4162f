//! The bounds of the index: what is dropped, what stops, what goes on, and that answers stay whole all the while.

use std::fs;
use std::path::{Path, PathBuf};

use auditty::engine::local::LocalOptions;
use auditty::engine::{Engine, SearchPage};
use tempfile::TempDir;

use crate::support::logs::{lines, numbers};
use crate::support::pipeline::{Running, all_hits, open_engine_with, options, request, search};
use crate::support::wait;

/// Logs, and a folder of indexes of which one is ours.
struct Place {
    base: TempDir,
}

impl Place {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("logs")).unwrap();
        fs::create_dir_all(base.path().join("indexes/other")).unwrap();
        Self { base }
    }

    fn logs(&self) -> PathBuf {
        self.base.path().join("logs")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.logs().join(name), text).unwrap();
    }

    fn indexes(&self) -> PathBuf {
        self.base.path().join("indexes")
    }

    fn index(&self) -> PathBuf {
        self.indexes().join("ours")
    }

    fn bounded(&self, max_bytes: u64) -> LocalOptions {
        LocalOptions {
            root: Some(self.indexes()),
            max_bytes,
            ..options()
        }
    }
}

fn size(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).unwrap().flatten();
    files
        .filter_map(|f| f.metadata().ok())
        .map(|m| m.len())
        .sum()
}

fn everything(engine: &dyn Engine) -> SearchPage {
    search(engine, &request("*"))
}

fn append(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = fs::File::options().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn answers_stay_whole_while_there_is_no_room_and_indexing_goes_on_when_there_is() {
    let place = Place::new();
    place.write("a.log", &lines(0..3000));
    place.write("a.log.1", &lines(100_000..100_500));
    let other = place.indexes().join("other/segment");
    fs::write(&other, vec![1; 9 << 20]).unwrap();
    // Indexes that are not open count as well.
    let engine = open_engine_with(&place.index(), place.bounded(8 << 20));
    wait::until(&engine, "the bound", || {
        let stopped = engine.info().covers.stopped;
        stopped.map(|_| ()).ok_or("nothing stopped".into())
    });
    let running = Running::feed(engine, &place.logs(), true);
    let expected = |to: u64| (0..to).chain(100_000..100_500);
    running.wait_for(expected(3000));
    let page = everything(&running.engine);
    assert!(
        page.covers.complete && page.covers.scanned,
        "{:?}",
        page.covers
    );
    let said = page.covers.stopped.unwrap();
    assert!(said.contains("index.max_bytes"), "{said}");
    // More than is kept in memory.
    append(&place.logs().join("a.log"), &lines(3000..30_000));
    wait::until(&running.engine, "what was appended", || {
        let total = everything(&running.engine).total;
        (total == 30_500).then_some(()).ok_or(format!("{total}"))
    });

    fs::remove_file(other).unwrap();
    wait::until(&running.engine, "the index", || {
        let covers = everything(&running.engine).covers;
        let whole = covers.stopped.is_none() && covers.complete && !covers.scanned;
        whole.then_some(()).ok_or(format!("{covers:?}"))
    });
    running.settle_on(expected(30_000));
    append(&place.logs().join("a.log"), &lines(30_000..30_010));
    running.settle_on(expected(30_010));
    let said = running.engine.info().messages;
    assert_eq!(
        said.iter()
            .filter(|m| m.contains("indexing stopped"))
            .count(),
        1,
        "{said:?}"
    );
    assert!(
        said.iter().any(|m| m.contains("indexing goes on")),
        "{said:?}"
    );
    drop(running);
    let again = Running::complete(&place.logs(), &place.index());
    again.settle_on(expected(30_010));
}

#[test]
fn events_whose_files_are_gone_make_room_the_oldest_first_and_that_is_said() {
    let place = Place::new();
    let (oldest, older, newer) = (0..8000, 10_000..18_000, 20_000..28_000);
    place.write("oldest.log", &lines(oldest.clone()));
    // One after the other, so that what is given back is more than splinters.
    let running = Running::open(&place.logs(), &place.index(), true);
    running.settle_on(oldest.clone());
    place.write("older.log", &lines(older.clone()));
    running.settle_on(oldest.clone().chain(older.clone()));
    place.write("newer.log", &lines(newer.clone()));
    running.wait_for(oldest.chain(older.clone()).chain(newer.clone()));
    fs::remove_file(place.logs().join("oldest.log")).unwrap();
    fs::remove_file(place.logs().join("older.log")).unwrap();
    wait::until(&running.engine, "both to be gone", || {
        let gone = all_hits(&running.engine, "*")
            .iter()
            .filter(|h| h.event.gone)
            .count();
        (gone == 16_000).then_some(()).ok_or(format!("{gone} gone"))
    });
    drop(running);
    // Merges of the first run are through.
    let whole = size(&place.index());

    let bound = whole * 14 / 15;
    let engine = open_engine_with(&place.index(), place.bounded(bound));
    let running = Running::feed(engine, &place.logs(), true);
    running.wait_for(older.clone().chain(newer.clone()));
    // It is said once it is done.
    let dropped = wait::until(&running.engine, "what was dropped to be said", || {
        let said = running.engine.info().messages;
        let dropped: Vec<String> = said
            .iter()
            .filter(|m| m.contains("dropped"))
            .cloned()
            .collect();
        (!dropped.is_empty())
            .then_some(dropped)
            .ok_or(format!("{said:?}"))
    });
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert!(
        dropped[0].contains("8000 events") && dropped[0].contains("oldest.log"),
        "{dropped:?}"
    );
    assert_eq!(everything(&running.engine).covers.stopped, None);
    let left = all_hits(&running.engine, "source:*older.log");
    assert!(left.iter().all(|h| h.event.gone && !h.event.raw.is_empty()));
    append(&place.logs().join("newer.log"), &lines(28_000..28_100));
    running.settle_on(older.chain(20_000..28_100));
    drop(running);
    // Their room was given back, that of the originals as well.
    use std::os::unix::fs::MetadataExt;
    let originals = fs::metadata(place.index().join("originals")).unwrap();
    assert!(
        originals.blocks() * 512 < originals.len() * 4 / 5,
        "{originals:?}"
    );
    let again = Running::complete(&place.logs(), &place.index());
    let mut found = numbers(&all_hits(&again.engine, "*"));
    found.sort_unstable();
    assert_eq!(found.first(), Some(&10_000));
}
