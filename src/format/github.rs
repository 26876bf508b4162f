//! GitHub audit log: exports, streams and the REST API. Only the name of an action tells of failures.
//!
//! Source: <https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization>.

use super::mapped::Table;

pub(super) const GITHUB: Table = Table {
    id: "github",
    title: "GitHub audit log",
    version: 2,
    known_by: &[
        "action*=. _document_id",
        "action*=. actor org created_at",
        "action*=. actor repo created_at",
        "action*=. actor business created_at",
        "action*=. org @timestamp",
        "action*=. org actor_ip",
        "action actor org repo",
        "action*=. actor actor_location.country_code",
    ],
    fields: &[
        ("ts", &["@timestamp", "created_at", "at_sign_timestamp"]),
        ("actor", &["actor", "user"]),
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
    ..Table::EMPTY
};
