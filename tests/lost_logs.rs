//! Logs of which nothing is left, and what is not sealed or not looked at: none of it goes unsaid.

use std::fs;
use std::io::Write;

use serde_json::Value;

use crate::support::program::Program;

/// How a check ends, and for each file its name, verdict and kinds.
fn verify(program: &Program, paths: &[&str]) -> (i32, Vec<(String, String, Vec<String>)>) {
    let ran = program.run(["verify", "--format", "json"].iter().chain(paths));
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = report["files"].as_array().unwrap().iter().map(|file| {
        let path = text(&file["path"]);
        let name = path.rsplit('/').next().unwrap().to_owned();
        let findings = file["findings"].as_array().unwrap().iter();
        let kinds = findings.map(|f| text(&f["kind"])).collect();
        (name, text(&file["verdict"]), kinds)
    });
    (ran.code, files.collect())
}

fn told(name: &str, verdict: &str, kinds: &[&str]) -> (String, String, Vec<String>) {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    (name.to_owned(), verdict.to_owned(), kinds)
}

#[test]
fn a_sealed_log_that_was_emptied_or_removed_is_told() {
    let program = Program::new();
    let logs: Vec<_> = ["a.log", "b.log", "c.log"]
        .iter()
        .map(|name| program.log(name, format!("first line of {name}\nsecond line\n")))
        .collect();
    program.print(["seal", "."]);
    assert_eq!(verify(&program, &["."]).0, 0);
    fs::write(&logs[0], "").unwrap();
    fs::remove_file(&logs[1]).unwrap();
    let (code, files) = verify(&program, &["."]);
    assert_eq!(code, 3);
    assert_eq!(
        files,
        [
            told("c.log", "pass", &[]),
            told("a.log", "fail", &["tail-truncated"]),
            told("b.log", "warn", &["file-missing"]),
        ]
    );
    assert_eq!(verify(&program, &["a.log"]).0, 3);
    // What lies elsewhere is not asked about.
    assert_eq!(verify(&program, &["c.log"]).0, 0);
}

#[test]
fn an_empty_file_is_listed_and_weighs_nothing() {
    let program = Program::new();
    program.log("a.log", "a line\n");
    program.print(["seal", "a.log"]);
    program.log("empty.log", "");
    assert_eq!(
        verify(&program, &["."]),
        (
            0,
            vec![told("a.log", "pass", &[]), told("empty.log", "none", &[])]
        )
    );
    let text = program.print(["verify", "."]);
    assert!(text.contains("empty.log: it is empty, skipped"), "{text}");
    assert!(text.ends_with("2 files: 1 pass, 1 empty\n"), "{text}");
}

#[test]
fn a_line_that_has_not_ended_is_not_sealed() {
    let program = Program::new();
    let log = program.log("a.log", "a line\n");
    program.print(["seal", "a.log"]);
    let mut file = fs::OpenOptions::new().append(true).open(log).unwrap();
    file.write_all(b"no end").unwrap();
    let ran = program.run(["verify", "a.log"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("1 since are not sealed"), "{ran:?}");
}
