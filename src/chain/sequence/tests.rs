//! Tables: numbers in, findings out.

use super::*;

/// Feeds `kind:number` words, one a line; `DAEMON_START` and the like have their own numbers.
fn serials(words: &[String]) -> Option<ChainReport> {
    let mut sequence = Sequence::new("audit.log".into(), Numbering::Serial);
    for (line, word) in (1..).zip(words) {
        let (kind, number) = word.split_once(':').unwrap();
        let record = Record {
            generation: 0,
            offset: line * 100,
            line,
            bytes: b"",
            torn: false,
        };
        let serial = Serial {
            node: b"",
            kind: kind.as_bytes(),
            number: number.parse().unwrap(),
            ts: None,
        };
        sequence.serial(&record, Some(serial));
    }
    sequence.report()
}

fn run(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|n| format!("SYSCALL:{n}"))
        .collect()
}

fn found(report: &ChainReport) -> Vec<(&'static str, u64, Option<u64>)> {
    let findings = report.findings.iter();
    findings
        .map(|f| (f.kind.as_str(), f.line, f.count))
        .collect()
}

#[test]
fn what_serials_show() {
    let start = |n: u64| vec![format!("DAEMON_START:{n}")];
    let boot = |n: u64| vec![format!("SYSTEM_BOOT:{n}")];
    let table = [
        ("no gap", run(1..100), vec![]),
        (
            "a gap",
            [run(1..50), run(53..100)].concat(),
            vec![("sequence-gap", 50, Some(3))],
        ),
        (
            "late but there",
            [run(1..50), run([52, 50, 53, 51]), run(54..100)].concat(),
            vec![],
        ),
        (
            "one of the late is missing",
            [run(1..50), run([53, 51, 50]), run(54..100)].concat(),
            vec![("sequence-gap", 50, Some(1))],
        ),
        (
            "an event goes on later",
            [run(1..50), run([3, 49]), run(50..100)].concat(),
            vec![],
        ),
        (
            "the machine was started",
            [run(5000..5050), start(77), run(3..6), boot(6), run(7..60)].concat(),
            vec![],
        ),
        (
            "it was started, and no DAEMON_START was written",
            [run(5000..5050), run(3..6), boot(6), run(7..60)].concat(),
            vec![],
        ),
        (
            "it was started soon after the time before",
            [
                run(5..100),
                start(9),
                run(240..245),
                boot(245),
                run(246..300),
            ]
            .concat(),
            vec![],
        ),
        (
            "only auditd was started anew, and misses what was in between",
            [run(5..100), start(9), run(140..300)].concat(),
            vec![("sequence-gap", 97, Some(40))],
        ),
        (
            "back without a reason",
            [run(5000..5100), run(3..100)].concat(),
            vec![("restart", 101, None)],
        ),
        (
            "one was queued for long",
            [run(5000..5100), run([1000]), run(5100..5200)].concat(),
            vec![],
        ),
        (
            "a selection",
            run((1..100).map(|n| n * 3)),
            vec![("sequence-gap", 2, Some(196))],
        ),
    ];
    for (what, words, want) in table {
        let report = serials(&words).unwrap();
        assert_eq!(found(&report), want, "{what}: {report:?}");
        assert_eq!(report.verified, 0);
        for f in &report.findings {
            assert_eq!(report.verdicts.at(0, f.offset), Verdict::Broken(f.kind));
            assert_eq!(report.verdicts.at(0, f.offset + 100), Verdict::Unchained);
        }
    }
    assert_eq!(serials(&run(1..20)), None, "too few");
    let mixed = (0..40).flat_map(|n| run([n * 5000 % 90_001, n * 5000 % 90_001 + 1]));
    let mixed = serials(&mixed.collect::<Vec<_>>()).unwrap();
    assert!(mixed.findings.len() <= 3, "{mixed:?}");
}

#[test]
fn findings_are_bounded_and_counted() {
    let long = run((1..60_000).filter(|n| n % 20 != 0));
    let report = serials(&long).unwrap();
    assert_eq!(report.findings.len(), MAX_FINDINGS);
    assert!(
        report
            .coverage
            .contains("2,999 numbers missing in 2,999 gaps")
            && report.coverage.ends_with("1,999 more findings not listed"),
        "{}",
        report.coverage
    );
}

/// Feeds JSON lines with these numbers and texts.
fn lines(key: &str, records: impl IntoIterator<Item = (u64, u64)>) -> Option<ChainReport> {
    let mut sequence = Sequence::new("app.jsonl".into(), Numbering::Field);
    for (line, (number, text)) in (1..).zip(records) {
        let bytes = format!(r#"{{"in":{{"seq":7}},"{key}":{number},"text":"{text}"}}"#);
        sequence.line(&Record {
            generation: 0,
            offset: line * 100,
            line,
            bytes: bytes.as_bytes(),
            torn: false,
        });
    }
    sequence.report()
}

#[test]
fn what_a_field_shows() {
    let same = |range: std::ops::Range<u64>| range.map(|n| (n, n)).collect::<Vec<_>>();
    let other = |range: std::ops::Range<u64>| range.map(|n| (n, n + 900)).collect::<Vec<_>>();
    let table = [
        ("no gap", same(0..100), vec![]),
        (
            "a gap",
            [same(0..50), same(60..100)].concat(),
            vec![("sequence-gap", 51, Some(10))],
        ),
        (
            "written twice",
            [same(0..50), same(49..100)].concat(),
            vec![("duplicated", 51, Some(1))],
        ),
        (
            "a block written twice",
            [same(0..50), same(40..50), same(50..100)].concat(),
            vec![("duplicated", 51, Some(10))],
        ),
        (
            "used twice",
            [same(0..50), other(49..50), same(50..100)].concat(),
            vec![("sequence-gap", 51, None)],
        ),
        (
            "begun anew",
            [same(0..50), other(0..50)].concat(),
            vec![("restart", 51, None)],
        ),
        (
            "begun anew, with a first line as before",
            [same(0..50), same(0..1), other(1..50)].concat(),
            vec![("restart", 51, None)],
        ),
        (
            "two writers, a little out of order",
            [same(0..50), same(51..52), same(50..51), same(52..99)].concat(),
            vec![],
        ),
    ];
    for (what, records, want) in table {
        let report = lines("seq", records).unwrap();
        assert_eq!(found(&report), want, "{what}: {report:?}");
        assert_eq!(report.scheme.as_deref(), Some("numbered (seq)"));
    }
    let clean = lines("sequenceNumber", same(0..64)).unwrap();
    assert_eq!(
        clean.coverage,
        "64 records, numbers without gap; nothing protects their contents"
    );
    assert_eq!(lines("seq", same(0..19)), None, "too few");
    assert_eq!(lines("status", same(0..90)), None, "not a name for it");
    let jumps = (0..90).map(|n| (n * n, n));
    assert_eq!(lines("id", jumps), None, "does not count");
}
