//! `auditty search`: the events that match, completely, page by page.

use super::app::{App, grouped};
use super::args::SearchArgs;
use super::exit::{Exit, Failure};
use super::open::{self, Mode};
use super::{problem, progress};
use crate::engine::{
    Cancel, Covers, Cursor, Engine, FacetField, FacetRequest, SearchPage, SearchRequest, Sort,
};
use crate::event::field::Field;
use crate::export::{self, Format};
use crate::query::Query;

/// Events asked for at a time: memory stays bounded however many match.
const PAGE: usize = 1000;
/// … where each page means reading files to their end.
const PAGE_OF_SCAN: usize = 64_000;
/// Events in a table unless `--limit` says otherwise.
const TABLE_LIMIT: usize = 1000;
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
    let opened = open::open(&app.sources(&args.paths), &app.settings, Mode::Complete)?;
    progress::wait(&opened, app);
    let (exit, covers) = answer(&*opened.engine, query, args, app)?;
    // Output first: what could not be read must not scroll away above it.
    std::io::Write::flush(&mut app.out)?;
    Ok(if problem::tell_unread(&*opened.engine, &covers, app) {
        Exit::Failed
    } else {
        exit
    })
}

/// Events found (or printed, if they are), and what the answer covers.
type Told = (u64, Covers);

/// Prints the answer of an engine that has everything; says what it covers.
pub(super) fn answer(
    engine: &dyn Engine,
    query: Query,
    args: &SearchArgs,
    app: &mut App,
) -> Result<(Exit, Covers), Failure> {
    let mut request = SearchRequest::new(query, app.now);
    request.zone_offset = app.zone_offset();
    request.sort = args.sort.into();
    let (total, covers) = if args.count {
        count(engine, request, app)?
    } else if !args.facet.is_empty() {
        facets(engine, request, args, app)?
    } else {
        events(engine, request, args, app)?
    };
    let exit = if total == 0 { Exit::NoMatch } else { Exit::Ok };
    Ok((exit, covers))
}

fn count(engine: &dyn Engine, mut request: SearchRequest, app: &mut App) -> Result<Told, Failure> {
    request.limit = 0;
    let page = engine.search(&request, &Cancel::default())?;
    writeln!(app.out, "{}", page.total)?;
    problem::tell_notices(&page, app);
    Ok((page.total, page.covers))
}

fn facets(
    engine: &dyn Engine,
    mut request: SearchRequest,
    args: &SearchArgs,
    app: &mut App,
) -> Result<Told, Failure> {
    let format = Format::from(args.format);
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
        .map(|name| FacetRequest {
            field: facet_field(name),
            limit,
        })
        .collect();
    let page = engine.search(&request, &Cancel::default())?;
    for (i, (name, facet)) in args.facet.iter().zip(&page.facets).enumerate() {
        if i > 0 && format == Format::Table {
            writeln!(app.out)?;
        }
        export::write_facet(&mut app.out, format, app.style, name, facet)?;
    }
    problem::tell_notices(&page, app);
    Ok((page.total, page.covers))
}

/// As in a query: normalised names and aliases win, `.name` reaches the attribute.
fn facet_field(name: &str) -> FacetField {
    match Field::find(name) {
        Some(field) => FacetField::Normal(field),
        None => FacetField::Attribute(name.strip_prefix('.').unwrap_or(name).to_owned()),
    }
}

/// Returns how many events match; prints at most as many as the limit says.
fn events(
    engine: &dyn Engine,
    mut request: SearchRequest,
    args: &SearchArgs,
    app: &mut App,
) -> Result<Told, Failure> {
    let columns = args.fields.as_deref().map(export::columns).transpose()?;
    let format = Format::from(args.format);
    let by_default = if format == Format::Table {
        TABLE_LIMIT
    } else {
        usize::MAX
    };
    let mut left = args.limit.map_or(by_default, usize::from);
    let is_bounded = left < usize::MAX;
    // Counting costs a pass over everything; only a table that was cut by our own limit says the number.
    request.want_total = format == Format::Table && args.limit.is_none();
    let mut exporter = export::exporter(format, columns, app.style);
    let mut shown = 0u64;
    let mut first: Option<SearchPage> = None;
    let mut covers = Covers {
        complete: true,
        ..Covers::default()
    };
    let mut at_once = PAGE;
    let more = loop {
        request.limit = left.min(at_once);
        let page = engine.search(&request, &Cancel::default())?;
        for hit in &page.hits {
            exporter.write(&mut app.out, hit)?;
        }
        shown += page.hits.len() as u64;
        left -= page.hits.len().min(left);
        let last = page.hits.last().map(|hit| Cursor {
            key: hit.event.sort_key(),
            inclusive: false,
        });
        let more = page.more;
        covers = Covers {
            complete: covers.complete && page.covers.complete,
            scanned: covers.scanned || page.covers.scanned,
            ..page.covers.clone()
        };
        if covers.scanned {
            at_once = (at_once * 2).min(PAGE_OF_SCAN);
        }
        first.get_or_insert(SearchPage {
            hits: Vec::new(),
            ..page
        });
        // An engine that promises more but gives nothing must not keep us here.
        if !more || left == 0 || last.is_none() {
            break more;
        }
        request.cursor = last;
        request.want_total = false;
    };
    exporter.finish(&mut app.out)?;
    if let Some(first) = first {
        problem::tell_notices(&first, app);
        if more && is_bounded && args.limit.is_none() {
            let which = if request.sort == Sort::Desc {
                "newest"
            } else {
                "oldest"
            };
            let total = grouped(first.total.max(shown));
            app.talk(&format!(
                "the {which} {} of {total} events; --limit N shows more",
                grouped(shown)
            ));
        }
    }
    Ok((shown, covers))
}
