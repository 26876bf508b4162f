//! The program as it is started from a shell: what it prints, how it ends, what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::logs::{self, lines};
use crate::support::program::{Program, ran};

const STAGES: &str = "k8s-audit/stages.jsonl";

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn strings(values: &[Value], key: &str) -> Vec<String> {
    let text = |v: &Value| v[key].as_str().unwrap_or("-").to_owned();
    values.iter().map(text).collect()
}

#[test]
fn a_table_has_a_head_and_a_line_an_event() {
    let program = Program::new();
    program.fixture(STAGES);
    let out = program.print(["search", "verb:get", "stages.jsonl"]);
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!(rows.len(), 4, "{out}");
    for word in ["ts (UTC)", "actor", "action", "target", "outcome", "ip"] {
        assert!(rows[0].contains(word), "{out}");
    }
    assert!(
        rows[1].contains("2026-03-01 09:00:03.000") && rows[1].contains("/healthz"),
        "{out}"
    );
    assert!(rows[3].contains("2026-03-01 09:00:00.100"), "{out}");
    assert!(!out.contains('\x1b'), "no colours into a pipe");
}

#[test]
fn json_lines_hold_every_field_by_its_name() {
    let program = Program::new();
    let path = program.fixture(STAGES);
    let out = program.print([
        "search",
        "outcome:failure verb:get actor:alice*",
        ".",
        "--format",
        "jsonl",
    ]);
    let events = json_lines(&out);
    assert_eq!(events.len(), 1);
    let names: Vec<&String> = events[0].as_object().unwrap().keys().collect();
    let expected = [
        "id",
        "ts",
        "actor",
        "action",
        "target",
        "outcome",
        "reason",
        "ip",
        "host",
        "session",
        "severity",
        "message",
        "format",
        "source",
        "line",
        "chain",
        "attributes",
        "raw",
    ];
    assert_eq!(names, expected);
    let event = &events[0];
    assert_eq!(event["ts"], "2026-03-01T09:00:00.105000000Z");
    assert_eq!(event["ip"], serde_json::json!(["203.0.113.7", "10.0.0.1"]));
    assert_eq!(event["line"], 2);
    assert_eq!(event["format"], "k8s-audit");
    assert_eq!(event["chain"], "unchained");
    assert_eq!(event["host"], Value::Null);
    assert_eq!(event["attributes"]["objectRef"]["resource"], "secrets");
    assert_eq!(
        event["source"],
        path.canonicalize().unwrap().to_str().unwrap()
    );
    let raw = fs::read_to_string(&path).unwrap();
    assert_eq!(event["raw"], raw.lines().nth(1).unwrap());
}

#[test]
fn the_raw_records_are_those_of_the_file() {
    let program = Program::new();
    for fixture in [
        STAGES,
        "k8s-audit/audit2rbac_demo.log",
        "syslog/auth.log",
        "syslog/lnav_logfile_syslog.0",
        "auditd/interleaved.log",
        "auditd/plaso_audit_enriched.log",
        "cloudtrail/cribl.jsonl",
        "okta/panther_Okta.SystemLog_head.jsonl",
        "text/mixed.log",
    ] {
        let path = program.fixture(fixture);
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let out = program.print([
            "search",
            "*",
            path.to_str().unwrap(),
            "--format",
            "raw",
            "--sort",
            "asc",
        ]);
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text
                .lines()
                .filter(|l| !l.trim().is_empty())
                .map(str::to_owned)
                .collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&out), sorted(&text), "{fixture}");
    }
}

#[test]
fn csv_and_fields_and_order() {
    let program = Program::new();
    program.log("a.log", lines(0..40));
    let out = program.print([
        "search",
        "*",
        ".",
        "--format",
        "csv",
        "--fields",
        "n,user.name,msg",
        "--sort",
        "asc",
        "--limit",
        "3",
    ]);
    let expected = "n,user.name,msg\r\n0,user0,request number 0\r\n1,user1,request number 1\r\n2,user2,request number 2\r\n";
    assert_eq!(out.replace('\r', ""), expected.replace('\r', ""));
    let out = program.print(["search", "*", ".", "--format", "jsonl", "--fields", "n"]);
    let numbers: Vec<u64> = json_lines(&out)
        .iter()
        .map(|e| e["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..40).rev().collect::<Vec<_>>());
}

#[test]
fn counts_facets_and_times() {
    let program = Program::new();
    program.log("a.log", lines(0..70));
    assert_eq!(
        program.print(["search", "action:delete", ".", "--count"]),
        "24\n"
    );
    let out = program.print(["search", "*", ".", "--facet", "user", "--facet", "action"]);
    for row in ["10  user0", "10  user6", "24  delete", "46  list"] {
        assert!(out.lines().any(|line| line.trim() == row), "{row}: {out}");
    }
    // A number of seconds: ten lines each.
    for (flags, expected) in [
        (vec!["--since", "2026-03-01T10:00:03Z"], 40),
        (vec!["--until", "2026-03-01T10:00:03Z"], 30),
        (
            vec![
                "--since",
                "2026-03-01T10:00:01Z",
                "--until",
                "2026-03-01T10:00:02Z",
            ],
            10,
        ),
        (
            vec!["--tz", "Europe/Vienna", "--since", "2026-03-01T11:00:06"],
            10,
        ),
    ] {
        let mut args = vec!["search", "*", ".", "--count"];
        args.extend(&flags);
        assert_eq!(program.print(args), format!("{expected}\n"), "{flags:?}");
    }
    let ran = program.run(["search", "*", ".", "--since", "1h"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("everything is older; the newest event is of 2026-03-01 10:00:06.900"),
        "{ran:?}"
    );
    let ran = program.run(["search", "*", ".", "--fields", "ts,nosuch"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.err.contains("no event here has a field nosuch"),
        "{ran:?}"
    );
    // The beginning of a name is none, and what holds others is one.
    let ran = program.run(["search", "*", ".", "--fields", "ts,n,ms,.user"]);
    assert!(
        ran.err.contains("no event here has a field ms\n"),
        "{ran:?}"
    );
}

#[test]
fn every_way_to_end_has_its_status() {
    let program = Program::new();
    program.fixture(STAGES);
    let code = |args: &[&str]| program.run(args).code;
    assert_eq!(code(&["search", "verb:get", "."]), 0);
    assert_eq!(code(&["search", "verb:nothing", "."]), 1);
    assert_eq!(code(&["search", "verb:nothing", ".", "--count"]), 1);
    assert_eq!(code(&["search", "verb:(get", "."]), 2);
    assert_eq!(code(&["search", "*", ".", "--no-such-flag"]), 2);
    assert_eq!(code(&["search", "*", ".", "--since", "someday"]), 2);
    assert_eq!(code(&["search", "*", ".", "--fields", ""]), 2);
    assert_eq!(code(&["formats", "show", "nothing"]), 2);
    assert_eq!(code(&["runbook", "show", "nothing"]), 2);
    assert_eq!(code(&["index", "clear"]), 2);
    assert_eq!(code(&["search", "*", "nowhere.log"]), 5);
    assert_eq!(code(&["verify", "nowhere.log"]), 5);
    assert_eq!(code(&["verify", "stages.jsonl"]), 1);
    assert_eq!(code(&["--help"]), 0);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_searched() {
    let program = Program::new();
    program.log("a.log", lines(0..5));
    let ran = program.run(["search", "*", "a.log", "nowhere.log", "--count"]);
    assert_eq!(ran.out, "5\n");
    assert!(ran.err.contains("nowhere.log: does not exist"), "{ran:?}");
    assert_eq!(
        ran.code, 5,
        "what was printed is not the whole answer: {ran:?}"
    );
    // A super-user can read everything.
    let locked = program.log("locked.log", lines(5..9));
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(&locked).is_err() {
        let ran = program.run(["search", "*", ".", "--count"]);
        assert_eq!((ran.out.as_str(), ran.code), ("5\n", 5), "{ran:?}");
        assert!(ran.err.contains("locked.log"), "{ran:?}");
    }
}

#[test]
fn a_query_error_points_at_its_place() {
    let program = Program::new();
    let ran = program.run(["search", "actor:alice line:many", "."]);
    assert_eq!(ran.code, 2);
    let told: Vec<&str> = ran.err.lines().collect();
    assert!(
        told[0].contains("query error at column 18") && told[0].contains("number"),
        "{ran:?}"
    );
    assert_eq!(told[1].trim_start(), "actor:alice line:many");
    let column = |line: &str, c: char| line.find(c).unwrap();
    assert_eq!(
        column(told[2], '^'),
        column(told[1], 'a') + 17,
        "{}",
        ran.err
    );
    assert!(told[2].ends_with("^^^^"), "{}", ran.err);
}

#[test]
fn an_unknown_field_is_said_with_a_way_out() {
    let program = Program::new();
    program.fixture(STAGES);
    let ran = program.run(["search", "nowhere:alice", "."]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("nowhere") && ran.err.contains("\"nowhere:alice\""),
        "{ran:?}"
    );
}

#[test]
fn standard_input_is_searched() {
    let program = Program::new();
    let path = program.log("a.log", lines(0..30));
    let mut command = program.command([
        "search",
        "action:delete",
        "-",
        "--format",
        "jsonl",
        "--fields",
        "n,source,line",
    ]);
    command.stdin(Stdio::from(fs::File::open(path).unwrap()));
    let ran = ran(command.output().unwrap());
    let events = json_lines(&ran.out);
    assert_eq!((events.len(), ran.code), (10, 0), "{ran:?}");
    assert!(
        events
            .iter()
            .all(|e| e["n"].as_u64().map(|n| n + 1) == e["line"].as_u64()),
        "{}",
        ran.out
    );
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let program = Program::new();
    program.log("a.log", lines(0..3000));
    for format in ["raw", "jsonl", "table"] {
        let mut child = program
            .command(["search", "*", ".", "--format", format])
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let ran = ran(child.wait_with_output().unwrap());
        assert!(!first.is_empty());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{format}");
    }
}

#[test]
fn colours_are_asked_for_or_left_out() {
    let program = Program::new();
    program.fixture(STAGES);
    let coloured = ["search", "outcome:failure", ".", "--color", "always"];
    assert!(program.print(coloured).contains("\x1b["));
    let mut without = program.command(["search", "outcome:failure", "."]);
    without.env("NO_COLOR", "1");
    assert!(!ran(without.output().unwrap()).out.contains('\x1b'));
}

#[test]
fn runbooks_are_listed_and_shown() {
    let program = Program::new();
    let list = program.print(["runbook", "list"]);
    assert!(!list.is_empty());
    for row in list.lines() {
        let id = row.split_whitespace().next().unwrap();
        let shown = program.print(["runbook", "show", id]);
        assert!(shown.contains("\n1. "), "{shown}");
    }
}

#[test]
fn the_index_is_built_shown_and_cleared() {
    let program = Program::new();
    program.log("a.log", lines(0..50));
    program.fixture(STAGES);
    let built = program.print(["index", "."]);
    assert!(built.contains("57 events in 2 sources"), "{built}");
    let status = program.print(["index", "status"]);
    assert!(
        status.contains(program.home().join("cache/index").to_str().unwrap()),
        "{status}"
    );
    assert!(!status.contains("size     0"), "{status}");
    let warned = program.run(["index", "clear"]);
    assert!(
        warned.code == 2 && warned.err.contains("lost"),
        "{warned:?}"
    );
    assert!(
        program
            .print(["index", "clear", "--yes"])
            .starts_with("deleted ")
    );
    assert!(!program.home().join("cache/index").exists());
    // Nothing was lost that is still in its files.
    assert_eq!(program.print(["search", "*", ".", "--count"]), "57\n");
}

#[test]
fn a_sound_chain_is_verified() {
    let program = Program::new();
    program.log("chained.jsonl", logs::chained(40).concat());
    let ran = program.run(["verify", "chained.jsonl"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("PASS") && ran.out.contains("40"),
        "{}",
        ran.out
    );
    let report: Value =
        serde_json::from_str(&program.print(["verify", "chained.jsonl", "--format", "json"]))
            .unwrap();
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["files"][0]["records"], 40);
    assert_eq!(report["files"][0]["findings"], serde_json::json!([]));
    assert_eq!(
        program.print(["search", "chain:verified", ".", "--count"]),
        "40\n"
    );
}

#[test]
fn a_changed_and_a_cut_chain_raise_the_alarm() {
    let program = Program::new();
    let mut chain = logs::chained(40);
    chain[11] = chain[11].replace("\"user2\"", "\"mallory\"");
    chain.drain(25..28);
    program.log("chained.jsonl", chain.concat());
    let ran = program.run(["verify", "."]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let json = program.run(["verify", ".", "--format", "json"]);
    assert_eq!(json.code, 3);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["verdict"], "fail");
    let findings = report["files"][0]["findings"].as_array().unwrap();
    assert_eq!(strings(findings, "kind"), ["content-modified", "deleted"]);
    assert_eq!(strings(findings, "level"), ["alarm", "alarm"]);
    assert_eq!(
        (&findings[0]["line"], &findings[1]["line"]),
        (&12.into(), &26.into())
    );
    assert_eq!(findings[1]["count"], 3);
    for finding in findings {
        assert!(
            ran.out.contains(finding["kind"].as_str().unwrap()),
            "{}",
            ran.out
        );
    }
    let hits = json_lines(&program.print([
        "search",
        "chain:broken",
        ".",
        "--sort",
        "asc",
        "--format",
        "jsonl",
        "--fields",
        "n,chain",
    ]));
    let broken: Vec<(u64, &str)> = hits
        .iter()
        .map(|h| (h["n"].as_u64().unwrap(), h["chain"].as_str().unwrap()))
        .collect();
    assert_eq!(broken, [(11, "content-modified"), (28, "deleted")]);
}

/// Every path below `dir` with its permissions.
fn modes(dir: &Path) -> Vec<(PathBuf, u32, bool)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
            let meta = fs::symlink_metadata(&path).unwrap();
            found.push((
                path.clone(),
                meta.permissions().mode() & 0o777,
                meta.is_dir(),
            ));
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

#[test]
fn everything_kept_is_private_whatever_the_umask() {
    let program = Program::new();
    program.log("a.log", lines(0..500));
    for args in [
        vec!["search", "*", ".", "--count"],
        vec!["index", "."],
        vec!["verify", "."],
        vec!["search", "*", "-", "--count"],
    ] {
        let shell = "umask 000; exec \"$0\" \"$@\"";
        let mut command = program.command(Vec::<&str>::new());
        let program_path = command.get_program().to_owned();
        let envs: Vec<_> = command
            .get_envs()
            .map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned)))
            .collect();
        command = std::process::Command::new("sh");
        command
            .arg("-c")
            .arg(shell)
            .arg(program_path)
            .args(&args)
            .current_dir(program.logs());
        for (key, value) in envs {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        let output = ran(command.stdin(Stdio::null()).output().unwrap());
        assert!(output.code <= 1, "{args:?}: {output:?}");
    }
    let kept = modes(&program.home());
    assert!(
        kept.iter().filter(|(_, _, is_dir)| !is_dir).count() > 5,
        "{kept:?}"
    );
    for (path, mode, is_dir) in kept {
        let expected = if is_dir { 0o700 } else { 0o600 };
        assert_eq!(mode & !expected, 0, "{} has mode {mode:o}", path.display());
    }
    let home = fs::metadata(program.home()).unwrap().permissions().mode();
    assert_eq!(home & 0o077, 0, "{home:o}");
}

/// Names that differ only in bytes that are no UTF-8 are two sources; nothing of either hides in the other, and the index
/// that knows them is read again.
#[test]
fn files_whose_names_are_no_text_stay_apart() {
    use std::os::unix::ffi::OsStrExt;

    let program = Program::new();
    let record = |user: &str| format!("{{\"ts\":\"2026-01-01T00:00:00Z\",\"user\":\"{user}\"}}\n");
    for (name, user) in [
        (&b"\xff.jsonl"[..], "ann"),
        (b"\xfe.jsonl", "ben"),
        (b"plain.jsonl", "cay"),
    ] {
        let path = program.logs().join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, record(user)).unwrap();
    }
    for _ in 0..2 {
        let actors = program.print([
            "search", "*", ".", "--fields", "actor", "--sort", "asc", "--format", "csv",
        ]);
        let mut actors: Vec<&str> = actors.lines().skip(1).collect();
        actors.sort_unstable();
        assert_eq!(actors, ["ann", "ben", "cay"]);
    }
    std::fs::remove_file(program.logs().join("plain.jsonl")).unwrap();
    for _ in 0..2 {
        assert_eq!(
            program.print(["search", "*", ".", "--count"]).trim(),
            "3",
            "what is gone is kept"
        );
    }
}
