//! Which leaf of an unknown record is which field. A leaf gets points for the words of its path ([`weights`]) and for the
//! shape of its value ([`shape`]): `performedBy.email = "a@b.example"` has both, `userAgent` has the word of an actor and
//! another that takes it back, `created = "yes"` is no time. A field is the leaf with the most points, if it has enough.
//!
//! Nothing here knows a product: what one calls its fields stands in the file of its format.

mod shape;
#[cfg(test)]
mod tests;
mod weights;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Context;
use super::record::{add_address, severity_of};
use super::zone_names::usual_time;
use crate::event::field::Field;
use crate::event::{Attributes, Event, Kind, Outcome, Value};
use shape::shape;
use weights::{ROLES, SHAPES, Weights};
use words::Words;

pub(super) use shape::outcome;

/// Points that a field takes.
const ENOUGH: i16 = 30;

/// Points of a path that names who it was whatever the value looks like, so that nobody evades a search for who did it by
/// what he calls himself.
const NAMES_ACTOR: i16 = 45;

/// Points taken for every key around the last one: what is near the top tells of the whole record.
const PER_KEY: i16 = 3;

/// Points for a path that is nothing but the word itself.
const ALONE: i16 = 15;

/// Points for the field's own name, whatever the value looks like: so events that were exported are read back.
const OWN: i16 = 1000;

/// Paths whose points are kept; those of further ones are worked out each time.
const KEPT: usize = 4096;

/// Paths of one record whose points are worked out anew: of a record with more nobody chose the names.
const NEW: usize = 512;

const FIELDS: usize = ROLES.len();

/// Points of a path for each field, in the order of [`ROLES`]; `None` = no word speaks for it.
type Points = [Option<i16>; FIELDS];

/// Guesses, and remembers what it thought of a path.
#[derive(Debug, Default)]
pub(super) struct Guess {
    known: RwLock<Arc<HashMap<Box<str>, Points>>>,
}

/// Whether a name speaks for any field.
pub(super) fn is_telling(name: &str) -> bool {
    points(name).iter().flatten().any(|p| *p >= ENOUGH)
}

/// The words looked for, for people.
pub(super) fn described() -> Vec<(&'static str, String)> {
    let words = |list: Weights| {
        let words = list.iter().flat_map(|(words, _)| words.split_whitespace());
        let words: Vec<&str> = words.map(|w| w.trim_start_matches('^')).collect();
        format!("guessed from {}", words.join(", "))
    };
    let roles = ROLES.iter();
    roles
        .map(|(field, list)| (field.name(), words(list)))
        .collect()
}

/// A leaf that may be a field.
#[derive(Clone, Copy)]
struct Leaf<'a> {
    points: i16,
    path: &'a str,
    value: Value<'a>,
}

/// The leaf that is taken for each field, in the order of [`ROLES`].
struct Chosen<'a>([Option<Leaf<'a>>; FIELDS]);

impl<'a> Chosen<'a> {
    fn get(&self, field: Field) -> Option<Leaf<'a>> {
        index(field).and_then(|at| self.0[at])
    }

    fn text(&self, field: Field) -> Option<String> {
        self.get(field).map(|leaf| leaf.value.text.to_owned())
    }
}

fn index(field: Field) -> Option<usize> {
    ROLES.iter().position(|(f, _)| *f == field)
}

/// Points of a leaf for a field, however few; `None` if its value cannot be this field's.
pub(super) fn leaning(field: Field, path: &str, value: Value<'_>) -> Option<i16> {
    let of_value = shape(field, path, value)?;
    let of_path = points(path)[index(field)?];
    Some(of_path.unwrap_or(0).saturating_add(of_value))
}

impl Guess {
    /// Fills the normalised fields from the leaves of a record.
    pub(super) fn fill(&self, event: &mut Event, leaves: &Attributes, context: &Context) {
        let chosen = self.choose(leaves);
        event.ts = chosen
            .get(Field::Ts)
            .and_then(|leaf| usual_time(leaf.value.text, context));
        event.actor = chosen.text(Field::Actor);
        event.action = chosen.text(Field::Action);
        event.target = chosen.text(Field::Target);
        let reason = chosen.get(Field::Reason);
        event.reason = chosen.text(Field::Reason);
        if let Some(leaf) = chosen.get(Field::Outcome) {
            event.outcome = outcome(leaf.path, leaf.value);
        } else if reason.is_some_and(|leaf| shape::is_of_an_error(leaf.path)) {
            // Logs that name no outcome have an error only where something failed,
            event.outcome = Outcome::Failure;
        } else if reason.is_none() && leaves.iter().any(shape::is_no_error) {
            // or say that there is none.
            event.outcome = Outcome::Success;
        }
        if let Some(first) = chosen.get(Field::Ip) {
            let same = leaves.iter().filter(|(path, _)| *path == first.path);
            for (_, value) in same {
                add_address(event, value.text);
            }
        }
        event.host = chosen.text(Field::Host);
        event.session = chosen.text(Field::Session);
        let severity = chosen.get(Field::Severity);
        event.severity = severity.and_then(|leaf| severity_of(leaf.value.text));
        event.message = chosen.text(Field::Message);
    }

    /// The path that each field is taken from.
    pub(super) fn paths<'a>(
        &self,
        leaves: &'a Attributes,
    ) -> impl Iterator<Item = (Field, &'a str)> + use<'a> {
        let fields = ROLES.iter().map(|(field, _)| *field);
        let chosen = fields.zip(self.choose(leaves).0);
        chosen.filter_map(|(field, leaf)| Some((field, leaf?.path)))
    }

    fn choose<'a>(&self, leaves: &'a Attributes) -> Chosen<'a> {
        let known = self.all_points(leaves);
        let mut judged: Vec<(&str, Value<'_>, Points)> = Vec::with_capacity(leaves.len());
        let mut new = 0;
        for (path, value) in leaves.iter() {
            if value.kind == Kind::Empty || value.text.is_empty() {
                continue;
            }
            let points = match known.get(path) {
                Some(points) => *points,
                None if new == NEW => continue,
                None => {
                    new += 1;
                    points(path)
                }
            };
            judged.push((path, value, points));
        }
        let mut chosen = Chosen([None; FIELDS]);
        for (index, (field, _)) in ROLES.iter().enumerate() {
            // No leaf says two of these.
            let taken: &[Field] = match field {
                Field::Action => &[Field::Actor],
                Field::Target => &[Field::Actor, Field::Action],
                Field::Reason => &[Field::Action, Field::Target],
                _ => &[],
            };
            let is_taken = |path: &str| {
                let mut taken = taken.iter().filter_map(|field| chosen.get(*field));
                taken.any(|leaf| leaf.path == path)
            };
            let mut best: Option<Leaf<'a>> = None;
            for &(path, value, of_path) in &judged {
                let points = if path.eq_ignore_ascii_case(field.name()) {
                    shape::is_possible(*field, path, value).then_some(OWN)
                } else {
                    let shape = || shape(*field, path, value);
                    of_path[index].and_then(|points| Some(points + shape()?))
                };
                let Some(points) = points else {
                    continue;
                };
                let is_named =
                    || *field == Field::Actor && of_path[index].is_some_and(|p| p >= NAMES_ACTOR);
                let is_enough = points >= ENOUGH || is_named();
                if is_enough && !is_taken(path) && best.is_none_or(|b| points > b.points) {
                    best = Some(Leaf {
                        points,
                        path,
                        value,
                    });
                }
            }
            chosen.0[index] = best.or_else(|| unnamed(*field, &judged));
        }
        // A code tells why, too.
        let code = chosen.get(Field::Outcome);
        let code = code.filter(|leaf| leaf.value.kind == Kind::Num && leaf.value.text != "0");
        if let Some(index) = index(Field::Reason) {
            chosen.0[index] = chosen.0[index].or(code);
        }
        chosen
    }

    /// The points of every path that is remembered, those of this record among them.
    fn all_points(&self, leaves: &Attributes) -> Arc<HashMap<Box<str>, Points>> {
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let is_new = |path: &&str| !known.contains_key(*path);
        let mut new: Vec<&str> = leaves.iter().map(|(path, _)| path).filter(is_new).collect();
        new.truncate(KEPT.saturating_sub(known.len()).min(NEW));
        if new.is_empty() {
            return known;
        }
        let mut more = (*known).clone();
        more.extend(new.into_iter().map(|path| (path.into(), points(path))));
        let more = Arc::new(more);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = more.clone();
        more
    }
}

/// The one leaf that by its shape alone can only be this field, whatever language its name is in: a time of day in full,
/// an address. With several there is no telling which.
fn unnamed<'a>(field: Field, leaves: &[(&'a str, Value<'a>, Points)]) -> Option<Leaf<'a>> {
    let mut shaped = leaves.iter().filter(|(path, value, _)| {
        shape::is_unmistakable(field, *value)
            && shape::is_possible(field, path, *value)
            && !speaks_against(field, path)
    });
    let &(path, value, _) = shaped.next()?;
    let is_alone = shaped.all(|(other, _, _)| *other == path);
    is_alone.then_some(Leaf {
        points: ENOUGH,
        path,
        value,
    })
}

/// Whether a word of the path takes points from a field.
fn speaks_against(field: Field, path: &str) -> bool {
    let shapes = SHAPES.iter().find(|(of, _)| *of == field);
    let Some((words, (_, shapes))) = Words::of(path).zip(shapes) else {
        return true;
    };
    all(&words).any(|word| weight(shapes, word, false).is_some_and(|points| points < 0))
}

/// The points of a path for every field.
fn points(path: &str) -> Points {
    let Some(words) = Words::of(path) else {
        return [None; FIELDS];
    };
    let mut points = [None; FIELDS];
    for (slot, ((_, roles), (_, shapes))) in points.iter_mut().zip(ROLES.iter().zip(&SHAPES)) {
        *slot = role(&words, roles).map(|(role, word)| {
            let alone = words.depth == 0 && words.last.len() == 1;
            let around = PER_KEY * i16::try_from(words.depth).unwrap_or(i16::MAX / PER_KEY);
            let shape: i16 = all(&words)
                .filter(|other| *other != word)
                .filter_map(|word| weight(shapes, word, false))
                .sum();
            (role + shape + if alone { ALONE } else { 0 }).saturating_sub(around)
        });
    }
    points
}

fn all(words: &Words) -> impl Iterator<Item = &str> {
    words.last.iter().chain(&words.around).map(String::as_str)
}

/// The strongest word for a part in what happened.
fn role(words: &Words, roles: Weights) -> Option<(i16, &str)> {
    let last = words.last.iter();
    let last = last.filter_map(|word| Some((weight(roles, word, true)?, word.as_str())));
    let around = words.around.iter();
    let around = around.filter_map(|word| Some((weight(roles, word, false)?, word.as_str())));
    last.chain(around).max_by_key(|(points, _)| *points)
}

fn weight(list: Weights, word: &str, in_last: bool) -> Option<i16> {
    let is_it = |entry: &str| match entry.strip_prefix('^') {
        Some(entry) => in_last && entry == word,
        None => entry == word,
    };
    let found = list
        .iter()
        .filter(|(words, _)| words.split_whitespace().any(is_it));
    found
        .map(|(_, points)| *points)
        .max_by_key(|points| points.abs())
}
