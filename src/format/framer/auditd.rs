//! auditd's records of one event, merged by (node, time, serial) though they interleave with others.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::{FRAME_LIMIT, Frame, Framer, Line, LineCutter};

/// Two records of one event that lie this far apart (start to start, in bytes) are two events: it bounds how many
/// events can be open, and since the rule looks only at neighbouring records of one event, framing begun at any
/// line with this much lookback finds the same frames from there on.
pub(crate) const AUDITD_SPAN: u64 = 64 << 10;

struct OpenEvent {
    frame: Frame,
    /// Gathered apart since `Frame::bytes` cannot grow.
    bytes: Vec<u8>,
    last_start: u64,
}

impl OpenEvent {
    fn new(line: &Line<'_>) -> Self {
        let mut event = Self {
            frame: line.frame(bytes::Bytes::new(), false),
            bytes: Vec::with_capacity(line.bytes.len()),
            last_start: line.range.start,
        };
        event.bytes.extend_from_slice(line.bytes);
        event
    }

    fn has_room(&self, line: &Line<'_>) -> bool {
        self.bytes.len() + 1 + line.bytes.len() <= FRAME_LIMIT
    }

    fn add(&mut self, line: &Line<'_>) {
        self.last_start = line.range.start;
        let joins = |end: u64| line.range.start == end + 1;
        match self.frame.more.last_mut() {
            Some(last) if joins(last.end) => last.end = line.range.end,
            None if joins(self.frame.end) => self.frame.end = line.range.end,
            _ => self.frame.more.push(line.range.clone()),
        }
        self.bytes.push(b'\n');
        self.bytes.extend_from_slice(line.bytes);
        self.frame.cut += line.cut;
    }

    fn close(self, open: bool) -> Frame {
        Frame {
            bytes: self.bytes.into(),
            open,
            ..self.frame
        }
    }

    fn shown(&self) -> Frame {
        Frame {
            bytes: bytes::Bytes::copy_from_slice(&self.bytes),
            open: true,
            ..self.frame.clone()
        }
    }
}

/// Gives out an event when its EOE record comes, when [`AUDITD_SPAN`] bytes passed without one of its records, or
/// at the end. Records from user space (`USER_*`, `CRED_*`, …) never share an event and are given out at once,
/// as is a line that is no audit record. An event that would pass [`FRAME_LIMIT`] is given out and begun anew.
///
/// Whoever reads from the middle (a later part of a file, or `resume_offset`) starts [`AUDITD_SPAN`] earlier at a
/// line start and drops frames whose `offset` is before the place wanted: the rest are those of a full reading.
pub(crate) struct AuditdFramer {
    lines: LineCutter,
    state: State,
}

#[derive(Default)]
struct State {
    open: HashMap<Box<[u8]>, OpenEvent>,
    /// Touches in order of offset; one is stale when its event was touched again or closed.
    touched: VecDeque<(u64, Box<[u8]>)>,
    /// Where reading resumes once `finish` has closed everything.
    ended_at: Option<u64>,
}

impl State {
    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Frame>) {
        self.expire(line.range.start, out);
        if line.is_blank() {
            return;
        }
        let Some(key) = event_key(line.bytes) else {
            out.push(OpenEvent::new(line).close(false));
            return;
        };
        if key.is_standalone() {
            out.push(OpenEvent::new(line).close(false));
            return;
        }
        let name = key.to_bytes();
        if key.kind == b"EOE" {
            let event = match self.open.remove(&name) {
                Some(mut event) if event.has_room(line) => {
                    event.add(line);
                    event
                }
                full => {
                    out.extend(full.map(|event| event.close(false)));
                    OpenEvent::new(line)
                }
            };
            out.push(event.close(false));
            return;
        }
        match self.open.get_mut(&name) {
            Some(event) if event.has_room(line) => event.add(line),
            _ => {
                let full = self.open.insert(name.clone(), OpenEvent::new(line));
                out.extend(full.map(|event| event.close(false)));
            }
        }
        self.touched.push_back((line.range.start, name));
    }

    fn expire(&mut self, now: u64, out: &mut Vec<Frame>) {
        while let Some((at, _)) = self.touched.front()
            && at + AUDITD_SPAN <= now
            && let Some((at, name)) = self.touched.pop_front()
        {
            if self.open.get(&name).is_some_and(|e| e.last_start == at)
                && let Some(event) = self.open.remove(&name)
            {
                out.push(event.close(false));
            }
        }
    }
}

impl AuditdFramer {
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            lines: LineCutter::new(offset),
            state: State::default(),
        }
    }
}

impl Framer for AuditdFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Frame>) {
        let state = &mut self.state;
        self.lines.push(chunk, |line| state.line(&line, out));
    }

    fn open(&self) -> Vec<Frame> {
        let rest = self.lines.rest();
        let of_rest = rest
            .as_ref()
            .and_then(|line| event_key(line.bytes))
            .filter(|key| !key.is_standalone())
            .map(|key| key.to_bytes());
        let mut frames: Vec<Frame> = Vec::with_capacity(self.state.open.len() + 1);
        let mut merged = false;
        for (name, event) in &self.state.open {
            let mut frame = event.shown();
            if of_rest.as_ref() == Some(name)
                && let Some(line) = &rest
                && event.has_room(line)
            {
                let mut grown = OpenEvent {
                    bytes: frame.bytes.to_vec(),
                    last_start: event.last_start,
                    frame,
                };
                grown.add(line);
                frame = grown.close(true);
                merged = true;
            }
            frames.push(frame);
        }
        if !merged && let Some(line) = &rest {
            frames.push(OpenEvent::new(line).close(true));
        }
        frames.sort_by_key(|f| f.offset);
        frames
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        self.state.ended_at = Some(self.resume_offset());
        let state = &mut self.state;
        let mut last = Vec::new();
        let start = self.lines.start;
        self.lines.finish(|line| state.line(&line, &mut last));
        for mut frame in last {
            // What the last line without LF gave out may still grow; what it only pushed out of the span is done.
            frame.open = frame.more.last().map_or(frame.end, |r: &Range<u64>| r.end) >= start;
            out.push(frame);
        }
        let mut rest: Vec<Frame> = state.open.drain().map(|(_, e)| e.close(true)).collect();
        state.touched.clear();
        rest.sort_by_key(|f| f.offset);
        out.append(&mut rest);
    }

    fn resume_offset(&self) -> u64 {
        if let Some(offset) = self.state.ended_at {
            return offset;
        }
        let first = self.state.open.values().map(|e| e.frame.offset).min();
        first.map_or(self.lines.start, |o| o.min(self.lines.start))
    }
}

/// What tells which event a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EventKey<'a> {
    pub(crate) node: &'a [u8],
    /// The record's type (`SYSCALL`).
    pub(crate) kind: &'a [u8],
    /// `seconds.milliseconds:serial`, as written.
    pub(crate) stamp: &'a [u8],
    /// What follows `msg=audit(…):`.
    pub(crate) body: &'a [u8],
}

/// Reads `[node=N ]type=T msg=audit(STAMP):`; a BOM or blanks before it are skipped.
pub(crate) fn event_key(line: &[u8]) -> Option<EventKey<'_>> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let mut rest = line.trim_ascii_start();
    let mut node: &[u8] = b"";
    if let Some(after) = rest.strip_prefix(b"node=") {
        let end = memchr::memchr(b' ', after)?;
        node = &after[..end];
        rest = after[end..].trim_ascii_start();
    }
    let rest = rest.strip_prefix(b"type=")?;
    let end = memchr::memchr(b' ', rest)?;
    let kind = &rest[..end];
    let rest = rest[end..].trim_ascii_start();
    // What takes records from the audit socket by itself (auoms) leaves the key out.
    let rest = rest.strip_prefix(b"msg=").unwrap_or(rest);
    let rest = rest.strip_prefix(b"audit(")?;
    let end = memchr::memchr(b')', &rest[..rest.len().min(64)])?;
    let body = &rest[end + 1..];
    let key = EventKey {
        node,
        kind,
        stamp: &rest[..end],
        body: body.strip_prefix(b":").unwrap_or(body),
    };
    (!kind.is_empty() && key.time().is_some()).then_some(key)
}

/// Types written by programs through the audit netlink socket: each is an event of its own, with its own serial.
const STANDALONE: [&[u8]; 19] = [
    b"USER_",
    b"CRED_",
    b"DAEMON_",
    b"SERVICE_",
    b"SYSTEM_",
    b"ADD_",
    b"DEL_",
    b"GRP_",
    b"ACCT_",
    b"CHGRP_",
    b"CHUSER_",
    b"ROLE_",
    b"LABEL_",
    b"VIRT_",
    b"CRYPTO_",
    b"RESP_",
    b"DEV_",
    b"USYS_",
    b"TRUSTED_",
];

impl EventKey<'_> {
    fn is_standalone(&self) -> bool {
        STANDALONE.iter().any(|p| self.kind.starts_with(p)) || self.kind == b"USER"
    }

    /// Seconds, nanoseconds and serial.
    pub(crate) fn time(&self) -> Option<(i64, u32, u64)> {
        let text = std::str::from_utf8(self.stamp).ok()?;
        let (time, serial) = text.split_once(':')?;
        let (secs, fraction) = time.split_once('.')?;
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(secs) || !digits(fraction) || !digits(serial) || fraction.len() > 9 {
            return None;
        }
        let scale = 10u32.pow(9 - fraction.len() as u32);
        Some((
            secs.parse().ok()?,
            fraction.parse::<u32>().ok()? * scale,
            serial.parse().ok()?,
        ))
    }

    fn to_bytes(self) -> Box<[u8]> {
        [self.node, b" ", self.stamp].concat().into_boxed_slice()
    }
}
