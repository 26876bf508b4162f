//! The sources: what is read, how far, what is wrong with it, and what its chain says.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use crate::engine::{Info, SourceInfo};
use crate::event::field::Field;
use crate::event::{Level, Timestamp};
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};
use crate::tui::command::Command;
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::moment::lag;
use crate::tui::widget::{Look, centred_top, draw_lines, text, titled};

/// Rows kept for what is to be said about the selected source, and for what was skipped.
const BELOW: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// By name: the list may change while it is looked at.
    selected: Option<Arc<str>>,
}

/// What is drawn besides the engine's own words.
pub struct Around<'a> {
    pub info: &'a Info,
    pub now: Timestamp,
    /// Sources whose events the query leaves out.
    pub muted: &'a [Arc<str>],
    /// The keys: filter, mute, next break, read as another format.
    pub keys: [String; 4],
}

impl Sources {
    /// With this source selected.
    pub fn at(name: Arc<str>) -> Self {
        Self {
            selected: Some(name),
        }
    }

    fn position(&self, info: &Info) -> usize {
        let name = self.selected.as_ref();
        let at = name.and_then(|name| info.sources.iter().position(|s| s.name == *name));
        at.unwrap_or(0)
    }

    pub fn selected<'a>(&self, info: &'a Info) -> Option<&'a SourceInfo> {
        info.sources.get(self.position(info))
    }

    pub fn update(&mut self, command: Command, count: usize, info: &Info) {
        let at = self.position(info);
        let last = info.sources.len().saturating_sub(1);
        let to = match command {
            Command::Down => at.saturating_add(count),
            Command::Up => at.saturating_sub(count),
            Command::PageDown => at.saturating_add(10),
            Command::PageUp => at.saturating_sub(10),
            Command::Top => 0,
            Command::Bottom => last,
            _ => at,
        };
        self.selected = info.sources.get(to.min(last)).map(|s| s.name.clone());
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect, around: &Around<'_>) {
        Clear.render(area, buf);
        let info = around.info;
        let columns = usize::from(area.width);
        let count = text::counted(info.sources.len() as u64, "source", "sources");
        let title = format!(" SOURCES  {count}");
        let title = look.cut(&title, columns);
        let area = titled(buf, area, Line::from(look.span(Role::Focus, title)));
        let widths = widths(columns);
        let mut lines = vec![head(look, widths)];
        let height = usize::from(area.height).saturating_sub(BELOW + 1).max(1);
        let at = self.position(info);
        let top = centred_top(at, info.sources.len(), height);
        let shown = info.sources.iter().enumerate().skip(top).take(height);
        lines.extend(shown.map(|(i, source)| row(look, source, around, i == at, widths)));
        lines.push(Line::from(
            look.span(Role::Dim, look.theme.glyphs.horizontal.repeat(columns)),
        ));
        if let Some(source) = info.sources.get(at) {
            lines.extend(about(look, source, around, columns));
        }
        let skipped = info.messages.iter().map(|m| {
            let text = look.cut(&format!("  {m}"), columns);
            Line::from(look.span(Role::Dim, text))
        });
        lines.extend(skipped);
        draw_lines(buf, area, lines);
    }
}

/// The term for one source.
pub fn named(name: &str) -> Ast {
    term::is(FieldRef::Normal(Field::Source), name)
}

/// Sources whose events the query leaves out.
pub fn muted(query: &Query, info: &Info) -> Vec<Arc<str>> {
    let terms = query.conjuncts();
    let names = info.sources.iter().map(|s| s.name.clone());
    names
        .filter(|name| terms.contains(&named(name).negated()))
        .collect()
}

/// Columns of: name, format, events, unparsed, last event, lag; the chain has the rest.
fn widths(columns: usize) -> [usize; 6] {
    let rest = columns.saturating_sub(3 + 11 + 10 + 9 + 15 + 5 + 16 + 6);
    // The name gets what is left over; at 80 columns the time of the last event gives way to its lag.
    if columns < 100 {
        let rest = columns.saturating_sub(3 + 11 + 10 + 9 + 5 + 15 + 5);
        [rest.max(12), 11, 10, 9, 0, 5]
    } else {
        [rest.max(16), 11, 10, 9, 15, 5]
    }
}

fn line(look: &Look<'_>, role: Role, cells: [&str; 7], widths: [usize; 6]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if width == 0 {
            continue;
        }
        let is_number = matches!(i, 2 | 3 | 5);
        let cell = if is_number {
            let cell = look.cut(cell, width);
            format!("{}{cell}", " ".repeat(width - crate::text::width(&cell)))
        } else if i == 0 {
            look.cell(&tail_of(cell, width), width)
        } else {
            look.cell(cell, width)
        };
        spans.push(look.span(role, format!("{cell} ")));
    }
    spans
}

/// The end of a path says more than its beginning.
fn tail_of(path: &str, columns: usize) -> String {
    let chars = path.chars().count();
    if chars <= columns {
        return path.to_owned();
    }
    let tail: String = path.chars().skip(chars + 2 - columns.max(2)).collect();
    format!("..{tail}")
}

fn head(look: &Look<'_>, widths: [usize; 6]) -> Line<'static> {
    let cells = [
        "source",
        "format",
        "events",
        "unparsed",
        "last event",
        "lag",
        "",
    ];
    let mut spans = vec![Span::raw("   ")];
    spans.extend(line(look, Role::Dim, cells, widths));
    spans.push(look.span(Role::Dim, "chain"));
    Line::from(spans)
}

fn row(
    look: &Look<'_>,
    source: &SourceInfo,
    around: &Around<'_>,
    is_selected: bool,
    widths: [usize; 6],
) -> Line<'static> {
    let bar = if is_selected {
        look.theme.glyphs.bar
    } else {
        " "
    };
    let is_muted = around.muted.contains(&source.name);
    let sign = if is_muted { look.theme.glyphs.off } else { " " };
    let role = match (is_selected, is_muted) {
        (true, _) => Role::Selected,
        (false, true) => Role::Dim,
        (false, false) => Role::Text,
    };
    let last = source.last.map(|at| look.zone.short(at));
    let cells = [
        &*source.name,
        &source.format,
        &text::number(source.events),
        &text::number(source.unparsed),
        last.as_deref().unwrap_or("none"),
        &source
            .last
            .map(|at| lag(around.now, at))
            .unwrap_or_default(),
        "",
    ];
    let mut spans = vec![
        look.span(Role::Accent, bar),
        look.span(Role::Dim, format!("{sign} ")),
    ];
    spans.extend(line(look, role, cells, widths));
    spans.push(match (&source.error, is_muted) {
        (Some(_), _) => look.span(Role::Warning, "not readable"),
        (None, true) => look.span(Role::Dim, "muted"),
        (None, false) => chain(look, source),
    });
    Line::from(spans)
}

/// The chain in a few words.
fn chain(look: &Look<'_>, source: &SourceInfo) -> Span<'static> {
    let glyphs = look.theme.glyphs;
    let Some(report) = &source.chain else {
        return look.span(Role::Dim, "not checked");
    };
    let count = |level| report.findings.iter().filter(|f| f.level == level).count() as u64;
    match (&report.scheme, count(Level::Alarm), count(Level::Warning)) {
        (None, ..) => look.span(Role::Dim, "none"),
        (_, 0, 0) if report.numbered => look.span(Role::Dim, "numbers"),
        (_, 0, 0) if report.verified < report.records => {
            let share = format!(
                "{} of {}",
                text::number(report.verified),
                text::number(report.records)
            );
            look.span(Role::Text, share)
        }
        (_, 0, 0) => look.span(
            Role::Good,
            format!("{} {}", text::number(report.verified), glyphs.good),
        ),
        (_, 0, n) => look.span(Role::Warning, text::counted(n, "warning", "warnings")),
        (_, n, _) => look.span(
            Role::Alarm,
            format!("{} {}", glyphs.broken, text::counted(n, "break", "breaks")),
        ),
    }
}

/// Lines that what is wrong with a source may take.
const TOLD: usize = 4;

/// The selected source in words, and the keys.
fn about(
    look: &Look<'_>,
    source: &SourceInfo,
    around: &Around<'_>,
    columns: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut say = |role, text: &str| {
        lines.push(Line::from(look.span(role, look.cut(text, columns))));
    };
    say(Role::Text, &format!("  {}", source.name));
    // What is wrong is told in full, as far as a few lines go.
    let wrong = source.troubles();
    let wrong = wrong.flat_map(|trouble| look.wrap(trouble, columns.saturating_sub(2)));
    for part in wrong.take(TOLD) {
        say(Role::Warning, &format!("  {part}"));
    }
    if source.format_chosen {
        say(
            Role::Accent,
            &format!("  read as {} because you chose so", source.format),
        );
    }
    match &source.chain {
        None => say(Role::Dim, "  chain: not checked yet"),
        Some(report) => {
            let scheme = report.scheme.as_deref().unwrap_or("no hash chain");
            say(
                Role::Text,
                &format!("  chain: {scheme}: {}", report.covered()),
            );
            let worst = report.findings.iter().max_by_key(|f| f.level);
            if let Some(finding) = worst.filter(|f| f.level != Level::Note) {
                let role = if finding.level == Level::Alarm {
                    Role::Alarm
                } else {
                    Role::Warning
                };
                let line = finding.lines().map(|(line, _)| format!(" at line {line}"));
                let place = format!("{}{}", finding.kind, line.unwrap_or_default());
                say(role, &format!("  {place}: {}", finding.explanation));
            }
        }
    }
    let [filter, mute, next, read_as] = &around.keys;
    let muted = if around.muted.contains(&source.name) {
        "unmute"
    } else {
        "mute"
    };
    say(
        Role::Dim,
        &format!(
            "  {filter} only this source   {mute} {muted}   {next} next break   {read_as} read as another format"
        ),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_keep_their_end() {
        assert_eq!(tail_of("/var/log/kubernetes/audit.log", 12), "../audit.log");
        assert_eq!(tail_of("short", 12), "short");
    }
}
