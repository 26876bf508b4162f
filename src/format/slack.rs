//! Slack audit logs API. Times are seconds since 1970.
//!
//! Source: <https://docs.slack.dev/admins/audit-logs-api/>.

use super::mapped::Table;

pub(super) const SLACK: Table = Table {
    id: "slack",
    title: "Slack audit logs",
    known_by: &[
        "action entity.type actor.type",
        "action date_create",
        "action entity.type context.",
        "action actor.user. context.location.",
    ],
    fields: &[
        ("ts", &["date_create"]),
        (
            "actor",
            &["actor.user.email", "actor.user.name", "actor.user.id"],
        ),
        ("action", &["action"]),
        (
            "target",
            &[
                "entity.user.email",
                "entity.user.name",
                "entity.channel.name",
                "entity.file.title",
                "entity.file.name",
                "entity.app.name",
                "entity.workflow.name",
                "entity.usergroup.name",
                "entity.role.name",
                "entity.workspace.name",
                "entity.enterprise.name",
                "entity.type",
            ],
        ),
        ("ip", &["context.ip_address"]),
        (
            "host",
            &["context.location.domain", "context.location.name"],
        ),
        ("session", &["context.session_id", "id"]),
        ("message", &["details.reason"]),
    ],
    ..Table::EMPTY
};
