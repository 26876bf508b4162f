//! The log beside a `.sum` file: one file or several, packed or not.

use std::path::{Path, PathBuf};

use super::{IngestError, read};
use crate::chain::ossec::{Expected, Hasher, Likeness, ReadLog, part_name};
use crate::ingest::packed::{self, unpacked};
use crate::source::{GenFile, ReadEnd};
use crate::text;

/// Files of one day at most: OSSEC counts them with three digits.
const MAX_PARTS: usize = 1000;

pub(super) struct DayLog {
    /// In the order in which they are summed.
    pub(super) files: Vec<GenFile>,
}

impl DayLog {
    /// What lies beside a `.sum` file.
    pub(super) fn beside(sum: &Path) -> Self {
        // The extension is `.sum`.
        let log = unpacked(sum).with_extension("");
        let mut files: Vec<GenFile> = packed_or_not(&log).into_iter().collect();
        // Of a name that is no text there are no parts that could be told.
        if let Some(name) = log.to_str().filter(|_| !files.is_empty()) {
            let parts = (1..MAX_PARTS).map(|n| PathBuf::from(part_name(name, n)));
            files.extend(parts.map_while(|part| packed_or_not(&part).filter(|file| file.len > 0)));
        }
        Self { files }
    }

    /// Reads all of them. Where fewer of them are what was summed, the rest is left out, and said. `None` = there is
    /// no log.
    ///
    /// # Errors
    /// One of them, by its place, cannot be read.
    pub(super) fn read(
        &self,
        expected: &Expected,
    ) -> Result<Option<ReadLog>, (usize, IngestError)> {
        let Some(first) = self.files.first() else {
            return Ok(None);
        };
        let mut log: Option<ReadLog> = None;
        let name = text::path(&first.path).into_owned();
        let mut hasher = Hasher::default();
        let (mut troubles, mut is_cut) = (Vec::new(), false);
        for (place, file) in self.files.iter().enumerate() {
            if let Some(log) = log.as_mut().filter(|log| log.likeness == Likeness::Same) {
                log.beyond.push(text::path(&file.path).into_owned());
                continue;
            }
            let end = read(file, |piece| hasher.update(piece));
            let end = end.map_err(|error| (place, error))?;
            is_cut |= matches!(end, ReadEnd::Truncated(_));
            troubles.extend(end.trouble());
            let sums = hasher.clone().sums();
            log = Some(ReadLog {
                name: name.clone(),
                likeness: expected.likeness(&sums),
                sums,
                trouble: (!troubles.is_empty()).then(|| troubles.join("; ")),
                is_cut,
                beyond: Vec::new(),
            });
        }
        Ok(log)
    }
}

/// The file itself or, where only that is left, what it was packed into.
fn packed_or_not(path: &Path) -> Option<GenFile> {
    packed::packed_or_not(path).find_map(|path| GenFile::at(&path))
}
