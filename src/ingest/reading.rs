//! From frames to events with identity, line and order: what every way of reading a generation shares.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::engine::sink::{Generation, Parsed};
use crate::event::{IdHasher, Order, Timestamp, Zone};
use crate::format::Registry;
use crate::format::{Context, Format, Frame};
use crate::text::count::number;

/// Parses the frames of one generation in order.
pub(super) struct Reading {
    registry: Arc<Registry>,
    format: Arc<dyn Format>,
    context: Context,
    source: Arc<str>,
    hasher: IdHasher,
    rank: i32,
    /// Time of the last dated event.
    last: Option<i64>,
    /// Oldest and newest time given out.
    pub(super) span: Option<(i64, i64)>,
}

impl Reading {
    pub(super) fn new(
        registry: &Arc<Registry>,
        format: &Arc<dyn Format>,
        generation: &Generation,
        zone: Zone,
    ) -> Self {
        Self {
            registry: registry.clone(),
            format: format.clone(),
            context: Context {
                reference: generation.reference,
                zone,
                header: generation.header.clone(),
            },
            source: generation.source.clone(),
            hasher: generation.id_hasher(),
            rank: generation.rank,
            last: None,
            span: None,
        }
    }

    /// The events of a frame. `first_line` = the 1-based line of the framer's start; `None` = not known yet.
    pub(super) fn parse(&mut self, frame: Frame, first_line: Option<u64>) -> Parsed {
        let mut events = self.registry.parse(&self.format, &frame, &self.context);
        for (sub, event) in events.iter_mut().enumerate() {
            let sub = sub as u32;
            if let Some(Timestamp(ts)) = event.ts {
                self.last = Some(ts);
                let (from, to) = self.span.unwrap_or((ts, ts));
                self.span = Some((from.min(ts), to.max(ts)));
            }
            event.id = self.hasher.id(frame.offset, sub, &frame.bytes);
            event.source = self.source.clone();
            event.line = first_line.map(|line| line + frame.line);
            event.order = Order {
                ts: self.last.unwrap_or(0),
                generation: self.rank,
                offset: frame.offset,
                sub,
            };
            event.raw = frame.bytes.clone();
            event.provisional = frame.open;
        }
        Parsed { frame, events }
    }

    /// Learns the time that undated events after this frame take.
    pub(super) fn look_back(&mut self, frame: &Frame) {
        let events = self.registry.parse(&self.format, frame, &self.context);
        if let Some(Timestamp(ts)) = events.iter().rev().find_map(|e| e.ts) {
            self.last = Some(ts);
        }
    }
}

/// Holds frames that were completed before an earlier one, so that they go on in the order of their offsets.
#[derive(Default)]
pub(super) struct InOrder {
    waiting: BTreeMap<u64, Frame>,
}

impl InOrder {
    pub(super) fn extend(&mut self, frames: &mut Vec<Frame>) {
        self.waiting.extend(frames.drain(..).map(|f| (f.offset, f)));
    }

    /// Takes out every frame that starts before `resume`: nothing earlier is still to come.
    pub(super) fn ready(&mut self, resume: u64) -> Vec<Frame> {
        let later = self.waiting.split_off(&resume);
        std::mem::replace(&mut self.waiting, later)
            .into_values()
            .collect()
    }

    /// What is complete but waits for an earlier one.
    pub(super) fn early(&self) -> impl Iterator<Item = &Frame> {
        self.waiting.values()
    }
}

/// What is said of a record that was not kept to its end; `lines` = line ends before the framer's start, where they are
/// known.
pub(super) fn too_long(path: &Path, frame: &Frame, lines: Option<u64>) -> Option<String> {
    let line = lines.map_or(String::new(), |lines| {
        format!(" line {}:", number(lines + frame.line + 1))
    });
    (frame.cut > 0).then(|| {
        format!(
            "{}:{line} the record is too long: its last {} bytes are neither kept nor searched",
            path.display(),
            number(frame.cut)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(offset: u64) -> Frame {
        Frame {
            offset,
            ..Frame::default()
        }
    }

    #[test]
    fn frames_leave_in_order_and_only_when_nothing_earlier_can_come() {
        let mut order = InOrder::default();
        order.extend(&mut vec![frame(10), frame(40)]);
        assert_eq!(order.ready(5).len(), 0);
        order.extend(&mut vec![frame(5)]);
        let offsets: Vec<u64> = order.ready(20).iter().map(|f| f.offset).collect();
        assert_eq!(offsets, [5, 10]);
        assert_eq!(order.early().count(), 1);
    }
}
