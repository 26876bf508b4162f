//! The explorer on a terminal, left and come back to: what is kept, whatever the end was.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::program::Program;
use crate::support::terminal::Terminal;

const LOG: &str = "stages.jsonl";

fn program() -> Program {
    let program = Program::new();
    program.fixture("k8s-audit/stages.jsonl");
    program
}

fn open(program: &Program, args: &[&str]) -> Terminal {
    Terminal::start(program, args, 24, 100)
}

/// Everything that is kept, as one text.
fn kept(program: &Program) -> String {
    let folder = program.home().join("state/sessions/sources");
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    // One that is being written is none yet.
    let is_whole = |file: &fs::DirEntry| file.path().extension().is_some_and(|e| e == "json");
    let files = files.filter(is_whole);
    let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    texts.collect()
}

#[test]
fn what_was_left_is_there_again_and_fresh_begins_without() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.press("/action:get\r");
    first.until_shown("action:get");
    first.until_shown(" of ");
    // The second event from the end, its detail open.
    first.press("k\r");
    first.until_shown("DETAIL");
    first.press("\t");
    first.leave();

    let mut second = open(&program, &[LOG]);
    second.until_shown("as you left it: Backspace shows all events");
    second.until_shown("DETAIL");
    second.until_shown("paused");
    assert!(
        second.contents().contains("› action:get"),
        "{}",
        second.contents()
    );
    second.press("\x7f");
    second.until_shown("all events");
    second.press("q");
    second.quit();

    // What came last counts: the query was cleared.
    assert!(kept(&program).contains("\"query\": \"\""));
    let mut third = open(&program, &["--fresh", LOG]);
    third.until_shown("all events");
    third.until_shown("● live");
    assert!(!third.contents().contains("as you left it"));
    third.quit();
}

#[test]
fn what_was_kept_as_evidence_outlives_a_fresh_begin() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.press(":runbook cluster-admin\r");
    first.until_shown("inputs");
    first.press("\r");
    first.until_shown("1/6");
    first.press("aseen\r");
    first.until_shown("note: seen");
    first.leave();
    let mut fresh = open(&program, &["--fresh", LOG]);
    fresh.until_shown("all events");
    fresh.press(":runbook cluster-admin\r");
    fresh.until_shown("note: seen");
    fresh.leave();
}

#[test]
fn little_is_lost_when_it_is_killed_or_the_line_drops() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.press("/action:create\r");
    first.until("the session on disk", |_| {
        kept(&program).contains("action:create")
    });
    first.signal(Signal::KILL);
    assert!(!first.ended());

    let mut second = open(&program, &[LOG]);
    second.until_shown("as you left it");
    second.until_shown("action:create");
    second.press("/\x15action:get\r");
    second.until_shown("› action:get");
    second.signal(Signal::HUP);
    second.ended();
    assert!(kept(&program).contains("action:get"));

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let state = program.home().join("state");
    assert_eq!(mode(&state), 0o700);
    for file in fs::read_dir(state.join("sessions/sources")).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

/// Killed in the midst of a runbook: where it was, what became of its steps, notes and evidence are there again.
#[test]
fn a_runbook_goes_on_after_a_kill() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.press(":runbook anonymous-api\r");
    first.until_shown("inputs");
    first.press("\r");
    first.until_shown("1/");
    first.press("d");
    first.until_shown("step 1 is done");
    first.press("aseen by ann\r");
    first.until_shown("note: seen by ann");
    first.press("u");
    first.until_shown("7 of 7");
    first.until_shown("ci-bot");
    first.press("\t");
    first.press("P");
    first.until_shown("kept as evidence of step 1");
    first.until("the evidence on disk", |_| {
        let kept = kept(&program);
        let session: serde_json::Value = serde_json::from_str(&kept).unwrap_or_default();
        let step = &session["run"]["steps"][0];
        step["note"] == "seen by ann"
            && step["mark"][0] == "done"
            && step["pins"][0]["id"].is_string()
    });
    first.signal(Signal::KILL);
    assert!(!first.ended());

    let mut second = open(&program, &[LOG]);
    second.until_shown("note: seen by ann");
    second.until_shown("1 event kept as evidence");
    second.until_shown("done at");
    second.signal(Signal::HUP);
    second.ended();
}

#[test]
fn what_cannot_be_read_is_told_and_put_aside() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.quit();
    let folder = program.home().join("state/sessions/sources");
    let file = fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::write(&file, "{ torn").unwrap();
    let mut second = open(&program, &[LOG]);
    second.until_shown("the session kept here cannot be read");
    second.until_shown("all events");
    assert_eq!(
        fs::read_to_string(file.with_extension("json.aside")).unwrap(),
        "{ torn"
    );
}

#[test]
fn sessions_have_names() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.press("/action:get\r");
    first.until_shown("› action:get");
    first.press("\x13../x\r");
    first.until_shown("is no name for a session");
    first.press("\x15night shift\r");
    first.until_shown("saved: auditty --session \"night shift\"");
    first.press("\x7f");
    first.until_shown("all events");
    first.press("\x0fnobody\r");
    first.until_shown("there is night shift");
    first.press("\x0fnight shift\r");
    first.until_shown("› action:get");
    first.press("\x7f");
    first.until_shown("all events");
    first.quit();

    let list = program.print(["session", "list"]);
    assert!(
        list.lines()
            .any(|l| l.starts_with("night shift") && l.ends_with("action:get")),
        "{list}"
    );
    // By its name, from anywhere, without a path.
    let mut named = open(&program, &["--session", "night shift"]);
    named.until_shown("› action:get");
    named.quit();
    let unknown = program.run(["--session", "day"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    program.print(["session", "delete", "night shift"]);
    assert!(!program.print(["session", "list"]).contains("night shift"));
    assert_eq!(program.run(["session", "delete", "night shift"]).code, 2);
}

#[test]
fn without_a_path_there_is_something_to_choose_from() {
    let program = program();
    let mut first = open(&program, &[LOG]);
    first.until_shown("all events");
    first.press("/action:get\r");
    first.until_shown("› action:get");
    first.quit();
    let mut second = open(&program, &[]);
    second.until_shown("OPENED BEFORE");
    second.until_shown("OR LEAVE, AND TYPE");
    second.press("\r");
    second.until_shown("› action:get");
    second.quit();
    let mut third = open(&program, &[]);
    third.until_shown("OPENED BEFORE");
    third.press("q");
    assert!(third.ended());
}

#[test]
fn a_wrong_setting_or_key_is_told_and_the_rest_holds() {
    let program = program();
    let config = program.home().join("config");
    fs::create_dir_all(config.join("themes")).unwrap();
    fs::write(config.join("config.toml"), "theme = \"mine\"\nzoen = 1\n").unwrap();
    fs::write(config.join("themes/mine.toml"), "[alarm]\nfg = \"pink\"\n").unwrap();
    fs::write(
        config.join("keymap.toml"),
        "[global.keys]\nhelp = [\"ctrl+y\"]\nfolow = [\"x\"]\n",
    )
    .unwrap();
    let mut explorer = open(&program, &[LOG]);
    explorer.until_shown("all events");
    explorer.until_shown("Esc closes, auditty doctor shows all 3");
    explorer.press("\x19");
    explorer.until_shown("HELP");
    explorer.press("\x1b");
    explorer.until("the help closed", |s| !s.contents().contains("HELP"));
    explorer.press("\x1b");
    explorer.until("the note closed", |s| {
        !s.contents().contains("auditty doctor")
    });
    explorer.quit();
    let doctor = program.run(["doctor"]);
    assert_eq!(doctor.code, 1, "{doctor:?}");
    for line in [
        "config.toml:2",
        "there is no setting \"zoen\"",
        "mine.toml:2",
        "alarm.fg: use a name",
        "keymap.toml:3",
        "there is no command \"folow\" (did you mean `follow`?)",
    ] {
        assert!(doctor.out.contains(line), "{line}: {}", doctor.out);
    }
}

#[test]
fn only_what_changed_is_drawn() {
    let program = program();
    let mut explorer = open(&program, &[LOG]);
    explorer.until_shown("all events");
    explorer.until_shown(" of ");
    let clears = |s: &Terminal| {
        let text = String::from_utf8_lossy(&s.written).into_owned();
        text.matches("\x1b[2J").count()
    };
    let before = clears(&explorer);
    explorer.press("kkjj?");
    explorer.until_shown("HELP");
    explorer.press("q");
    explorer.until("the help closed", |s| !s.contents().contains("HELP"));
    explorer.press("f");
    explorer.until_shown("FILTERS");
    assert_eq!(clears(&explorer), before);
    explorer.press("\x0c");
    explorer.until("the screen cleared", |s| clears(s) > before);
    explorer.press("q");
    explorer.quit();
}
