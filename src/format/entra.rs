//! Microsoft Entra ID: sign-ins and directory audit, from diagnostic settings, Microsoft Graph and Log Analytics.
//!
//! Error code 0 is success. Some codes only interrupt a sign-in for another step (a second factor, consent, "keep me signed
//! in"); the portal shows those as `Interrupted`, and here they are neither success nor failure, with the code as reason.
//! An expired password or a session that does not fit is a failure: nothing was opened by it.
//! Sources: <https://learn.microsoft.com/en-us/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema>,
//! <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>.

use super::mapped::Table;
use super::record::leaves_inside;
use crate::event::{Attributes, Event, Outcome, Severity};

pub(super) const ENTRA: Table = Table {
    id: "entra",
    title: "Microsoft Entra ID sign-ins and audit",
    known_by: &[
        "resourceId^=/tenants/ operationName",
        "resourceId^=/TENANTS/ operationName",
        "Type=SigninLogs OperationName",
        "Type=AuditLogs OperationName",
        "category=SignInLogs",
        "category=NonInteractiveUserSignInLogs",
        "category=ServicePrincipalSignInLogs",
        "category=ManagedIdentitySignInLogs",
        "category=AuditLogs operationName",
        "category=MicrosoftGraphActivityLogs properties.",
        "properties.activityDisplayName properties.initiatedBy.",
        "activityDisplayName initiatedBy. activityDateTime",
        "createdDateTime userPrincipalName appDisplayName",
        "properties.userPrincipalName properties.appDisplayName",
    ],
    fields: &[
        (
            "ts",
            &[
                "time",
                "properties.createdDateTime",
                "createdDateTime",
                "properties.activityDateTime",
                "activityDateTime",
                "TimeGenerated",
            ],
        ),
        (
            "actor",
            &[
                "properties.userPrincipalName",
                "properties.initiatedBy.user.userPrincipalName",
                "initiatedBy.user.userPrincipalName",
                "userPrincipalName",
                "properties.servicePrincipalName",
                "properties.initiatedBy.app.displayName",
                "initiatedBy.app.displayName",
                "properties.initiatedBy.user.displayName",
                "initiatedBy.user.displayName",
                "servicePrincipalName",
                "identity",
                "properties.userId",
                "properties.appId",
            ],
        ),
        (
            "action",
            &[
                // Graph activity has one name for everything.
                "properties.requestMethod",
                "properties.activityDisplayName",
                "activityDisplayName",
                "operationName",
                "=Sign-in activity",
            ],
        ),
        (
            "target",
            &[
                "properties.targetResources.userPrincipalName",
                "properties.targetResources.displayName",
                "targetResources.userPrincipalName",
                "targetResources.displayName",
                // What was signed in to, as the portal lists it; the resource is an API behind it.
                "properties.appDisplayName",
                "properties.resourceDisplayName",
                "appDisplayName",
                "resourceDisplayName",
                "properties.requestUri",
                "properties.targetResources.id",
                "resourceId",
            ],
        ),
        (
            "outcome",
            &[
                "properties.status.errorCode",
                "status.errorCode",
                "properties.result",
                "result",
                "resultType",
                "properties.responseStatusCode",
            ],
        ),
        (
            "reason",
            &[
                "properties.status.errorCode",
                "status.errorCode",
                "properties.resultReason",
                "resultReason",
                "resultType",
                "properties.responseStatusCode",
            ],
        ),
        (
            "ip",
            &[
                "properties.ipAddress",
                "ipAddress",
                "properties.initiatedBy.user.ipAddress",
                "callerIpAddress",
                "initiatedBy.user.ipAddress",
            ],
        ),
        (
            "session",
            &[
                "correlationId",
                "properties.correlationId",
                "properties.id",
                "id",
            ],
        ),
        (
            "message",
            &[
                "properties.status.failureReason",
                "status.failureReason",
                "resultDescription",
            ],
        ),
        ("severity", &["level"]),
    ],
    version: 2,
    severities: &[
        ("1", Severity::Crit),
        ("2", Severity::Err),
        ("3", Severity::Warning),
        ("4", Severity::Info),
        ("5", Severity::Debug),
    ],
    outcomes: &[
        ("0", Outcome::Success),
        // Interrupts: more proof asked, keep me signed in, a redirect, a chosen account, consent.
        ("50058", Outcome::Unknown),
        ("50072", Outcome::Unknown),
        ("50074", Outcome::Unknown),
        ("50076", Outcome::Unknown),
        ("50079", Outcome::Unknown),
        ("50097", Outcome::Unknown),
        ("50125", Outcome::Unknown),
        ("50127", Outcome::Unknown),
        ("50129", Outcome::Unknown),
        ("50140", Outcome::Unknown),
        ("50158", Outcome::Unknown),
        ("50199", Outcome::Unknown),
        ("51006", Outcome::Unknown),
        ("52004", Outcome::Unknown),
        ("65001", Outcome::Unknown),
        ("16000", Outcome::Unknown),
        ("16001", Outcome::Unknown),
        ("success", Outcome::Success),
        ("failure", Outcome::Failure),
        ("timeout", Outcome::Failure),
        ("None", Outcome::Unknown),
        ("unknownFutureValue", Outcome::Unknown),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    let code = leaves
        .get("properties.status.errorCode")
        .or(leaves.get("status.errorCode"))
        .or(leaves.get("resultType"))
        .or(leaves.get("ResultType"));
    // Any other number is an error's.
    if let Some(number) = code.and_then(|c| c.parse::<u32>().ok())
        && number != 0
        && !ENTRA.outcomes.iter().any(|(word, _)| Some(*word) == code)
    {
        event.outcome = Outcome::Failure;
    }
    if event.outcome == Outcome::Success {
        event.reason = None;
        // Stands where there is nothing to tell.
        event.message = event.message.take().filter(|message| message != "Other.");
    }
    // Log Analytics keeps these as JSON inside a string.
    if event.actor.is_none()
        && let Some(by) = leaves.get("InitiatedBy").and_then(leaves_inside)
    {
        let name = by
            .get("user.userPrincipalName")
            .or(by.get("app.displayName"));
        event.actor = name.map(str::to_owned);
        if let Some(address) = by.get("user.ipAddress") {
            super::record::add_address(event, address);
        }
    }
    if let Some(on) = leaves.get("TargetResources").and_then(leaves_inside) {
        let name = on.get("userPrincipalName").or(on.get("displayName"));
        if let Some(name) = name {
            event.target = Some(name.to_owned());
        }
    }
}
