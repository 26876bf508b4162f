//! Case folding and tokens: the two text operations every comparison and every index shares.

use std::borrow::Cow;

/// Lower-cases character by character (no context, so that it can be done piecewise). Text that is already
/// lower-case ASCII is borrowed.
pub fn fold(text: &str) -> Cow<'_, str> {
    if is_folded_ascii(text) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    Cow::Owned(folded)
}

fn is_folded_ascii(text: &str) -> bool {
    // To the end in any case: faster than a look at each byte whether to stop.
    let upper = |found: bool, b: u8| found | b.is_ascii_uppercase();
    text.is_ascii() && !text.bytes().fold(false, upper)
}

/// Appends the folded text.
fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// Folds many texts with one buffer.
#[derive(Default)]
pub struct Folder {
    buffer: String,
}

impl Folder {
    pub fn fold<'a>(&'a mut self, text: &'a str) -> &'a str {
        if is_folded_ascii(text) {
            return text;
        }
        self.buffer.clear();
        fold_into(text, &mut self.buffer);
        &self.buffer
    }
}

/// The maximal alphanumeric runs (`char::is_alphanumeric`) of a text, in order. Fold first, then cut: folding a
/// few letters yields marks that are no token characters.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> + Clone {
    Tokens { text, at: 0 }
}

#[derive(Clone)]
struct Tokens<'a> {
    text: &'a str,
    /// On a character boundary.
    at: usize,
}

impl Tokens<'_> {
    /// Goes on while characters are alphanumeric, or while they are not. Nearly all are ASCII and need no decoding.
    fn skip(&mut self, alphanumeric: bool) {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            let (is_alphanumeric, length) = match byte {
                0..0x80 => (byte.is_ascii_alphanumeric(), 1),
                _ => {
                    let next = self.text[self.at..].chars().next();
                    next.map_or((false, 1), |c| (c.is_alphanumeric(), c.len_utf8()))
                }
            };
            if is_alphanumeric != alphanumeric {
                return;
            }
            self.at += length;
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.skip(false);
        let start = self.at;
        self.skip(true);
        (start < self.at).then(|| &self.text[start..self.at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_by_character_and_borrows_what_is_folded() {
        assert!(matches!(fold("already lower 1"), Cow::Borrowed(_)));
        assert_eq!(fold("ÄÖ Straße ΣΑΣ"), "äö straße σασ");
        assert_eq!(fold("İ"), "i\u{307}");
        assert_eq!(fold(&fold("İ")), fold("İ"));
        let mut folder = Folder::default();
        assert_eq!(folder.fold("ABC"), "abc");
        assert_eq!(folder.fold("É"), "é");
        assert_eq!(folder.fold("x"), "x");
    }

    #[test]
    fn tokens_are_alphanumeric_runs() {
        assert_eq!(
            tokens("alice@corp.example, 10.0.0.1/é_ß").collect::<Vec<_>>(),
            ["alice", "corp", "example", "10", "0", "0", "1", "é", "ß"]
        );
        assert_eq!(tokens(" -- ").count(), 0);
        for text in ["é", "-é-", "日本 語x", "e\u{301}a", "a\u{1f600}b\u{ff21}"] {
            let split = text.split(|c: char| !c.is_alphanumeric());
            let split: Vec<&str> = split.filter(|token| !token.is_empty()).collect();
            assert_eq!(tokens(text).collect::<Vec<_>>(), split);
        }
    }
}
