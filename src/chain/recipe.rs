//! How a writer makes the bytes it hashes. Every recipe here is found by trying it: one match is proof, since
//! nobody meets a 256-bit hash by chance.

use super::algorithm::Algorithm;
use super::canonical::{Edit, Form, Object};
use super::digest::{Digest, strip_prefix};
use super::template::{HashForm, Part, Without, form_name, forms};

/// What is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) parts: Vec<Part>,
}

/// Every recipe over a record's JSON that gives it its own hash, the likelier first. `prefixed`: previous hashes
/// carry a prefix, so that with and without it are two recipes.
pub(super) fn own_hash_recipes(prefixed: bool) -> Vec<Recipe> {
    let mut all = Vec::with_capacity(140);
    for without in [Without::Own, Without::OwnsValue] {
        all.extend(forms().map(|form| Recipe::new([Part::Json(form, without)])));
    }
    all.extend(joined_recipes(prefixed));
    all
}

/// Those of them that join the previous hash to the record.
pub(super) fn joined_recipes(prefixed: bool) -> Vec<Recipe> {
    let mut all = Vec::with_capacity(130);
    for prev in [HashForm::Text, HashForm::Bare, HashForm::Bytes] {
        if prev == HashForm::Bare && !prefixed {
            continue;
        }
        let joints: &[&str] = if prev == HashForm::Text {
            &["", "|", ":", "\n"]
        } else {
            &[""]
        };
        for joint in joints {
            for without in [Without::OwnAndPrev, Without::Own] {
                for prev_first in [true, false] {
                    all.extend(forms().map(|form| {
                        let json = Part::Json(form, without);
                        Recipe::joined(Part::Prev(prev), joint, json, prev_first)
                    }));
                }
            }
        }
    }
    all
}

/// The recipes over a record's JSON without any of its hashes.
pub(super) fn content_recipes() -> Vec<Recipe> {
    let alone = |form| Recipe::new([Part::Json(form, Without::OwnAndPrev)]);
    forms().map(alone).collect()
}

/// The recipes that join the previous hash to another hash of the record (two levels), which stands under `key`.
pub(super) fn two_level_recipes(key: &[u8]) -> Vec<Recipe> {
    let mut all = Vec::new();
    for form in [HashForm::Text, HashForm::Bytes] {
        let field = match form {
            HashForm::Bytes => Part::FieldBytes(vec![key.to_vec()]),
            _ => Part::Field(vec![key.to_vec()]),
        };
        let joints: &[&str] = match form {
            HashForm::Bytes => &[""],
            _ => &["", "|", ":", "\n"],
        };
        for joint in joints {
            for prev_first in [true, false] {
                all.push(Recipe::joined(
                    Part::Prev(form),
                    joint,
                    field.clone(),
                    prev_first,
                ));
            }
        }
    }
    all
}

/// The recipes that hash the record before: its line, or its JSON written anew.
pub(super) fn link_recipes() -> Vec<Recipe> {
    let mut all = vec![
        Recipe::new([Part::Line]),
        Recipe::new([Part::Line, Part::Text(b"\n".to_vec())]),
    ];
    all.extend(forms().map(|form| Recipe::new([Part::Json(form, Without::Nothing)])));
    all
}

/// What an Ed25519 signature may be made over.
pub(super) fn signed_recipes() -> Vec<Recipe> {
    let hashes = [HashForm::Text, HashForm::Bytes, HashForm::Bare];
    let mut all: Vec<Recipe> = hashes.map(|form| Recipe::new([Part::Own(form)])).into();
    for without in [Without::Nothing, Without::Own, Without::OwnAndPrev] {
        all.extend(forms().map(|form| Recipe::new([Part::Json(form, without)])));
    }
    all
}

/// A record as the recipes see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preimage<'a> {
    pub(super) line: &'a [u8],
    pub(super) object: &'a Object<'a>,
    /// Index of the member with the record's own hash.
    pub(super) own: Option<usize>,
    /// Index of the member with the previous hash.
    pub(super) prev: Option<usize>,
    /// Indices of other members that are not hashed, such as a signature.
    pub(super) left_out: &'a [usize],
    /// Text of the previous hash, without quotes; empty if null or absent.
    pub(super) prev_text: &'a [u8],
    /// A token that stands in for the previous hash, to try what another link would have hashed to.
    pub(super) prev_token: Option<&'a [u8]>,
}

impl Preimage<'_> {
    fn write(&self, form: Form, without: Without, out: &mut Vec<u8>) {
        let edit = |member: usize| {
            if Some(member) == self.own {
                match without {
                    Without::OwnsValue => Edit::Replace(b"\"\""),
                    Without::Own | Without::OwnAndPrev => Edit::Drop,
                    Without::Nothing => Edit::Keep,
                }
            } else if Some(member) == self.prev {
                match self.prev_token {
                    _ if without == Without::OwnAndPrev => Edit::Drop,
                    Some(token) => Edit::Replace(token),
                    None => Edit::Keep,
                }
            } else if self.left_out.contains(&member) {
                Edit::Drop
            } else {
                Edit::Keep
            }
        };
        self.object.write(form, edit, out);
    }

    fn own_text(&self) -> &[u8] {
        let member = self.own.and_then(|own| self.object.members.get(own));
        member.map_or(b"", |m| text_of(m.value))
    }
}

/// A string's text as it stands between its quotes; other tokens as they are.
fn text_of(token: &[u8]) -> &[u8] {
    let text = token
        .strip_prefix(b"\"")
        .and_then(|t| t.strip_suffix(b"\""));
    text.unwrap_or(token)
}

fn put_hash(text: &[u8], form: HashForm, out: &mut Vec<u8>) {
    match form {
        HashForm::Text => out.extend_from_slice(text),
        HashForm::Bare => out.extend_from_slice(strip_prefix(text).1),
        HashForm::Bytes => match Digest::read(text) {
            Some((digest, _)) => out.extend_from_slice(digest.bytes()),
            None => out.extend_from_slice(text),
        },
    }
}

/// The token that a path of quoted keys leads to.
pub(super) fn find<'a>(object: &Object<'a>, path: &[Vec<u8>]) -> Option<&'a [u8]> {
    let (key, inner) = path.split_first()?;
    let value = object.get(key)?.value;
    if inner.is_empty() {
        return Some(value);
    }
    find(&Object::read(value).ok()?, inner)
}

/// The text of a field: that of a string, any other value as written, nothing for null.
fn put_field(token: &[u8], out: &mut Vec<u8>) {
    if token.starts_with(b"\"") {
        out.extend_from_slice(crate::json::unescape(token).as_bytes());
    } else if token != b"null" {
        out.extend_from_slice(token);
    }
}

impl Recipe {
    pub(super) fn new(parts: impl Into<Vec<Part>>) -> Self {
        Self {
            parts: parts.into(),
        }
    }

    fn joined(prev: Part, joint: &str, rest: Part, prev_first: bool) -> Self {
        let mut parts = vec![prev, Part::Text(joint.as_bytes().to_vec()), rest];
        if joint.is_empty() {
            parts.remove(1);
        }
        if !prev_first {
            parts.reverse();
        }
        Self::new(parts)
    }

    /// Puts what is hashed of a record into `buffer`.
    pub(super) fn preimage(&self, record: &Preimage<'_>, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.reserve(record.line.len() + 80);
        for part in &self.parts {
            match part {
                Part::Prev(form) => put_hash(record.prev_text, *form, buffer),
                Part::Own(form) => put_hash(record.own_text(), *form, buffer),
                Part::Json(form, without) => record.write(*form, *without, buffer),
                Part::Line => put_line(record, buffer),
                Part::Field(path) => {
                    if let Some(token) = find(record.object, path) {
                        put_field(token, buffer);
                    }
                }
                Part::FieldBytes(path) => {
                    if let Some(token) = find(record.object, path) {
                        put_hash(text_of(token), HashForm::Bytes, buffer);
                    }
                }
                Part::Text(text) => buffer.extend_from_slice(text),
            }
        }
    }

    /// The hash of a record under this recipe. `buffer` is scratch space.
    pub(super) fn digest(
        &self,
        algorithm: &Algorithm,
        record: &Preimage<'_>,
        buffer: &mut Vec<u8>,
    ) -> Digest {
        if record.prev_token.is_none() && *self.parts == [Part::Line] {
            return algorithm.digest(record.line);
        }
        self.preimage(record, buffer);
        algorithm.digest(buffer)
    }

    /// Whether the line itself is hashed, so that it need not be JSON.
    pub(super) fn takes_line(&self) -> bool {
        self.parts.contains(&Part::Line)
    }

    /// Whether the previous hash goes in beside the record, so that what is logged of it matters.
    pub(super) fn joins_prev(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Prev(_)))
    }

    /// As the configuration has it: `{prev}|{rest:sorted}`.
    pub(super) fn template(&self) -> String {
        self.parts.iter().map(Part::to_string).collect()
    }

    /// A name for people: `own-sorted`, `prev+json-sorted`, `raw-line`; else the template.
    pub(super) fn name(&self) -> String {
        let prev_name = |form: &HashForm| match form {
            HashForm::Text => "prev",
            HashForm::Bare => "prevhex",
            HashForm::Bytes => "prevbytes",
        };
        let joined = |a: &str, joint: &[u8], b: &str, form: &Form, without: &Without| {
            let joint = match joint {
                b"" => "+".into(),
                b"\n" => "\\n".into(),
                other => String::from_utf8_lossy(other),
            };
            let inside = match without {
                Without::OwnAndPrev => "",
                _ => "-prev-inside",
            };
            format!("{a}{joint}{b}-{}{inside}", form_name(*form))
        };
        match self.parts.as_slice() {
            [Part::Json(form, Without::Own)] => format!("own-{}", form_name(*form)),
            [Part::Json(form, Without::OwnsValue)] => format!("own-blank-{}", form_name(*form)),
            [Part::Json(form, Without::Nothing)] => format!("record-{}", form_name(*form)),
            [Part::Line] => "raw-line".to_owned(),
            [Part::Line, Part::Text(text)] if text == b"\n" => "raw-line-lf".to_owned(),
            [Part::Prev(prev), Part::Json(form, without)] => {
                joined(prev_name(prev), b"", "json", form, without)
            }
            [Part::Json(form, without), Part::Prev(prev)] => {
                joined("json", b"", prev_name(prev), form, without)
            }
            [
                Part::Prev(prev),
                Part::Text(joint),
                Part::Json(form, without),
            ] => joined(prev_name(prev), joint, "json", form, without),
            [
                Part::Json(form, without),
                Part::Text(joint),
                Part::Prev(prev),
            ] => joined("json", joint, prev_name(prev), form, without),
            _ => self.template(),
        }
    }
}

/// The line; with its previous hash replaced by the stand-in, if there is one.
fn put_line(record: &Preimage<'_>, out: &mut Vec<u8>) {
    let member = record.prev.and_then(|i| record.object.members.get(i));
    let (Some(token), Some(member)) = (record.prev_token, member) else {
        out.extend_from_slice(record.line);
        return;
    };
    let end = member.at + member.value.len();
    match (record.line.get(..member.at), record.line.get(end..)) {
        (Some(head), Some(tail)) => {
            out.extend_from_slice(head);
            out.extend_from_slice(token);
            out.extend_from_slice(tail);
        }
        _ => out.extend_from_slice(record.line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::vectors::VECTORS;

    /// Names of all recipes that give the second record of a vector its hash.
    fn matches(lines: [&str; 2], prev_key: &str, own_key: Option<&str>) -> Vec<String> {
        let objects = lines.map(|l| Object::read(l.as_bytes()).unwrap());
        let text = |i: usize, key: &str| {
            let value = objects[i].get(key.as_bytes()).unwrap().value;
            &value[1..value.len() - 1]
        };
        let preimage = |i: usize| Preimage {
            line: lines[i].as_bytes(),
            object: &objects[i],
            own: own_key.and_then(|k| objects[i].position(k.as_bytes())),
            prev: objects[i].position(prev_key.as_bytes()),
            left_out: &[],
            prev_text: text(i, prev_key),
            prev_token: None,
        };
        let mut buffer = Vec::new();
        let mut hit = |recipe: &Recipe, i: usize, want: &[u8]| {
            let digest = recipe.digest(&Algorithm::Sha256, &preimage(i), &mut buffer);
            Digest::read(want).unwrap().0 == digest
        };
        let mut found: Vec<String> = Vec::new();
        if let Some(own) = own_key {
            for recipe in own_hash_recipes(false) {
                if hit(&recipe, 0, text(0, own)) && hit(&recipe, 1, text(1, own)) {
                    found.push(recipe.name());
                }
            }
        }
        for recipe in link_recipes() {
            // Written compactly, a line is its own JSON as well.
            if recipe.takes_line() && hit(&recipe, 0, text(1, prev_key)) {
                found.push(recipe.name());
            }
        }
        found
    }

    #[test]
    fn each_test_vector_has_exactly_one_recipe() {
        for v in VECTORS {
            let want: Vec<&str> = v.recipe.into_iter().collect();
            assert_eq!(matches(v.lines, v.prev_key, v.own_key), want, "{}", v.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<String> = own_hash_recipes(true)
            .into_iter()
            .map(|recipe| recipe.name())
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_raw_line_can_be_hashed_with_another_link() {
        let line = br#"{"a":1, "prev" : "x","b":2}"#;
        let object = Object::read(line).unwrap();
        let mut record = Preimage {
            line,
            object: &object,
            own: None,
            prev: object.position(b"\"prev\""),
            left_out: &[],
            prev_text: b"x",
            prev_token: Some(b"\"y\""),
        };
        let mut buffer = Vec::new();
        let recipe = &link_recipes()[0];
        let other = recipe.digest(&Algorithm::Sha256, &record, &mut buffer);
        assert_eq!(buffer, br#"{"a":1, "prev" : "y","b":2}"#);
        record.prev_token = None;
        assert_ne!(
            recipe.digest(&Algorithm::Sha256, &record, &mut buffer),
            other
        );
    }
}
