//! The report of a runbook's run: every step that was looked at is asked again, so that it says what is so now.

use crate::engine::{Cancel, Engine};
use crate::event::Timestamp;
use crate::export::file::{Target, lies_in};
use crate::export::runbook::{Asking, Row, RunReport, StepReport, hand_over};
use crate::tui::share::{RunJob, StepJob};

/// Rows of each step that are written out.
const ROWS: usize = 200;

/// Writes it; says how many bytes it has, or why there is no file.
pub(super) fn write(
    engine: &dyn Engine,
    job: &RunJob,
    now: Timestamp,
    cancel: &Cancel,
) -> Result<(u64, bool), String> {
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
    let mut report = RunReport {
        by: job.who.clone(),
        at: now,
        steps: steps?,
        stands_at: Some(job.at + 1),
        end: end(job),
        is_open: job.ended.is_none(),
        ..RunReport::of(&job.runbook, &job.inputs, &engine.info())
    };
    let stands = report.current().map(|step| &step.evidence);
    report.is_unknown = report.is_open
        && stands.is_some_and(|found| job.runbook.cannot_say(job.at, found, &job.inputs));
    let filled = || hand_over(&report, job.runbook.escalation.as_deref());
    report.hand_over = Some(job.letter.clone().unwrap_or_else(filled));
    report.hand_over_before.clone_from(&job.letter_was);
    let failed = |e: std::io::Error| format!("cannot write {}: {e}", job.path.display());
    report
        .write(&mut target, job.format, job.zone)
        .map_err(failed)?;
    let bytes = target.keep().map_err(|e| e.to_string())?;
    Ok((bytes, lies_in(&job.path, &job.paths)))
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
    let report = asking.step_told(job.step, job.query.as_deref());
    let mut report = report.map_err(|e| e.to_string())?;
    for (id, note) in &job.pins {
        let pin = asking.pin(job.step, *id).map_err(|e| e.to_string())?;
        report.pins.push(Row {
            note: note.clone(),
            ..pin
        });
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
