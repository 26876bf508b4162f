//! The hashes of a `.sum` file: all of them made in one pass, and held against those that are written down.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use sha2::{Digest as _, Sha256};

use crate::chain::cloudtrail::{hex, unhex};

/// Hashes of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    md5: [u8; 16],
    sha1: [u8; 20],
    sha256: [u8; 32],
}

/// Makes [`Sums`].
#[derive(Clone)]
pub struct Hasher {
    md5: md5::Md5,
    sha1: Context,
    sha256: Sha256,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            md5: md5::Md5::default(),
            sha1: Context::new(&SHA1_FOR_LEGACY_USE_ONLY),
            sha256: Sha256::default(),
        }
    }
}

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    pub fn sums(self) -> Sums {
        let mut sha1 = [0; 20];
        sha1.copy_from_slice(self.sha1.finish().as_ref());
        Sums {
            md5: self.md5.finalize().into(),
            sha1,
            sha256: self.sha256.finalize().into(),
        }
    }
}

/// Hashes that are written down; none of them = there was no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    md5: Option<[u8; 16]>,
    sha1: Option<[u8; 20]>,
    sha256: Option<[u8; 32]>,
}

/// How far hashes agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    Same,
    /// Some are the same: no file can have these hashes.
    Partly,
    Other,
}

/// The hash functions of a `.sum` file, as it calls them.
pub(super) const NAMES: [&str; 3] = ["MD5", "SHA1", "SHA256"];

impl Expected {
    /// Takes a hash as it is written; `false` = it is none of this function.
    pub(super) fn set(&mut self, name: &str, text: &str) -> bool {
        fn array<const N: usize>(text: &str) -> Option<[u8; N]> {
            unhex(text)?.try_into().ok()
        }
        match name {
            "MD5" => self.md5 = array(text),
            "SHA1" => self.sha1 = array(text),
            _ => self.sha256 = array(text),
        }
        match name {
            "MD5" => self.md5.is_some(),
            "SHA1" => self.sha1.is_some(),
            _ => self.sha256.is_some(),
        }
    }

    /// There was no file.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Every hash that is written down counts.
    pub fn likeness(&self, sums: &Sums) -> Likeness {
        let agree = [
            self.md5.map(|hash| hash == sums.md5),
            self.sha1.map(|hash| hash == sums.sha1),
            self.sha256.map(|hash| hash == sums.sha256),
        ];
        let of = |wanted| agree.iter().flatten().any(|agrees| *agrees == wanted);
        match (of(true), of(false)) {
            (true, false) => Likeness::Same,
            (true, true) => Likeness::Partly,
            (false, _) => Likeness::Other,
        }
    }

    /// Nothing but MD5 and SHA-1.
    pub(super) fn is_weak(&self) -> bool {
        !self.is_none() && self.sha256.is_none()
    }

    /// The strongest hash that is written down, and the same of `sums`, each with its function's name.
    pub(super) fn beside(&self, sums: Option<&Sums>) -> (Option<String>, Option<String>) {
        let pair = |name: &str, wanted: &[u8], got: Option<&[u8]>| {
            let say = |hash: &[u8]| format!("{name} {}", hex(hash));
            (Some(say(wanted)), got.map(say))
        };
        match (self.sha256, self.sha1, self.md5) {
            (Some(hash), ..) => pair("sha256", &hash, sums.map(|s| &s.sha256[..])),
            (_, Some(hash), _) => pair("sha1 (weak)", &hash, sums.map(|s| &s.sha1[..])),
            (.., Some(hash)) => pair("md5 (weak)", &hash, sums.map(|s| &s.md5[..])),
            _ => (None, None),
        }
    }

    /// Names of the hashes that are not those of `sums`.
    pub(super) fn differing(&self, sums: &Sums) -> Vec<&'static str> {
        let differs = [
            self.md5.is_some_and(|hash| hash != sums.md5),
            self.sha1.is_some_and(|hash| hash != sums.sha1),
            self.sha256.is_some_and(|hash| hash != sums.sha256),
        ];
        let names = NAMES.into_iter().zip(differs);
        names
            .filter_map(|(n, differs)| differs.then_some(n))
            .collect()
    }
}
