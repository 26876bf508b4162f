//! Hash values as logs spell them: hex of either case, base64, with or without a prefix.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Bytes kept of a hash value; longer ones (SHA-512) are compared by these and their length.
const KEPT: usize = 32;
/// A shorter value is too weak to prove a link, and too likely to be an ordinary id.
const SHORTEST: usize = 16;
const LONGEST: usize = 64;

/// A decoded hash value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest {
    len: u8,
    bytes: [u8; KEPT],
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

const PREFIXES: [&str; 3] = ["sha256:", "sha-256:", "0x"];

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
    let mut bytes = [0; KEPT];
    let mut seen = 0;
    let pairs = text.chunks_exact(2);
    for (slot, pair) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (HEX[usize::from(pair[0])], HEX[usize::from(pair[1])]);
        seen |= high | low;
        *slot = high << 4 | (low & 0xf);
    }
    for digit in text.iter().skip(2 * KEPT) {
        seen |= HEX[usize::from(*digit)];
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
    if !(43..=44).contains(&text.len()) {
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
    Some((Digest::new(bytes.try_into().ok()?), letters))
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
    pub(super) fn new(bytes: [u8; KEPT]) -> Self {
        Self {
            len: KEPT as u8,
            bytes,
        }
    }

    /// Reads a string's text; `None` if it is no hash value.
    pub(super) fn read(text: &[u8]) -> Option<(Self, Spelling)> {
        let (prefix, bare) = strip_prefix(text);
        let (digest, letters) = from_hex(bare).or_else(|| from_base64(bare))?;
        Some((digest, Spelling { prefix, letters }))
    }

    /// Whether `full` is this value, or this value is the beginning of it (logs that cut their hashes).
    pub(super) fn is_of(&self, full: &[u8; KEPT]) -> bool {
        let len = usize::from(self.len);
        len <= KEPT && self.bytes[..len] == full[..len]
    }

    /// A full hash cut like this value.
    pub(super) fn cut(&self, full: &[u8; KEPT]) -> Self {
        let len = usize::from(self.len).min(KEPT);
        let mut bytes = [0; KEPT];
        bytes[..len].copy_from_slice(&full[..len]);
        Self {
            len: len as u8,
            bytes,
        }
    }

    /// Number of bytes of the value.
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The bytes kept of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len().min(KEPT)]
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
        let plain = Digest::new(full);
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
        assert!(cut.is_of(&full));
        assert_eq!(cut, cut.cut(&full));
        for no in ["", "abc", "0123456789abcdef", "zz", "GENESIS"] {
            assert_eq!(Digest::read(no.as_bytes()), None, "{no}");
        }
    }

    #[test]
    fn genesis_has_many_forms() {
        let hashed = Digest::new(Sha256::digest(b"GENESIS").into()).hex();
        let hashed_small = Digest::new(Sha256::digest(b"genesis").into()).hex();
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
        assert!(!is_genesis(Digest::new([7; 32]).hex().as_bytes()));
    }
}
