//! How a line of the detail looks: safe, wrapped, with what was searched for marked.

use ratatui::text::{Line, Span};

use super::find::{Needle, starts};
use super::rows::{Other, OverTime, Row};
use crate::event::{Event, Outcome, Timestamp};
use crate::text::width;
use crate::tui::theme::Role;
use crate::tui::widget::Look;

/// A line on the screen.
pub(super) struct Drawn {
    pub line: Line<'static>,
    /// How often what was searched for begins in it.
    pub hits: usize,
}

impl Drawn {
    fn plain(line: impl Into<Line<'static>>) -> Self {
        Self {
            line: line.into(),
            hits: 0,
        }
    }
}

/// Draws rows of the detail into `columns`.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub look: &'a Look<'a>,
    pub columns: usize,
    pub needle: &'a Needle,
}

impl Pen<'_> {
    fn label_width(&self) -> usize {
        12.min(self.columns / 3)
    }

    /// The lines of a row, at least one.
    pub(super) fn draw(&self, row: &Row) -> Vec<Drawn> {
        let (look, columns) = (self.look, self.columns);
        match row {
            Row::Heading(name) => {
                let name = look.cut(name, columns);
                let rule = columns.saturating_sub(width(&name) + 1);
                let rule = look.theme.glyphs.horizontal.repeat(rule);
                vec![Drawn::plain(look.span(Role::Dim, format!("{name} {rule}")))]
            }
            Row::Remark(words) => {
                let lines = look.wrap(words, columns).into_iter();
                lines
                    .map(|l| Drawn::plain(look.span(Role::Dim, l)))
                    .collect()
            }
            Row::Field {
                label, value, role, ..
            } => {
                let local = match Timestamp::parse(value) {
                    Some(ts) if label == "ts" && !look.zone.is_utc() => {
                        format!("  {} {}", look.zone.full(ts), look.zone.label_at(ts))
                    }
                    _ => String::new(),
                };
                let lead = look.cell(label, self.label_width());
                self.labelled(lead, *role, &format!("{value}{local}"))
            }
            Row::Chain(role, words) => self.wrapped(*role, words, columns),
            Row::Raw(record) => self.wrapped(Role::Text, record, columns),
            Row::Group {
                label,
                depth,
                folded,
                ..
            } => {
                let glyphs = look.theme.glyphs;
                let sign = if *folded { glyphs.closed } else { glyphs.open };
                let lead = format!("{}{sign} ", "  ".repeat(*depth));
                let label = look.cut(label, columns.saturating_sub(width(&lead)));
                let (spans, hits) = self.found(Role::Accent, &label);
                let mut line = vec![look.span(Role::Accent, lead)];
                line.extend(spans);
                vec![Drawn {
                    line: line.into(),
                    hits,
                }]
            }
            Row::Attribute {
                label,
                value,
                depth,
                empty,
                ..
            } => {
                let indent = "  ".repeat((*depth).min(columns / 8));
                let room = (columns / 2).saturating_sub(indent.len());
                let label = look.cut(label, room);
                let fill = self
                    .label_width()
                    .saturating_sub(indent.len() + width(&label));
                let lead = format!("{indent}{label}{}", " ".repeat(fill));
                let role = if *empty { Role::Dim } else { Role::Text };
                self.labelled(lead, role, value)
            }
            Row::OverTime(bars) => vec![Drawn::plain(self.over_time(bars))],
            Row::Other(other) => vec![self.other(other)],
        }
    }

    /// First time, bars, last time.
    fn over_time(&self, over: &OverTime) -> Line<'static> {
        let (look, glyphs) = (self.look, self.look.theme.glyphs);
        let around = width(&over.from) + width(&over.to) + 4;
        let room = self.columns.saturating_sub(around).max(4);
        let each = over.parts.len().div_ceil(room).max(1);
        let sums: Vec<(u64, u64)> = over
            .parts
            .chunks(each)
            .map(|part| part.iter().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)))
            .collect();
        let most = sums.iter().map(|(total, _)| *total).max().unwrap_or(1);
        let mut spans = vec![look.span(Role::Dim, format!("  {} ", over.from))];
        for (at, (total, failures)) in sums.into_iter().enumerate() {
            let level = (total * 8).div_ceil(most.max(1)).clamp(1, 8) as usize - 1;
            let role = if over.here.is_some_and(|here| here / each == at) {
                Role::Focus
            } else if failures > 0 {
                Role::Failure
            } else {
                Role::Text
            };
            let bar = match total {
                0 => glyphs.dot,
                // Readable without colour, too.
                _ if failures * 2 > total => glyphs.full,
                _ => glyphs.bars[level],
            };
            spans.push(look.span(if total == 0 { Role::Dim } else { role }, bar));
        }
        spans.push(look.span(Role::Dim, format!(" {}", over.to)));
        Line::from(spans)
    }

    /// One line: which, who, what, and with which result at the right.
    fn other(&self, other: &Other) -> Drawn {
        let (look, glyphs) = (self.look, self.look.theme.glyphs);
        let (outcome_role, outcome) = &other.outcome;
        let outcome = look.cut(outcome, self.columns / 3);
        let here = if other.is_this { glyphs.here } else { " " };
        let lead = look.cell(&other.lead, 17.min(self.columns / 3));
        let fixed = width(here) + 1 + width(&lead) + 1 + width(&outcome) + 1;
        let room = self.columns.saturating_sub(fixed);
        // Times and names stand below each other; a name gets no more than a third.
        let actor = look.cell(&other.actor, 22.min(room / 3));
        let gap = usize::from(!actor.is_empty());
        let deed = look.cell(&other.action, room.saturating_sub(width(&actor) + gap));
        let mut spans = vec![look.span(Role::Accent, format!("{here} "))];
        let mut hits = 0;
        let between = " ".repeat(gap);
        for (role, part, gap) in [
            (Role::Dim, lead, " "),
            (Role::Text, actor, between.as_str()),
            (Role::Text, deed, " "),
            (*outcome_role, outcome, ""),
        ] {
            let (found, n) = self.found(role, &part);
            spans.extend(found);
            spans.push(Span::raw(gap.to_owned()));
            hits += n;
        }
        Drawn {
            line: spans.into(),
            hits,
        }
    }

    /// A label (safe already) and a value (not yet) that wraps beside it.
    fn labelled(&self, lead: String, role: Role, value: &str) -> Vec<Drawn> {
        let lead_width = width(&lead) + 1;
        let blank = " ".repeat(lead_width);
        let room = self.columns.saturating_sub(lead_width);
        let mut lines = self.wrapped(role, value, room);
        for (i, drawn) in lines.iter_mut().enumerate() {
            if i > 0 {
                drawn.line.spans.insert(0, Span::raw(blank.clone()));
                continue;
            }
            let (mut spans, hits) = self.found(Role::Dim, &lead);
            spans.push(Span::raw(" "));
            spans.append(&mut drawn.line.spans);
            drawn.line = spans.into();
            drawn.hits += hits;
        }
        lines
    }

    /// Safe lines of at most `columns`; a hit may go over the end of one.
    fn wrapped(&self, role: Role, text: &str, columns: usize) -> Vec<Drawn> {
        let pieces = self.look.wrap(text, columns);
        if self.needle.is_empty() {
            let plain = |piece| Drawn::plain(self.look.span(role, piece));
            return pieces.into_iter().map(plain).collect();
        }
        let safe = self.look.theme.charset.block(text);
        let ranges = self.needle.ranges(&safe);
        let starts = starts(&safe, &pieces);
        let piece = |(piece, start): (String, usize)| {
            let end = start + piece.len();
            let within = |at: usize| at.clamp(start, end) - start;
            // In order and apart: a long value has as many lines as hits, and each line looks at its own only.
            let first = ranges.partition_point(|r| r.end <= start);
            let here = || ranges[first..].iter().take_while(|r| r.start < end);
            let inside: Vec<_> = here()
                .map(|r| within(r.start)..within(r.end))
                .filter(|r| !r.is_empty())
                .collect();
            Drawn {
                hits: here().filter(|r| r.start >= start).count(),
                line: self.spans(role, &piece, &inside).into(),
            }
        };
        pieces.into_iter().zip(starts).map(piece).collect()
    }

    /// Text that is safe already, with hits marked and counted.
    fn found(&self, role: Role, safe: &str) -> (Vec<Span<'static>>, usize) {
        let ranges = self.needle.ranges(safe);
        (self.spans(role, safe, &ranges), ranges.len())
    }

    fn spans(
        &self,
        role: Role,
        safe: &str,
        marked: &[std::ops::Range<usize>],
    ) -> Vec<Span<'static>> {
        let mut spans = Vec::new();
        let mut at = 0;
        for range in marked {
            let (Some(plain), Some(hit)) = (safe.get(at..range.start), safe.get(range.clone()))
            else {
                continue;
            };
            spans.push(self.look.span(role, plain));
            spans.push(self.look.span(Role::Found, hit));
            at = range.end;
        }
        spans.push(self.look.span(role, safe.get(at..).unwrap_or_default()));
        spans
    }
}

/// Who did what to what, not yet safe.
pub(super) fn headline(event: &Event) -> String {
    let actor = event
        .actor
        .as_deref()
        .map(|a| format!(" by {a}"))
        .unwrap_or_default();
    let target = event
        .target
        .as_deref()
        .map(|t| format!(" {t}"))
        .unwrap_or_default();
    match &event.action {
        Some(action) => format!("{action}{target}{actor}"),
        None => event.summary(),
    }
}

/// When, with which result, from where: the line below the title.
pub(super) fn summary(look: &Look<'_>, event: &Event, columns: usize) -> Line<'static> {
    let when = match event.ts {
        Some(ts) => format!(" {} {}", look.zone.full(ts), look.zone.label_at(ts)),
        None => " no time".to_owned(),
    };
    let reason = event.reason.as_deref().unwrap_or_default();
    let outcome = match event.outcome {
        Outcome::Unknown => reason.to_owned(),
        outcome => format!("{outcome} {reason}"),
    };
    let role = match event.outcome {
        Outcome::Failure => Role::Failure,
        _ => Role::Text,
    };
    let ips: Vec<String> = event.ip.iter().map(ToString::to_string).collect();
    let parts = [
        (Role::Text, when),
        (role, outcome.trim().to_owned()),
        (Role::Text, ips.join(", ")),
        (Role::Text, event.host.clone().unwrap_or_default()),
    ];
    let (mut spans, mut used) = (Vec::new(), 0);
    for (role, part) in parts.into_iter().filter(|(_, p)| !p.is_empty()) {
        if !spans.is_empty() {
            let dot = format!(" {} ", look.theme.glyphs.dot);
            used += width(&dot);
            spans.push(look.span(Role::Dim, dot));
        }
        let part = look.cut(&part, columns.saturating_sub(used));
        used += width(&part);
        spans.push(look.span(role, part));
        if used >= columns {
            break;
        }
    }
    Line::from(spans)
}
