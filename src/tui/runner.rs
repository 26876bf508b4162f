//! Carries effects out: the searches of a lane one at a time and off the UI thread, the latest wish winning; replies
//! come back as messages.

mod jobs;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_blocking;

use super::effect::{Effect, Generation, Lane, Search};
use super::message::Message;
use crate::engine::{Cancel, Engine, EngineError, TailItem, Watermark};
use crate::event::Timestamp;
use crate::query::Query;
use jobs::Jobs;

/// Messages that may wait; a tail that is faster waits, and the engine tells it what it missed.
const QUEUE: usize = 256;
/// How soon a tail notices that it is no longer wanted.
const TAIL_WAIT: Duration = Duration::from_millis(100);

/// Reads the clock; a test's stands still.
pub type Clock = fn() -> Timestamp;

/// The search that waits and a way to stop the one that runs.
#[derive(Default)]
struct Slot {
    waiting: Option<Search>,
    running: Option<Cancel>,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    wake: Notify,
    in_flight: AtomicUsize,
}

impl Shared {
    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The search that waits, from now on the one that runs.
    fn take(&self) -> Option<(Search, Cancel)> {
        let mut slot = self.slot();
        let search = slot.waiting.take()?;
        let cancel = Cancel::default();
        slot.running = Some(cancel.clone());
        Some((search, cancel))
    }
}

/// Starts work and forgets it; the answers are messages.
pub struct Runner {
    engine: Arc<dyn Engine>,
    sender: mpsc::Sender<Message>,
    clock: Clock,
    lanes: HashMap<Lane, Arc<Shared>>,
    /// Single questions that are no searches.
    asking: Arc<AtomicUsize>,
    /// Set to end the tail that runs.
    tail: Option<Arc<AtomicBool>>,
    jobs: Jobs,
}

impl Runner {
    /// Must be called within a tokio runtime.
    pub fn new(engine: Arc<dyn Engine>, clock: Clock) -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let lanes = Lane::ALL.map(|lane| {
            let shared = Arc::new(Shared::default());
            let work = search_one_by_one(engine.clone(), shared.clone(), sender.clone(), clock);
            tokio::spawn(work);
            (lane, shared)
        });
        let jobs = Jobs::new(engine.clone(), sender.clone(), clock);
        (
            Self {
                engine,
                sender,
                clock,
                lanes: lanes.into(),
                asking: Arc::default(),
                tail: None,
                jobs,
            },
            receiver,
        )
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Searches and other single questions that were not answered yet.
    pub fn in_flight(&self) -> usize {
        let count = |n: &AtomicUsize| n.load(Ordering::Acquire);
        let searches = self.lanes.values().map(|lane| count(&lane.in_flight));
        searches.sum::<usize>() + count(&self.asking) + count(&self.jobs.in_flight)
    }

    /// `Redraw`, `Wire` and `Quit` are the runtime's.
    pub fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Search(search) => self.search(*search),
            Effect::CancelSearch => self.cancel(Lane::List),
            Effect::CancelLane(lane) => self.cancel(lane),
            Effect::Info => self.info(),
            Effect::Tail {
                generation,
                query,
                from,
            } => self.tail(generation, query, from),
            Effect::Share(share) => self.jobs.execute(*share),
            Effect::Redraw | Effect::Wire(_) | Effect::Quit => {}
        }
    }

    fn search(&self, search: Search) {
        let Some(shared) = self.lanes.get(&search.purpose.lane()) else {
            return;
        };
        let mut slot = shared.slot();
        if let Some(running) = &slot.running {
            running.cancel();
        }
        if slot.waiting.replace(search).is_none() {
            shared.in_flight.fetch_add(1, Ordering::AcqRel);
        }
        drop(slot);
        shared.wake.notify_one();
    }

    fn cancel(&self, lane: Lane) {
        let Some(shared) = self.lanes.get(&lane) else {
            return;
        };
        let mut slot = shared.slot();
        if slot.waiting.take().is_some() {
            shared.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
        if let Some(running) = &slot.running {
            running.cancel();
        }
    }

    fn info(&self) {
        let (engine, sender) = (self.engine.clone(), self.sender.clone());
        let asking = self.asking.clone();
        asking.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            if let Ok(info) = spawn_blocking(move || engine.info()).await {
                let _ = sender.send(Message::Info(Box::new(info))).await;
            }
            asking.fetch_sub(1, Ordering::AcqRel);
        });
    }

    fn tail(&mut self, generation: Generation, query: Query, from: Watermark) {
        self.end_tail();
        let stop = Arc::new(AtomicBool::new(false));
        self.tail = Some(stop.clone());
        let (engine, sender) = (self.engine.clone(), self.sender.clone());
        spawn_blocking(move || {
            let error = follow(&*engine, &query, from, generation, &sender, &stop).err();
            let error = error
                .filter(|e| !matches!(e, EngineError::Unsupported(_) | EngineError::Ended))
                .map(|e| e.to_string());
            if !stop.load(Ordering::Relaxed) {
                let _ = sender.blocking_send(Message::TailEnded { generation, error });
            }
        });
    }

    fn end_tail(&mut self) {
        if let Some(stop) = self.tail.take() {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end_tail();
        Lane::ALL.into_iter().for_each(|lane| self.cancel(lane));
    }
}

/// Passes on what a tail delivers, until it is stopped, nobody listens, or events were missed: then the search that
/// follows brings a new tail.
fn follow(
    engine: &dyn Engine,
    query: &Query,
    from: Watermark,
    generation: Generation,
    sender: &mpsc::Sender<Message>,
    stop: &AtomicBool,
) -> Result<(), EngineError> {
    let mut tail = engine.tail(query, from)?;
    while !stop.load(Ordering::Relaxed) {
        let Some(item) = tail.recv(TAIL_WAIT)? else {
            continue;
        };
        let is_last = matches!(item, TailItem::Lagged(_));
        if sender
            .blocking_send(Message::Tailed { generation, item })
            .is_err()
        {
            break;
        }
        if is_last {
            stop.store(true, Ordering::Relaxed);
        }
    }
    Ok(())
}

async fn search_one_by_one(
    engine: Arc<dyn Engine>,
    shared: Arc<Shared>,
    sender: mpsc::Sender<Message>,
    clock: Clock,
) {
    loop {
        let Some((search, cancel)) = shared.take() else {
            tokio::select! {
                () = shared.wake.notified() => continue,
                () = sender.closed() => return,
            }
        };
        let Search {
            generation,
            purpose,
            mut request,
            now,
        } = search;
        request.now = now.unwrap_or_else(clock);
        let engine = engine.clone();
        let work = spawn_blocking(move || engine.search(&request, &cancel));
        let result = match work.await {
            Ok(result) => result.map(Box::new),
            Err(error) => Err(EngineError::Index(format!("the search broke off: {error}"))),
        };
        shared.slot().running = None;
        let gone = sender
            .send(Message::Searched {
                generation,
                purpose,
                result,
            })
            .await
            .is_err();
        shared.in_flight.fetch_sub(1, Ordering::AcqRel);
        if gone {
            return;
        }
    }
}
