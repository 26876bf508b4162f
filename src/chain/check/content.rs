//! Whether the content of a record hashes to what the record says.

use super::{Alteration, Checked, Checker, Content, Link};
use crate::chain::algorithm::Algorithm;
use crate::chain::detect::{positions, string_text};
use crate::chain::digest::Digest;
use crate::chain::recipe::{Preimage, Recipe, own_hash_recipes};
use crate::chain::scheme::Inner;
use crate::event::BreakKind;

/// Unknown contents on which all recipes are tried before that is done only now and then.
const TRIES: u64 = 64;

/// Labels that writers hash in place of a previous hash they log as null.
const GENESIS_LABELS: [&str; 6] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "GENESIS",
    "genesis",
    "0",
    "null",
    "None",
];

impl Checker {
    pub(super) fn check_content(&mut self, record: &mut Checked<'_>, doubled: bool) {
        let keys = self.usable_keys(record);
        if keys.is_empty() {
            // Nothing can be said of its content.
            record.entry.remarks.push(BreakKind::KeyUnknown);
            return;
        }
        let own = record.entry.own.filter(|_| !doubled);
        if own.is_some_and(|own| self.holds(record, &own, &keys)) {
            record.entry.content = Content::Holds;
            self.check_inner(record);
            return;
        }
        let calc = self.scheme.recipes.first().zip(keys.first());
        let calc = calc.map(|(recipe, key)| self.hash(record, recipe, *key, None));
        let calc = calc.unwrap_or(Digest::of(&[0; 32]));
        let calc = record.entry.own.map_or(calc, |own| own.cut(&calc));
        record.entry.content = Content::Changed(calc);
        record.entry.also = Some((calc, Alteration::OwnHash));
    }

    /// Whether the content hashes to `own`, under what is pinned or otherwise.
    fn holds(&mut self, record: &mut Checked<'_>, own: &Digest, keys: &[usize]) -> bool {
        for i in 0..self.scheme.recipes.len() {
            for &key in keys {
                let calc = self.hash(record, &self.scheme.recipes[i], key, None);
                if own.is_of(&calc) {
                    self.learn(record, i, key);
                    return true;
                }
            }
        }
        self.holds_otherwise(record, own)
    }

    /// Notes that a record holds under a recipe and a key.
    fn learn(&mut self, record: &mut Checked<'_>, recipe: usize, key: usize) {
        // The recipes before this one fitted all earlier records and not this one: it was never they.
        let narrowed = recipe > 0 && !self.scheme.given;
        if narrowed {
            self.scheme.recipes.drain(..recipe);
        }
        self.learned += u64::from(narrowed || self.last_key != key);
        self.last_key = key;
        let from = self.scheme.functions[key].from;
        if from.is_some()
            && record
                .entry
                .time
                .read()
                .is_some_and(|written| from > Some(written))
        {
            record.entry.remarks.push(BreakKind::KeyEpoch);
        }
    }

    /// The keys (by index) that a record may be made with, the likelier first.
    fn usable_keys(&self, record: &Checked<'_>) -> Vec<usize> {
        let functions = &self.scheme.functions;
        let mut keys: Vec<usize> = (0..functions.len())
            .filter(|i| functions[*i].may_be(record.key_id))
            .collect();
        keys.sort_by_key(|key| *key != self.last_key);
        keys
    }

    /// The lower of two levels, once the upper holds.
    fn check_inner(&mut self, record: &mut Checked<'_>) {
        let Some(inner) = &self.scheme.inner else {
            return;
        };
        let stored = record
            .object
            .get(&inner.key)
            .and_then(|m| string_text(m.value));
        let stored = stored.and_then(Digest::read).map(|s| s.0);
        let respelled = self.respelled(record);
        let fits = |recipe: &Recipe| {
            let prevs = [None, respelled.as_deref()];
            let mut calcs = prevs
                .iter()
                .map(|prev| inner_hash(record, recipe, inner, *prev));
            calcs.any(|calc| stored.is_some_and(|s| s.is_of(&calc)))
        };
        let holds = inner.recipes.iter().position(fits);
        let first = inner.recipes.first();
        let first = first.map(|r| inner_hash(record, r, inner, None));
        match (holds, first) {
            (Some(at), _) => {
                if let Some(inner) = &mut self.scheme.inner {
                    inner.recipes.drain(..at);
                    self.learned += u64::from(at > 0);
                }
            }
            (None, Some(calc)) => record.entry.content = Content::Changed(calc),
            (None, None) => {}
        }
    }

    /// A record of a rolling chain links to the first of those before it that its hash covers.
    pub(super) fn check_rolling(
        &mut self,
        record: &mut Checked<'_>,
        doubled: bool,
        before: &[Vec<u8>],
    ) {
        record.entry.link = Link::Unreadable;
        let keys = self.usable_keys(record);
        if keys.is_empty() {
            record.entry.remarks.push(BreakKind::KeyUnknown);
            return;
        }
        let Some(own) = record.entry.own.filter(|_| !doubled) else {
            record.entry.content = Content::Changed(Digest::of(&[0; 32]));
            return;
        };
        let labels = GENESIS_LABELS.iter().map(|l| l.as_bytes().to_vec());
        let labels = labels
            .chain([Vec::new()])
            .chain(self.scheme.genesis.iter().cloned());
        let labels: Vec<Vec<u8>> = labels.collect();
        for i in 0..self.scheme.recipes.len() {
            for &key in &keys {
                let covers = |text: &&Vec<u8>| {
                    let calc = self.hash(record, &self.scheme.recipes[i], key, Some(text));
                    own.is_of(&calc)
                };
                let named = before.iter().find(covers);
                let link = match named {
                    Some(text) => Digest::read(text).map(|d| Link::To(d.0)),
                    None => labels.iter().find(covers).map(|_| Link::Genesis),
                };
                if let Some(link) = link {
                    record.entry.link = link;
                    record.entry.content = Content::Holds;
                    self.learn(record, i, key);
                    return;
                }
            }
        }
    }

    /// The text of the link in its pinned spelling, where it may be written in another.
    fn respelled(&self, record: &Checked<'_>) -> Option<Vec<u8>> {
        match record.entry.link {
            Link::To(prev) if record.misspelled => {
                Some(prev.spell(self.scheme.prev_spelling).into_bytes())
            }
            _ => None,
        }
    }

    /// Whether the content holds with the link in its pinned spelling, with another label for the beginning, or
    /// under another recipe.
    fn holds_otherwise(&mut self, record: &mut Checked<'_>, own: &Digest) -> bool {
        let Some(recipe) = self.scheme.recipes.first() else {
            return false;
        };
        let keys = self.usable_keys(record);
        if let Some(respelled) = self.respelled(record) {
            for &key in &keys {
                if own.is_of(&self.hash(record, recipe, key, Some(&respelled))) {
                    return true;
                }
            }
        }
        let nameless = record.entry.link == Link::Genesis && record.prev_text.is_empty();
        if nameless && recipe.joins_prev() {
            let mut buffer = Vec::new();
            for label in GENESIS_LABELS {
                let mut preimage = Self::preimage(record);
                preimage.prev_text = label.as_bytes();
                for &key in &keys {
                    let function = &self.scheme.functions[key].algorithm;
                    if own.is_of(&recipe.digest(function, &preimage, &mut buffer)) {
                        return true;
                    }
                }
            }
        }
        self.holds_by_another_recipe(record, own)
    }

    fn holds_by_another_recipe(&mut self, record: &mut Checked<'_>, own: &Digest) -> bool {
        let mut buffer = Vec::new();
        let mut holds = |recipe: &Recipe, function: &Algorithm| {
            own.is_of(&recipe.digest(function, &Self::preimage(record), &mut buffer))
        };
        if self
            .changed_to
            .iter()
            .any(|(recipe, function)| holds(recipe, function))
        {
            return true;
        }
        self.unknown_contents += 1;
        self.learned += 1;
        // Trying everything on every record of a long unknown stretch would cost minutes.
        if self.unknown_contents > TRIES && !self.unknown_contents.is_power_of_two() {
            return false;
        }
        // Under a secret key nobody but its holder can change the recipe; without one anybody can, also to a weaker
        // function.
        let keyed = self
            .scheme
            .functions
            .iter()
            .any(|f| matches!(f.algorithm, Algorithm::Hmac(_)));
        let functions: Vec<Algorithm> = match keyed {
            true => self
                .scheme
                .functions
                .iter()
                .map(|f| f.algorithm.clone())
                .collect(),
            false => Algorithm::of_len(own.len()).to_vec(),
        };
        let prefixed = !self.scheme.prev_spelling.prefix.is_empty();
        for recipe in own_hash_recipes(prefixed) {
            for function in &functions {
                if holds(&recipe, function) {
                    self.changed_to.push((recipe, function.clone()));
                    record.entry.remarks.push(BreakKind::RecipeChanged);
                    return true;
                }
            }
        }
        false
    }
}

/// The lower hash of a record; `prev` stands in for the text of the previous hash.
fn inner_hash(record: &Checked<'_>, recipe: &Recipe, inner: &Inner, prev: Option<&[u8]>) -> Digest {
    let left_out = positions(&record.object, &inner.left_out);
    let quoted = prev.map(|prev| [b"\"".as_slice(), prev, b"\""].concat());
    let preimage = Preimage {
        own: record.object.position(&inner.key),
        left_out: &left_out,
        prev_text: prev.unwrap_or(record.prev_text),
        prev_token: quoted.as_deref(),
        ..Checker::preimage(record)
    };
    recipe.digest(&inner.function.algorithm, &preimage, &mut Vec::new())
}
