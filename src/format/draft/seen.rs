//! What the records of a sample hold at each path.

use std::collections::HashMap;

use crate::event::{Attributes, Kind, Value};

/// Most paths that are looked at: of more nobody chose the names.
const PATHS: usize = 4_096;

/// Different values that are kept of a path.
const VALUES: usize = 24;

/// What stands at one path.
pub(super) struct At<'a> {
    pub(super) path: &'a str,
    /// Records that have something there.
    pub(super) records: usize,
    /// Its first different values.
    pub(super) values: Vec<Value<'a>>,
    /// There are more values than those.
    pub(super) more: bool,
    last: usize,
}

/// All paths, in the order in which they are first seen.
#[derive(Default)]
pub(super) struct Seen<'a> {
    paths: Vec<At<'a>>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Seen<'a> {
    pub(super) fn in_records(records: impl Iterator<Item = &'a Attributes>) -> Self {
        let mut seen = Self::default();
        for (number, leaves) in (1..).zip(records) {
            for (path, value) in leaves.iter() {
                if value.kind != Kind::Empty && !value.text.is_empty() {
                    seen.add(number, path, value);
                }
            }
        }
        seen
    }

    fn add(&mut self, record: usize, path: &'a str, value: Value<'a>) {
        let place = match self.places.get(path) {
            Some(place) => *place,
            None if self.paths.len() == PATHS => return,
            None => {
                self.places.insert(path, self.paths.len());
                self.paths.push(At {
                    path,
                    records: 0,
                    values: Vec::new(),
                    more: false,
                    last: 0,
                });
                self.paths.len() - 1
            }
        };
        let at = &mut self.paths[place];
        at.records += usize::from(at.last != record);
        at.last = record;
        if !at.values.contains(&value) {
            match at.values.len() < VALUES {
                true => at.values.push(value),
                false => at.more = true,
            }
        }
    }

    pub(super) fn get(&self, path: &str) -> Option<&At<'a>> {
        self.places.get(path).map(|place| &self.paths[*place])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &At<'a>> {
        self.paths.iter()
    }
}
