//! The query bar and the filter pane: what keys do, and what is asked of the engine meanwhile.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::harness::{Harness, event, events};
use crate::engine::{EngineError, SearchPage};
use crate::event::Event;
use crate::runbook::Library;
use crate::tui::effect::{Effect, Lane, Purpose, Search};
use crate::tui::message::Message;
use crate::tui::model::Model;
use crate::tui::update::{start, update};
use crate::tui::{Options, model};

fn small(n: u32) -> Harness {
    Harness::new(80, 24, events(n))
}

/// What stands in the bar.
fn bar(h: &Harness) -> String {
    let screen = h.screen();
    let line = screen.lines().nth(1).unwrap_or_default();
    line.trim_start_matches(" › ").to_owned()
}

#[test]
fn what_is_typed_is_counted_without_touching_the_list() {
    let mut h = small(100);
    h.keys("/outcome:failure").shows("10 match");
    h.shows("action-99");
    assert_eq!(h.model().total, Some(100));
    h.keys(" actor:").hides("match");
    h.keys("ci-bot").shows("5 match").shows("action-99");
    h.keys("<ctrl+u>").shows("100 match");
    h.keys("<esc><esc>").shows("100 of 100").hides("match");
}

#[test]
fn a_field_that_no_event_has_is_said_while_typing() {
    let mut h = small(10);
    h.keys("/nowhere:1")
        .shows("0 match")
        .shows("no event has a field \"nowhere\"");
}

#[test]
fn earlier_queries_come_back_and_so_does_what_was_typed() {
    let mut h = small(100);
    h.keys("/outcome:failure<enter>/<ctrl+u>actor:ci-bot<enter>");
    h.keys("/<ctrl+u>bob<up>");
    assert!(bar(&h).starts_with("actor:ci-bot "), "{}", bar(&h));
    h.keys("<up>");
    assert!(bar(&h).starts_with("outcome:failure "), "{}", bar(&h));
    h.keys("<up><down><down>");
    assert!(bar(&h).starts_with("bob "), "{}", bar(&h));
    // Closed without being applied it is kept too, even if it is no query.
    h.keys("<ctrl+u>actor:<esc><esc>").shows("actor:ci-bot");
    h.keys("/<up>");
    assert_eq!(bar(&h), "actor:");
    let history = h.model().query_bar.history();
    assert_eq!(history, ["outcome:failure", "actor:ci-bot", "actor:"]);
    h.keys("<esc><esc><backspace>").shows("100 of 100");
    h.keys("/<up><up><enter>").shows("25 of 100");
}

#[test]
fn suggestions_show_by_themselves_and_never_take_enter() {
    let mut h = small(100);
    h.keys("/act").shows("who did it").shows("what was done");
    h.keys("<enter>")
        .hides("who did it")
        .shows("No event matches  act");
    h.keys("/<ctrl+u>actor:")
        .shows("alice@corp")
        .shows("any value");
    h.keys("<esc>").hides("any value");
    assert!(h.model().query_bar.is_editing());
    h.keys("al").hides("25 ");
    h.keys("<ctrl+u>actor:al<enter>")
        .shows("No event matches  actor:al");
}

#[test]
fn the_part_that_empties_the_list_is_named() {
    let mut h = small(100);
    h.keys("/outcome:failure actor:al<enter>")
        .shows("Without  actor:al  there would be 10 events.")
        .shows("r looks for  outcome:failure actor:*al*")
        .hides("Without  outcome:failure");
    // Each matches alone: neither is misspelt.
    h.keys("/<ctrl+u>action:action-1 action:action-2<enter>")
        .shows("Without  action:action-1  there would be 1 event.")
        .shows("Without  action:action-2  there would be 1 event.")
        .hides("looks for");
    h.keys("/<ctrl+u>ecret ction<enter>")
        .shows("r looks for  *ecret* *ction*");
    h.keys("r").shows("*ecret* *ction*").shows("100 of 100");
    // A query of one part empties the list by itself.
    h.keys("/<ctrl+u>actor:al<enter>").hides("Without");
    h.keys("/<ctrl+u>outcome:failure<enter>").shows("10 of 100");
}

#[test]
fn tab_goes_through_suggestions_and_enter_takes_the_chosen_one() {
    let mut h = small(100);
    h.keys("/act<tab><tab>");
    h.keys("<enter>");
    assert!(bar(&h).starts_with("action:"), "{}", bar(&h));
    h.keys("<ctrl+u>act<tab><shift+tab><shift+tab><enter>");
    assert!(bar(&h).starts_with("action:"), "{}", bar(&h));
    h.keys("<ctrl+u>outcome:failure act<down><enter>");
    assert!(bar(&h).starts_with("outcome:failure actor:"), "{}", bar(&h));
    // Among the failures: 5 of 10.
    h.shows("ci-bot").shows("   5 ").hides("│ bob@corp");
    h.keys("<tab><enter>").shows("5 match");
    h.keys("<enter>").shows("5 of 100");
}

#[test]
fn the_only_suggestion_is_taken_at_once_and_values_are_quoted() {
    let mut odd = event(1);
    odd.actor = Some("say \"hi\" (AND) *".into());
    let mut h = Harness::new(80, 24, vec![event(0), odd]);
    h.keys("/objectRef.n<tab>");
    assert!(bar(&h).starts_with("objectRef.namespace:"), "{}", bar(&h));
    h.shows("prod").shows("dev");
    h.keys("p<tab>").shows("1 match");
    h.keys("<ctrl+u>actor:say<tab>").shows("1 match");
    assert!(
        bar(&h).starts_with(r#"actor:"say \"hi\" (AND) *" "#),
        "{}",
        bar(&h)
    );
    h.keys("<enter>").shows("1 of 2");
}

#[test]
fn tab_on_nothing_lists_the_fields_and_escape_closes_only_the_list() {
    let mut h = small(10);
    h.keys("/").hides("who did it");
    h.keys("<tab>").shows("who did it").shows("more");
    h.keys("<esc>").hides("who did it");
    assert!(h.model().query_bar.is_editing());
    h.keys("<esc>");
    assert!(!h.model().query_bar.is_editing());
}

#[test]
fn times_are_suggested() {
    let mut h = small(10);
    h.keys("/since:y").shows("a day and a time of day");
    h.keys("<tab><tab><enter><enter>");
    assert_eq!(h.model().query_bar.text(), "since:\"yesterday 14:00\"");
}

#[test]
fn a_narrow_screen_has_room_for_suggestions() {
    let mut h = Harness::new(60, 16, events(10));
    h.keys("/outcome:success actor:").shows("alice@corp");
    h.keys("<ctrl+u>objectRef").shows("objectRef.resource");
}

#[test]
fn presets_set_the_time_and_take_it_back() {
    let mut h = small(100);
    h.keys("fg").shows("[all]");
    h.keys("hhhh<enter>").shows("[15m]").shows("since:15m");
    h.keys("g+").shows("since:15m");
    h.keys("gl+")
        .shows("[1h]")
        .shows("since:1h")
        .hides("since:15m");
    h.keys("/ until:30m<enter>").hides("[");
    h.keys("glll+")
        .shows("[all]")
        .hides("since:")
        .hides("until:");
}

#[test]
fn rarest_values_come_first_when_asked() {
    let mut h = small(100);
    let mut rare = event(200);
    rare.actor = Some("zoe@corp".into());
    h.engine.push(rare);
    h.tick(2);
    h.keys("f").shows("FILTERS");
    let at = |h: &Harness, text: &str| {
        h.screen()
            .lines()
            .position(|l| l.starts_with(&format!("   {text}")))
    };
    assert!(at(&h, "zoe").is_none_or(|z| at(&h, "alice").is_some_and(|a| a < z)));
    h.keys("s").shows("rarest first");
    assert!(
        at(&h, "zoe").unwrap() < at(&h, "alice").unwrap(),
        "{}",
        h.screen()
    );
    h.keys("s").hides("rarest first");
}

#[test]
fn typing_narrows_the_values() {
    let mut h = small(100);
    h.keys("f").hides("action-33");
    h.keys("n")
        .keys("ACTION-33")
        .shows("  action-33")
        .hides("alice@corp     ");
    h.keys("<esc>").shows("FILTERS").hides("action-33");
    h.keys("nzzz").shows("not among the values");
    h.keys("<ctrl+u>33<enter>")
        .shows("action:action-33")
        .shows("1 of 100");
    assert!(!h.model().filters.is_narrowing());
}

#[test]
fn other_shows_more_values() {
    let mut h = Harness::new(160, 50, events(100));
    h.keys("f").shows("other").hides("action-15 ");
    // The row after the six values of `action`, sorted by name among equals.
    let mut steps = 0;
    while !h.screen().lines().any(|l| l.starts_with("▌  ▸ other")) {
        h.keys("j");
        steps += 1;
        assert!(steps < 40, "{}", h.screen());
    }
    let values = |h: &Harness| {
        h.screen()
            .lines()
            .filter(|l| {
                l.get(1..)
                    .is_some_and(|l| l.trim_start().starts_with("action-"))
            })
            .count()
    };
    let before = values(&h);
    h.keys("<enter>");
    assert_eq!(values(&h) - before, 14, "{}", h.screen());
}

#[test]
fn any_attribute_can_be_counted_and_removed_again() {
    let mut h = small(100);
    h.keys("fa").shows("count field:").shows("who did it");
    h.keys("nowhere<enter>")
        .shows("no event has a field \"nowhere\"");
    h.keys("<ctrl+u>name<tab><enter>");
    h.shows("…ectRef.namespace 100")
        .shows("prod")
        .hides("count field");
    h.keys("j+")
        .shows("objectRef.namespace:dev")
        .shows("90 of 100");
    h.keys("gj").keys("d").shows("100 of 100");
    h.keys("G");
    while !h.screen().contains("▌▾ …ectRef.namespace") {
        h.keys("k");
    }
    h.keys("d").hides("ectRef.namespace");
    h.keys("k");
    while !h.screen().contains("▌▾") {
        h.keys("k");
    }
    h.keys("d").shows("only what was added can be removed");
}

#[test]
fn a_chip_is_edited_where_it_stands_and_all_are_switched() {
    let mut h = small(100);
    h.keys("/outcome:failure actor:ci-bot<enter>")
        .shows("5 of 100");
    h.keys("fgj").keys("e");
    assert!(h.model().query_bar.is_editing());
    h.keys("<ctrl+w>outcome:success<enter>");
    h.shows("outcome:success actor:ci-bot").shows("20 of 100");
    h.keys("A").shows("100 of 100").shows("○ outcome:success");
    h.keys("A").shows("20 of 100");
    // One that is off: what comes of it takes its place.
    h.keys("gj ").shows("25 of 100");
    h.keys("e<ctrl+w>action-2<enter>");
    h.shows("1 of 100").hides("○");
}

#[test]
fn a_second_value_widens_instead_of_matching_nothing() {
    let mut h = small(100);
    h.keys("/actor:ci-bot<enter>").shows("25 of 100");
    let effects_of = |h: &mut Harness| {
        h.keys("/<ctrl+u>actor:ci-bot actor:bob@corp<enter>")
            .screen()
    };
    assert!(
        effects_of(&mut h).contains("No event matches"),
        "typed, both are meant"
    );
    h.keys("<backspace>+").shows("25 of 100");
}

#[test]
fn a_source_keeps_the_end_of_its_path() {
    let long = Event {
        source: "/var/log/kubernetes/cluster-7/audit/audit-2026-03-01.log".into(),
        ..event(1)
    };
    let mut h = Harness::new(80, 40, vec![long]);
    h.keys("f")
        .shows("it-2026-03-01.log")
        .hides("/var/log/kube");
}

#[test]
fn pasted_dashes_and_lists_are_taken_literally() {
    let mut h = small(10);
    h.paste("-rf --no-preserve").shows("\"-rf --no-preserve\"");
    h.keys("<ctrl+u>actor:").paste("ci-bot\nbob@corp\n");
    assert!(
        bar(&h).starts_with("actor:(ci-bot bob@corp)"),
        "{}",
        bar(&h)
    );
    h.keys("<ctrl+u>").paste("outcome:failure");
    h.keys("<enter>").shows("1 of 10");
    h.keys("/<ctrl+u>").paste("one line\r\nand another");
    h.shows("\"one line  and another\"");
}

#[test]
fn a_mistake_is_marked_where_it_is_even_in_a_long_query() {
    let mut h = small(10);
    h.keys("/")
        .paste("outcome:success actor:alice@corp host:node-1 format:k8s-audit");
    h.keys(" )b");
    let screen = h.screen();
    let lines: Vec<&str> = screen.lines().collect();
    let column = |line: &str, c: char| line.chars().position(|x| x == c);
    assert_eq!(column(lines[2], '^'), column(lines[1], ')'), "{screen}");
}

#[test]
fn everything_is_asked_again_by_a_key() {
    let mut h = small(10);
    h.keys("kk");
    let before = h.selected_action();
    h.keys("<ctrl+r>").shows("asked again").shows("10 of 10");
    assert_eq!(h.selected_action(), before);
    h.keys("G<f5>").shows("asked again").shows("● live");
}

fn key(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    update(model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn type_in(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars()
        .flat_map(|c| key(model, KeyCode::Char(c)))
        .collect()
}

fn searches(effects: Vec<Effect>) -> Vec<Search> {
    let search = |effect| match effect {
        Effect::Search(search) => Some(*search),
        _ => None,
    };
    effects.into_iter().filter_map(search).collect()
}

fn reply(
    model: &mut Model,
    search: &Search,
    result: Result<SearchPage, EngineError>,
) -> Vec<Effect> {
    let (generation, purpose) = (search.generation, search.purpose.clone());
    let result = result.map(Box::new);
    update(
        model,
        Message::Searched {
            generation,
            purpose,
            result,
        },
    )
}

/// A model with a list of nothing that waits for its counts.
fn started() -> (Model, Search) {
    let mut model = model(Library::default(), Options::default()).unwrap();
    update(&mut model, Message::Resize(80, 24));
    let first = searches(start(&mut model)).remove(0);
    let counts = searches(reply(&mut model, &first, Ok(SearchPage::default())));
    (model, counts.into_iter().next().unwrap())
}

#[test]
fn a_preview_leaves_the_counts_of_the_list_running() {
    let (mut model, counts) = started();
    let asked = searches(type_in(&mut model, "/x"));
    let lanes: Vec<Lane> = asked.iter().map(|s| s.purpose.lane()).collect();
    assert_eq!(
        lanes,
        [Lane::Preview; 2],
        "the query in force was not counted yet"
    );
    let total = |total| SearchPage {
        total,
        ..SearchPage::default()
    };
    reply(&mut model, &counts, Ok(total(9)));
    assert_eq!(model.total, Some(9));
    // An answer to what was typed before is dropped.
    reply(&mut model, &asked[0], Ok(total(9)));
    assert!(model.beside.preview_running.is_some());
    reply(&mut model, &asked[1], Ok(total(3)));
    assert!(model.beside.preview_running.is_none());
    assert_eq!(model.total, Some(9));
    let asked = type_in(&mut model, "y");
    assert_eq!(searches(asked).len(), 1);
    let closed = key(&mut model, KeyCode::Esc);
    assert!(
        closed
            .iter()
            .any(|e| matches!(e, Effect::CancelLane(Lane::Preview))),
        "{closed:?}"
    );
}

#[test]
fn an_engine_error_is_shown_and_asked_again_by_a_key() {
    let (mut model, counts) = started();
    reply(
        &mut model,
        &counts,
        Err(EngineError::Index("no disk".into())),
    );
    let note = model.note().unwrap().1;
    assert!(
        note.contains("no disk") && note.contains("Ctrl+R tries again"),
        "{note}"
    );
    assert_eq!(
        update(&mut model, Message::Tick(super::harness::noon())).len(),
        0
    );
    let again = searches(key(&mut model, KeyCode::F(5)));
    assert_eq!(
        again.iter().map(|s| &s.purpose).collect::<Vec<_>>(),
        [&Purpose::Counts]
    );
    assert_eq!(model.note(), None);
    reply(&mut model, &again[0], Ok(SearchPage::default()));
    // The page itself: the query stays in the bar, and the same place is asked for again.
    type_in(&mut model, "/actor:x");
    let page = searches(key(&mut model, KeyCode::Enter));
    let page = page
        .iter()
        .find(|s| s.purpose.lane() == Lane::List)
        .unwrap();
    reply(&mut model, page, Err(EngineError::Index("no disk".into())));
    assert!(model.why_empty()[1].contains("Ctrl+R tries again"));
    assert_eq!(model.query_bar.text(), "actor:x");
    let again = searches(key(&mut model, KeyCode::F(5)));
    assert_eq!(again[0].purpose, page.purpose);
    assert_eq!(again[0].request.query, page.request.query);
}

#[test]
fn counts_that_take_long_are_asked_rarely_while_events_arrive() {
    use crate::event::time::SECOND;
    let (mut model, counts) = started();
    reply(&mut model, &counts, Ok(SearchPage::default()));
    let field = crate::engine::FacetField::Attribute("a".into());
    assert!(model.filters.add(field));
    let at = |seconds: i64| Message::Tick(super::harness::noon().saturating_add(seconds * SECOND));
    update(&mut model, at(0));
    let mut asked = searches(key(&mut model, KeyCode::Char('f')));
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].purpose, Purpose::Added);
    update(&mut model, at(10));
    reply(&mut model, &asked.remove(0), Ok(SearchPage::default()));
    model.beside.added_due = true;
    let asks = |model: &mut Model, seconds: i64| searches(update(model, at(seconds))).len();
    assert_eq!(asks(&mut model, 30), 0);
    assert!(model.needs_tick());
    assert_eq!(asks(&mut model, 51), 1);
}

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

#[test]
fn what_it_looks_like() {
    let mut h = small(100);
    h.keys("/outcome:failure act<tab><tab>");
    check("query_fields", &h);
    h.keys("<ctrl+u>-actor:(bob@corp <tab>");
    check("query_values", &h);
    h.keys("<esc><esc>fncorp");
    check("filters_narrowed", &h);
    h.keys("<esc>sg");
    check("filters_rarest", &h);
    h.keys("aname<tab>");
    check("filters_add", &h);
}

#[test]
fn what_it_looks_like_in_ascii_without_colour() {
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = Harness::with(60, 16, events(100), Library::default(), options);
    h.keys("/since:1h outcome:failure actor:<tab>");
    check("query_ascii", &h);
    h.keys("<enter><enter>f ");
    check("filters_ascii", &h);
    assert!(h.screen().is_ascii());
}
