//! The records of a sidecar, and the bytes of a log.

use std::io::{BufRead, BufReader, Read};

use super::super::IngestError;
use super::super::sealing::SealError;
use crate::source::{GenFile, open_stream};

/// Bytes of a record of a sidecar at most.
const LONGEST: usize = 1 << 20;

/// Gives the bytes of a file to `each`, until that says `false`.
pub(super) fn each_piece(
    file: &GenFile,
    each: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), SealError> {
    let mut stream = open_stream(file).map_err(IngestError::from)?;
    let mut piece = vec![0; LONGEST];
    loop {
        let read = stream.read(&mut piece);
        match read.map_err(|error| SealError::Read(IngestError::Read(error)))? {
            0 => return Ok(()),
            got if !each(&piece[..got]) => return Ok(()),
            _ => {}
        }
    }
}

/// Gives each record to `each`, without its end and cut where it is too long, until that says `false`. What was not
/// written to its end at the end of the file is none yet, unless it can be read.
pub(super) fn each_line(
    file: &GenFile,
    each: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), SealError> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let in_file = |source| SealError::Sidecar {
        path: file.path.clone(),
        source,
    };
    let failed = |error| in_file(IngestError::Read(error));
    let stream = open_stream(file).map_err(|error| in_file(error.into()))?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut rest) = (Vec::new(), Vec::new());
    let mut is_first = true;
    loop {
        line.clear();
        let limit = LONGEST as u64;
        let read = (&mut reader).take(limit).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(());
        }
        let mut is_ended = line.ends_with(b"\n");
        let is_long = line.len() == LONGEST;
        while is_long && !is_ended {
            rest.clear();
            let read = (&mut reader).take(limit).read_until(b'\n', &mut rest);
            if read.map_err(failed)? == 0 {
                break;
            }
            is_ended = rest.ends_with(b"\n");
        }
        let record = line.trim_ascii_end();
        let record = match std::mem::take(&mut is_first) {
            true => record.strip_prefix(BOM).unwrap_or(record),
            false => record,
        };
        let is_torn = !is_ended && !record.ends_with(b"}");
        // What is too long is none that can be read, and is counted.
        let record = if is_long { &line[..] } else { record };
        if !record.is_empty() && !is_torn && !each(record) {
            return Ok(());
        }
    }
}
