//! A short list of what could be written, under the line that is being written.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

use super::{Look, centred_top, draw_lines};
use crate::text::width;
use crate::tui::theme::Role;

/// Rows shown at a time.
const ROWS: usize = 8;

#[derive(Clone, Debug)]
pub struct Offer {
    pub label: String,
    /// What it means, or how often it occurs.
    pub note: String,
}

/// Draws the offers at the top of `body`, from column `x` where there is room.
pub fn view(
    look: &Look<'_>,
    buf: &mut Buffer,
    body: Rect,
    x: u16,
    offers: &[Offer],
    chosen: Option<usize>,
) {
    let rows = ROWS
        .min(offers.len())
        .min(usize::from(body.height).saturating_sub(1));
    if rows == 0 || body.width < 10 {
        return;
    }
    let top = centred_top(chosen.unwrap_or(0), offers.len(), rows);
    let shown = &offers[top..top + rows];
    let most = |text: fn(&Offer) -> &String| {
        let widths = shown.iter().map(|o| width(&look.safe(text(o))));
        widths.max().unwrap_or(0)
    };
    let glyphs = look.theme.glyphs;
    // An edge and a blank on both sides, two blanks between.
    let room = usize::from(body.width) - 4;
    let note = most(|o| &o.note).min(room / 2);
    let label = most(|o| &o.label).min(room - note - 2).max(8);
    let inner = label + 2 + note;
    let columns = (inner + 4) as u16;
    let area = Rect {
        x: x.min(body.right().saturating_sub(columns)).max(body.x),
        y: body.y,
        width: columns.min(body.width),
        height: rows as u16 + 1,
    };
    Clear.render(area, buf);
    let mut lines: Vec<Line<'static>> = Vec::with_capacity(rows + 1);
    for (i, offer) in shown.iter().enumerate() {
        let selected = chosen == Some(top + i);
        let style = look.theme.style(Role::Selected);
        let row = look.justified((Role::Text, &offer.label), (Role::Dim, &offer.note), inner);
        let mark = if selected { glyphs.bar } else { " " };
        let mut spans = vec![
            look.span(Role::Dim, glyphs.vertical),
            look.span(Role::Accent, mark),
        ];
        let patch =
            |s: ratatui::text::Span<'static>| if selected { s.patch_style(style) } else { s };
        spans.extend(row.spans.into_iter().map(patch));
        spans.push(look.span(Role::Dim, format!(" {}", glyphs.vertical)));
        lines.push(Line::from(spans));
    }
    let more = offers.len().saturating_sub(top + rows);
    let edge = glyphs.horizontal.repeat(usize::from(area.width));
    let foot = if more > 0 {
        look.cut(
            &format!("{}{more} more{edge}", glyphs.horizontal),
            usize::from(area.width),
        )
    } else {
        edge
    };
    lines.push(Line::from(look.span(Role::Dim, foot)));
    draw_lines(buf, area, lines);
}
