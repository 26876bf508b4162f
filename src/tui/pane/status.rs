//! The status bar: what is open, what is live, how far the index reaches, what the chains say, which zone times are in.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::chain::Copied;
use crate::engine::Info;
use crate::event::{Level, Timestamp};
use crate::text::width;
use crate::tui::theme::Role;
use crate::tui::widget::moment::lag;
use crate::tui::widget::{Look, draw_lines, text};

/// Whether and how fast events arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Live {
    /// Nothing can arrive.
    #[default]
    Static,
    /// Matching events a second.
    Following(u64),
    /// The list stands still while events arrive.
    Paused(u64),
}

/// Cells of the progress bar.
const CELLS: u64 = 8;

pub fn view(
    look: &Look<'_>,
    buf: &mut Buffer,
    area: Rect,
    (title, zone): (&str, &str),
    live: Live,
    info: &Info,
    busy: bool,
) {
    let columns = usize::from(area.width);
    let zone = Part {
        rank: 0,
        spans: vec![look.span(Role::Text, look.safe(zone))],
    };
    let mut parts: Vec<Part> = Vec::new();
    if busy {
        parts.push(Part {
            rank: 4,
            spans: vec![look.span(Role::Dim, "searching")],
        });
    }
    parts.push(Part {
        rank: 1,
        spans: live_spans(look, live),
    });
    // In a few words where there is room, else at least how far it is.
    let whole = index_spans(look, info);
    parts.extend(whole.map(|spans| Part { rank: 3, spans }));
    parts.push(Part {
        rank: 1,
        spans: chain_spans(look, info),
    });
    parts.extend(seal_spans(look, info).map(|spans| Part { rank: 2, spans }));
    parts.push(zone);
    // What matters least goes first when there is no room; the title keeps at least a third.
    let used = |parts: &[Part]| parts.iter().map(|p| p.width() + 3).sum::<usize>();
    while used(&parts) + 10 + columns / 4 > columns {
        let Some(least) = parts
            .iter()
            .enumerate()
            .max_by_key(|(_, p)| p.rank)
            .map(|(i, _)| i)
        else {
            break;
        };
        let gone = parts.remove(least);
        if gone.rank == 3 {
            let spans = vec![look.span(Role::Accent, share_indexed(info))];
            parts.insert(least, Part { rank: 1, spans });
        }
    }
    let room = columns.saturating_sub(used(&parts) + 10);
    let mut spans = vec![
        look.span(Role::Focus, look.cut(" auditty  ", columns)),
        look.span(Role::Text, look.cell(title, room)),
    ];
    for part in parts {
        spans.push(Span::raw("   "));
        spans.extend(part.spans);
    }
    draw_lines(buf, area, [Line::from(spans)]);
}

struct Part {
    /// The highest goes first.
    rank: u8,
    spans: Vec<Span<'static>>,
}

impl Part {
    fn width(&self) -> usize {
        self.spans.iter().map(|s| width(&s.content)).sum()
    }
}

fn live_spans(look: &Look<'_>, live: Live) -> Vec<Span<'static>> {
    let glyphs = look.theme.glyphs;
    match live {
        Live::Static => vec![look.span(Role::Dim, format!("{} not live", glyphs.off))],
        Live::Following(rate) => {
            vec![
                look.span(Role::Good, glyphs.on),
                Span::raw(format!(" live{}", per_second(rate))),
            ]
        }
        Live::Paused(rate) => {
            vec![
                look.span(Role::Warning, glyphs.paused),
                Span::raw(format!(" paused{}", per_second(rate))),
            ]
        }
    }
}

fn per_second(rate: u64) -> String {
    if rate == 0 {
        String::new()
    } else {
        format!(" {}/s", text::number(rate))
    }
}

fn index_spans(look: &Look<'_>, info: &Info) -> Option<Vec<Span<'static>>> {
    let covers = &info.covers;
    if let Some(why) = &covers.stopped {
        return Some(vec![look.span(
            Role::Warning,
            look.cut(&format!("index stopped: {why}"), 40),
        )]);
    }
    if covers.complete {
        return None;
    }
    let glyphs = look.theme.glyphs;
    let done = (covers.done.min(covers.total) as u128 * u128::from(CELLS))
        .checked_div(u128::from(covers.total))
        .unwrap_or_default() as usize;
    let bar = glyphs.full.repeat(done) + &glyphs.empty.repeat(CELLS as usize - done);
    let back = covers
        .since
        .map(|since| format!(" back to {}", look.zone.minute(since)))
        .unwrap_or_default();
    Some(vec![
        Span::raw(format!("index{back} ")),
        look.span(Role::Accent, bar),
    ])
}

/// `idx 40%`
fn share_indexed(info: &Info) -> String {
    let covers = &info.covers;
    if covers.stopped.is_some() {
        return "idx stopped".to_owned();
    }
    let percent = (u128::from(covers.done.min(covers.total)) * 100)
        .checked_div(u128::from(covers.total))
        .unwrap_or_default();
    format!("idx {percent}%")
}

fn copied(info: &Info) -> impl Iterator<Item = Copied> {
    let reports = info.sources.iter().filter_map(|s| s.chain.as_ref());
    reports.map(|report| report.copied)
}

/// How old the newest checkpoint is that was copied to where those who can write here may not reach: what is older
/// they can hardly forge. `None` = there is none.
pub fn seal_age(info: &Info, now: Timestamp) -> Option<String> {
    let newest = copied(info).filter_map(|copied| match copied {
        Copied::At(at) => Some(at),
        Copied::Never | Copied::Unsealed => None,
    });
    newest.max().map(|at| lag(now, at))
}

fn seal_spans(look: &Look<'_>, info: &Info) -> Option<Vec<Span<'static>>> {
    match seal_age(info, look.now) {
        Some(age) => Some(vec![Span::raw("seal copied "), look.span(Role::Good, age)]),
        None if copied(info).any(|copied| copied == Copied::Never) => {
            Some(vec![look.span(Role::Warning, "seals only here")])
        }
        None => None,
    }
}

fn chain_spans(look: &Look<'_>, info: &Info) -> Vec<Span<'static>> {
    let reports: Vec<_> = info
        .sources
        .iter()
        .filter_map(|s| s.chain.as_ref())
        .collect();
    if !reports
        .iter()
        .any(|r| r.is_chained() || !r.findings.is_empty())
    {
        return vec![look.span(Role::Dim, "no chain")];
    }
    let count = |level: Level| {
        reports
            .iter()
            .flat_map(|r| &r.findings)
            .filter(|f| f.level == level)
            .count() as u64
    };
    let verified: u64 = reports.iter().map(|r| r.verified).sum();
    let (alarms, warnings) = (count(Level::Alarm), count(Level::Warning));
    let dot = look.theme.glyphs.dot;
    let mut spans = vec![Span::raw("chain ")];
    if alarms > 0 {
        spans.push(look.span(Role::Alarm, text::counted(alarms, "break", "breaks")));
        spans.push(look.span(Role::Dim, format!(" {dot} ")));
    }
    if warnings > 0 {
        spans.push(look.span(
            Role::Warning,
            text::counted(warnings, "warning", "warnings"),
        ));
        spans.push(look.span(Role::Dim, format!(" {dot} ")));
    }
    spans.push(look.span(
        Role::Good,
        format!("{} {}", text::number(verified), look.theme.glyphs.good),
    ));
    spans
}
