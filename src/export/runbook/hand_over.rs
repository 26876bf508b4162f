//! The text a runbook escalates with, filled with what was found.

use super::{Row, RunReport, StepReport, not_asked};
use crate::event::field::Field;
use crate::event::{BreakKind, Level};
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};
use crate::runbook::fill;
use crate::text::count::{counted, number};

/// Record ids written out.
const IDS: usize = 20;

/// For a runbook that brings none of its own.
const USUAL: &str = "\
{runbook.title} ({runbook.id}), step {step}: {found}
Given: {inputs}
Range: {window}
Query: {query}
Tried: {tried}
Can the records be trusted: {verdict}. {coverage}
Record ids: {ids}";

/// Fills a template, or the usual one; what it does not know stays as it is written.
pub fn hand_over(report: &RunReport, template: Option<&str>) -> String {
    // The lines are the template's: no file's name and no value begins one of its own.
    let one_line = |text: String| text.replace(['\n', '\r'], " ");
    fill(template.unwrap_or(USUAL), |name| {
        value(report, name).map(one_line)
    })
}

fn value(report: &RunReport, name: &str) -> Option<String> {
    let here = report.current();
    let text = match name {
        "runbook.id" => report.runbook.id.clone(),
        "runbook.title" => report.runbook.title.clone(),
        "step" => here.map_or_else(String::new, |s| format!("{} ({})", s.number, s.title)),
        "found" => here.map_or_else(String::new, |s| counted(s.rows, "row", "rows")),
        "rows" => here.map_or_else(String::new, |s| number(s.rows)),
        "chain" | "verdict" => format!("{}{}", verdict(report), broken_elsewhere(report)),
        "window" => report.window.clone().unwrap_or_else(|| "all times".into()),
        "query" => here
            .and_then(query)
            .unwrap_or_else(|| "none: this step asks nothing".to_owned()),
        "inputs" => report
            .inputs
            .iter()
            .map(|given| format!("{}: {}", given.label, given.said()))
            .collect::<Vec<_>>()
            .join("; "),
        "grant" => "none".to_owned(),
        "ids" => ids(report),
        "tried" => report
            .steps
            .iter()
            .filter(|step| step.query.is_some() || step.unasked.is_some() || step.mark.is_some())
            .map(tried)
            .collect::<Vec<_>>()
            .join("; "),
        "coverage" => report.coverage.join(" "),
        _ => match name.strip_prefix("filters.") {
            Some(field) => filters(report, field),
            None => {
                let given = report.inputs.iter().find(|given| given.name == name)?;
                given.said()
            }
        },
    };
    Some(text)
}

fn query(step: &StepReport) -> Option<String> {
    let unasked = step.unasked.as_ref();
    step.query
        .clone()
        .or_else(|| unasked.map(|why| not_asked(why)))
}

fn tried(step: &StepReport) -> String {
    let rows = match (&step.unasked, &step.query) {
        (Some(why), _) => Some(not_asked(why)),
        (None, query) => query.as_ref().map(|_| counted(step.rows, "row", "rows")),
    };
    let verdict = step.unasked.is_none().then(|| step.verdict());
    let verdict = verdict.filter(|said| !said.is_empty());
    let said = rows.into_iter().chain(verdict.map(str::to_owned));
    let said: Vec<String> = said.chain(step.mark.clone()).collect();
    // A title that asks is answered.
    let colon = if step.title.ends_with('?') { "" } else { ":" };
    format!("{} {}{colon} {}", step.number, step.title, said.join(", "))
}

/// What the chain check says of every row that was looked at.
fn verdict(report: &RunReport) -> String {
    let mut sums: Vec<(&str, u64)> = Vec::new();
    for (verdict, rows) in report.steps.iter().flat_map(|step| &step.verdicts) {
        match sums.iter_mut().find(|(known, _)| known == verdict) {
            Some((_, sum)) => *sum = (*sum).max(*rows),
            None => sums.push((verdict, *rows)),
        }
    }
    // Rows of several steps are often the same: a count of all would count them twice.
    let of = |wanted: fn(Level) -> bool| -> Vec<&str> {
        let kinds = sums.iter().map(|(verdict, _)| *verdict);
        kinds
            .filter(|v| BreakKind::from_name(v).is_some_and(|kind| wanted(kind.level())))
            .collect()
    };
    let broken = of(|level| level == Level::Alarm);
    let odd = of(|level| level != Level::Alarm);
    let has = |wanted: &str| sums.iter().any(|(verdict, _)| *verdict == wanted);
    if broken.is_empty() && !odd.is_empty() {
        return format!(
            "no proof that they were changed, but to look at: {}",
            odd.join(", ")
        );
    }
    // Neither good nor bad: not looked at yet, or nothing to check it by.
    let is_open = |verdict: &str| {
        !matches!(verdict, "verified" | "unchained") && BreakKind::from_name(verdict).is_none()
    };
    let open = sums.iter().map(|(verdict, _)| *verdict);
    let open: Vec<&str> = open.filter(|verdict| is_open(verdict)).collect();
    if broken.is_empty() && !open.is_empty() {
        let open = open.join(", ");
        return match has("verified") {
            true => format!("verified in part, the rest is {open}"),
            false => format!("cannot be told: {open}"),
        };
    }
    match (broken.is_empty(), has("verified"), has("unchained")) {
        (false, ..) => format!("BROKEN ({})", broken.join(", ")),
        (true, true, false) => "verified".to_owned(),
        (true, true, true) => "verified in part, the rest has no hash chain".to_owned(),
        (true, false, true) => "cannot be told: no hash chain".to_owned(),
        (true, false, false) => "nothing was found to check".to_owned(),
    }
}

/// Chains that are broken where no row was looked at.
fn broken_elsewhere(report: &RunReport) -> String {
    let seen = report.steps.iter().flat_map(|step| &step.verdicts);
    let is_alarm =
        |name: &str| BreakKind::from_name(name).is_some_and(|kind| kind.level() == Level::Alarm);
    if seen.into_iter().any(|(verdict, _)| is_alarm(verdict)) {
        return String::new();
    }
    let broken = report.sources.iter().filter(|source| source.is_broken);
    let broken: Vec<&str> = broken.map(|source| &*source.name).collect();
    match broken.as_slice() {
        [] => String::new(),
        names => format!("; elsewhere BROKEN in {}", names.join(", ")),
    }
}

/// Of the events kept as evidence, else of the rows of the current step, else of the last one that has any.
fn ids(report: &RunReport) -> String {
    let kept = report.steps.iter().flat_map(|step| &step.pins);
    let mut ids: Vec<String> = Vec::new();
    for id in kept.map(id) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        // The current step may be one that asks for nothing.
        let mut steps = report
            .current()
            .into_iter()
            .chain(report.steps.iter().rev());
        let found = steps.find(|step| !step.shown.is_empty());
        let rows = found.into_iter().flat_map(|step| &step.shown);
        ids = rows.map(|row| row.id.clone()).collect();
    }
    let more = ids.len().saturating_sub(IDS);
    let mut text = ids[..ids.len() - more].join(" ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
    }
}

fn id(kept: &Row) -> String {
    match &kept.before {
        Some(was) => format!("{} (kept when {was})", kept.id),
        None => kept.id.clone(),
    }
}

/// What the queries ask of a field, each once.
fn filters(report: &RunReport, field: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    // The name as the query language reads it: `user` is `actor` there.
    let field = match Field::find(field) {
        Some(known) => FieldRef::Normal(known),
        None => FieldRef::Attribute(field.trim_start_matches('.').to_owned()),
    };
    for query in report.steps.iter().filter_map(|s| s.query.as_deref()) {
        if let Ok(query) = Query::parse(query) {
            collect(&query.ast, &field, false, &mut found);
        }
    }
    if found.is_empty() {
        "any".to_owned()
    } else {
        found.join("; ")
    }
}

fn collect(ast: &Ast, field: &FieldRef, excluded: bool, found: &mut Vec<String>) {
    match ast {
        Ast::And(terms) | Ast::Or(terms) => {
            for term in terms {
                collect(term, field, excluded, found);
            }
        }
        Ast::Not(term) => collect(term, field, !excluded, found),
        Ast::Field(named, test) if named == field => {
            let asked = format!("{}{test}", if excluded { "not " } else { "" });
            if !found.contains(&asked) {
                found.push(asked);
            }
        }
        _ => {}
    }
}
