//! What the program writes to files is private, whole, never over something else, and read back as the same events.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::program::Program;

const FIELDS: &str = "ts,actor,action,target,outcome,reason,ip,host,session,severity,message";

/// The essence of every event of a file, oldest first.
fn essence(program: &Program, file: &str) -> String {
    program.print([
        "search", "*", file, "--sort", "asc", "--fields", FIELDS, "--format", "csv",
    ])
}

/// Exports a fixture and compares what is read back from the export, which is private and of the format `read_as`.
fn read_back(fixture: &str, export: &[&str], output: &str, read_as: Option<&str>) {
    let program = Program::new();
    let log = program.fixture(fixture);
    let name = log.file_name().unwrap().to_str().unwrap();
    let search = ["search", "*", name, "--sort", "asc", "--output", output];
    let ran = program.run(search.iter().chain(export));
    assert_eq!((ran.code, &*ran.out), (0, ""), "{ran:?}");
    assert!(ran.err.contains("wrote"), "{}", ran.err);
    let meta = fs::metadata(program.logs().join(output)).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    if let Some(format) = read_as {
        let formats = program.print(["search", "*", output, "--facet", "format"]);
        assert!(formats.contains(&format!(" {format}\n")), "{formats}");
    }
    let (again, before) = (essence(&program, output), essence(&program, name));
    assert_eq!(again, before, "{fixture}");
}

#[test]
fn an_export_in_json_lines_is_read_back_as_the_same_events() {
    for fixture in [
        "k8s-audit/stages.jsonl",
        "k8s-audit/audit2rbac_demo.log",
        "syslog/auth.log",
    ] {
        read_back(fixture, &["--format", "jsonl"], "out.jsonl", None);
    }
}

/// Cells that spreadsheets would run are text in the guarded form; unguarded, everything is as it was.
#[test]
fn an_export_in_csv_is_read_back_as_the_same_events() {
    for fixture in [
        "k8s-audit/stages.jsonl",
        "syslog/auth.log",
        "csv/access.csv",
    ] {
        let export = ["--format", "csv", "--raw-csv"];
        read_back(fixture, &export, "out.csv", Some("csv~"));
    }
}

#[test]
fn what_is_there_already_is_refused_and_left_as_it_is() {
    let program = Program::new();
    program.fixture("k8s-audit/stages.jsonl");
    program.log("mine", "mine");
    symlink("nowhere", program.logs().join("link")).unwrap();
    fs::create_dir(program.logs().join("dir")).unwrap();
    for (place, says) in [
        ("mine", "exists already"),
        ("link", "is a symbolic link"),
        ("dir", "is a directory"),
        ("/dev/null", "is a device"),
    ] {
        let ran = program.run(["search", "*", "stages.jsonl", "--output", place]);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{ran:?}");
        assert!(ran.err.contains(says), "{place}: {}", ran.err);
    }
    assert_eq!(fs::read(program.logs().join("mine")).unwrap(), b"mine");
    assert!(!program.logs().join("nowhere").exists());
}

#[test]
fn a_report_and_plain_text_are_for_people() {
    let program = Program::new();
    program.fixture("chain/R1.jsonl");
    let report = program.print([
        "search", "*", "R1.jsonl", "--format", "report", "--limit", "2",
    ]);
    for part in [
        "# Access report",
        "| made by |",
        "| times shown in | UTC |",
        "- Every record of these sources was searched.",
        "no sign of it",
        "Events listed above: 2.",
        "## Terms",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let plain = program.print(["search", "*", "R1.jsonl", "--plain", "--limit", "2"]);
    assert_eq!(plain.split("\n\n").count(), 2, "{plain}");
    let is_labelled = |line: &str| line.is_empty() || line.contains(": ");
    assert!(plain.lines().all(is_labelled), "{plain}");
    let ran = program.run(["search", "*", "R1.jsonl", "--raw-csv"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
