//! Where everything stands: a pure function of the screen's size and what is open.
//!
//! ```text
//! status
//! query
//! rule, or what should be known about the query
//! timeline
//! FILTERS | EVENTS            | RUNBOOK        from 120 columns on
//!         |-------------------|
//!         | DETAIL            |
//! footer
//! ```
//! On a narrower screen one of filters, detail and runbook stands beside the list, and the runbook is wider while it is in
//! focus.

use ratatui::layout::Rect;

use super::model::{Model, Pane};

pub const MIN_WIDTH: u16 = 60;
pub const MIN_HEIGHT: u16 = 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    pub status: Rect,
    pub query: Rect,
    pub note: Rect,
    pub timeline: Option<Rect>,
    pub filters: Option<Rect>,
    pub events: Rect,
    pub detail: Option<Rect>,
    pub runbook: Option<Rect>,
    pub footer: Rect,
    /// Vertical hairlines.
    pub columns: [Option<Rect>; 2],
    /// The hairline above the detail.
    pub above_detail: Option<Rect>,
}

impl Areas {
    /// Everything between the query and the footer: where an overlay stands.
    pub fn body(&self) -> Rect {
        let top = self.note.bottom();
        Rect {
            y: top,
            height: self.footer.y.saturating_sub(top),
            ..self.note
        }
    }
}

/// `None` when the screen is too small.
pub fn areas(model: &Model) -> Option<Areas> {
    let (width, height) = model.size;
    if width < MIN_WIDTH || height < MIN_HEIGHT {
        return None;
    }
    let row = |y| Rect {
        x: 0,
        y,
        width,
        height: 1,
    };
    let mut middle = Rect {
        x: 0,
        y: 3,
        width,
        height: height - 4,
    };
    let mut areas = Areas {
        status: row(0),
        query: row(1),
        note: row(2),
        footer: row(height - 1),
        ..Areas::default()
    };
    if model.is_visible(Pane::Timeline) {
        areas.timeline = Some(row(3));
        middle.y += 1;
        middle.height -= 1;
    }
    let (filters_width, runbook_width) = if model.is_wide() {
        (24, 40)
    } else if model.focus == Pane::Runbook {
        (25, (width / 2).min(44))
    } else {
        // Who looks at the list needs the columns that the step asks for.
        (25, (width / 3).max(20))
    };
    if model.is_visible(Pane::Filters) {
        let (left, line, rest) = split_left(middle, filters_width);
        (areas.filters, areas.columns[0], middle) = (Some(left), Some(line), rest);
    }
    if model.is_visible(Pane::Runbook) {
        let (rest, line, right) = split_left(middle, middle.width - runbook_width - 1);
        (areas.runbook, areas.columns[1], middle) = (Some(right), Some(line), rest);
    }
    if model.is_visible(Pane::Detail) {
        let list = Rect {
            height: middle.height / 2,
            ..middle
        };
        let line = Rect {
            y: list.bottom(),
            height: 1,
            ..middle
        };
        let detail = Rect {
            y: line.bottom(),
            height: middle.height - list.height - 1,
            ..middle
        };
        (areas.detail, areas.above_detail, middle) = (Some(detail), Some(line), list);
    }
    areas.events = middle;
    Some(areas)
}

/// The left part, a line of one column, and the rest.
fn split_left(area: Rect, width: u16) -> (Rect, Rect, Rect) {
    let left = Rect { width, ..area };
    let line = Rect {
        x: left.right(),
        width: 1,
        ..area
    };
    let rest = Rect {
        x: line.right(),
        width: area.width - width - 1,
        ..area
    };
    (left, line, rest)
}
