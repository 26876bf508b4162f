//! Going to a moment: one that was typed, or an hour or a day away from the selected event.

use super::{history, search};
use crate::event::{Order, SortKey, Timestamp};
use crate::tui::effect::{Effect, Place};
use crate::tui::model::Model;

/// Up to everything before a moment.
fn just_before(ts: Timestamp) -> SortKey {
    SortKey {
        source: "".into(),
        order: Order {
            ts: ts.0.saturating_sub(1),
            generation: i32::MAX,
            offset: u64::MAX,
            sub: u32::MAX,
        },
    }
}

/// Selects the first event from a moment on, where one stood on the screen.
pub(super) fn go_to(model: &mut Model, ts: Timestamp) -> Vec<Effect> {
    history::jumps(model);
    model.events.follow = false;
    let row = model.events.selected_row();
    model.events.hold(row);
    search::load(model, Place::From(just_before(ts)))
}

/// Goes `count` times `step` nanoseconds away from the selected event: back to the last event that is at least as old,
/// forward to the first that is at least as new. So both always move, however wide a gap is.
pub(super) fn shift(model: &mut Model, step: i64, count: usize, forward: bool) -> Vec<Effect> {
    let here = match model.events.selected_key() {
        Some(key) => key.order.ts,
        None => return Vec::new(),
    };
    let by = step.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX));
    history::jumps(model);
    model.events.follow = false;
    let row = model.events.selected_row();
    model.events.hold(row);
    if forward {
        let ts = Timestamp(here.saturating_add(by));
        search::load(model, Place::From(just_before(ts)))
    } else {
        let after = Timestamp(here.saturating_sub(by).saturating_add(1));
        search::load(model, Place::Around(just_before(after)))
    }
}
