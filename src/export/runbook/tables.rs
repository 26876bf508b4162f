//! The tables of a report, the same whatever they are written as.

use super::{Group, Row, RunReport, StepReport};
use crate::event::{Timestamp, Zone};
use crate::text::count::number;

/// A head, and rows as wide as it.
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// Its cells are sentences of the runbook, in which code may stand, rather than what logs hold.
    pub(super) is_prose: bool,
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        head: head.iter().map(|name| (*name).to_owned()).collect(),
        rows,
        is_prose: false,
    }
}

pub(super) fn time(at: Timestamp, zone: Zone) -> String {
    format!("{} {zone}", zone.format(at))
}

/// `, from … to …`; nothing where no row has a time.
pub(super) fn period(step: &StepReport, zone: Zone) -> String {
    match (step.first, step.last) {
        (Some(first), Some(last)) => {
            format!(", from {} to {}", time(first, zone), time(last, zone))
        }
        _ => String::new(),
    }
}

/// What the run is, by whom and when.
pub(super) fn facts(report: &RunReport, zone: Zone) -> Table {
    let book = &report.runbook;
    let mut rows = vec![
        ("runbook", format!("{} from {}", book.id, book.origin)),
        ("its SHA-256", book.sha256.clone()),
        ("made by", report.by.clone()),
        ("made on", time(report.at, zone)),
        (
            "made with",
            concat!("auditty ", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
    ];
    rows.extend(report.inputs.iter().map(|g| (&*g.label, g.said())));
    rows.extend(report.window.iter().map(|w| ("window", w.clone())));
    rows.push(("result", report.result().to_owned()));
    rows.push(("how it ended", report.end.clone()));
    let rows = rows
        .into_iter()
        .map(|(what, value)| vec![what.to_owned(), value]);
    Table {
        is_prose: true,
        ..table(&["what", "value"], rows.collect())
    }
}

/// That the text to hand over is of other inputs.
pub(super) fn written_before(was: &str) -> String {
    format!("Written by hand before the inputs were changed, when {was}.")
}

/// One row a step.
pub(super) fn overview(report: &RunReport) -> Table {
    let rows = report.steps.iter().map(|step| {
        let asked = step.query.as_ref();
        vec![
            step.number.to_string(),
            step.title.clone(),
            asked.map(|_| number(step.rows)).unwrap_or_default(),
            step.expectation.clone().unwrap_or_default(),
            step.verdict().to_owned(),
            step.went_on(),
        ]
    });
    let head = ["step", "title", "rows", "expected", "verdict", "went on"];
    Table {
        is_prose: true,
        ..table(&head, rows.collect())
    }
}

/// Events with what makes them evidence.
pub(super) fn events(columns: &[String], events: &[Row]) -> Table {
    let with_notes = events
        .iter()
        .any(|row| row.note.is_some() || row.before.is_some());
    let has = |name: &str| columns.iter().any(|column| column == name);
    // What the step shows itself is not shown twice.
    let (with_chain, with_place) = (!has("chain"), !(has("source") && has("line")));
    let mut head = columns.to_vec();
    head.extend(with_chain.then(|| "chain".to_owned()));
    head.extend(with_place.then(|| "where".to_owned()));
    head.extend(["record", "SHA-256 of the record"].map(str::to_owned));
    head.extend(with_notes.then(|| "note".to_owned()));
    let rows = events.iter().map(|row| {
        let place = match row.line {
            Some(line) => format!("{} line {line}", row.source),
            None => row.source.clone(),
        };
        let mut cells = row.cells.clone();
        cells.extend(with_chain.then(|| row.chain.clone()));
        cells.extend(with_place.then_some(place));
        cells.extend([row.id.clone(), row.sha256.clone()]);
        let before = row.before.as_ref().map(|was| format!("kept when {was}"));
        let note: Vec<String> = row.note.iter().cloned().chain(before).collect();
        cells.extend(with_notes.then(|| note.join("; ")));
        cells
    });
    Table {
        rows: rows.collect(),
        head,
        is_prose: false,
    }
}

pub(super) fn group(group: &Group) -> Table {
    let rest = [("(others)", group.other), ("(not named)", group.missing)];
    let rest = rest.into_iter().filter(|(_, n)| *n > 0);
    let values = group.values.iter().map(|(value, n)| (value.as_str(), *n));
    let rows = values.chain(rest);
    let rows = rows.map(|(value, n)| vec![value.to_owned(), number(n)]);
    table(&[&group.field, "rows"], rows.collect())
}

/// What was searched.
pub(super) fn sources(report: &RunReport, zone: Zone) -> Table {
    let end = |at: Option<Timestamp>| at.map_or("none".to_owned(), |at| time(at, zone));
    let rows = report.sources.iter().map(|s| {
        vec![
            s.name.clone(),
            s.format.clone(),
            number(s.events),
            number(s.unparsed),
            end(s.first),
            end(s.last),
            s.integrity.clone(),
        ]
    });
    let head = [
        "source",
        "format",
        "events",
        "unparsed",
        "oldest",
        "newest",
        "were its records changed?",
    ];
    table(&head, rows.collect())
}
