//! The local engine, the memory engine and the matcher find the same events, whatever is in them and whatever is asked.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use auditty::engine::memory::MemoryEngine;
use auditty::engine::sink::Generation;
use auditty::engine::{
    Cancel, Engine, FacetField, FacetOrder, FacetRequest, SearchRequest, Sort, resolve_path,
};
use auditty::event::field::{CATALOGUE, Field};
use auditty::event::{Event, EventId, Kind, Timestamp, Verdict, Zone};
use auditty::format::Registry;
use auditty::query::{BindContext, Matcher, PathTable, Query};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};

use crate::support::logs::{self, parse};
use crate::support::pipeline::Running;
use crate::support::random::{query, record};
use crate::support::wait;

/// Random sets of records, each with many queries: building an index is what takes time.
const CASES: u32 = 12;

/// The paths of the events, as an engine sees them.
struct Paths(BTreeSet<String>);

impl PathTable for Paths {
    fn resolve(&self, path: &str) -> Option<String> {
        resolve_path(self.0.iter().map(String::as_str), path)
    }
}

/// The same events in every engine.
struct World {
    local: Running,
    memory: MemoryEngine,
    events: Vec<(Arc<Event>, Verdict)>,
    paths: Paths,
    _dir: tempfile::TempDir,
}

/// One third of the records in a rotated file, one in the live file, one in memory only.
fn world(records: &[String]) -> World {
    let dir = tempfile::tempdir().unwrap();
    let logs_dir = dir.path().join("logs");
    fs::create_dir(&logs_dir).unwrap();
    let third = records.len() / 3;
    let text = |records: &[String]| records.iter().map(|r| format!("{r}\n")).collect::<String>();
    // A first line of its own: it is what files are told apart by.
    let older = format!("{{\"first\":1}}\n{}", text(&records[..third]));
    let newer = format!("{{\"first\":2}}\n{}", text(&records[third..2 * third]));
    fs::write(logs_dir.join("x.log.1"), &older).unwrap();
    fs::write(logs_dir.join("x.log"), &newer).unwrap();
    let mut local = Running::complete(&logs_dir.join("x.log"), &dir.path().join("index"));
    wait::until(&local.engine, "the chain report", || {
        let reports = local.engine.verify().unwrap().len();
        (reports == 1)
            .then_some(())
            .ok_or(format!("{reports} reports"))
    });
    local.stop_reading();

    let registry = Registry::builtin();
    let sink = local.engine.sinks().remove(0);
    let mut events = Vec::new();
    for (_, generation) in local.generations() {
        let text = fs::read_to_string(&generation.path).unwrap();
        let parsed = parse(&generation, &text, &registry);
        events.extend(logs::events(&parsed).map(|event| (event, Verdict::Unchained)));
    }
    let generation = Generation {
        source: "/live/y.log".into(),
        key: "live".into(),
        format: "json".into(),
        version: 1,
        ..Generation::default()
    };
    let parsed = parse(&generation, &text(&records[2 * third..]), &registry);
    events.extend(logs::events(&parsed).map(|event| (event, Verdict::Pending)));
    let id = sink.declare(generation);
    sink.live(id, parsed, 0..0, 0).unwrap();

    let memory = MemoryEngine::new();
    let mut paths = BTreeSet::new();
    for (event, verdict) in &events {
        memory.push((**event).clone());
        memory.set_verdict(event.id, *verdict);
        let values = event
            .attributes
            .iter()
            .filter(|(_, v)| v.kind != Kind::Empty);
        paths.extend(values.map(|(path, _)| path.to_owned()));
    }
    World {
        local,
        memory,
        events,
        paths: Paths(paths),
        _dir: dir,
    }
}

/// The first event that one side finds and the other does not.
fn odd_one_out(world: &World, found: &[EventId], expected: &[EventId]) -> String {
    let mine: BTreeSet<_> = found.iter().collect();
    let theirs: BTreeSet<_> = expected.iter().collect();
    let Some(odd) = mine.symmetric_difference(&theirs).next() else {
        return format!("order or number: {found:?} {expected:?}");
    };
    let (event, _) = world.events.iter().find(|(e, _)| e.id == **odd).unwrap();
    let verb = if mine.contains(odd) {
        "is found and should not be"
    } else {
        "is not found"
    };
    format!(
        "{verb}: line {:?} of {}: {}",
        event.line,
        event.source,
        String::from_utf8_lossy(&event.raw)
    )
}

fn check(world: &World, query: &Query, facets: &[FacetRequest]) -> Result<(), TestCaseError> {
    let now = Timestamp::parse("2026-03-02T00:00:00Z").unwrap();
    let request = SearchRequest {
        sort: Sort::Asc,
        limit: 10_000,
        facets: facets.to_vec(),
        ..SearchRequest::new(query.clone(), now)
    };
    let context = BindContext {
        now,
        zone: Zone::Utc,
        paths: Some(&world.paths),
    };
    let bound = query.bind(&context).unwrap();
    let matcher = Matcher::new(&bound).unwrap();
    let mut matching: Vec<&Arc<Event>> = world
        .events
        .iter()
        .filter(|(event, verdict)| matcher.matches(event, *verdict))
        .map(|(event, _)| event)
        .collect();
    matching.sort_by_key(|event| event.sort_key());
    let expected: Vec<EventId> = matching.iter().map(|event| event.id).collect();
    let engines: [(&str, &dyn Engine); 2] =
        [("local", &world.local.engine), ("memory", &world.memory)];
    let mut pages = Vec::new();
    for (name, engine) in engines {
        let page = engine
            .search(&request, &Cancel::default())
            .map_err(|e| TestCaseError::fail(format!("{name}: {query}: {e}")))?;
        let found: Vec<EventId> = page.hits.iter().map(|hit| hit.event.id).collect();
        prop_assert!(
            found == expected,
            "{name}: {query}: {}",
            odd_one_out(world, &found, &expected)
        );
        for (hit, event) in page.hits.iter().zip(&matching) {
            prop_assert_eq!(&hit.event, *event, "{}: {}", name, query);
        }
        prop_assert_eq!(page.total, expected.len() as u64, "{}: {}", name, query);
        for notice in &bound.notices {
            prop_assert!(
                page.notices.contains(notice),
                "{}: {}: {:?}",
                name,
                query,
                page.notices
            );
        }
        pages.push(page);
    }
    prop_assert_eq!(&pages[0].facets, &pages[1].facets, "facets of {}", query);
    prop_assert_eq!(&pages[0].notices, &pages[1].notices, "notices of {}", query);
    Ok(())
}

fn facet() -> impl Strategy<Value = FacetRequest> {
    let field = prop_oneof![
        prop::sample::select(CATALOGUE.map(|spec| spec.field).to_vec())
            .prop_filter("as many values as events", |f| !matches!(
                f,
                Field::Id | Field::Ts
            ))
            .prop_map(FacetField::Normal),
        prop::sample::select(vec!["a", "tags", "salt", "Kind", "\u{1}actor", "nowhere"])
            .prop_map(|path| FacetField::Attribute(path.to_owned())),
    ];
    let order = prop::sample::select(vec![FacetOrder::Frequent, FacetOrder::Rare]);
    let limit = prop::sample::select(vec![0, 1, 5, 500]);
    let holding = prop::sample::select(vec!["", "", "A", "1"]);
    (field, order, limit, holding).prop_map(|(field, order, limit, holding)| FacetRequest {
        order,
        holding: holding.into(),
        ..FacetRequest::new(field, limit)
    })
}

proptest! {
    #![proptest_config(Config {
        cases: CASES,
        // The message names the query and the record; every step of shrinking builds an index.
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn all_engines_find_the_same_events(
        records in prop_oneof![
            3 => prop::collection::vec(record(), 3..200),
            // A path with more values than the index keeps apart.
            1 => prop::collection::vec(record(), 600..700),
        ],
        queries in prop::collection::vec((query(), prop::collection::vec(facet(), 0..2)), 60..120),
    ) {
        let world = world(&records);
        let all = Query::parse("").unwrap();
        for (query, facets) in &queries {
            check(&world, query, facets)?;
            // Of everything counts are remembered: they are the same again.
            check(&world, &all, facets)?;
        }
    }
}
