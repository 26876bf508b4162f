//! The help: every command that has a key here, with its keys and its meaning, made from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

use crate::tui::command::Command;
use crate::tui::keymap::{Context, Keymap};
use crate::tui::theme::Role;
use crate::tui::widget::{Look, draw_scrolled, titled};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    /// What the help is about.
    pub context: Context,
    top: usize,
}

/// Columns of a command's name.
const NAME: usize = 19;

const QUERY_LANGUAGE: [(&str, &str); 8] = [
    ("alice", "the word anywhere in an event"),
    (
        "actor:alice*",
        "the field's whole value; * stands for anything",
    ),
    (
        "outcome:failure -action:get",
        "both must hold; - leaves out",
    ),
    ("actor:(alice bob)", "any of them"),
    ("since:2h  until:\"yesterday 14:00\"", "from, and before"),
    ("ip:10.0.0.0/8  code:>=400", "networks and numbers"),
    ("a OR (b AND NOT c)", "operators in upper case"),
    ("chain:broken", "breaks of the hash chain"),
];

impl Help {
    pub fn new(context: Context) -> Self {
        Self { context, top: 0 }
    }

    /// Moves within what there is to read in `area`.
    pub fn update(
        &mut self,
        command: Command,
        count: usize,
        (look, area, keymap): (&Look<'_>, Rect, &Keymap),
    ) {
        let height = usize::from(area.height.saturating_sub(1));
        let lines = self.lines(look, keymap, usize::from(area.width)).len();
        let page = height.saturating_sub(1).max(1);
        self.top = match command {
            Command::Down => self.top.saturating_add(count),
            Command::Up => self.top.saturating_sub(count),
            Command::PageDown => self.top.saturating_add(page),
            Command::PageUp => self.top.saturating_sub(page),
            Command::Top => 0,
            Command::Bottom => usize::MAX,
            _ => self.top,
        }
        .min(lines.saturating_sub(height));
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect, keymap: &Keymap) {
        Clear.render(area, buf);
        let title = format!(" HELP  {}", self.context.name());
        let area = titled(
            buf,
            area,
            Line::from(look.span(Role::Focus, look.cut(&title, usize::from(area.width)))),
        );
        let lines = self.lines(look, keymap, usize::from(area.width));
        // The screen may have grown since.
        let most = lines.len().saturating_sub(usize::from(area.height));
        let top = self.top.min(most);
        draw_scrolled(look, buf, area, lines, top);
    }

    fn lines(&self, look: &Look<'_>, keymap: &Keymap, columns: usize) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let glyphs = !look.theme.is_ascii();
        for context in [self.context, Context::Global] {
            lines.push(Line::default());
            lines.push(Line::from(
                look.span(Role::Accent, format!(" {}", context.name().to_uppercase())),
            ));
            for (command, keys) in keymap.bound(context) {
                let keys: Vec<String> = keys.iter().map(|k| k.label(glyphs)).collect();
                let keys = keys.join(" ");
                lines.extend(row(look, &keys, command.doc(), command.name(), columns));
            }
        }
        lines.push(Line::default());
        lines.push(Line::from(look.span(Role::Accent, " SIGNS")));
        lines.extend(
            signs(look)
                .into_iter()
                .flat_map(|(sign, meaning)| row(look, sign, meaning, "", columns)),
        );
        lines.push(Line::default());
        lines.push(Line::from(look.span(Role::Accent, " QUERIES")));
        lines.extend(
            QUERY_LANGUAGE
                .iter()
                .flat_map(|(query, meaning)| row(look, query, meaning, "", columns)),
        );
        lines
    }
}

/// What the signs before events and in the timeline stand for.
fn signs(look: &Look<'_>) -> [(&'static str, &'static str); 9] {
    let glyphs = look.theme.glyphs;
    [
        (glyphs.broken, "the hash chain is broken at this event"),
        (glyphs.good, "its hash was checked, and fits"),
        (glyphs.mark, "you marked it"),
        (glyphs.note, "you wrote a note on it"),
        (glyphs.hit, "the query matches it (among its neighbours)"),
        (glyphs.unparsed, "its record could not be read whole"),
        (glyphs.provisional, "its record may go on"),
        (glyphs.gone, "its file is gone: it is only in the index now"),
        (glyphs.full, "mostly failures, in the timeline"),
    ]
}

/// What a key or a sign means, on as many lines as it takes; the command's name stands behind the first.
fn row(look: &Look<'_>, keys: &str, doc: &str, name: &str, columns: usize) -> Vec<Line<'static>> {
    let keys_width = if name.is_empty() { 36 } else { 18 };
    let name = if columns >= 72 { name } else { "" };
    let name_width = if name.is_empty() { 0 } else { NAME + 2 };
    let doc_width = columns.saturating_sub(keys_width + 3 + name_width).max(1);
    let docs = look.wrap(doc, doc_width).into_iter().enumerate();
    docs.map(|(i, doc)| {
        let (keys, name) = if i == 0 { (keys, name) } else { ("", "") };
        let mut spans = vec![
            look.span(Role::Key, format!("  {}", look.cell(keys, keys_width))),
            look.span(Role::Text, look.cell(&doc, doc_width)),
        ];
        if !name.is_empty() {
            spans.push(look.span(Role::Dim, format!("  {}", look.cut(name, NAME))));
        }
        Line::from(spans)
    })
    .collect()
}
