//! What a file is, judged by its first bytes, never by its name.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::stream::{Limits, Stream};

pub(super) const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
pub(super) const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
pub(super) const BZIP2_MAGIC: [u8; 3] = *b"BZh";
pub(super) const XZ_MAGIC: [u8; 6] = *b"\xfd7zXZ\0";

/// How much of a file is looked at.
pub(super) const HEAD: usize = 8 << 10;

/// How a file's text is packed: compressed, or in units of two bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Utf16Le,
    Utf16Be,
}

impl Compression {
    /// Bytes that are enough to tell.
    pub(super) const MAGIC_LEN: usize = XZ_MAGIC.len();

    /// What the first bytes say.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.starts_with(&GZIP_MAGIC) {
            Self::Gzip
        } else if is_zstd_frame(head) {
            Self::Zstd
        } else if is_bzip2_stream(head) {
            Self::Bzip2
        } else if head.starts_with(&XZ_MAGIC) {
            Self::Xz
        } else {
            utf16_order(head).unwrap_or_default()
        }
    }

    /// `head`, shorter than what tells, may be the beginning of something compressed like this.
    pub(super) fn may_begin(self, head: &[u8]) -> bool {
        let magic: &[u8] = match self {
            Self::None | Self::Utf16Le | Self::Utf16Be => return false,
            Self::Gzip => &GZIP_MAGIC,
            Self::Zstd => &ZSTD_MAGIC,
            Self::Bzip2 => return head.len() < Self::MAGIC_LEN && is_bzip2_beginning(head),
            Self::Xz => &XZ_MAGIC,
        };
        magic.starts_with(head)
    }
}

/// UTF-16 by its byte order mark, or three plain letters in a row.
fn utf16_order(head: &[u8]) -> Option<Compression> {
    let plain = |b: u8| matches!(b, b'\t' | b'\r' | b'\n' | b' '..=b'~');
    match *head {
        [0xff, 0xfe, ..] => Some(Compression::Utf16Le),
        [0xfe, 0xff, ..] => Some(Compression::Utf16Be),
        [a, 0, b, 0, c, 0, ..] if plain(a) && plain(b) && plain(c) => Some(Compression::Utf16Le),
        [0, a, 0, b, 0, c, ..] if plain(a) && plain(b) && plain(c) => Some(Compression::Utf16Be),
        _ => None,
    }
}

/// `BZh`, the block size as a digit, then a block (pi) or, where nothing is packed, the end (its square root): text may
/// begin with the first three.
fn is_bzip2_stream(head: &[u8]) -> bool {
    head.len() >= Compression::MAGIC_LEN && is_bzip2_beginning(head)
}

fn is_bzip2_beginning(head: &[u8]) -> bool {
    let (magic, rest) = head.split_at(head.len().min(BZIP2_MAGIC.len()));
    let after = rest.get(1..).unwrap_or_default();
    let after = &after[..after.len().min(2)];
    BZIP2_MAGIC.starts_with(magic)
        && rest.first().is_none_or(|size| matches!(size, b'1'..=b'9'))
        && (b"\x31\x41".starts_with(after) || b"\x17\x72".starts_with(after))
}

/// A zstd frame begins here, or a skippable one (RFC 8878, 3.1.2), with which some tools begin their files.
pub(super) fn is_zstd_frame(head: &[u8]) -> bool {
    head.starts_with(&ZSTD_MAGIC) || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// How far text is looked for behind zeros in a compressed file.
const HOLE: usize = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Log(Compression),
    Empty,
    /// Not text; with what it is and what to do, where that is known.
    Binary(&'static str),
    /// Compressed in a way that is not read here; with what to do.
    OtherCompression(&'static str),
}

/// Files that are easily met beside logs, by their first bytes.
const KNOWN: [(usize, &[u8], Content); 6] = [
    (
        0,
        b"\x04\x22\x4d\x18",
        Content::OtherCompression("lz4: run `lz4cat FILE | auditty -`"),
    ),
    (
        0,
        b"PK\x03\x04",
        Content::OtherCompression("zip: unpack it first"),
    ),
    (
        257,
        b"ustar",
        Content::Binary("a tar archive: unpack it first"),
    ),
    (
        0,
        super::journal::MAGIC,
        Content::Binary("a journal: run `journalctl --file FILE -o json | auditty -`"),
    ),
    (0, b"\x7fELF", Content::Binary("a program")),
    (0, b"SQLite format 3\0", Content::Binary("a database")),
];

/// Judges an open regular file; compressed ones by what they decompress to.
pub(super) fn judge(file: &File) -> io::Result<Content> {
    let head = read_head(file)?;
    let compression = Compression::of(&head);
    if compression == Compression::None {
        return Ok(judge_head(&head));
    }
    let mut stream = Stream::new(FromStart { file, offset: 0 }, Limits::default())?;
    let (mut unpacked, mut piece) = (Vec::new(), Vec::new());
    for _ in 0..HOLE / HEAD {
        piece.clear();
        stream.by_ref().take(HEAD as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        std::mem::swap(&mut unpacked, &mut piece);
        if unpacked.len() < HEAD || unpacked.iter().any(|b| *b != 0) {
            break;
        }
    }
    if utf16_order(&unpacked).is_some() {
        return Ok(Content::Binary(
            "UTF-16 in a compressed file: unpack it first, or run `zcat FILE | auditty -`",
        ));
    }
    let intact = matches!(stream.end(), None | Some(super::ReadEnd::Complete));
    Ok(match judge_head(&unpacked) {
        // Nothing can be read from it because it is cut: it is opened all the same, so that this is told.
        Content::Empty if !intact => Content::Log(compression),
        Content::Log(_) => Content::Log(compression),
        other => other,
    })
}

fn judge_head(head: &[u8]) -> Content {
    if head.is_empty() {
        return Content::Empty;
    }
    if let Some((.., known)) = KNOWN
        .iter()
        .find(|(at, magic, _)| head.get(*at..).is_some_and(|h| h.starts_with(magic)))
    {
        return *known;
    }
    if is_text(head) {
        Content::Log(Compression::None)
    } else {
        Content::Binary("not text")
    }
}

/// A log may hold a few stray control bytes (raw user input), and a block of NULs where the machine went down while it was
/// written; in random bytes one in eleven is one. Records of a fixed length that end in NULs are no lines.
fn is_text(head: &[u8]) -> bool {
    let control = |bytes: &[u8]| {
        let control = bytes.iter();
        control
            .filter(|b| matches!(b, 0..=6 | 14..=26 | 127))
            .count()
    };
    if control(head) * 20 <= head.len() {
        return true;
    }
    let parts = head.split(|b| *b == 0).filter(|part| !part.is_empty());
    let (mut length, mut others, mut lines) = (0, 0, 0);
    for part in parts.clone() {
        length += part.len();
        others += control(part);
        let whole = part.split_inclusive(|b| *b == b'\n');
        lines += whole
            .filter(|line| line.len() > SHORT && line.ends_with(b"\n"))
            .count();
    }
    lines > 0 && lines >= parts.count() && others * 20 <= length
}

/// A line of a log has more bytes.
const SHORT: usize = 16;

/// The first [`HEAD`] bytes that say something: a writer that goes on at its old offset after the file was truncated
/// leaves a hole, read as zeros, before the text.
fn read_head(file: &File) -> io::Result<Vec<u8>> {
    let head = read_block(file, 0)?;
    if head.len() < HEAD || head.iter().any(|b| *b != 0) {
        return Ok(head);
    }
    let Ok(data) = rustix::fs::seek(file, rustix::fs::SeekFrom::Data(HEAD as u64)) else {
        return Ok(head);
    };
    let block = read_block(file, data)?;
    match block.iter().position(|b| *b != 0) {
        Some(text) => read_block(file, data + text as u64),
        None => Ok(head),
    }
}

fn read_block(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(HEAD);
    FromStart { file, offset }
        .take(HEAD as u64)
        .read_to_end(&mut block)?;
    Ok(block)
}

/// Reads without moving the file's own position.
struct FromStart<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(out, self.offset)?;
        self.offset += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use super::*;

    fn judged(bytes: &[u8]) -> Content {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        judge(&file).unwrap()
    }

    #[test]
    fn text_in_many_disguises_is_a_log() {
        let utf16: Vec<u8> = "audit log\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let mut stray = b"type=SYSCALL msg=audit(1.1:1): a=b\x1dUID=\"root\"\n".repeat(50);
        stray.extend([0; 40]);
        for bytes in [
            &b"one line"[..],
            b"\xef\xbb\xbf{\"a\":1}\n",
            b"caf\xe9 latin-1\n",
            b"BZh is how this line of text begins\n",
            b"BZh9 and this one\n",
            b"\xc7\xe4\xf1\xe0\xe2\xf1\xf2\xe2\xf3\xe9\n",
            b"\x1b[31mred\x1b[0m\n",
            &stray,
        ] {
            assert_eq!(judged(bytes), Content::Log(Compression::None), "{bytes:?}");
        }
        for bytes in [&[&[0xff, 0xfe][..], &utf16].concat(), &utf16] {
            assert_eq!(judged(bytes), Content::Log(Compression::Utf16Le));
        }
        let swapped: Vec<u8> = utf16
            .chunks(2)
            .flat_map(|unit| [unit[1], unit[0]])
            .collect();
        assert_eq!(judged(&swapped), Content::Log(Compression::Utf16Be));
    }

    #[test]
    fn what_a_crash_left_in_a_log_is_looked_over() {
        let line = b"{\"user\":\"alice\",\"action\":\"login\"}\n";
        let pack = |data: &[u8]| zstd::encode_all(data, 1).unwrap();
        for (before, zeros, after) in [(3, 4096, 5), (3, 410, 200), (1, 60_000, 0)] {
            let log = [line.repeat(before), vec![0; zeros], line.repeat(after)].concat();
            assert_eq!(judged(&log), Content::Log(Compression::None));
            assert_eq!(judged(&pack(&log)), Content::Log(Compression::Zstd));
        }
        let hole = [vec![0; 1 << 20], line.repeat(5)].concat();
        assert_eq!(judged(&pack(&hole)), Content::Log(Compression::Zstd));
        let utf16 = b"\xff\xfea\0u\0d\0i\0t\0\n\0".repeat(30);
        assert!(matches!(judged(&pack(&utf16)), Content::Binary(why) if why.contains("UTF-16")));
        // A record of a login has a fixed length.
        let login = [
            &b"\x07\0\0\0\x12\x34\0\0pts/0"[..],
            &[0; 40],
            b"alice",
            &[0; 200],
        ]
        .concat();
        assert!(matches!(judged(&login.repeat(20)), Content::Binary(_)));
    }

    #[test]
    fn what_is_no_log_is_told() {
        let noise: Vec<u8> = (0..4096u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let mut tar = vec![b'a'; 600];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(judged(b""), Content::Empty);
        assert!(matches!(judged(&noise), Content::Binary(_)));
        assert!(matches!(judged(&[0; 20_000]), Content::Binary(_)));
        assert!(matches!(
            judged(&[&b"ssh:notty\0\0\0\0\0\0\0\0root"[..], &[0; 300]].concat()),
            Content::Binary(_)
        ));
        assert!(matches!(judged(&tar), Content::Binary(_)));
        assert!(matches!(
            judged(b"\x04\x22\x4d\x18"),
            Content::OtherCompression(_)
        ));
        assert!(matches!(judged(b"\0"), Content::Binary(_)));
    }

    #[test]
    fn compressed_files_are_judged_by_what_is_inside() {
        let pack = |data: &[u8]| zstd::encode_all(data, 1).unwrap();
        assert_eq!(judged(&pack(b"text\n")), Content::Log(Compression::Zstd));
        assert_eq!(judged(&pack(b"")), Content::Empty);
        assert!(matches!(judged(&pack(&[0; 5000])), Content::Binary(_)));
        for (cut, compression) in [
            (&[0x1f, 0x8b, 8, 0][..], Compression::Gzip),
            (b"BZh91AY", Compression::Bzip2),
            (b"\xfd7zXZ\0\0", Compression::Xz),
        ] {
            assert_eq!(
                judged(cut),
                Content::Log(compression),
                "cut: opened, so that it is told"
            );
        }
    }

    #[test]
    fn a_hole_before_the_text_is_looked_over() {
        let mut file = tempfile::tempfile().unwrap();
        file.seek(SeekFrom::Start((1 << 20) + 100)).unwrap();
        file.write_all(&b"after copytruncate without O_APPEND\n".repeat(9))
            .unwrap();
        assert_eq!(judge(&file).unwrap(), Content::Log(Compression::None));
    }
}
