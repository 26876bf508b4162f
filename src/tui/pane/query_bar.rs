//! The query bar: the query in force with its counts, and the editor in its place: with a live count of what is typed,
//! suggestions, and earlier queries.

mod draw;
mod history;
mod offers;

use crate::engine::{FacetField, resolve_path};
use crate::event::field::FieldType;
use crate::query::ast::FieldRef;
use crate::query::complete::{Kind, Place, place};
use crate::query::paste::pasted;
use crate::query::{Notice, Query, QueryError};
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::widget::line_editor::LineEditor;
use history::History;
use offers::Offers;

#[derive(Clone, Debug, Default)]
pub struct QueryBar {
    /// The query in force, as typed.
    text: String,
    editor: Option<LineEditor>,
    /// What is typed, if it is a query.
    typed: Option<Query>,
    error: Option<QueryError>,
    history: History,
    offers: Offers,
    /// Values of the field at the cursor, and how often they occur.
    values: Option<(FacetField, Vec<(String, u64)>)>,
    count: LiveCount,
}

/// How many events what is typed matches.
#[derive(Clone, Debug, Default)]
struct LiveCount {
    /// The last that was counted.
    shown: Option<u64>,
    /// It is the count of what is typed now.
    current: bool,
    notice: Option<String>,
}

/// What the bar says beside the query.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// `1,204 of 1,208,331`
    pub matching: String,
    /// Why another query than the person's own is in force.
    pub mark: Option<String>,
}

/// Whose values would help at the cursor, and among which events they are counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ValuesOf {
    pub field: FacetField,
    pub query: Query,
}

impl QueryBar {
    pub fn set_text(&mut self, text: String) {
        self.text = text;
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_editing(&self) -> bool {
        self.editor.is_some()
    }

    /// Earlier queries, oldest first.
    pub fn history(&self) -> &[String] {
        self.history.entries()
    }

    pub fn set_history(&mut self, entries: Vec<String>) {
        self.history.set(entries);
    }

    /// Keeps a query for the keys that bring earlier ones back.
    pub fn remember(&mut self, text: &str) {
        self.history.add(text);
    }

    /// Opens the editor on the query in force.
    pub fn edit(&mut self) {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
        self.open(LineEditor::new(text));
    }

    /// Opens the editor on a text, with the cursor at a byte index.
    pub fn edit_at(&mut self, text: String, cursor: usize) {
        self.open(LineEditor::with_cursor(text, cursor));
        self.offer_nothing();
    }

    fn open(&mut self, editor: LineEditor) {
        self.editor = Some(editor);
        self.history.rest();
        self.offers.clear();
        self.values = None;
        self.count = LiveCount::default();
        self.check();
    }

    fn close(&mut self) {
        self.editor = None;
        self.check();
    }

    pub fn insert(&mut self, text: &str) {
        if let Some(editor) = &mut self.editor {
            editor.insert(text);
            self.offers.typed();
            self.check();
        }
    }

    /// Inserts what was pasted: a query as it is, anything else as one literal. `is_path` knows the attributes seen.
    pub fn paste(&mut self, text: &str, is_path: &dyn Fn(&str) -> bool) {
        if self.editor.is_none() {
            self.edit();
        }
        if let Some(editor) = &self.editor {
            let text = pasted(editor.text(), editor.cursor(), text, is_path);
            self.insert(&text);
        }
    }

    fn check(&mut self) {
        let read = self.editor.as_ref().map(|e| Query::parse(e.text()));
        let (typed, error) = match read {
            None => (None, None),
            Some(Ok(query)) => (Some(query), None),
            Some(Err(error)) => (None, Some(error)),
        };
        if typed != self.typed {
            (self.count.current, self.count.notice) = (false, None);
        }
        (self.typed, self.error) = (typed, error);
    }

    /// What is typed, if it is a query.
    pub fn typed(&self) -> Option<&Query> {
        self.typed.as_ref()
    }

    /// Takes the count of what is typed now, and what should be known about it.
    pub fn set_count(&mut self, count: Option<u64>, notices: &[Notice]) {
        let notice = notices.iter().find_map(|notice| match notice {
            Notice::UnknownField { field, .. } => Some(format!("no event has a field {field:?}")),
            Notice::AllOlder { .. } => None,
        });
        self.count = LiveCount {
            shown: count,
            current: true,
            notice,
        };
    }

    fn place(&self) -> Option<Place> {
        let editor = self.editor.as_ref()?;
        place(editor.text(), editor.cursor())
    }

    /// The values that would help at the cursor: those that hold what is typed of one, in what the rest of the query
    /// matches.
    pub fn values_wanted<'a>(
        &self,
        paths: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<ValuesOf> {
        let place = self.place()?;
        let text = self.editor.as_ref()?.text();
        let field = match &place.kind {
            Kind::Value(FieldRef::Normal(field)) if field.spec().facetable => {
                FacetField::Normal(*field)
            }
            Kind::Value(FieldRef::Attribute(path)) => {
                FacetField::Attribute(resolve_path(paths, path)?)
            }
            _ => return None,
        };
        let mut query = place.rest(text);
        // Of a field with few values all are known anyway.
        let many = match &field {
            FacetField::Normal(field) => {
                matches!(field.spec().kind, FieldType::Text | FieldType::Address)
            }
            FacetField::Attribute(_) => true,
        };
        if let Kind::Value(field) = &place.kind
            && many
            && !place.typed.is_empty()
            && let Some(holds) = term::holds(field.clone(), &place.typed)
        {
            query = query.and(Query { ast: holds });
        }
        Some(ValuesOf { field, query })
    }

    pub fn set_values(&mut self, field: FacetField, values: Vec<(String, u64)>) {
        self.values = Some((field, values));
    }

    /// Works the suggestions out for where the cursor stands now.
    pub fn complete<'a>(&mut self, paths: impl Iterator<Item = &'a str> + Clone) {
        let Some(editor) = &self.editor else {
            return;
        };
        let wanted = self.values_wanted(paths.clone()).map(|w| w.field);
        let known = self.values.as_ref();
        let values = known.filter(|(field, _)| Some(field) == wanted.as_ref());
        let values = values.map_or(&[][..], |(_, values)| values);
        let (text, cursor) = (editor.text(), editor.cursor());
        self.offers.refresh(text, cursor, paths, values);
    }

    fn take(&mut self, suggestion: &crate::query::complete::Suggestion) {
        if let Some(editor) = &self.editor {
            let (text, cursor) = suggestion.apply(editor.text());
            self.editor = Some(LineEditor::with_cursor(text, cursor));
            self.offers.clear();
            self.check();
        }
    }

    fn recall(&mut self, text: Option<String>) {
        if let Some(text) = text {
            self.editor = Some(LineEditor::new(text));
            self.check();
        }
        self.offer_nothing();
    }

    /// What stands there is whole: nothing is offered until something else is typed.
    fn offer_nothing(&mut self) {
        self.offers.clear();
        if let Some(place) = self.place() {
            self.offers.close_at(place.span.start);
        }
    }

    pub fn update(&mut self, command: Command) -> Option<Intent> {
        let editor = self.editor.as_mut()?;
        match command {
            Command::Apply => {
                if let Some(chosen) = self.offers.chosen().cloned() {
                    self.take(&chosen);
                    return None;
                }
                let text = editor.text().trim().to_owned();
                match Query::parse(&text) {
                    Ok(query) => {
                        self.close();
                        self.text = text;
                        return Some(Intent::SetQuery(query));
                    }
                    Err(error) => {
                        self.error = Some(error);
                        self.offers.close();
                    }
                }
            }
            Command::Close if self.offers.are_shown() => self.offers.close(),
            Command::Close => {
                // What was typed can be brought back.
                let draft = editor.text().trim().to_owned();
                if draft != self.text {
                    self.history.add(&draft);
                }
                self.close();
            }
            Command::NextSuggestion => {
                if let Some(only) = self.offers.next() {
                    self.take(&only);
                }
            }
            Command::PreviousSuggestion => self.offers.previous(),
            Command::OlderQuery if self.offers.chosen().is_some() => self.offers.up(),
            Command::NewerQuery if self.offers.are_shown() => self.offers.down(),
            Command::OlderQuery => {
                let older = self.history.older(editor.text());
                self.recall(older);
            }
            Command::NewerQuery => {
                let newer = self.history.newer();
                self.recall(newer);
            }
            _ => {
                editor.edit(command.edit()?);
                self.offers.typed();
                self.check();
            }
        }
        None
    }
}
