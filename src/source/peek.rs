//! A buffered reader that can look ahead a few bytes and counts what was taken.

use std::io::{self, BufRead, Read};

const CAPACITY: usize = 64 << 10;

pub(super) struct PeekReader<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    consumed: u64,
}

impl<R: Read> PeekReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; CAPACITY].into_boxed_slice(),
            start: 0,
            end: 0,
            consumed: 0,
        }
    }

    /// The next `n` bytes (fewer only where the stream ends) without taking them.
    pub(super) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        let n = n.min(CAPACITY);
        if self.start + n > CAPACITY {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < n {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + n)])
    }

    /// Bytes taken so far.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }
}

impl<R: Read> BufRead for PeekReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.end = self.inner.read(&mut self.buffer)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.consumed += n as u64;
    }
}

impl<R: Read> Read for PeekReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(out.len());
        out[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte per read, as a slow pipe does.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = 1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn peeking_takes_nothing() {
        let mut reader = PeekReader::new(Trickle(b"abcdef"));
        assert_eq!(reader.peek(4).unwrap(), b"abcd");
        assert_eq!(reader.consumed(), 0);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"abcdef");
        assert_eq!(reader.consumed(), 6);
        assert_eq!(reader.peek(4).unwrap(), b"");
    }

    #[test]
    fn peeking_across_the_buffer_end_keeps_the_bytes() {
        let data: Vec<u8> = (0..CAPACITY + 100).map(|i| (i % 251) as u8).collect();
        let mut reader = PeekReader::new(&data[..]);
        reader.fill_buf().unwrap();
        reader.consume(CAPACITY - 2);
        assert_eq!(reader.peek(4).unwrap(), &data[CAPACITY - 2..CAPACITY + 2]);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, &data[CAPACITY - 2..]);
    }
}
