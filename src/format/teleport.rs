//! Teleport audit events. The last letter of a code says how it went: I, W or E.
//!
//! Source: <https://goteleport.com/docs/reference/deployment/monitoring/audit/>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome, Severity};

pub(super) const TELEPORT: Table = Table {
    id: "teleport",
    title: "Teleport audit events",
    version: 2,
    known_by: &[
        "event code^=T uid",
        "event code^=t uid",
        "event code^=T time ei",
        "event code^=T time user",
    ],
    fields: &[
        ("ts", &["time"]),
        ("actor", &["user", "identity.user", "impersonator", "login"]),
        ("action", &["event"]),
        (
            "target",
            &[
                "[{login}@]{server_hostname}",
                "db_service",
                "[{kubernetes_cluster}/]{resource_name}",
                "kubernetes_cluster",
                "app_name",
                "path",
                "name",
                "[{login}@]{server_id}",
                "cluster_name",
            ],
        ),
        ("outcome", &["success"]),
        ("reason", &["code"]),
        ("ip", &["addr.remote", "identity.client_ip", "client_ip"]),
        ("host", &["server_hostname", "cluster_name"]),
        ("session", &["sid", "uid"]),
        ("message", &["error", "message"]),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    let code = leaves.get("code").unwrap_or_default();
    let (severity, outcome) = match code.as_bytes().last() {
        Some(b'I') => (Severity::Info, Outcome::Success),
        Some(b'W') => (Severity::Warning, Outcome::Failure),
        Some(b'E') => (Severity::Err, Outcome::Failure),
        _ => return,
    };
    event.severity = Some(severity);
    if event.outcome == Outcome::Unknown {
        event.outcome = outcome;
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
    // Never set is written so.
    if leaves
        .get("time")
        .is_some_and(|t| t.starts_with("0001-01-01"))
    {
        event.ts = None;
    }
}
