//! A format that a person chose for a source: read again at once, for the files that come after, and in the next run.

use std::fs;

use auditty::engine::Engine;

use crate::support::pipeline::{Running, all_hits};
use crate::support::wait;

/// Syslog to the letter of its lines, chosen to be read as plain text.
const LOG: &str = "Mar  1 10:00:00 host sshd[1]: Accepted publickey for alice from 10.0.0.1 port 22\n\
                   Mar  1 10:00:01 host sshd[1]: Accepted publickey for bob from 10.0.0.2 port 22\n";

/// Waits until all of `count` events are of one format.
fn all_of(running: &Running, format: &str, count: usize) {
    wait::until(&running.engine, format, || {
        let hits = all_hits(&running.engine, "*");
        let formats: Vec<&str> = hits.iter().map(|h| &*h.event.format).collect();
        if formats == vec![format; count] {
            return Ok(());
        }
        Err(format!("{formats:?}"))
    });
}

#[test]
fn a_source_is_read_again_as_what_a_person_says() {
    let base = tempfile::tempdir().unwrap();
    let (log, index) = (base.path().join("auth.log"), base.path().join("index"));
    fs::write(&log, LOG).unwrap();
    let name = fs::canonicalize(&log).unwrap().display().to_string();
    {
        let running = Running::open(&log, &index, true);
        all_of(&running, "syslog", 2);
        let before: Vec<_> = all_hits(&running.engine, "*");
        running.chooser().read_as(&name, Some("text"));
        all_of(&running, "text", 2);
        let after: Vec<_> = all_hits(&running.engine, "*");
        let ids =
            |hits: &[auditty::engine::Hit]| hits.iter().map(|h| h.event.id).collect::<Vec<_>>();
        assert_eq!(
            ids(&before),
            ids(&after),
            "marks and notes stay where they are"
        );
        let source = &running.engine.info().sources[0];
        assert!(
            source.format_chosen && &*source.format == "text",
            "{source:?}"
        );
        // What is appended, and what takes its place when it is rotated.
        fs::write(&log, format!("{LOG}Mar  1 10:00:02 host cron[2]: tick\n")).unwrap();
        all_of(&running, "text", 3);
        fs::rename(&log, base.path().join("auth.log.1")).unwrap();
        fs::write(
            &log,
            "Mar  1 10:00:03 host sshd[1]: Accepted publickey for eve from 10.0.0.3 port 22\n",
        )
        .unwrap();
        all_of(&running, "text", 4);
    }
    let running = Running::open(&log, &index, true);
    all_of(&running, "text", 4);
    assert!(running.engine.info().sources[0].format_chosen);
    running.chooser().read_as(&name, None);
    all_of(&running, "syslog", 4);
    let source = &running.engine.info().sources[0];
    assert!(!source.format_chosen, "{source:?}");
}

#[test]
fn what_a_chosen_format_cannot_read_is_still_there() {
    let base = tempfile::tempdir().unwrap();
    let (log, index) = (base.path().join("a.log"), base.path().join("index"));
    fs::write(&log, "hello world\nsecond line\n").unwrap();
    let name = fs::canonicalize(&log).unwrap().display().to_string();
    let running = Running::open(&log, &index, true);
    all_of(&running, "text", 2);
    running.chooser().read_as(&name, Some("k8s-audit"));
    wait::until(&running.engine, "the lines with their notes", || {
        let hits = all_hits(&running.engine, "*");
        let noted = hits.iter().filter(|h| h.event.note.is_some()).count();
        (noted == 2 && hits.len() == 2)
            .then_some(())
            .ok_or_else(|| format!("{hits:?}"))
    });
    running.chooser().read_as("/no/such/source", Some("text"));
    running.chooser().read_as(&name, Some("no such format"));
    wait::until(&running.engine, "the content's format", || {
        let noted = all_hits(&running.engine, "*");
        let noted = noted.iter().filter(|h| h.event.note.is_some()).count();
        (noted == 0).then_some(()).ok_or_else(|| format!("{noted}"))
    });
}
