//! What is written can be read back, and is safe on a terminal.

mod formats;
mod integrity;

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::event::{Attributes, BreakKind, Event, Kind, Outcome, Timestamp, Verdict};
use crate::text;

const PIPE: Style = Style {
    terminal: false,
    colour: false,
    width: 120,
    charset: Charset::Unicode,
    zone: Zone::Utc,
};

fn hit(event: Event) -> Hit {
    Hit {
        event: Arc::new(event),
        verdict: Verdict::Unchained,
    }
}

fn sample() -> Event {
    Event {
        ts: Timestamp::parse("2026-03-01T15:00:03.902Z"),
        actor: Some("alice@corp".into()),
        action: Some("list".into()),
        target: Some("secrets".into()),
        outcome: Outcome::Failure,
        ip: vec!["203.0.113.7".parse().unwrap()],
        format: "k8s-audit".into(),
        source: "/var/log/audit.log".into(),
        line: Some(7),
        ..Event::default()
    }
}

fn written(format: Format, fields: Option<&str>, style: Style, hits: &[Hit]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut exporter = exporter(format, fields.map(|f| columns(f).unwrap()), style);
    for hit in hits {
        exporter.write(&mut out, hit).unwrap();
    }
    exporter.finish(&mut out).unwrap();
    out
}

fn text_of(format: Format, fields: Option<&str>, style: Style, hits: &[Hit]) -> String {
    String::from_utf8(written(format, fields, style, hits)).unwrap()
}

fn json(event: Event) -> Value {
    serde_json::from_str(&jsonl::object(&hit(event))).unwrap()
}

#[test]
fn jsonl_has_exactly_the_fields_in_order() {
    let event = Event {
        raw: Bytes::from_static(b"plain"),
        ..sample()
    };
    assert_eq!(
        jsonl::object(&hit(event)),
        concat!(
            r#"{"id":"00000000000000000000000000000000","ts":"2026-03-01T15:00:03.902000000Z","actor":"alice@corp","#,
            r#""action":"list","target":"secrets","outcome":"failure","reason":null,"ip":["203.0.113.7"],"host":null,"#,
            r#""session":null,"severity":null,"message":null,"format":"k8s-audit","source":"/var/log/audit.log","#,
            r#""line":7,"chain":"unchained","attributes":{},"raw":"plain"}"#
        )
    );
    let empty = json(Event::default());
    assert_eq!(empty["ip"], Value::Array(vec![]));
    assert_eq!(empty["ts"], Value::Null);
}

#[test]
fn json_records_keep_their_tokens() {
    let raw = "{ \"n\" : 1.0e+2,\r\n \"big\":123456789012345678901234567890, \"s\":\"\\u00e9\\/\u{202e}\u{7f}\",\"a\":[ ],\"n\":[true , null]}\n";
    let event = Event {
        raw: Bytes::copy_from_slice(raw.as_bytes()),
        ..sample()
    };
    let line = jsonl::object(&hit(event));
    let want = r#""attributes":{"n":1.0e+2,"big":123456789012345678901234567890,"s":"\u00e9\/\u202e\u007f","a":[],"n":[true,null]},"#;
    assert!(line.contains(want), "{line}");
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["raw"], raw);
}

#[test]
fn other_records_are_flat() {
    let mut attributes = Attributes::default();
    attributes.push("a.b", Kind::Num, "1.50");
    attributes.push("uid", Kind::Num, "007");
    attributes.push("a.b", Kind::Str, "x");
    attributes.push("e", Kind::Empty, "[]");
    attributes.push("ok", Kind::Bool, "true");
    for raw in [
        &b"{\"a\":1} trailing"[..],
        b"{\"a\":",
        b"[1]",
        b"{\"a\":\"\xff\"}",
        b"{'a':1}",
        b"",
    ] {
        let event = Event {
            attributes: attributes.clone(),
            raw: Bytes::from_static(raw),
            ..sample()
        };
        let line = jsonl::object(&hit(event));
        assert!(
            line.contains(r#""attributes":{"a.b":[1.50,"x"],"uid":"007","e":[],"ok":true},"#),
            "{line}"
        );
    }
}

#[test]
fn deep_records_do_not_overflow() {
    let raw = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(
        jsonl::object(&hit(Event {
            raw: raw.into(),
            ..sample()
        }))
        .contains("\"attributes\":{}")
    );
}

#[test]
fn jsonl_can_be_all_ascii() {
    let event = Event {
        actor: Some("é日🙂".into()),
        ..sample()
    };
    let ascii = Style {
        charset: Charset::Ascii,
        ..PIPE
    };
    let line = text_of(Format::Jsonl, Some("actor"), ascii, &[hit(event)]);
    assert_eq!(line, "{\"actor\":\"\\u00e9\\u65e5\\ud83d\\ude42\"}\n");
}

#[test]
fn bytes_that_are_no_text_are_base64() {
    let value = json(Event {
        raw: Bytes::from_static(b"\xff\x00"),
        ..sample()
    });
    assert_eq!(value["raw_base64"], "/wA=");
    assert!(value.get("raw").is_none());
}

#[test]
fn fields_select_names_aliases_and_paths() {
    let mut attributes = Attributes::default();
    attributes.push("objectRef.namespace", Kind::Str, "prod");
    attributes.push("groups", Kind::Str, "a");
    attributes.push("groups", Kind::Str, "b");
    attributes.push("user", Kind::Str, "original");
    attributes.push("Code", Kind::Num, "403");
    let event = Event {
        attributes,
        ..sample()
    };
    let fields = "user.name,objectref.namespace,groups,.user,code,nope,ip";
    assert_eq!(
        text_of(Format::Jsonl, Some(fields), PIPE, &[hit(event.clone())]),
        "{\"user.name\":\"alice@corp\",\"objectref.namespace\":\"prod\",\"groups\":[\"a\",\"b\"],\".user\":\"original\",\"code\":403,\"nope\":null,\"ip\":[\"203.0.113.7\"]}\n"
    );
    assert_eq!(
        text_of(Format::Csv, Some("groups,code,nope"), PIPE, &[hit(event)]),
        "groups,code,nope\n\"a;b\",403,\n"
    );
    assert_eq!(columns("a,,b"), Err(ColumnError::Empty));
    assert_eq!(columns("."), Err(ColumnError::Empty));
    assert_eq!(columns("a,b,a"), Err(ColumnError::Twice("a".into())));
}

#[test]
fn csv_guards_formulas_and_quotes() {
    for (value, want) in [
        ("=1+1", "'=1+1"),
        ("+49 123", "'+49 123"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=x", "'\t=x"),
        ("\rx", "\"'\rx\""),
        ("＝1", "'＝1"),
        (" \"=1", "\"' \"\"=1\""),
        ("'=1", "''=1"),
        ("-5", "-5"),
        ("+1.5", "+1.5"),
        ("plain", "plain"),
        ("a,\"b\"\nc", "\"a,\"\"b\"\"\nc\""),
    ] {
        let event = Event {
            actor: Some(value.into()),
            ..sample()
        };
        assert_eq!(
            text_of(Format::Csv, Some("actor"), PIPE, &[hit(event)]),
            format!("actor\n{want}\n"),
            "{value:?}"
        );
    }
    let header = text_of(Format::Csv, None, PIPE, &[]);
    assert_eq!(
        header,
        "id,ts,actor,action,target,outcome,reason,ip,host,session,severity,message,format,source,line,chain\n"
    );
}

#[test]
fn raw_is_verbatim_into_a_pipe_and_visible_on_a_terminal() {
    let hits = [hit(Event {
        raw: Bytes::from_static(b"a\x1b[2J\xff\r"),
        ..sample()
    })];
    assert_eq!(written(Format::Raw, None, PIPE, &hits), b"a\x1b[2J\xff\r\n");
    let terminal = Style {
        terminal: true,
        ..PIPE
    };
    assert_eq!(text_of(Format::Raw, None, terminal, &hits), "a␛[2J\\xff␍\n");
}

#[test]
fn tables_fit_and_mark_breaks() {
    let broken = Hit {
        verdict: Verdict::Broken(BreakKind::Deleted),
        ..hit(sample())
    };
    let bare = hit(Event {
        raw: Bytes::from_static(b"just text"),
        ..Event::default()
    });
    let shown = text_of(Format::Table, None, PIPE, &[broken.clone(), bare]);
    insta::assert_snapshot!(shown, @r"
       ts (UTC)                 actor       action  target   outcome  reason  ip           message
    ⌁  2026-03-01 15:00:03.902  alice@corp  list    secrets  failure          203.0.113.7
                                                             unknown                       just text
    ");
    let ascii = Style {
        charset: Charset::Ascii,
        zone: "Europe/Vienna".parse().unwrap(),
        ..PIPE
    };
    assert!(
        text_of(Format::Table, None, ascii, std::slice::from_ref(&broken))
            .contains("!  2026-03-01 16:00:03.902")
    );
    let colour = Style {
        colour: true,
        ..PIPE
    };
    assert!(
        text_of(Format::Table, Some("outcome"), colour, &[broken])
            .ends_with("\u{1b}[31mfailure\u{1b}[0m\n")
    );
    assert_eq!(text_of(Format::Table, None, PIPE, &[]), "");
}

#[test]
fn facets_in_every_format() {
    let facet = crate::engine::Facet {
        field: crate::engine::FacetField::Attribute("cmd".into()),
        values: vec![("=x\u{1b}".into(), 12), ("b".into(), 3)],
        other: 4,
        missing: 0,
    };
    let shown = |format| {
        let mut out = Vec::new();
        write_facet(&mut out, format, PIPE, "cmd", &facet).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        shown(Format::Table),
        "       count  cmd\n          12  =x␛\n           3  b\n           4  (other values)\n"
    );
    assert_eq!(
        shown(Format::Jsonl),
        "{\"field\":\"cmd\",\"value\":\"=x\\u001b\",\"count\":12}\n{\"field\":\"cmd\",\"value\":\"b\",\"count\":3}\n"
    );
    assert_eq!(shown(Format::Csv), "cmd,count\n'=x\u{1b},12\nb,3\n");
}

/// Minimal reader of what RFC 4180 says, to check against.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                row.last_mut().unwrap().push(chars.next().unwrap())
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => row.last_mut().unwrap().push(c),
        }
    }
    rows.pop();
    rows
}

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        "[=+@'\",;\\\\ \n\r\t\u{1b}\u{202e}\u{301}-]",
        Just("é".to_owned()),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn jsonl_round_trips_and_is_safe(actor in hostile(), path in hostile(), value in hostile(), raw in prop::collection::vec(any::<u8>(), 0..12)) {
        let mut attributes = Attributes::default();
        attributes.push_str(&path, &value);
        let event = Event { actor: Some(actor.clone()), attributes, raw: raw.clone().into(), ..sample() };
        let line = jsonl::object(&hit(event));
        prop_assert!(!line.chars().any(text::is_unsafe), "{}", line);
        let back: Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&back["actor"], &Value::String(actor));
        prop_assert_eq!(&back["attributes"][path], &Value::String(value));
        match String::from_utf8(raw) {
            Ok(raw) => prop_assert_eq!(&back["raw"], &Value::String(raw)),
            Err(_) => prop_assert!(back["raw_base64"].is_string()),
        }
    }

    #[test]
    fn json_records_mean_the_same(key in hostile(), text in hostile(), number in any::<i64>(), space in "[ \n\t\r]{0,2}") {
        let record = serde_json::json!({ key: [text, number, {"x": null}] });
        let raw = format!("{space}{}{space}", serde_json::to_string_pretty(&record).unwrap());
        let back = json(Event { raw: raw.into(), ..sample() });
        prop_assert_eq!(&back["attributes"], &record);
    }

    #[test]
    fn csv_round_trips(a in hostile(), b in hostile()) {
        let event = Event { actor: Some(a.clone()), action: Some(b.clone()), ..sample() };
        let rows = read_csv(&text_of(Format::Csv, Some("actor,action"), PIPE, &[hit(event.clone())]));
        prop_assert_eq!(rows.len(), 2);
        for (cell, value) in rows[1].iter().zip([&a, &b]) {
            prop_assert_eq!(cell, &*csv::guarded(value));
            prop_assert!(cell == value || cell.strip_prefix('\'') == Some(value));
        }
        let terminal = Style { terminal: true, ..PIPE };
        let shown = text_of(Format::Csv, Some("actor,action"), terminal, &[hit(event)]);
        prop_assert!(!shown.replace('\n', "").chars().any(char::is_control));
        prop_assert_eq!(shown.lines().count(), 2);
    }

    #[test]
    fn table_lines_fit(values in prop::collection::vec(hostile(), 1..5), width in 1usize..100) {
        let hits: Vec<Hit> = values.iter().map(|v| hit(Event { actor: Some(v.repeat(5)), message: Some(v.clone()), ..sample() })).collect();
        let shown = text_of(Format::Table, None, Style { width, ..PIPE }, &hits);
        prop_assert_eq!(shown.lines().count(), hits.len() + 1);
        for line in shown.lines() {
            prop_assert!(text::width(line) <= width, "{:?} in {}", line, width);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}

/// What is followed is not cut to what the first event needed.
#[test]
fn a_table_that_goes_on_keeps_room_for_longer_values() {
    let style = Style { width: 120, ..PIPE };
    let short = Event {
        actor: Some("al".into()),
        ..sample()
    };
    let long = Event {
        actor: Some("alexandra.long".into()),
        ..sample()
    };
    let mut out = Vec::new();
    let fields = columns("actor,outcome").unwrap();
    let mut exporter = exporter(Format::Table, Some(fields), style);
    exporter.write(&mut out, &hit(short)).unwrap();
    exporter.flush(&mut out).unwrap();
    exporter.write(&mut out, &hit(long)).unwrap();
    exporter.finish(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("alexandra.long "), "{out}");
}
