//! Lines of which one may be only the beginning of a record: container runtimes cut what is longer than 16 KiB.

use bytes::BytesMut;

use super::LineFramer;
use crate::format::{FRAME_LIMIT, Frame, Framer};

/// Joins a line that says it goes on with the ones after it, by LF.
pub(in crate::format) struct JoinFramer {
    lines: LineFramer,
    goes_on: fn(&[u8]) -> bool,
    held: Option<Held>,
}

struct Held {
    frame: Frame,
    bytes: BytesMut,
}

impl Held {
    fn new(frame: Frame) -> Self {
        Self {
            bytes: BytesMut::from(&frame.bytes[..]),
            frame,
        }
    }

    fn append(&mut self, line: &Frame) {
        let room = FRAME_LIMIT.saturating_sub(self.bytes.len() + 1);
        let kept = line.bytes.len().min(room);
        if kept > 0 {
            self.bytes.extend_from_slice(b"\n");
            self.bytes.extend_from_slice(&line.bytes[..kept]);
        }
        self.frame.cut += (line.bytes.len() - kept) as u64 + line.cut;
        self.frame.end = line.end;
    }

    fn frame(self, open: bool) -> Frame {
        Frame {
            bytes: self.bytes.freeze(),
            open: self.frame.open || open,
            ..self.frame
        }
    }
}

impl JoinFramer {
    pub(in crate::format) fn new(offset: u64, goes_on: fn(&[u8]) -> bool) -> Self {
        Self {
            lines: LineFramer::new(offset),
            goes_on,
            held: None,
        }
    }

    fn take(&mut self, line: Frame, out: &mut Vec<Frame>) {
        let goes_on = (self.goes_on)(&line.bytes);
        match (&mut self.held, goes_on) {
            (None, false) => out.push(line),
            (None, true) => self.held = Some(Held::new(line)),
            (Some(held), _) => held.append(&line),
        }
        if !goes_on && let Some(held) = self.held.take() {
            out.push(held.frame(false));
        }
    }
}

impl Framer for JoinFramer {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Frame>) {
        let mut lines = Vec::new();
        self.lines.push(bytes, &mut lines);
        for line in lines {
            self.take(line, out);
        }
    }

    fn open(&self) -> Vec<Frame> {
        let rest = self.lines.open();
        let Some(held) = &self.held else {
            return rest;
        };
        let mut whole = Held {
            frame: held.frame.clone(),
            bytes: held.bytes.clone(),
        };
        for line in &rest {
            whole.append(line);
        }
        vec![whole.frame(true)]
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        let mut lines = Vec::new();
        self.lines.finish(&mut lines);
        for line in lines {
            let open = line.open;
            self.take(line, out);
            if let Some(last) = out.last_mut().filter(|_| self.held.is_none()) {
                last.open |= open;
            }
        }
        out.extend(self.held.take().map(|held| held.frame(true)));
    }

    fn resume_offset(&self) -> u64 {
        match &self.held {
            Some(held) => held.frame.offset,
            None => self.lines.resume_offset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_on(line: &[u8]) -> bool {
        line.starts_with(b"P")
    }

    fn framed(text: &str, step: usize) -> (Vec<Frame>, Vec<Frame>) {
        let mut framer = JoinFramer::new(0, goes_on);
        let mut frames = Vec::new();
        for piece in text.as_bytes().chunks(step) {
            framer.push(piece, &mut frames);
        }
        let open = framer.open();
        framer.finish(&mut frames);
        (frames, open)
    }

    #[test]
    fn parts_are_joined_whatever_the_pieces_they_arrive_in() {
        for step in [1, 3, 100] {
            let (frames, open) = framed("F a\nP b\nP c\nF d\nF e\nP f\nP g", step);
            let texts: Vec<&[u8]> = frames.iter().map(|f| &f.bytes[..]).collect();
            assert_eq!(texts, [&b"F a"[..], b"P b\nP c\nF d", b"F e", b"P f\nP g"]);
            let ranges: Vec<_> = frames.iter().map(|f| (f.offset, f.end, f.open)).collect();
            assert_eq!(
                ranges,
                [
                    (0, 3, false),
                    (4, 15, false),
                    (16, 19, false),
                    (20, 27, true)
                ]
            );
            assert_eq!(open.len(), 1);
            assert_eq!((open[0].offset, &open[0].bytes[..]), (20, &b"P f\nP g"[..]));
        }
    }

    #[test]
    fn a_record_without_end_is_bounded() {
        let line = format!("P {}\n", "x".repeat(1 << 20));
        let (frames, _) = framed(&line.repeat(6), 1 << 16);
        assert_eq!(frames.len(), 1);
        assert!(frames[0].bytes.len() <= FRAME_LIMIT);
        assert!(frames[0].cut > 2 << 20 >> 1);
    }
}
