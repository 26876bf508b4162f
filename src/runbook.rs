//! Runbooks: plain Markdown whose steps carry queries. Read strictly, never executed.
//!
//! ````markdown
//! ---
//! runbook: 1
//! id: settings-changed
//! title: Settings were changed without permission
//! role: support
//! inputs:
//!   user: {label: Customer id, type: id, pattern: '[a-z0-9]+', required: true}
//!   day:  {label: Day it was noticed, type: date, default: today}
//! window: {from: "{day} - 3d", to: "{day} + 1d"}
//! ---
//! > **Words:** *actor* = who did it · *target* = whose account
//!
//! ## Step 1: Find the change {#find}
//! **Scenario:** … **Action:** … **Expect:** … **Outcome:** … **Role:** …
//! ```auditq id=find expect=1.. show=ts,actor,action group=ip
//! action:settings* AND target:{user}
//! ```
//! - **If** 0 rows **then** [Step 2](#wider)
//! - **If** every actor = {user} **then** done: "by the customer"
//! - **Else** [Step 3](#who)
//!
//! ## Escalation
//! ```escalate
//! {runbook.id} step {step}: {rows} rows, {window}
//! ```
//! ````
//!
//! `type` is `text`, `id`, `date` or `ip`. `expect` is `0`, `1..`, `..5`, `3..10`, `>100`, `>=3` or one of these after
//! `distinct(FIELD)`; `alarm`, written alike, is what counts as a finding by itself. Conditions are `N rows`, `no rows`, `distinct(FIELD)>N`, `met`, `not met`,
//! `every FIELD = VALUE`, `any FIELD = VALUE`; any other is for a person to judge. Links lead to a step's `{#id}`,
//! or to the anchor a code host gives its heading. Everything else is prose.

mod bind;
mod branch;
mod document;
mod draft;
mod expect;
mod front;
mod inputs;
mod library;
mod reader;
mod routes;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::event::{Timestamp, Zone};
use crate::query::Query;
use crate::query::ast::{FieldRef, TimeExpr};

pub use draft::draft;

/// Largest file read as a runbook, in bytes.
const MAX_FILE: usize = 1 << 20;

/// A runbook as read from one Markdown file.
#[derive(Clone, Debug, Default)]
pub struct Runbook {
    pub id: String,
    pub title: String,
    pub audience: Vec<String>,
    /// Least role; steps may need more.
    pub role: Option<String>,
    /// Formats it looks at (`cloudtrail`).
    pub logs: Vec<String>,
    /// Attack techniques it is about, as free text (`T1562.008`).
    pub attack: Vec<String>,
    pub inputs: Vec<Input>,
    /// Time window relative to an input: from and to, as typed (`{day} - 3d`).
    pub window: Option<(String, String)>,
    /// Words explained for the reader, in order.
    pub glossary: Vec<(String, String)>,
    /// What stands before the first step, one paragraph or list item each.
    pub intro: Vec<String>,
    pub steps: Vec<Step>,
    /// Whom to tell, and how soon (`#security-oncall within 30m`).
    pub escalate_to: Option<String>,
    /// Text of the `escalate` block, with placeholders.
    pub escalation: Option<String>,
    /// `bundled`, or the file.
    pub origin: String,
    /// SHA-256 of the file, hex.
    pub digest: String,
    /// Logs to try it on lie beside it, so that the names of its fields were checked on those.
    pub has_fixtures: bool,
}

/// Something the runbook asks for before it can filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    pub label: String,
    pub kind: InputKind,
    /// Regular expression the whole value must match.
    pub pattern: Option<String>,
    pub options: Vec<String>,
    pub default: Option<String>,
    pub required: bool,
}

impl Input {
    /// Whether a checked value is only what is taken where nobody gives one. A date that is not given is still a date.
    pub fn is_default(&self, value: &str) -> bool {
        self.kind != InputKind::Date && self.default.as_deref() == Some(value)
    }

    /// The default of a date as it would be at a time, as typed in a zone: `today` is then that time's day.
    pub fn default_at(&self, at: Timestamp, zone: Zone) -> Option<String> {
        inputs::default_at(self, at, zone)
    }

    /// A checked value as a person would type it in a zone.
    pub fn typed_again(&self, value: &str, zone: Zone) -> String {
        inputs::typed_again(self, value, zone)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputKind {
    #[default]
    Text,
    Id,
    Date,
    Ip,
}

/// One step: what to look at and what to expect.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Anchor (`{#id}`, else the heading's slug).
    pub id: String,
    pub title: String,
    pub scenario: String,
    pub action: String,
    pub expect: String,
    pub outcome: String,
    pub role: Option<String>,
    /// Any other prose of the step, in order.
    pub prose: Vec<String>,
    pub query: Option<StepQuery>,
    pub branches: Vec<Branch>,
    /// Line of the heading in the file, 1-based.
    pub line: usize,
}

/// An `auditq` block.
#[derive(Clone, Debug, Default)]
pub struct StepQuery {
    pub id: String,
    /// As written, placeholders included.
    pub text: String,
    pub expect: Option<Expect>,
    /// A count that is a finding by itself.
    pub alarm: Option<Expect>,
    pub show: Vec<String>,
    pub group: Option<String>,
    pub line: usize,
}

/// How many rows, or how many distinct values of a field, a step's query should give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// `None` = rows.
    pub distinct: Option<String>,
    /// Inclusive.
    pub min: u64,
    /// Inclusive; `None` = no upper bound.
    pub max: Option<u64>,
}

impl Expect {
    pub fn is_met(&self, count: u64) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }
}

/// Where to go next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub condition: Condition,
    /// The branch as a sentence, rendered.
    pub text: String,
    /// The condition as it is written; empty for **Else**.
    pub when: String,
    /// What the sentence says after its condition: where it leads, in words.
    pub then: String,
    /// Index of the step it leads to; `None` = done.
    pub goto: Option<usize>,
    /// Line in the file, 1-based.
    pub line: usize,
}

impl Branch {
    /// What it says at the end of a runbook, without the word "done".
    pub fn ending(&self) -> &str {
        let rest = self.then.trim();
        let rest = rest.strip_prefix("done").unwrap_or(rest);
        rest.trim_start_matches([':', ',', ' '])
    }
}

/// What a branch depends on. Anything but `Prose` the tool can decide by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Met,
    NotMet,
    Rows(Expect),
    /// `every FIELD = VALUE`; the value may be a placeholder.
    Every {
        field: String,
        value: String,
    },
    Any {
        field: String,
        value: String,
    },
    Else,
    Prose(String),
}

/// Where a run goes from a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To a step (from 0 on), by a branch of its own; `None` = simply the one after it.
    Step { branch: Option<usize>, to: usize },
    /// A branch says that this is the end.
    Done { branch: usize },
    /// Nothing follows.
    Last,
    /// A person has to decide, or what decides is not known.
    Person,
}

/// What a step's query gave, for deciding branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub rows: u64,
    /// Distinct values with counts of the fields that conditions and expectations ask for.
    pub values: BTreeMap<String, Vec<(String, u64)>>,
    /// Whether everything was searched; if not, "0 rows" is not known yet.
    pub complete: bool,
    /// Why finding nothing proves nothing, although everything was searched: the logs end before the time asked for.
    pub doubt: Option<String>,
    /// Fields that have still more values, so that what is not among them may be there all the same.
    pub more: BTreeSet<String>,
    /// Fields that some rows do not have.
    pub missing: BTreeSet<String>,
    /// Fields that the query asks for and no event has.
    pub unknown: Vec<String>,
}

impl Evidence {
    /// What was not found is not there.
    pub fn is_sure(&self) -> bool {
        self.complete && self.doubt.is_none()
    }
}

/// Checked input values by name.
pub type Inputs = BTreeMap<String, String>;

/// All runbooks found, and what was wrong with those that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Library {
    pub runbooks: Vec<Arc<Runbook>>,
    pub errors: Vec<RunbookError>,
    /// Where those come from that another one of the same id took the place of, the last of them, by id.
    pub overridden: BTreeMap<String, String>,
    /// What is wrong with the last one of an id, by id: a sound one from before stands in the list all the same.
    pub broken: BTreeMap<String, RunbookError>,
}

/// A runbook that can't be used, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}", path.display())]
pub struct RunbookError {
    pub path: PathBuf,
    /// 1-based.
    pub line: usize,
    pub message: String,
}

/// An input that is missing or does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{label}: {message}")]
pub struct InputError {
    pub name: String,
    pub label: String,
    pub message: String,
}

impl Library {
    /// The bundled runbooks, then every `*.md` in `folders`; later ones override earlier ones by id.
    pub fn load(folders: &[PathBuf]) -> Self {
        library::load(folders)
    }

    /// The runbooks of a folder, by name.
    pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        library::files(folder)
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Runbook>> {
        self.runbooks.iter().find(|r| r.id == id)
    }
}

impl Runbook {
    /// Reads a runbook strictly; `origin` names it in errors. The error is the first one in the file.
    pub fn parse(origin: &str, text: &str) -> Result<Self, RunbookError> {
        let (runbook, errors) = Self::examine(origin, text);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(runbook),
        }
    }

    /// Everything that is wrong with a runbook's text, by line; of one that can be used, what its author overlooked.
    pub fn lint(origin: &str, text: &str) -> Vec<RunbookError> {
        let (runbook, errors) = Self::examine(origin, text);
        if errors.is_empty() {
            runbook.overlooked()
        } else {
            errors
        }
    }

    /// What the author of a runbook that can be used did not think of.
    pub fn overlooked(&self) -> Vec<RunbookError> {
        let error = |(line, message)| RunbookError {
            path: self.origin.clone().into(),
            line,
            message,
        };
        let overlooked = routes::out_of_reach(self).into_iter();
        let overlooked = overlooked.chain(bind::without_value(self));
        let overlooked = overlooked.chain(branch::mistaken(self));
        overlooked.map(error).collect()
    }

    /// The text of a runbook's file, or of one beside it: only of a regular one, and not more than 1 MiB.
    pub fn text(path: &Path) -> Result<String, RunbookError> {
        library::text(path)
    }

    /// The id that a text with mistakes gives itself, as far as it can be told.
    fn id_of(text: &str) -> Option<String> {
        let (runbook, _) = Self::examine("", text);
        Some(runbook.id).filter(|id| !id.is_empty())
    }

    /// The folder with the logs that a runbook's file is tried on, where there is one: `fixtures/NAME` beside it.
    pub fn fixtures(path: &Path) -> Option<PathBuf> {
        library::fixtures(path)
    }

    /// Reads a file; errors name it.
    pub fn read(path: &Path) -> Result<Self, RunbookError> {
        library::read(path)
    }

    fn examine(origin: &str, text: &str) -> (Self, Vec<RunbookError>) {
        let digest = Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut runbook = Self {
            origin: origin.to_owned(),
            digest,
            ..Self::default()
        };
        let faults = if text.len() > MAX_FILE {
            vec![(
                1,
                "the file is larger than 1 MiB, which no runbook needs".to_owned(),
            )]
        } else {
            reader::parse(text, &mut runbook)
        };
        let error = |(line, message)| RunbookError {
            path: origin.into(),
            line,
            message,
        };
        (runbook, faults.into_iter().map(error).collect())
    }

    /// Fills defaults in and checks every value against its pattern and type; returns what is wrong with each.
    /// Dates become absolute, and those typed without a zone are UTC.
    pub fn check_inputs(&self, given: &Inputs, now: Timestamp) -> Result<Inputs, Vec<InputError>> {
        self.check_inputs_in(given, now, Zone::Utc)
    }

    /// [`Self::check_inputs`] with dates read in the zone that is so many seconds east of UTC.
    pub fn check_inputs_in(
        &self,
        given: &Inputs,
        now: Timestamp,
        zone: Zone,
    ) -> Result<Inputs, Vec<InputError>> {
        inputs::check(&self.inputs, given, now, zone)
    }

    /// What other values these inputs had before, in words; `None` if the same.
    pub fn what_was(&self, was: &Inputs, is: &Inputs) -> Option<String> {
        inputs::what_was(&self.inputs, was, is)
    }

    /// The query of a step (its window included) with every placeholder bound as one literal value, never spliced
    /// as text. `None` if the step has no query. `inputs` are checked ones.
    pub fn step_query(&self, step: usize, inputs: &Inputs) -> Result<Option<Query>, InputError> {
        bind::step_query(self, step, inputs)
    }

    /// The fields whose value an input is, where steps compare them; the first is what it is asked for.
    pub fn fields_of(&self, input: &str) -> Vec<FieldRef> {
        bind::fields_of(self, input)
    }

    /// Whether what was found says that a branch is not to be taken: its condition does not hold, or one before it does.
    pub fn contradicts(
        &self,
        step: usize,
        branch: usize,
        evidence: &Evidence,
        inputs: &Inputs,
    ) -> bool {
        let step = self.steps.get(step);
        step.is_some_and(|step| branch::contradicts(step, branch, evidence, inputs))
    }

    /// Whether too little is known to say how a step goes on, where what was found would decide it and not a person.
    pub fn cannot_say(&self, step: usize, evidence: &Evidence, inputs: &Inputs) -> bool {
        let Some(step) = self.steps.get(step) else {
            return false;
        };
        let asks = step.query.is_some() && !step.branches.is_empty();
        let is_decided = branch::decide(step, evidence, inputs).is_some();
        let stops = branch::undecided(step, evidence, inputs);
        let is_for_a_person =
            stops.is_some_and(|at| matches!(step.branches[at].condition, Condition::Prose(_)));
        asks && !evidence.is_sure() && !is_decided && !is_for_a_person
    }

    /// The branch the evidence points to: the first whose condition is decided true. `None` while undecided, or
    /// where a person has to decide.
    pub fn decide(&self, step: usize, evidence: &Evidence, inputs: &Inputs) -> Option<usize> {
        branch::decide(self.steps.get(step)?, evidence, inputs)
    }

    /// Whether the expectation of a step is met; `None` if it has none, or while it is not known.
    pub fn is_met(&self, step: usize, evidence: &Evidence) -> Option<bool> {
        branch::met(
            self.steps.get(step)?.query.as_ref()?.expect.as_ref()?,
            evidence,
        )
    }

    /// The field whose different values a step counts, where they cannot be told because not every row has it.
    pub fn uncounted<'a>(&'a self, step: usize, evidence: &Evidence) -> Option<&'a str> {
        let query = self.steps.get(step)?.query.as_ref()?;
        let open = |expect: &&Expect| branch::met(expect, evidence).is_none();
        let counts = query.expect.iter().chain(&query.alarm).filter(open);
        let mut fields = counts.filter_map(|expect| expect.distinct.as_deref());
        fields.find(|field| evidence.is_sure() && evidence.missing.contains(*field))
    }

    /// Whether it looks at any of these formats; one that names none looks at all. `json` is also JSON of no known
    /// format.
    pub fn reads_any<'a>(&self, mut formats: impl Iterator<Item = &'a str>) -> bool {
        let reads = |format: &str| {
            let plain = format.trim_end_matches('~');
            self.logs.iter().any(|log| log == plain || log == format)
        };
        self.logs.is_empty() || formats.any(reads)
    }

    /// From when to when it looks, in words; `None` = it says nothing, or its inputs do not say.
    pub fn window_text(&self, inputs: &Inputs) -> Option<String> {
        let (from, to) = self.window.as_ref()?;
        let end = |text: &str| window::settle(text, inputs).ok().flatten();
        let words = |at: Option<TimeExpr>, open: &str| match at {
            None => open.to_owned(),
            Some(TimeExpr::At(at)) => at.to_the_second(),
            Some(TimeExpr::Text(text)) => text,
        };
        Some(format!(
            "from {} to {}",
            words(end(from), "the beginning"),
            words(end(to), "now")
        ))
    }

    /// Where to go from a step: by the branch that somebody chose, else by the one that the evidence points to.
    pub fn next(
        &self,
        step: usize,
        evidence: &Evidence,
        inputs: &Inputs,
        chosen: Option<usize>,
    ) -> Next {
        let branches = self.steps.get(step).map_or(&[][..], |s| &s.branches);
        let decided = chosen.or_else(|| self.decide(step, evidence, inputs));
        match decided.and_then(|index| Some((index, branches.get(index)?))) {
            Some((branch, Branch { goto: Some(to), .. })) => Next::Step {
                branch: Some(branch),
                to: *to,
            },
            Some((branch, _)) => Next::Done { branch },
            None if !branches.is_empty() => Next::Person,
            None if step + 1 < self.steps.len() => Next::Step {
                branch: None,
                to: step + 1,
            },
            None => Next::Last,
        }
    }

    /// Whether what a step found is a finding by itself; `None` if nothing would be, or while it is not known.
    pub fn is_alarm(&self, step: usize, evidence: &Evidence) -> Option<bool> {
        branch::met(
            self.steps.get(step)?.query.as_ref()?.alarm.as_ref()?,
            evidence,
        )
    }

    /// The fields whose value counts `decide` and the expectation of a step need.
    pub fn fields_needed(&self, step: usize) -> Vec<String> {
        self.steps
            .get(step)
            .map(branch::fields_needed)
            .unwrap_or_default()
    }
}

/// Fills `{name}` in a text for people; what `lookup` does not know stays as written. Never for queries.
pub fn fill(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let known = placeholder(&rest[open..]).and_then(|name| Some((name, lookup(name)?)));
        let used = match known {
            Some((name, value)) => {
                out.push_str(&value);
                name.len() + 2
            }
            None => {
                out.push('{');
                1
            }
        };
        rest = &rest[open + used..];
    }
    out.push_str(rest);
    out
}

/// The placeholder a text begins with: letters, digits, `_` and `.` between braces.
fn placeholder(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('{')?;
    let length = rest
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.')
        .count();
    (length > 0 && rest[length..].starts_with('}')).then_some(&rest[..length])
}

/// Every placeholder of a text, in order.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    memchr::memchr_iter(b'{', text.as_bytes()).filter_map(|at| placeholder(&text[at..]))
}

#[cfg(test)]
mod tests;
