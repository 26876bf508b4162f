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
