//! What is asked beside the list: how many events match what is being typed, which values would fit at the cursor, the
//! counts of fields that a person added, and what part of a query empties the list. Nothing here touches the list or its
//! counts. What is wanted is worked out after every message; it is asked when it differs from what was asked last, and
//! given up when it is wanted no more.

use crate::engine::{EngineError, FacetRequest, SearchPage, SearchRequest};
use crate::query::Query;
use crate::tui::effect::{Effect, Generation, Lane, Purpose, Search};
use crate::tui::model::{Model, Pane, Without};

/// Values that are offered at most.
const VALUES: usize = 100;

/// How many times as long as the last count of added fields took the next one waits.
const REST: i64 = 4;

/// Parts of a query that are left out, one at a time, to see which one empties the list.
const PARTS: usize = 8;

pub(super) fn settle(model: &mut Model) -> Vec<Effect> {
    let mut effects = preview(model);
    let paths = model.info.paths.keys().map(String::as_str);
    model.query_bar.complete(paths);
    effects.extend(values(model));
    effects.extend(added(model));
    effects.extend(without(model));
    effects
}

fn ask(
    model: &mut Model,
    purpose: Purpose,
    query: Query,
    facets: Vec<FacetRequest>,
) -> (Generation, Effect) {
    let generation = model.asking.next_generation();
    let request = SearchRequest {
        limit: 0,
        want_total: true,
        zone: model.zone.place(),
        facets,
        ..SearchRequest::new(query, model.now)
    };
    // The list may count from another moment; what is typed will not.
    let of_list = matches!(purpose, Purpose::Added | Purpose::Without);
    let now = model.anchor.filter(|_| of_list);
    let search = Search {
        generation,
        purpose,
        request,
        now,
    };
    (generation, Effect::Search(Box::new(search)))
}

fn preview(model: &mut Model) -> Vec<Effect> {
    let wanted = model.query_bar.typed().cloned();
    if wanted == model.beside.preview {
        return Vec::new();
    }
    model.beside.preview = wanted.clone();
    let running = model.beside.preview_running.take();
    let stop = running.map(|_| Effect::CancelLane(Lane::Preview));
    let Some(query) = wanted else {
        return stop.into_iter().collect();
    };
    // What the list shows is counted already.
    if query == model.query && model.total.is_some() && model.anchor.is_none() {
        model.query_bar.set_count(model.total, &[]);
        return stop.into_iter().collect();
    }
    let (generation, effect) = ask(model, Purpose::Preview, query, Vec::new());
    model.beside.preview_running = Some(generation);
    vec![effect]
}

fn values(model: &mut Model) -> Vec<Effect> {
    let paths = model.info.paths.keys().map(String::as_str);
    let wanted = model.query_bar.values_wanted(paths);
    if wanted == model.beside.values {
        return Vec::new();
    }
    model.beside.values = wanted.clone();
    let running = model.beside.values_running.take();
    let Some(wanted) = wanted else {
        let stop = running.map(|_| Effect::CancelLane(Lane::Values));
        return stop.into_iter().collect();
    };
    let facets = vec![FacetRequest::new(wanted.field, VALUES)];
    let (generation, effect) = ask(model, Purpose::Values, wanted.query, facets);
    model.beside.values_running = Some(generation);
    vec![effect]
}

pub(super) fn added(model: &mut Model) -> Vec<Effect> {
    let facets = model.filters.requests_added();
    let asking = &model.asking;
    let ready = asking.loaded && asking.error.is_none() && model.is_visible(Pane::Filters);
    let free = model.beside.added_running.is_none() && model.now >= model.beside.added_rest;
    if !(model.beside.added_due && ready && free) || facets.is_empty() {
        return Vec::new();
    }
    (model.beside.added_due, model.beside.added_asked) = (false, model.now);
    let (generation, effect) = ask(model, Purpose::Added, model.query.clone(), facets);
    model.beside.added_running = Some(generation);
    vec![effect]
}

fn without(model: &mut Model) -> Vec<Effect> {
    let parts = model.query.conjuncts();
    let empty = model.asking.loaded && model.asking.error.is_none() && model.total == Some(0);
    let wanted = (empty && parts.len() > 1).then(|| model.query.clone());
    let mut effects = Vec::new();
    let state = &mut model.beside.without;
    if wanted != state.query {
        let running = state.running.is_some();
        effects.extend(running.then_some(Effect::CancelLane(Lane::Without)));
        *state = Without {
            query: wanted.clone(),
            ..Without::default()
        };
    }
    let next = state.counts.len();
    if wanted.is_none() || state.running.is_some() || next >= parts.len().min(PARTS) {
        return effects;
    }
    let mut rest = parts;
    rest.remove(next);
    let query = Query::from_conjuncts(rest);
    let (generation, effect) = ask(model, Purpose::Without, query, Vec::new());
    model.beside.without.running = Some(generation);
    effects.push(effect);
    effects
}

/// Takes an answer, unless something else was asked since. Failures are not worth a word: the list's own search says
/// what is wrong.
pub(super) fn answered(
    model: &mut Model,
    generation: Generation,
    purpose: &Purpose,
    result: Result<Box<SearchPage>, EngineError>,
) {
    let running = match purpose {
        Purpose::Preview => &mut model.beside.preview_running,
        Purpose::Values => &mut model.beside.values_running,
        Purpose::Added => &mut model.beside.added_running,
        Purpose::Without => &mut model.beside.without.running,
        _ => return,
    };
    if *running != Some(generation) {
        return;
    }
    *running = None;
    let Ok(page) = result else {
        match purpose {
            Purpose::Preview => model.query_bar.set_count(None, &[]),
            Purpose::Without => model.beside.without.counts.push(0),
            _ => {}
        }
        return;
    };
    model.dirty = true;
    match purpose {
        Purpose::Preview => model.query_bar.set_count(Some(page.total), &page.notices),
        Purpose::Without => model.beside.without.counts.push(page.total),
        Purpose::Values => {
            for facet in page.facets {
                model.query_bar.set_values(facet.field, facet.values);
            }
        }
        _ => {
            let took = model
                .now
                .0
                .saturating_sub(model.beside.added_asked.0)
                .max(0);
            model.beside.added_rest = model.now.saturating_add(took.saturating_mul(REST));
            model.filters.set_facets(&page.facets);
        }
    }
}
