//! Which chain a source has, found by trying and not by names: fields whose values link, and the recipe that
//! gives their hashes.

pub(super) mod names;
mod trial;

use std::collections::HashMap;

use self::names::{SEQ_KEYS, TIME_KEYS, is_link_name};
use self::trial::{Hashing, hashing, raw_line, rolling};
pub(super) use self::trial::{LinkCount, tries};

use super::canonical::{Layout, Object};
use super::digest::{Digest, Letters, Spelling, is_genesis};
use super::rule::Hints;
use super::scheme::Scheme;
use super::template::quoted;
use crate::event::Timestamp;

/// Fields with hash-like values that are looked at, and pairs of them that are tried.
const MAX_FIELDS: usize = 32;
const MAX_PAIRS: usize = 8;
/// Links from which on it can be said that there are several chains.
const MIN_STREAM_LINKS: usize = 4;

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

    pub(super) fn digest(&self, key: &[u8]) -> Option<(Digest, Spelling)> {
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
pub(super) fn samples<'a>(lines: &[&'a [u8]]) -> Vec<Sample<'a>> {
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
    // Most links first; of equals the one with a telling name, and that which links back, not forth.
    linked.sort_by_key(|l| {
        let named = l.prev_key.is_some_and(is_link_name);
        let forth = l.pairs.iter().filter(|(from, to)| from > to).count();
        (std::cmp::Reverse(l.pairs.len()), !named, forth)
    });
    linked.truncate(MAX_PAIRS);
    if hints.rolling {
        linked.clear();
    }
    linked
}

/// Fields whose values look like hashes in some record.
pub(super) fn hash_fields<'k>(samples: &'k [Sample<'_>]) -> Vec<&'k [u8]> {
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

/// Indices of the members with these keys.
pub(super) fn positions(object: &Object<'_>, keys: &[Vec<u8>]) -> Vec<usize> {
    keys.iter().filter_map(|key| object.position(key)).collect()
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
        let same = |&&(from, to): &&(usize, usize)| {
            value(from, key).is_some() && value(from, key) == value(to, key)
        };
        let within = pairs.iter().filter(same).count();
        let mut values: Vec<&[u8]> = (0..samples.len()).filter_map(|i| value(i, key)).collect();
        values.sort_unstable();
        values.dedup();
        // Each jump passes over records of other chains.
        let apart = pairs
            .iter()
            .filter(|(from, to)| from + 1 < *to)
            .filter(|&&(from, to)| (from + 1..to).all(|i| value(i, key) != value(to, key)))
            .count();
        // Not all, since a broken record must not hide it.
        if 10 * within >= 9 * pairs.len() && 4 * apart >= 3 * jumps && values.len() > 1 {
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
