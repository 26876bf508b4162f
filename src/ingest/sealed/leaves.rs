//! The lines of a file as leaves.

use std::io::Read;

use crate::ingest::IngestError;
use crate::ingest::sealing::SealError;
use crate::seal::{Hash, LeafCutter, LeafHash};
use crate::source::{Compression, GenFile, open_at, open_stream};

const PIECE: usize = 1 << 20;

/// Gives everything from a decompressed offset on to `each`.
pub(in crate::ingest) fn read_from(
    file: &GenFile,
    offset: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<(), SealError>,
) -> Result<(), SealError> {
    let failed = |error| SealError::Read(IngestError::Read(error));
    let mut piece = vec![0; PIECE];
    if file.compression == Compression::None {
        let reader = open_at(file, 0).map_err(IngestError::from)?;
        let mut at = offset;
        loop {
            match reader.read_at(&mut piece, at).map_err(failed)? {
                0 => return Ok(()),
                got => {
                    each(&piece[..got])?;
                    at += got as u64;
                }
            }
        }
    }
    let mut stream = open_stream(file).map_err(IngestError::from)?;
    stream.skip_to(offset).map_err(failed)?;
    loop {
        match stream.read(&mut piece).map_err(failed)? {
            0 => return Ok(()),
            got => each(&piece[..got])?,
        }
    }
}

/// The leaves of a file's whole lines: 32 bytes of memory a line.
pub(in crate::ingest) fn leaves_of(file: &GenFile) -> Result<Vec<Hash>, SealError> {
    Ok(lines_of(file)?.0)
}

/// The same, and whether a line without its LF stands behind them.
pub(super) fn lines_of(file: &GenFile) -> Result<(Vec<Hash>, bool), SealError> {
    let (mut cutter, mut leaves) = (LeafCutter::<LeafHash>::default(), Vec::new());
    read_from(file, 0, &mut |piece| {
        cutter.push(piece, |leaf, _| leaves.push(leaf));
        Ok(())
    })?;
    Ok((leaves, cutter.pending() > 0))
}

/// The leaf of a file's first line.
pub(in crate::ingest) fn first_leaf(file: &GenFile) -> Result<Option<Hash>, SealError> {
    let mut stream = open_stream(file).map_err(IngestError::from)?;
    let (mut cutter, mut first) = (LeafCutter::<LeafHash>::default(), None);
    let mut piece = [0; 4096];
    while first.is_none() {
        let got = stream
            .read(&mut piece)
            .map_err(|error| SealError::Read(IngestError::Read(error)))?;
        if got == 0 {
            break;
        }
        cutter.push(&piece[..got], |leaf, _| {
            first.get_or_insert(leaf);
        });
    }
    Ok(first)
}

/// Where lines (from 1 on) begin; the end of the file, for those that are not there.
pub(in crate::ingest) fn offsets_of(file: &GenFile, lines: &[u64]) -> Result<Vec<u64>, SealError> {
    let mut wanted: Vec<(u64, usize)> = lines.iter().copied().zip(0..).collect();
    wanted.sort_unstable();
    let (mut cutter, mut line, mut at) = (LeafCutter::<LeafHash>::default(), 1, 0);
    let mut offsets = vec![0; lines.len()];
    let mut next = 0;
    read_from(file, 0, &mut |piece| {
        cutter.push(piece, |_, bytes| {
            while let Some((_, n)) = wanted.get(next).filter(|(wanted, _)| *wanted == line) {
                offsets[*n] = at;
                next += 1;
            }
            line += 1;
            at += bytes;
        });
        Ok(())
    })?;
    for (_, n) in &wanted[next..] {
        offsets[*n] = at;
    }
    Ok(offsets)
}
