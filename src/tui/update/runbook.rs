//! Runbook steps and the list: a step's query takes the place of the person's own, which is parked, never lost.

use ratatui::layout::Rect;

use super::{prompt, search};
use crate::event::field::Field;
use crate::event::{EventId, Timestamp};
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef, Pattern, Test};
use crate::runbook::Inputs;
use crate::text::count::{counted, number};
use crate::tui::columns::Columns;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::keymap::Context;
use crate::tui::model::{Model, Parked};
use crate::tui::overlay::prompt::Ask;
use crate::tui::pane::runbook::Runbooks;
use crate::tui::pane::runbook::fit::Scene;
use crate::tui::pane::runbook::form::Beside;
use crate::tui::pane::runbook::run::{Mark, Run, TakenBack};
use crate::tui::theme::Role;

/// Events that one query can name: an id is long, and a query is not.
const PINS: usize = 100;

/// Keeps the query in force, unless one is kept already.
pub(super) fn park(model: &mut Model) {
    if model.parked.is_none() {
        model.parked = Some(Parked {
            text: model.query_bar.text().to_owned(),
            query: model.query.clone(),
            anchor: model.anchor,
            columns: model.events.columns.clone(),
        });
    }
}

/// Brings the parked query back.
pub(super) fn unpark(model: &mut Model) -> Vec<Effect> {
    if let Some(run) = model.runbooks.run_mut() {
        run.set_aside();
    }
    let Some(parked) = model.parked.take() else {
        return Vec::new();
    };
    model.anchor = parked.anchor;
    model.events.columns = parked.columns;
    search::put_in_force(model, parked.query, Some(parked.text))
}

/// When the newest event was.
fn newest(model: &Model) -> Option<Timestamp> {
    model
        .info
        .sources
        .iter()
        .filter_map(|source| source.last)
        .max()
}

pub(super) fn open(model: &mut Model, index: usize) -> Vec<Effect> {
    let event = model.events.selected().map(|h| h.event.clone());
    let beside = Beside {
        event: event.as_deref(),
        newest: newest(model),
        zone: model.zone.place(),
    };
    if model.runbooks.open(index, beside) {
        apply(model)
    } else {
        offer(model);
        Vec::new()
    }
}

/// Offers the frequent values of what is in view for the inputs that are asked for.
fn offer(model: &mut Model) {
    let filters = &model.filters;
    if let Some(form) = model.runbooks.form_mut() {
        form.offer(|field| filters.top(field));
    }
}

/// Asks for the inputs of another run of the same runbook.
pub(super) fn another_run(model: &mut Model) -> Vec<Effect> {
    ask_inputs(model, Runbooks::another_run)
}

/// Goes on with the next run of the same runbook.
pub(super) fn next_run(model: &mut Model) -> Vec<Effect> {
    if !model.runbooks.next_run() {
        let another = model.key(Command::AnotherRun);
        model.say(format!(
            "there is no other run of this runbook; {another} begins one"
        ));
        return Vec::new();
    }
    let effects = apply(model);
    if let Some(run) = model.runbooks.run() {
        let inputs = said(run.inputs());
        model.say(format!("the run of {inputs}"));
    }
    effects
}

/// `who alice, day 2026-03-01`
fn said(inputs: &Inputs) -> String {
    let inputs = inputs.iter();
    let inputs: Vec<String> = inputs
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    inputs.join(", ")
}

/// Asks for the inputs again.
pub(super) fn edit_inputs(model: &mut Model) -> Vec<Effect> {
    ask_inputs(model, Runbooks::edit_inputs)
}

/// Asks for inputs; the query that a step had put in force goes back meanwhile.
fn ask_inputs(
    model: &mut Model,
    ask: impl FnOnce(&mut Runbooks, Beside<'_>) -> Result<(), &'static str>,
) -> Vec<Effect> {
    let event = model.events.selected().map(|h| h.event.clone());
    let beside = Beside {
        event: event.as_deref(),
        newest: newest(model),
        zone: model.zone.place(),
    };
    let had_run = model.runbooks.run().is_some();
    if let Err(why) = ask(&mut model.runbooks, beside) {
        model.say(why);
        return Vec::new();
    }
    offer(model);
    if had_run { unpark(model) } else { Vec::new() }
}

/// Says that the runbook is at its end, what was found, and what can be done now; in the pane it stays.
pub(super) fn ended(model: &mut Model, words: &str) -> Vec<Effect> {
    let (hand_over, report) = (model.key(Command::HandOver), model.key(Command::RunReport));
    let then = format!("{hand_over} hands over, {report} writes a report");
    model.say(format!("the end{words}; {then}"));
    if let Some(run) = model.runbooks.run_mut() {
        run.end(words, then);
    }
    Vec::new()
}

/// Lists the events that are kept as evidence of the run: as a query, until a step's comes back.
pub(super) fn list_pins(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.runbooks.run() else {
        model.say("no runbook is being stepped through");
        return Vec::new();
    };
    let mut ids: Vec<EventId> = Vec::new();
    for id in run.pins() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let all = ids.len();
    if all == 0 {
        let key = model.key(Command::Pin);
        model.say(format!(
            "no event is kept as evidence yet: {key} keeps the selected one"
        ));
        return Vec::new();
    }
    // A query holds only so many; those kept last are what one looks for.
    let ids = &ids[all - all.min(PINS)..];
    let is = |id: &EventId| {
        Test::Is(Pattern {
            text: id.to_string(),
            quoted: false,
        })
    };
    let test = match ids {
        [only] => is(only),
        ids => Test::Any(ids.iter().map(is).collect()),
    };
    let query = Query::from_conjuncts(vec![Ast::Field(FieldRef::Normal(Field::Id), test)]);
    let (list, back) = (
        counted(ids.len() as u64, "event", "events"),
        model.key(Command::Top),
    );
    let of = if ids.len() < all {
        format!(" of {}, those kept last", number(all as u64))
    } else {
        String::new()
    };
    park(model);
    if let Some(run) = model.runbooks.run_mut() {
        run.set_aside();
    }
    model.anchor = None;
    model.say(format!(
        "{list} kept as evidence{of}; a step's own list comes back with the step ({back}: the first)"
    ));
    search::put_in_force(model, query, None)
}

/// Drops a run; its query goes with it. What a person kept or wrote goes only if the same is asked twice.
pub(super) fn drop_run(model: &mut Model) -> Vec<Effect> {
    if model.runbooks.must_ask_to_drop() {
        let key = model.key(Command::DropRun);
        let run = model.runbooks.dropped_next();
        let of = run.map(|run| format!(" of {}", said(run.inputs())));
        let of = of.unwrap_or_default();
        model.said = Some((
            Role::Warning,
            format!("{key} again drops this run with its evidence and notes{of}"),
        ));
        return Vec::new();
    }
    let had_run = model.runbooks.run().is_some();
    let dropped = model.runbooks.drop_run();
    let left = counted(model.runbooks.runs() as u64, "run", "runs");
    model.say(match (dropped, model.runbooks.runs()) {
        (false, _) => "there is no run of this runbook".to_owned(),
        (true, 0) => "the run is dropped: the next one begins anew".to_owned(),
        (true, _) => format!("the run is dropped; there is still {left} of this runbook"),
    });
    if had_run { unpark(model) } else { Vec::new() }
}

/// A person's own query is about to be in force: where it is a step's with changes, they are shown.
pub(super) fn change(model: &mut Model, query: &Query) {
    let key = |command| model.key_in(Context::Runbook, command);
    let (keep, own) = (key(Command::KeepQuery), key(Command::StepQuery));
    let then =
        format!("In this pane {keep} keeps it for the step, {own} goes back to the step's own.");
    if let Some(run) = model.runbooks.run_mut() {
        run.change(query, then);
    }
}

/// Lets the step ask for the query in force from now on.
pub(super) fn keep_query(model: &mut Model) -> Vec<Effect> {
    let kept = model.runbooks.run_mut().is_some_and(Run::keep_query);
    if !kept {
        model.say("the query in force is no step's with changes: there is nothing to keep");
        return Vec::new();
    }
    let effects = apply(model);
    let own = model.key(Command::StepQuery);
    model.say(format!(
        "the step asks for this from now on; {own} goes back to what the runbook says"
    ));
    effects
}

/// Lets the step ask for what the runbook says.
pub(super) fn step_query(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.runbooks.run_mut() else {
        model.say("no runbook is being stepped through");
        return Vec::new();
    };
    run.drop_own_query();
    let effects = apply(model);
    model.say("the step asks for what the runbook says");
    effects
}

/// Lets a step not be scrolled further than there is something to see, so that the way back begins at once.
pub(super) fn limit_scroll(model: &mut Model, pane: Rect) {
    let Some(run) = model.runbooks.run().filter(|run| run.is_scrolled()) else {
        return;
    };
    let (columns, height) = Runbooks::room(pane);
    let most = run.most_scroll(&model.look(false), columns, height);
    if let Some(run) = model.runbooks.run_mut() {
        run.limit_scroll(most);
    }
}

/// Puts the current step's query in force; a step without one leaves the list as it is.
pub(super) fn apply(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = model.runbooks.run_mut() else {
        return Vec::new();
    };
    run.look(now);
    let taken_back = run.take_taken_back();
    let applied = run.apply();
    if taken_back != TakenBack::default() {
        let next = model.key_in(Context::Runbook, Command::NextRun);
        let twin = match model.runbooks.has_twin() {
            true => format!("; another run has the same inputs: {next} goes to it"),
            false => String::new(),
        };
        model.say(format!("{}{twin}", gone(taken_back)));
    }
    match applied {
        Ok(Some(query)) => {
            park(model);
            show_columns(model);
            model.anchor = None;
            search::put_in_force(model, query, None)
        }
        Ok(None) => Vec::new(),
        Err(error) => {
            model.said = Some((Role::Alarm, error.to_string()));
            Vec::new()
        }
    }
}

/// What went with the inputs that it was for.
fn gone(taken_back: TakenBack) -> String {
    let told = [
        (taken_back.marks, ("step is", "steps are"), "open again"),
        (
            taken_back.queries,
            ("step asks", "steps ask"),
            "for what the runbook says again",
        ),
        (
            taken_back.looked,
            ("step is", "steps are"),
            "to be looked at again",
        ),
    ];
    let told = told.iter().filter(|(count, ..)| *count > 0);
    let told = told
        .map(|(count, (one, many), what)| format!("{} {what}", counted(*count as u64, one, many)));
    let told: Vec<String> = told.collect();
    format!("{}: that was for the other inputs", told.join(", "))
}

/// Shows the columns that the step in force asks for; where it asks for none, a person's own.
pub(super) fn show_columns(model: &mut Model) {
    let Some(run) = model.runbooks.run().filter(|run| run.applied().is_some()) else {
        return;
    };
    let columns = match (run.columns(), &model.parked) {
        ([], Some(parked)) => parked.columns.clone(),
        ([], None) => return,
        (names, _) => Columns::from_names(names),
    };
    model.events.columns = columns;
}

/// Keeps the selected event as evidence of the step, or no longer.
pub(super) fn pin(model: &mut Model) -> Vec<Effect> {
    let selected = model.events.selected();
    let Some((id, key)) = selected.map(|hit| (hit.event.id, hit.event.sort_key())) else {
        model.say("no event is selected");
        return Vec::new();
    };
    let note = model.key(Command::Annotate);
    let Some(run) = model.runbooks.run_mut() else {
        let open = model.key(Command::Runbooks);
        model.say(format!(
            "an event is evidence of a runbook's step: {open} opens one"
        ));
        return Vec::new();
    };
    let step = run.at() + 1;
    let said = if run.pin(id, key) {
        format!("kept as evidence of step {step}; {note} writes a note on it")
    } else {
        format!("no longer evidence of step {step}")
    };
    model.say(said);
    Vec::new()
}

/// Says what became of the step.
pub(super) fn mark(model: &mut Model, mark: Mark) -> Vec<Effect> {
    let now = model.now;
    let Some(run) = model.runbooks.run_mut() else {
        model.say("no runbook is being stepped through");
        return Vec::new();
    };
    let step = run.at() + 1;
    let said = if run.mark(mark, now) {
        format!("step {step} is {}", mark.name())
    } else {
        format!("step {step} is open again")
    };
    model.say(said);
    Vec::new()
}

/// Asks for a note on the step.
pub(super) fn ask_note(model: &mut Model) -> Vec<Effect> {
    if model.runbooks.run().is_none() {
        model.say("no runbook is being stepped through");
        return Vec::new();
    }
    prompt::ask(model, Ask::StepNote)
}

/// Puts the runbooks that fit what is on the screen first, before the list of them is shown.
pub(super) fn rank(model: &mut Model) {
    if !model.runbooks.is_list() {
        return;
    }
    let sources = model.info.sources.iter();
    let event = model.events.selected().map(|hit| hit.event.clone());
    let scene = Scene {
        formats: sources.map(|s| s.format.to_string()).collect(),
        broken: model.breaks() > 0,
        ..Scene::default()
    };
    model.runbooks.rank(&scene.with_event(event.as_deref()));
}
