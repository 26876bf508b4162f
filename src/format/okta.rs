//! Okta System Log. `CHALLENGE` and `SKIPPED` are neither success nor failure.
//!
//! Source: <https://developer.okta.com/docs/reference/api/system-log/>.

use super::mapped::Table;
use crate::event::{Attributes, Event};

pub(super) const OKTA: Table = Table {
    id: "okta",
    title: "Okta System Log",
    version: 2,
    known_by: &[
        "eventType published actor.",
        "eventType actor.alternateId",
        "eventType legacyEventType",
        "eventType outcome.result",
        "eventType debugContext.",
        "eventType displayMessage",
    ],
    fields: &[
        ("ts", &["published"]),
        (
            "actor",
            &["actor.alternateId", "actor.displayName", "actor.id"],
        ),
        ("action", &["eventType"]),
        (
            "target",
            &["target.alternateId", "target.displayName", "target.id"],
        ),
        ("outcome", &["outcome.result"]),
        ("reason", &["outcome.reason"]),
        ("ip", &["client.ipAddress", "request.ipChain.ip"]),
        (
            "session",
            &[
                "authenticationContext.externalSessionId",
                "transaction.id",
                "uuid",
            ],
        ),
        ("severity", &["severity"]),
        ("message", &["displayMessage"]),
    ],
    finish,
    ..Table::EMPTY
};

/// Okta writes `unknown` where it knows nothing.
fn finish(event: &mut Event, leaves: &Attributes) {
    let known = |paths: &[&str]| {
        let values = paths.iter().flat_map(|path| leaves.all(path));
        let mut told = values.map(|v| v.text).filter(|t| !is_nothing(t));
        told.next().map(str::to_owned)
    };
    for (field, paths) in [
        (&mut event.actor, &["actor.displayName", "actor.id"][..]),
        (
            &mut event.target,
            &["target.alternateId", "target.displayName", "target.id"],
        ),
        (&mut event.session, &["uuid"]),
    ] {
        if field.as_deref().is_some_and(is_nothing) {
            *field = known(paths);
        }
    }
}

fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "unknown" | "null")
}
