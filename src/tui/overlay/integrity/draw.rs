//! ```text
//! INTEGRITY  5 sources
//! the verdict on all of them
//! > sign level     source                      198 of 199  1 alarm
//!       recipe: what was covered
//!     sign kind                 line 120   time            what happened
//! ------------------------------------------------------------------------
//! what is selected, in full
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::{Block, Integrity};
use crate::chain::{ChainReport, Finding};
use crate::engine::{Info, SourceInfo};
use crate::event::Level;
use crate::export::integrity::{Standing, Tally, findings};
use crate::text::width;
use crate::tui::theme::{Glyphs, Role};
use crate::tui::widget::{Look, centred_top, draw_lines, draw_more, text, titled};

/// From so many columns on a source's recipe stands beside its name, and a finding's level before its kind.
const ROOMY: usize = 120;
/// Below so many columns the number of findings is told of the selected source only.
const NARROW: usize = 70;
/// Lines that the verdict may take.
const VERDICT: usize = 3;

impl Integrity {
    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, area: Rect, info: &Info) {
        Clear.render(area, buf);
        let columns = usize::from(area.width);
        let blocks = self.blocks(info);
        let (at, stop) = self.position(&blocks);
        let sources = text::counted(blocks.len() as u64, "source", "sources");
        let title = look.cut(&format!(" INTEGRITY  {sources}"), columns);
        let area = titled(buf, area, Line::from(look.span(Role::Focus, title)));
        let area = verdict(look, buf, area, &blocks);
        let below = (area.height / 2).clamp(3, 12);
        let list = Rect {
            height: area.height.saturating_sub(below + 1),
            ..area
        };
        self.list(look, buf, list, &blocks, (at, stop));
        let rule = look.theme.glyphs.horizontal.repeat(columns);
        let mut lines = vec![Line::from(look.span(Role::Dim, rule))];
        if let Some(block) = blocks.get(at) {
            let finding = stop.checked_sub(1).and_then(|n| block.findings().nth(n));
            let told = match finding {
                Some(finding) => about_finding(look, block.source, finding, columns),
                None => about_source(look, block, columns),
            };
            lines.extend(shortened(look, told, usize::from(below)));
        }
        let rest = Rect {
            y: list.bottom(),
            height: area.height - list.height,
            ..area
        };
        draw_lines(buf, rest, lines);
    }

    /// The sources and what is unfolded of them; only what is seen is made.
    fn list(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        blocks: &[Block<'_>],
        (at, stop): (usize, usize),
    ) {
        let (columns, height) = (usize::from(area.width), usize::from(area.height));
        let all: usize = blocks.iter().map(Block::rows).sum();
        let before: usize = blocks.iter().take(at).map(Block::rows).sum();
        // Between a source and its findings stands what was covered.
        let here = before + stop + usize::from(stop > 0);
        let top = centred_top(here, all, height);
        let mut lines = Vec::with_capacity(height);
        let mut skip = top;
        for (n, block) in blocks.iter().enumerate() {
            if lines.len() >= height {
                break;
            }
            if skip >= block.rows() {
                skip -= block.rows();
                continue;
            }
            let selected = (n == at).then_some(stop);
            if skip == 0 {
                lines.push(source(look, block, selected == Some(0), columns));
            }
            if skip <= 1 && block.is_unfolded {
                let covered = look.cut(&format!("      {}", covered(block, columns)), columns);
                lines.push(Line::from(look.span(Role::Dim, covered)));
            }
            if block.is_unfolded {
                let first = skip.saturating_sub(2);
                let room = height.saturating_sub(lines.len());
                let shown = block.findings().enumerate().skip(first).take(room);
                lines.extend(shown.map(|(i, finding)| {
                    finding_row(look, finding, selected == Some(i + 1), columns)
                }));
            }
            skip = 0;
        }
        draw_lines(buf, area, lines);
        draw_more(look, buf, area, top > 0, top + height < all);
    }
}

/// The verdict on all sources; returns the area below it.
fn verdict(look: &Look<'_>, buf: &mut Buffer, area: Rect, blocks: &[Block<'_>]) -> Rect {
    let mut tally = Tally::default();
    for block in blocks {
        tally.add(block.standing, block.source.chain.as_deref());
    }
    let role = tally.worst().map_or(Role::Dim, role_of);
    let room = usize::from(area.width).saturating_sub(4);
    let mut lines = look.wrap(&format!("{}.", tally.sentence()), room);
    lines.truncate(VERDICT);
    let used = area.height.min(lines.len() as u16);
    let lines = lines
        .into_iter()
        .map(|line| look.span(role, format!("   {line}")));
    draw_lines(buf, area, lines.map(Line::from));
    Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    }
}

fn role_of(standing: Standing) -> Role {
    match standing {
        Standing::Broken => Role::Alarm,
        Standing::Unread | Standing::Doubtful => Role::Warning,
        Standing::Checking | Standing::Unchained => Role::Dim,
        Standing::Part => Role::Text,
        Standing::Sound => Role::Good,
    }
}

/// Tells how a source stands without a colour.
fn sign_of(standing: Standing, glyphs: &Glyphs) -> &'static str {
    match standing {
        Standing::Broken => glyphs.broken,
        Standing::Unread => glyphs.bad,
        Standing::Doubtful => glyphs.unparsed,
        Standing::Checking => glyphs.provisional,
        Standing::Part => glyphs.on,
        Standing::Unchained => glyphs.off,
        Standing::Sound => glyphs.good,
    }
}

/// The same of a finding.
fn of_level(level: Level, glyphs: &Glyphs) -> (Role, &'static str) {
    match level {
        Level::Alarm => (Role::Alarm, glyphs.broken),
        Level::Warning => (Role::Warning, glyphs.unparsed),
        Level::Note => (Role::Dim, glyphs.dot),
    }
}

fn bar(look: &Look<'_>, is_selected: bool) -> Span<'static> {
    let bar = if is_selected {
        look.theme.glyphs.bar
    } else {
        " "
    };
    look.span(Role::Accent, bar)
}

/// `198 of 199`; nothing where there is no chain.
fn verified(source: &SourceInfo) -> String {
    let chain = source.chain.as_ref().filter(|c| c.scheme.is_some());
    chain.map_or(String::new(), |chain| {
        let (verified, records) = (text::number(chain.verified), text::number(chain.records));
        format!("{verified} of {records}")
    })
}

fn scheme(source: &SourceInfo) -> &str {
    match &source.chain {
        None => "",
        Some(chain) => chain.scheme.as_deref().unwrap_or_default(),
    }
}

fn source(look: &Look<'_>, block: &Block<'_>, is_selected: bool, columns: usize) -> Line<'static> {
    let (source, glyphs) = (block.source, look.theme.glyphs);
    let fold = if block.is_unfolded {
        glyphs.open
    } else {
        glyphs.closed
    };
    let role = role_of(block.standing);
    let row = if is_selected {
        Role::Selected
    } else {
        Role::Text
    };
    let found = source.chain.as_deref().map(findings).unwrap_or_default();
    let found = if columns < NARROW {
        String::new()
    } else {
        format!("  {}", look.cell(&found, 21))
    };
    let scheme = if columns < ROOMY {
        String::new()
    } else {
        format!(" {} ", look.cell(scheme(source), 41))
    };
    let verified = look.cut(&verified(source), 17);
    let used = 16 + width(&scheme) + 17 + width(&found);
    let room = columns.saturating_sub(used).max(8);
    let name = look.fit(&look.tail(&source.name, room), room);
    let gap = " ".repeat(17_usize.saturating_sub(width(&verified)));
    Line::from(vec![
        bar(look, is_selected),
        look.span(Role::Dim, format!("{fold} ")),
        look.span(role, look.fit(sign_of(block.standing, glyphs), 3)),
        look.span(role, look.cell(block.standing.word(), 9)),
        look.span(row, format!(" {name}")),
        look.span(Role::Dim, scheme),
        look.span(Role::Text, format!("{gap}{verified}")),
        look.span(role, found),
    ])
}

/// What was covered, after the recipe where that has no place of its own.
fn covered(block: &Block<'_>, columns: usize) -> String {
    match (&block.source.error, block.source.chain.as_deref()) {
        (Some(error), _) => error.clone(),
        (None, None) => checking().to_owned(),
        (None, Some(chain)) if columns < ROOMY => described(chain),
        (None, Some(chain)) => chain.covered(),
    }
}

fn checking() -> &'static str {
    "checking; what is found appears here"
}

fn described(chain: &ChainReport) -> String {
    let scheme = chain.scheme.as_deref().unwrap_or("no chain");
    format!("{scheme}: {}", chain.covered())
}

/// `line 120`, `lines 120-124`, `whole log`.
fn lines_of(finding: &Finding) -> String {
    match finding.lines() {
        None => "whole log".to_owned(),
        Some((first, last)) if last > first => {
            format!("lines {}-{}", text::number(first), text::number(last))
        }
        Some((line, _)) => format!("line {}", text::number(line)),
    }
}

/// What happened, without the causes that follow.
fn first_sentence(explanation: &str) -> &str {
    explanation
        .split_once(". ")
        .map_or(explanation, |(first, _)| first)
}

fn finding_row(
    look: &Look<'_>,
    finding: &Finding,
    is_selected: bool,
    columns: usize,
) -> Line<'static> {
    let (role, sign) = of_level(finding.level, look.theme.glyphs);
    let level = if columns < ROOMY {
        String::new()
    } else {
        look.cell(finding.level.as_str(), 9)
    };
    let time = finding.ts.map(|ts| look.zone.short(ts)).unwrap_or_default();
    let lines = look.cell(&lines_of(finding), if columns < ROOMY { 11 } else { 20 });
    let row = if is_selected {
        Role::Selected
    } else {
        Role::Text
    };
    let spans = vec![
        bar(look, is_selected),
        look.span(role, look.cell("", 4)),
        look.span(role, look.fit(sign, 3)),
        look.span(
            role,
            format!("{level}{}", look.cell(finding.kind.as_str(), 17)),
        ),
        look.span(row, format!(" {lines} ")),
        look.span(Role::Dim, format!("{} ", look.cell(&time, 14))),
    ];
    let used: usize = spans.iter().map(|s| width(&s.content)).sum();
    // The last column is for the sign that there is more.
    let room = columns.saturating_sub(used + 1);
    let said = look.cut(first_sentence(&finding.explanation), room);
    let mut line = Line::from(spans);
    line.push_span(look.span(Role::Text, said));
    line
}

/// The source that is selected, in full.
fn about_source(look: &Look<'_>, block: &Block<'_>, columns: usize) -> Vec<Line<'static>> {
    let source = block.source;
    let mut lines = Vec::new();
    let mut say = |role, text: &str| {
        let wrapped = look.wrap(text, columns.saturating_sub(4));
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| Line::from(look.span(role, format!("   {line}")))),
        );
    };
    say(
        Role::Text,
        &look.theme.charset.line(&source.name, usize::MAX),
    );
    for trouble in source.troubles() {
        say(Role::Warning, trouble);
    }
    match source.chain.as_deref() {
        None => say(Role::Dim, checking()),
        Some(chain) => {
            say(Role::Text, &described(chain));
            if !chain.findings.is_empty() {
                say(role_of(block.standing), &findings(chain));
            }
        }
    }
    if block.standing == Standing::Checking && source.chain.is_some() {
        say(Role::Dim, "checking; this is not all yet");
    }
    lines
}

/// The finding that is selected, in full.
fn about_finding(
    look: &Look<'_>,
    source: &SourceInfo,
    finding: &Finding,
    columns: usize,
) -> Vec<Line<'static>> {
    let (role, sign) = of_level(finding.level, look.theme.glyphs);
    let room = columns.saturating_sub(4);
    let time = finding.ts.map(|ts| {
        let label = look.zone.label_at(ts);
        format!(", {} {label}", look.zone.full(ts))
    });
    let head = format!(
        "{sign} {}: {} at {}, byte {}{}",
        finding.level.as_str(),
        finding.kind,
        lines_of(finding),
        text::number(finding.offset),
        time.unwrap_or_default()
    );
    let head = format!("   {}", look.cut(&head, room));
    let mut lines = vec![Line::from(look.span(role, head))];
    for (label, hash) in [("expected", &finding.expected), ("found", &finding.found)] {
        if let Some(hash) = hash {
            let said = look.cut(&format!("{label:9}{hash}"), room);
            lines.push(Line::from(look.span(Role::Text, format!("   {said}"))));
        }
    }
    let explained = look.wrap(&finding.explanation, room);
    lines.extend(
        explained
            .into_iter()
            .map(|line| Line::from(look.span(Role::Text, format!("   {line}")))),
    );
    // Its source is in the list above: this is for who has room.
    let name = format!("   {}", look.tail(&source.name, room));
    lines.push(Line::from(look.span(Role::Dim, name)));
    lines
}

/// As many lines as there is room for; a sign at the end of the last tells that there are more.
fn shortened(look: &Look<'_>, mut lines: Vec<Line<'static>>, room: usize) -> Vec<Line<'static>> {
    if lines.len() > room {
        lines.truncate(room);
        if let Some(last) = lines.last_mut() {
            last.push_span(look.span(Role::Dim, look.theme.glyphs.ellipsis));
        }
    }
    lines
}
