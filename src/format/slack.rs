//! Slack audit logs API. Times are seconds since 1970.
//!
//! Source: <https://docs.slack.dev/admins/audit-logs-api/>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const SLACK: Table = Table {
    id: "slack",
    title: "Slack audit logs",
    version: 2,
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
                "entity.user.id",
                "entity.channel.id",
                "entity.file.id",
                "entity.app.id",
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
    finish,
    ..Table::EMPTY
};

/// Only the name of an action tells of a failure: `user_login_failed`.
fn finish(event: &mut Event, _: &Attributes) {
    let failed = |action: &str| action.ends_with("_failed") || action.ends_with("_denied");
    if event.action.as_deref().is_some_and(failed) {
        event.outcome = Outcome::Failure;
    }
}
