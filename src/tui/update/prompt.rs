//! What is asked in one line, and what is done with the answer.

use super::{facets, marks, moments, related, session};
use crate::query::time;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::{Ask, Prompt};

pub(super) fn ask(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let (label, text) = match &ask {
        Ask::Time => ("go to time", String::new()),
        Ask::Facet => ("count field", String::new()),
        Ask::Inside => ("search inside", model.detail.searched().to_owned()),
        Ask::Note(id, _) => ("note", model.marks.note(*id).unwrap_or_default().to_owned()),
        Ask::SaveSession => ("keep this view as", String::new()),
        Ask::OpenSession => ("come back to", String::new()),
    };
    let offers = match ask {
        Ask::Facet => facets::offers(model),
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
