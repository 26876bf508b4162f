//! Every engine, with the same events in it, however they came in.

use std::fs;
use std::sync::Arc;

use auditty::chain::ChainReport;
use auditty::engine::local::LocalEngine;
use auditty::engine::memory::MemoryEngine;
use auditty::engine::sink::{Generation, GenerationId, Parsed};
use auditty::engine::{Cancel, Engine, EngineError};
use auditty::event::{Event, EventId};
use auditty::format::Registry;
use tempfile::TempDir;

use crate::support::logs::{self, lines, parse};
use crate::support::pipeline::{Running, open_engine};
use crate::support::wait;

/// The files that every engine is fed: name, rank in its set, text.
fn files() -> [(&'static str, i32, String); 3] {
    let undated = "{\"n\":900,\"tags\":[\"x\",\"y\",\"x\"],\"user\":\"nobody\"}\n";
    // Without a time, and no dated event before it.
    let first = "{\"n\":902,\"user\":\"nobody\"}\n".to_owned();
    let wide = "{\"ts\":\"2026-03-01T10:00:05Z\",\"n\":901,\"tags\":[\"x\",\"z\"],\"outcome\":\"failure\",\"ip\":\"10.0.0.1\"}\n";
    [
        ("a.log", 0, lines(0..120) + undated),
        ("a.log", 1, lines(120..200) + wide),
        (
            "b.log",
            0,
            first + &lines(60..90).replace("\"user\"", "\"login\""),
        ),
    ]
}

pub(super) fn generation(name: &str, rank: i32) -> Generation {
    Generation {
        source: format!("/logs/{name}").into(),
        key: format!("{name}/{rank}"),
        rank,
        format: "json".into(),
        version: 1,
        ..Generation::default()
    }
}

/// An engine with the events it has to know, in order.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) engine: Box<dyn Engine>,
    pub(super) events: Vec<Arc<Event>>,
    /// Takes further events, as written to a source just now.
    pub(super) feed: Box<dyn Fn(Vec<Parsed>)>,
    pub(super) chain: Box<dyn Fn(Arc<ChainReport>)>,
    /// Kept while the engine is used.
    _dir: Option<TempDir>,
}

fn sorted(mut events: Vec<Arc<Event>>) -> Vec<Arc<Event>> {
    events.sort_by_key(|event| event.sort_key());
    events
}

fn all_parsed() -> Vec<(Generation, Vec<Parsed>)> {
    let registry = Registry::builtin();
    files()
        .into_iter()
        .map(|(name, rank, text)| {
            let generation = generation(name, rank);
            let parsed = parse(&generation, &text, &registry);
            (generation, parsed)
        })
        .collect()
}

fn memory() -> Subject {
    let engine = Arc::new(MemoryEngine::new());
    let mut events = Vec::new();
    for (_, parsed) in all_parsed() {
        events.extend(logs::events(&parsed));
    }
    for event in &events {
        engine.push((**event).clone());
    }
    let (fed, chained) = (engine.clone(), engine.clone());
    let known = sorted(events);
    let all = known.clone();
    Subject {
        name: "memory",
        engine: Box::new(Shared(engine)),
        events: known,
        feed: Box::new(move |parsed| {
            for event in logs::events(&parsed) {
                fed.push((*event).clone());
            }
        }),
        chain: Box::new(move |report| {
            for event in all.iter().filter(|e| e.source == report.source) {
                let order = event.order;
                chained.set_verdict(event.id, report.verdicts.at(order.generation, order.offset));
            }
            chained.set_chains(vec![report]);
        }),
        _dir: None,
    }
}

/// An engine that somebody else holds as well.
struct Shared<E>(Arc<E>);

impl<E: Engine> Engine for Shared<E> {
    fn search(
        &self,
        request: &auditty::engine::SearchRequest,
        cancel: &Cancel,
    ) -> Result<auditty::engine::SearchPage, EngineError> {
        self.0.search(request, cancel)
    }

    fn event(&self, id: EventId) -> Result<Option<auditty::engine::Hit>, EngineError> {
        self.0.event(id)
    }

    fn tail(
        &self,
        request: &auditty::engine::TailRequest,
    ) -> Result<Box<dyn auditty::engine::Tail>, EngineError> {
        self.0.tail(request)
    }

    fn verify(&self) -> Result<Vec<Arc<ChainReport>>, EngineError> {
        self.0.verify()
    }

    fn info(&self) -> auditty::engine::Info {
        self.0.info()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// In memory, never committed.
    Live,
    /// In the index.
    Backlog,
    /// Half of each source here, half there.
    Both,
}

fn local(name: &'static str, way: Way) -> Subject {
    let dir = tempfile::tempdir().unwrap();
    let engine = open_engine(&dir.path().join("index"));
    let sink = engine.sinks().remove(0);
    let mut events = Vec::new();
    let mut last = GenerationId(0);
    for (generation, parsed) in all_parsed() {
        events.extend(logs::events(&parsed));
        last = sink.declare(generation);
        let half = match way {
            Way::Live => 0,
            Way::Backlog => parsed.len(),
            Way::Both => parsed.len() / 2,
        };
        let (old, new) = parsed.split_at(half);
        let end = parsed.last().map_or(0, |p| p.frame.end + 1);
        let middle = new.first().map_or(end, |p| p.frame.offset);
        sink.backlog(last, old.to_vec(), 0..middle).unwrap();
        sink.live(last, new.to_vec(), middle..middle, 0).unwrap();
    }
    sink.flush().unwrap();
    subject(name, engine, sorted(events), last, dir)
}

fn subject(
    name: &'static str,
    engine: LocalEngine,
    events: Vec<Arc<Event>>,
    last: GenerationId,
    dir: TempDir,
) -> Subject {
    let sink = engine.sinks().remove(0);
    let chain_sink = sink.clone();
    Subject {
        name,
        engine: Box::new(engine),
        events,
        feed: Box::new(move |parsed| sink.live(last, parsed, 0..0, 0).unwrap()),
        chain: Box::new(move |report| chain_sink.chain(report)),
        _dir: Some(dir),
    }
}

/// Fed by the pipeline from files; the ids and ranks are those of the generations it found.
fn ingested() -> Subject {
    let dir = tempfile::tempdir().unwrap();
    let logs_dir = dir.path().join("logs");
    fs::create_dir(&logs_dir).unwrap();
    let [(_, _, older), (_, _, newer), (_, _, other)] = files();
    for (name, text) in [("a.log.1", &older), ("a.log", &newer), ("b.log", &other)] {
        fs::write(logs_dir.join(name), text).unwrap();
    }
    let mut running = Running::complete(&logs_dir, &dir.path().join("index"));
    let generations = running.generations();
    assert_eq!(generations.len(), 3);
    let registry = Registry::builtin();
    let mut events = Vec::new();
    for (_, generation) in &generations {
        let text = fs::read_to_string(&generation.path).unwrap();
        events.extend(logs::events(&parse(generation, &text, &registry)));
    }
    let sets = 2;
    wait::until(&running.engine, "a chain report of every source", || {
        let reports = running.engine.verify().unwrap().len();
        (reports == sets)
            .then_some(())
            .ok_or(format!("{reports} reports"))
    });
    running.stop_reading();
    let last = generations[0].0;
    subject("ingested", running.engine, sorted(events), last, dir)
}

pub(super) fn every_engine(check: impl Fn(&Subject)) {
    for subject in [
        memory(),
        local("local, live", Way::Live),
        local("local, indexed", Way::Backlog),
        local("local, half and half", Way::Both),
        ingested(),
    ] {
        check(&subject);
    }
}
