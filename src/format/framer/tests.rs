//! Framers: equal frames however the stream is chunked, nothing lost, and the same frames from a later start.

use proptest::prelude::*;

use super::*;

type Make = fn(u64) -> Box<dyn Framer>;

const LINES: Make = |offset| Box::new(LineFramer::new(offset));
const AUDITD: Make = |offset| Box::new(AuditdFramer::new(offset));
const DOCUMENT: Make = |offset| Box::new(DocumentFramer::new(offset));
const CSV: Make = |offset| Box::new(CsvFramer::new(offset));
const MULTILINE: Make = |offset| Box::new(MultilineFramer::new(offset, kind));

/// Lines of the made-up log below.
fn kind(line: &[u8]) -> LineKind {
    match line.first() {
        Some(b'2') => LineKind::Begins,
        Some(b'\t') => LineKind::Continues,
        _ => LineKind::Alone,
    }
}

fn frame_all(make: Make, offset: u64, chunks: &[&[u8]]) -> Vec<Frame> {
    let mut framer = make(offset);
    let mut out = Vec::new();
    for chunk in chunks {
        framer.push(chunk, &mut out);
    }
    framer.finish(&mut out);
    out
}

fn texts(frames: &[Frame]) -> Vec<&str> {
    frames
        .iter()
        .map(|f| std::str::from_utf8(&f.bytes).unwrap())
        .collect()
}

/// The bytes a frame stands for, by its ranges.
fn by_ranges(frame: &Frame, bytes: &[u8]) -> Vec<u8> {
    let mut joined = bytes[frame.offset as usize..frame.end as usize].to_vec();
    for range in &frame.more {
        joined.push(b'\n');
        joined.extend_from_slice(&bytes[range.start as usize..range.end as usize]);
    }
    joined
}

#[test]
fn lines_keep_cr_and_skip_blanks() {
    let frames = frame_all(LINES, 100, &[b"a\r\n\n  \nbb\nc"]);
    let seen: Vec<_> = frames
        .iter()
        .map(|f| (&f.bytes[..], f.offset, f.end, f.line, f.open))
        .collect();
    assert_eq!(
        seen,
        [
            (&b"a\r"[..], 100, 102, 0, false),
            (b"bb", 107, 109, 3, false),
            (b"c", 110, 111, 4, true)
        ]
    );
}

#[test]
fn resuming_loses_nothing() {
    let mut framer = LINES(0);
    let mut out = Vec::new();
    framer.push(b"a\nbc", &mut out);
    assert_eq!((out.len(), framer.resume_offset()), (1, 2));
    assert_eq!(framer.open()[0].bytes, "bc");
    framer.push(b"d\n", &mut out);
    assert_eq!(
        (out[1].bytes.as_ref(), framer.resume_offset()),
        (&b"bcd"[..], 6)
    );
    assert!(framer.open().is_empty());
}

#[test]
fn giant_records_are_cut_and_counted() {
    let giant = vec![b'x'; FRAME_LIMIT + 10];
    for make in [LINES, AUDITD, DOCUMENT, CSV, MULTILINE] {
        let chunks: Vec<&[u8]> = giant.chunks(1 << 20).chain([&b"\nnext\n"[..]]).collect();
        let frames = frame_all(make, 0, &chunks);
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[0].bytes.len(), frames[0].cut), (FRAME_LIMIT, 10));
        assert_eq!(frames[0].end, giant.len() as u64);
        assert_eq!(&frames[1].bytes[..], b"next");
        assert_eq!(
            (frames[1].offset, frames[1].line),
            (giant.len() as u64 + 1, 1)
        );
    }
}

#[test]
fn documents_give_their_records() {
    for (text, want) in [
        (
            r#"{"Records":[{"a":1},{"b":{"c":"}]"}}]}"#,
            vec![r#"{"a":1}"#, r#"{"b":{"c":"}]"}}"#],
        ),
        (
            "[\n {\"a\":[1,2]},\n {\"b\":\"\\\"\"}\n]\n",
            vec![r#"{"a":[1,2]}"#, r#"{"b":"\""}"#],
        ),
        (
            r#"{"a":1}{"b":2} {"c":3}"#,
            vec![r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#],
        ),
        (
            "{\"kind\":\"EventList\",\"items\":[{\"a\":1}],\"metadata\":{}}",
            vec![r#"{"a":1}"#],
        ),
        (r#"{"Records":[]}"#, vec![]),
        ("\u{feff}[{\"a\":1}]", vec![r#"{"a":1}"#]),
        // A list inside a record does not make it a wrapper.
        (
            r#"{"who":"x","items":[{"a":1}]}"#,
            vec![r#"{"who":"x","items":[{"a":1}]}"#],
        ),
        // A wrapper's member that is no structure is kept.
        (
            r#"{"items":[{"a":1}],"verdict":"x"}"#,
            vec![r#"{"a":1}"#, r#""verdict":"x"}"#],
        ),
        (
            "[{\"a\":1},\noops\n{\"b\":2}]",
            vec![r#"{"a":1}"#, "oops", r#"{"b":2}"#],
        ),
        // Cut records do not swallow what follows.
        (
            "{\"a\":\"cut\n{\"b\":2}\n",
            vec!["{\"a\":\"cut", r#"{"b":2}"#],
        ),
        ("{\"a\":1,\n{\"b\":2}\n", vec!["{\"a\":1,", r#"{"b":2}"#]),
        (
            "{\"a\":{\"x\":1}\n{\"b\":2}\n",
            vec!["{\"a\":{\"x\":1}", r#"{"b":2}"#],
        ),
        (
            "{\n \"a\":\n  {\"b\":1}\n}",
            vec!["{\n \"a\":\n  {\"b\":1}\n}"],
        ),
    ] {
        let frames = frame_all(DOCUMENT, 0, &[text.as_bytes()]);
        assert_eq!(texts(&frames), want, "{text}");
        for frame in &frames {
            assert_eq!(by_ranges(frame, text.as_bytes()), frame.bytes, "{text}");
        }
    }
}

#[test]
fn a_document_still_being_written_resumes_at_its_open_record() {
    let mut framer = DOCUMENT(0);
    let mut out = Vec::new();
    framer.push(b"[\n{\"a\":1},\n{\"b\"", &mut out);
    assert_eq!(texts(&out), [r#"{"a":1}"#]);
    assert_eq!(framer.resume_offset(), 11);
    assert_eq!(framer.open()[0].bytes, "{\"b\"");
    // A new framer at that offset goes on with the list.
    let rest = frame_all(DOCUMENT, 11, &[b"{\"b\":2}\n]\n"]);
    assert_eq!(texts(&rest), [r#"{"b":2}"#]);
    assert_eq!(rest[0].offset, 11);
}

#[test]
fn lines_that_go_on_join_the_record_before_them() {
    let log = "2026 a\n\tb\n\n\tc\nx\n\ty\n2026 d\n\te";
    let frames = frame_all(MULTILINE, 0, &[log.as_bytes()]);
    let seen: Vec<_> = texts(&frames)
        .into_iter()
        .zip(frames.iter().map(|f| (f.line, f.open)))
        .collect();
    assert_eq!(
        seen,
        [
            ("2026 a\n\tb\n\n\tc", (0, false)),
            ("x", (4, false)),
            ("\ty", (5, false)),
            ("2026 d\n\te", (6, true)),
        ]
    );
    let mut framer = MULTILINE(0);
    let mut out = Vec::new();
    framer.push(b"2026 a\n\tb\n", &mut out);
    assert_eq!((out.len(), framer.resume_offset()), (0, 0));
    assert_eq!(framer.open()[0].bytes, "2026 a\n\tb");
    framer.push(b"2026 c\n", &mut out);
    assert_eq!(
        (texts(&out), framer.resume_offset()),
        (vec!["2026 a\n\tb"], 10)
    );
}

fn record(kind: &str, serial: u32, body: &str) -> String {
    format!("type={kind} msg=audit(1.000:{serial}): {body}\n")
}

#[test]
fn auditd_records_of_one_serial_merge_though_they_interleave() {
    let log = [
        record("SYSCALL", 1, "a"),
        record("SYSCALL", 2, "b"),
        record("CWD", 1, "c"),
        record("PATH", 1, "d"),
        record("USER_LOGIN", 3, "e"),
        "garbage\n".to_owned(),
        record("EOE", 1, ""),
        record("PATH", 2, "f"),
    ]
    .concat();
    let frames = frame_all(AUDITD, 0, &[log.as_bytes()]);
    let counts: Vec<_> = frames
        .iter()
        .map(|f| (f.line, f.more.len(), f.open))
        .collect();
    // Login and garbage at once, then the closed event, then what the end left open.
    assert_eq!(
        counts,
        [(4, 0, false), (5, 0, false), (0, 2, false), (1, 1, true)]
    );
    for frame in &frames {
        assert_eq!(by_ranges(frame, log.as_bytes()), frame.bytes);
    }
}

#[test]
fn an_auditd_event_without_end_is_given_out_after_the_span() {
    let other = "x".repeat(1000);
    let mut log = record("SYSCALL", 1, "a");
    for serial in 0..100 {
        log += &record("USER_CMD", 10 + serial, &other);
    }
    let mut framer = AUDITD(0);
    let mut out = Vec::new();
    framer.push(log.as_bytes(), &mut out);
    assert!(out.iter().any(|f| f.line == 0 && !f.open));
    assert!(framer.open().is_empty());
    assert_eq!(framer.resume_offset(), log.len() as u64);
}

#[test]
fn an_open_auditd_event_is_shown_with_the_line_being_written() {
    let mut framer = AUDITD(0);
    let log = record("SYSCALL", 1, "a") + record("CWD", 1, "b").trim_end();
    framer.push(log.as_bytes(), &mut Vec::new());
    let open = framer.open();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].bytes, log.as_bytes());
    assert_eq!(framer.resume_offset(), 0);
}

fn auditd_log() -> impl Strategy<Value = String> {
    let line = (0u32..6, 0usize..6, 0usize..4).prop_map(|(serial, kind, size)| {
        let kinds = ["SYSCALL", "PATH", "PROCTITLE", "EOE", "USER_CMD", "CWD"];
        let body = "x".repeat([3, 200, 9_000, 40_000][size]);
        record(kinds[kind], serial, &body)
    });
    proptest::collection::vec(line, 0..40).prop_map(|lines| lines.concat())
}

fn jsonish() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ",",
        ":",
        "\n",
        " ",
        "\"a\":1",
        "\"b\":\"x\"",
        "{\"Records\":[",
        "]}",
        "{\"c\":{\"d\":[]}}",
        "true",
        "\"items\":[",
        "x",
        "\u{feff}",
        "\r\n",
        "\"kind\":\"L\"",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|p| p.concat())
}

fn csvish() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "a", "é", " ", "\"x\ny\"", ",\"", "\",",
        "\u{feff}",
    ]);
    proptest::collection::vec(piece, 0..80).prop_map(|p| p.concat())
}

fn multiline_log() -> impl Strategy<Value = String> {
    let piece = (0usize..6, 0usize..5).prop_map(|(kind, size)| {
        let head = ["2026 ", "\t", "x", "\n", "\t", " "][kind];
        let body = "y".repeat([0, 3, 900, 60_000, 250_000][size]);
        format!("{head}{body}\n")
    });
    proptest::collection::vec(piece, 0..30).prop_map(|lines| lines.concat())
}

fn line_starts(bytes: &[u8]) -> Vec<u64> {
    let ends = memchr::memchr_iter(b'\n', bytes);
    std::iter::once(0)
        .chain(ends.map(|end| end as u64 + 1))
        .collect()
}

fn chunked<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn chunks_do_not_matter(log in auditd_log(), json in jsonish(), csv in csvish(), cuts in proptest::collection::vec(any::<usize>(), 0..12)) {
        for (make, bytes) in [
            (LINES, log.as_bytes()),
            (AUDITD, log.as_bytes()),
            (DOCUMENT, json.as_bytes()),
            (LINES, json.as_bytes()),
            (CSV, csv.as_bytes()),
            (MULTILINE, csv.as_bytes()),
        ] {
            let whole = frame_all(make, 0, &[bytes]);
            let parts = frame_all(make, 0, &chunked(bytes, &cuts));
            prop_assert_eq!(whole, parts);
        }
    }

    #[test]
    fn frames_cover_every_byte_that_is_not_blank(log in auditd_log(), json in jsonish(), csv in csvish()) {
        for (make, bytes) in [
            (LINES, log.as_bytes()),
            (AUDITD, log.as_bytes()),
            (LINES, json.as_bytes()),
            (DOCUMENT, json.as_bytes()),
            (CSV, csv.as_bytes()),
            (MULTILINE, csv.as_bytes()),
        ] {
            let mut seen = vec![false; bytes.len()];
            for frame in frame_all(make, 0, &[bytes]) {
                prop_assert_eq!(by_ranges(&frame, bytes), frame.bytes.to_vec());
                let ranges = std::iter::once(frame.offset..frame.end).chain(frame.more);
                for at in ranges.flat_map(|r| r.start as usize..r.end as usize) {
                    prop_assert!(!seen[at], "byte {} twice", at);
                    seen[at] = true;
                }
            }
            if make as usize != DOCUMENT as usize {
                for (at, byte) in bytes.iter().enumerate() {
                    prop_assert!(seen[at] || byte.is_ascii_whitespace(), "byte {} lost", at);
                }
            }
        }
    }

    /// Whoever starts at a later line, with the lookback, finds the same frames from there on.
    #[test]
    fn auditd_frames_are_the_same_from_any_line(log in auditd_log(), at in any::<usize>()) {
        let bytes = log.as_bytes();
        let starts: Vec<u64> = std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|i| i as u64 + 1)).collect();
        let from = starts[at % starts.len()];
        let begin = *starts.iter().find(|s| **s + AUDITD_SPAN >= from).unwrap();
        let after = |frames: Vec<Frame>| {
            let mut kept: Vec<Frame> = frames.into_iter().filter(|f| f.offset >= from).collect();
            kept.iter_mut().for_each(|f| f.line = 0);
            kept
        };
        let whole = after(frame_all(AUDITD, 0, &[bytes]));
        let later = after(frame_all(AUDITD, begin, &[&bytes[begin as usize..]]));
        prop_assert_eq!(whole, later);
    }

    /// Whatever was read before, a new framer at `resume_offset` finds the rest.
    #[test]
    fn csv_goes_on_where_reading_resumes(csv in csvish(), at in any::<usize>()) {
        let bytes = csv.as_bytes();
        let (first, _) = bytes.split_at(at % (bytes.len() + 1));
        let mut framer = CSV(0);
        let mut frames = Vec::new();
        framer.push(first, &mut frames);
        let resume = framer.resume_offset();
        frames.extend(frame_all(CSV, resume, &[&bytes[resume as usize..]]));
        let places = |frames: &[Frame]| -> Vec<(u64, u64, Bytes)> {
            frames.iter().map(|f| (f.offset, f.end, f.bytes.clone())).collect()
        };
        prop_assert_eq!(places(&frames), places(&frame_all(CSV, 0, &[bytes])));
    }

    #[test]
    fn records_of_several_lines_are_the_same_from_any_line_and_by_any_chunks(
        log in multiline_log(),
        at in any::<usize>(),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
    ) {
        let bytes = log.as_bytes();
        let starts = line_starts(bytes);
        let from = starts[at % starts.len()];
        let begin = starts.iter().rev().find(|s| **s + MULTILINE_SPAN <= from).copied().unwrap_or(0);
        let after = |frames: Vec<Frame>| {
            let mut kept: Vec<Frame> = frames.into_iter().filter(|f| f.offset >= from).collect();
            kept.iter_mut().for_each(|f| f.line = 0);
            kept
        };
        let whole = frame_all(MULTILINE, 0, &[bytes]);
        prop_assert_eq!(&whole, &frame_all(MULTILINE, 0, &chunked(bytes, &cuts)));
        for frame in &whole {
            prop_assert_eq!(by_ranges(frame, bytes), frame.bytes.to_vec());
        }
        let later = after(frame_all(MULTILINE, begin, &[&bytes[begin as usize..]]));
        prop_assert_eq!(after(whole), later);
    }
}
