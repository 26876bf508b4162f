//! How a writer makes the bytes it hashes. Every recipe here is found by trying it: one match is proof, since
//! nobody meets a 256-bit hash by chance.

use sha2::{Digest as _, Sha256};

use super::canonical::{Edit, Form, Object};
use super::digest::{Digest, strip_prefix};

/// In which form the previous hash is joined to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrevForm {
    /// The text as it stands in the record.
    Text,
    /// The text without a prefix such as `sha256:`.
    Bare,
    /// The decoded bytes.
    Bytes,
}

/// What is hashed. Names follow the families seen in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipe {
    /// The record without its own hash (or with it blanked); the previous hash is inside.
    Own { form: Form, blank: bool },
    /// The previous hash joined to the record without its own hash.
    Joined {
        form: Form,
        prev: PrevForm,
        joint: &'static str,
        prev_first: bool,
        /// The record that is hashed holds the previous hash as well.
        prev_inside: bool,
    },
    /// The whole line before, as the link to it; the record has no hash of its own.
    RawLine { lf: bool },
}

const FORMS: [Form; 4] = [
    Form {
        sorted: true,
        spaced: false,
    },
    Form {
        sorted: true,
        spaced: true,
    },
    Form {
        sorted: false,
        spaced: false,
    },
    Form {
        sorted: false,
        spaced: true,
    },
];

/// Every recipe that gives a record its own hash, the likelier first. `prefixed`: previous hashes carry a prefix,
/// so that with and without it are two recipes.
pub(super) fn own_hash_recipes(prefixed: bool) -> Vec<Recipe> {
    let mut all = Vec::with_capacity(104);
    for blank in [false, true] {
        all.extend(FORMS.map(|form| Recipe::Own { form, blank }));
    }
    for prev in [PrevForm::Text, PrevForm::Bare, PrevForm::Bytes] {
        if prev == PrevForm::Bare && !prefixed {
            continue;
        }
        let joints: &[&'static str] = if prev == PrevForm::Text {
            &["", "|", ":", "\n"]
        } else {
            &[""]
        };
        for &joint in joints {
            for prev_inside in [false, true] {
                for prev_first in [true, false] {
                    all.extend(FORMS.map(|form| Recipe::Joined {
                        form,
                        prev,
                        joint,
                        prev_first,
                        prev_inside,
                    }));
                }
            }
        }
    }
    all
}

/// The recipes that hash the line before.
pub(super) const LINE_RECIPES: [Recipe; 2] =
    [Recipe::RawLine { lf: false }, Recipe::RawLine { lf: true }];

/// A record as the recipes see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preimage<'a> {
    pub(super) line: &'a [u8],
    pub(super) object: &'a Object<'a>,
    /// Index of the member with the record's own hash.
    pub(super) own: Option<usize>,
    /// Index of the member with the previous hash.
    pub(super) prev: Option<usize>,
    /// Text of the previous hash, without quotes; empty if null or absent.
    pub(super) prev_text: &'a [u8],
    /// A token that stands in for the previous hash, to try what another link would have hashed to.
    pub(super) prev_token: Option<&'a [u8]>,
}

impl Preimage<'_> {
    fn write(&self, form: Form, blank_own: bool, keep_prev: bool, out: &mut Vec<u8>) {
        let edit = |member: usize| {
            if Some(member) == self.own {
                if blank_own {
                    Edit::Replace(b"\"\"")
                } else {
                    Edit::Drop
                }
            } else if Some(member) == self.prev {
                match self.prev_token {
                    _ if !keep_prev => Edit::Drop,
                    Some(token) => Edit::Replace(token),
                    None => Edit::Keep,
                }
            } else {
                Edit::Keep
            }
        };
        self.object.write(form, edit, out);
    }

    fn put_prev(&self, prev: PrevForm, out: &mut Vec<u8>) {
        match prev {
            PrevForm::Text => out.extend_from_slice(self.prev_text),
            PrevForm::Bare => out.extend_from_slice(strip_prefix(self.prev_text).1),
            PrevForm::Bytes => match Digest::read(self.prev_text) {
                Some((digest, _)) => out.extend_from_slice(digest.bytes()),
                None => out.extend_from_slice(self.prev_text),
            },
        }
    }
}

impl Recipe {
    /// The hash of a record under this recipe. `buffer` is scratch space.
    pub(super) fn digest(self, record: &Preimage<'_>, buffer: &mut Vec<u8>) -> [u8; 32] {
        buffer.clear();
        match self {
            Self::Own { form, blank } => record.write(form, blank, true, buffer),
            Self::Joined {
                form,
                prev,
                joint,
                prev_first,
                prev_inside,
            } => {
                if prev_first {
                    record.put_prev(prev, buffer);
                    buffer.extend_from_slice(joint.as_bytes());
                }
                record.write(form, false, prev_inside, buffer);
                if !prev_first {
                    buffer.extend_from_slice(joint.as_bytes());
                    record.put_prev(prev, buffer);
                }
            }
            Self::RawLine { lf } if record.prev_token.is_none() => {
                let mut hash = Sha256::new();
                hash.update(record.line);
                if lf {
                    hash.update(b"\n");
                }
                return hash.finalize().into();
            }
            Self::RawLine { lf } => {
                replace_value(record, buffer);
                if lf {
                    buffer.push(b'\n');
                }
            }
        }
        Sha256::digest(&buffer).into()
    }

    /// Whether a record's hash protects the record itself (else the next record's link does).
    pub(super) fn has_own_hash(self) -> bool {
        !matches!(self, Self::RawLine { .. })
    }

    /// `own-sorted`, `prev+json-sorted`, `raw-line`, …
    pub(super) fn name(self) -> String {
        let order = |form: Form| match (form.sorted, form.spaced) {
            (true, false) => "sorted",
            (true, true) => "sorted-pyspace",
            (false, false) => "insertion",
            (false, true) => "insertion-pyspace",
        };
        match self {
            Self::Own { form, blank: false } => format!("own-{}", order(form)),
            Self::Own { form, blank: true } => format!("own-blank-{}", order(form)),
            Self::Joined {
                form,
                prev,
                joint,
                prev_first,
                prev_inside,
            } => {
                let joint = match joint {
                    "" => "+",
                    "\n" => "\\n",
                    other => other,
                };
                let prev = match prev {
                    PrevForm::Text => "prev",
                    PrevForm::Bare => "prevhex",
                    PrevForm::Bytes => "prevbytes",
                };
                let (a, b) = if prev_first {
                    (prev, "json")
                } else {
                    ("json", prev)
                };
                let inside = if prev_inside { "-prev-inside" } else { "" };
                format!("{a}{joint}{b}-{}{inside}", order(form))
            }
            Self::RawLine { lf: false } => "raw-line".to_owned(),
            Self::RawLine { lf: true } => "raw-line-lf".to_owned(),
        }
    }
}

/// The line with its previous hash replaced by the stand-in.
fn replace_value(record: &Preimage<'_>, out: &mut Vec<u8>) {
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
            prev_text: text(i, prev_key),
            prev_token: None,
        };
        let mut buffer = Vec::new();
        let mut hit = |recipe: Recipe, i: usize, want: &[u8]| {
            let digest = Digest::new(recipe.digest(&preimage(i), &mut buffer));
            Digest::read(want).unwrap().0 == digest
        };
        let mut found: Vec<String> = Vec::new();
        if let Some(own) = own_key {
            for recipe in own_hash_recipes(false) {
                if hit(recipe, 0, text(0, own)) && hit(recipe, 1, text(1, own)) {
                    found.push(recipe.name());
                }
            }
        }
        for recipe in LINE_RECIPES {
            if hit(recipe, 0, text(1, prev_key)) {
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
            .map(Recipe::name)
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
            prev_text: b"x",
            prev_token: Some(b"\"y\""),
        };
        let mut buffer = Vec::new();
        let recipe = Recipe::RawLine { lf: false };
        let other = recipe.digest(&record, &mut buffer);
        assert_eq!(buffer, br#"{"a":1, "prev" : "y","b":2}"#);
        record.prev_token = None;
        assert_ne!(recipe.digest(&record, &mut buffer), other);
    }
}
