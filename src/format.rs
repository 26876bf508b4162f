//! Formats: how a source's bytes are cut into frames and how a frame becomes events. One format = one file.

mod auditd;
mod azure_activity;
mod cef;
mod cloudtrail;
mod cloudtrail_digest;
mod cloudtrail_insight;
mod column;
mod csv;
mod draft;
mod ecs;
mod entra;
mod envelope;
mod flatten;
mod framer;
mod gcp_audit;
mod github;
mod gitlab;
mod google_workspace;
mod guess;
mod hoop;
mod journald;
mod journald_export;
mod json;
mod k8s_audit;
mod keycloak;
mod layout;
mod leaves_at;
mod leef;
mod logfmt;
mod m365;
mod mapped;
mod mapping;
mod mariadb;
mod mysql;
mod ocsf;
mod okta;
mod otlp;
mod own;
mod pipe_header;
mod postgres;
mod record;
mod registry;
mod sample;
mod several;
mod slack;
mod syslog;
mod teleport;
mod text;
mod time_layout;
mod vault;
mod windows_event;
mod zone_names;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::event::{Event, Timestamp, Zone};

pub use draft::Draft;
pub(crate) use framer::event_key;
pub use framer::is_around_records;
pub(crate) use leaves_at::leaves_at;
pub use mapping::FILLED;
pub use own::{Misfit, Spec};
pub(crate) use record::trimmed;
pub use registry::Registry;
pub use sample::Sample;

/// The JSON formats that are tables, most specific first.
const TABLES: &[&mapped::Table] = &[
    &cloudtrail_digest::CLOUDTRAIL_DIGEST,
    &cloudtrail_insight::CLOUDTRAIL_INSIGHT,
    &vault::VAULT,
    &gcp_audit::GCP_AUDIT,
    &entra::ENTRA,
    &azure_activity::AZURE_ACTIVITY,
    &m365::M365,
    &github::GITHUB,
    &gitlab::GITLAB,
    &okta::OKTA,
    &google_workspace::GOOGLE_WORKSPACE,
    &slack::SLACK,
    &teleport::TELEPORT,
    &keycloak::KEYCLOAK,
    &hoop::HOOP,
    &journald::JOURNALD,
    &mysql::MYSQL,
    &ecs::ECS,
    &ocsf::OCSF,
    &windows_event::WINDOWS_EVENT,
];

/// Bytes of one frame that are kept; what is longer is cut and says so (`Frame::cut`).
pub const FRAME_LIMIT: usize = 4 << 20;

/// The byte ranges of one record, with the bytes read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Decompressed offset of the record's first byte.
    pub offset: u64,
    /// Offset just after the record's last byte (its line end not counted).
    pub end: u64,
    /// Byte ranges after the first, for records interleaved with others (auditd). Empty = contiguous.
    pub more: Vec<Range<u64>>,
    /// Lines before this frame, counted from where the framer started (0-based).
    pub line: u64,
    /// The record's bytes without the final line end, at most [`FRAME_LIMIT`]; interleaved lines are joined by LF.
    pub bytes: Bytes,
    /// How many bytes were left out because the record is longer than [`FRAME_LIMIT`].
    pub cut: u64,
    /// More of this record may still arrive (only from [`Framer::open`] and [`Framer::finish`]).
    pub open: bool,
}

/// Cuts a stream of bytes into frames. Holds at most [`FRAME_LIMIT`] bytes per open record, and a bounded number
/// of open records.
pub trait Framer: Send {
    /// Takes the next bytes of the stream, appends every frame that is now complete. Frames come in order of
    /// `offset` wherever the format allows it (auditd: in order of completion).
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Frame>);

    /// What is open now, marked so, without closing it: shown as provisional at a live end.
    fn open(&self) -> Vec<Frame>;

    /// The stream ends here: everything still open is closed. A last line without LF is a frame, marked `open`.
    fn finish(&mut self, out: &mut Vec<Frame>);

    /// Smallest offset of any byte not yet given out in a complete frame: reading again from here (with the
    /// format's [`Format::lookback`]) loses nothing. Frames after it that were complete are given out again.
    fn resume_offset(&self) -> u64;
}

/// What a parser may know beside the frame.
#[derive(Clone, Debug)]
pub struct Context {
    /// Times without a year are placed at or before this moment (the file's mtime).
    pub reference: Timestamp,
    /// Zone of times that name none.
    pub zone: Zone,
    /// What stands at the head of the source that its records cannot be read without (see [`Format::header`]).
    pub header: Option<Arc<str>>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            reference: Timestamp(i64::MAX / 2),
            zone: Zone::Utc,
            header: None,
        }
    }
}

/// How sure a format is that a sample is its own: 0 = no; 1-49 = could be read generically; 50-100 = it is.
pub type Score = u8;

/// A way to read one kind of log.
pub trait Format: Send + Sync {
    /// Stable id as shown in `auditty formats` (`k8s-audit`).
    fn id(&self) -> &str;

    /// What an index keeps to find the format again: the id, and what its records come in (`k8s-audit in docker`).
    fn key(&self) -> String {
        self.id().to_owned()
    }

    /// A few words for people (`Kubernetes API server audit`).
    fn title(&self) -> &str;

    /// Raised when parsing changes, so that sources read by an older version are read again.
    fn version(&self) -> u32;

    /// How well the head of a source fits.
    fn sniff(&self, sample: &Sample<'_>) -> Score;

    /// A framer that starts at decompressed `offset`, which must be the start of a line or 0.
    fn framer(&self, offset: u64) -> Box<dyn Framer>;

    /// Whether framing may start at any line start. If not, a file is read from 0 (JSON documents over many lines).
    fn splittable(&self) -> bool {
        true
    }

    /// How many bytes before a position a record that still goes on there may have begun (0: records are lines).
    /// To read from a position on, start a framer that much earlier at a line start and drop the frames whose
    /// `offset` is before the position: the rest are exactly those of a reading from the start.
    fn lookback(&self) -> u64 {
        0
    }

    /// What every record of a source that begins so is read with: the column names of a table. `None` for most.
    fn header(&self, head: &[u8]) -> Option<String> {
        let _ = head;
        None
    }

    /// Turns a frame into 1..n events; fills the normalised fields, `attributes` and `note`. What does not parse
    /// returns `Err` with the reason, in words; the caller then makes it an event all the same.
    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String>;

    /// Which path each normalised field is read from, for `formats show`.
    fn mapping(&self) -> Vec<(&'static str, String)>;
}

/// The id of a format in its [`Format::key`].
pub fn id_of(key: &str) -> &str {
    key.split_once(envelope::IN).map_or(key, |(id, _)| id)
}

/// A format chosen for a sample, with the runners-up.
#[derive(Clone)]
pub struct Detection {
    pub format: Arc<dyn Format>,
    pub score: Score,
    /// Every other format that scored above 0, best first.
    pub others: Vec<(Arc<dyn Format>, Score)>,
}
