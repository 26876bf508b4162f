//! `auditty doctor`: what could go wrong here, with the fix for each.

mod host;
mod sources;

use std::path::PathBuf;

use serde::Serialize;

use super::app::App;
use super::args::{DoctorArgs, ReportFormat};
use super::exit::{Exit, Failure};
use super::look::Look;
use sources::Found;

/// Sources and skipped files printed as text; JSON has all.
const SHOWN: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    /// Works, and could work better.
    Warning,
    /// Something that was asked for cannot be read.
    Unreadable,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Check {
    area: &'static str,
    level: Level,
    what: String,
    /// What to do about it, or what to know.
    fix: Option<String>,
}

impl Check {
    fn ok(area: &'static str, what: impl Into<String>) -> Self {
        Self {
            area,
            level: Level::Ok,
            what: what.into(),
            fix: None,
        }
    }

    fn warning(area: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            fix: Some(fix.into()),
            ..Self::ok(area, what)
        }
    }

    fn hint(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

#[derive(Debug, Serialize)]
struct Report {
    level: Level,
    checks: Vec<Check>,
    sources: Vec<sources::Source>,
    skipped: Vec<sources::Skipped>,
}

pub(super) fn run(args: &DoctorArgs, app: &mut App) -> Result<Exit, Failure> {
    let paths: Vec<PathBuf> = app.sources(&args.paths);
    let found = Found::look(&paths, &app.settings);
    let look = Look::load(app).map_err(|error| Failure::Failed(error.to_string()))?;
    let mut checks = host::terminal(app, &look);
    checks.extend(host::locale(app));
    checks.extend(host::directories(app));
    checks.extend(host::settings(app, &look));
    checks.extend(host::watching(found.directories));
    checks.extend(host::disk(app, found.bytes()));
    checks.push(found.check());
    let unreadable = found.skipped.iter().map(|s| s.level);
    let level = checks.iter().map(|c| c.level).chain(unreadable).max();
    let report = Report {
        level: level.unwrap_or(Level::Ok),
        checks,
        sources: found.sources,
        skipped: found.skipped,
    };
    match args.format {
        ReportFormat::Json => {
            let text = serde_json::to_string_pretty(&report);
            let text = text.map_err(|error| Failure::Failed(error.to_string()))?;
            writeln!(app.out, "{text}")?;
        }
        ReportFormat::Text => print(&report, app)?,
    }
    Ok(match report.level {
        Level::Ok => Exit::Ok,
        Level::Warning => Exit::NoMatch,
        Level::Unreadable => Exit::Failed,
    })
}

fn sign(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warning => "!!",
        Level::Unreadable => "XX",
    }
}

fn print(report: &Report, app: &mut App) -> Result<(), Failure> {
    let charset = app.style.charset;
    let safe = |text: &str| charset.line(text, usize::MAX);
    let mut area = "";
    for check in &report.checks {
        if check.area != area {
            area = check.area;
            writeln!(app.out, "{area}")?;
        }
        writeln!(app.out, "  {}  {}", sign(check.level), safe(&check.what))?;
        if let Some(fix) = &check.fix {
            writeln!(app.out, "      {}", safe(fix))?;
        }
    }
    for source in report.sources.iter().take(SHOWN) {
        let files = match source.files {
            1 => String::new(),
            n => format!("  ({n} files)"),
        };
        let size = super::app::size(source.bytes);
        let (path, format) = (safe(&source.path), safe(&source.format));
        writeln!(app.out, "      {size:>9}  {format:12}  {path}{files}")?;
    }
    more(report.sources.len(), "sources", app)?;
    // What can be mended first.
    let mut skipped: Vec<&sources::Skipped> = report.skipped.iter().collect();
    skipped.sort_by_key(|skipped| std::cmp::Reverse(skipped.level));
    for skipped in skipped.into_iter().take(SHOWN) {
        let (path, why) = (safe(&skipped.path), safe(&skipped.why));
        writeln!(app.out, "  {}  skipped {path}", sign(skipped.level))?;
        writeln!(app.out, "      {why}")?;
    }
    more(report.skipped.len(), "skipped paths", app)
}

fn more(count: usize, what: &str, app: &mut App) -> Result<(), Failure> {
    if count > SHOWN {
        let rest = count - SHOWN;
        writeln!(
            app.out,
            "      and {rest} more {what}; --format json lists all"
        )?;
    }
    Ok(())
}
