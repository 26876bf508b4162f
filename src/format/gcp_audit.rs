//! Google Cloud audit logs, as Cloud Logging exports them: one `LogEntry` with an `AuditLog` in `protoPayload`.
//!
//! The API servers of GKE write here too; then the method is `io.k8s.core.v1.pods.create`. An empty `status` is success.
//! Source: <https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog>.

use super::mapped::Table;
use super::several::named;
use crate::event::{Attributes, Event, Outcome};

/// Where the audit log of Workspace puts what happened.
const EVENTS: &str = "protoPayload.metadata.event";

pub(super) const GCP_AUDIT: Table = Table {
    id: "gcp-audit",
    title: "Google Cloud audit logs",
    version: 2,
    known_by: &[
        "protoPayload.@type=type.googleapis.com/google.cloud.audit.AuditLog",
        "protoPayload.methodName protoPayload.serviceName",
        "protoPayload.methodName protoPayload.authenticationInfo.",
        "protoPayload.methodName logName",
        "protoPayload. logName^=projects/",
    ],
    fields: &[
        ("ts", &["timestamp", "receiveTimestamp"]),
        (
            "actor",
            &[
                "protoPayload.authenticationInfo.principalEmail",
                "protoPayload.authenticationInfo.principalSubject",
            ],
        ),
        ("action", &["protoPayload.methodName"]),
        (
            "target",
            &[
                "protoPayload.resourceName",
                "protoPayload.authorizationInfo.resource",
                "resource.type",
            ],
        ),
        ("outcome", &["protoPayload.status.code"]),
        ("reason", &["protoPayload.status.code"]),
        (
            "ip",
            &[
                "protoPayload.requestMetadata.callerIp",
                "protoPayload.requestMetadata.callerIP",
            ],
        ),
        (
            "host",
            &["resource.labels.cluster_name", "resource.labels.project_id"],
        ),
        ("session", &["operation.id", "insertId"]),
        ("severity", &["severity"]),
        (
            "message",
            &[
                "protoPayload.status.message",
                "textPayload",
                "protoPayload.metadata.event.eventName",
            ],
        ),
    ],
    outcomes: &[
        ("0", Outcome::Success),
        ("*", Outcome::Failure),
        ("", Outcome::Success),
    ],
    each: Some(EVENTS),
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // A request may need several permissions: one refused is enough.
    let granted = || leaves.all("protoPayload.authorizationInfo.granted");
    if event.outcome == Outcome::Success && granted().any(|g| g.text == "false") {
        event.outcome = Outcome::Failure;
        event.reason = Some("not granted".into());
    }
    // A login that failed has no status: its method says so.
    let failed =
        |method: &str| method.ends_with("loginFailure") || method.ends_with("login_failure");
    if event.action.as_deref().is_some_and(failed) {
        event.outcome = Outcome::Failure;
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
    let parameter = |wanted: &[&str]| named(leaves, PARAMETERS, "name", wanted);
    if let Some(name) = parameter(&MOST_TELLING) {
        event.target = Some(match (parameter(&["GROUP_EMAIL"]), name) {
            (Some(group), user) if user != group => format!("{group}/{user}"),
            _ => name.to_owned(),
        });
    }
}

const PARAMETERS: &str = "protoPayload.metadata.event.parameter";

/// Parameters that name what a Workspace event was about, most telling first.
const MOST_TELLING: [&str; 9] = [
    "USER_EMAIL",
    "affected_email_address",
    "GROUP_EMAIL",
    "INBOUND_SSO_PROFILE_NAME",
    "ROLE_NAME",
    "APPLICATION_NAME",
    "SETTING_NAME",
    "DOMAIN_NAME",
    "ORG_UNIT_NAME",
];
