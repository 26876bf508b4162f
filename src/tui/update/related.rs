//! What belongs to the event in the detail: asked for while nothing else is asked and the detail can be seen.

use super::{carry_out, prompt, search};
use crate::engine::{Cursor, EngineError, Hit, SearchPage, SearchRequest, Sort};
use crate::event::EventId;
use crate::event::field::Field;
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef, Test};
use crate::tui::effect::{Effect, Purpose, Question};
use crate::tui::model::{Model, Pane};
use crate::tui::overlay::prompt::Ask;
use crate::tui::pane::detail::related::{SESSION_BUCKETS, SESSION_ROWS};
use crate::tui::term;

/// Records with the same line numbers, one or two a file of a rotated set.
const RECORDS_BESIDE: usize = 300;
/// Records looked at for the one before or after.
const RECORDS_NEAR: usize = 20;

/// The next question about the event in the detail, unless something else is being asked.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    // Where every arrival is another selected event, asking about each would only keep the engine busy.
    let rushes_by = model.events.follow && model.arriving.rate > 0;
    if !model.is_visible(Pane::Detail) || !model.asking.loaded || rushes_by {
        return Vec::new();
    }
    let Some(hit) = model.events.selected() else {
        return Vec::new();
    };
    let event = hit.event.clone();
    match &model.asking.running {
        None => {}
        // The answer would be about another event.
        Some((_, Purpose::Related(id, _))) if *id != event.id => model.asking.running = None,
        Some(_) => return Vec::new(),
    }
    let chained = model.subject().is_some_and(|s| s.is_chained());
    match model.related.question(&event, chained) {
        Some(question) => search::ask(model, Purpose::Related(event.id, question)),
        None => Vec::new(),
    }
}

pub(super) fn request(model: &Model, question: Question, request: &mut SearchRequest) {
    let Some(hit) = model.events.selected() else {
        return;
    };
    let event = &*hit.event;
    let of = |field| term::of_event(event, field, false);
    let (field, sort, limit) = match question {
        Question::SessionBefore => (Field::Session, Sort::Desc, SESSION_ROWS / 2),
        Question::SessionAfter { rows } => (Field::Session, Sort::Asc, rows),
        Question::RecordsBeside => (Field::Source, Sort::Desc, RECORDS_BESIDE),
        Question::RecordBefore => (Field::Source, Sort::Desc, RECORDS_NEAR),
        Question::RecordAfter => (Field::Source, Sort::Asc, RECORDS_NEAR),
    };
    let mut terms: Vec<Ast> = of(field).into_iter().collect();
    if let (Question::RecordsBeside, Some(line)) = (question, event.line) {
        // Not from the event on: in a file whose clock went back, the record before may be the later one.
        let bound = |line: u64| Some((line.to_string(), true));
        let range = Test::Range {
            lo: bound(line.saturating_sub(1)),
            hi: bound(line.saturating_add(1)),
        };
        terms.push(Ast::Field(FieldRef::Normal(Field::Line), range));
    } else {
        request.cursor = Some(Cursor {
            key: event.sort_key(),
            inclusive: false,
        });
    }
    request.query = Query::from_conjuncts(terms);
    request.sort = sort;
    request.limit = limit;
    request.want_total = question == Question::SessionBefore;
    request.histogram = request.want_total.then_some(SESSION_BUCKETS);
}

/// Takes an answer, if it is still about the event in the detail. The cursor stays on its row.
pub(super) fn answered(
    model: &mut Model,
    id: EventId,
    question: Question,
    result: Result<Box<SearchPage>, EngineError>,
) {
    let Some(event) = model.events.selected().map(|h| h.event.clone()) else {
        return;
    };
    if event.id != id {
        return;
    }
    let anchor = model.subject().and_then(|s| model.detail.anchor(&s));
    match result {
        Ok(page) => model.related.answer(&event, question, *page),
        Err(EngineError::Cancelled) => {}
        Err(error) => model.related.fail(error.to_string()),
    }
    let mut detail = std::mem::take(&mut model.detail);
    if let Some(subject) = model.subject() {
        detail.stay_on(anchor, &subject);
    }
    model.detail = detail;
}

/// Events arrived: some may belong to the session that is shown.
pub(super) fn arrived(model: &mut Model, hits: &[Hit]) {
    if let Some(shown) = model.events.selected() {
        let event = shown.event.clone();
        model.related.arrived(hits, &event);
    }
}

/// Asks what to look for inside the detail.
pub(super) fn ask_inside(model: &mut Model) -> Vec<Effect> {
    if model.events.selected().is_none() {
        model.say("no event is selected");
        return Vec::new();
    }
    if !model.is_visible(Pane::Detail) {
        model.set_open(Pane::Detail, true);
    }
    prompt::ask(model, Ask::Inside)
}

/// Looks for a text inside the detail.
pub(super) fn search_inside(model: &mut Model, text: &str) -> Vec<Effect> {
    let mut detail = std::mem::take(&mut model.detail);
    let intent = detail.search(text, model.subject(), &model.look(true));
    model.detail = detail;
    carry_out(model, intent)
}
