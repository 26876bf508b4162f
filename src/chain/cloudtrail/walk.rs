//! Walks a set of digest files along their links, newest first, because a digest's signature stands in the next one.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::signature::{Follower, Signature, signature};
use super::{Checked, Digest, DigestFile, Hash, Hole, PublicKeys, Standing, Walked, stem, words};
use crate::chain::Finding;
use crate::event::Timestamp;

/// Time between two digests of a chain that is no gap, in nanoseconds: a minute.
const SLACK: i64 = 60_000_000_000;

/// Versions of one digest that are looked at. There is one, or a changed one beside it; files made to be many of one name shall
/// not cost their square.
const VERSIONS: usize = 64;

/// Checks digests against each other and against their signatures.
pub fn walk(files: &[DigestFile], keys: &PublicKeys) -> Walked {
    let mut walk = Walk::new(files, keys);
    for i in walk.newest_first() {
        walk.judge(i);
    }
    for i in 0..files.len() {
        walk.judge_unread(i);
    }
    walk.unknown_keys();
    for i in walk.newest_first() {
        walk.look_back(i);
    }
    walk.finish()
}

struct Walk<'a> {
    files: &'a [DigestFile],
    keys: &'a PublicKeys,
    /// For each file the one that stands for all with the same content.
    first: Vec<usize>,
    /// The digests of an S3 object, one for each content.
    by_object: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// All files, by name.
    by_stem: HashMap<&'a str, Vec<usize>>,
    /// For each file the digests that name it as the one before.
    followers: Vec<Vec<usize>>,
    /// Digests signed with a key that is not there, by fingerprint, newest first.
    strange: Vec<(&'a str, Vec<usize>)>,
    /// The ends of each chain's digests, in order.
    ends: HashMap<(&'a str, &'a str, bool), Vec<Timestamp>>,
    done: Vec<Checked>,
    /// Whether any signature of a key holds, by fingerprint.
    proven: HashMap<&'a str, bool>,
    holes: Vec<Hole>,
    /// Files that lie where another digest should.
    replaced: Vec<(usize, Finding)>,
}

impl<'a> Walk<'a> {
    fn new(files: &'a [DigestFile], keys: &'a PublicKeys) -> Self {
        let mut by_hash: HashMap<&Hash, usize> = HashMap::new();
        // Of copies, one that has its signature beside it.
        let all = || files.iter().enumerate();
        let with_metadata = all().filter(|(_, file)| file.metadata.is_some());
        for (i, file) in with_metadata.chain(all()) {
            by_hash.entry(&file.hash).or_insert(i);
        }
        let first: Vec<usize> = files.iter().map(|file| by_hash[&file.hash]).collect();
        let mut walk = Self {
            files,
            keys,
            first,
            by_object: HashMap::new(),
            by_stem: HashMap::new(),
            followers: vec![Vec::new(); files.len()],
            strange: Vec::new(),
            ends: HashMap::new(),
            done: vec![Checked::default(); files.len()],
            proven: HashMap::new(),
            holes: Vec::new(),
            replaced: Vec::new(),
        };
        for (i, file) in files.iter().enumerate() {
            let at = walk.by_stem.entry(stem(&file.place.path)).or_default();
            at.push(i);
            if let (Ok(digest), true) = (&file.digest, walk.first[i] == i) {
                let key = (&*digest.bucket, &*digest.object);
                walk.by_object.entry(key).or_default().push(i);
                let ends = walk.ends.entry(digest.chain()).or_default();
                ends.push(digest.end);
            }
        }
        for ends in walk.ends.values_mut() {
            ends.sort_unstable();
        }
        for i in 0..files.len() {
            for before in walk.before(i) {
                if !walk.is_another(i, before) {
                    walk.followers[before].push(i);
                }
            }
        }
        walk
    }

    /// The digest in a file, if it is the first with this content.
    fn digest(&self, i: usize) -> Option<&'a Digest> {
        let digest = self.files[i].digest.as_ref().ok()?;
        (self.first[i] == i).then_some(digest)
    }

    fn newest_first(&self) -> Vec<usize> {
        let all = (0..self.files.len()).filter_map(|i| Some((i, self.digest(i)?)));
        let mut all: Vec<(usize, &Digest)> = all.collect();
        all.sort_by_key(|(i, d)| (Reverse(d.end), &d.object, *i));
        all.into_iter().map(|(i, _)| i).collect()
    }

    /// The files that should be the digest before this one: by what they say they are, else by where they lie.
    fn before(&self, i: usize) -> Vec<usize> {
        let previous = self.digest(i).and_then(|d| d.previous.as_ref());
        let Some(previous) = previous else {
            return Vec::new();
        };
        let key = (&*previous.bucket, &*previous.object);
        if let Some(known) = self.by_object.get(&key) {
            return known.iter().copied().take(VERSIONS).collect();
        }
        let named = self.by_stem.get(stem(&previous.object));
        let named = named.into_iter().flatten().copied();
        let there = named.filter(|n| self.files[*n].place.fits(&previous.object));
        there.take(VERSIONS).collect()
    }

    fn agrees(&self, later: usize, file: usize) -> bool {
        let previous = self.digest(later).and_then(|d| d.previous.as_ref());
        previous.is_some_and(|p| p.hash == self.files[file].hash)
    }

    /// Whether a file lies where the digest before should, and says that it is another one.
    fn is_another(&self, later: usize, file: usize) -> bool {
        let previous = self.digest(later).and_then(|d| d.previous.as_ref());
        let digest = self.files[file].digest.as_ref();
        let other = previous
            .zip(digest.ok())
            .is_some_and(|(p, d)| p.object != d.object);
        other && !self.agrees(later, file)
    }

    /// Decides about a digest once all later ones are decided about.
    fn judge(&mut self, i: usize) {
        let (file, Some(digest)) = (&self.files[i], self.digest(i)) else {
            return;
        };
        let later = self.followers[i].clone();
        let followers = self.speaking_of(i);
        let denied = |f: &&Follower<'_>| !f.agrees && !f.broken;
        let other = followers.iter().find(denied).map(|f| f.digest);
        let signature = match signature(file, digest, &followers, self.keys) {
            // Where no signature holds at all, it is not one digest that was changed.
            Signature::Doubtful if self.is_proven(&digest.fingerprint) => Signature::Unchecked(
                "its signature cannot be checked: the digest that repeats it was itself changed"
                    .into(),
            ),
            Signature::Doubtful => Signature::Invalid,
            clear => clear,
        };
        let done = match (signature, other) {
            (Signature::Valid(from), _) => {
                // What is signed is right: who holds another hash of it is wrong.
                for l in &later {
                    if !self.agrees(*l, i) && self.done[*l].standing != Standing::Broken {
                        let finding = self
                            .digest(*l)
                            .map(|d| words::wrong_link(d, digest, &file.hash));
                        self.done[*l].findings.extend(finding);
                        self.done[*l].standing = Standing::Broken;
                    }
                }
                Checked {
                    standing: Standing::Signed(from),
                    findings: Vec::new(),
                }
            }
            (Signature::Invalid, other) => Checked {
                standing: Standing::Broken,
                findings: vec![words::not_signed(digest, &file.hash, other)],
            },
            (_, Some(other)) => Checked {
                standing: Standing::Broken,
                findings: vec![words::other_hash(digest, &file.hash, other)],
            },
            (signature, None) => {
                let vouching = later.iter().find(|l| {
                    self.agrees(**l, i) && matches!(self.done[**l].standing, Standing::Signed(_))
                });
                let standing = match (signature, vouching.and_then(|l| self.digest(*l))) {
                    (_, Some(by)) => {
                        Standing::Signed(format!("its hash is in the signed digest {}", by.name()))
                    }
                    (Signature::Unchecked(why), None) => Standing::Unsigned(why),
                    _ => {
                        self.strange(&digest.fingerprint, i);
                        Standing::Unsigned(format!(
                            "its signature is not checked: the public key {} was not given",
                            digest.fingerprint
                        ))
                    }
                };
                Checked {
                    standing,
                    findings: Vec::new(),
                }
            }
        };
        self.done[i] = done;
    }

    /// The later digests that name this one.
    fn speaking_of(&self, i: usize) -> Vec<Follower<'a>> {
        let follower = |l: &usize| {
            Some(Follower {
                digest: self.digest(*l)?,
                agrees: self.agrees(*l, i),
                broken: self.done[*l].standing == Standing::Broken,
            })
        };
        self.followers[i].iter().filter_map(follower).collect()
    }

    /// Whether a signature holds that was made with the key of this fingerprint.
    fn is_proven(&mut self, fingerprint: &'a str) -> bool {
        if let Some(known) = self.proven.get(fingerprint) {
            return *known;
        }
        let holds = |i: usize| {
            let digest = self.digest(i).filter(|d| d.fingerprint == fingerprint);
            digest.is_some_and(|d| {
                let followers = self.speaking_of(i);
                let signature = signature(&self.files[i], d, &followers, self.keys);
                matches!(signature, Signature::Valid(_))
            })
        };
        let proven = (0..self.files.len()).any(holds);
        self.proven.insert(fingerprint, proven);
        proven
    }

    fn strange(&mut self, fingerprint: &'a str, i: usize) {
        match self.strange.iter_mut().find(|(f, _)| *f == fingerprint) {
            Some((_, digests)) => digests.push(i),
            None => self.strange.push((fingerprint, vec![i])),
        }
    }

    /// A key that is not there is said once, with its oldest digest.
    fn unknown_keys(&mut self) {
        for (_, digests) in std::mem::take(&mut self.strange) {
            let oldest = digests.last().copied();
            if let Some((i, digest)) = oldest.and_then(|i| Some((i, self.digest(i)?))) {
                let finding = words::key_unknown(digest, digests.len());
                self.done[i].findings.push(finding);
            }
        }
    }

    /// A file that begins like a digest and is none: changed, if the next digest knows another hash of it.
    fn judge_unread(&mut self, i: usize) {
        let file = &self.files[i];
        if let Err(why) = &file.digest {
            let denied = self.followers[i]
                .iter()
                .find(|l| !self.agrees(**l, i) && self.done[**l].standing != Standing::Broken);
            self.done[i].findings = vec![match denied.and_then(|l| self.digest(*l)) {
                Some(by) => words::unread_and_other_hash(why, &file.hash, by),
                None => words::unread(why),
            }];
        }
    }

    /// What is missing before a digest, and what lies in its place.
    fn look_back(&mut self, i: usize) {
        let Some(digest) = self.digest(i) else { return };
        // What a changed digest says of the one before it is worth nothing.
        if self.done[i].standing == Standing::Broken {
            return;
        }
        let ends = self.ends.get(&digest.chain()).map_or(&[][..], |e| e);
        let older = ends[..ends.partition_point(|end| *end < digest.end)].last();
        let older = older.copied();
        let before = self.before(i);
        // The end of the digest before, if it is here and can be read.
        let real = before.iter().filter(|b| !self.is_another(i, **b));
        let ends = real.filter_map(|b| self.files[*b].digest.as_ref().ok());
        let end = ends.map(|d| d.end).max();
        if let (Some(previous), Some(older)) = (&digest.previous, older)
            && end.is_none()
        {
            self.hole(digest, older, digest.start, &previous.object);
        }
        let finding = match (&digest.previous, older) {
            (None, None) => None,
            (None, Some(older)) => Some(words::restart(digest, older)),
            (Some(previous), None) if before.is_empty() => {
                Some(words::head_missing(digest, previous))
            }
            (Some(previous), Some(older)) if before.is_empty() => {
                Some(words::gap(digest, previous, older))
            }
            (Some(previous), _) => {
                for b in before.iter().copied() {
                    if self.is_another(i, b) {
                        let finding = words::replaced(&self.files[b].hash, digest, previous);
                        self.replaced.push((b, finding));
                    }
                }
                let late =
                    |e: &Timestamp| !digest.chain().2 && e.saturating_add(SLACK) < digest.start;
                end.filter(late).map(|end| words::time_gap(digest, end))
            }
        };
        self.done[i].findings.extend(finding);
    }

    fn hole(&mut self, of: &Digest, from: Timestamp, until: Timestamp, object: &str) {
        self.holes.push(Hole {
            account: of.account.clone(),
            region: of.region().into(),
            from,
            until,
            object: object.into(),
        });
    }

    /// Copies are what the first one is; what lies elsewhere than its key says is said of each.
    fn finish(mut self) -> Walked {
        let mut at_home = vec![false; self.files.len()];
        for (file, first) in self.files.iter().zip(&self.first) {
            let digest = file.digest.as_ref();
            at_home[*first] |= digest.is_ok_and(|d| file.place.fits(&d.object));
        }
        for (i, file) in self.files.iter().enumerate() {
            let Ok(digest) = &file.digest else { continue };
            let first = self.first[i];
            if self.done[i].findings.is_empty() && first != i {
                self.done[i].standing = self.done[first].standing.clone();
                if self.done[first].standing == Standing::Broken {
                    self.done[i].findings = self.done[first].findings.clone();
                }
            }
            if !at_home[first] && self.done[i].findings.is_empty() {
                let finding = words::moved(&digest.bucket, &digest.object, &file.hash);
                self.done[i].findings.push(finding);
            }
        }
        for (i, finding) in std::mem::take(&mut self.replaced) {
            // Signed, it is what it says that it is, only not what should lie here.
            if !matches!(self.done[i].standing, Standing::Signed(_)) {
                self.done[i].standing = Standing::Broken;
            }
            self.done[i].findings = vec![finding];
        }
        for i in 0..self.files.len() {
            if let (Some(digest), Standing::Broken) = (self.digest(i), &self.done[i].standing) {
                self.hole(digest, digest.start, digest.end, &digest.object);
            }
        }
        Walked {
            files: self.done,
            holes: self.holes,
        }
    }
}
