//! `auditty runbook run`: the steps one after the other, as far as what is found decides the way.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::app::App;
use crate::cli::args::RunArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::open::{self, Mode};
use crate::cli::{problem, progress, who};
use crate::engine::{Cancel, Info};
use crate::event::Timestamp;
use crate::export::file::{Target, expand_home};
use crate::export::runbook::{
    Asking, Ended, GatherError, Given, RunFormat, RunReport, StepReport, Takes, foreign, hand_over,
    not_asked, walk,
};
use crate::runbook::{Inputs, Runbook};
use crate::text::Charset;
use crate::text::count::{counted, number};

/// Rows and values printed of each step.
const SHOWN: usize = 5;
/// Columns of one value at most.
const CELL: usize = 40;

impl From<GatherError> for Failure {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Engine(error) => error.into(),
            GatherError::Input(error) => Self::Usage(error.to_string()),
        }
    }
}

pub(super) fn run(args: &RunArgs, app: &mut App) -> Result<Exit, Failure> {
    let runbook = super::find(&args.id, app)?;
    let inputs = inputs(&runbook, args, app)?;
    let takes = takes(&runbook, args)?;
    let targets = targets(&args.report)?;
    let opened = open::open(&app.sources(&args.paths), &app.settings, Mode::Complete)?;
    progress::wait(&opened, app);
    let info = opened.engine.status();
    // Nothing found in logs that are none of those the runbook reads proves nothing.
    let foreign = foreign(&runbook, &info);
    if let Some(why) = &foreign {
        app.talk(why);
    }
    let cancel = Cancel::default();
    let asking = Asking {
        engine: &*opened.engine,
        runbook: &runbook,
        inputs: &inputs,
        now: app.now,
        zone: app.settings.zone,
        paths: &opened.paths,
        rows: args.rows,
        cancel: &cancel,
    };
    head(&runbook, &inputs, app)?;
    let mut printed = Ok(());
    let (steps, ended) = walk(&asking, &takes, &mut |step| {
        if printed.is_ok() {
            printed = print(step, app);
        }
    })?;
    printed?;
    let (by, at) = (who::this_user(), app.now);
    let report = report(&asking, steps, &ended, &info, by, at);
    foot(&report, &ended, &runbook, app)?;
    for (target, format) in targets {
        write(&report, target, format, &opened.paths, app)?;
    }
    app.out.flush()?;
    let covers = opened.engine.status().covers;
    let is_partial = problem::tell_unread(&*opened.engine, &covers, app);
    // More that could be read would not undo an alarm.
    Ok(if report.has_alarm() {
        Exit::Alarm
    } else if is_partial || matches!(ended, Ended::Failed { .. }) {
        Exit::Failed
    } else if report.has_unmet() || report.is_unknown || foreign.is_some() {
        Exit::NoMatch
    } else {
        Exit::Ok
    })
}

fn inputs(runbook: &Runbook, args: &RunArgs, app: &App) -> Result<Inputs, Failure> {
    let mut given = Inputs::new();
    for (name, value) in &args.inputs {
        if given.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::Usage(format!("--input {name} is given twice")));
        }
    }
    let zone = app.settings.zone;
    runbook
        .check_inputs_in(&given, app.now, zone)
        .map_err(|errors| {
            let said = errors
                .iter()
                .map(|e| format!("--input {}=…: {}", e.name, e));
            Failure::Usage(said.collect::<Vec<_>>().join("\n"))
        })
}

/// What was decided beforehand, each for a step and a branch that there is.
fn takes(runbook: &Runbook, args: &RunArgs) -> Result<Takes, Failure> {
    let mut takes = Takes::new();
    for (name, branch) in &args.take {
        let number = name.parse::<usize>().ok();
        let steps = runbook.steps.iter().zip(1..);
        let mut found = steps.filter(|(step, n)| {
            let query = step.query.as_ref().map(|q| &q.id);
            step.id == *name || query == Some(name) || Some(*n) == number
        });
        let Some((step, n)) = found.next() else {
            let ids: Vec<&str> = runbook.steps.iter().map(|step| &*step.id).collect();
            return Err(Failure::Usage(format!(
                "--take {name}={branch}: there is no such step; they are 1 to {}, or {}",
                ids.len(),
                ids.join(", ")
            )));
        };
        if *branch > step.branches.len() {
            return Err(Failure::Usage(format!(
                "--take {name}={branch}: step {n} has {}",
                counted(step.branches.len() as u64, "branch", "branches")
            )));
        }
        if takes.insert(step.id.clone(), *branch).is_some() {
            return Err(Failure::Usage(format!(
                "--take {name}={branch}: step {n} is decided twice"
            )));
        }
    }
    Ok(takes)
}

/// Where reports go, refused before anything is read.
fn targets(reports: &[std::path::PathBuf]) -> Result<Vec<(Target, RunFormat)>, Failure> {
    let twice = reports.iter().enumerate().find(|(i, path)| {
        let same = |other: &std::path::PathBuf| {
            std::path::absolute(other).ok() == std::path::absolute(path).ok()
        };
        reports[..*i].iter().any(same)
    });
    if let Some((_, path)) = twice {
        return Err(Failure::Usage(format!(
            "--report {} is given twice",
            path.display()
        )));
    }
    let home = std::env::home_dir();
    let target = |path: &Path| {
        let path = expand_home(path, home.as_deref());
        let format = RunFormat::of(&path).ok_or_else(|| {
            Failure::Usage(format!(
                "--report {}: expected a name that ends in .md, .html or .json",
                path.display()
            ))
        })?;
        Ok((Target::create(&path)?, format))
    };
    reports.iter().map(|path| target(path)).collect()
}

/// What is written of a run.
pub(super) fn report(
    asking: &Asking<'_>,
    steps: Vec<StepReport>,
    ended: &Ended,
    info: &Info,
    by: String,
    at: Timestamp,
) -> RunReport {
    let (runbook, inputs) = (asking.runbook, asking.inputs);
    let mut report = RunReport {
        by,
        at,
        steps,
        end: ended.sentence(),
        is_open: matches!(
            ended,
            Ended::Person { .. }
                | Ended::NotKnown { .. }
                | Ended::Back { .. }
                | Ended::Failed { .. }
        ),
        is_unknown: matches!(ended, Ended::NotKnown { .. }),
        ..RunReport::of(runbook, inputs, info)
    };
    report.hand_over = Some(hand_over(&report, runbook.escalation.as_deref()));
    report
}

fn head(runbook: &Runbook, inputs: &Inputs, app: &mut App) -> Result<(), Failure> {
    let safe = |text: &str| app.style.charset.line(text, app.style.width);
    let mut text = format!("{}\n", safe(&runbook.title));
    for given in Given::all(runbook, inputs) {
        text.push_str(&format!(
            "  {}\n",
            safe(&format!("{}: {}", given.label, given.said()))
        ));
    }
    if let Some(window) = runbook.window_text(inputs) {
        text.push_str(&format!("  {}\n", safe(&format!("window: {window}"))));
    }
    app.out.write_all(text.as_bytes())?;
    Ok(())
}

fn print(step: &StepReport, app: &mut App) -> Result<(), Failure> {
    let width = app.style.width;
    let charset = app.style.charset;
    let out = &mut app.out;
    let mut say = |indent: usize, text: &str| -> Result<(), Failure> {
        let room = width.saturating_sub(indent);
        writeln!(out, "{:indent$}{}", "", charset.line(text, room))?;
        Ok(())
    };
    say(0, "")?;
    say(0, &format!("{} {}", step.number, step.title))?;
    if step.query.is_some() {
        let rows = counted(step.rows, "row", "rows");
        let verdict = match &step.expectation {
            Some(expectation) => format!(", expected {expectation}: {}", step.verdict()),
            None if step.is_alarm() => ", ALARM".to_owned(),
            None => String::new(),
        };
        let part = if step.complete { "" } else { " so far" };
        say(4, &format!("{rows}{part}{verdict}"))?;
    }
    if let Some(why) = &step.unasked {
        say(4, &not_asked(why))?;
    }
    for line in table(step, charset) {
        say(4, &line)?;
    }
    let listed = step.shown.len().min(SHOWN) as u64;
    if step.rows > listed && listed > 0 {
        say(4, &format!("and {} more", number(step.rows - listed)))?;
    }
    if let Some(group) = &step.group {
        let values = group.values.iter().take(SHOWN);
        let values: Vec<String> = values.map(|(v, n)| format!("{v} {}", number(*n))).collect();
        let more = group.values.len().saturating_sub(SHOWN);
        let more = if more > 0 || group.other > 0 {
            ", …"
        } else {
            ""
        };
        if !values.is_empty() {
            say(
                4,
                &format!("by {}: {}{more}", group.field, values.join(", ")),
            )?;
        }
    }
    let broken = step
        .verdicts
        .iter()
        .filter(|(verdict, _)| !matches!(&**verdict, "verified" | "unchained" | "pending"));
    for (verdict, rows) in broken {
        let rows = counted(*rows, "row", "rows");
        say(4, &format!("chain: {rows} {verdict}"))?;
    }
    if let Some(fields) = step.unknown_fields() {
        say(4, &fields)?;
    }
    if let Some(doubt) = &step.doubt {
        say(4, &format!("finding nothing says nothing: {doubt}"))?;
    }
    if !step.way.is_empty() {
        // What a person is told to do is not cut.
        let way = charset.line(&step.way, usize::MAX);
        writeln!(app.out, "    went on {way}")?;
    }
    Ok(())
}

/// The oldest rows as lines with a head, each column as wide as what stands in it.
fn table(step: &StepReport, charset: Charset) -> Vec<String> {
    if step.shown.is_empty() {
        return Vec::new();
    }
    let safe = |cells: &[String]| -> Vec<String> {
        cells.iter().map(|cell| charset.line(cell, CELL)).collect()
    };
    let rows = step.shown.iter().take(SHOWN).map(|row| safe(&row.cells));
    let rows: Vec<Vec<String>> = std::iter::once(safe(&step.columns)).chain(rows).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| crate::text::width(&row[column]));
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..step.columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| charset.fit(cell, *width))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn foot(
    report: &RunReport,
    ended: &Ended,
    runbook: &Runbook,
    app: &mut App,
) -> Result<(), Failure> {
    let charset = app.style.charset;
    writeln!(app.out)?;
    writeln!(app.out, "{}", charset.line(report.result(), usize::MAX))?;
    writeln!(app.out, "{}", charset.line(&report.end, usize::MAX))?;
    if let Ended::Person { step, branches } = ended
        && !branches.is_empty()
    {
        let id = &runbook.steps[step - 1].id;
        let id = charset.line(id, usize::MAX);
        app.talk(&format!(
            "--take {step}=N (or --take {id}=N) decides it beforehand"
        ));
    }
    Ok(())
}

fn write(
    report: &RunReport,
    mut target: Target,
    format: RunFormat,
    open: &[PathBuf],
    app: &mut App,
) -> Result<(), Failure> {
    let path = target.path().to_owned();
    let mut buffered = std::io::BufWriter::new(&mut target);
    report.write(&mut buffered, format, app.settings.zone)?;
    buffered.flush()?;
    drop(buffered);
    let bytes = target.keep()?;
    app.talk_of_file(bytes, &path, open);
    Ok(())
}
