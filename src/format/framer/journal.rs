//! Records of the journal's export format: fields a line each, or a name, a length and that many bytes; a blank line ends a
//! record.

use super::{Frame, Framer, Pending};

/// A field that claims to be longer is no field: the name was a line of something else.
const LONGEST_FIELD: u64 = 64 << 20;

/// Gives out one frame a record. Field names longer than systemd allows, or of other letters, are lines of something else
/// and end with their line; so a file that only looks like an export is not swallowed.
pub(in crate::format) struct JournalFramer {
    /// Offset of the next byte to come.
    offset: u64,
    /// Lines before it.
    line: u64,
    state: State,
    pending: Pending,
    started: u64,
    started_line: u64,
    /// The line being read, as far as it matters: a field's name.
    name: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the beginning of a line, or within a name.
    Name,
    /// Within a line that is no name, up to its end.
    Text,
    /// Within the eight bytes of a length: how many were read, and what they say.
    Length(u32, u64),
    /// Within a value: how many bytes are to come, the line end after it counted.
    Data(u64),
}

/// The longest name that systemd takes.
const LONGEST_NAME: usize = 64;

impl JournalFramer {
    pub(in crate::format) fn new(offset: u64) -> Self {
        Self {
            offset,
            line: 0,
            state: State::Name,
            pending: Pending::default(),
            started: offset,
            started_line: 0,
            name: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.pending.len() == 0 {
            self.started = self.offset;
            self.started_line = self.line;
        }
        self.pending.extend(bytes);
        self.offset += bytes.len() as u64;
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Frame>) {
        let blank = self.name.is_empty() && self.state == State::Name;
        match self.state {
            State::Name if byte == b'\n' && (blank || self.name == b"\r") => {
                self.give(out);
                self.offset += 1;
            }
            State::Name => {
                self.take(&[byte]);
                self.state = match byte {
                    b'\n' if is_name(&self.name) => State::Length(0, 0),
                    b'\n' => State::Name,
                    b'=' => State::Text,
                    _ if self.name.len() > LONGEST_NAME => State::Text,
                    _ => {
                        self.name.push(byte);
                        State::Name
                    }
                };
                if self.state != State::Name || byte == b'\n' {
                    self.name.clear();
                }
            }
            State::Text => {
                self.take(&[byte]);
                if byte == b'\n' {
                    self.state = State::Name;
                }
            }
            State::Length(read, length) => {
                self.take(&[byte]);
                let length = length | u64::from(byte) << (8 * read);
                self.state = match read {
                    7 if length <= LONGEST_FIELD => State::Data(length + 1),
                    7 => State::Text,
                    _ => State::Length(read + 1, length),
                };
            }
            State::Data(left) => {
                self.take(&[byte]);
                self.state = match left {
                    0 | 1 => State::Name,
                    left => State::Data(left - 1),
                };
            }
        }
        if byte == b'\n' {
            self.line += 1;
        }
    }

    /// Bytes that can be taken at once.
    fn plain(&self, rest: &[u8]) -> usize {
        match self.state {
            State::Text => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            State::Data(left) => rest.len().min(left.saturating_sub(1) as usize),
            _ => 0,
        }
    }

    fn frame(&self, open: bool) -> Option<Frame> {
        let bytes = &self.pending.bytes;
        if self.pending.is_blank() {
            return None;
        }
        // The last field's line end is not the record's.
        let ended = self.pending.cut == 0 && bytes.ends_with(b"\n");
        let kept = bytes.len() - usize::from(ended);
        Some(Frame {
            offset: self.started,
            end: self.started + self.pending.len() - u64::from(ended),
            more: Vec::new(),
            line: self.started_line,
            bytes: bytes::Bytes::copy_from_slice(&bytes[..kept]),
            cut: self.pending.cut,
            open,
        })
    }

    fn give(&mut self, out: &mut Vec<Frame>) {
        out.extend(self.frame(false));
        self.pending = Pending::default();
        self.name.clear();
    }
}

/// Upper-case letters, digits and underscores.
fn is_name(name: &[u8]) -> bool {
    let sound = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.iter().all(sound)
}

impl Framer for JournalFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Frame>) {
        let mut at = 0;
        while at < chunk.len() {
            let plain = self.plain(&chunk[at..]);
            if plain > 0 {
                let bytes = &chunk[at..at + plain];
                self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
                if let State::Data(left) = self.state {
                    self.state = State::Data(left - plain as u64);
                }
                self.take(bytes);
                at += plain;
            } else {
                self.byte(chunk[at], out);
                at += 1;
            }
        }
    }

    fn open(&self) -> Vec<Frame> {
        self.frame(true).into_iter().collect()
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        out.extend(self.frame(true));
        if self.pending.len() > 0 {
            // What was open is not complete: reading resumes at it.
            self.offset = self.started;
            self.line = self.started_line;
        }
        self.pending = Pending::default();
        self.state = State::Name;
        self.name.clear();
    }

    fn resume_offset(&self) -> u64 {
        if self.pending.len() == 0 {
            self.offset
        } else {
            self.started
        }
    }
}

/// The fields of a record, names with values; what is no field is left out.
pub(in crate::format) fn journal_fields(record: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::new();
    let mut rest = record;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest);
        let line = &rest[..end.unwrap_or(rest.len())];
        let after = &rest[end.map_or(rest.len(), |end| end + 1)..];
        rest = after;
        match memchr::memchr(b'=', line) {
            Some(equals) if is_name(&line[..equals]) => {
                fields.push((&line[..equals], &line[equals + 1..]));
            }
            Some(_) => {}
            None if is_name(line) => {
                if let Some((length, data)) = after.split_first_chunk::<8>() {
                    let length = u64::from_le_bytes(*length);
                    if length <= LONGEST_FIELD {
                        let kept = data.len().min(length as usize);
                        fields.push((line, &data[..kept]));
                        rest = data.get(kept + 1..).unwrap_or_default();
                    }
                }
            }
            None => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binary(name: &str, value: &[u8]) -> Vec<u8> {
        let mut field = format!("{name}\n").into_bytes();
        field.extend((value.len() as u64).to_le_bytes());
        field.extend(value);
        field.push(b'\n');
        field
    }

    fn frames(offset: u64, chunks: &[&[u8]]) -> Vec<Frame> {
        let mut framer = JournalFramer::new(offset);
        let mut out = Vec::new();
        for chunk in chunks {
            framer.push(chunk, &mut out);
        }
        framer.finish(&mut out);
        out
    }

    #[test]
    fn values_hold_any_bytes_and_blank_lines_end_records() {
        let value = b"a\n\n__CURSOR=forged\n\xff\0";
        let log = [
            b"__CURSOR=1\n".to_vec(),
            binary("MESSAGE", value),
            b"PRIORITY=6\n\n\n__CURSOR=2\nMESSAGE=x=y\n".to_vec(),
        ];
        let log = log.concat();
        let seen = frames(0, &[&log]);
        let ends: Vec<bool> = seen.iter().map(|frame| frame.open).collect();
        assert_eq!(ends, [false, true]);
        let fields = journal_fields(&seen[0].bytes);
        let want: [(&[u8], &[u8]); 3] = [
            (b"__CURSOR", b"1"),
            (b"MESSAGE", value),
            (b"PRIORITY", b"6"),
        ];
        assert_eq!(fields, want);
        assert_eq!(journal_fields(&seen[1].bytes)[1].1, b"x=y");
        assert_eq!(
            seen[1].line,
            memchr::memchr_iter(b'\n', &log).count() as u64 - 2
        );
    }

    #[test]
    fn a_record_that_is_not_whole_is_open_and_read_again() {
        let log = [b"__CURSOR=1\n\n".to_vec(), binary("MESSAGE", b"a\nb")].concat();
        for cut in 13..log.len() {
            let mut framer = JournalFramer::new(0);
            let mut out = Vec::new();
            framer.push(&log[..cut], &mut out);
            assert_eq!((out.len(), framer.resume_offset()), (1, 12), "{cut}");
            assert_eq!(framer.open().len(), 1);
        }
    }

    #[test]
    fn what_is_no_field_is_left_out() {
        let huge = [b"MESSAGE\n".to_vec(), vec![0xff; 8], b"\nA=1".to_vec()].concat();
        for (record, want) in [
            (&b"lower=1\nA=1"[..], 1),
            (b"MESSAGE\n\x03", 0),
            (b"MESSAGE\n\x09\0\0\0\0\0\0\0ab", 1),
            (&huge, 1),
            (b"", 0),
        ] {
            assert_eq!(journal_fields(record).len(), want, "{record:?}");
        }
    }

    fn soup() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            proptest::sample::select(vec![
                "\n",
                "\r\n",
                "A=1\n",
                "MESSAGE\n",
                "x",
                "=",
                "é",
                "\0"
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..12).prop_map(|value| binary("B", &value)),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        /// Frames hold every byte but the blank lines between them, whatever the chunks and wherever reading resumes.
        #[test]
        fn nothing_is_lost(bytes in soup(), cut in any::<usize>()) {
            let whole = frames(0, &[&bytes]);
            let (first, second) = bytes.split_at(cut % (bytes.len() + 1));
            prop_assert_eq!(&whole, &frames(0, &[first, second]));
            let mut at = 0;
            for frame in &whole {
                let (start, end) = (frame.offset as usize, frame.end as usize);
                prop_assert!(bytes[at..start].trim_ascii().is_empty());
                prop_assert_eq!(&bytes[start..end], &frame.bytes[..]);
                at = end;
            }
            prop_assert!(bytes[at..].trim_ascii().is_empty());

            let mut framer = JournalFramer::new(0);
            let mut resumed = Vec::new();
            framer.push(first, &mut resumed);
            let from = framer.resume_offset();
            resumed.extend(frames(from, &[&bytes[from as usize..]]));
            let places = |frames: &[Frame]| frames.iter().map(|f| (f.offset, f.end)).collect::<Vec<_>>();
            prop_assert_eq!(places(&whole), places(&resumed));
        }
    }
}
