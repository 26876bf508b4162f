//! Messages in, effects out; no terminal, no engine.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::harness::{events, noon};
use crate::engine::{Covers, EngineError, Hit, SearchPage, Sort, TailItem, Watermark};
use crate::event::Verdict;
use crate::runbook::Library;
use crate::tui::effect::{Effect, Generation, Place, Purpose, Search};
use crate::tui::message::Message;
use crate::tui::model::Model;
use crate::tui::update::{start, update};
use crate::tui::{Options, model};

fn hits(range: std::ops::Range<u32>) -> Vec<Hit> {
    let all = events(range.end).split_off(range.start as usize);
    all.into_iter()
        .map(|e| Hit {
            event: e.into(),
            verdict: Verdict::Unchained,
        })
        .collect()
}

pub(super) fn key(model: &mut Model, c: char) -> Vec<Effect> {
    update(
        model,
        Message::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)),
    )
}

fn search(effects: Vec<Effect>) -> Option<Search> {
    effects.into_iter().find_map(|e| match e {
        Effect::Search(search) => Some(*search),
        _ => None,
    })
}

fn answer(model: &mut Model, search: Search, page: SearchPage) -> Vec<Effect> {
    let Search {
        generation,
        purpose,
        ..
    } = search;
    update(
        model,
        Message::Searched {
            generation,
            purpose,
            result: Ok(Box::new(page)),
        },
    )
}

fn page(mut hits: Vec<Hit>, more: bool) -> SearchPage {
    hits.reverse();
    SearchPage {
        hits,
        more,
        watermark: Watermark(7),
        covers: Covers {
            complete: true,
            ..Covers::default()
        },
        ..SearchPage::default()
    }
}

/// A model that has its first page and is waiting for the counts.
pub(super) fn started(hits: Vec<Hit>, more: bool) -> (Model, Search) {
    let mut model = model(Library::default(), Options::default()).unwrap();
    update(&mut model, Message::Resize(80, 24));
    let first = search(start(&mut model)).unwrap();
    assert_eq!(first.purpose, Purpose::Page(Place::Newest));
    let effects = answer(&mut model, first, page(hits, more));
    assert!(matches!(
        &effects[0],
        Effect::Tail { request, .. } if request.from == Watermark(7)
    ));
    let counts = search(effects).unwrap();
    (model, counts)
}

#[test]
fn after_the_first_page_counts_are_asked_for() {
    let (mut model, counts) = started(hits(0..50), false);
    assert_eq!(
        (counts.purpose.clone(), counts.request.limit),
        (Purpose::Counts, 0)
    );
    assert!(counts.request.want_total && !counts.request.facets.is_empty());
    answer(
        &mut model,
        counts,
        SearchPage {
            total: 50,
            ..SearchPage::default()
        },
    );
    assert_eq!(model.total, Some(50));
}

#[test]
fn a_late_reply_changes_nothing() {
    let (mut model, counts) = started(hits(0..50), false);
    let newer = search(key(&mut model, '+')).unwrap();
    assert!(newer.generation > counts.generation);
    model.dirty = false;
    assert!(
        answer(
            &mut model,
            counts,
            SearchPage {
                total: 50,
                ..SearchPage::default()
            }
        )
        .is_empty()
    );
    assert_eq!((model.total, model.dirty), (None, false));
}

#[test]
fn near_an_edge_the_next_page_is_fetched_and_interrupted_counts_come_again() {
    let (mut model, _counts) = started(hits(500..1000), true);
    let mut older = None;
    for _ in 0..40 {
        let effects = update(
            &mut model,
            Message::Key(KeyEvent::new(KeyCode::PageUp, KeyModifiers::NONE)),
        );
        older = older.or(search(effects));
    }
    let older = older.unwrap();
    assert_eq!(
        (older.purpose.clone(), older.request.sort),
        (Purpose::Older, Sort::Desc)
    );
    assert_eq!(
        older.request.cursor.clone().map(|c| c.inclusive),
        Some(false)
    );
    assert!(model.asking.counts_due);
    let again = search(answer(&mut model, older, page(hits(0..500), false)));
    assert_eq!(model.events.window.len(), 1000);
    assert_eq!(again.map(|s| s.purpose), Some(Purpose::Counts));
}

#[test]
fn while_live_counts_are_asked_at_most_once_a_second() {
    let (mut model, counts) = started(hits(0..5), false);
    answer(&mut model, counts, page(Vec::new(), false));
    let generation = model.arriving.tail.unwrap();
    let mut asked = 0;
    for i in 0..40u32 {
        let item = TailItem::Events(hits(5 + i..6 + i));
        update(&mut model, Message::Tailed { generation, item });
        let now = noon().saturating_add(i64::from(i) * 250_000_000);
        if let Some(counts) = search(update(&mut model, Message::Tick(now))) {
            asked += 1;
            answer(&mut model, counts, page(Vec::new(), false));
        }
    }
    assert!((9..=11).contains(&asked), "{asked}");
    assert_eq!(model.arriving.rate, 4);
}

/// Newer events may come from what is still being indexed: the list of somebody who follows ends with the newest.
#[test]
fn a_list_made_while_indexing_is_made_again() {
    let (mut model, counts) = started(hits(0..5), false);
    model.asking.whole = false;
    model.covers.complete = false;
    let generation = model.arriving.tail.unwrap();
    let mut partial = page(Vec::new(), false);
    partial.covers.complete = false;
    answer(&mut model, counts, partial);
    let item = TailItem::Changed;
    update(&mut model, Message::Tailed { generation, item });
    // Older events were asked for first.
    model.asking.running = None;
    let tick = |model: &mut Model, seconds: i64| {
        let now = noon().saturating_add(seconds * 1_000_000_000);
        search(update(model, Message::Tick(now)))
    };
    let again = tick(&mut model, 10).unwrap();
    assert_eq!(again.purpose, Purpose::Page(Place::Newest));
    assert_eq!(
        model.arriving.tail,
        Some(generation),
        "what arrives meanwhile still counts"
    );
    let mut partial = page(hits(0..9), false);
    partial.covers.complete = false;
    let counts = search(answer(&mut model, again, partial)).unwrap();
    assert_eq!(model.events.window.len(), 9);
    // Indexing ends: once more, and then no more.
    answer(&mut model, counts, page(Vec::new(), false));
    let last = tick(&mut model, 20).unwrap();
    assert_eq!(last.purpose, Purpose::Page(Place::Newest));
    let counts = search(answer(&mut model, last, page(hits(0..12), false))).unwrap();
    answer(&mut model, counts, page(Vec::new(), false));
    assert_eq!(tick(&mut model, 30).map(|s| s.purpose), None);
}

#[test]
fn events_of_an_old_tail_are_dropped() {
    let (mut model, _) = started(hits(0..5), false);
    update(
        &mut model,
        Message::Tailed {
            generation: Generation(99),
            item: TailItem::Events(hits(5..9)),
        },
    );
    assert_eq!(model.events.window.len(), 5);
}

#[test]
fn missed_events_are_searched_again_and_changes_refresh_verdicts() {
    let (mut model, counts) = started(hits(0..5), false);
    answer(&mut model, counts, page(Vec::new(), false));
    let generation = model.arriving.tail.unwrap();
    update(
        &mut model,
        Message::Tailed {
            generation,
            item: TailItem::Changed,
        },
    );
    let older = model.asking.running.take();
    assert!(matches!(older, Some((_, Purpose::Older))));
    let refresh = search(update(
        &mut model,
        Message::Tick(noon().saturating_add(10_000_000_000)),
    ))
    .unwrap();
    assert_eq!(refresh.purpose, Purpose::Refresh);
    let mut page = page(hits(0..5), false);
    page.hits[0].verdict = Verdict::Verified;
    // Who follows is shown what began to match after the last row, then the counts.
    let newer = search(answer(&mut model, refresh, page)).unwrap();
    assert_eq!(newer.purpose, Purpose::Newer);
    let counts = search(answer(&mut model, newer, SearchPage::default()));
    assert_eq!(counts.map(|s| s.purpose), Some(Purpose::Counts));
    assert_eq!(
        model.events.selected().map(|h| h.verdict),
        Some(Verdict::Verified)
    );
    let lagged = update(
        &mut model,
        Message::Tailed {
            generation,
            item: TailItem::Lagged(3),
        },
    );
    assert_eq!(
        search(lagged).map(|s| s.purpose),
        Some(Purpose::Page(Place::Newest))
    );
}

#[test]
fn interrupt_stops_the_search_first_and_then_leaves() {
    let (mut model, _counts) = started(hits(0..5), false);
    let interrupt = || Message::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    assert!(matches!(
        update(&mut model, interrupt())[..],
        [Effect::CancelSearch]
    ));
    assert!(matches!(
        update(&mut model, interrupt())[..],
        [Effect::Quit]
    ));
}

#[test]
fn q_leaves_only_when_pressed_twice() {
    let (mut model, _) = started(hits(0..5), false);
    assert!(key(&mut model, 'q').is_empty());
    key(&mut model, 'k');
    assert!(key(&mut model, 'q').is_empty());
    assert!(matches!(key(&mut model, 'q')[..], [Effect::Quit]));
}

#[test]
fn a_failed_search_is_shown() {
    let mut model = model(Library::default(), Options::default()).unwrap();
    let Search {
        generation,
        purpose,
        ..
    } = search(start(&mut model)).unwrap();
    let result = Err(EngineError::Index("the disk is full".into()));
    update(
        &mut model,
        Message::Searched {
            generation,
            purpose,
            result,
        },
    );
    assert!(model.why_empty()[0].contains("the disk is full"));
}

#[test]
fn a_tick_without_news_draws_nothing() {
    let (mut model, counts) = started(hits(0..5), false);
    let page = SearchPage {
        covers: crate::engine::Covers {
            complete: true,
            ..Default::default()
        },
        ..Default::default()
    };
    answer(&mut model, counts, page);
    model.dirty = false;
    assert!(update(&mut model, Message::Tick(noon())).is_empty());
    assert!(!model.dirty && !model.needs_tick());
}

/// Keys may come faster than answers: a jump waits for the list instead of taking its place.
#[test]
fn a_jump_before_the_list_is_there_comes_after_it() {
    let mut model = model(Library::default(), Options::default()).unwrap();
    update(&mut model, Message::Resize(80, 24));
    let first = search(start(&mut model)).unwrap();
    assert!(search(key(&mut model, 'e')).is_none());
    let effects = answer(&mut model, first, page(hits(0..5), false));
    let jump = search(effects).unwrap();
    assert!(matches!(jump.purpose, Purpose::Jump(_)));
    assert!(model.asking.counts_due && model.arriving.tail.is_some());
}

/// The rows on the screen are of the query before: they go, and a key asks again.
#[test]
fn a_list_that_was_stopped_is_empty_and_can_be_asked_for_again() {
    let (mut model, counts) = started(hits(0..5), false);
    answer(&mut model, counts, page(Vec::new(), false));
    key(&mut model, '/');
    for c in "alice".chars() {
        key(&mut model, c);
    }
    let enter = Message::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    let effects = update(&mut model, enter);
    assert!(search(effects).is_some());
    let stop = Message::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    let effects = update(&mut model, stop);
    assert!(matches!(effects[..], [Effect::CancelSearch]));
    assert!(model.events.window.is_empty());
    let again = Message::Key(KeyEvent::new(KeyCode::F(5), KeyModifiers::NONE));
    let asked = update(&mut model, again)
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Search(search) => Some(search.purpose),
            _ => None,
        });
    assert_eq!(asked, Some(Purpose::Page(Place::Newest)));
}

#[test]
fn the_terminal_is_given_back_and_taken_over_again() {
    use crate::tui::runtime::Job;
    use std::sync::{Arc, Mutex};
    #[derive(Clone, Default)]
    struct Noted(Arc<Mutex<Vec<&'static str>>>);
    impl Job for Noted {
        fn suspend(&mut self) -> std::io::Result<()> {
            self.0.lock().unwrap().push("suspended");
            Err(std::io::Error::other("no shell"))
        }
        fn take_over(&mut self) -> std::io::Result<()> {
            self.0.lock().unwrap().push("taken over");
            Ok(())
        }
    }
    let noted = Noted::default();
    let mut h = super::harness::Harness::new(80, 24, super::harness::events(3));
    h.set_job(noted.clone());
    h.keys("<ctrl+z>").shows("not left: no shell");
    h.send(Message::Suspend);
    h.send(Message::Continued);
    let want = ["suspended", "suspended", "taken over"];
    assert_eq!(*noted.0.lock().unwrap(), want);
}
