//! The integrity overlay: folding sources, going from a finding to its record, writing a report.

use super::sources::ask_info;
use super::{jump, palette};
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Jump, Target};
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::integrity::{Integrity, spot};
use crate::tui::verb::Verb;

pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Integrity(Integrity::of(&model.info)));
    ask_info(model)
}

pub(super) fn in_integrity(model: &mut Model, command: Command, count: usize) -> Vec<Effect> {
    let Some(Overlay::Integrity(integrity)) = &mut model.overlay else {
        return Vec::new();
    };
    let source = integrity.source(&model.info).map(|s| s.name.clone());
    let finding = integrity.finding(&model.info).map(spot);
    let to = |target, forward, count| Jump {
        source,
        ..Jump::new(target, forward, count)
    };
    let jump = match (command, finding) {
        (Command::Evidence, _) => {
            return palette::open(model, &format!("{} ", Verb::Integrity.name()));
        }
        (Command::Open, Some(spot)) => to(Target::Finding(spot), true, 1),
        (Command::NextBreak, _) => to(Target::Break, true, count),
        (Command::PreviousBreak, _) => to(Target::Break, false, count),
        _ => {
            integrity.update(command, count, &model.info);
            return Vec::new();
        }
    };
    model.overlay = None;
    jump::start(model, jump)
}
