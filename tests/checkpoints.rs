//! Checkpoints that were copied elsewhere: they tell what became of a log when the seals on its host no longer do.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{Program, Ran};

const SINK: &str = "copies.jsonl";

fn syslog(lines: usize) -> String {
    (1..=lines)
        .map(|n| format!("Nov 26 10:00:00 host app[{n}]: event number {n}\n"))
        .collect()
}

/// Seals with copies beside the logs' folder.
fn seal(program: &Program) -> Ran {
    program.run(["seal", "app.log", "--sink", &sink(program)])
}

fn sink(program: &Program) -> String {
    let path = program.home().join(SINK);
    path.to_str().unwrap().to_owned()
}

fn sealed(lines: usize) -> (Program, PathBuf) {
    let program = Program::new();
    let log = program.log("app.log", syslog(lines));
    assert_eq!(seal(&program).code, 0);
    (program, log)
}

/// Verifies with the copies: how it ends, and the report of the file with this name.
fn verify(program: &Program, paths: &[&str], name: &str) -> (i32, Value) {
    let copies = sink(program);
    let more = ["--checkpoints", &copies, "--format", "json"];
    let ran = program.run(["verify"].iter().chain(paths).chain(&more));
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let files = report["files"].as_array().unwrap();
    let file = files.iter().find(|f| {
        let path = Path::new(f["path"].as_str().unwrap());
        path.file_name().unwrap() == name
    });
    (ran.code, file.cloned().unwrap_or(Value::Null))
}

fn kinds(file: &Value) -> Vec<&str> {
    let findings = file["findings"].as_array().unwrap().iter();
    findings.map(|f| f["kind"].as_str().unwrap()).collect()
}

fn forget_ledgers(program: &Program) {
    let ledgers = program.home().join("state/seals");
    for entry in fs::read_dir(ledgers).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn older_checkpoints_count_after_the_log_was_sealed_anew_into_the_same_place() {
    let (program, log) = sealed(300);
    assert_eq!(kinds(&verify(&program, &["app.log"], "app.log").1), [""; 0]);
    forget_ledgers(&program);
    fs::write(&log, syslog(301).replace("number 5\n", "number 6\n")).unwrap();
    assert_eq!(seal(&program).code, 0);
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!(code, 3);
    assert_eq!(kinds(&file), ["restart", "rewritten-since-seal"]);
    // The same log, only the ledger is new.
    fs::write(&log, syslog(301)).unwrap();
    forget_ledgers(&program);
    fs::remove_file(sink(&program)).unwrap();
    assert_eq!(seal(&program).code, 0);
    forget_ledgers(&program);
    assert_eq!(seal(&program).code, 0);
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!((code, kinds(&file)), (1, vec!["restart"]));
}

#[test]
fn a_checkpoint_that_was_taken_out_of_the_copies_is_missed() {
    let (program, log) = sealed(3);
    for n in 4..6 {
        append(&log, &format!("event {n}\n"));
        assert_eq!(seal(&program).code, 0);
    }
    let copies = fs::read_to_string(sink(&program)).unwrap();
    let lines: Vec<&str> = copies.split_inclusive('\n').collect();
    fs::write(sink(&program), [lines[0], lines[2]].concat()).unwrap();
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!((code, kinds(&file)), (1, vec!["sequence-gap"]));
    // What was copied twice is no finding.
    fs::write(sink(&program), copies.repeat(2)).unwrap();
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!((code, kinds(&file)), (0, vec![]));
}

#[test]
fn copies_are_enough_where_the_ledger_is_gone() {
    let (program, log) = sealed(300);
    forget_ledgers(&program);
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!((code, kinds(&file)), (0, vec![]));
    let coverage = file["coverage"].as_str().unwrap();
    assert!(
        coverage.contains("300 lines are as they were sealed")
            && coverage.contains("the ledger with its seals is not on this host"),
        "{coverage}"
    );
    fs::write(&log, syslog(300).replace("number 5\n", "number 6\n")).unwrap();
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!((code, kinds(&file)), (3, vec!["rewritten-since-seal"]));
    let told = file["findings"][0]["explanation"].as_str().unwrap();
    assert!(told.contains("is not on this host"), "{told}");
}

#[test]
fn rotation_neither_alarms_nor_hides_an_alarm() {
    let (program, log) = sealed(20);
    let rotated = |n: usize| program.logs().join(format!("app.log.{n}"));
    for n in 1..4 {
        for old in (1..3).rev().filter(|old| rotated(*old).exists()) {
            fs::rename(rotated(old), rotated(old + 1)).unwrap();
        }
        fs::rename(&log, rotated(1)).unwrap();
        fs::write(&log, format!("file {n} begins\nand goes on\n")).unwrap();
        assert_eq!(seal(&program).code, 0);
    }
    let clean = verify(&program, &["."], "app.log");
    assert_eq!((clean.0, kinds(&clean.1)), (0, vec![]));
    fs::remove_file(rotated(3)).unwrap();
    let (code, file) = verify(&program, &["."], "app.log");
    assert_eq!((code, kinds(&file)), (0, vec![]));
    let coverage = file["coverage"].as_str().unwrap();
    assert!(
        coverage.contains("an older file that was sealed is not here any more"),
        "{coverage}"
    );
    // Without the ledger the copies tell the same.
    let ledgers = program.home().join("state/seals");
    fs::rename(&ledgers, program.home().join("aside")).unwrap();
    fs::create_dir_all(&ledgers).unwrap();
    fs::copy(program.home().join("aside/key"), ledgers.join("key")).unwrap();
    let (code, file) = verify(&program, &["."], "app.log");
    assert_eq!((code, kinds(&file)), (0, vec![]), "{file}");
    fs::remove_dir_all(&ledgers).unwrap();
    fs::rename(program.home().join("aside"), &ledgers).unwrap();
    // Changed, and sealed anew by who holds the key, while an older file is gone as well.
    fs::write(&log, "file 3 begins\nand is another\n").unwrap();
    assert_eq!(
        program
            .run(["seal", "app.log", "--anew", "--sink", &sink(&program)])
            .code,
        0
    );
    let (code, file) = verify(&program, &["."], "app.log");
    assert_eq!(code, 3, "{file}");
    assert!(kinds(&file).contains(&"rewritten-since-seal"), "{file}");
}

#[test]
fn a_line_that_was_cut_short_leaves_the_others_their_worth() {
    let (program, log) = sealed(3);
    append(Path::new(&sink(&program)), "{\"generation\":\"00");
    append(&log, "one more\n");
    assert_eq!(seal(&program).code, 0);
    let (code, file) = verify(&program, &["app.log"], "app.log");
    assert_eq!((code, kinds(&file)), (1, vec![]));
    let (_, copies) = verify(&program, &["app.log"], SINK);
    assert_eq!(kinds(&copies), ["malformed"]);
    assert_eq!(copies["findings"][0]["line"], 2);
    fs::write(&log, syslog(4)).unwrap();
    assert_eq!(verify(&program, &["app.log"], "app.log").0, 3);
}

#[test]
fn copies_that_do_not_speak_of_the_log_are_told() {
    let (program, _) = sealed(3);
    program.log("other.log", "a line\n");
    program.print(["seal", "other.log"]);
    let (code, file) = verify(&program, &["other.log"], "other.log");
    assert_eq!((code, kinds(&file)), (0, vec![]));
    let coverage = file["coverage"].as_str().unwrap();
    assert!(coverage.contains("no checkpoint over it in"), "{coverage}");
    fs::write(sink(&program), "").unwrap();
    let (code, copies) = verify(&program, &["app.log"], SINK);
    assert_eq!((code, kinds(&copies)), (1, vec!["file-missing"]));
}

#[test]
fn a_place_that_was_lost_is_given_everything_again() {
    let (program, log) = sealed(3);
    append(&log, "one more\n");
    assert_eq!(seal(&program).code, 0);
    let copies = fs::read_to_string(sink(&program)).unwrap();
    assert_eq!(copies.lines().count(), 2);
    fs::remove_file(sink(&program)).unwrap();
    assert_eq!(seal(&program).code, 0);
    assert_eq!(fs::read_to_string(sink(&program)).unwrap(), copies);
    // The same name in another folder is another place.
    let other = program.logs().join("other");
    fs::create_dir(&other).unwrap();
    for folder in [program.logs(), other] {
        let mut command = program.command(["seal"]);
        command.arg(&log).args(["--sink", "copies"]);
        command.current_dir(&folder).output().unwrap();
        assert_eq!(fs::read_to_string(folder.join("copies")).unwrap(), copies);
    }
}
