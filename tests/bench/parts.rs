//! The parts that everything is made of, each by itself: `cargo bench --bench parts`, or with a part of a name after `--`.
//!
//! Framing and parsing of each format's fixtures, records checked against their chain, the matcher, and a screen drawn.
//! Figures are of one thread and of this machine: they are for comparing one change with the code before it.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use auditty::chain::{Record, Verifier};
use auditty::engine::memory::MemoryEngine;
use auditty::event::{Event, Timestamp, Verdict, Zone};
use auditty::format::{Context, Format, Frame, Registry};
use auditty::query::{BindContext, Matcher, Query};
use auditty::runbook::Library;
use auditty::tui::runner::Runner;
use auditty::tui::runtime::{Pace, Runtime};
use auditty::tui::{Options, model, view};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::stream;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// How long a look waits for something to happen.
const LOOK: Duration = Duration::from_millis(1);

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The longest file of each folder of fixtures: its name, its format, its bytes.
fn longest(registry: &Registry) -> Vec<(String, Arc<dyn Format>, Vec<u8>)> {
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let mut found = Vec::new();
    for folder in entries(&fixtures()) {
        let files = entries(&folder).into_iter();
        let logs = files.filter(|path| path.is_file() && !path.ends_with("SOURCES.md"));
        let bytes = logs.filter_map(|path| fs::read(path).ok());
        if let Some(bytes) = bytes.max_by_key(Vec::len)
            && let Some(name) = folder.file_name()
        {
            let format = registry.detect(&bytes).format;
            found.push((name.to_string_lossy().into_owned(), format, bytes));
        }
    }
    found
}

fn frames(format: &Arc<dyn Format>, bytes: &[u8]) -> Vec<Frame> {
    let (mut framer, mut frames) = (format.framer(0), Vec::new());
    framer.push(bytes, &mut frames);
    framer.finish(&mut frames);
    frames
}

fn context(format: &Arc<dyn Format>, bytes: &[u8]) -> Context {
    Context {
        header: format.header(bytes).map(Into::into),
        ..Context::default()
    }
}

fn formats(criterion: &mut Criterion) {
    let registry = Registry::builtin();
    let all = longest(&registry);
    let mut group = criterion.benchmark_group("frame");
    for (name, format, bytes) in &all {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let id = BenchmarkId::from_parameter(name);
        group.bench_with_input(id, bytes, |b, bytes| b.iter(|| frames(format, bytes).len()));
    }
    group.finish();
    let mut group = criterion.benchmark_group("parse");
    for (name, format, bytes) in &all {
        let (frames, context) = (frames(format, bytes), context(format, bytes));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let id = BenchmarkId::from_parameter(name);
        group.bench_with_input(id, &frames, |b, frames| {
            b.iter(|| {
                for frame in frames {
                    black_box(registry.parse(format, frame, &context));
                }
            });
        });
    }
}

/// Reading each record's canonical form, hashing it and comparing: the recipes of the fixtures.
fn chains(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("chain");
    for recipe in ["R1", "R2", "R3", "R5", "R7"] {
        let path = fixtures().join("chain").join(format!("{recipe}.jsonl"));
        let Ok(bytes) = fs::read(path) else {
            continue;
        };
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_with_input(recipe, &bytes, |b, bytes| {
            b.iter(|| {
                let mut verifier = Verifier::new("log".into());
                let (mut offset, mut line) = (0, 0);
                for bytes in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                    line += 1;
                    verifier.push(&Record {
                        generation: 0,
                        offset,
                        line,
                        bytes,
                        torn: false,
                    });
                    offset += bytes.len() as u64 + 1;
                }
                verifier.finish()
            });
        });
    }
}

/// Events of Kubernetes, which are the widest.
fn events() -> Vec<Event> {
    let registry = Registry::builtin();
    let of_kubernetes = |(name, ..): &(String, Arc<dyn Format>, Vec<u8>)| name == "k8s-audit";
    let all = longest(&registry);
    let Some((_, format, bytes)) = all.into_iter().find(of_kubernetes) else {
        return Vec::new();
    };
    let context = context(&format, &bytes);
    let frames = frames(&format, &bytes);
    let events = frames
        .iter()
        .flat_map(|frame| registry.parse(&format, frame, &context));
    events.collect()
}

fn matching(criterion: &mut Criterion) {
    let events = events();
    let mut group = criterion.benchmark_group("match");
    group.throughput(Throughput::Elements(events.len() as u64));
    for text in [
        "delete",
        "secrets outcome:failure",
        "actor:system:*",
        "objectRef.resource:secrets -verb:get",
        "target:/kube-.*/",
    ] {
        let bound = Query::parse(text).map(|query| {
            query.bind(&BindContext {
                now: Timestamp(0),
                zone: Zone::Utc,
                paths: None,
            })
        });
        let Ok(Ok(matcher)) = bound.map(|bound| bound.and_then(|b| Matcher::new(&b))) else {
            panic!("{text} is no query");
        };
        group.bench_with_input(text, &events, |b, events| {
            b.iter(|| {
                let found = events
                    .iter()
                    .filter(|e| matcher.matches(e, Verdict::Unchained));
                found.count()
            });
        });
    }
}

/// The whole screen, as it is drawn after each key.
fn render(criterion: &mut Criterion) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let tokio = builder.worker_threads(1).enable_all().build();
    let tokio = tokio.expect("threads");
    let engine = MemoryEngine::new();
    events().into_iter().for_each(|event| engine.push(event));
    let engine = Arc::new(engine);
    let mut group = criterion.benchmark_group("render");
    for (width, height) in [(80, 24), (160, 50)] {
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer");
        let model = model(Library::load(&[]), Options::default()).expect("built-in settings");
        let _guard = tokio.enter();
        let runner = Runner::new(engine.clone(), || Timestamp(1_772_377_200_000_000_000));
        let keys = stream::pending::<Result<crossterm::event::Event, std::io::Error>>();
        let pace = Pace {
            frame: Duration::ZERO,
            tick: None,
        };
        let mut explorer = Runtime::new(terminal, keys, model, runner, pace);
        while !explorer.is_settled() {
            let step = async { tokio::time::timeout(LOOK, explorer.step()).await };
            // Where nothing happened it only looks again.
            let _ = tokio.block_on(step);
        }
        group.bench_function(format!("{width}x{height}"), |b| {
            b.iter(|| {
                let Runtime {
                    terminal, model, ..
                } = &mut explorer;
                terminal.draw(|frame| view::view(frame, model)).is_ok()
            });
        });
    }
}

criterion_group!(parts, formats, chains, matching, render);
criterion_main!(parts);
