//! The lines of a log, hashed one after the other, whatever the pieces it is read in.

use sha2::{Digest, Sha256};

use super::merkle::Hash;

/// Hashes a line as it comes.
pub trait LineHash {
    /// More of the line, without its LF.
    fn update(&mut self, bytes: &[u8]);

    /// The line has ended; the next begins.
    fn finish(&mut self) -> Hash;
}

/// As leaves of a Merkle tree.
pub struct LeafHash(Sha256);

impl Default for LeafHash {
    fn default() -> Self {
        Self(Sha256::new_with_prefix([0]))
    }
}

impl LineHash for LeafHash {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&mut self) -> Hash {
        std::mem::take(self).0.finalize().into()
    }
}

/// Cuts bytes into lines and hashes each as it comes, so that a line of any length takes no memory. A line without its LF is
/// none yet: it may still go on.
#[derive(Default)]
pub struct LeafCutter<H = LeafHash> {
    line: H,
    /// Bytes of the line that has not ended.
    pending: u64,
}

impl<H: LineHash> LeafCutter<H> {
    pub fn new(line: H) -> Self {
        Self { line, pending: 0 }
    }

    /// Gives each line that ends in `bytes` to `each`: its hash, and its bytes with the LF.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Hash, u64)) {
        let mut from = 0;
        for lf in memchr::memchr_iter(b'\n', bytes) {
            let part = &bytes[from..lf];
            self.line.update(part);
            each(self.line.finish(), self.pending + part.len() as u64 + 1);
            self.pending = 0;
            from = lf + 1;
        }
        let rest = &bytes[from..];
        self.line.update(rest);
        self.pending += rest.len() as u64;
    }

    /// The hash of the line that has not ended, if there is one, as if it ended here.
    pub fn rest(mut self) -> Option<Hash> {
        (self.pending > 0).then(|| self.line.finish())
    }

    /// Bytes of the line that has not ended.
    pub fn pending(&self) -> u64 {
        self.pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::leaf_hash;

    #[test]
    fn lines_are_the_same_in_any_pieces() {
        let text = b"one\n\ntwo\r\nlast";
        for size in 1..text.len() {
            let (mut cutter, mut got) = (LeafCutter::<LeafHash>::default(), Vec::new());
            for piece in text.chunks(size) {
                cutter.push(piece, |leaf, bytes| got.push((leaf, bytes)));
            }
            let want = [(&b"one"[..], 4), (b"", 1), (b"two\r", 5)];
            assert_eq!(got, want.map(|(line, bytes)| (leaf_hash(line), bytes)));
            assert_eq!(cutter.pending(), 4);
        }
    }
}
