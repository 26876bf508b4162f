//! Every format in one table; which one fits a source; reading a frame without ever losing it.

use std::collections::HashMap;
use std::sync::Arc;

use super::TABLES;
use super::auditd::Auditd;
use super::cef::Cef;
use super::cloudtrail::CloudTrail;
use super::column::InColumn;
use super::csv::Csv;
use super::guess::Guess;
use super::journald_export::JournaldExport;
use super::json::Json;
use super::k8s_audit::K8sAudit;
use super::layout::Layout;
use super::leef::Leef;
use super::logfmt::Logfmt;
use super::mapped::Mapped;
use super::mapping::{fits, telling};
use super::mariadb::MariaDb;
use super::otlp::Otlp;
use super::postgres::Postgres;
use super::record::{add_note, event_of, lossy, trimmed};
use super::sample::Sample;
use super::syslog::Syslog;
use super::text::Text;
use super::{Context, Detection, Format, Frame, Spec, envelope, own};
use crate::event::Event;

/// A frame that its source's format cannot read is given to the others; one this sure may read it.
const REREAD_SCORE: u8 = 40;

/// Most bytes of a frame that are looked at to find another format for it.
const SAMPLE: usize = 64 << 10;

/// How records begin that may stand between lines of text, as those of a server that prints its audit log beside its
/// other messages.
const RECORD_STARTS: [&[u8]; 5] = [b"{", b"type=", b"node=", b"CEF:", b"LEEF:"];

/// How records of the JSON formats that are no table are known, by id (see [`fits`]).
const KNOWN_BY: [(&str, &[&str]); 2] = [
    (
        "k8s-audit",
        &[
            "auditID stage",
            "auditID requestURI",
            "auditID verb",
            "verb objectRef.",
        ],
    ),
    (
        "cloudtrail",
        &[
            "eventName eventSource awsRegion",
            "eventName eventSource userIdentity.",
            "eventName eventSource eventVersion",
        ],
    ),
];

/// A format by its id, and conditions on the leaves of its records.
type Known = (&'static str, &'static str);

/// All formats, most specific first. A JSON format is there once for each layout (lines, document), under one id.
pub struct Registry {
    formats: Vec<Arc<dyn Format>>,
    ids: HashMap<String, Arc<str>>,
    text: Arc<dyn Format>,
    /// How records of the JSON formats are known, by a path that each has, in lower case.
    known: HashMap<String, Vec<Known>>,
}

/// Whether a person or an index means this format: `json` is `json~`, too.
fn is_called(format: &dyn Format, id: &str) -> bool {
    format.id() == id || format.id().strip_suffix('~') == Some(id)
}

impl Registry {
    /// The formats that come with the program.
    pub fn builtin() -> Self {
        Self::with(&[])
    }

    /// Formats of a configuration, then those that come with the program. One that fails [`Spec::check`] is left out.
    pub fn with(own: &[Spec]) -> Self {
        let guess = Arc::new(Guess::default());
        let own = own.iter().flat_map(|spec| own::readers(spec, &guess));
        let own = own.flatten().collect();
        Self::new(own, guess)
    }

    fn new(own: Vec<Arc<dyn Format>>, guess: Arc<Guess>) -> Self {
        let text: Arc<dyn Format> = Arc::new(Text);
        let mut formats = own;
        formats.extend([
            Arc::new(K8sAudit(Layout::Lines)) as Arc<dyn Format>,
            Arc::new(K8sAudit(Layout::Document)),
            Arc::new(CloudTrail(Layout::Lines)),
            Arc::new(CloudTrail(Layout::Document)),
            // Before the table, since it reads the records in JSON too.
            Arc::new(JournaldExport::new()),
        ]);
        for table in TABLES {
            // First, since it reads the others' records too.
            if let Some(column) = table.column {
                formats.push(Arc::new(InColumn::new(table, column)));
            }
            for layout in [Layout::Lines, Layout::Document] {
                formats.push(Arc::new(Mapped::new(table, layout)));
            }
        }
        for shape in Postgres::ALL {
            formats.push(Arc::new(shape));
        }
        formats.extend([
            Arc::new(Otlp::new(Layout::Lines)) as Arc<dyn Format>,
            Arc::new(Otlp::new(Layout::Document)),
            Arc::new(Auditd),
            Arc::new(MariaDb),
            Arc::new(Cef::new()),
            Arc::new(Leef::new()),
            Arc::new(Syslog),
            Arc::new(Csv::new(guess.clone())),
            Arc::new(Logfmt::new(guess.clone())),
            Arc::new(Json::new(Layout::Lines, guess.clone())),
            Arc::new(Json::new(Layout::Document, guess)),
            text.clone(),
        ]);
        let ids = formats
            .iter()
            .map(|f| (f.id().to_owned(), f.id().into()))
            .collect();
        let tables = TABLES.iter().map(|table| (table.id, table.known_by));
        let mut known: HashMap<String, Vec<Known>> = HashMap::new();
        for (id, sets) in KNOWN_BY.into_iter().chain(tables) {
            for conditions in sets {
                let known = known.entry(telling(conditions)).or_default();
                known.push((id, conditions));
            }
        }
        Self {
            formats,
            ids,
            text,
            known,
        }
    }

    /// One format for every id, in table order.
    pub fn all(&self) -> Vec<Arc<dyn Format>> {
        let mut all: Vec<Arc<dyn Format>> = Vec::new();
        for format in &self.formats {
            if !all.iter().any(|f| f.id() == format.id()) {
                all.push(format.clone());
            }
        }
        all
    }

    /// The format of this id; of a JSON format, the one for records that are lines (see [`Self::get_for`]).
    pub fn get(&self, id: &str) -> Option<Arc<dyn Format>> {
        let bare = |id: &str| self.formats.iter().find(|f| is_called(&***f, id)).cloned();
        bare(id).or_else(|| envelope::find(id, bare))
    }

    /// The format of this id in the layout the head of a source shows: the one to use for a source whose format
    /// is known by name (from the command line, or from an index).
    pub fn get_for(&self, id: &str, sample: &[u8]) -> Option<Arc<dyn Format>> {
        let named = self.formats.iter().filter(|f| is_called(&***f, id));
        let sample = Sample::new(sample);
        let mut best: Option<(&Arc<dyn Format>, u8)> = None;
        for format in named {
            let score = format.sniff(&sample);
            if best.is_none_or(|(_, other)| score > other) {
                best = Some((format, score));
            }
        }
        if best.is_none_or(|(_, score)| score < REREAD_SCORE) {
            // Named, but not as it stands there: maybe as it stands inside.
            let inside = self.detect(sample.bytes()).format;
            if is_called(&*inside, id) || inside.key() == id {
                return Some(inside);
            }
        }
        best.map(|(format, _)| format.clone())
            .or_else(|| self.get(id))
    }

    /// The conditions on a record's paths of which one has to hold for it to be of a JSON format; none for others.
    pub fn known_by(&self, id: &str) -> Vec<&'static str> {
        let tables = TABLES.iter().map(|table| (table.id, table.known_by));
        let mut sets = KNOWN_BY.into_iter().chain(tables);
        let found = sets.find(|(known, _)| *known == id);
        found.map_or_else(Vec::new, |(_, conditions)| conditions.to_vec())
    }

    /// Which format reads a source, by its content alone. `sample` is up to 64 KiB from the start of a record.
    /// There is always an answer: plain text fits everything, with score 1.
    pub fn detect(&self, sample: &[u8]) -> Detection {
        let outer = self.detect_bare(sample);
        let inside = envelope::detect(&Sample::new(sample), &outer, |s| self.detect_bare(s));
        inside.unwrap_or(outer)
    }

    /// The same for records that are in no envelope.
    fn detect_bare(&self, sample: &[u8]) -> Detection {
        let sample = Sample::new(sample);
        let mut scored: Vec<(Arc<dyn Format>, u8)> = self
            .formats
            .iter()
            .map(|f| (f.clone(), f.sniff(&sample)))
            .filter(|(_, score)| *score > 0)
            .collect();
        // Stable: among equals the table's order decides.
        scored.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        let mut scored = scored.into_iter();
        let (format, score) = scored.next().unwrap_or_else(|| (self.text.clone(), 1));
        Detection {
            format,
            score,
            others: scored.collect(),
        }
    }

    /// The events of a frame, at least one. If `chosen` cannot read it, or takes it for mere text, another format that
    /// fits this very frame does (a source may change half way); else it becomes an event of format `text`, whose note
    /// says why if another format was chosen.
    ///
    /// Sets `format`, `raw` and `note`; id, source, line and order are the caller's.
    pub fn parse(&self, chosen: &Arc<dyn Format>, frame: &Frame, context: &Context) -> Vec<Event> {
        let (mut events, id) = match chosen.parse(frame, context) {
            Ok(events) if !events.is_empty() => self
                .of_a_record(chosen, frame)
                .and_then(|()| self.parse_otherwise(chosen, frame, context))
                .or_else(|| self.parse_known(chosen, frame, context, &events))
                .unwrap_or_else(|| (events, self.interned(&**chosen))),
            failed => {
                let reason = failed.err().unwrap_or_else(|| "holds no event".into());
                self.parse_otherwise(chosen, frame, context)
                    .unwrap_or_else(|| self.parse_as_text(frame, context, &reason))
            }
        };
        for event in &mut events {
            event.format = id.clone();
            if frame.cut > 0 {
                add_note(event, &format!("{} bytes more were not kept", frame.cut));
            }
            if event.attributes.is_full() {
                add_note(
                    event,
                    "not all of its fields were kept, since they take up too much",
                );
            }
        }
        events
    }

    fn interned(&self, format: &dyn Format) -> Arc<str> {
        let known = self.ids.get(format.id()).cloned();
        known.unwrap_or_else(|| format.id().into())
    }

    /// `Some` if a line of what is read as text looks like a record of something else.
    fn of_a_record(&self, chosen: &Arc<dyn Format>, frame: &Frame) -> Option<()> {
        if chosen.id() != self.text.id() {
            return None;
        }
        let head = &frame.bytes[..frame.bytes.len().min(SAMPLE)];
        let inside = envelope::contents(&chosen.key(), head);
        let record = trimmed(inside.as_deref().unwrap_or(head));
        let starts = RECORD_STARTS.iter().any(|start| record.starts_with(start));
        starts.then_some(())
    }

    /// What was read by a guess, by the format that has a reader for it: a file may begin otherwise.
    fn parse_known(
        &self,
        chosen: &Arc<dyn Format>,
        frame: &Frame,
        context: &Context,
        guessed: &[Event],
    ) -> Option<(Vec<Event>, Arc<str>)> {
        if chosen.id() != Json::ID {
            return None;
        }
        let leaves = &guessed.first()?.attributes;
        let mut path = String::new();
        // Most leaves are of no such path: trying all conditions on every record would cost more than reading it.
        let mut id_by = |at: &str| {
            path.clear();
            path.push_str(at);
            path.make_ascii_lowercase();
            let parent = path.rfind('.').map(|dot| &path[..=dot]);
            let paths = [Some(&*path), parent].into_iter().flatten();
            let mut known = paths.filter_map(|path| self.known.get(path)).flatten();
            known.find(|(_, conditions)| fits(conditions, leaves))
        };
        let (id, _) = leaves.iter().find_map(|(at, _)| id_by(at))?;
        // As it stands there its reader is known without sniffing by all.
        if chosen.key() == Json::ID {
            let format = self.get(id)?;
            let events = format.parse(frame, context).ok()?;
            return (!events.is_empty()).then(|| (events, self.interned(&*format)));
        }
        self.parse_otherwise(chosen, frame, context)
    }

    /// By the format that fits best beside the chosen one, if any does.
    fn parse_otherwise(
        &self,
        chosen: &Arc<dyn Format>,
        frame: &Frame,
        context: &Context,
    ) -> Option<(Vec<Event>, Arc<str>)> {
        let head = &frame.bytes[..frame.bytes.len().min(SAMPLE)];
        let outer = self.detect_bare(head);
        let inside = envelope::detect(&Sample::new(head), &outer, |s| self.detect_bare(s));
        let inside = inside.map(|found| (found.format, found.score));
        let fitting = inside.into_iter().chain([(outer.format, outer.score)]);
        let key = chosen.key();
        fitting
            .chain(outer.others)
            .filter(|(format, score)| {
                *score >= REREAD_SCORE && format.id() != self.text.id() && format.key() != key
            })
            .find_map(|(format, _)| {
                let events = format.parse(frame, context).ok()?;
                (!events.is_empty()).then(|| (events, self.interned(&*format)))
            })
    }

    fn parse_as_text(
        &self,
        frame: &Frame,
        context: &Context,
        reason: &str,
    ) -> (Vec<Event>, Arc<str>) {
        let mut events = self.text.parse(frame, context).unwrap_or_default();
        if events.is_empty() {
            let mut event = event_of(frame);
            event.message = Some(lossy(&frame.bytes).into_owned());
            events.push(event);
        }
        for event in &mut events {
            add_note(event, reason);
        }
        (events, self.interned(&*self.text))
    }
}
