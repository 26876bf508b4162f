//! Elastic Common Schema: what Auditbeat, Filebeat, Winlogbeat and the ECS loggers write, and auditty's own ECS export.
//!
//! Source: <https://www.elastic.co/docs/reference/ecs>.

use super::mapped::Table;
use super::windows_event;
use crate::event::{Attributes, Event, Outcome};

pub(super) const ECS: Table = Table {
    id: "ecs",
    title: "Elastic Common Schema (Auditbeat, Filebeat, Winlogbeat)",
    known_by: &[
        "@timestamp ecs.version",
        "@timestamp event.kind event.category",
        "@timestamp event.module",
        "@timestamp event.dataset",
        "@timestamp event.action event.outcome",
        "@timestamp agent.type agent.version",
    ],
    fields: &[
        ("ts", &["@timestamp", "event.created"]),
        (
            "actor",
            &[
                "user.email",
                "user.name",
                "client.user.name",
                "source.user.name",
                // As Auditbeat wrote it before it wrote ECS.
                "user.name_map.auid",
                "user.name_map.uid",
                "user.id",
            ],
        ),
        (
            "action",
            &["event.action", "event.code", "event.type", "event.dataset"],
        ),
        (
            "target",
            &[
                "user.target.name",
                "user.changes.name",
                "destination.user.name",
                "file.path",
                "process.executable",
                "url.path",
                "url.original",
                "destination.domain",
                "group.name",
                "service.name",
            ],
        ),
        ("outcome", &["event.outcome", "auditd.result"]),
        (
            "reason",
            &["event.reason", "error.code", "http.response.status_code"],
        ),
        ("ip", &["source.ip", "client.ip"]),
        (
            "host",
            &[
                "host.name",
                "host.hostname",
                "observer.name",
                "agent.name",
                "beat.hostname",
            ],
        ),
        (
            "session",
            &["trace.id", "session.id", "auditd.session", "event.id"],
        ),
        (
            "severity",
            &["log.level", "log.syslog.severity.code", "event.severity"],
        ),
        ("message", &["message", "error.message"]),
    ],
    version: 2,
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // Without its Security module, Winlogbeat leaves the record's own data to the reader.
    if leaves.get("winlog.event_id").is_some() {
        windows_event::complete(event, leaves);
    }
    // The kernel's word for processes that nobody logged in for.
    if event.session.as_deref() == Some("unset") {
        event.session = None;
    }
    // A status is there whatever the outcome.
    if event.outcome == Outcome::Success {
        event.reason = None;
    }
}
