//! What is searched: the terms of an event.
//!
//! All text is folded by us, the first byte says the kind, no tokenizer runs:
//! - `L path \0 value`: a short value of a path that has few distinct values. Its words are found at query time by
//!   scanning the (small) L region of the dictionary, so a common value costs one term and no words.
//! - `H path \0 value`: any other value; `W word` for each word in it.
//! - `I path`: the path has an id-like value here (UUID, digest, time). Such values are unique, so only their words
//!   are terms (`X hash` where words are not searched), the longer ones cut to a few characters: a term for each
//!   would be most of the dictionary. The value itself is decided on the original.
//!
//! A value may be L in one place and H in another, so a lookup asks both. Values and words longer than a limit are
//! cut and end in `0xFF`, a byte that UTF-8 never holds; what matches a cut term is decided on the original. Where
//! folding changed a value that is not cut, `0xFE` and how it is spelled follow (see [`super::spelling`]): so the terms
//! of a path tell its values, and how often each is there, without a look at the originals.
//! Normalised fields have paths that start with `0x01`, which keeps them apart from attributes; an attribute's own
//! path is free of `0x00` and `0x01` (see [`attribute_path`]).

use std::borrow::Cow;

use super::spelling::{self, SPELLED};
use crate::event::field::Field;
use crate::query::token::fold;

pub(crate) const LOW: u8 = b'L';
pub(crate) const HIGH: u8 = b'H';
pub(crate) const WORD: u8 = b'W';
pub(crate) const OPAQUE: u8 = b'I';
pub(crate) const HASHED: u8 = b'X';
/// Last byte of a term that was cut.
pub(crate) const CUT: u8 = 0xff;

/// Longest value or word kept whole, in bytes.
pub(crate) const VALUE_BYTES: usize = 256;
pub(crate) const WORD_BYTES: usize = 64;
/// Longest word of an id-like value kept whole if it is of a time: a year, day and hour.
const OPAQUE_WORD_BYTES: usize = 5;
/// What is kept of the others: enough to tell events apart together with the words beside them, and so few spellings
/// that their terms stay in the processor's cache while an index is built.
const OPAQUE_SHORT_BYTES: usize = 3;
const OPAQUE_LONG_BYTES: usize = 4;
/// Hex digits of the shortest digest.
const DIGEST_BYTES: usize = 16;

/// Normalised fields that are searched by name. The rest is answered from columns.
pub(crate) const NORMAL: [Field; 10] = [
    Field::Actor,
    Field::Action,
    Field::Target,
    Field::Reason,
    Field::Message,
    Field::Outcome,
    Field::Ip,
    Field::Host,
    Field::Session,
    Field::Severity,
];

/// The term path of a normalised field.
pub(crate) fn normal_path(field: Field) -> String {
    format!("\u{1}{}", field.name())
}

/// The term path of an attribute. Keys are chosen by whoever writes the log, so bytes that mean something in a term are
/// written as `0x02` and a digit.
pub(crate) fn attribute_path(path: &str) -> Cow<'_, str> {
    if !path.contains(['\0', '\u{1}', '\u{2}']) {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len() + 8);
    for c in path.chars() {
        match c {
            '\0' => out.push_str("\u{2}0"),
            '\u{1}' => out.push_str("\u{2}1"),
            '\u{2}' => out.push_str("\u{2}2"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The attribute that a term path stands for; `None` for a normalised field.
pub(crate) fn attribute_of(term_path: &str) -> Option<String> {
    if term_path.starts_with('\u{1}') {
        return None;
    }
    // The escape itself last: what it leaves behind is no escape.
    let path = term_path
        .replace("\u{2}0", "\0")
        .replace("\u{2}1", "\u{1}")
        .replace("\u{2}2", "\u{2}");
    Some(path)
}

/// Whether bare words look into values of this term path.
pub(crate) fn is_searched(path: &[u8]) -> bool {
    match path.strip_prefix(b"\x01") {
        None => true,
        Some(name) => matches!(
            name,
            b"actor" | b"action" | b"target" | b"reason" | b"message"
        ),
    }
}

/// `kind path \0 value`, the folded value cut if need be; the flag says that it was.
pub(crate) fn value_term(kind: u8, path: &str, value: &str) -> (Vec<u8>, bool) {
    let mut term = prefix(kind, path);
    let cut = push_cut(&mut term, value, VALUE_BYTES);
    (term, cut)
}

/// What follows the prefix in the term of a value as it is spelled; `None` = it is cut.
pub(crate) fn spelled_name(value: &str) -> Option<Vec<u8>> {
    let folded = fold(value);
    let mut name = folded.as_bytes().to_vec();
    spelling::push(&mut name, &folded, value);
    (folded.len() <= VALUE_BYTES).then_some(name)
}

/// Whether what follows the prefix in a term was cut.
pub(crate) fn is_cut(name: &[u8]) -> bool {
    name.last() == Some(&CUT) && !name.contains(&SPELLED)
}

/// `kind path \0`: what every value term of the path starts with.
pub(crate) fn prefix(kind: u8, path: &str) -> Vec<u8> {
    let mut term = Vec::with_capacity(path.len() + 34);
    push_prefix(&mut term, kind, path);
    term
}

pub(crate) fn push_prefix(term: &mut Vec<u8>, kind: u8, path: &str) {
    term.push(kind);
    term.extend_from_slice(path.as_bytes());
    term.push(0);
}

pub(crate) fn word_term(word: &str) -> (Vec<u8>, bool) {
    let mut term = vec![WORD];
    let cut = push_cut(&mut term, word, WORD_BYTES);
    (term, cut)
}

pub(crate) fn opaque_term(path: &str) -> Vec<u8> {
    let mut term = vec![OPAQUE];
    term.extend_from_slice(path.as_bytes());
    term
}

/// How a word of an id-like value is indexed where it is not kept whole: its beginning, chosen so that there are few of
/// them. `None` for words that are indexed whole, and for those that no id-like value holds.
pub(crate) fn opaque_word_term(word: &str) -> Option<Vec<u8>> {
    if !word
        .bytes()
        .all(|b| b.is_ascii() && is_opaque_char(b.into()))
    {
        return None;
    }
    let (kept, cut) = kept_of_opaque(word);
    let term = [&[WORD], kept, &[CUT]];
    cut.then(|| term.concat())
}

/// What is kept of a word of an id-like value, and whether it was cut.
pub(crate) fn kept_of_opaque(word: &str) -> (&[u8], bool) {
    let bytes = word.as_bytes();
    // Many events share a year, or a day and hour: to look at each of their originals would take long.
    let of_time = bytes.contains(&b't') || matches!(bytes, [b'1', b'9', _, _] | [b'2', b'0', _, _]);
    let kept = match bytes.len() {
        0..=OPAQUE_SHORT_BYTES => bytes.len(),
        4..=OPAQUE_WORD_BYTES if of_time => bytes.len(),
        // A digest is all that a person searches for; of a UUID there are four words beside it.
        DIGEST_BYTES.. => OPAQUE_LONG_BYTES,
        _ => OPAQUE_SHORT_BYTES,
    };
    (&bytes[..kept], kept < bytes.len())
}

/// What a cut word began with, and whether it is of an id-like value.
pub(crate) fn cut_word(word: &[u8]) -> Option<(&str, bool)> {
    let kept = std::str::from_utf8(word.strip_suffix(&[CUT])?).ok()?;
    Some((kept, kept.len() <= OPAQUE_WORD_BYTES))
}

/// A short stand-in for an id-like value: 14 bits of FNV-1a of path and value, so that there are few of them. What it
/// finds is decided on the original.
pub(crate) fn hashed_term(path: &str, value: &str) -> Vec<u8> {
    let bytes = path.bytes().chain([0]).chain(value.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    });
    let folded = (hash ^ hash >> 32) as u32;
    let mut term = vec![HASHED];
    term.extend_from_slice(&((folded ^ folded >> 16) as u16 & 0x3fff).to_be_bytes());
    term
}

pub(crate) fn push_cut(term: &mut Vec<u8>, text: &str, limit: usize) -> bool {
    let (kept, cut) = kept_of(text, limit);
    push_kept(term, kept, cut);
    cut
}

/// What is kept of a text, and whether it was cut.
pub(crate) fn kept_of(text: &str, limit: usize) -> (&[u8], bool) {
    if text.len() <= limit {
        return (text.as_bytes(), false);
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text.as_bytes()[..end], true)
}

pub(crate) fn push_kept(term: &mut Vec<u8>, kept: &[u8], cut: bool) {
    term.extend_from_slice(kept);
    if cut {
        term.push(CUT);
    }
}

/// Whether an id, digest or time can hold the character; what [`is_opaque`] accepts holds no other.
pub(crate) fn is_opaque_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(|byte| HOLDS[byte as usize] != 0)
}

/// Which id-like values can hold a byte, as bits.
static HOLDS: [u8; 256] = {
    let mut holds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_hexdigit() || b == b'-' {
            holds[byte] |= IN_ID;
        }
        if b.is_ascii_digit() || matches!(b, b'-' | b':' | b't' | b'z' | b'.' | b'+' | b' ') {
            holds[byte] |= IN_TIME;
        }
        byte += 1;
    }
    holds
};
const IN_ID: u8 = 1;
const IN_TIME: u8 = 2;

/// Whether a folded value is an id, digest or time: unique in all likelihood.
pub(crate) fn is_opaque(value: &str) -> bool {
    let b = value.as_bytes();
    if b.len() < 16 || b.len() > 130 || HOLDS[b[0] as usize] == 0 {
        // Most values.
        return false;
    }
    // To the end in any case: in an id the next character cannot be foretold, by a processor either.
    let all = b.iter().fold(u8::MAX, |all, c| all & HOLDS[*c as usize]);
    let time = b.len() >= 19
        && b[4] == b'-'
        && b[7] == b'-'
        && matches!(b[10], b't' | b' ')
        && b[13] == b':';
    if time {
        return all & IN_TIME != 0;
    }
    all & IN_ID != 0 && b.iter().filter(|c| c.is_ascii_digit()).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opaque_values_are_ids_digests_and_times() {
        for yes in [
            "3f1c9a52-8a9e-4b1c-9f55-0123456789ab",
            "e29ed943264a19a1eb96ff51556809cd26bc6cd740db8df2512de7226fd58eb0",
            "2026-03-01t10:00:00.123456z",
        ] {
            assert!(is_opaque(yes), "{yes}");
        }
        for no in [
            "deadbeef",
            "alice@corp.example",
            "system:serviceaccount:a",
            "2026-03-01",
            "face-feed-bade-dead",
        ] {
            assert!(!is_opaque(no), "{no}");
        }
    }

    #[test]
    fn no_key_can_pass_for_something_else() {
        for path in [
            "a.b",
            "",
            "nul\0key",
            "\u{1}actor",
            "\u{2}",
            "\u{2}0",
            "\0\u{2}\u{1}1",
            "é\u{2}2",
        ] {
            let written = attribute_path(path);
            assert!(!written.contains(['\0', '\u{1}']), "{path:?}");
            assert_eq!(attribute_of(&written).as_deref(), Some(path));
        }
        assert_eq!(attribute_of(&normal_path(Field::Actor)), None);
    }

    #[test]
    fn long_words_of_ids_and_times_are_indexed_by_their_beginning() {
        for (word, want) in [
            ("9b3cb0d7", Some("9b3")),
            ("a15176a12437", Some("a15")),
            ("a15176a12437a15176a12437", Some("a151")),
            ("4575", Some("457")),
            ("0218866z", Some("021")),
            ("12345abc", Some("123")),
            ("9b07", Some("9b0")),
            ("2026", None),
            ("9b0", None),
            ("01t00", None),
            ("secrets", None),
            ("é3cb0d7", None),
        ] {
            let term = opaque_word_term(word);
            let kept = term.as_deref().and_then(|t| cut_word(&t[1..]));
            assert_eq!(kept, want.map(|w| (w, true)), "{word}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_not_spelled() {
        let long = "A".repeat(VALUE_BYTES + 1);
        assert_eq!(spelled_name(&long), None);
        let (cut, _) = value_term(HIGH, "", &fold(&long));
        assert!(is_cut(&cut[2..]));
        // Which letters are capitals may end in the same byte.
        let name = spelled_name("ABCDEFGH").unwrap();
        assert_eq!((name.last(), is_cut(&name)), (Some(&CUT), false));
    }

    #[test]
    fn long_texts_are_cut_on_a_character_boundary_and_marked() {
        let (term, cut) = word_term(&"é".repeat(40));
        assert!(cut && term.ends_with(&[CUT]) && term.len() <= WORD_BYTES + 2);
        assert!(std::str::from_utf8(&term[..term.len() - 1]).is_ok());
        assert_eq!(word_term("abc"), (b"Wabc".to_vec(), false));
    }
}
