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
    text.bytes()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase())
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
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|token| !token.is_empty())
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
    }
}
