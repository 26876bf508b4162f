//! Lines of which one may be only the beginning of a record: container runtimes cut what is longer than 16 KiB.

use bytes::BytesMut;

use super::LineFramer;
use crate::format::{FRAME_LIMIT, Frame, Framer};

/// Which of a container's two streams a line is of; `None` if it is no line of a container.
pub(in crate::format) type Stream = fn(&[u8]) -> Option<usize>;

/// Joins a line that says it goes on with the ones after it in its stream, by LF.
pub(in crate::format) struct JoinFramer {
    lines: LineFramer,
    goes_on: fn(&[u8]) -> bool,
    stream: Stream,
    /// By stream: a runtime writes both to one file.
    held: [Option<Held>; 2],
}

#[derive(Clone)]
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
        let end = self
            .frame
            .more
            .last_mut()
            .map_or(&mut self.frame.end, |range| &mut range.end);
        // A line end is between lines that follow each other.
        if line.offset <= *end + 2 {
            *end = line.end;
        } else {
            self.frame.more.push(line.offset..line.end);
        }
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
    pub(in crate::format) fn new(offset: u64, goes_on: fn(&[u8]) -> bool, stream: Stream) -> Self {
        Self {
            lines: LineFramer::new(offset),
            goes_on,
            stream,
            held: [None, None],
        }
    }

    fn take(&mut self, line: Frame, out: &mut Vec<Frame>) {
        let goes_on = (self.goes_on)(&line.bytes);
        if !goes_on && self.held.iter().all(Option::is_none) {
            out.push(line);
            return;
        }
        let Some(stream) = (self.stream)(&line.bytes) else {
            out.push(line);
            return;
        };
        let held = match self.held[stream].take() {
            Some(mut held) => {
                held.append(&line);
                held
            }
            None => Held::new(line),
        };
        if goes_on {
            self.held[stream] = Some(held);
        } else {
            out.push(held.frame(false));
        }
    }

    /// What is held, as it stands, in the order of the file.
    fn unfinished(held: [Option<Held>; 2]) -> Vec<Frame> {
        let frames = held.into_iter().flatten().map(|held| held.frame(true));
        let mut frames: Vec<Frame> = frames.collect();
        frames.sort_by_key(|frame| frame.offset);
        frames
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
        let mut held = self.held.clone();
        let mut alone = Vec::new();
        for line in self.lines.open() {
            let stream = (self.stream)(&line.bytes);
            match stream.and_then(|stream| held[stream].as_mut()) {
                Some(held) => held.append(&line),
                None => alone.push(line),
            }
        }
        let mut frames = Self::unfinished(held);
        frames.extend(alone);
        frames
    }

    fn finish(&mut self, out: &mut Vec<Frame>) {
        let mut lines = Vec::new();
        self.lines.finish(&mut lines);
        for line in lines {
            let (open, before) = (line.open, out.len());
            self.take(line, out);
            if let Some(last) = out[before..].last_mut() {
                last.open |= open;
            }
        }
        out.extend(Self::unfinished(std::mem::take(&mut self.held)));
    }

    fn resume_offset(&self) -> u64 {
        let held = self.held.iter().flatten().map(|held| held.frame.offset);
        held.min().unwrap_or_else(|| self.lines.resume_offset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_on(line: &[u8]) -> bool {
        line.starts_with(b"P") || line.starts_with(b"p")
    }

    /// Capitals are one stream, small letters the other.
    fn stream(line: &[u8]) -> Option<usize> {
        let is_line = matches!(line.first(), Some(b'P' | b'F' | b'p' | b'f'));
        is_line.then(|| usize::from(line[0].is_ascii_lowercase()))
    }

    fn framed(text: &str, step: usize) -> (Vec<Frame>, Vec<Frame>) {
        let mut framer = JoinFramer::new(0, goes_on, stream);
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
    fn streams_are_joined_apart_and_what_is_of_none_stands_alone() {
        let text = "P a\nf x\nP b\np y\n?\nF c\nf z\nP d\np w";
        for step in [1, 3, 100] {
            let (frames, open) = framed(text, step);
            let texts: Vec<&[u8]> = frames.iter().map(|f| &f.bytes[..]).collect();
            let want: [&[u8]; 6] = [b"f x", b"?", b"P a\nP b\nF c", b"p y\nf z", b"P d", b"p w"];
            assert_eq!(texts, want);
            assert_eq!((frames[2].offset, frames[2].end), (0, 3));
            assert_eq!(frames[2].more, [8..11, 18..21]);
            let opened: Vec<_> = open.iter().map(|f| (f.offset, f.open)).collect();
            assert_eq!(opened, [(26, true), (30, true)]);
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
