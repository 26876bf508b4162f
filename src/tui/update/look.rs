//! How the list shows what it has: the zone and the style of times, and the columns.

use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::columns::ColumnMenu;

pub(super) fn time_style(model: &mut Model) -> Vec<Effect> {
    model.events.style = model.events.style.next();
    model.say(model.events.style.words());
    Vec::new()
}

pub(super) fn time_zone(model: &mut Model) -> Vec<Effect> {
    model.zone.cycle();
    model.say(format!("times are in {}", model.zone_label()));
    Vec::new()
}

pub(super) fn open_columns(model: &mut Model) -> Vec<Effect> {
    let event = model.events.selected().map(|h| h.event.clone());
    let menu = ColumnMenu::new(model.events.columns_meant(), event.as_deref());
    model.overlay = Some(Overlay::Columns(menu));
    Vec::new()
}

/// Every change is seen in the list at once.
pub(super) fn in_columns(model: &mut Model, command: Command, count: usize) {
    let Some(Overlay::Columns(menu)) = &mut model.overlay else {
        return;
    };
    if command == Command::ColumnsByWidth {
        model.events.choose_columns(Vec::new());
        open_columns(model);
        return;
    }
    match menu.update(command, count) {
        Ok(None) => {}
        Ok(Some(columns)) => model.events.choose_columns(columns),
        Err(why) => model.say(why),
    }
}
