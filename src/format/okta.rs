//! Okta System Log. `CHALLENGE` and `SKIPPED` are neither success nor failure.
//!
//! Source: <https://developer.okta.com/docs/reference/api/system-log/>.

use super::mapped::Table;

pub(super) const OKTA: Table = Table {
    id: "okta",
    title: "Okta System Log",
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
    ..Table::EMPTY
};
