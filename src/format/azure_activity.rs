//! Azure Activity Log: as diagnostic settings write it, and as the REST API gives it out.
//!
//! Source: <https://learn.microsoft.com/en-us/azure/azure-monitor/platform/activity-log-schema>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome, Severity};

pub(super) const AZURE_ACTIVITY: Table = Table {
    id: "azure-activity",
    title: "Azure Activity Log and resource logs",
    known_by: &[
        "resourceId^=/subscriptions/ operationName",
        "resourceId^=/SUBSCRIPTIONS/ operationName",
        "resourceId category=Administrative",
        "resourceId category^=Storage operationName",
        "resourceId^=/providers/ operationName",
        "operationName.value resourceId",
        "operation_name. resource_id",
        "eventTimestamp operationName.",
        "authorization.action caller",
    ],
    fields: &[
        (
            "ts",
            &["time", "eventTimestamp", "event_timestamp", "TimeGenerated"],
        ),
        (
            "actor",
            &[
                "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
                "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
                "claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
                "identity.claims.upn",
                "identity.claims.name",
                "identity.claim.upn",
                "properties.userPrincipalName",
                "identity.UserName",
                "caller",
                "identity.claims.appid",
            ],
        ),
        (
            "action",
            &[
                "operationName.value",
                "operation_name.value",
                "operationName",
                "authorization.action",
            ],
        ),
        (
            "target",
            &[
                "resourceId",
                "resource_id",
                "authorization.scope",
                "properties.objectKey",
            ],
        ),
        (
            "outcome",
            &[
                "resultType",
                "status.value",
                "properties.statusCode",
                "statusCode",
                "resultSignature",
            ],
        ),
        (
            "reason",
            &[
                "resultSignature",
                "subStatus.value",
                "sub_status.value",
                "resultType",
            ],
        ),
        (
            "ip",
            &[
                "callerIpAddress",
                "httpRequest.clientIpAddress",
                "http_request.client_ip_address",
            ],
        ),
        (
            "session",
            &[
                "correlationId",
                "correlation_id",
                "eventDataId",
                "event_data_id",
            ],
        ),
        ("severity", &["level", "Level"]),
        (
            "message",
            &[
                "properties.statusMessage",
                "resultDescription",
                "description",
                "properties.message",
            ],
        ),
    ],
    // A long operation begins with `Start` or `Accept`, which says nothing of its end.
    outcomes: &[
        ("Start", Outcome::Unknown),
        ("Started", Outcome::Unknown),
        ("Accept", Outcome::Unknown),
        ("Accepted", Outcome::Unknown),
        ("Active", Outcome::Unknown),
        ("Resolved", Outcome::Unknown),
    ],
    severities: &[
        ("1", Severity::Crit),
        ("2", Severity::Err),
        ("3", Severity::Warning),
        ("4", Severity::Info),
        ("5", Severity::Debug),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, _: &Attributes) {
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
