//! Elastic Common Schema: one object a line, fields under their ECS names, everything else under `labels`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Exporter, Style, jsonl};
use crate::engine::Hit;
use crate::event::Kind;
use crate::text;

/// The version of the schema whose names are used.
const VERSION: &str = "8.11.0";

pub(super) struct Ecs {
    style: Style,
}

impl Ecs {
    pub(super) fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Exporter for Ecs {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        let mut line = String::new();
        jsonl::push_line(&object(hit).to_string(), self.style.charset, &mut line);
        out.write_all(line.as_bytes())
    }
}

/// The event in ECS; absent fields are left out, as the schema wants.
fn object(hit: &Hit) -> Value {
    let event = &*hit.event;
    let mut root = Map::new();
    let mut put = |path: &[&str], value: Value| insert(&mut root, path, value);
    if let Some(ts) = event.ts {
        put(&["@timestamp"], json!(ts.rfc3339()));
    }
    put(&["ecs", "version"], json!(VERSION));
    put(&["event", "kind"], json!("event"));
    put(&["event", "id"], json!(event.id.to_string()));
    put(&["event", "outcome"], json!(event.outcome.as_str()));
    put(&["event", "module"], json!(&*event.format));
    put(&["event", "original"], json!(text::bytes(&event.raw)));
    put(&["log", "file", "path"], json!(&*event.source));
    for (path, value) in [
        (&["event", "action"][..], &event.action),
        (&["event", "reason"], &event.reason),
        (&["user", "name"], &event.actor),
        (&["host", "name"], &event.host),
        (&["trace", "id"], &event.session),
        (&["message"], &event.message),
    ] {
        if let Some(value) = value {
            put(path, json!(value));
        }
    }
    if let Some(severity) = event.severity {
        put(&["log", "level"], json!(severity.as_str()));
    }
    if let Some(first) = event.ip.first() {
        put(&["source", "ip"], json!(first.to_string()));
        let all: Vec<String> = event.ip.iter().map(ToString::to_string).collect();
        put(&["related", "ip"], json!(all));
    }
    put(&["labels"], Value::Object(labels(hit)));
    Value::Object(root)
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => {
            map.insert((*name).to_owned(), value);
        }
        [name, rest @ ..] => {
            let inner = map
                .entry((*name).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// What ECS has no field for, as keywords. Label names hold no dots there, so paths are joined by `_`; paths that
/// become one name share it as a list.
fn labels(hit: &Hit) -> Map<String, Value> {
    let event = &*hit.event;
    let mut labels: Map<String, Value> = Map::new();
    let mut add = |name: &str, text: &str| {
        let value = Value::String(text.to_owned());
        match labels.get_mut(name) {
            None => {
                labels.insert(name.to_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    };
    if let Some(target) = &event.target {
        add("target", target);
    }
    if let Some(line) = event.line {
        add("line", &line.to_string());
    }
    add("chain", hit.verdict.as_str());
    for (path, value) in event.attributes.iter() {
        if value.kind != Kind::Empty {
            // Prefixed, so that an attribute `target` and the event's target stay apart.
            add(&format!("attr_{}", path.replace('.', "_")), value.text);
        }
    }
    labels
}
