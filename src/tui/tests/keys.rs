//! What keys do, seen on the screen.

use std::sync::Arc;

use super::harness::{Harness, break_chain_at, engine, event, events, library};
use crate::chain::Finding;
use crate::engine::Engine;
use crate::event::Event;
use crate::runbook::Library;
use crate::tui::Options;

fn small(n: u32) -> Harness {
    Harness::new(80, 24, events(n))
}

#[test]
fn starts_at_the_newest_event_and_says_how_many_there_are() {
    let h = small(100);
    h.shows("action-99").shows("100 of 100").shows("● live");
    assert_eq!(h.selected_action(), "action-99");
}

#[test]
fn slash_edits_the_query_and_enter_applies_it() {
    let mut h = small(100);
    h.keys("/outcome:failure<enter>")
        .shows("10 of 100")
        .shows("fail 403")
        .hides("action-99");
    assert_eq!(h.selected_action(), "action-90");
    h.keys("/").shows("outcome:failure");
    h.keys("<ctrl+u>x").keys("<esc>");
    h.shows("10 of 100");
    h.keys("<backspace>").shows("100 of 100");
}

#[test]
fn a_mistake_in_the_query_is_shown_where_it_is_and_not_applied() {
    let mut h = small(20);
    // While its end is offered, what only lacks its end is no mistake.
    h.keys("/actor:").hides("^ ");
    h.keys("<enter>").shows("^ ");
    assert!(h.model().query_bar.is_editing());
    h.keys("<esc>").shows("20 of 20");
}

#[test]
fn moving_up_stops_following_and_going_to_the_end_begins_again() {
    let mut h = small(100);
    h.keys("5k").hides("● live").shows("paused");
    assert_eq!(h.selected_action(), "action-94");
    h.keys("3j");
    assert_eq!(h.selected_action(), "action-97");
    h.keys("G").shows("● live");
    assert_eq!(h.selected_action(), "action-99");
    h.keys("gg");
    assert_eq!(h.selected_action(), "action-0");
    h.keys("<pgdn><pgup>");
    assert_eq!(h.selected_action(), "action-0");
    h.keys("F").shows("● live").shows("following new events");
}

#[test]
fn every_event_can_be_reached_in_both_directions() {
    let mut h = small(3_000);
    h.keys("k2990k");
    for _ in 0..20 {
        h.keys("400k");
    }
    assert_eq!(h.selected_action(), "action-0");
    for _ in 0..20 {
        h.keys("400j");
    }
    assert_eq!(h.selected_action(), "action-2999");
    h.keys("g");
    assert_eq!(h.selected_action(), "action-0");
    h.keys("G");
    assert_eq!(h.selected_action(), "action-2999");
}

#[test]
fn plus_and_minus_filter_by_the_cell_under_the_column_cursor() {
    let mut h = small(100);
    h.keys("+").shows("25 of 100");
    h.keys("<backspace>k-").shows("75 of 100");
    h.keys("<backspace>lll");
    h.keys("+").shows("outcome:success").shows("90 of 100");
}

#[test]
fn a_filter_keeps_the_selection_on_its_event() {
    let mut h = small(1_200);
    h.keys("600k");
    let before = h.selected_action();
    h.keys("+");
    assert_eq!(h.selected_action(), before);
    h.keys("<backspace>");
    assert_eq!(h.selected_action(), before);
}

#[test]
fn x_goes_to_breaks_even_when_the_query_hides_them() {
    let mut h = small(100);
    break_chain_at(&h.engine, 33);
    h.keys("x")
        .shows("a break (from the start): deleted, ")
        .shows("⌁");
    assert_eq!(h.selected_action(), "action-33");
    h.keys("x").shows("the only break");
    h.keys("GX");
    assert_eq!(h.selected_action(), "action-33");
    h.keys("/outcome:failure<enter>GX");
    assert_eq!(h.selected_action(), "action-33");
    h.shows("your query hid this break")
        .shows(": your query again");
    h.keys("u").shows("outcome:failure").shows("10 of 100");
}

#[test]
fn e_goes_to_failures() {
    let mut h = small(100);
    h.keys("E");
    assert_eq!(h.selected_action(), "action-90");
    h.keys("E");
    assert_eq!(h.selected_action(), "action-80");
    h.keys("e");
    assert_eq!(h.selected_action(), "action-90");
    h.keys("e").shows("went on from the start");
    assert_eq!(h.selected_action(), "action-0");
    // So many of them onwards, and as far as it goes.
    h.keys("3e");
    assert_eq!(h.selected_action(), "action-30");
    h.keys("2E");
    assert_eq!(h.selected_action(), "action-10");
    h.keys("99e");
    assert_eq!(h.selected_action(), "action-90");
}

#[test]
fn e_looks_beyond_the_query_only_when_pressed_again() {
    let mut h = small(100);
    h.keys("/action-1*  -outcome:failure<enter>");
    h.keys("e").shows("e again looks everywhere");
    assert!(h.model().parked.is_none());
    // Any other key means that it was not wanted.
    h.keys("ke").shows("e again looks everywhere");
    h.keys("e").shows("u brings it back");
    h.keys("u").shows("action-1*");
}

#[test]
fn a_question_asked_again_counts_from_now() {
    let mut h = small(100);
    h.keys("/since:1h<enter>");
    h.model_mut().anchor = Some(super::harness::noon());
    h.keys("/<enter>");
    assert_eq!(h.model().anchor, None);
}

#[test]
fn the_filter_pane_filters_and_its_chips_switch() {
    let mut h = small(100);
    h.keys("f").shows("no filter").shows("alice@corp");
    h.keys("j+").shows("25 of 100");
    h.keys("g<esc>").hides("FILTERS  ");
    h.keys("fgj ").shows("100 of 100");
    h.keys(" ").shows("25 of 100");
    h.keys("!").shows("75 of 100");
    h.keys("d").shows("100 of 100").shows("no filter");
}

#[test]
fn the_detail_explains_a_break_and_filters_by_attribute() {
    let engine = engine(40);
    break_chain_at(&engine, 39);
    let mut h = Harness::over(engine, 100, 40, Library::default(), Options::default());
    h.shows("chain 1 break").shows("x: 1 break");
    h.keys("<enter>")
        .shows("DETAIL")
        .shows("chain broken: deleted (alarm)");
    h.shows("two records are missing before this one")
        .shows("expected  ab12")
        .shows("found     cd34");
    h.keys("]jjj+").shows("1 of 40");
    h.keys("<esc>").hides("DETAIL");
}

#[test]
fn pasting_opens_the_query_bar_and_quotes() {
    let mut h = small(10);
    h.paste("a b: c");
    assert!(h.model().query_bar.is_editing());
    h.shows("\"a b: c\"");
    h.keys("<ctrl+u>").paste("ci-bot").hides("\"ci-bot");
    h.keys("<ctrl+u>")
        .paste("actor:ci-bot outcome:success")
        .shows("actor:ci-bot outcome:success");
}

#[test]
fn q_closes_the_topmost_thing_and_asks_before_leaving() {
    let mut h = small(10);
    h.keys("?").shows("HELP");
    h.keys("q").hides("HELP");
    h.keys("<enter>").shows("DETAIL");
    h.keys("q").hides("DETAIL");
    h.keys("q").shows("q again to quit");
    h.keys("j").hides("q again to quit");
}

#[test]
fn a_runbook_filters_step_by_step_and_gives_the_query_back() {
    let mut h = Harness::with(120, 40, events(100), library(), Options::default());
    h.keys("kkk+R").shows("Who did it?").shows("broken.md:");
    let own = h.model().query_bar.text().to_owned();
    h.keys("<enter>")
        .shows("Person")
        .shows("from the selected event");
    h.keys("<enter>")
        .shows("runbook step 1/2")
        .shows("met")
        .shows("25 rows");
    h.keys("<enter>")
        .shows("runbook step 2/2")
        .shows("outcome:failure");
    h.keys("k").shows("runbook step 1/2");
    h.keys("<esc>").hides("runbook step");
    assert_eq!(h.model().query_bar.text(), own);
}

#[test]
fn a_wrong_input_is_refused_with_its_reason() {
    let mut h = Harness::with(120, 40, events(3), library(), Options::default());
    h.keys("R<enter><ctrl+u>NO<enter>").shows("Person");
    assert!(h.model().runbooks.is_form());
    h.keys("<ctrl+u>bob@corp<enter>").shows("runbook step 1/2");
}

#[test]
fn x_says_which_of_the_breaks_it_is() {
    let engine = engine(100);
    for n in [21, 60] {
        break_chain_at(&engine, n);
    }
    let mut report = (*engine.verify().unwrap()[0]).clone();
    let finding = report.findings.remove(0);
    report.findings.extend([21, 60].map(|n| Finding {
        ts: event(n).ts,
        ..finding.clone()
    }));
    engine.set_chains(vec![Arc::new(report)]);
    let mut h = Harness::over(engine, 80, 24, library(), Options::default());
    h.keys("x").shows("break 1 of 2 (from the start): deleted");
    h.keys("x").shows("break 2 of 2: deleted");
    h.keys("X").shows("break 1 of 2: deleted");
}

#[test]
fn help_goes_back_from_its_end_at_once() {
    let mut h = small(10);
    h.keys("?").shows("HELP").shows("▼").hides("▲");
    let begin = h.screen();
    h.keys("G").shows("▲").hides("▼");
    let end = h.screen();
    h.keys("<pgup>");
    assert_ne!(h.screen(), end);
    h.keys("g");
    assert_eq!(h.screen(), begin);
}

#[test]
fn an_empty_list_says_why_and_what_helps() {
    let mut h = small(10);
    h.keys("/nothing-like-this<enter>");
    h.shows("No event matches  nothing-like-this")
        .shows("/ changes the query");
    h.keys("/<ctrl+u>fail<enter>")
        .shows("Only the list has this word; r looks for  outcome:failure");
    h.keys("r").shows("1 of 10");
    h.keys("/<ctrl+u>secre<enter>")
        .shows("A word is found as a whole; r looks for  *secre*");
    h.keys("/<ctrl+u>actor:alice<enter>")
        .shows("A value is compared as a whole; r looks for  actor:*alice*");
    Harness::new(80, 24, Vec::new()).shows("There are no events yet.");
}

#[test]
fn hostile_content_cannot_reach_the_terminal() {
    let mut evil = super::harness::event(1);
    let text = "\u{1b}[2J\u{202e}evil\r\n\u{7}\u{9b}31m";
    evil.actor = Some(text.into());
    evil.target = Some(text.into());
    evil.source = text.into();
    evil.attributes.push_str(text, text);
    evil.raw = text.as_bytes().to_vec().into();
    let bare = Event {
        actor: None,
        action: None,
        target: None,
        ..evil.clone()
    };
    let bare = Event {
        id: crate::event::EventId(99),
        note: Some(text.into()),
        ..bare
    };
    let mut h = Harness::new(100, 40, vec![evil, bare]);
    for keys in ["<enter>", "<esc>f", "k<enter>", "+", "jj+", "<end>+"] {
        h.keys(keys);
        let screen = h.screen();
        let bad = screen
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "after {keys}:\n{screen}");
    }
}

#[test]
fn t_goes_to_a_moment_and_says_what_is_no_time() {
    let mut h = small(100);
    h.keys("tnever<enter>").shows("this is no time; expected");
    h.keys("<ctrl+u>14:59:00<enter>").hides("go to time");
    assert_eq!(h.selected_action(), "action-40", "the first from then on");
    h.keys("k");
    assert_eq!(
        h.selected_action(),
        "action-39",
        "what was before can be seen"
    );
    h.keys("t15:30<enter>").shows("no event is that late");
    assert_eq!(h.selected_action(), "action-99");
    h.keys("t<esc>").hides("go to time");
}

#[test]
fn x_says_what_is_broken_also_where_it_went_on_from_the_start() {
    let engine = engine(100);
    break_chain_at(&engine, 21);
    let mut h = Harness::over(engine, 80, 24, library(), Options::default());
    h.keys("x")
        .shows("the only break (from the start): deleted, ")
        .shows("explains it");
    h.keys("gx").hides("from the start").shows("explains it");
}
