//! What a run of a runbook leaves behind: the text to hand over, and the report.

use super::share;
use crate::engine::Hit;
use crate::export::runbook::{Row, RunFormat, RunReport, StepReport, hand_over};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::keymap::Context;
use crate::tui::model::Model;
use crate::tui::pane::runbook::run::{Pin, Run, Work};
use crate::tui::share::{PinJob, RunJob, Share, StepJob};
use crate::tui::theme::Role;

/// Fills the runbook's text to hand over in, shows it in the pane and copies it.
pub(super) fn show_hand_over(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.runbooks.run() else {
        model.say("no runbook is being stepped through");
        return Vec::new();
    };
    let report = as_known(model, run);
    let text = hand_over(&report, run.runbook().escalation.as_deref());
    let to = run.runbook().escalate_to.as_ref();
    let to = to.map_or_else(String::new, |to| format!("To {to}. "));
    let key = |command| model.key_in(Context::HandOver, command);
    let (change, add) = (key(Command::EditLine), key(Command::AddLine));
    let (anew, copy) = (key(Command::FillAnew), key(Command::CopyValue));
    let back = key(Command::Close);
    let then = format!(
        "{to}{change} changes a line, {add} adds one, {copy} copies it, {anew} fills it in anew. {back} leads back to the step."
    );
    if let Some(run) = model.runbooks.run_mut() {
        run.show_hand_over(&text, then);
    }
    share::copy_letter(model)
}

/// Fills the text to hand over in anew. What a person made of it goes only if the same is asked twice.
pub(super) fn fill_in_anew(model: &mut Model) -> Vec<Effect> {
    if model.runbooks.must_ask_to_fill_anew() {
        let key = model.key_in(Context::HandOver, Command::FillAnew);
        let words = format!("{key} again drops what you changed in this text");
        model.said = Some((Role::Warning, words));
        return Vec::new();
    }
    if let Some(run) = model.runbooks.run_mut() {
        run.drop_letter();
    }
    show_hand_over(model)
}

/// Changes the current line of the text to hand over, or adds one below it, and copies it as it is now.
pub(super) fn change_letter(model: &mut Model, text: &str, adds: bool) -> Vec<Effect> {
    let Some(run) = model.runbooks.run_mut() else {
        return Vec::new();
    };
    if adds {
        run.add_line(text);
    } else {
        run.change_line(text);
    }
    share::copy_letter(model)
}

/// The run as far as it is known without asking anything.
fn as_known(model: &Model, run: &Run) -> RunReport {
    RunReport {
        by: model.share.setup.who.clone(),
        at: model.now,
        stands_at: Some(run.at() + 1),
        steps: run
            .looked_at()
            .into_iter()
            .map(|step| StepReport {
                shown: rows_shown(model, run, step),
                mark: run.work(step).and_then(|work| mark(model, work)),
                ..step_known(run, step)
            })
            .collect(),
        ..RunReport::of(run.runbook(), run.inputs(), &model.info)
    }
}

/// The rows of a step that are in the list, if that is the step whose list it is.
fn rows_shown(model: &Model, run: &Run, step: usize) -> Vec<Row> {
    if run.applied() != Some(step) || !model.asking.loaded {
        return Vec::new();
    }
    let window = &model.events.window;
    let hits = (0..window.len()).filter_map(|i| window.get(i));
    let row = |hit: &Hit| Row {
        id: hit.event.id.to_string(),
        ..Row::default()
    };
    hits.map(row).collect()
}

fn step_known(run: &Run, index: usize) -> StepReport {
    let runbook = run.runbook();
    let step = &runbook.steps[index];
    let query = step.query.as_ref();
    let evidence = run.evidence(index).cloned().unwrap_or_default();
    let alarm = query.and_then(|q| q.alarm.as_ref());
    let pins = run
        .work(index)
        .map(|work| &work.pins[..])
        .unwrap_or_default();
    let pinned = |pin: &Pin| Row {
        id: pin.id.to_string(),
        before: run.was_pinned_when(pin),
        ..Row::default()
    };
    StepReport {
        number: index + 1,
        id: step.id.clone(),
        title: step.title.clone(),
        query: run.query_text(index),
        unasked: run.unasked(index).or_else(|| {
            let is_new = step.query.is_some() && run.evidence(index).is_none();
            is_new.then(|| "it was not looked at with these inputs".to_owned())
        }),
        written: run.own(index).map(|_| run.written(index)),
        expectation: query.and_then(|q| Some(q.expect.as_ref()?.to_string())),
        rows: evidence.rows,
        met: runbook.is_met(index, &evidence),
        alarm: alarm.map(|a| (a.to_string(), runbook.is_alarm(index, &evidence))),
        complete: evidence.complete,
        doubt: evidence.doubt.clone(),
        verdicts: evidence.values.get("chain").cloned().unwrap_or_default(),
        pins: pins.iter().map(pinned).collect(),
        evidence,
        ..StepReport::default()
    }
}

/// Begins a report to a file; says why not, where it can be told without looking.
pub(super) fn write(model: &mut Model, file: &str) -> Result<Vec<Effect>, String> {
    let format = RunFormat::of(std::path::Path::new(file))
        .ok_or("expected a file name that ends in .md, .html or .json")?;
    let run = model
        .runbooks
        .run()
        .ok_or("no runbook is being stepped through")?;
    let steps = run
        .looked_at()
        .into_iter()
        .map(|step| step_job(model, run, step));
    let (runbook, inputs, steps) = (run.runbook().clone(), run.inputs().clone(), steps.collect());
    let (at, letter, letter_was) = (run.at(), run.edited_letter(), run.letter_was());
    let ended = run.ended().map(str::to_owned);
    let looked_before = run.looked_before();
    let (job, path) = share::begin(model, file, None)?;
    let setup = &model.share.setup;
    let job = RunJob {
        letter,
        letter_was,
        ended,
        job,
        path,
        format,
        runbook,
        inputs,
        steps,
        at,
        looked_before,
        now: model.anchor,
        zone: share::zone(model),
        who: setup.who.clone(),
        paths: setup.paths.clone(),
    };
    Ok(vec![Effect::Share(Box::new(Share::RunReport(Box::new(
        job,
    ))))])
}

/// `blocked at 2026-03-01 10:00:00 UTC`: what a person said of a step, and when.
fn mark(model: &Model, work: &Work) -> Option<String> {
    let zone = model.zone.place();
    let (mark, at) = work.mark?;
    Some(format!("{} at {} {zone}", mark.name(), zone.format(at)))
}

fn step_job(model: &Model, run: &Run, step: usize) -> StepJob {
    let work = run.work(step).cloned().unwrap_or_default();
    let mark = mark(model, &work);
    let pins = work.pins.iter().map(|pin| {
        let note = model.marks.note(pin.id).map(str::to_owned);
        PinJob {
            id: pin.id,
            note,
            before: run.was_pinned_when(pin),
        }
    });
    StepJob {
        step,
        mark,
        took: work.took,
        pins: pins.collect(),
        query: run.own(step).map(str::to_owned),
        before: run.was_kept_when(step),
        note: work.note.map(|note| note.text),
    }
}
