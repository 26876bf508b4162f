//! `update` alone with an engine that answers at once: for tests that need many steps and no screen.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::harness::noon;
use crate::engine::memory::MemoryEngine;
use crate::engine::{Cancel, Engine, Hit, TailItem};
use crate::event::{Event, EventId, Verdict, Zone};
use crate::query::{BindContext, Matcher};
use crate::runbook::Library;
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Search};
use crate::tui::message::Message;
use crate::tui::model::Model;
use crate::tui::update::{start, update};
use crate::tui::{Options, model};

pub(super) struct Driver {
    pub model: Model,
    pub engine: Arc<MemoryEngine>,
    /// Searches wait here until [`Self::answer`].
    waiting: Option<Search>,
}

impl Driver {
    pub(super) fn new(width: u16, height: u16, events: Vec<Event>) -> Self {
        let mut model = model(Library::default(), Options::default()).unwrap();
        (model.size, model.now) = ((width, height), noon());
        let mut driver = Self {
            model,
            engine: super::harness::engine_of(events),
            waiting: None,
        };
        let effects = start(&mut driver.model);
        driver.take(effects);
        driver.settle();
        driver
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Search(search) => self.waiting = Some(*search),
                Effect::CancelSearch => self.waiting = None,
                Effect::Info => {
                    let info = Box::new(self.engine.info());
                    self.send(Message::Info(info));
                }
                _ => {}
            }
        }
    }

    pub(super) fn send(&mut self, message: Message) {
        let effects = update(&mut self.model, message);
        self.take(effects);
    }

    /// Answers the search that waits; `false` if none does.
    pub(super) fn answer(&mut self) -> bool {
        let Some(Search {
            generation,
            purpose,
            mut request,
            now,
        }) = self.waiting.take()
        else {
            return false;
        };
        request.now = now.unwrap_or(noon());
        let result = self
            .engine
            .search(&request, &Cancel::default())
            .map(Box::new);
        self.send(Message::Searched {
            generation,
            purpose,
            result,
        });
        true
    }

    pub(super) fn settle(&mut self) {
        while self.answer() {}
    }

    /// Types keys without waiting for anything.
    pub(super) fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    /// Types keys and waits for the answers.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        self.press(keys);
        self.settle();
        self
    }

    /// The key of a command where the focus is.
    pub(super) fn command(&mut self, command: Command) {
        let context = self.model.context();
        let key = self.model.keymap.keys(context, command)[0].event();
        self.send(Message::Key(key));
    }

    /// Events arrive, by the engine and, those that match, by the tail.
    pub(super) fn arrive(&mut self, events: Vec<Event>) {
        let bound = self.model.query.bind(&BindContext {
            now: noon(),
            zone: Zone::Utc,
            paths: None,
        });
        let matcher = Matcher::new(&bound.unwrap()).unwrap();
        let mut hits = Vec::new();
        for event in events {
            self.engine.push(event.clone());
            let verdict = Verdict::Pending;
            if matcher.matches(&event, verdict) {
                let event = event.into();
                hits.push(Hit { event, verdict });
            }
        }
        let item = TailItem::Events(hits);
        if let Some(generation) = self.model.arriving.tail {
            self.send(Message::Tailed { generation, item });
        }
    }

    pub(super) fn tick(&mut self, seconds: i64) {
        let now = self.model.now.saturating_add(seconds * 1_000_000_000);
        self.send(Message::Tick(now));
    }

    pub(super) fn selected(&self) -> Option<EventId> {
        self.model.events.selected().map(|h| h.event.id)
    }

    pub(super) fn action(&self) -> String {
        let hit = self.model.events.selected();
        hit.and_then(|h| h.event.action.clone()).unwrap_or_default()
    }
}
