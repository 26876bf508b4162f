//! From one event to all that have something in common with it.

use super::set_query;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::pivot::{self, Pivot};
use crate::tui::widget::moment::TimeStyle;

pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    match model.events.selected() {
        Some(hit) => model.overlay = Some(Overlay::Pivot(Pivot::new(&hit.event))),
        None => model.say("no event is selected"),
    }
    Vec::new()
}

pub(super) fn in_menu(model: &mut Model, command: Command, count: usize) -> Vec<Effect> {
    let Some(Overlay::Pivot(menu)) = &mut model.overlay else {
        return Vec::new();
    };
    if command == Command::Apply {
        let chosen = menu.chosen();
        return apply(model, chosen);
    }
    menu.update(command, count);
    Vec::new()
}

/// Puts the query of a row in force; the selection stays on the event, which has what is searched for.
pub(super) fn apply(model: &mut Model, row: Command) -> Vec<Effect> {
    let Some(hit) = model.events.selected() else {
        model.say("no event is selected");
        return Vec::new();
    };
    let query = match pivot::query(row, &hit.event) {
        Ok(query) => query,
        Err(why) => {
            model.say(why);
            return Vec::new();
        }
    };
    model.overlay = None;
    model.events.follow = false;
    if row == Command::PivotTimeline {
        model.events.style = TimeStyle::Delta;
        let clock = model.key(Command::TimeStyle);
        model.say(format!(
            "times are distances to the selected event; {clock} changes that"
        ));
    }
    let effects = set_query(model, query, None);
    model.events.release_from_top();
    effects
}
