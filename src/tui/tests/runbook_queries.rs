//! A step's query is one tree, whoever runs it: what the explorer shows, what a run without a person asks, and what the
//! report prints. A value that somebody gives changes that value in it, and nothing else.

use std::sync::{Arc, Mutex};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

use super::harness::noon;
use crate::chain::ChainReport;
use crate::engine::memory::MemoryEngine;
use crate::engine::{
    Cancel, Engine, EngineError, Hit, Info, SearchPage, SearchRequest, Tail, TailRequest,
};
use crate::event::{EventId, Zone};
use crate::export::runbook::Asking;
use crate::query::ast::{Ast, Pattern, Test, Words};
use crate::query::{BindContext, Query};
use crate::runbook::{InputKind, Inputs, Library, Runbook};
use crate::state;
use crate::tui::message::Message;
use crate::tui::model::{Model, Pane};
use crate::tui::pane::runbook::Runbooks;
use crate::tui::update::update;
use crate::tui::{Options, model};

/// What stands in the place of a value that means nothing.
const HARMLESS: &str = "harmless";
/// What a query may have at most, as text.
const MAX_QUERY: usize = 4 << 10;

/// Pieces that mean something to the query language, to a shell, to Markdown or to a terminal.
const PIECES: [&str; 30] = [
    "\"",
    "\\",
    "\") OR *",
    "\\\") OR (*",
    "'",
    "*",
    "?",
    "/",
    "/.*/",
    "(",
    ")",
    "[1 TO 2]",
    ":",
    "action:",
    " OR ",
    " AND NOT ",
    "-",
    ">=",
    "{day}",
    "{user}",
    "since:2h",
    "$(id)",
    "`",
    "\u{202e}",
    "\u{301}",
    "\u{1b}[2J",
    "\0",
    "\r\n",
    "é日本\u{1f600}",
    "a.b@c",
];

/// The shipped runbooks as if they took any text: what a pattern lets through must not be what makes them safe.
fn open_to_anything() -> Vec<Arc<Runbook>> {
    let mut library = Library::load(&[]);
    for runbook in &mut library.runbooks {
        let runbook = Arc::make_mut(runbook);
        for input in &mut runbook.inputs {
            input.pattern = None;
            input.options.clear();
            if input.kind == InputKind::Id {
                input.kind = InputKind::Text;
            }
        }
    }
    library.runbooks
}

/// The value for everything that takes text; days and addresses are what they are.
fn given(runbook: &Runbook, value: &str) -> Inputs {
    let inputs = runbook.inputs.iter().map(|input| {
        let value = match input.kind {
            InputKind::Date => "2026-03-04",
            InputKind::Ip => "203.0.113.77",
            InputKind::Text | InputKind::Id => value,
        };
        (input.name.clone(), value.to_owned())
    });
    inputs.collect()
}

/// Notes what it is asked.
struct Noting {
    engine: MemoryEngine,
    asked: Mutex<Vec<Query>>,
}

impl Engine for Noting {
    fn search(&self, request: &SearchRequest, cancel: &Cancel) -> Result<SearchPage, EngineError> {
        self.asked.lock().unwrap().push(request.query.clone());
        self.engine.search(request, cancel)
    }

    fn event(&self, id: EventId) -> Result<Option<Hit>, EngineError> {
        self.engine.event(id)
    }

    fn tail(&self, request: &TailRequest) -> Result<Box<dyn Tail>, EngineError> {
        self.engine.tail(request)
    }

    fn verify(&self) -> Result<Vec<Arc<ChainReport>>, EngineError> {
        self.engine.verify()
    }

    fn info(&self) -> Info {
        self.engine.info()
    }
}

/// The query line of the explorer at every step, in order; `None` where a step asks nothing.
fn shown(runbook: &Arc<Runbook>, inputs: &Inputs) -> Vec<Option<String>> {
    let library = Library {
        runbooks: vec![runbook.clone()],
        ..Library::default()
    };
    let mut model = model(Library::default(), Options::default()).unwrap();
    update(&mut model, Message::Resize(160, 40));
    update(&mut model, Message::Tick(noon()));
    model.runbooks = Runbooks::new(library);
    let kept = state::Run {
        id: runbook.id.clone(),
        inputs: inputs.clone(),
        ..state::Run::default()
    };
    model.runbooks.resume(&kept, noon());
    model.open.runbook = true;
    model.focus = Pane::Runbook;
    let press = |model: &mut Model, key: char| {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
        update(model, Message::Key(key));
    };
    let steps = 0..runbook.steps.len();
    let lines = steps.map(|step| {
        press(&mut model, if step == 0 { 'g' } else { 'j' });
        let run = model.runbooks.run().unwrap();
        assert_eq!(run.at(), step);
        let asks = run.applied() == Some(step);
        asks.then(|| model.query_bar.text().to_owned())
    });
    lines.collect()
}

/// With every time absolute.
fn settled(query: &Query) -> Ast {
    let context = BindContext {
        now: noon(),
        zone: Zone::Utc,
        paths: None,
    };
    query.bind(&context).unwrap().ast
}

/// Whether two trees are the same but for the value, in its own spelling or as a part of a pattern.
fn differ_only_in(value: &str, harmless: &Ast, other: &Ast) -> bool {
    let escaped: String = value
        .chars()
        .flat_map(|c| {
            matches!(c, '*' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    let text = |a: &str, b: &str| {
        a == b || a.replace(HARMLESS, value) == b || a.replace(HARMLESS, &escaped) == b
    };
    fn tests(a: &Test, b: &Test, text: &dyn Fn(&str, &str) -> bool) -> bool {
        match (a, b) {
            (Test::Is(a), Test::Is(b)) => {
                let (Pattern { text: one, .. }, Pattern { text: other, .. }) = (a, b);
                a.quoted == b.quoted && text(one, other)
            }
            (Test::Any(a), Test::Any(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| tests(a, b, text))
            }
            (Test::Compare(a, one), Test::Compare(b, other)) => a == b && text(one, other),
            (a, b) => a == b,
        }
    }
    fn trees(a: &Ast, b: &Ast, text: &dyn Fn(&str, &str) -> bool) -> bool {
        match (a, b) {
            (Ast::And(a), Ast::And(b)) | (Ast::Or(a), Ast::Or(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| trees(a, b, text))
            }
            (Ast::Not(a), Ast::Not(b)) => trees(a, b, text),
            (Ast::Words(a), Ast::Words(b)) => {
                let (Words { text: one, .. }, Words { text: other, .. }) = (a, b);
                a.quoted == b.quoted && text(one, other)
            }
            (Ast::Field(f, a), Ast::Field(g, b)) => f == g && tests(a, b, text),
            (a, b) => a == b,
        }
    }
    trees(harmless, other, &text)
}

/// What holds for one runbook and one value.
fn is_one_tree(runbook: &Arc<Runbook>, value: &str) {
    // Blanks around it are nobody's, and nothing at all is no value.
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    let given = given(runbook, value);
    let Ok(inputs) = runbook.check_inputs(&given, noon()) else {
        let is_refused = value.len() > 1024 || value.chars().any(char::is_control);
        assert!(is_refused, "{} refuses {value:?}", runbook.id);
        return;
    };
    let harmless = self::given(runbook, HARMLESS);
    let shown = shown(runbook, &inputs);
    let engine = Noting {
        engine: MemoryEngine::new(),
        asked: Mutex::default(),
    };
    let cancel = Cancel::default();
    let asking = Asking {
        engine: &engine,
        runbook,
        inputs: &inputs,
        now: noon(),
        zone: Zone::Utc,
        paths: &[],
        rows: 1,
        cancel: &cancel,
    };
    for (step, shown) in shown.iter().enumerate() {
        let what = format!("{} step {} with {value:?}", runbook.id, step + 1);
        let report = match asking.step(step) {
            Ok(report) => report,
            // A word that is looked for needs something to be looked for by; that is said, and nothing is asked.
            Err(error) => {
                let has_word = value.chars().any(char::is_alphanumeric);
                assert!(!has_word, "{what}: {error}");
                continue;
            }
        };
        assert_eq!(report.query.is_some(), shown.is_some(), "{what}");
        let (Some(printed), Some(shown)) = (report.query, shown) else {
            continue;
        };
        let run = engine.asked.lock().unwrap().pop().unwrap();
        let plain = runbook.step_query(step, &harmless).unwrap().unwrap();
        let is_same = differ_only_in(value, &plain.ast, &run.ast);
        assert!(is_same, "{what}: {plain:?} {run:?}");
        // A value that stands in a query several times may make it longer than a query can be when it is read again.
        if printed.len().max(shown.len()) > MAX_QUERY {
            assert!(value.len() > 200, "{what}");
            continue;
        }
        let read =
            |text: &str| Query::parse(text).unwrap_or_else(|e| panic!("{what}: {text}: {e}"));
        assert_eq!(settled(&read(&printed)), settled(&run), "{what}");
        assert_eq!(settled(&read(shown)), settled(&run), "{what}");
    }
}

#[test]
fn values_that_break_out_elsewhere_stay_values() {
    let long = "a\"\\".repeat(3_400);
    let fits = "x\\\"".repeat(100);
    for runbook in open_to_anything() {
        for value in [
            HARMLESS,
            "\") OR *",
            "\\",
            "\\\"",
            "*",
            "a*b\\",
            "/.*/",
            "OR",
            "-x",
            "(",
            "{day}",
            "{id}",
            "a b  c",
            "\u{202e}é",
            "x\0y",
            "x\ny",
            "\u{1b}]0;t\u{7}",
            "~",
            &fits,
            &long,
        ] {
            is_one_tree(&runbook, value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_value_is_more_than_a_value(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..8),
        noise in "\\PC{0,12}",
        which in any::<proptest::sample::Index>(),
    ) {
        let runbooks = open_to_anything();
        let value = format!("{}{noise}", pieces.concat());
        // Every runbook in the end: one for each value, and the plainest for all.
        is_one_tree(which.get(&runbooks), &value);
        is_one_tree(&runbooks[0], &value);
    }
}
