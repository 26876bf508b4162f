//! What `--fields` can name: normalised fields, aliases, attribute paths, `attributes`, `raw`.

use std::borrow::Cow;

use crate::engine::Hit;
use crate::event::field::{CATALOGUE, Field};
use crate::event::{Kind, Verdict, Zone};
use crate::text;

/// One column of the output, named as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Field(Field),
    Attributes,
    Raw,
    Path(String),
    /// Tables only: the mark of a broken chain.
    Mark,
    /// Tables only: the message, or for a record without any normalised field its text.
    Summary,
}

/// What one event has in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Absent,
    One(Kind, Cow<'a, str>),
    Many(Vec<(Kind, Cow<'a, str>)>),
}

/// A `--fields` list that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    #[error(
        "--fields has an empty name; write names with one comma between them (ts,actor,objectRef.resource)"
    )]
    Empty,
    #[error("--fields names \"{0}\" twice")]
    Twice(String),
}

/// Reads `a,b,c`. A normalised name or alias wins; `.name` reaches an attribute of the same name.
pub fn columns(list: &str) -> Result<Vec<Column>, ColumnError> {
    let mut columns: Vec<Column> = Vec::new();
    for name in list.split(',').map(str::trim) {
        if name.trim_start_matches('.').is_empty() {
            return Err(ColumnError::Empty);
        }
        if columns.iter().any(|c| c.name == name) {
            return Err(ColumnError::Twice(name.to_owned()));
        }
        let what = match (name, Field::find(name)) {
            ("attributes", _) => What::Attributes,
            ("raw", _) => What::Raw,
            (_, Some(field)) => What::Field(field),
            _ => What::Path(name.strip_prefix('.').unwrap_or(name).to_owned()),
        };
        columns.push(Column {
            name: name.to_owned(),
            what,
        });
    }
    Ok(columns)
}

impl Column {
    /// The path of the attribute it shows, if it shows one.
    pub fn path(&self) -> Option<&str> {
        match &self.what {
            What::Path(path) => Some(path),
            _ => None,
        }
    }
}

fn field_column(field: Field) -> Column {
    Column {
        name: field.name().to_owned(),
        what: What::Field(field),
    }
}

/// Every normalised field.
pub(super) fn catalogue() -> Vec<Column> {
    CATALOGUE
        .iter()
        .map(|spec| field_column(spec.field))
        .collect()
}

/// Everything an event has.
pub(super) fn all() -> Vec<Column> {
    let mut columns = catalogue();
    columns.push(Column {
        name: "attributes".into(),
        what: What::Attributes,
    });
    columns.push(Column {
        name: "raw".into(),
        what: What::Raw,
    });
    columns
}

fn named(fields: &[Field]) -> Vec<Column> {
    fields.iter().map(|field| field_column(*field)).collect()
}

/// What a step of a runbook shows unless it says what.
pub(super) fn report_rows() -> Vec<Column> {
    named(&[
        Field::Ts,
        Field::Actor,
        Field::Action,
        Field::Target,
        Field::Outcome,
        Field::Ip,
    ])
}

/// The rows of an access report.
pub(super) fn report_default() -> Vec<Column> {
    named(&[
        Field::Ts,
        Field::Actor,
        Field::Action,
        Field::Target,
        Field::Outcome,
        Field::Reason,
        Field::Ip,
        Field::Session,
        Field::Chain,
        Field::Source,
        Field::Line,
        Field::Id,
    ])
}

/// What goes into a ticket.
pub(super) fn markdown_default() -> Vec<Column> {
    let mut columns = named(&[
        Field::Ts,
        Field::Actor,
        Field::Action,
        Field::Target,
        Field::Outcome,
        Field::Reason,
        Field::Ip,
    ]);
    columns.push(summary());
    columns
}

/// What is read aloud of an event, the most telling first.
pub(super) fn plain_default() -> Vec<Column> {
    let mut columns = named(&[
        Field::Ts,
        Field::Actor,
        Field::Action,
        Field::Target,
        Field::Outcome,
        Field::Reason,
        Field::Ip,
    ]);
    columns.push(summary());
    columns.push(mark());
    columns.extend(named(&[
        Field::Host,
        Field::Session,
        Field::Severity,
        Field::Source,
        Field::Line,
    ]));
    columns
}

fn mark() -> Column {
    Column {
        name: String::new(),
        what: What::Mark,
    }
}

fn summary() -> Column {
    Column {
        name: "message".into(),
        what: What::Summary,
    }
}

/// What a person looks at first.
pub(super) fn table_default() -> Vec<Column> {
    let fields = [
        Field::Ts,
        Field::Actor,
        Field::Action,
        Field::Target,
        Field::Outcome,
        Field::Reason,
        Field::Ip,
    ];
    let mut columns = vec![mark()];
    columns.extend(fields.map(field_column));
    columns.push(summary());
    columns
}

impl Column {
    /// As a person reads it: times in their zone, several values with commas.
    pub(super) fn for_people(&self, hit: &Hit, zone: Zone) -> String {
        match (&self.what, hit.event.ts) {
            (What::Field(Field::Ts), Some(ts)) => zone.format(ts),
            _ => self.cell(hit).joined(", ").into_owned(),
        }
    }

    pub(super) fn cell<'a>(&self, hit: &'a Hit) -> Cell<'a> {
        let event = &*hit.event;
        match &self.what {
            What::Field(field) => field_cell(*field, hit),
            What::Attributes => Cell::One(Kind::Str, super::jsonl::attributes(event).into()),
            What::Raw => Cell::One(Kind::Str, text::bytes(&event.raw)),
            What::Path(path) => path_cell(path, hit),
            What::Mark => match hit.verdict {
                Verdict::Broken(_) => Cell::One(Kind::Str, "⌁".into()),
                _ => Cell::Absent,
            },
            What::Summary => {
                let is_bare =
                    event.actor.is_none() && event.action.is_none() && event.target.is_none();
                match &event.message {
                    Some(message) => Cell::One(Kind::Str, message.into()),
                    None if is_bare => Cell::One(Kind::Str, text::bytes(&event.raw)),
                    None => Cell::Absent,
                }
            }
        }
    }
}

fn field_cell(field: Field, hit: &Hit) -> Cell<'_> {
    let event = &*hit.event;
    let text = |value: &'_ Option<String>| -> Option<(Kind, Cow<'_, str>)> {
        value
            .as_deref()
            .map(|v| (Kind::Str, Cow::Owned(v.to_owned())))
    };
    let word = |value: &str| Some((Kind::Str, Cow::Owned(value.to_owned())));
    let one = match field {
        Field::Id => word(&event.id.to_string()),
        Field::Ts => event.ts.and_then(|ts| word(&ts.rfc3339())),
        Field::Actor => text(&event.actor),
        Field::Action => text(&event.action),
        Field::Target => text(&event.target),
        Field::Outcome => word(event.outcome.as_str()),
        Field::Reason => text(&event.reason),
        Field::Ip => {
            return Cell::Many(
                event
                    .ip
                    .iter()
                    .map(|ip| (Kind::Str, ip.to_string().into()))
                    .collect(),
            );
        }
        Field::Host => text(&event.host),
        Field::Session => text(&event.session),
        Field::Severity => event.severity.and_then(|s| word(s.as_str())),
        Field::Message => text(&event.message),
        Field::Format => word(&event.format),
        Field::Source => word(&event.source),
        Field::Line => event.line.map(|line| (Kind::Num, line.to_string().into())),
        Field::Chain => word(hit.verdict.as_str()),
    };
    one.map_or(Cell::Absent, |(kind, text)| Cell::One(kind, text))
}

/// The values at a path: exactly as spelled, else ignoring case if only one path then fits.
fn path_cell<'a>(path: &str, hit: &'a Hit) -> Cell<'a> {
    let attributes = &hit.event.attributes;
    let values_at = |wanted: &str| -> Vec<(Kind, Cow<'a, str>)> {
        attributes
            .iter()
            .filter(|(p, _)| *p == wanted)
            .map(|(_, v)| (v.kind, v.text.into()))
            .collect()
    };
    let mut values = values_at(path);
    if values.is_empty() {
        let seen = attributes.iter().map(|(p, _)| p).collect::<Vec<_>>();
        if let Some(only) = fitting_path(&seen, path) {
            values = values_at(only);
        }
    }
    match values.len() {
        0 => Cell::Absent,
        1 => values
            .pop()
            .map_or(Cell::Absent, |(kind, text)| Cell::One(kind, text)),
        _ => Cell::Many(values),
    }
}

fn fitting_path<'a>(seen: &[&'a str], path: &str) -> Option<&'a str> {
    let mut fitting = seen.iter().filter(|p| p.eq_ignore_ascii_case(path));
    let first = fitting.next()?;
    fitting.all(|p| p == first).then_some(first)
}

impl Cell<'_> {
    /// As one text; several values are joined by `separator`.
    pub(super) fn joined(&self, separator: &str) -> Cow<'_, str> {
        match self {
            Cell::Absent => "".into(),
            Cell::One(Kind::Empty, _) => "".into(),
            Cell::One(_, text) => Cow::Borrowed(text),
            Cell::Many(values) => {
                let texts: Vec<&str> = values
                    .iter()
                    .filter(|v| v.0 != Kind::Empty)
                    .map(|v| &*v.1)
                    .collect();
                texts.join(separator).into()
            }
        }
    }
}
