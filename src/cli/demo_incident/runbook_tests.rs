//! The demo and the shipped runbook belong together: every step finds something, and leads on.

use std::collections::{BTreeMap, BTreeSet};

use super::tests::{NOW, breaks, incident, json_lines};
use super::*;
use crate::event::{BreakKind, Event, Verdict, Zone};
use crate::format::{Context, Registry};
use crate::query::{BindContext, Matcher};
use crate::runbook::{Evidence, Inputs, Library};

/// Every event of the incident with the verdict a chain check would give.
fn events(incident: &Incident) -> Vec<(Event, Verdict)> {
    let mut paths = vec![incident.kubernetes.clone(), incident.settings.clone()];
    for folder in [&incident.cloudtrail, incident.auditd.parent().unwrap()] {
        paths.extend(fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()));
    }
    let (contents, links) = breaks(&json_lines(&incident.settings));
    let registry = Registry::builtin();
    let mut events = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let format = registry.detect(&bytes[..bytes.len().min(64 << 10)]).format;
        let (mut framer, mut frames) = (format.framer(0), Vec::new());
        framer.push(&bytes, &mut frames);
        framer.finish(&mut frames);
        for (index, frame) in frames.iter().enumerate() {
            let verdict = match path == incident.settings {
                true if contents.contains(&index) => Verdict::Broken(BreakKind::ContentModified),
                true if links.contains(&index) => Verdict::Broken(BreakKind::Deleted),
                true => Verdict::Verified,
                false => Verdict::Unchained,
            };
            for mut event in registry.parse(&format, frame, &Context::default()) {
                assert_eq!(event.note, None, "{}", path.display());
                event.format = format.id().into();
                events.push((event, verdict));
            }
        }
    }
    events
}

#[test]
fn every_step_of_the_runbook_finds_something_and_leads_on() {
    let (_folder, incident) = incident();
    let events = events(&incident);
    let formats: BTreeSet<&str> = events.iter().map(|(event, _)| &*event.format).collect();
    assert_eq!(
        formats.into_iter().collect::<Vec<_>>(),
        ["auditd", "cloudtrail", "json~", "k8s-audit"]
    );

    let library = Library::load(&[]);
    let runbook = library.get("leaked-access-key").unwrap();
    let given = Inputs::from([("key".into(), incident.leaked_key.to_owned())]);
    let inputs = runbook.check_inputs(&given, NOW).unwrap();
    let mut rows = Vec::new();
    let mut route = Vec::new();
    for step in 0..runbook.steps.len() {
        let query = runbook.step_query(step, &inputs).unwrap().unwrap();
        let bound = query
            .bind(&BindContext {
                now: NOW,
                zone: Zone::Utc,
                paths: None,
            })
            .unwrap();
        let matcher = Matcher::new(&bound).unwrap();
        let hits: Vec<&Event> = events
            .iter()
            .filter(|(e, v)| matcher.matches(e, *v))
            .map(|(e, _)| e)
            .collect();
        let mut addresses: BTreeMap<String, u64> = BTreeMap::new();
        for ip in hits.iter().flat_map(|event| &event.ip) {
            *addresses.entry(ip.to_string()).or_default() += 1;
        }
        if matches!(step, 0..=4 | 6) {
            assert!(
                addresses.contains_key(INTRUDER),
                "step {}: {addresses:?}",
                step + 1
            );
        }
        let values = BTreeMap::from([("ip".to_owned(), addresses.into_iter().collect())]);
        let evidence = Evidence {
            rows: hits.len() as u64,
            values,
            complete: true,
            ..Evidence::default()
        };
        route.push(runbook.decide(step, &evidence, &inputs));
        rows.push(hits.len());
    }
    assert!(rows.iter().all(|rows| *rows > 0), "{rows:?}");
    assert!(
        rows[0] > 100 && rows[2] < 10 && rows[3] == 1 && rows[5] == 2,
        "{rows:?}"
    );
    // Only the owner can say whether step 2 shows their own work.
    assert_eq!(
        route,
        [Some(1), None, Some(1), Some(1), Some(0), Some(1), Some(1)]
    );
}
