//! Back and forward: whatever changed the query in force, the view before it can be brought back.

use super::{context, search};
use crate::tui::effect::{Effect, Place};
use crate::tui::model::Model;
use crate::tui::model::history::View;

/// The view before a message, to be compared with the one after it: so no way to change the query is forgotten.
pub(super) struct Before {
    view: View,
    travels: u64,
}

impl Before {
    pub(super) fn of(model: &Model) -> Self {
        Self {
            view: View::of(model),
            travels: model.history.travels(),
        }
    }

    /// Keeps the view if it was left, otherwise than by going back or forward.
    pub(super) fn remember(self, model: &mut Model) {
        if self.view.was_left(model) && self.travels == model.history.travels() {
            model.history.push(self.view);
        }
    }
}

/// The list is left for another place of it.
pub(super) fn jumps(model: &mut Model) {
    let left = View::of(model);
    model.history.jump(left);
}

pub(super) fn go(model: &mut Model, forward: bool, count: usize) -> Vec<Effect> {
    let mut target = None;
    for _ in 0..count {
        let now = target.take().unwrap_or_else(|| View::of(model));
        let next = if forward {
            model.history.forward(now.clone())
        } else {
            model.history.back(now.clone())
        };
        match next {
            Some(view) => target = Some(view),
            None => {
                // As far as it goes.
                target = Some(now).filter(|v| *v != View::of(model));
                break;
            }
        }
    }
    match target {
        Some(view) => restore(model, view),
        None => {
            model.say(if forward {
                "there is nothing to go forward to"
            } else {
                "there is nothing to go back to"
            });
            Vec::new()
        }
    }
}

fn restore(model: &mut Model, view: View) -> Vec<Effect> {
    // What a runbook's step finds counts as its evidence only when the step is applied.
    if let Some(run) = model.runbooks.run_mut() {
        run.set_aside();
    }
    model.anchor = view.anchor;
    model.parked = view.parked;
    search::install(model, view.query, Some(view.text));
    model.in_context = view.in_context;
    context::prepare(model);
    model.events.follow = view.follow;
    match view.selected {
        Some(key) if !view.follow => {
            model.events.hold(view.row);
            search::load(model, Place::Around(key))
        }
        _ => search::load(model, Place::Newest),
    }
}
