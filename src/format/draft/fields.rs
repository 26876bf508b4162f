//! Where each field of a draft comes from.

use std::collections::HashMap;

use super::seen::{At, Seen};
use crate::event::field::Field;
use crate::event::{Event, Kind, Outcome, Severity};
use crate::format::FILLED;
use crate::format::guess::{self, Guess};
use crate::format::own::{OutcomeWord, Sources, Spec};
use crate::format::record::{outcome_of, severity_of, time_of};

/// Most sources of one field.
const SOURCES: usize = 4;

/// What is offered for a field that nothing was found for.
const CANDIDATES: usize = 3;

/// Examples of the values at a path.
const EXAMPLES: usize = 3;

/// Longest word of a table, in bytes.
const WORD: usize = 64;

/// The group of a pattern that holds the time.
pub(super) const WHEN: &str = "when";

/// What a draft says of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It comes from the sources.
    Taken,
    /// No list of sources says what the guess reads, record by record.
    Guessed,
    /// Nothing speaks for it.
    Missing,
}

/// One field of a draft.
pub(super) struct FieldDraft {
    pub(super) field: Field,
    pub(super) said: Said,
    /// Where it comes from or could come from, best first.
    pub(super) paths: Vec<String>,
    /// Records that have it.
    pub(super) records: usize,
    /// Values at each path.
    pub(super) examples: Vec<Vec<String>>,
}

/// What the guess takes for each field in the records of a sample; the time where a pattern has one.
pub(super) fn chosen(
    guess: &Guess,
    events: &[&Event],
    seen: &Seen<'_>,
    spec: &Spec,
) -> Vec<FieldDraft> {
    let mut counts: HashMap<(Field, &str), usize> = HashMap::new();
    for event in events {
        for (field, path) in guess.paths(&event.attributes) {
            *counts.entry((field, path)).or_default() += 1;
        }
    }
    let mut used: Vec<&str> = counts.keys().map(|(_, path)| *path).collect();
    if spec.pattern.is_some() {
        used.push(WHEN);
    }
    let draft = |field: Field| {
        let mut paths: Vec<(&At<'_>, usize)> = counts
            .iter()
            .filter(|((f, _), _)| *f == field)
            .filter_map(|((_, path), count)| Some((seen.get(path)?, *count)))
            .filter(|(at, _)| source(at.path).is_some())
            .collect();
        // What is taken wherever it is there comes before what is taken only where that is missing.
        paths.sort_by(|(a, taken_a), (b, taken_b)| {
            let shares = (taken_b * a.records).cmp(&(taken_a * b.records));
            shares.then(taken_b.cmp(taken_a)).then(a.path.cmp(b.path))
        });
        let mut paths: Vec<String> = paths.iter().map(|(at, _)| at.path.to_owned()).collect();
        paths.truncate(SOURCES);
        if field == Field::Ts && spec.time.is_some() {
            paths = vec![WHEN.to_owned()];
        }
        let is_there = events.iter().any(|event| value(event, field).is_some());
        let said = match paths.is_empty() {
            false => Said::Taken,
            true if is_there && field != Field::Message => Said::Guessed,
            true => Said::Missing,
        };
        if said == Said::Missing {
            paths = candidates(field, seen, &used, events.len());
        }
        FieldDraft {
            field,
            said,
            paths,
            records: 0,
            examples: Vec::new(),
        }
    };
    FILLED.into_iter().map(draft).collect()
}

/// Paths that could be a field though no name says so.
fn candidates(field: Field, seen: &Seen<'_>, used: &[&str], records: usize) -> Vec<String> {
    // What a value has to show where the name shows nothing.
    let least = match field {
        Field::Ts | Field::Actor | Field::Action | Field::Target | Field::Outcome | Field::Ip => 0,
        Field::Severity => 4,
        Field::Session | Field::Message => 8,
        _ => i16::MAX,
    };
    let points = |at: &At<'_>| {
        let values = at.values.iter().filter(|value| value.text != "-");
        let leanings = values.map(|v| guess::leaning(field, at.path, *v));
        let all: Option<Vec<i16>> = leanings.collect();
        all?.into_iter().min()
    };
    let is_else = |text: &str| text.parse::<f64>().is_ok() || time_of(text).is_some();
    let is_else = |at: &At<'_>| at.values.iter().all(|value| is_else(value.text));
    let mut found: Vec<(i16, &At<'_>)> = seen
        .iter()
        .filter(|at| !used.contains(&at.path) && source(at.path).is_some())
        .filter(|at| at.path.len() <= WORD && at.records * 2 >= records)
        .filter(|at| field == Field::Ts || !is_else(at))
        .filter_map(|at| Some((points(at)?, at)))
        .filter(|(points, _)| *points >= least)
        .collect();
    found.sort_by_key(|(points, at)| std::cmp::Reverse((*points, at.records)));
    let found = found.into_iter().take(CANDIDATES);
    found.map(|(_, at)| at.path.to_owned()).collect()
}

/// A path as a source of a field; `None` if none can be written that means it.
pub(super) fn source(path: &str) -> Option<String> {
    let means_more = path.is_empty() || path.starts_with('=') || path.contains('{');
    match means_more {
        false => Some(path.to_owned()),
        true => (!path.contains('}')).then(|| format!("{{{path}}}")),
    }
}

/// Writes the fields and their tables of words into a format.
pub(super) fn apply(spec: &mut Spec, fields: &[FieldDraft], seen: &Seen<'_>) {
    spec.fields.clear();
    spec.outcomes.clear();
    spec.severities.clear();
    for draft in fields.iter().filter(|draft| draft.said == Said::Taken) {
        let mut sources: Vec<String> = draft.paths.iter().filter_map(|p| source(p)).collect();
        let sources = match sources.len() {
            1 => Sources::One(sources.remove(0)),
            _ => Sources::Several(sources),
        };
        spec.fields.insert(draft.field.name().to_owned(), sources);
        match draft.field {
            Field::Outcome => spec.outcomes = outcomes(draft, seen).into_iter().collect(),
            Field::Severity => {
                let known = |word| Some((word, severity_of(word)?.to_string()));
                let known = words(draft, seen).filter_map(known);
                spec.severities = known.map(|(word, is)| (word.to_owned(), is)).collect();
            }
            _ => {}
        }
    }
}

/// What the words that were seen mean. Numbers stand in it only where they mean something else than usual.
fn outcomes(draft: &FieldDraft, seen: &Seen<'_>) -> Vec<(String, OutcomeWord)> {
    let mut table: Vec<(String, OutcomeWord)> = Vec::new();
    for at in draft.paths.iter().filter_map(|path| seen.get(path)) {
        for value in at.values.iter().filter(|value| is_word(value.text)) {
            let meaning = guess::outcome(at.path, *value);
            let is_code = value.kind != Kind::Str || value.text.parse::<u32>().is_ok();
            let is_usual = is_code || at.more;
            if is_usual && meaning == outcome_of(value.kind, value.text) {
                continue;
            }
            let meaning = match meaning {
                Outcome::Success => OutcomeWord::Success,
                Outcome::Failure => OutcomeWord::Failure,
                Outcome::Unknown => OutcomeWord::Unknown,
            };
            if !table
                .iter()
                .any(|(w, _)| w.eq_ignore_ascii_case(value.text))
            {
                table.push((value.text.to_owned(), meaning));
            }
        }
    }
    table
}

/// A word that can stand in a table: `*` and nothing have a meaning of their own there.
fn is_word(text: &str) -> bool {
    text != "*" && !text.is_empty() && text.len() <= WORD
}

/// The different words at a field's paths that are no numbers.
fn words<'a>(draft: &'a FieldDraft, seen: &'a Seen<'_>) -> impl Iterator<Item = &'a str> {
    let paths = draft.paths.iter().filter_map(|path| seen.get(path));
    let values = paths.flat_map(|at| &at.values);
    let words = values.filter(|value| value.kind == Kind::Str && is_word(value.text));
    let words = words.map(|value| value.text);
    words.filter(|word| word.parse::<u8>().is_err())
}

/// Words at the severity's paths that mean none.
pub(super) fn unknown_severities(fields: &[FieldDraft], seen: &Seen<'_>) -> Vec<String> {
    let is_it = |draft: &&FieldDraft| draft.field == Field::Severity && draft.said == Said::Taken;
    let words = fields.iter().filter(is_it).flat_map(|d| words(d, seen));
    let unknown = words.filter(|word| Severity::from_name(word).is_none());
    unknown.map(str::to_owned).collect()
}

/// Leaves to the guess what is read otherwise by the draft, and counts the records that have each field. A pair is what
/// the guess reads and what the draft reads.
pub(super) fn compare<'a>(
    fields: &mut [FieldDraft],
    pairs: impl Iterator<Item = (&'a Event, &'a Event)>,
) {
    let mut had = [0; FILLED.len()];
    for (guessed, read) in pairs {
        for (draft, had) in fields.iter_mut().zip(&mut had) {
            let (guessed, read) = (value(guessed, draft.field), value(read, draft.field));
            *had += usize::from(guessed.is_some());
            draft.records += usize::from(read.is_some());
            if draft.said == Said::Taken && guessed.is_some() && guessed != read {
                draft.said = Said::Guessed;
            }
        }
    }
    for (draft, had) in fields.iter_mut().zip(had) {
        if draft.said == Said::Guessed {
            draft.records = had;
        }
    }
}

/// Values as they stand at the paths of each field.
pub(super) fn add_examples(fields: &mut [FieldDraft], seen: &Seen<'_>) {
    let of_path = |path: &String| {
        let values = seen.get(path).map_or(&[][..], |at| &at.values);
        let values = values.iter().take(EXAMPLES);
        values.map(|value| value.text.to_owned()).collect()
    };
    for draft in fields {
        draft.examples = draft.paths.iter().map(of_path).collect();
    }
}

/// A field of an event as text, to be compared.
pub(super) fn value(event: &Event, field: Field) -> Option<String> {
    match field {
        Field::Ts => event.ts.map(|ts| ts.rfc3339()),
        Field::Actor => event.actor.clone(),
        Field::Action => event.action.clone(),
        Field::Target => event.target.clone(),
        Field::Outcome => (event.outcome != Outcome::Unknown).then(|| event.outcome.to_string()),
        Field::Reason => event.reason.clone(),
        Field::Ip => (!event.ip.is_empty()).then(|| format!("{:?}", event.ip)),
        Field::Host => event.host.clone(),
        Field::Session => event.session.clone(),
        Field::Severity => event.severity.map(|severity| severity.to_string()),
        _ => event.message.clone(),
    }
}
