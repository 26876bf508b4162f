//! Records in envelopes, through the index and back.

use std::fs;

use crate::support::program::Program;

/// What `text` under Docker's key or in CRI lines is on disk.
fn docker(records: &str) -> String {
    let line = |record: &str| {
        let log = serde_json::to_string(&format!("{record}\n")).unwrap();
        format!("{{\"log\":{log},\"stream\":\"stdout\",\"time\":\"2026-03-01T09:00:09Z\"}}\n")
    };
    records.lines().map(line).collect()
}

fn cri_in_parts(records: &str) -> String {
    let line = |record: &str| {
        let middle = record.len() / 2;
        let (begin, end) = record.split_at(middle);
        let time = "2026-03-01T09:00:09.000000001Z stdout";
        format!("{time} P {begin}\n{time} F {end}\n")
    };
    records.lines().map(line).collect()
}

#[test]
fn events_are_the_same_when_they_are_read_from_the_index() {
    let records = fs::read_to_string("tests/fixtures/k8s-audit/stages.jsonl").unwrap();
    let records: Vec<&str> = records.lines().filter(|l| l.contains("auditID")).collect();
    let records = records.join("\n");
    let fields = [
        "--fields",
        "ts,actor,action,target,outcome,ip,session,format",
    ];
    let program = Program::new();
    let find = |file: &str| {
        let search = ["search", "*", file, "--sort", "asc", "--format", "csv"];
        program.print(search.iter().chain(&fields))
    };
    fs::write(program.logs().join("plain.jsonl"), &records).unwrap();
    let plain = find("plain.jsonl");
    assert!(
        plain.lines().count() > 4 && plain.contains("k8s-audit"),
        "{plain}"
    );
    for (file, text) in [
        ("docker.log", docker(&records)),
        ("cri.log", cri_in_parts(&records)),
    ] {
        fs::write(program.logs().join(file), &text).unwrap();
        // Indexed, then from the index.
        assert_eq!(find(file), plain, "{file}");
        assert_eq!(find(file), plain, "{file}");
        let raw = program.print(["search", "*", file, "--sort", "asc", "--format", "raw"]);
        assert_eq!(raw, text, "{file}");
    }
}
