//! What tells the records of a sample from others: names that they all have and that are not every log's.

use std::collections::{HashMap, HashSet};

use super::is_most;
use crate::event::{Attributes, Event, Kind};
use crate::format::guess::is_telling;
use crate::format::mapping::fits;

/// Stands where no name can be written as a condition. No record has it.
pub(super) const NOTHING: &str = "a_name_that_tells_these_records";

/// Names that together are a condition; of names that many logs have, it takes more.
const NAMES: usize = 3;
const USUAL: usize = 4;

/// Most conditions, for logs of several kinds of records.
const SETS: usize = 4;

/// Longest name and value in a condition.
const LONGEST: usize = 128;

/// Names whose value says which program writes.
const PROGRAMS: [&str; 10] = [
    "app",
    "application",
    "service",
    "product",
    "program",
    "vendor",
    "schema",
    "kind",
    "apiversion",
    "logger",
];

/// Conditions of which every record, or nearly every one, fulfils one.
pub(super) fn known_by(events: &[&Event]) -> Vec<String> {
    let mut sets = Vec::new();
    let mut left: Vec<&Attributes> = events.iter().map(|e| &e.attributes).collect();
    while !left.is_empty() && sets.len() < SETS && !is_most(events.len() - left.len(), events.len())
    {
        let set = conditions(&left);
        let before = left.len();
        left.retain(|leaves| !fits(&set, leaves));
        if set.is_empty() || left.len() == before {
            break;
        }
        sets.push(set);
    }
    if sets.is_empty() {
        sets.push(NOTHING.to_owned());
    }
    sets
}

/// What the most common kind of record among these has.
fn conditions(records: &[&Attributes]) -> String {
    let mut names: Vec<(&str, usize)> = Vec::new();
    let mut places = HashMap::new();
    for leaves in records {
        let mut here = HashSet::new();
        for (path, _) in leaves.iter().filter(|(path, _)| is_writable(path)) {
            if here.insert(path) {
                let place = *places.entry(path).or_insert(names.len());
                if place == names.len() {
                    names.push((path, 0));
                }
                names[place].1 += 1;
            }
        }
    }
    let most = names.iter().map(|(_, count)| *count).max().unwrap_or(0);
    names.retain(|(_, count)| is_most(*count, most));
    let program = names
        .iter()
        .find_map(|(name, _)| Some((*name, program(name, records)?)));
    // Stable: the first names of a record are the ones that its writer thought of first.
    names.sort_by_key(|(name, count)| (is_telling(name), std::cmp::Reverse(*count)));
    let telling = names.iter().filter(|(name, _)| !is_telling(name)).count();
    let count = if telling >= NAMES { NAMES } else { USUAL };
    let mut set: Vec<String> = program
        .map(|(name, value)| format!("{name}={value}"))
        .into_iter()
        .collect();
    let others = names.iter().map(|(name, _)| *name);
    let others = others.filter(|name| program.is_none_or(|(program, _)| program != *name));
    let mut others: Vec<&str> = others.take(count).collect();
    others.sort_by_key(|name| places.get(name));
    set.extend(others.into_iter().map(str::to_owned));
    set.join(" ")
}

/// The one value of a name that says which program writes.
fn program<'a>(name: &str, records: &[&'a Attributes]) -> Option<&'a str> {
    let last = name.rsplit('.').next()?;
    if records.len() < 2 || !PROGRAMS.iter().any(|p| p.eq_ignore_ascii_case(last)) {
        return None;
    }
    let values = records.iter().flat_map(|leaves| leaves.iter());
    let mut values = values.filter(|(path, _)| *path == name).map(|(_, v)| v);
    let first = values.next()?;
    let is_word = !first.text.is_empty()
        && first.text.len() <= LONGEST
        && !first.text.contains(char::is_whitespace);
    (first.kind == Kind::Str && is_word && values.all(|value| value == first)).then_some(first.text)
}

/// Whether a condition can be a name: blanks would part it, `=` and what stands before one have a meaning.
fn is_writable(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= LONGEST
        && !path.contains(|c: char| c.is_whitespace() || c == '=')
        && !path.ends_with(['^', '*', '.'])
}
