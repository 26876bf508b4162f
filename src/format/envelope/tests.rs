//! The same records in every envelope.

use std::fmt::Write;

use super::*;
use crate::format::Registry;

const RECORDS: [&str; 2] = [
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"7a1c","stage":"ResponseComplete","verb":"get","user":{"username":"alice@corp"},"sourceIPs":["203.0.113.7"],"objectRef":{"resource":"secrets","namespace":"prod","name":"db"},"responseStatus":{"code":200},"stageTimestamp":"2026-03-01T09:00:00.105000Z"}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"7a1d","stage":"ResponseComplete","verb":"delete","user":{"username":"bob"},"sourceIPs":["10.1.4.9"],"objectRef":{"resource":"pods","namespace":"prod","name":"web \"0\""},"responseStatus":{"code":403},"stageTimestamp":"2026-03-01T09:00:01Z"}"#,
];

fn read(text: &str) -> (String, Vec<Event>) {
    let registry = Registry::builtin();
    let format = registry.detect(text.as_bytes()).format;
    let mut framer = format.framer(0);
    let mut frames = Vec::new();
    framer.push(text.as_bytes(), &mut frames);
    framer.finish(&mut frames);
    let parse = |format: &Arc<dyn Format>| -> Vec<Event> {
        let events = frames.iter();
        events
            .flat_map(|frame| registry.parse(format, frame, &Context::default()))
            .collect()
    };
    let events = parse(&format);
    // By its name alone it is found again, and by its key its stored records are read again.
    let again = registry.get_for(format.id(), text.as_bytes()).unwrap();
    let mut first = Vec::new();
    again.framer(0).push(text.as_bytes(), &mut first);
    if let Some(frame) = first.first() {
        assert!(again.parse(frame, &Context::default()).is_ok(), "{text}");
    }
    assert_eq!(parse(&registry.get(&format.key()).unwrap()), events);
    (format.id().to_owned(), events)
}

type Essence = (
    Option<Timestamp>,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
);

fn essence(event: &Event) -> Essence {
    let (actor, action) = (event.actor.clone(), event.action.clone());
    let rest = format!("{} {:?} {:?}", event.outcome, event.ip, event.note);
    (event.ts, actor, action, event.target.clone(), rest)
}

fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Each record in what stands around it, by how that is written.
fn wrapped(how: fn(&str) -> String) -> String {
    RECORDS.map(how).concat()
}

#[test]
fn a_record_is_the_same_in_every_envelope() {
    let (_, plain) = read(&wrapped(|r| format!("{r}\n")));
    let want: Vec<_> = plain.iter().map(essence).collect();
    assert_eq!(want[1].3.as_deref(), Some("pods/prod/web \"0\""));
    let list = |head: &str, each: fn(&str) -> String, tail: &str| {
        format!("{head}{}{tail}", RECORDS.map(each).join(","))
    };
    let in_parts = |r: &str| {
        let (a, b) = r.split_at(40);
        let time = "2026-03-01T09:00:02.123456789Z stdout";
        format!("{time} P {a}\n{time} F {b}\n")
    };
    for (name, text) in [
        (
            "CRI",
            wrapped(|r| format!("2026-03-01T09:00:02.123456789Z stdout F {r}\n")),
        ),
        ("CRI in parts", wrapped(in_parts)),
        (
            "Docker",
            wrapped(|r| {
                let log = string(&format!("{r}\n"));
                format!(
                    "{{\"log\":{log},\"stream\":\"stdout\",\"time\":\"2026-03-01T09:00:02Z\"}}\n"
                )
            }),
        ),
        (
            "Fluent Bit",
            wrapped(|r| {
                format!(
                    "{{\"date\":1772355602.5,\"log\":{},\"kubernetes\":{{\"host\":\"n1\"}}}}\n",
                    string(r)
                )
            }),
        ),
        (
            "Logstash",
            wrapped(|r| {
                format!(
                    "{{\"@timestamp\":\"2026-03-01T09:00:02Z\",\"@version\":\"1\",\"message\":{}}}\n",
                    string(r)
                )
            }),
        ),
        (
            "CloudWatch subscription",
            list(
                r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":["#,
                |r| {
                    format!(
                        "{{\"id\":\"1\",\"timestamp\":1772355602000,\"message\":{}}}",
                        string(r)
                    )
                },
                "]}",
            ),
        ),
        (
            "aws logs filter-log-events",
            list(
                "{\n \"events\": [",
                |r| {
                    format!(
                        "{{\"logStreamName\":\"s\",\"timestamp\":1772355602000,\"message\":{}}}",
                        string(r)
                    )
                },
                "],\n \"searchedLogStreams\": []\n}",
            ),
        ),
        (
            "Azure diagnostics",
            list(
                r#"{"records":["#,
                |r| {
                    format!(
                        "{{\"category\":\"kube-audit\",\"time\":\"2026-03-01T09:00:02Z\",\"properties\":{{\"log\":{}}}}}",
                        string(r)
                    )
                },
                "]}",
            ),
        ),
        (
            "syslog",
            wrapped(|r| format!("<134>Mar  1 09:00:02 cp-1 kube-apiserver[9]: {r}\n")),
        ),
        (
            "RFC 5424",
            wrapped(|r| format!("<134>1 2026-03-01T09:00:02Z cp-1 audit 9 - - {r}\n")),
        ),
        (
            "CEE",
            wrapped(|r| format!("Mar  1 09:00:02 cp-1 audit: @cee: {r}\n")),
        ),
    ] {
        let (id, events) = read(&text);
        assert_eq!(id, "k8s-audit", "{name}: {text}");
        let got: Vec<_> = events.iter().map(essence).collect();
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn a_list_of_records_in_an_envelope_is_several_events() {
    let (_, plain) = read(&wrapped(|r| format!("{r}\n")));
    let want: Vec<_> = plain.iter().map(essence).collect();
    let list = format!("[{}]", RECORDS.join(","));
    let wrapper = format!("{{\"kind\":\"EventList\",\"items\":{list}}}");
    for inside in [list, wrapper] {
        let cri = format!("2026-03-01T09:00:02Z stdout F {inside}\n");
        let log = string(&format!("{inside}\n"));
        let docker =
            format!("{{\"log\":{log},\"stream\":\"stdout\",\"time\":\"2026-03-01T09:00:02Z\"}}\n");
        for text in [cri, docker] {
            let (id, events) = read(&text);
            assert_eq!(id, "k8s-audit", "{text}");
            assert_eq!(
                events.iter().map(essence).collect::<Vec<_>>(),
                want,
                "{text}"
            );
            // Line after line of them.
            assert_eq!(read(&text.repeat(3)).1.len(), 6, "{text}");
        }
    }
}

#[test]
fn what_is_around_a_record_fills_what_it_lacks() {
    let mut text = String::new();
    for n in 0..3 {
        let record = string(&format!("{{\"user\":\"u{n}\",\"action\":\"login\"}}"));
        writeln!(
            text,
            r#"{{"date":177235560{n},"host":"n1","log":{record}}}"#
        )
        .unwrap();
    }
    let (id, events) = read(&text);
    assert_eq!((&*id, events.len()), ("json~", 3));
    let last = &events[2];
    assert_eq!(last.ts.map(|ts| ts.0), Some(1_772_355_602_000_000_000));
    assert_eq!(
        (last.actor.as_deref(), last.host.as_deref()),
        (Some("u2"), Some("n1"))
    );
    assert_eq!(&last.raw[..], text.lines().last().unwrap().as_bytes());
    assert_eq!(last.attributes.get("date"), Some("1772355602"));
}

#[test]
fn what_a_container_prints_has_the_time_of_its_line() {
    let line = |n: u8, text: &str| format!("2026-03-01T09:00:0{n}Z stderr F {text}\n");
    let text = line(0, "starting up") + &line(1, "listening on :443") + &line(2, "{not json");
    let (_, events) = read(&text);
    let times: Vec<_> = events
        .iter()
        .map(|e| e.ts.map(|ts| ts.0 % 60_000_000_000))
        .collect();
    assert_eq!(times, [Some(0), Some(1_000_000_000), Some(2_000_000_000)]);
    assert_eq!(events[1].message.as_deref(), Some("listening on :443"));
}

#[test]
fn a_line_without_its_envelope_is_read_all_the_same() {
    let mut text = wrapped(|r| format!("2026-03-01T09:00:02Z stdout F {r}\n"));
    writeln!(text, "{}", RECORDS[0]).unwrap();
    text.push_str("cut off in the mid");
    let (_, events) = read(&text);
    assert_eq!(events.len(), 4);
    assert_eq!(events[2].actor.as_deref(), Some("alice@corp"));
    assert_eq!(&*events[2].format, "k8s-audit");
    assert!(events[3].note.is_some());
}

/// A server prints its audit log on one stream and its other messages on the other, into one file.
#[test]
fn a_line_of_the_other_stream_may_stand_between_the_parts_of_a_record() {
    let record = RECORDS[0];
    let (first, second) = record.split_at(90);
    let time = "2026-03-01T09:00:02Z";
    let text = format!(
        "\u{feff}{time} stdout F {record}\n{time} stdout P {first}\n{time} stderr F I0301 server.go:7] busy\n{time} stdout F {second}\n"
    );
    let (id, events) = read(&text);
    assert_eq!(id, "k8s-audit");
    let mut formats: Vec<&str> = events.iter().map(|e| &*e.format).collect();
    formats.sort_unstable();
    assert_eq!(formats, ["k8s-audit", "k8s-audit", "text"]);
    let actors = events
        .iter()
        .filter(|e| e.actor.as_deref() == Some("alice@corp"));
    assert_eq!(actors.count(), 2);
}

#[test]
fn an_envelope_around_a_few_lines_is_opened_all_the_same() {
    let mut text = RECORDS.join("\n") + "\n";
    let docker = |r: &str| {
        format!(
            "{{\"log\":{},\"stream\":\"stdout\"}}\n",
            string(&format!("{r}\n"))
        )
    };
    text.push_str(&docker(RECORDS[1]));
    let (_, events) = read(&text);
    assert_eq!(events[2].actor.as_deref(), Some("bob"));
    assert_eq!(&*events[2].format, "k8s-audit");
}

/// A server that prints its audit log prints other lines, too, and begins with them.
#[test]
fn records_between_lines_of_text_are_read() {
    let chatter = "I0301 09:00:00.1 server.go:7] starting up\n".repeat(80);
    let bare = chatter.clone() + &RECORDS.join("\n") + "\n{not json\n" + &chatter;
    let cri = |text: &str| -> String {
        let lines = text.lines();
        lines
            .map(|line| format!("2026-03-01T09:00:02Z stdout F {line}\n"))
            .collect()
    };
    for text in [cri(&bare), bare] {
        let (id, events) = read(&text);
        assert_eq!(id, "text");
        let of_audit = events.iter().filter(|e| &*e.format == "k8s-audit");
        let actors: Vec<_> = of_audit.filter_map(|e| e.actor.as_deref()).collect();
        assert_eq!(actors, ["alice@corp", "bob"]);
        assert_eq!(events.len(), 163);
    }
}

#[test]
fn text_that_only_quotes_json_is_no_envelope() {
    let line = |n: u8| {
        format!(
            "{{\"ts\":177235560{n},\"action\":\"a\",\"user\":\"u\",\"message\":\"got {{\\\"x\\\":1}}\"}}\n"
        )
    };
    let (id, events) = read(&(line(1) + &line(2)));
    assert_eq!(id, "json~");
    assert_eq!(events[0].actor.as_deref(), Some("u"));
}
