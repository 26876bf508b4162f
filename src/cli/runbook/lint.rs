//! `auditty runbook lint`: is a runbook right by itself, does it name fields that there are, does it find what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::cases::{Case, Cases, Outcome};
use crate::cli::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::open::{self, Mode};
use crate::engine::Cancel;
use crate::event::field::Field;
use crate::export::runbook::{Asking, Ended, GatherError, RunReport, Takes, walk};
use crate::format::Registry;
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};
use crate::runbook::{Library, Runbook, RunbookError};
use crate::text::count::counted;
use crate::text::suggest::hint;

/// What is known by a name of its own in `show=` beside fields and attributes.
const SHOWN: [&str; 2] = ["attributes", "raw"];

pub(super) fn run(paths: &[PathBuf], app: &mut App) -> Result<Exit, Failure> {
    let mut faults: Vec<RunbookError> = Vec::new();
    let mut files: Vec<PathBuf> = Vec::new();
    let (mut seen, mut cases, mut untried) = (0_u64, 0_u64, 0_u64);
    if paths.is_empty() {
        let library = Library::load(&app.settings.runbooks);
        let own = library.runbooks.iter().filter(|r| r.origin != "bundled");
        files.extend(own.map(|r| PathBuf::from(&r.origin)));
        let bundled = library.runbooks.iter().filter(|r| r.origin == "bundled");
        let bundled = bundled.count() as u64;
        (seen, untried) = (seen + bundled, untried + bundled);
        faults.extend(library.errors);
    }
    for path in paths {
        if path.is_dir() {
            files
                .extend(Library::files(path).map_err(|e| {
                    Failure::Failed(format!("cannot read {}: {e}", path.display()))
                })?);
        } else if path.exists() {
            files.push(path.clone());
        } else {
            let why = "there is no such file or folder";
            return Err(Failure::Failed(format!("{}: {why}", path.display())));
        }
    }
    if paths.len() + files.len() > 0 && files.is_empty() {
        return Err(Failure::Usage("there is no runbook (*.md) here".into()));
    }
    // Of two in one folder the one whose file comes later would be all there is.
    let mut ids: BTreeMap<(PathBuf, String), PathBuf> = BTreeMap::new();
    for path in &files {
        seen += 1;
        let (found, checked, id) = lint(path, app)?;
        if let Some(id) = id {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            if let Some(first) = ids.insert((folder, id.clone()), path.clone()) {
                faults.push(RunbookError {
                    path: path.clone(),
                    line: 1,
                    message: format!("its id `{id}` is also that of {}", first.display()),
                });
            }
        }
        faults.extend(found);
        cases += checked;
        untried += u64::from(checked == 0);
    }
    for fault in &faults {
        let text = app.style.charset.line(&fault.to_string(), usize::MAX);
        writeln!(app.out, "{text}")?;
    }
    let untried = match untried {
        0 => String::new(),
        1 => ", 1 without fixtures: whether its fields exist was not checked".to_owned(),
        n => format!(", {n} without fixtures: whether their fields exist was not checked"),
    };
    let looked_at = format!(
        "{}, {}{untried}",
        counted(seen, "runbook", "runbooks"),
        counted(cases, "case of fixtures", "cases of fixtures")
    );
    let wrong = counted(faults.len() as u64, "thing wrong", "things wrong");
    let said = if faults.is_empty() {
        "nothing wrong"
    } else {
        &wrong
    };
    app.talk(&format!("{looked_at}: {said}"));
    Ok(if faults.is_empty() {
        Exit::Ok
    } else {
        Exit::NoMatch
    })
}

/// What is wrong with one file, how many cases it was tried on, and its id if it can be used.
fn lint(path: &Path, app: &App) -> Result<(Vec<RunbookError>, u64, Option<String>), Failure> {
    let (runbook, mut faults) = match Runbook::read(path) {
        Err(error) => {
            // All of what is wrong rather than the first, where the text can be had.
            let all =
                Runbook::text(path).map(|text| Runbook::lint(&error.path.to_string_lossy(), &text));
            let faults = all.ok().filter(|all| !all.is_empty());
            return Ok((faults.unwrap_or_else(|| vec![error]), 0, None));
        }
        Ok(runbook) => {
            let overlooked = runbook.overlooked();
            (runbook, overlooked)
        }
    };
    let id = Some(runbook.id.clone());
    let fault = |line: usize, message: String| RunbookError {
        path: path.to_owned(),
        line,
        message,
    };
    let formats = Registry::with(&app.settings.formats).all();
    // One that is only guessed, such as json~, goes by its plain name.
    let ids: Vec<&str> = formats
        .iter()
        .map(|f| f.id().trim_end_matches('~'))
        .collect();
    for log in runbook
        .logs
        .iter()
        .filter(|log| !ids.contains(&log.as_str()))
    {
        let near = hint(log, ids.iter().copied());
        let text = Runbook::text(path).unwrap_or_default();
        faults.push(fault(
            line_of_log(&text, log),
            format!("logs: there is no format `{log}`{near}; auditty formats list names them"),
        ));
    }
    let cases = match Cases::beside(path) {
        Ok(None) => return Ok((faults, 0, id)),
        Err(error) => {
            faults.push(error);
            return Ok((faults, 0, id));
        }
        Ok(Some(cases)) => cases,
    };
    let mut known = BTreeSet::new();
    for case in &cases.cases {
        for (step, branch) in &case.promise.take {
            let number = step.parse::<usize>().ok();
            let mut steps = runbook.steps.iter().zip(1..);
            let found = steps.find(|(s, n)| s.id == *step || Some(*n) == number);
            if !found.is_some_and(|(s, _)| (1..=s.branches.len()).contains(branch)) {
                let message = format!(
                    "[{}] `take` names {step} = {branch}, which there is not",
                    case.name
                );
                faults.push(RunbookError {
                    path: cases.path.clone(),
                    line: cases.line_of(case, "take", step),
                    message,
                });
            }
        }
        faults.extend(tried(&runbook, &cases, case, &mut known, app)?);
    }
    if !known.is_empty() {
        for (line, name) in unknown_fields(&runbook, &known) {
            let near = hint(&name, known.iter().map(String::as_str));
            faults.push(fault(
                line,
                format!("`{name}` is a field of no event of the fixtures{near}"),
            ));
        }
    }
    Ok((faults, cases.cases.len() as u64, id))
}

/// The line on which the front matter names a format among its `logs`.
fn line_of_log(text: &str, log: &str) -> usize {
    let lines = text.lines().zip(1..).skip(1);
    let mut front = lines
        .take_while(|(line, _)| line.trim_end() != "---")
        .skip_while(|(line, _)| !line.starts_with("logs"))
        .peekable();
    let first = front.peek().map_or(1, |(_, number)| *number);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '~');
    let names = |line: &str| line.split(|c| !is_part(c)).any(|word| word == log);
    let found = front.find(|(line, _)| names(line));
    found.map_or(first, |(_, number)| number)
}

/// What a runbook does not find as promised; adds the attributes that the logs have to `known`.
fn tried(
    runbook: &Runbook,
    cases: &Cases,
    case: &Case,
    known: &mut BTreeSet<String>,
    app: &App,
) -> Result<Vec<RunbookError>, Failure> {
    let promise = &case.promise;
    let mut faults = Vec::new();
    // Told at the line where what is wrong stands: by the key, and by what stands in it.
    let mut wrong = |key: &str, item: &str, message: String| {
        faults.push(RunbookError {
            path: cases.path.clone(),
            line: cases.line_of(case, key, item),
            message: format!("[{}] {message}", case.name),
        });
    };
    let inputs = match runbook.check_inputs(&promise.inputs, cases.now) {
        Ok(inputs) => inputs,
        Err(errors) => {
            for error in &errors {
                wrong("inputs", &error.name, error.to_string());
            }
            return Ok(faults);
        }
    };
    let opened = open::open_apart(
        std::slice::from_ref(&case.logs),
        &app.settings,
        Mode::Complete,
    )?;
    opened.wait_complete(&mut |_| {});
    known.extend(opened.engine.info().paths.into_keys());
    let cancel = Cancel::default();
    let asking = Asking {
        engine: &*opened.engine,
        runbook,
        inputs: &inputs,
        now: cases.now,
        zone: crate::event::Zone::Utc,
        paths: &opened.paths,
        rows: 1,
        cancel: &cancel,
    };
    for (index, step) in runbook.steps.iter().enumerate() {
        let Some(query) = &step.query else { continue };
        let found = match asking.step(index) {
            Ok(report) => report.rows,
            Err(GatherError::Input(error)) => {
                wrong(
                    "inputs",
                    "",
                    format!("step {} cannot be asked: {error}", index + 1),
                );
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match promise.rows.get(&query.id) {
            Some(promised) if *promised == found => {}
            Some(promised) => wrong(
                "rows",
                &query.id,
                format!(
                    "`{}` finds {}, and {promised} are promised",
                    query.id,
                    counted(found, "row", "rows")
                ),
            ),
            None => wrong(
                "rows",
                "",
                format!(
                    "nothing is promised for `{}`, which finds {}: add it to `rows`",
                    query.id,
                    counted(found, "row", "rows")
                ),
            ),
        }
    }
    let ids: Vec<&str> = runbook
        .steps
        .iter()
        .filter_map(|s| Some(&*s.query.as_ref()?.id))
        .collect();
    for id in promise.rows.keys().filter(|id| !ids.contains(&id.as_str())) {
        let near = hint(id, ids.iter().copied());
        let message = format!("`rows` names `{id}`, and no query is called that{near}");
        wrong("rows", id, message);
    }
    let takes = Takes::from_iter(promise.take.clone());
    let (steps, ended) = match walk(&asking, &takes, &mut |_| {}) {
        // That a step cannot be asked is told above.
        Ok((_, Ended::Failed { .. })) => return Ok(faults),
        Ok(walked) => walked,
        Err(error) => return Err(error.into()),
    };
    let report = RunReport {
        steps,
        ..RunReport::default()
    };
    let outcome = match (report.has_alarm(), report.has_unmet()) {
        (true, _) => Outcome::Alarm,
        (false, true) => Outcome::Unmet,
        (false, false) => Outcome::Met,
    };
    let last = report
        .current()
        .map(|step| (step.number.to_string(), step.id.clone()));
    if let (Some(promised), Some((number, id))) = (promise.end(), last)
        && promised != number
        && promised != id
    {
        let message = format!(
            "it {}, at step {number} ({id}), and `{promised}` is promised",
            ended.sentence()
        );
        wrong("end", "", message);
    } else if promise.end.is_none() {
        let message = "`end` is missing: the step it ends at, by id or number";
        wrong("end", "", message.to_owned());
    }
    match promise.result {
        Some(promised) if promised == outcome => {}
        Some(promised) => wrong(
            "result",
            "",
            format!(
                "the result is {}, and {} is promised",
                outcome.word(),
                promised.word()
            ),
        ),
        None => {
            let message = format!("`result` is missing: it is {}", outcome.word());
            wrong("result", "", message);
        }
    }
    if let Ended::NotKnown { step, why } = ended {
        wrong("", "", format!("step {step} could not be decided: {why}"));
    }
    Ok(faults)
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Unmet => "unmet",
            Self::Met => "met",
        }
    }
}

/// Attributes that a runbook names and no event has, each with the line of its block.
fn unknown_fields(runbook: &Runbook, known: &BTreeSet<String>) -> Vec<(usize, String)> {
    let is_known = |name: &str| {
        let path = name.trim_start_matches('.');
        let has = |wanted: &str| known.iter().any(|k| k.eq_ignore_ascii_case(wanted));
        has(path)
            || (Field::find(name).is_some() && !name.starts_with('.'))
            || SHOWN.contains(&name)
    };
    let mut unknown = Vec::new();
    for (index, step) in runbook.steps.iter().enumerate() {
        let Some(query) = &step.query else { continue };
        let mut names = runbook.fields_needed(index);
        names.extend(query.show.iter().cloned());
        names.extend(query.group.iter().cloned());
        if let Ok(parsed) = Query::parse(&query.text) {
            attributes(&parsed.ast, &mut names);
        }
        let line = query.line;
        unknown.extend(
            names
                .into_iter()
                .filter(|n| !is_known(n))
                .map(|name| (line, name)),
        );
    }
    unknown.dedup();
    unknown
}

fn attributes(ast: &Ast, names: &mut Vec<String>) {
    match ast {
        Ast::And(terms) | Ast::Or(terms) => terms.iter().for_each(|t| attributes(t, names)),
        Ast::Not(term) => attributes(term, names),
        Ast::Field(FieldRef::Attribute(path), _) => names.push(path.clone()),
        _ => {}
    }
}
