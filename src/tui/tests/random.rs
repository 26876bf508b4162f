//! Any commands on any screen: nothing panics, the selection exists, every row fits.

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::harness::{events, library, noon};
use crate::engine::{Facet, FacetField, Hit, SearchPage, TailItem};
use crate::event::Verdict;
use crate::event::field::Field;
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Search};
use crate::tui::message::Message;
use crate::tui::update::{run, start, update};
use crate::tui::view::view;
use crate::tui::{Options, model};

#[derive(Clone, Debug)]
enum Step {
    Run(usize, usize),
    Type(char),
    Resize(u16, u16),
    Answer(u32, u32),
    Arrive(u32),
    Tick(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..Command::ALL.len(), 1usize..60).prop_map(|(c, n)| Step::Run(c, n)),
        2 => any::<char>().prop_map(Step::Type),
        2 => (1u16..=200, 1u16..=60).prop_map(|(w, h)| Step::Resize(w, h)),
        3 => (0u32..200, 0u32..60).prop_map(|(from, n)| Step::Answer(from, n)),
        2 => (0u32..400).prop_map(Step::Arrive),
        1 => any::<u8>().prop_map(Step::Tick),
    ]
}

fn hits(from: u32, n: u32) -> Vec<Hit> {
    let all = events(from + n).split_off(from as usize);
    all.into_iter()
        .map(|e| Hit {
            event: e.into(),
            verdict: Verdict::Unchained,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_at_any_size(steps in prop::collection::vec(step(), 1..40), ascii: bool, colour: bool) {
        let options = Options { ascii, colour, title: "a title".into(), ..Options::default() };
        let mut model = model(library(), options).unwrap();
        let mut waiting: Option<Search> = None;
        let note = |effects: Vec<Effect>, waiting: &mut Option<Search>| {
            for effect in effects {
                if let Effect::Search(search) = effect {
                    *waiting = Some(*search);
                }
            }
        };
        note(start(&mut model), &mut waiting);
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        model.size = (80, 24);
        for step in steps {
            let effects = match step {
                Step::Run(command, n) => run(&mut model, Command::ALL[command], n, false),
                Step::Type(c) => update(&mut model, Message::Paste(c.to_string())),
                Step::Resize(width, height) => {
                    terminal.backend_mut().resize(width, height);
                    update(&mut model, Message::Resize(width, height))
                }
                Step::Arrive(n) => match model.arriving.tail {
                    Some(generation) => update(&mut model, Message::Tailed { generation, item: TailItem::Events(hits(n, 3)) }),
                    None => Vec::new(),
                },
                Step::Tick(seconds) => update(&mut model, Message::Tick(noon().saturating_add(i64::from(seconds) << 30))),
                Step::Answer(from, n) => match waiting.take() {
                    Some(Search { generation, purpose, .. }) => {
                        let facet = Facet {
                            field: FacetField::Normal(Field::Actor),
                            values: vec![("alice".into(), 3), ("\u{1b}[2Jé".into(), 2)],
                            other: 1,
                            missing: 1,
                        };
                        let page = SearchPage { hits: hits(from, n), facets: vec![facet], more: n % 2 == 0, ..SearchPage::default() };
                        update(&mut model, Message::Searched { generation, purpose, result: Ok(Box::new(page)) })
                    }
                    None => Vec::new(),
                },
            };
            note(effects, &mut waiting);
            terminal.draw(|frame| view(frame, &model)).unwrap();
            prop_assert_eq!(model.events.selected().is_some(), !model.events.window.is_empty());
            prop_assert!(model.is_visible(model.focus) || model.size.0 < 60);
        }
    }
}
