//! Carries effects out: the searches of a lane one at a time and off the UI thread, the latest wish winning; replies
//! come back as messages.

mod jobs;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_blocking;

use super::effect::{Effect, Generation, Lane, NOTHING_KEPT, Search};
use super::message::Message;
use crate::engine::{Cancel, Engine, EngineError, TailItem, TailRequest, TailWaker};
use crate::event::Timestamp;
use crate::state::{self, Keeper, Session, StateError};
use jobs::Jobs;

/// Messages that may wait; a tail that is faster waits, and the engine tells it what it missed.
const QUEUE: usize = 256;
/// How long a tail waits at a time: it is woken when it is no longer wanted.
const TAIL_WAIT: Duration = Duration::from_secs(10);

/// Has a source read again as the format of an id, or by its content.
#[derive(Clone)]
pub struct ReadAs(pub Arc<Read>);

/// Source, and the id of the format.
type Read = dyn Fn(&str, Option<&str>) + Send + Sync;

impl std::fmt::Debug for ReadAs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadAs")
    }
}

/// Reads the clock; a test's stands still.
pub type Clock = fn() -> Timestamp;

/// Ends a tail, also one that waits.
#[derive(Default)]
struct StopTail {
    is_over: AtomicBool,
    /// Set before the tail looks whether it is over, and waits.
    waker: OnceLock<TailWaker>,
}

impl StopTail {
    fn stop(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(wake) = self.waker.get() {
            wake();
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

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
    /// Ends the tail that runs.
    tail: Option<Arc<StopTail>>,
    jobs: Jobs,
    /// Where the session goes, and how many saves were asked for.
    keeper: Option<Arc<Keeper>>,
    saves: u64,
    read_as: Option<ReadAs>,
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
                keeper: None,
                saves: 0,
                read_as: None,
            },
            receiver,
        )
    }

    /// Gives the session a place.
    pub fn keep_in(&mut self, keeper: Arc<Keeper>) {
        self.keeper = Some(keeper);
    }

    /// Who reads sources as another format.
    pub fn read_by(&mut self, read_as: Option<ReadAs>) {
        self.read_as = read_as;
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

    /// What happens to the program from outside comes as messages, too.
    pub fn sender(&self) -> mpsc::Sender<Message> {
        self.sender.clone()
    }

    /// `Redraw`, `Suspend`, `TakeOver`, `Wire` and `Quit` are the runtime's.
    pub fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Search(search) => self.search(*search),
            Effect::CancelSearch => self.cancel(Lane::List),
            Effect::CancelLane(lane) => self.cancel(lane),
            Effect::Info => self.info(),
            Effect::Tail {
                generation,
                request,
            } => self.tail(generation, *request),
            Effect::Share(share) => self.jobs.execute(*share),
            Effect::SaveSession { name, session } => self.save_session(name, *session),
            Effect::OpenSession { name } => self.open_session(name),
            Effect::ReadAs { source, format } => {
                if let Some(ReadAs(read)) = &self.read_as {
                    read(&source, format.as_deref());
                }
            }
            Effect::Redraw
            | Effect::Suspend
            | Effect::TakeOver
            | Effect::Wire(_)
            | Effect::Quit => {}
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

    /// Does work on files and sends what came of it.
    fn file_work(&self, work: impl FnOnce() -> Message + Send + 'static) {
        let (sender, asking) = (self.sender.clone(), self.asking.clone());
        asking.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            if let Ok(message) = spawn_blocking(work).await {
                let _ = sender.send(message).await;
            }
            asking.fetch_sub(1, Ordering::AcqRel);
        });
    }

    fn save_session(&mut self, name: Option<String>, mut session: Session) {
        session.saved = self.now();
        self.saves += 1;
        let (number, keeper) = (self.saves, self.keeper.clone());
        self.file_work(move || {
            let error = keep(keeper.as_deref(), name.as_deref(), number, &session).err();
            Message::SessionSaved { name, error }
        });
    }

    fn open_session(&self, name: String) {
        let keeper = self.keeper.clone();
        self.file_work(move || Message::SessionOpened(open(keeper.as_deref(), &name)));
    }

    /// The last save, whatever is still under way.
    pub fn save_last(&self, mut session: Session) -> Result<(), StateError> {
        session.saved = self.now();
        match &self.keeper {
            Some(keeper) => keeper.save(u64::MAX, &session),
            None => Ok(()),
        }
    }

    fn tail(&mut self, generation: Generation, request: TailRequest) {
        self.end_tail();
        let stop = Arc::new(StopTail::default());
        self.tail = Some(stop.clone());
        let (engine, sender) = (self.engine.clone(), self.sender.clone());
        spawn_blocking(move || {
            let error = follow(&*engine, &request, generation, &sender, &stop).err();
            let error = error
                .filter(|e| !matches!(e, EngineError::Unsupported(_) | EngineError::Ended))
                .map(|e| e.to_string());
            if !stop.is_over() {
                let _ = sender.blocking_send(Message::TailEnded { generation, error });
            }
        });
    }

    fn end_tail(&mut self) {
        if let Some(stop) = self.tail.take() {
            stop.stop();
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.end_tail();
        Lane::ALL.into_iter().for_each(|lane| self.cancel(lane));
    }
}

fn keep(
    keeper: Option<&Keeper>,
    name: Option<&str>,
    number: u64,
    session: &Session,
) -> Result<(), String> {
    let keeper = keeper.ok_or(NOTHING_KEPT)?;
    let saved = match name {
        Some(name) => state::Slot::named(name).and_then(|slot| keeper.store.save(&slot, session)),
        None => keeper.save(number, session),
    };
    saved.map_err(|error| error.to_string())
}

fn open(keeper: Option<&Keeper>, name: &str) -> Result<Box<Session>, String> {
    let store = &keeper.ok_or(NOTHING_KEPT)?.store;
    let loaded = state::Slot::named(name).and_then(|slot| store.load(&slot));
    if let Some(session) = loaded.map_err(|error| error.to_string())? {
        return Ok(Box::new(session));
    }
    Err(match store.names().as_slice() {
        [] => format!("there is no session {name:?}, nor any other"),
        names => format!(
            "there is no session {name:?}; there is {}",
            names.join(", ")
        ),
    })
}

/// Passes on what a tail delivers, until it is stopped, nobody listens, or events were missed: then the search that
/// follows brings a new tail.
fn follow(
    engine: &dyn Engine,
    request: &TailRequest,
    generation: Generation,
    sender: &mpsc::Sender<Message>,
    stop: &StopTail,
) -> Result<(), EngineError> {
    let mut tail = engine.tail(request)?;
    let _ = stop.waker.set(tail.waker());
    while !stop.is_over() {
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
            stop.stop();
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
