//! Sidecars: a file beside a log that lists the hash of each of its lines, one a record, chained among themselves:
//! `events.chain.jsonl` beside `events.jsonl`. The sidecar is a log with a chain like any other; this is about what it
//! lists.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::algorithm::Algorithm;
use super::canonical::Object;
use super::detect::{detect, hash_fields, samples, string_text};
use super::digest::Digest;
use super::rule::Hints;
use super::scheme::Scheme;
use super::template;
use crate::json::unescape;

/// What names a line: its hash, or the SHA-256 of a hash that is longer or shorter than that.
pub type LineId = [u8; 32];

/// What a record of a sidecar lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    Line(LineId),
    Nothing,
    /// There is something that cannot be read as the hash of a line.
    Unreadable,
}

/// How a sidecar lists the lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// The quoted key of the member that holds a line's hash.
    key: Vec<u8>,
    algorithm: Algorithm,
    end: End,
}

/// What of a line's end is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing; a CR is part of the line.
    Bare,
    /// Nothing, and no CR before it.
    WithoutCr,
    /// The LF.
    Lf,
}

/// What the first records of what may be a sidecar say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The ways in which it may list lines.
    pub ways: Vec<Sidecar>,
    /// Its records are chained and hold hashes and hardly more: it is a sidecar, whatever it lists.
    pub is_sidecar: bool,
    /// It begins where the chain does; else records before these may have been dropped.
    pub is_begin: bool,
}

impl Head {
    /// Where a chain covers one of the hashes, only that one is what it lists: any other could have been put there. Where
    /// there is a chain and it is not known what it covers, nothing is. `hints` = what is known of the sidecar's chain.
    pub fn of(records: &[Vec<u8>], hints: &Hints) -> Self {
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let samples = samples(&records);
        let Some(first) = samples.first() else {
            return Self::default();
        };
        let scheme = detect(&records, hints);
        let (own, prev) = match &scheme {
            Some(scheme) => (scheme.own_key.clone(), scheme.prev_key.clone()),
            None => (None, None),
        };
        let is_link = |key: &[u8]| [&own, &prev].into_iter().flatten().any(|k| k == key);
        let covered: Vec<Vec<u8>> = scheme
            .iter()
            .filter(|scheme| scheme.inner.is_none())
            .flat_map(Scheme::covered_keys)
            .collect();
        let is_sidecar = !covered.is_empty();
        let is_unknown = scheme.as_ref().is_some_and(Scheme::is_links_only);
        let keys = match is_sidecar || is_unknown {
            true => covered,
            false => {
                let keys = hash_fields(&samples).into_iter();
                keys.filter(|key| !is_link(key))
                    .map(<[u8]>::to_vec)
                    .collect()
            }
        };
        let ways = keys.into_iter().flat_map(|key| {
            let len = samples
                .iter()
                .find_map(|s| Some(digest(s.object.get(&key)?.value)?.len()));
            let algorithm = len.and_then(|len| match len {
                64 => Some(Algorithm::Sha512),
                48 => Some(Algorithm::Sha384),
                32 => Some(Algorithm::Sha256),
                20 => Some(Algorithm::Sha1),
                16 => Some(Algorithm::Md5),
                _ => None,
            });
            let way = move |end| {
                Some(Sidecar {
                    key: key.clone(),
                    algorithm: algorithm.clone()?,
                    end,
                })
            };
            [way(End::Bare), way(End::WithoutCr), way(End::Lf)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
        });
        let link = prev.as_ref().and_then(|key| first.object.get(key));
        Self {
            ways: ways.collect(),
            is_sidecar,
            is_begin: link.is_none_or(|link| {
                let is_known = string_text(link.value)
                    .is_some_and(|text| hints.genesis.iter().any(|known| known == text));
                is_known || digest(link.value).is_none() || is_zero(link.value)
            }),
        }
    }
}

/// A hash of nothing but zeros.
fn is_zero(value: &[u8]) -> bool {
    digest(value).is_some_and(|digest| digest.bytes().iter().all(|byte| *byte == 0))
}

impl Sidecar {
    /// What the sidecar of a log may be called, with no more known of it.
    pub fn usual_names(log: &Path) -> Vec<PathBuf> {
        let text = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (name, stem, extension) = (
            text(log.file_name()),
            text(log.file_stem()),
            text(log.extension()),
        );
        let names = [
            format!("{stem}.chain.{extension}"),
            format!("{name}.chain.jsonl"),
            format!("{name}.chain"),
        ];
        names.iter().map(|name| log.with_file_name(name)).collect()
    }

    /// The logs whose sidecar may be called so.
    pub fn logs_of(sidecar: &Path) -> Vec<PathBuf> {
        let name = sidecar.file_name().unwrap_or_default().to_string_lossy();
        let mut logs = Vec::new();
        if let Some((stem, extension)) = name.rsplit_once(".chain.") {
            logs.push(format!("{stem}.{extension}"));
        }
        logs.extend(name.strip_suffix(".chain.jsonl").map(str::to_owned));
        logs.extend(name.strip_suffix(".chain").map(str::to_owned));
        logs.retain(|name| !name.is_empty());
        logs.iter()
            .map(|name| sidecar.with_file_name(name))
            .collect()
    }

    /// What a record lists.
    pub fn listing(&self, record: &[u8]) -> Listing {
        let Ok(object) = Object::read(record) else {
            return Listing::Unreadable;
        };
        match object.get(&self.key) {
            None => Listing::Nothing,
            Some(member) => match digest(member.value) {
                Some(digest) => Listing::Line(id(&digest)),
                None => Listing::Unreadable,
            },
        }
    }

    /// The line that a record lists, if it does.
    pub fn listed(&self, record: &[u8]) -> Option<LineId> {
        match self.listing(record) {
            Listing::Line(id) => Some(id),
            Listing::Nothing | Listing::Unreadable => None,
        }
    }

    pub fn hasher(&self) -> LineHasher {
        LineHasher {
            state: State::new(&self.algorithm),
            end: self.end,
            held: false,
        }
    }

    /// `sha256 in event_hash`
    pub fn describe(&self) -> String {
        format!(
            "{} in {}",
            self.algorithm.name(),
            template::unquoted(&self.key)
        )
    }
}

fn digest(value: &[u8]) -> Option<Digest> {
    // As the check of the chain reads it.
    string_text(value)?;
    Digest::read(unescape(value).as_bytes()).map(|(digest, _)| digest)
}

fn id(digest: &Digest) -> LineId {
    let bytes = digest.bytes();
    bytes
        .try_into()
        .unwrap_or_else(|_| Sha256::digest(bytes).into())
}

/// Hashes a line as it comes, so that one of any length takes no memory.
pub struct LineHasher {
    state: State,
    end: End,
    /// A CR that may be the last byte of the line.
    held: bool,
}

enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
    Md5(md5::Md5),
    Sha1(ring::digest::Context),
}

impl State {
    fn new(algorithm: &Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha384 => Self::Sha384(Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::Md5 => Self::Md5(md5::Md5::new()),
            Algorithm::Sha1 => Self::Sha1(ring::digest::Context::new(
                &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            )),
            Algorithm::Sha256 | Algorithm::Hmac(_) => Self::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
            Self::Md5(state) => state.update(bytes),
            Self::Sha1(state) => state.update(bytes),
        }
    }

    /// The hash, and the state as it was at first.
    fn finish(&mut self) -> Digest {
        match self {
            Self::Sha256(state) => Digest::of(&state.finalize_reset()),
            Self::Sha384(state) => Digest::of(&state.finalize_reset()),
            Self::Sha512(state) => Digest::of(&state.finalize_reset()),
            Self::Md5(state) => Digest::of(&state.finalize_reset()),
            Self::Sha1(state) => {
                let fresh = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
                Digest::of(std::mem::replace(state, fresh).finish().as_ref())
            }
        }
    }
}

impl LineHasher {
    /// More of the line, without its end.
    pub fn update(&mut self, bytes: &[u8]) {
        if self.end != End::WithoutCr || bytes.is_empty() {
            return self.state.update(bytes);
        }
        if std::mem::take(&mut self.held) {
            self.state.update(b"\r");
        }
        let bare = bytes.strip_suffix(b"\r");
        self.held = bare.is_some();
        self.state.update(bare.unwrap_or(bytes));
    }

    /// The line has ended; the next begins.
    pub fn finish(&mut self) -> LineId {
        self.held = false;
        if self.end == End::Lf {
            self.state.update(b"\n");
        }
        id(&self.state.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Vec<u8>> {
        (0..5).map(|n| format!("line {n}").into_bytes()).collect()
    }

    /// A record that lists a line, with another hash before it.
    fn record(algorithm: &Algorithm, line: &[u8]) -> Vec<u8> {
        let other = Algorithm::Sha256.digest(line).hex();
        let hash = algorithm.digest(line).hex();
        format!(r#"{{"id":"x{other}","event_hash":"sha256:{hash}"}}"#).into_bytes()
    }

    #[test]
    fn every_function_and_line_end_is_a_way() {
        for algorithm in [
            Algorithm::Sha256,
            Algorithm::Sha384,
            Algorithm::Sha512,
            Algorithm::Sha1,
            Algorithm::Md5,
        ] {
            for end in ["", "\n"] {
                let with_end = |line: &Vec<u8>| [line, end.as_bytes()].concat();
                let records: Vec<_> = lines()
                    .iter()
                    .map(|line| record(&algorithm, &with_end(line)))
                    .collect();
                let head = Head::of(&records, &Hints::default());
                assert!(head.is_begin && !head.is_sidecar);
                let holds = |way: &&Sidecar| {
                    let mut hasher = way.hasher();
                    lines().iter().zip(&records).all(|(line, record)| {
                        let (head, tail) = line.split_at(2);
                        hasher.update(head);
                        hasher.update(tail);
                        Some(hasher.finish()) == way.listed(record)
                    })
                };
                let found: Vec<String> = head
                    .ways
                    .iter()
                    .filter(holds)
                    .map(Sidecar::describe)
                    .collect();
                // Without a CR there is nothing to be left out.
                let is_it = |way: &String| *way == format!("{} in event_hash", algorithm.name());
                assert!(!found.is_empty() && found.iter().all(is_it), "{found:?}");
            }
        }
    }

    #[test]
    fn where_a_chain_covers_a_hash_no_other_is_what_is_listed() {
        let mut prev = "0".repeat(64);
        let mut records = Vec::new();
        for line in lines() {
            let event = Algorithm::Sha256.digest(&line).hex();
            let own = Algorithm::Sha256
                .digest(format!("{prev}\n{event}").as_bytes())
                .hex();
            let decoy = Algorithm::Md5.digest(&line).hex();
            let record = format!(
                r#"{{"a":"{decoy}","event_hash":"{event}","prev_hash":"{prev}","chain_hash":"{own}"}}"#
            );
            records.push(record.into_bytes());
            prev = own;
        }
        let head = Head::of(&records, &Hints::default());
        assert!(head.is_sidecar && head.is_begin);
        assert!(
            head.ways
                .iter()
                .all(|way| way.describe() == "sha256 in event_hash")
        );
        assert!(!Head::of(&records[1..], &Hints::default()).is_begin);
    }

    #[test]
    fn usual_names() {
        let names = Sidecar::usual_names(Path::new("/var/log/events.jsonl"));
        let want = [
            "events.chain.jsonl",
            "events.jsonl.chain.jsonl",
            "events.jsonl.chain",
        ];
        assert_eq!(names, want.map(|name| Path::new("/var/log").join(name)));
        for name in names {
            let logs = Sidecar::logs_of(&name);
            assert!(
                logs.contains(&Path::new("/var/log/events.jsonl").to_owned()),
                "{name:?}"
            );
        }
        assert_eq!(
            Sidecar::logs_of(Path::new("events.jsonl")),
            Vec::<PathBuf>::new()
        );
    }
}
