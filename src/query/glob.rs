//! Unquoted text: `*` stands for any run of characters, `\*` and `\\` for themselves, any other backslash for itself.

/// One element of an unquoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Char(char),
    Star,
}

/// The elements of an unquoted text; runs of stars count as one.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => pieces.push(Piece::Char(
                chars.next_if(|n| matches!(n, '*' | '\\')).unwrap_or('\\'),
            )),
            '*' if pieces.last() == Some(&Piece::Star) => {}
            '*' => pieces.push(Piece::Star),
            _ => pieces.push(Piece::Char(c)),
        }
    }
    pieces
}

/// Writes literal text so that [`pieces`] reads it back without stars.
pub(super) fn escape(literal: &str) -> String {
    let mut out = String::with_capacity(literal.len());
    literal.chars().for_each(|c| push_escaped(&mut out, c));
    out
}

pub(super) fn push_escaped(out: &mut String, literal: char) {
    if matches!(literal, '*' | '\\') {
        out.push('\\');
    }
    out.push(literal);
}

/// The one spelling of an unquoted text.
pub(super) fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Char(c) => push_escaped(&mut out, c),
            Piece::Star => out.push('*'),
        }
    }
    out
}

/// The text an unquoted text stands for, if it holds no star.
pub(super) fn literal(text: &str) -> Option<String> {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Char(c) => Some(c),
            Piece::Star => None,
        })
        .collect()
}

/// An unquoted text, ready to be compared: the literal parts between its stars.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// At least one; the first is anchored at the start, the last at the end.
    parts: Vec<String>,
}

impl Glob {
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let mut parts = vec![String::new()];
        for piece in pieces {
            match (piece, parts.last_mut()) {
                (Piece::Char(c), Some(part)) => part.push(*c),
                _ => parts.push(String::new()),
            }
        }
        Self { parts }
    }

    /// Whether it may match a text that begins with `start` and holds only characters of which `holds` is true.
    pub(super) fn may_go_on(&self, start: &str, holds: impl Fn(char) -> bool) -> bool {
        let first = self.parts.first().map_or("", String::as_str);
        (first.starts_with(start) || start.starts_with(first))
            && self.parts.iter().flat_map(|part| part.chars()).all(holds)
    }

    /// The longest text every match contains.
    pub(super) fn longest_part(&self) -> &str {
        self.parts
            .iter()
            .max_by_key(|part| part.len())
            .map_or("", String::as_str)
    }

    /// Whether the whole text matches. Leftmost matches of the inner parts leave the most room for the rest, so
    /// there is nothing to try twice.
    pub(super) fn matches(&self, text: &str) -> bool {
        let [first, inner @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text
            .strip_prefix(first.as_str())
            .and_then(|rest| rest.strip_suffix(last.as_str()))
        else {
            return false;
        };
        for part in inner {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, want) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a*c", "ac", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("ab*ba", "aba", false),
            ("*b*", "abc", true),
            ("a*b*c*d", "a-b-b-c-d", true),
            ("a*b*c*d", "a-c-b-d", false),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            (r"a\b", r"a\b", true),
            (r"a\\*", r"a\b", true),
            ("a?c", "abc", false),
            ("**", "", true),
            ("é*ß", "éaß", true),
        ] {
            assert_eq!(
                Glob::new(&pieces(pattern)).matches(text),
                want,
                "{pattern} on {text}"
            );
            assert_eq!(
                Glob::new(&pieces(&canonical(pattern))).matches(text),
                want,
                "canonical {pattern}"
            );
        }
        assert_eq!(literal(&escape(r"a*\*\\")).as_deref(), Some(r"a*\*\\"));
        assert_eq!(literal("a*"), None);
    }
}
