//! Google Workspace reports (admin, login, drive, token, …): one activity, which may hold several events.
//!
//! Source: <https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities>.

use super::mapped::Table;
use super::several::named;
use crate::event::{Attributes, Event, Outcome};

pub(super) const GOOGLE_WORKSPACE: Table = Table {
    id: "google-workspace",
    title: "Google Workspace activity reports",
    version: 2,
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
        // Parameters that were made members, as data lakes do; those of the API are pairs: see `finish`.
        (
            "target",
            &[
                "[{parameters.USER_EMAIL}/]{parameters.ROLE_NAME}",
                "parameters.USER_EMAIL",
                "parameters.GROUP_EMAIL",
                "[{parameters.doc_title}/]{parameters.target_user}",
                "parameters.doc_title",
                "parameters.doc_id",
                "[{parameters.APPLICATION_NAME}/]{parameters.SETTING_NAME}",
                "parameters.APPLICATION_NAME",
                "parameters.app_name",
                "parameters.DOMAIN_NAME",
                "parameters.calendar_id",
                "parameters.email_forwarding_destination_address",
                "parameters.message_info.destination.address",
                "parameters.MOBILE_APP_PACKAGE_ID",
                "id.applicationName",
            ],
        ),
        ("outcome", &["parameters.event_info.success"]),
        ("reason", &["parameters.login_failure_type"]),
        ("ip", &["ipAddress"]),
        ("session", &["id.uniqueQualifier"]),
    ],
    each: Some("events"),
    finish,
    ..Table::EMPTY
};

/// Parameters that name what an event was about, most telling first.
const MOST_TELLING: [&str; 20] = [
    "USER_EMAIL",
    "GROUP_EMAIL",
    "affected_email_address",
    "doc_title",
    "doc_id",
    "ROLE_NAME",
    "SETTING_NAME",
    "APPLICATION_NAME",
    "app_name",
    "client_id",
    "DOMAIN_NAME",
    "calendar_id",
    "group_email",
    "group_id",
    "shared_drive_id",
    "email_forwarding_destination_address",
    "MOBILE_APP_PACKAGE_ID",
    "DEVICE_ID",
    "ORG_UNIT_NAME",
    "resource_id",
];

/// How it went is told by an event's name alone.
fn finish(event: &mut Event, leaves: &Attributes) {
    let parameter = |wanted: &[&str]| {
        let value = named(leaves, "events.parameters", "name", wanted);
        value.map(str::to_owned)
    };
    event.target = parameter(&MOST_TELLING).or(event.target.take());
    event.reason = parameter(&["login_failure_type"]).or(event.reason.take());
    let name = event.action.as_deref().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let ends = |words: &[&str]| words.iter().any(|w| name.ends_with(w));
    if ends(&["_failure", "_failed", "_denied", "_blocked"]) {
        event.outcome = Outcome::Failure;
    } else if ends(&["_success", "_succeeded", "_passed"]) {
        event.outcome = Outcome::Success;
    }
}
