//! How fast each format reads: `cargo bench --bench speed -- --formats`.
//!
//! A row for each format, and for each in an envelope: its fixtures are framed and parsed over and over, from memory, on
//! one thread. The formats' fixtures differ in length and in how much of a record is read, so a row says something only
//! beside the same row of another run, or as far as it falls behind Kubernetes JSON.
//!
//! Some stay below a third of its bytes. CSV, MariaDB's log, logfmt and CEF: their records are of 70 to 230 bytes, while what
//! an event costs by itself is the same; in events they are read about as fast as Kubernetes JSON, or faster. auditd: quotes,
//! hex and numbers that stand for names are decoded field by field, and several records make an event. OTLP: lists of keys and
//! values become paths. `json~`: nobody says what its fields mean, so that each name and value is scored.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auditty::format::{Context, Format, Registry};

use crate::table;

/// What the others are set beside.
const PEER: &str = "k8s-audit";

/// How long fixtures are read at least for one figure; the median of several counts.
const ROUND: Duration = Duration::from_millis(150);
const ROUNDS: usize = 5;

/// A fixture as a source: what it holds, who reads it.
struct Fixture {
    bytes: Vec<u8>,
    format: Arc<dyn Format>,
    context: Context,
}

/// Bytes and events of a second.
#[derive(Clone, Copy)]
struct Speed {
    bytes: f64,
    events: f64,
}

/// Measures and prints all.
pub(crate) fn run() -> Result<(), String> {
    let registry = Registry::builtin();
    let mut speeds = BTreeMap::new();
    for (key, fixtures) in fixtures(&registry)? {
        speeds.insert(key, speed(&registry, &fixtures));
    }
    let peer = *speeds.get(PEER).ok_or("no fixtures of Kubernetes audit")?;
    let title = [
        "format",
        "MB/s",
        "events/s",
        "bytes/event",
        "beside k8s-audit",
    ];
    let mut rows = vec![title.map(str::to_owned)];
    rows.extend(speeds.iter().map(|(key, speed)| {
        [
            key.clone(),
            format!("{:.0}", speed.bytes / 1e6),
            format!("{:.0}", speed.events),
            format!("{:.0}", speed.bytes / speed.events),
            format!("{:.2}", speed.bytes / peer.bytes),
        ]
    }));
    table::print_cells(&rows);
    Ok(())
}

/// The fixtures of all formats by what an index calls the format that they are in.
fn fixtures(registry: &Registry) -> Result<BTreeMap<String, Vec<Fixture>>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: BTreeMap<String, Vec<Fixture>> = BTreeMap::new();
    for folder in entries(&root)? {
        for file in entries(&folder)? {
            // What lies in a folder of its own is for tests that are about more than one file.
            if file.ends_with("SOURCES.md") || !file.is_file() {
                continue;
            }
            let bytes = fs::read(&file).map_err(|e| e.to_string())?;
            let format = registry.detect(&bytes).format;
            let context = Context {
                header: format.header(&bytes).map(Into::into),
                ..Context::default()
            };
            found.entry(format.key()).or_default().push(Fixture {
                bytes,
                format,
                context,
            });
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| e.to_string())?;
    let paths = entries.map(|entry| entry.map(|e| e.path()).map_err(|e| e.to_string()));
    paths.collect()
}

/// The median of several rounds.
fn speed(registry: &Registry, fixtures: &[Fixture]) -> Speed {
    let mut speeds: Vec<Speed> = (0..ROUNDS).map(|_| round(registry, fixtures)).collect();
    speeds.sort_by(|a, b| a.bytes.total_cmp(&b.bytes));
    speeds[ROUNDS / 2]
}

fn round(registry: &Registry, fixtures: &[Fixture]) -> Speed {
    let (mut bytes, mut events) = (0, 0);
    let start = Instant::now();
    while start.elapsed() < ROUND {
        for fixture in fixtures {
            bytes += fixture.bytes.len();
            events += fixture.read(registry);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Speed {
        bytes: bytes as f64 / seconds,
        events: events as f64 / seconds,
    }
}

impl Fixture {
    /// Reads it from its begin to its end; returns the number of its events.
    fn read(&self, registry: &Registry) -> usize {
        let mut framer = self.format.framer(0);
        let mut frames = Vec::new();
        framer.push(&self.bytes, &mut frames);
        framer.finish(&mut frames);
        let events = frames.iter().map(|frame| {
            let events = registry.parse(&self.format, frame, &self.context);
            black_box(events).len()
        });
        events.sum()
    }
}
