//! A format that a person chose for a source: read again at once, for the files that come after, and in the next run.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use auditty::engine::Engine;
use tempfile::TempDir;

use crate::support::pipeline::{Running, all_hits};
use crate::support::wait;

/// Syslog to the letter of its lines, chosen to be read as plain text.
const LOG: &str = "Mar  1 10:00:00 host sshd[1]: Accepted publickey for alice from 10.0.0.1 port 22\n\
                   Mar  1 10:00:01 host sshd[1]: Accepted publickey for bob from 10.0.0.2 port 22\n";

/// A log, and a place for its index.
struct Place {
    log: PathBuf,
    index: PathBuf,
    /// The source as the engine calls it.
    name: String,
    _base: TempDir,
}

impl Place {
    fn new(file: &str, text: &str) -> Self {
        let base = tempfile::tempdir().unwrap();
        let log = base.path().join(file);
        fs::write(&log, text).unwrap();
        Self {
            index: base.path().join("index"),
            name: fs::canonicalize(&log).unwrap().display().to_string(),
            log,
            _base: base,
        }
    }

    fn follow(&self) -> Running {
        Running::open(&self.log, &self.index, true)
    }
}

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
    let place = Place::new("auth.log", LOG);
    {
        let running = place.follow();
        all_of(&running, "syslog", 2);
        let before: Vec<_> = all_hits(&running.engine, "*");
        running.chooser().read_as(&place.name, Some("text"));
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
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(&place.log)
            .unwrap();
        file.write_all(b"Mar  1 10:00:02 host cron[2]: tick\n")
            .unwrap();
        all_of(&running, "text", 3);
        fs::rename(&place.log, place.log.with_extension("log.1")).unwrap();
        fs::write(
            &place.log,
            "Mar  1 10:00:03 host sshd[1]: Accepted publickey for eve from 10.0.0.3 port 22\n",
        )
        .unwrap();
        all_of(&running, "text", 4);
    }
    let running = place.follow();
    all_of(&running, "text", 4);
    assert!(running.engine.info().sources[0].format_chosen);
    running.chooser().read_as(&place.name, None);
    all_of(&running, "syslog", 4);
    let source = &running.engine.info().sources[0];
    assert!(!source.format_chosen, "{source:?}");
}

#[test]
fn what_a_chosen_format_cannot_read_is_still_there() {
    let place = Place::new("a.log", "hello world\nsecond line\n");
    let running = place.follow();
    all_of(&running, "text", 2);
    running.chooser().read_as(&place.name, Some("k8s-audit"));
    wait::until(&running.engine, "the lines with their notes", || {
        let hits = all_hits(&running.engine, "*");
        let noted = hits.iter().filter(|h| h.event.note.is_some()).count();
        (noted == 2 && hits.len() == 2)
            .then_some(())
            .ok_or_else(|| format!("{hits:?}"))
    });
    running.chooser().read_as("/no/such/source", Some("text"));
    running
        .chooser()
        .read_as(&place.name, Some("no such format"));
    wait::until(&running.engine, "the content's format", || {
        let hits = all_hits(&running.engine, "*");
        let noted = hits.iter().filter(|h| h.event.note.is_some()).count();
        let whole = hits.len() == 2 && noted == 0;
        whole.then_some(()).ok_or_else(|| format!("{hits:?}"))
    });
}

#[test]
fn a_choice_outlives_the_file_it_was_made_for() {
    let place = Place::new("auth.log", LOG);
    {
        let running = place.follow();
        all_of(&running, "syslog", 2);
        running.chooser().read_as(&place.name, Some("text"));
        all_of(&running, "text", 2);
        running.flush();
    }
    let running = place.follow();
    all_of(&running, "text", 2);
    // Emptied, and written anew: what it held is only in the index now.
    fs::write(
        &place.log,
        "Mar  2 10:00:00 host sshd[9]: Accepted publickey for zoe from 10.0.0.9 port 22\n",
    )
    .unwrap();
    all_of(&running, "text", 3);
}

#[test]
fn records_that_are_cut_otherwise_are_there_once() {
    let place = Place::new(
        "a.csv",
        "time,actor,action\n2026-03-01T10:00:00Z,alice,read\n2026-03-01T10:00:01Z,bob,\"wri\nte\"\n",
    );
    let running = place.follow();
    all_of(&running, "csv~", 2);
    running.chooser().read_as(&place.name, Some("text"));
    all_of(&running, "text", 4);
    running.flush();
    assert_eq!(all_hits(&running.engine, "*").len(), 4);
    assert!(running.engine.info().covers.complete);
    running.chooser().read_as(&place.name, None);
    all_of(&running, "csv~", 2);
    running.flush();
    let source = &running.engine.info().sources[0];
    assert_eq!((&*source.format, source.format_chosen), ("csv~", false));
}

#[test]
fn a_file_that_cannot_be_read_stays_as_it_was_read() {
    let place = Place::new("auth.log", LOG);
    let running = Running::open(&place.log, &place.index, false);
    running.wait_complete();
    running.flush();
    fs::remove_file(&place.log).unwrap();
    running.chooser().read_as(&place.name, Some("text"));
    wait::until(&running.engine, "the reason", || {
        let said = running.engine.info().messages;
        let told = said.iter().any(|m| m.contains("is read as before"));
        told.then_some(()).ok_or_else(|| format!("{said:?}"))
    });
    all_of(&running, "syslog", 2);
}
