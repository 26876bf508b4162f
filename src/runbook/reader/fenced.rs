//! Fenced blocks: a step's query, the text to escalate with, and samples to copy.

use super::super::{StepQuery, expect, placeholders};
use super::{Reader, Section};
use crate::query::Query;
use crate::text::suggest::{hint, nearest};

const ATTRIBUTES: [&str; 5] = ["id", "expect", "alarm", "show", "group"];

/// What the text of an `escalate` block may name beside the inputs; `filters.FIELD` is known for every field.
const ESCALATION_WORDS: [&str; 14] = [
    "runbook.id",
    "runbook.title",
    "step",
    "rows",
    "found",
    "chain",
    "verdict",
    "window",
    "query",
    "inputs",
    "grant",
    "ids",
    "tried",
    "coverage",
];

impl Reader<'_> {
    pub(super) fn code(&mut self, line: usize, info: &str, text: &str, closed: bool) {
        let (word, attributes) = info
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((info.trim(), ""));
        // One that was left open ends where the next one begins: it has swallowed what stands between.
        let swallowed = |text: &str| {
            let mut lines = text.lines();
            lines.any(|l| {
                l.starts_with("## ") || l.starts_with("- **If**") || l.starts_with("**Expect:**")
            })
        };
        if !closed || (matches!(word, "auditq" | "escalate") && swallowed(text)) {
            return self.fault(line, format!("the block ```{word} has no closing ``` line"));
        }
        match (word, self.section) {
            ("auditq", Section::Step) => self.query(line, attributes, text),
            ("auditq", _) => self.fault(
                line,
                "an `auditq` block outside a step: move it under `## Step N: Title`",
            ),
            ("escalate", Section::Escalation) => {
                if self.runbook.escalation.is_some() {
                    self.fault(line, "a second `escalate` block: one is enough");
                }
                self.placeholders(line, text);
                self.runbook.escalation = Some(text.trim_end().to_owned());
            }
            ("escalate", _) => {
                self.fault(line, "an `escalate` block belongs under `## Escalation`")
            }
            (other, section) => {
                if let Some(near) = nearest(other, ["auditq", "escalate"]) {
                    self.fault(
                        line,
                        format!("unknown block `{other}` (did you mean `{near}`?)"),
                    );
                }
                // A command or a sample to copy: shown, never run.
                if section == Section::Step
                    && let Some(step) = self.runbook.steps.last_mut()
                {
                    step.prose.push(sample(text.trim_end()));
                }
            }
        }
    }

    /// Unknown placeholders of the `escalate` block.
    fn placeholders(&mut self, line: usize, text: &str) {
        let inputs = self.runbook.inputs.iter().map(|input| input.name.as_str());
        let known: Vec<&str> = ESCALATION_WORDS.into_iter().chain(inputs).collect();
        let mut faults = Vec::new();
        for (index, row) in text.lines().enumerate() {
            for name in placeholders(row) {
                if !name.starts_with("filters.") && !known.contains(&name) {
                    let near = hint(name, known.iter().copied());
                    faults.push((
                        line + 1 + index,
                        format!("unknown placeholder `{{{name}}}`{near}"),
                    ));
                }
            }
        }
        for (line, message) in faults {
            self.fault(line, message);
        }
    }

    fn query(&mut self, line: usize, attributes: &str, text: &str) {
        let Some(step) = self.runbook.steps.last() else {
            return;
        };
        if step.query.is_some() {
            return self.fault(line, "a second `auditq` block in one step: split the step");
        }
        let mut query = StepQuery {
            id: step.id.clone(),
            text: text.trim_end().to_owned(),
            line,
            ..StepQuery::default()
        };
        let mut seen: Vec<&str> = Vec::new();
        for attribute in attributes.split_whitespace() {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            if seen.contains(&name) {
                self.fault(line, format!("`{name}=` stands here twice"));
                continue;
            }
            seen.push(name);
            if value.is_empty() && ATTRIBUTES.contains(&name) {
                self.fault(
                    line,
                    format!("`{name}` has no value: expected `{name}=…`, without blanks"),
                );
                continue;
            }
            match name {
                "id" => query.id = value.to_owned(),
                "group" => query.group = Some(value.to_owned()),
                "show" => {
                    query.show = value
                        .split(',')
                        .filter(|f| !f.is_empty())
                        .map(str::to_owned)
                        .collect()
                }
                "expect" | "alarm" => match expect::parse(value) {
                    Ok(count) if name == "alarm" => query.alarm = Some(count),
                    Ok(count) => query.expect = Some(count),
                    Err(message) => self.fault(line, format!("{name}={message}")),
                },
                _ => {
                    let near = hint(name, ATTRIBUTES);
                    self.fault(
                        line,
                        format!(
                            "unknown attribute `{name}`{near}; known: {}",
                            ATTRIBUTES.join(", ")
                        ),
                    );
                }
            }
        }
        if self
            .runbook
            .steps
            .iter()
            .filter_map(|step| step.query.as_ref())
            .any(|other| other.id == query.id)
        {
            self.fault(
                line,
                format!(
                    "a query with id `{}` was there before: ids must be unique",
                    query.id
                ),
            );
        }
        self.check_query(line, &query.text);
        if let Some(step) = self.runbook.steps.last_mut() {
            step.query = Some(query);
        }
    }

    /// Reads the query once, so that what is wrong with it shows when the runbook is loaded, not during an incident.
    fn check_query(&mut self, fence: usize, text: &str) {
        if text.trim().is_empty() {
            return self.fault(fence, "the query is empty: write `*` to match everything");
        }
        match Query::parse(text) {
            Err(error) => {
                let (line, column) = position(text, error.column);
                self.fault(
                    fence + line,
                    format!("query, column {column}: {}", error.message),
                );
            }
            Ok(query) => {
                let is_input =
                    |name: &str| self.runbook.inputs.iter().any(|input| input.name == name);
                let bound = query.substitute(&|name| is_input(name).then(|| "x".to_owned()));
                if let Err(name) = bound {
                    let at = text.find(&format!("{{{name}}}")).unwrap_or_default();
                    let line = fence + 1 + text[..at].matches('\n').count();
                    let near = hint(
                        &name,
                        self.runbook.inputs.iter().map(|input| input.name.as_str()),
                    );
                    self.fault(line, format!("`{{{name}}}` names no input{near}"));
                }
            }
        }
    }
}

/// Line and column, both 1-based, of a 1-based character position in a text of several lines.
fn position(text: &str, column: usize) -> (usize, usize) {
    let (mut line, mut at) = (1, 1);
    for c in text.chars().take(column.saturating_sub(1)) {
        if c == '\n' {
            (line, at) = (line + 1, 1);
        } else {
            at += 1;
        }
    }
    (line, at)
}

/// A sample as a paragraph: one of a single line is written as code, as a word of code in a sentence is.
fn sample(text: &str) -> String {
    if text.is_empty() || text.contains(['\n', '`']) {
        text.to_owned()
    } else {
        format!("`{text}`")
    }
}
