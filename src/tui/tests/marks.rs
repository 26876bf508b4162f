//! Marks, notes, and how the list shows times and columns.

use super::harness::{Harness, engine_of, events};
use crate::event::{Event, Timestamp};
use crate::runbook::Library;
use crate::tui::Options;

fn harness(n: u32) -> Harness {
    Harness::new(100, 30, events(n))
}

#[test]
fn marks_are_gone_to_across_everything_even_what_the_query_hides() {
    let mut h = harness(2_000);
    h.keys("'").shows("nothing is marked: m marks an event");
    h.keys("m")
        .shows("marked; ' goes from mark to mark")
        .shows("◆");
    // The oldest page takes the place of the newest; the next mark is a page away from both.
    h.keys("gjm500j500jm");
    let middle = h.selected_action();
    assert_ne!(middle, "action-1");
    h.keys("gj");
    assert_eq!(h.selected_action(), "action-1");
    h.keys("'");
    assert_eq!(h.selected_action(), middle);
    h.keys("'");
    assert_eq!(h.selected_action(), "action-1999");
    h.keys("'").shows("no later mark: went on from the first");
    assert_eq!(h.selected_action(), "action-1");
    h.keys("\"").shows("no earlier mark: went on from the last");
    h.keys("/action:action-3*<enter>'");
    h.shows("your query hid this marked event");
    h.keys("u").shows("action:action-3*");
}

#[test]
fn a_note_is_written_shown_and_deleted() {
    let mut h = harness(20);
    h.keys("aseen in ticket 12<enter>")
        .shows("the note is kept with the event")
        .shows("¶");
    h.keys("<enter>").shows("note         seen in ticket 12");
    h.keys("a").shows(" note: seen in ticket 12");
    h.keys("<ctrl+u><enter>")
        .shows("the note is deleted")
        .hides("¶");
    h.keys("a<esc>").hides("note:");
    assert!(h.model().marks.is_empty());
    // A note keeps when the mark goes.
    h.keys("max<enter>m")
        .shows("no longer marked; its note stays");
}

#[test]
fn times_by_the_clock_from_now_and_from_the_selected_event() {
    let mut h = harness(100);
    h.shows("2026-03-01").shows("14:59:59.001");
    h.keys("T").shows("from now").shows(" 2 s ago ");
    h.tick(120);
    h.shows("2 min ago");
    h.keys("T").shows("from here").shows("-1.0 s");
    h.keys("k").shows("+1.0 s");
    h.keys("T").hides("from here").shows("14:59:59.001");
}

#[test]
fn the_zone_follows_the_clock_change_and_is_always_named() {
    let at = |n: u32, time: &str| {
        let ts = Timestamp::parse(time).unwrap();
        let mut event: Event = events(n + 1).remove(n as usize);
        event.ts = Some(ts);
        event.order.ts = ts.0;
        event
    };
    let all = vec![
        at(0, "2026-03-29T00:59:58Z"),
        at(1, "2026-03-29T00:59:59Z"),
        at(2, "2026-03-29T01:00:00Z"),
        at(3, "2026-03-29T01:00:01Z"),
    ];
    let options = Options {
        zone: "Europe/Vienna".parse().unwrap(),
        ..Options::default()
    };
    let mut h = Harness::over(engine_of(all), 100, 20, Library::default(), options);
    h.shows("01:59:59.000")
        .shows("03:00:00+02:00")
        .shows("03:00:01.000");
    h.shows("Europe/Vienna +02:00");
    h.keys("gj").shows("Europe/Vienna +01:00");
    h.keys("<enter>")
        .shows("2026-03-29 01:59:59.000 Europe/Vienna +01:00");
    h.keys("<esc>Z")
        .shows("times are in UTC")
        .shows("00:59:59.000");
    h.keys("ZZ").shows("times are in Europe/Vienna");
}

#[test]
fn columns_are_chosen_moved_and_given_back_to_the_width() {
    let mut h = harness(50);
    h.keys("C")
        .shows("COLUMNS")
        .shows("chosen by the width of the screen");
    // Without the actor; the action before the time.
    h.keys("j jK").shows("columns = [");
    h.keys("G<enter><esc>").hides("COLUMNS");
    let names = h.model().events.columns.names().unwrap();
    assert_eq!(names[..2], ["time", "action"]);
    assert_eq!(names.last().map(String::as_str), Some("requestID"));
    h.shows("requestID").shows("r-49").hides("bob@corp");
    // The column cursor filters by an attribute too.
    h.keys("lllllllll+").shows("1 of 50");
    h.keys("Cr<esc>").shows("bob@corp");
    assert_eq!(h.model().events.columns.names(), None);
}

#[test]
fn configured_columns_are_there_from_the_start() {
    let options = Options {
        columns: vec![
            "severity".into(),
            "time".into(),
            "objectRef.namespace".into(),
        ],
        ..Options::default()
    };
    let h = Harness::with(100, 20, events(5), Library::default(), options);
    h.shows("objectRef.namespace").shows("prod").hides("alice");
}
