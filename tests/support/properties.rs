//! What holds of any bytes, whoever reads them: no format panics, loses anything, or lets it matter how the bytes
//! arrive. The fuzz target (`tests/fuzz`) and the test that replays its inputs both check by this file.

// Named by its path since the fuzz target takes this file in by its path, too.
#[path = "properties/structure.rs"]
mod structure;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::slice;
use std::sync::{Arc, LazyLock};

use auditty::event::{Event, Timestamp, Verdict, Zone};
use auditty::format::{Context, Format, Frame, Registry, Spec};
use auditty::query::{BindContext, Matcher, Query};
use bytes::Bytes;

/// What is fuzzed beside the formats: telling the format, envelopes included; formats of one's own; queries.
pub(crate) const OTHERS: [&str; 3] = ["detect", "own-format", "query"];

/// Bytes of a source that are looked at to tell its format.
const HEAD: usize = 64 << 10;

/// At how many places an input is cut in two, beside being fed byte by byte.
const CUTS: usize = 6;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::builtin);

/// Everything that is fuzzed: the formats by their ids, a guess without its `~`, then [`OTHERS`].
pub(crate) fn names() -> Vec<String> {
    let formats = REGISTRY.all();
    let ids = formats.iter().map(|f| f.id().trim_end_matches('~'));
    ids.chain(OTHERS).map(str::to_owned).collect()
}

/// Panics if something does not hold. `name` is one of [`names`].
pub(crate) fn check(name: &str, input: &[u8]) {
    match name {
        "detect" => check_detection(input),
        "own-format" => check_own_format(input),
        "query" => check_query(input),
        id => {
            let format = REGISTRY.get_for(id, head(input));
            let format = format.unwrap_or_else(|| panic!("there is no format {id}"));
            check_reading(&REGISTRY, &format, input);
        }
    }
}

fn head(input: &[u8]) -> &[u8] {
    &input[..input.len().min(HEAD)]
}

fn check_detection(input: &[u8]) {
    let found = REGISTRY.detect(head(input));
    let scores: Vec<u8> = found.others.iter().map(|(_, score)| *score).collect();
    assert!(found.score > 0 && scores.iter().all(|score| *score > 0));
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    check_reading(&REGISTRY, &found.format, input);
}

/// The input is a `[[format]]` without its head, a line `---`, and a log.
fn check_own_format(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let (toml, log) = text.split_once("\n---\n").unwrap_or((text, ""));
    let Ok(spec) = toml::from_str::<Spec>(toml) else {
        return;
    };
    // The configuration refuses an id that is taken.
    if REGISTRY.get(&spec.id).is_some() {
        return;
    }
    let registry = Registry::with(slice::from_ref(&spec));
    match spec.check() {
        Err(why) => assert!(!why.why.is_empty()),
        Ok(()) => {
            let log = log.as_bytes();
            let format = registry.get_for(&spec.id, head(log));
            check_reading(&registry, &format.expect("a sound format is there"), log);
        }
    }
}

fn check_query(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            // The place just after the text, too.
            let places = 1..=text.chars().count() + 1;
            assert!(places.contains(&error.column) && error.width > 0, "{error}");
            return;
        }
    };
    let shown = query.to_string();
    assert!(
        shown.len() > auditty::query::MAX_BYTES || Query::parse(&shown).as_ref() == Ok(&query),
        "{shown:?} is read otherwise"
    );
    let context = BindContext {
        now: moment(),
        zone: Zone::Utc,
        paths: None,
    };
    if let Ok(bound) = query.bind(&context)
        && let Ok(matcher) = Matcher::new(&bound)
    {
        matcher.matches(&Event::default(), Verdict::Pending);
    }
}

fn moment() -> Timestamp {
    Timestamp::parse("2026-06-01T00:00:00Z").expect("this is a time")
}

/// Everything that holds of bytes read by a format.
fn check_reading(registry: &Registry, format: &Arc<dyn Format>, input: &[u8]) {
    let frames = framed(format, 0, &[input]);
    check_places(format, &frames, input);
    check_nothing_lost(format, &frames, input);
    check_events(registry, format, &frames, input);
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(framed(format, 0, &bytes), frames, "fed byte by byte");
    for cut in cuts(input) {
        check_cut(format, &frames, input, cut);
        check_later_start(format, &frames, input, cut);
    }
}

fn framed(format: &Arc<dyn Format>, offset: u64, chunks: &[&[u8]]) -> Vec<Frame> {
    let mut framer = format.framer(offset);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(chunk, &mut frames);
    }
    framer.finish(&mut frames);
    frames
}

/// Places within the input: the same for the same input, others for others.
fn cuts(input: &[u8]) -> impl Iterator<Item = usize> {
    (0..CUTS).map(move |number| {
        let mut hasher = DefaultHasher::new();
        (number, input).hash(&mut hasher);
        (hasher.finish() % (input.len() as u64 + 1)) as usize
    })
}

fn ranges(frame: &Frame) -> impl Iterator<Item = Range<usize>> {
    let all = std::iter::once(frame.offset..frame.end).chain(frame.more.iter().cloned());
    all.map(|range| range.start as usize..range.end as usize)
}

/// Frames say truly where their bytes are, and come in order.
fn check_places(format: &Arc<dyn Format>, frames: &[Frame], input: &[u8]) {
    for frame in frames {
        let parts: Vec<&[u8]> = ranges(frame).map(|range| &input[range]).collect();
        assert!(frame.offset < frame.end && !frame.bytes.trim_ascii().is_empty());
        assert!(
            frame.cut > 0 || parts.join(&b'\n') == frame.bytes,
            "{frame:?}"
        );
        assert_eq!(
            frame.line,
            lines(&input[..frame.offset as usize]),
            "{frame:?}"
        );
    }
    // auditd's come as they are complete.
    let sorted = frames.is_sorted_by(|a, b| a.end <= b.offset);
    // So does what a container wrote to one stream while the other one was in the middle of a line.
    let mut envelopes = format
        .key()
        .split(" in ")
        .skip(1)
        .map(str::to_owned)
        .collect::<Vec<_>>();
    envelopes.retain(|name| matches!(&**name, "cri" | "docker"));
    let complete = || {
        let ends = frames.iter().filter(|frame| !frame.open);
        ends.map(|frame| ranges(frame).last().map(|range| range.end))
            .is_sorted()
    };
    let in_order = sorted || !envelopes.is_empty() && complete();
    assert!(in_order || format.id() == "auditd", "{frames:?}");
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Every byte is in one frame, or it is blank, in the line of column names, or around records of JSON.
fn check_nothing_lost(format: &Arc<dyn Format>, frames: &[Frame], input: &[u8]) {
    // The records of a batch share its resource and scope.
    let is_batch = format.id() == "otlp";
    let mut times = vec![0u32; input.len()];
    for range in frames.iter().flat_map(ranges) {
        times[range].iter_mut().for_each(|count| *count += 1);
    }
    assert!(
        is_batch || times.iter().all(|count| *count < 2),
        "a byte twice: {frames:?}"
    );
    let mut at = 0;
    for gap in times.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
        let range = at..at + gap.len();
        at = range.end;
        let bytes = &input[range.clone()];
        if gap[0] > 0 || bytes.trim_ascii().is_empty() {
            continue;
        }
        let is_header = || range.start == 0 && format.header(&[bytes, b"\n"].concat()).is_some();
        // Lines have nothing around them.
        let may_be_around = is_batch || !format.splittable();
        assert!(
            may_be_around && structure::is_around_records(bytes, is_batch) || is_header(),
            "lost: {}",
            bytes.escape_ascii()
        );
    }
}

/// Every frame gives events, always the same ones, with its bytes; also by what an index keeps of the format.
fn check_events(registry: &Registry, format: &Arc<dyn Format>, frames: &[Frame], input: &[u8]) {
    let context = Context {
        reference: moment(),
        zone: Zone::Utc,
        header: format.header(head(input)).map(Into::into),
    };
    let key = format.key();
    let kept = registry
        .get(&key)
        .unwrap_or_else(|| panic!("no format {key}"));
    for frame in frames {
        let events = registry.parse(format, frame, &context);
        assert!(!events.is_empty());
        for event in &events {
            assert_eq!(event.raw, frame.bytes);
            assert!(registry.get(&event.format).is_some(), "{event:?}");
        }
        // Why none can read it is told by each layout in its own words.
        let plain = |mut events: Vec<Event>| {
            events.iter_mut().for_each(|event| event.note = None);
            events
        };
        let again = registry.parse(&kept, frame, &context);
        assert_eq!(plain(events), plain(again), "by {key}");
    }
}

/// Two pieces give the same frames as one; so does reading on, by another framer, where the first would resume.
fn check_cut(format: &Arc<dyn Format>, frames: &[Frame], input: &[u8], cut: usize) {
    let (before, after) = input.split_at(cut);
    let mut framer = format.framer(0);
    let mut seen = Vec::new();
    framer.push(before, &mut seen);
    for frame in framer.open() {
        assert!(
            frame.open && ranges(&frame).all(|range| range.end <= cut),
            "{frame:?}"
        );
    }
    let resume = framer.resume_offset();
    assert!(resume <= cut as u64);
    let mut resumed = seen.clone();
    framer.push(after, &mut seen);
    framer.finish(&mut seen);
    assert_eq!(seen, frames, "cut at {cut}");
    resumed.retain(|frame| frame.offset < resume);
    resumed.extend(read_from(format, resume, input));
    assert_placed(
        &resumed,
        frames,
        &format!("resumed at {resume}, cut at {cut}"),
    );
}

/// Where framing may begin at any line, it finds the same frames from there on.
fn check_later_start(format: &Arc<dyn Format>, frames: &[Frame], input: &[u8], cut: usize) {
    let line = input[..cut].iter().rposition(|byte| *byte == b'\n');
    if let Some(lf) = line
        && format.splittable()
    {
        let start = lf as u64 + 1;
        let later = frames.iter().filter(|frame| frame.offset >= start);
        let later: Vec<Frame> = later.cloned().collect();
        assert_placed(
            &read_from(format, start, input),
            &later,
            &format!("from {start}"),
        );
    }
}

/// The frames from a place on, read as [`Format::lookback`] says.
fn read_from(format: &Arc<dyn Format>, place: u64, input: &[u8]) -> Vec<Frame> {
    let earliest = place.saturating_sub(format.lookback()) as usize;
    let is_start = |at: &usize| *at == 0 || *at == place as usize || input[at - 1] == b'\n';
    let begin = (0..=earliest).rev().find(is_start).unwrap_or(0);
    let mut frames = framed(format, begin as u64, &[&input[begin..]]);
    frames.retain(|frame| frame.offset >= place);
    frames
}

/// The same frames, whatever order they came in; their lines count from where the framer began.
fn assert_placed(seen: &[Frame], wanted: &[Frame], how: &str) {
    let (seen, wanted) = (placed(seen), placed(wanted));
    let first = seen
        .iter()
        .zip(&wanted)
        .find(|(seen, wanted)| seen != wanted);
    assert!(
        seen == wanted,
        "{how}: {first:?}, {} of {} frames",
        seen.len(),
        wanted.len()
    );
}

fn placed(frames: &[Frame]) -> Vec<(u64, u64, &Bytes)> {
    let mut placed: Vec<_> = frames.iter().map(|f| (f.offset, f.end, &f.bytes)).collect();
    placed.sort_unstable();
    placed
}
