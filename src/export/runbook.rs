//! A runbook that was run: what each step asked and found, whom that points to, and how far it can be relied on. The
//! same data whether a person stepped through it or nobody did; as Markdown, a page of HTML, or JSON.

mod doubt;
mod figure;
mod gather;
mod hand_over;
mod html;
mod json;
mod markdown;
mod tables;
#[cfg(test)]
mod tests;
mod walk;

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::engine::Info;
use crate::event::{Timestamp, Zone};
use crate::runbook::{Evidence, Inputs, Runbook};
use gather::about_sources;

pub use doubt::{doubt, foreign, unknown_fields};
pub use gather::{Asking, GatherError};
pub use hand_over::hand_over;
pub use walk::{Ended, Takes, branch_taken, walk};

/// A run of a runbook. Every text in it may hold anything: whoever writes it out makes it safe.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunReport {
    pub runbook: About,
    /// `alice (uid 1000) on bastion`.
    pub by: String,
    #[serde(serialize_with = "json::time")]
    pub at: Timestamp,
    pub inputs: Vec<Given>,
    /// From and to, as the queries have them.
    pub window: Option<String>,
    /// In the order in which they were looked at.
    pub steps: Vec<StepReport>,
    /// Where it ended and why.
    pub end: String,
    /// It is not at its end: a person has to decide how it goes on, or to go on.
    pub is_open: bool,
    /// It stopped where what was searched cannot say how it goes on.
    pub is_unknown: bool,
    /// The step that a person stands at (from 1 on), where that need not be the one looked at last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_at: Option<usize>,
    pub sources: Vec<SourceReport>,
    /// How much of the sources was searched, in sentences.
    pub coverage: Vec<String>,
    /// The runbook's text to escalate with, filled in.
    pub hand_over: Option<String>,
    /// What the inputs were when a person wrote that text, if they are others now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_over_before: Option<String>,
}

/// The runbook itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    pub id: String,
    pub title: String,
    pub origin: String,
    /// Of the file, hex.
    pub sha256: String,
    /// What stands before its first step.
    pub scenario: Vec<String>,
    pub escalate_to: Option<String>,
    /// Words explained for the reader.
    pub words: Vec<(String, String)>,
}

/// What the runbook was given to look for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Given {
    pub name: String,
    pub label: String,
    pub value: String,
    /// Nobody gave it: it is what the runbook takes then.
    pub is_default: bool,
}

/// One step: what was asked, what was found, what that means.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StepReport {
    /// From 1 on.
    pub number: usize,
    pub id: String,
    pub title: String,
    pub scenario: String,
    pub action: String,
    /// What the runbook's author expects, in words.
    pub expect: String,
    pub outcome: String,
    /// What else the step says, such as what to do by hand, in order.
    pub prose: Vec<String>,
    /// The query as run, every time in it absolute; `None` = the step asks for none.
    pub query: Option<String>,
    /// Why what the step asks for was not asked, where that is so: then what it finds is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
    /// What the runbook asks for, where a person changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// What to type to see the same again.
    pub command: Option<String>,
    /// What is counted and how much of it is expected.
    pub expectation: Option<String>,
    pub rows: u64,
    /// Whether the expectation is met; `None` = it has none, or is not known.
    pub met: Option<bool>,
    /// What would be a finding by itself, and whether it is one.
    pub alarm: Option<(String, Option<bool>)>,
    /// Everything was searched.
    pub complete: bool,
    /// Why finding nothing proves nothing all the same.
    pub doubt: Option<String>,
    /// Fields that it asks for and no event has.
    pub unknown: Vec<String>,
    /// A field whose different values cannot be counted, since not every row has it.
    pub uncounted: Option<String>,
    #[serde(serialize_with = "json::time_or_null")]
    pub first: Option<Timestamp>,
    #[serde(serialize_with = "json::time_or_null")]
    pub last: Option<Timestamp>,
    pub columns: Vec<String>,
    /// The oldest rows.
    pub shown: Vec<Row>,
    pub group: Option<Group>,
    /// What the chain check says of the rows, with how many of them.
    pub verdicts: Vec<(String, u64)>,
    pub histogram: Option<Bars>,
    pub pins: Vec<Row>,
    /// What became of it, and when that was said.
    pub mark: Option<String>,
    pub note: Option<String>,
    /// What the inputs were when evidence was kept or the note was written, if they are others now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Which branch was taken and by whom, or why none.
    pub way: String,
    #[serde(skip)]
    pub evidence: Evidence,
}

/// An event as evidence.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    pub cells: Vec<String>,
    /// Of the event.
    pub id: String,
    pub source: String,
    pub line: Option<u64>,
    /// Of the record's bytes as read, hex.
    pub sha256: String,
    pub chain: String,
    pub note: Option<String>,
    /// What the inputs were when it was kept, if they are others now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// The most frequent values of a field.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Group {
    pub field: String,
    pub values: Vec<(String, u64)>,
    /// Rows with other values, and rows without the field.
    pub other: u64,
    pub missing: u64,
}

/// Rows over time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bars {
    #[serde(serialize_with = "json::time")]
    pub start: Timestamp,
    /// Nanoseconds.
    pub step: i64,
    pub rows: Vec<u64>,
}

/// What is open, and whether it can be trusted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceReport {
    pub name: String,
    pub format: String,
    pub events: u64,
    pub unparsed: u64,
    #[serde(serialize_with = "json::time_or_null")]
    pub first: Option<Timestamp>,
    #[serde(serialize_with = "json::time_or_null")]
    pub last: Option<Timestamp>,
    /// Whether its records were changed, in words.
    pub integrity: String,
    /// They were.
    #[serde(skip)]
    pub is_broken: bool,
}

impl About {
    pub fn of(runbook: &Runbook) -> Self {
        Self {
            id: runbook.id.clone(),
            title: runbook.title.clone(),
            origin: runbook.origin.clone(),
            sha256: runbook.digest.clone(),
            scenario: runbook.intro.clone(),
            escalate_to: runbook.escalate_to.clone(),
            words: runbook.glossary.clone(),
        }
    }
}

impl Given {
    /// Every input that has a value, as the runbook asks for them.
    pub fn all(runbook: &Runbook, inputs: &Inputs) -> Vec<Self> {
        let given = runbook.inputs.iter().filter_map(|input| {
            let value = inputs.get(&input.name)?.clone();
            Some(Self {
                name: input.name.clone(),
                label: input.label.clone(),
                is_default: input.is_default(&value),
                value,
            })
        });
        given.collect()
    }
}

impl Given {
    /// The value, and whether it is only what is taken where nobody gives one.
    pub fn said(&self) -> String {
        if self.is_default {
            format!("{} (not given)", self.value)
        } else {
            self.value.clone()
        }
    }
}

impl Group {
    /// No row was there to be counted.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.other == 0 && self.missing == 0
    }
}

/// `no event here has a field a, b`
pub fn no_event_has(fields: &[String]) -> String {
    format!("no event here has a field {}", fields.join(", "))
}

/// Why the different values of a field are not known.
pub fn not_every_row_has(field: &str) -> String {
    format!("not every row has a field {field}, so its different values cannot be counted")
}

/// That a step was not asked.
pub fn not_asked(why: &str) -> String {
    format!("not asked: {why}")
}

/// That evidence and note of a step are of other inputs.
pub fn kept_before(was: &str) -> String {
    format!("evidence or note kept before the inputs were changed, when {was}")
}

/// How a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunFormat {
    Markdown,
    Html,
    Json,
}

impl RunFormat {
    /// By the name of the file it goes to.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match &*extension {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl RunReport {
    /// Writes it; times for people are in `zone`.
    pub fn write(&self, out: &mut dyn Write, format: RunFormat, zone: Zone) -> io::Result<()> {
        match format {
            RunFormat::Markdown => markdown::write(self, out, zone),
            RunFormat::Html => html::write(self, out, zone),
            RunFormat::Json => json::write(self, out),
        }
    }

    /// What is the same whoever went through the steps: what it is a run of, by whom, on what. How it ended is for the
    /// caller to say.
    pub fn of(runbook: &Runbook, inputs: &Inputs, info: &Info) -> Self {
        let (sources, mut coverage) = about_sources(info);
        coverage.extend(foreign(runbook, info));
        Self {
            runbook: About::of(runbook),
            inputs: Given::all(runbook, inputs),
            window: runbook.window_text(inputs),
            sources,
            coverage,
            ..Self::default()
        }
    }

    /// The step that is handed over: where a person stands, else the one looked at last.
    pub fn current(&self) -> Option<&StepReport> {
        let stands_at = |step: &&StepReport| Some(step.number) == self.stands_at;
        self.steps.iter().find(stands_at).or(self.steps.last())
    }

    /// All steps together, in a few words.
    pub fn result(&self) -> &'static str {
        match (self.has_alarm(), self.has_unmet()) {
            (false, true) if self.steps.iter().any(StepReport::is_unknown) => {
                "NOT KNOWN: the logs that were searched cannot answer a step"
            }
            (true, _) => "ALARM: a step found what is a finding by itself",
            (false, false) if self.is_unknown => {
                "NOT KNOWN: the logs that were searched cannot answer a step"
            }
            (false, true) => "not as expected: a step's expectation is not met",
            (false, false) if self.is_open => "as expected so far: it is not at its end",
            (false, false) => "as expected: every expectation that was looked at is met",
        }
    }

    /// Some step found what is a finding by itself.
    pub fn has_alarm(&self) -> bool {
        self.steps.iter().any(StepReport::is_alarm)
    }

    /// Some step did not find what it expected, or it is not known.
    pub fn has_unmet(&self) -> bool {
        let is_unmet = |step: &StepReport| step.expectation.is_some() && step.met == Some(false);
        self.steps
            .iter()
            .any(|step| is_unmet(step) || step.is_unknown())
    }
}

impl StepReport {
    /// That no event has some fields, or not every row one that counts, in words; `None` where that is the doubt already.
    pub fn unknown_fields(&self) -> Option<String> {
        if let Some(field) = &self.uncounted {
            return Some(not_every_row_has(field));
        }
        let is_told = self.doubt.is_some() || self.unknown.is_empty();
        (!is_told).then(|| no_event_has(&self.unknown))
    }

    /// What became of it and which branch was taken, in a few words.
    pub fn went_on(&self) -> String {
        let parts = self.mark.iter().chain(Some(&self.way));
        let parts = parts.filter(|part| !part.is_empty()).map(String::as_str);
        parts.collect::<Vec<_>>().join("; ")
    }

    /// What it should find is not known, or what it finds at all.
    pub fn is_unknown(&self) -> bool {
        self.unasked.is_some() || self.expectation.is_some() && self.met.is_none()
    }

    pub fn is_alarm(&self) -> bool {
        matches!(self.alarm, Some((_, Some(true))))
    }

    /// What the count says, in a few words.
    pub fn verdict(&self) -> &'static str {
        match (self.is_alarm(), &self.expectation, self.met) {
            (true, ..) => "ALARM",
            (_, Some(_), Some(true)) => "met",
            (_, Some(_), Some(false)) => "NOT met",
            (_, Some(_), None) => "not known",
            _ if self.unasked.is_some() => "not known",
            (_, None, _) => "",
        }
    }
}
