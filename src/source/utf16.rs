//! UTF-16 as UTF-8: what Windows' tools write.

use std::io::{self, BufRead, Read};

use super::peek::PeekReader;

/// Text in UTF-16, read as UTF-8 without its byte order mark. A half of a surrogate pair becomes U+FFFD.
pub(super) struct Utf16Reader<R> {
    input: PeekReader<R>,
    unit: fn([u8; 2]) -> u16,
    /// What is decoded and not yet taken.
    ready: Vec<u8>,
    at: usize,
    /// The first half of a character.
    high: Option<u16>,
    begun: bool,
}

impl<R: Read> Utf16Reader<R> {
    pub(super) fn new(input: PeekReader<R>, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            input,
            unit,
            ready: Vec::new(),
            at: 0,
            high: None,
            begun: false,
        }
    }

    pub(super) fn get_ref(&self) -> &PeekReader<R> {
        &self.input
    }

    /// Decodes the next piece; nothing at the end.
    fn decode(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        // A unit may lie across two reads.
        if self.input.peek(2)?.len() < 2 {
            return match (self.input.fill_buf()?.len(), self.high.take()) {
                (0, None) => Ok(()),
                (0, Some(_)) => {
                    self.push(char::REPLACEMENT_CHARACTER);
                    Ok(())
                }
                (half, _) => {
                    self.input.consume(half);
                    Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "half a character",
                    ))
                }
            };
        }
        let piece = self.input.fill_buf()?;
        let whole = piece.len() & !1;
        let units: Vec<u16> = piece[..whole]
            .chunks_exact(2)
            .map(|pair| (self.unit)([pair[0], pair[1]]))
            .collect();
        self.input.consume(whole);
        let mark = usize::from(!self.begun && units.first() == Some(&0xfeff));
        self.begun = true;
        let mut units: Vec<u16> = self
            .high
            .take()
            .into_iter()
            .chain(units[mark..].iter().copied())
            .collect();
        if units
            .last()
            .is_some_and(|unit| (0xd800..0xdc00).contains(unit))
        {
            self.high = units.pop();
        }
        for c in char::decode_utf16(units) {
            self.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(())
    }

    fn push(&mut self, c: char) {
        self.ready
            .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            let before = self.input.consumed();
            self.decode()?;
            if self.ready.is_empty() && self.input.consumed() == before {
                return Ok(0);
            }
        }
        let count = out.len().min(self.ready.len() - self.at);
        out[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives out a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(out.len()).min(self.0.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn read(
        bytes: &[u8],
        unit: fn([u8; 2]) -> u16,
        step: usize,
    ) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut reader = Utf16Reader::new(PeekReader::new(Slow(bytes, step)), unit);
        let mut text = Vec::new();
        let end = reader.read_to_end(&mut text);
        (text, end.err().map(|e| e.kind()))
    }

    proptest! {
        #[test]
        fn text_comes_back(text in any::<String>(), step in 1..7_usize, mark in any::<bool>()) {
            let with_mark = if mark { format!("\u{feff}{text}") } else { text.clone() };
            let want = text.strip_prefix('\u{feff}').filter(|_| !mark).unwrap_or(&text);
            let le: Vec<u8> = with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = with_mark.encode_utf16().flat_map(u16::to_be_bytes).collect();
            prop_assert_eq!(read(&le, u16::from_le_bytes, step), (want.as_bytes().to_vec(), None));
            prop_assert_eq!(read(&be, u16::from_be_bytes, step), (want.as_bytes().to_vec(), None));
        }
    }

    #[test]
    fn what_is_cut_off_is_told() {
        let cut = (b"a".to_vec(), Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(b"a\0b", u16::from_le_bytes, 9), cut);
        let half = ("a\u{fffd}".as_bytes().to_vec(), None);
        assert_eq!(read(b"a\0\x00\xd8", u16::from_le_bytes, 9), half);
        assert_eq!(read(b"", u16::from_le_bytes, 9), (Vec::new(), None));
    }
}
