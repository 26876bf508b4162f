//! Google Cloud audit logs, as Cloud Logging exports them: one `LogEntry` with an `AuditLog` in `protoPayload`.
//!
//! The API servers of GKE write here too; then the method is `io.k8s.core.v1.pods.create`. An empty `status` is success.
//! Source: <https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const GCP_AUDIT: Table = Table {
    id: "gcp-audit",
    title: "Google Cloud audit logs",
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
        (
            "outcome",
            &[
                "protoPayload.status.code",
                "protoPayload.authorizationInfo.granted",
            ],
        ),
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
        ("message", &["protoPayload.status.message", "textPayload"]),
    ],
    outcomes: &[
        ("0", Outcome::Success),
        ("true", Outcome::Success),
        ("*", Outcome::Failure),
        ("", Outcome::Success),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, _: &Attributes) {
    // A login that failed has no status: its method says so.
    let failed =
        |method: &str| method.ends_with("loginFailure") || method.ends_with("login_failure");
    if event.action.as_deref().is_some_and(failed) {
        event.outcome = Outcome::Failure;
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
