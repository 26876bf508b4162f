//! Whether a digest is signed, by whatever copy of its signature there is.

use super::{Digest, DigestFile, PublicKeys};

/// The one algorithm that digests are signed with.
const RSA: &str = "SHA256withRSA";

/// A later digest, as far as it speaks of the one before it.
pub(super) struct Follower<'a> {
    pub(super) digest: &'a Digest,
    /// The hash that it holds is the one that the digest before has.
    pub(super) agrees: bool,
    /// It was itself found not to be what CloudTrail wrote.
    pub(super) broken: bool,
}

impl<'a> Follower<'a> {
    /// The signature of the digest before, which it repeats.
    fn signature(&self) -> Option<&'a str> {
        self.digest.previous.as_ref()?.signature.as_deref()
    }
}

pub(super) enum Signature {
    /// Holds; in words, where it was found.
    Valid(String),
    /// Does not hold.
    Invalid,
    /// Does not hold, but the only copy stands in a digest that was changed and may have been changed with it.
    Doubtful,
    /// Could not be checked; in words, why.
    Unchecked(String),
    /// As that, because the keys given do not hold its key.
    KeyUnknown,
}

/// Looks at every copy of a digest's signature: one that holds is proof, wherever it was found.
pub(super) fn signature(
    file: &DigestFile,
    digest: &Digest,
    followers: &[Follower<'_>],
    keys: &PublicKeys,
) -> Signature {
    let unchecked = |why: &str| Signature::Unchecked(format!("its signature is not {why}"));
    if keys.is_empty() {
        return unchecked("checked: no public keys were given (--public-keys)");
    }
    let algorithm = digest.algorithm.as_deref().unwrap_or(RSA);
    if algorithm != RSA {
        return unchecked(&format!("checked: {algorithm} is not known"));
    }
    let saved = file.metadata.as_ref().map(|m| &*m.signature);
    let repeated = || followers.iter().filter_map(Follower::signature);
    if saved.is_none() && repeated().next().is_none() {
        return unchecked(
            "in these files: the digest after it repeats it, and the metadata of its S3 object hold it (save what aws s3api \
             head-object prints under this file's name with .metadata.json)",
        );
    }
    if !keys.knows(&digest.fingerprint) {
        return Signature::KeyUnknown;
    }
    let message = digest.string_to_sign(&file.hash);
    let holds = |signature: &str| keys.holds(&digest.fingerprint, &message, signature);
    if saved.is_some_and(holds) {
        return Signature::Valid("signature valid, from the .metadata.json beside it".into());
    }
    if repeated().any(holds) {
        return Signature::Valid("signature valid, as the next digest repeats it".into());
    }
    // A digest that was changed may have lost the right signature of the one before; if it still holds the right hash of it,
    // that one is not to blame.
    let telling = |f: &Follower<'_>| f.signature().is_some() && (!f.broken || !f.agrees);
    if saved.is_some() || followers.iter().any(telling) {
        Signature::Invalid
    } else {
        Signature::Doubtful
    }
}
