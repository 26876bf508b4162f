//! How a chain was looked for: what was tried on which records, what fitted, and the exact bytes that one record is
//! hashed over. For the author of a log whose chain is not found, or not understood.

use super::check::Checker;
use super::detect::{LinkCount, Sample, detect, samples, tries};
use super::digest::Digest;
use super::rule::Hints;
use super::scheme::Scheme;
use super::template::unquoted;

/// Recipes listed of all that were tried, the best first.
const LISTED: usize = 5;

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Records among the lines.
    pub records: usize,
    /// Fields whose values look like hashes, with the number of records where they do.
    pub fields: Vec<(String, usize)>,
    /// Pairs of fields that link records: previous, own, links.
    pub links: Vec<(String, String, usize)>,
    /// Names of recipe and hash function, and how many records they gave the hash of; the best first.
    pub fitting: Vec<(String, usize)>,
    /// Recipes tried, times hash functions, and on how many records.
    pub tried: (usize, usize),
    /// The chain, as `verify` names it.
    pub scheme: Option<String>,
    /// The same as a `[[chain]]` of the configuration, without the files it is for.
    pub rule: String,
    pub example: Option<Example>,
    /// Keys that could not be read.
    pub missing: Vec<String>,
}

/// One record, hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    pub line: u64,
    /// What is hashed.
    pub bytes: Vec<u8>,
    pub recipe: String,
    pub function: String,
    /// Hash of the bytes, in hex.
    pub hash: String,
    /// What the record, or in a chain of whole records the next one, says; in hex.
    pub stored: Option<String>,
}

/// Looks for a chain in lines (each with its number), and at record `line` closely; without one at the second.
pub fn inquire(lines: &[(u64, Vec<u8>)], hints: &Hints, line: Option<u64>) -> Inquiry {
    let bytes: Vec<&[u8]> = lines.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let records = samples(&bytes);
    let scheme = detect(&bytes, hints);
    let tries = tries(&records, hints);
    let mut fitting: Vec<(String, usize)> = Vec::new();
    for (recipe, function, hits) in tries.hits {
        fitting.push((format!("{} {}", recipe.name(), function.name()), hits));
    }
    // Stable: of equals the one that was tried first.
    fitting.sort_by_key(|(_, hits)| std::cmp::Reverse(*hits));
    fitting.truncate(LISTED);
    let named = |l: &LinkCount| {
        let name = |key: &Option<Vec<u8>>| key.as_deref().map(unquoted).unwrap_or_default();
        (name(&l.prev), name(&l.own), l.count)
    };
    Inquiry {
        records: records.len(),
        fields: fields(&records),
        links: tries.links.iter().map(named).collect(),
        fitting,
        tried: tries.tried,
        scheme: scheme.as_ref().map(Scheme::name),
        rule: scheme.as_ref().map(Scheme::rule).unwrap_or_default(),
        example: scheme.and_then(|scheme| example(lines, scheme, line)),
        missing: hints.missing.clone(),
    }
}

fn fields(records: &[Sample<'_>]) -> Vec<(String, usize)> {
    let keys = super::detect::hash_fields(records);
    let count = |key: &&[u8]| records.iter().filter(|r| r.digest(key).is_some()).count();
    keys.iter().map(|key| (unquoted(key), count(key))).collect()
}

/// A record hashed as the scheme says; of a chain without a known recipe, as the likeliest would.
fn example(lines: &[(u64, Vec<u8>)], mut scheme: Scheme, line: Option<u64>) -> Option<Example> {
    if scheme.recipes.is_empty() {
        let likeliest = super::recipe::own_hash_recipes(false);
        scheme.recipes.extend(likeliest.into_iter().next());
        let len = lines
            .iter()
            .find_map(|(_, bytes)| scheme.own_len(bytes))
            .unwrap_or(32);
        let function = super::algorithm::Algorithm::of_len(len).first()?.clone();
        scheme.functions.push(super::rule::Key::plain(function));
    }
    let recipe = scheme.recipes.first()?.name();
    let function = scheme.functions.first()?.algorithm.name().to_owned();
    let at = match line {
        Some(line) => lines.iter().position(|(number, _)| *number == line)?,
        None => 1.min(lines.len().checked_sub(1)?),
    };
    let raw = scheme.own_key.is_none();
    let checker = Checker::new(scheme);
    let text = |at: usize, own: bool| {
        let (_, bytes) = lines.get(at)?;
        checker.hash_text(bytes, own)
    };
    let before = at.checked_sub(1).and_then(|before| text(before, true));
    let (bytes, hash) = checker.hashed(&lines[at].1, before.unwrap_or_default())?;
    let stored = match raw {
        true => text(at + 1, false),
        false => text(at, true),
    };
    let stored = stored.and_then(|text| Digest::read(&text)).map(|d| d.0);
    Some(Example {
        line: lines[at].0,
        bytes,
        recipe,
        function,
        hash: stored.map_or(hash, |stored| stored.cut(&hash)).hex(),
        stored: stored.map(|d| d.hex()),
    })
}
