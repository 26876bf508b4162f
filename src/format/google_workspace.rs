//! Google Workspace reports (admin, login, drive, token, …): one activity, which may hold several events.
//!
//! Source: <https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const GOOGLE_WORKSPACE: Table = Table {
    id: "google-workspace",
    title: "Google Workspace activity reports",
    known_by: &[
        "kind=admin#reports#activity",
        "kind=reports#activity",
        "id.applicationName actor.",
        "id.applicationName id.uniqueQualifier",
    ],
    fields: &[
        ("ts", &["id.time"]),
        ("actor", &["actor.email", "actor.key", "actor.profileId"]),
        ("action", &["events.name", "name"]),
        (
            "target",
            &[
                "parameters.USER_EMAIL",
                "parameters.doc_title",
                "parameters.ROLE_NAME",
                "parameters.app_name",
                "events.parameters.value",
                "id.applicationName",
            ],
        ),
        ("ip", &["ipAddress"]),
        ("session", &["id.uniqueQualifier"]),
    ],
    each: Some("events.name"),
    finish,
    ..Table::EMPTY
};

/// The name of an event is all there is.
fn finish(event: &mut Event, _: &Attributes) {
    let name = event.action.as_deref().unwrap_or_default();
    let ends = |words: &[&str]| words.iter().any(|w| name.ends_with(w));
    event.outcome = if ends(&["_failure", "_failed", "_denied", "_blocked"]) {
        Outcome::Failure
    } else if ends(&["_success", "_passed"]) {
        Outcome::Success
    } else {
        Outcome::Unknown
    };
}
