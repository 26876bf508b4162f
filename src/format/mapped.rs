//! JSON formats that are a table: how their records are known, and where each field is read from.

use super::layout::Layout;
use super::mapping::{FieldTable, Mapping, fits};
use super::record::json_event;
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Outcome, Severity};

/// A JSON format as data. One format = one file that holds its table.
pub(super) struct Table {
    pub id: &'static str,
    pub title: &'static str,
    /// Raised with every change of what is read.
    pub version: u32,
    /// How a record is known: one of these sets of conditions holds (see [`fits`]).
    pub known_by: &'static [&'static str],
    pub fields: &'static [FieldTable<'static>],
    pub outcomes: &'static [(&'static str, Outcome)],
    pub severities: &'static [(&'static str, Severity)],
    /// The path of the names of events of which a record may hold several: each becomes an event, with the name as its
    /// action and all else in common.
    pub each: Option<&'static str>,
    /// The column that holds the record in exports to CSV.
    pub column: Option<&'static str>,
    /// What no table can say, after it was applied.
    pub finish: fn(&mut Event, &Attributes),
}

impl Table {
    /// All but what tells the format: a table of nothing, to be filled by `..Table::EMPTY`.
    pub(super) const EMPTY: Self = Self {
        id: "",
        title: "",
        version: 1,
        known_by: &[],
        fields: &[],
        outcomes: &[],
        severities: &[],
        each: None,
        column: None,
        finish: |_, _| {},
    };

    pub(super) fn knows(&self, leaves: &Attributes) -> bool {
        self.known_by.iter().any(|c| fits(c, leaves))
    }
}

/// Most events that one record becomes.
const MOST: usize = 64;

/// A table in use, for one layout.
pub(super) struct Mapped {
    table: &'static Table,
    mapping: Mapping,
    layout: Layout,
}

impl Mapped {
    pub(super) fn new(table: &'static Table, layout: Layout) -> Self {
        let words = |list: &[(&str, Outcome)]| {
            let owned = list
                .iter()
                .map(|(word, meaning)| ((*word).to_owned(), *meaning));
            owned.collect()
        };
        let severities = table.severities.iter();
        let severities = severities.map(|(word, meaning)| ((*word).to_owned(), *meaning));
        let mapping = Mapping::new(
            table.fields.iter().copied(),
            words(table.outcomes),
            severities.collect(),
        );
        Self {
            table,
            // A table that comes with the program is read in the tests.
            mapping: mapping.unwrap_or_default(),
            layout,
        }
    }
}

impl Format for Mapped {
    fn id(&self) -> &str {
        self.table.id
    }

    fn title(&self) -> &str {
        self.table.title
    }

    fn version(&self) -> u32 {
        self.table.version
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        sample.score_objects(self.layout, 95, |leaves| self.table.knows(leaves))
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        self.layout.framer(offset)
    }

    fn splittable(&self) -> bool {
        self.layout == Layout::Lines
    }

    fn parse(&self, frame: &Frame, _: &Context) -> Result<Vec<Event>, String> {
        let mut event = json_event(frame)?;
        if !self.table.knows(&event.attributes) {
            return Err(format!("not a record of {}", self.table.title));
        }
        let leaves = std::mem::take(&mut event.attributes);
        Ok(self.events(event, leaves))
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.mapping.describe()
    }
}

impl Mapped {
    /// The events of a record, from its leaves.
    pub(super) fn events(&self, mut event: Event, leaves: Attributes) -> Vec<Event> {
        self.mapping.fill(&mut event, &leaves);
        let names: Vec<&str> = self.table.each.map_or(Vec::new(), |path| {
            leaves.all(path).map(|name| name.text).collect()
        });
        // Every event holds all of the record: a record of very many stays one.
        let names = if names.len() > MOST {
            Vec::new()
        } else {
            names
        };
        let mut events = vec![event; names.len().max(1)];
        for (n, event) in events.iter_mut().enumerate() {
            if let Some(name) = names.get(n) {
                event.action = Some((*name).to_owned());
            }
            (self.table.finish)(event, &leaves);
        }
        match &mut events[..] {
            [only] => only.attributes = leaves,
            several => several
                .iter_mut()
                .for_each(|e| e.attributes = leaves.clone()),
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_can_be_read() {
        for table in super::super::TABLES {
            let mapping = Mapping::new(table.fields.iter().copied(), vec![], vec![]);
            assert!(mapping.is_ok(), "{}: {:?}", table.id, mapping.err());
            assert!(!table.known_by.is_empty() && !table.title.is_empty());
        }
    }
}
