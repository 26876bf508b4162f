//! Searches in process, on an index that `auditty index` made.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auditty::engine::local::{LocalEngine, LocalOptions};
use auditty::engine::{Cancel, Engine, FacetField, FacetRequest, SearchRequest};
use auditty::event::Timestamp;
use auditty::event::field::Field;
use auditty::format::Registry;
use auditty::query::Query;

use crate::generate::{RARE_WORD, SUSPECT};
use crate::table::{Row, Times, time};

const RUNS: usize = 50;
const PAGE: usize = 100;
const BUCKETS: usize = 120;
const FACETS: [Field; 6] = [
    Field::Actor,
    Field::Action,
    Field::Target,
    Field::Outcome,
    Field::Ip,
    Field::Reason,
];

/// Its name, the query, and its goal.
type Case = (&'static str, String, Option<(u64, u64)>);

/// Events from which on goals are those of a long log.
pub(crate) const LONG: u64 = 10_000_000;

/// What is asked, and within how many milliseconds it should be answered: half of the times, and 99 of 100.
fn cases(events: u64) -> Vec<Case> {
    let (selective, all) = match events {
        LONG.. => ((15, 60), (150, 450)),
        _ => ((5, 20), (30, 90)),
    };
    vec![
        (
            "selective query",
            format!("actor:{SUSPECT} objectRef.resource:secrets outcome:failure"),
            Some(selective),
        ),
        ("match all", String::new(), Some(all)),
        ("a third of everything", "resource:leases*".into(), None),
        ("all failures", "outcome:failure".into(), None),
        ("bare word", "billing".into(), None),
        ("rare bare word", RARE_WORD.into(), None),
        ("phrase", "\"has been modified\"".into(), None),
        (
            "wildcard in a field",
            "objectRef.name:ledger-t*".into(),
            None,
        ),
        ("wildcard word", "*mentsvau*".into(), None),
        (
            "exclusion",
            "-actor:system* -objectRef.resource:pods".into(),
            None,
        ),
    ]
}

/// Page, total, six facets and histogram of each case.
pub(crate) fn rows(dirs: &[PathBuf], events: u64) -> Result<Vec<Row>, String> {
    let failed = |e: &dyn std::fmt::Display| e.to_string();
    let start = Instant::now();
    let engine = LocalEngine::open(dirs, Arc::new(Registry::builtin()), LocalOptions::default())
        .map_err(|e| failed(&e))?;
    let opened = start.elapsed();
    let mut rows = vec![Row::new("opening the index, in process", time(opened))];
    for (name, text, goal) in cases(events) {
        let query = Query::parse(&text).map_err(|e| failed(&e))?;
        let mut request = SearchRequest::new(query, Timestamp::now());
        request.limit = PAGE;
        request.histogram = Some(BUCKETS);
        request.facets = FACETS
            .map(|field| FacetRequest::new(FacetField::Normal(field), 10))
            .to_vec();
        let mut times = Vec::with_capacity(RUNS);
        let (mut first, mut total) = (Duration::ZERO, 0);
        for run in 0..=RUNS {
            let start = Instant::now();
            let page = engine
                .search(&request, &Cancel::default())
                .map_err(|e| failed(&e))?;
            if run == 0 {
                (first, total) = (start.elapsed(), page.total);
            } else {
                times.push(start.elapsed());
            }
            // What takes long is asked less often.
            if times.len() >= 5 && times.iter().sum::<Duration>() > Duration::from_secs(10) {
                break;
            }
        }
        let times = Times::new(times);
        let within = |percent, ms| times.percentile(percent) <= Duration::from_millis(ms);
        let met = goal.map(|(half, most)| within(50, half) && within(99, most));
        let figure = format!("{times} (first {})", time(first));
        let row = Row::new(format!("{name}: {total} events"), figure);
        rows.push(match goal {
            Some((half, most)) => row.goal(format!("p50 <= {half}, p99 <= {most} ms"), met),
            None => row,
        });
    }
    Ok(rows)
}
