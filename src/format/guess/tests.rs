//! What a guess gets right of what the formats' own readers read: as if nobody had said how these products write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::event::Severity;
use crate::format::record::json_event;
use crate::format::{Context, Frame, Registry};

/// Whose readers are taken away: by id, which is the folder of their fixtures.
const TAKEN_AWAY: [&str; 14] = [
    "azure-activity",
    "cloudtrail",
    "ecs",
    "entra",
    "gcp-audit",
    "github",
    "google-workspace",
    "hoop",
    "k8s-audit",
    "m365",
    "okta",
    "slack",
    "teleport",
    "vault",
];

/// Of these at least [`GOAL`] of the values must be guessed: no two are of one vendor or one shape.
const MUST: [&str; 5] = ["gcp-audit", "github", "hoop", "okta", "slack"];
const GOAL: f64 = 0.85;

const COMPARED: [Field; 5] = [
    Field::Ts,
    Field::Actor,
    Field::Action,
    Field::Outcome,
    Field::Ip,
];

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = std::fs::read_dir(root.join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn value(event: &Event, field: Field) -> Option<String> {
    match field {
        Field::Ts => event.ts.map(|ts| ts.rfc3339()),
        Field::Actor => event.actor.clone(),
        Field::Action => event.action.clone(),
        Field::Outcome => (event.outcome != Outcome::Unknown).then(|| event.outcome.to_string()),
        Field::Ip => event.ip.first().map(ToString::to_string),
        _ => None,
    }
}

/// How many values of each field a guess gets right, and how many the format's reader has.
fn agreement(registry: &Registry, folder: &str) -> BTreeMap<&'static str, (u32, u32)> {
    let guess = Guess::default();
    let mut agreed = BTreeMap::new();
    for file in files(folder) {
        let bytes = std::fs::read(&file).unwrap();
        let format = registry.detect(&bytes[..bytes.len().min(64 << 10)]).format;
        if format.id() != folder {
            continue;
        }
        let mut framer = format.framer(0);
        let mut frames: Vec<Frame> = Vec::new();
        framer.push(&bytes, &mut frames);
        framer.finish(&mut frames);
        for frame in &frames {
            let read = registry.parse(&format, frame, &Context::default());
            let (Some(read), Ok(mut guessed)) = (read.first(), json_event(frame)) else {
                continue;
            };
            let leaves = std::mem::take(&mut guessed.attributes);
            guess.fill(&mut guessed, &leaves, &Context::default());
            for field in COMPARED {
                let Some(want) = value(read, field) else {
                    continue;
                };
                let (right, all) = agreed.entry(field.name()).or_default();
                *right += u32::from(value(&guessed, field) == Some(want));
                *all += 1;
            }
        }
    }
    agreed
}

#[test]
fn most_of_what_readers_read_is_guessed() {
    let registry = Registry::builtin();
    println!(
        "{:17} {}",
        "",
        COMPARED.map(|f| format!("{:>10}", f.name())).concat()
    );
    let mut sums = (0, 0);
    for folder in TAKEN_AWAY {
        let agreed = agreement(&registry, folder);
        let cells = COMPARED.map(|field| match agreed.get(field.name()) {
            Some((right, all)) => format!("{:>10}", format!("{right}/{all}")),
            None => format!("{:>10}", "-"),
        });
        let (right, all) = agreed.values().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let share = f64::from(right) / f64::from(all);
        println!("{folder:17} {}  {share:.2}", cells.concat());
        assert!(
            share >= GOAL || !MUST.contains(&folder),
            "{folder}: {share}"
        );
        sums = (sums.0 + right, sums.1 + all);
    }
    println!("all: {:.2}", f64::from(sums.0) / f64::from(sums.1));
}

fn guessed(json: &str) -> Event {
    let frame = Frame {
        bytes: bytes::Bytes::copy_from_slice(json.as_bytes()),
        ..Frame::default()
    };
    let mut event = json_event(&frame).unwrap();
    let leaves = std::mem::take(&mut event.attributes);
    Guess::default().fill(&mut event, &leaves, &Context::default());
    event
}

#[test]
fn products_nobody_wrote_a_reader_for_are_understood() {
    let badge = guessed(
        r#"{"eventTime":"2026-03-01T09:00:00Z","performedBy":{"emailAddress":"ana@corp.example","userId":77},
            "userAgent":"curl/8","operationType":"DOOR_OPENED","resourceName":"door/4","clientIp":"203.0.113.9",
            "wasAllowed":true,"expiresAt":"2027-01-01T00:00:00Z"}"#,
    );
    assert_eq!(
        badge.ts.unwrap().rfc3339(),
        "2026-03-01T09:00:00.000000000Z"
    );
    assert_eq!(badge.actor.as_deref(), Some("ana@corp.example"));
    assert_eq!(badge.action.as_deref(), Some("DOOR_OPENED"));
    assert_eq!(badge.target.as_deref(), Some("door/4"));
    assert_eq!(badge.outcome, Outcome::Success);
    assert_eq!(value(&badge, Field::Ip).as_deref(), Some("203.0.113.9"));
    let vpn = guessed(
        r#"{"LOGIN_TIME":1772355600,"src_addr":"198.51.100.4:5022","dst_addr":"10.0.0.1","username":"bo","cmd":"connect",
            "denied":true,"sessionid":"a81f","lvl":"warn","error_message":"no such profile"}"#,
    );
    assert_eq!(vpn.ts.map(|ts| ts.0), Some(1_772_355_600_000_000_000));
    assert_eq!(vpn.actor.as_deref(), Some("bo"));
    assert_eq!(vpn.action.as_deref(), Some("connect"));
    assert_eq!(vpn.outcome, Outcome::Failure);
    assert_eq!(vpn.reason.as_deref(), Some("no such profile"));
    assert_eq!(value(&vpn, Field::Ip).as_deref(), Some("198.51.100.4"));
    assert_eq!(vpn.session.as_deref(), Some("a81f"));
    assert_eq!(vpn.severity, Some(Severity::Warning));
}

#[test]
fn a_name_that_speaks_against_a_field_is_passed_over() {
    let event = guessed(
        r#"{"targetUser":"victim","userAgent":"curl","userType":"admin","createdBy":"ana","status":"open","time":"slow",
            "destinationIp":"10.0.0.1","error":null}"#,
    );
    assert_eq!(event.actor.as_deref(), Some("ana"));
    assert_eq!((event.ts, event.ip.len()), (None, 0));
    assert_eq!(event.outcome, Outcome::Success);
}

#[test]
fn what_only_one_field_can_look_like_needs_no_word() {
    let event = guessed(
        r#"{"zeitpunkt":"2026-03-01T09:00:00Z","benutzer":"ana","rechner":"203.0.113.9","version":"10.2.0.1"}"#,
    );
    assert_eq!(value(&event, Field::Ip).as_deref(), Some("203.0.113.9"));
    assert_eq!(
        event.ts.unwrap().rfc3339(),
        "2026-03-01T09:00:00.000000000Z"
    );
    // Which of two it is nobody can tell, and a day alone is no moment.
    let event = guessed(
        r#"{"von":"2026-03-01T09:00:00Z","bis":"2026-03-01T10:00:00Z","a":"10.0.0.1","b":"10.0.0.2"}"#,
    );
    assert_eq!((event.ts, event.ip.len()), (None, 0));
    assert_eq!(
        guessed(r#"{"tag":"2026-03-01","expires":"2027-03-01T09:00:00Z"}"#).ts,
        None
    );
}

#[test]
fn a_flag_that_is_a_number_is_no_exit_code() {
    for (record, want) in [
        (
            r#"{"user":"bob","action":"login","success":1}"#,
            Outcome::Success,
        ),
        (
            r#"{"user":"bob","action":"login","success":0}"#,
            Outcome::Failure,
        ),
        (
            r#"{"user":"bob","action":"login","wasAllowed":"1"}"#,
            Outcome::Success,
        ),
        (
            r#"{"user":"bob","action":"login","denied":1}"#,
            Outcome::Failure,
        ),
        (
            r#"{"user":"bob","action":"login","status":0}"#,
            Outcome::Success,
        ),
        (
            r#"{"user":"bob","action":"login","exit":2}"#,
            Outcome::Failure,
        ),
    ] {
        assert_eq!(guessed(record).outcome, want, "{record}");
    }
}

#[test]
fn a_time_without_a_zone_is_of_the_logs() {
    let guess = Guess::default();
    let context = Context {
        zone: crate::event::Zone::from(3600),
        ..Context::default()
    };
    for (time, want) in [
        ("2026-03-01 10:00:00", "2026-03-01T09:00:00Z"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
        ("1772359200", "2026-03-01T10:00:00Z"),
    ] {
        let (mut event, mut leaves) = (Event::default(), Attributes::default());
        leaves.push_str("time", time);
        guess.fill(&mut event, &leaves, &context);
        assert_eq!(event.ts, crate::event::Timestamp::parse(want), "{time}");
    }
}

#[test]
fn a_record_of_made_up_names_costs_no_more_than_some_of_them() {
    let guess = Guess::default();
    let mut leaves = Attributes::default();
    leaves.push_str("user.name", "ana");
    for n in 0..20 * NEW {
        leaves.push_str(&format!("k{n}.user.name"), "bob");
    }
    let mut event = Event::default();
    guess.fill(&mut event, &leaves, &Context::default());
    assert_eq!(event.actor.as_deref(), Some("ana"));
    assert_eq!(guess.known.read().unwrap().len(), NEW);
}

#[test]
fn what_is_remembered_is_bounded_and_changes_nothing() {
    let guess = Guess::default();
    for n in 0..KEPT + 100 {
        let mut event = Event::default();
        let mut leaves = Attributes::default();
        leaves.push_str(&format!("x{n}.user.name"), "ana");
        guess.fill(&mut event, &leaves, &Context::default());
        assert_eq!(event.actor.as_deref(), Some("ana"));
    }
    assert_eq!(guess.known.read().unwrap().len(), KEPT);
}

#[test]
fn nobody_evades_a_search_for_who_did_it_by_an_odd_name() {
    for name in [
        "{alice}",
        "[ops] alice",
        "alice\nbob",
        "http://alice",
        "a b c d e f g h",
        &"a".repeat(300),
    ] {
        for field in ["user", "username", "principal", "performedBy"] {
            let name_of_it = serde_json::to_string(name).unwrap();
            let event = guessed(&format!(
                r#"{{"time":"2026-03-01T10:00:00Z","{field}":{name_of_it},"action":"key.deleted"}}"#
            ));
            assert_eq!(event.actor.as_deref(), Some(name), "{field}");
        }
        // It does not take the place of what reads like a name.
        let event = guessed(&format!(
            r#"{{"time":"2026-03-01T10:00:00Z","user":{{"name":{},"email":"a@corp.example"}},"action":"key.deleted"}}"#,
            serde_json::to_string(name).unwrap()
        ));
        assert_eq!(event.actor.as_deref(), Some("a@corp.example"));
    }
}
