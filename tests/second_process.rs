//! A process that only asks, beside one that writes the index: its answers are whole, and it says so.

use std::fs;

use auditty::engine::local::LocalOptions;

use crate::support::logs::{line, lines};
use crate::support::pipeline::{Running, open_engine, open_engine_with, options, request, search};
use crate::support::program::Program;
use crate::support::wait;

fn complete() -> LocalOptions {
    LocalOptions {
        complete: true,
        ..options()
    }
}

#[test]
fn what_the_writer_has_not_indexed_is_read_from_the_files() {
    let base = tempfile::tempdir().unwrap();
    let (log, index) = (base.path().join("a.log"), base.path().join("index"));
    // More than is looked at first, so that not all of it is in memory.
    fs::write(&log, lines(0..9000)).unwrap();
    fs::write(base.path().join("a.log.1"), lines(20_000..20_300)).unwrap();
    let writer = open_engine(&index);
    let asking = Running::feed(open_engine_with(&index, complete()), &log, false);
    asking.wait_complete();
    let page = search(&asking.engine, &request("*"));
    assert_eq!(page.total, 9300);
    assert!(
        page.covers.complete && page.covers.scanned,
        "{:?}",
        page.covers
    );
    asking.wait_for((0..9000).chain(20_000..20_300));

    // One that does not insist waits for the writer, and says what is missing.
    let looking = Running::feed(open_engine_with(&index, options()), &log, true);
    let page = search(&looking.engine, &request("*"));
    assert!(
        !page.covers.complete && !page.covers.scanned,
        "{:?}",
        page.covers
    );
    assert!(page.covers.done < page.covers.total, "{:?}", page.covers);

    // The writer dies before the answer is given: whoever takes over reads what is missing, or scans it.
    drop(looking);
    drop(writer);
    wait::until(&asking.engine, "the takeover", || {
        let page = search(&asking.engine, &request("*"));
        assert_eq!(page.total, 9300, "{:?}", page.covers);
        assert!(page.covers.complete, "{:?}", page.covers);
        let writes = asking.engine.sinks()[0].writes();
        writes.then_some(()).ok_or("it does not write".into())
    });
    asking.settle_on((0..9000).chain(20_000..20_300));
}

#[test]
fn a_renamed_file_is_found_again_and_a_lost_one_makes_the_answer_partial() {
    let base = tempfile::tempdir().unwrap();
    let (log, index) = (base.path().join("a.log"), base.path().join("index"));
    fs::write(&log, lines(0..9000)).unwrap();
    let _writer = open_engine(&index);
    let asking = Running::feed(open_engine_with(&index, complete()), &log, false);
    asking.wait_complete();
    fs::rename(&log, base.path().join("a.log.1")).unwrap();
    fs::write(&log, line(9000)).unwrap();
    let page = search(&asking.engine, &request("*"));
    assert_eq!((page.total, page.covers.complete), (9000, true));
    fs::remove_file(base.path().join("a.log.1")).unwrap();
    let page = search(&asking.engine, &request("*"));
    assert!(
        page.total < 9000 && !page.covers.complete,
        "{:?}",
        page.covers
    );
}

#[test]
fn the_command_says_nothing_of_a_part_when_it_had_all() {
    let program = Program::new();
    let log = program.log("a.log", lines(0..10));
    program.print(["index", "."]);
    let indexes = program.home().join("cache/index");
    let index = fs::read_dir(indexes)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let _writer = open_engine(&index);
    fs::write(&log, lines(0..7000)).unwrap();
    let ran = program.run(["search", "*", ".", "--count"]);
    assert_eq!((ran.code, &*ran.out), (0, "7000\n"), "{ran:?}");
    assert!(!ran.err.contains("not everything"), "{ran:?}");
    let ran = program.run(["search", "*", ".", "--format", "jsonl", "--fields", "n"]);
    assert_eq!(
        (ran.code, ran.out.lines().count()),
        (0, 7000),
        "{}",
        ran.err
    );
}
