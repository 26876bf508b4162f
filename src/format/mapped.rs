//! JSON formats that are a table: how their records are known, and where each field is read from.

use super::layout::Layout;
use super::mapping::{FieldTable, Mapping, fits};
use super::record::{json_event, trimmed};
use super::sample::Sample;
use super::several::several;
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
    /// The path of a list of events in a record: each becomes an event of its own, with what they have in common.
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

impl Mapped {
    pub(super) fn filled(&self, mut event: Event, leaves: Attributes) -> Event {
        self.mapping.fill(&mut event, &leaves);
        (self.table.finish)(&mut event, &leaves);
        event.attributes = leaves;
        event
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
        let list = self.table.each;
        let apart = list.and_then(|list| several(trimmed(&frame.bytes), list, &leaves));
        let apart = apart.unwrap_or_else(|| vec![leaves]);
        let events = apart.into_iter();
        Ok(events
            .map(|leaves| self.filled(event.clone(), leaves))
            .collect())
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.mapping.describe()
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
