//! Logs made up for tests, and the events that reading them must give.

use std::collections::BTreeMap;
use std::sync::Arc;

use auditty::engine::Hit;
use auditty::engine::sink::{Generation, Parsed};
use auditty::event::{Event, Order, Timestamp, Zone};
use auditty::format::{Context, Frame, Registry};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// 2026-03-01T10:00:00Z.
pub(crate) const START: i64 = 1_772_359_200;

/// A time `tenths` of a second after [`START`].
pub(crate) fn time(tenths: u64) -> Timestamp {
    Timestamp::from_secs(
        START + (tenths / 10) as i64,
        (tenths % 10) as u32 * 100_000_000,
    )
    .unwrap()
}

/// A line that carries its own number, by which it is found again.
pub(crate) fn line(n: u64) -> String {
    let record = json!({
        "ts": time(n).rfc3339(),
        "n": n,
        "user": format!("user{}", n % 7),
        "action": if n.is_multiple_of(3) { "delete" } else { "list" },
        "outcome": if n.is_multiple_of(5) { "failure" } else { "success" },
        "msg": format!("request number {n}"),
    });
    format!("{record}\n")
}

/// The lines of some numbers, one after the other.
pub(crate) fn lines(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(line).collect()
}

/// The numbers of the lines that hits were read from, in their order.
pub(crate) fn numbers(hits: &[Hit]) -> Vec<u64> {
    let number = |hit: &Hit| -> Option<u64> { hit.event.attributes.get("n")?.parse().ok() };
    hits.iter().filter_map(number).collect()
}

/// Chained lines: `hash` is the SHA-256 of the record without it, keys sorted, compact; `prev_hash` the `hash` before.
pub(crate) fn chained(count: u64) -> Vec<String> {
    let mut head = "0".repeat(64);
    (0..count)
        .map(|n| {
            let mut record: BTreeMap<&str, Value> = BTreeMap::from([
                ("seq", json!(n)),
                ("n", json!(n)),
                ("ts", json!(time(n).rfc3339())),
                ("actor", json!(format!("user{}", n % 3))),
                ("action", json!("change")),
                ("prev_hash", json!(head)),
            ]);
            let text = serde_json::to_string(&record).unwrap();
            let digest = Sha256::digest(text.as_bytes());
            head = digest.iter().map(|b| format!("{b:02x}")).collect();
            record.insert("hash", json!(head));
            serde_json::to_string(&record).unwrap() + "\n"
        })
        .collect()
}

/// What reading `text` as the whole of a generation gives, by the format's own framer and parser.
pub(crate) fn parse(generation: &Generation, text: &str, registry: &Registry) -> Vec<Parsed> {
    let format = registry
        .get_for(&generation.format, text.as_bytes())
        .unwrap();
    let mut framer = format.framer(0);
    let mut frames: Vec<Frame> = Vec::new();
    framer.push(text.as_bytes(), &mut frames);
    framer.finish(&mut frames);
    frames.sort_by_key(|frame| frame.offset);
    let context = Context {
        reference: generation.reference,
        zone: Zone::Utc,
        ..Context::default()
    };
    let hasher = generation.id_hasher();
    let mut last = 0;
    let mut parsed = Vec::new();
    for mut frame in frames {
        frame.open = false;
        let mut events = registry.parse(&format, &frame, &context);
        for (sub, event) in events.iter_mut().enumerate() {
            let sub = sub as u32;
            last = event.ts.map_or(last, |ts| ts.0);
            event.id = hasher.id(frame.offset, sub, &frame.bytes);
            event.source = generation.source.clone();
            event.line = Some(frame.line + 1);
            event.order = Order {
                ts: last,
                generation: generation.rank,
                offset: frame.offset,
                sub,
            };
            event.raw = frame.bytes.clone();
        }
        parsed.push(Parsed { frame, events });
    }
    parsed
}

/// The events alone.
pub(crate) fn events(parsed: &[Parsed]) -> impl Iterator<Item = Arc<Event>> {
    parsed
        .iter()
        .flat_map(|p| p.events.iter().cloned().map(Arc::new))
}
