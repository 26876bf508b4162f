//! What leaves the explorer: work for the runner that is no search of the list, what it reports, and a view as a shell
//! command.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clipboard::Wrap;
use crate::config::Clipboard;
use crate::event::{EventId, Timestamp, Zone};
use crate::export::runbook::RunFormat;
use crate::export::{Format, TABLE_ROWS};
use crate::query::ast::{Ast, TimeExpr};
use crate::query::{BindContext, Query};
use crate::runbook::{Inputs, Runbook};
use crate::text::shell;

/// What the explorer knows of the world for sharing; from the composition root.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// What is open, as it can be named on a command line.
    pub paths: Vec<PathBuf>,
    /// What is open is removed when the explorer is left.
    pub passing: bool,
    /// Who runs it (`alice (uid 1000) on bastion`), for reports.
    pub who: String,
    pub clipboard: Clipboard,
    pub wrap: Wrap,
    /// Where copies go that the clipboard does not take.
    pub folder: Option<PathBuf>,
    pub home: Option<PathBuf>,
}

/// Sharing as it stands.
#[derive(Clone, Debug, Default)]
pub struct Sharing {
    pub setup: Setup,
    /// The export that runs.
    pub export: Option<Running>,
    /// The count that a typed line waits for.
    pub counting: Option<u64>,
    /// Lines of the palette that were run, the latest first.
    pub history: Vec<String>,
    last: u64,
}

impl Sharing {
    /// A number for a job, so that what others report can be told apart.
    pub fn next_job(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// An export that runs.
#[derive(Clone, Debug)]
pub struct Running {
    pub job: u64,
    pub path: PathBuf,
    /// Written so far; `None` where it is not events that are written.
    pub events: Option<u64>,
}

/// Work for the runner.
#[derive(Clone, Debug)]
pub enum Share {
    Export(Export),
    Evidence(Evidence),
    RunReport(Box<RunJob>),
    /// The export or the report.
    CancelExport,
    /// Count what a query matches; replaces the count before it.
    Count {
        job: u64,
        query: Query,
        now: Option<Timestamp>,
        zone: Zone,
    },
    /// What the clipboard does not take.
    CopyToFile {
        folder: PathBuf,
        what: String,
        text: String,
    },
}

/// One export to a file.
#[derive(Clone, Debug)]
pub struct Export {
    pub job: u64,
    pub format: Format,
    pub path: PathBuf,
    pub query: Query,
    /// What relative times count from instead of the clock.
    pub now: Option<Timestamp>,
    pub zone: Zone,
    pub who: String,
    /// What is open.
    pub paths: Vec<PathBuf>,
}

/// An evidence report to a file.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub job: u64,
    pub path: PathBuf,
    /// What is open.
    pub paths: Vec<PathBuf>,
    pub zone: Zone,
}

/// A report of a runbook's run to a file.
#[derive(Clone, Debug)]
pub struct RunJob {
    pub job: u64,
    pub path: PathBuf,
    pub format: RunFormat,
    pub runbook: Arc<Runbook>,
    pub inputs: Inputs,
    /// Those that were looked at.
    pub steps: Vec<StepJob>,
    /// The step one stands at, from 0 on.
    pub at: usize,
    /// Steps that were looked at for other inputs only, from 1 on.
    pub looked_before: Vec<usize>,
    /// What relative times count from instead of the clock.
    pub now: Option<Timestamp>,
    pub zone: Zone,
    pub who: String,
    /// What is open.
    pub paths: Vec<PathBuf>,
    /// The text to hand over, where a person changed it.
    pub letter: Option<String>,
    /// What the inputs were when it was changed, if they are others now.
    pub letter_was: Option<String>,
    /// One stands at the end: the words it ended with.
    pub ended: Option<String>,
}

/// What a person did at one step.
#[derive(Clone, Debug, Default)]
pub struct StepJob {
    /// From 0 on.
    pub step: usize,
    /// What became of it, and when.
    pub mark: Option<String>,
    /// The branch that was taken, from 0 on.
    pub took: Option<usize>,
    pub note: Option<String>,
    /// What the inputs were when events were kept or the note was written, if they are others now.
    pub before: Option<String>,
    /// What a person made of its query.
    pub query: Option<String>,
    /// Events kept as evidence.
    pub pins: Vec<PinJob>,
}

/// An event that was kept as evidence.
#[derive(Clone, Debug)]
pub struct PinJob {
    pub id: EventId,
    /// The note on it.
    pub note: Option<String>,
    /// What the inputs were when it was kept, if they are others now.
    pub before: Option<String>,
}

impl Evidence {
    /// The command that checks the same again.
    pub fn again(&self) -> String {
        let paths = self.paths.iter().map(|path| shell::word(path.as_os_str()));
        let words = ["auditty".to_owned(), "verify".to_owned()].into_iter();
        words.chain(paths).collect::<Vec<_>>().join(" ")
    }
}

/// What became of it.
#[derive(Debug)]
pub enum News {
    Progress {
        job: u64,
        events: u64,
    },
    /// What was written, or why there is no file.
    Exported {
        job: u64,
        result: Result<Written, String>,
    },
    /// Bytes that the evidence report has and whether it is read as a log now, or why there is none.
    Reported {
        job: u64,
        result: Result<(u64, bool), String>,
    },
    Counted {
        job: u64,
        result: Result<u64, String>,
    },
    /// What was copied, and the file it is in.
    Copied {
        what: String,
        result: Result<PathBuf, String>,
    },
}

/// An export that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub events: u64,
    pub bytes: u64,
    /// Everything was searched; else more may match than was written.
    pub complete: bool,
    /// It lies in a folder that is open, and is read as a log now.
    pub is_log: bool,
}

/// The view as a command for a shell: the same query on the same paths, every time absolute, so that it shows the same
/// to somebody else and tomorrow.
/// `columns` are those that somebody chose; `total` is how many events match, which decides whether they can be printed
/// oldest first, as the list has them, without leaving out the newest.
pub fn command(
    query: &Query,
    now: Timestamp,
    zone: Zone,
    paths: &[PathBuf],
    columns: Option<&[String]>,
    total: Option<u64>,
) -> String {
    let bound = query.bind(&BindContext {
        now,
        zone,
        paths: None,
    });
    let settled = bound.map_or_else(|_| query.clone(), |bound| Query { ast: bound.ast });
    let (mut since, mut until, mut rest) = (None, None, Vec::new());
    for term in settled.conjuncts() {
        match term {
            Ast::Since(TimeExpr::At(at)) if since.is_none() => since = Some(at),
            Ast::Until(TimeExpr::At(at)) if until.is_none() => until = Some(at),
            other => rest.push(other),
        }
    }
    let text = match Query::from_conjuncts(rest).to_string() {
        all if all.is_empty() => "*".to_owned(),
        text => text,
    };
    let mut words = vec!["auditty".to_owned(), "search".to_owned()];
    // A query that begins with a dash is taken for a flag unless it comes after all of them.
    let mut last = Vec::new();
    let query = shell::word(OsStr::new(&text));
    if text.starts_with('-') {
        last.push("--".to_owned());
        last.push(query);
    } else {
        words.push(query);
    }
    let named = paths.iter().map(|path| shell::word(path.as_os_str()));
    if last.is_empty() {
        words.extend(named);
    } else {
        last.extend(named);
    }
    for (flag, at) in [("--since", since), ("--until", until)] {
        if let Some(at) = at {
            words.push(flag.to_owned());
            words.push(at.brief());
        }
    }
    if let Some(columns) = columns {
        words.push("--fields".to_owned());
        words.push(shell::word(OsStr::new(&columns.join(","))));
    }
    if total.is_some_and(|total| total <= TABLE_ROWS as u64) {
        words.push("--sort asc".to_owned());
    }
    words.push("--tz".to_owned());
    words.push(shell::word(OsStr::new(&zone.to_string())));
    words.extend(last);
    words.join(" ")
}

/// A name for an export nobody named.
pub fn default_file(format: Format, now: Timestamp) -> String {
    let ending = match format {
        Format::Csv | Format::RawCsv => "csv",
        Format::Markdown | Format::Report => "md",
        Format::Raw | Format::Table | Format::Plain => "log",
        Format::Jsonl | Format::Ecs => "jsonl",
    };
    let what = if format == Format::Report {
        "access-report"
    } else {
        "auditty"
    };
    let at = now.to_utc().format("%Y%m%dT%H%M%SZ");
    format!("~/{what}-{at}.{ending}")
}

/// A name for an evidence report nobody named.
pub fn default_evidence(now: Timestamp) -> String {
    let at = now.to_utc().format("%Y%m%dT%H%M%SZ");
    format!("~/integrity-report-{at}.md")
}

/// A name for the report of a run that nobody named.
pub fn default_run_report(id: &str, extension: &str, now: Timestamp) -> String {
    let at = now.to_utc().format("%Y%m%dT%H%M%SZ");
    format!("~/{id}-{at}.{extension}")
}

/// The format that a file's name asks for.
pub fn format_of(path: &Path) -> Option<Format> {
    Some(
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Format::Jsonl,
            "csv" => Format::Csv,
            "md" | "markdown" => Format::Markdown,
            "log" | "raw" | "txt" => Format::Raw,
            _ => return None,
        },
    )
}
