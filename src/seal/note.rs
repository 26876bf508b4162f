//! Signed checkpoints: a signed note (<https://c2sp.org/signed-note>) whose text is a checkpoint
//! (<https://c2sp.org/tlog-checkpoint>): origin, size, root, then lines of our own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::merkle::Hash;
use crate::event::Timestamp;

/// Ed25519, as signed notes number it.
const ALGORITHM: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
const DASH: &str = "\u{2014} ";
/// A note longer than this is none of ours.
const LONGEST: usize = 16 << 10;

/// What is wrong with a note or a key, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("it is no signed checkpoint: {0}")]
    Malformed(&'static str),
    #[error("it is no key: {0}")]
    Key(&'static str),
    #[error("it is not signed with the key {0}")]
    OtherKey(String),
    #[error("its signature does not hold")]
    Signature,
}

/// What was sealed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Host, path and generation, printable and without blanks.
    pub origin: String,
    /// Lines.
    pub size: u64,
    pub root: Hash,
    /// Bytes of these lines with their line ends.
    pub bytes: u64,
    pub sealed: Timestamp,
    /// Hash of the note that was made before this one over the same log.
    pub after: Option<Hash>,
}

impl Checkpoint {
    /// Path of the log as the origin spells it, and generation: `auditty/HOST/PATH#GENERATION`.
    pub fn place(&self) -> Option<(&str, &str)> {
        let (place, generation) = self.origin.rsplit_once('#')?;
        let host_and_path = place.strip_prefix("auditty/")?;
        let path = &host_and_path[host_and_path.find('/')?..];
        Some((path, generation))
    }

    /// The text that is signed.
    fn text(&self) -> String {
        let after = self.after.map_or("-".into(), |hash| BASE64.encode(hash));
        format!(
            "{}\n{}\n{}\nsealed {}\nbytes {}\nafter {after}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root),
            self.sealed.rfc3339(),
            self.bytes,
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next()?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let root = hash(lines.next()?)?;
        let sealed = Timestamp::parse(lines.next()?.strip_prefix("sealed ")?)?;
        let bytes = lines.next()?.strip_prefix("bytes ")?.parse().ok()?;
        let after = match lines.next()?.strip_prefix("after ")? {
            "-" => None,
            text => Some(hash(text)?),
        };
        let checkpoint = Self {
            origin,
            size,
            root,
            bytes,
            sealed,
            after,
        };
        // One text for one checkpoint.
        (checkpoint.text() == text).then_some(checkpoint)
    }
}

fn hash(text: &str) -> Option<Hash> {
    BASE64.decode(text).ok()?.try_into().ok()
}

/// The hash of a note, by which the next one names it.
pub(super) fn note_hash(note: &str) -> Hash {
    Sha256::digest(note).into()
}

/// A text that can stand in an origin or a key's name: everything else is percent-encoded.
pub fn plain(text: &[u8]) -> String {
    let mut out = String::new();
    for byte in text {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'+' | b'%' | b'#') => out.push(char::from(*byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What [`plain`] was made from.
pub fn unplain(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let encoded = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match encoded.filter(|_| *byte == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

fn key_id(name: &str, public: &[u8]) -> [u8; 4] {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([b'\n', ALGORITHM]);
    hash.update(public);
    let digest: Hash = hash.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// `name+id+base64(1 ‖ bytes)`, as keys of signed notes are written.
fn key_text(name: &str, id: [u8; 4], bytes: &[u8]) -> String {
    let packed = [&[ALGORITHM][..], bytes].concat();
    format!(
        "{name}+{:08x}+{}",
        u32::from_be_bytes(id),
        BASE64.encode(packed)
    )
}

/// Name and bytes of a key, the id checked by `id_of`.
fn read_key(text: &str) -> Result<(String, u32, Vec<u8>), NoteError> {
    let mut parts = text.trim().splitn(3, '+');
    let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Key("a key is NAME+ID+DATA"));
    };
    let id = u32::from_str_radix(id, 16).map_err(|_| NoteError::Key("its id is no hex number"))?;
    let bytes = BASE64
        .decode(bytes)
        .map_err(|_| NoteError::Key("its data is no base64"))?;
    match bytes.split_first() {
        Some((&ALGORITHM, rest)) if rest.len() == 32 => Ok((name.to_owned(), id, rest.to_vec())),
        _ => Err(NoteError::Key("it is no Ed25519 key")),
    }
}

/// The key that checkpoints are signed with.
pub struct SealKey {
    name: String,
    pair: Ed25519KeyPair,
    text: String,
}

impl SealKey {
    /// A new key for a host.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate(host: &str) -> Result<Self, NoteError> {
        let mut seed = [0; 32];
        SystemRandom::new()
            .fill(&mut seed)
            .map_err(|_| NoteError::Key("the system gives no random numbers"))?;
        Self::new(format!("auditty/{}", plain(host.as_bytes())), &seed)
    }

    fn new(name: String, seed: &[u8]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| NoteError::Key("it is no Ed25519 key"))?;
        let id = key_id(&name, pair.public_key().as_ref());
        let text = format!("{PRIVATE}{}", key_text(&name, id, seed));
        Ok(Self { name, pair, text })
    }

    /// Reads what [`Self::text`] wrote.
    ///
    /// # Errors
    /// It is no private key of a signed note.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest = text.trim().strip_prefix(PRIVATE);
        let (name, id, seed) = read_key(rest.ok_or(NoteError::Key("it is not a private key"))?)?;
        let key = Self::new(name, &seed)?;
        match key.public().id == id.to_be_bytes() {
            true => Ok(key),
            false => Err(NoteError::Key("its id is another key's")),
        }
    }

    /// The secret, as it is kept in a file.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn public(&self) -> PublicKey {
        let bytes = self.pair.public_key().as_ref().to_vec();
        PublicKey {
            id: key_id(&self.name, &bytes),
            name: self.name.clone(),
            bytes,
        }
    }

    /// The signed note of a checkpoint.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.text();
        let signature = self.pair.sign(text.as_bytes());
        let packed = [&self.public().id[..], signature.as_ref()].concat();
        format!("{text}\n{DASH}{} {}\n", self.name, BASE64.encode(packed))
    }
}

/// What checks a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&key_text(&self.name, self.id, &self.bytes))
    }
}

impl std::str::FromStr for PublicKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, id, bytes) = read_key(text)?;
        let key = Self {
            id: key_id(&name, &bytes),
            name,
            bytes,
        };
        match key.id == id.to_be_bytes() {
            true => Ok(key),
            false => Err(NoteError::Key("its id is another key's")),
        }
    }
}

impl PublicKey {
    /// The checkpoint of a note that this key has signed.
    ///
    /// # Errors
    /// It is no such note, or was not signed with this key.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        if note.len() > LONGEST {
            return Err(NoteError::Malformed("it is too long"));
        }
        let (text, signatures) = note
            .split_once("\n\n")
            .ok_or(NoteError::Malformed("it has no signature"))?;
        let text = format!("{text}\n");
        let ours = signatures.lines().find_map(|line| {
            let (name, packed) = line.strip_prefix(DASH)?.split_once(' ')?;
            let packed = BASE64.decode(packed).ok()?;
            let (id, signature) = packed.split_at_checked(4)?;
            (name == self.name && id == self.id).then(|| signature.to_vec())
        });
        let signature = ours.ok_or_else(|| NoteError::OtherKey(self.name.clone()))?;
        UnparsedPublicKey::new(&ED25519, &self.bytes)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| NoteError::Signature)?;
        Checkpoint::parse(&text).ok_or(NoteError::Malformed("its text is none of a checkpoint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "auditty/host/var/log/auth.log#0011".into(),
            size: 3,
            root: [7; 32],
            bytes: 120,
            sealed: Timestamp(1_700_000_000_000_000_000),
            after: Some([9; 32]),
        }
    }

    #[test]
    fn what_is_signed_is_read_back_and_nothing_else_is() {
        let key = SealKey::generate("my host+1").unwrap();
        let note = key.sign(&checkpoint());
        assert_eq!(key.public().open(&note), Ok(checkpoint()));
        let other = SealKey::generate("my host+1").unwrap();
        assert!(matches!(
            other.public().open(&note),
            Err(NoteError::OtherKey(_))
        ));
        for (from, to) in [
            ("\n3\n", "\n4\n"),
            ("bytes 120", "bytes 121"),
            ("sealed 2023", "sealed 2024"),
        ] {
            let forged = note.replacen(from, to, 1);
            assert_ne!(forged, note, "{from}");
            assert_eq!(
                key.public().open(&forged),
                Err(NoteError::Signature),
                "{from}"
            );
        }
        for wrong in ["", "\n\n", "a\n1\nb\n\n\u{2014} x y\n"] {
            assert!(key.public().open(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn keys_are_written_and_read() {
        let key = SealKey::generate("host").unwrap();
        let again = SealKey::parse(key.text()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(key.public().to_string().parse(), Ok(key.public()));
        assert!(key.text().parse::<PublicKey>().is_err());
        assert!(SealKey::parse(&key.public().to_string()).is_err());
        let mut wrong = key.public().to_string();
        wrong.replace_range(13..14, "x");
        assert!(wrong.parse::<PublicKey>().is_err());
    }

    #[test]
    fn names_are_plain() {
        let name = "a b+c\n\u{e9}#%41".as_bytes();
        assert_eq!(plain(name), "a%20b%2Bc%0A%C3%A9%23%2541");
        assert_eq!(unplain(&plain(name)), name);
    }

    #[test]
    fn an_origin_is_host_path_and_generation() {
        let mut checkpoint = checkpoint();
        assert_eq!(checkpoint.place(), Some(("/var/log/auth.log", "0011")));
        checkpoint.origin = "auditty/host#0011".into();
        assert_eq!(checkpoint.place(), None);
    }
}
