//! Characters that a reader cannot see, or that act on their surroundings instead of standing for themselves.

use std::ops::RangeInclusive;

/// Sorted. Unicode's Cc, Cf, Zl, Zp, Co, non-characters and Default_Ignorable_Code_Point; every blank but the
/// ASCII one and the double-width U+3000 (both seen as what they are); and the control pictures, which stand for
/// controls here.
const HIDDEN: &[RangeInclusive<u32>] = &[
    0x00..=0x1f,
    0x7f..=0xa0,
    0xad..=0xad,
    0x034f..=0x034f, // combining grapheme joiner
    0x0600..=0x0605, // Arabic number signs: span what follows
    0x061c..=0x061c, // Arabic letter mark
    0x06dd..=0x06dd,
    0x070f..=0x070f,
    0x0890..=0x0891,
    0x08e2..=0x08e2,
    0x115f..=0x1160, // Hangul fillers
    0x1680..=0x1680,
    0x17b4..=0x17b5,
    0x180b..=0x180f,
    0x2000..=0x200f, // blanks, zero-width, marks of direction
    0x2028..=0x202f, // line and paragraph separator, embeddings and overrides
    0x205f..=0x206f, // isolates, invisible operators
    0x2400..=0x243f, // control pictures
    0x2800..=0x2800, // Braille blank
    0x3164..=0x3164,
    0xe000..=0xf8ff, // private use
    0xfdd0..=0xfdef,
    0xfe00..=0xfe0f, // variation selectors: can carry hidden bytes
    0xfeff..=0xfeff,
    0xffa0..=0xffa0,
    0xfff0..=0xfffb,
    0xfffe..=0xffff,
    0x110bd..=0x110bd,
    0x110cd..=0x110cd,
    0x13430..=0x1343f, // Egyptian hieroglyph format controls
    0x1bca0..=0x1bca3,
    0x1d159..=0x1d159, // null notehead
    0x1d173..=0x1d17a,
    0x1fffe..=0x1ffff,
    0x2fffe..=0x2ffff,
    0x3fffe..=0x3ffff,
    0x4fffe..=0x4ffff,
    0x5fffe..=0x5ffff,
    0x6fffe..=0x6ffff,
    0x7fffe..=0x7ffff,
    0x8fffe..=0x8ffff,
    0x9fffe..=0x9ffff,
    0xafffe..=0xaffff,
    0xbfffe..=0xbffff,
    0xcfffe..=0xcffff,
    0xdfffe..=0x10ffff, // tags, more variation selectors, private use planes
];

pub(super) fn is_hidden(c: char) -> bool {
    let code = c as u32;
    let next = HIDDEN.partition_point(|range| *range.end() < code);
    HIDDEN.get(next).is_some_and(|range| range.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_covers_what_unicode_names() {
        assert!(HIDDEN.windows(2).all(|w| w[0].end() < w[1].start()));
        let classes = [
            "Cc",
            "Cf",
            "Zl",
            "Zp",
            "Co",
            "Default_Ignorable_Code_Point",
            "Bidi_Control",
            "Noncharacter_Code_Point",
        ];
        let named: String = classes
            .iter()
            .map(|class| format!("\\p{{{class}}}"))
            .collect();
        let named = regex::Regex::new(&format!("^[{named}]$")).unwrap();
        let blank = regex::Regex::new(r"^\p{Zs}$").unwrap();
        let mut buffer = [0; 4];
        for c in '\0'..=char::MAX {
            let text = &*c.encode_utf8(&mut buffer);
            let must =
                named.is_match(text) || (blank.is_match(text) && !matches!(c, ' ' | '\u{3000}'));
            assert!(!must || is_hidden(c), "U+{:04X} is shown raw", c as u32);
        }
        for c in "aé漢🙂ا…\u{3000}\u{301}".chars() {
            assert!(!is_hidden(c), "{c} is escaped");
        }
    }
}
