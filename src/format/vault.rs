//! HashiCorp Vault and OpenBao audit devices: a request and a response record for every call.
//!
//! Most values are HMACs; they still tie events together. Both records of a call have `request.id`.
//! Source: <https://developer.hashicorp.com/vault/docs/audit>.

use super::mapped::Table;
use crate::event::Outcome;

pub(super) const VAULT: Table = Table {
    id: "vault",
    title: "HashiCorp Vault and OpenBao audit",
    version: 2,
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
        ("outcome", &["error"]),
        ("reason", &["error"]),
        ("ip", &["request.remote_address"]),
        ("session", &["request.id"]),
        ("message", &["error"]),
    ],
    outcomes: &[("*", Outcome::Failure), ("", Outcome::Success)],
    ..Table::EMPTY
};
