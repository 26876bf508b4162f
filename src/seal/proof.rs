//! That one line was in a sealed log, to be checked by somebody who has neither the log nor auditty: a proof as
//! <https://c2sp.org/tlog-proof> lays it out, with the line itself as its extra data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::merkle::{Hash, leaf_hash, root_by_path};
use super::note::{Checkpoint, NoteError, PublicKey};

const HEAD: &str = "c2sp.org/tlog-proof@v1";
/// More hashes than a tree of 2^63 leaves has beside a way.
const DEEPEST: usize = 63;

/// A line, its place, the hashes beside its way to the root, and the signed root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Without its LF.
    pub line: Vec<u8>,
    /// From 0 on.
    pub index: u64,
    pub path: Vec<Hash>,
    /// The signed note.
    pub note: String,
}

/// Why a proof proves nothing, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("it is no proof: {0}")]
    Malformed(&'static str),
    #[error("its checkpoint proves nothing: {0}")]
    Note(#[from] NoteError),
    #[error("the line is not where the proof says: its hashes do not lead to the signed root")]
    Root,
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{HEAD}\nextra {}\nindex {}",
            BASE64.encode(&self.line),
            self.index
        )?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl std::str::FromStr for Proof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        let wrong = ProofError::Malformed;
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(wrong("it has no checkpoint"))?;
        let mut lines = head.lines();
        if lines.next() != Some(HEAD) {
            return Err(wrong("its first line is another one's"));
        }
        let line = lines.next().and_then(|l| l.strip_prefix("extra "));
        let line = line.and_then(|l| BASE64.decode(l).ok());
        let index = lines.next().and_then(|l| l.strip_prefix("index "));
        let index = index.and_then(|l| l.parse().ok());
        let path = lines.map(|l| BASE64.decode(l).ok()?.try_into().ok());
        let path: Option<Vec<Hash>> = path.take(DEEPEST + 1).collect();
        let path = path.filter(|path| path.len() <= DEEPEST);
        Ok(Self {
            line: line.ok_or(wrong("it has no line"))?,
            index: index.ok_or(wrong("it has no index"))?,
            path: path.ok_or(wrong("its hashes cannot be read"))?,
            note: note.to_owned(),
        })
    }
}

impl Proof {
    /// The checkpoint under which the line was sealed.
    ///
    /// # Errors
    /// The note is not signed with `key`, or the line does not lead to what it signs.
    pub fn check(&self, key: &PublicKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = key.open(&self.note)?;
        let leaf = leaf_hash(&self.line);
        match root_by_path(leaf, self.index, checkpoint.size, &self.path) {
            Some(root) if root == checkpoint.root => Ok(checkpoint),
            _ => Err(ProofError::Root),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;
    use crate::seal::{SealKey, inclusion_path, root_of};

    #[test]
    fn a_proof_holds_for_its_line_alone() {
        let lines: Vec<Vec<u8>> = (0..11)
            .map(|n| format!("line {n}\r").into_bytes())
            .collect();
        let leaves: Vec<Hash> = lines.iter().map(|line| leaf_hash(line)).collect();
        let key = SealKey::generate("host").unwrap();
        let checkpoint = Checkpoint {
            origin: "o".into(),
            size: 11,
            root: root_of(&leaves),
            bytes: 99,
            sealed: Timestamp(0),
            after: None,
        };
        let proof = Proof {
            line: lines[6].clone(),
            index: 6,
            path: inclusion_path(&leaves, 6).unwrap(),
            note: key.sign(&checkpoint),
        };
        let read: Proof = proof.to_string().parse().unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.check(&key.public()), Ok(checkpoint));
        let mut other = proof.clone();
        other.line.push(b'x');
        assert_eq!(other.check(&key.public()), Err(ProofError::Root));
        other = proof.clone();
        other.index = 7;
        assert_eq!(other.check(&key.public()), Err(ProofError::Root));
        let stranger = SealKey::generate("host").unwrap().public();
        assert!(matches!(proof.check(&stranger), Err(ProofError::Note(_))));
        for wrong in ["", "c2sp.org/tlog-proof@v1\n\nx", "x\n\ny"] {
            assert!(wrong.parse::<Proof>().is_err());
        }
    }
}
