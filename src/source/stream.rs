//! Reading a generation from its first byte, decompressed: gzip members, zstd frames, bzip2 and xz streams one after
//! another; UTF-16 as UTF-8.
//!
//! A damaged or cut file gives everything that can be read; [`Stream::end`] then says how it ended.

use std::fs::File;
use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;

use super::SourceError;
use super::content::Compression;
use super::file::{GenFile, open_checked};
use super::peek::PeekReader;
use super::utf16::Utf16Reader;

/// Largest zstd window accepted, as a power of two: 128 MiB, what `zstd -d` itself accepts.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Memory an xz stream may ask for: what `xz -9` needs to decompress is 65 MiB; a header can ask for 4 GiB.
const XZ_MEMORY: u64 = 128 << 20;

/// Bytes decompressed at most in one go: limits are kept, and damage costs, to within this.
const STEP: usize = 64 << 10;

/// When decompression stops, so that a small file cannot fill disk and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Decompressed bytes at most.
    pub bytes: u64,
    /// Decompressed bytes per compressed byte at most, …
    pub ratio: u64,
    /// … looked at only once this many bytes have come out.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 30,
            ratio: 2000,
            ratio_from: 1 << 30,
        }
    }
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadEnd {
    /// Everything was read.
    Complete,
    /// The compressed data stop in the middle.
    Truncated(String),
    /// The compressed data are wrong from some point on.
    Damaged(String),
    /// After the end of the compressed data come `bytes` that are something else.
    TrailingGarbage { bytes: u64 },
    /// Decompression stopped at a limit.
    LimitReached(String),
}

impl ReadEnd {
    /// What went wrong, in words, and what of it was read.
    pub fn trouble(&self) -> Option<String> {
        Some(match self {
            Self::Complete => return None,
            Self::Truncated(why) => format!("cut short: {why}; everything before the cut was read"),
            Self::Damaged(why) => format!("damaged: {why}; everything before was read"),
            Self::TrailingGarbage { bytes } => {
                format!("{bytes} bytes follow the end of the compressed data and were not read")
            }
            Self::LimitReached(why) => format!("not read to its end: {why}"),
        })
    }
}

enum Member<R: Read> {
    Plain(PeekReader<R>),
    Gzip(Box<GzDecoder<PeekReader<R>>>),
    Zstd(zstd::stream::read::Decoder<'static, PeekReader<R>>),
    Bzip2(Box<BzDecoder<PeekReader<R>>>),
    Xz(Box<XzDecoder<PeekReader<R>>>),
    Utf16(Utf16Reader<R>),
    Ended,
}

impl<R: Read> Member<R> {
    fn open(compression: Compression, input: PeekReader<R>) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(input),
            Compression::Gzip => Self::Gzip(Box::new(GzDecoder::new(input))),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Self::Zstd(decoder.single_frame())
            }
            Compression::Bzip2 => Self::Bzip2(Box::new(BzDecoder::new(input))),
            Compression::Xz => {
                let decoder = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, 0)?;
                Self::Xz(Box::new(XzDecoder::new_stream(input, decoder)))
            }
            Compression::Utf16Le => Self::Utf16(Utf16Reader::new(input, u16::from_le_bytes)),
            Compression::Utf16Be => Self::Utf16(Utf16Reader::new(input, u16::from_be_bytes)),
        })
    }

    fn consumed(&self) -> u64 {
        match self {
            Self::Plain(input) => input.consumed(),
            Self::Gzip(decoder) => decoder.get_ref().consumed(),
            Self::Zstd(decoder) => decoder.get_ref().consumed(),
            Self::Bzip2(decoder) => decoder.get_ref().consumed(),
            Self::Xz(decoder) => decoder.get_ref().consumed(),
            Self::Utf16(decoder) => decoder.get_ref().consumed(),
            Self::Ended => 0,
        }
    }
}

/// Decompressed bytes of one generation. `read` returns 0 at the end, whatever the end was; errors are those of the
/// file system only.
pub struct Stream<R: Read> {
    member: Member<R>,
    limits: Limits,
    produced: u64,
    end: Option<ReadEnd>,
}

/// Opens a generation from its first byte, decompressed if it is compressed.
///
/// # Errors
/// The file cannot be opened, or is not the one of the scan any more.
pub fn open_stream(generation: &GenFile) -> Result<Stream<File>, SourceError> {
    let file = open_checked(generation)?;
    Stream::new(file, Limits::default()).map_err(SourceError::io("read", &generation.path))
}

impl<R: Read> Stream<R> {
    /// Decompresses `input` if its first bytes say that it is compressed.
    ///
    /// # Errors
    /// Reading the first bytes failed.
    pub fn new(input: R, limits: Limits) -> io::Result<Self> {
        let mut input = PeekReader::new(input);
        let compression = Compression::of(input.peek(Compression::MAGIC_LEN)?);
        Ok(Self {
            member: Member::open(compression, input)?,
            limits,
            produced: 0,
            end: None,
        })
    }

    /// How the stream ended; `None` while there is more.
    pub fn end(&self) -> Option<&ReadEnd> {
        self.end.as_ref()
    }

    /// Decompressed offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.produced
    }

    /// Bytes of the file itself taken so far, for progress.
    pub fn consumed(&self) -> u64 {
        self.member.consumed()
    }

    /// Reads on to decompressed `offset` without keeping anything; returns where it is then, less only at the end.
    ///
    /// # Errors
    /// As for `read`.
    pub fn skip_to(&mut self, offset: u64) -> io::Result<u64> {
        let wanted = offset.saturating_sub(self.produced);
        io::copy(&mut self.by_ref().take(wanted), &mut io::sink())?;
        Ok(self.produced)
    }

    /// Goes on with the next member, or ends.
    fn next_member(&mut self) -> io::Result<()> {
        let (mut input, compression) = match std::mem::replace(&mut self.member, Member::Ended) {
            Member::Gzip(decoder) => (decoder.into_inner(), Compression::Gzip),
            Member::Zstd(decoder) => (decoder.finish(), Compression::Zstd),
            Member::Bzip2(decoder) => (decoder.into_inner(), Compression::Bzip2),
            Member::Xz(decoder) => (decoder.into_inner(), Compression::Xz),
            Member::Plain(_) | Member::Utf16(_) | Member::Ended => {
                self.end = Some(ReadEnd::Complete);
                return Ok(());
            }
        };
        let head = input.peek(Compression::MAGIC_LEN)?;
        let begins = Compression::of(head) == compression;
        let partial = compression.may_begin(head);
        if head.is_empty() {
            self.end = Some(ReadEnd::Complete);
        } else if begins {
            self.member = Member::open(compression, input)?;
        } else if partial {
            self.end = Some(ReadEnd::Truncated("the data stop inside a header".into()));
        } else {
            self.end = Some(after_the_end(&mut input)?);
        }
        Ok(())
    }

    fn over_limit(&self) -> Option<ReadEnd> {
        if matches!(self.member, Member::Plain(_)) {
            return None;
        }
        if self.produced > self.limits.bytes {
            return Some(ReadEnd::LimitReached(format!(
                "more than {} bytes when decompressed",
                self.limits.bytes
            )));
        }
        let ratio = self.produced / self.member.consumed().max(1);
        (self.produced > self.limits.ratio_from && ratio > self.limits.ratio).then(|| {
            ReadEnd::LimitReached(format!(
                "decompresses to more than {} times its size",
                self.limits.ratio
            ))
        })
    }
}

/// What follows the last member: zeros are padding (tapes, preallocated files), anything else is garbage.
fn after_the_end<R: Read>(input: &mut PeekReader<R>) -> io::Result<ReadEnd> {
    let mut bytes = 0;
    let mut only_zeros = true;
    loop {
        let rest = match input.fill_buf() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            rest => rest?,
        };
        if rest.is_empty() {
            break;
        }
        only_zeros &= rest.iter().all(|b| *b == 0);
        bytes += rest.len() as u64;
        let taken = rest.len();
        input.consume(taken);
    }
    Ok(if only_zeros {
        ReadEnd::Complete
    } else {
        ReadEnd::TrailingGarbage { bytes }
    })
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let step = out.len().min(STEP);
        let out = &mut out[..step];
        while self.end.is_none() && !out.is_empty() {
            let result = match &mut self.member {
                Member::Plain(input) => input.read(out),
                Member::Gzip(decoder) => decoder.read(out),
                Member::Zstd(decoder) => decoder.read(out),
                Member::Bzip2(decoder) => decoder.read(out),
                Member::Xz(decoder) => decoder.read(out),
                Member::Utf16(decoder) => decoder.read(out),
                Member::Ended => Ok(0),
            };
            match result {
                Ok(0) => self.next_member()?,
                Ok(n) => {
                    self.produced += n as u64;
                    self.end = self.over_limit();
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The decoders' own errors carry no error number: those of the file system do.
                Err(e) if e.raw_os_error().is_some() => return Err(e),
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    self.end = Some(ReadEnd::Truncated(format!("its data stop early ({e})")));
                }
                Err(e) => self.end = Some(ReadEnd::Damaged(e.to_string())),
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests;
