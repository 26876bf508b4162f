//! `auditty tail`: matching events as they arrive.

use std::time::{Duration, Instant};

use super::app::App;
use super::args::TailArgs;
use super::exit::{Exit, Failure};
use super::open::{self, Mode};
use super::problem;
use crate::engine::{EngineError, Tail, TailItem, TailRequest, Watermark};
use crate::event::field::Field;
use crate::export::{self, Exporter};
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};

const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &TailArgs, app: &mut App) -> Result<Exit, Failure> {
    let query = problem::read_query(&args.query, None, None, app)?;
    let columns = args.fields.as_deref().map(export::columns).transpose()?;
    let paths = app.sources(&args.paths);
    let opened = open::open(&paths, &app.settings, Mode::Follow)?;
    for source in opened.engine.status().sources {
        if let Some(error) = source.error {
            app.talk(&format!("{}: {error}", source.name));
        }
    }
    // All of a pipe arrives, also what came before we were here; of a file only what is appended from now on.
    let pipes: Vec<String> = paths
        .iter()
        .filter(|path| open::is_pipe(path))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let zone = app.settings.zone;
    let request = |query, from| TailRequest {
        zone,
        ..TailRequest::new(query, from)
    };
    let engine = &*opened.engine;
    let all = Watermark::default();
    let mut tail = if pipes.len() == paths.len() {
        engine.tail(&request(query, all))?
    } else if pipes.is_empty() {
        engine.tail(&request(query, engine.status().watermark))?
    } else {
        let of_pipe = |name: &String| Ast::field_is(FieldRef::Normal(Field::Source), name);
        let piped = Ast::Or(pipes.iter().map(of_pipe).collect()).normalised();
        let others = query.clone().and(Query {
            ast: piped.clone().negated(),
        });
        let from = engine.status().watermark;
        let tails = [
            engine.tail(&request(query.and(Query { ast: piped }), all))?,
            engine.tail(&request(others, from))?,
        ];
        Box::new(Beside {
            tails: tails.into(),
            next: 0,
        })
    };
    let mut exporter = export::exporter(args.format.into(), columns, app.style);
    follow(&mut *tail, &mut *exporter, app)
}

/// How long one of several streams is listened to before the next one.
const TURN: Duration = Duration::from_millis(50);

/// Several streams as one: what comes first is delivered first, to within a turn of each.
struct Beside {
    tails: Vec<Box<dyn Tail>>,
    next: usize,
}

impl Tail for Beside {
    fn recv(&mut self, timeout: Duration) -> Result<Option<TailItem>, EngineError> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.tails.is_empty() {
                return Err(EngineError::Ended);
            }
            self.next %= self.tails.len();
            let turn = self.next;
            self.next += 1;
            match self.tails[turn].recv(TURN.min(timeout)) {
                Ok(Some(item)) => return Ok(Some(item)),
                Ok(None) => {}
                Err(EngineError::Ended) => drop(self.tails.remove(turn)),
                Err(error) => return Err(error),
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }
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
