//! Which recipe makes the hashes of the records: found by trying them all.

use std::collections::HashMap;

use super::names::{SEQ_KEYS, TIME_KEYS, is_hash_name, is_signature_name};
use super::{Linked, Sample, most_common, positions};
use crate::chain::algorithm::Algorithm;
use crate::chain::digest::Digest;
use crate::chain::recipe::{
    Preimage, Recipe, content_recipes, joined_recipes, link_recipes, own_hash_recipes,
    two_level_recipes,
};
use crate::chain::rule::{Hints, Key};
use crate::chain::scheme::Inner;
use crate::chain::template::{Part, quoted};

/// Records a recipe is tried on, spread over the sample, so that one broken record cannot hide it.
const TRIED: usize = 16;
/// Records a recipe must reproduce before the others are dropped.
const PROVED: usize = 3;
/// Records on which a rolling chain is looked for: nothing but a name speaks for one beforehand.
const ROLLING_TRIED: usize = 4;

/// Fields that may be signatures which are tried.
const MAX_SIGNATURES: usize = 4;

/// How records are hashed, as far as the samples show it.
pub(super) struct Hashing {
    pub(super) functions: Vec<Key>,
    pub(super) recipes: Vec<Recipe>,
    pub(super) left_out: Vec<Vec<u8>>,
    pub(super) inner: Option<Inner>,
}

/// How the records of a link are hashed; `None` if no way is found.
pub(super) fn hashing(
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

/// The sets of members that may not be hashed: none, each of what looks like a signature of the record alone, and all of
/// them.
fn left_out_sets(samples: &[Sample<'_>], link: &Linked<'_>, hints: &Hints) -> Vec<Vec<Vec<u8>>> {
    let mut given = hints.left_out.clone();
    given.extend(hints.signature.iter().map(|s| s.field.clone()));
    let mut alike: Vec<&[u8]> = Vec::new();
    for member in samples.iter().flat_map(|sample| &sample.object.members) {
        let known = Some(member.key) == link.own_key || Some(member.key) == link.prev_key;
        if !known
            && is_signature_name(member.key)
            && !alike.contains(&member.key)
            && !given.iter().any(|k| k == member.key)
        {
            alike.push(member.key);
        }
    }
    alike.truncate(MAX_SIGNATURES);
    let with = |more: &[&[u8]]| {
        let more = more.iter().map(|key| key.to_vec());
        given.iter().cloned().chain(more).collect::<Vec<_>>()
    };
    let mut sets = vec![with(&[])];
    sets.extend(alike.iter().map(|key| with(&[key])));
    if alike.len() > 1 {
        sets.push(with(&alike));
    }
    sets
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
    let mut lower = content_recipes();
    lower.extend(own_hash_recipes(false));
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
    // In a sidecar the hash is of a line elsewhere.
    let alike = samples.iter().filter(|s| is_of_a_sidecar(s, link, mid));
    let is_sidecar = alike.count() * 10 >= samples.len() * 9;
    is_sidecar.then_some(Hashing {
        functions,
        recipes,
        left_out: Vec::new(),
        inner: None,
    })
}

/// Whether a record holds nothing but hashes, its number and its time. What else it held would be covered by nothing.
fn is_of_a_sidecar(sample: &Sample<'_>, link: &Linked<'_>, mid: &[u8]) -> bool {
    let known = [Some(mid), link.own_key, link.prev_key];
    let is_named = |key: &[u8]| {
        let mut names = SEQ_KEYS.iter().chain(&TIME_KEYS);
        names.any(|name| quoted(name) == key)
    };
    sample.object.members.iter().all(|member| {
        known.contains(&Some(member.key))
            || is_named(member.key)
            || sample.digest(member.key).is_some()
    })
}

/// Records with their own hashes, on which recipes are tried.
struct Trial<'a> {
    records: Vec<(&'a Sample<'a>, Digest)>,
    prev_key: Option<&'a [u8]>,
    own_key: &'a [u8],
    /// For a rolling chain: the text of the own hash before each record.
    before: Option<Vec<&'a [u8]>>,
    /// Field that names the key.
    key_id: Option<&'a [u8]>,
    /// Groups of hash functions; each is one function, or the keys of one.
    functions: Vec<Vec<Key>>,
}

impl<'a> Trial<'a> {
    fn new(
        samples: &'a [Sample<'a>],
        prev_key: Option<&'a [u8]>,
        own_key: &'a [u8],
        hints: &'a Hints,
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
            key_id: hints.key_id.as_deref(),
            functions: functions(len, hints),
        })
    }

    /// The recipes that reproduce most of the records; empty if none reproduces any.
    fn matching(&self, recipes: &[Recipe], functions: &[Key], left_out: &[Vec<u8>]) -> Vec<Recipe> {
        // Once a recipe has proved itself, those that never fitted are not tried further.
        let hits = self.hits(recipes, functions, left_out, PROVED);
        let most = hits.iter().copied().max().unwrap_or(0);
        let fits =
            |(recipe, hit): (&Recipe, usize)| (most > 0 && hit == most).then(|| recipe.clone());
        recipes.iter().zip(hits).filter_map(fits).collect()
    }

    /// How many of the records each recipe reproduces; those that fitted none are left out once one fitted `proved`.
    fn hits(
        &self,
        recipes: &[Recipe],
        functions: &[Key],
        left_out: &[Vec<u8>],
        proved: usize,
    ) -> Vec<usize> {
        let mut hits = vec![0usize; recipes.len()];
        let mut buffer = Vec::new();
        for (at, (sample, own)) in self.records.iter().enumerate() {
            let left_out = positions(&sample.object, left_out);
            let prev_text = match &self.before {
                Some(before) => before[at],
                None => self
                    .prev_key
                    .and_then(|k| sample.text(k))
                    .unwrap_or_default(),
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
            let id = self.key_id.and_then(|key| sample.text(key));
            let is_proved = hits.iter().any(|h| *h >= proved);
            for (recipe, hit) in recipes.iter().zip(&mut hits) {
                if is_proved && *hit == 0 {
                    continue;
                }
                let holds = functions.iter().any(|key| {
                    key.may_be(id)
                        && own.is_of(&recipe.digest(&key.algorithm, &record, &mut buffer))
                });
                *hit += usize::from(holds);
            }
        }
        hits
    }
}

/// What was tried on the records of a log, for a person who wants to know.
pub(in crate::chain) struct Tries {
    pub(in crate::chain) links: Vec<LinkCount>,
    /// Recipe, hash function, records whose hash it gave.
    pub(in crate::chain) hits: Vec<(Recipe, Algorithm, usize)>,
    /// Recipes times hash functions, and records.
    pub(in crate::chain) tried: (usize, usize),
}

/// A pair of fields with the number of links that they give.
pub(in crate::chain) struct LinkCount {
    pub(in crate::chain) prev: Option<Vec<u8>>,
    pub(in crate::chain) own: Option<Vec<u8>>,
    pub(in crate::chain) count: usize,
}

/// Tries every recipe on the likeliest link of the records, and counts.
pub(in crate::chain) fn tries(samples: &[Sample<'_>], hints: &Hints) -> Tries {
    let keys = super::hash_fields(samples);
    let linked = super::likely_links(samples, &keys, hints);
    let count = |l: &Linked<'_>| LinkCount {
        prev: l.prev_key.map(<[u8]>::to_vec),
        own: l.own_key.map(<[u8]>::to_vec),
        count: l.pairs.len(),
    };
    let mut out = Tries {
        links: linked.iter().map(count).collect(),
        hits: Vec::new(),
        tried: (0, 0),
    };
    let trial = linked.first().and_then(|link| {
        Some((
            link,
            Trial::new(samples, link.prev_key, link.own_key?, hints)?,
        ))
    });
    let Some((link, trial)) = trial else {
        return out;
    };
    let recipes = match hints.recipes.as_slice() {
        [] => own_hash_recipes(true),
        given => given.to_vec(),
    };
    out.tried.1 = trial.records.len();
    for left_out in left_out_sets(samples, link, hints) {
        for functions in &trial.functions {
            out.tried.0 += recipes.len();
            let hits = trial.hits(&recipes, functions, &left_out, usize::MAX);
            let fitting = recipes.iter().zip(hits).filter(|(_, hits)| *hits > 0);
            let function = functions.first().map(|key| &key.algorithm);
            out.hits.extend(
                fitting
                    .filter_map(|(recipe, hits)| Some((recipe.clone(), function?.clone(), hits))),
            );
        }
    }
    out
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

/// The field that holds the hash of another line.
pub(super) fn raw_line<'k>(
    samples: &[Sample<'_>],
    keys: &[&'k [u8]],
    hints: &Hints,
) -> Option<(Linked<'k>, Hashing)> {
    let allowed = |key: &&&[u8]| hints.prev.as_deref().is_none_or(|prev| prev == **key);
    if hints.own.is_some() || hints.rolling {
        return None;
    }
    for &prev_key in keys.iter().filter(allowed) {
        let len = most_common(
            samples
                .iter()
                .filter_map(|s| Some(s.digest(prev_key)?.0.len())),
        );
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
pub(super) fn rolling<'k>(
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
            false => joined_recipes(
                samples
                    .iter()
                    .any(|s| s.digest(own_key).is_some_and(|d| !d.1.prefix.is_empty())),
            ),
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
