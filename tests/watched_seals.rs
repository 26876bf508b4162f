//! Seals while a log is followed, and beside the chain that a log has of its own.

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

use crate::support::program::Program;
use crate::support::watch::Watch;

fn lines_found(program: &Program, query: &str) -> Vec<String> {
    let ran = program.run([
        "search", query, "app.log", "--fields", "line", "--format", "csv", "--sort", "asc",
    ]);
    ran.out.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_change_in_the_midst_is_seen_although_the_file_grew() {
    let program = Program::new();
    let text: String = (1..=300)
        .map(|n| format!("event number {n:04}\n"))
        .collect();
    let log = program.log("app.log", &text);
    program.print(["seal", "app.log"]);
    let watch = Watch::start(&program, &["app.log"]);
    watch.until_printed("300 lines are as they were sealed");
    let mut file = fs::OpenOptions::new().write(true).open(&log).unwrap();
    let at = text.find("number 0120").unwrap() as u64;
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(b"number 9999").unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"event number 0301\n").unwrap();
    drop(file);
    watch.until_printed("content-modified");
}

/// A chain whose records are of `actor` from line `from` on, and of alice before. It is as long for names of five letters:
/// what a longer file has more would be read as new records.
fn chain(actor: &str, from: usize) -> String {
    let mut prev = "0".repeat(64);
    (1..=40)
        .map(|line| {
            let who = if line < from { "alice" } else { actor };
            let content = format!(r#"{{"seq":{line},"actor":"{who}","prev_hash":"{prev}""#);
            let digest = Sha256::digest(format!("{content}}}"));
            prev = digest.iter().map(|b| format!("{b:02x}")).collect();
            format!("{content},\"hash\":\"{prev}\"}}\n")
        })
        .collect()
}

#[test]
fn what_was_hashed_anew_is_found_by_the_seals_of_a_chained_log() {
    let program = Program::new();
    let log = program.log("app.log", chain("alice", 1));
    program.print(["seal", "app.log"]);
    assert_eq!(lines_found(&program, "chain:broken"), [""; 0]);
    assert_eq!(lines_found(&program, "chain:verified").len(), 40);
    let watch = Watch::start(&program, &["app.log"]);
    watch.until_printed("40 lines are as they were sealed");
    fs::write(&log, chain("mabel", 21)).unwrap();
    watch.until_printed("rewritten-since-seal");
    drop(watch);
    let changed: Vec<String> = (21..=40).map(|line: u32| line.to_string()).collect();
    assert_eq!(lines_found(&program, "chain:broken"), changed);
    assert_eq!(lines_found(&program, "chain:verified").len(), 20);
    assert_eq!(program.run(["verify", "app.log"]).code, 3);
}

#[test]
fn every_line_of_a_finding_is_marked() {
    let program = Program::new();
    let text: String = (1..=300).map(|n| format!("event number {n}\n")).collect();
    let log = program.log("app.log", &text);
    program.print(["seal", "app.log"]);
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for line in &mut lines[119..125] {
        *line = line.replace("event", "other");
    }
    fs::write(&log, lines.concat()).unwrap();
    let changed: Vec<String> = (120..=125).map(|line: u32| line.to_string()).collect();
    assert_eq!(lines_found(&program, "chain:content-modified"), changed);
    assert_eq!(lines_found(&program, "chain:verified").len(), 294);
}

#[test]
fn what_was_done_to_a_chained_log_while_nobody_watched_is_seen() {
    let program = Program::new();
    let log = program.log("app.log", chain("alice", 21));
    assert_eq!(lines_found(&program, "chain:verified").len(), 40);
    let whole = fs::read_to_string(&log).unwrap();
    let left: String = whole.split_inclusive('\n').take(30).collect();
    fs::write(&log, &left).unwrap();
    // Each time it is opened, not only the first.
    for _ in 0..2 {
        let watch = Watch::start(&program, &["app.log"]);
        watch.until_printed("tail-truncated");
    }
    // Something else at its end: hashed anew, or cut and written on.
    fs::write(&log, chain("mabel", 21)).unwrap();
    for _ in 0..2 {
        let watch = Watch::start(&program, &["app.log"]);
        watch.until_printed("\"rewritten\"");
    }
    let found = program.run(["search", "actor:alice", "app.log", "--count"]);
    assert_eq!(found.out.trim(), "40", "{found:?}");
}

#[test]
fn a_chained_log_that_is_removed_while_it_is_watched_is_told_of() {
    let program = Program::new();
    let log = program.log("app.log", chain("alice", 21));
    program.log("other.log", "a line\n");
    let watch = Watch::start(&program, &["."]);
    watch.until_printed("40 verified");
    fs::remove_file(&log).unwrap();
    watch.until_printed("file-missing");
}
