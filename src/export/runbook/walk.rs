//! Going through a runbook without a person: along the branches that what was found decides, until one is a person's.

use std::collections::BTreeMap;

use super::{Asking, GatherError, StepReport};
use crate::runbook::{Branch, Inputs, Next, fill};

/// Branches that somebody decided beforehand: number of the branch (from 1 on) by the step's id or number.
pub type Takes = BTreeMap<String, usize>;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The branch taken says that the runbook is done, in these words.
    Done(String),
    /// The last step leads nowhere else.
    AtLastStep,
    /// A person has to decide at this step (from 1 on) between these branches.
    Person { step: usize, branches: Vec<String> },
    /// What would decide is not known at this step, and why.
    NotKnown { step: usize, why: String },
    /// This step could not be looked at, and why.
    Failed { step: usize, why: String },
    /// The branch taken leads back to a step that was looked at.
    Back { step: usize },
}

impl Ended {
    /// As a sentence without its full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::Done(words) if words.is_empty() => "ended: done".to_owned(),
            Self::Done(words) => format!("ended: {words}"),
            Self::AtLastStep => "ended at the last step".to_owned(),
            Self::Person { step, branches } if branches.is_empty() => {
                format!("stopped at step {step}: none of its branches fits what was found")
            }
            Self::Person { step, branches } => {
                let numbered = branches.iter().zip(1..);
                let numbered: Vec<String> = numbered.map(|(b, n)| format!("{n} {b}")).collect();
                format!(
                    "stopped at step {step}, where a person has to decide: {}",
                    numbered.join("; ")
                )
            }
            Self::NotKnown { step, why } => {
                format!("stopped at step {step}: {why}, so that finding nothing says nothing")
            }
            Self::Failed { step, why } => {
                format!("stopped: step {step} cannot be looked at: {why}")
            }
            Self::Back { step } => format!("stopped: the way leads back to step {step}"),
        }
    }
}

/// `as found (no rows): done`: which branch was taken, and by what.
pub fn branch_taken(by: &str, branch: &Branch, inputs: &Inputs) -> String {
    let told = |text: &str| fill(text, |name| inputs.get(name).cloned());
    let why = match branch.when.as_str() {
        "" => String::new(),
        when => format!(" ({})", told(when)),
    };
    format!("{by}{why}: {}", told(&branch.then))
}

/// Looks at the steps one after the other, `each` as soon as it is known.
pub fn walk(
    asking: &Asking<'_>,
    takes: &Takes,
    each: &mut dyn FnMut(&StepReport),
) -> Result<(Vec<StepReport>, Ended), GatherError> {
    let runbook = asking.runbook;
    let told = |text: &str| fill(text, |name| asking.inputs.get(name).cloned());
    let mut steps: Vec<StepReport> = Vec::new();
    let mut at = 0;
    loop {
        let mut report = match asking.step(at) {
            Ok(report) => report,
            // What was found before is not lost for it.
            Err(GatherError::Input(error)) => {
                let report = asking.step_told(at, None)?;
                each(&report);
                steps.push(report);
                let (step, why) = (at + 1, error.to_string());
                return Ok((steps, Ended::Failed { step, why }));
            }
            Err(error) if !steps.is_empty() => {
                let (step, why) = (at + 1, error.to_string());
                return Ok((steps, Ended::Failed { step, why }));
            }
            Err(error) => return Err(error),
        };
        let step = &runbook.steps[at];
        let taken = takes
            .get(&step.id)
            .or_else(|| takes.get(&report.number.to_string()));
        let branch = |index: usize| {
            let by = if taken.is_some() {
                "as told"
            } else {
                "as found"
            };
            branch_taken(by, &step.branches[index], asking.inputs)
        };
        let next = runbook.next(
            at,
            &report.evidence,
            asking.inputs,
            taken.map(|n| n.saturating_sub(1)),
        );
        let (way, to) = match next {
            Next::Step { branch: None, to } => (String::new(), Ok(to)),
            Next::Step {
                branch: Some(index),
                to,
            } => (branch(index), Ok(to)),
            Next::Done { branch: index } => (
                branch(index),
                Err(Ended::Done(told(step.branches[index].ending()))),
            ),
            Next::Last => (String::new(), Err(Ended::AtLastStep)),
            Next::Person if runbook.cannot_say(at, &report.evidence, asking.inputs) => {
                let why = report.doubt.clone();
                let why = why.unwrap_or_else(|| "not everything was searched".to_owned());
                let step = report.number;
                (String::new(), Err(Ended::NotKnown { step, why }))
            }
            Next::Person => {
                let branches = step.branches.iter().map(|b| told(&b.text)).collect();
                let step = report.number;
                (String::new(), Err(Ended::Person { step, branches }))
            }
        };
        report.way = way;
        each(&report);
        steps.push(report);
        match to {
            Err(ended) => return Ok((steps, ended)),
            Ok(to) if steps.iter().any(|s| s.number == to + 1) => {
                return Ok((steps, Ended::Back { step: to + 1 }));
            }
            Ok(to) => at = to,
        }
    }
}
