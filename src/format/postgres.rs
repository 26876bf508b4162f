//! PostgreSQL's server log and pgaudit's records in it: the CSV log, the JSON log (also inside CloudNativePG's records), the
//! plain log with any of the usual prefixes (also inside Cloud SQL's entries).
//!
//! pgaudit writes that a statement was to be run; whether it was refused is said by an ERROR of the same session.
//! Source: <https://www.postgresql.org/docs/current/runtime-config-logging.html>.

mod said;
mod stderr;

use super::framer::{LineKind, MULTILINE_SPAN, MultilineFramer, fields};
use super::layout::{Layout, first_records, score_share};
use super::record::{described, event_of, json_event, lossy, time_of, trimmed};
use super::sample::Sample;
use super::zone_names::time_with_zone_name;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind, Timestamp};
use stderr::{Cut, Message, Prefix, begins_with_time};

/// The columns of the CSV log, as the documentation names them.
const COLUMNS: [&str; 26] = [
    "log_time",
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
    "error_severity",
    "sql_state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
];

/// Columns that servers before version 13 lack, at the end.
const LATER: usize = 3;

/// The same log in the ways it is written.
#[derive(Clone, Copy)]
pub(super) enum Postgres {
    Stderr,
    Csv,
    Json(Layout),
}

impl Postgres {
    pub(super) const ALL: [Self; 4] = [
        Self::Stderr,
        Self::Csv,
        Self::Json(Layout::Lines),
        Self::Json(Layout::Document),
    ];
}

/// One message, wherever it was read from; what is not known is empty.
#[derive(Default)]
struct Record<'a> {
    ts: Option<Timestamp>,
    severity: &'a str,
    state: &'a str,
    user: &'a str,
    database: &'a str,
    /// Address, also with a port, or `[local]`.
    client: &'a str,
    /// The session's id, else the process.
    session: &'a str,
    /// What the server's process was doing.
    command: &'a str,
    message: &'a str,
    /// The statement the message is about.
    statement: &'a str,
}

impl Format for Postgres {
    fn id(&self) -> &str {
        "postgres"
    }

    fn title(&self) -> &str {
        "PostgreSQL and pgaudit (csvlog, jsonlog, plain log)"
    }

    fn version(&self) -> u32 {
        2
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        match self {
            Self::Json(layout) => {
                sample.score_objects(*layout, 96, |leaves| json_record(leaves).is_some())
            }
            Self::Csv => {
                let records = first_records(self.framer(0), sample.bytes());
                score_share(&records, 97, |record| columns(&record.bytes).is_some())
            }
            Self::Stderr => {
                let mut records = first_records(self.framer(0), sample.bytes());
                // The rest of a record that began before says nothing either way.
                records.retain(|record| stderr::kind(&record.bytes) != LineKind::Continues);
                score_share(&records, 92, |record| {
                    let text = lossy(trimmed(&record.bytes));
                    Cut::of(&text).is_some_and(|cut| cut.is_certain())
                })
            }
        }
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        match self {
            Self::Stderr => Box::new(MultilineFramer::new(offset, stderr::kind)),
            Self::Csv => Box::new(MultilineFramer::new(offset, csv_kind)),
            Self::Json(layout) => layout.framer(offset),
        }
    }

    fn splittable(&self) -> bool {
        !matches!(self, Self::Json(Layout::Document))
    }

    fn lookback(&self) -> u64 {
        match self {
            Self::Stderr | Self::Csv => MULTILINE_SPAN,
            Self::Json(_) => 0,
        }
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        // By what the record is: who has no more than the format's id reads every kind with the first of them.
        let event = if trimmed(&frame.bytes).starts_with(b"{") {
            from_json(frame, context)
        } else if let Some(values) = columns(&frame.bytes) {
            Ok(from_csv(frame, &values, context))
        } else {
            from_stderr(frame, context)
        };
        event.map(|event| vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            ("ts", "log_time, timestamp, %m, %t, %n"),
            (
                "actor",
                "user_name, user, %u; else the user the message names",
            ),
            (
                "action",
                "pgaudit: COMMAND; connections: the message's own words; else the command tag, or the statement's",
            ),
            (
                "target",
                "pgaudit: OBJECT_NAME, else STATEMENT; connections: the database; else the object refused, the statement",
            ),
            (
                "outcome",
                "ERROR, FATAL, PANIC: failure; connection authorized, and what a duration is given for: success",
            ),
            ("reason", "sql_state_code, state_code, %e; else the message"),
            (
                "ip",
                "connection_from, remote_host, %r, %h; host= of the message",
            ),
            ("session", "session_id, %c; else the process"),
            ("severity", "error_severity (LOG is info)"),
            ("message", "message"),
        ])
    }
}

/// What a line of the CSV log is. Records begin with a time; so may a further line of a statement, and whoever writes one
/// might make it look like a record. But within a quoted field quotes are doubled, so no quote opens a field there, while
/// the server quotes every text: the first quote of a record's first line opens one.
fn csv_kind(line: &[u8]) -> LineKind {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let time = line.strip_prefix(b"\"").unwrap_or(line);
    if begins_with_time(time) && (time.len() < line.len() || opens_field(line)) {
        LineKind::Begins
    } else {
        LineKind::Continues
    }
}

/// Whether the first field that is not empty and not bare begins with a quote that opens it.
fn opens_field(line: &[u8]) -> bool {
    let mut rest = line;
    // The message is the last that may be the first.
    for _ in 0..COLUMNS.len() {
        let Some(comma) = memchr::memchr2(b',', b'"', rest) else {
            return false;
        };
        if rest[comma] == b',' {
            rest = &rest[comma + 1..];
            continue;
        }
        let quotes = rest[comma..].iter().take_while(|b| **b == b'"').count();
        let after = rest.get(comma + quotes);
        match (comma, quotes % 2, after) {
            // Where a quote closes, a comma follows.
            (0, 1, after) => return after != Some(&b','),
            // An empty field.
            (0, _, Some(b',')) => rest = &rest[quotes..],
            _ => return false,
        }
    }
    false
}

/// The fields of a record of the CSV log.
fn columns(record: &[u8]) -> Option<Vec<String>> {
    if csv_kind(record) != LineKind::Begins {
        return None;
    }
    let values = fields(&lossy(trimmed(record)), ',');
    let whole = (COLUMNS.len() - LATER..=COLUMNS.len()).contains(&values.len());
    let severity = |word: &String| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    (whole && severity(&values[11])).then_some(values)
}

fn push(leaves: &mut Attributes, name: &str, value: &str) {
    const NUMBERS: [&str; 6] = [
        "process_id",
        "session_line_num",
        "transaction_id",
        "internal_query_pos",
        "query_pos",
        "leader_pid",
    ];
    if !value.is_empty() {
        let number = NUMBERS.contains(&name) && value.bytes().all(|b| b.is_ascii_digit());
        leaves.push(name, if number { Kind::Num } else { Kind::Str }, value);
    }
}

fn from_csv(frame: &Frame, values: &[String], context: &Context) -> Event {
    let mut event = event_of(frame);
    let mut leaves = Attributes::with_capacity(frame.bytes.len(), COLUMNS.len());
    for (name, value) in COLUMNS.iter().zip(values) {
        push(&mut leaves, name, value);
    }
    let value = |name: &str| {
        let at = COLUMNS.iter().position(|column| *column == name);
        at.and_then(|at| values.get(at)).map_or("", String::as_str)
    };
    let record = Record {
        ts: time_with_zone_name(value("log_time"), context).map(|(ts, _)| ts),
        severity: value("error_severity"),
        state: value("sql_state_code"),
        user: value("user_name"),
        database: value("database_name"),
        client: value("connection_from"),
        session: value("session_id"),
        command: value("command_tag"),
        message: value("message"),
        statement: value("query"),
    };
    said::read(&record, &mut event, &mut leaves);
    event.attributes = leaves;
    event
}

fn from_stderr(frame: &Frame, context: &Context) -> Result<Event, String> {
    let text = lossy(&frame.bytes);
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let mut event = event_of(frame);
    let mut leaves = Attributes::with_capacity(text.len(), 16);
    let Some(message) = Message::read(text) else {
        return Err("no severity of PostgreSQL's log".into());
    };
    read_stderr(&message, context, &mut event, &mut leaves);
    event.attributes = leaves;
    Ok(event)
}

fn read_stderr(
    message: &Message<'_>,
    context: &Context,
    event: &mut Event,
    leaves: &mut Attributes,
) {
    let prefix = Prefix::read(message.prefix, message.severity, context);
    for (name, value) in prefix.columns() {
        push(leaves, name, value);
    }
    push(leaves, "error_severity", message.severity);
    push(leaves, "message", &message.text);
    for (name, value) in &message.additions {
        push(leaves, name, value);
    }
    let statement = message
        .additions
        .iter()
        .find(|(name, _)| name == "statement");
    let record = Record {
        ts: prefix.ts,
        severity: message.severity,
        state: prefix.state,
        user: prefix.user,
        database: prefix.database,
        client: prefix.client,
        session: [prefix.session, prefix.process]
            .into_iter()
            .find(|s| !s.is_empty())
            .unwrap_or_default(),
        command: prefix.command,
        message: &message.text,
        statement: statement.map_or("", |(_, text)| text),
    };
    said::read(&record, event, leaves);
}

/// Where a JSON record has the log's own fields.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// PostgreSQL 15 and later: `error_severity` beside `message`.
    Own,
    /// CloudNativePG: the CSV log's columns below `record`.
    Wrapped,
    /// Cloud SQL: a line of the plain log in `textPayload`.
    Entry,
}

fn json_record(leaves: &Attributes) -> Option<Shape> {
    if leaves.get("error_severity").is_some()
        && leaves.get("message").is_some()
        && leaves.get("pid").is_some()
    {
        Some(Shape::Own)
    } else if leaves.get("record.error_severity").is_some()
        && leaves.get("record.log_time").is_some()
    {
        Some(Shape::Wrapped)
    } else if leaves.get("textPayload").is_some()
        && leaves
            .get("logName")
            .is_some_and(|name| name.ends_with("postgres.log"))
    {
        Some(Shape::Entry)
    } else {
        None
    }
}

fn from_json(frame: &Frame, context: &Context) -> Result<Event, String> {
    let mut event = json_event(frame)?;
    let mut leaves = std::mem::take(&mut event.attributes);
    let shape = json_record(&leaves).ok_or("not a record of PostgreSQL's JSON log")?;
    match shape {
        Shape::Own => read_own(&mut leaves, context, &mut event),
        Shape::Wrapped => read_wrapped(&mut leaves, context, &mut event),
        Shape::Entry => read_entry(&mut leaves, context, &mut event),
    }
    event.attributes = leaves;
    Ok(event)
}

fn read_own(leaves: &mut Attributes, context: &Context, event: &mut Event) {
    let mut inside = Attributes::default();
    let value = |name: &'static str| leaves.get(name).unwrap_or_default();
    let record = Record {
        ts: time_with_zone_name(value("timestamp"), context).map(|(ts, _)| ts),
        severity: value("error_severity"),
        state: value("state_code"),
        user: value("user"),
        database: value("dbname"),
        client: value("remote_host"),
        session: value("session_id"),
        command: value("ps"),
        message: value("message"),
        statement: value("statement"),
    };
    said::read(&record, event, &mut inside);
    append(leaves, &inside);
}

fn read_wrapped(leaves: &mut Attributes, context: &Context, event: &mut Event) {
    let mut inside = Attributes::default();
    let value = |name: &'static str| leaves.get(name).unwrap_or_default();
    let record = Record {
        ts: time_with_zone_name(value("record.log_time"), context).map(|(ts, _)| ts),
        severity: value("record.error_severity"),
        state: value("record.sql_state_code"),
        user: value("record.user_name"),
        database: value("record.database_name"),
        client: value("record.connection_from"),
        session: value("record.session_id"),
        command: value("record.command_tag"),
        message: value("record.message"),
        statement: value("record.query"),
    };
    said::read(&record, event, &mut inside);
    event.host = leaves.get("logging_pod").map(str::to_owned);
    // It takes pgaudit's record apart by itself.
    if leaves.get("record.audit.class").is_some() {
        said::audited(
            event,
            value("record.audit.command"),
            value("record.audit.object_name"),
            value("record.audit.statement"),
        );
    }
    append(leaves, &inside);
}

fn read_entry(leaves: &mut Attributes, context: &Context, event: &mut Event) {
    let mut inside = Attributes::default();
    let text = leaves.get("textPayload").unwrap_or_default();
    match Message::read(text) {
        Some(message) => read_stderr(&message, context, event, &mut inside),
        // A further line of a message whose beginning is an entry of its own.
        None => {
            event.message = Some(text.trim().to_owned());
            event.severity = leaves.get("severity").and_then(super::record::severity_of);
        }
    }
    event.ts = leaves.get("timestamp").and_then(time_of).or(event.ts);
    event.host = leaves.get("resource.labels.database_id").map(str::to_owned);
    append(leaves, &inside);
}

fn append(leaves: &mut Attributes, more: &Attributes) {
    for (path, value) in more.iter() {
        leaves.push(path, value.kind, value.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_cannot_forge_a_record() {
        for (line, want) in [
            (
                r#"2026-03-01 10:00:00.1 CET,,,27,,6b.6d,1,,2026-03-01 10:00:00 CET,,0,LOG,00000,"x"#,
                true,
            ),
            (
                r#"2026-03-01 10:00:00.1 CET,"bob","shop",27,"[local]",6b.6d,1,"#,
                true,
            ),
            (r#"2026-03-01 10:00:00.1 CET,"""bob""","shop",27,"#, true),
            (
                r#"2026-03-01 10:00:00.1 CET,,,27,"1.2.3.4:5",6b.6d,1,"",2026-03-01 10:00:00 CET,,0,LOG,00000,"#,
                true,
            ),
            (r#""2026-03-01 10:00:00.1 UTC","bob","shop",27,"#, true),
            // What the fields of a forged one look like within a field.
            (
                r#"2026-03-01 10:00:00.1 CET,""bob"",""shop"",27,""[local]"",6b.6d,1,"#,
                false,
            ),
            (
                "2026-03-01 10:00:00.1 CET,,,27,,6b.6d,1,,2026-03-01 10:00:00 CET,,0,LOG,00000,x",
                false,
            ),
            (
                r#"2026-03-01 10:00:00.1 CET,,,27,,6b.6d,1,,2026-03-01 10:00:00 CET,,0,LOG,00000,",,,"#,
                false,
            ),
            ("2026-03-01 10:00:00", false),
            ("select 1", false),
            ("", false),
        ] {
            assert_eq!(
                csv_kind(line.as_bytes()) == LineKind::Begins,
                want,
                "{line}"
            );
        }
    }
}
