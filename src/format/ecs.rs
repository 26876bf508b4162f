//! Elastic Common Schema: what Auditbeat, Filebeat, Winlogbeat and the ECS loggers write, and auditty's own ECS export.
//!
//! Source: <https://www.elastic.co/docs/reference/ecs>.

use super::mapped::Table;

pub(super) const ECS: Table = Table {
    id: "ecs",
    title: "Elastic Common Schema (Auditbeat, Filebeat, Winlogbeat)",
    known_by: &[
        "@timestamp ecs.version",
        "@timestamp event.kind event.category",
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
                "winlog.event_data.SubjectUserName",
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
        ("outcome", &["event.outcome"]),
        (
            "reason",
            &["event.reason", "error.code", "http.response.status_code"],
        ),
        ("ip", &["source.ip", "client.ip"]),
        (
            "host",
            &["host.name", "host.hostname", "observer.name", "agent.name"],
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
    ..Table::EMPTY
};
