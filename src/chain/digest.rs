//! Hash values as logs spell them: hex of either case, base64, with or without a prefix.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Bytes of a value. A shorter one is too weak to prove a link, and too likely to be an ordinary id; the longest
/// are those of SHA-512, and Ed25519 signatures.
const SHORTEST: usize = 16;
const LONGEST: usize = 64;

/// A decoded hash value, or a signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest {
    len: u8,
    /// Zeros after `len`.
    bytes: [u8; LONGEST],
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// Only digits: fits both cases.
    None,
    Lower,
    Upper,
    Mixed,
    Base64,
    Base64Url,
}

/// How a hash value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) prefix: &'static str,
    pub(super) letters: Letters,
}

const PREFIXES: [&str; 8] = [
    "sha256:", "sha-256:", "sha512:", "sha-512:", "sha384:", "sha1:", "md5:", "0x",
];

impl Spelling {
    /// Whether a value written like this may stand where `pinned` is the custom.
    pub(super) fn fits(self, pinned: Self) -> bool {
        self.prefix == pinned.prefix
            && (self.letters == pinned.letters
                || self.letters == Letters::None
                || pinned.letters == Letters::None)
    }
}

const LOWER: u8 = 0x10;
const UPPER: u8 = 0x20;
const NO_DIGIT: u8 = 0x80;

/// Value of each hex digit, with its case.
const HEX: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut i = 0;
    while i < 10 {
        table[b'0' as usize + i] = i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < 6 {
        table[b'a' as usize + i] = LOWER | (10 + i as u8);
        table[b'A' as usize + i] = UPPER | (10 + i as u8);
        i += 1;
    }
    table
};

fn from_hex(text: &[u8]) -> Option<(Digest, Letters)> {
    let len = text.len() / 2;
    if !text.len().is_multiple_of(2) || !(SHORTEST..=LONGEST).contains(&len) {
        return None;
    }
    let mut bytes = [0; LONGEST];
    let mut seen = 0;
    let pairs = text.chunks_exact(2);
    for (slot, pair) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (HEX[usize::from(pair[0])], HEX[usize::from(pair[1])]);
        seen |= high | low;
        *slot = high << 4 | (low & 0xf);
    }
    let letters = match seen & (LOWER | UPPER | NO_DIGIT) {
        0 => Letters::None,
        LOWER => Letters::Lower,
        UPPER => Letters::Upper,
        case if case & NO_DIGIT == 0 => Letters::Mixed,
        _ => return None,
    };
    let len = u8::try_from(len).ok()?;
    Some((Digest { len, bytes }, letters))
}

fn from_base64(text: &[u8]) -> Option<(Digest, Letters)> {
    // 32, 48 and 64 bytes, with and without padding; 16 and 20 with it: others are more likely a word or an id.
    let padded = text.ends_with(b"=");
    let fits = match text.len() {
        43..=44 | 64 | 86..=88 => true,
        24 | 28 => padded,
        _ => false,
    };
    if !fits {
        return None;
    }
    let (bytes, letters) = STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text))
        .map(|b| (b, Letters::Base64))
        .or_else(|_| {
            URL_SAFE
                .decode(text)
                .or_else(|_| URL_SAFE_NO_PAD.decode(text))
                .map(|b| (b, Letters::Base64Url))
        })
        .ok()?;
    Some((Digest::new(&bytes)?, letters))
}

/// The text without a known prefix, and that prefix.
pub(super) fn strip_prefix(text: &[u8]) -> (&'static str, &[u8]) {
    for prefix in PREFIXES {
        if let Some((head, rest)) = text.split_at_checked(prefix.len())
            && head.eq_ignore_ascii_case(prefix.as_bytes())
        {
            return (prefix, rest);
        }
    }
    ("", text)
}

impl Digest {
    /// `None` if these are too few or too many bytes for a hash.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        if !(SHORTEST..=LONGEST).contains(&bytes.len()) {
            return None;
        }
        Some(Self::of(bytes))
    }

    /// The value of the first 64 of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let len = bytes.len().min(LONGEST);
        let mut out = Self {
            len: len as u8,
            bytes: [0; LONGEST],
        };
        out.bytes[..len].copy_from_slice(&bytes[..len]);
        out
    }

    /// Reads a string's text; `None` if it is no hash value.
    pub(super) fn read(text: &[u8]) -> Option<(Self, Spelling)> {
        let (prefix, bare) = strip_prefix(text);
        let (digest, letters) = from_hex(bare).or_else(|| from_base64(bare))?;
        Some((digest, Spelling { prefix, letters }))
    }

    /// Whether `full` is this value, or this value is the beginning of it (logs that cut their hashes).
    pub(super) fn is_of(&self, full: &Self) -> bool {
        full.bytes().starts_with(self.bytes())
    }

    /// A full hash cut like this value.
    pub(super) fn cut(&self, full: &Self) -> Self {
        Self::of(&full.bytes()[..self.len().min(full.len())])
    }

    /// Number of bytes of the value.
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    pub(super) fn hex(&self) -> String {
        self.bytes().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The value written as `spelling` says.
    pub(super) fn spell(&self, spelling: Spelling) -> String {
        let text = match spelling.letters {
            Letters::Upper => self.hex().to_uppercase(),
            Letters::Base64 => STANDARD.encode(self.bytes()),
            Letters::Base64Url => URL_SAFE_NO_PAD.encode(self.bytes()),
            _ => self.hex(),
        };
        format!("{}{text}", spelling.prefix)
    }
}

/// Whether the text of a `prev` field says "nothing before this": the forms seen in the field.
pub(super) fn is_genesis(text: &[u8]) -> bool {
    const LABELS: [&str; 6] = ["genesis", "null", "none", "root", "init", "start"];
    // SHA-256 of "genesis", "GENESIS" and the empty string.
    const HASHED: [&str; 3] = [
        "aeebad4a796fcc2e15dc4c6061b45ed9b373f26adfc798ca7d2d8cc58182718e",
        "901131d838b17aac0f7885b81e03cbdc9f5157a00343d30ab22083685ed1416a",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ];
    let (_, bare) = strip_prefix(text);
    bare.iter().all(|b| *b == b'0')
        || LABELS
            .iter()
            .chain(&HASHED)
            .any(|l| bare.eq_ignore_ascii_case(l.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn decorations_are_read_and_written() {
        let full: [u8; 32] = Sha256::digest(b"x").into();
        let plain = Digest::of(&full);
        for text in [
            plain.hex(),
            plain.hex().to_uppercase(),
            format!("sha256:{}", plain.hex()),
            format!("0x{}", plain.hex()),
            STANDARD.encode(full),
            URL_SAFE_NO_PAD.encode(full),
        ] {
            let (digest, spelling) = Digest::read(text.as_bytes()).unwrap();
            assert_eq!(digest, plain, "{text}");
            assert_eq!(digest.spell(spelling), text);
        }
        let (cut, _) = Digest::read(&plain.hex().as_bytes()[..32]).unwrap();
        assert!(cut.is_of(&plain));
        assert!(!plain.is_of(&cut));
        assert_eq!(cut, cut.cut(&plain));
        for no in ["", "abc", "0123456789abcdef", "zz", "GENESIS"] {
            assert_eq!(Digest::read(no.as_bytes()), None, "{no}");
        }
    }

    #[test]
    fn genesis_has_many_forms() {
        let hashed = Digest::of(&Sha256::digest(b"GENESIS")).hex();
        let hashed_small = Digest::of(&Sha256::digest(b"genesis")).hex();
        let zeros = "0".repeat(64);
        for yes in [
            "",
            "0",
            "GENESIS",
            "genesis",
            &zeros,
            &hashed,
            &hashed_small,
        ] {
            assert!(is_genesis(yes.as_bytes()), "{yes}");
        }
        assert!(!is_genesis(Digest::of(&[7; 32]).hex().as_bytes()));
    }
}
