//! JSON objects wherever line ends fall: pretty-printed, concatenated, in arrays, in `{"Records":[…]}` and its kin.

use super::wrapper::{is_structure, is_wrapper_key};
use super::{Frame, Framer, Pending};
use crate::json::{Reader, Token, unescape};

/// How much of an object is looked at to tell a wrapper's head from a record that holds a list.
const HEAD_LIMIT: usize = 64 << 10;

/// The mark that a file in UTF-8 may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Deeper nesting ends the record: no log is nested so, and the stack of open brackets must not grow without bound.
const MAX_OPEN: usize = 1 << 20;

/// Gives out every record object as one frame. What is not given out is structure only: blanks, commas, brackets
/// between records, and a wrapper's own members (`kind`, `metadata`, `nextToken`, …; the table is in `wrapper`).
/// Anything else between records is a frame of its own, so that nothing is lost.
///
/// Needs no memory of the wrapper, so it can also start at a record in the middle of a document, or where a wrapper's
/// members follow its list.
pub(crate) struct DocumentFramer {
    /// Offset of the next byte to come.
    offset: u64,
    /// Lines before that byte.
    line: u64,
    state: State,
    /// What was begun and not given out: a record, loose bytes, a wrapper's tail.
    pending: Pending,
    started: u64,
    started_line: u64,
    /// Open brackets of the record, outermost first.
    stack: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// The last significant byte seen, inside a record.
    previous: u8,
    /// Where the current or last string at depth 1 began, in `pending`.
    key: Option<usize>,
    /// A `[` at depth 1 was just read whose key may be a wrapper's: where the head ends.
    list: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Within what may be the byte order mark of a file.
    Mark,
    Between,
    Record,
    /// Members of no record, up to a closing bracket: a wrapper's, after its list.
    Tail,
    /// Bytes that belong nowhere, up to the line's end.
    Loose,
}

impl DocumentFramer {
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            offset,
            line: 0,
            state: State::Between,
            pending: Pending::default(),
            started: offset,
            started_line: 0,
            stack: Vec::new(),
            in_string: false,
            escaped: false,
            previous: 0,
            key: None,
            list: false,
        }
    }

    /// Cuts no record before so many bytes.
    pub(crate) fn up_to(limit: usize, offset: u64) -> Self {
        Self {
            pending: Pending::up_to(limit),
            ..Self::new(offset)
        }
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.started = self.offset;
        self.started_line = self.line;
        self.stack.clear();
        self.in_string = false;
        self.escaped = false;
        self.previous = 0;
        self.key = None;
        self.list = false;
    }

    /// Gives out what is pending (it ends just before the next byte), unless it is only structure.
    fn give(&mut self, out: &mut Vec<Frame>, open: bool) {
        let pending = self.pending.take();
        let structure = match self.state {
            State::Tail => {
                let members = pending.bytes.strip_suffix(b"}").unwrap_or(&pending.bytes);
                pending.cut == 0 && is_structure(&[b"{", members, b"}"].concat())
            }
            _ => pending.is_blank(),
        };
        self.state = State::Between;
        if structure {
            return;
        }
        let blank_end = pending.bytes.len() - pending.bytes.trim_ascii_end().len();
        let trimmed = if pending.cut == 0 { blank_end } else { 0 };
        let mut bytes = pending.bytes;
        bytes.truncate(bytes.len() - trimmed);
        out.push(Frame {
            offset: self.started,
            end: self.offset - trimmed as u64,
            more: Vec::new(),
            line: self.started_line,
            bytes: bytes.into(),
            cut: pending.cut,
            open,
        });
    }

    /// How many of the next bytes can be taken at once because none of them matters.
    fn plain(&self, rest: &[u8]) -> usize {
        if self.escaped {
            return 0;
        }
        let stop = match self.state {
            State::Record | State::Tail if self.in_string => {
                memchr::memchr3(b'"', b'\\', b'\n', rest)
            }
            State::Loose => memchr::memchr(b'\n', rest),
            _ => return 0,
        };
        stop.unwrap_or(rest.len())
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Frame>) {
        match self.state {
            State::Between => self.between(byte),
            State::Mark => self.mark(byte, out),
            State::Loose => {
                if byte == b'\n' {
                    self.give(out, false);
                } else {
                    self.pending.push(byte);
                }
            }
            State::Record | State::Tail => self.inside(byte, out),
        }
    }

    fn mark(&mut self, byte: u8, out: &mut Vec<Frame>) {
        let read = self.pending.bytes.len();
        if byte != BYTE_ORDER_MARK[read] {
            self.state = State::Loose;
            self.byte(byte, out);
        } else if read + 1 == BYTE_ORDER_MARK.len() {
            self.pending.take();
            self.state = State::Between;
        } else {
            self.pending.push(byte);
        }
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | b'}' => {}
            _ if self.offset == 0 && byte == BYTE_ORDER_MARK[0] => {
                self.begin(State::Mark);
                self.pending.push(byte);
            }
            b'{' => {
                self.begin(State::Record);
                self.stack.push(b'{');
                self.previous = b'{';
                self.pending.push(byte);
            }
            b'"' => {
                self.begin(State::Tail);
                self.stack.push(b'{');
                self.in_string = true;
                self.previous = byte;
                self.pending.push(byte);
            }
            _ => {
                self.begin(State::Loose);
                self.pending.push(byte);
            }
        }
    }

    fn inside(&mut self, byte: u8, out: &mut Vec<Frame>) {
        if self.in_string {
            if byte == b'\n' {
                // JSON strings hold no raw line end: the record was cut off here, the next line is another.
                self.give(out, false);
                return;
            }
            self.pending.push(byte);
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
            }
            return;
        }
        if byte.is_ascii_whitespace() {
            self.pending.push(byte);
            return;
        }
        if std::mem::take(&mut self.list) && matches!(byte, b'{' | b']') && self.is_wrapper_head() {
            self.pending.take();
            self.state = State::Between;
            self.between(byte);
            return;
        }
        if byte == b'{' && !self.may_open() {
            // No value can start here: the record lacks its end and this is the next one.
            self.give(out, false);
            self.between(byte);
            return;
        }
        if byte == b'"' {
            self.in_string = true;
            if self.stack.len() == 1 && matches!(self.previous, b'{' | b',') {
                self.key = Some(self.pending.bytes.len());
            }
        }
        self.pending.push(byte);
        match byte {
            b'{' | b'[' => {
                self.list = byte == b'[' && self.stack.len() == 1 && self.state == State::Record;
                self.stack.push(byte);
                if self.stack.len() > MAX_OPEN {
                    self.offset += 1;
                    self.give(out, false);
                    self.begin(State::Loose);
                    self.offset -= 1;
                }
            }
            b'}' | b']' => {
                self.stack.pop();
                if self.stack.is_empty() {
                    self.offset += 1;
                    self.give(out, false);
                    self.offset -= 1;
                }
            }
            _ => {}
        }
        self.previous = byte;
    }

    /// Whether `{` can follow the last byte in well-formed JSON.
    fn may_open(&self) -> bool {
        match self.previous {
            b':' | b'[' => true,
            b',' => self.stack.last() == Some(&b'['),
            _ => false,
        }
    }

    /// Whether what is pending is the head of a wrapper (`{"kind":"EventList","items":[`) and no record.
    fn is_wrapper_head(&self) -> bool {
        let bytes = &self.pending.bytes;
        let Some(key) = self.key.filter(|_| bytes.len() <= HEAD_LIMIT) else {
            return false;
        };
        let mut name = Reader::new(bytes.get(key..).unwrap_or_default());
        let Ok(Some(Token::Str(raw))) = name.next_token() else {
            return false;
        };
        // Nothing but the colon may stand before the list: what else does would be lost with the head.
        let value = bytes[key + name.offset()..].trim_ascii();
        let value = value.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        if value != Some(b"[") {
            return false;
        }
        let head = &bytes[..key];
        let head = head.trim_ascii_end();
        let members = head.strip_suffix(b",").unwrap_or(head);
        is_wrapper_key(&unescape(raw)) && is_structure(&[members, b"}"].concat())
    }
}

impl Framer for DocumentFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Frame>) {
        let mut at = 0;
        while at < chunk.len() {
            let plain = self.plain(&chunk[at..]);
            if plain > 0 {
                self.pending.extend(&chunk[at..at + plain]);
                self.offset += plain as u64;
                at += plain;
                continue;
            }
            let byte = chunk[at];
            self.byte(byte, out);
            self.offset += 1;
            if byte == b'\n' {
                self.line += 1;
            }
            at += 1;
        }
    }

    fn open(&self) -> Vec<Frame> {
        let bytes = self.pending.bytes.trim_ascii_end();
        if bytes.is_empty() || self.state == State::Tail {
            return Vec::new();
        }
        vec![Frame {
            offset: self.started,
            end: self.offset - (self.pending.bytes.len() - bytes.len()) as u64,
            more: Vec::new(),
            line: self.started_line,
            bytes: bytes::Bytes::copy_from_slice(bytes),
            cut: self.pending.cut,
            open: true,
        }]
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        if self.state == State::Between {
            return;
        }
        self.give(out, true);
        // What was open is not complete: reading resumes at it.
        self.offset = self.started;
        self.line = self.started_line;
    }

    fn resume_offset(&self) -> u64 {
        match self.state {
            State::Between => self.offset,
            _ => self.started,
        }
    }
}
