//! Closing the topmost thing, stopping what runs, and leaving.

use super::{context, runbook, search, share};
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Lane, Purpose};
use crate::tui::model::{Model, Pane};

/// Closes the topmost thing; `None` if there is none.
pub(super) fn close(model: &mut Model) -> Option<Vec<Effect>> {
    if model.overlay.take().is_some() {
        return Some(Vec::new());
    }
    if model.query_bar.is_editing() {
        model.query_bar.update(Command::Close);
        return Some(Vec::new());
    }
    if model.count.take().is_some() {
        return Some(Vec::new());
    }
    if model.focus == Pane::Filters && model.filters.is_narrowing() {
        model.filters.end_narrowing();
        return Some(search::recount(model));
    }
    match model.focus {
        Pane::Runbook if model.runbooks.end_hand_over() => Some(Vec::new()),
        Pane::Runbook => {
            let had_run = model.runbooks.run().is_some();
            if !model.runbooks.back() {
                model.set_open(Pane::Runbook, false);
            }
            Some(if had_run {
                runbook::unpark(model)
            } else {
                Vec::new()
            })
        }
        Pane::Timeline => {
            if !model.timeline.drop_selection() {
                model.focus = Pane::Events;
            }
            Some(Vec::new())
        }
        Pane::Filters | Pane::Detail => {
            model.set_open(model.focus, false);
            Some(Vec::new())
        }
        Pane::Events if model.open.detail => {
            model.set_open(Pane::Detail, false);
            Some(Vec::new())
        }
        Pane::Events if model.in_context => Some(context::toggle(model)),
        Pane::Events if model.parked.is_some() => Some(runbook::unpark(model)),
        Pane::Events if model.problems.is_empty() && model.message().is_some() => {
            model.alerts.closed = model.info.messages.last().cloned();
            Some(Vec::new())
        }
        Pane::Events if !model.problems.is_empty() => {
            model.problems.clear();
            Some(Vec::new())
        }
        Pane::Events => None,
    }
}

pub(super) fn quit(model: &mut Model, armed: bool) -> Vec<Effect> {
    if armed {
        return vec![Effect::Quit];
    }
    close(model).unwrap_or_else(|| {
        model.quit_armed = true;
        model.say(if model.share.export.is_some() {
            "an export is being written: q again stops it and quits"
        } else {
            "q again to quit"
        });
        Vec::new()
    })
}

pub(super) fn interrupt(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = share::stop(model) {
        return effects;
    }
    let background = matches!(
        model.asking.running,
        Some((_, Purpose::Counts | Purpose::Refresh)) if model.overlay.is_some() || model.query_bar.is_editing()
    );
    if !background && let Some((_, purpose)) = model.asking.running.take() {
        model.asking.after = None;
        if matches!(purpose, Purpose::Page(_)) {
            // What is on the screen is of the query before.
            model.events.clear();
            model.asking.error = Some("stopped".to_owned());
            model.asking.failed = Some(purpose.clone());
        }
        if matches!(purpose, Purpose::Related(..)) {
            model.related.fail("stopped".to_owned());
        }
        model.asking.counts_due = false;
        model.asking.refresh_due = false;
        model.asking.loaded = true;
        model.say("search stopped");
        return vec![Effect::CancelSearch];
    }
    if model.beside.added_running.take().is_some() {
        model.say("counting stopped");
        return vec![Effect::CancelLane(Lane::Added)];
    }
    if model.overlay.is_some() || model.query_bar.is_editing() {
        return close(model).unwrap_or_default();
    }
    vec![Effect::Quit]
}
