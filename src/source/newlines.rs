//! Lines of a plain file, found by position: line numbers and line starts far inside it.

use std::io;
use std::ops::Range;

use super::file::Reader;

const BLOCK: usize = 256 << 10;

/// Number of LF bytes in a byte range of the file; what lies beyond its end counts nothing.
///
/// # Errors
/// Those of the file system.
pub fn count_newlines(file: &Reader, range: Range<u64>) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut offset = range.start;
    let mut newlines = 0;
    while offset < range.end {
        let n = file.read_at(&mut block[..block_len(range.end - offset)], offset)?;
        if n == 0 {
            break;
        }
        newlines += memchr::memchr_iter(b'\n', &block[..n]).count() as u64;
        offset += n as u64;
    }
    Ok(newlines)
}

/// Start of the line that holds byte `offset` (which is `offset` itself if a line starts there).
///
/// # Errors
/// Those of the file system.
pub fn line_start_at_or_before(file: &Reader, offset: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut end = offset.min(file.current_len()?);
    while end > 0 {
        let start = end.saturating_sub(BLOCK as u64);
        let wanted = block_len(end - start);
        let n = read_full(file, &mut block[..wanted], start)?;
        if let Some(newline) = memchr::memrchr(b'\n', &block[..n]) {
            return Ok(start + newline as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Start of the first line that begins at `offset` or later; `None` if no LF follows.
/// At the very end of a file that ends in LF it is the file's length, where the next line will begin.
///
/// # Errors
/// Those of the file system.
pub fn line_start_at_or_after(file: &Reader, offset: u64) -> io::Result<Option<u64>> {
    if offset == 0 {
        return Ok(Some(0));
    }
    let mut block = vec![0; BLOCK];
    let mut at = offset - 1;
    loop {
        let n = file.read_at(&mut block, at)?;
        if n == 0 {
            return Ok(None);
        }
        if let Some(newline) = memchr::memchr(b'\n', &block[..n]) {
            return Ok(Some(at + newline as u64 + 1));
        }
        at += n as u64;
    }
}

fn block_len(left: u64) -> usize {
    usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK))
}

fn read_full(file: &Reader, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match file.read_at(&mut out[done..], offset + done as u64)? {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::content::Compression;
    use super::super::file::{GenFile, open_at};
    use super::*;

    fn with_file<T>(bytes: &[u8], test: impl FnOnce(&Reader) -> T) -> T {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, bytes).unwrap();
        let meta = std::fs::metadata(&path).unwrap();
        test(&open_at(&GenFile::of(path, Compression::None, &meta), 0).unwrap())
    }

    fn starts(bytes: &[u8]) -> Vec<u64> {
        std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', bytes).map(|i| i as u64 + 1))
            .collect()
    }

    fn check(bytes: &[u8], offset: u64) {
        let len = bytes.len() as u64;
        with_file(bytes, |file| {
            let starts = starts(bytes);
            let before = starts
                .iter()
                .copied()
                .filter(|s| *s <= offset)
                .max()
                .unwrap();
            let after = starts.iter().copied().find(|s| *s >= offset);
            assert_eq!(line_start_at_or_before(file, offset).unwrap(), before);
            assert_eq!(line_start_at_or_after(file, offset).unwrap(), after);
            let newlines = starts.iter().filter(|s| **s > offset).count() as u64;
            assert_eq!(count_newlines(file, offset..len + 10).unwrap(), newlines);
            assert_eq!(
                count_newlines(file, 0..offset).unwrap(),
                starts.iter().filter(|s| **s > 0 && **s <= offset).count() as u64
            );
        });
    }

    #[test]
    fn lines_longer_than_a_block_are_spanned() {
        let mut bytes = b"first\n".to_vec();
        bytes.extend(vec![b'x'; BLOCK * 2 + 17]);
        bytes.extend(b"\nlast");
        for offset in [
            0,
            1,
            5,
            6,
            7,
            BLOCK as u64,
            BLOCK as u64 * 2 + 20,
            bytes.len() as u64 - 5,
            bytes.len() as u64,
            u64::MAX / 2,
        ] {
            check(&bytes, offset);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn agrees_with_a_plain_search(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a')], 0..60), offset in 0u64..70) {
            check(&bytes, offset);
        }
    }
}
