//! Killed while indexing: the next run ends with the same events and counts as one that was never disturbed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher};

use crate::support::logs::lines;
use crate::support::program::Program;
use crate::support::wait::DEADLINE;

const EVENTS: u64 = 20_000;

/// The index a program builds, once it is there.
fn index_of(program: &Program) -> Option<PathBuf> {
    let indexes = program.home().join("cache/index");
    let mut entries = fs::read_dir(indexes).ok()?;
    Some(entries.next()?.ok()?.path())
}

fn originals(index: &Path) -> Option<u64> {
    Some(fs::metadata(index.join("originals")).ok()?.len())
}

/// The index's list of segments and positions, as of the last commit.
fn committed(index: &Path) -> Option<String> {
    let meta = fs::read_to_string(index.join("meta.json")).ok()?;
    meta.contains("start").then_some(meta)
}

/// Whether an index has come to the moment at which its writer is killed.
type Moment = fn(&Path, u64) -> bool;

const MOMENTS: [(&str, Moment); 6] = [
    ("its folder is there", |_, _| true),
    ("it is created", |index, _| index.join("meta.json").exists()),
    ("the first originals are written", |index, _| {
        originals(index) > Some(0)
    }),
    ("a third of the originals is written", |index, all| {
        originals(index) > Some(all / 3)
    }),
    ("the first positions are committed", |index, _| {
        committed(index).is_some()
    }),
    ("the last originals are written", |index, all| {
        originals(index) >= Some(all * 95 / 100)
    }),
];

/// Kills the program as soon as the moment has come; `false` if it ended before.
fn kill_at(child: &mut Child, changes: &Receiver<()>, mut is_due: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + DEADLINE;
    while child.try_wait().unwrap().is_none() {
        assert!(
            Instant::now() < deadline,
            "it neither ended nor came so far"
        );
        if is_due() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        let _ = changes.recv_timeout(Duration::from_millis(2));
    }
    false
}

/// Everything a search and its counts say.
fn answers(program: &Program) -> [String; 3] {
    let ids = program.print([
        "search",
        "*",
        ".",
        "--format",
        "jsonl",
        "--fields",
        "id,line,n",
    ]);
    let facets = [
        "search", "*", ".", "--facet", "user", "--facet", "action", "--format", "csv",
    ];
    let count = program.print(["search", "action:delete", ".", "--count"]);
    [ids, program.print(facets), count]
}

#[test]
fn a_killed_run_is_made_up_for_by_the_next() {
    // Older records come from a rotated file, newer ones from the live one.
    let (older, newer) = (lines(0..EVENTS * 3 / 4), lines(EVENTS * 3 / 4..EVENTS));
    let prepare = || {
        let program = Program::new();
        program.log("a.log.1", &older);
        program.log("a.log", &newer);
        program
    };
    let undisturbed = prepare();
    undisturbed.print(["index", "."]);
    let all = originals(&index_of(&undisturbed).unwrap()).unwrap();
    let lines_of = |answers: &[String; 3]| answers[0].lines().count() as u64;
    let expected = answers(&undisturbed);
    assert_eq!(lines_of(&expected), EVENTS);

    let mut killed = Vec::new();
    for (name, moment) in MOMENTS {
        let program = prepare();
        let (sender, changes) = channel();
        let mut watcher = notify::recommended_watcher(move |_| {
            let _ = sender.send(());
        })
        .unwrap();
        fs::create_dir_all(program.home()).unwrap();
        watcher
            .watch(&program.home(), RecursiveMode::Recursive)
            .unwrap();
        let mut child = program.command(["index", "."]).spawn().unwrap();
        if kill_at(&mut child, &changes, || {
            index_of(&program).is_some_and(|i| moment(&i, all))
        }) {
            killed.push(name);
        }
        program.print(["index", "."]);
        let found = answers(&program);
        assert_eq!(lines_of(&found), EVENTS, "killed when {name}");
        // Ids hold the path of the log, which is another one here: the rest has to be equal.
        let without_ids = |answers: &[String; 3]| -> Vec<String> {
            let lines = answers[0].lines();
            lines
                .map(|l| l.split_once(",\"line\"").unwrap().1.to_owned())
                .collect()
        };
        assert_eq!(
            without_ids(&found),
            without_ids(&expected),
            "killed when {name}"
        );
        assert_eq!(found[1..], expected[1..], "killed when {name}");
    }
    assert!(killed.len() >= 4, "only killed when {killed:?}");
}
