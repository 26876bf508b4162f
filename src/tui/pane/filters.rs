//! The filter pane: time, the query's terms as chips, and what the values of each field are and how often.

mod chips;
mod draw;
mod facets;

use crate::engine::{Facet, FacetField, FacetRequest};
use crate::event::field::Field;
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef, TimeExpr};
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::widget::line_editor::LineEditor;
use chips::Chips;
use facets::Facets;

/// Spans of time up to now, as they are shown and as `since:` takes them.
const PRESETS: [(&str, Option<&str>); 5] = [
    ("15m", Some("15m")),
    ("1h", Some("1h")),
    ("24h", Some("24h")),
    ("7d", Some("7d")),
    ("all", None),
];

/// A line that can be selected, told apart by what it stands for, so that new counts do not move the selection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Row {
    Time,
    Chip(usize),
    Field(FacetField),
    Value(FacetField, String),
    Other(FacetField),
    Missing(FacetField),
}

#[derive(Clone, Debug, Default)]
pub struct Filters {
    chips: Chips,
    facets: Facets,
    /// The preset that the keys stand on.
    preset: usize,
    selected: Option<Row>,
    /// Where the selection was, for when its row is gone.
    at: usize,
}

fn field_ref(field: FacetField) -> FieldRef {
    match field {
        FacetField::Normal(field) => FieldRef::Normal(field),
        FacetField::Attribute(path) => FieldRef::Attribute(path),
    }
}

impl Filters {
    /// Follows a query that changed: chips keep their place, those switched off stay.
    pub fn set_query(&mut self, query: &Query) {
        self.chips.follow(query);
        self.facets.outdate();
        self.preset = self.preset_in_force().unwrap_or(self.preset);
        self.keep_selection();
    }

    /// The terms that are switched off, as queries.
    pub fn chips_off(&self) -> Vec<String> {
        let off = self.chips.list().iter().filter(|chip| !chip.on);
        off.map(|chip| chip.text()).collect()
    }

    /// Adds chips that are switched off; what is no query, or is there already, is left out.
    pub fn restore_chips_off(&mut self, queries: &[String]) {
        for query in queries.iter().filter_map(|text| Query::parse(text).ok()) {
            self.chips.add_off(query.ast);
        }
    }

    /// Forgets the chips that are switched off.
    pub fn forget(&mut self) {
        self.chips.forget();
        self.keep_selection();
    }

    /// What is counted with every search.
    pub fn requests(&self) -> Vec<FacetRequest> {
        self.facets.requests()
    }

    /// What is counted besides, as it may take long.
    pub fn requests_added(&self) -> Vec<FacetRequest> {
        self.facets.requests_added()
    }

    /// The values of a field that were counted last, the most frequent first.
    pub fn top(&self, field: Field) -> Vec<String> {
        self.facets.top(&FacetField::Normal(field))
    }

    pub fn set_facets(&mut self, facets: &[Facet]) {
        self.facets.set(facets);
        self.keep_selection();
    }

    /// The fields that a person added.
    pub fn added(&self) -> &[FacetField] {
        self.facets.added()
    }

    /// Counts a further field; `false` if it is counted already.
    pub fn add(&mut self, field: FacetField) -> bool {
        let added = self.facets.add(field.clone());
        self.select(Row::Field(field));
        added
    }

    /// Values are narrowed by what is typed.
    pub fn is_narrowing(&self) -> bool {
        self.facets.narrow.is_some()
    }

    pub fn end_narrowing(&mut self) {
        self.facets.narrow = None;
        self.keep_selection();
    }

    pub fn insert(&mut self, text: &str) {
        if let Some(narrow) = &mut self.facets.narrow {
            narrow.insert(text);
            self.select_first_value();
        }
    }

    /// The preset that the query holds; "all" if it says nothing of time.
    fn preset_in_force(&self) -> Option<usize> {
        let terms = self.chips.list().iter().filter(|c| c.on).map(|c| &c.term);
        let mut times = terms.filter(|t| matches!(t, Ast::Since(_) | Ast::Until(_)));
        let wanted = match (times.next(), times.next()) {
            (None, _) => None,
            (Some(Ast::Since(TimeExpr::Text(text))), None) => Some(text.as_str()),
            _ => return None,
        };
        PRESETS.iter().position(|(_, since)| *since == wanted)
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if !self.is_narrowing() {
            rows.push(Row::Time);
            rows.extend((0..self.chips.len()).map(Row::Chip));
        }
        for shown in self.facets.shown() {
            let field = shown.field;
            rows.push(Row::Field(field.clone()));
            let values = shown.values.iter();
            rows.extend(values.map(|v| Row::Value(field.clone(), v.0.clone())));
            rows.extend((shown.other > 0).then(|| Row::Other(field.clone())));
            rows.extend((shown.missing > 0).then(|| Row::Missing(field.clone())));
        }
        rows
    }

    fn keep_selection(&mut self) {
        let rows = self.rows();
        let found = self
            .selected
            .as_ref()
            .and_then(|s| rows.iter().position(|r| r == s));
        // At first on what follows the presets: they are one step up.
        let usual = if self.selected.is_none() { 1 } else { self.at };
        self.at = found.unwrap_or(usual).min(rows.len().saturating_sub(1));
        if found.is_some() || self.selected.is_some() || rows.len() > 1 {
            self.selected = rows.into_iter().nth(self.at);
        }
    }

    fn select(&mut self, row: Row) {
        if let Some(at) = self.rows().iter().position(|r| *r == row) {
            self.go(at);
        }
    }

    fn go(&mut self, to: usize) {
        let rows = self.rows();
        self.at = to.min(rows.len().saturating_sub(1));
        self.selected = rows.into_iter().nth(self.at);
    }

    fn select_first_value(&mut self) {
        let rows = self.rows();
        let value = rows.iter().position(|r| matches!(r, Row::Value(..)));
        self.go(value.unwrap_or(0));
    }

    /// Name and text of the selected row, for copying.
    pub fn value(&self) -> Option<(String, String)> {
        let name = |field: &FacetField| match field {
            FacetField::Normal(field) => field.name().to_owned(),
            FacetField::Attribute(path) => path.clone(),
        };
        match self.selected.as_ref()? {
            Row::Chip(i) => Some(("the filter".to_owned(), self.chips.list().get(*i)?.text())),
            Row::Value(field, value) => Some((name(field), value.clone())),
            Row::Field(field) => Some(("the field".to_owned(), name(field))),
            Row::Time | Row::Other(_) | Row::Missing(_) => None,
        }
    }

    pub fn update(&mut self, command: Command, count: usize) -> Option<Intent> {
        if let (Some(narrow), Some(edit)) = (&mut self.facets.narrow, command.edit()) {
            narrow.edit(edit);
            self.select_first_value();
            return Some(Intent::Recount);
        }
        match command {
            Command::Down => self.go(self.at.saturating_add(count)),
            Command::Up => self.go(self.at.saturating_sub(count)),
            Command::PageDown => self.go(self.at.saturating_add(10)),
            Command::PageUp => self.go(self.at.saturating_sub(10)),
            Command::Top => self.go(0),
            Command::Bottom => self.go(usize::MAX),
            Command::Left | Command::Right => self.sideways(command == Command::Right),
            Command::FilterIn => return self.filter(false),
            Command::FilterOut => return self.filter(true),
            Command::ToggleChip => return self.toggle(),
            Command::DeleteChip => return self.delete(),
            Command::NegateChip | Command::EditChip => return self.change_chip(command),
            Command::AllChips if self.chips.len() > 0 => {
                self.chips.toggle_all();
                return Some(self.chips_query());
            }
            Command::AddFacet => return Some(Intent::AddFacet),
            Command::SortFacets => {
                self.facets.toggle_order();
                return Some(Intent::Recount);
            }
            Command::Narrow => {
                self.facets.narrow = Some(LineEditor::default());
                self.select_first_value();
                return Some(Intent::Recount);
            }
            _ => {}
        }
        None
    }

    fn chips_query(&mut self) -> Intent {
        self.keep_selection();
        Intent::SetQuery(self.chips.query())
    }

    /// Along the presets; elsewhere folds and unfolds.
    fn sideways(&mut self, right: bool) {
        match self.selected.clone() {
            Some(Row::Time) if right => self.preset = (self.preset + 1).min(PRESETS.len() - 1),
            Some(Row::Time) => self.preset = self.preset.saturating_sub(1),
            Some(Row::Field(field)) if self.facets.is_folded(&field) == right => self.fold(&field),
            Some(Row::Value(field, _) | Row::Other(field) | Row::Missing(field)) if !right => {
                self.select(Row::Field(field));
            }
            _ => {}
        }
    }

    fn change_chip(&mut self, command: Command) -> Option<Intent> {
        let Some(Row::Chip(i)) = self.selected else {
            let says = "this works on a filter in force; they stand at the top";
            return Some(Intent::Say(says.to_owned()));
        };
        if command == Command::EditChip {
            let (text, cursor) = self.chips.edit(i)?;
            return Some(Intent::EditQuery(text, cursor));
        }
        self.chips.negate(i);
        Some(self.chips_query())
    }

    fn delete(&mut self) -> Option<Intent> {
        match self.selected.clone()? {
            Row::Chip(i) => {
                self.chips.remove(i);
                Some(self.chips_query())
            }
            Row::Field(field) => {
                let removed = self.facets.remove(&field);
                self.keep_selection();
                let says = "only what was added can be removed; Space folds it";
                (!removed).then(|| Intent::Say(says.to_owned()))
            }
            _ => None,
        }
    }

    fn toggle(&mut self) -> Option<Intent> {
        match self.selected.clone()? {
            Row::Chip(i) => {
                self.chips.toggle(i);
                Some(self.chips_query())
            }
            Row::Field(field) => {
                self.fold(&field);
                None
            }
            _ => self.filter(false),
        }
    }

    fn fold(&mut self, field: &FacetField) {
        self.facets.fold(field);
        self.keep_selection();
    }

    fn filter(&mut self, exclude: bool) -> Option<Intent> {
        let term = match self.selected.clone()? {
            Row::Time => {
                let (_, since) = PRESETS.get(self.preset)?;
                return Some(Intent::SetSince(*since));
            }
            Row::Chip(_) => return self.toggle(),
            Row::Field(_) => {
                return Some(Intent::Say(
                    "this is a field: choose one of its values below".to_owned(),
                ));
            }
            Row::Other(field) => {
                return Some(if self.facets.more(&field) {
                    Intent::Recount
                } else {
                    Intent::Say("n narrows the values: more are not listed".to_owned())
                });
            }
            Row::Value(field, value) => {
                let Some(term) = term::of_value(field_ref(field), &value, exclude) else {
                    return Some(Intent::Say("this value is too long for a query".to_owned()));
                };
                self.end_narrowing();
                return Some(Intent::AddTerm(term));
            }
            Row::Missing(field) => term::exists(field_ref(field)).negated(),
        };
        Some(Intent::AddTerm(term::included(term, exclude)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::FacetOrder;

    fn query(terms: &[Ast]) -> Query {
        Query::from_conjuncts(terms.to_vec())
    }

    fn facet(field: Field, values: &[(&str, u64)]) -> Facet {
        Facet {
            field: FacetField::Normal(field),
            values: values.iter().map(|(v, n)| ((*v).to_owned(), *n)).collect(),
            other: 0,
            missing: 3,
        }
    }

    fn to(filters: &mut Filters, row: Row) {
        filters.select(row);
    }

    #[test]
    fn a_chip_switched_off_stays_and_comes_back() {
        let terms = [term::failed(), term::broken()];
        let mut filters = Filters::default();
        filters.set_query(&query(&terms));
        to(&mut filters, Row::Chip(0));
        let off = filters.update(Command::ToggleChip, 1);
        assert_eq!(off, Some(Intent::SetQuery(query(&terms[1..]))));
        filters.set_query(&query(&terms[1..]));
        let on: Vec<bool> = filters.chips.list().iter().map(|c| c.on).collect();
        assert_eq!(on, [false, true]);
        let on = filters.update(Command::ToggleChip, 1);
        assert_eq!(on, Some(Intent::SetQuery(query(&terms))));
        let off = filters.update(Command::AllChips, 1);
        assert_eq!(off, Some(Intent::SetQuery(Query::default())));
        let on = filters.update(Command::AllChips, 1);
        assert_eq!(on, Some(Intent::SetQuery(query(&terms))));
    }

    #[test]
    fn the_selection_stays_on_its_value_when_counts_change() {
        let mut filters = Filters::default();
        filters.set_facets(&[facet(Field::Actor, &[("alice", 5), ("bob", 4)])]);
        let bob = Row::Value(FacetField::Normal(Field::Actor), "bob".into());
        to(&mut filters, bob);
        filters.set_facets(&[facet(Field::Actor, &[("bob", 9), ("alice", 5)])]);
        let bob = term::is(FieldRef::Normal(Field::Actor), "bob");
        assert_eq!(
            filters.update(Command::FilterIn, 1),
            Some(Intent::AddTerm(bob.clone()))
        );
        assert_eq!(
            filters.update(Command::FilterOut, 1),
            Some(Intent::AddTerm(bob.negated()))
        );
    }

    #[test]
    fn missing_is_a_filter_too() {
        let mut filters = Filters::default();
        filters.set_facets(&[facet(Field::Host, &[("a", 1)])]);
        filters.update(Command::Bottom, 1);
        let lacks = term::exists(FieldRef::Normal(Field::Host)).negated();
        assert_eq!(
            filters.update(Command::FilterIn, 1),
            Some(Intent::AddTerm(lacks))
        );
    }

    #[test]
    fn other_shows_more_and_more() {
        let mut filters = Filters::default();
        let values: Vec<(String, u64)> = (0..30).map(|n| (format!("v{n:02}"), 100 - n)).collect();
        let whole = Facet {
            values,
            ..facet(Field::Target, &[])
        };
        filters.set_facets(&[whole]);
        let target = || FacetField::Normal(Field::Target);
        for limit in [20, 100] {
            to(&mut filters, Row::Other(target()));
            let more = filters.update(Command::FilterIn, 1);
            assert_eq!(more, Some(Intent::Recount));
            let asked = filters.requests();
            let asked = asked.iter().find(|r| r.field == target()).unwrap();
            assert_eq!(asked.limit, limit);
        }
        assert!(!filters.rows().contains(&Row::Other(target())));
    }

    #[test]
    fn narrowing_looks_through_more_values_and_ends_with_a_choice() {
        let mut filters = Filters::default();
        filters.set_facets(&[
            facet(Field::Actor, &[("alice", 5), ("bob", 4)]),
            facet(Field::Host, &[("bobs-host", 1), ("x", 1)]),
        ]);
        assert_eq!(filters.update(Command::Narrow, 1), Some(Intent::Recount));
        assert_eq!(filters.requests()[0].limit, 1_000);
        filters.insert("BOB");
        // Looked for by the engine, so that it is found behind any number of others.
        assert_eq!(filters.requests()[0].holding, "bob");
        assert_eq!(
            filters.update(Command::CursorLeft, 1),
            Some(Intent::Recount)
        );
        assert_eq!(filters.rows().len(), 4, "two headings, two values");
        filters.update(Command::Down, 2);
        let host = term::is(FieldRef::Normal(Field::Host), "bobs-host");
        let chosen = filters.update(Command::FilterIn, 1);
        assert_eq!(chosen, Some(Intent::AddTerm(host)));
        assert!(!filters.is_narrowing());
    }

    #[test]
    fn the_preset_in_force_is_known_from_the_query() {
        let mut filters = Filters::default();
        for (text, preset) in [
            ("", Some(4)),
            ("since:1h a", Some(1)),
            ("a since:7d", Some(3)),
            ("since:2h", None),
            ("since:1h until:15m", None),
            ("until:1h", None),
        ] {
            filters.set_query(&Query::parse(text).unwrap());
            assert_eq!(filters.preset_in_force(), preset, "{text}");
        }
        filters.set_query(&Query::default());
        filters.update(Command::Top, 1);
        filters.update(Command::Left, 1);
        let chosen = filters.update(Command::FilterIn, 1);
        assert_eq!(chosen, Some(Intent::SetSince(Some("7d"))));
    }

    #[test]
    fn a_field_is_added_sorted_and_removed() {
        let mut filters = Filters::default();
        let path = FacetField::Attribute("a.b".into());
        assert!(filters.add(path.clone()) && !filters.add(path.clone()));
        filters.set_facets(&[Facet {
            field: path.clone(),
            ..facet(Field::Actor, &[("x", 1)])
        }]);
        assert!(!filters.add(FacetField::Normal(Field::Actor)));
        filters.update(Command::SortFacets, 1);
        assert_eq!(filters.requests_added()[0].order, FacetOrder::Rare);
        to(&mut filters, Row::Field(path.clone()));
        let refused = filters.update(Command::FilterIn, 1);
        assert!(matches!(refused, Some(Intent::Say(_))), "{refused:?}");
        let unfolded = filters.rows().len();
        assert_eq!(filters.update(Command::ToggleChip, 1), None);
        assert!(filters.rows().len() < unfolded);
        to(&mut filters, Row::Field(path));
        assert_eq!(filters.update(Command::DeleteChip, 1), None);
        assert!(filters.requests_added().is_empty());
    }
}
