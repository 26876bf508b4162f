//! Drafts of every fixture and of hostile logs are formats, and read no worse than the guess.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::fields::value;
use super::*;
use crate::event::Attributes;
use crate::format::json::Json;
use crate::text::{Charset, is_unsafe};

#[derive(serde::Deserialize)]
struct Config {
    format: Vec<Spec>,
}

/// The draft of a log, after it was written and read as the configuration is.
#[track_caller]
fn drafted(head: &[u8]) -> (Draft, String) {
    let draft = Draft::of("mine", head);
    for charset in [Charset::Ascii, Charset::Unicode] {
        let text = draft.toml("a\n[b]\u{202e}.log", charset);
        let config: Config = toml::from_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(config.format, [draft.spec().clone()], "{text}");
        assert_eq!(config.format[0].check(), Ok(()), "{text}");
        // The sanitiser shows controls by their pictures.
        let is_picture = |c| ('\u{2400}'..='\u{243f}').contains(&c);
        let unsafe_at = text.find(|c| c != '\n' && is_unsafe(c) && !is_picture(c));
        assert_eq!(unsafe_at, None, "{text:?}");
        assert!(charset == Charset::Unicode || text.is_ascii(), "{text}");
    }
    let text = draft.toml("sample.log", Charset::Unicode);
    (draft, text)
}

/// What the format reads of each record.
fn events(spec: &Spec, head: &[u8]) -> Vec<Event> {
    let registry = Registry::with(std::slice::from_ref(spec));
    let format = registry.get_for(&spec.id, head).unwrap();
    assert_eq!(format.id(), spec.id);
    let (mut framer, mut frames) = (format.framer(0), Vec::new());
    framer.push(head, &mut frames);
    framer.finish(&mut frames);
    let events = frames.iter();
    events
        .flat_map(|frame| format.parse(frame, &Context::default()).unwrap_or_default())
        .collect()
}

/// Where the guess has a value, the draft has the same.
#[track_caller]
fn reads_no_worse_than_the_guess(head: &[u8]) {
    let sample = &head[..head.len().min(SAMPLE)];
    let key = Registry::builtin().detect(sample).format.key();
    let Some(layout) = Layout::of(sample).filter(|_| !key.contains(envelope::IN)) else {
        return;
    };
    let (draft, text) = drafted(head);
    let guess = Json::new(layout, Arc::default());
    let readers = own::readers(draft.spec(), &Arc::default());
    let reader = first(readers, Some(layout)).unwrap();
    let (mut framer, mut frames) = (layout.framer(0), Vec::new());
    framer.push(head, &mut frames);
    framer.finish(&mut frames);
    for frame in frames.iter().take(RECORDS) {
        let (Some(guessed), Some(read)) = (event(&guess, frame), event(&*reader, frame)) else {
            continue;
        };
        for field in crate::format::FILLED {
            let want = value(&guessed, field);
            if want.is_some() {
                assert_eq!(value(&read, field), want, "{}\n{text}", field.name());
            }
        }
    }
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = std::fs::read_dir(root).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    files.filter(|path| path.is_file()).collect()
}

#[test]
fn every_fixture_has_a_draft_that_is_a_format_and_no_worse_than_the_guess() {
    let files = fixtures();
    assert!(files.len() > 100);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        println!("{}", file.display());
        drafted(&bytes);
        reads_no_worse_than_the_guess(&bytes);
    }
}

const TILL: &str = r#"{"when":"2026-03-01T09:00:00Z","till_event":"SALE","cashier":{"user":"ana"},"desk":"north 1","amount":3,"result":"DONE","lvl":"WARN"}
{"when":"2026-03-01T09:00:01Z","till_event":"VOID","cashier":{"user":"bob"},"desk":"north 1","amount":9,"result":"DENIED","error_text":"no key","lvl":"LOUD"}
{"when":"2026-03-01T09:00:02Z","till_event":"SALE","login":"cy","desk":"north 2","amount":1,"result":"success","lvl":"WARN"}
"#;

#[test]
fn json_is_said_with_its_values_and_what_is_missing() {
    let (_, text) = drafted(TILL.as_bytes());
    insta::assert_snapshot!(text);
}

#[test]
fn pairs_are_read_by_their_keys() {
    let line = "t=2026-03-01T09:00:00Z gate=4 barrier=up user=ana ip=10.0.0.1 result=ok\n";
    let (draft, text) = drafted(line.repeat(3).as_bytes());
    let spec = draft.spec();
    assert_eq!(spec.reads, Some(Reads::Logfmt));
    assert!(spec.known_by[0].contains("gate"), "{text}");
    assert!(text.contains("# 100 %: ana\nactor = \"user\"\n"), "{text}");
    let events = events(spec, line.as_bytes());
    assert_eq!(events[0].actor.as_deref(), Some("ana"));
    assert_eq!(events[0].ip.len(), 1);
}

/// Its parts, each as `name=value`.
fn parts(leaves: &Attributes) -> String {
    let parts = leaves.iter().map(|(path, v)| format!("{path}={}", v.text));
    parts.collect::<Vec<_>>().join("; ")
}

#[test]
fn lines_are_taken_apart_into_what_they_have_in_common() {
    for (lines, want, time) in [
        (
            "2026-03-01 09:00:00,123 INFO  [main] app.Door: opened by ana\n\
             2026-03-01 09:00:01,456 ERROR [pool-1] app.Gate: no key\n",
            "when=2026-03-01 09:00:00,123; level=INFO; part=main; logger=app.Door; message=opened by ana",
            None,
        ),
        (
            "10.0.0.1 - ana [01/Mar/2026:09:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"curl/8 (x)\"\n\
             10.0.0.2 - - [01/Mar/2026:09:00:01 +0000] \"POST /b HTTP/1.1\" 403 9 \"-\" \"Mozilla (y; z) w\"\n",
            "ip=10.0.0.1; user=ana; when=01/Mar/2026:09:00:00 +0000; method=GET; path=/a; status=200; number=12; \
             referer=-; agent=curl/8 (x)",
            Some("%d/%b/%Y:%H:%M:%S %z"),
        ),
        (
            "31.03.2026-09:00:00 ana OPEN 7 GRANTED\n31.03.2026-09:00:05 bob CLOSE 7 REFUSED\n\
             31.03.2026-09:00:06 cy CLOSE 8 GRANTED\n",
            "when=31.03.2026-09:00:00; word=ana; action=OPEN; number=7; outcome=GRANTED",
            Some("%d.%m.%Y-%H:%M:%S%.f"),
        ),
        (
            "2026/03/01 09:00:00 warn: a lot happened here user=ana how=\"by hand\" now\n\
             2026/03/01 09:00:01 info: nothing user=bob how=\"not at all\"\n",
            "when=2026/03/01 09:00:00; level=warn; message=a lot happened here; user=ana; how=by hand; rest= now",
            Some("%Y/%m/%d %H:%M:%S%.f"),
        ),
        (
            "[2026-03-01T09:00:00Z INFO  door::lock] opened by ana\n\
             [2026-03-01T09:00:01Z WARN  door::key] no\n",
            "when=2026-03-01T09:00:00Z; level=INFO; word=door::lock; message=opened by ana",
            None,
        ),
        (
            "2026-03-01T09:00:00Z | ana | opened the door\n2026-03-01T09:00:01Z | bob | no\n",
            "when=2026-03-01T09:00:00Z; word=ana; message=opened the door",
            None,
        ),
        (
            "time goes by\ntime goes\ntime\n",
            "first=time; message=goes by",
            None,
        ),
    ] {
        let (draft, text) = drafted(lines.as_bytes());
        let events = events(draft.spec(), lines.as_bytes());
        assert_eq!(parts(&events[0].attributes), want, "{text}");
        assert_eq!(draft.spec().time.as_deref(), time, "{text}");
        let has_time = events.iter().all(|event| event.ts.is_some());
        assert_eq!(has_time, want.contains("when="), "{text}");
        assert_eq!(draft.fitting, draft.records, "{text}");
    }
}

#[test]
fn further_lines_belong_to_the_record_before() {
    let log = "\
2026-03-01 09:00:00 ERROR no door
java.lang.Error: no door
\tat Door.open(Door.java:1)
2026-03-01 09:00:01 INFO  door found
";
    let (draft, text) = drafted(log.as_bytes());
    let events = events(draft.spec(), log.as_bytes());
    assert_eq!(events.len(), 2, "{text}");
    let message = events[0].message.as_deref().unwrap();
    assert!(message.ends_with("Door.java:1)"), "{message:?}");
    assert_eq!(events[0].severity.unwrap().as_str(), "err");
}

#[test]
fn a_line_of_another_kind_before_the_records_hides_nothing_of_them() {
    let log = "Door control 4.2 starts\n\
        2026-03-01 09:00:00 INFO ana opened gate 4\n\
        2026-03-01 09:00:01 WARN bob opened gate 5\n\
        2026-03-01 09:00:07 INFO eve closed gate 4\n\
        2026-03-01 09:00:09 INFO eve opened gate 4\n";
    let (draft, text) = drafted(log.as_bytes());
    let read = events(draft.spec(), log.as_bytes());
    assert_eq!(read.len(), 4, "{text}");
    let times = read.iter().filter(|event| event.ts.is_some()).count();
    let levels = read.iter().filter(|event| event.severity.is_some()).count();
    assert_eq!((times, levels), (4, 4), "{text}");
}

#[test]
fn what_has_no_layout_takes_no_other_logs() {
    let words: String = (0..40)
        .map(|n| format!("w{n} is said {}\n", "x ".repeat(n)))
        .collect();
    let (draft, text) = drafted(words.as_bytes());
    assert!(
        text.contains("# The lines have no layout in common"),
        "{text}"
    );
    assert_eq!(draft.fitting, 0);
    assert!(draft.spec().fields.is_empty(), "{text}");
    drafted(b"]\n]\n]\n");
    drafted("x".repeat(4096).as_bytes());
}

#[test]
fn a_field_that_no_order_of_paths_says_is_left_to_the_guess() {
    // In the first the number is no actor, in the second the other is not there.
    let log = r#"{"time":"2026-03-01T09:00:00Z","actor_id":"7","user":"ana"}
{"time":"2026-03-01T09:00:01Z","actor_id":"eve@corp.example","user":"5"}
"#;
    reads_no_worse_than_the_guess(log.as_bytes());
    reads_no_worse_than_the_guess(TILL.as_bytes());
}

#[test]
fn records_in_an_envelope_are_what_is_drafted() {
    let inside = r#"{\"when\":\"2026-03-01T09:00:00Z\",\"till_event\":\"SALE\",\"user\":\"ana\"}"#;
    let log = format!(
        r#"{{"log":"{inside}\n","stream":"stdout","time":"2026-03-01T09:00:00.1Z"}}{}"#,
        "\n"
    );
    let (draft, text) = drafted(log.repeat(3).as_bytes());
    assert!(text.contains("actor = \"user\""), "{text}");
    assert!(draft.spec().known_by[0].contains("till_event"), "{text}");
}

/// Texts that would break out of a comment, a string or a table.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\n",
        "\r",
        "\0",
        "\u{1b}[2J",
        "\u{202e}",
        "\u{301}",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "#",
        "[[format]]",
        "]",
        "[",
        "{",
        "}",
        "=",
        "*",
        "\\",
        " ",
        ".",
        "^",
        "user",
        "action",
        "status",
        "time",
        "denied",
        "é",
        "\u{2028}",
        "|",
    ]);
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hostile_json_gives_a_format(
        records in prop::collection::vec(prop::collection::btree_map(hostile(), hostile(), 0..5), 1..5)
    ) {
        let lines: Vec<String> = records
            .iter()
            .map(|record| serde_json::to_string(record).unwrap() + "\n")
            .collect();
        let log = lines.concat();
        drafted(log.as_bytes());
        reads_no_worse_than_the_guess(log.as_bytes());
    }

    #[test]
    fn hostile_lines_give_a_format(
        begin in prop::sample::select(vec!["", "2026-03-01T09:00:00Z ", "[INFO] ", "user=ana x=1 ", "Mar  1 09:00:00 "]),
        lines in prop::collection::vec(hostile(), 1..8)
    ) {
        let lines: Vec<String> = lines.iter().map(|line| format!("{begin}{line}\n")).collect();
        drafted(lines.concat().as_bytes());
    }

    #[test]
    fn any_bytes_give_a_format(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drafted(&bytes);
    }
}

#[test]
fn keys_of_any_length_and_number_give_a_format() {
    let long = "k".repeat(4096);
    let mut record = serde_json::Map::new();
    record.insert(long, "v".repeat(4096).into());
    record.insert("user".into(), "ana".into());
    for n in 0..5_000 {
        record.insert(format!("key {n}"), n.into());
    }
    let log = serde_json::to_string(&record).unwrap();
    let (_, text) = drafted(log.as_bytes());
    assert!(text.contains("actor = \"user\""), "{text}");
    let pair = format!("{}=1 {}=2 user=ana\n", "a".repeat(4096), "b".repeat(60));
    drafted(pair.repeat(3).as_bytes());
}

#[test]
fn a_share_that_is_not_all_is_never_said_to_be() {
    let mut log = "{\"till\":1,\"user\":\"ana\"}\n".repeat(299);
    log.push_str("{\"till\":1}\n");
    let (_, text) = drafted(log.as_bytes());
    assert!(text.contains("# 99 %: ana"), "{text}");
}
