//! The lines of the detail: the event's fields, the words of the chain check, its attributes as a tree, the record.

use std::collections::{BTreeMap, HashSet};

use crate::chain::Finding;
use crate::engine::Hit;
use crate::event::field::{CATALOGUE, Field};
use crate::event::{Event, Kind, Level, Outcome, Verdict};
use crate::text::bytes;
use crate::tui::theme::Role;
use crate::tui::widget::text;

/// Bytes of a record shown at most.
const RAW_LIMIT: usize = 16 << 10;

/// A line of the detail; long ones wrap.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    Field(Field, String),
    Chain(Role, String),
    Group {
        path: String,
        label: String,
        depth: usize,
    },
    Attribute {
        path: String,
        label: String,
        value: String,
        depth: usize,
        empty: bool,
    },
    Raw(String),
    /// Begins a part; the cursor passes over it.
    Heading(&'static str),
}

impl Row {
    pub(super) fn can_be_selected(&self) -> bool {
        !matches!(self, Self::Heading(_))
    }
}

/// Everything there is to say of an event. Groups of attributes in `folded` hide their leaves.
pub(super) fn rows(folded: &HashSet<String>, hit: &Hit, finding: Option<&Finding>) -> Vec<Row> {
    let event = &*hit.event;
    let mut rows = fields(event);
    let chain = chain(hit.verdict, finding);
    if matches!(hit.verdict, Verdict::Broken(_)) {
        rows.splice(0..0, chain);
    } else {
        rows.push(Row::Heading("chain"));
        rows.extend(chain);
    }
    if !event.attributes.is_empty() {
        rows.push(Row::Heading("attributes"));
        tree(folded, event, &mut rows);
    }
    rows.push(Row::Heading("record as read"));
    let cut = &event.raw[..event.raw.len().min(RAW_LIMIT)];
    rows.push(Row::Raw(bytes(cut).into_owned()));
    if event.raw.len() > RAW_LIMIT {
        let rest = (event.raw.len() - RAW_LIMIT) as u64;
        rows.push(Row::Raw(format!("({} more bytes)", text::number(rest))));
    }
    rows
}

/// Attributes in record order, under a line for each prefix that several share.
fn tree(folded: &HashSet<String>, event: &Event, rows: &mut Vec<Row>) {
    let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, _) in event.attributes.iter() {
        for (at, _) in path.match_indices('.') {
            *shared.entry(&path[..at]).or_default() += 1;
        }
    }
    let mut open: Vec<&str> = Vec::new();
    for (path, value) in event.attributes.iter() {
        let groups: Vec<&str> = path
            .match_indices('.')
            .map(|(at, _)| &path[..at])
            .filter(|prefix| shared.get(prefix).is_some_and(|n| *n > 1))
            .collect();
        let common = open.iter().zip(&groups).take_while(|(a, b)| a == b).count();
        open.truncate(common);
        for group in &groups[common..] {
            let hidden = open.iter().any(|g| folded.contains(*g));
            let label = label(group, open.last().copied());
            if !hidden {
                rows.push(Row::Group {
                    path: (*group).to_owned(),
                    label,
                    depth: open.len(),
                });
            }
            open.push(group);
        }
        if !open.iter().any(|g| folded.contains(*g)) {
            rows.push(Row::Attribute {
                path: path.to_owned(),
                label: label(path, open.last().copied()),
                value: value.text.to_owned(),
                depth: open.len(),
                empty: value.kind == Kind::Empty,
            });
        }
    }
}

/// The last part of a path, as seen from its group.
fn label(path: &str, group: Option<&str>) -> String {
    let rest = group
        .and_then(|g| path.strip_prefix(g))
        .map(|r| r.trim_start_matches('.'));
    rest.unwrap_or(path).to_owned()
}

/// The normalised fields that have a value, in the catalogue's order.
fn fields(event: &Event) -> Vec<Row> {
    CATALOGUE
        .iter()
        .filter_map(|spec| value(event, spec.field).map(|v| Row::Field(spec.field, v)))
        .collect()
}

fn value(event: &Event, field: Field) -> Option<String> {
    match field {
        Field::Id => None,
        Field::Ts => Some(
            event
                .ts
                .map_or_else(|| "unknown".to_owned(), |ts| ts.rfc3339()),
        ),
        Field::Outcome => {
            let reason = event
                .reason
                .as_deref()
                .map(|r| format!(" {r}"))
                .unwrap_or_default();
            (event.outcome != Outcome::Unknown || !reason.is_empty())
                .then(|| format!("{}{reason}", event.outcome))
        }
        Field::Ip => {
            let all: Vec<String> = event.ip.iter().map(ToString::to_string).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        Field::Message => event.message.clone(),
        Field::Source => {
            let line = event.line.map(|l| format!(" line {l}")).unwrap_or_default();
            let mut text = format!("{}{line}", event.source);
            if event.gone {
                text.push_str(" (no longer in the file)");
            }
            Some(text)
        }
        Field::Format => {
            let mut text = event.format.to_string();
            if event.provisional {
                text.push_str(" (more may still arrive for this record)");
            }
            if let Some(note) = &event.note {
                text.push_str(&format!(" ({note})"));
            }
            Some(text)
        }
        Field::Actor => event.actor.clone(),
        Field::Action => event.action.clone(),
        Field::Target => event.target.clone(),
        Field::Host => event.host.clone(),
        Field::Session => event.session.clone(),
        Field::Severity => event.severity.map(|s| s.to_string()),
        Field::Reason | Field::Line | Field::Chain => None,
    }
}

/// What the check found, in plain words.
pub(super) fn chain(verdict: Verdict, finding: Option<&Finding>) -> Vec<Row> {
    let (role, words) = match verdict {
        Verdict::Pending => (Role::Dim, "not looked at yet".to_owned()),
        Verdict::Verified => (Role::Good, "verified: the content and the link to the record before hold".to_owned()),
        Verdict::LinksOnly => (
            Role::Text,
            "the link to the record before holds; the content can't be checked (unknown or keyed recipe)".to_owned(),
        ),
        Verdict::Unchained => (Role::Dim, "this source has no hash chain".to_owned()),
        Verdict::Unverifiable(why) => (Role::Warning, format!("can't be checked: {why}")),
        Verdict::Broken(kind) => {
            let role = match kind.level() {
                Level::Alarm => Role::Alarm,
                Level::Warning => Role::Warning,
                Level::Note => Role::Dim,
            };
            (role, format!("chain broken: {kind} ({})", kind.level().as_str()))
        }
    };
    let mut rows = vec![Row::Chain(role, words)];
    let Some(finding) = finding else { return rows };
    rows.push(Row::Chain(Role::Text, finding.explanation.clone()));
    for (label, hash) in [("expected", &finding.expected), ("found", &finding.found)] {
        if let Some(hash) = hash {
            rows.push(Row::Chain(Role::Text, format!("{label:<9} {hash}")));
        }
    }
    rows
}
