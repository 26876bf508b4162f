//! Searching for a text inside what the detail shows: as shown, ignoring case.

use std::ops::Range;

/// What is looked for, folded once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needle {
    chars: Vec<char>,
}

/// One character for one, so that places stay what they were.
fn fold(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

impl Needle {
    /// `shown` is how the text looks on the screen; an empty one finds nothing.
    pub(super) fn new(shown: &str) -> Self {
        Self {
            chars: shown.chars().map(fold).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// Byte ranges where it stands in `text`, one after the other.
    pub(super) fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.is_empty() {
            return found;
        }
        let mut from = 0;
        while let Some(rest) = text.get(from..) {
            let here = rest.char_indices().find_map(|(at, _)| {
                let length = self.length_at(&rest[at..])?;
                Some(from + at..from + at + length)
            });
            let Some(range) = here else { break };
            from = range.end;
            found.push(range);
        }
        found
    }

    /// Bytes of `text` that it takes if `text` begins with it.
    fn length_at(&self, text: &str) -> Option<usize> {
        let mut rest = text.chars();
        for want in &self.chars {
            if fold(rest.next()?) != *want {
                return None;
            }
        }
        Some(text.len() - rest.as_str().len())
    }
}

/// Where `pieces`, cut from `text` in this order with blanks left out between them, begin in it.
pub(super) fn starts(text: &str, pieces: &[String]) -> Vec<usize> {
    let mut from = 0;
    let start = |piece: &String| {
        let at = text
            .get(from..)
            .and_then(|rest| rest.find(piece.as_str()))
            .map_or(from, |at| from + at);
        from = (at + piece.len()).min(text.len());
        at
    };
    pieces.iter().map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_as_shown_ignoring_case_without_moving_places() {
        let ranges = |needle: &str, text: &str| -> Vec<(usize, usize)> {
            let found = Needle::new(needle).ranges(text);
            found.into_iter().map(|r| (r.start, r.end)).collect()
        };
        assert_eq!(ranges("AB", "xab.aBab"), [(1, 3), (4, 6), (6, 8)]);
        assert_eq!(ranges("aa", "aaa"), [(0, 2)]);
        assert_eq!(ranges("é", "É é"), [(0, 2), (3, 5)]);
        assert_eq!(ranges("x", "İx"), [(2, 3)]);
        assert!(ranges("", "abc").is_empty());
        assert_eq!(
            starts(
                "one  two three",
                &["one".into(), "two".into(), "three".into()]
            ),
            [0, 5, 9]
        );
    }
}
