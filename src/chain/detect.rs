//! Which chain a source has, found by trying and not by names: fields whose values link, and the recipe that
//! gives their hashes.

use std::collections::HashMap;

use super::canonical::{Layout, Object};
use super::digest::{Digest, Letters, Spelling, is_genesis};
use super::recipe::{LINE_RECIPES, Preimage, Recipe, own_hash_recipes};
use crate::event::Timestamp;

/// Records a recipe is tried on, spread over the sample, so that one broken record cannot hide it.
const TRIED: usize = 16;
/// Records a recipe must reproduce before the others are dropped.
const PROVED: usize = 3;
/// Fields with hash-like values that are looked at, and pairs of them that are tried.
const MAX_FIELDS: usize = 32;
const MAX_PAIRS: usize = 8;

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

/// A source's chain, pinned once found: which fields, which recipe, which spelling.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    /// Keys with their quotes, as they stand in the records.
    pub(super) prev_key: Vec<u8>,
    pub(super) own_key: Option<Vec<u8>>,
    pub(super) seq_key: Option<Vec<u8>>,
    pub(super) time_key: Option<Vec<u8>>,
    /// The recipes that fit every record so far (sorted and insertion order are one until a key stands out of
    /// order). Empty: links only, the content's hash cannot be reproduced.
    pub(super) recipes: Vec<Recipe>,
    pub(super) prev_spelling: Spelling,
    pub(super) own_spelling: Option<Spelling>,
    /// Blanks as nearly all records have them.
    pub(super) layout: Option<Layout>,
    /// A label of this source's own for "nothing before this".
    pub(super) genesis: Option<Vec<u8>>,
}

impl Scheme {
    /// The hash of a line is the link to it.
    pub(super) fn is_raw_line(&self) -> bool {
        self.recipes.first().is_some_and(|r| !r.has_own_hash())
    }

    pub(super) fn is_links_only(&self) -> bool {
        self.recipes.is_empty()
    }

    /// `own-sorted sha256 prev_hash/hash`
    pub(super) fn name(&self) -> String {
        let key = |k: &[u8]| {
            let mut quoted = String::new();
            crate::json::escape_into(&crate::json::unescape(k), &mut quoted, |_| false);
            quoted[1..quoted.len() - 1].to_owned()
        };
        let recipe = match self.recipes.first() {
            Some(recipe) => format!("{} sha256", recipe.name()),
            None => "links-only".to_owned(),
        };
        match &self.own_key {
            Some(own) => format!("{recipe} {}/{}", key(&self.prev_key), key(own)),
            None => format!("{recipe} {}", key(&self.prev_key)),
        }
    }
}

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
struct Sample<'a> {
    line: &'a [u8],
    object: Object<'a>,
}

impl Sample<'_> {
    fn text(&self, key: &[u8]) -> Option<&[u8]> {
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
    prev_key: &'k [u8],
    own_key: Option<&'k [u8]>,
    pairs: Vec<(usize, usize)>,
}

/// Looks for a chain in a sample of lines, in file order; `None` if there is none.
pub(super) fn detect(lines: &[&[u8]]) -> Option<Scheme> {
    let samples: Vec<Sample<'_>> = lines
        .iter()
        .filter_map(|&line| {
            let object = Object::read(line).ok()?;
            Some(Sample { line, object })
        })
        .collect();
    if samples.len() < 2 {
        return None;
    }
    let keys = hash_fields(&samples);
    let mut linked = link_pairs(&samples, &keys);
    // Most links first; of equals the one with a telling name.
    linked.sort_by_key(|l| (std::cmp::Reverse(l.pairs.len()), !is_link_name(l.prev_key)));
    linked.truncate(MAX_PAIRS);
    for link in &linked {
        let recipes = matching_recipes(&samples, link);
        if !recipes.is_empty() {
            return Some(pin(&samples, link, recipes));
        }
    }
    if let Some((link, recipe)) = raw_line(&samples, &keys) {
        return Some(pin(&samples, &link, vec![recipe]));
    }
    // Without a reproducible hash only the name and the number of links speak for a chain.
    linked
        .iter()
        .find(|l| is_link_name(l.prev_key) && 2 * l.pairs.len() + 1 >= samples.len())
        .map(|link| pin(&samples, link, Vec::new()))
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
                    prev_key,
                    own_key: Some(own_key),
                    pairs,
                });
            }
        }
    }
    out
}

/// The recipes that reproduce most of the records tried; empty if none reproduces any.
fn matching_recipes(samples: &[Sample<'_>], link: &Linked<'_>) -> Vec<Recipe> {
    let Some(own_key) = link.own_key else {
        return Vec::new();
    };
    let hashed: Vec<(&Sample<'_>, Digest)> = samples
        .iter()
        .filter_map(|s| Some((s, s.digest(own_key)?.0)))
        .collect();
    let step = hashed.len().div_ceil(TRIED).max(1);
    let prefixed = samples.iter().any(|s| {
        s.digest(link.prev_key)
            .is_some_and(|d| !d.1.prefix.is_empty())
    });
    let recipes = own_hash_recipes(prefixed);
    let mut hits = vec![0usize; recipes.len()];
    let mut buffer = Vec::new();
    for (sample, own) in hashed.iter().step_by(step) {
        let record = Preimage {
            line: sample.line,
            object: &sample.object,
            own: sample.object.position(own_key),
            prev: sample.object.position(link.prev_key),
            prev_text: sample.text(link.prev_key).unwrap_or_default(),
            prev_token: None,
        };
        // Once a recipe has proved itself, those that never fitted are not tried further.
        let proved = hits.iter().any(|h| *h >= PROVED);
        for (recipe, hit) in recipes.iter().zip(&mut hits) {
            if !proved || *hit > 0 {
                *hit += usize::from(own.is_of(&recipe.digest(&record, &mut buffer)));
            }
        }
    }
    let most = hits.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    recipes
        .into_iter()
        .zip(hits)
        .filter_map(|(recipe, hit)| (hit == most).then_some(recipe))
        .collect()
}

/// The field that holds the hash of another line.
fn raw_line<'k>(samples: &[Sample<'_>], keys: &[&'k [u8]]) -> Option<(Linked<'k>, Recipe)> {
    let mut buffer = Vec::new();
    for recipe in LINE_RECIPES {
        let mut by_hash: HashMap<[u8; 32], usize> = HashMap::new();
        for (i, sample) in samples.iter().enumerate() {
            let record = Preimage {
                line: sample.line,
                object: &sample.object,
                own: None,
                prev: None,
                prev_text: b"",
                prev_token: None,
            };
            by_hash.insert(recipe.digest(&record, &mut buffer), i);
        }
        for &prev_key in keys {
            let pairs: Vec<(usize, usize)> = samples
                .iter()
                .enumerate()
                .filter_map(|(to, s)| {
                    let full: [u8; 32] = s.digest(prev_key)?.0.bytes().try_into().ok()?;
                    Some((*by_hash.get(&full)?, to))
                })
                .collect();
            if !pairs.is_empty() {
                let link = Linked {
                    prev_key,
                    own_key: None,
                    pairs,
                };
                return Some((link, recipe));
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

fn pin(samples: &[Sample<'_>], link: &Linked<'_>, recipes: Vec<Recipe>) -> Scheme {
    let spelling = |key: &[u8]| {
        most_common(
            samples
                .iter()
                .filter_map(|s| s.digest(key))
                .map(|d| d.1)
                .filter(|s| s.letters != Letters::None),
        )
    };
    let quoted = |name: &str| format!("\"{name}\"").into_bytes();
    let seq_key = SEQ_KEYS.iter().map(|n| quoted(n)).find(|key| {
        let number = |i: usize| whole_number(samples[i].object.get(key)?.value);
        let steps = link
            .pairs
            .iter()
            .filter(|&&(from, to)| {
                number(from)
                    .and_then(|n| n.checked_add(1))
                    .is_some_and(|n| Some(n) == number(to))
            })
            .count();
        4 * steps >= 3 * link.pairs.len()
    });
    let time_key = TIME_KEYS.iter().map(|n| quoted(n)).find(|key| {
        samples
            .iter()
            .filter_map(|s| s.object.get(key))
            .any(|m| read_time(m.value).is_some())
    });
    // Blanks are part of a raw line, so there is nothing beside them to compare.
    let layout = if recipes.first().is_some_and(|r| !r.has_own_hash()) {
        None
    } else {
        most_common(samples.iter().map(|s| s.object.layout)).filter(|l| *l != Layout::Other)
    };
    let genesis = samples
        .first()
        .and_then(|s| s.text(link.prev_key))
        .filter(|t| Digest::read(t).is_none() && !is_genesis(t))
        .map(<[u8]>::to_vec);
    Scheme {
        prev_key: link.prev_key.to_vec(),
        own_key: link.own_key.map(<[u8]>::to_vec),
        seq_key,
        time_key,
        recipes,
        prev_spelling: spelling(link.prev_key).unwrap_or(Spelling {
            prefix: "",
            letters: Letters::Lower,
        }),
        own_spelling: link.own_key.and_then(spelling),
        layout,
        genesis,
    }
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
            let scheme = detect(&lines).unwrap();
            let names: Vec<String> = scheme.recipes.iter().map(|r| r.name()).collect();
            assert_eq!(
                names,
                v.recipe.into_iter().collect::<Vec<_>>(),
                "{}",
                v.name
            );
            assert_eq!(scheme.prev_key, v.prev_key.as_bytes());
            assert_eq!(scheme.own_key.as_deref(), v.own_key.map(str::as_bytes));
            assert_eq!(scheme.seq_key.as_deref(), Some(b"\"seq\"".as_slice()));
            assert_eq!(scheme.time_key.as_deref(), Some(b"\"ts\"".as_slice()));
        }
    }

    #[test]
    fn ordinary_logs_have_no_chain() {
        let id = "0123456789abcdef0123456789abcdef";
        let sha = |n: u8| Digest::new([n; 32]).hex();
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
            assert!(detect(&lines).is_none());
        }
        assert!(detect(&[]).is_none());
    }
}
