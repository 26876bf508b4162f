//! The query bar: the query in force with its counts, and the editor in its place: with a live count of what is typed,
//! suggestions, and earlier queries.

mod history;
mod offers;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::engine::{FacetField, resolve_path};
use crate::event::field::FieldType;
use crate::query::ast::FieldRef;
use crate::query::complete::{Kind, Place, place};
use crate::query::paste::pasted;
use crate::query::{Notice, Query, QueryError};
use crate::text::width;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::line_editor::LineEditor;
use crate::tui::widget::text::number;
use crate::tui::widget::{self, Look, draw_lines};
use history::History;
use offers::Offers;

/// Columns kept for the live count, so that the text does not move when it changes.
const COUNT_ROOM: usize = 18;

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

    /// Draws the bar and returns where the cursor stands, if it is being edited.
    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        counts: &Counts,
    ) -> Option<Position> {
        let prompt = format!(" {} ", look.theme.glyphs.prompt);
        let lead = width(&prompt);
        let columns = usize::from(area.width);
        if let Some(editor) = &self.editor {
            let count = self.count_text(look);
            let room = columns.saturating_sub(lead + COUNT_ROOM);
            let wrong = self.error.as_ref().map(|e| {
                let from = e.column.saturating_sub(1);
                (from, from + e.width.max(1))
            });
            let (spans, cursor) = editor.view(look.theme, room, wrong);
            let mut line = vec![look.span(Role::Focus, prompt)];
            line.extend(spans);
            draw_lines(buf, area, [Line::from(line)]);
            let right = Rect {
                x: area.right() - (width(&count) as u16).min(area.width),
                width: (width(&count) as u16).min(area.width),
                ..area
            };
            draw_lines(buf, right, [Line::from(look.span(Role::Dim, count))]);
            let x = (lead + cursor).min(columns.saturating_sub(1));
            return (area.width > 0).then(|| Position::new(area.x + x as u16, area.y));
        }
        let mark = counts
            .mark
            .as_deref()
            .map(|m| format!("  {m}"))
            .unwrap_or_default();
        // Two blanks keep the counts apart from a query or mark that fills its room.
        let right = format!("  {} ", counts.matching);
        let right = look.cut(&right, columns.saturating_sub(lead));
        let room = columns.saturating_sub(lead + width(&right));
        let mark = look.cut(&mark, room * 2 / 3);
        let room = room - width(&mark);
        let empty = self.text.is_empty();
        let shown = if empty { "all events" } else { &self.text };
        let query = look.cut(shown, room);
        let gap = room - width(&query);
        let line = Line::from(vec![
            look.span(Role::Accent, prompt),
            look.span(if empty { Role::Dim } else { Role::Text }, query),
            look.span(Role::Warning, mark),
            Span::raw(" ".repeat(gap)),
            look.span(Role::Dim, right),
        ]);
        draw_lines(buf, area, [line]);
        None
    }

    /// `1,204 match`; an ellipsis while what is typed now is being counted.
    fn count_text(&self, look: &Look<'_>) -> String {
        let Some(shown) = self.count.shown.filter(|_| self.typed.is_some()) else {
            return String::new();
        };
        let end = if self.count.current {
            " "
        } else {
            look.theme.glyphs.ellipsis
        };
        look.cut(&format!("  {} match{end}", number(shown)), COUNT_ROOM)
    }

    /// Draws the suggestions over the top of `body`; `cursor` is where the text's cursor stands.
    pub fn view_offers(&self, look: &Look<'_>, buf: &mut Buffer, body: Rect, cursor: Position) {
        let Some(editor) = self.editor.as_ref().filter(|_| self.offers.are_shown()) else {
            return;
        };
        let written = editor.text().get(self.offers.start()..editor.cursor());
        let written = width(&look.safe(written.unwrap_or_default())) as u16;
        // The edge and the blank stand before what is written.
        let x = cursor.x.saturating_sub(written + 2);
        let (rows, chosen) = (self.offers.rows(), self.offers.chosen_index());
        widget::offers::view(look, buf, body, x, &rows, chosen);
    }

    /// What is wrong with the text being written, under the place where it is wrong.
    pub fn error_line(&self, look: &Look<'_>, columns: usize) -> Option<Line<'static>> {
        let Some(error) = &self.error else {
            let notice = self.count.notice.as_ref()?;
            let text = look.cut(&format!("   {notice}"), columns);
            return Some(Line::from(look.span(Role::Warning, text)));
        };
        // What only lacks its end is no mistake while the end is being offered.
        let length = self.editor.as_ref()?.text().chars().count();
        if self.offers.are_shown() && error.column > length {
            return None;
        }
        let message = look.cut(&error.message, columns.saturating_sub(4));
        let at = (2 + error.column).min(columns.saturating_sub(width(&message) + 2));
        let text = format!("{}^ {message}", " ".repeat(at));
        Some(Line::from(look.span(Role::Alarm, look.cut(&text, columns))))
    }
}
