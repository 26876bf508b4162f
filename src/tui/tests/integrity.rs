//! The integrity overlay through the whole loop: what it shows, where it leads, what it writes.

use std::sync::Arc;

use super::harness::{Harness, break_chain_at, engine_of, event, events};
use crate::chain::{ChainReport, Finding};
use crate::engine::memory::MemoryEngine;
use crate::event::{BreakKind, Verdict};
use crate::runbook::Library;
use crate::tui::Options;
use crate::tui::share::Setup;

const SCHEME: &str = "own-sorted sha256 prev_hash/hash";

fn finding(kind: BreakKind, n: u32, explanation: &str) -> Finding {
    Finding {
        kind,
        level: kind.level(),
        generation: 0,
        line: u64::from(n) + 1,
        line_end: u64::from(n) + 1,
        offset: u64::from(n),
        count: None,
        ts: event(n).ts,
        expected: Some("be".repeat(32)),
        found: Some("72".repeat(32)),
        explanation: explanation.to_owned(),
    }
}

fn report(source: &str, scheme: Option<&str>, findings: Vec<Finding>) -> Arc<ChainReport> {
    Arc::new(ChainReport {
        source: source.into(),
        scheme: scheme.map(str::to_owned),
        records: 12_004,
        verified: 12_004 - findings.len() as u64,
        coverage: match scheme {
            Some(_) => "11,999 of 12,004 records verified; the last record is protected only by the one to come".into(),
            None => "no chain found in the first 16 records".into(),
        },
        findings,
        ..ChainReport::default()
    })
}

const NAMES: [&str; 5] = [
    "/var/log/audit.log",
    "/var/log/app/a-folder-with-a-long-name/settings-service/audit.jsonl",
    "/var/log/auth.log",
    "/var/log/payments.jsonl",
    "/var/log/sealed.log",
];

/// Five sources: two broken, one of them with a hostile text, one without a chain, one sound, one not checked yet.
fn engine() -> Arc<MemoryEngine> {
    use BreakKind::{ContentModified, Deleted, Duplicated, Fork, TornTail};
    let mut all = events(100);
    for (n, event) in all.iter_mut().enumerate() {
        event.source = NAMES[n % NAMES.len()].into();
    }
    let engine = engine_of(all);
    engine.set_verdict(event(90).id, Verdict::Broken(Deleted));
    engine.set_chains(vec![
        report(
            NAMES[0],
            Some(SCHEME),
            vec![
                finding(Fork, 10, "Two records continue the same one. Usual causes: two writers at once, or one slipped in."),
                finding(
                    Deleted,
                    90,
                    "1 record missing between record 119 (line 119, #118, 2026-01-02 03:01:58 UTC) and record 120 (line 120, \
                     #120, 2026-01-02 03:02:00 UTC). Usual causes: removed lines, a log cut and continued, records lost before \
                     they reached the disk.",
                ),
                finding(Duplicated, 95, "The same record a second time."),
            ],
        ),
        report(
            NAMES[1],
            Some(SCHEME),
            vec![
                finding(ContentModified, 31, "changed\u{1b}[31m by \u{202e}mallory. And more."),
                finding(TornTail, 36, "The last line has no end."),
            ],
        ),
        report(NAMES[2], None, Vec::new()),
        report(NAMES[3], Some("raw-line sha256 prev_hash"), Vec::new()),
    ]);
    engine
}

fn harness(width: u16, height: u16, options: Options) -> Harness {
    Harness::over(engine(), width, height, Library::default(), options)
}

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

#[test]
fn what_it_looks_like() {
    for (size, (width, height)) in [("80x24", (80, 24)), ("160x50", (160, 50))] {
        let mut h = harness(width, height, Options::default());
        h.keys("I");
        check(&format!("integrity_source_{size}"), &h);
        h.keys("j");
        check(&format!("integrity_finding_{size}"), &h);
        h.keys("3jljG");
        check(&format!("integrity_last_{size}"), &h);
    }
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = harness(80, 24, options);
    h.keys("Ij");
    check("integrity_ascii", &h);
    assert!(h.screen().is_ascii() && !h.has_colour());
    // What acts on a terminal is shown.
    h.keys("3jlj")
        .shows("changed\\x1b[31m by \\u{202e}mallory. And more.");
}

#[test]
fn enter_goes_from_a_finding_to_its_record() {
    let mut h = harness(80, 24, Options::default());
    h.keys("I").shows("2 of 5 sources are broken");
    h.keys("j<enter>")
        .hides("INTEGRITY")
        .shows("deleted: Enter explains it");
    assert_eq!(h.selected_action(), "action-90");
    // A warning is none of the breaks that x goes to, but has a record as well.
    h.keys("Ijjj<enter>").shows("fork: Enter explains it");
    assert_eq!(h.selected_action(), "action-10");
    h.keys("II");
    assert!(h.model().overlay.is_none());
    h.keys("I<esc>").hides("INTEGRITY");
    h.keys("gIx");
    assert_eq!(h.selected_action(), "action-90");
}

#[test]
fn what_the_query_hides_is_shown_as_x_shows_it() {
    let mut h = harness(80, 24, Options::default());
    h.keys("/actor:bob*<enter>Ij<enter>");
    assert_eq!(h.selected_action(), "action-90");
    h.shows("your query hid this break; u brings it back")
        .hides("actor:bob*");
    h.keys("u").shows("actor:bob*");
}

#[test]
fn a_finding_without_an_event_says_so() {
    let engine = engine_of(events(20));
    break_chain_at(&engine, 95);
    let mut h = Harness::over(engine, 80, 24, Library::default(), Options::default());
    h.keys("Ij<enter>")
        .shows("no event is at the place of this finding");
}

/// What is gone has no row of its own: the last one that is left is gone to, by `x` and from the overlay.
#[test]
fn a_cut_end_leads_to_the_last_record_left() {
    let engine = engine_of(events(20));
    let cut = finding(BreakKind::TailTruncated, 20, "The last 5 records are gone.");
    engine.set_chains(vec![report(NAMES[0], Some(SCHEME), vec![cut])]);
    let mut h = Harness::over(engine, 80, 24, Library::default(), Options::default());
    h.keys("gx")
        .shows("tail-truncated: what came after this record is gone");
    assert_eq!(h.selected_action(), "action-19");
    h.keys("gIj<enter>");
    assert_eq!(h.selected_action(), "action-19");
}

#[test]
fn reports_arrive_while_it_is_open() {
    let h_engine = engine();
    let mut h = Harness::over(
        h_engine.clone(),
        80,
        24,
        Library::default(),
        Options::default(),
    );
    h.keys("Ij").shows("1 record missing");
    let chains = vec![report(
        NAMES[0],
        Some(SCHEME),
        vec![
            finding(BreakKind::Rewritten, 5, "An earlier alarm."),
            finding(BreakKind::Deleted, 90, "1 record missing, it is now known."),
        ],
    )];
    h_engine.set_chains(chains);
    h.keys("<ctrl+r>");
    let info = crate::engine::Engine::info(&*h_engine);
    h.send(crate::tui::message::Message::Info(Box::new(info)));
    h.shows("An earlier alarm")
        .shows("it is now known")
        .shows("1 of 5 sources is broken");
    h.keys("<enter>");
    assert_eq!(h.selected_action(), "action-90");
}

#[test]
fn w_and_the_palette_write_an_evidence_report() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("a b.log");
    std::fs::write(&log, "one\n").unwrap();
    let log = log.canonicalize().unwrap();
    let mut event = event(1);
    event.source = log.to_str().unwrap().into();
    let engine = engine_of(vec![event]);
    let name = log.to_str().unwrap().to_owned();
    let deleted = finding(BreakKind::Deleted, 1, "gone | `x` <b>\u{1b}");
    engine.set_chains(vec![report(&name, Some(SCHEME), vec![deleted])]);
    let options = Options {
        share: Setup {
            home: Some(home.path().to_owned()),
            paths: vec![log.clone()],
            ..Setup::default()
        },
        ..Options::default()
    };
    let mut h = Harness::over(engine, 120, 30, Library::default(), options);
    // The name is offered first, then written.
    h.keys("Iw<enter>")
        .shows("integrity-report-20260301T150000Z.md");
    h.keys("<enter>");
    h.until(|h| h.screen().contains("wrote the report"));
    let path = home.path().join("integrity-report-20260301T150000Z.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(text.contains("The source is broken: 1 alarm; 12,003 of 12,004 records verified."));
    // sha256sum of "one\n"
    assert!(
        text.contains("2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806"),
        "{text}"
    );
    assert!(
        text.contains(&format!("`auditty verify '{name}'`")),
        "{text}"
    );
    assert!(!text.contains("<b>\u{1b}"));
    h.keys(":integrity ~/integrity-report-20260301T150000Z.md<enter>");
    h.until(|h| h.screen().contains("exists already"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}
