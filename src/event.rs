//! One audit event: who did what to what, when, with which result, and the record it was read from.

mod attributes;
pub mod field;
mod id;
pub mod time;
pub mod verdict;
pub mod zone;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

pub use attributes::{Attributes, Kind, LONGEST_PATH, Value};
pub use id::{EventId, IdHasher};
pub use time::Timestamp;
pub use verdict::{BreakKind, Level, Verdict};
pub use zone::Zone;

/// One audit event. The normalised fields are filled by a `Format`; identity, order, `source` and `format`
/// by the ingest pipeline that knows where the bytes came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Stable identity, unchanged by rename, compression or deletion of the cache.
    pub id: EventId,
    /// When it happened, never when it was read; `None` if the record does not say.
    pub ts: Option<Timestamp>,
    /// The principal as a person would type it.
    pub actor: Option<String>,
    /// What was done, in the source's own word.
    pub action: Option<String>,
    /// What it was done to.
    pub target: Option<String>,
    pub outcome: Outcome,
    /// The code or text behind the outcome (`403`, `AccessDenied`).
    pub reason: Option<String>,
    /// Where the request came from: addresses only, no port, no brackets.
    pub ip: Vec<IpAddr>,
    /// Machine or cluster that recorded it.
    pub host: Option<String>,
    /// Request, session or audit id that ties events together.
    pub session: Option<String>,
    pub severity: Option<Severity>,
    /// One line a person can read, only where the record itself holds one.
    pub message: Option<String>,
    /// Id of the format that read it (`k8s-audit`, `text`, …).
    pub format: Arc<str>,
    /// Display path of the rotated set (or `stdin`) it was read from.
    pub source: Arc<str>,
    /// First line of the frame in its file, 1-based; `None` where a source has no lines.
    pub line: Option<u64>,
    /// Every leaf of the record by its own path.
    pub attributes: Attributes,
    /// The frame exactly as read (cut at the frame limit; see `note`).
    pub raw: Bytes,
    /// Where it stands in the total order of all events.
    pub order: Order,
    /// More may still arrive for this record (an auditd event before its end record).
    pub provisional: bool,
    /// The bytes it was read from are no longer in its source.
    pub gone: bool,
    /// What is wrong with the record, in words: why it could not be parsed, what was cut. `None` = nothing.
    pub note: Option<String>,
}

/// Position of an event in the one order used everywhere: time, then source, generation, offset, sub-index.
/// The source itself is [`Event::source`]; compare whole keys with [`SortKey`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Order {
    /// Effective time in nanoseconds: the event's own, else that of the previous dated event of its source.
    pub ts: i64,
    /// Rank of the generation inside its rotated set; older is smaller, may be negative.
    pub generation: i32,
    /// Decompressed byte offset of the frame in its generation.
    pub offset: u64,
    /// Index of the event within its frame.
    pub sub: u32,
}

/// The total order of events as one comparable value; also the paging cursor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    pub source: Arc<str>,
    pub order: Order,
}

impl SortKey {
    fn parts(&self) -> (i64, &str, i32, u64, u32) {
        let o = &self.order;
        (o.ts, &self.source, o.generation, o.offset, o.sub)
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Event {
    /// The event's place in the total order.
    pub fn sort_key(&self) -> SortKey {
        SortKey {
            source: self.source.clone(),
            order: self.order,
        }
    }

    /// A one-line summary: the record's own message, else "actor action target".
    pub fn summary(&self) -> String {
        if let Some(message) = &self.message {
            return message.clone();
        }
        let parts: Vec<&str> = [&self.actor, &self.action, &self.target]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if parts.is_empty() {
            String::from_utf8_lossy(&self.raw).into_owned()
        } else {
            parts.join(" ")
        }
    }
}

/// With which result something was done. Denied counts as failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    Success,
    Failure,
    #[default]
    Unknown,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Syslog's eight severities (RFC 5424, table 2), most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Severity {
    pub const ALL: [Self; 8] = [
        Self::Emerg,
        Self::Alert,
        Self::Crit,
        Self::Err,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    /// From syslog's numeric code, 0 (emergency) to 7 (debug).
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// From any of the usual spellings, in any case (`error`, `WARN`, `critical`, …).
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "emerg" | "emergency" | "panic" => Self::Emerg,
            "alert" => Self::Alert,
            "crit" | "critical" | "fatal" => Self::Crit,
            "err" | "error" | "severe" => Self::Err,
            "warning" | "warn" => Self::Warning,
            "notice" => Self::Notice,
            "info" | "information" | "informational" => Self::Info,
            "debug" | "trace" | "verbose" => Self::Debug,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Err => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
