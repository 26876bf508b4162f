//! Marks and notes: put on the selected event, and walked through over everything that is open.

use super::{prompt, visit};
use crate::event::{EventId, SortKey};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::prompt::Ask;

fn selected(model: &mut Model) -> Option<(EventId, SortKey)> {
    let found = model.events.selected();
    let found = found.map(|h| (h.event.id, h.event.sort_key()));
    if found.is_none() {
        model.say("no event is selected");
    }
    found
}

pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if let Some((id, key)) = selected(model) {
        let marked = model.marks.toggle(id, key);
        let next = model.key(Command::NextMark);
        model.say(match (marked, model.marks.note(id)) {
            (true, _) => format!("marked; {next} goes from mark to mark"),
            (false, None) => "no longer marked".to_owned(),
            (false, Some(_)) => "no longer marked; its note stays".to_owned(),
        });
    }
    Vec::new()
}

pub(super) fn go(model: &mut Model, forward: bool, count: usize) -> Vec<Effect> {
    let here = model.events.selected();
    let here = here.map(|h| (h.event.sort_key(), h.event.id));
    let from = here.as_ref().map(|(key, id)| (key, *id));
    let Some(found) = model.marks.next(from, forward, count) else {
        let (mark, note) = (model.key(Command::Mark), model.key(Command::Annotate));
        model.say(format!(
            "nothing is marked: {mark} marks an event, {note} writes a note"
        ));
        return Vec::new();
    };
    if found.wrapped {
        let same = here.is_some_and(|(_, id)| id == found.id);
        model.say(match (same, forward) {
            (true, _) => "this is the only mark",
            (false, true) => "no later mark: went on from the first",
            (false, false) => "no earlier mark: went on from the last",
        });
    }
    visit::go(model, found.id, "marked event")
}

/// Asks for a note.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    match selected(model) {
        Some((id, key)) => prompt::ask(model, Ask::Note(id, key)),
        None => Vec::new(),
    }
}

pub(super) fn annotate(model: &mut Model, id: EventId, key: SortKey, text: &str) {
    let had = model.marks.note(id).is_some();
    model.marks.annotate(id, key, text);
    match (had, model.marks.note(id).is_some()) {
        (_, true) => model.say("the note is kept with the event"),
        (true, false) => model.say("the note is deleted"),
        (false, false) => {}
    }
}
