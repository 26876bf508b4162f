//! The timeline and the rest: when it is there, when it has the focus, what it counts.

use super::search;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane};

/// Shows it, goes to it, leaves it: one key.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if model.focus == Pane::Timeline {
        model.timeline.drop_selection();
        model.focus = Pane::Events;
        return Vec::new();
    }
    let was_open = model.is_open(Pane::Timeline);
    model.set_open(Pane::Timeline, true);
    model
        .timeline
        .enter(model.events.selected().and_then(|h| h.event.ts));
    if was_open {
        Vec::new()
    } else {
        // It was not counted for while nobody looked.
        model.timeline.set(None, false);
        search::count_soon(model)
    }
}

pub(super) fn hide(model: &mut Model) -> Vec<Effect> {
    model.set_open(Pane::Timeline, false);
    let key = model.key(crate::tui::command::Command::Timeline);
    model.say(format!("the timeline is hidden: {key} shows it"));
    Vec::new()
}
