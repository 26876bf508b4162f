//! The timeline above the list.

use std::sync::Arc;

use super::harness::{Harness, break_chain_at, engine_of, event, events, library, noon};
use crate::engine::Engine;
use crate::engine::memory::MemoryEngine;
use crate::tui::Options;
use crate::tui::model::Pane;

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

fn strip(h: &Harness) -> String {
    h.screen().lines().nth(3).unwrap_or_default().to_owned()
}

/// Three hours of events, with failures in the middle.
fn hours() -> Vec<crate::event::Event> {
    let mut all = events(600);
    for (n, event) in all.iter_mut().enumerate() {
        let ts = noon().saturating_add((n as i64 - 600) * 18_000_000_000);
        (event.ts, event.order.ts) = (Some(ts), ts.0);
        let failed = (300..330).contains(&n) || n % 97 == 0;
        event.outcome = if failed {
            crate::event::Outcome::Failure
        } else {
            crate::event::Outcome::Success
        };
    }
    all.retain(|e| {
        !e.action
            .as_ref()
            .is_some_and(|a| a.ends_with('3') && a.contains("-2"))
    });
    all
}

/// The same with a break in the middle.
fn broken_hours() -> Arc<MemoryEngine> {
    let engine = engine_of(hours());
    break_chain_at(&engine, 95);
    let mut report = (*engine.verify().unwrap()[0]).clone();
    report.findings[0].ts = Some(noon().saturating_add(-5_000_000_000_000));
    engine.set_chains(vec![Arc::new(report)]);
    engine
}

#[test]
fn begin_end_and_zone_are_labelled() {
    let h = Harness::new(80, 24, hours());
    assert!(strip(&h).starts_with(" 12:00 "), "{}", strip(&h));
    assert!(strip(&h).trim_end().ends_with(" UTC"), "{}", strip(&h));
    let options = Options {
        zone: "Africa/Cairo".parse().unwrap(),
        ..Options::default()
    };
    let h = Harness::with(80, 24, hours(), library(), options);
    assert!(strip(&h).starts_with(" 14:00 "), "{}", strip(&h));
    assert!(strip(&h).contains(" Africa/"), "{}", strip(&h));
}

#[test]
fn failures_and_breaks_are_marked() {
    let mut h = Harness::over(broken_hours(), 120, 24, library(), Options::default());
    h.keys("k");
    let bars = |h: &Harness| strip(h).split("UTC").next().unwrap_or_default().to_owned();
    assert!(
        bars(&h).contains('▓') && bars(&h).contains('⌁'),
        "{}",
        bars(&h)
    );
    check("timeline", &h);
    h.keys("Hg").keys("70l").shows(", 0 failures");
    h.keys("50h").shows("failures");
    h.keys("/outcome:failure<enter>");
    assert!(
        !bars(&h).contains('▓'),
        "where all fail, nothing stands out: {}",
        bars(&h)
    );
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let h = Harness::over(broken_hours(), 80, 24, library(), options);
    check("timeline_ascii", &h);
    assert!(
        strip(&h).contains('!') && strip(&h).contains('#'),
        "{}",
        strip(&h)
    );
    assert!(h.screen().is_ascii());
}

#[test]
fn capital_h_shows_goes_to_and_leaves_it_and_a_command_hides_it() {
    let mut h = Harness::new(80, 24, hours());
    h.keys("H").shows("TIMELINE").shows(" events, ");
    assert_eq!(h.model().focus, Pane::Timeline);
    h.keys("H");
    assert_eq!(h.model().focus, Pane::Events);
    h.keys("H<esc>");
    assert_eq!(h.model().focus, Pane::Events);
    h.keys("H")
        .keys("<delete>")
        .shows("the timeline is hidden: H shows it")
        .hides("12:00 ▁");
    h.keys("j");
    assert!(!strip(&h).contains("UTC"));
    h.keys("H").shows("TIMELINE");
    assert!(strip(&h).contains("UTC"));
}

#[test]
fn on_a_low_screen_it_is_hidden_until_asked_for() {
    let mut h = Harness::new(80, 19, hours());
    assert!(!strip(&h).contains("UTC"));
    h.keys("H");
    assert!(strip(&h).contains("UTC"), "{}", h.screen());
    h.resize(60, 16);
    assert!(strip(&h).contains("UTC"), "{}", h.screen());
    let h = Harness::new(80, 24, hours());
    let rows = h
        .screen()
        .lines()
        .filter(|l| l.contains("action-5"))
        .count();
    assert_eq!(rows, 18);
}

#[test]
fn a_span_is_selected_and_zoomed_into_and_out_of() {
    let mut h = Harness::new(160, 50, hours());
    h.keys("Hg").shows("12:00:00 to ");
    h.keys("5l 4l");
    check("timeline_selection", &h);
    h.keys("<enter>")
        .shows("since:2026-03-01T12:")
        .shows("until:2026-03-01T12:")
        .hides("600 of");
    // Both bounds are chips.
    h.shows("● since:2026-03-01T12")
        .shows("● until:2026-03-01T12");
    let zoomed = strip(&h);
    h.keys("<enter>");
    assert!(strip(&h) != zoomed);
    h.keys("<backspace>");
    assert_eq!(strip(&h), zoomed);
    h.keys("<backspace>").hides("since:");
    h.keys("<backspace>").shows("this is everything");
    // A zoom is a step of history.
    h.keys("<").shows("since:");
    h.keys("<").keys("<").keys("<").hides("since:");
}

#[test]
fn escape_drops_the_selection_first() {
    let mut h = Harness::new(80, 24, hours());
    h.keys("H 5h<esc>");
    assert_eq!(h.model().focus, Pane::Timeline);
    h.keys("<esc>");
    assert_eq!(h.model().focus, Pane::Events);
}

#[test]
fn while_following_the_frame_does_not_move_with_every_event() {
    let mut h = Harness::new(80, 24, events(100));
    let label = |h: &Harness| {
        strip(h)
            .split_whitespace()
            .filter(|w| w.contains(':'))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut before = label(&h);
    let mut changes = 0;
    for n in 100..112 {
        h.engine.push(event(n));
        h.until(|h| h.selected_action() == format!("action-{n}"));
        h.tick(2);
        h.tick(2);
        changes += usize::from(label(&h) != before);
        before = label(&h);
    }
    // At most once, when wider buckets are needed.
    assert!(changes <= 1, "{changes}");
    h.shows("112 of 112");
}

#[test]
fn an_empty_result_says_so() {
    let mut h = Harness::new(80, 24, hours());
    h.keys("/nobody<enter>").shows("no events");
    h.keys("H")
        .keys("l")
        .shows("there is nothing to be seen over time");
}
