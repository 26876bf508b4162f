//! Records of CSV: lines, joined while a quoted field is open.

use bytes::Bytes;

use super::{Line, LineCutter, Pending};
use crate::format::{FRAME_LIMIT, Frame, Framer};

/// One frame a record. A record whose quotes are never closed ends at [`FRAME_LIMIT`], so that a stray quote costs one
/// record, not the rest of the file.
pub(in crate::format) struct CsvFramer {
    lines: LineCutter,
    open: Option<Open>,
    /// Where the record being read began.
    start: u64,
    /// Whether the first record names the columns, and is no event; `None` once it was read, or if none does.
    is_header: Option<Box<IsHeader>>,
}

/// Tells a line of column names, which is not lost if it is another record after all.
type IsHeader = dyn Fn(&[u8]) -> bool + Send;

/// Lines of a record that goes on.
#[derive(Clone)]
struct Open {
    frame: Frame,
    bytes: Pending,
}

impl Open {
    fn add(&mut self, line: &Line<'_>) {
        self.bytes.push(b'\n');
        self.bytes.extend(line.bytes);
        self.bytes.cut += line.cut;
        self.frame.end = line.range.end;
    }
}

impl CsvFramer {
    /// Every record is given out.
    pub(in crate::format) fn new(offset: u64) -> Self {
        Self {
            lines: LineCutter::new(offset),
            open: None,
            start: offset,
            is_header: None,
        }
    }

    /// The first record of the source is left out if it is a header.
    pub(in crate::format) fn with_header(
        offset: u64,
        is_header: impl Fn(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        Self {
            is_header: (offset == 0).then(|| Box::new(is_header) as Box<IsHeader>),
            ..Self::new(offset)
        }
    }
}

/// Whether a line that begins inside or outside of quotes ends inside of them. As RFC 4180 has it, a quote opens a field
/// only at its beginning, so a quote in the middle of one (`5" disk`) does not take in the lines that follow.
fn ends_quoted(line: &[u8], mut quoted: bool) -> bool {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', &line[at..]) {
        let quote = at + found;
        at = quote + 1;
        if !quoted {
            let before = &line[..quote];
            quoted = before.is_empty()
                || before == b"\xef\xbb\xbf"
                || before.ends_with(b",")
                || before.ends_with(b";")
                || before.ends_with(b"\t");
        } else if line.get(at) == Some(&b'"') {
            at += 1;
        } else {
            quoted = false;
        }
    }
    quoted
}

/// Takes a line; returns the record it completes.
fn take(open: &mut Option<Open>, line: &Line<'_>) -> Option<Frame> {
    let Some(mut record) = open.take() else {
        if line.is_blank() {
            return None;
        }
        if line.cut == 0 && ends_quoted(line.bytes, false) {
            let mut bytes = Pending::default();
            bytes.extend(line.bytes);
            let frame = line.frame(Bytes::new(), false);
            *open = Some(Open { frame, bytes });
            return None;
        }
        return Some(line.frame(Bytes::copy_from_slice(line.bytes), false));
    };
    record.add(line);
    if line.cut == 0 && ends_quoted(line.bytes, true) && record.bytes.bytes.len() < FRAME_LIMIT {
        *open = Some(record);
        return None;
    }
    Some(whole(record))
}

fn whole(record: Open) -> Frame {
    Frame {
        cut: record.bytes.cut,
        bytes: record.bytes.bytes.into(),
        ..record.frame
    }
}

impl Framer for CsvFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Frame>) {
        let (open, is_header) = (&mut self.open, &mut self.is_header);
        self.lines.push(chunk, |line| {
            let record = take(open, &line);
            out.extend(record.filter(|r| !is_header.take().is_some_and(|is| is(&r.bytes))));
        });
        self.start = match (&self.is_header, &self.open) {
            // Whoever goes on after blank lines would take the header for a record.
            (Some(_), _) => 0,
            (None, Some(record)) => record.frame.offset,
            (None, None) => self.lines.start,
        };
    }

    fn open(&self) -> Vec<Frame> {
        let line = self.lines.rest();
        let frame = match (&self.open, line) {
            (None, None) => return Vec::new(),
            (None, Some(line)) => line.frame(Bytes::copy_from_slice(line.bytes), true),
            (Some(record), line) => {
                let mut record = record.clone();
                if let Some(line) = line {
                    record.add(&line);
                }
                Frame {
                    open: true,
                    ..whole(record)
                }
            }
        };
        match &self.is_header {
            Some(is_header) if is_header(&frame.bytes) => Vec::new(),
            _ => vec![frame],
        }
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        let rest = self.lines.rest();
        let is_cut = rest.map_or(self.open.is_some(), |line| {
            ends_quoted(line.bytes, self.open.is_some())
        });
        // Names cut in their midst name no columns.
        if is_cut {
            self.is_header = None;
        }
        out.append(&mut self.open());
        self.open = None;
        self.lines.finish(|_| {});
    }

    fn resume_offset(&self) -> u64 {
        self.start
    }
}

/// The fields of a record: quotes taken off, doubled quotes made one.
pub(in crate::format) fn fields(record: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = record.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = chars.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            // A quote inside a field that did not begin with one is a character.
            '"' if field.is_empty() => quoted = true,
            c if c == delimiter && !quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(chunks: &[&[u8]], has_header: bool) -> Vec<(String, u64, u64, bool)> {
        let mut framer = CsvFramer::with_header(0, move |_| has_header);
        let mut out = Vec::new();
        for chunk in chunks {
            framer.push(chunk, &mut out);
        }
        framer.finish(&mut out);
        out.into_iter()
            .map(|f| {
                (
                    String::from_utf8(f.bytes.to_vec()).unwrap(),
                    f.offset,
                    f.line,
                    f.open,
                )
            })
            .collect()
    }

    #[test]
    fn records_span_lines_while_a_quote_is_open() {
        let text = b"a,b\n1,\"x\ny\"\"\nz\"\n2,w";
        let want = vec![
            ("1,\"x\ny\"\"\nz\"".to_owned(), 4, 1, false),
            ("2,w".to_owned(), 16, 4, true),
        ];
        assert_eq!(frames(&[text], true), want);
        for cut in 0..text.len() {
            assert_eq!(frames(&[&text[..cut], &text[cut..]], true), want, "{cut}");
        }
        assert_eq!(frames(&[text], false).len(), 3);
    }

    #[test]
    fn a_first_record_that_names_no_columns_is_given_out() {
        let mut framer = CsvFramer::with_header(0, |record| record == b"a,b");
        let mut out = Vec::new();
        framer.push(b"1,2\na,b\n", &mut out);
        let texts: Vec<&[u8]> = out.iter().map(|f| &f.bytes[..]).collect();
        assert_eq!(texts, [b"1,2", b"a,b"]);
    }

    #[test]
    fn a_header_that_was_cut_in_its_midst_is_given_out() {
        assert_eq!(frames(&[b"\"a\",\"b"], true).len(), 1);
        assert_eq!(frames(&[b"\"a\",\"b\nc"], true).len(), 1);
        assert_eq!(frames(&[b"\"a\",\"b\""], true).len(), 0);
    }

    #[test]
    fn a_quote_inside_a_field_takes_in_no_further_line() {
        let text = b"a,5\" disk\n\"b\",\"\"\"c\"\n;\td,\"e\nf\"\n";
        let seen = frames(&[text], false);
        let texts: Vec<&str> = seen.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(texts, ["a,5\" disk", "\"b\",\"\"\"c\"", ";\td,\"e\nf\""]);
    }

    #[test]
    fn resuming_begins_at_the_open_record() {
        let mut framer = CsvFramer::with_header(0, |record| record == b"a,b");
        let mut out = Vec::new();
        framer.push(b"a,b\n1,2\n3,\"x\n", &mut out);
        assert_eq!((out.len(), framer.resume_offset()), (1, 8));
        let provisional = framer.open();
        assert_eq!((provisional.len(), provisional[0].open), (1, true));
    }

    #[test]
    fn a_header_after_blank_lines_is_read_from_the_start_again() {
        let mut framer = CsvFramer::with_header(0, |record| record == b"a,b");
        let mut out = Vec::new();
        framer.push(b"\n\na,", &mut out);
        assert_eq!(framer.resume_offset(), 0);
        framer.push(b"b\n1,2\n3", &mut out);
        assert_eq!((out.len(), framer.resume_offset()), (1, 10));
    }

    #[test]
    fn quotes_come_off() {
        for (record, want) in [
            ("a,b", vec!["a", "b"]),
            ("\"a,\"\"b\"\"\",", vec!["a,\"b\"", ""]),
            ("x\"y,\"1\n2\"\r", vec!["x\"y", "1\n2"]),
            ("5\" disk,b", vec!["5\" disk", "b"]),
            ("", vec![""]),
        ] {
            assert_eq!(fields(record, ','), want, "{record:?}");
        }
        assert_eq!(fields("a;b,c", ';'), ["a", "b,c"]);
    }
}
