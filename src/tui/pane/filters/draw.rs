//! How the filter pane looks.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::facets::{Shown, name};
use super::{Filters, PRESETS, Row};
use crate::engine::{FacetField, FacetOrder};
use crate::event::field::Field;
use crate::text::width;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_scrolled, text, titled};

/// Lines, and which of them is selected.
struct Lines<'a> {
    filters: &'a Filters,
    look: &'a Look<'a>,
    /// Columns beside the bar and a blank at the right.
    room: usize,
    lines: Vec<Line<'static>>,
    at: usize,
}

impl Filters {
    /// Draws the pane and returns where the cursor stands while values are narrowed.
    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect) -> Option<Position> {
        let columns = usize::from(area.width);
        let mut title = vec![look.span(look.title(), look.cut(" FILTERS", columns))];
        let mut cursor = None;
        if let Some(narrow) = &self.facets.narrow {
            let lead = format!("  {} ", look.theme.glyphs.prompt);
            let used = width(" FILTERS") + width(&lead);
            title.push(look.span(Role::Accent, lead));
            let (spans, at) = narrow.view(look.theme, columns.saturating_sub(used + 1), None);
            title.extend(spans);
            let x = (used + at).min(columns.saturating_sub(1));
            cursor = (area.width > 0).then(|| Position::new(area.x + x as u16, area.y));
        } else if self.facets.order == FacetOrder::Rare {
            title.push(look.span(Role::Dim, "  rarest first"));
        }
        let area = titled(buf, area, Line::from(title));
        let mut lines = Lines {
            filters: self,
            look,
            room: columns.saturating_sub(2),
            lines: Vec::new(),
            at: 0,
        };
        lines.all();
        let top = centred_top(lines.at, lines.lines.len(), usize::from(area.height));
        draw_scrolled(look, buf, area, lines.lines, top);
        cursor
    }
}

impl Lines<'_> {
    fn add(&mut self, row: &Row, spans: Vec<Span<'static>>) {
        let selected = self.filters.selected.as_ref() == Some(row);
        let glyphs = self.look.theme.glyphs;
        let bar = if selected { glyphs.bar } else { " " };
        let style = self.look.theme.style(self.look.selected());
        let patch = |s: Span<'static>| if selected { s.patch_style(style) } else { s };
        let mut line = vec![self.look.span(Role::Accent, bar)];
        line.extend(spans.into_iter().map(patch));
        if selected {
            self.at = self.lines.len();
        }
        self.lines.push(Line::from(line));
    }

    fn all(&mut self) {
        let narrowed = self.filters.facets.narrow.is_some();
        if !narrowed {
            self.times();
            self.chips();
        }
        let shown = self.filters.facets.shown();
        if narrowed && shown.is_empty() {
            let text = self.look.cut("  not among the values", self.room + 2);
            self.lines.push(Line::from(self.look.span(Role::Dim, text)));
        }
        for facet in shown {
            if !self.lines.is_empty() {
                self.lines.push(Line::default());
            }
            self.facet(&facet);
        }
    }

    /// ` 15m 1h [24h] 7d all`: the one in force in brackets, the one the keys stand on as selected.
    fn times(&mut self) {
        let active = self.filters.preset_in_force();
        let last = PRESETS.len() - 1;
        let selected = self.filters.selected == Some(Row::Time);
        let bar = if selected {
            self.look.theme.glyphs.bar
        } else {
            " "
        };
        let mut line = vec![self.look.span(Role::Accent, bar)];
        for (i, (label, _)) in PRESETS.iter().enumerate() {
            let role = if active == Some(i) {
                Role::Accent
            } else {
                Role::Dim
            };
            let edge = match active {
                Some(at) if at == i => "[",
                Some(at) if at + 1 == i => "]",
                _ => " ",
            };
            line.push(self.look.span(Role::Accent, edge));
            let role = match (selected && i == self.filters.preset, self.look.focused) {
                (true, true) => Role::Selected,
                (true, false) => Role::Marked,
                _ => role,
            };
            line.push(self.look.span(role, *label));
        }
        let end = if active == Some(last) { "]" } else { " " };
        line.push(self.look.span(Role::Accent, end));
        if selected {
            self.at = self.lines.len();
        }
        self.lines.push(Line::from(line));
    }

    fn chips(&mut self) {
        let (look, glyphs) = (self.look, self.look.theme.glyphs);
        let chips = self.filters.chips.list();
        if chips.is_empty() {
            let text = look.cut("  no filter: all events", self.room + 2);
            self.lines.push(Line::from(look.span(Role::Dim, text)));
        }
        for (i, chip) in chips.iter().enumerate() {
            let (sign, sign_role, role) = if chip.on {
                (glyphs.on, Role::Accent, Role::Text)
            } else {
                (glyphs.off, Role::Dim, Role::Dim)
            };
            let text = look.cell(&chip.text(), self.room.saturating_sub(2));
            let spans = vec![
                look.span(sign_role, format!("{sign} ")),
                look.span(role, text),
            ];
            self.add(&Row::Chip(i), spans);
        }
    }

    fn facet(&mut self, shown: &Shown<'_>) {
        let (look, room) = (self.look, self.room);
        let glyphs = look.theme.glyphs;
        let field = shown.field;
        let fold = if shown.folded {
            glyphs.closed
        } else {
            glyphs.open
        };
        let count = if shown.known {
            text::number(shown.all)
        } else {
            glyphs.ellipsis.to_owned()
        };
        // Of a path its end tells more.
        let head_room = room.saturating_sub(width(&count) + 3);
        let head = look.fit(&look.tail(name(field), head_room), head_room);
        let spans = vec![
            look.span(Role::Accent, format!("{fold} {head}")),
            Span::raw(" "),
            look.span(Role::Dim, count),
        ];
        self.add(&Row::Field(field.clone()), spans);
        let needle = self.filters.facets.needle();
        for (value, n) in &shown.values {
            let role = match (field, value.as_str()) {
                (FacetField::Normal(Field::Outcome), "failure") => Role::Failure,
                _ => Role::Text,
            };
            let n = text::number(*n);
            let value_room = room.saturating_sub(width(&n) + 3);
            let label = match field {
                _ if value.is_empty() => "\"\"".to_owned(),
                _ => match needle.as_deref().and_then(|n| end_of(value, n)) {
                    // What was typed is to be seen in it.
                    Some(end) if width(&look.safe(&value[..end])) > value_room => {
                        look.tail(&value[..end], value_room)
                    }
                    _ if *field == FacetField::Normal(Field::Source) => {
                        look.tail(value, value_room)
                    }
                    _ => look.safe(value),
                },
            };
            let spans = vec![
                look.span(role, format!("  {}", look.fit(&label, value_room))),
                Span::raw(" "),
                look.span(Role::Dim, n),
            ];
            self.add(&Row::Value(field.clone(), value.clone()), spans);
        }
        let rest = [
            (
                &*format!("  {} other", glyphs.closed),
                shown.other,
                Row::Other(field.clone()),
            ),
            ("  missing", shown.missing, Row::Missing(field.clone())),
        ];
        for (label, n, row) in rest.into_iter().filter(|(_, n, _)| *n > 0) {
            let line = look.justified((Role::Dim, label), (Role::Dim, &text::number(n)), room);
            self.add(&row, line.spans);
        }
    }
}

/// Where the first occurrence of a lower-cased text ends, found without regard to case.
fn end_of(value: &str, needle: &str) -> Option<usize> {
    let starts = value.char_indices().map(|(at, _)| at);
    let mut ends = starts.filter_map(|start| {
        let mut rest = needle.chars();
        for (at, c) in value[start..].char_indices() {
            for lower in c.to_lowercase() {
                if rest.next() != Some(lower) {
                    return None;
                }
            }
            if rest.as_str().is_empty() {
                return Some(start + at + c.len_utf8());
            }
        }
        None
    });
    ends.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_found_whatever_its_case() {
        assert_eq!(end_of("/sub/Secrets/x", "secret"), Some(11));
        assert_eq!(end_of("éÀx", "àx"), Some(5));
        assert_eq!(end_of("abc", "x"), None);
        assert_eq!(end_of("aab", "ab"), Some(3));
    }
}
