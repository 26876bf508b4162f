//! The timeline: how many events there are when, as one line of bars, with a cursor to zoom in on a span.
//!
//! ```text
//! ▌13:00 ▁▁▂▂▃▅▇█▅▃▂▁▁▁▁▂▂▃▃▂▁▁▂▅⌁▅▃▂▁▁▁▂▂▓▓▇█▅▃▂▁▁▁▁▂ 15:00 UTC   █ all  ▓ mostly failures  ⌁ break
//! ```
//! Bars with a failure among them are underlined; where failures stand out, they have a glyph of their own.

mod frame;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::engine::Histogram;
use crate::event::Timestamp;
use crate::query::Query;
use crate::query::ast::{Ast, TimeExpr};
use crate::text::width;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::theme::Role;
use crate::tui::widget::zone::Zone;
use crate::tui::widget::{Look, draw_lines, text};
use frame::{Frame, Sum};

/// Columns that times, zone and blanks take beside the bars.
const AROUND: u16 = 30;
/// Columns from which on the signs are explained.
const LEGEND_FROM: u16 = 120;
const LEGEND: u16 = 32;

/// Buckets to be asked for on a screen of this width: with the room left for new ones no more than there are columns.
pub fn buckets(width: u16) -> usize {
    let legend = if width < LEGEND_FROM { 0 } else { LEGEND };
    let columns = usize::from(width.saturating_sub(AROUND + legend));
    (columns * 8 / 9).clamp(16, 400)
}

#[derive(Clone, Debug, Default)]
pub struct Timeline {
    frame: Option<Frame>,
    /// A moment in the bucket under the cursor, so that it stays in place when the buckets change.
    cursor: Option<i64>,
    /// Where a selection was begun.
    begun: Option<i64>,
    zooms: Vec<Zoom>,
}

/// A query before a zoom, and the bounds of time that took the place of its own.
#[derive(Clone, Debug)]
struct Zoom {
    before: Query,
    bounds: Vec<Ast>,
}

/// What stands at places of the timeline.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    pub breaks: &'a [Timestamp],
    /// The event selected in the list.
    pub selected: Option<Timestamp>,
}

fn is_bound(ast: &Ast) -> bool {
    matches!(ast, Ast::Since(_) | Ast::Until(_))
}

/// The bounds of time that hold for all of a query, and the rest of it.
fn parted(query: &Query) -> (Vec<Ast>, Vec<Ast>) {
    query.conjuncts().into_iter().partition(is_bound)
}

impl Timeline {
    /// Takes new counts. While events arrive some room is left at the end, so that not every new bucket moves all.
    pub fn set(&mut self, histogram: Option<Histogram>, live: bool) {
        let before = self.frame.take();
        self.frame = histogram.map(|h| Frame::new(h, live, before.as_ref()));
        if self.frame.is_none() {
            self.begun = None;
        }
    }

    /// The cursor begins where the list stands.
    pub fn enter(&mut self, selected: Option<Timestamp>) {
        let last = self.frame.as_ref().map(Frame::last_start);
        self.cursor = selected.map(|ts| ts.0).or(last);
        self.begun = None;
    }

    /// `false` if there was none.
    pub fn drop_selection(&mut self) -> bool {
        self.begun.take().is_some()
    }

    pub fn update(&mut self, command: Command, count: usize, query: &Query) -> Option<Intent> {
        if command == Command::ZoomOut {
            return self.zoom_out(query);
        }
        let Some(frame) = &self.frame else {
            return Some(Intent::Say(
                "there is nothing to be seen over time".to_owned(),
            ));
        };
        let here = frame.index(self.cursor.unwrap_or(i64::MAX));
        let page = (frame.slots() / 10).max(1);
        let to = match command {
            Command::Left => here.saturating_sub(count),
            Command::Right => here.saturating_add(count),
            Command::PageUp => here.saturating_sub(count.saturating_mul(page)),
            Command::PageDown => here.saturating_add(count.saturating_mul(page)),
            Command::Top => 0,
            Command::Bottom => usize::MAX,
            Command::SelectSpan => {
                self.begun = match self.begun {
                    None => Some(frame.start_of(here)),
                    Some(_) => None,
                };
                return None;
            }
            Command::ZoomIn => return self.zoom_in(query),
            _ => return None,
        };
        self.cursor = Some(frame.start_of(to.min(frame.last())));
        None
    }

    /// First and last bucket of the selection, or of the cursor alone.
    fn span(&self, frame: &Frame) -> (usize, usize) {
        let here = frame.index(self.cursor.unwrap_or(i64::MAX));
        let begun = self.begun.map_or(here, |ts| frame.index(ts));
        (begun.min(here), begun.max(here))
    }

    /// The same as terms of a query.
    fn bounds(&self, frame: &Frame) -> Vec<Ast> {
        let (from, to) = self.span(frame);
        let at = |ts| TimeExpr::Text(Timestamp(ts).brief());
        vec![
            Ast::Since(at(frame.start_of(from))),
            Ast::Until(at(frame.end_of(to))),
        ]
    }

    fn zoom_in(&mut self, query: &Query) -> Option<Intent> {
        let frame = self.frame.as_ref()?;
        let bounds = self.bounds(frame);
        let (_, mut terms) = parted(query);
        terms.extend(bounds.iter().cloned());
        let zoomed = Query::from_conjuncts(terms);
        self.begun = None;
        if zoomed == *query {
            return Some(Intent::Say(
                "closer than this there is only the list".to_owned(),
            ));
        }
        self.zooms.push(Zoom {
            before: query.clone(),
            bounds,
        });
        Some(Intent::SetQuery(zoomed))
    }

    /// What the last zoom replaced, if its bounds still hold; else no bounds at all.
    fn zoom_out(&mut self, query: &Query) -> Option<Intent> {
        self.begun = None;
        let (bounds, rest) = parted(query);
        if bounds.is_empty() {
            self.zooms.clear();
            return Some(Intent::Say("this is everything".to_owned()));
        }
        // Zooms that another change of the query undid meanwhile are passed over.
        while let Some(zoom) = self.zooms.pop() {
            if zoom.bounds != bounds {
                continue;
            }
            let (old_bounds, old_rest) = parted(&zoom.before);
            if old_rest == rest {
                return Some(Intent::SetQuery(zoom.before));
            }
            let terms = rest.into_iter().chain(old_bounds).collect();
            return Some(Intent::SetQuery(Query::from_conjuncts(terms)));
        }
        Some(Intent::SetQuery(Query::from_conjuncts(rest)))
    }

    /// The span under the cursor as terms of a query, for copying.
    pub fn value(&self) -> Option<(String, String)> {
        let frame = self.frame.as_ref()?;
        let bounds = self.bounds(frame);
        let text = Query::from_conjuncts(bounds).to_string();
        Some(("the span of time".to_owned(), text))
    }

    /// The span under the cursor in words.
    pub fn describe(&self, zone: &Zone, places: Places<'_>) -> Option<String> {
        let frame = self.frame.as_ref()?;
        let (from, to) = self.span(frame);
        let (start, end) = (frame.start_of(from), frame.end_of(to));
        let sum = frame.sum(from, to + 1);
        let breaks = places
            .breaks
            .iter()
            .filter(|ts| (start..end).contains(&ts.0));
        let mut words = format!(
            "{}{} to {} {}: {}, {}",
            if self.begun.is_some() {
                "selected: "
            } else {
                ""
            },
            whole(zone.full(Timestamp(start))),
            end_label(zone, start, end),
            zone.label_at(Timestamp(start)),
            text::counted(sum.total, "event", "events"),
            text::counted(sum.failures, "failure", "failures"),
        );
        match breaks.count() as u64 {
            0 => {}
            n => words += &format!(", {}", text::counted(n, "break", "breaks")),
        }
        Some(words)
    }

    /// `total`: what the query in force matches, `None` while that is counted.
    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        places: Places<'_>,
        total: Option<u64>,
    ) {
        let stale = total.is_none();
        let bar = if look.focused {
            look.theme.glyphs.bar
        } else {
            " "
        };
        let columns = usize::from(area.width);
        let title = if look.focused { Role::Focus } else { Role::Dim };
        let mut spans = vec![look.span(Role::Accent, bar)];
        let Some(frame) = &self.frame else {
            let words = match total {
                None => "counting events over time",
                Some(0) => "no events",
                Some(_) => "no event has a time",
            };
            spans.push(look.span(title, look.cut(words, columns.saturating_sub(1))));
            draw_lines(buf, area, [Line::from(spans)]);
            return;
        };
        let (from, to) = frame.labels(look.zone);
        let zone = look.cut(&look.zone.label_at(Timestamp(frame.start_of(0))), 12);
        let legend = self.legend(look, area.width);
        let legend_width: usize = legend.iter().map(|s| width(&s.content)).sum();
        let around = 1 + from.len() + 1 + 1 + to.len() + 1 + width(&zone) + 1 + legend_width;
        spans.push(look.span(title, format!("{from} ")));
        spans.extend(self.bars(look, frame, columns.saturating_sub(around), places, stale));
        spans.push(look.span(title, format!(" {to} {zone} ")));
        spans.extend(legend);
        draw_lines(buf, area, [Line::from(spans)]);
    }

    fn legend(&self, look: &Look<'_>, width: u16) -> Vec<Span<'static>> {
        if width < LEGEND_FROM {
            return Vec::new();
        }
        let glyphs = look.theme.glyphs;
        let failing = look
            .theme
            .style(Role::Failure)
            .add_modifier(Modifier::UNDERLINED);
        vec![
            Span::raw("  "),
            Span::styled(glyphs.bars[3], failing),
            look.span(Role::Dim, " failures  "),
            look.span(Role::Failure, glyphs.full),
            look.span(Role::Dim, " mostly  "),
            look.span(Role::Alarm, glyphs.broken),
            look.span(Role::Dim, " break "),
        ]
    }

    fn bars(
        &self,
        look: &Look<'_>,
        frame: &Frame,
        columns: usize,
        places: Places<'_>,
        stale: bool,
    ) -> Vec<Span<'static>> {
        let glyphs = look.theme.glyphs;
        let sums: Vec<(usize, usize, Sum)> = frame.columns(columns);
        let peak = sums
            .iter()
            .map(|(_, _, s)| s.total)
            .max()
            .unwrap_or_default();
        let all = frame.sum(0, frame.slots());
        // Where nearly everything failed, one more bar of failures says nothing.
        let stands_out = all.failures * 2 < all.total;
        let broken: Vec<usize> = places
            .breaks
            .iter()
            .filter_map(|ts| frame.inside(ts.0))
            .collect();
        let marked = if look.focused {
            Some(self.span(frame))
        } else {
            let here = places.selected.and_then(|ts| frame.inside(ts.0));
            here.map(|i| (i, i))
        };
        let mut before = None;
        sums.into_iter()
            .map(|(from, to, sum)| {
                let first = before != Some(from);
                before = Some(from);
                let holds = |i: &usize| (from..to).contains(i);
                let (role, glyph) = if first && broken.iter().any(holds) {
                    (Role::Alarm, glyphs.broken)
                } else if sum.total == 0 {
                    (Role::Dim, " ")
                } else if stands_out && sum.failures * 2 >= sum.total {
                    (Role::Failure, glyphs.full)
                } else {
                    let level = (sum.total * 8).div_ceil(peak.max(1)).clamp(1, 8) as usize - 1;
                    let role = if sum.failures > 0 {
                        Role::Failure
                    } else {
                        Role::Text
                    };
                    (role, glyphs.bars[level])
                };
                let role = if stale { Role::Dim } else { role };
                let mut style = look.theme.style(role);
                if sum.failures > 0 && !stale {
                    style = style.add_modifier(Modifier::UNDERLINED);
                }
                if marked.is_some_and(|(a, b)| from <= b && a < to) {
                    style = style.patch(cursor(look));
                }
                Span::styled(glyph, style)
            })
            .collect()
    }
}

fn cursor(look: &Look<'_>) -> Style {
    look.theme.style(Role::Selected)
}

/// The end of a span, without its date if that is the one of its start.
fn end_label(zone: &Zone, start: i64, end: i64) -> String {
    let (start, end) = (Timestamp(start), Timestamp(end));
    whole(if zone.date(start) == zone.date(end) {
        zone.clock(end)
    } else {
        zone.full(end)
    })
}

/// Without the thousandths of a whole second.
fn whole(time: String) -> String {
    time.strip_suffix(".000")
        .map_or(time.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::time::{MINUTE, SECOND};

    fn timeline(totals: &[u64]) -> Timeline {
        let mut timeline = Timeline::default();
        let histogram = Histogram {
            start: Timestamp(0),
            step: MINUTE,
            total: totals.to_vec(),
            failures: vec![0; totals.len()],
        };
        timeline.set(Some(histogram), false);
        timeline
    }

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    fn set(intent: Option<Intent>) -> Query {
        match intent {
            Some(Intent::SetQuery(query)) => query,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_selected_span_becomes_bounds_of_time_and_zooming_out_brings_the_old_ones_back() {
        let mut t = timeline(&[1, 2, 3, 4]);
        let first = query("since:2h alice");
        t.enter(Some(Timestamp(MINUTE)));
        t.update(Command::SelectSpan, 1, &first);
        t.update(Command::Right, 1, &first);
        let zoomed = set(t.update(Command::ZoomIn, 1, &first));
        assert_eq!(
            zoomed.to_string(),
            "alice since:1970-01-01T00:01Z until:1970-01-01T00:03Z"
        );
        let closer = set(t.update(Command::ZoomIn, 1, &zoomed));
        assert!(closer != zoomed);
        assert_eq!(set(t.update(Command::ZoomOut, 1, &closer)), zoomed);
        assert_eq!(set(t.update(Command::ZoomOut, 1, &zoomed)), first);
        assert_eq!(set(t.update(Command::ZoomOut, 1, &first)), query("alice"));
        let said = t.update(Command::ZoomOut, 1, &query("alice"));
        assert!(matches!(said, Some(Intent::Say(_))));
    }

    #[test]
    fn times_are_written_short_and_read_back_as_themselves() {
        for ts in [0, MINUTE, 61 * SECOND, 1_772_377_200_123_000_000, 7_000_000] {
            let moment = crate::query::time::resolve(&Timestamp(ts).brief(), Timestamp(0), 3600);
            assert_eq!(moment.map(|m| m.start), Some(Timestamp(ts)));
        }
    }

    #[test]
    fn zooming_out_keeps_what_was_added_meanwhile_and_forgets_undone_zooms() {
        let mut t = timeline(&[1, 2, 3, 4]);
        let zoomed = set(t.update(Command::ZoomIn, 1, &query("since:2h")));
        let mut more = zoomed.conjuncts();
        more.push(query("bob").ast);
        let out = set(t.update(Command::ZoomOut, 1, &Query::from_conjuncts(more)));
        assert_eq!(out, query("bob since:2h"));
        t.update(Command::ZoomIn, 1, &query("bob"));
        let out = set(t.update(Command::ZoomOut, 1, &query("carl since:1d")));
        assert_eq!(out, query("carl"));
    }

    #[test]
    fn the_cursor_stays_on_its_time_and_within_the_frame() {
        let mut t = timeline(&[1; 10]);
        let q = Query::default();
        t.enter(None);
        t.update(Command::Left, 3, &q);
        let at = t.cursor;
        t.set(
            timeline(&[1; 12]).frame.map(|f| f.histogram().clone()),
            false,
        );
        assert_eq!(t.cursor, at);
        t.update(Command::Left, 99, &q);
        assert_eq!(t.cursor, Some(0));
        t.update(Command::Right, 99, &q);
        assert_eq!(t.cursor, Some(11 * MINUTE));
    }
}
