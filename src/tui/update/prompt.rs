//! What is asked in one line, and what is done with the answer.

use super::{facets, marks, moments, related, run_report, session, sources};
use crate::query::time;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::{Ask, Prompt};

pub(super) fn ask(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let label = match &ask {
        Ask::Time => "go to time".to_owned(),
        Ask::Facet => "count field".to_owned(),
        Ask::Inside => "search inside".to_owned(),
        Ask::Note(..) => "note".to_owned(),
        Ask::StepNote => "note on this step".to_owned(),
        Ask::LetterLine => "this line (empty: none)".to_owned(),
        Ask::LetterNew => "one more line".to_owned(),
        Ask::SaveSession => "keep this view as".to_owned(),
        Ask::OpenSession => "come back to".to_owned(),
        Ask::Format(source) => sources::asks_format(source),
    };
    let text = match &ask {
        Ask::Inside => model.detail.searched(),
        Ask::Note(id, _) => model.marks.note(*id).unwrap_or_default(),
        Ask::StepNote => model.runbooks.run().map_or("", |run| run.note()),
        Ask::LetterLine => model.runbooks.run().map_or("", |run| run.letter_line()),
        _ => "",
    };
    let text = text.to_owned();
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
        Ask::StepNote => {
            model.overlay = None;
            if let Some(run) = model.runbooks.run_mut() {
                run.annotate(&text);
            }
            Vec::new()
        }
        Ask::LetterLine | Ask::LetterNew => {
            let adds = prompt.ask == Ask::LetterNew;
            model.overlay = None;
            run_report::change_letter(model, &text, adds)
        }
    }
}
