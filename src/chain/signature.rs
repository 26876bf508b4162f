//! Ed25519 signatures of single records (RFC 8032).

use ring::signature::{ED25519, UnparsedPublicKey};

use super::detect::{Sample, positions, string_text};
use super::recipe::{Preimage, Recipe, signed_recipes};
use super::rule::{PublicKey, Signed};
use crate::event::Timestamp;

/// Bytes of an Ed25519 signature.
const LEN: usize = 64;

/// What a look at a record's signature gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    Good,
    Bad,
    /// No key that it names, or none at all.
    KeyUnknown,
    /// The key that proves it came into use after the record was written.
    KeyTooNew,
}

/// The bytes of a signature, in hex or base64.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (digest, _) = super::digest::Digest::read(text)?;
    (digest.len() == LEN).then(|| digest.bytes().to_vec())
}

/// Looks at the signature of a record. `id`: what the record says of its key.
pub(super) fn check(
    signed: &Signed,
    record: &Preimage<'_>,
    id: Option<&[u8]>,
    written: Option<Timestamp>,
    buffer: &mut Vec<u8>,
) -> Seal {
    let Some(recipe) = &signed.signed else {
        return Seal::KeyUnknown;
    };
    let keys: Vec<&PublicKey> = signed.keys.iter().filter(|key| names(key, id)).collect();
    if keys.is_empty() {
        return Seal::KeyUnknown;
    }
    let member = record.object.get(&signed.field);
    let Some(signature) = member.and_then(|m| decode(string_text(m.value)?)) else {
        return Seal::Bad;
    };
    recipe.preimage(record, buffer);
    match keys.iter().find(|key| verifies(key, buffer, &signature)) {
        Some(key) if key.from > written && written.is_some() => Seal::KeyTooNew,
        Some(_) => Seal::Good,
        None => Seal::Bad,
    }
}

/// Whether a record that says `id` of its key may be signed with this one.
fn names(key: &PublicKey, id: Option<&[u8]>) -> bool {
    match (&key.id, id) {
        (Some(known), Some(said)) => known.as_bytes() == said,
        _ => true,
    }
}

fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, &key.bytes);
    key.verify(message, signature).is_ok()
}

/// What is signed, found by trying; `None` if no record shows it.
pub(super) fn detect(
    samples: &[Sample<'_>],
    prev_key: Option<&[u8]>,
    own_key: Option<&[u8]>,
    left_out: &[Vec<u8>],
    signed: &Signed,
) -> Option<Recipe> {
    let mut buffer = Vec::new();
    let mut recipes = signed_recipes();
    for sample in samples {
        let Some(signature) = sample.text(&signed.field).and_then(decode) else {
            continue;
        };
        let left_out = positions(&sample.object, left_out);
        let record = Preimage {
            line: sample.line,
            object: &sample.object,
            own: own_key.and_then(|key| sample.object.position(key)),
            prev: prev_key.and_then(|key| sample.object.position(key)),
            left_out: &left_out,
            prev_text: prev_key.and_then(|k| sample.text(k)).unwrap_or_default(),
            prev_token: None,
        };
        let holds = |recipe: &Recipe, buffer: &mut Vec<u8>| {
            recipe.preimage(&record, buffer);
            signed.keys.iter().any(|k| verifies(k, buffer, &signature))
        };
        if let Some(at) = recipes.iter().position(|r| holds(r, &mut buffer)) {
            return Some(recipes.swap_remove(at));
        }
    }
    None
}
