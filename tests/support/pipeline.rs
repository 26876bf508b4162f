//! A local engine fed by the real ingest pipeline.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use auditty::engine::local::{LocalEngine, LocalOptions};
use auditty::engine::sink::{Generation, GenerationId};
use auditty::engine::{Cancel, Cursor, Engine, Hit, SearchPage, SearchRequest, Sort};
use auditty::event::{Timestamp, Zone};
use auditty::format::Registry;
use auditty::ingest::scan::FileScanner;
use auditty::ingest::{Chooser, Ingest, Options};
use auditty::query::Query;
use auditty::source::Discoverer;

use super::wait::{self, DEADLINE};

/// Small enough that most answers take several pages.
const PAGE: usize = 500;

/// Bounds that no test reaches, however full the disk is.
pub(crate) fn options() -> LocalOptions {
    LocalOptions {
        max_share: 100,
        min_free: 0,
        ..LocalOptions::default()
    }
}

pub(crate) fn open_engine(index: &Path) -> LocalEngine {
    open_engine_with(index, options())
}

/// An engine that reads from the files what its index does not have.
pub(crate) fn open_engine_with(index: &Path, options: LocalOptions) -> LocalEngine {
    let registry = Arc::new(Registry::builtin());
    let scanner = FileScanner {
        registry: registry.clone(),
        zone: Zone::Utc,
    };
    let engine = LocalEngine::open(&[index.to_owned()], registry, options).unwrap();
    engine.with_scanner(Arc::new(scanner))
}

/// An engine and what feeds it; the pipeline ends first.
pub(crate) struct Running {
    ingest: Option<Ingest>,
    pub(crate) engine: LocalEngine,
}

impl Running {
    /// Opens one path with its index in `index`.
    pub(crate) fn open(path: &Path, index: &Path, follow: bool) -> Self {
        Self::feed(open_engine(index), path, follow)
    }

    /// Feeds an engine from one path.
    pub(crate) fn feed(engine: LocalEngine, path: &Path, follow: bool) -> Self {
        let mut discoverer = Discoverer::new(vec![PathBuf::from(path)]);
        let discovery = discoverer.scan();
        assert_eq!(discovery.roots.len(), 1, "{discovery:?}");
        let options = Options {
            follow,
            verdicts: true,
            zone: Zone::Utc,
            workers: 2,
            spool: PathBuf::new(),
            commands: Vec::new(),
            launcher: Vec::new(),
            chains: [].into(),
            seals: None,
            digest_keys: auditty::ingest::digests::DigestKeys::default(),
        };
        let registry = Arc::new(Registry::builtin());
        let ingest =
            Ingest::start(discoverer, discovery, engine.sinks(), registry, options).unwrap();
        Self {
            ingest: Some(ingest),
            engine,
        }
    }

    /// Reads everything there is to its end.
    pub(crate) fn complete(path: &Path, index: &Path) -> Self {
        let running = Self::open(path, index, false);
        running.wait_complete();
        running
    }

    pub(crate) fn wait_complete(&self) {
        let deadline = Instant::now() + DEADLINE;
        let ingest = self.ingest.as_ref().unwrap();
        assert!(
            ingest.wait_complete(&mut |_| Instant::now() < deadline),
            "not read to the end in {DEADLINE:?}"
        );
    }

    /// Every generation of every source.
    pub(crate) fn generations(&self) -> Vec<(GenerationId, Generation)> {
        let sink = &self.engine.sinks()[0];
        let sources = self.engine.info().sources;
        sources
            .iter()
            .flat_map(|s| sink.of_source(&s.name))
            .collect()
    }

    /// Says in which format a source is read.
    pub(crate) fn chooser(&self) -> Chooser {
        self.ingest.as_ref().unwrap().chooser()
    }

    /// Ends the pipeline and keeps the engine.
    pub(crate) fn stop_reading(&mut self) {
        self.ingest = None;
    }

    /// Waits until exactly these numbered lines are found, once each.
    pub(crate) fn wait_for(&self, expected: impl IntoIterator<Item = u64>) {
        let mut expected: Vec<u64> = expected.into_iter().collect();
        expected.sort_unstable();
        wait::until(&self.engine, "the lines expected", || {
            let mut found = super::logs::numbers(&all_hits(&self.engine, "*"));
            found.sort_unstable();
            if found == expected {
                return Ok(());
            }
            Err(difference(&found, &expected))
        });
    }

    /// As [`Self::wait_for`], and nothing changes when everything is committed.
    pub(crate) fn settle_on(&self, expected: impl IntoIterator<Item = u64> + Clone) {
        self.wait_for(expected.clone());
        self.flush();
        self.wait_for(expected);
    }

    /// Commits what is complete.
    pub(crate) fn flush(&self) {
        for sink in self.engine.sinks() {
            sink.flush().unwrap();
        }
    }
}

fn difference(found: &[u64], expected: &[u64]) -> String {
    let missing: Vec<&u64> = expected
        .iter()
        .filter(|n| !found.contains(n))
        .take(20)
        .collect();
    let extra: Vec<&u64> = found
        .iter()
        .filter(|n| !expected.contains(n))
        .take(20)
        .collect();
    let twice: Vec<&u64> = found
        .windows(2)
        .filter(|w| w[0] == w[1])
        .map(|w| &w[0])
        .take(20)
        .collect();
    format!(
        "{} of {} found; missing {missing:?}, unexpected {extra:?}, twice {twice:?}",
        found.len(),
        expected.len()
    )
}

pub(crate) fn request(query: &str) -> SearchRequest {
    let now = Timestamp::parse("2026-03-02T00:00:00Z").unwrap();
    SearchRequest::new(Query::parse(query).unwrap(), now)
}

pub(crate) fn search(engine: &dyn Engine, request: &SearchRequest) -> SearchPage {
    engine.search(request, &Cancel::default()).unwrap()
}

/// Everything a query finds, oldest first, page by page.
pub(crate) fn all_hits(engine: &dyn Engine, query: &str) -> Vec<Hit> {
    let mut request = request(query);
    request.sort = Sort::Asc;
    request.limit = PAGE;
    let mut hits: Vec<Hit> = Vec::new();
    loop {
        let page = search(engine, &request);
        hits.extend(page.hits);
        if !page.more {
            return hits;
        }
        request.cursor = hits.last().map(|hit| Cursor {
            key: hit.event.sort_key(),
            inclusive: false,
        });
    }
}
