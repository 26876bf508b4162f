//! The leaves of a log's lines, whatever the pieces it is read in.

use sha2::{Digest, Sha256};

use super::merkle::Hash;

/// Cuts bytes into lines and hashes each as it comes, so that a line of any length takes no memory. A line without its LF is
/// none yet: it may still go on.
pub struct LeafCutter {
    line: Sha256,
    /// Bytes of the line that has not ended.
    pending: u64,
}

impl Default for LeafCutter {
    fn default() -> Self {
        Self {
            line: opened(),
            pending: 0,
        }
    }
}

fn opened() -> Sha256 {
    Sha256::new_with_prefix([0])
}

impl LeafCutter {
    /// Gives each line that ends in `bytes` to `each`: its leaf, and its bytes with the LF.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Hash, u64)) {
        let mut from = 0;
        for lf in memchr::memchr_iter(b'\n', bytes) {
            let part = &bytes[from..lf];
            self.line.update(part);
            let line = std::mem::replace(&mut self.line, opened());
            each(line.finalize().into(), self.pending + part.len() as u64 + 1);
            self.pending = 0;
            from = lf + 1;
        }
        let rest = &bytes[from..];
        self.line.update(rest);
        self.pending += rest.len() as u64;
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
            let (mut cutter, mut got) = (LeafCutter::default(), Vec::new());
            for piece in text.chunks(size) {
                cutter.push(piece, |leaf, bytes| got.push((leaf, bytes)));
            }
            let want = [(&b"one"[..], 4), (b"", 1), (b"two\r", 5)];
            assert_eq!(got, want.map(|(line, bytes)| (leaf_hash(line), bytes)));
            assert_eq!(cutter.pending(), 4);
        }
    }
}
