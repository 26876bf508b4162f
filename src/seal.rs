//! Seals over logs that have no chain of their own: every line is a leaf of a Merkle tree (RFC 6962), and signed
//! checkpoints say which tree there was, when. A later check names the lines that were changed, taken out or slipped in
//! since, and one line can be proved to have been there with the public key alone.
//!
//! What seals cannot tell: what happened to a log before it was first sealed, or to lines after the newest checkpoint; and
//! whoever holds the key can seal anything, so a checkpoint counts for as much as the place that it was copied to.

mod compare;
mod copies;
mod ledger;
mod ledgers;
mod lines;
mod merkle;
mod note;
mod outside;
mod proof;

pub use compare::{Change, Difference, compare};
pub use ledger::{Ledger, LedgerError, Sealed, Uncopied};
pub use ledgers::newest_of_each;
pub use lines::{LeafCutter, LeafHash, LineHash};
pub use merkle::{Frontier, Hash, inclusion_path, leaf_hash, root_of, roots_at};
pub use note::{Checkpoint, NoteError, PublicKey, SealKey, plain, unplain};
pub use outside::{Collected, Outside, read_copies};
pub use proof::{Proof, ProofError};
