//! The report of a runbook's run: every step that was looked at is asked again, so that it says what is so now.

use crate::engine::{Cancel, Engine};
use crate::event::Timestamp;
use crate::export::file::Target;
use crate::export::runbook::{
    About, Asking, Given, RunReport, StepReport, about_sources, hand_over,
};
use crate::tui::share::{RunJob, StepJob};

/// Rows of each step that are written out.
const ROWS: usize = 200;

/// Writes it; says how many bytes it has, or why there is no file.
pub(super) fn write(
    engine: &dyn Engine,
    job: &RunJob,
    now: Timestamp,
    cancel: &Cancel,
) -> Result<u64, String> {
    let mut target = Target::create(&job.path).map_err(|e| e.to_string())?;
    let asking = Asking {
        engine,
        runbook: &job.runbook,
        inputs: &job.inputs,
        now,
        zone: job.zone,
        paths: &job.paths,
        rows: ROWS,
        cancel,
    };
    let steps: Result<Vec<StepReport>, String> =
        job.steps.iter().map(|step| gather(&asking, step)).collect();
    let (sources, coverage) = about_sources(&engine.info());
    let mut report = RunReport {
        runbook: About::of(&job.runbook),
        by: job.who.clone(),
        at: now,
        inputs: Given::all(&job.runbook, &job.inputs),
        window: job.runbook.window_text(&job.inputs),
        steps: steps?,
        end: end(job),
        sources,
        coverage,
        ..RunReport::default()
    };
    let filled = || hand_over(&report, job.runbook.escalation.as_deref());
    report.hand_over = Some(job.letter.clone().unwrap_or_else(filled));
    report.hand_over_before.clone_from(&job.letter_was);
    let failed = |e: std::io::Error| format!("cannot write {}: {e}", job.path.display());
    report
        .write(&mut target, job.format, job.zone)
        .map_err(failed)?;
    target.keep().map_err(|e| e.to_string())
}

fn end(job: &RunJob) -> String {
    let (at, of) = (job.at + 1, job.runbook.steps.len());
    match job.ended.as_deref() {
        Some("") => format!("a person stepped through it to its end, at step {at} of {of}"),
        Some(words) => {
            format!("a person stepped through it to its end, at step {at} of {of}: {words}")
        }
        None => format!("a person stepped through it, and stood at step {at} of {of}"),
    }
}

fn gather(asking: &Asking<'_>, job: &StepJob) -> Result<StepReport, String> {
    let report = asking.step_as(job.step, job.query.as_deref());
    let mut report = report.map_err(|e| e.to_string())?;
    for (id, note) in &job.pins {
        let pin = asking.pin(job.step, *id).map_err(|e| e.to_string())?;
        report.pins.extend(pin.map(|mut row| {
            row.note.clone_from(note);
            row
        }));
    }
    report.mark.clone_from(&job.mark);
    report.note.clone_from(&job.note);
    report.before.clone_from(&job.before);
    report.way = job
        .took
        .as_ref()
        .map(|words| format!("by hand: {words}"))
        .unwrap_or_default();
    Ok(report)
}
