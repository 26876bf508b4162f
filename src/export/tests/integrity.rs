//! The verdict on all sources, and the evidence report.

use std::sync::Arc;

use super::PIPE;
use crate::chain::{ChainReport, Finding};
use crate::engine::Cancel;
use crate::event::{BreakKind, Timestamp};
use crate::export::integrity::{Evidence, Examined, Standing, Tally, write};
use crate::source::discover;

fn finding(kind: BreakKind, generation: i32, explanation: &str) -> Finding {
    Finding {
        kind,
        level: kind.level(),
        generation,
        line: 812,
        line_end: 814,
        offset: 40_960,
        count: Some(1),
        ts: Timestamp::parse("2026-03-01T15:00:03Z"),
        expected: Some("ab12".into()),
        found: None,
        explanation: explanation.to_owned(),
    }
}

fn chain(scheme: Option<&str>, verified: u64, kinds: &[BreakKind]) -> ChainReport {
    ChainReport {
        scheme: scheme.map(str::to_owned),
        records: 1_000,
        verified,
        findings: kinds.iter().map(|kind| finding(*kind, 0, "")).collect(),
        coverage: format!("{verified} of 1,000 records verified"),
        ..ChainReport::default()
    }
}

#[test]
fn the_verdict_is_one_sentence() {
    use BreakKind::{Deleted, Fork, TornTail};
    let sound = || Some(chain(Some("s"), 1_000, &[]));
    let none = || Some(chain(None, 0, &[]));
    let broken = || Some(chain(Some("s"), 998, &[Deleted, Fork]));
    let fork = || Some(chain(Some("s"), 999, &[Fork]));
    let part = || Some(chain(Some("s"), 900, &[TornTail]));
    for (chains, want) in [
        (vec![], "There is no source yet"),
        (
            vec![sound()],
            "The source is verified; 1,000 records verified",
        ),
        (
            vec![sound(), sound()],
            "All 2 sources are verified; 2,000 records verified",
        ),
        (
            vec![broken()],
            "The source is broken: 1 alarm, 1 warning; 998 of 1,000 records verified",
        ),
        (
            vec![broken(), sound(), none(), none(), broken()],
            "2 of 5 sources are broken: 2 alarms, 2 warnings; 2,996 of 3,000 records verified; 2 sources carry no chain",
        ),
        (
            vec![broken(), None],
            "1 of 2 sources is broken: 1 alarm, 1 warning; 998 of 1,000 records verified; 1 source is still being checked",
        ),
        (
            vec![fork()],
            "The source is not broken, but has to be looked at: 1 warning; 999 of 1,000 records verified",
        ),
        (
            vec![fork(), none()],
            "Nothing is broken, but 1 of 2 sources has to be looked at: 1 warning; 999 of 1,000 records verified; \
             1 source carries no chain",
        ),
        (
            vec![none()],
            "The source carries no chain: whether it was changed cannot be told",
        ),
        (
            vec![none(), none()],
            "No source carries a chain: whether one was changed cannot be told",
        ),
        (
            vec![part()],
            "Nothing is broken, as far as was looked: 1 note; 900 of 1,000 records verified",
        ),
        (
            vec![None],
            "Nothing is broken, as far as was looked; 1 source is still being checked",
        ),
    ] {
        let mut tally = Tally::default();
        for chain in &chains {
            let chain = chain.as_ref();
            tally.add(Standing::of(chain, false, chain.is_none()), chain);
        }
        assert_eq!(tally.sentence(), want);
    }
}

fn text_of(sources: Vec<Examined>, cancel: &Cancel) -> Result<String, String> {
    let evidence = Evidence {
        when: Timestamp::parse("2026-03-02T08:00:00Z").unwrap(),
        again: "auditty verify '/var/log/it'\\''s | here' --key bastion.pub".into(),
        sources,
    };
    let mut out = Vec::new();
    write(&evidence, PIPE, cancel, &mut out).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn the_report_says_everything_and_nothing_acts_in_it() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("app.jsonl.1", "{\"n\":1}\n"), ("app.jsonl", "{\"n\":2}\n")] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let folder = dir.path().canonicalize().unwrap();
    let files = discover(std::slice::from_ref(&folder))
        .roots
        .remove(0)
        .sets
        .remove(0)
        .generations;
    assert_eq!(files.len(), 2);
    let gone = tempfile::NamedTempFile::new_in(&folder).unwrap();
    std::fs::write(gone.path(), "text\n").unwrap();
    let was = discover(&[gone.path().to_owned()])
        .roots
        .remove(0)
        .sets
        .remove(0)
        .generations;
    drop(gone);
    let mut broken = chain(Some("own-sorted sha256 prev_hash/hash"), 998, &[]);
    broken.findings = vec![
        finding(BreakKind::Fork, 1, "Two records continue the same one."),
        finding(
            BreakKind::Deleted,
            0,
            "# gone\n\n| a | ![x](http://evil) `code` <script>\u{1b}[31m\u{202e} www.evil.example",
        ),
    ];
    let sources = vec![
        Examined {
            name: "app*_.jsonl | <b>".into(),
            chain: Some(Arc::new(broken)),
            files,
            is_ranked: true,
            ..Examined::default()
        },
        Examined {
            name: "/var/log/auth.log".into(),
            chain: Some(Arc::new(chain(None, 0, &[]))),
            error: Some("permission denied; chmod o+r helps".into()),
            files: was,
            ..Examined::default()
        },
        Examined {
            name: "standard input".into(),
            is_checking: true,
            ..Examined::default()
        },
    ];
    let text = text_of(sources.clone(), &Cancel::default()).unwrap();
    let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(acts), "{text}");
    let shown = text.replace(folder.to_str().unwrap(), "FOLDER");
    let temporary = shown
        .split("FOLDER/.tmp")
        .nth(1)
        .map(|rest| rest[..6].to_owned());
    let shown = temporary.map_or(shown.clone(), |name| shown.replace(&name, "XXXXXX"));
    insta::assert_snapshot!(shown);
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(
        text_of(sources, &cancel),
        Err("the search was cancelled".into())
    );
}
