//! MySQL Enterprise Audit and Percona's audit plugins, as JSON: one array that is closed when the file is rotated
//! (`audit_log_filter`, MySQL), or an object a line (`audit_log`).
//!
//! `id` is unique within a second only, so `connection_id` is what ties records together.
//! Sources: <https://dev.mysql.com/doc/refman/8.4/en/audit-log-file-formats.html>,
//! <https://docs.percona.com/percona-server/8.0/audit-log-plugin.html>.

use super::mapped::Table;
use super::record::{add_address, brief};
use crate::event::{Attributes, Event, Outcome};

pub(super) const MYSQL: Table = Table {
    id: "mysql",
    title: "MySQL and Percona audit (JSON)",
    known_by: &[
        "timestamp id class=audit server_id",
        "timestamp id class=audit event",
        "timestamp id class=connection event connection_id",
        "timestamp id class=general event connection_id",
        "timestamp id class=table_access event connection_id",
        "timestamp id class=command event connection_id",
        "timestamp id class=query event connection_id",
        "timestamp id class=message event connection_id",
        "timestamp id class=authentication event connection_id",
        "timestamp id class=global_variable event connection_id",
        "timestamp id class=stored_program event connection_id",
        "timestamp id class=server_startup",
        "timestamp id class=server_shutdown",
        "audit_record.name audit_record.record",
        "audit_record.name audit_record.timestamp",
    ],
    fields: &[
        ("ts", &["timestamp", "audit_record.timestamp"]),
        (
            "actor",
            &["account.user", "login.user", "audit_record.user"],
        ),
        (
            "action",
            &[
                "general_data.sql_command",
                "query_data.sql_command",
                "command_data.command",
                "audit_record.command_class",
                "audit_record.name",
                "event",
                "class",
            ],
        ),
        (
            "target",
            &[
                "{table_access_data.db}.{table_access_data.table}",
                "general_data.query",
                "query_data.query",
                "table_access_data.query",
                "global_variable_data.name",
                "authentication_data.user",
                "connection_data.db",
                "audit_record.sqltext",
                "audit_record.db",
            ],
        ),
        (
            "outcome",
            &[
                "general_data.status",
                "query_data.status",
                "connection_data.status",
                "command_data.status",
                "authentication_data.status",
                "audit_record.status",
            ],
        ),
        (
            "reason",
            &[
                "general_data.status",
                "query_data.status",
                "connection_data.status",
                "command_data.status",
                "authentication_data.status",
                "audit_record.status",
            ],
        ),
        ("ip", &["login.ip", "audit_record.ip"]),
        ("session", &["connection_id", "audit_record.connection_id"]),
        (
            "message",
            &[
                "general_data.query",
                "query_data.query",
                "table_access_data.query",
                "message_data.message",
                "audit_record.sqltext",
            ],
        ),
    ],
    outcomes: &[("0", Outcome::Success), ("*", Outcome::Failure)],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // What only begins has a status too, always 0; `log` is what comes before the statement is run.
    let begins = |name: &str| name.ends_with("_start") || name == "log";
    if event.outcome == Outcome::Success && leaves.get("event").is_some_and(begins) {
        event.outcome = Outcome::Unknown;
    }
    // The server itself has connection 0.
    event.session = event.session.take().filter(|id| id != "0");
    // A code 0 is no reason.
    event.reason = event.reason.take().filter(|code| code != "0");
    if let Some(account) = event.actor.take() {
        let (user, address) = account_of(&account);
        if event.ip.is_empty() {
            add_address(event, address);
        }
        event.actor = Some(user.to_owned()).filter(|u| !u.is_empty());
    }
    event.target = event.target.take().map(|target| brief(&target));
}

/// Name and address of `login[account] @ host [address]`; of anything else, the whole.
fn account_of(text: &str) -> (&str, &str) {
    let Some((who, place)) = text.split_once(" @ ") else {
        return (text.trim(), "");
    };
    let (login, account) = who.split_once('[').unwrap_or((who, ""));
    let user = match login.trim() {
        "" => account.trim_end_matches(']'),
        login => login,
    };
    let address = place.rsplit_once('[').map_or("", |(_, inside)| inside);
    (user, address.trim_end_matches(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_taken_apart() {
        for (text, want) in [
            ("root[root] @ localhost []", ("root", "")),
            ("[bob] @ app [10.0.0.1]", ("bob", "10.0.0.1")),
            ("bob[app] @  [2001:db8::1]", ("bob", "2001:db8::1")),
            ("alice", ("alice", "")),
        ] {
            assert_eq!(account_of(text), want, "{text}");
        }
    }
}
