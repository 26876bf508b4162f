//! The columns of the list: which there are, which are shown, and how wide.

use std::sync::Arc;

use super::term;
use crate::engine::Hit;
use crate::event::field::Field;
use crate::query::ast::Ast;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    Field(Field),
    /// An attribute by its own path.
    Attribute(Arc<str>),
}

impl Default for Column {
    fn default() -> Self {
        Self::Field(Field::Actor)
    }
}

/// Bounds of one column.
#[derive(Clone, Copy)]
struct Spec {
    field: Field,
    /// Shown when the list is at least this wide, unless somebody chose the columns.
    from: u16,
    min: u16,
    max: u16,
    /// Share of the room that is left over.
    weight: u16,
}

const fn spec(field: Field, bounds: [u16; 4]) -> Spec {
    let [from, min, max, weight] = bounds;
    Spec {
        field,
        from,
        min,
        max,
        weight,
    }
}

/// Only where somebody chose it.
const NEVER: u16 = u16::MAX;

/// In the order in which they are offered.
const SPECS: [Spec; 16] = [
    spec(Field::Ts, [0, 14, 14, 0]),
    spec(Field::Actor, [0, 7, 26, 3]),
    spec(Field::Action, [0, 7, 24, 3]),
    spec(Field::Target, [48, 6, 60, 5]),
    spec(Field::Outcome, [0, 4, 18, 2]),
    spec(Field::Reason, [NEVER, 6, 24, 1]),
    spec(Field::Ip, [78, 15, 15, 0]),
    spec(Field::Format, [92, 10, 10, 0]),
    spec(Field::Host, [124, 14, 14, 0]),
    spec(Field::Session, [NEVER, 8, 36, 1]),
    spec(Field::Severity, [NEVER, 8, 8, 0]),
    spec(Field::Source, [150, 20, 32, 1]),
    spec(Field::Message, [NEVER, 12, 200, 6]),
    spec(Field::Chain, [NEVER, 10, 18, 0]),
    spec(Field::Line, [NEVER, 7, 9, 0]),
    spec(Field::Id, [NEVER, 12, 32, 0]),
];
const ATTRIBUTE: Spec = spec(Field::Id, [NEVER, 8, 60, 3]);

/// From this width on the date stands in every row.
const DATE_FROM: u16 = 110;
/// Columns that a time with its date takes.
pub const TIME_WITH_DATE: u16 = 23;

/// Names of something else than an attribute, where columns are read back.
fn is_taken(path: &str) -> bool {
    Field::find(path).is_some() || matches!(path, "time" | "attributes" | "raw")
}

impl Column {
    /// By the name of a field or one of its aliases, else the attribute of that path.
    pub fn named(name: &str) -> Self {
        match Field::find(name) {
            Some(field) => Self::Field(field),
            None => Self::Attribute(name.trim_start_matches('.').into()),
        }
    }

    /// As in `config.toml`.
    pub fn name(&self) -> &str {
        match self {
            Self::Field(Field::Ts) => "time",
            Self::Field(field) => field.name(),
            Self::Attribute(path) => path,
        }
    }

    /// The name as it is read back: a dot keeps an attribute apart from what else has its name.
    pub fn written(&self) -> String {
        match self {
            Self::Attribute(path) if is_taken(path) => format!(".{path}"),
            _ => self.name().to_owned(),
        }
    }

    fn spec(&self) -> Spec {
        let found = match self {
            Self::Field(field) => SPECS.iter().find(|s| s.field == *field),
            Self::Attribute(_) => None,
        };
        found.copied().unwrap_or(ATTRIBUTE)
    }

    /// The term that filters by an event's value in this column.
    pub fn term(&self, hit: &Hit, exclude: bool) -> Option<Ast> {
        match self {
            Self::Field(Field::Chain) => Some(term::included(term::verdict(hit.verdict), exclude)),
            Self::Field(field) => term::of_event(&hit.event, *field, exclude),
            Self::Attribute(path) => {
                term::of_attribute(path, hit.event.attributes.get(path)?, exclude)
            }
        }
    }

    /// Name and whole value of an event's cell, for copying.
    pub fn copied(&self, hit: &Hit) -> Option<(String, String)> {
        let text = match self {
            Self::Field(field) => term::text_of(hit, *field),
            Self::Attribute(path) => hit.event.attributes.get(path).map(str::to_owned),
        };
        text.map(|text| (self.name().to_owned(), text))
    }

    /// Every column there is a name for.
    pub fn all() -> impl Iterator<Item = Self> {
        SPECS.iter().map(|s| Self::Field(s.field))
    }
}

/// Which columns are shown: by the width of the list, or those that somebody chose, in that order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    chosen: Option<Vec<Column>>,
}

impl Columns {
    /// Those named; none named = by width.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Self {
        let columns = names.iter().map(|n| Column::named(n.as_ref())).collect();
        let mut all = Self::default();
        all.choose(columns);
        all
    }

    /// What somebody chose, by name; `None` = by width.
    pub fn names(&self) -> Option<Vec<String>> {
        let chosen = self.chosen.as_ref()?;
        Some(chosen.iter().map(Column::written).collect())
    }

    /// Each once; an empty choice = by width.
    pub fn choose(&mut self, columns: Vec<Column>) {
        let mut chosen: Vec<Column> = Vec::with_capacity(columns.len());
        for column in columns {
            if !chosen.contains(&column) {
                chosen.push(column);
            }
        }
        self.chosen = (!chosen.is_empty()).then_some(chosen);
    }

    pub fn is_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// The columns meant for a list of `width`, whether or not they fit.
    pub fn meant(&self, width: u16) -> Vec<Column> {
        match &self.chosen {
            Some(chosen) => chosen.clone(),
            None => SPECS
                .iter()
                .filter(|s| s.from <= width)
                .map(|s| Column::Field(s.field))
                .collect(),
        }
    }

    /// How many of the columns that somebody chose do not fit `width`.
    pub fn chosen_beyond(&self, width: u16) -> usize {
        let chosen = self.chosen.as_ref().map_or(0, Vec::len);
        chosen.saturating_sub(self.fitting(width).len())
    }

    /// The columns that fit `width`, each with its own width; one blank stands between two. Of chosen ones those on
    /// the right give way first.
    pub fn fitting(&self, width: u16) -> Vec<(Column, u16)> {
        let mut columns: Vec<(Column, Spec, u16)> = Vec::new();
        let mut used = 0u16;
        for column in self.meant(width) {
            let spec = column.spec();
            let with_date = column == Column::Field(Field::Ts) && width >= DATE_FROM;
            let min = if with_date { TIME_WITH_DATE } else { spec.min };
            let gap = u16::from(!columns.is_empty());
            if used + gap + min > width && !columns.is_empty() {
                break;
            }
            used += gap + min;
            columns.push((column, spec, min.min(width.max(1))));
        }
        let mut spare = width.saturating_sub(used);
        // Shares that hit a column's maximum go round again to the others.
        while spare > 0 {
            let weights: u16 = columns
                .iter()
                .filter(|(_, s, w)| *w < s.max)
                .map(|(_, s, _)| s.weight)
                .sum();
            if weights == 0 {
                break;
            }
            let round = spare;
            for (_, spec, width) in &mut columns {
                if spec.weight > 0 && *width < spec.max {
                    let share = (round * spec.weight / weights).max(1);
                    let share = share.min(spec.max - *width).min(spare);
                    *width += share;
                    spare -= share;
                }
            }
        }
        columns.into_iter().map(|(c, _, w)| (c, w)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_take_more_than_there_is() {
        let by_width = Columns::default();
        let chosen = Columns::from_names(&["message", "time", "objectRef.name", "id", "user"]);
        for columns in [&by_width, &chosen] {
            for width in 38..300 {
                let fitting = columns.fitting(width);
                let used: u16 = fitting.iter().map(|(_, w)| w + 1).sum::<u16>() - 1;
                assert!(used <= width, "{used} of {width}");
            }
        }
        assert_eq!(by_width.fitting(40).len(), 4);
        assert_eq!(by_width.fitting(200).len(), 9);
        assert_eq!(chosen.fitting(200).len(), 5);
        assert_eq!(chosen.fitting(5).len(), 1);
        let beyond = |width| (chosen.chosen_beyond(width), by_width.chosen_beyond(width));
        assert_eq!((beyond(200), beyond(5)), ((0, 0), (4, 0)));
    }

    #[test]
    fn names_read_back_and_each_column_stands_once() {
        let columns = Columns::from_names(&["time", "user", "actor", ".a.b"]);
        let names = columns.names().unwrap();
        assert_eq!(names, ["time", "actor", "a.b"]);
        assert_eq!(Columns::from_names(&names).names(), Some(names));
        assert_eq!(Columns::from_names::<&str>(&[]).names(), None);
        assert_eq!(Column::all().count(), crate::event::field::CATALOGUE.len());
    }
}
