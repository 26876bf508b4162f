//! The reference engine: events in a vector, every answer by the `Matcher`. For tests and small sets.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use super::page::Partial;
use super::{
    Cancel, Capabilities, Covers, Engine, EngineError, Hit, Info, SearchPage, SearchRequest,
    SourceInfo, Tail, TailItem, TailRequest, TailWaker, Watermark,
};
use crate::chain::ChainReport;
use crate::event::{Event, EventId, Kind, Verdict};
use crate::query::{BindContext, Matcher, PathTable};

/// Events a tail may lag behind before it is told to search again.
const TAIL_QUEUE: usize = 10_000;

#[derive(Default)]
struct Inner {
    events: Vec<Arc<Event>>,
    verdicts: BTreeMap<EventId, Verdict>,
    covers: Option<Covers>,
    tails: Vec<Sender<Arc<Event>>>,
    chains: Vec<Arc<ChainReport>>,
}

/// Events in memory.
#[derive(Default)]
pub struct MemoryEngine {
    inner: RwLock<Inner>,
}

struct Paths(BTreeMap<String, u64>);

impl PathTable for Paths {
    fn resolve(&self, path: &str) -> Option<String> {
        super::resolve_path(self.0.keys().map(String::as_str), path)
    }
}

impl MemoryEngine {
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner> {
        self.inner
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Inner> {
        self.inner
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Adds an event, or replaces the one with its id.
    pub fn push(&self, event: Event) {
        let event = Arc::new(event);
        let mut inner = self.write();
        match inner.events.iter_mut().find(|e| e.id == event.id) {
            Some(old) => *old = event.clone(),
            None => inner.events.push(event.clone()),
        }
        inner
            .tails
            .retain(|tail| tail.try_send(event.clone()).is_ok());
    }

    /// Says what the chain check found for an event.
    pub fn set_verdict(&self, id: EventId, verdict: Verdict) {
        self.write().verdicts.insert(id, verdict);
    }

    /// Replaces the chain reports.
    pub fn set_chains(&self, chains: Vec<Arc<ChainReport>>) {
        self.write().chains = chains;
    }

    /// Pretends to be indexing.
    pub fn set_covers(&self, covers: Covers) {
        self.write().covers = Some(covers);
    }

    fn paths(&self) -> Paths {
        let mut paths = BTreeMap::new();
        for event in &self.read().events {
            for (path, _) in event
                .attributes
                .iter()
                .filter(|(_, v)| v.kind != Kind::Empty)
            {
                *paths.entry(path.to_owned()).or_default() += 1;
            }
        }
        Paths(paths)
    }

    fn verdict(inner: &Inner, event: &Event) -> Verdict {
        inner.verdicts.get(&event.id).copied().unwrap_or_default()
    }
}

impl Engine for MemoryEngine {
    fn search(&self, request: &SearchRequest, cancel: &Cancel) -> Result<SearchPage, EngineError> {
        let paths = self.paths();
        let context = BindContext {
            now: request.now,
            zone: request.zone,
            paths: Some(&paths),
        };
        let mut bound = request.query.bind(&context)?;
        let matcher = Matcher::new(&bound)?;
        let inner = self.read();
        let mut matching = Vec::new();
        for event in &inner.events {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if matcher.matches(event, Self::verdict(&inner, event)) {
                matching.push(event);
            }
        }
        let times = || matching.iter().filter_map(|e| e.ts).map(|ts| ts.0);
        let mut partial = Partial::new(request, times().min().zip(times().max()));
        for event in &matching {
            partial.add(request, event, Self::verdict(&inner, event));
        }
        let newest = inner.events.iter().filter_map(|e| e.ts).max();
        super::notice_if_all_older(&mut bound, partial.total, newest);
        let (hits, more, total, facets, histogram) = partial.finish(request);
        Ok(SearchPage {
            hits,
            total,
            facets,
            histogram,
            more,
            covers: inner.covers.clone().unwrap_or(Covers {
                complete: true,
                ..Covers::default()
            }),
            watermark: Watermark(inner.events.len() as u64),
            notices: bound.notices,
        })
    }

    fn event(&self, id: EventId) -> Result<Option<Hit>, EngineError> {
        let inner = self.read();
        let found = inner.events.iter().find(|e| e.id == id);
        Ok(found.map(|e| Hit {
            event: e.clone(),
            verdict: Self::verdict(&inner, e),
        }))
    }

    fn tail(&self, request: &TailRequest) -> Result<Box<dyn Tail>, EngineError> {
        let context = BindContext {
            now: request.now,
            zone: request.zone,
            paths: None,
        };
        let matcher = Matcher::new(&request.query.bind(&context)?)?;
        let mut inner = self.write();
        let (sender, receiver) = bounded(TAIL_QUEUE);
        let backlog = inner
            .events
            .iter()
            .skip(usize::try_from(request.from.0).unwrap_or(usize::MAX))
            .cloned()
            .collect();
        inner.tails.push(sender);
        Ok(Box::new(MemoryTail {
            wake: bounded(1),
            matcher,
            backlog,
            receiver,
        }))
    }

    fn verify(&self) -> Result<Vec<Arc<ChainReport>>, EngineError> {
        Ok(self.read().chains.clone())
    }

    fn info(&self) -> Info {
        let paths = self.paths().0;
        let inner = self.read();
        let mut sources: BTreeMap<&str, SourceInfo> = BTreeMap::new();
        for event in &inner.events {
            let info = sources.entry(&event.source).or_default();
            info.name = event.source.clone();
            info.format = event.format.clone();
            info.add(event.ts);
            info.unparsed += u64::from(&*event.format == "text" && event.note.is_some());
            info.chain = inner
                .chains
                .iter()
                .find(|c| c.source == event.source)
                .cloned();
        }
        Info {
            sources: sources.into_values().collect(),
            paths,
            covers: inner.covers.clone().unwrap_or(Covers {
                complete: true,
                ..Covers::default()
            }),
            messages: Vec::new(),
            capabilities: Capabilities::default(),
            watermark: Watermark(inner.events.len() as u64),
        }
    }
}

struct MemoryTail {
    wake: (Sender<()>, Receiver<()>),
    matcher: Matcher,
    backlog: Vec<Arc<Event>>,
    receiver: Receiver<Arc<Event>>,
}

impl Tail for MemoryTail {
    fn waker(&self) -> TailWaker {
        let wake = self.wake.0.clone();
        Box::new(move || {
            let _ = wake.try_send(());
        })
    }

    fn recv(&mut self, timeout: Duration) -> Result<Option<TailItem>, EngineError> {
        let mut events = std::mem::take(&mut self.backlog);
        if events.is_empty() {
            select! {
                recv(self.receiver) -> event => match event {
                    Ok(event) => events.push(event),
                    Err(_) => return Ok(Some(TailItem::Lagged(TAIL_QUEUE as u64))),
                },
                recv(self.wake.1) -> _ => return Ok(None),
                default(timeout) => return Ok(None),
            }
            events.extend(self.receiver.try_iter());
        }
        let verdict = Verdict::default();
        let hits: Vec<Hit> = events
            .into_iter()
            .filter(|event| self.matcher.matches(event, verdict))
            .map(|event| Hit { event, verdict })
            .collect();
        Ok((!hits.is_empty()).then_some(TailItem::Events(hits)))
    }
}
