//! Several sealing processes at once: one key, and a ledger that holds.

use std::fs;
use std::io::Write;

use crate::support::program::Program;

#[test]
fn of_several_processes_that_make_a_key_at_once_one_does() {
    let program = Program::new();
    let logs: Vec<String> = (0..6).map(|n| format!("{n}.log")).collect();
    let started: Vec<_> = logs
        .iter()
        .map(|name| {
            program.log(name, "a line\n");
            program.command(["seal", name]).spawn().unwrap()
        })
        .collect();
    let key = |text: &str| {
        let line = text.lines().find(|l| l.contains("the public key is"));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let mut keys: Vec<String> = started
        .into_iter()
        .map(|child| key(&String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()))
        .collect();
    keys.dedup();
    assert_eq!(keys.len(), 1);
    assert_eq!(program.run(["verify", "."]).code, 0);
}

#[test]
fn sealers_at_once_do_not_ruin_the_ledger() {
    let program = Program::new();
    let log = program.log("app.log", "a line\n");
    for round in 0..6 {
        let started: Vec<_> = (0..4)
            .map(|n| {
                let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
                writeln!(file, "line {n} of {round}").unwrap();
                program.command(["seal", "app.log"]).spawn().unwrap()
            })
            .collect();
        for mut child in started {
            child.wait().unwrap();
        }
        let ran = program.run(["verify", "app.log"]);
        assert!(ran.code < 2, "{ran:?}");
    }
}
