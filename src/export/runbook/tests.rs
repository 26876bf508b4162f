//! Runs from their begin to their reports, on an engine in memory.

use std::path::PathBuf;

use bytes::Bytes;

use super::*;
use crate::engine::memory::MemoryEngine;
use crate::engine::{Cancel, Engine};
use crate::event::{Event, EventId, Order, Outcome};
use crate::query::Query;

const BOOK: &str = "\
---
runbook: 1
id: leak
title: A leak <b>
inputs:
  user: {label: User, type: text, required: true}
  day: {label: Day, type: date, default: today}
window: {from: \"{day} - 1d\", to: \"{day} + 1d\"}
escalate: {to: \"#sec\", sla: 1h}
---
> **Words:** *actor* = who did it

Why this is here.

## Step 1: Look {#look}
**Scenario:** {user} was seen.
```auditq id=look expect=1.. show=ts,actor,ip group=ip
actor:{user}
```
- **If** 0 rows **then** done: nothing found
- **If** every ip = 10.0.0.1 **then** done: from home
- **Else** [Step 2](#deep)

## Step 2: Deep {#deep}
```auditq id=deep expect=0 alarm=2..
action:delete AND actor:{user}
```
- **If** the owner objects **then** [Step 3](#end)
- **Else** done: fine

## Step 3: The end {#end}
Call somebody.

## Escalation
```escalate
{user} {filters.action} {grant} {step} {rows} {ids}
```
";

const NOW: &str = "2026-03-04T12:00:00Z";

fn event(id: u128, actor: &str, action: &str, ip: &str) -> Event {
    let ts = Timestamp::parse(&format!("2026-03-04T10:{id:02}:00Z")).unwrap();
    Event {
        id: EventId(id),
        ts: Some(ts),
        order: Order {
            ts: ts.0,
            ..Order::default()
        },
        actor: Some(actor.into()),
        action: Some(action.into()),
        outcome: Outcome::Success,
        ip: vec![ip.parse().unwrap()],
        format: "json~".into(),
        source: "/a.log".into(),
        raw: Bytes::from_static(b"abc"),
        ..Event::default()
    }
}

fn engine(events: Vec<Event>) -> MemoryEngine {
    let engine = MemoryEngine::new();
    events.into_iter().for_each(|event| engine.push(event));
    engine
}

/// The run of the book on some events, for a user.
fn ran(events: Vec<Event>, user: &str, takes: &Takes) -> (RunReport, Ended) {
    let engine = engine(events);
    let runbook = Runbook::parse("leak.md", BOOK).unwrap();
    let now = Timestamp::parse(NOW).unwrap();
    let given = Inputs::from([("user".to_owned(), user.to_owned())]);
    let inputs = runbook.check_inputs(&given, now).unwrap();
    let paths = [PathBuf::from("/var/log/it's.log")];
    let cancel = Cancel::default();
    let asking = Asking {
        engine: &engine,
        runbook: &runbook,
        inputs: &inputs,
        now,
        zone: Zone::Utc,
        paths: &paths,
        rows: 2,
        cancel: &cancel,
    };
    let mut seen = 0;
    let (steps, ended) = walk(&asking, takes, &mut |_| seen += 1).unwrap();
    assert_eq!(steps.len(), seen);
    let mut report = RunReport {
        by: "ann".into(),
        at: now,
        steps,
        end: ended.sentence(),
        ..RunReport::of(&runbook, &inputs, &engine.info())
    };
    report.hand_over = Some(hand_over(&report, runbook.escalation.as_deref()));
    (report, ended)
}

fn text(report: &RunReport, format: RunFormat) -> String {
    let mut out = Vec::new();
    report.write(&mut out, format, Zone::Utc).unwrap();
    String::from_utf8(out).unwrap()
}

fn bad() -> Vec<Event> {
    vec![
        event(1, "eve", "delete", "10.0.0.1"),
        event(2, "eve", "delete", "203.0.113.7"),
        event(3, "eve", "get", "203.0.113.7"),
        event(4, "ann", "delete", "10.0.0.1"),
    ]
}

#[test]
fn what_is_found_decides_the_way() {
    let none = Takes::new();
    let (report, ended) = ran(bad(), "nobody", &none);
    assert_eq!(ended.sentence(), "ended: nothing found");
    assert!(report.has_unmet() && !report.has_alarm());

    let (report, ended) = ran(bad(), "ann", &none);
    assert_eq!(ended.sentence(), "ended: from home");
    assert!(!report.has_unmet() && !report.has_alarm());

    let (report, ended) = ran(bad(), "eve", &none);
    let Ended::Person { step, branches } = &ended else {
        panic!("{ended:?}")
    };
    assert_eq!((*step, branches.len()), (2, 2));
    assert!(report.has_alarm(), "two deletions");
    let rows: Vec<u64> = report.steps.iter().map(|step| step.rows).collect();
    assert_eq!(rows, [3, 2]);
    assert_eq!(report.steps[0].shown.len(), 2, "as many rows as asked for");
    assert_eq!(
        report.steps[0].last,
        Timestamp::parse("2026-03-04T10:03:00Z")
    );
    assert_eq!(
        report.steps[0].shown[0].sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn a_person_decides_beforehand() {
    let to_the_end = Takes::from([("deep".to_owned(), 1)]);
    let (report, ended) = ran(bad(), "eve", &to_the_end);
    assert_eq!(ended, Ended::AtLastStep);
    assert_eq!(report.steps.len(), 3);
    assert!(
        report.steps[1]
            .way
            .starts_with("as told (the owner objects): Step 3")
    );
    let by_number = Takes::from([("1".to_owned(), 1)]);
    let (_, ended) = ran(bad(), "eve", &by_number);
    assert!(matches!(ended, Ended::Done(_)));
}

#[test]
fn the_hand_over_is_filled_in() {
    let (report, _) = ran(bad(), "eve", &Takes::new());
    let id = |n: u128| EventId(n).to_string();
    assert_eq!(
        report.hand_over.as_deref(),
        Some(&*format!("eve delete none 2 (Deep) 2 {} {}", id(1), id(2)))
    );
    let usual = hand_over(&report, None);
    assert!(
        usual.contains("1 Look: 3 rows, met; 2 Deep: 2 rows, ALARM"),
        "{usual}"
    );
    assert!(usual.contains("cannot be told: no hash chain"), "{usual}");
}

#[test]
fn filters_are_told_by_any_name_of_the_field_and_with_what_is_left_out() {
    let asks = |query: &str| RunReport {
        steps: vec![StepReport {
            query: Some(query.to_owned()),
            ..StepReport::default()
        }],
        ..RunReport::default()
    };
    for (query, name, told) in [
        ("actor:ann -actor:bot", "actor", "ann; not bot"),
        ("user:ann", "user", "ann"),
        ("actor:ann", "user", "ann"),
        (
            "-(action:get OR -action:delete)",
            "action",
            "not get; delete",
        ),
        ("objectRef.name:a name:b", "objectRef.name", "a"),
        ("action:>5", "verb", ">5"),
        ("ip:10.0.0.1", "host", "any"),
        (".actor:bot", "actor", "any"),
    ] {
        let template = format!("{{filters.{name}}}");
        assert_eq!(hand_over(&asks(query), Some(&template)), told, "{query}");
    }
}

/// The query in the report, asked again, is the tree that the explorer puts in force.
#[test]
fn values_change_nothing_but_the_value() {
    let hostile = [
        "\") OR *".to_owned(),
        "\\\" OR actor:*".to_owned(),
        "{day} \u{202e} é".to_owned(),
        "' ; rm -rf /".to_owned(),
        "x".repeat(1024),
    ];
    let plain = ran(bad(), "x", &Takes::new()).0.steps[0]
        .query
        .clone()
        .unwrap();
    for value in hostile {
        let (report, _) = ran(bad(), &value, &Takes::new());
        let step = &report.steps[0];
        assert_eq!(step.rows, 0, "{value}");
        let again = Query::parse(step.query.as_ref().unwrap()).unwrap();
        let terms = |query: &Query| query.conjuncts().len();
        assert_eq!(terms(&again), terms(&Query::parse(&plain).unwrap()));
        for format in [RunFormat::Markdown, RunFormat::Html] {
            let text = text(&report, format);
            assert!(
                !text.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)),
                "{text}"
            );
        }
    }
}

#[test]
fn html_holds_nothing_but_text_and_loads_nothing() {
    let evil = "<script>alert(1)</script>\"'&";
    let (mut report, _) = ran(
        vec![event(1, evil, "delete", "10.0.0.1")],
        evil,
        &Takes::new(),
    );
    report.steps[0].note = Some(format!("{evil}\u{1b}[2J"));
    report.runbook.title = evil.into();
    let html = text(&report, RunFormat::Html);
    assert!(
        !html.contains("<script") && !html.contains('\u{1b}'),
        "{html}"
    );
    for word in ["http://", "https://", "url(", "javascript:", "@import"] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains("default-src 'none'"));
    let json: serde_json::Value = serde_json::from_str(&text(&report, RunFormat::Json)).unwrap();
    assert_eq!(json["runbook"]["title"], evil);
    assert_eq!(json["steps"][0]["shown"][0]["cells"][1], evil);
    assert_eq!(json["at"], "2026-03-04T12:00:00.000000000Z");
}

#[test]
fn reports_look_as_they_did() {
    let (report, _) = ran(bad(), "eve", &Takes::new());
    insta::assert_snapshot!("run-markdown", text(&report, RunFormat::Markdown));
    insta::assert_snapshot!("run-html", text(&report, RunFormat::Html));
    insta::assert_snapshot!("run-json", text(&report, RunFormat::Json));
}

#[test]
fn the_format_goes_by_the_name() {
    let of = |name: &str| RunFormat::of(std::path::Path::new(name));
    assert_eq!(of("a.md"), Some(RunFormat::Markdown));
    assert_eq!(of("a.HTML"), Some(RunFormat::Html));
    assert_eq!(of("a.json"), Some(RunFormat::Json));
    assert_eq!((of("a.pdf"), of("md")), (None, None));
}

#[test]
fn no_value_begins_a_line_of_the_text_to_hand_over() {
    let (mut report, _) = ran(bad(), "eve", &Takes::new());
    report.coverage = vec!["/var/log/a\nrm -rf b\r: cut short".to_owned()];
    let text = hand_over(&report, Some("Read: {coverage}\nBy: {user}"));
    assert_eq!(text, "Read: /var/log/a rm -rf b : cut short\nBy: eve");
}

#[test]
fn records_that_were_not_checked_are_not_handed_over_as_verified() {
    let said = |verdicts: &[&str]| {
        let verdicts = verdicts.iter().map(|verdict| ((*verdict).to_owned(), 1));
        let step = StepReport {
            verdicts: verdicts.collect(),
            ..StepReport::default()
        };
        let report = RunReport {
            steps: vec![step],
            ..RunReport::default()
        };
        hand_over(&report, Some("{verdict}"))
    };
    assert_eq!(said(&["verified"]), "verified");
    assert_eq!(
        said(&["verified", "pending"]),
        "verified in part, the rest is pending"
    );
    assert_eq!(said(&["links-only"]), "cannot be told: links-only");
    assert_eq!(
        said(&["verified", "unchained"]),
        "verified in part, the rest has no hash chain"
    );
}
