//! HashiCorp Vault and OpenBao audit devices: a request and a response record for every call.
//!
//! Most values are HMACs; they still tie events together. Both records of a call have `request.id`.
//! A request is written before it is carried out: without an error its outcome is unknown, that of its response tells.
//! Source: <https://developer.hashicorp.com/vault/docs/audit>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const VAULT: Table = Table {
    id: "vault",
    title: "HashiCorp Vault and OpenBao audit",
    version: 3,
    known_by: &[
        "type=request request.",
        "type=response request.",
        "type=request auth.",
        "type=response response.",
        "type^=kmip- request.",
    ],
    fields: &[
        ("ts", &["time"]),
        (
            "actor",
            &[
                "auth.metadata.email",
                "auth.metadata.username",
                "auth.display_name",
                "auth.entity_id",
            ],
        ),
        ("action", &["request.operation", "type"]),
        ("target", &["[{request.namespace.path}]{request.path}"]),
        ("outcome", &["error", "response.error"]),
        ("reason", &["error", "response.error"]),
        // `forwarded_from` is a node of the cluster, not the client.
        ("ip", &["request.remote_address"]),
        ("session", &["request.id"]),
        ("message", &["error", "response.error"]),
    ],
    outcomes: &[("*", Outcome::Failure), ("", Outcome::Success)],
    finish,
    ..Table::EMPTY
};

/// Failures that are no `error`: a policy refused, or an answer that was written out as HTTP. A secret may have an `error`
/// of its own below `response.data`; that is none.
fn finish(event: &mut Event, leaves: &Attributes) {
    let status = leaves
        .get("response.data.http_content_type")
        .and(leaves.get("response.data.http_status_code"));
    let refused = leaves.get("auth.policy_results.allowed") == Some("false");
    let reason = if refused {
        Some("permission denied")
    } else {
        status.filter(|code| code.parse::<u16>().is_ok_and(|code| code >= 400))
    };
    if reason.is_some() {
        event.outcome = Outcome::Failure;
    } else if event.outcome == Outcome::Success && leaves.get("type") == Some("request") {
        event.outcome = Outcome::Unknown;
    }
    event.reason = event
        .reason
        .as_deref()
        .map(innermost)
        .or(reason)
        .map(str::to_owned);
}

/// `permission denied` of `1 error occurred:\n\t* permission denied\n\n`.
fn innermost(error: &str) -> &str {
    let last = error.rsplit("* ").next().unwrap_or(error).trim();
    if last.is_empty() { error } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_no_outcome_until_it_is_answered() {
        for (kind, outcome, want) in [
            ("request", Outcome::Success, Outcome::Unknown),
            ("request", Outcome::Failure, Outcome::Failure),
            ("response", Outcome::Success, Outcome::Success),
            ("response", Outcome::Failure, Outcome::Failure),
        ] {
            let mut leaves = Attributes::default();
            leaves.push_str("type", kind);
            let mut event = Event {
                outcome,
                ..Event::default()
            };
            finish(&mut event, &leaves);
            assert_eq!(event.outcome, want, "{kind}");
        }
    }
}
