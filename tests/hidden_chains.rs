//! Chains that something stands before, as files on the disk.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::program::Program;

fn clean() -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chain/writers/py-r1.jsonl");
    fs::read(path).unwrap()
}

/// The record on this line is changed.
fn changed(line: usize) -> Vec<u8> {
    let text = String::from_utf8(clean()).unwrap();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    lines[line - 1] = lines[line - 1].replacen("{\"", "{\"added\": 1, \"", 1);
    lines.concat().into_bytes()
}

/// How the check of everything ends; kind, file and line of what is found.
fn verify(program: &Program) -> (i32, Vec<(String, String, u64)>) {
    let ran = program.run(["verify", ".", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let files = report["files"].as_array().unwrap();
    let found = files.iter().flat_map(|f| f["findings"].as_array().unwrap());
    let found = found.map(|f| {
        let file = f["file"].as_str().unwrap_or_default();
        (
            f["kind"].as_str().unwrap().to_owned(),
            file.rsplit('/').next().unwrap().to_owned(),
            f["line"].as_u64().unwrap_or_default(),
        )
    });
    (ran.code, found.collect())
}

fn told(kind: &str, file: &str, line: u64) -> (String, String, u64) {
    (kind.to_owned(), file.to_owned(), line)
}

#[test]
fn lines_before_a_chain_do_not_switch_its_check_off() {
    let program = Program::new();
    program.log("app.jsonl", [b"# log started\n", &changed(30)[..]].concat());
    let want = vec![
        told("malformed", "app.jsonl", 1),
        told("content-modified", "app.jsonl", 31),
    ];
    assert_eq!(verify(&program), (3, want));
}

#[test]
fn an_oldest_file_without_a_chain_does_not_hide_the_chain_of_the_next() {
    let program = Program::new();
    program.log("app.jsonl.1", "plain text\n".repeat(5000));
    program.log("app.jsonl", changed(30));
    let want = vec![told("content-modified", "app.jsonl", 30)];
    assert_eq!(verify(&program), (3, want));
    let text = program.run(["verify", "."]).out;
    assert!(
        text.contains("content-modified in app.jsonl at line 30"),
        "{text}"
    );
    // In the explorer's way, too.
    let ran = program.run(["search", "chain:content-modified", ".", "--count"]);
    assert_eq!(ran.out.trim(), "1", "{ran:?}");
}

#[test]
fn a_chain_that_the_configuration_speaks_of_and_that_is_not_there_is_a_warning() {
    let program = Program::new();
    program.configure("[[chain]]\nmatch = '**/*.jsonl'\n");
    program.log("app.jsonl", "{\"note\":\"nothing\"}\n".repeat(100));
    assert_eq!(verify(&program), (1, vec![told("unlinked", "", 0)]));
    let text = program.run(["verify", "."]).out;
    assert!(text.contains("warning unlinked\n"), "{text}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_record() {
    let program = Program::new();
    program.log("app.jsonl", [b"\xef\xbb\xbf", &clean()[..]].concat());
    assert_eq!(verify(&program), (0, vec![]));
}
