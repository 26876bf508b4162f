//! Reads the numbers of records that are numbered but not chained.

use crate::chain::{Record, Sequence, Serial};
use crate::event::Timestamp;
use crate::format::event_key;

/// Gives a record's number to what follows them.
pub(super) fn feed(sequence: &mut Sequence, record: &Record<'_>) {
    if !sequence.is_of_serials() {
        sequence.line(record);
        return;
    }
    // All lines of an event have its serial.
    let key = event_key(record.bytes);
    let serial = key.as_ref().and_then(|key| {
        let (secs, nanos, number) = key.time()?;
        Some(Serial {
            node: key.node,
            kind: key.kind,
            number,
            ts: Timestamp::from_secs(secs, nanos),
        })
    });
    sequence.serial(record, serial);
}
