//! hoop.dev: the gateway's security audit log, its events, and sessions.
//!
//! Source: <https://github.com/hoophq/hoop>, `gateway/api/openapi/types.go` and `gateway/events/catalog.go`.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const HOOP: Table = Table {
    id: "hoop",
    title: "hoop.dev audit log, events and sessions",
    version: 2,
    known_by: &[
        "actor_subject resource_type http_path",
        "event_type payload.occurred_at",
        "event_type payload.connection",
        "connection start_date user identity_type",
        "connection start_date verb",
    ],
    fields: &[
        ("ts", &["created_at", "payload.occurred_at", "start_date"]),
        (
            "actor",
            &[
                "actor_email",
                "actor_name",
                "actor_subject",
                "payload.reviewer",
                "payload.user",
                "user",
                "user_name",
            ],
        ),
        ("action", &["action", "event_type", "verb"]),
        (
            "target",
            &[
                "{resource_type}/{resource_name}",
                "http_path",
                "resource_type",
                "payload.connection",
                "connection",
            ],
        ),
        ("outcome", &["outcome"]),
        (
            "reason",
            &[
                "http_status",
                "exit_code",
                "payload.exit_code",
                "payload.rule",
            ],
        ),
        ("ip", &["client_ip"]),
        ("session", &["payload.session_id", "correlation_id", "id"]),
        ("message", &["error_message", "payload.reason"]),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    let kind = leaves.get("event_type").unwrap_or_default();
    let ends = |words: &[&str]| words.iter().any(|w| kind.ends_with(w));
    let exit = leaves.get("exit_code").or(leaves.get("payload.exit_code"));
    // What ran says how it ended; what kind of event it is says whether somebody was let in or held up.
    if let Some(code) = exit.filter(|code| code.parse::<i64>().is_ok()) {
        event.outcome = match code {
            "0" => Outcome::Success,
            _ => Outcome::Failure,
        };
    } else if ends(&["_approved", "_granted"]) {
        event.outcome = Outcome::Success;
    } else if ends(&["_rejected", "_denied", "_blocked", "_violation"]) {
        event.outcome = Outcome::Failure;
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
