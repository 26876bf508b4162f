//! The command palette: one line, every command that fits it, and what the line would do before it is run.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

use crate::text::width;
use crate::tui::command::Command;
use crate::tui::theme::Role;
use crate::tui::widget::line_editor::LineEditor;
use crate::tui::widget::{Look, centred_top, draw_lines};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the line becomes, and what is matched.
    pub text: String,
    /// Shown after it: the argument that has to follow.
    pub argument: String,
    pub doc: String,
    /// The keys that do the same.
    pub keys: String,
    /// What it is about, in more words than are shown; found by whole words.
    pub about: String,
    /// Enter on it runs it; else it is completed first.
    pub complete: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Palette {
    editor: LineEditor,
    /// Everything that could be meant, in the order shown for an empty line.
    rows: Vec<Row>,
    /// Rows that fit what is typed, best first.
    shown: Vec<usize>,
    selected: usize,
    /// A row was chosen by hand: Enter means the row, not the line.
    pub chosen: bool,
    /// What the line would do, or why it was refused.
    pub preview: Option<(Role, String)>,
}

impl Palette {
    pub fn new(text: String, rows: Vec<Row>) -> Self {
        let mut palette = Self {
            editor: LineEditor::new(text),
            ..Self::default()
        };
        palette.offer(rows);
        palette
    }

    pub fn text(&self) -> &str {
        self.editor.text()
    }

    pub fn set_text(&mut self, text: String) {
        self.editor = LineEditor::new(text);
    }

    pub fn insert(&mut self, text: &str) {
        self.editor.insert(text);
    }

    /// Replaces what could be meant, and picks what fits.
    pub fn offer(&mut self, rows: Vec<Row>) {
        self.shown = best(self.editor.text().trim_start(), &rows);
        self.rows = rows;
        (self.selected, self.chosen) = (0, false);
    }

    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(*self.shown.get(self.selected)?)
    }

    /// Edits the line or moves in the list; `true` if the line changed.
    pub fn update(&mut self, command: Command) -> bool {
        let last = self.shown.len().saturating_sub(1);
        let to = match command {
            Command::Down => (self.selected + 1).min(last),
            Command::Up => self.selected.saturating_sub(1),
            Command::PageDown => (self.selected + 10).min(last),
            Command::PageUp => self.selected.saturating_sub(10),
            _ => {
                let Some(edit) = command.edit() else {
                    return false;
                };
                self.editor.edit(edit);
                return true;
            }
        };
        (self.selected, self.chosen) = (to, true);
        false
    }

    /// Draws line and list, and returns where the cursor stands.
    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        query: Rect,
        body: Rect,
    ) -> Option<Position> {
        let columns = usize::from(query.width);
        let lead = " : ";
        let (spans, cursor) =
            self.editor
                .view(look.theme, columns.saturating_sub(lead.len() + 1), None);
        let mut line = vec![look.span(Role::Focus, lead)];
        line.extend(spans);
        draw_lines(buf, query, [Line::from(" ".repeat(columns))]);
        draw_lines(buf, query, [Line::from(line)]);
        let rows = self.shown.len().max(1);
        let area = Rect {
            height: body.height.min(u16::try_from(rows + 1).unwrap_or(u16::MAX)),
            ..body
        };
        Clear.render(area, buf);
        let height = usize::from(area.height.saturating_sub(1)).max(1);
        let top = centred_top(self.selected, self.shown.len(), height);
        let shown = self.shown.iter().enumerate().skip(top).take(height);
        let names = self.shown.iter().filter_map(|row| self.rows.get(*row));
        let widest = names.map(|row| row.text.chars().count() + row.argument.len() + 1);
        // Widths stay while rows scroll by.
        let name_width = widest
            .max()
            .unwrap_or(0)
            .clamp(20, (columns * 2 / 3).max(20));
        let mut lines: Vec<Line<'static>> = shown
            .filter_map(|(at, row)| Some((at, self.rows.get(*row)?)))
            .map(|(at, row)| line_of(look, row, at == self.selected, (name_width, columns)))
            .collect();
        if lines.is_empty() {
            let none = "   Enter takes the line as it is, Esc leaves";
            lines.push(Line::from(look.span(Role::Dim, look.cut(none, columns))));
        }
        lines.push(Line::from(
            look.span(Role::Dim, look.theme.glyphs.horizontal.repeat(columns)),
        ));
        draw_lines(buf, area, lines);
        let x = (lead.len() + cursor).min(columns.saturating_sub(1));
        (query.width > 0).then(|| Position::new(query.x + x as u16, query.y))
    }

    /// What the line under the line says.
    pub fn note(&self, look: &Look<'_>, columns: usize) -> Option<Line<'static>> {
        let (role, text) = self.preview.as_ref()?;
        let text = look.cut(&format!("   {text}"), columns);
        Some(Line::from(look.span(*role, text)))
    }
}

fn line_of(
    look: &Look<'_>,
    row: &Row,
    is_selected: bool,
    (name_width, columns): (usize, usize),
) -> Line<'static> {
    let bar = if is_selected {
        look.theme.glyphs.bar
    } else {
        " "
    };
    let keys = look.cut(&row.keys, 14);
    let name = match row.argument.as_str() {
        "" => row.text.clone(),
        argument => format!("{} {argument}", row.text.trim_end()),
    };
    let doc_width = columns.saturating_sub(name_width + width(&keys) + 6);
    let role = if is_selected {
        Role::Selected
    } else {
        Role::Text
    };
    let dim = if is_selected {
        Role::Selected
    } else {
        Role::Dim
    };
    Line::from(vec![
        look.span(Role::Accent, format!(" {bar}")),
        look.span(role, look.cell(&name, name_width)),
        look.span(dim, format!("  {}", look.cell(&row.doc, doc_width))),
        look.span(Role::Key, format!(" {keys} ")),
    ])
}

/// Rows that fit `typed`, best first; all of them for nothing. Names count more than what is said about them.
fn best(typed: &str, rows: &[Row]) -> Vec<usize> {
    if typed.trim().is_empty() {
        return (0..rows.len()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(
        &typed.replace(['^', '$', '!', '\''], " "),
        CaseMatching::Ignore,
        Normalization::Smart,
    );
    let mut buffer = Vec::new();
    let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
    let mut scored: Vec<(u32, usize)> = rows
        .iter()
        .enumerate()
        .filter_map(|(i, row)| {
            let typed = typed.trim();
            let exact = if row.text.trim_end() == typed {
                20_000
            } else if row.text.starts_with(typed) {
                10_000
            } else {
                0
            };
            let name = score(&row.text).map(|s| s * 4 + 1_000 + exact);
            let doc = || score(&row.doc).filter(|_| typed.len() > 2);
            let about = || is_about(row, typed).then_some(1);
            Some((name.or_else(doc).or_else(about)?, i))
        })
        .collect();
    scored.sort_by_key(|(score, i)| (std::cmp::Reverse(*score), *i));
    scored.into_iter().map(|(_, i)| i).collect()
}

/// Every word that is typed stands somewhere in what the row says or is about: what is meant may be said in other words
/// than its name.
fn is_about(row: &Row, typed: &str) -> bool {
    let text = format!("{} {} {}", row.text, row.doc, row.about).to_lowercase();
    let typed = typed.to_lowercase();
    !row.about.is_empty() && typed.split_whitespace().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, doc: &str) -> Row {
        Row {
            text: text.into(),
            argument: String::new(),
            doc: doc.into(),
            keys: String::new(),
            about: String::new(),
            complete: true,
        }
    }

    #[test]
    fn the_best_match_comes_first() {
        let rows: Vec<Row> = Command::ALL
            .iter()
            .map(|c| row(c.name(), c.doc()))
            .collect();
        let first = |typed: &str| best(typed, &rows).first().map(|i| rows[*i].text.clone());
        for (typed, want) in [
            ("nb", "next-break"),
            ("follow", "follow"),
            ("pbr", "previous-break"),
            ("open", "open"),
            ("clq", "clear-query"),
            ("own query", "unpark"),
        ] {
            assert_eq!(first(typed).as_deref(), Some(want), "{typed}");
        }
        assert_eq!(first("zzzz"), None);
        assert_eq!(best("", &rows).len(), rows.len());
        // What acts in the matcher's own language is only text here.
        for odd in ["!", "^", "$", "'", "\\", "é", "a b", "  "] {
            best(odd, &rows);
        }
    }
}
