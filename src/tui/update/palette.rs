//! The command palette: what it offers for a line, what it shows before, and how a line is run.

use std::path::Path;

use super::moments::go_to;
use super::{facets, run, run_report, search, session, set_query, share};
use crate::event::Zone;
use crate::export::Format;
use crate::export::runbook::RunFormat;
use crate::query::ast::{Ast, TimeExpr};
use crate::query::{Query, time};
use crate::runbook::Runbook;
use crate::tui::columns::Column;
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::keymap::Context;
use crate::tui::model::{LookBefore, Model, Pane};
use crate::tui::overlay::Overlay;
use crate::tui::overlay::palette::{Palette as Line, Row};
use crate::tui::share::{Share, default_evidence, default_file, default_run_report, format_of};
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::theme::palette::{BuiltIn, Palette};
use crate::tui::verb::Verb;
use crate::tui::widget::text::counted;

/// Lines remembered, and how many of them are offered again.
const HISTORY: usize = 50;
const AGAIN: usize = 3;

/// Columns by the width of the screen.
const AUTO: &str = "auto";

/// Times worth offering.
const TIMES: [&str; 7] = [
    "15m",
    "1h",
    "24h",
    "7d",
    "today",
    "yesterday",
    "yesterday 14:00",
];

pub(super) fn open(model: &mut Model, text: &str) -> Vec<Effect> {
    let rows = rows(model, text);
    model.overlay = Some(Overlay::Palette(Line::new(text.to_owned(), rows)));
    changed(model)
}

pub(super) fn insert(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.insert(text);
    }
    changed(model)
}

pub(super) fn in_palette(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = &mut model.overlay else {
        return Vec::new();
    };
    match command {
        Command::Apply => apply(model),
        // What follows a name goes first, so that another can be written there.
        Command::DeleteToStart
            if split(palette.text()).is_some_and(|(_, argument)| !argument.is_empty()) =>
        {
            let name = palette.text().trim_start().split(' ').next();
            let name = format!("{} ", name.unwrap_or_default());
            set(model, name)
        }
        Command::Complete => {
            let Some(row) = palette.selected() else {
                return Vec::new();
            };
            let text = row.text.clone();
            set(model, text)
        }
        _ if palette.update(command) => changed(model),
        // A row that is gone to is shown like a line that is written.
        _ => match palette.selected().filter(|_| palette.chosen) {
            Some(row) => {
                let text = row.text.clone();
                show(model, &text)
            }
            None => Vec::new(),
        },
    }
}

/// Writes the line, as if it had been typed.
fn set(model: &mut Model, text: String) -> Vec<Effect> {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.set_text(text);
    }
    changed(model)
}

/// The line became another one: other rows fit, and something else would happen.
fn changed(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = &model.overlay else {
        return Vec::new();
    };
    let text = palette.text().to_owned();
    end_preview(model);
    let rows = rows(model, &text);
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.offer(rows);
    }
    show(model, &text)
}

/// Shows what a line would do.
fn show(model: &mut Model, text: &str) -> Vec<Effect> {
    model.share.counting = None;
    end_preview(model);
    let (preview, effects) = preview(model, text);
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.preview = preview;
    }
    effects
}

/// Shows another look until something else is shown, or the line is run or left.
fn preview_look(model: &mut Model, change: impl FnOnce(&mut Model)) {
    let events = &model.events;
    model.look_before = Some(LookBefore {
        theme: model.theme,
        columns: events.columns.clone(),
        column: events.column().clone(),
    });
    change(model);
}

fn end_preview(model: &mut Model) {
    if let Some(before) = model.look_before.take() {
        model.theme = before.theme;
        model.events.restore_columns(before.columns, before.column);
    }
}

/// Once the palette is closed, however that came about, a look that was only shown is no longer.
pub(super) fn settle(model: &mut Model) {
    if !matches!(model.overlay, Some(Overlay::Palette(_))) {
        end_preview(model);
    }
}

/// `time,actor,a.b`
fn columns(names: &str) -> Vec<Column> {
    if names == AUTO {
        return Vec::new();
    }
    let names = names.split(',').map(str::trim).filter(|n| !n.is_empty());
    names.map(Column::named).collect()
}

/// The verb of a line and what follows it.
fn split(text: &str) -> Option<(Verb, &str)> {
    let text = text.trim_start();
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some((Verb::find(name)?, rest.trim()))
}

/// What could be meant by a line.
fn rows(model: &Model, text: &str) -> Vec<Row> {
    if let Some((verb, argument)) = split(text)
        && text.trim_start().contains(' ')
    {
        return arguments(model, verb, argument);
    }
    let row = |text: String, argument: &str, doc: &str, keys: String| Row {
        complete: argument.is_empty(),
        text,
        argument: argument.to_owned(),
        doc: doc.to_owned(),
        keys,
        about: String::new(),
    };
    let mut rows = Vec::new();
    if text.trim().is_empty() {
        let history = model.share.history.iter().take(AGAIN);
        rows.extend(history.map(|line| row(line.clone(), "", "again", String::new())));
    }
    rows.extend(Verb::ALL.iter().map(|verb| {
        let blank = if verb.argument().is_empty() { "" } else { " " };
        let name = format!("{}{blank}", verb.name());
        row(name, verb.argument(), verb.doc(), String::new())
    }));
    let glyphs = !model.theme.is_ascii();
    let context = model.focus.context();
    rows.extend(Command::ALL.iter().map(|command| {
        let keys = model.keymap.label(context, *command, glyphs);
        row(command.name().to_owned(), "", command.doc(), keys)
    }));
    rows
}

/// What may follow a verb. The text of a row is the whole line.
fn arguments(model: &Model, verb: Verb, typed: &str) -> Vec<Row> {
    let row = |argument: &str, doc: &str| Row {
        text: format!("{} {argument}", verb.name()),
        argument: String::new(),
        doc: doc.to_owned(),
        keys: String::new(),
        about: String::new(),
        complete: true,
    };
    match verb {
        Verb::Goto | Verb::Since | Verb::Until => TIMES.iter().map(|t| row(t, "")).collect(),
        Verb::Export => Format::FILES
            .iter()
            .filter(|(name, ..)| {
                // A format that is written out stays; only the file is still open.
                let word = typed.split(' ').next().unwrap_or_default();
                Format::for_file(word).is_none() || word == *name
            })
            .map(|(name, format, doc)| {
                let file = match typed.split_once(' ') {
                    Some((_, file)) if !file.trim().is_empty() => file.trim().to_owned(),
                    _ => default_file(*format, model.now),
                };
                row(&format!("{name} {file}"), doc)
            })
            .collect(),
        Verb::Write | Verb::Report => {
            let format = match verb {
                Verb::Report => Format::Report,
                _ => Format::Jsonl,
            };
            vec![row(&default_file(format, model.now), "")]
        }
        Verb::Integrity => vec![row(&default_evidence(model.now), "")],
        Verb::RunReport => {
            let id = model
                .runbooks
                .run()
                .map_or("runbook", |run| &run.runbook().id);
            let file = |extension| default_run_report(id, extension, model.now);
            vec![
                row(&file("html"), "one page that needs nothing else"),
                row(&file("md"), "for a ticket or a wiki"),
                row(&file("json"), "for programs"),
            ]
        }
        Verb::Tz => {
            let mut zones = vec![row("UTC", ""), row("local", "this machine's zone")];
            zones.extend(Zone::names().map(|name| row(name, "")));
            zones
        }
        Verb::Runbook => {
            let books = model.runbooks.library().runbooks.iter();
            let about = |book: &Runbook| {
                let scenarios = book.steps.iter().map(|step| &step.scenario);
                let words: Vec<&str> = book
                    .intro
                    .iter()
                    .chain(scenarios)
                    .map(String::as_str)
                    .collect();
                words.join(" ")
            };
            books
                .map(|book| Row {
                    about: about(book),
                    ..row(&book.id, &book.title)
                })
                .collect()
        }
        Verb::Columns => {
            let now: Vec<_> = model.events.columns_meant();
            let now: Vec<&str> = now.iter().map(Column::name).collect();
            vec![
                row(&now.join(","), "as they are"),
                row(AUTO, "by the width of the screen"),
            ]
        }
        Verb::Facet => model.info.paths.keys().map(|path| row(path, "")).collect(),
        Verb::Theme => BuiltIn::ALL.map(|theme| row(theme.name(), "")).into(),
        Verb::Resume => {
            let names = model.keeping.names.iter();
            names.map(|name| row(name, "")).collect()
        }
        Verb::Query | Verb::Save | Verb::Leave => Vec::new(),
    }
}

/// What the line would do, where that can be told.
fn preview(model: &mut Model, text: &str) -> (Option<(Role, String)>, Vec<Effect>) {
    let Some((verb, argument)) = split(text).filter(|(_, a)| !a.is_empty()) else {
        return (None, Vec::new());
    };
    let say = |role, text: String| (Some((role, text)), Vec::new());
    match verb {
        Verb::Goto | Verb::Since | Verb::Until => match moment(model, argument) {
            Ok(at) => {
                let zone = share::zone(model);
                say(Role::Text, format!("{} {zone}", zone.format(at)))
            }
            Err(error) => say(Role::Dim, error),
        },
        Verb::Query => match Query::parse(argument) {
            Ok(query) => {
                let job = model.share.next_job();
                model.share.counting = Some(job);
                let count = Share::Count {
                    job,
                    query,
                    now: None,
                    zone: share::zone(model),
                };
                let counting = (Role::Dim, "counting".to_owned());
                (Some(counting), vec![Effect::Share(Box::new(count))])
            }
            Err(error) => say(Role::Dim, error.to_string()),
        },
        Verb::Tz => match argument.parse::<Zone>() {
            Ok(zone) => say(
                Role::Text,
                format!("now: {} {zone}", zone.format(model.now)),
            ),
            Err(error) => say(Role::Dim, error.to_string()),
        },
        Verb::Export | Verb::Write | Verb::Report => {
            let events = match model.total {
                Some(total) => counted(total, "event", "events"),
                None => "all events".to_owned(),
            };
            say(
                Role::Text,
                format!("Enter writes {events} to this file, of your own; nothing is overwritten"),
            )
        }
        Verb::RunReport if RunFormat::of(Path::new(argument)).is_none() => say(
            Role::Dim,
            "expected a file name that ends in .md, .html or .json".to_owned(),
        ),
        Verb::RunReport => {
            let steps = model.runbooks.run().map_or(0, |run| run.looked_at().len());
            let steps = counted(steps as u64, "step", "steps");
            say(
                Role::Text,
                format!("Enter writes {steps} to this file, of your own; nothing is overwritten"),
            )
        }
        Verb::Integrity => {
            let sources = counted(model.info.sources.len() as u64, "source", "sources");
            say(
                Role::Text,
                format!(
                    "Enter writes what was found in {sources} to this file, of your own; nothing is overwritten"
                ),
            )
        }
        // The screen shows it.
        Verb::Columns => {
            let columns = columns(argument);
            preview_look(model, |model| model.events.choose_columns(columns));
            say(Role::Dim, "Enter keeps it, Esc does not".to_owned())
        }
        Verb::Theme => match BuiltIn::find(argument) {
            Some(theme) => {
                preview_look(model, |m| m.theme.set_palette(Palette::built_in(theme)));
                say(Role::Dim, "Enter keeps it, Esc does not".to_owned())
            }
            None => (None, Vec::new()),
        },
        Verb::Facet => match model.info.paths.get(argument) {
            Some(events) => {
                let events = counted(*events, "event", "events");
                say(Role::Dim, format!("in about {events}"))
            }
            None => (None, Vec::new()),
        },
        Verb::Runbook => {
            let mut books = model.runbooks.library().runbooks.iter();
            match books.find(|book| book.id == argument) {
                Some(book) => {
                    let steps = counted(book.steps.len() as u64, "step", "steps");
                    let text = format!("{}: {steps}", book.title);
                    say(Role::Dim, text)
                }
                None => (None, Vec::new()),
            }
        }
        Verb::Save | Verb::Resume | Verb::Leave => (None, Vec::new()),
    }
}

fn moment(model: &Model, text: &str) -> Result<crate::event::Timestamp, String> {
    let offset = share::zone(model);
    time::resolve(text, model.now, offset)
        .map(|m| m.start)
        .ok_or_else(|| format!("\"{text}\" is no time; expected {}", time::EXPECTED))
}

/// Enter: runs the line, or the row if it was chosen or nothing else can be meant.
fn apply(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = &model.overlay else {
        return Vec::new();
    };
    let typed = palette.text().trim().to_owned();
    // A blank after a name asks for what follows it, also where a command has the same name.
    let is_whole = Command::find(palette.text().trim_start()).is_some()
        || split(&typed).is_some_and(|(verb, argument)| is_whole(model, verb, argument));
    // What could be an id means the runbook of that id: one that is only like it is for a person to choose.
    let is_id = split(&typed)
        .is_some_and(|(verb, id)| verb == Verb::Runbook && !id.is_empty() && !id.contains(' '));
    let line = match palette.selected() {
        Some(row) if palette.chosen || !is_whole && !is_id => {
            if !row.complete {
                let text = row.text.clone();
                return set(model, text);
            }
            row.text.clone()
        }
        _ => typed,
    };
    // A file name that was filled in is shown before anything is written there.
    let is_file = |verb| {
        let files = [
            Verb::Export,
            Verb::Write,
            Verb::Report,
            Verb::Integrity,
            Verb::RunReport,
        ];
        files.contains(&verb)
    };
    if split(&line).is_some_and(|(verb, _)| is_file(verb)) && line != palette.text().trim() {
        return set(model, line);
    }
    match run_line(model, &line) {
        Ok(effects) => {
            model.share.history.retain(|l| *l != line);
            model.share.history.insert(0, line);
            model.share.history.truncate(HISTORY);
            effects
        }
        Err(error) => {
            if let Some(Overlay::Palette(palette)) = &mut model.overlay {
                palette.preview = Some((Role::Alarm, error));
            }
            Vec::new()
        }
    }
}

/// Whether the argument is one as it stands, and no beginning of a row's.
fn is_whole(model: &Model, verb: Verb, argument: &str) -> bool {
    match verb {
        Verb::Export => argument
            .split_once(' ')
            .is_some_and(|(name, _)| Format::for_file(name).is_some()),
        Verb::Tz => argument.parse::<Zone>().is_ok(),
        Verb::Runbook => {
            let mut books = model.runbooks.library().runbooks.iter();
            books.any(|book| book.id == argument)
        }
        _ => verb.argument().is_empty() || !argument.is_empty(),
    }
}

/// Where a command works, if that is not here: its pane or menu has to be in use.
fn elsewhere(model: &Model, command: Command) -> Option<String> {
    let bound = |context: &Context| model.keymap.bound(*context).any(|(c, _)| c == command);
    let places: Vec<Context> = Context::ALL.into_iter().filter(bound).collect();
    // What the menu of pivots offers can be asked for without it.
    let anywhere = |place: &Context| {
        matches!(place, Context::Global | Context::Pivot) || *place == model.context()
    };
    if places.is_empty() || places.iter().any(anywhere) {
        return None;
    }
    let names: Vec<&str> = places.iter().map(|place| place.name()).collect();
    Some(names.join(", "))
}

/// Runs a line. What cannot be run leaves the palette open and says why.
fn run_line(model: &mut Model, line: &str) -> Result<Vec<Effect>, String> {
    end_preview(model);
    if line.is_empty() {
        model.overlay = None;
        return Ok(Vec::new());
    }
    if let Some(command) = Command::find(line) {
        model.overlay = None;
        if command.edit().is_some() {
            model.say(format!("{line} works while a line is being written"));
            return Ok(Vec::new());
        }
        if let Some(places) = elsewhere(model, command) {
            model.say(format!("{line} works in: {places}"));
            return Ok(Vec::new());
        }
        return Ok(run(model, command, 1, false));
    }
    let (verb, argument) = split(line).ok_or_else(|| {
        let word = line.split(' ').next().unwrap_or_default();
        format!("there is no command \"{word}\"; delete it to see all of them")
    })?;
    if argument.is_empty() && !verb.argument().is_empty() {
        return Err(format!("{} needs {}", verb.name(), verb.argument()));
    }
    let effects = match verb {
        Verb::Query => {
            let query = Query::parse(argument).map_err(|e| e.to_string())?;
            set_query(model, query, Some(argument.to_owned()))
        }
        Verb::Goto => {
            let at = moment(model, argument)?;
            model.overlay = None;
            go_to(model, at)
        }
        Verb::Since | Verb::Until => {
            moment(model, argument)?;
            let at = TimeExpr::Text(argument.to_owned());
            let is_since = verb == Verb::Since;
            let mut terms = model.query.conjuncts();
            terms.retain(|t| match t {
                Ast::Since(_) => !is_since,
                Ast::Until(_) => is_since,
                _ => true,
            });
            let query = Query::from_conjuncts(terms);
            let term = if is_since {
                Ast::Since(at)
            } else {
                Ast::Until(at)
            };
            let query = term::with(&query, term);
            let text = query.to_string();
            set_query(model, query, Some(text))
        }
        Verb::Export => {
            let (name, file) = argument.split_once(' ').unwrap_or((argument, ""));
            let format = Format::for_file(name).ok_or_else(|| {
                let names: Vec<&str> = Format::FILES.iter().map(|(n, ..)| *n).collect();
                format!("there is no format \"{name}\"; use {}", names.join(", "))
            })?;
            match file.trim() {
                "" => return Err(format!("export {name} needs a FILE; Tab offers one")),
                file => share::export(model, format, file)?,
            }
        }
        Verb::Write => {
            let format = format_of(argument.as_ref()).ok_or_else(|| {
                "the name says no format: end it in .jsonl, .csv, .md or .log, or use export"
                    .to_owned()
            })?;
            share::export(model, format, argument)?
        }
        Verb::Report => share::export(model, Format::Report, argument)?,
        Verb::Integrity => share::evidence(model, argument)?,
        Verb::RunReport => run_report::write(model, argument)?,
        Verb::Tz => {
            let zone: Zone = argument.parse().map_err(|e| format!("{e}"))?;
            model.zone.choose(zone);
            model.say(format!("times are shown in {zone}"));
            // Times typed without a zone mean others now.
            search::reload(model)
        }
        Verb::Runbook => {
            let books = &model.runbooks.library().runbooks;
            let index = books.iter().position(|b| b.id == argument);
            let index = index.ok_or_else(|| {
                let down = model.keymap.label(Context::Palette, Command::Down, false);
                format!("there is no runbook \"{argument}\"; {down} chooses one of these")
            })?;
            model.overlay = None;
            model.set_open(Pane::Runbook, true);
            super::runbook::open(model, index)
        }
        Verb::Columns => {
            model.events.choose_columns(columns(argument));
            Vec::new()
        }
        Verb::Facet => facets::add(model, argument)?,
        Verb::Theme => {
            let theme = BuiltIn::find(argument).ok_or_else(|| {
                let names = BuiltIn::ALL.map(BuiltIn::name).join(", ");
                format!("there is no theme \"{argument}\" here; use {names}")
            })?;
            model.theme.set_palette(Palette::built_in(theme));
            let name = theme.name();
            model.say(format!(
                "theme = \"{name}\" in config.toml keeps these colours"
            ));
            Vec::new()
        }
        Verb::Save => session::save(model, argument)?,
        Verb::Resume => session::resume(argument)?,
        Verb::Leave => vec![Effect::Quit],
    };
    model.overlay = None;
    Ok(effects)
}
