//! How a value is spelled, behind its folded form in a term: so the terms of a path tell its values.

use std::borrow::Cow;

/// Between a folded value and how it is spelled.
pub(crate) const SPELLED: u8 = 0xfe;
/// What the spelling is said by: which letters are capitals, or all of it.
const CAPITALS: u8 = b'c';
const WHOLE: u8 = b'w';

/// How a value is spelled, if not as it is folded: of ASCII a bit for each byte that says whether it is a capital, the
/// first one lowest, up to the last capital; else all of it. An id of capitals would take twice the room.
pub(crate) fn push(term: &mut Vec<u8>, folded: &str, spelled: &str) {
    if folded == spelled {
        return;
    }
    term.push(SPELLED);
    if !spelled.is_ascii() {
        term.push(WHOLE);
        term.extend_from_slice(spelled.as_bytes());
        return;
    }
    term.push(CAPITALS);
    let bit = |(at, byte): (usize, &u8)| u8::from(byte.is_ascii_uppercase()) << at;
    let pieces = spelled.as_bytes().chunks(8);
    let start = term.len();
    term.extend(pieces.map(|piece| piece.iter().enumerate().map(bit).sum::<u8>()));
    let last = term[start..].iter().rposition(|bits| *bits != 0);
    term.truncate(start + last.map_or(0, |at| at + 1));
}

/// The folded value of what follows the prefix in a term, with its mark if it was cut.
pub(crate) fn folded(name: &[u8]) -> &[u8] {
    match memchr::memchr(SPELLED, name) {
        Some(at) => &name[..at],
        None => name,
    }
}

/// The value as it is spelled, of what follows the prefix in a term that was not cut.
pub(crate) fn spelled(name: &[u8]) -> Cow<'_, [u8]> {
    let Some(at) = memchr::memchr(SPELLED, name) else {
        return Cow::Borrowed(name);
    };
    match name[at + 1..].split_first() {
        Some((&CAPITALS, bits)) => {
            let mut value = name[..at].to_vec();
            for (at, byte) in value.iter_mut().enumerate() {
                if bits
                    .get(at / 8)
                    .is_some_and(|bits| bits >> (at % 8) & 1 == 1)
                {
                    byte.make_ascii_uppercase();
                }
            }
            Cow::Owned(value)
        }
        Some((_, whole)) => Cow::Borrowed(whole),
        None => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::token::fold;

    #[test]
    fn folded_values_tell_how_they_are_spelled() {
        for (value, name) in [
            ("get", "get".as_bytes()),
            ("GET", b"get\xfec\x07"),
            ("Many letters", b"many letters\xfec\x01"),
            (
                "abcdefgh-I\u{ff}",
                b"abcdefgh-i\xc3\xbf\xfewabcdefgh-I\xc3\xbf",
            ),
            ("ABCDEFGHabcdefghZ", b"abcdefghabcdefghz\xfec\xff\x00\x01"),
            ("\u{130}", b"i\xcc\x87\xfew\xc4\xb0"),
            ("", b""),
        ] {
            let mut of_value = fold(value).into_owned().into_bytes();
            push(&mut of_value, &fold(value), value);
            assert_eq!(of_value, name);
            assert_eq!(&*spelled(&of_value), value.as_bytes());
            assert_eq!(folded(&of_value), fold(value).as_bytes());
        }
    }
}
