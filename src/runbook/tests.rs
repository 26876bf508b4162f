//! Whole runbooks: what is read, what is refused and where, and what steps ask.

use crate::event::Zone;
use proptest::prelude::*;

use super::*;

const GOOD: &str = r##"---
runbook: 1
id: settings-changed
title: Settings changed
audience: [support]
role: support
logs: [json]
inputs:
  user: {label: Customer ID, type: id, pattern: '[a-z0-9]+', required: true}
  day: {label: Day, type: date, default: today}
window: {from: "{day} - 3d", to: "{day} + 1d"}
escalate: {to: "#eng", sla: 1h}
---
# Settings changed
Read this first.
> **Words:** *actor* = who did it · *target* = whose account.

## Step 1: Find the change {#find}
**Scenario:** a customer
names a setting. **Action:** run the search.
```auditq id=find expect=1.. show=ts,actor group=ip
action:settings* AND
target:{user}
```
**Expect:** rows. **Outcome:** the time.
**Role:** auditor

Some `prose` with [a link](https://example.org).

1. first
2. second

- **If** 0 rows **then** [Step 2](#who)
- **If** every actor = {user} **then** done: "by the customer"
- **If** in doubt **then** [again](#step-1-find-the-change)

## Step 2: Who? {#who}
**Action:** ask.
- **If** the owner agrees **then** done

## Escalation
```escalate
{runbook.id} {step} {user} {filters.action}
```
## Sources
- **Not:** a label here
"##;

fn faults(text: &str) -> Vec<String> {
    Runbook::lint("x.md", text)
        .iter()
        .map(|error| format!("{}: {}", error.line, error.message))
        .collect()
}

/// The faults of [`GOOD`] after a replacement.
fn after(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    faults(&GOOD.replacen(from, to, 1))
}

/// That a replacement in [`GOOD`] gives this fault, maybe beside others.
fn faulty(from: &str, to: &str, want: &str) {
    let found = after(from, to);
    assert!(
        found.iter().any(|fault| fault.starts_with(want)),
        "{from} -> {to}: {found:#?}"
    );
}

#[test]
fn reads_every_part() {
    let runbook = Runbook::parse("x.md", GOOD).unwrap();
    assert_eq!(
        (runbook.id.as_str(), runbook.title.as_str()),
        ("settings-changed", "Settings changed")
    );
    assert_eq!(runbook.role.as_deref(), Some("support"));
    assert_eq!(
        runbook
            .inputs
            .iter()
            .map(|i| i.name.as_str())
            .collect::<Vec<_>>(),
        ["user", "day"]
    );
    assert_eq!(runbook.inputs[1].kind, InputKind::Date);
    assert_eq!(
        runbook.window,
        Some(("{day} - 3d".into(), "{day} + 1d".into()))
    );
    assert_eq!(runbook.glossary[0], ("actor".into(), "who did it".into()));
    assert_eq!(
        runbook.glossary[1],
        ("target".into(), "whose account.".into())
    );
    assert_eq!(runbook.intro, ["Read this first."]);
    assert_eq!(runbook.escalate_to.as_deref(), Some("#eng within 1h"));
    assert_eq!(
        runbook.escalation.as_deref(),
        Some("{runbook.id} {step} {user} {filters.action}")
    );
    assert_eq!(runbook.digest.len(), 64);
    let step = &runbook.steps[0];
    assert_eq!(
        (step.id.as_str(), step.title.as_str(), step.line),
        ("find", "Find the change", 18)
    );
    assert_eq!(step.scenario, "a customer names a setting.");
    assert_eq!(step.action, "run the search.");
    assert_eq!(
        (step.expect.as_str(), step.outcome.as_str()),
        ("rows.", "the time.")
    );
    assert_eq!(step.role.as_deref(), Some("auditor"));
    assert_eq!(
        step.prose,
        [
            "Some `prose` with a link (https://example.org).",
            "1. first",
            "2. second"
        ]
    );
    let query = step.query.as_ref().unwrap();
    assert_eq!((query.id.as_str(), query.line), ("find", 21));
    assert_eq!(query.text, "action:settings* AND\ntarget:{user}");
    assert_eq!(query.show, ["ts", "actor"]);
    assert_eq!(query.group.as_deref(), Some("ip"));
    assert_eq!(
        query.expect,
        Some(Expect {
            distinct: None,
            min: 1,
            max: None
        })
    );
    assert_eq!(
        step.branches.iter().map(|b| b.goto).collect::<Vec<_>>(),
        [Some(1), None, Some(0)]
    );
    assert_eq!(step.branches[0].text, "If 0 rows then Step 2");
    assert_eq!(
        runbook.steps[1].branches[0].condition,
        Condition::Prose("the owner agrees".into())
    );
}

#[test]
fn faults_name_the_line_and_the_way_out() {
    for (from, to, want) in [
        ("runbook: 1\n", "", "1: missing `runbook: 1`"),
        (
            "runbook: 1",
            "runbook: 2",
            "2: runbook version 2 is not known",
        ),
        (
            "audience:",
            "audeince:",
            "5: unknown key `audeince` (did you mean `audience`?)",
        ),
        (
            "type: id",
            "type: ident",
            "9: input `user`: unknown type `ident`",
        ),
        (
            "{label: Day, ",
            "{lable: Day, ",
            "10: unknown key `lable` (did you mean `label`?)",
        ),
        (
            "'[a-z0-9]+'",
            "'[a-z'",
            "9: input `user`: the pattern `[a-z` is no regular expression",
        ),
        (
            "{day} - 3d",
            "{dya} - 3d",
            "11: window: `{dya}` names no input (did you mean `day`?)",
        ),
        (
            "{day} - 3d",
            "{user}",
            "11: window: `{user}` needs an input of type date",
        ),
        (
            "**Scenario:**",
            "**Scenaro:**",
            "19: unknown label `Scenaro:` (did you mean `Scenario`?)",
        ),
        ("expect=1..", "expect=many", "21: expect=`many` is no count"),
        (
            "expect=1..",
            "expct=1..",
            "21: unknown attribute `expct` (did you mean `expect`?)",
        ),
        ("group=ip", "group=", "21: `group` has no value"),
        (
            "```auditq",
            "```auditp",
            "21: unknown block `auditp` (did you mean `auditq`?)",
        ),
        (
            "{user}\n```",
            "{usr}\n```",
            "23: `{usr}` names no input (did you mean `user`?)",
        ),
        ("AND\ntarget", "AND\n(target", "23: query, column "),
        (
            "(#who)",
            "(#whom)",
            "33: the link `#whom` leads to no step (did you mean `who`?)",
        ),
        (
            "**then** done: \"by",
            "**then** stop: \"by",
            "34: `stop: \"by the customer\"` leads nowhere",
        ),
        (
            "**If** 0 rows **then**",
            "**If** 0 rows",
            "33: **If** without **then**",
        ),
        (
            "**If** 0 rows **then**",
            "**When** 0 rows **then**",
            "33: **then** without **If**",
        ),
        (
            "**If** every actor = {user} **then**",
            "**Else**",
            "35: this branch stands after **Else**",
        ),
        (
            "## Step 2: Who? {#who}",
            "## Step 2: Who? {#find}",
            "37: a step with id `find` was there before",
        ),
        (
            "## Step 2:",
            "## Step 3:",
            "37: step 3 stands where step 2 should",
        ),
        (
            "## Step 2:",
            "## Stpe 2:",
            "37: `Stpe 2: Who?`: expected a heading like `## Step 2: Title`",
        ),
        (
            "the owner agrees",
            "met",
            "39: `If met then done` needs `expect=`",
        ),
        (
            "the owner agrees",
            "0 rows",
            "39: `If 0 rows then done` needs an auditq block",
        ),
        (
            "{runbook.id}",
            "{runbok.id}",
            "43: unknown placeholder `{runbok.id}` (did you mean `runbook.id`?)",
        ),
        (
            "{filters.action}\n```",
            "{filters.action}\n",
            "42: the block ```escalate has no closing",
        ),
        (
            "expect=1..",
            "expect=1.. expect=0",
            "21: `expect=` stands here twice",
        ),
        (
            "type: id",
            "type: ip, default: nowhere",
            "9: input `user`: the default: `nowhere` ",
        ),
        (
            "{day} - 3d",
            "{day} + 1d",
            "11: window: it ends before it begins",
        ),
    ] {
        faulty(from, to, want);
    }
    for (text, want) in [
        ("# Title\n", "1: expected front matter"),
        (
            "---\nrunbook: 1\n",
            "1: the front matter has no closing `---`",
        ),
        ("---\nrunbook: [\n---\n", "front matter: "),
        (
            "---\nrunbook: 1\nid: a\u{1b}b\n---\n",
            "3: front matter: unexpected character: `\\u{1b}'",
        ),
        (
            "---\nrunbook: 1\nid: a\n---\n",
            "5: the runbook has no title",
        ),
        ("---\nrunbook: 1\nid: A b\n---\n", "3: id `A b`"),
        (
            "---\nrunbook: 1\nid: a\ntitle: t\n---\n```auditq\n*\n```\n",
            "6: an `auditq` block outside a step",
        ),
    ] {
        let found = faults(text);
        assert!(
            found.iter().any(|fault| fault.contains(want)),
            "{text}: {found:#?}"
        );
    }
    // Of a runbook that can be used.
    for (from, to, want) in [
        ("0 rows", ">-1 rows", "33: `>-1` is no count"),
        ("0 rows", "5..3 rows", "33: `5..3` can never be met"),
        (
            "0 rows",
            "distinct(ip)>many",
            "33: `distinct(ip)>many` is no count",
        ),
        (
            "every actor = {user}",
            "every actor = {usr}",
            "34: `{usr}` names no input (did you mean `user`?)",
        ),
    ] {
        faulty(from, to, want);
    }
    assert_eq!(after("0 rows", "many rows"), faults(GOOD));
    assert!(faults(&"x".repeat(MAX_FILE + 1))[0].contains("larger than 1 MiB"));
}

#[test]
fn placeholders_are_filled_for_people_only() {
    let filled = fill("{a} {b} {{a}} {x y} {a", |name| {
        (name == "a").then(|| "1".to_owned())
    });
    assert_eq!(filled, "1 {b} {1} {x y} {a");
    assert_eq!(
        placeholders("{a.b}{c_1}{é}{}").collect::<Vec<_>>(),
        ["a.b", "c_1"]
    );
}

const NOW: Timestamp = Timestamp(1_772_600_400 * 1_000_000_000); // 2026-03-04T05:00:00Z

#[test]
fn inputs_are_bound_as_values_and_the_window_as_times() {
    let runbook = Runbook::parse("x.md", GOOD).unwrap();
    let given = Inputs::from([("user".into(), "u1".into())]);
    let inputs = runbook.check_inputs(&given, NOW).unwrap();
    assert_eq!(inputs["day"], "2026-03-04");
    assert_eq!(
        runbook.check_inputs(&inputs, NOW).unwrap(),
        inputs,
        "checked inputs stay as they are"
    );
    let query = runbook.step_query(0, &inputs).unwrap().unwrap();
    let expected = Query::parse(
        "action:settings* AND target:\"u1\" AND since:2026-03-01T00:00:00Z AND until:2026-03-05T00:00:00Z",
    )
    .unwrap();
    let bound = |query: &Query| {
        query
            .bind(&crate::query::BindContext {
                now: NOW,
                zone: Zone::Utc,
                paths: None,
            })
            .unwrap()
            .ast
    };
    assert_eq!(bound(&query), bound(&expected));
    assert_eq!(
        bound(&Query::parse(&query.to_string()).unwrap()),
        bound(&query),
        "{query}"
    );
    assert!(runbook.step_query(1, &inputs).unwrap().is_none());
    assert!(runbook.step_query(9, &inputs).unwrap().is_none());
    let error = runbook.step_query(0, &Inputs::new()).unwrap_err();
    assert_eq!(error.to_string(), "Customer ID: this step needs a value");
}

#[test]
fn a_value_can_not_become_syntax() {
    let text = GOOD
        .replace("pattern: '[a-z0-9]+', ", "")
        .replace("type: id", "type: text");
    let runbook = Runbook::parse("x.md", &text).unwrap();
    for hostile in [
        "* OR *", "x\" OR *", "(a b)", "/.*/", "\\", "*", "{day}", "a:b", ">1", "[a TO b]",
    ] {
        let inputs = runbook
            .check_inputs(&Inputs::from([("user".into(), hostile.into())]), NOW)
            .unwrap();
        let query = runbook.step_query(0, &inputs).unwrap().unwrap();
        let crate::query::ast::Ast::And(terms) = &query.ast else {
            panic!("{query:?}")
        };
        assert_eq!(terms.len(), 4, "{hostile}: {query:?}");
        let literal = crate::query::ast::Pattern {
            text: hostile.into(),
            quoted: true,
        };
        assert!(
            matches!(&terms[1], crate::query::ast::Ast::Field(_, crate::query::ast::Test::Is(p)) if *p == literal),
            "{hostile}: {query:?}"
        );
    }
}

#[test]
fn dates_follow_the_display_zone() {
    let runbook = Runbook::parse("x.md", GOOD).unwrap();
    let given = Inputs::from([
        ("user".into(), "u1".into()),
        ("day".into(), "2026-03-01".into()),
    ]);
    let inputs = runbook
        .check_inputs_in(&given, NOW, Zone::from(7200))
        .unwrap();
    assert_eq!(inputs["day"], "2026-02-28T22:00:00Z");
    assert_eq!(
        runbook
            .check_inputs_in(&inputs, NOW, Zone::from(7200))
            .unwrap(),
        inputs
    );
    let soon = Inputs::from([
        ("user".into(), "u1".into()),
        ("day".into(), "sometime".into()),
    ]);
    assert!(
        runbook.check_inputs(&soon, NOW).unwrap_err()[0]
            .message
            .contains("is no time")
    );
}

#[test]
fn the_library_holds_what_is_bundled_and_folders_override_it() {
    let bundled = Library::load(&[]);
    assert_eq!(bundled.errors, []);
    assert_eq!(bundled.get("leaked-access-key").unwrap().steps.len(), 7);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write(
        "a.md",
        GOOD.replace("settings-changed", "leaked-access-key")
            .as_bytes(),
    );
    write("b.md", b"no runbook");
    write("c.md", b"a\n\xff");
    write("README.md", b"# words");
    write("notes.txt", b"words");
    std::fs::create_dir(folder.path().join("d.md")).unwrap();
    let library = Library::load(&[folder.path().to_owned(), folder.path().join("missing")]);
    assert_eq!(library.runbooks.len(), bundled.runbooks.len());
    assert_eq!(
        library.get("leaked-access-key").unwrap().title,
        "Settings changed"
    );
    let errors: Vec<String> = library.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].ends_with(
        "b.md:1: expected front matter: a first line `---`, `runbook: 1`, …, and a closing `---`"
    ));
    assert!(errors[1].ends_with("c.md:2: the file is not UTF-8"));
    assert!(errors[2].ends_with("d.md:1: it is no regular file"));
    // One with a mistake is told with what stands in the list instead, whatever its file is called.
    let broken = GOOD.replace("settings-changed", "ssh-guessing");
    write(
        "b.md",
        broken.replace("expect=1..", "expect=many").as_bytes(),
    );
    let library = Library::load(&[folder.path().to_owned()]);
    let error = &library.broken["ssh-guessing"];
    assert!(
        error
            .message
            .ends_with("; `ssh-guessing` in the list is the one from bundled"),
        "{error}"
    );
    assert!(library.errors.contains(error));
    assert!(library.get("ssh-guessing").is_some());
    // One that is right comes after it.
    write("z.md", broken.as_bytes());
    let library = Library::load(&[folder.path().to_owned()]);
    assert_eq!(library.broken.get("ssh-guessing"), None);
}

/// Pieces that lead into every part of the reader.
const PIECES: [&str; 24] = [
    "---\n",
    "runbook: 1\n",
    "id: a\n",
    "inputs: {a: {type: date}}\n",
    "## Step 1: a {#b}\n",
    "## Step 2: {#b}\n",
    "**If** ",
    "**then** ",
    "**Else** ",
    "[x](#b) ",
    "**Action:** ",
    "**",
    "```auditq expect=1..\n",
    "```\n",
    "> ",
    "- ",
    "\n\n",
    "{a} ",
    "*w* = ",
    "## Escalation\n",
    "é\u{0}",
    "<!-- ",
    "0 rows ",
    "action:x AND ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_the_reader_panic(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60),
        noise in ".{0,40}",
        headed in any::<bool>(),
    ) {
        let head = if headed { "---\nrunbook: 1\nid: a\ntitle: t\n---\n" } else { "" };
        let text = format!("{head}{}{noise}", pieces.concat());
        let lines = text.lines().count() + 1;
        for error in Runbook::lint("x.md", &text) {
            prop_assert!((1..=lines).contains(&error.line), "{error} of {lines}");
        }
    }
}
