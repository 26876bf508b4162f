//! Which chain a source has, found by trying and not by names: fields whose values link, and the recipe that
//! gives their hashes.

use std::collections::HashMap;

use super::algorithm::Algorithm;
use super::canonical::{Layout, Object};
use super::digest::{Digest, Letters, Spelling, is_genesis};
use super::recipe::{
    Preimage, Recipe, joined_recipes, link_recipes, own_hash_recipes, two_level_recipes,
};
use super::rule::{Hints, Key};
use super::scheme::{Inner, Scheme};
use super::template::{Part, quoted};
use crate::event::Timestamp;

/// Records a recipe is tried on, spread over the sample, so that one broken record cannot hide it.
const TRIED: usize = 16;
/// Records a recipe must reproduce before the others are dropped.
const PROVED: usize = 3;
/// Fields with hash-like values that are looked at, and pairs of them that are tried.
const MAX_FIELDS: usize = 32;
const MAX_PAIRS: usize = 8;
/// Records on which a rolling chain is looked for: nothing but a name speaks for one beforehand.
const ROLLING_TRIED: usize = 4;
/// Links from which on it can be said that there are several chains.
const MIN_STREAM_LINKS: usize = 4;

const SEQ_KEYS: [&str; 18] = [
    "seq",
    "sequence",
    "sequence_num",
    "sequence_number",
    "sequenceNumber",
    "seq_no",
    "seqNo",
    "seq_num",
    "seqno",
    "index",
    "idx",
    "id",
    "entry_id",
    "event_id",
    "height",
    "number",
    "no",
    "n",
];

const TIME_KEYS: [&str; 14] = [
    "ts",
    "timestamp",
    "time",
    "@timestamp",
    "at",
    "created_at",
    "createdAt",
    "occurred_at",
    "recorded_at",
    "event_time",
    "eventTime",
    "datetime",
    "date",
    "logged_at",
];

/// The text of a string token; `None` for other tokens.
pub(super) fn string_text(token: &[u8]) -> Option<&[u8]> {
    token.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// A whole number, also one written as a string.
pub(super) fn whole_number(token: &[u8]) -> Option<i64> {
    std::str::from_utf8(string_text(token).unwrap_or(token))
        .ok()?
        .parse()
        .ok()
}

/// One parsed record of the sample.
pub(super) struct Sample<'a> {
    pub(super) line: &'a [u8],
    pub(super) object: Object<'a>,
}

impl Sample<'_> {
    pub(super) fn text(&self, key: &[u8]) -> Option<&[u8]> {
        string_text(self.object.get(key)?.value)
    }

    fn digest(&self, key: &[u8]) -> Option<(Digest, Spelling)> {
        self.text(key)
            .filter(|t| !is_genesis(t))
            .and_then(Digest::read)
    }
}

/// A pair of fields and the links between samples that they give: (from, to) by index.
struct Linked<'k> {
    /// `None`: rolling.
    prev_key: Option<&'k [u8]>,
    own_key: Option<&'k [u8]>,
    pairs: Vec<(usize, usize)>,
}

/// How records are hashed, as far as the samples show it.
struct Hashing {
    functions: Vec<Key>,
    recipes: Vec<Recipe>,
    left_out: Vec<Vec<u8>>,
    inner: Option<Inner>,
}

/// Looks for a chain in a sample of lines, in file order; `None` if there is none.
pub(super) fn detect(lines: &[&[u8]], hints: &Hints) -> Option<Scheme> {
    let samples = samples(lines);
    if samples.len() < 2 {
        return None;
    }
    let keys = hash_fields(&samples);
    let linked = likely_links(&samples, &keys, hints);
    for link in &linked {
        if let Some(hashing) = hashing(&samples, &keys, link, hints) {
            return Some(pin(&samples, link, hashing, hints));
        }
    }
    if let Some((link, hashing)) = raw_line(&samples, &keys, hints) {
        return Some(pin(&samples, &link, hashing, hints));
    }
    if let Some((link, hashing)) = rolling(&samples, &keys, hints) {
        return Some(pin(&samples, &link, hashing, hints));
    }
    // Without a reproducible hash only the name and the number of links speak for a chain.
    let unproved = linked.iter().find(|l| {
        let named = hints.prev.is_some() || l.prev_key.is_some_and(is_link_name);
        named && 2 * l.pairs.len() + 1 >= samples.len()
    })?;
    let nothing = Hashing {
        functions: Vec::new(),
        recipes: Vec::new(),
        left_out: Vec::new(),
        inner: None,
    };
    Some(pin(&samples, unproved, nothing, hints))
}

/// The lines that are records.
fn samples<'a>(lines: &[&'a [u8]]) -> Vec<Sample<'a>> {
    let read = |&line: &&'a [u8]| {
        let object = Object::read(line).ok()?;
        Some(Sample { line, object })
    };
    lines.iter().filter_map(read).collect()
}

/// The pairs of fields that link records, the likelier first.
fn likely_links<'k>(samples: &[Sample<'_>], keys: &[&'k [u8]], hints: &Hints) -> Vec<Linked<'k>> {
    let mut linked = link_pairs(samples, keys);
    let is = |hint: &Option<Vec<u8>>, key: Option<&[u8]>| hint.is_none() || hint.as_deref() == key;
    linked.retain(|l| is(&hints.prev, l.prev_key) && is(&hints.own, l.own_key));
    // Most links first; of equals the one with a telling name.
    linked.sort_by_key(|l| {
        let named = l.prev_key.is_some_and(is_link_name);
        (std::cmp::Reverse(l.pairs.len()), !named)
    });
    linked.truncate(MAX_PAIRS);
    if hints.rolling {
        linked.clear();
    }
    linked
}

/// Fields whose values look like hashes in some record.
fn hash_fields<'k>(samples: &'k [Sample<'_>]) -> Vec<&'k [u8]> {
    let mut keys: Vec<&[u8]> = Vec::new();
    for sample in samples {
        for member in &sample.object.members {
            if keys.len() < MAX_FIELDS
                && !keys.contains(&member.key)
                && string_text(member.value).is_some_and(|t| Digest::read(t).is_some())
            {
                keys.push(member.key);
            }
        }
    }
    keys
}

/// Names that say "hash of what came before"; they break ties, and stand in for proof where there is none.
fn is_link_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key).to_ascii_lowercase();
    let hash = ["hash", "sha", "digest", "hmac", "checksum", "signature"];
    name.contains("prev")
        || (["parent", "last", "chain"].iter().any(|w| name.contains(w))
            && hash.iter().any(|w| name.contains(w)))
}

/// Names that say "a hash of this record".
fn is_hash_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key).to_ascii_lowercase();
    let words = ["hash", "sha", "digest", "hmac", "checksum", "chain", "mac"];
    words.iter().any(|w| name.contains(w))
}

fn link_pairs<'k>(samples: &[Sample<'_>], keys: &[&'k [u8]]) -> Vec<Linked<'k>> {
    let mut out = Vec::new();
    for &own_key in keys {
        let owns: Vec<Option<Digest>> = samples
            .iter()
            .map(|s| s.digest(own_key).map(|d| d.0))
            .collect();
        let mut by_hash: HashMap<Digest, usize> = HashMap::new();
        for (i, own) in owns.iter().enumerate() {
            if let Some(own) = own {
                by_hash.entry(*own).or_insert(i);
            }
        }
        // A value that repeats (a trace id, the hash of a configuration) names no record.
        if 2 * by_hash.len() <= owns.iter().flatten().count() {
            continue;
        }
        for &prev_key in keys.iter().filter(|k| **k != own_key) {
            let pairs: Vec<(usize, usize)> = samples
                .iter()
                .enumerate()
                .filter_map(|(to, s)| {
                    let (prev, _) = s.digest(prev_key)?;
                    let from = *by_hash.get(&prev)?;
                    (from != to && owns[to] != Some(prev)).then_some((from, to))
                })
                .collect();
            if !pairs.is_empty() {
                out.push(Linked {
                    prev_key: Some(prev_key),
                    own_key: Some(own_key),
                    pairs,
                });
            }
        }
    }
    out
}

/// Names that say "a signature over the rest".
fn is_signature_name(key: &[u8]) -> bool {
    let name = String::from_utf8_lossy(key).to_ascii_lowercase();
    ["sig", "hmac", "mac\""].iter().any(|w| name.contains(w))
}

/// How the records of a link are hashed; `None` if no way is found.
fn hashing(
    samples: &[Sample<'_>],
    keys: &[&[u8]],
    link: &Linked<'_>,
    hints: &Hints,
) -> Option<Hashing> {
    let own_key = link.own_key?;
    let trial = Trial::new(samples, link.prev_key, own_key, hints)?;
    let prefixed = samples.iter().any(|s| {
        let prev = link.prev_key.and_then(|key| s.digest(key));
        prev.is_some_and(|d| !d.1.prefix.is_empty())
    });
    let given = !hints.recipes.is_empty();
    let recipes = match given {
        true => hints.recipes.clone(),
        false => own_hash_recipes(prefixed),
    };
    for left_out in left_out_sets(samples, link, hints) {
        for functions in &trial.functions {
            let matching = trial.matching(&recipes, functions, &left_out);
            if !matching.is_empty() {
                return Some(Hashing {
                    functions: functions.clone(),
                    recipes: if given { recipes } else { matching },
                    left_out,
                    inner: None,
                });
            }
        }
    }
    if given {
        return None;
    }
    let between = |key: &&&[u8]| **key != own_key && Some(**key) != link.prev_key;
    keys.iter()
        .filter(between)
        .find_map(|key| two_levels(samples, &trial, link, key, hints))
}

/// The sets of members that may not be hashed: none, and what looks like a signature of the record.
fn left_out_sets(samples: &[Sample<'_>], link: &Linked<'_>, hints: &Hints) -> Vec<Vec<Vec<u8>>> {
    let mut given = hints.left_out.clone();
    given.extend(hints.signature.iter().map(|s| s.field.clone()));
    let mut all = given.clone();
    for sample in samples {
        for member in &sample.object.members {
            let known = Some(member.key) == link.own_key || Some(member.key) == link.prev_key;
            if !known && is_signature_name(member.key) && !all.iter().any(|k| k == member.key) {
                all.push(member.key.to_vec());
            }
        }
    }
    match all == given {
        true => vec![given],
        false => vec![given, all],
    }
}

/// Looks for a hash under `mid` that is what the own hash covers, and that covers the content itself.
fn two_levels(
    samples: &[Sample<'_>],
    outer: &Trial<'_>,
    link: &Linked<'_>,
    mid: &[u8],
    hints: &Hints,
) -> Option<Hashing> {
    let upper = two_level_recipes(mid);
    let (functions, recipes) = outer.functions.iter().find_map(|functions| {
        let matching = outer.matching(&upper, functions, &[]);
        (!matching.is_empty()).then(|| (functions.clone(), matching))
    })?;
    let plain = Hints {
        algorithms: hints.algorithms.clone(),
        ..Hints::default()
    };
    let trial = Trial::new(samples, link.prev_key, mid, &plain)?;
    let mut lower = own_hash_recipes(false);
    // An object of its own inside the record.
    let objects = samples.first().into_iter().flat_map(|s| &s.object.members);
    let objects = objects.filter(|m| m.value.starts_with(b"{"));
    lower.extend(objects.map(|m| Recipe::new([Part::Field(vec![m.key.to_vec()])])));
    let outer_key = link.own_key?.to_vec();
    for left_out in left_out_sets(samples, link, hints) {
        let mut left_out = left_out;
        left_out.push(outer_key.clone());
        for inner in &trial.functions {
            let matching = trial.matching(&lower, inner, &left_out);
            if let Some(function) = inner.first().filter(|_| !matching.is_empty()) {
                return Some(Hashing {
                    functions,
                    recipes,
                    left_out: Vec::new(),
                    inner: Some(Inner {
                        key: mid.to_vec(),
                        function: function.clone(),
                        recipes: matching,
                        left_out,
                    }),
                });
            }
        }
    }
    None
}

/// Records with their own hashes, on which recipes are tried.
struct Trial<'a> {
    records: Vec<(&'a Sample<'a>, Digest)>,
    prev_key: Option<&'a [u8]>,
    own_key: &'a [u8],
    /// For a rolling chain: the text of the own hash before each record.
    before: Option<Vec<&'a [u8]>>,
    /// Groups of hash functions; each is one function, or the keys of one.
    functions: Vec<Vec<Key>>,
}

impl<'a> Trial<'a> {
    fn new(
        samples: &'a [Sample<'a>],
        prev_key: Option<&'a [u8]>,
        own_key: &'a [u8],
        hints: &Hints,
    ) -> Option<Self> {
        let hashed: Vec<(&Sample<'_>, Digest)> = samples
            .iter()
            .filter_map(|s| Some((s, s.digest(own_key)?.0)))
            .collect();
        let len = most_common(hashed.iter().map(|h| h.1.len()))?;
        let step = hashed.len().div_ceil(TRIED).max(1);
        Some(Self {
            records: hashed.into_iter().step_by(step).collect(),
            prev_key,
            own_key,
            before: None,
            functions: functions(len, hints),
        })
    }

    /// The recipes that reproduce most of the records; empty if none reproduces any.
    fn matching(&self, recipes: &[Recipe], functions: &[Key], left_out: &[Vec<u8>]) -> Vec<Recipe> {
        let mut hits = vec![0usize; recipes.len()];
        let mut buffer = Vec::new();
        for (at, (sample, own)) in self.records.iter().enumerate() {
            let left_out = positions(&sample.object, left_out);
            let prev_text = match &self.before {
                Some(before) => before[at],
                None => self.prev_key.and_then(|k| sample.text(k)).unwrap_or_default(),
            };
            let record = Preimage {
                line: sample.line,
                object: &sample.object,
                own: sample.object.position(self.own_key),
                prev: self.prev_key.and_then(|key| sample.object.position(key)),
                left_out: &left_out,
                prev_text,
                prev_token: None,
            };
            // Once a recipe has proved itself, those that never fitted are not tried further.
            let proved = hits.iter().any(|h| *h >= PROVED);
            for (recipe, hit) in recipes.iter().zip(&mut hits) {
                if proved && *hit == 0 {
                    continue;
                }
                let holds = functions.iter().any(|key| {
                    own.is_of(&recipe.digest(&key.algorithm, &record, &mut buffer))
                });
                *hit += usize::from(holds);
            }
        }
        let most = hits.iter().copied().max().unwrap_or(0);
        let fits = |(recipe, hit): (&Recipe, usize)| {
            (most > 0 && hit == most).then(|| recipe.clone())
        };
        recipes.iter().zip(hits).filter_map(fits).collect()
    }
}

/// The hash functions that may have made values of `len` bytes.
fn functions(len: usize, hints: &Hints) -> Vec<Vec<Key>> {
    if !hints.keys.is_empty() {
        return vec![hints.keys.clone()];
    }
    let plain = match hints.algorithms.as_slice() {
        [] => Algorithm::of_len(len),
        given => given,
    };
    plain.iter().map(|a| vec![Key::plain(a.clone())]).collect()
}

/// Indices of the members with these keys.
pub(super) fn positions(object: &Object<'_>, keys: &[Vec<u8>]) -> Vec<usize> {
    keys.iter().filter_map(|key| object.position(key)).collect()
}

/// The field that holds the hash of another line.
fn raw_line<'k>(
    samples: &[Sample<'_>],
    keys: &[&'k [u8]],
    hints: &Hints,
) -> Option<(Linked<'k>, Hashing)> {
    let allowed = |key: &&&[u8]| hints.prev.as_deref().is_none_or(|prev| prev == **key);
    if hints.own.is_some() || hints.rolling {
        return None;
    }
    for &prev_key in keys.iter().filter(allowed) {
        let len = most_common(samples.iter().filter_map(|s| Some(s.digest(prev_key)?.0.len())));
        for functions in len.map_or_else(Vec::new, |len| functions(len, hints)) {
            let recipes = match hints.recipes.as_slice() {
                [] => link_recipes(),
                given => given.to_vec(),
            };
            for recipe in recipes {
                let pairs = line_links(samples, prev_key, &recipe, &functions);
                if !pairs.is_empty() {
                    let link = Linked {
                        prev_key: Some(prev_key),
                        own_key: None,
                        pairs,
                    };
                    let hashing = Hashing {
                        functions,
                        recipes: vec![recipe],
                        left_out: Vec::new(),
                        inner: None,
                    };
                    return Some((link, hashing));
                }
            }
        }
    }
    None
}

/// The links by hashes of whole lines. A cut hash is looked up by its beginning, 16 bytes at least.
fn line_links(
    samples: &[Sample<'_>],
    prev_key: &[u8],
    recipe: &Recipe,
    functions: &[Key],
) -> Vec<(usize, usize)> {
    let start = |digest: &Digest| -> Option<[u8; 16]> { digest.bytes().first_chunk().copied() };
    let mut buffer = Vec::new();
    let mut by_hash: HashMap<[u8; 16], (usize, Digest)> = HashMap::new();
    for (i, sample) in samples.iter().enumerate() {
        let record = Preimage {
            line: sample.line,
            object: &sample.object,
            own: None,
            prev: None,
            left_out: &[],
            prev_text: b"",
            prev_token: None,
        };
        for key in functions {
            let digest = recipe.digest(&key.algorithm, &record, &mut buffer);
            by_hash.extend(start(&digest).map(|s| (s, (i, digest))));
        }
    }
    let link = |(to, sample): (usize, &Sample<'_>)| {
        let prev = sample.digest(prev_key)?.0;
        let (from, full) = by_hash.get(&start(&prev)?)?;
        prev.is_of(full).then_some((*from, to))
    };
    samples.iter().enumerate().filter_map(link).collect()
}

/// A chain whose links are not logged: each own hash covers the one of the line before.
fn rolling<'k>(
    samples: &[Sample<'_>],
    keys: &[&'k [u8]],
    hints: &Hints,
) -> Option<(Linked<'k>, Hashing)> {
    if hints.prev.is_some() {
        return None;
    }
    let allowed = |key: &&&[u8]| match &hints.own {
        Some(own) => own == **key,
        None => is_hash_name(key),
    };
    for &own_key in keys.iter().filter(allowed) {
        let mut before = Vec::new();
        let mut trial = Trial::new(samples, None, own_key, hints)?;
        trial.records.clear();
        let mut pairs = Vec::new();
        for (i, pair) in samples.windows(2).enumerate() {
            let (Some(prev), Some(own)) = (pair[0].text(own_key), pair[1].digest(own_key)) else {
                continue;
            };
            pairs.push((i, i + 1));
            if trial.records.len() < ROLLING_TRIED {
                before.push(prev);
                trial.records.push((&pair[1], own.0));
            }
        }
        trial.before = Some(before);
        let given = !hints.recipes.is_empty();
        let recipes = match given {
            true => hints.recipes.clone(),
            false => joined_recipes(samples.iter().any(|s| {
                s.digest(own_key).is_some_and(|d| !d.1.prefix.is_empty())
            })),
        };
        let link = Linked {
            prev_key: None,
            own_key: Some(own_key),
            pairs,
        };
        for left_out in left_out_sets(samples, &link, hints) {
            for functions in &trial.functions {
                let matching = trial.matching(&recipes, functions, &left_out);
                if !matching.is_empty() {
                    let hashing = Hashing {
                        functions: functions.clone(),
                        recipes: if given { recipes } else { matching },
                        left_out,
                        inner: None,
                    };
                    return Some((link, hashing));
                }
            }
        }
    }
    None
}

/// The value that most of `items` have.
fn most_common<T: Copy + PartialEq>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|c| c.0 == item) {
            Some(count) => count.1 += 1,
            None => counts.push((item, 1)),
        }
    }
    // Of equals the first seen.
    let most = counts.iter().map(|c| c.1).max()?;
    counts.into_iter().find(|c| c.1 == most).map(|c| c.0)
}

fn pin(samples: &[Sample<'_>], link: &Linked<'_>, hashing: Hashing, hints: &Hints) -> Scheme {
    let spelling = |key: &[u8]| {
        most_common(
            samples
                .iter()
                .filter_map(|s| s.digest(key))
                .map(|d| d.1)
                .filter(|s| s.letters != Letters::None),
        )
    };
    let time_key = TIME_KEYS.iter().map(|n| quoted(n)).find(|key| {
        samples
            .iter()
            .filter_map(|s| s.object.get(key))
            .any(|m| read_time(m.value).is_some())
    });
    // Blanks are part of a raw line, so there is nothing beside them to compare.
    let layout = if link.own_key.is_none() {
        None
    } else {
        most_common(samples.iter().map(|s| s.object.layout)).filter(|l| *l != Layout::Other)
    };
    let mut genesis = hints.genesis.clone();
    genesis.extend(
        samples
            .first()
            .and_then(|s| s.text(link.prev_key?))
            .filter(|t| Digest::read(t).is_none() && !is_genesis(t))
            .map(<[u8]>::to_vec),
    );
    let mut signature = hints.signature.clone();
    if let Some(signature) = &mut signature {
        signature.signed = signature.signed.take().or_else(|| {
            let left_out = &hashing.left_out;
            super::signature::detect(samples, link.prev_key, link.own_key, left_out, signature)
        });
    }
    Scheme {
        prev_key: link.prev_key.map(<[u8]>::to_vec),
        own_key: link.own_key.map(<[u8]>::to_vec),
        seq_key: hints.seq.clone().or_else(|| seq_key(samples, &link.pairs)),
        time_key,
        stream: match hints.stream.as_slice() {
            [] => stream_key(samples, &link.pairs).into_iter().collect(),
            given => given.to_vec(),
        },
        functions: hashing.functions,
        key_id: hints.key_id.clone(),
        recipes: hashing.recipes,
        given: !hints.recipes.is_empty(),
        left_out: hashing.left_out,
        inner: hashing.inner,
        signature,
        redacted: hints.redacted.clone(),
        prev_spelling: link
            .prev_key
            .or(link.own_key)
            .and_then(spelling)
            .unwrap_or(Spelling {
                prefix: "",
                letters: Letters::Lower,
            }),
        own_spelling: link.own_key.and_then(spelling),
        layout,
        genesis,
        missing: hints.missing.clone(),
    }
}

/// The field that counts on from each record to the next of its chain.
fn seq_key(samples: &[Sample<'_>], pairs: &[(usize, usize)]) -> Option<Vec<u8>> {
    SEQ_KEYS.iter().map(|n| quoted(n)).find(|key| {
        let number = |i: usize| whole_number(samples[i].object.get(key)?.value);
        let steps = pairs
            .iter()
            .filter(|&&(from, to)| {
                number(from)
                    .and_then(|n| n.checked_add(1))
                    .is_some_and(|n| Some(n) == number(to))
            })
            .count();
        4 * steps >= 3 * pairs.len()
    })
}

/// The field that is the same in records that link to each other, where the links jump over other records.
fn stream_key(samples: &[Sample<'_>], pairs: &[(usize, usize)]) -> Option<Vec<Vec<u8>>> {
    let jumps = pairs.iter().filter(|(from, to)| from + 1 != *to).count();
    // Two writers at once make a few such links; several chains make them all the time.
    if 4 * jumps < pairs.len() || pairs.len() < MIN_STREAM_LINKS {
        return None;
    }
    let members = &samples.first()?.object.members;
    let value = |i: usize, key: &[u8]| samples[i].object.get(key).map(|m| m.value);
    let mut found: Vec<(usize, &[u8])> = Vec::new();
    for member in members {
        let key = member.key;
        let within = pairs.iter().all(|&(from, to)| {
            value(from, key).is_some() && value(from, key) == value(to, key)
        });
        let mut values: Vec<&[u8]> = (0..samples.len()).filter_map(|i| value(i, key)).collect();
        values.sort_unstable();
        values.dedup();
        // Each jump passes over a record of another chain.
        let apart = pairs
            .iter()
            .filter(|(from, to)| from + 1 < *to)
            .all(|&(from, to)| (from + 1..to).all(|i| value(i, key) != value(to, key)));
        if within && apart && values.len() > 1 {
            found.push((values.len(), key));
        }
    }
    // Of several the one that tells apart no more than needed.
    let (_, key) = found.into_iter().min()?;
    Some(vec![key.to_vec()])
}

/// A time in a record, as text or as a number since 1970.
pub(super) fn read_time(token: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(string_text(token).unwrap_or(token)).ok()?;
    Timestamp::parse(text).or_else(|| Timestamp::from_epoch_guess(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::vectors::VECTORS;

    #[test]
    fn vectors_are_detected() {
        for v in VECTORS {
            let lines = v.lines.map(str::as_bytes);
            let scheme = detect(&lines, &Hints::default()).unwrap();
            let names: Vec<String> = scheme.recipes.iter().map(|r| r.name()).collect();
            assert_eq!(
                names,
                v.recipe.into_iter().collect::<Vec<_>>(),
                "{}",
                v.name
            );
            assert_eq!(scheme.prev_key.as_deref(), Some(v.prev_key.as_bytes()));
            assert_eq!(scheme.own_key.as_deref(), v.own_key.map(str::as_bytes));
            assert_eq!(scheme.seq_key.as_deref(), Some(b"\"seq\"".as_slice()));
            assert_eq!(scheme.time_key.as_deref(), Some(b"\"ts\"".as_slice()));
        }
    }

    #[test]
    fn ordinary_logs_have_no_chain() {
        let id = "0123456789abcdef0123456789abcdef";
        let sha = |n: u8| Digest::of(&[n; 32]).hex();
        for lines in [
            // A trace id that repeats.
            [
                format!(r#"{{"trace":"{id}","parent":"{id}"}}"#),
                format!(r#"{{"trace":"{id}","parent":"{id}"}}"#),
            ],
            // Pushes to a repository link by their commits and are no chain of records.
            [
                format!(r#"{{"before":"{}","after":"{}"}}"#, sha(1), sha(2)),
                format!(r#"{{"before":"{}","after":"{}"}}"#, sha(2), sha(3)),
            ],
            ["not json".to_owned(), "[]".to_owned()],
        ] {
            let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
            assert!(detect(&lines, &Hints::default()).is_none());
        }
        assert!(detect(&[], &Hints::default()).is_none());
    }
}
