//! OpenTelemetry logs in the JSON of its protocol, as the Collector's file exporter writes them: one event a log record.
//!
//! Lists of keys and values become paths: `attributes.user.name`, `resource.attributes.service.name`, `body.url`.
//! Source: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

mod values;

use super::framer::{OtlpFramer, split};
use super::layout::{Layout, top_keys};
use super::mapping::{FieldTable, Mapping};
use super::record::{add_note, event_of, time_of, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Severity};

pub(super) struct Otlp {
    layout: Layout,
    mapping: Mapping,
}

const FIELDS: [FieldTable<'static>; 11] = [
    ("ts", &["timeUnixNano", "observedTimeUnixNano"]),
    (
        "actor",
        &[
            "attributes.user.email",
            "attributes.user.name",
            "attributes.enduser.id",
            "attributes.user.id",
            "body.user.name",
            "body.UserId",
        ],
    ),
    (
        "action",
        &[
            "eventName",
            "attributes.event.name",
            "attributes.event.action",
            "body.Operation",
            "attributes.http.request.method",
        ],
    ),
    (
        "target",
        &[
            "attributes.file.path",
            "attributes.log.file.path",
            "attributes.url.full",
            "attributes.url.path",
            "attributes.http.target",
            "attributes.db.collection.name",
            "body.ObjectId",
            "body.url",
            "resource.attributes.k8s.pod.name",
            "resource.attributes.service.name",
        ],
    ),
    (
        "outcome",
        &[
            "attributes.event.outcome",
            "attributes.outcome",
            "attributes.http.response.status_code",
            "attributes.http.status_code",
            "body.ResultStatus",
        ],
    ),
    (
        "reason",
        &[
            "attributes.error.type",
            "attributes.exception.type",
            "attributes.http.response.status_code",
            "attributes.http.status_code",
        ],
    ),
    (
        "ip",
        &[
            "attributes.client.address",
            "attributes.source.address",
            "attributes.net.peer.ip",
            "attributes.net.sock.peer.addr",
            "body.ClientIP",
        ],
    ),
    (
        "host",
        &[
            "resource.attributes.host.name",
            "attributes.host.name",
            "resource.attributes.k8s.node.name",
        ],
    ),
    (
        "session",
        &["attributes.session.id", "traceId", "attributes.request.id"],
    ),
    ("severity", &["severityNumber", "severityText"]),
    (
        "message",
        &["body", "body.message", "attributes.exception.message"],
    ),
];

/// `severityNumber` has four steps to each of trace, debug, info, warn, error and fatal.
fn severities() -> Vec<(String, Severity)> {
    let of = |number: u8| match number {
        1..=8 => Severity::Debug,
        9 => Severity::Info,
        10..=12 => Severity::Notice,
        13..=16 => Severity::Warning,
        17..=20 => Severity::Err,
        _ => Severity::Crit,
    };
    (1..=24)
        .map(|number| (number.to_string(), of(number)))
        .collect()
}

impl Otlp {
    pub(super) fn new(layout: Layout) -> Self {
        // A table that comes with the program is read in the tests.
        let mapping = Mapping::new(FIELDS, Vec::new(), severities()).unwrap_or_default();
        Self { layout, mapping }
    }

    /// The event of a record, followed by the resource and the scope it is under.
    fn event(&self, frame: &Frame) -> Result<Event, String> {
        let mut event = event_of(frame);
        let mut leaves = Attributes::with_capacity(frame.bytes.len(), 32);
        let mut rest = trimmed(&frame.bytes);
        rest = values::read(rest, "", &mut leaves)?;
        while !rest.is_empty() {
            let prefix = if is_scope(rest) { "scope" } else { "resource" };
            rest = values::read(rest, prefix, &mut leaves)?;
        }
        self.mapping.fill(&mut event, &leaves);
        // 0 is the protocol's way to leave a time out.
        let time = |path: &str| leaves.get(path).filter(|t| *t != "0").and_then(time_of);
        event.ts = time("timeUnixNano").or_else(|| time("observedTimeUnixNano"));
        event.attributes = leaves;
        Ok(event)
    }
}

/// Of the two a record may be under, the scope has a name and the resource has none.
fn is_scope(object: &[u8]) -> bool {
    let keys = top_keys(object);
    keys.iter().any(|key| key == "name" || key == "version")
}

impl Format for Otlp {
    fn id(&self) -> &str {
        "otlp"
    }

    fn title(&self) -> &str {
        "OpenTelemetry logs (OTLP JSON)"
    }

    fn version(&self) -> u32 {
        3
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        sample.score_objects(self.layout, 95, |leaves| {
            leaves.iter().any(|(path, _)| {
                path.starts_with("resourceLogs.") || path.starts_with("resource_logs.")
            })
        })
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        OtlpFramer::boxed(self.layout, offset)
    }

    fn splittable(&self) -> bool {
        self.layout == Layout::Lines
    }

    fn parse(&self, frame: &Frame, _: &Context) -> Result<Vec<Event>, String> {
        let bytes = trimmed(&frame.bytes);
        if !bytes.starts_with(b"{") {
            return Err("not a JSON object".into());
        }
        let mut records = split(frame);
        if records.iter().all(|record| record.bytes == frame.bytes) {
            // One record, as the framer gives it out, or a batch that has none.
            let event = self.event(frame)?;
            let is_batch =
                |path: &str| path.starts_with("resourceLogs") || path.starts_with("resource_logs");
            return if event.attributes.iter().any(|(path, _)| is_batch(path)) {
                Err("a batch without a log record".into())
            } else {
                Ok(vec![event])
            };
        }
        // What is left of a broken one.
        let broken = records
            .pop_if(|rest| !rest.bytes.starts_with(b"{"))
            .is_some();
        let mut events = records
            .iter()
            .map(|record| self.event(record))
            .collect::<Result<Vec<_>, _>>()?;
        if let (true, Some(last)) = (broken, events.last_mut()) {
            add_note(last, "the batch it is in ends here, before its end");
        }
        Ok(events)
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.mapping.describe()
    }
}
