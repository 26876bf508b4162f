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
        if !want.contains("no event") {
            let place = format!("runbooks/bucket-public.md:{}: ", line_of(&good, from));
            assert!(told.starts_with(&place), "{place}: {told}");
        }
    }
    fs::write(&file, &good).unwrap();
    for (from, to, want) in [
        (
            "changes = 7",
            "changes = 8",
            "`changes` finds 7 rows, and 8 are promised",
        ),
        (
            "result = \"alarm\"",
            "result = \"met\"",
            "the result is alarm, and met is promised",
        ),
        ("end = \"close\"", "end = \"who\"", "and `who` is promised"),
    ] {
        fs::write(&cases, promised.replacen(from, to, 1)).unwrap();
        let (status, out, _) = ran(&program, &["runbook", "lint", "runbooks/bucket-public.md"]);
        assert_eq!(status, 1);
        let told = out.lines().find(|line| line.contains(want));
        let told = told.unwrap_or_else(|| panic!("{want}:\n{out}"));
        let place = format!("cases.toml:{}: [hostile] ", line_of(&promised, from));
        assert!(told.contains(&place), "{place}: {told}");
    }
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
    assert!(
        err.contains("a runbook cluster-admin already (bundled)"),
        "{err}"
    );
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
        line.contains("1 step") && line.contains("own/mine.md, in place of the bundled one"),
        "{line}"
    );
    let line = out.lines().find(|l| l.starts_with("ssh-guessing "));
    assert!(line.unwrap().ends_with("; bundled)"), "{line:?}");
}

#[test]
fn a_step_that_the_fixtures_give_no_value_for_is_a_fault_among_others() {
    let program = with_runbooks();
    let step = |n: usize, query: &str| {
        format!(
            "## Step {n}: Look {{#s{n}}}\n```auditq id=q{n}\n{query}\n```\n- **Else** done: told\n\n"
        )
    };
    for steps in [["actor:{who}", "action:*"], ["action:*", "actor:{who}"]] {
        let text = format!(
            "---\nrunbook: 1\nid: optional\ntitle: Optional\nlogs: [k8s-audit]\ninputs:\n  who: {{label: Person, type: text}}\n---\n{}{}",
            step(1, steps[0]),
            step(2, steps[1])
        );
        fs::write(path(&program, "optional.md"), text).unwrap();
        let logs = path(&program, "fixtures/optional/all");
        fs::create_dir_all(&logs).unwrap();
        let log = path(&program, "runbooks/fixtures/cluster-admin/benign/audit.log");
        fs::copy(log, logs.join("audit.log")).unwrap();
        let promise = "now = \"2026-03-04T12:00:00Z\"\n[all]\nend = 1\nresult = \"met\"\n";
        fs::write(path(&program, "fixtures/optional/cases.toml"), promise).unwrap();
        let (status, out, err) = ran(&program, &["runbook", "lint", "optional.md"]);
        assert_eq!(status, 1, "{out}{err}");
        let told = [
            "cannot be asked: Person: this step needs a value",
            "nothing is promised for",
        ];
        assert!(told.iter().all(|words| out.contains(words)), "{out}{err}");
    }
}

/// A runbook of somebody's own with one step.
fn own(program: &Program, query: &str) {
    let text = format!(
        "---\nrunbook: 1\nid: own\ntitle: Own\nlogs: [k8s-audit]\ninputs:\n  who: {{label: Person, type: text, default: nobody}}\n---\n\
         ## Step 1: Look {{#look}}\n```auditq id=look expect=0\n{query}\n```\n- **If** met **then** done: nothing\n\
         - **Else** done: found\n\n## Escalation\n```escalate\nPerson {{who}}. Given: {{inputs}}\n```\n"
    );
    fs::write(path(program, "own.md"), text).unwrap();
}

fn run_own(program: &Program, more: &[&str]) -> (i32, String, String) {
    let words = ["runbook", "run", "own.md"].iter().chain(more);
    ran(program, &words.copied().collect::<Vec<_>>())
}

#[test]
fn a_field_that_no_event_has_is_told_and_finding_nothing_by_it_is_not_known() {
    let program = with_runbooks();
    let logs = "runbooks/fixtures/cluster-admin/benign";
    own(&program, "objectRef.resuorce:secrets");
    let (status, out, err) = run_own(&program, &[logs]);
    assert_eq!(status, 1, "{out}{err}");
    assert!(
        out.contains("expected no rows: not known")
            && out.contains("no event here has a field objectRef.resuorce"),
        "{out}"
    );
    own(&program, "objectRef.resource:nosuchthing");
    let (status, out, err) = run_own(&program, &[logs]);
    assert_eq!(status, 0, "{out}{err}");
    // The fields of one that has fixtures were checked: that none is here is an answer, and is said.
    let folder = path(&program, "fixtures/own");
    copy(&path(&program, logs), &folder.join("benign"));
    fs::write(
        folder.join("cases.toml"),
        "now = \"2026-03-04T12:00:00Z\"\n[benign]\nrows = { look = 0 }\nend = 1\nresult = \"met\"\n",
    )
    .unwrap();
    own(&program, "objectRef.resuorce:secrets");
    let (status, out, err) = run_own(&program, &[logs]);
    assert_eq!(status, 0, "{out}{err}");
    assert!(
        out.contains("no event here has a field objectRef.resuorce"),
        "{out}"
    );
}

#[test]
fn finding_nothing_where_nothing_can_be_found_is_not_known() {
    let program = with_runbooks();
    let log = path(&program, "runbooks/fixtures/cluster-admin/benign/audit.log");
    let log = fs::read_to_string(log).unwrap();
    let not_known = |query: &str, folder: &str, why: &str| {
        own(&program, query);
        let (status, out, err) = run_own(&program, &[folder]);
        assert_eq!(status, 1, "{query}: {out}{err}");
        assert!(
            out.contains("expected no rows: not known") && out.contains(why),
            "{query}: {out}"
        );
    };
    fs::create_dir(path(&program, "k")).unwrap();
    // A record that was spoilt is hidden from every field, and not from its words.
    program.log(
        "k/audit.log",
        format!("{log}{{\"verb\":\"escalate\"\n").as_bytes(),
    );
    not_known("action:escalate", "k", "1 record could not be parsed");
    own(&program, "nosuchwordanywhere");
    let (status, out, _) = run_own(&program, &["k"]);
    assert_eq!(status, 0, "{out}");
    // No chain, nothing broken.
    fs::create_dir(path(&program, "n")).unwrap();
    program.log("n/audit.log", log.as_bytes());
    not_known("chain:broken", "n", "no source here has a hash chain");
    own(&program, "action:escalate");
    let (status, out, _) = run_own(&program, &["n"]);
    assert_eq!(status, 0, "{out}");
}

#[test]
fn a_file_that_is_cut_short_leaves_what_is_not_found_open() {
    let program = with_runbooks();
    own(&program, "objectRef.resource:nosuchthing");
    let log = fs::read(path(
        &program,
        "runbooks/fixtures/cluster-admin/benign/audit.log",
    ));
    let log = log.unwrap();
    fs::create_dir(path(&program, "k")).unwrap();
    program.log("k/audit.log", &log);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &log).unwrap();
    let packed = packed.finish().unwrap();
    program.log("k/audit.log.1.gz", &packed[..packed.len() / 2]);
    // The second time it is not read again, and not forgotten.
    for report in ["a.md", "b.md"] {
        let (status, out, err) = run_own(&program, &["k", "--report", report]);
        assert_eq!(status, 5, "{out}{err}");
        assert!(err.contains("cut short"), "{err}");
        assert!(
            out.contains("expected no rows: not known") && out.contains("not everything was read"),
            "{out}"
        );
        let text = fs::read_to_string(path(&program, report)).unwrap();
        assert!(
            text.contains("NOT complete: a file could not be read to its end")
                && text.contains("Not fully read: "),
            "{text}"
        );
    }
    // What is found all the same is found.
    own(&program, "*");
    let (status, out, _) = run_own(&program, &["k"]);
    assert_eq!(status, 5, "{out}");
    assert!(out.contains("NOT met"), "{out}");
}

#[test]
fn what_nobody_gave_is_not_handed_over_as_given() {
    let program = with_runbooks();
    own(&program, "actor:{who}");
    let logs = "runbooks/fixtures/cluster-admin/benign";
    run_own(&program, &[logs, "--report", "a.md"]);
    let text = fs::read_to_string(path(&program, "a.md")).unwrap();
    let said = "Person nobody (not given). Given: Person: nobody (not given)";
    assert!(text.contains(said), "{text}");
    run_own(&program, &[logs, "--input", "who=dora", "--report", "b.md"]);
    let text = fs::read_to_string(path(&program, "b.md")).unwrap();
    assert!(text.contains("Person dora. Given: Person: dora"), "{text}");
}
