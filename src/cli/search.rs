//! `auditty search`: the events that match, completely, page by page.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use super::app::{App, grouped};
use super::args::SearchArgs;
use super::exit::{Exit, Failure};
use super::open::{self, Mode};
use super::{problem, progress, who};
use crate::engine::{Cancel, Covers, Engine, FacetField, FacetRequest, SearchRequest, Sort};
use crate::event::field::Field;
use crate::export::file::{Target, expand_home};
use crate::export::runbook::no_event_has;
use crate::export::{self, About, Column, Format};
use crate::query::Query;

/// Values of a facet in a table unless `--limit` says otherwise.
const FACET_LIMIT: usize = 50;
/// Values of a facet in other formats: as good as all.
const FACET_ALL: usize = 1_000_000;

pub(super) fn run(args: &SearchArgs, app: &mut App) -> Result<Exit, Failure> {
    let query = problem::read_query(
        &args.query,
        args.since.as_deref(),
        args.until.as_deref(),
        app,
    )?;
    args.fields.as_deref().map(export::columns).transpose()?;
    if args.raw_csv && args.format() != Format::RawCsv {
        return Err(Failure::Usage("--raw-csv goes with --format csv".into()));
    }
    if args.format() == Format::Report && !args.facet.is_empty() {
        return Err(Failure::Usage(
            "a report lists events, not counts; leave --facet out or choose another --format"
                .into(),
        ));
    }
    let home = std::env::home_dir();
    let place = args.output.as_deref();
    let place = place.map(|path| expand_home(path, home.as_deref()));
    // Refused before anything is read.
    place.as_deref().map(Target::check).transpose()?;
    let mode = match shows_verdicts(args) {
        true => Mode::Complete,
        false => Mode::WithoutVerdicts,
    };
    let opened = open::open(&app.sources(&args.paths), &app.settings, mode)?;
    progress::wait(&opened, app);
    let cancel = Cancel::default();
    let (exit, covers) = match place {
        None => answer(&*opened.engine, query, args, &cancel, app)?,
        Some(path) => {
            // From here on Ctrl+C ends the work in order, so that nothing half is left.
            cancel_on_interrupt(cancel.clone());
            into_file(Target::create(&path)?, &opened.paths, app, |app| {
                answer(&*opened.engine, query, args, &cancel, app)
            })?
        }
    };
    // Output first: what could not be read must not scroll away above it.
    std::io::Write::flush(&mut app.out)?;
    Ok(if problem::tell_unread(&*opened.engine, &covers, app) {
        Exit::Failed
    } else {
        exit
    })
}

/// Whether a verdict is asked for or printed: to find all of them, chained logs are read from their first byte on.
fn shows_verdicts(args: &SearchArgs) -> bool {
    let names = |text: &str| text.to_ascii_lowercase().contains(Field::Chain.name());
    let fields = args.fields.as_deref();
    let is_printed = match args.format() {
        _ if args.count => false,
        _ if !args.facet.is_empty() => args.facet.iter().any(|facet| names(facet)),
        Format::Raw => false,
        Format::Report | Format::Ecs => true,
        _ => fields.is_none_or(names),
    };
    is_printed || names(&args.query)
}

fn cancel_on_interrupt(cancel: Cancel) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime
            && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
        {
            cancel.cancel();
        }
    });
}

/// What is printed goes to a file instead, which is there once it is whole; Ctrl+C leaves none.
fn into_file(
    target: Target,
    open: &[PathBuf],
    app: &mut App,
    print: impl FnOnce(&mut App) -> Result<(Exit, Covers), Failure>,
) -> Result<(Exit, Covers), Failure> {
    let path = target.path().to_owned();
    let target = Rc::new(RefCell::new(Some(target)));
    let before = std::mem::replace(&mut app.out, Box::new(Shared(target.clone())));
    let style = app.style;
    (app.style.terminal, app.style.colour) = (false, false);
    let printed = print(app);
    let flushed = app.out.flush();
    app.out = before;
    app.style = style;
    let answered = printed?;
    flushed?;
    if let Some(target) = target.take() {
        let bytes = target.keep()?;
        app.talk_of_file(bytes, &path, open);
    }
    Ok(answered)
}

/// The file, given away as the output and taken back at the end.
struct Shared(Rc<RefCell<Option<Target>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut *self.0.borrow_mut() {
            Some(target) => target.write(bytes),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut *self.0.borrow_mut() {
            Some(target) => target.flush(),
            None => Ok(()),
        }
    }
}

/// Events found (or printed, if they are), and what the answer covers.
type Told = (u64, Covers);

/// Prints the answer of an engine that has everything; says what it covers.
pub(super) fn answer(
    engine: &dyn Engine,
    query: Query,
    args: &SearchArgs,
    cancel: &Cancel,
    app: &mut App,
) -> Result<(Exit, Covers), Failure> {
    let mut request = SearchRequest::new(query, app.now);
    request.zone = app.settings.zone;
    request.sort = args.sort.into();
    let (total, covers) = if args.count {
        count(engine, request, cancel, app)?
    } else if !args.facet.is_empty() {
        facets(engine, request, args, cancel, app)?
    } else {
        events(engine, request, args, cancel, app)?
    };
    let exit = if total == 0 { Exit::NoMatch } else { Exit::Ok };
    Ok((exit, covers))
}

fn count(
    engine: &dyn Engine,
    mut request: SearchRequest,
    cancel: &Cancel,
    app: &mut App,
) -> Result<Told, Failure> {
    request.limit = 0;
    let page = engine.search(&request, cancel)?;
    writeln!(app.out, "{}", page.total)?;
    problem::tell_notices(&page, app);
    Ok((page.total, page.covers))
}

fn facets(
    engine: &dyn Engine,
    mut request: SearchRequest,
    args: &SearchArgs,
    cancel: &Cancel,
    app: &mut App,
) -> Result<Told, Failure> {
    let format = args.format();
    let usual = if format == Format::Table {
        FACET_LIMIT
    } else {
        FACET_ALL
    };
    let limit = args.limit.map_or(usual, usize::from);
    request.limit = 0;
    request.facets = args
        .facet
        .iter()
        .map(|name| FacetRequest::new(FacetField::named(name), limit))
        .collect();
    let page = engine.search(&request, cancel)?;
    for (i, (name, facet)) in args.facet.iter().zip(&page.facets).enumerate() {
        if i > 0 && format == Format::Table {
            writeln!(app.out)?;
        }
        export::write_facet(&mut app.out, format, app.style, name, facet)?;
    }
    problem::tell_notices(&page, app);
    Ok((page.total, page.covers))
}

/// Columns of attributes that no event has: they stay empty.
fn unknown_columns(engine: &dyn Engine, columns: &[Column]) -> Vec<String> {
    let paths = engine.info().paths;
    let is_known = |wanted: &&str| {
        paths.keys().any(|path| {
            // Itself, or what it holds.
            let head = path.get(..wanted.len());
            let rest = path.get(wanted.len()..).unwrap_or_default();
            head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
                && (rest.is_empty() || rest.starts_with('.'))
        })
    };
    let named = columns.iter().filter_map(Column::path);
    named
        .filter(|path| !is_known(path))
        .map(str::to_owned)
        .collect()
}

/// Returns how many events match; prints at most as many as the limit says.
fn events(
    engine: &dyn Engine,
    mut request: SearchRequest,
    args: &SearchArgs,
    cancel: &Cancel,
    app: &mut App,
) -> Result<Told, Failure> {
    let columns = args.fields.as_deref().map(export::columns).transpose()?;
    let unknown = unknown_columns(engine, columns.as_deref().unwrap_or_default());
    let format = args.format();
    let by_default = if format == Format::Table && args.output.is_none() {
        export::TABLE_ROWS
    } else {
        usize::MAX
    };
    let limit = args.limit.map_or(by_default, usize::from);
    // Counting costs a pass over everything; only a table that was cut by our own limit says the number.
    request.want_total = format == Format::Table && args.limit.is_none();
    let newest_first = request.sort == Sort::Desc;
    let mut exporter = if format == Format::Report {
        let who = who::this_user();
        let mut about = About::gather(engine, &request, who, cancel)?;
        about.limit = args.limit.map(usize::from);
        export::report(about, columns, app.style)
    } else {
        export::exporter(format, columns, app.style)
    };
    let streamed = export::stream(
        engine,
        request,
        limit,
        &mut *exporter,
        &mut app.out,
        cancel,
        &mut |_| {},
    )?;
    let shown = streamed.events;
    problem::tell_notices(&streamed.first, app);
    if !unknown.is_empty() {
        app.talk(&no_event_has(&unknown));
    }
    if streamed.more && limit < usize::MAX && args.limit.is_none() {
        let which = if newest_first { "newest" } else { "oldest" };
        let total = grouped(streamed.first.total.max(shown));
        app.talk(&format!(
            "the {which} {} of {total} events; --limit N shows more",
            grouped(shown)
        ));
    }
    Ok((shown, streamed.covers))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SearchArgs,
    }

    #[test]
    fn verdicts_are_looked_for_where_one_shows() {
        for (line, want) in [
            ("*", true),
            ("* --format jsonl", true),
            ("* --format ecs --fields ts", true),
            ("* --fields ts,chain", true),
            ("* --facet CHAIN", true),
            ("chain:broken --count", true),
            ("* --count", false),
            ("* --facet actor", false),
            ("* --fields ts,actor --format jsonl", false),
            ("* --format raw", false),
        ] {
            let words = std::iter::once("search").chain(line.split(' '));
            let args = Line::try_parse_from(words).unwrap().args;
            assert_eq!(shows_verdicts(&args), want, "{line}");
        }
    }
}
