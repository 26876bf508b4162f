//! Asking the engine and taking its answers: pages and counts.

use super::context::{self, listed};
use super::runbook::park;
use super::{jump, related, session, visit};
use crate::engine::{
    Cursor, EngineError, FacetField, FacetRequest, SearchPage, SearchRequest, Sort, TailRequest,
};
use crate::event::{SortKey, Timestamp};
use crate::export::runbook::{doubt, unknown_fields};
use crate::query::ast::Ast;
use crate::query::{Highlighter, Query};
use crate::runbook::Evidence;
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Generation, Place, Purpose, Search};
use crate::tui::model::{Model, Pane};
use crate::tui::pane::events::window::{Arrival, Window};
use crate::tui::pane::timeline;
use crate::tui::theme::Role;

/// Hits on a page.
pub(super) const PAGE: usize = 500;
/// Hits of a new list at least, before the rest of its page.
const FIRST: usize = 50;
/// Values counted of a field that a runbook step asks for.
const EVIDENCE_VALUES: usize = 10_000;

/// Puts a query in force, however it came about. `text` is how it was typed, if it was.
pub(super) fn put_in_force(model: &mut Model, query: Query, text: Option<String>) -> Vec<Effect> {
    install(model, query, text);
    reload(model)
}

/// A query that changes filters again: context mode was for the one before it.
pub(super) fn install(model: &mut Model, query: Query, text: Option<String>) {
    let text = text.unwrap_or_else(|| {
        if query == Query::default() {
            String::new()
        } else {
            query.to_string()
        }
    });
    model.query_bar.set_text(text);
    (model.beside.added_due, model.beside.added_running) = (false, None);
    model.beside.added_rest = Timestamp::default();
    model.filters.set_query(&query);
    model.events.highlight = Highlighter::new(&query);
    model.query = query;
    model.in_context = false;
    context::prepare(model);
    model.notices.clear();
    model.total = None;
    model.asking.loaded = false;
    model.asking.after = None;
}

/// A new list: the newest events while following, else those around the selection.
pub(super) fn reload(model: &mut Model) -> Vec<Effect> {
    let wanted = || model.keeping.wanted.as_ref().map(|place| place.key());
    let place = match wanted().or_else(|| model.events.selected_key()) {
        Some(key) if !model.events.follow => {
            let row = model.events.selected_row();
            model.events.hold(row);
            Place::Around(key)
        }
        _ => Place::Newest,
    };
    load(model, place)
}

pub(super) fn load(model: &mut Model, place: Place) -> Vec<Effect> {
    forget_error(model);
    // What the old tail still delivers belongs to the list that is about to go.
    model.arriving.tail = None;
    ask(model, Purpose::Page(place))
}

fn forget_error(model: &mut Model) {
    (model.asking.error, model.asking.failed) = (None, None);
}

/// Asks again what failed; where nothing did, everything.
pub(super) fn retry(model: &mut Model) -> Vec<Effect> {
    model.asking.info_running = true;
    let mut effects = vec![Effect::Info];
    let failed = model.asking.failed.take();
    forget_error(model);
    effects.extend(match failed {
        Some(Purpose::Page(place)) => {
            model.asking.loaded = false;
            load(model, place)
        }
        Some(Purpose::Counts) => ask_counts(model),
        Some(purpose) => ask(model, purpose),
        None => reload(model),
    });
    effects
}

/// Counts at once, unless something more important is being asked.
pub(super) fn recount(model: &mut Model) -> Vec<Effect> {
    model.beside.added_due = true;
    model.beside.added_rest = Timestamp::default();
    let asking = &mut model.asking;
    let free = matches!(asking.running, None | Some((_, Purpose::Counts)));
    if free && asking.loaded && asking.error.is_none() {
        return ask_counts(model);
    }
    asking.counts_due = true;
    Vec::new()
}

/// Fetches a page beyond an edge, unless something more important is being asked.
pub(super) fn fetch_edge(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    // After an error it is for a person to say when to ask again.
    if model.asking.error.is_some() {
        return Vec::new();
    }
    match &model.asking.running {
        None | Some((_, Purpose::Counts | Purpose::Refresh | Purpose::Related(..))) => {
            if let Some((_, interrupted)) = model.asking.running.take() {
                model.asking.counts_due |= interrupted == Purpose::Counts;
                model.asking.refresh_due |= interrupted == Purpose::Refresh;
            }
            ask(model, purpose)
        }
        Some(_) => Vec::new(),
    }
}

/// Asks once there is a list: what is asked before would take the place of the list's own search.
pub(super) fn ask_after_list(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    let listing = matches!(model.asking.running, Some((_, Purpose::Page(_))));
    if listing || !model.asking.loaded && model.asking.error.is_none() {
        model.asking.after = Some(purpose);
        return Vec::new();
    }
    ask(model, purpose)
}

pub(super) fn ask(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    let generation = model.asking.next_generation();
    let request = request(model, &purpose);
    if purpose == Purpose::Refresh {
        model.events.window.ask_again();
    }
    model.asking.running = Some((generation, purpose.clone()));
    vec![Effect::Search(Box::new(Search {
        generation,
        purpose,
        request,
        now: model.anchor,
    }))]
}

fn request(model: &Model, purpose: &Purpose) -> SearchRequest {
    let window = &model.events.window;
    let at = |key: Option<SortKey>, inclusive| key.map(|key| Cursor { key, inclusive });
    let mut request = SearchRequest {
        limit: PAGE,
        want_total: false,
        // One offset for every time typed in the query: today's, also for days of the other half of the year.
        zone: model.zone.place(),
        ..SearchRequest::new(listed(model), model.now)
    };
    if let Purpose::Page(_) = purpose {
        // What fills the screen comes first: hits of a rare kind lie far apart, and each costs its own reading. The rest
        // of the page follows at once, as the edge of the list is near.
        request.limit = usize::from(model.size.1).clamp(FIRST, PAGE);
    }
    match purpose {
        Purpose::Page(Place::Newest) => {}
        Purpose::Page(Place::Oldest) => request.sort = Sort::Asc,
        Purpose::Page(Place::Around(key)) => request.cursor = at(Some(key.clone()), true),
        Purpose::Page(Place::From(key)) => {
            request.sort = Sort::Asc;
            request.cursor = at(Some(key.clone()), true);
        }
        Purpose::Older => request.cursor = at(window.first_key(), false),
        Purpose::Newer => {
            request.sort = Sort::Asc;
            request.cursor = at(window.last_key(), false);
        }
        Purpose::Refresh => {
            request.sort = Sort::Asc;
            request.cursor = at(window.first_key(), true);
            // Room for what came in between.
            request.limit = window.len() + PAGE;
        }
        Purpose::Counts => {
            request.limit = 0;
            request.want_total = true;
            request.facets = facets(model);
            // The counts are the query's own, also where the list shows more.
            request.query = model.query.clone();
            request.histogram = model
                .is_visible(Pane::Timeline)
                .then(|| timeline::buckets(model.size.0));
        }
        // Asked by `beside`, which makes the request itself.
        Purpose::Preview | Purpose::Values | Purpose::Added | Purpose::Without => {}
        Purpose::Jump(jump) => jump::request(model, jump, &mut request),
        Purpose::Visit(visit) => visit::request(model, *visit, &mut request),
        Purpose::Related(_, question) => related::request(model, *question, &mut request),
    }
    request
}

/// The pane's counts, and those a runbook step needs to be decided.
fn facets(model: &Model) -> Vec<FacetRequest> {
    let mut facets = model.filters.requests();
    for name in model
        .runbooks
        .run()
        .map(|r| r.fields_needed())
        .unwrap_or_default()
    {
        let field = FacetField::named(&name);
        match facets.iter_mut().find(|f| f.field == field) {
            Some(facet) => facet.limit = EVIDENCE_VALUES,
            None => facets.push(FacetRequest::new(field, EVIDENCE_VALUES)),
        }
    }
    facets
}

pub(super) fn searched(
    model: &mut Model,
    generation: Generation,
    purpose: Purpose,
    result: Result<Box<SearchPage>, EngineError>,
) -> Vec<Effect> {
    if model
        .asking
        .running
        .as_ref()
        .is_none_or(|(running, _)| *running != generation)
    {
        return Vec::new();
    }
    model.asking.running = None;
    model.dirty = true;
    if let Purpose::Related(id, question) = purpose {
        related::answered(model, id, question, result);
        return Vec::new();
    }
    let page = match result {
        Ok(page) => *page,
        Err(EngineError::Cancelled) => return Vec::new(),
        Err(error) => {
            model.asking.error = Some(error.to_string());
            model.asking.failed = Some(purpose.clone());
            model.asking.loaded = true;
            if matches!(purpose, Purpose::Page(_)) {
                model.asking.after = None;
                model.events.clear();
            }
            return Vec::new();
        }
    };
    match purpose {
        Purpose::Page(place) => paged(model, place, page),
        Purpose::Older => {
            model
                .events
                .merge(page.hits, Arrival::Older { more: page.more });
            Vec::new()
        }
        Purpose::Newer => {
            model
                .events
                .merge(page.hits, Arrival::Newer { more: page.more });
            if model.events.follow && model.asking.counts_due {
                return ask_counts(model);
            }
            Vec::new()
        }
        Purpose::Refresh => {
            model.events.refresh(page.hits, page.more);
            // A change may make an event match that lies after the last one of the list.
            if model.events.follow && !model.events.window.is_empty() {
                return ask(model, Purpose::Newer);
            }
            // Changes may come every second: the counts must not wait until they stop.
            if model.asking.counts_due {
                ask_counts(model)
            } else {
                Vec::new()
            }
        }
        Purpose::Counts => {
            counted(model, page);
            Vec::new()
        }
        Purpose::Jump(jump) => jump::jumped(model, jump, page),
        Purpose::Visit(visit) => visit::visited(model, visit, page),
        // Answered elsewhere.
        Purpose::Related(..)
        | Purpose::Preview
        | Purpose::Values
        | Purpose::Added
        | Purpose::Without => Vec::new(),
    }
}

fn paged(model: &mut Model, place: Place, page: SearchPage) -> Vec<Effect> {
    if page.hits.is_empty() {
        match place {
            // Nothing at or before the place: whatever there is lies after it; and the other way round.
            Place::Around(_) => return load(model, Place::Oldest),
            Place::From(_) => {
                model.say("no event is that late: this is the newest");
                return load(model, Place::Newest);
            }
            Place::Newest | Place::Oldest => {}
        }
    }
    model.asking.loaded = true;
    model.asking.whole = page.covers.complete;
    model.covers = page.covers;
    model.notices = page.notices;
    let at_first = matches!(place, Place::Oldest | Place::From(_));
    let window = match place {
        Place::Newest => Window::new(page.hits, page.more, false),
        Place::Oldest => Window::new(page.hits, false, page.more),
        Place::Around(_) => Window::new(page.hits, page.more, true),
        Place::From(_) => Window::new(page.hits, true, page.more),
    };
    let before = model.events.selected().map(|hit| hit.event.id);
    model.events.replace(window, at_first);
    if model.events.selected().map(|hit| hit.event.id) != before {
        model.detail.reset();
    }
    session::arrived(model);
    let generation = model.asking.next_generation();
    model.arriving.tail = Some(generation);
    let mut effects = vec![Effect::Tail {
        generation,
        request: Box::new(TailRequest {
            query: listed(model),
            from: page.watermark,
            now: model.anchor.unwrap_or(model.now),
            zone: model.zone.place(),
        }),
    }];
    effects.extend(match model.asking.after.take() {
        Some(purpose) => {
            model.asking.counts_due = true;
            ask(model, purpose)
        }
        None => ask_counts(model),
    });
    effects
}

/// Counts that were interrupted before there were any.
pub(super) fn missing_counts(model: &mut Model) -> Vec<Effect> {
    let asking = &model.asking;
    let wanted =
        asking.counts_due && asking.loaded && asking.running.is_none() && asking.error.is_none();
    if wanted && model.total.is_none() {
        ask_counts(model)
    } else {
        Vec::new()
    }
}

/// Counts as soon as nothing more important is asked.
pub(super) fn count_soon(model: &mut Model) -> Vec<Effect> {
    if model.asking.loaded && model.asking.running.is_none() && model.asking.error.is_none() {
        return ask_counts(model);
    }
    model.asking.counts_due = true;
    Vec::new()
}

pub(super) fn ask_counts(model: &mut Model) -> Vec<Effect> {
    model.asking.counts_due = false;
    model.asking.at = model.now;
    ask(model, Purpose::Counts)
}

fn counted(model: &mut Model, page: SearchPage) {
    let evidence = evidence(model, &page);
    model.total = Some(page.total);
    model.covers = page.covers;
    // Indexing has ended since the list was made: it is made once more.
    model.asking.refresh_due |= model.covers.complete && !model.asking.whole;
    model.notices = page.notices;
    model.filters.set_facets(&page.facets);
    model.beside.added_due = true;
    // Nothing is added at the end of a span that has one.
    let ends = |term: &Ast| matches!(term, Ast::Until(_));
    let open = !model.query.conjuncts().iter().any(ends);
    let live = open && model.arriving.tail.is_some();
    model.timeline.set(page.histogram, live);
    if let (Some(run), Some(evidence)) = (model.runbooks.run_mut(), evidence) {
        run.learn(evidence);
    }
}

/// What the page says of the runbook's step whose query is in force.
fn evidence(model: &Model, page: &SearchPage) -> Option<Evidence> {
    let run = model.runbooks.run()?;
    let mut evidence = Evidence {
        rows: page.total,
        complete: page.covers.complete,
        doubt: doubt(run.runbook(), &model.query, page, &model.info),
        unknown: unknown_fields(page),
        ..Evidence::default()
    };
    for name in run.fields_needed() {
        let field = FacetField::named(&name);
        let Some(facet) = page.facets.iter().find(|f| f.field == field) else {
            continue;
        };
        if facet.other > 0 {
            evidence.more.insert(name.clone());
        }
        if facet.missing > 0 {
            evidence.missing.insert(name.clone());
        }
        evidence.values.insert(name, facet.values.clone());
    }
    Some(evidence)
}

/// Parks a query that hides what was gone to, and shows everything in its place.
pub(super) fn show_everything(model: &mut Model, noun: &str) {
    park(model);
    if let Some(run) = model.runbooks.run_mut() {
        run.set_aside();
    }
    let back = model.key(Command::Unpark);
    model.said = Some((
        Role::Warning,
        format!("your query hid this {noun}; {back} brings it back"),
    ));
    install(model, Query::default(), None);
}
