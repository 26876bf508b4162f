//! Runbooks from a shell: what ships is sound and finds what it says, what is wrong is told by its line, a run ends as it
//! should, reports are whole.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::Program;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The repository's runbooks, in a folder of the program's own.
fn with_runbooks() -> Program {
    let program = Program::new();
    copy(
        &Path::new(ROOT).join("runbooks"),
        &path(&program, "runbooks"),
    );
    program
}

fn path(program: &Program, name: &str) -> std::path::PathBuf {
    program.logs().join(name)
}

fn ran(program: &Program, args: &[&str]) -> (i32, String, String) {
    let ran = program.run(args);
    (ran.code, ran.out, ran.err)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_ships_finds_in_its_logs_what_it_says() {
    let program = with_runbooks();
    let (status, out, err) = ran(&program, &["runbook", "lint", "runbooks"]);
    assert_eq!((status, &*out), (0, ""), "{err}");
    assert!(
        err.contains("18 runbooks, 36 cases of fixtures: nothing wrong"),
        "{err}"
    );
}

/// Every runbook finds something by every query on its hostile logs, and raises no alarm on the benign ones.
#[test]
fn every_case_promises_something() {
    let fixtures = Path::new(ROOT).join("runbooks/fixtures");
    let mut seen = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path().join("cases.toml")).unwrap();
        let cases: toml::Table = toml::from_str(&text).unwrap();
        let rows = cases["hostile"]["rows"].as_table().unwrap();
        assert!(rows.values().all(|n| n.as_integer() > Some(0)), "{text}");
        assert_eq!(cases["hostile"]["result"].as_str(), Some("alarm"), "{text}");
        assert_eq!(cases["benign"]["result"].as_str(), Some("met"), "{text}");
        seen += 1;
    }
    assert_eq!(seen, 18);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let program = with_runbooks();
    let file = path(&program, "runbooks/bucket-public.md");
    let good = fs::read_to_string(&file).unwrap();
    let cases = path(&program, "runbooks/fixtures/bucket-public/cases.toml");
    let promised = fs::read_to_string(&cases).unwrap();
    let line_of = |text: &str, part: &str| {
        let at = text.find(part).unwrap_or_else(|| panic!("{part}"));
        1 + text[..at].matches('\n').count()
    };
    let changes = [
        (
            "logs: [cloudtrail]",
            "logs: [cloudtrial]",
            "logs: there is no format `cloudtrial` (did you mean `cloudtrail`?)",
        ),
        (
            "**Outcome:**",
            "**Outcmoe:**",
            "unknown label `Outcmoe:` (did you mean `Outcome`?)",
        ),
        (
            "expect=",
            "expct=",
            "unknown attribute `expct` (did you mean `expect`?)",
        ),
        (
            "show=ts,",
            "show=ts,eventNaem,",
            "`eventNaem` is a field of no event of the fixtures (did you mean `eventName`?)",
        ),
        (
            "## Step 2:",
            "## Step 3:",
            "step 3 stands where step 2 should",
        ),
        ("](#", "](#nowhere-", "leads to no step"),
    ];
    for (from, to, want) in changes {
        fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let (status, out, _) = ran(&program, &["runbook", "lint", "runbooks/bucket-public.md"]);
        assert_eq!(status, 1, "{out}");
        let told = out.lines().find(|line| line.contains(want));
        let told = told.unwrap_or_else(|| panic!("{want}:\n{out}"));
        if !want.starts_with("logs") && !want.contains("no event") {
            let place = format!("runbooks/bucket-public.md:{}: ", line_of(&good, from));
            assert!(told.starts_with(&place), "{place}: {told}");
        }
    }
    fs::write(&file, &good).unwrap();
    fs::write(&cases, promised.replacen("changes = 7", "changes = 8", 1)).unwrap();
    let (status, out, _) = ran(&program, &["runbook", "lint", "runbooks/bucket-public.md"]);
    assert_eq!(status, 1);
    assert!(
        out.contains("cases.toml:3: [hostile] `changes` finds 7 rows, and 8 are promised"),
        "{out}"
    );
}

fn hostile(program: &Program, report: &str) -> (i32, String, String) {
    ran(
        program,
        &[
            "runbook",
            "run",
            "cluster-admin",
            "runbooks/fixtures/cluster-admin/hostile",
            "--input",
            "giver=dora",
            "--input",
            "taker=system:serviceaccount:shop:metrics-helper",
            "--input",
            "day=2026-03-04",
            "--take",
            "full=3",
            "--take",
            "giver=1",
            "--report",
            report,
        ],
    )
}

#[test]
fn a_run_ends_at_the_finding_and_says_how() {
    let program = with_runbooks();
    let (status, out, err) = hostile(&program, "r.json");
    assert_eq!(status, 3, "{out}{err}");
    assert!(
        out.contains("ALARM: a step found what is a finding by itself"),
        "{out}"
    );
    let report: Value =
        serde_json::from_str(&fs::read_to_string(path(&program, "r.json")).unwrap()).unwrap();
    let steps = report["steps"].as_array().unwrap();
    let asked = steps.iter().filter(|step| !step["query"].is_null());
    let rows: Vec<u64> = asked.map(|step| step["rows"].as_u64().unwrap()).collect();
    assert!(rows.iter().all(|n| *n > 0) && rows.len() == 5, "{rows:?}");
    // The command of each step, run again, finds as many rows: the query of the report is the query that was run.
    for step in report["steps"].as_array().unwrap() {
        let Some(command) = step["command"].as_str() else {
            continue;
        };
        let again = command.replacen("auditty", env!("CARGO_BIN_EXE_auditty"), 1);
        let output = Command::new("sh")
            .args(["-c", &format!("{again} --count")])
            .env("AUDITTY_HOME", program.home())
            .output()
            .unwrap();
        let counted = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            counted.trim().parse::<u64>().ok(),
            step["rows"].as_u64(),
            "{command}"
        );
    }
    let (status, out, _) = ran(
        &program,
        &[
            "runbook",
            "run",
            "cluster-admin",
            "runbooks/fixtures/cluster-admin/benign",
            "--input",
            "day=2026-03-04",
        ],
    );
    assert_eq!(status, 0, "{out}");
}

#[test]
fn a_person_s_branch_stops_the_run_and_says_so() {
    let program = with_runbooks();
    let (status, out, err) = ran(
        &program,
        &[
            "runbook",
            "run",
            "cluster-admin",
            "runbooks/fixtures/cluster-admin/hostile",
            "--input",
            "day=2026-03-04",
        ],
    );
    assert_eq!(status, 3, "{out}");
    assert!(out.contains("where a person has to decide: 1 "), "{out}");
    assert!(err.contains("--take 2=N"), "{err}");
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is_read() {
    let program = with_runbooks();
    let refused = |words: &[&str], want: &str| {
        let all: Vec<&str> = ["runbook", "run"].iter().chain(words).copied().collect();
        let (status, out, err) = ran(&program, &all);
        assert_eq!((status, &*out), (2, ""), "{words:?}: {err}");
        assert!(err.contains(want), "{words:?}: {err}");
    };
    let logs = "runbooks/fixtures/cluster-admin/benign";
    refused(&["cluster-admn", logs], "did you mean `cluster-admin`?");
    refused(&["leaked-access-key", logs], "a value is needed");
    refused(
        &["cluster-admin", logs, "--input", "dya=1"],
        "no such input (did you mean `day`?)",
    );
    refused(
        &["cluster-admin", logs, "--input", "day=soon"],
        "`soon` is no time",
    );
    refused(
        &["cluster-admin", logs, "--take", "9=1"],
        "there is no such step",
    );
    refused(&["cluster-admin", logs, "--take", "1=9"], "step 1 has");
    refused(
        &["cluster-admin", logs, "--report", "r.pdf"],
        ".md, .html or .json",
    );
    // Logs of another kind prove nothing.
    let (status, _, err) = ran(
        &program,
        &[
            "runbook",
            "run",
            "cluster-admin",
            "runbooks/fixtures/ssh-guessing/benign",
        ],
    );
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("none of that is open"), "{err}");
}

#[test]
fn a_new_one_is_sound_and_later_folders_win() {
    let program = with_runbooks();
    let (status, text, err) = ran(
        &program,
        &["runbook", "new", "cluster-admin", "--step", "action:delete"],
    );
    assert_eq!(status, 0, "{err}");
    fs::create_dir_all(path(&program, "own")).unwrap();
    fs::write(path(&program, "own/mine.md"), text).unwrap();
    let (status, out, err) = ran(&program, &["runbook", "lint", "own"]);
    assert_eq!((status, &*out), (0, ""), "{err}");
    let (_, out, _) = ran(&program, &["runbook", "list", "--runbooks", "own"]);
    let line = out
        .lines()
        .find(|l| l.starts_with("cluster-admin "))
        .unwrap();
    assert!(
        line.contains("1 step") && line.contains("own/mine.md"),
        "{line}"
    );
}
