//! Events that arrive while one looks.

use super::harness::{Harness, event, events};

#[test]
fn new_events_appear_at_the_bottom_while_following() {
    let mut h = Harness::new(80, 24, events(10));
    h.engine.push(event(10));
    h.until(|h| h.selected_action() == "action-10");
    h.tick(1);
    h.tick(2);
    h.shows("live").shows("11 of 11");
}

#[test]
fn the_selection_stays_on_its_event_while_others_arrive() {
    let mut h = Harness::new(80, 24, events(50));
    h.keys("kkk");
    let row = |h: &Harness| h.screen().lines().position(|l| l.contains("action-46"));
    let before = row(&h);
    for n in 50..60 {
        h.engine.push(event(n));
    }
    h.until(|h| h.model().events.unseen == 10);
    assert_eq!(h.selected_action(), "action-46");
    assert_eq!(row(&h), before);
    h.shows("10 new").shows("paused");
    h.keys("G").shows("● live").hides("10 new");
    assert_eq!(h.selected_action(), "action-59");
}

#[test]
fn an_event_with_a_known_id_takes_its_place() {
    let mut h = Harness::new(80, 24, events(5));
    let mut again = event(4);
    again.action = Some("finished".into());
    h.engine.push(again);
    h.until(|h| h.selected_action() == "finished");
    assert_eq!(h.model().events.window.len(), 5);
}

#[test]
fn only_what_matches_arrives() {
    let mut h = Harness::new(80, 24, events(5));
    h.keys("/actor:bob@corp<enter>");
    for n in 5..10 {
        h.engine.push(event(n));
    }
    h.until(|h| h.selected_action() == "action-9");
    h.hides("action-8");
}
