//! The detail, what belongs to its event, and the menu that leads from it to others.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::harness::{Harness, break_chain_at, engine_of, event, events, noon};
use crate::engine::{EngineError, SearchPage, Sort};
use crate::event::Event;
use crate::runbook::Library;
use crate::tui::effect::{Effect, Purpose, Question, Search};
use crate::tui::message::Message;
use crate::tui::model::Model;
use crate::tui::update::{start, update};
use crate::tui::{Options, model};

/// A hundred events; every third belongs to session `s-1`, the last is a break of the chain.
fn world() -> Vec<Event> {
    let mut all = events(100);
    for event in all.iter_mut().step_by(3) {
        event.session = Some("s-1".into());
        event.raw = b"{\"kind\":\"Event\",\"user\":{\"name\":\"alice\",\"groups\":[\"dev\",\"on-call\"]},\"code\":403}"
            .to_vec()
            .into();
    }
    all[99].ip.push("2001:db8::7".parse().unwrap());
    all
}

fn harness(width: u16, height: u16, options: Options) -> Harness {
    let engine = engine_of(world());
    break_chain_at(&engine, 98);
    Harness::over(engine, width, height, Library::default(), options)
}

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

#[test]
fn every_view_of_the_detail_at_two_sizes() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut h = harness(width, height, Options::default());
        h.keys("<enter>");
        check(&format!("detail_tree_{width}"), &h);
        h.keys("v");
        check(&format!("detail_raw_{width}"), &h);
        h.keys("vsprod<enter>s<ctrl+u>secrets<enter>");
        check(&format!("detail_search_{width}"), &h);
        h.keys("s<ctrl+u><enter>gJJ");
        check(&format!("detail_session_{width}"), &h);
        h.keys("<esc>k<enter>G");
        check(&format!("detail_chain_{width}"), &h);
        h.keys("p");
        check(&format!("pivot_{width}"), &h);
        h.keys("<esc>C");
        check(&format!("columns_{width}"), &h);
    }
}

#[test]
fn without_colour_and_unicode() {
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = harness(80, 24, options);
    h.keys("m<enter>alikely<enter>s403<enter>");
    check("detail_ascii", &h);
    h.keys("p");
    check("pivot_ascii", &h);
    assert!(h.screen().is_ascii());
}

#[test]
fn a_session_is_a_small_timeline_and_enter_goes_to_its_events() {
    let mut h = harness(100, 40, Options::default());
    h.keys("<enter>JJ").shows("session  34 events");
    h.shows("-29.9 s");
    h.keys("J").shows("the pivot menu shows the whole session");
    h.keys("K");
    // The cursor is on the first of ten earlier ones.
    h.keys("<enter>");
    assert_eq!(h.selected_action(), "action-69");
    h.shows("DETAIL  action-69").shows("+2.9 s");
    // The cursor is on this event in its session: the next one is a step away.
    h.keys("j<enter>");
    assert_eq!(h.selected_action(), "action-72");
    h.keys("k<enter>");
    assert_eq!(h.selected_action(), "action-69");
    // Hidden by the query: it is parked, as by a jump to a break.
    h.keys("<esc>/action:action-99<enter>");
    eprintln!("{}", h.screen());
    h.keys("<enter>");
    eprintln!("{}", h.screen());
    h.keys("JJ");
    eprintln!("{}", h.screen());
    h.keys("<enter>");
    assert_eq!(h.selected_action(), "action-69");
    h.shows("your query hid this event");
    h.keys("u");
    h.shows("action:action-99");
}

#[test]
fn the_neighbours_in_the_chain_are_shown_and_gone_to() {
    let mut h = harness(120, 50, Options::default());
    h.keys("k<enter>").shows("chain broken: deleted (alarm)");
    h.shows("the hash that should stand here");
    h.keys("G");
    h.shows("before line 98")
        .shows("this line 99")
        .shows("after line 100");
    h.keys("kk<enter>");
    assert_eq!(h.selected_action(), "action-97");
    h.keys("G<enter>");
    assert_eq!(h.selected_action(), "action-98");
}

#[test]
fn searching_inside_marks_goes_on_and_says_where() {
    let mut h = harness(100, 40, Options::default());
    h.keys("<enter>sobjectref<enter>").shows("hit 1 of 1");
    h.keys("s<ctrl+u>203.0<enter>").shows("hit 1 of 1");
    h.keys("n");
    h.shows("went on from the top");
    h.keys("N");
    h.shows("went on from the bottom");
    h.keys("s<ctrl+u>on-call<enter>")
        .shows("is not in here; the raw record may hold it");
    h.keys("vn")
        .shows("hit 1 of 1")
        .shows("raw · 7 of 11 lines");
}

#[test]
fn every_value_of_a_field_is_filtered_by_itself() {
    let mut h = harness(100, 40, Options::default());
    h.keys("<enter>s2001<enter>i")
        .shows("ip:\"2001:db8::7\"")
        .shows("1 of 100");
}

#[test]
fn pivots_replace_the_query_and_keep_the_event() {
    for (keys, query) in [
        ("pa", "actor:system"),
        ("ps", "session:s-1"),
        ("pi", "ip:203.0.113.7"),
        ("pt", "target:\"secrets/db\""),
        ("pm", "since:2026-03-01T14:54:59"),
        ("pl", "session:s-1"),
        ("pjj<enter>", "ip:203.0.113.7"),
    ] {
        let mut h = harness(120, 40, Options::default());
        h.keys("<esc>").keys(keys).hides("PIVOT");
        let text = h.model().query_bar.text().to_owned();
        assert!(
            text.contains(query.trim_end_matches("system")),
            "{keys}: {text}"
        );
        assert_eq!(h.selected_action(), "action-99", "{keys}");
    }
}

#[test]
fn a_pivot_that_the_event_has_nothing_for_says_so() {
    let mut h = harness(100, 30, Options::default());
    h.keys("kps")
        .shows("this event has no session")
        .shows("PIVOT");
    h.keys("<esc>").hides("PIVOT");
    let mut empty = Harness::new(80, 24, Vec::new());
    empty.keys("p").shows("no event is selected");
}

fn key(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    update(model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn search(effects: Vec<Effect>) -> Option<Search> {
    effects.into_iter().find_map(|e| match e {
        Effect::Search(search) => Some(*search),
        _ => None,
    })
}

fn answer(model: &mut Model, search: &Search, hits: Vec<Event>) -> Option<Search> {
    let hit = |e: Event| crate::engine::Hit {
        event: e.into(),
        verdict: Default::default(),
    };
    let page = SearchPage {
        hits: hits.into_iter().map(hit).collect(),
        total: 1,
        ..SearchPage::default()
    };
    let message = Message::Searched {
        generation: search.generation,
        purpose: search.purpose.clone(),
        result: Ok(Box::new(page)),
    };
    self::search(update(model, message))
}

/// A model that shows `world` and has nothing to ask.
fn ready() -> Model {
    let mut model = model(Library::default(), Options::default()).unwrap();
    update(&mut model, Message::Resize(120, 40));
    update(&mut model, Message::Tick(noon()));
    let first = search(start(&mut model)).unwrap();
    let counts = answer(&mut model, &first, world().into_iter().rev().collect()).unwrap();
    assert_eq!(
        answer(&mut model, &counts, Vec::new()).map(|s| s.purpose),
        None
    );
    model
}

#[test]
fn a_session_is_asked_for_only_with_the_detail_open_and_late_answers_are_dropped() {
    let mut model = ready();
    assert!(search(key(&mut model, KeyCode::Char('k'))).is_none());
    key(&mut model, KeyCode::Char('j'));
    let asked = search(key(&mut model, KeyCode::Enter)).unwrap();
    let id = event(99).id;
    assert_eq!(asked.purpose, Purpose::Related(id, Question::SessionBefore));
    assert_eq!((asked.request.limit, asked.request.sort), (10, Sort::Desc));
    // To an event without a session, then back: the question is another one.
    key(&mut model, KeyCode::Tab);
    key(&mut model, KeyCode::Tab);
    key(&mut model, KeyCode::Tab);
    model.focus = crate::tui::model::Pane::Events;
    assert!(search(key(&mut model, KeyCode::Char('k'))).is_none());
    let again = search(key(&mut model, KeyCode::Char('j'))).unwrap();
    assert!(again.generation > asked.generation);
    assert!(answer(&mut model, &asked, vec![event(1)]).is_none());
    let after = answer(&mut model, &again, vec![event(96)]).unwrap();
    assert_eq!(
        after.purpose,
        Purpose::Related(id, Question::SessionAfter { rows: 19 })
    );
    assert!(answer(&mut model, &after, Vec::new()).is_none());
}

#[test]
fn a_failed_question_leaves_the_list_alone() {
    let mut model = ready();
    let asked = search(key(&mut model, KeyCode::Enter)).unwrap();
    let message = Message::Searched {
        generation: asked.generation,
        purpose: asked.purpose,
        result: Err(EngineError::Index("broken".into())),
    };
    assert!(update(&mut model, message).is_empty());
    assert_eq!(model.asking.error, None);
    assert!(!model.events.window.is_empty());
}

#[test]
fn a_page_comes_before_what_belongs_to_the_event() {
    let mut model = ready();
    let asked = search(key(&mut model, KeyCode::Enter)).unwrap();
    assert!(matches!(asked.purpose, Purpose::Related(..)));
    let page = search(key(&mut model, KeyCode::Char('+'))).or_else(|| {
        model.focus = crate::tui::model::Pane::Events;
        search(key(&mut model, KeyCode::Char('+')))
    });
    assert!(matches!(page.unwrap().purpose, Purpose::Page(_)));
    assert!(answer(&mut model, &asked, Vec::new()).is_none());
}

#[test]
fn hostile_content_cannot_reach_the_terminal_from_here_either() {
    let text = "\u{1b}[2J\u{202e}evil\r\n\u{7}\u{9b}31m";
    let mut all = world();
    for event in &mut all[96..] {
        event.session = Some(text.into());
        event.actor = Some(text.into());
        event.target = Some(text.into());
        event.attributes.push_str(text, text);
        event.raw = format!("{{\"a\":\"{text}\"}}").into_bytes().into();
    }
    let engine = engine_of(all);
    break_chain_at(&engine, 98);
    let mut h = Harness::over(engine, 100, 40, Library::default(), Options::default());
    let evil = text.replace(['\r', '\n', '\u{1b}', '\u{7}', '\u{9b}'], "");
    for keys in [
        "<enter>", "v", "v]", "J", "J", "p", "<esc>C", "G<enter>", "<esc>a",
    ] {
        h.keys(keys);
        check_clean(&h, keys);
    }
    h.paste(&evil);
    h.keys("<enter>g");
    check_clean(&h, "a note");
    h.keys("s").paste(&evil);
    h.keys("<enter>");
    check_clean(&h, "a search");
}

#[track_caller]
fn check_clean(h: &Harness, after: &str) {
    let screen = h.screen();
    let is_bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!screen.contains(is_bad), "after {after}:\n{screen}");
}
