//! Tables: stages in, findings out.

use super::*;
use std::fmt::Write as _;

/// A record of request `n`, at a second of its own unless one is given.
fn record(n: u64, stage: &str, second: u64, more: &str) -> String {
    let time =
        |s: u64| Timestamp((1_772_355_600 + i64::try_from(s).unwrap()) * 1_000_000_000).rfc3339();
    let received = if stage == "RequestReceived" {
        second
    } else {
        n * 2
    };
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"{stage}","verb":"delete","user":{{"username":"alice"}},"objectRef":{{"resource":"secrets","name":"db"}},{more}"requestReceivedTimestamp":"{}","stageTimestamp":"{}"}}"#,
        time(received),
        time(second)
    )
}

/// Both stages of the requests in a range, two seconds for each.
fn pairs(range: std::ops::Range<u64>) -> Vec<String> {
    let both = |n| {
        [
            record(n, "RequestReceived", n * 2, ""),
            record(n, "ResponseComplete", n * 2 + 1, ""),
        ]
    };
    range.flat_map(both).collect()
}

fn report(lines: &[String]) -> Option<ChainReport> {
    let mut stages = Stages::new("audit.log".into());
    for (line, text) in (1..).zip(lines) {
        stages.push(&Record {
            generation: 0,
            offset: line * 1000,
            line,
            bytes: text.as_bytes(),
            torn: false,
        });
    }
    stages.report()
}

fn lines_of(report: &ChainReport) -> Vec<u64> {
    report.findings.iter().map(|f| f.line).collect()
}

#[test]
fn a_stage_without_its_other_is_told_of() {
    let all = pairs(0..1200);
    let whole = report(&all).unwrap();
    assert_eq!(whole.findings, []);
    assert_eq!(
        whole.coverage,
        "2,400 records, 1,200 requests with their responses; nothing protects their contents"
    );
    assert!(whole.numbered && whole.verified == 0);
    let without = |n: usize| [&all[..n], &all[n + 1..]].concat();
    // The answer, then the question, of request 400.
    let unanswered = report(&without(801)).unwrap();
    assert_eq!(lines_of(&unanswered), [801]);
    assert_eq!(
        unanswered.verdicts.at(0, 801_000),
        Verdict::Broken(BreakKind::SequenceGap)
    );
    assert!(
        unanswered.findings[0]
            .explanation
            .starts_with("delete secrets/db by alice was received at 2026-03-01T09:13:20Z (auditID id-400), and no answer"),
        "{unanswered:?}"
    );
    let unasked = report(&without(800)).unwrap();
    assert_eq!(lines_of(&unasked), [801]);
    assert!(
        unasked.findings[0]
            .explanation
            .contains("that it was received is not recorded")
    );
    // At the end of the log the answer may still come, at its begin the question came before.
    assert_eq!(report(&without(2399)).unwrap().findings, []);
    assert_eq!(report(&without(0)).unwrap().findings, []);
}

#[test]
fn what_runs_long_or_comes_late_is_no_gap() {
    let mut lines = pairs(0..600);
    let watch = record(9000, "RequestReceived", 10, "").replace("\"delete\"", "\"watch\"");
    let exec = record(9001, "RequestReceived", 10, "")
        .replace("\"db\"", "\"db\",\"subresource\":\"exec\"");
    lines.splice(10..10, [watch, exec]);
    // Sent in batches, the answer stands before the question.
    let at = lines.iter().position(|l| l.contains("id-300\"")).unwrap();
    lines.swap(at, at + 1);
    assert_eq!(report(&lines).unwrap().findings, []);
}

#[test]
fn where_stages_are_left_out_nothing_is_claimed() {
    let ended: Vec<String> = pairs(0..600)
        .into_iter()
        .filter(|l| l.contains("Complete"))
        .collect();
    assert_eq!(report(&ended), None);
    // Left out for some requests only.
    let some: Vec<String> = pairs(0..1200)
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at % 6 != 0)
        .map(|(_, line)| line)
        .collect();
    let report_of_some = report(&some).unwrap();
    assert_eq!(report_of_some.findings, []);
    assert!(
        report_of_some
            .coverage
            .contains("the audit policy leaves stages out"),
        "{}",
        report_of_some.coverage
    );
    assert_eq!(report(&pairs(0..10)), None, "too few");
}

#[test]
fn findings_and_open_requests_are_bounded() {
    let mut stages = Stages::new("audit.log".into());
    let mut text = String::new();
    for n in 0..(MAX_OPEN as u64 + 100) {
        text.clear();
        write!(text, "{}", record(n, "RequestReceived", 5, "")).unwrap();
        stages.push(&Record {
            generation: 0,
            offset: n,
            line: n,
            bytes: text.as_bytes(),
            torn: false,
        });
    }
    assert_eq!(
        (stages.open.len(), stages.order.len()),
        (MAX_OPEN, MAX_OPEN)
    );
    assert_eq!(stages.given_up, 100);
}
