//! Microsoft 365 unified audit log, as the management API and exports of it give it out: JSON, or CSV with the record as
//! JSON in a column. Times are UTC, without a zone.
//!
//! Source: <https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-schema>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const M365: Table = Table {
    id: "m365",
    title: "Microsoft 365 unified audit log",
    known_by: &[
        "CreationTime Operation UserId",
        "CreationTime Operation RecordType",
        "CreationTime Operation Workload",
        "Operation OfficeWorkload UserId",
        "Operation RecordType UserKey",
    ],
    fields: &[
        ("ts", &["CreationTime", "TimeGenerated", "CreationDate"]),
        (
            "actor",
            &["UserId", "MailboxOwnerUPN", "UserIds", "UserKey"],
        ),
        ("action", &["Operation", "Operations"]),
        (
            "target",
            &[
                "ObjectId",
                "OfficeObjectId",
                "SourceFileName",
                "TargetUserOrGroupName",
                "MailboxOwnerUPN",
                "SiteUrl",
                "Target.ID",
                "Workload",
                "OfficeWorkload",
            ],
        ),
        ("outcome", &["ResultStatus"]),
        ("reason", &["LogonError", "ErrorNumber", "ResultStatus"]),
        (
            "ip",
            &[
                "ClientIP",
                "ClientIPAddress",
                "ActorIpAddress",
                "Client_IPAddress",
            ],
        ),
        ("host", &["OrganizationName", "OriginatingServer"]),
        (
            "session",
            &[
                "SessionId",
                "AppAccessContext.AADSessionId",
                "DeviceProperties.SessionId",
                "InterSystemsId",
                "Id",
            ],
        ),
        ("message", &["LogonError"]),
    ],
    version: 2,
    column: Some("AuditData"),
    finish,
    ..Table::EMPTY
};

/// A sign-in that failed has `ResultStatus: Success` beside it: the request was handled.
fn finish(event: &mut Event, leaves: &Attributes) {
    let failed = |operation: &str| operation.ends_with("Failed") || operation.ends_with("Failure");
    if leaves.get("LogonError").is_some() || event.action.as_deref().is_some_and(failed) {
        event.outcome = Outcome::Failure;
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
