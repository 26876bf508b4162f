//! What the program says about itself and about this machine: help, manual, completions, doctor.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::program::Program;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["demo"],
    &["search"],
    &["tail"],
    &["verify"],
    &["index"],
    &["index", "status"],
    &["index", "clear"],
    &["formats"],
    &["formats", "list"],
    &["formats", "detect"],
    &["formats", "show"],
    &["runbook"],
    &["runbook", "list"],
    &["runbook", "show"],
    &["session"],
    &["session", "list"],
    &["session", "delete"],
    &["doctor"],
    &["completions"],
    &["man"],
];

#[test]
fn every_command_has_examples_in_its_help_and_a_manual_page() {
    let program = Program::new();
    for command in COMMANDS {
        let help = program.print(command.iter().copied().chain(["--help"]));
        assert!(help.contains("Example"), "{command:?}: {help}");
        let name = command.join(" ");
        assert!(help.contains(&format!("auditty {name}")), "{help}");
        let page = program.print(["man"].iter().chain(command.iter()));
        assert!(
            page.contains(".TH ") && page.contains(".SH SYNOPSIS"),
            "{page}"
        );
    }
    let page = program.print(["man"]);
    for (name, _) in COMMANDS.iter().filter_map(|c| Some((c.first()?, ()))) {
        assert!(page.contains(name), "{name} is not in the manual");
    }
    let unknown = program.run(["man", "index", "fly"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.contains("there is status, clear"),
        "{unknown:?}"
    );
}

fn doctor(program: &Program, args: &[&str]) -> (i32, Value) {
    let ran = program.run(["doctor", "--format", "json"].iter().chain(args));
    (ran.code, serde_json::from_str(&ran.out).unwrap())
}

#[test]
fn the_doctor_lists_what_would_be_read_and_why_not() {
    let program = Program::new();
    program.fixture("k8s-audit/stages.jsonl");
    program.log("empty.log", "");
    program.log("picture.log", [0, 1, 2, 0, 0, 159, 146, 150, 0, 0, 0, 0]);
    let logs = program.logs();
    let (code, report) = doctor(&program, &[logs.to_str().unwrap()]);
    assert!(code <= 1, "{report}");
    let sources = report["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0]["format"], "k8s-audit");
    assert_eq!(sources[0]["files"], 1);
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2, "{report}");
    let (code, report) = doctor(&program, &["/does/not/exist"]);
    assert_eq!((code, &report["level"]), (5, &Value::from("unreadable")));
    for area in [
        "terminal",
        "locale",
        "directories",
        "settings",
        "watching",
        "disk",
        "sources",
    ] {
        let checks = report["checks"].as_array().unwrap();
        assert!(checks.iter().any(|c| c["area"] == area), "{area}");
    }
}

#[test]
fn the_doctor_says_how_to_mend_what_is_wrong() {
    let program = Program::new();
    let state = program.home().join("state");
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = program.command(["doctor"]);
    command.env("LC_ALL", "C").env("TERM", "");
    let ran = crate::support::program::ran(command.output().unwrap());
    assert_eq!(ran.code, 1, "{ran:?}");
    for fix in [
        "chmod 700",
        "export LC_ALL=C.UTF-8",
        "export TERM=xterm-256color",
    ] {
        assert!(ran.out.contains(fix), "{fix}: {}", ran.out);
    }
}

/// A file stands where the program's own folders would be: as on a read-only disk nothing can be kept, and still
/// everything can be read.
#[test]
fn logs_are_read_where_nothing_can_be_kept() {
    let program = Program::new();
    std::fs::write(program.home(), "").unwrap();
    program.log("a.log", "one\ntwo\n");
    let found = program.run(["search", "two", "a.log", "--count"]);
    assert_eq!((found.code, found.out.trim()), (0, "1"), "{found:?}");
    assert!(found.err.contains("nothing is kept"), "{found:?}");
    let built = program.run(["index", "a.log"]);
    assert_eq!(built.code, 5, "{built:?}");
    assert!(built.err.contains("cannot make"), "{built:?}");
}
