//! The hash functions that writers of logs use, keyed and unkeyed.

use std::sync::Arc;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::digest::Digest;

/// A hash function, ready to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
    Sha1,
    Md5,
    Hmac(Hmac),
}

/// HMAC (RFC 2104) with one key.
#[derive(Clone)]
pub(super) struct Hmac {
    pub(super) over: Keyed,
    key: Arc<ring::hmac::Key>,
    /// Tells two keys apart without showing them.
    id: usize,
}

/// The hash function under an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyed {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl PartialEq for Hmac {
    fn eq(&self, other: &Self) -> bool {
        (self.over, self.id) == (other.over, other.id)
    }
}

impl Eq for Hmac {}

impl std::fmt::Debug for Hmac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "hmac-{:?}", self.over)
    }
}

impl Hmac {
    /// `id`: which of the source's keys it is.
    pub(super) fn new(over: Keyed, secret: &[u8], id: usize) -> Self {
        let algorithm = match over {
            Keyed::Sha1 => ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Keyed::Sha256 => ring::hmac::HMAC_SHA256,
            Keyed::Sha384 => ring::hmac::HMAC_SHA384,
            Keyed::Sha512 => ring::hmac::HMAC_SHA512,
        };
        Self {
            over,
            key: Arc::new(ring::hmac::Key::new(algorithm, secret)),
            id,
        }
    }
}

impl Algorithm {
    /// The algorithms whose values have `len` bytes, the likelier first. Writers cut the long ones.
    pub(super) fn of_len(len: usize) -> &'static [Self] {
        match len {
            64 => &[Self::Sha512],
            48 => &[Self::Sha384, Self::Sha512],
            32 => &[Self::Sha256, Self::Sha512],
            20 => &[Self::Sha1, Self::Sha256, Self::Sha512],
            16 => &[Self::Md5, Self::Sha256, Self::Sha1, Self::Sha512],
            _ => &[Self::Sha256, Self::Sha512],
        }
    }

    pub(super) fn digest(&self, bytes: &[u8]) -> Digest {
        match self {
            Self::Sha256 => Digest::of(&Sha256::digest(bytes)),
            Self::Sha384 => Digest::of(&Sha384::digest(bytes)),
            Self::Sha512 => Digest::of(&Sha512::digest(bytes)),
            Self::Sha1 => {
                let sha1 = &ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
                Digest::of(ring::digest::digest(sha1, bytes).as_ref())
            }
            Self::Md5 => Digest::of(&md5::Md5::digest(bytes)),
            Self::Hmac(hmac) => Digest::of(ring::hmac::sign(&hmac.key, bytes).as_ref()),
        }
    }

    /// As it stands in the configuration: `sha256`, `hmac-sha512`, …
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha1 => "sha1",
            Self::Md5 => "md5",
            Self::Hmac(hmac) => match hmac.over {
                Keyed::Sha1 => "hmac-sha1",
                Keyed::Sha256 => "hmac-sha256",
                Keyed::Sha384 => "hmac-sha384",
                Keyed::Sha512 => "hmac-sha512",
            },
        }
    }

    /// Two records of one hash can be made by anyone with patience (MD5: seconds, SHA-1: some money).
    pub(super) fn is_weak(&self) -> bool {
        matches!(self, Self::Sha1 | Self::Md5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // From RFC 1321 and FIPS 180-4.
        for (algorithm, abc) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                Algorithm::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                Algorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            assert_eq!(algorithm.digest(b"abc").hex(), abc);
            let len = algorithm.digest(b"").len();
            assert_eq!(Algorithm::of_len(len).first(), Some(&algorithm));
        }
        // RFC 4231, test case 2.
        let hmac = Algorithm::Hmac(Hmac::new(Keyed::Sha256, b"Jefe", 0));
        assert_eq!(
            hmac.digest(b"what do ya want for nothing?").hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
