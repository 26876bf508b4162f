//! Runbook steps and the list: a step's query takes the place of the person's own, which is parked, never lost.

use super::search;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Parked};
use crate::tui::theme::Role;

/// Keeps the query in force, unless one is kept already.
pub(super) fn park(model: &mut Model) {
    if model.parked.is_none() {
        model.parked = Some(Parked {
            text: model.query_bar.text().to_owned(),
            query: model.query.clone(),
            anchor: model.anchor,
        });
    }
}

/// Brings the parked query back.
pub(super) fn unpark(model: &mut Model) -> Vec<Effect> {
    if let Some(run) = model.runbooks.run_mut() {
        run.set_aside();
    }
    let Some(parked) = model.parked.take() else {
        return Vec::new();
    };
    model.anchor = parked.anchor;
    search::put_in_force(model, parked.query, Some(parked.text))
}

pub(super) fn open(model: &mut Model, index: usize) -> Vec<Effect> {
    let event = model.events.selected().map(|h| h.event.clone());
    if model.runbooks.open(index, event.as_deref()) {
        apply(model)
    } else {
        Vec::new()
    }
}

/// Asks for the inputs again; the query that a step had put in force goes back meanwhile.
pub(super) fn edit_inputs(model: &mut Model) -> Vec<Effect> {
    let event = model.events.selected().map(|h| h.event.clone());
    let had_run = model.runbooks.run().is_some();
    if let Err(why) = model.runbooks.edit_inputs(event.as_deref()) {
        model.say(why);
        return Vec::new();
    }
    if had_run { unpark(model) } else { Vec::new() }
}

/// Drops a run; its query goes with it.
pub(super) fn drop_run(model: &mut Model) -> Vec<Effect> {
    let had_run = model.runbooks.run().is_some();
    let dropped = model.runbooks.drop_run();
    model.say(if dropped {
        "the run is dropped: the next one begins anew"
    } else {
        "there is no run of this runbook"
    });
    if had_run { unpark(model) } else { Vec::new() }
}

/// Puts the current step's query in force; a step without one leaves the list as it is.
pub(super) fn apply(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.runbooks.run_mut() else {
        return Vec::new();
    };
    match run.apply() {
        Ok(Some(query)) => {
            park(model);
            model.anchor = None;
            search::put_in_force(model, query, None)
        }
        Ok(None) => Vec::new(),
        Err(error) => {
            model.said = Some((Role::Alarm, error.to_string()));
            Vec::new()
        }
    }
}
