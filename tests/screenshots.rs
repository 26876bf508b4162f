//! The README's pictures: the real explorer on the demo's incident at a fixed moment, drawn into a buffer and written as
//! SVG. `UPDATE_DOCS=1 cargo test screenshots` writes them anew.

#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod svg;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auditty::chain::ChainReport;
use auditty::cli::demo_incident::{Incident, LEAKED_KEY};
use auditty::engine::local::{LocalEngine, LocalOptions};
use auditty::engine::memory::MemoryEngine;
use auditty::engine::{Cancel, Engine, SearchRequest};
use auditty::event::{Timestamp, Zone};
use auditty::format::Registry;
use auditty::ingest::{Ingest, Options as IngestOptions};
use auditty::query::Query;
use auditty::runbook::Library;
use auditty::source::Discoverer;
use auditty::tui::runner::Runner;
use auditty::tui::runtime::{Pace, Runtime};
use auditty::tui::{Options, model};
use crossterm::event::{Event as TermEvent, KeyCode, KeyEvent, KeyModifiers};
use futures::stream::{BoxStream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::support::assets::compare_or_write;

/// 2026-03-01T15:00:00Z
fn now() -> Timestamp {
    Timestamp(1_772_377_200_000_000_000)
}

/// The incident, read by the real pipeline, then kept in memory under the paths that such logs have on a machine: the
/// folder of this run must not be in the picture.
fn incident() -> Arc<MemoryEngine> {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let _incident = Incident::render(&logs, now()).unwrap();
    let logs = std::fs::canonicalize(&logs).unwrap();
    let registry = Arc::new(Registry::builtin());
    let index = [folder.path().join("index")];
    let engine = LocalEngine::open(&index, registry.clone(), LocalOptions::default()).unwrap();
    let mut discoverer = Discoverer::new(vec![logs.clone()]);
    let discovery = discoverer.scan();
    let options = IngestOptions {
        follow: false,
        verdicts: true,
        zone: Zone::Utc,
        workers: 1,
        spool: folder.path().to_owned(),
        commands: Vec::new(),
        launcher: Vec::new(),
        chains: [].into(),
        seals: None,
        digest_keys: auditty::ingest::digests::DigestKeys::default(),
    };
    let ingest = Ingest::start(discoverer, discovery, engine.sinks(), registry, options).unwrap();
    ingest.wait_complete(&mut |_| true);

    let renamed = |source: &str| -> Arc<str> {
        let tail = Path::new(source).strip_prefix(&logs).unwrap();
        Path::new("/var/log").join(tail).to_str().unwrap().into()
    };
    let mut request = SearchRequest::new(Query::parse("*").unwrap(), now());
    request.limit = 100_000;
    let page = engine.search(&request, &Cancel::default()).unwrap();
    assert_eq!(page.hits.len() as u64, page.total);
    let memory = MemoryEngine::new();
    for (n, hit) in (1u128..).zip(page.hits) {
        let mut event = (*hit.event).clone();
        // Real ids depend on where the files lie.
        event.id =
            auditty::event::EventId(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        event.source = renamed(&event.source);
        memory.set_verdict(event.id, hit.verdict);
        memory.push(event);
    }
    let chains = engine.verify().unwrap().into_iter().map(|report| {
        Arc::new(ChainReport {
            source: renamed(&report.source),
            ..(*report).clone()
        })
    });
    memory.set_chains(chains.collect());
    Arc::new(memory)
}

/// The explorer on a screen that is only a buffer.
struct Explorer {
    runtime: Runtime<TestBackend, BoxStream<'static, Result<TermEvent, std::io::Error>>>,
    input: UnboundedSender<TermEvent>,
    tokio: tokio::runtime::Runtime,
}

impl Explorer {
    fn open(engine: Arc<MemoryEngine>, width: u16, height: u16) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (input, mut receiver) = unbounded_channel();
        let keys = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx))
            .map(Ok)
            .boxed();
        let options = Options {
            title: "demo incident".into(),
            ..Options::default()
        };
        let model = model(Library::load(&[]), options).unwrap();
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let pace = Pace {
            frame: Duration::ZERO,
            tick: None,
        };
        let guard = tokio.enter();
        let runner = Runner::new(engine, now);
        let runtime = Runtime::new(terminal, keys, model, runner, pace);
        drop(guard);
        let mut explorer = Self {
            runtime,
            input,
            tokio,
        };
        explorer.settle();
        explorer
    }

    /// Steps the loop until everything asked is answered and drawn.
    fn settle(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let runtime = &mut self.runtime;
        self.tokio.block_on(async {
            loop {
                match tokio::time::timeout(Duration::from_millis(1), runtime.step()).await {
                    Ok(going) => assert!(going.unwrap()),
                    Err(_) if runtime.is_settled() => break,
                    Err(_) => assert!(Instant::now() < deadline, "a search is never answered"),
                }
            }
        });
    }

    fn press(&mut self, code: KeyCode) -> &mut Self {
        let event = KeyEvent::new(code, KeyModifiers::NONE);
        self.input.send(TermEvent::Key(event)).unwrap();
        self.settle();
        self
    }

    fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
        self
    }

    fn picture(&self) -> String {
        svg::picture(self.runtime.terminal.backend().buffer())
    }
}

/// Fails if the picture in `assets` is not the one the explorer draws.
#[track_caller]
fn check(name: &str, explorer: &Explorer) {
    let screen = explorer.runtime.terminal.backend();
    let why = format!("the explorer draws, which is\n{screen}\n");
    compare_or_write(name, &explorer.picture(), why);
}

#[test]
fn pictures_show_the_explorer_as_it_is() {
    let engine = incident();
    // A step of the runbook in force, and one of the intruder's denied calls opened.
    let mut wide = Explorer::open(engine.clone(), 160, 50);
    wide.press(KeyCode::Char('R'))
        .press(KeyCode::Enter)
        .write(LEAKED_KEY)
        .press(KeyCode::Enter)
        .write("j")
        .press(KeyCode::BackTab)
        .write("EEE")
        .press(KeyCode::Enter);
    check("explorer.svg", &wide);

    // A query being written: who failed, with counts.
    let mut query = Explorer::open(engine.clone(), 120, 30);
    query.write("/outcome:failure actor:");
    check("query.svg", &query);

    // A break of the settings log's chain, on the smallest terminal that is common.
    let mut small = Explorer::open(engine, 80, 24);
    small.press(KeyCode::Char('x')).press(KeyCode::Enter);
    check("explorer-80x24.svg", &small);
}
