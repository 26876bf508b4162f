//! The stream of live events and what people should be told, shared by all stores of an engine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::chain::ChainReport;
use crate::engine::sink::Parsed;
use crate::engine::{Covers, EngineError, Hit, Tail, TailItem, TailWaker, Watermark};
use crate::event::{Event, Timestamp, Verdict};
use crate::query::Matcher;

/// Events kept so that a tail can go on from an older watermark without a gap.
const RING: usize = 10_000;
/// Messages a tail may lag behind before it is told to search again.
const QUEUE: usize = 4_096;
/// Messages for people that are kept.
const MESSAGES: usize = 200;

#[derive(Clone, Debug)]
enum Signal {
    Events(Vec<Arc<Event>>),
    Changed,
    /// Nothing more will come.
    End,
    /// Whoever waits is to look up.
    Wake,
}

#[derive(Default)]
pub(crate) struct HubState {
    /// Number of the newest live event.
    sequence: u64,
    ring: VecDeque<(u64, Arc<Event>)>,
    ended: bool,
    tails: Vec<(Sender<Signal>, Arc<std::sync::atomic::AtomicU64>)>,
    pub(crate) chains: BTreeMap<Arc<str>, Arc<ChainReport>>,
    pub(crate) errors: BTreeMap<String, String>,
    pub(crate) messages: VecDeque<String>,
    /// How many there are.
    pub(crate) stores: usize,
    /// By store.
    pub(crate) covers: BTreeMap<usize, Covers>,
    /// Events from here on were shown as complete.
    shown: Option<Timestamp>,
}

/// Wakes the thread that commits: something has come.
#[derive(Clone, Debug)]
pub(crate) struct Bell {
    ring: Sender<()>,
    pub(crate) heard: Receiver<()>,
}

impl Default for Bell {
    fn default() -> Self {
        let (ring, heard) = bounded(1);
        Self { ring, heard }
    }
}

impl Bell {
    /// Once is enough until it is heard.
    pub(crate) fn ring(&self) {
        let _ = self.ring.try_send(());
    }
}

/// Hands live events to every tail.
#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<HubState>,
    pub(crate) bell: Bell,
}

impl Hub {
    /// While this is held no live event is accepted: what is read meanwhile is of one moment.
    pub(crate) fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The verdict of an event as known now.
    pub(crate) fn verdict(state: &HubState, event: &Event) -> Verdict {
        match state.chains.get(&event.source) {
            Some(report) => report
                .verdicts
                .at(event.order.generation, event.order.offset),
            None => Verdict::Pending,
        }
    }

    pub(crate) fn tail(self: &Arc<Self>, matcher: Matcher, from: Watermark) -> HubTail {
        let mut state = self.lock();
        let oldest = state.ring.front().map_or(state.sequence + 1, |(n, _)| *n);
        let skipped = oldest.saturating_sub(from.0.saturating_add(1));
        let backlog = state
            .ring
            .iter()
            .filter(|(n, _)| *n > from.0)
            .map(|(_, e)| e.clone())
            .collect();
        let (sender, receiver) = bounded(QUEUE);
        let lost = Arc::new(std::sync::atomic::AtomicU64::new(skipped));
        if state.ended {
            // It said so before this one was there. The queue is empty: there is room.
            let _ = sender.try_send(Signal::End);
        }
        state.tails.push((sender.clone(), lost.clone()));
        HubTail {
            hub: self.clone(),
            matcher,
            backlog,
            receiver,
            sender,
            lost,
            changed: false,
        }
    }
}

impl HubState {
    pub(crate) fn watermark(&self) -> Watermark {
        Watermark(self.sequence)
    }

    /// What all stores together cover: the least advanced one says from when on.
    pub(crate) fn covers(&self) -> Covers {
        let mut all = Covers {
            complete: true,
            ..Covers::default()
        };
        let mut since = Some(Timestamp(i64::MIN));
        for covers in self.covers.values() {
            all.done += covers.done;
            all.total += covers.total;
            if !covers.complete {
                all.complete = false;
                since = since.zip(covers.since).map(|(a, b)| a.max(b));
            }
        }
        all.since = since.filter(|_| !all.complete);
        all
    }

    /// Remembers from when on events were shown as complete, once every store has said how far it is.
    pub(crate) fn note_shown(&mut self) {
        if self.covers.len() < self.stores {
            return;
        }
        let covers = self.covers();
        let all = covers.complete.then_some(Timestamp(i64::MIN));
        self.shown = self.shown.into_iter().chain(covers.since).chain(all).min();
    }

    /// How many events of a batch come only after their time was shown as complete.
    pub(crate) fn late(&self, batch: &[Parsed]) -> u64 {
        let Some(shown) = self.shown else { return 0 };
        let times = batch.iter().flat_map(|p| &p.events).filter_map(|e| e.ts);
        times.filter(|ts| *ts >= shown).count() as u64
    }

    /// Numbers the events and hands them on.
    pub(crate) fn publish(&mut self, events: Vec<Arc<Event>>) {
        for event in &events {
            self.sequence += 1;
            self.ring.push_back((self.sequence, event.clone()));
        }
        while self.ring.len() > RING {
            self.ring.pop_front();
        }
        self.send(&Signal::Events(events));
    }

    /// Says what is wrong with a source, unless it is said already.
    pub(crate) fn fail(&mut self, source: &str, error: String) {
        if !self.errors.contains_key(source) {
            self.errors.insert(source.to_owned(), error);
            self.changed();
        }
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.send(&Signal::End);
    }

    pub(crate) fn changed(&mut self) {
        self.send(&Signal::Changed);
    }

    pub(crate) fn say(&mut self, text: String) {
        self.messages.push_back(text);
        while self.messages.len() > MESSAGES {
            self.messages.pop_front();
        }
        self.changed();
    }

    fn send(&mut self, signal: &Signal) {
        self.tails
            .retain(|(tail, lost)| match tail.try_send(signal.clone()) {
                Ok(()) => true,
                Err(TrySendError::Full(Signal::Events(events))) => {
                    lost.fetch_add(events.len() as u64, std::sync::atomic::Ordering::Relaxed);
                    true
                }
                Err(TrySendError::Full(Signal::Changed | Signal::End | Signal::Wake)) => true,
                Err(TrySendError::Disconnected(_)) => false,
            });
    }
}

pub(crate) struct HubTail {
    hub: Arc<Hub>,
    matcher: Matcher,
    backlog: Vec<Arc<Event>>,
    receiver: Receiver<Signal>,
    /// For those who wake it.
    sender: Sender<Signal>,
    lost: Arc<std::sync::atomic::AtomicU64>,
    /// A change was seen together with events, which went first.
    changed: bool,
}

impl Tail for HubTail {
    fn waker(&self) -> TailWaker {
        let sender = self.sender.clone();
        // One whose queue is full does not wait.
        Box::new(move || {
            let _ = sender.try_send(Signal::Wake);
        })
    }

    fn recv(&mut self, timeout: Duration) -> Result<Option<TailItem>, EngineError> {
        let lost = self.lost.swap(0, std::sync::atomic::Ordering::Relaxed);
        if lost > 0 {
            return Ok(Some(TailItem::Lagged(lost)));
        }
        if std::mem::take(&mut self.changed) {
            return Ok(Some(TailItem::Changed));
        }
        let mut events = std::mem::take(&mut self.backlog);
        let (mut changed, mut ended) = (false, false);
        if events.is_empty() {
            let mut take = |signal| match signal {
                Signal::Events(more) => events.extend(more),
                Signal::Changed => changed = true,
                Signal::End => ended = true,
                Signal::Wake => {}
            };
            match self.receiver.recv_timeout(timeout) {
                Ok(signal) => take(signal),
                // There is a sender as long as there is the tail: it can only be that nothing came.
                Err(_) if self.hub.lock().ended => return Err(EngineError::Ended),
                Err(_) => return Ok(None),
            }
            self.receiver.try_iter().take(256).for_each(take);
            if ended && events.is_empty() {
                return Err(EngineError::Ended);
            }
        }
        let verdicts: Vec<Verdict> = {
            let state = self.hub.lock();
            events.iter().map(|e| Hub::verdict(&state, e)).collect()
        };
        let hits: Vec<Hit> = events
            .into_iter()
            .zip(verdicts)
            .filter(|(event, verdict)| self.matcher.matches(event, *verdict))
            .map(|(event, verdict)| Hit { event, verdict })
            .collect();
        Ok(match (hits.is_empty(), changed) {
            (false, _) => {
                self.changed = changed;
                Some(TailItem::Events(hits))
            }
            (true, true) => Some(TailItem::Changed),
            (true, false) => None,
        })
    }
}
