//! GitLab: audit events (`audit_json.log`, the audit events API and streams) and requests (`production_json.log`).
//!
//! Keys such as `meta.user` have a dot of their own. Audit events name no outcome; a request has its HTTP status.
//! Source: <https://docs.gitlab.com/administration/logs/>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const GITLAB: Table = Table {
    id: "gitlab",
    title: "GitLab audit events and requests",
    version: 3,
    known_by: &[
        "author_id entity_id entity_type",
        "author_name entity_type",
        "author_name entity_path",
        "correlation_id meta.user",
        "correlation_id meta.caller_id",
        "controller action remote_ip correlation_id",
        "detail.custom_message",
        "details.custom_message author_id",
    ],
    fields: &[
        ("ts", &["created_at", "time"]),
        (
            "actor",
            &[
                "author_name",
                "details.author_name",
                "username",
                "meta.user",
                "author_id",
            ],
        ),
        (
            "action",
            &[
                "event_type",
                "event_name",
                "[{controller}#]{action}",
                "details.event_name",
                "change",
                "details.change",
                "add {details.add}",
                "remove {details.remove}",
                "custom_message",
                "details.custom_message",
                "detail.custom_message",
                "method",
            ],
        ),
        (
            "target",
            &[
                "[{target_type}/]{target_details}",
                "[{details.target_type}/]{details.target_details}",
                "detail.target_details",
                "entity_path",
                "details.entity_path",
                "path",
                "{entity_type}/{entity_id}",
            ],
        ),
        ("outcome", &["status"]),
        ("reason", &["status"]),
        (
            "ip",
            &[
                "ip_address",
                "details.ip_address",
                "remote_ip",
                "meta.remote_ip",
            ],
        ),
        ("session", &["correlation_id", "id"]),
        ("severity", &["severity"]),
        (
            "message",
            &[
                "custom_message",
                "details.custom_message",
                "detail.custom_message",
                "message",
            ],
        ),
    ],
    finish,
    ..Table::EMPTY
};

/// An audit event tells of a failed login alone, by its name or by how it was tried.
fn finish(event: &mut Event, leaves: &Attributes) {
    let how = leaves
        .get("details.failed_login")
        .or(leaves.get("failed_login"));
    let named = |action: &String| action.starts_with("login_failed");
    if how.is_some() || event.action.as_ref().is_some_and(named) {
        event.outcome = Outcome::Failure;
        event.action.get_or_insert_with(|| "failed_login".into());
        event.reason = event.reason.take().or(how.map(str::to_owned));
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
