//! What only the engine with an index has to hold: half-way states, and work that is called off.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auditty::engine::local::LocalEngine;
use auditty::engine::memory::MemoryEngine;
use auditty::engine::sink::{EventSink, Generation, GenerationId};
use auditty::engine::{
    Cancel, Covers, Cursor, Engine, EngineError, FacetField, FacetOrder, FacetRequest,
    SearchRequest, Sort,
};
use auditty::event::Verdict;
use auditty::format::Registry;
use tempfile::TempDir;

use crate::support::logs::{events, lines, parse, time};
use crate::support::pipeline::{open_engine, request, search};

struct Filled {
    engine: LocalEngine,
    sink: Arc<dyn EventSink>,
    _dir: TempDir,
}

impl Filled {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = open_engine(&dir.path().join("index"));
        let sink = engine.sinks().remove(0);
        Self {
            engine,
            sink,
            _dir: dir,
        }
    }

    fn generation(name: &str) -> Generation {
        Generation {
            source: format!("/logs/{name}").into(),
            key: name.into(),
            format: "json".into(),
            version: 1,
            ..Generation::default()
        }
    }

    /// Hands a file over as backlog.
    fn backlog(&self, name: &str, text: &str) -> GenerationId {
        let generation = Self::generation(name);
        let parsed = parse(&generation, text, &Registry::builtin());
        let id = self.sink.declare(generation);
        let end = text.len() as u64;
        self.sink.backlog(id, parsed, 0..end).unwrap();
        id
    }

    fn total(&self, query: &str) -> u64 {
        search(&self.engine, &request(query)).total
    }
}

#[test]
fn what_is_forgotten_is_not_found_any_more_even_before_the_commit() {
    let filled = Filled::new();
    let a = filled.backlog("a.log", &lines(0..100));
    filled.backlog("b.log", &lines(100..130));
    filled.sink.flush().unwrap();
    let id = search(&filled.engine, &request("n:7")).hits[0].event.id;
    filled.sink.forget(a).unwrap();
    assert_eq!(filled.total("*"), 30);
    assert_eq!(filled.engine.event(id).unwrap(), None);
    // Read again at once: it is there once, and the commit takes nothing of it along.
    filled.backlog("a.log", &lines(0..100));
    filled.sink.flush().unwrap();
    assert_eq!((filled.total("*"), filled.total("n:7")), (130, 1));
}

#[test]
fn what_was_handed_over_and_forgotten_before_a_commit_counts_as_unread() {
    let filled = Filled::new();
    let a = filled.backlog("a.log", &lines(0..100));
    filled.sink.forget(a).unwrap();
    filled.sink.flush().unwrap();
    assert_eq!(filled.total("*"), 0);
    assert_eq!(filled.sink.generation(a).unwrap().done, []);
}

#[test]
fn a_range_handed_over_twice_is_there_once() {
    let filled = Filled::new();
    filled.backlog("a.log", &lines(0..100));
    filled.backlog("a.log", &lines(0..100));
    filled.sink.flush().unwrap();
    filled.backlog("a.log", &lines(0..100));
    filled.sink.flush().unwrap();
    assert_eq!(filled.total("*"), 100);
    assert_eq!(filled.engine.info().sources[0].events, 100);
}

/// A file that a look missed for a moment, while it was renamed, is read from where its index ends, which is what was
/// followed of it and not committed yet.
#[test]
fn what_was_followed_and_is_handed_over_before_the_commit_is_there_once() {
    let filled = Filled::new();
    let text = lines(0..100);
    let generation = Generation {
        source: "/logs/a.log".into(),
        key: "a".into(),
        format: "json".into(),
        version: 1,
        ..Generation::default()
    };
    let parsed = || parse(&generation, &text, &Registry::builtin());
    let end = text.len() as u64;
    let id = filled.sink.declare(generation.clone());
    filled.sink.live(id, parsed(), 0..end, 100).unwrap();
    assert_eq!(filled.total("*"), 100);
    filled.sink.backlog(id, parsed(), 0..end).unwrap();
    filled.sink.flush().unwrap();
    assert_eq!((filled.total("*"), filled.total("n:7")), (100, 1));
    assert_eq!(filled.engine.info().sources[0].events, 100);
}

#[test]
fn what_comes_after_its_time_was_shown_as_complete_is_counted_as_late() {
    let filled = Filled::new();
    let late = || filled.engine.info().covers.late;
    let since = |since| Covers {
        since,
        done: 1,
        total: 2,
        ..Covers::default()
    };
    filled.sink.progress(since(None));
    filled.backlog("a.log", &lines(500..600));
    assert_eq!(late(), 0, "nothing was shown as complete yet");
    filled.sink.progress(since(Some(time(500))));
    filled.backlog("b.log", &lines(400..500));
    assert_eq!(late(), 0, "all of it is older");
    filled.backlog("c.log", &lines(490..520));
    assert_eq!(late(), 20);
    assert_eq!(search(&filled.engine, &request("*")).covers.late, 20);
    // What was shown stays shown, though a new source lags behind.
    filled.sink.progress(since(Some(time(600))));
    filled.backlog("d.log", &lines(550..560));
    assert_eq!(late(), 30);
}

/// Runs a search that is to end after some time; how much later it did. `None` = it was through before.
fn called_off(engine: &LocalEngine, request: &SearchRequest, after: Duration) -> Option<Duration> {
    let deadline = Instant::now() + after;
    match engine.search(request, &Cancel::with_deadline(deadline)) {
        Err(EngineError::Cancelled) => Some(deadline.elapsed()),
        Err(error) => panic!("{error}"),
        Ok(_) => None,
    }
}

#[test]
fn a_search_that_is_called_off_ends_soon_whatever_it_is_at() {
    let filled = Filled::new();
    for part in 0..4 {
        let name = format!("{part}.log");
        filled.backlog(&name, &lines(part * 20_000..(part + 1) * 20_000));
        filled.sink.flush().unwrap();
    }
    let hostile = "msg:/(.{1,40}[a-q ]){3}z$/";
    let words = (0..200)
        .map(|n| format!("*{n}*"))
        .collect::<Vec<_>>()
        .join(" OR ");
    let mut attributes = request("*");
    attributes.limit = 0;
    attributes.facets = vec![FacetRequest::new(FacetField::Attribute("msg".into()), 10)];
    let requests = [
        ("a regular expression", request(hostile)),
        ("wildcards", request(&words)),
        (
            "originals",
            request("\"request number 77x\" OR \"number request\" OR id:/^0.*f$/"),
        ),
        ("an attribute's values", attributes),
    ];
    for (name, request) in requests {
        let from = Instant::now();
        search(&filled.engine, &request);
        let whole = from.elapsed();
        // The best of a few: other work on the machine must not decide this.
        let tries = (1..8u32).filter_map(|n| called_off(&filled.engine, &request, whole * n / 16));
        let best = tries.min();
        let best =
            best.unwrap_or_else(|| panic!("{name}: over in {whole:?}, before it was called off"));
        assert!(
            best < Duration::from_millis(50),
            "{name}: {best:?} of {whole:?}"
        );
    }
}

#[test]
fn facets_of_attributes_are_counted_in_one_pass() {
    let filled = Filled::new();
    filled.backlog("a.log", &lines(0..5000));
    filled.sink.flush().unwrap();
    let mut request = request("*");
    request.limit = 0;
    request.facets = ["n", "msg", "user", "nowhere"]
        .map(|path| FacetRequest::new(FacetField::Attribute(path.into()), 3))
        .to_vec();
    let page = search(&filled.engine, &request);
    let counts: Vec<(u64, u64)> = page.facets.iter().map(|f| (f.other, f.missing)).collect();
    assert_eq!(counts[0], (4997, 0));
    assert_eq!(counts[1], (4997, 0));
    let users: u64 = page.facets[2].values.iter().map(|v| v.1).sum();
    assert_eq!((users + counts[2].0, counts[2].1), (5000, 0));
    assert_eq!(counts[3], (0, 5000));
}

/// A segment whose times cannot reach the page any more is not looked at: nothing may be missing by that.
#[test]
fn pages_over_segments_whose_times_overlap_are_whole() {
    let filled = Filled::new();
    for part in 0..5_u64 {
        let of_part = (0..40).map(|i| {
            // Many share a time, also over segments; one part lies behind all others.
            let second = if part == 3 {
                i % 7
            } else {
                10 + (i * 7 + part) % 23
            };
            format!(
                "{{\"ts\":\"2026-03-01T00:00:{second:02}Z\",\"n\":{}}}\n",
                part * 40 + i
            )
        });
        filled.backlog(&format!("{part}.log"), &of_part.collect::<String>());
        filled.sink.flush().unwrap();
    }
    for query in ["*", "n:<150"] {
        for sort in [Sort::Asc, Sort::Desc] {
            let whole = search(
                &filled.engine,
                &SearchRequest {
                    sort,
                    limit: 1000,
                    ..request(query)
                },
            );
            let expected: Vec<_> = whole.hits.iter().map(|hit| hit.event.id).collect();
            assert_eq!(expected.len() as u64, whole.total);
            for (limit, inclusive) in [(1, false), (3, false), (7, true), (64, false)] {
                let mut found = Vec::new();
                let mut request = SearchRequest {
                    sort,
                    limit,
                    ..request(query)
                };
                loop {
                    let page = search(&filled.engine, &request);
                    assert_eq!(page.total, whole.total);
                    let Some(last) = page.hits.last() else { break };
                    // The last one comes again where the cursor includes it.
                    request.cursor = Some(Cursor {
                        key: last.event.sort_key(),
                        inclusive,
                    });
                    let again = usize::from(inclusive && !found.is_empty());
                    found.extend(page.hits.iter().skip(again).map(|hit| hit.event.id));
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(found, expected, "{query}, {sort:?}, {limit}");
            }
        }
    }
}

/// Values of every kind that the index treats in a way of its own, several of them in one event.
fn odd_values(part: u64) -> String {
    let id = "3f1c9a52-8a9e-4b1c-9f55-0123456789ab";
    let digest = "e29ed943264a19a1eb96ff51556809cd26bc6cd740db8df2512de7226fd58eb0";
    let long = "Long".repeat(80);
    let odd = [
        r#"["A","a","A"]"#.to_owned(),
        format!("\"{id}\""),
        format!(r#"["a","{id}","{long}","{}"]"#, id.to_uppercase()),
        "null".into(),
        "\"\"".into(),
        "[]".into(),
        format!("\"{long}\""),
        format!("\"{}\"", long.to_lowercase()),
        "\"\u{130}\"".into(),
        "\"\u{df}\"".into(),
        "1.0".into(),
        "\"1.0\"".into(),
        "true".into(),
        format!(r#"["{digest}","b"]"#),
        r#""nul\u0000in it""#.into(),
        r#"{"deeper":"A"}"#.into(),
    ];
    let line = |n: u64| {
        let value = &odd[n as usize % odd.len()];
        // More different ones than are kept apart, in two spellings.
        let many = if n.is_multiple_of(3) { "Many" } else { "many" };
        let many = format!("{many}-{}", n % 331);
        format!("{{\"n\":{n},\"v\":{value},\"w\":\"{many}\",\"kind\":\"Odd\"}}\n")
    };
    (part * 700..part * 700 + 900).map(line).collect()
}

#[test]
fn facets_of_attributes_are_those_of_an_engine_without_an_index() {
    let (filled, memory) = (Filled::new(), MemoryEngine::new());
    for part in 0..3 {
        let name = format!("{part}.log");
        let text = odd_values(part);
        filled.backlog(&name, &text);
        filled.sink.flush().unwrap();
        let parsed = parse(&Filled::generation(&name), &text, &Registry::builtin());
        for event in events(&parsed) {
            memory.push((*event).clone());
            memory.set_verdict(event.id, Verdict::Pending);
        }
    }
    let paths = ["v", "v.deeper", "w", "kind", "n", "nowhere"];
    for query in ["*", "*", "n:<500", "n:7", "w:MANY-3*", "v:a", "-v:a"] {
        for (order, holding) in [
            (FacetOrder::Frequent, ""),
            (FacetOrder::Rare, ""),
            (FacetOrder::Frequent, "A"),
        ] {
            for limit in [1, 10, 5000] {
                let facet = |path: &str| FacetRequest {
                    order,
                    holding: holding.into(),
                    ..FacetRequest::new(FacetField::Attribute(path.into()), limit)
                };
                let request = SearchRequest {
                    limit: 0,
                    facets: paths.map(facet).to_vec(),
                    ..request(query)
                };
                let expected = search(&memory, &request).facets;
                let found = search(&filled.engine, &request).facets;
                assert_eq!(found, expected, "{query}, {order:?}, {holding:?}, {limit}");
            }
        }
    }
}

/// A key may be as long as a record; an index repeats it with each value.
#[test]
fn keys_of_any_length_are_indexed() {
    let filled = Filled::new();
    let key = "k".repeat(66_000);
    let cef = |value: &str| format!("CEF:0|v|p|1|id|name|5|{key}={value}{}\n", "x".repeat(100));
    for (name, format, text) in [
        ("a.cef", "cef", cef("one") + &cef("two")),
        ("b.log", "logfmt", format!("{key}=one\n{key}=two\n")),
        (
            "c.json",
            "json",
            format!("{{\"{key}\":\"one\"}}\n{{\"{key}\":\"two\"}}\n"),
        ),
    ] {
        let generation = Generation {
            format: format.into(),
            ..Filled::generation(name)
        };
        let parsed = parse(&generation, &text, &Registry::builtin());
        assert_eq!(
            parsed.iter().map(|p| p.events.len()).sum::<usize>(),
            2,
            "{name}"
        );
        let id = filled.sink.declare(generation);
        filled
            .sink
            .backlog(id, parsed, 0..text.len() as u64)
            .unwrap();
        filled.sink.flush().unwrap();
    }
    assert_eq!(filled.total("*"), 6);
    assert_eq!((filled.total("one*"), filled.total("two*")), (3, 3));
}
