//! Back and forward.

use proptest::prelude::*;

use super::driver::Driver;
use super::harness::{Harness, break_chain_at, event, events, library};
use crate::tui::Options;
use crate::tui::command::Command;
use crate::tui::model::history::{History, KEPT, View};

#[test]
fn back_restores_query_selection_and_row_as_they_were() {
    let mut h = Harness::new(80, 24, events(1_000));
    h.keys("300k5k");
    let row = |h: &Harness, action: &str| {
        let screen = h.screen();
        screen
            .lines()
            .position(|l| l.contains(&format!("{action} ")))
    };
    let before = (h.selected_action(), row(&h, "action-694"));
    assert_eq!(before, ("action-694".into(), before.1));
    h.keys("+").shows("250 of 1,000");
    h.keys("20k/outcome:failure<enter>").shows("50 of 1,000");
    h.keys("<").shows("250 of 1,000").hides("outcome:failure");
    h.keys("<").shows("1,000 of 1,000");
    assert_eq!((h.selected_action(), row(&h, "action-694")), before);
    h.keys("<").shows("there is nothing to go back to");
    h.keys(">").shows("250 of 1,000");
    h.keys(">").shows("outcome:failure");
    h.keys(">").shows("there is nothing to go forward to");
    h.keys("2<").shows("1,000 of 1,000");
    assert_eq!((h.selected_action(), row(&h, "action-694")), before);
}

#[test]
fn a_new_query_cuts_off_what_lay_forward() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("/outcome:failure<enter>")
        .keys("<")
        .keys("/actor:bob@corp<enter>");
    h.keys(">").shows("there is nothing to go forward to");
    h.keys("<").shows("100 of 100").shows("all events");
}

#[test]
fn a_jump_that_parked_the_query_is_gone_back_from() {
    let mut h = Harness::new(80, 24, events(100));
    break_chain_at(&h.engine, 33);
    h.keys("/outcome:failure<enter>kk");
    let before = h.selected_action();
    h.keys("x").shows(": your query again");
    h.keys("<").shows("10 of 100").hides("your query again");
    assert_eq!(h.selected_action(), before);
    h.keys(">").shows(": your query again");
    assert_eq!(h.selected_action(), "action-33");
}

#[test]
fn a_runbook_step_is_gone_back_from() {
    let mut h = Harness::with(160, 50, events(100), library(), Options::default());
    h.keys("kkR<enter>")
        .keys("<enter>")
        .shows("runbook step 1/2");
    h.keys("<").shows("all events").shows("100 of 100");
    assert_eq!(h.selected_action(), "action-97");
}

#[test]
fn following_is_restored_too() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("/outcome:failure<enter>kk").shows("paused");
    h.engine.push(event(100));
    h.keys("<").shows("● live");
    assert_eq!(h.selected_action(), "action-100");
}

#[test]
fn only_so_many_views_are_kept() {
    let mut d = Driver::new(80, 24, events(5));
    let view = View::of(&d.model);
    let mut history = History::default();
    for row in 0..KEPT + 50 {
        history.push(View {
            row,
            ..view.clone()
        });
    }
    assert_eq!(history.depth(), KEPT);
    // Changes that change nothing are no steps.
    d.keys("/\n/\n");
    assert_eq!(d.model.history.depth(), 0);
}

/// Ways to another query.
fn drill() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("+".to_owned()),
        Just("-".to_owned()),
        Just("l+".to_owned()),
        Just("lll-".to_owned()),
        Just("/\u{1b}".to_owned()),
        Just("/ outcome:failure\n".to_owned()),
        Just("/ alice\n".to_owned()),
        Just("H\nH".to_owned()),
        Just("Hhhh hh\nH".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn as_many_steps_back_as_there_were_lead_to_the_first_view(
        up in 0usize..400,
        drills in prop::collection::vec((drill(), 0usize..30, any::<bool>()), 1..20),
    ) {
        let mut d = Driver::new(80, 24, events(400));
        if up > 0 {
            d.keys(&format!("{up}k"));
        }
        // The view that the first change of the query left.
        let mut first = None;
        for (keys, moves, context) in drills {
            let before = View::of(&d.model);
            d.keys(&keys);
            if d.model.history.depth() > 0 {
                first.get_or_insert(before);
            }
            if moves > 0 {
                d.keys(&format!("{moves}k"));
            }
            if context {
                d.command(Command::Context);
                d.settle();
            }
        }
        let first = first.unwrap_or_else(|| View::of(&d.model));
        let steps = d.model.history.depth();
        let last = View::of(&d.model);
        for _ in 0..steps {
            d.keys("<");
        }
        prop_assert_eq!(d.model.history.depth(), 0);
        prop_assert_eq!(View::of(&d.model), first);
        for _ in 0..steps {
            d.keys(">");
        }
        let now = View::of(&d.model);
        prop_assert_eq!((now.query, now.selected, now.in_context), (last.query, last.selected, last.in_context));
    }
}

#[test]
fn jumps_within_a_query_are_gone_back_from_several_at_once() {
    let mut h = Harness::new(80, 24, events(100));
    h.keys("kk");
    assert_eq!(h.selected_action(), "action-97");
    h.keys("EEE");
    assert_eq!(h.selected_action(), "action-70");
    h.keys("<");
    assert_eq!(h.selected_action(), "action-97");
    h.keys(">");
    assert_eq!(h.selected_action(), "action-70");
    h.keys("t14:59<enter>");
    assert_eq!(h.selected_action(), "action-40");
    // A jump that leads nowhere leaves no step.
    h.keys("x").shows("no log here has a hash chain");
    h.keys("<");
    assert_eq!(h.selected_action(), "action-70");
}
