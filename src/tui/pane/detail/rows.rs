//! The lines of the detail: notes, fields, what the chain check says, the attributes as a tree, the session, the
//! neighbours in the chain.

use std::collections::{BTreeMap, HashSet};

use super::Subject;
use super::raw;
use super::related::Session;
use crate::chain::Finding;
use crate::engine::Hit;
use crate::event::field::{CATALOGUE, Field};
use crate::event::{Event, EventId, Kind, Level, Outcome, Timestamp, Verdict};
use crate::query::ast::{Ast, FieldRef};
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::moment::delta;
use crate::tui::widget::text;

/// A line of the detail; long ones wrap. None of its texts is safe yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    Field {
        label: String,
        value: String,
        role: Role,
        term: Term,
    },
    /// Words of the chain check.
    Chain(Role, String),
    Group {
        path: String,
        label: String,
        depth: usize,
        folded: bool,
    },
    Attribute {
        path: String,
        label: String,
        value: String,
        depth: usize,
        empty: bool,
    },
    /// A whole session over time; the cursor passes over it.
    OverTime(OverTime),
    /// Another event, to go to.
    Other(Other),
    Raw(String),
    /// Begins a part; the cursor passes over it.
    Heading(String),
    /// Something to know; the cursor passes over it.
    Remark(String),
}

/// What filters by a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    None,
    /// The event's own value of a field.
    Of(Field),
    Is(FieldRef, String),
}

/// Bars from the first event of a session to its last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OverTime {
    pub from: String,
    pub to: String,
    /// Events of each part, and the failures among them.
    pub parts: Vec<(u64, u64)>,
    /// The part of the event in the detail.
    pub here: Option<usize>,
}

/// A row for another event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Other {
    pub id: EventId,
    pub noun: &'static str,
    /// It is the event in the detail itself.
    pub is_this: bool,
    /// Which it is, or how far away in time.
    pub lead: String,
    pub actor: String,
    pub action: String,
    pub outcome: (Role, String),
}

impl Row {
    pub(super) fn can_be_selected(&self) -> bool {
        !matches!(self, Self::Heading(_) | Self::Remark(_) | Self::OverTime(_))
    }

    /// Name and value to be copied.
    pub(super) fn copied(self, hit: &Hit) -> Option<(String, String)> {
        Some(match self {
            Self::Field {
                label, value, term, ..
            } => {
                let whole = match term {
                    Term::Of(field) => term::text_of(hit, field),
                    Term::Is(_, value) => Some(value),
                    Term::None => None,
                };
                (label, whole.unwrap_or(value))
            }
            Self::Chain(_, text) => ("what the chain check says".to_owned(), text),
            Self::Attribute { path, value, .. } => (path, value),
            Self::Raw(text) => ("the record".to_owned(), text),
            Self::Group { .. }
            | Self::Heading(_)
            | Self::Remark(_)
            | Self::OverTime(_)
            | Self::Other(_) => {
                return None;
            }
        })
    }

    /// The term this row adds to a query; `Err` = why there is none.
    pub(super) fn term(&self, hit: &Hit, exclude: bool) -> Result<Ast, &'static str> {
        const TOO_LONG: &str = "this value is too long for a filter";
        match self {
            Self::Field { term, .. } => match term {
                Term::None => Err("no filter can be made of this line"),
                Term::Of(field) => term::of_event(&hit.event, *field, exclude).ok_or(TOO_LONG),
                Term::Is(field, value) => {
                    Ok(term::included(term::is(field.clone(), value), exclude))
                }
            },
            Self::Chain(..) => Ok(term::included(term::verdict(hit.verdict), exclude)),
            // An empty value counts as absent: keeping it means leaving out events that have one.
            Self::Attribute {
                path, empty: true, ..
            } => {
                let exists = term::exists(FieldRef::Attribute(path.clone()));
                Ok(term::included(exists, !exclude))
            }
            Self::Attribute { path, value, .. } => {
                term::of_attribute(path, value, exclude).ok_or(TOO_LONG)
            }
            Self::Group { .. } => Err("a group has no value; filter by one of the lines in it"),
            Self::Other(_) => Err("this is another event; Enter goes to it"),
            _ => Err("no filter can be made of this line"),
        }
    }
}

/// Everything there is to say of an event. Groups of attributes in `folded` hide their leaves.
pub(super) fn tree(folded: &HashSet<String>, subject: &Subject<'_>) -> Vec<Row> {
    let hit = subject.hit;
    let event = &*hit.event;
    let mut rows = Vec::new();
    if let Some(note) = subject.entry.and_then(|e| e.note.as_deref()) {
        rows.push(field("note", note.to_owned(), Role::Accent, Term::None));
    }
    let words = match hit.verdict {
        Verdict::Unchained if subject.is_chained() => {
            let words = "this record has no part in the chain of its source";
            vec![Row::Chain(Role::Dim, words.to_owned())]
        }
        verdict => chain(verdict, subject.finding),
    };
    let is_broken = matches!(hit.verdict, Verdict::Broken(_));
    if is_broken {
        rows.extend(words.iter().cloned());
    }
    rows.extend(fields(event));
    if !event.attributes.is_empty() {
        rows.push(Row::Heading("attributes".to_owned()));
        attributes(folded, event, &mut rows);
    } else {
        rows.push(Row::Heading("record as read".to_owned()));
        rows.extend(raw(event));
    }
    if event.session.is_some() {
        session(subject, &mut rows);
    }
    rows.push(Row::Heading("chain".to_owned()));
    if !is_broken {
        rows.extend(words);
    }
    if subject.is_chained() {
        neighbours(subject, &mut rows);
    }
    rows
}

/// The record as it was read.
pub(super) fn raw(event: &Event) -> impl Iterator<Item = Row> {
    raw::lines(&event.raw).into_iter().map(Row::Raw)
}

fn field(label: &str, value: String, role: Role, term: Term) -> Row {
    Row::Field {
        label: label.to_owned(),
        value,
        role,
        term,
    }
}

/// Attributes in record order, under a line for each prefix that several share.
fn attributes(folded: &HashSet<String>, event: &Event, rows: &mut Vec<Row>) {
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
                    folded: folded.contains(*group),
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

/// The normalised fields that have a value, in the catalogue's order, the id last; each value has its own line.
fn fields(event: &Event) -> Vec<Row> {
    let mut rows = Vec::new();
    for spec in CATALOGUE.iter().filter(|s| s.field != Field::Id) {
        if spec.field == Field::Ip {
            rows.extend(event.ip.iter().map(|ip| {
                let term = Term::Is(FieldRef::Normal(Field::Ip), ip.to_string());
                field("ip", ip.to_string(), Role::Text, term)
            }));
        } else if let Some(value) = value(event, spec.field) {
            let role = match (spec.field, event.outcome) {
                (Field::Outcome, Outcome::Failure) => Role::Failure,
                _ => Role::Text,
            };
            let term = match spec.field {
                Field::Ts if event.ts.is_none() => Term::None,
                field => Term::Of(field),
            };
            rows.push(field(spec.name, value, role, term));
        }
    }
    rows.push(field(
        "id",
        event.id.to_string(),
        Role::Dim,
        Term::Of(Field::Id),
    ));
    rows
}

fn value(event: &Event, field: Field) -> Option<String> {
    match field {
        Field::Ts => Some(
            event
                .ts
                .map_or_else(|| "unknown".to_owned(), |ts| ts.rfc3339()),
        ),
        Field::Outcome => (event.outcome != Outcome::Unknown).then(|| event.outcome.to_string()),
        Field::Reason => event.reason.clone(),
        Field::Message => event.message.clone(),
        Field::Source => {
            let mut text = event.source.to_string();
            if event.gone {
                text.push_str(" (no longer in the file)");
            }
            Some(text)
        }
        Field::Line => event.line.map(|l| l.to_string()),
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
        Field::Id | Field::Ip | Field::Chain => None,
    }
}

/// How an event's result is said in a row.
fn outcome(event: &Event) -> (Role, String) {
    let role = match event.outcome {
        Outcome::Failure => Role::Failure,
        _ => Role::Dim,
    };
    let reason = event.reason.as_deref().unwrap_or_default();
    let word = match event.outcome {
        Outcome::Unknown => "",
        outcome => outcome.as_str(),
    };
    (role, format!("{word} {reason}").trim().to_owned())
}

/// What was done to what, or the record's own line.
fn deed(event: &Event) -> String {
    match (&event.action, &event.target) {
        (Some(action), Some(target)) => format!("{action} {target}"),
        (Some(action), None) => action.clone(),
        _ => event.summary(),
    }
}

/// The events of the same session, each with its distance in time.
fn session(subject: &Subject<'_>, rows: &mut Vec<Row>) {
    let event = &*subject.hit.event;
    let known = subject.related.of(event).map(|(session, _)| session);
    let Some((session, before)) = known.and_then(|s| Some((s, s.before.as_ref()?))) else {
        rows.push(Row::Heading("session".to_owned()));
        let words = subject.related.error(event).unwrap_or("looking for it");
        rows.push(Row::Remark(words.to_owned()));
        return;
    };
    let after = session.after.as_deref().unwrap_or_default();
    let shown = (before.len() + 1 + after.len()) as u64;
    let total = session.total.max(shown);
    let count = text::counted(total, "event", "events");
    rows.push(Row::Heading(format!("session  {count}")));
    rows.extend(over_time(subject, session).map(Row::OverTime));
    let other = |hit: &Hit, is_this| {
        let lead = match (hit.event.ts, event.ts) {
            _ if is_this => "this".to_owned(),
            (Some(ts), Some(here)) => delta(ts, here),
            _ => "no time".to_owned(),
        };
        Row::Other(Other {
            id: hit.event.id,
            noun: "event",
            is_this,
            lead,
            actor: hit.event.actor.clone().unwrap_or_default(),
            action: deed(&hit.event),
            outcome: outcome(&hit.event),
        })
    };
    if total == 1 {
        let alone = "no other event has this one: the pivot menu goes by actor, ip or time";
        rows.push(Row::Remark(alone.to_owned()));
        return;
    }
    let hidden = total - shown;
    if session.more_before {
        rows.push(Row::Remark("earlier ones are left out".to_owned()));
    }
    rows.extend(before.iter().map(|h| other(h, false)));
    rows.push(other(subject.hit, true));
    rows.extend(after.iter().map(|h| other(h, false)));
    if hidden > 0 {
        let hidden = text::counted(hidden, "more event", "more events");
        rows.push(Row::Remark(format!(
            "{hidden}: the pivot menu shows the whole session"
        )));
    }
}

/// A session that takes time, over it.
fn over_time(subject: &Subject<'_>, session: &Session) -> Option<OverTime> {
    let histogram = session.over_time.as_ref()?;
    let counts = || histogram.total.iter().zip(&histogram.failures);
    let first = counts().position(|(total, _)| *total > 0)?;
    let last = counts().rposition(|(total, _)| *total > 0)?;
    if first == last {
        return None;
    }
    let start = histogram.start.0;
    let at = |part: usize| {
        let parts = i64::try_from(part).unwrap_or(i64::MAX);
        Timestamp(start.saturating_add(histogram.step.saturating_mul(parts)))
    };
    // To the second, as the timeline has it.
    let clock = |ts| subject.zone.clock(ts).chars().take(8).collect();
    let here = subject.hit.event.ts;
    let here = here.and_then(|ts| usize::try_from((ts.0 - start) / histogram.step).ok());
    let counts = counts().map(|(total, failures)| (*total, *failures));
    Some(OverTime {
        from: clock(at(first)),
        to: clock(at(last + 1)),
        parts: counts.skip(first).take(last + 1 - first).collect(),
        here: here.and_then(|part| part.checked_sub(first)),
    })
}

/// The records before and after in the file.
fn neighbours(subject: &Subject<'_>, rows: &mut Vec<Row>) {
    let event = &*subject.hit.event;
    if let Some(error) = subject.related.error(event) {
        rows.push(Row::Remark(error.to_owned()));
        return;
    }
    let Some((_, records)) = subject.related.of(event) else {
        return;
    };
    let verdict = |hit: &Hit| {
        let order = hit.event.order;
        let now = subject
            .chain
            .map(|c| c.verdicts.at(order.generation, order.offset));
        // The report is newer than the answer to the question, if it speaks of this record.
        match now {
            Some(Verdict::Unchained) | None => hit.verdict,
            Some(now) => now,
        }
    };
    let row = |hit: &Hit, which: &str, is_this| {
        let line = hit.event.line.map(|l| format!(" line {}", text::number(l)));
        let verdict = verdict(hit);
        Row::Other(Other {
            id: hit.event.id,
            noun: "record",
            is_this,
            lead: format!("{which}{}", line.unwrap_or_default()),
            actor: hit
                .event
                .ts
                .map(|ts| subject.zone.clock(ts))
                .unwrap_or_default(),
            action: deed(&hit.event),
            outcome: (verdict_role(verdict), verdict.as_str().to_owned()),
        })
    };
    match &records.before {
        Some(Some(hit)) => rows.push(row(hit, "before", false)),
        Some(None) => rows.push(Row::Remark("this is the first record known".to_owned())),
        None => rows.push(Row::Remark("looking for the record before".to_owned())),
    }
    rows.push(row(subject.hit, "this", true));
    match &records.after {
        Some(Some(hit)) => rows.push(row(hit, "after", false)),
        Some(None) => rows.push(Row::Remark("this is the last record known".to_owned())),
        None => rows.push(Row::Remark("looking for the record after".to_owned())),
    }
}

fn verdict_role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Pending | Verdict::Unchained => Role::Dim,
        Verdict::Verified => Role::Good,
        Verdict::LinksOnly => Role::Text,
        Verdict::Unverifiable(_) => Role::Warning,
        Verdict::Broken(kind) => match kind.level() {
            Level::Alarm => Role::Alarm,
            Level::Warning => Role::Warning,
            Level::Note => Role::Dim,
        },
    }
}

/// What the check found, in plain words.
pub(super) fn chain(verdict: Verdict, finding: Option<&Finding>) -> Vec<Row> {
    let words = match verdict {
        Verdict::Pending => "not looked at yet".to_owned(),
        Verdict::Verified => {
            "verified: the content and the link to the record before hold".to_owned()
        }
        Verdict::LinksOnly => "the link to the record before holds; the content can't be checked (unknown or keyed recipe)".to_owned(),
        Verdict::Unchained => "this source has no hash chain".to_owned(),
        Verdict::Unverifiable(why) => format!("can't be checked: {why}"),
        Verdict::Broken(kind) => format!("chain broken: {kind} ({})", kind.level().as_str()),
    };
    let mut rows = vec![Row::Chain(verdict_role(verdict), words)];
    let Some(finding) = finding else { return rows };
    rows.push(Row::Chain(Role::Text, finding.explanation.clone()));
    let hashes = [
        (
            "expected",
            &finding.expected,
            "the hash that should stand here",
        ),
        ("found", &finding.found, "the one that does"),
    ];
    for (label, hash, meaning) in hashes {
        if let Some(hash) = hash {
            rows.push(Row::Chain(
                Role::Text,
                format!("{label:<9} {hash}  {meaning}"),
            ));
        }
    }
    rows
}
