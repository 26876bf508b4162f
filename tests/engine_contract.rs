//! What every engine promises, checked on each of them, however its events came in.

mod subjects;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auditty::chain::{Record, Verifier};
use auditty::engine::sink::Parsed;
use auditty::engine::{
    Cancel, Cursor, EngineError, FacetField, FacetOrder, FacetRequest, Sort, Tail, TailItem,
    TailRequest,
};
use auditty::event::field::Field;
use auditty::event::{BreakKind, Event, EventId, Outcome, SortKey, Timestamp};
use auditty::format::Registry;
use auditty::query::{Notice, Query};

use crate::support::logs::{self, line, lines, parse};
use crate::support::pipeline::{all_hits, request, search};
use crate::support::wait::DEADLINE;
use subjects::{every_engine, generation};

fn ids<'a>(events: impl IntoIterator<Item = &'a Arc<Event>>) -> Vec<EventId> {
    events.into_iter().map(|event| event.id).collect()
}

#[test]
fn a_page_holds_everything_in_order_with_the_total() {
    every_engine(|s| {
        for sort in [Sort::Asc, Sort::Desc] {
            let mut request = request("*");
            request.sort = sort;
            request.limit = 1000;
            let page = search(&*s.engine, &request);
            let mut expected = ids(&s.events);
            if sort == Sort::Desc {
                expected.reverse();
            }
            assert_eq!(
                ids(page.hits.iter().map(|h| &h.event)),
                expected,
                "{}",
                s.name
            );
            assert_eq!(
                (page.total, page.more),
                (expected.len() as u64, false),
                "{}",
                s.name
            );
            assert!(page.notices.is_empty());
        }
        for (hit, event) in all_hits(&*s.engine, "*").iter().zip(&s.events) {
            assert_eq!(hit.event, *event, "{}", s.name);
        }
    });
}

#[test]
fn pages_follow_each_other_both_ways_without_gap_or_double() {
    every_engine(|s| {
        for (query, size) in [("*", 7), ("action:delete", 10), ("*", 1)] {
            let all = ids(all_hits(&*s.engine, query).iter().map(|h| &h.event));
            assert!(all.len() > 50, "{}", s.name);
            let mut request = request(query);
            request.limit = size;
            for sort in [Sort::Asc, Sort::Desc] {
                request.sort = sort;
                request.cursor = None;
                let mut found = Vec::new();
                loop {
                    let page = search(&*s.engine, &request);
                    assert!(page.hits.len() <= size);
                    assert_eq!(page.total, all.len() as u64, "{}", s.name);
                    found.extend(page.hits.iter().map(|h| h.event.id));
                    assert_eq!(page.more, found.len() < all.len(), "{}", s.name);
                    if !page.more {
                        break;
                    }
                    request.cursor = page.hits.last().map(|h| Cursor {
                        key: h.event.sort_key(),
                        inclusive: false,
                    });
                }
                if sort == Sort::Desc {
                    found.reverse();
                }
                assert_eq!(found, all, "{} {query} {sort:?}", s.name);
            }
        }
    });
}

#[test]
fn a_page_can_begin_at_a_hit_or_just_beyond_it() {
    every_engine(|s| {
        let middle = s.events.len() / 2;
        let key: SortKey = s.events[middle].sort_key();
        let mut request = request("*");
        request.limit = 3;
        for (sort, inclusive, expected) in [
            (Sort::Asc, true, [middle, middle + 1, middle + 2]),
            (Sort::Asc, false, [middle + 1, middle + 2, middle + 3]),
            (Sort::Desc, true, [middle, middle - 1, middle - 2]),
            (Sort::Desc, false, [middle - 1, middle - 2, middle - 3]),
        ] {
            request.sort = sort;
            request.cursor = Some(Cursor {
                key: key.clone(),
                inclusive,
            });
            let page = search(&*s.engine, &request);
            let expected = expected.map(|i| s.events[i].id);
            assert_eq!(
                ids(page.hits.iter().map(|h| &h.event)),
                expected,
                "{} {sort:?}",
                s.name
            );
        }
        request.limit = 0;
        let page = search(&*s.engine, &request);
        assert!(page.hits.is_empty());
        assert_eq!(page.total, s.events.len() as u64);
    });
}

/// Counts by hand: how often each value occurs, and how many events have none.
fn counted(
    events: &[Arc<Event>],
    values: impl Fn(&Event) -> BTreeSet<String>,
) -> (BTreeMap<String, u64>, u64) {
    let mut counts = BTreeMap::new();
    let mut missing = 0;
    for event in events {
        let values = values(event);
        missing += u64::from(values.is_empty());
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
    }
    (counts, missing)
}

#[test]
fn facets_count_values_once_an_event_with_the_rest_and_the_missing() {
    type Values = fn(&Event) -> BTreeSet<String>;
    let fields: [(FacetField, Values); 6] = [
        (FacetField::Normal(Field::Actor), |e| {
            e.actor.iter().cloned().collect()
        }),
        (FacetField::Normal(Field::Outcome), |e| {
            [e.outcome.to_string()].into()
        }),
        (FacetField::Normal(Field::Source), |e| {
            [e.source.to_string()].into()
        }),
        (FacetField::Normal(Field::Ip), |e| {
            e.ip.iter().map(ToString::to_string).collect()
        }),
        (FacetField::Attribute("tags".into()), |e| {
            e.attributes
                .all("tags")
                .map(|v| v.text.to_owned())
                .collect()
        }),
        (FacetField::Attribute("nowhere".into()), |_| BTreeSet::new()),
    ];
    every_engine(|s| {
        let orders = [FacetOrder::Frequent, FacetOrder::Rare];
        let asked = [(2, ""), (100, ""), (2, "A"), (100, "1")];
        for ((limit, holding), order) in asked.into_iter().flat_map(|l| orders.map(|o| (l, o))) {
            let mut request = request("*");
            request.limit = 0;
            request.facets = fields
                .iter()
                .map(|(field, _)| FacetRequest {
                    order,
                    holding: holding.to_owned(),
                    ..FacetRequest::new(field.clone(), limit)
                })
                .collect();
            let page = search(&*s.engine, &request);
            assert_eq!(page.facets.len(), fields.len());
            for (facet, (field, values)) in page.facets.iter().zip(&fields) {
                let (counts, missing) = counted(&s.events, values);
                let mut expected: Vec<(String, u64)> = counts.into_iter().collect();
                expected.sort_by(|a, b| a.0.cmp(&b.0));
                match order {
                    FacetOrder::Frequent => expected.sort_by_key(|v| std::cmp::Reverse(v.1)),
                    FacetOrder::Rare => expected.sort_by_key(|v| v.1),
                }
                let all: u64 = expected.iter().map(|v| v.1).sum();
                // Whatever the case; what is left out counts among the others.
                let wanted = holding.to_lowercase();
                expected.retain(|(value, _)| value.to_lowercase().contains(&wanted));
                expected.truncate(limit);
                let other = all - expected.iter().map(|v| v.1).sum::<u64>();
                assert_eq!(facet.field, *field);
                assert_eq!(facet.values, expected, "{} {field:?}", s.name);
                assert_eq!(
                    (facet.missing, facet.other),
                    (missing, other),
                    "{} {field:?}",
                    s.name
                );
            }
        }
    });
}

#[test]
fn a_histogram_counts_every_dated_event_in_its_bucket() {
    every_engine(|s| {
        for (query, buckets) in [("*", 10), ("action:delete", 60), ("n:>=900", 5)] {
            let mut request = request(query);
            request.histogram = Some(buckets);
            request.limit = 1000;
            let page = search(&*s.engine, &request);
            let histogram = page.histogram.unwrap();
            assert!(
                histogram.step > 0 && histogram.total.len() <= buckets,
                "{histogram:?}"
            );
            let mut total = vec![0; histogram.total.len()];
            let mut failures = total.clone();
            for hit in &page.hits {
                let Some(ts) = hit.event.ts else { continue };
                let index = ((ts.0 - histogram.start.0) / histogram.step) as usize;
                total[index] += 1;
                failures[index] += u64::from(hit.event.outcome == Outcome::Failure);
            }
            assert_eq!(histogram.total, total, "{} {query}", s.name);
            assert_eq!(histogram.failures, failures, "{} {query}", s.name);
            // The events of a few seconds are told apart, the undated one does not matter.
            let used = total.iter().filter(|n| **n > 0).count();
            assert!(query != "*" || used > 2, "{}: {histogram:?}", s.name);
        }
    });
}

#[test]
fn an_event_is_found_by_its_id() {
    every_engine(|s| {
        for event in &s.events {
            let hit = s.engine.event(event.id).unwrap();
            assert_eq!(hit.map(|h| h.event).as_ref(), Some(event), "{}", s.name);
        }
        assert_eq!(s.engine.event(EventId(1)).unwrap(), None);
        let id = s.events[17].id;
        let hits = all_hits(&*s.engine, &format!("id:{id}"));
        assert_eq!(ids(hits.iter().map(|h| &h.event)), [id], "{}", s.name);
    });
}

#[test]
fn unknown_fields_and_times_too_late_are_said() {
    every_engine(|s| {
        let page = search(&*s.engine, &request("nowhere:1"));
        assert_eq!(page.total, 0);
        assert!(
            matches!(&page.notices[..], [Notice::UnknownField { field, .. }] if field == "nowhere"),
            "{}",
            s.name
        );
        let page = search(&*s.engine, &request("since:2026-03-01T12:00Z"));
        let newest = s.events.iter().filter_map(|e| e.ts).max().unwrap();
        assert_eq!(page.notices, [Notice::AllOlder { newest }], "{}", s.name);
    });
}

#[test]
fn a_cancelled_search_ends_with_that_reason() {
    every_engine(|s| {
        let cancel = Cancel::default();
        cancel.cancel();
        let late = Cancel::with_deadline(Instant::now());
        for cancel in [cancel, late] {
            let ended = s.engine.search(&request("request"), &cancel);
            assert!(matches!(ended, Err(EngineError::Cancelled)), "{}", s.name);
        }
    });
}

/// Frames to follow the ones an engine knows.
fn further(numbers: std::ops::Range<u64>) -> Vec<Parsed> {
    let generation = generation("further.log", 7);
    let beyond = (1 << 20) + numbers.start * 1000;
    let mut parsed = parse(&generation, &lines(numbers), &Registry::builtin());
    for p in &mut parsed {
        p.frame.offset += beyond;
        p.events.iter_mut().for_each(|e| e.order.offset += beyond);
    }
    parsed
}

/// What a tail delivers until `count` events have come.
fn received(tail: &mut dyn Tail, count: usize) -> Vec<EventId> {
    let deadline = Instant::now() + DEADLINE;
    let mut found = Vec::new();
    while found.len() < count {
        assert!(
            Instant::now() < deadline,
            "only {} of {count} events",
            found.len()
        );
        match tail.recv(Duration::from_millis(100)).unwrap() {
            Some(TailItem::Events(hits)) => found.extend(hits.iter().map(|h| h.event.id)),
            Some(TailItem::Lagged(n)) => panic!("{n} events were left out"),
            Some(TailItem::Changed) | None => {}
        }
    }
    found
}

#[test]
fn a_tail_goes_on_from_the_watermark_of_a_search() {
    every_engine(|s| {
        let page = search(&*s.engine, &request("*"));
        let query = Query::parse("action:delete").unwrap();
        let mut early = s
            .engine
            .tail(&TailRequest::new(query.clone(), page.watermark))
            .unwrap();
        let (first, second) = (further(1000..1030), further(1030..1060));
        (s.feed)(first.clone());
        let mut late = s
            .engine
            .tail(&TailRequest::new(query.clone(), page.watermark))
            .unwrap();
        let since = search(&*s.engine, &request("*")).watermark;
        (s.feed)(second.clone());
        let mut last = s
            .engine
            .tail(&TailRequest::new(query.clone(), since))
            .unwrap();
        let wanted = |parsed: &[Parsed]| -> Vec<EventId> {
            logs::events(parsed)
                .filter(|e| e.action.as_deref() == Some("delete"))
                .map(|e| e.id)
                .collect()
        };
        let both = [wanted(&first), wanted(&second)].concat();
        assert_eq!(received(&mut *early, both.len()), both, "{}", s.name);
        assert_eq!(received(&mut *late, both.len()), both, "{}", s.name);
        assert_eq!(
            received(&mut *last, wanted(&second).len()),
            wanted(&second),
            "{}",
            s.name
        );
        for tail in [&mut early, &mut late, &mut last] {
            let more = tail.recv(Duration::from_millis(10)).unwrap();
            assert!(
                !matches!(more, Some(TailItem::Events(_))),
                "{}: {more:?}",
                s.name
            );
        }
    });
}

#[test]
fn a_search_sees_live_events_at_once() {
    every_engine(|s| {
        let before = search(&*s.engine, &request("*")).total;
        for n in 1000..1040 {
            (s.feed)(further(n..n + 1));
            assert_eq!(
                search(&*s.engine, &request(&format!("n:{n}"))).total,
                1,
                "{}",
                s.name
            );
        }
        assert_eq!(
            search(&*s.engine, &request("*")).total,
            before + 40,
            "{}",
            s.name
        );
    });
}

#[test]
fn a_provisional_event_is_replaced_in_place() {
    every_engine(|s| {
        let before = search(&*s.engine, &request("*"));
        let mut tail = s
            .engine
            .tail(&TailRequest::new(Query::default(), before.watermark))
            .unwrap();
        let whole = further(1000..1001);
        let mut open = whole.clone();
        open[0].frame.open = true;
        let event = &mut open[0].events[0];
        event.provisional = true;
        event.action = Some("unfinished".into());
        let id = event.id;
        (s.feed)(open);
        let hits = all_hits(&*s.engine, "action:unfinished");
        assert_eq!(ids(hits.iter().map(|h| &h.event)), [id], "{}", s.name);
        assert!(hits[0].event.provisional);
        (s.feed)(whole);
        assert_eq!(
            search(&*s.engine, &request("action:unfinished")).total,
            0,
            "{}",
            s.name
        );
        let now = s.engine.event(id).unwrap().unwrap();
        assert!(!now.event.provisional, "{}", s.name);
        assert_eq!(
            search(&*s.engine, &request("*")).total,
            before.total + 1,
            "{}",
            s.name
        );
        assert_eq!(received(&mut *tail, 2), [id, id], "{}", s.name);
    });
}

#[test]
fn verdicts_come_from_the_last_chain_report() {
    every_engine(|s| {
        // The chain is that of other lines at the offsets of the first source's oldest generation.
        let (source, rank) = (s.events[3].source.clone(), s.events[3].order.generation);
        let mine: Vec<&Arc<Event>> = s
            .events
            .iter()
            .filter(|e| e.source == source && e.order.generation == rank)
            .collect();
        let mut offsets: Vec<u64> = mine.iter().map(|e| e.order.offset).collect();
        offsets.sort_unstable();
        let chained = logs::chained(20);
        let mut verifier = Verifier::new(source.clone());
        for (i, text) in chained.iter().enumerate() {
            let changed = text.replace("\"user1\"", "\"mallory\"");
            let text = if i == 7 { &changed } else { text };
            verifier.push(&Record {
                generation: rank,
                offset: offsets[i],
                line: i as u64 + 1,
                bytes: text.trim_end().as_bytes(),
                torn: false,
            });
        }
        let report = Arc::new(verifier.finish());
        let broken: Vec<EventId> = mine
            .iter()
            .filter(|e| e.order.offset == offsets[7])
            .map(|e| e.id)
            .collect();
        assert_eq!(report.findings[0].kind, BreakKind::ContentModified);
        (s.chain)(report.clone());
        for query in ["chain:broken", "chain:content-modified"] {
            let mut hits = all_hits(&*s.engine, query);
            // Numbers left out in another source are breaks, too.
            hits.retain(|hit| hit.event.source == source);
            assert_eq!(
                ids(hits.iter().map(|h| &h.event)),
                broken,
                "{} {query}",
                s.name
            );
            assert!(hits[0].verdict.is_alarm());
        }
        assert_eq!(
            search(&*s.engine, &request("chain:verified")).total,
            19,
            "{}",
            s.name
        );
        let hit = s.engine.event(broken[0]).unwrap().unwrap();
        assert_eq!(hit.verdict.as_str(), "content-modified", "{}", s.name);
        let mut request = request("*");
        request.facets = vec![FacetRequest::new(FacetField::Normal(Field::Chain), 10)];
        let page = search(&*s.engine, &request);
        let count = |word: &str| {
            let values = &page.facets[0].values;
            values
                .iter()
                .find(|(w, _)| w == word)
                .map_or(0, |(_, n)| *n)
        };
        assert_eq!(
            (count("content-modified"), count("verified")),
            (1, 19),
            "{}",
            s.name
        );
        let sum: u64 = page.facets[0].values.iter().map(|v| v.1).sum();
        assert_eq!(sum, s.events.len() as u64, "{}", s.name);
        let reports = s.engine.verify().unwrap();
        assert!(reports.contains(&report), "{}", s.name);
    });
}

#[test]
fn sources_are_listed_with_their_counts() {
    every_engine(|s| {
        let info = s.engine.info();
        let counts: BTreeMap<&str, u64> =
            info.sources.iter().map(|i| (&*i.name, i.events)).collect();
        let (expected, _) = counted(&s.events, |e| [e.source.to_string()].into());
        let expected: BTreeMap<&str, u64> =
            expected.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        assert_eq!(counts, expected, "{}", s.name);
        for source in &info.sources {
            let mine = s.events.iter().filter(|e| e.source == source.name);
            let times: Vec<Timestamp> = mine.filter_map(|e| e.ts).collect();
            let held = (source.first, source.last);
            let period = (times.iter().min().copied(), times.iter().max().copied());
            assert_eq!(held, period, "{} {}", s.name, source.name);
        }
        for path in ["n", "tags", "msg"] {
            assert!(info.paths.contains_key(path), "{}", s.name);
        }
    });
}

/// One line is in the file of `lines`: the helper that everything here rests on.
#[test]
fn made_up_lines_are_read_as_meant() {
    let parsed = parse(&generation("x", 0), &line(15), &Registry::builtin());
    let event = &parsed[0].events[0];
    assert_eq!(event.actor.as_deref(), Some("user1"));
    assert_eq!(event.action.as_deref(), Some("delete"));
    assert_eq!(event.outcome, Outcome::Failure);
    assert_eq!(event.ts, Some(logs::time(15)));
}
