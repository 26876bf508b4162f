//! Going to one event, wherever it is: in the list, elsewhere among what the query matches, or hidden by the query.

use super::context::listed;
use super::{history, search};
use crate::engine::{SearchPage, SearchRequest};
use crate::event::EventId;
use crate::event::field::Field;
use crate::query::Query;
use crate::query::ast::FieldRef;
use crate::tui::effect::{Effect, Place, Purpose, Visit};
use crate::tui::model::Model;
use crate::tui::term;
use crate::tui::theme::Role;

pub(super) fn go(model: &mut Model, id: EventId, noun: &'static str) -> Vec<Effect> {
    model.dirty = true;
    history::jumps(model);
    if model.events.select(id) {
        model.detail.reset();
        return Vec::new();
    }
    let everything = false;
    search::ask_after_list(
        model,
        Purpose::Visit(Visit {
            id,
            noun,
            everything,
        }),
    )
}

/// By its id: where it stands may have changed since it was seen (a file was rotated).
pub(super) fn request(model: &Model, visit: Visit, request: &mut SearchRequest) {
    let mut terms = if visit.everything {
        Vec::new()
    } else {
        listed(model).conjuncts()
    };
    terms.push(term::is(FieldRef::Normal(Field::Id), &visit.id.to_string()));
    request.query = Query::from_conjuncts(terms);
    request.limit = 1;
}

pub(super) fn visited(model: &mut Model, visit: Visit, page: SearchPage) -> Vec<Effect> {
    let noun = visit.noun;
    let Some(hit) = page.hits.into_iter().find(|h| h.event.id == visit.id) else {
        if !visit.everything && listed(model) != Query::default() {
            let everything = true;
            return search::ask(
                model,
                Purpose::Visit(Visit {
                    everything,
                    ..visit
                }),
            );
        }
        model.said = Some((Role::Warning, format!("this {noun} is no longer there")));
        return Vec::new();
    };
    model.events.follow = false;
    model.detail.reset();
    if visit.everything {
        search::show_everything(model, noun);
    }
    search::load(model, Place::Around(hit.event.sort_key()))
}
