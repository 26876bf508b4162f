//! Sidecars: a file beside a log that lists the hash of each of its lines, one a record, chained among themselves:
//! `events.chain.jsonl` beside `events.jsonl`. The sidecar is a log with a chain like any other; this is about what it
//! lists.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::algorithm::Algorithm;
use super::canonical::Object;
use super::digest::Digest;
use super::template;

/// What names a line: its hash, or the SHA-256 of a hash that is longer or shorter than that.
pub type LineId = [u8; 32];

/// How a sidecar lists the lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// The quoted key of the member that holds a line's hash.
    key: Vec<u8>,
    algorithm: Algorithm,
    /// The line's end is hashed, too.
    with_lf: bool,
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

    /// What a record lists; `None` if it lists nothing.
    pub fn listed(&self, record: &[u8]) -> Option<LineId> {
        let object = Object::read(record).ok()?;
        Some(id(&digest(object.get(&self.key)?.value)?))
    }

    pub fn hasher(&self) -> LineHasher {
        LineHasher {
            state: State::new(&self.algorithm),
            with_lf: self.with_lf,
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

/// Some lines of a log, by all hashes that a sidecar may list them by.
pub struct KnownLines {
    hashes: HashMap<Digest, (Algorithm, bool)>,
}

impl KnownLines {
    pub fn of(lines: &[Vec<u8>]) -> Self {
        let algorithms = [
            Algorithm::Sha256,
            Algorithm::Sha512,
            Algorithm::Sha384,
            Algorithm::Sha1,
            Algorithm::Md5,
        ];
        let mut hashes = HashMap::new();
        for algorithm in &algorithms {
            for line in lines {
                for with_lf in [false, true] {
                    let end: &[u8] = if with_lf { b"\n" } else { b"" };
                    let bytes = [line, end].concat();
                    hashes.insert(algorithm.digest(&bytes), (algorithm.clone(), with_lf));
                }
            }
        }
        Self { hashes }
    }

    /// How a record lists one of these lines, if it does: that is proof, since nobody meets a hash by chance.
    pub fn listed_in(&self, record: &[u8]) -> Option<Sidecar> {
        let object = Object::read(record).ok()?;
        let mut members = object.members.iter();
        members.find_map(|member| {
            let (algorithm, with_lf) = self.hashes.get(&digest(member.value)?)?;
            Some(Sidecar {
                key: member.key.to_vec(),
                algorithm: algorithm.clone(),
                with_lf: *with_lf,
            })
        })
    }
}

fn digest(value: &[u8]) -> Option<Digest> {
    let text = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Digest::read(text).map(|(digest, _)| digest)
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
    with_lf: bool,
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
        self.state.update(bytes);
    }

    /// The line has ended; the next begins.
    pub fn finish(&mut self) -> LineId {
        if self.with_lf {
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

    /// A record that lists a line, with other hashes before it.
    fn record(algorithm: &Algorithm, line: &[u8]) -> Vec<u8> {
        let other = Algorithm::Sha256.digest(b"other").hex();
        let hash = algorithm.digest(line).hex();
        format!(r#"{{"prev":"{other}","event_hash":"sha256:{hash}"}}"#).into_bytes()
    }

    #[test]
    fn the_field_the_function_and_the_line_end_are_found() {
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
                // The first lines are others now.
                let known = KnownLines::of(&lines()[3..]);
                let found = records.iter().find_map(|record| known.listed_in(record));
                let found = found.unwrap();
                assert_eq!(
                    found.describe(),
                    format!("{} in event_hash", algorithm.name())
                );
                let mut hasher = found.hasher();
                for (line, record) in lines().iter().zip(&records) {
                    let (head, tail) = line.split_at(2);
                    hasher.update(head);
                    hasher.update(tail);
                    assert_eq!(Some(hasher.finish()), found.listed(record));
                }
            }
        }
        let strange = record(&Algorithm::Sha256, b"something else");
        assert_eq!(KnownLines::of(&lines()).listed_in(&strange), None);
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
    }
}
