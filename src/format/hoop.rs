//! hoop.dev: the gateway's security audit log, its events, and sessions.
//!
//! Source: <https://github.com/hoophq/hoop>, `gateway/api/openapi/types.go` and `gateway/events/catalog.go`.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const HOOP: Table = Table {
    id: "hoop",
    title: "hoop.dev audit log, events and sessions",
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
        ("outcome", &["outcome", "exit_code", "status"]),
        ("reason", &["http_status", "exit_code"]),
        ("ip", &["client_ip"]),
        ("session", &["payload.session_id", "correlation_id", "id"]),
        ("message", &["error_message"]),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // What kind of event it is says whether somebody was let in.
    if let Some(kind) = leaves.get("event_type") {
        event.outcome = if kind.ends_with("_approved") || kind.ends_with("_granted") {
            Outcome::Success
        } else if kind.ends_with("_rejected")
            || kind.ends_with("_denied")
            || kind.ends_with("_blocked")
        {
            Outcome::Failure
        } else {
            Outcome::Unknown
        };
    }
}
