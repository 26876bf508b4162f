//! Sidecars: a file beside a log that lists the hash of each of its lines, chained. `verify`, a search and the watch hold
//! the log against it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::program::Program;
use crate::support::watch::Watch;

mod lost;

const LINES: usize = 30;

fn hash(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().map(|b| format!("{b:02x}")).collect()
}

fn lines() -> Vec<String> {
    let line = |n| {
        format!(
            r#"{{"ts":"2026-03-01T09:00:{n:02}Z","actor":"ann","action":"get","target":"t{n}"}}"#
        )
    };
    (0..LINES).map(line).collect()
}

/// What a writer lists of lines that it writes: `H(previous + "\n" + hash of the line)`.
fn listed(lines: &[String]) -> Vec<String> {
    let mut previous = "0".repeat(64);
    let record = |(n, line): (usize, &String)| {
        let event = hash(line);
        let own = hash(&format!("{previous}\n{event}"));
        let record = format!(
            r#"{{"seq":{n},"event_hash":"{event}","prev_hash":"{previous}","chain_hash":"{own}"}}"#
        );
        previous = own;
        record
    };
    lines.iter().enumerate().map(record).collect()
}

/// As if it had been written an hour ago.
fn long_ago(path: &Path) {
    let before = SystemTime::now() - Duration::from_secs(3600);
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(before).unwrap();
}

struct Beside {
    program: Program,
    name: &'static str,
}

impl Beside {
    fn new() -> Self {
        let beside = Self {
            program: Program::new(),
            name: "events.chain.jsonl",
        };
        beside.write(&lines());
        beside.list(&listed(&lines()));
        beside
    }

    fn log(&self) -> PathBuf {
        self.program.logs().join("events.jsonl")
    }

    fn write(&self, lines: &[String]) {
        fs::write(self.log(), lines.join("\n") + "\n").unwrap();
    }

    /// Writes the sidecar, an hour ago: no writer is at work any more.
    fn list(&self, records: &[String]) {
        let path = self.program.logs().join(self.name);
        fs::write(&path, records.join("\n") + "\n").unwrap();
        long_ago(&path);
    }

    /// Exit status, coverage of the log, and kind, first and last line of every finding, the sidecar's after the log's.
    fn verified(&self) -> (i32, String, Vec<(String, u64, u64)>) {
        let ran = self
            .program
            .run(["verify", "events.jsonl", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        let files = report["files"].as_array().unwrap();
        let findings = files.iter().flat_map(|f| f["findings"].as_array().unwrap());
        let findings = findings.map(|f| {
            let line = |name: &str| f[name].as_u64().unwrap_or(0);
            let kind = f["kind"].as_str().unwrap().to_owned();
            (kind, line("line"), line("line_end"))
        });
        let coverage = files[0]["coverage"].as_str().unwrap().to_owned();
        (ran.code, coverage, findings.collect())
    }

    fn count(&self, query: &str) -> u64 {
        let ran = self
            .program
            .run(["search", query, "events.jsonl", "--count"]);
        ran.out.trim().parse().unwrap_or_else(|_| panic!("{ran:?}"))
    }
}

#[test]
fn a_log_is_held_against_its_sidecar_and_that_is_checked_too() {
    let beside = Beside::new();
    let text = beside.program.print(["verify", "events.jsonl"]);
    for part in [
        "events.jsonl: sidecar sha256 in event_hash, 30 lines are as events.chain.jsonl has them",
        "events.chain.jsonl: ",
        "prev_hash/chain_hash",
        "2 files: 2 pass",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(beside.count("chain:verified"), LINES as u64);
    // Lines that are not listed yet are not vouched for.
    let mut more = lines();
    more.push(more[0].replace("t0", "new"));
    beside.write(&more);
    let (code, coverage, findings) = beside.verified();
    assert_eq!((code, findings), (1, vec![]));
    assert!(coverage.ends_with("1 more not listed"), "{coverage}");
    assert_eq!(beside.count("chain:verified"), LINES as u64);
    // A last line without its end is a line.
    fs::write(beside.log(), lines().join("\n")).unwrap();
    assert_eq!(beside.verified().0, 0);
}

#[test]
fn a_sidecar_written_in_shell_verifies() {
    let program = Program::new();
    for name in ["sh-r9.jsonl", "sh-r9.chain.jsonl"] {
        program.fixture(&format!("chain/writers/sidecar/{name}"));
    }
    let text = program.print(["verify", "sh-r9.jsonl"]);
    for part in [
        "60 lines are as sh-r9.chain.jsonl has them",
        "{prev}\\n{event_hash} sha256 prev_hash/chain_hash, records 1-60 verified",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn every_change_of_the_log_is_named_with_its_lines() {
    type Damage = fn(&mut Vec<String>);
    type Found = &'static [(&'static str, u64, u64)];
    let cases: [(&str, Damage, Found); 7] = [
        (
            "changed",
            |l| l[11] = l[11].replace("ann", "bob"),
            &[("content-modified", 12, 12)],
        ),
        ("taken out", |l| drop(l.drain(3..6)), &[("deleted", 4, 4)]),
        (
            "slipped in",
            |l| l.insert(9, l[9].replace("ann", "eve")),
            &[("inserted", 10, 10)],
        ),
        (
            "repeated",
            |l| l.insert(20, l[4].clone()),
            &[("duplicated", 21, 21)],
        ),
        ("cut", |l| l.truncate(27), &[("tail-truncated", 28, 28)]),
        (
            "first changed",
            |l| l[0] = l[0].replace("ann", "bob"),
            &[("content-modified", 1, 1)],
        ),
        (
            "two",
            |l| {
                l[2] = l[2].replace("ann", "bob");
                l.remove(25);
            },
            &[("content-modified", 3, 3), ("deleted", 26, 26)],
        ),
    ];
    for (name, damage, want) in cases {
        let beside = Beside::new();
        let mut changed = lines();
        damage(&mut changed);
        beside.write(&changed);
        let (code, coverage, findings) = beside.verified();
        let findings: Vec<(&str, u64, u64)> = findings
            .iter()
            .map(|(kind, line, end)| (kind.as_str(), *line, *end))
            .collect();
        assert_eq!((code, &*findings), (3, want), "{name}: {coverage}");
        let (kind, line, _) = want[0];
        if kind != "tail-truncated" {
            assert_eq!(
                beside.count(&format!("chain:{kind} line:{line}")),
                1,
                "{name}"
            );
        }
    }
}

/// Whoever changes a line and its hash in the sidecar breaks the chain there.
#[test]
fn a_sidecar_that_was_changed_with_the_log_is_found_by_its_chain() {
    let beside = Beside::new();
    let mut changed = lines();
    changed[11] = changed[11].replace("ann", "bob");
    let mut records = listed(&lines());
    records[11] = records[11].replace(&hash(&lines()[11]), &hash(&changed[11]));
    beside.write(&changed);
    beside.list(&records);
    let (code, _, findings) = beside.verified();
    assert_eq!(code, 3);
    assert_eq!(findings, [("content-modified".to_owned(), 12, 12)]);
}

#[test]
fn the_configuration_names_other_sidecars_and_misses_them() {
    let mut beside = Beside::new();
    fs::remove_file(beside.program.logs().join(beside.name)).unwrap();
    let (code, _, findings) = beside.verified();
    assert_eq!(
        (code, findings),
        (1, vec![]),
        "nothing says that there was one"
    );
    beside
        .program
        .configure("[[chain]]\nmatch = \"**/events.jsonl\"\nsidecar = \"{stem}.hashes\"\n");
    let (code, coverage, findings) = beside.verified();
    assert_eq!(code, 1, "{coverage}");
    assert_eq!(findings, [("file-missing".to_owned(), 0, 0)]);
    beside.name = "events.hashes";
    beside.list(&listed(&lines()));
    let (code, coverage, findings) = beside.verified();
    assert_eq!((code, findings), (0, vec![]), "{coverage}");
    assert_eq!(coverage, "30 lines are as events.hashes has them");
}

#[test]
fn a_rotated_log_is_held_against_all_of_its_sidecar() {
    let beside = Beside::new();
    let all = lines();
    fs::write(
        beside.program.logs().join("events.jsonl.1"),
        all[..18].join("\n") + "\n",
    )
    .unwrap();
    beside.write(&all[18..]);
    assert_eq!(
        beside.verified(),
        (
            0,
            "30 lines are as events.chain.jsonl has them".into(),
            vec![]
        )
    );
    let mut live = all[18..].to_vec();
    live[1] = live[1].replace("ann", "bob");
    beside.write(&live);
    assert_eq!(beside.verified().2, [("content-modified".to_owned(), 2, 2)]);
}

#[test]
fn a_writer_at_work_is_no_finding_and_a_cut_while_it_is_watched_is() {
    let beside = Beside::new();
    let path = beside.program.logs().join(beside.name);
    // The sidecar is ahead: the line comes in a moment.
    beside.write(&lines()[..LINES - 1]);
    fs::write(&path, listed(&lines()).join("\n") + "\n").unwrap();
    let (code, coverage, findings) = beside.verified();
    assert_eq!((code, findings), (1, vec![]), "{coverage}");
    assert!(
        coverage.contains("1 listed line not there yet"),
        "{coverage}"
    );
    // And where it does not come, that is told.
    let watch = Watch::start(&beside.program, &["events.jsonl"]);
    watch.until_printed("tail-truncated");
}

/// What somebody tries who may write both files.
#[test]
fn a_sidecar_is_not_led_astray() {
    let kinds = |beside: &Beside| {
        let (code, coverage, findings) = beside.verified();
        let kinds: Vec<String> = findings.into_iter().map(|(kind, ..)| kind).collect();
        (code, kinds.join(" "), coverage)
    };
    let rewritten: Vec<String> = lines().iter().map(|l| l.replace("ann", "eve")).collect();
    // Written anew from the first line to the last.
    let beside = Beside::new();
    beside.write(&rewritten);
    assert_eq!(kinds(&beside).1, "rewritten-since-seal");
    // And with the new hashes put into a field that the chain does not cover.
    let decoys = listed(&lines()).into_iter().zip(&rewritten);
    let decoys: Vec<String> = decoys
        .map(|(record, line)| record.replace("{", &format!("{{\"a\":\"{}\",", hash(line))))
        .collect();
    beside.list(&decoys);
    let (code, kinds_of, _) = kinds(&beside);
    assert_eq!((code, &*kinds_of), (3, "rewritten-since-seal"));
    // A hundred lines in front of a sidecar that begins with the log.
    let beside = Beside::new();
    let mut more: Vec<String> = (0..300).map(|n| format!("{{\"x\":{n}}}")).collect();
    more.extend(lines());
    beside.write(&more);
    assert_eq!(kinds(&beside).1, "inserted");
    // Emptied, and taken away.
    fs::write(beside.log(), "").unwrap();
    assert_eq!(kinds(&beside).1, "tail-truncated");
    fs::remove_file(beside.log()).unwrap();
    let ran = beside.program.run(["verify", "."]);
    assert!(ran.code == 1 && ran.out.contains("file-missing"), "{ran:?}");
    // Another one beside the good one, of a log that was changed.
    let mut beside = Beside::new();
    let mut changed = lines();
    changed[3] = rewritten[3].clone();
    beside.write(&changed);
    beside.list(&listed(&changed));
    beside.name = "events.jsonl.chain";
    beside.list(&listed(&lines()));
    assert_eq!(kinds(&beside).1, "content-modified");
    // A mark at its begin, as editors write it, is none of it.
    let beside = Beside::new();
    let mut records = listed(&lines());
    records[0].insert(0, '\u{feff}');
    beside.list(&records);
    assert_eq!(kinds(&beside).0, 0);
}

#[test]
fn dated_packed_and_expired_files_are_held_against_what_lists_them() {
    let program = Program::new();
    let dated = |day: &str, text: &[String], records: &[String]| {
        program.log(&format!("app-{day}.jsonl"), text.join("\n") + "\n");
        program.log(&format!("app-{day}.chain.jsonl"), records.join("\n") + "\n");
    };
    let mut changed = lines();
    changed[1] = changed[1].replace("ann", "eve");
    dated("2026-01-02", &changed, &listed(&lines()));
    let ran = program.run(["verify", "app-2026-01-02.jsonl"]);
    assert!(
        ran.code == 3 && ran.out.contains("line 2 was changed"),
        "{ran:?}"
    );
    // The older part of a log expired, or that of the sidecar.
    let beside = Beside::new();
    beside.write(&lines()[10..]);
    assert_eq!(beside.verified().2, [("head-truncated".to_owned(), 1, 1)]);
    beside.write(&lines());
    beside.list(&listed(&lines())[10..]);
    let (_, coverage, findings) = beside.verified();
    assert!(
        findings.iter().all(|(kind, ..)| kind == "head-truncated"),
        "{findings:?}"
    );
    assert!(
        coverage.contains("10 lines from before it begins"),
        "{coverage}"
    );
    // Only the rotated file is open: what is listed after it is elsewhere.
    let beside = Beside::new();
    let rotated = beside
        .program
        .log("events.jsonl.1", lines()[..18].join("\n") + "\n");
    beside.write(&lines()[18..]);
    let ran = beside.program.run(["verify", rotated.to_str().unwrap()]);
    assert!(!ran.out.contains("alarm"), "{ran:?}");
}

#[test]
fn a_sidecar_that_goes_while_it_is_watched_is_told() {
    let beside = Beside::new();
    let watch = Watch::start(&beside.program, &["events.jsonl"]);
    watch.until_printed("30 lines are as");
    fs::remove_file(beside.program.logs().join(beside.name)).unwrap();
    watch.until_printed("is not here any more");
}

/// What an edit over the end of a file, two kinds of sidecars and a wide rule must not lead to.
#[test]
fn nothing_is_vouched_for_that_is_not_listed() {
    let beside = Beside::new();
    let mut all = lines();
    all[17] = all[17].replace("ann", "eve");
    all[18] = all[18].replace("ann", "eve");
    let program = &beside.program;
    program.log("events.jsonl.1", all[..18].join("\n") + "\n");
    beside.write(&all[18..]);
    let changed = [
        ("content-modified".to_owned(), 18, 18),
        ("content-modified".to_owned(), 1, 1),
    ];
    assert_eq!(beside.verified().2, changed);
    assert_eq!(beside.count("chain:verified"), 28);
    // A day without a sidecar beside one with.
    let program = Program::new();
    let day = |day: &str| format!("app-2026-01-{day}.jsonl");
    program.log(&day("01"), lines().join("\n") + "\n");
    program.log(
        "app-2026-01-01.chain.jsonl",
        listed(&lines()).join("\n") + "\n",
    );
    program.log(&day("02"), lines().join("\n") + "\n");
    let ran = program.run(["verify", "."]);
    assert!(
        ran.code == 1 && ran.out.contains("30 more not listed"),
        "{ran:?}"
    );
    // A rule that fits the sidecar as well.
    let beside = Beside::new();
    let rule = "[[chain]]\nmatch = \"**/*.jsonl\"\nsidecar = \"{stem}.chain.jsonl\"\n";
    beside.program.configure(rule);
    assert_eq!(
        beside.verified(),
        (
            0,
            "30 lines are as events.chain.jsonl has them".into(),
            vec![]
        )
    );
    // Lines that end in CR LF, hashed without either.
    let beside = Beside::new();
    fs::write(beside.log(), lines().join("\r\n") + "\r\n").unwrap();
    assert_eq!(beside.verified().0, 0);
}

/// Where a sidecar is missing, what was sealed is still so.
#[test]
fn a_missing_sidecar_takes_nothing_from_the_seals() {
    let beside = Beside::new();
    fs::remove_file(beside.program.logs().join(beside.name)).unwrap();
    beside.program.print(["seal", "events.jsonl"]);
    let rule = "[[chain]]\nmatch = \"**/events.jsonl\"\nsidecar = \"{stem}.hashes\"\n";
    beside.program.configure(rule);
    let (code, coverage, findings) = beside.verified();
    assert_eq!(
        (code, findings),
        (1, vec![("file-missing".to_owned(), 0, 0)])
    );
    assert!(
        coverage.contains("30 lines are as they were sealed"),
        "{coverage}"
    );
    assert_eq!(beside.count("chain:verified"), LINES as u64);
}
