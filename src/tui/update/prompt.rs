//! What is asked in one line, and what is done with the answer.

use super::{search, session};
use crate::event::{Order, SortKey};
use crate::query::time;
use crate::state::Slot;
use crate::tui::effect::{Effect, Place};
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::{Ask, Prompt};

pub(super) fn ask(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let (label, text) = match ask {
        Ask::Time => ("go to time", String::new()),
        Ask::SaveSession => ("keep this view as", String::new()),
        Ask::OpenSession => ("come back to", String::new()),
    };
    model.overlay = Some(Overlay::Prompt(Prompt::new(ask, label, text)));
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
    match prompt.ask {
        Ask::SaveSession | Ask::OpenSession => {
            if let Err(error) = Slot::named(&text) {
                prompt.refuse(error.to_string());
                return Vec::new();
            }
            let is_save = prompt.ask == Ask::SaveSession;
            model.overlay = None;
            vec![if is_save {
                Effect::SaveSession {
                    name: Some(text),
                    session: Box::new(session::capture(model)),
                }
            } else {
                Effect::OpenSession { name: text }
            }]
        }
        Ask::Time => {
            let Some(moment) = time::resolve(&text, model.now, model.zone.seconds()) else {
                prompt.refuse(format!("this is no time; expected {}", time::EXPECTED));
                return Vec::new();
            };
            model.overlay = None;
            model.events.follow = false;
            // Just before everything of that moment: the next event downwards is the first from then on.
            let order = Order {
                ts: moment.start.0.saturating_sub(1),
                generation: i32::MAX,
                offset: u64::MAX,
                sub: u32::MAX,
            };
            let source = "".into();
            search::load(model, Place::Around(SortKey { source, order }))
        }
    }
}
