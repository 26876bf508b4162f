//! OSSEC's `.sum` files and journals of systemd, as `verify` tells of them: text, JSON, exit.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::program::{Program, ran};
use crate::support::watch::Watch;

const DAYS: [&str; 3] = [
    "2026/Nov/ossec-alerts-29",
    "2026/Nov/ossec-alerts-30",
    "2026/Dec/ossec-alerts-01",
];

/// Three days, summed as Wazuh does it, but for MD5 and SHA-1.
fn tree() -> Program {
    let program = Program::new();
    let mut before: Option<(String, String)> = None;
    for day in DAYS {
        let log = program.log_of(day);
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let text = format!("{day}: sudo by alice\n");
        fs::write(&log, &text).unwrap();
        let (previous, chained) = match &before {
            Some((name, sum)) => (format!("logs/alerts/{name}.log.sum"), hash(sum)),
            None => (
                "logs/alerts/2026/Nov/ossec-alerts-28.log.sum".into(),
                "none".into(),
            ),
        };
        let sum = format!(
            "Current checksum:\nSHA256 (logs/alerts/{day}) = {}\n\nChained checksum:\nSHA256 ({previous}) = {chained}\n\n",
            hash(&text)
        );
        fs::write(program.sum_of(day), &sum).unwrap();
        before = Some((day.to_owned(), sum));
    }
    program
}

fn hash(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().map(|b| format!("{b:02x}")).collect()
}

impl Program {
    fn log_of(&self, day: &str) -> PathBuf {
        self.logs().join(format!("alerts/{day}.log"))
    }

    fn sum_of(&self, day: &str) -> PathBuf {
        self.logs().join(format!("alerts/{day}.log.sum"))
    }
}

/// Exit status, coverage of the first report, and kind and words of every finding.
fn verified(program: &Program, path: &str) -> (i32, String, Vec<(String, String)>) {
    let ran = program.run(["verify", path, "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let files = report["files"].as_array().unwrap();
    let findings = files.iter().flat_map(|f| f["findings"].as_array().unwrap());
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = findings.map(|f| (word(&f["kind"]), word(&f["explanation"])));
    (ran.code, word(&files[0]["coverage"]), findings.collect())
}

#[test]
fn days_are_verified_as_one_and_the_sums_are_no_logs_of_their_own() {
    let program = tree();
    let text = program.print(["verify", "alerts"]);
    assert!(
        text.contains("alerts/2026/**/ossec-alerts-*.log: ossec-sum sha256, 3 of 3 days verified; the newest .sum is protected by no later one; unkeyed: whoever can write this folder can make both anew\n1 file: 1 pass\n"),
        "{text}"
    );
    // A log alone is held against its own .sum.
    let one = format!("alerts/{}.log", DAYS[1]);
    let (code, coverage, findings) = verified(&program, &one);
    assert_eq!((code, findings), (0, vec![]));
    assert!(coverage.starts_with("1 of 1 day verified"), "{coverage}");
}

#[test]
fn what_sums_say_is_the_verdict_of_each_event() {
    let count = |program: &Program, query: &str| -> u64 {
        let ran = program.run(["search", query, "alerts", "--count"]);
        ran.out.trim().parse().unwrap_or_else(|_| panic!("{ran:?}"))
    };
    let program = tree();
    assert_eq!(count(&program, "chain:verified message:sudo"), 3);
    fs::write(program.log_of(DAYS[1]), "sudo by mallory\n").unwrap();
    assert_eq!(count(&program, "chain:content-modified message:sudo"), 1);
    assert_eq!(count(&program, "chain:content-modified message:mallory"), 1);
    // What is told of a .sum that was emptied is told at its log.
    fs::write(program.sum_of(DAYS[2]), "").unwrap();
    let watch = Watch::start(&program, &["alerts"]);
    watch.until_printed("malformed");
}

#[test]
fn what_was_changed_is_named() {
    type Damage = fn(&Program);
    let cases: [(Damage, i32, &[&str]); 5] = [
        (
            |p| fs::write(p.log_of(DAYS[1]), "nothing\n").unwrap(),
            3,
            &["content-modified"],
        ),
        (
            |p| {
                let sum = fs::read_to_string(p.sum_of(DAYS[1])).unwrap();
                fs::write(p.sum_of(DAYS[1]), sum + "\n").unwrap();
            },
            3,
            &["link-mismatch"],
        ),
        (
            |p| fs::write(p.sum_of(DAYS[1]), "").unwrap(),
            3,
            &["link-mismatch", "malformed"],
        ),
        (
            |p| fs::remove_file(p.log_of(DAYS[1])).unwrap(),
            1,
            &["file-missing"],
        ),
        (
            |p| fs::remove_file(p.sum_of(DAYS[1])).unwrap(),
            1,
            &["unlinked", "rotation-gap"],
        ),
    ];
    for (damage, code, kinds) in cases {
        let program = tree();
        damage(&program);
        let (ended, coverage, findings) = verified(&program, "alerts");
        let found: Vec<&str> = findings.iter().map(|(kind, _)| &**kind).collect();
        assert_eq!((ended, &*found), (code, kinds), "{coverage}");
        for (_, words) in &findings {
            assert!(words.contains("ossec-alerts-30.log"), "{words}");
        }
    }
}

/// A program called journalctl that prints `says` and exits with `code`; it writes its arguments to a file.
fn stand_in(program: &Program, says: &str, code: i32) -> PathBuf {
    let bin = program.logs().join("../bin");
    fs::create_dir_all(&bin).unwrap();
    let path = bin.join("journalctl");
    let script = format!(
        "#!/bin/sh\n[ \"$LC_ALL\" = C ] || exit 9\nprintf '%s\\n' \"$@\" > '{}'\ncat >&2 <<'EOF'\n{says}\nEOF\nexit {code}\n",
        bin.join("arguments").display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

#[test]
fn journals_are_checked_by_journalctl() {
    let program = Program::new();
    let plain = [&b"LPKSHHRH\0\0\0\0"[..], &[0; 300]].concat();
    let sealed = [&b"LPKSHHRH\x01\0\0\0"[..], &[0; 300]].concat();
    fs::write(program.logs().join("key"), "12ab-34cd/5-6\n").unwrap();
    for (journal, says, exit, code, wanted) in [
        (
            &sealed,
            "PASS: x\n=> Validated from A to B, final 7min of entries not sealed.",
            0,
            0,
            "journal-fss, journalctl: Validated from A to B, final 7min of entries not sealed.",
        ),
        (
            &plain,
            "PASS: x",
            0,
            1,
            "structure holds; not sealed, so changes that keep the structure do not show",
        ),
        (
            &sealed,
            "1d2b3c: Invalid object \u{1b}[31mcontents\nFAIL: x (Bad message)",
            1,
            3,
            "is not as it was written at offset 0x1d2b3c; journalctl says: 1d2b3c: Invalid object contents.",
        ),
        (
            &sealed,
            "Failed to parse seed.",
            1,
            5,
            "does not take the key",
        ),
    ] {
        program.log("x[1].journal~", journal);
        let bin = stand_in(&program, says, exit);
        let mut command = program.command(["verify", ".", "--journal-key", "key"]);
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let done = ran(command.env("PATH", path).output().unwrap());
        assert!(done.out.contains(wanted), "{wanted}: {done:?}");
        // The key's own file is no log; it lies here only for this test.
        let worst = if code == 0 { 1 } else { code };
        assert_eq!(done.code, worst, "{done:?}");
        let arguments = fs::read_to_string(bin.join("arguments")).unwrap();
        let arguments: Vec<&str> = arguments.lines().collect();
        assert_eq!(arguments.len(), 3, "{arguments:?}");
        assert_eq!(arguments[0], "--verify");
        assert!(
            arguments[1].ends_with("/x\\[1\\].journal~"),
            "{arguments:?}"
        );
        assert_eq!(arguments[2], "--verify-key=12ab-34cd/5-6");
    }
}

#[test]
fn what_cannot_be_started_is_said() {
    let program = Program::new();
    program.log("x.journal", [&b"LPKSHHRH"[..], &[0; 300]].concat());
    let done = program.run(["--no-exec", "verify", "x.journal"]);
    assert_eq!(done.code, 5, "{done:?}");
    assert!(done.out.contains("leave out --no-exec"), "{done:?}");
    let mut command = program.command(["verify", "x.journal"]);
    let done = ran(command.env("PATH", "/nowhere").output().unwrap());
    assert_eq!(done.code, 5, "{done:?}");
    assert!(
        done.out.contains("cannot be started") && done.out.contains("install systemd"),
        "{done:?}"
    );
    let key = program.log("key", "not a key\n");
    let key = key.to_str().unwrap();
    let done = program.run(["verify", "x.journal", "--journal-key", key]);
    assert_eq!(done.code, 2, "{done:?}");
}
