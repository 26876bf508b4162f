//! The systemd journal as `journalctl -o json` prints it: every value a string, a field that occurs twice an array.
//!
//! What sshd, sudo and their like say in `MESSAGE` is read as in syslog.
//! Source: <https://systemd.io/JOURNAL_EXPORT_FORMATS/>.

use super::mapped::Table;
use super::syslog;
use crate::event::{Attributes, Event};

pub(super) const JOURNALD: Table = Table {
    id: "journald",
    title: "systemd journal (journalctl -o json)",
    known_by: &[
        "__REALTIME_TIMESTAMP __CURSOR",
        "__REALTIME_TIMESTAMP MESSAGE",
        "__CURSOR _BOOT_ID",
    ],
    fields: &[
        (
            "ts",
            &["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"],
        ),
        ("action", &["SYSLOG_IDENTIFIER", "_COMM", "_TRANSPORT"]),
        ("target", &["UNIT", "_SYSTEMD_UNIT", "_EXE"]),
        ("host", &["_HOSTNAME"]),
        ("severity", &["PRIORITY"]),
        ("message", &["MESSAGE"]),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    // Bytes that are no text come as an array of numbers.
    let bytes: Option<Vec<u8>> = leaves.all("MESSAGE").map(|v| v.text.parse().ok()).collect();
    if let Some(bytes) = bytes.filter(|bytes| bytes.len() > 1) {
        event.message = Some(super::record::lossy(&bytes).into_owned());
    }
    if let Some(said) = event.message.clone()
        && let Some(program) = leaves.get("SYSLOG_IDENTIFIER").or(leaves.get("_COMM"))
    {
        syslog::read_message(program, leaves.get("_PID"), &said, event);
    }
}
