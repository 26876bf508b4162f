//! The report of a runbook's run: every step that was looked at is asked again, so that it says what is so now.

use crate::engine::{Cancel, Engine};
use crate::event::Timestamp;
use crate::export::file::{Target, lies_in};
use crate::export::runbook::{Asking, Row, RunReport, StepReport, branch_taken, hand_over};
use crate::runbook::{Evidence, fill};
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
    let stands = report.current();
    report.is_unknown = report.is_open
        && stands.is_some_and(|step| {
            step.unasked.is_some() || job.runbook.cannot_say(job.at, &step.evidence, &job.inputs)
        });
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
    let end = match job.ended.as_deref() {
        Some("") => format!("a person stepped through it to its end, at step {at} of {of}"),
        Some(words) => {
            format!("a person stepped through it to its end, at step {at} of {of}: {words}")
        }
        None => format!("a person stepped through it, and stood at step {at} of {of}"),
    };
    let before = job.looked_before.iter().map(usize::to_string);
    match before.collect::<Vec<_>>().as_slice() {
        [] => end,
        [step] => format!("{end}; step {step} was looked at for other inputs only"),
        steps => {
            let steps = steps.join(", ");
            format!("{end}; steps {steps} were looked at for other inputs only")
        }
    }
}

fn gather(asking: &Asking<'_>, job: &StepJob) -> Result<StepReport, String> {
    let report = asking.step_told(job.step, job.query.as_deref());
    let mut report = report.map_err(|e| e.to_string())?;
    for kept in &job.pins {
        let pin = asking.pin(job.step, kept.id);
        let pin = pin.map_err(|e| e.to_string())?;
        report.pins.push(Row {
            note: kept.note.clone(),
            before: kept.before.clone(),
            ..pin
        });
    }
    report.mark.clone_from(&job.mark);
    report.note.clone_from(&job.note);
    report.before.clone_from(&job.before);
    let took = job
        .took
        .and_then(|branch| way(asking, job.step, branch, &report.evidence));
    report.way = took.unwrap_or_default();
    Ok(report)
}

/// Which branch was taken, and whether what was found says the same.
fn way(asking: &Asking<'_>, step: usize, branch: usize, found: &Evidence) -> Option<String> {
    let (runbook, inputs) = (asking.runbook, asking.inputs);
    let taken = runbook.steps.get(step)?.branches.get(branch)?;
    let told = |text: &str| fill(text, |name| inputs.get(name).cloned());
    Some(if runbook.decide(step, found, inputs) == Some(branch) {
        branch_taken("as found", taken, inputs)
    } else if runbook.contradicts(step, branch, found, inputs) {
        format!("by hand, against what was found: {}", told(&taken.text))
    } else {
        format!("by hand: {}", told(&taken.text))
    })
}
