//! Syslog as it lies on disk or comes over the wire: RFC 3164 with and without priority, rsyslog's ISO 8601 variant,
//! RFC 5424; the lines of sshd, sudo, su, PAM and the account tools are read further.

mod header;
mod program;

pub(super) use header::Header;
pub(super) use program::read as read_message;

use super::framer::{LineFramer, LineKind, MULTILINE_SPAN, MultilineFramer};
use super::layout::{first_records, score_share};
use super::record::{described, event_of, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Event, Kind, Severity};

pub(super) struct Syslog;

impl Format for Syslog {
    fn id(&self) -> &str {
        "syslog"
    }

    fn title(&self) -> &str {
        "Syslog (RFC 3164, RFC 5424, rsyslog), with sshd and sudo"
    }

    fn version(&self) -> u32 {
        3
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let mut lines = first_records(Box::new(LineFramer::new(0)), sample.bytes());
        // The rest of a message that began before says nothing either way.
        lines.retain(|line| kind(&line.bytes) == LineKind::Begins);
        score_share(&lines, 85, |line| {
            let text = lossy(trimmed(&line.bytes));
            Header::read(&text, &Context::default()).is_some_and(|h| h.is_certain())
        })
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(MultilineFramer::new(offset, kind))
    }

    fn lookback(&self) -> u64 {
        MULTILINE_SPAN
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let mut event = event_of(frame);
        let text = lossy(trimmed(&frame.bytes));
        let header = Header::read(&text, context).ok_or("no syslog header")?;
        event.ts = header.ts;
        event.host = header.host.map(str::to_owned);
        event.severity = header
            .severity
            .or(header.priority.and_then(|p| Severity::from_code(p & 7)));
        // A MSGID names the kind of message, unless it is a mere number.
        let kind = header
            .message_id
            .filter(|id| id.contains(char::is_alphabetic));
        event.action = kind.or(header.app).map(str::to_owned);
        event.message = Some(header.message.to_owned());
        let attributes = &mut event.attributes;
        let mut put = |path: &str, value: Option<&str>| {
            if let Some(value) = value {
                attributes.push_str(path, value);
            }
        };
        put("hostname", header.host);
        put("app", header.app);
        put("msgid", header.message_id);
        put("facility", header.priority.and_then(facility));
        if let Some(pid) = header.pid {
            let number = pid.bytes().all(|b| b.is_ascii_digit());
            attributes.push("pid", if number { Kind::Num } else { Kind::Str }, pid);
        }
        if let Some(priority) = header.priority {
            attributes.push("pri", Kind::Num, &priority.to_string());
        }
        for (path, value) in header.structured_data() {
            attributes.push_str(&path, &value);
        }
        if let Some(app) = header.app {
            program::read(app, header.pid, header.message, &mut event);
        }
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            (
                "ts",
                "the header's time; without a year: the latest one not after the file's",
            ),
            (
                "actor",
                "sshd, sudo, su, cron, PAM: the user of the message",
            ),
            (
                "action",
                "sshd, sudo, PAM and account tools: the message's own verb; else MSGID, else the app",
            ),
            (
                "target",
                "sshd: the host; sudo and cron: COMMAND; PAM and account tools: the account",
            ),
            ("outcome", "the message's words"),
            ("reason", "the message's words, where it failed"),
            ("ip", "from, rhost"),
            ("host", "HOSTNAME"),
            ("session", "sshd: the connection's process, app[pid]"),
            ("severity", "PRI & 7, or a level in the header"),
            ("message", "MSG"),
        ])
    }
}

/// Indented lines go on with a message of several lines, as macOS and the daemons of ChromeOS write them.
fn kind(line: &[u8]) -> LineKind {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        LineKind::Continues
    } else {
        LineKind::Begins
    }
}

/// RFC 5424, table 1.
fn facility(priority: u8) -> Option<&'static str> {
    const NAMES: [&str; 24] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
        "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2",
        "local3", "local4", "local5", "local6", "local7",
    ];
    NAMES.get(usize::from(priority >> 3)).copied()
}
