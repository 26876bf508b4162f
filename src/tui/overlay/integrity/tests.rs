//! Moving, folding, and staying on a finding while reports arrive.

use super::*;
use crate::chain::ChainReport;
use crate::event::BreakKind;

fn finding(kind: BreakKind, line: u64) -> Finding {
    Finding {
        kind,
        level: kind.level(),
        generation: 0,
        line,
        line_end: line,
        offset: line * 10,
        count: None,
        ts: None,
        expected: None,
        found: None,
        explanation: format!("what is wrong at {line}. Usual causes: many."),
    }
}

fn source(name: &str, chained: bool, findings: &[(BreakKind, u64)]) -> SourceInfo {
    let report = ChainReport {
        source: name.into(),
        scheme: chained.then(|| "own-sorted sha256 prev_hash/hash".to_owned()),
        records: 10,
        verified: 10 - findings.len() as u64,
        findings: findings
            .iter()
            .map(|(k, line)| finding(*k, *line))
            .collect(),
        ..ChainReport::default()
    };
    SourceInfo {
        name: name.into(),
        events: 10,
        chain: Some(Arc::new(report)),
        ..SourceInfo::default()
    }
}

fn info(sources: Vec<SourceInfo>) -> Info {
    Info {
        sources,
        ..Info::default()
    }
}

/// Two sound ones around one with warnings before its alarms, and one with a note.
fn four() -> Info {
    use BreakKind::{Deleted, Fork, TornTail};
    info(vec![
        source("plain", false, &[]),
        source("torn", true, &[(TornTail, 10)]),
        source(
            "broken",
            true,
            &[(Fork, 2), (Deleted, 5), (Deleted, 5), (Deleted, 9)],
        ),
        source("sound", true, &[]),
    ])
}

/// `broken`, or `broken 5` on its finding at line 5.
fn at(integrity: &Integrity, info: &Info) -> String {
    let name = integrity.source(info).map(|s| s.name.to_string());
    let name = name.unwrap_or_default();
    match integrity.finding(info) {
        Some(finding) => format!("{name} {}", finding.line),
        None => name,
    }
}

#[test]
fn moves_go_over_the_worst_first_and_what_is_unfolded() {
    use Command as C;
    let info = four();
    let mut integrity = Integrity::of(&info);
    for (command, count, want) in [
        (C::Up, 1, "broken"),
        (C::Down, 1, "broken 5"),
        // Two findings of one kind at one place are two.
        (C::Down, 1, "broken 5"),
        (C::Down, 1, "broken 9"),
        (C::Down, 1, "broken 2"),
        (C::Down, 1, "torn"),
        (C::Right, 1, "torn"),
        (C::Down, 1, "torn 10"),
        (C::Down, 1, "plain"),
        (C::Bottom, 1, "sound"),
        (C::Down, 3, "sound"),
        (C::Open, 1, "sound"),
        (C::Up, 2, "torn 10"),
        (C::Left, 1, "torn"),
        (C::Down, 1, "plain"),
        (C::PageUp, 1, "broken"),
        (C::PageDown, 1, "sound"),
        (C::Top, 1, "broken"),
        (C::Open, 1, "broken"),
        (C::Down, 1, "torn"),
        (C::Mute, 1, "torn"),
    ] {
        integrity.update(command, count, &info);
        assert_eq!(at(&integrity, &info), want, "after {command:?}");
    }
}

#[test]
fn what_is_selected_stays_while_reports_arrive() {
    use BreakKind::{ContentModified, Deleted};
    let mut info = four();
    let mut integrity = Integrity::of(&info);
    integrity.update(Command::Down, 2, &info);
    let before = integrity.selected.clone();
    // An alarm before it, and another source that is worse in the list before it.
    info.sources[2] = source(
        "broken",
        true,
        &[(ContentModified, 1), (Deleted, 5), (Deleted, 5)],
    );
    info.sources[0] = source("plain", true, &[(Deleted, 3)]);
    assert_eq!(at(&integrity, &info), "broken 5");
    integrity.update(Command::Mute, 1, &info);
    assert_eq!(integrity.selected, before);
    // A finding that was taken back leaves its source, a source that is gone the worst.
    info.sources[2] = source("broken", true, &[(Deleted, 7)]);
    assert_eq!(at(&integrity, &info), "broken");
    info.sources.remove(2);
    assert_eq!(at(&integrity, &info), "plain");
    assert_eq!(at(&integrity, &Info::default()), "");
    integrity.update(Command::Down, 1, &Info::default());
}

#[test]
fn a_source_that_is_being_checked_says_so_and_is_no_break() {
    let mut info = info(vec![source("a", true, &[])]);
    info.covers.complete = false;
    let standing = |info: &Info| Standing::of_source(&info.sources[0], &info.covers);
    assert_eq!(standing(&info), Standing::Sound);
    info.sources[0].events = 11;
    assert_eq!(standing(&info), Standing::Checking);
    info.covers.complete = true;
    assert_eq!(standing(&info), Standing::Sound);
    info.sources[0].chain = None;
    assert_eq!(standing(&info), Standing::Checking);
    info.sources[0].error = Some("gone".into());
    assert_eq!(standing(&info), Standing::Unread);
}
