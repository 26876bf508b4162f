//! Azure Activity Log: as diagnostic settings write it, as the REST API and the SDKs give it out, and as Log Analytics keeps
//! it; with it the resource logs that have the same envelope (storage).
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
        "operationName callerIpAddress uri category^=Storage",
        "OperationNameValue ActivityStatusValue",
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
                "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
                "properties.userPrincipalName",
                "identity.UserName",
                "caller",
                // What cannot be typed, but searched: an application, an object of the directory, the key of a signature.
                "identity.claims.appid",
                "identity.claims.http://schemas.microsoft.com/identity/claims/objectidentifier",
                "identity.requester.objectId",
                "identity.authorization.evidence.principalId",
                "identity.tokenHash",
            ],
        ),
        (
            "action",
            &[
                "operationName.value",
                "operation_name.value",
                "OperationNameValue",
                "operationName",
                "authorization.action",
            ],
        ),
        (
            "target",
            &[
                // A blob is in a container of an account; the resource is the account.
                "properties.objectKey",
                "resourceId",
                "resource_id",
                "_ResourceId",
                "authorization.scope",
                "uri",
            ],
        ),
        (
            "outcome",
            &[
                "resultType",
                "status.value",
                "ActivityStatusValue",
                "properties.statusCode",
                "statusCode",
                "resultSignature",
                "properties.metricResponseType",
            ],
        ),
        (
            "reason",
            &[
                "statusText",
                "resultSignature",
                "subStatus.value",
                "sub_status.value",
                "ActivitySubstatusValue",
                "properties.statusCode",
                "statusCode",
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
    version: 2,
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // `None`, in all these fields, is the word for nothing.
    if event.outcome == Outcome::Failure && event.reason.as_deref() == Some("None") {
        let codes = ["properties.statusCode", "statusCode", "resultType"];
        let code = codes.iter().find_map(|path| leaves.get(path));
        event.reason = code.map(str::to_owned);
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
