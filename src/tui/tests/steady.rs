//! Nothing jumps: the selection stays on its event, and its event on its row, unless a key moves it.

use proptest::prelude::*;

use super::driver::Driver;
use super::harness::{event, events};
use crate::engine::TailItem;
use crate::event::Event;
use crate::tui::message::Message;

#[derive(Clone, Debug)]
enum Step {
    /// Keys that move or filter; afterwards the place is taken anew.
    Keys(&'static str),
    /// Newer and older events arrive.
    Newer(u32),
    Older(u32),
    Changed,
    Tick,
    /// One search is answered.
    Answer,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::sample::select(vec!["k", "kkkk", "j", "30k", "400k", "12j", "400j", "G", "gk", "+", "-", "<", "e", "E", "F", ",", ".", "n"])
            .prop_map(Step::Keys),
        4 => (1u32..40).prop_map(Step::Newer),
        2 => (1u32..40).prop_map(Step::Older),
        2 => Just(Step::Changed),
        3 => Just(Step::Tick),
        4 => Just(Step::Answer),
    ]
}

/// Events that lie between those of the numbered kind, anywhere in the list.
fn late(n: u32) -> Event {
    let mut late = event(n * 37 % 900);
    late.id = crate::event::EventId(1_000_000 + u128::from(n));
    late.order.sub = n + 1;
    late
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_arrives_the_selected_event_stays_on_its_row(
        height in 16u16..40,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut d = Driver::new(80, height, events(1_000));
        let (mut newest, mut lates) = (1_000, 0);
        // While a key's own search is under way the place is not settled yet.
        for step in steps {
            let moved = match step {
                Step::Keys(keys) => {
                    d.keys(keys);
                    true
                }
                _ => false,
            };
            let list = &d.model.events;
            let before = (d.selected(), list.selected_row());
            // A short list grows within the pane, and a following one goes along.
            let free = list.follow || list.window.len() <= usize::from(height);
            match step {
                Step::Keys(_) => {}
                Step::Newer(n) => {
                    d.arrive((newest..newest + n).map(event).collect());
                    newest += n;
                }
                Step::Older(n) => {
                    d.arrive((lates..lates + n).map(late).collect());
                    lates += n;
                }
                Step::Changed => {
                    if let Some(generation) = d.model.arriving.tail {
                        d.send(Message::Tailed { generation, item: TailItem::Changed });
                    }
                }
                Step::Tick => d.tick(1),
                Step::Answer => {
                    d.answer();
                }
            }
            if !moved && !free {
                prop_assert_eq!((d.selected(), d.model.events.selected_row()), before);
            }
            prop_assert!(d.model.events.selected_row() < usize::from(height));
        }
    }
}

#[test]
fn a_filter_leaves_the_selected_event_on_its_row() {
    let mut d = Driver::new(80, 24, events(1_000));
    d.keys("300k4k");
    let before = (d.selected(), d.model.events.selected_row());
    d.keys("+");
    assert_eq!((d.selected(), d.model.events.selected_row()), before);
    // Nor is it moved while the page below it is still on its way.
    d.press("-");
    while d.answer() {
        assert_eq!(d.model.events.selected_row(), before.1);
    }
}

#[test]
fn a_pivot_from_the_top_row_shows_what_came_before() {
    let mut d = Driver::new(80, 24, events(1_000));
    d.keys("/action:action-500\n");
    assert_eq!(d.model.events.selected_row(), 0);
    d.keys("pm");
    assert_eq!(d.action(), "action-500");
    assert!(d.model.events.selected_row() > 5);
    d.keys("4k");
    let before = (d.selected(), d.model.events.selected_row());
    d.keys("pa");
    assert_eq!((d.selected(), d.model.events.selected_row()), before);
}

#[test]
fn what_lagged_is_searched_again_in_place() {
    let mut d = Driver::new(80, 24, events(1_000));
    d.keys("300k4k");
    let before = (d.selected(), d.model.events.selected_row());
    let generation = d.model.arriving.tail.unwrap();
    d.send(Message::Tailed {
        generation,
        item: TailItem::Lagged(5),
    });
    d.settle();
    assert_eq!((d.selected(), d.model.events.selected_row()), before);
}

#[test]
fn only_what_is_newer_counts_as_new_and_only_once() {
    let mut d = Driver::new(80, 24, events(1_000));
    d.keys("300k");
    d.arrive(vec![event(10), event(990)]);
    assert_eq!(d.model.events.unseen, 0);
    d.arrive(vec![event(1_000), event(1_001)]);
    d.arrive(vec![event(1_000)]);
    assert_eq!(d.model.events.unseen, 2);
    d.keys("G");
    assert_eq!(d.model.events.unseen, 0);
}
