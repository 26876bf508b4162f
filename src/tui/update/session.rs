//! The session: the explorer as plain data to be kept, and back. What a pane wants kept is taken in `capture` and given
//! back in `restore`.

use super::search;
use crate::engine::FacetField;
use crate::event::time::SECOND;
use crate::query::Query;
use crate::state::{Mark, Panes, Parked, Place, Session, Slot};
use crate::tui::columns::Columns;
use crate::tui::command::Command;
use crate::tui::effect::{self, Effect};
use crate::tui::marks::{Entry, Marks};
use crate::tui::model::{self, Model, Pane};
use crate::tui::theme::Role;
use crate::tui::widget::moment::TimeStyle;
use crate::tui::widget::offers::Offer;

/// At most so often is a session saved that changes.
const EVERY: i64 = SECOND;

/// The explorer as it is.
pub fn capture(model: &Model) -> Session {
    let selected = (!model.events.follow)
        .then(|| model.events.selected())
        .flatten()
        .map(|hit| Place::of(&hit.event));
    Session {
        sources: model.keeping.sources.clone(),
        title: model.title.clone(),
        saved: crate::event::Timestamp::default(),
        query: model.query_bar.text().to_owned(),
        anchor: model.anchor,
        parked: model.parked.as_ref().map(|parked| Parked {
            query: parked.text.clone(),
            anchor: parked.anchor,
        }),
        history: model.query_bar.history().to_vec(),
        chips_off: model.filters.chips_off(),
        facets: model.filters.added().iter().map(facet_name).collect(),
        panes: panes(model),
        // Until the place one was at is reached again, that is where one is.
        selected: model.keeping.wanted.clone().or(selected),
        row: (!model.events.follow).then(|| model.events.selected_row()),
        marks: marks(&model.marks),
        // What the settings say is left to them.
        columns: Some(columns(model).names().unwrap_or_default())
            .filter(|names| *names != model.keeping.columns),
        zone: model.zone.chosen().map(|zone| zone.to_string()),
        times: (model.events.style != TimeStyle::default())
            .then(|| model.events.style.name().to_owned()),
        run: model.runbooks.kept(),
        paused: model.runbooks.kept_paused(),
    }
}

/// Those that were chosen, where others are only shown.
fn columns(model: &Model) -> &Columns {
    let before = model.look_before.as_ref().map(|before| &before.columns);
    let own = model.parked.as_ref().map(|parked| &parked.columns);
    own.or(before).unwrap_or(&model.events.columns)
}

fn marks(marks: &Marks) -> Vec<Mark> {
    let kept = |(id, entry): (_, &Entry)| Mark {
        at: Place::new(id, &entry.key),
        marked: entry.marked,
        note: entry.note.clone(),
    };
    marks.iter().map(kept).collect()
}

/// As `facet` reads it back: a dot keeps an attribute apart from the field of the same name.
fn facet_name(field: &FacetField) -> String {
    match field {
        FacetField::Normal(field) => field.name().to_owned(),
        FacetField::Attribute(path) => format!(".{path}"),
    }
}

fn panes(model: &Model) -> Panes {
    Panes {
        filters: model.open.filters,
        timeline: model.open.timeline,
        detail: model.open.detail,
        runbook: model.open.runbook,
        focus: model.focus.context().name().to_owned(),
        side: model.side.context().name().to_owned(),
    }
}

/// The query in force at the start.
pub fn preset(model: &mut Model, query: Query, text: &str) {
    model.query_bar.remember(text);
    search::install(model, query, Some(text.to_owned()));
}

/// Puts everything back, as far as it makes sense here. What to ask the engine is up to the caller.
pub fn restore(model: &mut Model, session: &Session) {
    let mut readable = true;
    match Query::parse(&session.query) {
        Ok(query) => {
            search::install(model, query, Some(session.query.clone()));
            model.anchor = session.anchor;
        }
        Err(error) => {
            model.said = Some((
                Role::Warning,
                format!("the query of the last session cannot be used: {error}"),
            ));
            readable = false;
        }
    }
    model.query_bar.set_history(session.history.clone());
    model.filters.restore_chips_off(&session.chips_off);
    for name in &session.facets {
        model.filters.add(FacetField::named(name));
    }
    for mark in &session.marks {
        if let Some(id) = mark.at.id() {
            let entry = Entry {
                key: mark.at.key(),
                marked: mark.marked,
                note: mark.note.clone(),
            };
            model.marks.insert(id, entry);
        }
    }
    // What was not chosen is as the settings say, whatever it is now.
    let columns = session.columns.as_ref().unwrap_or(&model.keeping.columns);
    model.events.columns = Columns::from_names(columns);
    match session.zone.as_deref().and_then(|z| z.parse().ok()) {
        Some(zone) => model.zone.choose(zone),
        None => model.zone.reset(),
    }
    let style = session.times.as_deref().and_then(TimeStyle::find);
    model.events.style = style.unwrap_or_default();
    model.parked = session.parked.as_ref().and_then(|parked| {
        let query = Query::parse(&parked.query).ok()?;
        Some(model::Parked {
            text: parked.query.clone(),
            query,
            anchor: parked.anchor,
            columns: model.events.columns.clone(),
        })
    });
    let pane = |name: &str| Pane::ALL.into_iter().find(|p| p.context().name() == name);
    model.open.filters = session.panes.filters;
    model.open.timeline = session.panes.timeline;
    model.open.detail = session.panes.detail;
    model.open.runbook = session.panes.runbook;
    model.side = pane(&session.panes.side).unwrap_or(model.side);
    model.focus = pane(&session.panes.focus)
        .filter(|pane| model.is_open(*pane))
        .unwrap_or_default();
    model.events.follow = session.selected.is_none();
    model.keeping.wanted = session.selected.clone();
    if let Some(row) = session.row {
        model.events.hold(row);
    }
    model.runbooks.forget();
    for run in &session.paused {
        model.runbooks.resume_paused(run, model.now);
    }
    if let Some(run) = &session.run {
        model.runbooks.resume(run, model.now);
        super::runbook::show_columns(model);
    }
    let mut plain = session.clone();
    (plain.sources, plain.title) = (Vec::new(), String::new());
    (plain.saved, plain.panes) = Default::default();
    if readable && plain != Session::default() {
        let everything = model.key(Command::ClearQuery);
        let follow = model.key(Command::Follow);
        let how = match (session.query.is_empty(), session.selected.is_some()) {
            (false, _) => format!(": {everything} shows all events"),
            (true, true) => format!(": {follow} follows new events"),
            (true, false) => String::new(),
        };
        model.said = Some((Role::Accent, format!("as you left it{how}")));
    }
}

/// Where the list begins after a session was put back.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    match &model.keeping.wanted {
        Some(place) => {
            let key = place.key();
            search::load(model, effect::Place::Around(key))
        }
        None => search::reload(model),
    }
}

/// A person did something: what is kept may have changed, and where one was no longer matters.
pub(super) fn touched(model: &mut Model) {
    model.keeping.touched = true;
    model.keeping.wanted = None;
}

/// A page is there: is it the place one was at? While more is being read, it may still come.
pub(super) fn arrived(model: &mut Model) {
    let Some(wanted) = &model.keeping.wanted else {
        return;
    };
    let here = model.events.selected().map(|hit| hit.event.id);
    if here == wanted.id() || model.covers.complete {
        model.keeping.wanted = None;
    }
}

/// Saves what changed, now and then.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let keeping = &model.keeping;
    if !keeping.touched || !keeping.enabled || model.now.0.saturating_sub(keeping.at.0) < EVERY {
        return Vec::new();
    }
    model.keeping.touched = false;
    let session = capture(model);
    if model.keeping.last.as_ref() == Some(&session) {
        return Vec::new();
    }
    model.keeping.at = model.now;
    model.keeping.last = Some(session.clone());
    vec![Effect::SaveSession {
        name: None,
        session: Box::new(session),
    }]
}

/// Keeps the explorer under a name; `Err` = why the name is none.
pub(super) fn save(model: &Model, name: &str) -> Result<Vec<Effect>, String> {
    Slot::named(name).map_err(|error| error.to_string())?;
    Ok(vec![Effect::SaveSession {
        name: Some(name.to_owned()),
        session: Box::new(capture(model)),
    }])
}

/// Asks for what was kept under a name; `Err` = why the name is none.
pub(super) fn resume(name: &str) -> Result<Vec<Effect>, String> {
    Slot::named(name).map_err(|error| error.to_string())?;
    Ok(vec![Effect::OpenSession {
        name: name.to_owned(),
    }])
}

/// The names to come back to.
pub(super) fn names(model: &Model) -> Vec<Offer> {
    let offer = |name: &String| Offer {
        label: name.clone(),
        note: String::new(),
    };
    model.keeping.names.iter().map(offer).collect()
}

/// The answer to a save under a name, or the first failure of the others.
pub(super) fn saved(model: &mut Model, name: Option<String>, error: Option<String>) {
    model.dirty = true;
    match (name, error) {
        (Some(name), None) => {
            model.say(format!(
                "saved: auditty --session \"{name}\" comes back to here"
            ));
            model.keeping.names.retain(|n| *n != name);
            model.keeping.names.insert(0, name);
        }
        (name, Some(error)) => {
            // Once is enough; it would be the same in a moment.
            model.keeping.enabled &= name.is_some();
            model.said = Some((Role::Warning, format!("the session is not saved: {error}")));
        }
        (None, None) => {}
    }
}

/// A session that was asked for by name takes the place of this one.
pub(super) fn opened(model: &mut Model, result: Result<Box<Session>, String>) -> Vec<Effect> {
    model.dirty = true;
    let session = match result {
        Ok(session) => session,
        Err(error) => {
            model.said = Some((Role::Warning, error));
            return Vec::new();
        }
    };
    if session.sources != model.keeping.sources {
        model.said = Some((
            Role::Warning,
            format!(
                "that session is of {}: leave, and open it by auditty --session",
                session.title
            ),
        ));
        return Vec::new();
    }
    model.filters.forget();
    restore(model, &session);
    begin(model)
}
