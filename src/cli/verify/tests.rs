//! What `verify` prints and how it exits.

use super::*;
use crate::chain::Finding;
use crate::cli::tests::{app, printed};
use crate::event::{BreakKind, Timestamp};

fn file(path: &str, scheme: Option<&str>, verified: u64, kinds: &[BreakKind]) -> VerifyFile {
    let finding = |kind: &BreakKind| Finding {
        kind: *kind,
        level: kind.level(),
        generation: 0,
        line: 812,
        line_end: 812,
        offset: 40,
        count: Some(1),
        ts: Timestamp::parse("2026-03-01T15:00:00Z"),
        expected: Some("ab".into()),
        found: None,
        explanation: "Record 812 was \u{1b}[31mchanged\u{202e}".into(),
    };
    let report = ChainReport {
        source: path.into(),
        scheme: scheme.map(str::to_owned),
        records: 10,
        verified,
        coverage: if scheme.is_some() {
            format!("{verified} of 10 records verified")
        } else {
            String::new()
        },
        findings: kinds.iter().map(finding).collect(),
        ..ChainReport::default()
    };
    VerifyFile {
        path: path.into(),
        report: Arc::new(report),
        error: None,
        is_empty: false,
        files: Vec::new(),
    }
}

fn unread(path: &str) -> VerifyFile {
    VerifyFile {
        error: Some("permission denied".into()),
        ..file(path, None, 0, &[])
    }
}

#[test]
fn exit_follows_the_worst() {
    let pass = || file("a", Some("s"), 10, &[]);
    let none = || file("b", None, 0, &[]);
    let note = || file("c", Some("s"), 10, &[BreakKind::TornTail]);
    let warn = || file("d", Some("s"), 10, &[BreakKind::Fork]);
    let part = || file("e", Some("s"), 9, &[]);
    let fail = || file("f", Some("s"), 9, &[BreakKind::Fork, BreakKind::Deleted]);
    for (files, want) in [
        (vec![pass()], Exit::Ok),
        (vec![pass(), note()], Exit::Ok),
        (vec![pass(), none()], Exit::NoMatch),
        (vec![none()], Exit::NoMatch),
        (vec![], Exit::NoMatch),
        (vec![warn()], Exit::NoMatch),
        (vec![part()], Exit::NoMatch),
        (vec![pass(), unread("g")], Exit::Failed),
        (vec![unread("g"), fail(), pass()], Exit::Alarm),
    ] {
        assert_eq!(exit_of(&files), want);
    }
}

#[test]
fn text_is_safe_and_says_everything() {
    let (mut app, out) = app();
    let files = [
        file("a\u{1b}.log", Some("own sha256"), 9, &[BreakKind::Deleted]),
        file("b", None, 0, &[]),
        unread("c"),
    ];
    print(&files, ReportFormat::Text, &mut app).unwrap();
    insta::assert_snapshot!(printed(&out), @r"
    FAIL  a␛.log: own sha256, 9 of 10 records verified
          alarm   deleted at line 812, 2026-03-01 15:00:00.000
                  Record 812 was ␛[31mchanged\u{202e}
                  expected ab
    NONE  b: no chain
    ERROR c: not read: permission denied
    3 files: 1 fail, 1 unread, 1 without a chain; 1 alarm
    ");
}

#[test]
fn json_has_exactly_the_documented_shape() {
    let (mut app, out) = app();
    print(
        &[file("a", Some("s"), 9, &[BreakKind::Deleted]), unread("c")],
        ReportFormat::Json,
        &mut app,
    )
    .unwrap();
    assert_eq!(
        printed(&out),
        concat!(
            r#"{"verdict":"fail","files":[{"path":"a","scheme":"s","verdict":"fail","records":10,"#,
            r#""coverage":"9 of 10 records verified","findings":[{"kind":"deleted","level":"alarm","file":null,"line":812,"#,
            r#""line_end":812,"offset":40,"count":1,"ts":"2026-03-01T15:00:00.000000000Z","expected":"ab","found":null,"#,
            r#""explanation":"Record 812 was \u001b[31mchanged\u202e"}]},{"path":"c","scheme":null,"verdict":"error","#,
            r#""records":10,"coverage":"not read: permission denied","findings":[]}]}"#,
            "\n"
        )
    );
}

#[test]
fn watching_prints_only_what_is_new() {
    let (mut app, out) = app();
    let engine = crate::cli::tests::FakeEngine::default();
    let report = |verified, kinds: &[BreakKind]| file("a", Some("s"), verified, kinds).report;
    engine.reports.lock().unwrap().extend([
        vec![report(10, &[])],
        vec![report(10, &[])],
        vec![report(10, &[BreakKind::Deleted])],
    ]);
    let mut tail = engine.tail_of(vec![None, None]);
    let exit = watch(&engine, &mut tail, &[], ReportFormat::Json, &mut app).unwrap();
    assert_eq!(exit, Exit::Alarm);
    let lines: Vec<String> = printed(&out)
        .lines()
        .map(|line| line[..17].to_owned())
        .collect();
    assert_eq!(lines, [r#"{"verdict":"pass""#, r#"{"verdict":"fail""#]);
}
