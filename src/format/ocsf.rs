//! Open Cybersecurity Schema Framework: events of any product in its classes.
//!
//! Source: <https://schema.ocsf.io/>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome, Severity};

pub(super) const OCSF: Table = Table {
    id: "ocsf",
    title: "Open Cybersecurity Schema Framework (OCSF)",
    known_by: &[
        "class_uid metadata.",
        "class_uid category_uid",
        "type_uid activity_id",
    ],
    fields: &[
        (
            "ts",
            &[
                "time_dt",
                "time",
                "finding_info.created_time_dt",
                "finding_info.created_time",
                "event_time",
            ],
        ),
        (
            "actor",
            &[
                "actor.user.email_addr",
                "actor.user.name",
                "actor.user.uid",
                "user.email_addr",
                "user.name",
                "actor.session.issuer",
                "actor.process.user.name",
                "actor.invoked_by",
            ],
        ),
        (
            "action",
            &[
                "api.operation",
                "activity_name",
                "type_name",
                "class_name",
                "metadata.event_code",
            ],
        ),
        (
            "target",
            &[
                "resources.uid",
                "resources.name",
                "dst_endpoint.hostname",
                "user.name",
                "query.hostname",
                "process.file.path",
                "file.path",
                "dst_endpoint.ip",
                "api.service.name",
            ],
        ),
        ("outcome", &["status_id", "status"]),
        (
            "reason",
            &["status_code", "status_detail", "api.response.code"],
        ),
        ("ip", &["src_endpoint.ip"]),
        ("host", &["device.hostname", "cloud.account.uid"]),
        (
            "session",
            &["metadata.correlation_uid", "session.uid", "metadata.uid"],
        ),
        ("severity", &["severity_id"]),
        (
            "message",
            &["message", "finding_info.title", "status_detail"],
        ),
    ],
    outcomes: &[
        ("0", Outcome::Unknown),
        ("1", Outcome::Success),
        ("2", Outcome::Failure),
        ("99", Outcome::Unknown),
    ],
    severities: &[
        ("0", Severity::Info),
        ("1", Severity::Info),
        ("2", Severity::Notice),
        ("3", Severity::Warning),
        ("4", Severity::Err),
        ("5", Severity::Crit),
        ("6", Severity::Emerg),
        ("99", Severity::Info),
    ],
    version: 3,
    finish,
    ..Table::EMPTY
};

/// The class of sign-ins and sign-outs.
const AUTHENTICATION: &str = "3002";

fn finish(event: &mut Event, leaves: &Attributes) {
    // Who signs in is the user; the actor, if any, is the service that let them.
    if leaves.get("class_uid") == Some(AUTHENTICATION) {
        let first = |paths: &[&str]| {
            let texts = paths.iter().map(|path| leaves.get(path).map(str::to_owned));
            texts.flatten().next()
        };
        let user = first(&["user.email_addr", "user.name", "user.uid"]);
        event.actor = user.or(event.actor.take());
        event.target = first(&[
            "service.name",
            "dst_endpoint.hostname",
            "app_name",
            "dst_endpoint.ip",
            "device.hostname",
        ]);
    }
    // Of a finding, `status` is how far its handling is, not whether something worked.
    if leaves
        .get("class_uid")
        .is_some_and(|class| class.len() == 4 && class.starts_with('2'))
    {
        event.outcome = match leaves.get("status_code") {
            Some("PASS") => Outcome::Success,
            Some("FAIL") => Outcome::Failure,
            _ => Outcome::Unknown,
        };
    }
    if event.outcome != Outcome::Failure {
        event.reason = None;
    }
}
