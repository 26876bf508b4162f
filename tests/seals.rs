//! Sealed logs: what is changed afterwards is named with its line; a line is proved with the public key alone.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::program::Program;
use crate::support::terminal::Terminal;

const LINES: usize = 300;

fn syslog() -> String {
    (1..=LINES)
        .map(|n| format!("Nov 26 10:00:00 host app[{n}]: event number {n}\n"))
        .collect()
}

fn sealed() -> (Program, PathBuf) {
    let program = Program::new();
    let log = program.log("app.log", syslog());
    let out = program.print(["seal", "app.log"]);
    assert_eq!(out, "lines sealed: 300, checkpoints signed: 1\n");
    (program, log)
}

/// Kinds and lines of what is found; 0 = about the log as a whole.
fn findings(program: &Program) -> (i32, Vec<(String, u64)>) {
    let ran = program.run(["verify", "app.log", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let files = report["files"].as_array().unwrap();
    let found = files.iter().flat_map(|f| f["findings"].as_array().unwrap());
    let found = found.map(|f| {
        let kind = f["kind"].as_str().unwrap().to_owned();
        (kind, f["line"].as_u64().unwrap_or_default())
    });
    (ran.code, found.collect())
}

#[test]
fn each_edit_of_a_sealed_log_is_named() {
    let edit = |line: usize, with: &str| {
        let text = syslog();
        let mut lines: Vec<String> = text.lines().map(|l| format!("{l}\n")).collect();
        lines[line - 1] = with.to_owned();
        lines.concat()
    };
    let first = |lines: usize| -> String { syslog().split_inclusive('\n').take(lines).collect() };
    let (program, log) = sealed();
    assert_eq!(findings(&program), (0, vec![]));
    let none: [(&str, u64); 0] = [];
    for (text, code, want) in [
        // What is appended is not sealed yet, and no finding.
        (syslog() + "new\n", 1, &none[..]),
        (edit(120, "changed\n"), 3, &[("content-modified", 120)]),
        (edit(1, "changed\n"), 3, &[("content-modified", 1)]),
        (edit(120, ""), 3, &[("deleted", 120)]),
        (
            edit(120, "event 120\nslipped in\n"),
            3,
            &[("content-modified", 120), ("inserted", 121)],
        ),
        (first(149), 3, &[("tail-truncated", 150)]),
        (
            "something else\n".repeat(400),
            3,
            &[("rewritten-since-seal", 1)],
        ),
        (syslog(), 0, &none),
    ] {
        fs::write(&log, text).unwrap();
        let want: Vec<(String, u64)> = want.iter().map(|(k, l)| ((*k).to_owned(), *l)).collect();
        assert_eq!(findings(&program), (code, want));
    }
    // One that is not as it was sealed is not sealed further, but as a new beginning when that is asked for.
    fs::write(&log, edit(7, "changed\n")).unwrap();
    let refused = program.run(["seal", "app.log"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused.err.contains("is not as it was sealed"),
        "{refused:?}"
    );
    assert_eq!(findings(&program).0, 3);
    assert!(program.print(["seal", "app.log", "--anew"]).contains("300"));
    let (code, found) = findings(&program);
    assert_eq!((code, found), (1, vec![("file-missing".to_owned(), 0)]));
}

/// Without the list what was signed still tells whether all of the lines are as they were.
#[test]
fn a_list_of_sealed_lines_that_was_removed_hides_nothing() {
    let (program, log) = sealed();
    let mut folders = vec![program.home().join("state/seals")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "leaves") {
                fs::remove_file(path).unwrap();
            }
        }
    }
    let told = |program: &Program, words: &str| {
        let ran = program.run(["verify", "app.log"]);
        assert!(ran.code == 3 && ran.out.contains(words), "{ran:?}");
    };
    told(
        &program,
        "the 300 lines that were sealed are still as they were signed",
    );
    fs::write(&log, syslog().replace("number 7\n", "number 8\n")).unwrap();
    told(&program, "are not as they were signed either");
}

#[test]
fn searches_know_what_was_changed_since_it_was_sealed() {
    let (program, log) = sealed();
    fs::write(
        &log,
        syslog().replace("number 120\n", "number 121\n") + "new\n",
    )
    .unwrap();
    let lines = |query: &str| {
        let ran = program.run([
            "search", query, "app.log", "--fields", "line", "--format", "csv",
        ]);
        ran.out
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines("chain:broken"), ["120"]);
    assert_eq!(lines("chain:content-modified"), ["120"]);
    assert_eq!(lines("chain:verified").len(), LINES - 1);
    assert_eq!(lines("chain:unchained"), ["301"]);
}

#[test]
fn rotation_is_no_finding() {
    let (program, log) = sealed();
    let rotated = program.logs().join("app.log.1");
    fs::rename(&log, &rotated).unwrap();
    fs::write(&log, "a new file\n").unwrap();
    program.print(["seal", "app.log"]);
    assert_eq!(findings(&program), (0, vec![]));
    let mut packed = flate2::write::GzEncoder::new(
        fs::File::create(program.logs().join("app.log.1.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut packed, syslog().as_bytes()).unwrap();
    packed.finish().unwrap();
    fs::remove_file(&rotated).unwrap();
    program.print(["seal", "app.log"]);
    assert_eq!(findings(&program), (0, vec![]));
}

#[test]
fn a_copied_checkpoint_tells_what_the_host_no_longer_can() {
    let program = Program::new();
    let log = program.log("app.log", syslog());
    let sink = program.home().join("copies.jsonl");
    program.print(["seal", "app.log", "--sink", sink.to_str().unwrap()]);
    let key = program.print(["seal", "--public-key"]);
    let verify = |more: &[&str]| {
        let mut arguments = vec!["verify", "app.log", "--key", key.trim()];
        arguments.extend(more);
        program.run(arguments)
    };
    let copies = ["--checkpoints", sink.to_str().unwrap()];
    assert_eq!(verify(&copies).code, 0);
    // Somebody with the host's key changes the log and seals it again.
    fs::write(&log, syslog().replace("number 7\n", "number 8\n")).unwrap();
    let ledgers = program.home().join("state/seals");
    for entry in fs::read_dir(&ledgers).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    program.print(["seal", "app.log"]);
    assert_eq!(verify(&[]).code, 0);
    let told = verify(&copies);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.out.contains("rewritten-since-seal"), "{told:?}");
    let wrong = verify(&["--checkpoints", "app.log"]);
    assert!(
        wrong.code == 5 && wrong.err.contains("line 1: no checkpoint"),
        "{wrong:?}"
    );
}

#[test]
fn a_line_is_proved_with_the_key_alone() {
    let (program, log) = sealed();
    let proof = program.print(["prove", "app.log:42"]);
    let key = program.print(["seal", "--public-key"]);
    let other = Program::new();
    other.log("p", &proof);
    other.log("key", &key);
    let told = other.print(["check-proof", "p", "--key", "key"]);
    assert!(told.starts_with("proved: line 42 of auditty/"), "{told}");
    assert!(told.ends_with("event number 42\n"), "{told}");
    other.log("p", proof.replacen("index 41", "index 40", 1));
    let refused = other.run(["check-proof", "p", "--key", key.trim()]);
    assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{refused:?}");
    fs::write(&log, syslog().replace("number 42\n", "number 43\n")).unwrap();
    for (line, why) in [
        ("app.log:42", "is not sealed, or not as it is now"),
        ("app.log:301", "has no whole line 301"),
        ("app.log", "FILE:LINE"),
        ("app.log:0", "FILE:LINE"),
    ] {
        let refused = program.run(["prove", line]);
        assert!(
            refused.code != 0 && refused.err.contains(why),
            "{refused:?}"
        );
    }
}

#[test]
fn an_event_is_proved_by_its_id() {
    let (program, log) = sealed();
    let id = |query: &str| {
        let event = program.print(["search", query, "app.log", "--format", "jsonl"]);
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    let proof = program.print(["prove", &id("\"event number 42\""), "app.log"]);
    assert_eq!(proof, program.print(["prove", "app.log:42"]));
    fs::write(&log, syslog().replace("number 42\n", "changed\n")).unwrap();
    let (changed, nobody) = (id("changed"), "0".repeat(32));
    for (what, why) in [
        (changed.as_str(), "is not sealed, or not as it is now"),
        (nobody.as_str(), "no event 0000"),
        ("nothing", "FILE:LINE, or an event by its id"),
    ] {
        let refused = program.run(["prove", what, "app.log"]);
        assert!(
            refused.code != 0 && refused.err.contains(why),
            "{refused:?}"
        );
    }
}

/// Where a line holds several events, it is that line which is proved, in whatever file it is now.
#[test]
fn an_event_inside_a_line_is_proved_by_that_line() {
    let program = Program::new();
    let list = |user: &str| {
        let record = |n: u8| {
            format!(
                r#"{{"eventVersion":"1.08","eventTime":"2026-03-01T10:00:0{n}Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser{n}","eventID":"{user}-{n}","userIdentity":{{"userName":"{user}"}}}}"#
            )
        };
        format!("{{\"Records\":[{},{}]}}\n", record(1), record(2))
    };
    let log = program.log("trail.json", list("alice"));
    program.print(["seal", "trail.json"]);
    fs::rename(&log, log.with_file_name("trail.json.1")).unwrap();
    program.log("trail.json", list("bob"));
    program.print(["seal", "trail.json"]);
    for user in ["alice", "bob"] {
        let query = format!("action:CreateUser2 {user}");
        let event = program.print(["search", &query, "trail.json", "--format", "jsonl"]);
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        let proof = program.print(["prove", event["id"].as_str().unwrap(), "trail.json"]);
        program.log("p", &proof);
        let told = program.print(["check-proof", "p"]);
        assert!(told.contains(&format!("{user}-2")), "{told}");
    }
}

#[test]
fn what_is_followed_is_sealed_meanwhile_and_copied_elsewhere() {
    let program = Program::new();
    let log = program.log("app.log", syslog());
    let [file, command] =
        ["file", "command"].map(|name| program.logs().join(format!("{name}.copies")));
    let settings = format!(
        "[seal]\nfollow = true\nevery = 1\nsink = '{}'\ncommand = ['tee', '-a', '{}']\n",
        file.display(),
        command.display()
    );
    program.configure(&settings);
    let mut terminal = Terminal::start(&program, &["app.log"], 24, 120);
    terminal.until_shown("seal copied");
    let mut out = fs::OpenOptions::new().append(true).open(&log).unwrap();
    out.write_all(b"Nov 26 11:00:00 host app[301]: event number 301\n")
        .unwrap();
    let lines = |path: &Path| fs::read_to_string(path).unwrap_or_default().lines().count();
    terminal.until("each place got both checkpoints", |_| {
        lines(&file) == 2 && lines(&command) == 2
    });
    terminal.quit();
    assert_eq!(fs::read(&file).unwrap(), fs::read(&command).unwrap());
    let whole = fs::read_to_string(&log).unwrap();
    let verify = || program.run(["verify", "app.log", "--checkpoints", file.to_str().unwrap()]);
    let clean = verify();
    assert_eq!(clean.code, 0, "{clean:?}");
    assert!(
        clean.out.contains("301 lines are as they were sealed"),
        "{clean:?}"
    );
    assert!(
        clean.out.contains("checkpoints copied elsewhere up to 20"),
        "{clean:?}"
    );
    fs::write(&log, whole.replace("number 301", "number 300")).unwrap();
    let changed = verify();
    assert_eq!(changed.code, 3, "{changed:?}");
    assert!(changed.out.contains("line 301"), "{changed:?}");
    // Without leave to start programs nothing is begun that would end half done.
    let refused = program.run(["--no-exec", "seal", "app.log"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("seal.command"), "{refused:?}");
    fs::write(&log, &whole).unwrap();
    program.print(["--no-exec", "seal", "app.log", "--sink", "other.copies"]);
    assert_eq!(lines(&program.logs().join("other.copies")), 2);
}

#[test]
fn a_place_that_hangs_does_not_hold_up_the_end() {
    let program = Program::new();
    program.log("app.log", syslog());
    let mark = program.logs().join("started");
    let script = format!("touch '{}'; exec sleep 60", mark.display());
    program.configure(&format!(
        "[seal]\nfollow = true\nevery = 1\ncommand = ['sh', '-c', {script:?}]\n"
    ));
    let mut terminal = Terminal::start(&program, &["app.log"], 24, 120);
    terminal.until("the command runs", |_| mark.exists());
    let began = Instant::now();
    terminal.quit();
    // The command would be given half a minute.
    assert!(began.elapsed() < Duration::from_secs(20));
}
