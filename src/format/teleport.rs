//! Teleport audit events. The last letter of a code says how it went: I, W or E.
//!
//! Source: <https://goteleport.com/docs/reference/deployment/monitoring/audit/>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome, Severity};

pub(super) const TELEPORT: Table = Table {
    id: "teleport",
    title: "Teleport audit events",
    version: 3,
    known_by: &[
        "event code^=T uid",
        "event code^=t uid",
        "event code^=T time ei",
        "event code^=T time user",
    ],
    fields: &[
        ("ts", &["time"]),
        ("actor", &["user", "identity.user", "impersonator"]),
        ("action", &["event"]),
        (
            "target",
            &[
                "[{login}@]{server_hostname}",
                "{db_service}[/{db_name}]",
                "[{kubernetes_cluster}/]{resource_name}",
                "kubernetes_cluster",
                "app_name",
                "path",
                "target.user",
                "name",
                "[{login}@]{server_id}",
                "cluster_name",
            ],
        ),
        ("outcome", &["success"]),
        ("reason", &["code"]),
        (
            "ip",
            &[
                "addr.remote",
                "addr_remote",
                "identity.client_ip",
                "client_ip",
            ],
        ),
        ("host", &["server_hostname", "cluster_name"]),
        ("session", &["sid", "uid"]),
        ("message", &["error", "message"]),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // Never set is written so.
    let never = |time: &str| time.starts_with("0001-01-01");
    if leaves.get("time").is_some_and(never) {
        event.ts = None;
    }
    let code = leaves.get("code").unwrap_or_default();
    let told = match code.as_bytes().last().map(u8::to_ascii_uppercase) {
        Some(b'I') => Some((Severity::Info, Outcome::Success)),
        Some(b'W') => Some((Severity::Warning, Outcome::Failure)),
        Some(b'E') => Some((Severity::Err, Outcome::Failure)),
        _ => None,
    };
    event.severity = told.map(|(severity, _)| severity);
    if let Some((_, outcome)) = told
        && event.outcome == Outcome::Unknown
    {
        event.outcome = outcome;
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
