//! Logs written and damaged by an independent writer in Python, which knows what must be found.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{found, verify};

fn text(lines: &[String], torn: bool) -> String {
    let mut out = lines.join("\n");
    if !torn {
        out.push('\n');
    }
    out
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap().iter();
    items.map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// The clean logs are kept as files, so that they are read even where there is no Python.
#[test]
fn clean_logs_of_every_recipe_have_no_findings() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chain");
    let mut schemes = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        // Logs of other writers have a folder and tests of their own.
        if path.is_dir() {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let report = verify(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(found(&report), [], "{name}");
        assert_eq!(report.records, 200, "{name}");
        let verified = match name.as_str() {
            "HMAC" => 0,
            // The last line of a raw-line chain is protected only by the next one.
            n if n.starts_with("R7") => 199,
            _ => 200,
        };
        assert_eq!(report.verified, verified, "{name}: {}", report.coverage);
        schemes.insert(name, report.scheme.unwrap());
    }
    let schemes: Vec<(&str, &str)> = schemes
        .iter()
        .map(|(n, s)| (n.as_str(), s.as_str()))
        .collect();
    assert_eq!(
        schemes,
        [
            ("HMAC", "links-only prev_hash/hash"),
            ("R1", "own-sorted sha256 prev_hash/hash"),
            ("R2", "own-sorted-pyspace sha256 prev_hash/hash"),
            ("R3", "own-insertion sha256 prevHash/hash"),
            ("R5", "prev+json-sorted sha256 prev_hash/entry_hash"),
            (
                "R5-joined",
                "json|prev-insertion sha256 prev_hash/entry_hash"
            ),
            ("R7", "raw-line sha256 prev_hash"),
        ]
    );
}

/// Every damage, 60 times at random places, gives exactly one finding of the right kind at the right record.
#[test]
fn every_damage_is_named_once_and_rightly() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/chain_cases.py");
    let Ok(output) = Command::new("python3").arg(script).arg("cases").output() else {
        eprintln!("python3 is not installed: the damaged logs are not checked");
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut logs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table: BTreeMap<(String, String), BTreeMap<String, usize>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let item: Value = serde_json::from_str(line).unwrap();
        let log = item["log"].as_str().unwrap().to_owned();
        let Some(mutation) = item["mutation"].as_str() else {
            logs.insert(log, strings(&item["lines"]));
            continue;
        };
        let mut lines = logs[&log].clone();
        for edit in item["edits"].as_array().unwrap() {
            let (at, remove) = (number(&edit[0]) as usize, number(&edit[1]) as usize);
            lines.splice(at..at + remove, strings(&edit[2]));
        }
        let expected = item["expected"].as_array().unwrap().iter();
        let expected: Vec<(&str, u64, u64)> = expected
            .map(|e| (e[0].as_str().unwrap(), number(&e[1]), number(&e[2])))
            .collect();
        let report = verify(&text(&lines, item["torn"].as_bool().unwrap()));
        let found = found(&report);
        let said = if found == expected {
            "right".to_owned()
        } else {
            wrong.push(format!(
                "{log} {mutation}: expected {expected:?}, found {found:?}"
            ));
            let kinds: Vec<&str> = found.iter().map(|f| f.0).collect();
            kinds.join(" + ")
        };
        let row = table.entry((log, mutation.to_owned())).or_default();
        *row.entry(said).or_default() += 1;
    }
    for ((log, mutation), counts) in &table {
        println!("{log:16} {mutation:20} {counts:?}");
    }
    assert!(table.len() > 130, "{} rows", table.len());
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
