//! A starting point for a format of one's own, made from the head of a log: which fields there are, where they come
//! from, which words they use. What comes out is a [`Spec`] with remarks, and [`Draft::toml`] writes both as the
//! configuration reads them.
//!
//! For JSON and logfmt it says what the guess says, for other lines it derives a pattern first. A field whose sources
//! cannot say what the guess reads in every sampled record is left to the guess, so reading by a draft is never worse.

mod fields;
mod known;
mod parts;
mod pattern;
mod seen;
#[cfg(test)]
mod tests;
mod times;
mod write;

use std::sync::Arc;

use super::guess::Guess;
use super::layout::Layout;
use super::own::{self, Misfit, Reads, Spec};
use super::record::{lossy, trimmed};
use super::{Context, Format, Frame, Registry, envelope};
use crate::event::Event;
use fields::FieldDraft;
use seen::Seen;

/// Bytes from the head of a log that are looked at.
const HEAD: usize = 1 << 20;

/// Of these, what tells how records are written.
const SAMPLE: usize = 64 << 10;

/// Records that are looked at.
const RECORDS: usize = 2_000;

/// A `[[format]]` made from a sample, and what is to be said about it.
pub struct Draft {
    spec: Spec,
    /// Records of the sample, and how many of them the draft reads.
    records: usize,
    fitting: usize,
    fields: Vec<FieldDraft>,
    /// Words for a severity that nobody knows.
    unknown_severities: Vec<String>,
    /// What a person should know about times and patterns.
    remarks: Vec<&'static str>,
}

impl Draft {
    /// Bytes that [`Self::of`] looks at.
    pub const HEAD: usize = HEAD;

    /// From the head of a log. `id` = what the format will be called.
    pub fn of(id: &str, head: &[u8]) -> Self {
        let head = &head[..head.len().min(HEAD)];
        let registry = Registry::builtin();
        let detect = |head: &[u8]| registry.detect(&head[..head.len().min(SAMPLE)]).format;
        let format = detect(head);
        match envelope::contents(&format.key(), head) {
            Some(inside) => Self::of_records(id, &inside, detect(&inside).id()),
            None => Self::of_records(id, head, format.id()),
        }
    }

    /// `detected` = what the records are read as now.
    fn of_records(id: &str, head: &[u8], detected: &str) -> Self {
        let layout = Layout::of(&head[..head.len().min(SAMPLE)]);
        let mut spec = Spec {
            id: id.to_owned(),
            ..Spec::default()
        };
        let mut remarks = Vec::new();
        if layout.is_some() {
            spec.reads = Some(Reads::Json);
        } else if detected == "logfmt~" {
            spec.reads = Some(Reads::Logfmt);
        } else {
            let derived = pattern::derive(&first_lines(head));
            spec.pattern = Some(derived.pattern);
            spec.begins = derived.begins;
            spec.time = derived.time.map(str::to_owned);
            remarks = derived.remarks;
        }
        if spec.pattern.is_none() {
            spec.known_by = vec![known::NOTHING.to_owned()];
        }
        let guess = Arc::new(Guess::default());
        let (frames, bare) = read(&spec, &guess, layout, head);
        let events: Vec<&Event> = bare.iter().flatten().collect();
        let seen = Seen::in_records(events.iter().map(|event| &event.attributes));
        if spec.pattern.is_none() && !events.is_empty() {
            spec.known_by = known::known_by(&events);
        }
        let mut fields = fields::chosen(&guess, &events, &seen, &spec);
        fields::apply(&mut spec, &fields, &seen);
        let mut fitting = 0;
        // What the draft says otherwise than the guess is left to the guess.
        if let Some(reader) = first(own::readers(&spec, &guess), layout) {
            let read: Vec<Option<Event>> = frames.iter().map(|f| event(&*reader, f)).collect();
            fitting = read.iter().flatten().count();
            let pairs = bare.iter().zip(&read);
            let pairs = pairs.filter_map(|(bare, read)| bare.as_ref().zip(read.as_ref()));
            fields::compare(&mut fields, pairs);
        }
        fields::apply(&mut spec, &fields, &seen);
        fields::add_examples(&mut fields, &seen);
        Self {
            unknown_severities: fields::unknown_severities(&fields, &seen),
            records: frames.len(),
            fitting,
            spec,
            fields,
            remarks,
        }
    }

    /// The format alone.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }
}

/// Of the readers of a format, the one for records that lie so; `None` if the format is none.
fn first(
    readers: Result<Vec<Arc<dyn Format>>, Misfit>,
    layout: Option<Layout>,
) -> Option<Arc<dyn Format>> {
    let mut readers = readers.ok()?.into_iter();
    match layout {
        Some(Layout::Document) => readers.nth(1),
        _ => readers.next(),
    }
}

/// The records of a sample, and what a format reads of each.
fn read(
    spec: &Spec,
    guess: &Arc<Guess>,
    layout: Option<Layout>,
    head: &[u8],
) -> (Vec<Frame>, Vec<Option<Event>>) {
    let Some(reader) = first(own::readers_of_any(spec, guess), layout) else {
        return Default::default();
    };
    let (mut framer, mut frames) = (reader.framer(0), Vec::new());
    framer.push(head, &mut frames);
    if frames.is_empty() || head.len() < HEAD {
        // At the end of a longer head stands the begin of a record.
        framer.finish(&mut frames);
    }
    frames.retain(|frame| !trimmed(&frame.bytes).is_empty());
    frames.truncate(RECORDS);
    let events = frames.iter().map(|frame| event(&*reader, frame)).collect();
    (frames, events)
}

fn event(reader: &dyn Format, frame: &Frame) -> Option<Event> {
    let events = reader.parse(frame, &Context::default()).ok()?;
    events.into_iter().next()
}

/// The first lines of a sample that hold something.
fn first_lines(head: &[u8]) -> Vec<String> {
    /// Enough to see what lines have in common.
    const LINES: usize = 500;
    /// What is looked at of a longer line.
    const LONGEST: usize = 4 << 10;
    let lines = head.split(|b| *b == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.trim_ascii().is_empty());
    lines
        .take(LINES)
        .map(|line| lossy(&line[..line.len().min(LONGEST)]).into_owned())
        .collect()
}

/// Nine of ten, which is enough for what a sample is said to have in common.
fn is_most(count: usize, of: usize) -> bool {
    count > 0 && count * 10 >= of * 9
}
