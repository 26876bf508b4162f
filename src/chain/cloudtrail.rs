//! Digest files of AWS CloudTrail, checked without AWS: which log files CloudTrail delivered, whether they are still what it
//! delivered, and whether the digests themselves are.
//!
//! Every hour CloudTrail writes a digest: the SHA-256 of each log file of that hour, the SHA-256 and the signature of the
//! digest before. A digest's own signature is kept outside of it, as metadata of its S3 object, which a download leaves
//! behind; but the next digest repeats it. So the signatures of all digests but the newest can be checked from the files
//! alone, with the public keys that `aws cloudtrail list-public-keys` prints.
//!
//! Everything here is pure: files are found and hashed elsewhere. Sources: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>
//! and `…/cloudtrail-log-file-validation-custom-validation.html` beside it.

mod keys;
mod place;
mod read;
mod signature;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use crate::event::Timestamp;

pub use keys::{KeyError, PublicKeys};
pub use place::{Place, stem};
pub use read::{Digest, LogFile, LogName, Metadata, Previous, looks_like_digest};
pub use walk::walk;
pub use words::{added_bytes, altered_log, finding, missing_logs, moved, unnamed};

use super::Finding;

/// A SHA-256.
pub type Hash = [u8; 32];

/// How reports call this way of checking.
pub const SCHEME: &str = "cloudtrail-digest";

/// A digest file that is here.
#[derive(Debug)]
pub struct DigestFile {
    pub place: Place,
    /// What is in it; in words why that cannot be read.
    pub digest: Result<Digest, String>,
    /// Of its content, uncompressed.
    pub hash: Hash,
    /// Metadata of its S3 object, saved beside it.
    pub metadata: Option<Metadata>,
}

/// How far a digest can be relied upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// A signature holds for it: its own, or that of a later digest which holds its hash. In words, where that was found.
    Signed(String),
    /// Nothing speaks against it, but no signature could be checked. In words, why.
    Unsigned(String),
    /// It is not what CloudTrail wrote, or cannot be read: what it says of log files is worth nothing.
    #[default]
    Broken,
}

/// What the check of one digest file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub standing: Standing,
    pub findings: Vec<Finding>,
}

/// A time that no digest speaks for: the one that should is missing between two that are here, or spoilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    pub account: String,
    pub region: String,
    pub from: Timestamp,
    pub until: Timestamp,
    /// S3 key of that digest; the last of them, where several are missing.
    pub object: String,
}

/// What the check of a set of digest files gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// One for each file, in the same order.
    pub files: Vec<Checked>,
    pub holes: Vec<Hole>,
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads hex of either case; `None` for anything else.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}
