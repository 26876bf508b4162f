//! What is gone of a log, or of its sidecar.

use std::fs;

use serde_json::Value;

use super::{Beside, LINES, hash, lines, listed, long_ago};
use crate::support::program::Program;
use crate::support::watch::Watch;

/// A file of `events.jsonl` with this before its extension, and the sidecar of that file alone.
fn dated(program: &Program, date: &str, lines: &[String]) {
    program.log(&format!("events{date}.jsonl"), lines.join("\n") + "\n");
    let sidecar = format!("events{date}.chain.jsonl");
    program.log(&sidecar, listed(lines).join("\n") + "\n");
    long_ago(&program.logs().join(sidecar));
}

/// What is gone of a log whose sidecar is still there in all its parts.
#[test]
fn a_part_of_a_log_that_is_gone_is_told() {
    let rotated = || {
        let beside = Beside::new();
        let (all, records) = (lines(), listed(&lines()));
        let program = &beside.program;
        let part = |name: &str, from: usize, to: usize| {
            program.log(
                &format!("events.jsonl{name}"),
                all[from..to].join("\n") + "\n",
            );
            program.log(
                &format!("events.chain.jsonl{name}"),
                records[from..to].join("\n") + "\n",
            );
        };
        part(".2", 0, 10);
        part(".1", 10, 20);
        part("", 20, LINES);
        for name in ["", ".1", ".2"] {
            let path = beside
                .program
                .logs()
                .join(format!("events.chain.jsonl{name}"));
            long_ago(&path);
        }
        beside
    };
    let told = |beside: &Beside| {
        let ran = beside.program.run(["verify", ".", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
        let files = report["files"].as_array().unwrap();
        let findings = files.iter().flat_map(|f| f["findings"].as_array().unwrap());
        let kinds: Vec<String> = findings
            .map(|f| f["kind"].as_str().unwrap().to_owned())
            .collect();
        (ran.code, kinds.join(" "))
    };
    let beside = rotated();
    assert_eq!(told(&beside), (0, String::new()));
    let logs = beside.program.logs();
    // One in the midst, removed or emptied.
    fs::write(logs.join("events.jsonl.1"), "").unwrap();
    assert_eq!(told(&beside), (3, "deleted".into()));
    fs::remove_file(logs.join("events.jsonl.1")).unwrap();
    assert_eq!(told(&beside), (3, "deleted".into()));
    // The oldest may have expired.
    let beside = rotated();
    fs::remove_file(beside.program.logs().join("events.jsonl.2")).unwrap();
    assert_eq!(told(&beside), (1, "head-truncated".into()));
    // The live one.
    let beside = rotated();
    fs::write(beside.log(), "").unwrap();
    assert_eq!(told(&beside), (3, "tail-truncated".into()));
    fs::remove_file(beside.log()).unwrap();
    assert_eq!(told(&beside), (3, "tail-truncated".into()));
    // One rotated file by itself: what is listed elsewhere is no concern.
    let ran = rotated().program.run(["verify", "events.jsonl.1"]);
    assert!(
        !ran.out.contains("expired") && !ran.out.contains("alarm"),
        "{ran:?}"
    );
    // A day of dated files.
    let days = || {
        let program = Program::new();
        for day in ["01", "02", "03"] {
            let name = format!("app-2026-01-{day}");
            let all: Vec<String> = lines().iter().map(|l| l.replace("03-01", day)).collect();
            program.log(&format!("{name}.jsonl"), all.join("\n") + "\n");
            let listed = listed(&all).join("\n") + "\n";
            program.log(&format!("{name}.chain.jsonl"), listed);
        }
        program
    };
    let program = days();
    assert_eq!(program.run(["verify", "."]).code, 0);
    let second = program.logs().join("app-2026-01-02.jsonl");
    fs::write(&second, "").unwrap();
    let said = |program: &Program| {
        let ran = program.run(["verify", "."]);
        assert!(
            ran.code == 1
                && ran
                    .out
                    .contains("app-2026-01-02.chain.jsonl lists the lines of a file"),
            "{ran:?}"
        );
    };
    said(&program);
    fs::remove_file(&second).unwrap();
    said(&program);
}

#[test]
fn a_configured_sidecar_tells_of_what_is_gone() {
    let program = Program::new();
    program.configure(
        "[[chain]]\nmatch = [\"**/events.jsonl\", \"**/app-*.jsonl\"]\nsidecar = \"{stem}.hashes\"\n",
    );
    let log = program.log("events.jsonl", lines().join("\n") + "\n");
    program.log("events.hashes", listed(&lines()).join("\n") + "\n");
    assert_eq!(program.run(["verify", "."]).code, 0);
    fs::remove_file(&log).unwrap();
    let ran = program.run(["verify", "."]);
    assert!(
        ran.code == 1 && ran.out.contains("events.jsonl: ") && ran.out.contains("file-missing"),
        "{ran:?}"
    );
    fs::remove_file(program.logs().join("events.hashes")).unwrap();
    for day in ["01", "02"] {
        program.log(
            &format!("app-2026-01-{day}.jsonl"),
            lines().join("\n") + "\n",
        );
    }
    program.log("app-2026-01-01.hashes", listed(&lines()).join("\n") + "\n");
    let ran = program.run(["verify", "."]);
    assert!(
        ran.code == 1
            && ran
                .out
                .contains("app-2026-01-02.hashes lists the lines of this log"),
        "{ran:?}"
    );
    for (sidecar, is_name) in [
        ("{foo}.hashes", false),
        ("{name}", false),
        ("", false),
        ("../{stem}.hashes", false),
        ("hashes", true),
    ] {
        program.configure(&format!(
            "[[chain]]\nmatch = \"**/events.jsonl\"\nsidecar = \"{sidecar}\"\n"
        ));
        let ran = program.run(["verify", "."]);
        let told = ran.err.contains("config.toml:1: sidecar ")
            && ran.err.contains("such as {stem}.chain.jsonl");
        assert_eq!(told, !is_name, "{sidecar}: {ran:?}");
    }
}

/// What was put before the records of a sidecar does not hide that it is one.
#[test]
fn junk_before_a_sidecar_does_not_hide_it() {
    let beside = Beside::new();
    let mut records: Vec<String> = (0..300).map(|n| format!("{{\"x\":{n}}}")).collect();
    records.extend(listed(&lines()));
    beside.list(&records);
    let mut changed = lines();
    changed[4] = changed[4].replace("ann", "eve");
    beside.write(&changed);
    let (code, coverage, findings) = beside.verified();
    assert_eq!(code, 3, "{coverage}");
    assert!(findings.contains(&("content-modified".to_owned(), 5, 5)));
}

/// While the log is watched its sidecar is too, though only the log was named.
#[test]
fn a_sidecar_that_is_cut_while_it_is_watched_is_told() {
    let beside = Beside::new();
    let watch = Watch::start(&beside.program, &["events.jsonl"]);
    watch.until_printed("30 lines are as");
    beside.list(&listed(&lines())[..12]);
    watch.until_printed("tail-truncated");
    watch.until_printed("18 more not listed");
}

/// What somebody does to have nothing said of lines that are gone.
#[test]
fn what_hides_that_lines_are_gone_does_not_pass() {
    type Hide = fn(&Beside);
    let cut = |beside: &Beside| beside.write(&lines()[..25]);
    let cases: [(&str, Hide); 7] = [
        ("hashes in escapes", |b| {
            let mut records = listed(&lines());
            for (record, line) in records.iter_mut().zip(lines()).skip(25) {
                let digest = hash(&line);
                let escaped = format!("\\u{:04x}{}", u32::from(digest.as_bytes()[0]), &digest[1..]);
                *record = record.replace(&digest, &escaped);
            }
            b.write(&lines()[..25]);
            b.list(&records);
        }),
        ("a record behind a megabyte of blanks", |b| {
            let mut records = listed(&lines());
            records[25].insert_str(0, &" ".repeat(1 << 20));
            let mut left = lines();
            left.remove(25);
            b.write(&left);
            b.list(&records);
        }),
        ("the log is a link to the sidecar", |b| {
            fs::remove_file(b.log()).unwrap();
            std::os::unix::fs::symlink("events.chain.jsonl", b.log()).unwrap();
        }),
        ("the log is a folder", |b| {
            fs::remove_file(b.log()).unwrap();
            fs::create_dir(b.log()).unwrap();
        }),
        ("a folder has the log's other name", |b| {
            fs::remove_file(b.log()).unwrap();
            fs::create_dir(b.log().with_extension("")).unwrap();
        }),
        ("the live file is a link to a rotated one", |b| {
            b.write(&lines()[..20]);
            let rotated = b.program.logs().join("events.jsonl.1");
            fs::rename(b.log(), rotated).unwrap();
            std::os::unix::fs::symlink("events.jsonl.1", b.log()).unwrap();
        }),
        ("all that is left is empty", |b| {
            fs::remove_file(b.log()).unwrap();
            fs::write(b.program.logs().join("events.jsonl.1"), "").unwrap();
        }),
    ];
    for (name, hide) in cases {
        let beside = Beside::new();
        cut(&beside);
        hide(&beside);
        let ran = beside.program.run(["verify", "."]);
        assert!(ran.code == 3 || ran.code == 1, "{name}: {ran:?}");
    }
}

/// Files whose names hold their dates, beside a live one, each with a sidecar of its own.
#[test]
fn dated_files_beside_a_live_one_are_held_against_their_own() {
    let all = lines();
    let program = Program::new();
    dated(&program, "-20260301", &all[..10]);
    dated(&program, "-20260302", &all[10..20]);
    dated(&program, "", &all[20..]);
    let ran = program.run(["verify", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    fs::remove_file(program.logs().join("events-20260301.jsonl")).unwrap();
    let ran = program.run(["verify", "."]);
    assert!(
        ran.code == 1
            && ran
                .out
                .contains("events-20260301.chain.jsonl lists the lines of a file"),
        "{ran:?}"
    );
    // The sidecar rotated as the log is, by whoever puts dates before the last part of a name.
    let program = Program::new();
    let stamp = "-2026-03-01T09-00-00.000";
    program.log(&format!("events{stamp}.jsonl"), all[..10].join("\n") + "\n");
    program.log("events.jsonl", all[10..].join("\n") + "\n");
    let records = listed(&all);
    for (name, part) in [(stamp, &records[..10]), ("", &records[10..])] {
        let name = format!("events.chain{name}.jsonl");
        program.log(&name, part.join("\n") + "\n");
        long_ago(&program.logs().join(name));
    }
    let ran = program.run(["verify", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut changed = all.clone();
    changed[4] = changed[4].replace("ann", "eve");
    program.log(
        &format!("events{stamp}.jsonl"),
        changed[..10].join("\n") + "\n",
    );
    let ran = program.run(["verify", "."]);
    assert!(ran.code == 3 && ran.out.contains("line 5"), "{ran:?}");
}

/// A pattern is no name, and what is called as one of two logs is that of the first.
#[test]
fn no_log_is_missed_that_never_was() {
    let beside = Beside::new();
    beside.program.log("events", "{\"another\":\"log\"}\n");
    let ran = beside.program.run(["verify", "."]);
    assert!(ran.code == 1 && !ran.out.contains("rewritten"), "{ran:?}");
    let mut beside = Beside::new();
    fs::remove_file(beside.program.logs().join(beside.name)).unwrap();
    beside.name = "hashes";
    beside.list(&listed(&lines()));
    let rule = "[[chain]]\nmatch = \"**/*.jsonl\"\nsidecar = \"hashes\"\n";
    beside.program.configure(rule);
    let ran = beside.program.run(["verify", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // A sidecar that is not where the configuration says: one of the usual name counts all the same.
    let beside = Beside::new();
    beside
        .program
        .configure("[[chain]]\nmatch = \"**/events.jsonl\"\nsidecar = \"{stem}.no\"\n");
    let mut changed = lines();
    changed[3] = changed[3].replace("ann", "eve");
    beside.write(&changed);
    assert_eq!(beside.verified().0, 3);
}

#[test]
fn a_watch_tells_what_was_lost_before_it_began_and_what_was_changed_in_its_time() {
    use std::os::unix::fs::MetadataExt;
    let beside = Beside::new();
    fs::remove_file(beside.log()).unwrap();
    let watch = Watch::start(&beside.program, &["."]);
    watch.until_printed("file-missing");
    drop(watch);
    let beside = Beside::new();
    let watch = Watch::start(&beside.program, &["events.jsonl"]);
    watch.until_printed("30 lines are as");
    let before = fs::metadata(beside.log()).unwrap();
    let mut changed = lines();
    changed[3] = changed[3].replace("ann", "eve");
    beside.write(&changed);
    let file = fs::File::options().append(true).open(beside.log()).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    assert_eq!(fs::metadata(beside.log()).unwrap().mtime(), before.mtime());
    watch.until_printed("content-modified");
}

/// A file that unpacks to nothing is none, and a day that is named alone says nothing of the others.
#[test]
fn what_is_named_alone_is_held_against_what_is_its_own() {
    let all = lines();
    let program = Program::new();
    dated(&program, "-20260301", &all[..10]);
    dated(&program, "", &all[10..]);
    let ran = program.run(["verify", "events-20260301.jsonl"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Days with one sidecar for all of them.
    let program = Program::new();
    for (day, part) in all.chunks(10).enumerate() {
        program.log(
            &format!("app-2026-01-0{}.jsonl", day + 1),
            part.join("\n") + "\n",
        );
    }
    program.log("app.chain.jsonl", listed(&all).join("\n") + "\n");
    long_ago(&program.logs().join("app.chain.jsonl"));
    assert_eq!(program.run(["verify", "."]).code, 0);
    for day in 1..=3 {
        let ran = program.run(["verify", &format!("app-2026-01-0{day}.jsonl")]);
        assert!(!ran.out.contains("alarm"), "{ran:?}");
    }
    // Packed nothing in place of the live file, and of a rotated one.
    let nothing: &[u8] =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    let beside = Beside::new();
    beside.write(&all[..10]);
    fs::rename(beside.log(), beside.program.logs().join("events.jsonl.1")).unwrap();
    fs::write(beside.program.logs().join("events.jsonl.gz"), nothing).unwrap();
    let ran = beside.program.run(["verify", "."]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let beside = Beside::new();
    beside.write(&all[10..]);
    fs::write(beside.program.logs().join("events.jsonl.1"), nothing).unwrap();
    let ran = beside.program.run(["verify", "."]);
    assert!(
        ran.code == 1 && ran.out.contains("head-truncated"),
        "{ran:?}"
    );
}

/// A log with a chain of its own says that it is whole as far as it goes; that its sidecar was emptied is told beside that.
#[test]
fn an_emptied_sidecar_is_told() {
    let program = Program::new();
    program.fixture("chain/writers/sidecar/sh-r9.chain.jsonl");
    let chained = fs::read(program.logs().join("sh-r9.chain.jsonl")).unwrap();
    program.log("events.jsonl", &chained);
    assert_eq!(program.run(["verify", "events.jsonl"]).code, 0);
    program.log("events.chain.jsonl", "");
    for paths in [["verify", "events.jsonl"], ["verify", "."]] {
        let ran = program.run(paths);
        assert!(
            ran.code == 1
                && ran.out.contains("events.chain.jsonl beside it")
                && ran.out.contains("is empty"),
            "{ran:?}"
        );
    }
}
