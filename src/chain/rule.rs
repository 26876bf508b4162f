//! `[[chain]]` of the configuration: what is known of a log's chain beforehand. All but the files it is for may be
//! left out; what is left out is found by trying, as in a log that nothing is known of.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::algorithm::{Algorithm, Hmac, Keyed};
use super::recipe::Recipe;
use super::template::{self, Part};
use crate::event::Timestamp;

/// Bytes read of a key file: any key is shorter.
const LONGEST_KEY: u64 = 1 << 16;

/// What is known of the chain of some logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChainRule {
    /// Paths of the logs, with `*`, `?` and `**`; the first rule that fits holds.
    #[serde(rename = "match")]
    pub logs: Few,
    /// Field with the hash of the record before.
    pub prev: Option<String>,
    /// Field with the record's own hash.
    pub own: Option<String>,
    /// The previous hash is not logged: each record's own hash goes into that of the next.
    pub rolling: bool,
    /// Field with the number that counts the records.
    pub seq: Option<String>,
    /// Fields that tell apart the chains inside one file, such as a tenant.
    pub stream: Few,
    /// Name of the hash function.
    pub hash: Option<String>,
    /// Templates of what is hashed; more than one where the writer changed.
    pub hashed: Few,
    /// Fields that are not hashed.
    pub left_out: Few,
    /// What stands where nothing comes before.
    pub genesis: Few,
    /// Secrets of an HMAC, the newest last.
    pub key: Vec<KeyRule>,
    /// Field that names the key.
    pub key_id: Option<String>,
    /// Field with an Ed25519 signature.
    pub signature: Option<String>,
    /// Template of what is signed; found by trying if left out.
    pub signed: Option<String>,
    /// Public keys of the signatures.
    pub public_key: Vec<KeyRule>,
    /// Name of the file beside the log that lists the hashes of its lines; `{name}` and `{stem}` stand for the log's name
    /// with and without its extension.
    pub sidecar: Option<String>,
    /// Field that says, if true, that contents were taken out of the record later on.
    pub redacted: Option<String>,
}

/// A key in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRule {
    /// What `key_id` says of records made with it.
    pub id: Option<String>,
    /// The key itself: bytes, or text in hex or base64. A relative path begins where the configuration lies.
    pub file: PathBuf,
    /// When it came into use: a record older than that was not made with it.
    pub from: Option<String>,
}

/// One text, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub enum Few {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Few {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// The hash functions by their name in the configuration.
enum Named {
    Plain(Algorithm),
    Keyed(Keyed),
}

fn named(name: &str) -> Result<Named, String> {
    Ok(match name {
        "sha256" => Named::Plain(Algorithm::Sha256),
        "sha384" => Named::Plain(Algorithm::Sha384),
        "sha512" => Named::Plain(Algorithm::Sha512),
        "sha1" => Named::Plain(Algorithm::Sha1),
        "md5" => Named::Plain(Algorithm::Md5),
        "hmac-sha1" => Named::Keyed(Keyed::Sha1),
        "hmac-sha256" => Named::Keyed(Keyed::Sha256),
        "hmac-sha384" => Named::Keyed(Keyed::Sha384),
        "hmac-sha512" => Named::Keyed(Keyed::Sha512),
        _ => {
            return Err(format!(
                "hash {name:?}: known are sha256, sha384, sha512, sha1, md5, and hmac- before all but the last"
            ));
        }
    })
}

impl ChainRule {
    /// What is wrong with it, in words.
    ///
    /// # Errors
    /// It names no logs, or something it says cannot be.
    pub fn check(&self) -> Result<(), String> {
        if self.logs.all().is_empty() {
            return Err("match names no log".into());
        }
        for pattern in self.logs.all() {
            glob::Pattern::new(pattern).map_err(|e| format!("match {pattern:?}: {}", e.msg))?;
        }
        let function = self.hash.as_deref().map(named).transpose()?;
        match (&function, self.key.is_empty()) {
            (Some(Named::Keyed(_)), true) => return Err("an hmac needs a [[chain.key]]".into()),
            (Some(Named::Plain(_)), false) => {
                return Err("a key is for hash = \"hmac-…\", not for this one".into());
            }
            _ => {}
        }
        for hashed in self.hashed.all() {
            let parts = template::parse(hashed).map_err(|e| format!("hashed {hashed:?}: {e}"))?;
            if parts.iter().any(|part| matches!(part, Part::Own(_))) {
                return Err(format!("hashed {hashed:?}: a hash cannot hash itself"));
            }
            if parts.contains(&Part::Line) && self.own.is_some() {
                return Err(format!(
                    "hashed {hashed:?}: a line that holds its own hash cannot be what is hashed"
                ));
            }
        }
        if let Some(signed) = &self.signed {
            template::parse(signed).map_err(|e| format!("signed {signed:?}: {e}"))?;
        }
        if self.rolling && self.prev.is_some() {
            return Err("rolling means that no previous hash is logged: leave out prev".into());
        }
        if let Some(sidecar) = &self.sidecar {
            check_sidecar(sidecar).map_err(|why| format!("sidecar {sidecar:?}: {why}"))?;
            let is_log =
                |pattern: &String| Path::new(pattern).file_name() == Some(sidecar.as_ref());
            if self.logs.all().iter().any(is_log) {
                return Err(format!("sidecar {sidecar:?}: that is the log itself"));
            }
        }
        if self.signature.is_some() == self.public_key.is_empty() {
            return Err("signature and [[chain.public_key]] go together".into());
        }
        for key in self.key.iter().chain(&self.public_key) {
            if let Some(from) = &key.from
                && Timestamp::parse(from).is_none()
            {
                return Err(format!(
                    "from {from:?} is no time such as 2026-03-01T00:00:00Z"
                ));
            }
        }
        Ok(())
    }

    /// Whether it is for this log.
    pub fn fits(&self, log: &Path) -> bool {
        let fits =
            |pattern: &String| glob::Pattern::new(pattern).is_ok_and(|p| p.matches_path(log));
        self.logs.all().iter().any(fits)
    }

    /// Where the sidecar of a log is, as far as this says so.
    pub fn sidecar_of(&self, log: &Path) -> Option<PathBuf> {
        let text = |part: Option<&std::ffi::OsStr>| {
            part.unwrap_or_default().to_string_lossy().into_owned()
        };
        let name = self.sidecar.as_ref()?;
        let name = name.replace("{name}", &text(log.file_name()));
        Some(log.with_file_name(name.replace("{stem}", &text(log.file_stem()))))
    }

    /// What the logs may be called whose sidecar, as far as this says so, is called like this.
    pub fn logs_of(&self, sidecar: &Path) -> Vec<PathBuf> {
        let name = sidecar.file_name().unwrap_or_default().to_string_lossy();
        let between = |place: &str| {
            let (before, after) = self.sidecar.as_deref()?.split_once(place)?;
            name.strip_prefix(before)?.strip_suffix(after)
        };
        // Only what is spelled out in a pattern says what a log is called.
        let is_spelled = |part: &&str| !part.contains(['*', '?', '[']);
        let patterns = || self.logs.all().iter().map(Path::new);
        let extensions = || {
            let all = patterns().filter_map(|pattern| pattern.extension()?.to_str());
            all.filter(is_spelled)
        };
        let names: Vec<String> = match (between("{name}"), between("{stem}")) {
            (Some(name), _) => vec![name.to_owned()],
            (_, Some(stem)) => extensions().map(|e| format!("{stem}.{e}")).collect(),
            _ => {
                let called = patterns().filter_map(|pattern| pattern.file_name()?.to_str());
                called.filter(is_spelled).map(str::to_owned).collect()
            }
        };
        let logs = names.iter().map(|name| sidecar.with_file_name(name));
        let is_of =
            |log: &PathBuf| self.fits(log) && self.sidecar_of(log).as_deref() == Some(sidecar);
        logs.filter(is_of).collect()
    }

    /// Whether a file is called as the sidecars are of which this says what they are called.
    pub fn names_as_sidecar(&self, file: &Path) -> bool {
        let Some(template) = &self.sidecar else {
            return false;
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let parts = template
            .split_once("{stem}")
            .or(template.split_once("{name}"));
        match parts {
            Some((before, after)) => {
                let rest = name
                    .strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after));
                rest.is_some_and(|rest| !rest.is_empty()) && !after.is_empty()
            }
            None => *name == **template,
        }
    }

    /// Reads the key files; those that cannot be read are named in the hints, so that what needs no key is checked all
    /// the same.
    pub fn load(&self) -> Hints {
        let mut hints = Hints {
            prev: self.prev.as_deref().map(template::quoted),
            own: self.own.as_deref().map(template::quoted),
            rolling: self.rolling,
            seq: self.seq.as_deref().map(template::quoted),
            stream: self
                .stream
                .all()
                .iter()
                .map(|s| template::path(s))
                .collect(),
            recipes: self.hashed.all().iter().filter_map(|h| recipe(h)).collect(),
            left_out: self
                .left_out
                .all()
                .iter()
                .map(|k| template::quoted(k))
                .collect(),
            genesis: self
                .genesis
                .all()
                .iter()
                .map(|g| g.clone().into_bytes())
                .collect(),
            key_id: self.key_id.as_deref().map(template::quoted),
            redacted: self.redacted.as_deref().map(template::quoted),
            ..Hints::default()
        };
        let over = match self.hash.as_deref().map(named) {
            Some(Ok(Named::Plain(algorithm))) => {
                hints.algorithms = vec![algorithm];
                None
            }
            Some(Ok(Named::Keyed(over))) => Some(over),
            _ if self.key.is_empty() => None,
            _ => Some(Keyed::Sha256),
        };
        if let Some(over) = over {
            for rule in &self.key {
                match read_key(&rule.file) {
                    Ok(bytes) => {
                        for secret in readings(&bytes) {
                            let id = hints.keys.len();
                            hints.keys.push(Key {
                                id: rule.id.clone(),
                                from: rule.from.as_deref().and_then(Timestamp::parse),
                                algorithm: Algorithm::Hmac(Hmac::new(over, &secret, id)),
                            });
                        }
                    }
                    Err(why) => hints.missing.push(why),
                }
            }
        }
        if let Some(field) = &self.signature {
            let mut keys = Vec::new();
            for rule in &self.public_key {
                let read = read_key(&rule.file).and_then(|bytes| {
                    public_key(&bytes).ok_or_else(|| {
                        format!("{} holds no Ed25519 public key", rule.file.display())
                    })
                });
                match read {
                    Ok(bytes) => keys.push(PublicKey {
                        id: rule.id.clone(),
                        from: rule.from.as_deref().and_then(Timestamp::parse),
                        bytes,
                    }),
                    Err(why) => hints.missing.push(why),
                }
            }
            hints.signature = Some(Signed {
                field: template::quoted(field),
                signed: self.signed.as_deref().and_then(recipe),
                keys,
            });
        }
        hints
    }
}

/// What is wrong with the name of a sidecar.
fn check_sidecar(sidecar: &str) -> Result<(), &'static str> {
    const WAY: &str = "it stands beside its log under a name of its own, such as {stem}.chain.jsonl or {name}.chain";
    let bare = sidecar.replace("{name}", "").replace("{stem}", "");
    let is_name = !bare.is_empty() && !matches!(bare.as_str(), "." | "..");
    match bare.contains(['{', '}', '/']) || !is_name {
        true => Err(WAY),
        false => Ok(()),
    }
}

fn recipe(text: &str) -> Option<Recipe> {
    template::parse(text).ok().map(Recipe::new)
}

fn read_key(file: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|f| f.take(LONGEST_KEY).read_to_end(&mut bytes))
        .map_err(|error| format!("the key {} cannot be read: {error}", file.display()))?;
    Ok(bytes)
}

/// What a key file may mean: its bytes, its bytes without the line end, its text decoded.
fn readings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    let bare = bytes.trim_ascii_end();
    let decoded = [Some(bare.to_vec()), from_hex(bare), from_base64(bare)];
    for reading in decoded.into_iter().flatten() {
        if !all.contains(&reading) {
            all.push(reading);
        }
    }
    all
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok())
        .collect()
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// The 32 bytes of an Ed25519 public key: as they are, in hex, in base64, or in the PEM that openssl writes (RFC 8410).
fn public_key(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let body: String = text.lines().filter(|l| !l.starts_with("-----")).collect();
    let mut all = readings(bytes);
    all.extend(from_base64(body.trim().as_bytes()));
    all.into_iter().find_map(|read| match read.len() {
        32 => Some(read),
        // SubjectPublicKeyInfo: 12 bytes that name the algorithm, then the key.
        44 => Some(read[12..].to_vec()),
        _ => None,
    })
}

/// A secret to try.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) algorithm: Algorithm,
}

impl Key {
    /// Whether a record that says `id` of its key may be made with this one.
    pub(super) fn may_be(&self, id: Option<&[u8]>) -> bool {
        match (&self.id, id) {
            (Some(known), Some(said)) => known.as_bytes() == said,
            _ => true,
        }
    }

    /// A hash function without a secret.
    pub(super) fn plain(algorithm: Algorithm) -> Self {
        Self {
            id: None,
            from: None,
            algorithm,
        }
    }
}

/// A key that proves signatures.
#[derive(Clone, Debug)]
pub(super) struct PublicKey {
    pub(super) id: Option<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) bytes: Vec<u8>,
}

/// How records are signed, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// The quoted key of the signature.
    pub(super) field: Vec<u8>,
    pub(super) signed: Option<Recipe>,
    pub(super) keys: Vec<PublicKey>,
}

/// A rule with its keys, ready for looking for the chain. The default knows nothing.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    pub(super) prev: Option<Vec<u8>>,
    pub(super) own: Option<Vec<u8>>,
    pub(super) rolling: bool,
    pub(super) seq: Option<Vec<u8>>,
    pub(super) stream: Vec<Vec<Vec<u8>>>,
    pub(super) recipes: Vec<Recipe>,
    pub(super) left_out: Vec<Vec<u8>>,
    pub(super) genesis: Vec<Vec<u8>>,
    /// Not empty: only these.
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) keys: Vec<Key>,
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) signature: Option<Signed>,
    pub(super) redacted: Option<Vec<u8>>,
    /// Keys that could not be read, with the reason.
    pub(super) missing: Vec<String>,
}
