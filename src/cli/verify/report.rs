//! What a check found, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::chain::{Copied, Finding};
use crate::cli::app::grouped;
use crate::cli::open::VerifyFile;
use crate::event::Level;
use crate::export::{Style, jsonl};
use crate::source::GenFile;
use crate::text;
use crate::text::count::counted;

/// What a check says of a file, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// Every record is verified.
    Pass,
    /// There is no chain.
    None,
    /// No alarm, but something to look at, or not every record is verified.
    Warn,
    /// It could not be read, or not to its end.
    Error,
    Fail,
}

/// What of a report is worth printing it again: not that more records hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    path: String,
    state: State,
    findings: Vec<Finding>,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::None => "none",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

fn state(file: &VerifyFile) -> State {
    let report = &*file.report;
    let has = |level| report.findings.iter().any(|finding| finding.level == level);
    if has(Level::Alarm) {
        State::Fail
    } else if file.error.is_some() {
        State::Error
    } else if has(Level::Warning) {
        State::Warn
    } else if !report.is_chained() {
        State::None
    } else if report.verified < report.records {
        State::Warn
    } else {
        State::Pass
    }
}

/// The state of all files together: the worst; files with and without a chain side by side are not all verified.
pub(super) fn overall(files: &[VerifyFile]) -> State {
    // In an empty file there is nothing that could be verified.
    let states = || files.iter().filter(|file| !file.is_empty).map(state);
    match states().max() {
        Some(State::None) if states().any(|state| state == State::Pass) => State::Warn,
        worst => worst.unwrap_or(State::None),
    }
}

pub(super) fn summary(file: &VerifyFile) -> Summary {
    Summary {
        path: file.path.clone(),
        state: state(file),
        findings: file.report.findings.clone(),
    }
}

fn coverage(file: &VerifyFile) -> String {
    match &file.error {
        Some(error) if !file.report.coverage.is_empty() => {
            format!("{}; NOT read to its end: {error}", file.report.covered())
        }
        Some(error) => format!("not read: {error}"),
        None => file.report.covered(),
    }
}

/// One line of JSON, safe to print.
pub(super) fn json(files: &[VerifyFile]) -> String {
    let files_json: Vec<Value> = files
        .iter()
        .map(|file| {
            json!({
                "path": file.path,
                "scheme": file.report.scheme,
                "verdict": state(file).word(),
                "records": file.report.records,
                "coverage": coverage(file),
                "findings": file.report.findings.iter().map(|f| finding_json(f, file)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut out = String::new();
    jsonl::push_safe(
        &json!({"verdict": overall(files).word(), "files": files_json}).to_string(),
        &mut out,
    );
    out
}

fn finding_json(finding: &Finding, file: &VerifyFile) -> Value {
    json!({
        "kind": finding.kind.as_str(),
        "level": finding.level.as_str(),
        "file": place(finding, file).map(|file| text::path(&file.path)),
        "line": finding.lines().map(|lines| lines.0),
        "line_end": finding.lines().map(|lines| lines.1),
        "offset": finding.offset,
        "count": finding.count,
        "ts": finding.ts.map(|ts| ts.rfc3339()),
        "expected": finding.expected,
        "found": finding.found,
        "explanation": finding.explanation,
    })
}

/// The file of a log that a finding is in; `None` where it is in none, or in one that is not named.
fn place<'f>(finding: &Finding, file: &'f VerifyFile) -> Option<&'f GenFile> {
    finding.lines()?;
    let generation = usize::try_from(finding.generation).ok()?;
    file.files.get(generation)
}

/// A line a file, its findings below it, and a summary at the end.
pub(super) fn text(files: &[VerifyFile], style: Style) -> String {
    let mut out = String::new();
    for file in files {
        let state = state(file);
        let report = &*file.report;
        let scheme = match &report.scheme {
            Some(scheme) => format!("{scheme}, "),
            None if file.error.is_none() && !file.is_empty => "no chain, ".into(),
            None => String::new(),
        };
        let rest = style.charset.line(
            &format!("{}: {scheme}{}", file.path, coverage(file)),
            usize::MAX,
        );
        let rest = rest.trim_end_matches(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{} {rest}", painted(state, style));
        for finding in &report.findings {
            let _ = writeln!(out, "{}", finding_text(finding, file, style));
        }
    }
    let _ = writeln!(out, "{}", totals(files));
    out
}

/// What the check cannot tell of these files, and what would help from now on.
pub(super) fn advice(files: &[VerifyFile]) -> Option<&'static str> {
    let has_cut_end = |file: &VerifyFile| {
        let report = &*file.report;
        state(file) == State::Pass && report.copied == Copied::Unsealed && report.is_chained()
    };
    if files
        .iter()
        .any(|file| state(file) == State::None && !file.is_empty)
    {
        Some("without a chain a change does not show: auditty seal FILE protects a log from now on")
    } else if files.iter().any(has_cut_end) {
        Some(
            "a chain does not show that its end was cut: auditty seal FILE does, or a copy of its last hash kept elsewhere",
        )
    } else {
        None
    }
}

fn painted(state: State, style: Style) -> String {
    let word = format!("{:5}", state.word().to_uppercase());
    let colour = match state {
        State::Pass => "32",
        State::None => "2",
        State::Warn => "33",
        State::Error | State::Fail => "31",
    };
    if style.colour {
        format!("\x1b[{colour}m{word}\x1b[0m")
    } else {
        word
    }
}

fn finding_text(finding: &Finding, file: &VerifyFile, style: Style) -> String {
    let lines = match finding.lines() {
        None => String::new(),
        Some((first, last)) if last > first => {
            format!(" at lines {}-{}", grouped(first), grouped(last))
        }
        Some((line, _)) => format!(" at line {}", grouped(line)),
    };
    let name = place(finding, file).filter(|_| file.files.len() > 1);
    let name = name.and_then(|file| file.path.file_name());
    let name = name.map_or(String::new(), |name| {
        format!(" in {}", text::path(name.as_ref()))
    });
    let ts = finding
        .ts
        .map(|ts| format!(", {}", style.zone.format(ts)))
        .unwrap_or_default();
    let mut text = format!(
        "{:7} {}{name}{lines}{ts}\n        {}",
        finding.level.as_str(),
        finding.kind,
        finding.explanation
    );
    for (label, hash) in [("expected", &finding.expected), ("found", &finding.found)] {
        if let Some(hash) = hash {
            let _ = write!(text, "\n        {label:8} {hash}");
        }
    }
    let safe: Vec<String> = text
        .split('\n')
        .map(|line| format!("      {}", style.charset.line(line, usize::MAX)))
        .collect();
    safe.join("\n")
}

fn totals(files: &[VerifyFile]) -> String {
    let of_state = |wanted| files.iter().filter(|file| state(file) == wanted).count();
    let of_level = |wanted| {
        files
            .iter()
            .flat_map(|f| &f.report.findings)
            .filter(|f| f.level == wanted)
            .count()
    };
    let some = |parts: Vec<(usize, &str)>| -> String {
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        parts.join(", ")
    };
    let empty = files.iter().filter(|file| file.is_empty).count();
    let states = some(vec![
        (of_state(State::Fail), "fail"),
        (of_state(State::Error), "unread"),
        (of_state(State::Warn), "warn"),
        (of_state(State::Pass), "pass"),
        (of_state(State::None) - empty, "without a chain"),
        (empty, "empty"),
    ]);
    let levels = [
        (Level::Alarm, "alarm", "alarms"),
        (Level::Warning, "warning", "warnings"),
        (Level::Note, "note", "notes"),
    ];
    let levels = levels.into_iter().filter_map(|(level, one, many)| {
        let findings = of_level(level) as u64;
        (findings > 0).then(|| counted(findings, one, many))
    });
    let levels = levels.collect::<Vec<_>>().join(", ");
    let what = if files.len() == 1 { "file" } else { "files" };
    match (files.len(), levels.is_empty()) {
        (0, _) => "no files".into(),
        (n, true) => format!("{n} {what}: {states}"),
        (n, false) => format!("{n} {what}: {states}; {levels}"),
    }
}
