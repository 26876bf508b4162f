//! What is asked in one line, and what is done with the answer.

use super::{facets, marks, moments, related, session, sources};
use crate::query::time;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::{Ask, Prompt};

pub(super) fn ask(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let label = |text: &str| text.to_owned();
    let (label, text) = match &ask {
        Ask::Time => (label("go to time"), String::new()),
        Ask::Facet => (label("count field"), String::new()),
        Ask::Inside => (label("search inside"), model.detail.searched().to_owned()),
        Ask::Note(id, _) => {
            let note = model.marks.note(*id).unwrap_or_default();
            (label("note"), note.to_owned())
        }
        Ask::SaveSession => (label("keep this view as"), String::new()),
        Ask::OpenSession => (label("come back to"), String::new()),
        Ask::Format(source) => (sources::asks_format(source), String::new()),
    };
    let offers = match ask {
        Ask::Facet => facets::offers(model),
        Ask::Format(_) => sources::formats(model),
        Ask::OpenSession => session::names(model),
        _ => Vec::new(),
    };
    let prompt = Prompt::new(ask, label, text).with_offers(offers);
    model.overlay = Some(Overlay::Prompt(prompt));
    Vec::new()
}

pub(super) fn insert(model: &mut Model, text: &str) {
    if let Some(Overlay::Prompt(prompt)) = &mut model.overlay {
        prompt.insert(text);
    }
}

/// Takes the answer; one that makes no sense keeps the prompt open and says why.
pub(super) fn answer(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Prompt(prompt)) = &mut model.overlay else {
        return Vec::new();
    };
    let text = prompt.text().trim().to_owned();
    match prompt.ask.clone() {
        Ask::Facet => facets::answer(model, &text),
        Ask::SaveSession | Ask::OpenSession => {
            let asked = if prompt.ask == Ask::SaveSession {
                session::save(model, &text)
            } else {
                session::resume(&text)
            };
            match (asked, &mut model.overlay) {
                (Ok(effects), overlay) => {
                    *overlay = None;
                    return effects;
                }
                (Err(error), Some(Overlay::Prompt(prompt))) => prompt.refuse(error),
                (Err(_), _) => {}
            }
            Vec::new()
        }
        Ask::Format(source) => sources::read_as(model, source, &text),
        Ask::Time => {
            let Some(moment) = time::resolve(&text, model.now, model.zone.place()) else {
                prompt.refuse(format!("this is no time; expected {}", time::EXPECTED));
                return Vec::new();
            };
            model.overlay = None;
            moments::go_to(model, moment.start)
        }
        Ask::Inside => {
            model.overlay = None;
            related::search_inside(model, &text)
        }
        Ask::Note(id, key) => {
            model.overlay = None;
            marks::annotate(model, id, key, &text);
            Vec::new()
        }
    }
}
