//! GitHub audit log: exports, streams and the REST API. Only the name of an action tells of failures.
//!
//! Source: <https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization>.

use super::mapped::Table;
use crate::event::{Attributes, Event, Outcome};

pub(super) const GITHUB: Table = Table {
    id: "github",
    title: "GitHub audit log",
    version: 3,
    known_by: &[
        // Every action is `category.operation`.
        "action*=. _document_id",
        "action*=. actor org created_at",
        "action*=. actor repo created_at",
        "action*=. actor business created_at",
        "action*=. org @timestamp",
        "action*=. org actor_ip",
        "action actor org repo",
        "action*=. actor org repository",
        "action*=. actor programmatic_access_type",
        // Without an organisation, only what GitHub calls so itself.
        "action^=org. actor @timestamp",
        "action^=repo. actor @timestamp",
        "action^=team. actor @timestamp",
        "action^=business. actor @timestamp",
        "action^=protected_branch. actor @timestamp",
        "action*=. actor actor_location.country_code",
    ],
    fields: &[
        ("ts", &["@timestamp", "created_at", "at_sign_timestamp"]),
        ("actor", &["actor"]),
        ("action", &["action"]),
        (
            "target",
            &[
                "repo",
                "repository",
                "[{team}/]{user}",
                "team",
                "name",
                "org",
                "business",
            ],
        ),
        ("outcome", &["conclusion"]),
        ("reason", &["conclusion"]),
        ("ip", &["actor_ip"]),
        ("host", &["org", "business"]),
        (
            "session",
            &["request_id", "_document_id", "workflow_run_id"],
        ),
    ],
    finish,
    ..Table::EMPTY
};

/// `user.failed_login`, `protected_branch.rejected_ref_update`, `personal_access_token.request_denied`.
fn finish(event: &mut Event, _: &Attributes) {
    let action = event.action.as_deref().unwrap_or_default();
    let told = ["failed", "rejected", "denied"];
    if event.outcome == Outcome::Unknown && told.iter().any(|word| action.contains(word)) {
        event.outcome = Outcome::Failure;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_organisation_is_known_by_its_action() {
        let knows = |action| {
            let mut leaves = Attributes::default();
            leaves.push_str("@timestamp", "1700000000000");
            leaves.push_str("action", action);
            leaves.push_str("actor", "octocat");
            GITHUB.knows(&leaves)
        };
        assert!(knows("org.add_member"));
        assert!(!knows("cart.add_item"));
        assert!(!knows("add_member"));
    }
}
