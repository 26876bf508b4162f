//! What a message of PostgreSQL says: who connected, what was run on what, what was refused; and pgaudit's records.
//!
//! Sources: <https://www.postgresql.org/docs/current/runtime-config-logging.html>,
//! <https://github.com/pgaudit/pgaudit#format>.

use super::Record;
use crate::event::{Attributes, Event, Outcome, Severity};
use crate::format::framer::fields;
use crate::format::record::{add_address, brief, some};

/// pgaudit's fields, as its documentation names them.
const AUDIT: [&str; 10] = [
    "audit_type",
    "statement_id",
    "substatement_id",
    "class",
    "command",
    "object_type",
    "object_name",
    "statement",
    "parameter",
    "rows",
];

/// Fills the normalised fields; what is inside the message is added to `leaves`.
pub(super) fn read(record: &Record<'_>, event: &mut Event, leaves: &mut Attributes) {
    event.ts = record.ts;
    event.severity = severity(record.severity);
    event.message = Some(record.message.trim_end().to_owned()).filter(|m| !m.is_empty());
    event.session = some(record.session);
    actor(event, record.user);
    add_address(event, record.client);
    if matches!(record.severity, "ERROR" | "FATAL" | "PANIC") {
        event.outcome = Outcome::Failure;
        event.reason = some(record.state)
            .filter(|code| code != "00000")
            .or_else(|| event.message.clone());
    }
    match record.message.strip_prefix("AUDIT: ") {
        Some(payload) => read_audit(payload, event, leaves),
        None => read_message(record, event),
    }
}

fn actor(event: &mut Event, user: &str) {
    if event.actor.is_none() && user != "[unknown]" {
        event.actor = some(user);
    }
}

fn severity(word: &str) -> Option<Severity> {
    match word {
        "LOG" => Some(Severity::Info),
        debug if debug.starts_with("DEBUG") => Some(Severity::Debug),
        other => Severity::from_name(other),
    }
}

/// `SESSION,1,1,DDL,CREATE TABLE,TABLE,public.t,"create table …",<none>`. A record says that a statement was to be run; that
/// it failed is in an ERROR of the same session.
fn read_audit(payload: &str, event: &mut Event, leaves: &mut Attributes) {
    let values = fields(payload, ',');
    for (name, value) in AUDIT.iter().zip(&values) {
        if !value.is_empty() {
            leaves.push_str(&format!("audit.{name}"), value);
        }
    }
    let value = |at: usize| values.get(at).map_or("", String::as_str);
    audited(event, value(4), value(6), value(7));
}

/// The fields of pgaudit's record. Its command is the server's tag, so that what was done has one name whether pgaudit or
/// `log_statement` wrote it; the class is an attribute.
pub(super) fn audited(event: &mut Event, command: &str, object: &str, statement: &str) {
    event.action = some(command);
    event.target = some(object).or_else(|| match statement {
        "" | "<previously logged>" | "<not logged>" => None,
        statement => Some(brief(statement)),
    });
}

/// How messages about connections begin, and what each means.
const CONNECTION: [(&str, Outcome); 5] = [
    ("connection received", Outcome::Unknown),
    ("connection authenticated", Outcome::Success),
    ("connection authorized", Outcome::Success),
    ("replication connection authorized", Outcome::Success),
    ("disconnection", Outcome::Unknown),
];

fn read_message(record: &Record<'_>, event: &mut Event) {
    let message = record.message;
    if let Some((action, outcome, said)) = CONNECTION.iter().find_map(|(action, outcome)| {
        let said = message.strip_prefix(action)?.strip_prefix(": ")?;
        Some((*action, *outcome, said))
    }) {
        event.action = Some(action.to_owned());
        event.outcome = outcome;
        actor(event, value(said, "user="));
        actor(event, value(said, "identity=").trim_matches('"'));
        event.target = some(value(said, "database=")).or_else(|| some(record.database));
        add_address(event, value(said, "host="));
        return;
    }
    if read_refusal(record, event) {
        return;
    }
    let ran = statement_in(message);
    let statement = match ran {
        Some((_, statement)) => statement,
        None => record.statement,
    };
    if matches!(ran, Some((true, _))) || message.starts_with("duration: ") {
        event.outcome = Outcome::Success;
    }
    // A tag tells what was done where a statement is told of, or its failure; a notice is said while one runs. `idle`,
    // `authentication` and their like are states, no tags.
    let tag = record.command;
    let is_tag = !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
    let done = !statement.is_empty() || event.outcome == Outcome::Failure;
    event.action = if is_tag && done {
        some(tag)
    } else {
        command(statement)
    };
    event.target =
        refused_object(message).or_else(|| Some(brief(statement)).filter(|s| !s.is_empty()));
}

/// Who was not let in: `password authentication failed for user "x"`, `no pg_hba.conf entry for host "…", user "x", …`,
/// `role "x" is not permitted to log in`. The action is the message without the names.
fn read_refusal(record: &Record<'_>, event: &mut Event) -> bool {
    let message = record.message;
    let fatal = record.severity == "FATAL";
    let (action, said) = if let Some((method, user)) = message.split_once(" failed for user ") {
        if !method.ends_with("authentication") {
            return false;
        }
        (format!("{method} failed"), user)
    } else if message.contains("pg_hba.conf") && fatal {
        let Some((action, said)) = message.split_once(" for ") else {
            return false;
        };
        (action.to_owned(), said)
    } else if let Some((what, name, said)) = named_first(message).filter(|_| fatal) {
        let (role, database) = match what {
            "role" => (name, record.database),
            "database" => ("", name),
            _ => return false,
        };
        actor(event, role);
        event.action = Some(format!("{what}{said}"));
        event.target = some(database);
        return true;
    } else {
        return false;
    };
    let named = |key: &str| said.split_once(key).map_or("", |(_, rest)| quoted(rest));
    actor(
        event,
        if said.starts_with('"') {
            quoted(said)
        } else {
            named("user ")
        },
    );
    add_address(event, named("host "));
    event.target = some(named("database ")).or_else(|| some(record.database));
    event.action = Some(action);
    true
}

/// `"name" …`
fn quoted(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|t| t.split_once('"'))
        .map_or("", |(name, _)| name)
}

/// `database "shop" does not exist` in its parts.
fn named_first(message: &str) -> Option<(&str, &str, &str)> {
    let (what, rest) = message.split_once(" \"")?;
    let (name, said) = rest.split_once('"')?;
    Some((what, name, said))
}

/// `permission denied for table accounts`
fn refused_object(message: &str) -> Option<String> {
    let said = message.strip_prefix("permission denied for ")?;
    let (_, name) = said.rsplit_once(' ')?;
    some(name.trim_matches('"'))
}

/// The value of a key, up to the next key.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    const KEYS: [&str; 10] = [
        " user=",
        " database=",
        " application_name=",
        " host=",
        " port=",
        " identity=",
        " method=",
        " SSL ",
        " GSS ",
        " (",
    ];
    let Some(start) = text
        .match_indices(key)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || text[..*at].ends_with(' '))
    else {
        return "";
    };
    let rest = &text[start + key.len()..];
    let end = KEYS.iter().filter_map(|next| rest.find(next)).min();
    rest[..end.unwrap_or(rest.len())].trim()
}

/// The statement a message is about, and whether it is said how long it took, which is known of what is done.
fn statement_in(message: &str) -> Option<(bool, &str)> {
    let timed = message
        .strip_prefix("duration: ")
        .and_then(|m| m.split_once(" ms "));
    let said = timed.map_or(message, |(_, said)| said.trim_start());
    if let Some(statement) = said.strip_prefix("statement: ") {
        return Some((timed.is_some(), statement));
    }
    let step = ["execute ", "parse ", "bind "]
        .iter()
        .find_map(|step| said.strip_prefix(step))?;
    let (_, statement) = step.split_once(": ")?;
    Some((timed.is_some(), statement))
}

/// What kind of statement it is, as PostgreSQL's command tags say it.
fn command(statement: &str) -> Option<String> {
    let mut words = words(statement);
    let first = words.next()?;
    Some(match first.as_str() {
        "END" => "COMMIT".into(),
        "ABORT" => "ROLLBACK".into(),
        "TRUNCATE" => "TRUNCATE TABLE".into(),
        "VALUES" | "TABLE" => "SELECT".into(),
        "WITH" => words
            .find(|w| {
                matches!(
                    w.as_str(),
                    "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE"
                )
            })
            .unwrap_or(first),
        "CREATE" | "ALTER" | "DROP" => {
            const PASSED_OVER: [&str; 9] = [
                "OR",
                "REPLACE",
                "TEMP",
                "TEMPORARY",
                "UNLOGGED",
                "UNIQUE",
                "GLOBAL",
                "LOCAL",
                "RECURSIVE",
            ];
            let object = words.find(|w| !PASSED_OVER.contains(&w.as_str()))?;
            let second = match object.as_str() {
                "MATERIALIZED" | "FOREIGN" | "EVENT" | "ACCESS" | "DEFAULT" | "TEXT"
                | "OPERATOR" | "USER" => words.next(),
                _ => None,
            };
            match (object.as_str(), second.as_deref()) {
                ("USER", Some("MAPPING")) => format!("{first} USER MAPPING"),
                ("USER", _) => format!("{first} ROLE"),
                ("OPERATOR", Some("CLASS" | "FAMILY"))
                | ("MATERIALIZED" | "FOREIGN" | "EVENT" | "ACCESS" | "DEFAULT" | "TEXT", Some(_)) =>
                {
                    format!("{first} {object} {}", second.unwrap_or_default())
                }
                _ => format!("{first} {object}"),
            }
        }
        _ => first,
    })
}

/// The words of a statement in upper case, outside of quotes, comments and parentheses.
fn words(statement: &str) -> impl Iterator<Item = String> {
    const LOOKED_AT: usize = 4 << 10;
    let mut end = statement.len().min(LOOKED_AT);
    while !statement.is_char_boundary(end) {
        end -= 1;
    }
    let mut rest = &statement[..end];
    let mut depth = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let mut chars = rest.chars();
            let c = chars.next()?;
            let skip = |mark: &str, from: usize| {
                let at = rest.get(from..).and_then(|r| r.find(mark));
                at.map_or(rest.len(), |at| from + at + mark.len())
            };
            let length = match c {
                '-' if rest.starts_with("--") => skip("\n", 2),
                '/' if rest.starts_with("/*") => skip("*/", 2),
                '\'' => skip("'", 1),
                '"' => skip("\"", 1),
                '(' => {
                    depth += 1;
                    1
                }
                ')' => {
                    depth = depth.saturating_sub(1);
                    1
                }
                c if c.is_ascii_alphabetic() || c == '_' => {
                    let word = rest
                        .find(|c: char| !c.is_alphanumeric() && c != '_')
                        .unwrap_or(rest.len());
                    let (found, after) = rest.split_at(word);
                    rest = after;
                    if depth == 0 {
                        return Some(found.to_ascii_uppercase());
                    }
                    continue;
                }
                c => c.len_utf8(),
            };
            rest = &rest[length..];
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_the_tags_of_the_server() {
        for (statement, want) in [
            ("select 1", Some("SELECT")),
            ("  -- why\n/* x */ Update t set a=1", Some("UPDATE")),
            ("create unique index i on t(a)", Some("CREATE INDEX")),
            ("CREATE OR REPLACE FUNCTION f() …", Some("CREATE FUNCTION")),
            (
                "create materialized view v as select 1",
                Some("CREATE MATERIALIZED VIEW"),
            ),
            ("create user bob", Some("CREATE ROLE")),
            (
                "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
                Some("INSERT"),
            ),
            ("END;", Some("COMMIT")),
            ("(select 1)", None),
            ("", None),
        ] {
            assert_eq!(command(statement).as_deref(), want, "{statement}");
        }
    }

    fn said(severity: &str, message: &str) -> Event {
        let mut event = Event::default();
        let record = Record {
            severity,
            message,
            ..Record::default()
        };
        read(&record, &mut event, &mut Attributes::default());
        event
    }

    #[test]
    fn who_is_not_let_in_is_a_failure() {
        for (message, action, user, ip, target) in [
            (
                "password authentication failed for user \"mallory\"",
                "password authentication failed",
                Some("mallory"),
                None,
                None,
            ),
            (
                "no pg_hba.conf entry for host \"203.0.113.7\", user \"bob\", database \"shop\", no encryption",
                "no pg_hba.conf entry",
                Some("bob"),
                Some("203.0.113.7"),
                Some("shop"),
            ),
            (
                "pg_hba.conf rejects connection for host \"2001:db8::1\", user \"bob\", database \"shop\"",
                "pg_hba.conf rejects connection",
                Some("bob"),
                Some("2001:db8::1"),
                Some("shop"),
            ),
            (
                "role \"bob\" is not permitted to log in",
                "role is not permitted to log in",
                Some("bob"),
                None,
                None,
            ),
            (
                "database \"shop\" does not exist",
                "database does not exist",
                None,
                None,
                Some("shop"),
            ),
        ] {
            let event = said("FATAL", message);
            assert_eq!(event.outcome, Outcome::Failure, "{message}");
            assert_eq!(event.action.as_deref(), Some(action));
            assert_eq!(event.actor.as_deref(), user);
            assert_eq!(event.target.as_deref(), target);
            assert_eq!(event.ip.first().map(|ip| ip.to_string()).as_deref(), ip);
        }
    }

    #[test]
    fn audit_payloads_hold_csv() {
        let event = said(
            "LOG",
            "AUDIT: SESSION,2,1,DDL,CREATE TABLE,TABLE,public.t,\"create table t(a int, b text default '\"\"')\",<none>",
        );
        assert_eq!(event.action.as_deref(), Some("CREATE TABLE"));
        assert_eq!(event.target.as_deref(), Some("public.t"));
        assert_eq!(event.outcome, Outcome::Unknown);
        let event = said(
            "LOG",
            "AUDIT: OBJECT,1,1,READ,SELECT,,,\"select\n\t1, 2\",<not logged>",
        );
        assert_eq!(event.target.as_deref(), Some("select 1, 2"));
    }

    #[test]
    fn what_took_a_time_is_done() {
        let event = said("LOG", "duration: 2.280 ms  execute <unnamed>: select 1");
        assert_eq!(
            (event.outcome, event.action.as_deref()),
            (Outcome::Success, Some("SELECT"))
        );
        let event = said("LOG", "statement: drop table t");
        assert_eq!(
            (event.outcome, event.action.as_deref()),
            (Outcome::Unknown, Some("DROP TABLE"))
        );
        let event = said("ERROR", "permission denied for table accounts");
        assert_eq!(event.target.as_deref(), Some("accounts"));
    }
}
