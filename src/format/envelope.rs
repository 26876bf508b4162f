//! Records inside others: what a container runtime, a shipper or a relay put around an audit record. The record inside is
//! read by its own format, whichever that is; what stands around it gives the time and the host if the record has none,
//! and is kept beside its attributes.
//!
//! * CRI: `TIME stdout F RECORD`, a long one in parts marked `P`
//!   (<https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>);
//! * Docker: `{"log":"RECORD\n","stream":"stdout","time":"…"}`, a part without `\n`;
//! * Fluent Bit, Vector, Logstash, CloudWatch, Splunk, Azure diagnostics: JSON with the record as text under one key;
//! * syslog with JSON as its message, also after `@cee:`.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

use super::framer::JoinFramer;
use super::layout::{Layout, first_records};
use super::record::{add_note, json_event, lossy, trimmed, without_mark};
use super::sample::Sample;
use super::syslog::Header;
use super::{Context, Detection, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Timestamp};
use crate::json;

/// Stands between a format and its envelope in a key.
pub(super) const IN: &str = " in ";

/// Keys under which shippers put the text they were given.
const TEXT_KEYS: [&str; 10] = [
    "log",
    "message",
    "@message",
    "msg",
    "MESSAGE",
    "_raw",
    "line",
    "textPayload",
    "properties.log",
    // What CloudTrail's LookupEvents answers with.
    "CloudTrailEvent",
];

/// Keys of the time at which a shipper saw a record.
const TIME_KEYS: [&str; 5] = ["time", "@timestamp", "timestamp", "ts", "date"];

/// Keys of the machine it was on.
const HOST_KEYS: [&str; 4] = ["host", "hostname", "host.name", "kubernetes.host"];

/// A line of this length may have been cut by Docker.
const DOCKER_CUT: usize = 16 << 10;

/// A format that is sure of its own records, as scores go.
const SURE: Score = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Cri,
    Docker,
    Text(Layout),
    Syslog,
}

/// A record without what was around it.
struct Opened {
    bytes: Vec<u8>,
    ts: Option<Timestamp>,
    host: Option<String>,
    /// What was around it.
    outer: Attributes,
}

/// A format whose records come in envelopes.
pub(super) struct Enveloped {
    shape: Shape,
    inner: Arc<dyn Format>,
}

/// The format whose key this is, for reading single records.
pub(super) fn find(
    key: &str,
    find: impl Fn(&str) -> Option<Arc<dyn Format>>,
) -> Option<Arc<dyn Format>> {
    let (id, shape) = key.split_once(IN)?;
    Some(Arc::new(Enveloped {
        shape: Shape::find(shape)?,
        inner: find(id)?,
    }))
}

/// The format of the records inside those of a sample, if that is what it holds. `outer` is what it looks like from
/// outside, `detect` tells formats that are in no envelope.
pub(super) fn detect(
    sample: &Sample<'_>,
    outer: &Detection,
    detect: impl Fn(&[u8]) -> Detection,
) -> Option<Detection> {
    let shapes = [Shape::Cri, Shape::Docker, Shape::Syslog].into_iter();
    let texts = sample.layout().map(Shape::Text);
    shapes.chain(texts).find_map(|shape| {
        let records = first_records(shape.framer(0), sample.bytes());
        let opened = records.iter().filter_map(|f| shape.open(&f.bytes));
        let mut inside = Vec::new();
        let mut count = 0;
        for record in opened {
            inside.extend_from_slice(&record.bytes);
            inside.push(b'\n');
            count += 1;
        }
        if count == 0 || count * 2 < records.len() {
            return None;
        }
        let found = detect(&inside);
        let is_sure = found.score >= SURE;
        let wanted = match shape {
            // What they are around is the log.
            Shape::Cri | Shape::Docker => true,
            Shape::Syslog => is_sure || found.format.id() == "json~",
            Shape::Text(_) => is_sure || outer.score < SURE && found.format.id() == "json~",
        };
        let same = found.format.id() == outer.format.id();
        (wanted && !(same && is_sure)).then(|| Detection {
            format: Arc::new(Enveloped {
                shape,
                inner: found.format,
            }),
            score: found.score.max(outer.score),
            others: found.others,
        })
    })
}

/// What is inside the records of a sample that a format of this key reads, each with a line end; `None` if they are in
/// no envelope.
pub(super) fn contents(key: &str, sample: &[u8]) -> Option<Vec<u8>> {
    let shape = match Shape::find(key.split_once(IN)?.1)? {
        Shape::Text(_) => Shape::Text(Layout::of(sample)?),
        shape => shape,
    };
    let (mut framer, mut frames) = (shape.framer(0), Vec::new());
    framer.push(sample, &mut frames);
    framer.finish(&mut frames);
    let mut inside = Vec::new();
    for record in frames.iter().filter_map(|frame| shape.open(&frame.bytes)) {
        inside.extend_from_slice(&record.bytes);
        inside.push(b'\n');
    }
    Some(inside)
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::Cri => "cri",
            Self::Docker => "docker",
            Self::Text(_) => "text",
            Self::Syslog => "syslog",
        }
    }

    /// How a text lies in its source only matters for framing, which has a sample to go by.
    fn find(name: &str) -> Option<Self> {
        let all = [
            Self::Cri,
            Self::Docker,
            Self::Text(Layout::Lines),
            Self::Syslog,
        ];
        all.into_iter().find(|shape| shape.name() == name)
    }

    fn framer(self, offset: u64) -> Box<dyn Framer> {
        match self {
            Self::Cri => Box::new(JoinFramer::new(offset, cri_goes_on, cri_stream)),
            Self::Docker => Box::new(JoinFramer::new(offset, docker_goes_on, docker_stream)),
            Self::Syslog => Layout::Lines.framer(offset),
            Self::Text(layout) => layout.framer(offset),
        }
    }

    fn open(self, record: &[u8]) -> Option<Opened> {
        match self {
            Self::Cri => open_cri(record),
            Self::Docker => open_docker(record),
            Self::Syslog => open_syslog(record),
            Self::Text(_) => open_text(record),
        }
    }
}

/// A line of a CRI log.
struct CriLine<'a> {
    ts: Timestamp,
    stream: &'a str,
    tag: &'a str,
    text: &'a [u8],
}

fn cri(line: &[u8]) -> Option<CriLine<'_>> {
    let mut parts = without_mark(line).splitn(4, |b| *b == b' ');
    let time = std::str::from_utf8(parts.next()?).ok()?;
    let ts = Timestamp::parse(time).filter(|_| time.contains('T'))?;
    let stream = std::str::from_utf8(parts.next()?).ok()?;
    let tag = std::str::from_utf8(parts.next()?).ok()?;
    let known = matches!(stream, "stdout" | "stderr");
    let first = tag.split(':').next();
    (known && matches!(first, Some("F" | "P"))).then(|| CriLine {
        ts,
        stream,
        tag,
        text: parts.next().unwrap_or(b""),
    })
}

fn cri_goes_on(line: &[u8]) -> bool {
    cri(line).is_some_and(|line| line.tag.starts_with('P'))
}

fn cri_stream(line: &[u8]) -> Option<usize> {
    cri(line).map(|line| usize::from(line.stream == "stderr"))
}

fn open_cri(record: &[u8]) -> Option<Opened> {
    let mut lines = record.split(|b| *b == b'\n');
    let first = cri(lines.next()?)?;
    let mut bytes = first.text.to_vec();
    for line in lines {
        bytes.extend_from_slice(cri(line)?.text);
    }
    Some(Opened {
        bytes,
        ts: Some(first.ts),
        host: None,
        outer: Attributes::default(),
    })
}

fn docker(line: &[u8]) -> Option<(String, Attributes)> {
    let line = trimmed(line);
    if !line.starts_with(b"{\"log\":") {
        return None;
    }
    let frame = Frame {
        bytes: Bytes::copy_from_slice(line),
        ..Frame::default()
    };
    let leaves = json_event(&frame).ok()?.attributes;
    let is_docker = matches!(leaves.get("stream"), Some("stdout" | "stderr"));
    let log = leaves.get("log").filter(|_| is_docker)?.to_owned();
    Some((log, leaves))
}

fn docker_goes_on(line: &[u8]) -> bool {
    line.len() >= DOCKER_CUT && docker(line).is_some_and(|(log, _)| !log.ends_with('\n'))
}

fn docker_stream(line: &[u8]) -> Option<usize> {
    let (_, leaves) = docker(line)?;
    Some(usize::from(leaves.get("stream") == Some("stderr")))
}

fn open_docker(record: &[u8]) -> Option<Opened> {
    let mut lines = record.split(|b| *b == b'\n');
    let (mut log, leaves) = docker(lines.next()?)?;
    for line in lines {
        log.push_str(&docker(line)?.0);
    }
    Some(opened(log.trim_end_matches('\n'), &leaves, "log"))
}

/// The record, and of what is around it all but the record.
fn opened(record: &str, leaves: &Attributes, key: &str) -> Opened {
    let first = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| leaves.get(key))
            .map(str::to_owned)
    };
    let mut outer = Attributes::default();
    for (path, value) in leaves.iter().filter(|(path, _)| *path != key) {
        outer.push(path, value.kind, value.text);
    }
    Opened {
        bytes: record.as_bytes().to_vec(),
        ts: first(&TIME_KEYS).and_then(|text| super::record::time_of(&text)),
        host: first(&HOST_KEYS),
        outer,
    }
}

fn open_text(record: &[u8]) -> Option<Opened> {
    // Cheap, and true of few records.
    memchr::memmem::find(record, b"{\\\"").or_else(|| memchr::memmem::find(record, b"{ \\\""))?;
    let frame = Frame {
        bytes: Bytes::copy_from_slice(record),
        ..Frame::default()
    };
    let leaves = json_event(&frame).ok()?.attributes;
    TEXT_KEYS.iter().find_map(|key| {
        let text = leaves.get(key)?.trim();
        json::is_object(text.as_bytes()).then(|| opened(text, &leaves, key))
    })
}

fn open_syslog(record: &[u8]) -> Option<Opened> {
    let line = lossy(trimmed(record));
    let header = Header::read(&line, &Context::default())?;
    let message = header.message.trim();
    let message = message.strip_prefix("@cee:").unwrap_or(message).trim();
    if !json::is_object(message.as_bytes()) {
        return None;
    }
    let mut outer = Attributes::default();
    let parts = [
        ("syslog.app", header.app),
        ("syslog.pid", header.pid),
        ("syslog.msgid", header.message_id),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            outer.push_str(name, value);
        }
    }
    Some(Opened {
        bytes: message.as_bytes().to_vec(),
        ts: header.ts,
        host: header.host.map(str::to_owned),
        outer,
    })
}

impl Format for Enveloped {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn key(&self) -> String {
        format!("{}{IN}{}", self.inner.id(), self.shape.name())
    }

    fn title(&self) -> &str {
        self.inner.title()
    }

    fn version(&self) -> u32 {
        self.inner.version()
    }

    fn sniff(&self, _: &Sample<'_>) -> Score {
        // It is made for a sample, never found for one.
        0
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        self.shape.framer(offset)
    }

    fn splittable(&self) -> bool {
        // A part in the middle of a record looks like its begin.
        matches!(self.shape, Shape::Syslog | Shape::Text(Layout::Lines))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let opened = self.shape.open(&frame.bytes).ok_or("in no envelope")?;
        let inside = Frame {
            bytes: opened.bytes.into(),
            cut: 0,
            more: Vec::new(),
            ..frame.clone()
        };
        let mut events = match self.inner.parse(&inside, context) {
            Err(error) => self.parse_list(&inside, context, error)?,
            Ok(events) => events,
        };
        for event in &mut events {
            event.raw = frame.bytes.clone();
            // Of what is inside, not of the record.
            event.attributes.are_all_of(0);
            if event.ts.is_none() {
                event.ts = opened.ts;
            }
            if event.host.is_none() {
                event.host.clone_from(&opened.host);
            }
            for (path, value) in opened.outer.iter() {
                event.attributes.push(path, value.kind, value.text);
            }
        }
        Ok(events)
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.inner.mapping()
    }
}

impl Enveloped {
    /// A list of records as one text. How it is cut depends on the text alone: read again by the format's name, it has
    /// to give the same events.
    fn parse_list(
        &self,
        inside: &Frame,
        context: &Context,
        error: String,
    ) -> Result<Vec<Event>, String> {
        let is_json = matches!(inside.bytes.trim_ascii_start().first(), Some(b'[' | b'{'));
        let mut framer = match (is_json, self.inner.splittable()) {
            (true, _) => Layout::Document.framer(0),
            (false, false) => self.inner.framer(0),
            (false, true) => return Err(error),
        };
        let mut frames = Vec::new();
        framer.push(&inside.bytes, &mut frames);
        framer.finish(&mut frames);
        let mut events = Vec::new();
        let mut is_list = false;
        for frame in &frames {
            match self.inner.parse(frame, context) {
                Ok(found) => {
                    is_list = true;
                    events.extend(found);
                }
                Err(error) => {
                    let mut event = super::record::event_of(frame);
                    event.message = Some(lossy(&frame.bytes).into_owned());
                    add_note(&mut event, &error);
                    events.push(event);
                }
            }
        }
        if is_list { Ok(events) } else { Err(error) }
    }
}
