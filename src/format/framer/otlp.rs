//! Batches of OpenTelemetry logs, cut into their log records.

use std::ops::Range;

use bytes::Bytes;

use super::{DocumentFramer, LineFramer};
use crate::format::layout::Layout;
use crate::format::{FRAME_LIMIT, Frame, Framer};
use crate::json::{Reader, Token, unescape};

/// Cuts requests (`{"resourceLogs":[…]}`) as another framer gives them out into one frame a log record: the record, then
/// the resource and the scope it is under, which many records share. A batch as a whole would be the original of each of
/// its thousands of records.
pub(in crate::format) struct OtlpFramer(Box<dyn Framer>);

/// Most bytes of a request that are held to be cut into records: a batch is larger than any of them.
const REQUEST_LIMIT: usize = 16 * FRAME_LIMIT;

impl OtlpFramer {
    pub(in crate::format) fn boxed(layout: Layout, offset: u64) -> Box<dyn Framer> {
        let requests: Box<dyn Framer> = match layout {
            Layout::Lines => Box::new(LineFramer::up_to(REQUEST_LIMIT, offset)),
            Layout::Document => Box::new(DocumentFramer::up_to(REQUEST_LIMIT, offset)),
        };
        Box::new(Self::new(requests))
    }

    fn new(requests: Box<dyn Framer>) -> Self {
        Self(requests)
    }
}

impl Framer for OtlpFramer {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Frame>) {
        let mut requests = Vec::new();
        self.0.push(bytes, &mut requests);
        out.extend(requests.iter().flat_map(split).map(bounded));
    }

    fn open(&self) -> Vec<Frame> {
        let requests = self.0.open();
        requests.iter().flat_map(split).map(bounded).collect()
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        let mut requests = Vec::new();
        self.0.finish(&mut requests);
        out.extend(requests.iter().flat_map(split).map(bounded));
    }

    fn resume_offset(&self) -> u64 {
        self.0.resume_offset()
    }
}

/// A frame like any other: a record, and what was no request, is cut as other records are.
fn bounded(frame: Frame) -> Frame {
    if frame.bytes.len() <= FRAME_LIMIT {
        return frame;
    }
    let cut = frame.bytes.len() - FRAME_LIMIT;
    Frame {
        bytes: frame.bytes.slice(..FRAME_LIMIT),
        cut: frame.cut + cut as u64,
        ..frame
    }
}

/// Most bytes of resources and scopes that the records of one request are given. Enough for any batch; only one made to
/// hurt (a huge resource, a million empty records) has records without them.
const SHARED_LIMIT: usize = 16 * FRAME_LIMIT;

/// The log records of a request, a frame each. What is no request, or holds no record, stays as it is; of a broken or cut
/// one, the rest after the last whole record is a frame too.
pub(in crate::format) fn split(request: &Frame) -> Vec<Frame> {
    let (parts, read) = Parts::of(&request.bytes);
    let Some(last) = parts.records.last() else {
        return vec![request.clone()];
    };
    let rest = last.bytes.end..request.bytes.len();
    let mut frames = Vec::with_capacity(parts.records.len() + 1);
    let (mut line, mut counted, mut shared_left) = (request.line, 0, SHARED_LIMIT);
    let mut line_at = |place: usize| {
        line += memchr::memchr_iter(b'\n', &request.bytes[counted..place]).count() as u64;
        counted = place;
        line
    };
    let at = |place: usize| request.offset + place as u64;
    for record in &parts.records {
        let mut shared = parts.shared(record);
        let length: usize = shared.iter().map(Range::len).sum();
        // A record that is as long as a frame may be has no room for what it shares.
        let whole = record.bytes.len() + length + shared.len();
        match shared_left.checked_sub(length) {
            Some(left) if whole <= FRAME_LIMIT => shared_left = left,
            _ => shared.clear(),
        }
        let mut bytes = request.bytes[record.bytes.clone()].to_vec();
        for range in &shared {
            bytes.push(b'\n');
            bytes.extend_from_slice(&request.bytes[range.clone()]);
        }
        frames.push(Frame {
            offset: at(record.bytes.start),
            end: at(record.bytes.end),
            more: shared.iter().map(|r| at(r.start)..at(r.end)).collect(),
            line: line_at(record.bytes.start),
            bytes: Bytes::from(bytes),
            cut: 0,
            open: request.open,
        });
    }
    let is_blank = request.bytes[rest.clone()].trim_ascii().is_empty();
    if is_blank {
        // It ends with its last record, but for what was not kept.
        if let Some(last) = frames.last_mut() {
            last.cut = request.cut;
        }
    } else if !read || request.cut > 0 {
        frames.push(Frame {
            offset: at(rest.start),
            line: line_at(rest.start),
            bytes: request.bytes.slice(rest),
            ..request.clone()
        });
    }
    frames
}

/// Where the parts of a request lie.
#[derive(Default)]
struct Parts {
    records: Vec<Record>,
    /// The resource of each of `resourceLogs`, wherever in it it stands.
    resources: Vec<Option<Range<usize>>>,
    /// The scope of each of `scopeLogs`.
    scopes: Vec<Option<Range<usize>>>,
}

struct Record {
    bytes: Range<usize>,
    resource: usize,
    scope: usize,
}

/// How deep each part lies: `{ "resourceLogs": [ { "resource": {`, `"scopeLogs": [ { "scope": {`, `"logRecords": [ {`.
const RESOURCE_LOGS: usize = 3;
const RESOURCE: usize = 4;
const SCOPE_LOGS: usize = 5;
const SCOPE: usize = 6;
const LOG_RECORD: usize = 7;

impl Parts {
    /// The resource and the scope a record is under, as far as it has them.
    fn shared(&self, record: &Record) -> Vec<Range<usize>> {
        let resource = self.resources.get(record.resource);
        let scope = self.scopes.get(record.scope);
        [resource, scope]
            .into_iter()
            .flatten()
            .flatten()
            .cloned()
            .collect()
    }

    /// The parts, and whether the request could be read to its end.
    fn of(request: &[u8]) -> (Self, bool) {
        let mut parts = Self::default();
        let mut reader = Reader::new(request);
        // For each open bracket, the key it stands under (that of the list for what is in it) and where it opened.
        let mut open: Vec<(String, usize)> = Vec::new();
        let mut key = String::new();
        loop {
            match reader.next_token() {
                Ok(Some(Token::Key(raw))) => {
                    // Deeper keys tell nothing.
                    if reader.depth() < LOG_RECORD {
                        unescape(raw).as_ref().clone_into(&mut key);
                    }
                }
                Ok(Some(Token::BeginObject)) => {
                    open.push((named(&key, open.len()), reader.offset() - 1));
                    match reader.depth() {
                        RESOURCE_LOGS => parts.resources.push(None),
                        SCOPE_LOGS => parts.scopes.push(None),
                        _ => {}
                    }
                }
                Ok(Some(Token::BeginArray)) => {
                    open.push((named(&key, open.len()), reader.offset() - 1));
                }
                Ok(Some(Token::EndObject | Token::EndArray)) => {
                    let depth = open.len();
                    if let Some((under, start)) = open.pop()
                        && depth <= LOG_RECORD
                    {
                        parts.close(depth, &open, &under, start..reader.offset());
                        key = under;
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => {
                    let rest = &request[reader.offset()..];
                    return (parts, rest.trim_ascii().is_empty());
                }
                Err(_) => return (parts, false),
            }
        }
    }

    fn close(&mut self, depth: usize, open: &[(String, usize)], under: &str, range: Range<usize>) {
        let list = |depth: usize| open.get(depth).map_or("", |(key, _)| key.as_str());
        if !matches!(list(1), "resourceLogs" | "resource_logs") {
            return;
        }
        let in_scopes = || {
            matches!(
                list(3),
                "scopeLogs" | "scope_logs" | "instrumentationLibraryLogs"
            )
        };
        match (depth, under) {
            (RESOURCE, "resource") => set_last(&mut self.resources, range),
            (SCOPE, "scope" | "instrumentationLibrary") if in_scopes() => {
                set_last(&mut self.scopes, range);
            }
            (LOG_RECORD, "logRecords" | "log_records" | "logs") if in_scopes() => {
                self.records.push(Record {
                    bytes: range,
                    resource: self.resources.len() - 1,
                    scope: self.scopes.len() - 1,
                });
            }
            _ => {}
        }
    }
}

/// The name of what opens now, if it lies where names matter.
fn named(key: &str, depth: usize) -> String {
    if depth < LOG_RECORD {
        key.to_owned()
    } else {
        String::new()
    }
}

fn set_last(list: &mut [Option<Range<usize>>], range: Range<usize>) {
    if let Some(last) = list.last_mut() {
        *last = Some(range);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: &str = r#"{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"s1"},"logRecords":[{"body":{"a":1}},{"b":2}]},
 {"logRecords":[{"c":3}]}],"resource":{"attributes":[]}},{"scopeLogs":[{"logRecords":[]}]}]}"#;

    fn texts(frames: &[Frame]) -> Vec<String> {
        let text = |f: &Frame| String::from_utf8(f.bytes.to_vec()).unwrap();
        frames.iter().map(text).collect()
    }

    #[test]
    fn each_record_comes_with_its_resource_and_scope() {
        let want = [
            "{\"body\":{\"a\":1}}\n{\"attributes\":[]}\n{\"name\":\"s1\"}",
            "{\"b\":2}\n{\"attributes\":[]}\n{\"name\":\"s1\"}",
            "{\"c\":3}\n{\"attributes\":[]}",
        ];
        for cut in 0..BATCH.len() {
            let mut framer = OtlpFramer::new(Box::new(DocumentFramer::new(0)));
            let mut frames = Vec::new();
            framer.push(&BATCH.as_bytes()[..cut], &mut frames);
            framer.push(&BATCH.as_bytes()[cut..], &mut frames);
            framer.finish(&mut frames);
            assert_eq!(texts(&frames), want, "{cut}");
            let lines: Vec<u64> = frames.iter().map(|f| f.line).collect();
            assert_eq!(lines, [0, 0, 1]);
            for frame in &frames {
                let at = frame.offset as usize..frame.end as usize;
                assert!(
                    texts(&frames)
                        .iter()
                        .any(|t| t.starts_with(&BATCH[at.clone()]))
                );
            }
        }
    }

    #[test]
    fn a_batch_cut_after_a_record_leaves_no_empty_frame() {
        let cut = &BATCH[..BATCH.find(",{\"b\"").unwrap()];
        let mut framer = OtlpFramer::new(Box::new(DocumentFramer::new(0)));
        let mut frames = Vec::new();
        framer.push(format!("{cut} ").as_bytes(), &mut frames);
        framer.finish(&mut frames);
        assert_eq!(texts(&frames), ["{\"body\":{\"a\":1}}\n{\"name\":\"s1\"}"]);
    }

    #[test]
    fn a_batch_may_be_larger_than_a_record() {
        let record = format!("{{\"body\":\"{}\"}}", "x".repeat(1 << 20));
        let records = vec![record; 6].join(",");
        let batch =
            format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{records}]}}]}}]}}");
        for layout in [Layout::Lines, Layout::Document] {
            let mut framer = OtlpFramer::boxed(layout, 0);
            let mut frames = Vec::new();
            framer.push(format!("{batch}\n{batch}\n").as_bytes(), &mut frames);
            framer.finish(&mut frames);
            assert_eq!(frames.len(), 12, "{layout:?}");
            assert!(frames.iter().all(|frame| frame.cut == 0));
            // A record in it is cut where other records are, and none takes more with it than there is room for.
            let long = format!(
                "{{\"resourceLogs\":[{{\"resource\":{{\"a\":1}},\"scopeLogs\":[{{\"logRecords\":[{{\"b\":\"{}\"}},{{\"c\":2}}]}}]}}]}}\n",
                "x".repeat(FRAME_LIMIT)
            );
            let mut framer = OtlpFramer::boxed(layout, 0);
            let mut frames = Vec::new();
            framer.push(long.as_bytes(), &mut frames);
            framer.finish(&mut frames);
            assert_eq!(frames.len(), 2, "{layout:?}");
            assert_eq!((frames[0].bytes.len(), frames[0].cut), (FRAME_LIMIT, 8));
            assert_eq!(frames[1].bytes, "{\"c\":2}\n{\"a\":1}");
            // So is what is no batch.
            let mut framer = OtlpFramer::boxed(layout, 0);
            let mut frames = Vec::new();
            let other = format!("{{\"a\":\"{}\"}}\n", "x".repeat(FRAME_LIMIT + 3));
            framer.push(other.as_bytes(), &mut frames);
            framer.finish(&mut frames);
            assert_eq!(frames.len(), 1, "{layout:?}");
            assert_eq!((frames[0].bytes.len(), frames[0].cut), (FRAME_LIMIT, 11));
        }
    }

    #[test]
    fn what_is_broken_or_no_batch_is_kept() {
        for text in [
            "{\"resourceLogs\":[]}",
            "{\"a\":[[{\"logRecords\":[{}]}]]}",
            "x",
            "{\"resourceLogs\":",
        ] {
            let mut framer = OtlpFramer::new(Box::new(LineFramer::new(0)));
            let mut frames = Vec::new();
            framer.push(text.as_bytes(), &mut frames);
            framer.finish(&mut frames);
            assert_eq!(texts(&frames), [text]);
        }
        let one_line = BATCH.replace('\n', "");
        let cut = &one_line[..one_line.find("{\"b\"").unwrap() + 3];
        let mut framer = OtlpFramer::new(Box::new(LineFramer::new(7)));
        let mut frames = Vec::new();
        framer.push(cut.as_bytes(), &mut frames);
        framer.finish(&mut frames);
        assert_eq!(texts(&frames).len(), 2);
        assert_eq!(texts(&frames)[1], ",{\"b");
        assert_eq!(frames[1].end, 7 + cut.len() as u64);
    }
}
