//! The filter pane: the query's terms as chips, and what the values of each field are and how often.

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::engine::{Facet, FacetField, FacetRequest};
use crate::event::field::Field;
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_lines, text, titled};

const FIELDS: [Field; 10] = [
    Field::Actor,
    Field::Action,
    Field::Target,
    Field::Outcome,
    Field::Ip,
    Field::Host,
    Field::Format,
    Field::Source,
    Field::Severity,
    Field::Chain,
];
const VALUES: usize = 6;

/// The counts the pane shows.
pub fn facets() -> Vec<FacetRequest> {
    FIELDS
        .map(|f| FacetRequest {
            field: FacetField::Normal(f),
            limit: VALUES,
        })
        .to_vec()
}

/// A term of the query, or one that was switched off.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    pub term: Ast,
    pub on: bool,
}

/// A line that can be selected, told apart by what it stands for, so that new counts do not move the selection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Row {
    Chip(usize),
    Field(Field),
    Value(Field, String),
    Missing(Field),
}

#[derive(Clone, Debug, Default)]
pub struct Filters {
    chips: Vec<Chip>,
    facets: Vec<Facet>,
    folded: HashSet<Field>,
    selected: Option<Row>,
    /// Where the selection was, for when its row is gone.
    at: usize,
}

impl Filters {
    /// Follows a query that changed: chips keep their place, those switched off stay.
    pub fn set_query(&mut self, query: &Query) {
        let mut terms = query.conjuncts();
        self.chips.retain_mut(|chip| {
            let found = terms
                .iter()
                .position(|t| *t == chip.term)
                .map(|i| terms.remove(i));
            let keep = !chip.on || found.is_some();
            chip.on = found.is_some();
            keep
        });
        self.chips
            .extend(terms.into_iter().map(|term| Chip { term, on: true }));
        self.keep_selection();
    }

    /// Forgets the chips that are switched off.
    pub fn forget(&mut self) {
        self.chips.retain(|chip| chip.on);
    }

    /// The terms that are switched off, as queries.
    pub fn chips_off(&self) -> Vec<String> {
        let off = self.chips.iter().filter(|chip| !chip.on);
        let query = |chip: &Chip| Query {
            ast: chip.term.clone(),
        };
        off.map(|chip| query(chip).to_string()).collect()
    }

    /// Adds chips that are switched off; what is no query, or is there already, is left out.
    pub fn restore_chips_off(&mut self, queries: &[String]) {
        for query in queries.iter().filter_map(|text| Query::parse(text).ok()) {
            let term = query.ast;
            if self.chips.iter().all(|chip| chip.term != term) {
                self.chips.push(Chip { term, on: false });
            }
        }
    }

    pub fn set_facets(&mut self, facets: &[Facet]) {
        let wanted =
            |f: &&Facet| matches!(&f.field, FacetField::Normal(field) if FIELDS.contains(field));
        self.facets = facets.iter().filter(wanted).cloned().collect();
        self.keep_selection();
    }

    pub fn chips(&self) -> &[Chip] {
        &self.chips
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = (0..self.chips.len()).map(Row::Chip).collect();
        for facet in &self.facets {
            let FacetField::Normal(field) = facet.field else {
                continue;
            };
            if facet.values.is_empty() {
                continue;
            }
            rows.push(Row::Field(field));
            if !self.folded.contains(&field) {
                rows.extend(
                    facet
                        .values
                        .iter()
                        .map(|(value, _)| Row::Value(field, value.clone())),
                );
                rows.extend((facet.missing > 0).then_some(Row::Missing(field)));
            }
        }
        rows
    }

    fn keep_selection(&mut self) {
        let rows = self.rows();
        let found = self
            .selected
            .as_ref()
            .and_then(|s| rows.iter().position(|r| r == s));
        self.at = found.unwrap_or(self.at).min(rows.len().saturating_sub(1));
        self.selected = rows.into_iter().nth(self.at);
    }

    fn go(&mut self, to: usize) {
        let rows = self.rows();
        self.at = to.min(rows.len().saturating_sub(1));
        self.selected = rows.into_iter().nth(self.at);
    }

    pub fn update(&mut self, command: Command, count: usize) -> Option<Intent> {
        match command {
            Command::Down => self.go(self.at.saturating_add(count)),
            Command::Up => self.go(self.at.saturating_sub(count)),
            Command::PageDown => self.go(self.at.saturating_add(10)),
            Command::PageUp => self.go(self.at.saturating_sub(10)),
            Command::Top => self.go(0),
            Command::Bottom => self.go(usize::MAX),
            Command::FilterIn => return self.filter(false),
            Command::FilterOut => return self.filter(true),
            Command::ToggleChip => return self.toggle(),
            Command::DeleteChip => {
                let Some(Row::Chip(i)) = self.selected else {
                    return None;
                };
                self.chips.remove(i);
                self.keep_selection();
                return Some(self.chips_query());
            }
            Command::NegateChip => {
                let Some(Row::Chip(i)) = self.selected else {
                    return None;
                };
                let chip = self.chips.get_mut(i)?;
                chip.term = chip.term.clone().negated();
                chip.on = true;
                return Some(self.chips_query());
            }
            _ => {}
        }
        None
    }

    fn chips_query(&self) -> Intent {
        Intent::SetQuery(Query::from_conjuncts(
            self.chips
                .iter()
                .filter(|c| c.on)
                .map(|c| c.term.clone())
                .collect(),
        ))
    }

    fn toggle(&mut self) -> Option<Intent> {
        match self.selected.clone()? {
            Row::Chip(i) => {
                let chip = self.chips.get_mut(i)?;
                chip.on = !chip.on;
                Some(self.chips_query())
            }
            Row::Field(field) => {
                self.fold(field);
                None
            }
            Row::Value(..) | Row::Missing(_) => self.filter(false),
        }
    }

    fn fold(&mut self, field: Field) {
        if !self.folded.remove(&field) {
            self.folded.insert(field);
        }
        self.keep_selection();
    }

    fn filter(&mut self, exclude: bool) -> Option<Intent> {
        let term = match self.selected.clone()? {
            Row::Chip(_) => return self.toggle(),
            Row::Field(field) => {
                self.fold(field);
                return None;
            }
            Row::Value(field, value) => term::is(FieldRef::Normal(field), &value),
            Row::Missing(field) => term::exists(FieldRef::Normal(field)).negated(),
        };
        Some(Intent::AddTerm(term::included(term, exclude)))
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect) {
        let area = titled(buf, area, Line::from(look.span(look.title(), " FILTERS")));
        let (lines, at) = self.lines(look, usize::from(area.width));
        let top = centred_top(at, lines.len(), usize::from(area.height));
        draw_lines(buf, area, lines.into_iter().skip(top));
    }

    /// All lines, and which of them is selected.
    fn lines(&self, look: &Look<'_>, width: usize) -> (Vec<Line<'static>>, usize) {
        let mut lines = Vec::new();
        let mut at = 0;
        let glyphs = look.theme.glyphs;
        let mut add = |lines: &mut Vec<Line<'static>>, row: Row, line: Line<'static>| {
            let selected = self.selected.as_ref() == Some(&row);
            let bar = if selected { glyphs.bar } else { " " };
            let mut spans = vec![look.span(Role::Accent, bar)];
            let style = look.theme.style(look.selected());
            spans.extend(
                line.spans
                    .into_iter()
                    .map(|s| if selected { s.patch_style(style) } else { s }),
            );
            if selected {
                at = lines.len();
            }
            lines.push(Line::from(spans));
        };
        let room = width.saturating_sub(2);
        if self.chips.is_empty() {
            lines.push(Line::from(
                look.span(Role::Dim, look.cut("  no filter: all events", width)),
            ));
        }
        for (i, chip) in self.chips.iter().enumerate() {
            let (sign, role) = if chip.on {
                (glyphs.on, Role::Text)
            } else {
                (glyphs.off, Role::Dim)
            };
            let text = Query {
                ast: chip.term.clone(),
            }
            .to_string();
            let line = Line::from(vec![
                look.span(
                    if chip.on { Role::Accent } else { Role::Dim },
                    format!("{sign} "),
                ),
                look.span(role, look.cell(&text, room.saturating_sub(2))),
            ]);
            add(&mut lines, Row::Chip(i), line);
        }
        for facet in &self.facets {
            let FacetField::Normal(field) = facet.field else {
                continue;
            };
            if facet.values.is_empty() {
                continue;
            }
            lines.push(Line::default());
            let folded = self.folded.contains(&field);
            let fold = if folded { glyphs.closed } else { glyphs.open };
            let all = facet.values.iter().map(|(_, n)| n).sum::<u64>() + facet.other;
            let head = format!("{fold} {}", field.name());
            let count = text::number(all);
            add(
                &mut lines,
                Row::Field(field),
                look.justified((Role::Accent, &head), (Role::Dim, &count), room),
            );
            if folded {
                continue;
            }
            for (value, n) in &facet.values {
                let role = match (field, value.as_str()) {
                    (Field::Outcome, "failure") => Role::Failure,
                    _ => Role::Text,
                };
                let shown = if value.is_empty() { "\"\"" } else { value };
                let line = look.justified(
                    (role, &format!("  {shown}")),
                    (Role::Dim, &text::number(*n)),
                    room,
                );
                add(&mut lines, Row::Value(field, value.clone()), line);
            }
            if facet.other > 0 {
                let line = look.justified(
                    (Role::Dim, "   other"),
                    (Role::Dim, &text::number(facet.other)),
                    room + 1,
                );
                lines.push(line);
            }
            if facet.missing > 0 {
                let line = look.justified(
                    (Role::Dim, "  missing"),
                    (Role::Dim, &text::number(facet.missing)),
                    room,
                );
                add(&mut lines, Row::Missing(field), line);
            }
        }
        (lines, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_chip_switched_off_stays_and_comes_back() {
        let terms = [term::failed(), term::broken()];
        let mut filters = Filters::default();
        filters.set_query(&query(&terms));
        filters.go(0);
        let off = filters.update(Command::ToggleChip, 1);
        assert_eq!(off, Some(Intent::SetQuery(query(&terms[1..]))));
        filters.set_query(&query(&terms[1..]));
        assert_eq!(
            filters.chips().iter().map(|c| c.on).collect::<Vec<_>>(),
            [false, true]
        );
        let on = filters.update(Command::ToggleChip, 1);
        assert_eq!(on, Some(Intent::SetQuery(query(&terms))));
    }

    #[test]
    fn the_selection_stays_on_its_value_when_counts_change() {
        let mut filters = Filters::default();
        filters.set_facets(&[facet(Field::Actor, &[("alice", 5), ("bob", 4)])]);
        filters.go(2);
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
}
