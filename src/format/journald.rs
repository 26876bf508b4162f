//! The systemd journal as `journalctl -o json` prints it: every value a string, a field that occurs twice an array.
//!
//! What sshd, sudo and their like say in `MESSAGE` is read as in syslog, what came from the kernel's audit as auditd's log.
//! Source: <https://systemd.io/JOURNAL_EXPORT_FORMATS/>.

use super::auditd::Auditd;
use super::mapped::Table;
use super::{Context, Format, Frame, syslog};
use crate::event::{Attributes, Event, Kind};

pub(super) const JOURNALD: Table = Table {
    id: "journald",
    title: "systemd journal (journalctl -o json, -o export)",
    version: 4,
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
        // Whom logind speaks of.
        ("actor", &["USER_ID"]),
        ("action", &["SYSLOG_IDENTIFIER", "_COMM", "_TRANSPORT"]),
        ("target", &["UNIT", "USER_UNIT", "_SYSTEMD_UNIT", "_EXE"]),
        ("host", &["_HOSTNAME"]),
        (
            "session",
            &[
                "SESSION_ID",
                "_AUDIT_SESSION",
                // One start of a unit: what the manager says of it, and what it says itself.
                "INVOCATION_ID",
                "USER_INVOCATION_ID",
                "_SYSTEMD_INVOCATION_ID",
            ],
        ),
        ("severity", &["PRIORITY"]),
        ("message", &["MESSAGE"]),
    ],
    finish,
    ..Table::EMPTY
};

fn finish(event: &mut Event, leaves: &Attributes) {
    read_said(event, leaves);
    // Who logged in, where the message names nobody.
    if event.actor.is_none() {
        let login = leaves.get("_AUDIT_LOGINUID");
        event.actor = login.filter(|uid| *uid != UNSET).map(str::to_owned);
    }
}

/// The login id of what no person started.
const UNSET: &str = "4294967295";

fn read_said(event: &mut Event, leaves: &Attributes) {
    // Bytes that are no text come as an array of numbers; a text of digits is a string.
    let bytes = leaves.all("MESSAGE").map(|value| match value.kind {
        Kind::Num => value.text.parse::<u8>().ok(),
        _ => None,
    });
    if let Some(bytes) = bytes.collect::<Option<Vec<u8>>>()
        && !bytes.is_empty()
    {
        event.message = Some(super::record::lossy(&bytes).into_owned());
    }
    let Some(said) = event.message.clone() else {
        return;
    };
    if leaves.get("_TRANSPORT") == Some("audit") {
        read_audit(event, leaves, &said);
    } else if let Some(program) = leaves.get("SYSLOG_IDENTIFIER").or(leaves.get("_COMM")) {
        syslog::read_message(program, leaves.get("_PID"), &said, event);
    }
}

/// The types of audit records that tell of people, for journals that keep the number alone.
const TYPES: [(&str, &str); 12] = [
    ("1100", "USER_AUTH"),
    ("1101", "USER_ACCT"),
    ("1103", "CRED_ACQ"),
    ("1104", "CRED_DISP"),
    ("1105", "USER_START"),
    ("1106", "USER_END"),
    ("1112", "USER_LOGIN"),
    ("1113", "USER_LOGOUT"),
    ("1123", "USER_CMD"),
    ("1130", "SERVICE_START"),
    ("1131", "SERVICE_STOP"),
    ("1300", "SYSCALL"),
];

/// The journal keeps type, time and serial of an audit record in fields of their own: put together again, it is a line of
/// auditd's log.
fn read_audit(event: &mut Event, leaves: &Attributes, said: &str) {
    let (first, rest) = said.split_once(' ').unwrap_or((said, ""));
    let number = leaves.get("_AUDIT_TYPE").unwrap_or_default();
    let known = TYPES.iter().find(|(n, _)| *n == number);
    let kind = leaves
        .get("_AUDIT_TYPE_NAME")
        .or(known.map(|(_, name)| *name))
        .unwrap_or(first);
    // Older journals begin the text with `<audit-1112>`.
    let body = if first == kind || first.contains("audit") {
        rest
    } else {
        said
    };
    let ms = event.ts.map_or(0, |ts| ts.0 / 1_000_000);
    let serial = leaves.get("_AUDIT_ID").unwrap_or("0");
    let line = format!(
        "type={kind} msg=audit({}.{:03}:{serial}): {body}",
        ms.div_euclid(1000),
        ms.rem_euclid(1000),
    );
    let frame = Frame {
        bytes: line.into(),
        ..Frame::default()
    };
    let Ok(Some(read)) = Auditd
        .parse(&frame, &Context::default())
        .map(|events| events.into_iter().next())
    else {
        return;
    };
    event.actor = read.actor;
    event.action = read.action;
    event.target = read.target.or(event.target.take());
    event.outcome = read.outcome;
    event.reason = read.reason;
    event.ip = read.ip;
    event.session = read.session.or(event.session.take());
}
