//! The list: what is highlighted, context mode, moments, alerts.

use super::driver::Driver;
use super::harness::{Harness, break_chain_at, engine_of, event, events, library};
use crate::engine::Covers;
use crate::event::Event;
use crate::runbook::Library;
use crate::tui::Options;

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

/// The letters of the style under a text on the screen.
fn style_of(h: &Harness, text: &str) -> String {
    let (screen, styles) = (h.screen(), h.styles());
    let (row, line) = screen
        .lines()
        .enumerate()
        .find(|(_, l)| l.contains(text))
        .unwrap();
    let at = line[..line.find(text).unwrap()].chars().count();
    let style = styles.lines().nth(row).unwrap();
    style.chars().skip(at).take(text.chars().count()).collect()
}

#[test]
fn what_the_query_looks_for_is_set_off_in_the_rows() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("/alice target:/cret/<enter>");
    assert_eq!(
        style_of(&h, "alice@corp      action-92"),
        "aaaaa...................."
    );
    assert_eq!(style_of(&h, "secrets/db"), "..aaaa....");
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = Harness::with(80, 24, events(100), Library::default(), options);
    h.keys("/alice<enter>");
    assert_eq!(
        style_of(&h, "alice@corp      action-92"),
        "bbbbb...................."
    );
}

#[test]
fn what_was_done_to_nothing_named_is_told_by_its_message() {
    let mut list = events(3);
    let said = Event {
        actor: None,
        action: Some("sshd".into()),
        target: None,
        message: Some("Connection reset by peer".into()),
        ..event(1)
    };
    list[1] = said;
    let h = Harness::new(80, 24, list);
    h.shows("sshd            Connection reset");
    h.shows("secrets/db");
    // Where the message has a column, or columns were chosen, it is not said twice.
    let options = Options {
        columns: ["time", "action", "target", "outcome"]
            .map(str::to_owned)
            .to_vec(),
        ..Options::default()
    };
    let mut list = events(3);
    list[1] = Event {
        target: None,
        message: Some("Connection reset by peer".into()),
        ..event(1)
    };
    let h = Harness::with(80, 24, list, Library::default(), options);
    h.hides("Connection reset");
}

#[test]
fn context_mode_shows_the_neighbours_and_marks_the_matches() {
    let mut h = Harness::new(100, 24, events(100));
    h.keys("/outcome:failure<enter>kk");
    assert_eq!(h.selected_action(), "action-70");
    h.keys("<ctrl+f>")
        .shows("in context")
        .shows("action-71")
        .shows("action-69");
    h.shows("•14:59:30.000").shows("10 of 100");
    assert_eq!(h.selected_action(), "action-70");
    check("context", &h);
    h.keys("n");
    assert_eq!(h.selected_action(), "action-80");
    h.keys("nn").shows("no later match: went on from the start");
    assert_eq!(h.selected_action(), "action-0");
    h.keys("N");
    assert_eq!(h.selected_action(), "action-90");
    h.keys("5k")
        .keys("<ctrl+f>")
        .hides("in context")
        .hides("action-85");
    assert_eq!(h.selected_action(), "action-80");
    h.keys("<ctrl+f>").shows("in context");
    h.keys("q").hides("in context");
    h.keys("<backspace><ctrl+f>")
        .shows("there is no query whose matches could be shown");
}

#[test]
fn context_mode_keeps_the_bounds_of_time_and_stays_live() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("/outcome:failure since:2026-03-01T14:59:40Z<enter>")
        .shows("2 of 100");
    h.keys("<ctrl+f>").keys("g");
    assert_eq!(h.selected_action(), "action-80");
    h.engine.push(event(100));
    h.until(|h| h.model().events.window.len() == 21);
    h.keys("G");
    assert_eq!(h.selected_action(), "action-100");
    h.shows("•15:00:00");
}

#[test]
fn a_filter_in_context_mode_filters() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("/outcome:failure<enter>kk<ctrl+f>k+")
        .hides("in context");
    h.shows("0 of 100");
    h.keys("<").shows("in context").shows("10 of 100");
    assert_eq!(h.selected_action(), "action-69");
}

#[test]
fn in_a_filtered_list_n_goes_to_the_next_row() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("/outcome:failure<enter>kkkn");
    assert_eq!(h.selected_action(), "action-70");
    h.keys("N");
    assert_eq!(h.selected_action(), "action-60");
}

#[test]
fn context_mode_without_colour_in_ascii() {
    let engine = engine_of({
        let mut all = events(100);
        all[87].provisional = true;
        all[88].gone = true;
        all
    });
    break_chain_at(&engine, 89);
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = Harness::over(engine, 80, 24, library(), options);
    h.keys("/outcome:failure<enter><ctrl+f>");
    check("context_ascii", &h);
    assert!(h.screen().is_ascii());
    // Failure, break, gone, provisional and match each have a sign or a word.
    h.shows(">  *14:59:50.006")
        .shows("fail 403")
        .shows(" !  14:59:49")
        .shows("  x 14:59:48")
        .shows("  ~ 14:59:47");
}

#[test]
fn comma_and_point_go_by_hours_d_by_days() {
    // One event every ten minutes.
    let mut all = events(1_000);
    for (n, event) in all.iter_mut().enumerate() {
        let ts = event
            .ts
            .unwrap()
            .saturating_add((n as i64 - 1_000) * 599_000_000_000);
        (event.ts, event.order.ts) = (Some(ts), ts.0);
    }
    let mut h = Harness::new(80, 24, all);
    h.keys("k");
    assert_eq!(h.selected_action(), "action-998");
    h.keys(",");
    let hour = h.selected_action();
    assert!(hour == "action-992" || hour == "action-991", "{hour}");
    h.keys(".");
    assert!(["action-998", "action-997"].contains(&h.selected_action().as_str()));
    h.keys("D");
    let n: u32 = h.selected_action()[7..].parse().unwrap();
    assert!((852..=855).contains(&n), "{n}");
    h.keys("3d")
        .shows("no event is that late: this is the newest");
    assert_eq!(h.selected_action(), "action-999");
    h.keys("99D");
    assert_eq!(h.selected_action(), "action-0");
}

#[test]
fn a_step_forward_crosses_a_gap() {
    let mut all = events(30);
    for event in &mut all[10..] {
        let ts = event.ts.unwrap().saturating_add(86_400_000_000_000 * 3);
        (event.ts, event.order.ts) = (Some(ts), ts.0);
    }
    let mut h = Harness::new(80, 24, all);
    h.keys("g.");
    assert_eq!(h.selected_action(), "action-10");
    h.keys(",");
    assert_eq!(h.selected_action(), "action-9");
}

#[test]
fn alerts_stay_until_a_key_and_move_nothing() {
    let mut d = Driver::new(80, 24, events(100));
    d.keys("5k");
    let before = (d.selected(), d.model.events.selected_row());
    break_chain_at(&d.engine, 40);
    d.model.asking.info_due = true;
    d.tick(2);
    d.settle();
    assert_eq!(d.model.hint().1, "chain break in audit.log: press x");
    d.tick(5);
    assert_eq!(d.model.hint().1, "chain break in audit.log: press x");
    assert_eq!((d.selected(), d.model.events.selected_row()), before);
    d.keys("k");
    assert_eq!(d.model.hint().1, "x: 1 break");
    d.engine.set_covers(Covers {
        stopped: Some("the disk is full".into()),
        ..Covers::default()
    });
    d.model.asking.info_due = true;
    d.tick(2);
    assert_eq!(d.model.hint().1, "indexing stopped: the disk is full");
    assert_eq!(d.action(), "action-93");
}

#[test]
fn what_was_so_at_the_start_is_no_news() {
    let engine = engine_of(events(10));
    break_chain_at(&engine, 4);
    let h = Harness::over(engine, 80, 24, library(), Options::default());
    assert!(h.model().alerts.raised.is_none());
    h.shows("x: 1 break");
}

#[test]
fn what_is_new_is_counted_on_the_narrowest_screen() {
    let mut h = Harness::new(60, 16, events(50));
    h.keys("kk").shows("paused");
    for n in 50..1_262 {
        h.engine.push(event(n));
    }
    h.until(|h| h.model().events.unseen == 1_212);
    h.shows("1,212 new ▼");
    h.keys("<end>").hides("new ▼").shows("● live");
    h.keys("k");
    for n in 1_262..1_300 {
        h.engine.push(event(n));
    }
    h.until(|h| h.model().arriving.arrived > 0);
    h.tick(1);
    h.shows("/s");
}
