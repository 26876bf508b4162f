//! The identity of an event: a 128-bit prefix of a SHA-256 over where and what it is.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// 128 bits, printed as 32 hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u128);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for EventId {
    type Err = std::num::ParseIntError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(s, 16).map(Self)
    }
}

/// Derives ids for the events of one generation: H(set path, hash of the generation's first frame, offset,
/// sub-index, first line of the frame). A cryptographic hash, since log content is chosen by others and two events with
/// one id would show as one row.
#[derive(Clone, Debug)]
pub struct IdHasher {
    prefix: Sha256,
    whole: bool,
}

impl IdHasher {
    /// `set_path` is the canonical path of the rotated set; `generation` the hash of the generation's first frame.
    pub fn new(set_path: &str, generation: &str) -> Self {
        let mut prefix = Sha256::new();
        prefix.update((set_path.len() as u64).to_le_bytes());
        prefix.update(set_path.as_bytes());
        prefix.update((generation.len() as u64).to_le_bytes());
        prefix.update(generation.as_bytes());
        let whole = false;
        Self { prefix, whole }
    }

    /// All lines of a frame count. For records that are complete and no longer in their file; those of one line have
    /// the id that they had.
    #[must_use]
    pub fn of_whole_frames(self) -> Self {
        Self {
            whole: true,
            ..self
        }
    }

    /// The id of event `sub` of the frame at decompressed `offset`. Only the frame's first line counts: later lines
    /// of a record may still arrive while it is shown as provisional, and its id must not change with them.
    pub fn id(&self, offset: u64, sub: u32, frame: &[u8]) -> EventId {
        let mut hash = self.prefix.clone();
        hash.update(offset.to_le_bytes());
        hash.update(sub.to_le_bytes());
        let first_line = &frame[..memchr::memchr(b'\n', frame).unwrap_or(frame.len())];
        hash.update(if self.whole { frame } else { first_line });
        let digest = hash.finalize();
        let mut half = [0u8; 16];
        half.copy_from_slice(&digest[..16]);
        EventId(u128::from_be_bytes(half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_depends_on_every_part_and_prints_as_it_parses() {
        let a = IdHasher::new("/var/log/a", "k1");
        let id = a.id(10, 0, b"x");
        assert_ne!(id, a.id(11, 0, b"x"));
        assert_ne!(id, a.id(10, 1, b"x"));
        assert_ne!(id, a.id(10, 0, b"y"));
        assert_ne!(id, IdHasher::new("/var/log/b", "k1").id(10, 0, b"x"));
        assert_ne!(id, IdHasher::new("/var/log/a", "k2").id(10, 0, b"x"));
        assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
        let whole = a.clone().of_whole_frames();
        assert_eq!(id, whole.id(10, 0, b"x"));
        assert_eq!(a.id(10, 0, b"x\ny"), a.id(10, 0, b"x\nz"));
        assert_ne!(whole.id(10, 0, b"x\ny"), whole.id(10, 0, b"x\nz"));
    }
}
