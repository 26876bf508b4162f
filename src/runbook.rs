//! Runbooks: plain Markdown whose steps carry queries. Read strictly, never executed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::event::Timestamp;
use crate::query::Query;

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
    pub inputs: Vec<Input>,
    /// Time window relative to an input: from and to, as typed (`{day} - 3d`).
    pub window: Option<(String, String)>,
    /// Words explained for the reader, in order.
    pub glossary: Vec<(String, String)>,
    pub steps: Vec<Step>,
    /// Text of the `escalate` block, with placeholders.
    pub escalation: Option<String>,
    /// `bundled`, or the file.
    pub origin: String,
    /// SHA-256 of the file, hex.
    pub digest: String,
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
    /// Index of the step it leads to; `None` = done.
    pub goto: Option<usize>,
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

/// What a step's query gave, for deciding branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub rows: u64,
    /// Distinct values with counts of the fields that conditions and expectations ask for.
    pub values: BTreeMap<String, Vec<(String, u64)>>,
    /// Whether everything was searched; if not, "0 rows" is not known yet.
    pub complete: bool,
}

/// Checked input values by name.
pub type Inputs = BTreeMap<String, String>;

/// All runbooks found, and what was wrong with those that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Library {
    pub runbooks: Vec<Arc<Runbook>>,
    pub errors: Vec<RunbookError>,
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
    pub fn load(_folders: &[PathBuf]) -> Self {
        unimplemented!()
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Runbook>> {
        self.runbooks.iter().find(|r| r.id == id)
    }
}

impl Runbook {
    /// Reads a runbook strictly; `origin` names it in errors.
    pub fn parse(_origin: &str, _text: &str) -> Result<Self, RunbookError> {
        unimplemented!()
    }

    /// Fills defaults in and checks every value against its pattern and type; returns what is wrong with each.
    pub fn check_inputs(
        &self,
        _given: &Inputs,
        _now: Timestamp,
    ) -> Result<Inputs, Vec<InputError>> {
        unimplemented!()
    }

    /// The query of a step (its window included) with every placeholder bound as one literal value, never spliced
    /// as text. `None` if the step has no query.
    pub fn step_query(&self, _step: usize, _inputs: &Inputs) -> Result<Option<Query>, InputError> {
        unimplemented!()
    }

    /// The branch the evidence points to: the first whose condition is decided true. `None` while undecided, or
    /// where a person has to decide.
    pub fn decide(&self, _step: usize, _evidence: &Evidence, _inputs: &Inputs) -> Option<usize> {
        unimplemented!()
    }

    /// The fields whose value counts `decide` and the expectation of a step need.
    pub fn fields_needed(&self, _step: usize) -> Vec<String> {
        unimplemented!()
    }
}
