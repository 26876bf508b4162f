//! Keycloak events: of users (`LOGIN_ERROR`) and of administrators (`CREATE` of a resource).
//!
//! Source: <https://www.keycloak.org/docs/latest/server_admin/#configuring-auditing-to-track-events>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const KEYCLOAK: Table = Table {
    id: "keycloak",
    title: "Keycloak user and admin events",
    version: 2,
    known_by: &[
        "realmId clientId type time",
        "realmId operationType resourcePath",
        "realmName clientId type time",
        // A login of nobody the realm knows has no client or user.
        "realmId type time ipAddress",
        "realmId type time details.",
        "realmId type time error",
        "realmId authDetails. operationType",
    ],
    fields: &[
        ("ts", &["time", "timestamp"]),
        (
            "actor",
            &[
                "details.username",
                "authDetails.username",
                "username",
                "userId",
                "authDetails.userId",
            ],
        ),
        ("action", &["operationType", "type"]),
        (
            "target",
            &[
                "resourcePath",
                "resourceType",
                "clientId",
                "details.redirect_uri",
            ],
        ),
        ("outcome", &["error"]),
        ("reason", &["error"]),
        ("ip", &["ipAddress", "authDetails.ipAddress"]),
        ("host", &["realmName", "realmId"]),
        ("session", &["sessionId", "details.code_id", "id"]),
        ("message", &["error"]),
    ],
    outcomes: &[("*", Outcome::Failure), ("", Outcome::Success)],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    if leaves.get("type").is_some_and(|t| t.ends_with("_ERROR")) {
        event.outcome = Outcome::Failure;
    }
}
