//! A source's chain, pinned once it was found: which fields, which recipe, which hash function, which spelling.

use super::canonical::{Layout, Object};
use super::detect::string_text;
use super::digest::{Digest, Spelling};
use super::recipe::Recipe;
use super::rule::{Key, Signed};
use super::template::{Part, unquoted};

/// What was pinned. Keys are quoted, as they stand in the records.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    /// `None`: rolling; the own hash of the record before is the link, and is not logged again.
    pub(super) prev_key: Option<Vec<u8>>,
    pub(super) own_key: Option<Vec<u8>>,
    pub(super) seq_key: Option<Vec<u8>>,
    pub(super) time_key: Option<Vec<u8>>,
    /// Paths of the fields that tell apart the chains in one file.
    pub(super) stream: Vec<Vec<Vec<u8>>>,
    /// The hash functions: one, or one for each key of an HMAC.
    pub(super) functions: Vec<Key>,
    pub(super) key_id: Option<Vec<u8>>,
    /// The recipes that fit every record so far (sorted and insertion order are one until a key stands out of
    /// order). Empty: links only, the content's hash cannot be reproduced.
    pub(super) recipes: Vec<Recipe>,
    /// The recipes were given: all of them stay, whatever the records show.
    pub(super) given: bool,
    /// Members that are not hashed, such as a signature.
    pub(super) left_out: Vec<Vec<u8>>,
    /// Two levels: what the own hash covers is another hash, and that covers the content.
    pub(super) inner: Option<Inner>,
    pub(super) signature: Option<Signed>,
    /// Field that says, if true, that contents were taken out.
    pub(super) redacted: Option<Vec<u8>>,
    pub(super) prev_spelling: Spelling,
    pub(super) own_spelling: Option<Spelling>,
    /// Blanks as nearly all records have them.
    pub(super) layout: Option<Layout>,
    /// Labels of this source's own for "nothing before this".
    pub(super) genesis: Vec<Vec<u8>>,
    /// Keys that could not be read, with the reason.
    pub(super) missing: Vec<String>,
}

/// The lower of two levels.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub(super) key: Vec<u8>,
    pub(super) function: Key,
    pub(super) recipes: Vec<Recipe>,
    /// Members that it does not cover.
    pub(super) left_out: Vec<Vec<u8>>,
}

impl Scheme {
    /// Records have no hash of their own: that of the whole record is the link to it.
    pub(super) fn is_raw_line(&self) -> bool {
        self.own_key.is_none() && !self.recipes.is_empty()
    }

    pub(super) fn is_rolling(&self) -> bool {
        self.prev_key.is_none()
    }

    pub(super) fn is_links_only(&self) -> bool {
        self.recipes.is_empty()
    }

    /// A hash function of it that does not protect against somebody who can write the log.
    pub(super) fn weak(&self) -> Option<&'static str> {
        let first = self.functions.first().filter(|_| !self.is_links_only())?;
        first.algorithm.is_weak().then(|| first.algorithm.name())
    }

    /// `own-sorted sha256 prev_hash/hash`, `prev+json-sorted hmac-sha256 rolling hash per tenant`
    pub(super) fn name(&self) -> String {
        let mut words = Vec::new();
        match (self.recipes.first(), self.functions.first()) {
            (Some(recipe), Some(function)) => {
                words.push(recipe.name());
                words.push(function.algorithm.name().to_owned());
            }
            _ => words.push("links-only".to_owned()),
        }
        if self.weak().is_some() {
            words.push("(weak)".into());
        }
        let own = self.own_key.as_deref().map(unquoted);
        words.push(match (&self.prev_key, own) {
            (Some(prev), Some(own)) => format!("{}/{own}", unquoted(prev)),
            (Some(prev), None) => unquoted(prev),
            (None, own) => format!("rolling {}", own.unwrap_or_default()),
        });
        if let Some(inner) = &self.inner {
            words.push(format!("over {}", unquoted(&inner.key)));
        }
        if let Some(signature) = &self.signature {
            words.push(format!("ed25519 {}", unquoted(&signature.field)));
        }
        if !self.stream.is_empty() {
            words.push(format!("per {}", self.stream_name()));
        }
        words.join(" ")
    }

    /// Bytes of the own hash of a line.
    pub(super) fn own_len(&self, line: &[u8]) -> Option<usize> {
        let object = Object::read(line).ok()?;
        let text = string_text(object.get(self.own_key.as_deref()?)?.value)?;
        Some(Digest::read(text)?.0.len())
    }

    /// The scheme as lines of a `[[chain]]`.
    pub(super) fn rule(&self) -> String {
        let mut out = String::new();
        let quote = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list = |texts: Vec<String>| match texts.as_slice() {
            [one] => quote(one),
            many => {
                let many: Vec<String> = many.iter().map(|text| quote(text)).collect();
                format!("[{}]", many.join(", "))
            }
        };
        let mut put = |name: &str, value: String| out.push_str(&format!("{name} = {value}\n"));
        match &self.prev_key {
            Some(prev) => put("prev", quote(&unquoted(prev))),
            None => put("rolling", "true".into()),
        }
        if let Some(own) = &self.own_key {
            put("own", quote(&unquoted(own)));
        }
        if let Some(seq) = &self.seq_key {
            put("seq", quote(&unquoted(seq)));
        }
        if !self.stream.is_empty() {
            put(
                "stream",
                list(self.stream.iter().map(|path| dotted(path)).collect()),
            );
        }
        if let Some(function) = self.functions.first() {
            put("hash", quote(function.algorithm.name()));
        }
        // What two levels are made of is found by trying.
        if let (Some(recipe), None) = (self.recipes.first(), &self.inner) {
            put("hashed", quote(&recipe.template()));
        }
        if !self.left_out.is_empty() {
            put(
                "left_out",
                list(self.left_out.iter().map(|key| unquoted(key)).collect()),
            );
        }
        if let Some(signature) = &self.signature {
            put("signature", quote(&unquoted(&signature.field)));
            if let Some(signed) = &signature.signed {
                put("signed", quote(&signed.template()));
            }
        }
        out
    }

    /// The fields that the hash covers, where it does not cover all; `None` if it does.
    pub(super) fn covered_only(&self) -> Option<String> {
        let whole = |part: &Part| matches!(part, Part::Json(..) | Part::Line);
        let recipes = self.inner.as_ref().map_or(&self.recipes, |i| &i.recipes);
        let parts = &recipes.first()?.parts;
        if parts.iter().any(whole) {
            return None;
        }
        let fields = parts.iter().filter_map(|part| match part {
            Part::Field(path) | Part::FieldBytes(path) => Some(dotted(path)),
            _ => None,
        });
        Some(fields.collect::<Vec<_>>().join(", "))
    }

    /// The quoted keys of the members that the hash covers beside the hash before, where it covers no more than those.
    pub(super) fn covered_keys(&self) -> Vec<Vec<u8>> {
        let whole = |part: &Part| matches!(part, Part::Json(..) | Part::Line);
        let parts = self.recipes.first().map_or(&[][..], |recipe| &recipe.parts);
        if parts.iter().any(whole) {
            return Vec::new();
        }
        let keys = parts.iter().filter_map(|part| match part {
            Part::Field(path) | Part::FieldBytes(path) => match path.as_slice() {
                [key] => Some(key.clone()),
                _ => None,
            },
            _ => None,
        });
        keys.collect()
    }

    /// The fields that no hash covers and no signature stands for; `None` if there is no such field.
    pub(super) fn uncovered(&self) -> Option<String> {
        let left_out = self.inner.as_ref().map_or(&self.left_out, |i| &i.left_out);
        let signature = self.signature.as_ref().map(|s| s.field.as_slice());
        let stands_apart = |key: &&Vec<u8>| {
            let key = Some(key.as_slice());
            key != self.own_key.as_deref() && key != signature
        };
        let fields: Vec<String> = left_out
            .iter()
            .filter(stands_apart)
            .map(|key| unquoted(key))
            .collect();
        (!fields.is_empty() && !self.is_links_only()).then(|| fields.join(", "))
    }

    /// `tenant`, `org.id, run`
    pub(super) fn stream_name(&self) -> String {
        let names: Vec<String> = self.stream.iter().map(|path| dotted(path)).collect();
        names.join(", ")
    }
}

fn dotted(path: &[Vec<u8>]) -> String {
    let keys: Vec<String> = path.iter().map(|key| unquoted(key)).collect();
    keys.join(".")
}
