//! `auditty tail`: matching events as they arrive.

use std::time::Duration;

use super::app::App;
use super::args::TailArgs;
use super::exit::{Exit, Failure};
use super::open::{self, Mode};
use super::problem;
use crate::engine::{EngineError, Tail, TailItem, TailRequest, Watermark};
use crate::export::{self, Exporter};

const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &TailArgs, app: &mut App) -> Result<Exit, Failure> {
    let query = problem::read_query(&args.query, None, None, app)?;
    let columns = args.fields.as_deref().map(export::columns).transpose()?;
    let paths = app.sources(&args.paths);
    let opened = open::open(&paths, &app.settings, Mode::Follow)?;
    for source in opened.engine.info().sources {
        if let Some(error) = source.error {
            app.talk(&format!("{}: {error}", source.name));
        }
    }
    // All of a pipe arrives; of a file only what is appended from now on.
    let from = if paths.iter().all(|path| open::is_pipe(path)) {
        Watermark::default()
    } else {
        opened.engine.info().watermark
    };
    let mut tail = opened.engine.tail(&TailRequest {
        zone: app.settings.zone,
        ..TailRequest::new(query, from)
    })?;
    let mut exporter = export::exporter(args.format.into(), columns, app.style);
    follow(&mut *tail, &mut *exporter, app)
}

/// Prints until the stream ends. Provisional events wait for their final form: a printed line cannot be taken back.
pub(super) fn follow(
    tail: &mut dyn Tail,
    exporter: &mut dyn Exporter,
    app: &mut App,
) -> Result<Exit, Failure> {
    let mut exit = Exit::NoMatch;
    loop {
        match tail.recv(PATIENCE) {
            Ok(Some(TailItem::Events(hits))) => {
                for hit in hits.iter().filter(|hit| !hit.event.provisional) {
                    exporter.write(&mut app.out, hit)?;
                    exit = Exit::Ok;
                }
                exporter.flush(&mut app.out)?;
            }
            Ok(Some(TailItem::Lagged(n))) => {
                app.talk(&format!(
                    "{n} events came faster than they could be printed; auditty search finds them"
                ));
            }
            Ok(Some(TailItem::Changed) | None) => {}
            Err(EngineError::Cancelled | EngineError::Ended) => break,
            Err(error) => return Err(error.into()),
        }
    }
    exporter.finish(&mut app.out)?;
    Ok(exit)
}
