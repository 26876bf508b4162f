//! Words and phrases: their tokens, adjacent, within one value.

use memchr::memmem;

use crate::query::ast::Words;
use crate::query::glob::{Glob, Piece, pieces};
use crate::query::token::{fold, tokens};

/// One token of a phrase.
#[derive(Clone, Debug)]
enum TokenTest {
    Literal(String),
    Glob(Glob),
}

impl TokenTest {
    fn matches(&self, token: &str) -> bool {
        match self {
            Self::Literal(text) => text == token,
            Self::Glob(glob) => glob.matches(token),
        }
    }

    /// Whether it may match a token that begins with `start` and holds only characters of which `holds` is true.
    fn may_go_on(&self, start: &str, holds: impl Fn(char) -> bool) -> bool {
        match self {
            Self::Literal(text) => text.starts_with(start) && text.chars().all(holds),
            Self::Glob(glob) => glob.may_go_on(start, holds),
        }
    }

    fn longest_part(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Glob(glob) => glob.longest_part(),
        }
    }
}

/// A bare word or phrase, ready to be compared. Unquoted tokens may hold `*` for any run inside the token; a `*` by
/// itself between other tokens stands for any one token.
#[derive(Clone, Debug)]
pub struct WordTest {
    tests: Vec<TokenTest>,
    /// Text that every matching value contains: a quick way to say no.
    needle: memmem::Finder<'static>,
}

impl WordTest {
    pub fn new(words: &Words) -> Self {
        let folded = fold(&words.text);
        let tests: Vec<_> = if words.quoted {
            tokens(&folded)
                .map(|token| TokenTest::Literal(token.to_owned()))
                .collect()
        } else {
            unquoted(&pieces(&folded))
        };
        let needle = tests
            .iter()
            .map(TokenTest::longest_part)
            .max_by_key(|part| part.len())
            .unwrap_or_default();
        let needle = memmem::Finder::new(needle).into_owned();
        Self { tests, needle }
    }

    /// Number of tokens; a phrase without any matches nothing.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether a token passes at one place of the phrase.
    pub fn token_matches(&self, index: usize, folded_token: &str) -> bool {
        self.tests
            .get(index)
            .is_some_and(|test| test.matches(folded_token))
    }

    /// Whether a token of which only the beginning is known may pass at one place of the phrase. `holds` says which
    /// characters it is made of.
    pub fn token_may_go_on(
        &self,
        index: usize,
        folded_start: &str,
        holds: impl Fn(char) -> bool,
    ) -> bool {
        self.tests
            .get(index)
            .is_some_and(|test| test.may_go_on(folded_start, holds))
    }

    /// Whether the phrase occurs in a value.
    pub fn matches(&self, folded_value: &str) -> bool {
        if self.tests.is_empty() || self.needle.find(folded_value.as_bytes()).is_none() {
            return false;
        }
        let mut start = tokens(folded_value);
        loop {
            let mut here = start.clone();
            if self
                .tests
                .iter()
                .all(|test| here.next().is_some_and(|token| test.matches(token)))
            {
                return true;
            }
            if start.next().is_none() {
                return false;
            }
        }
    }
}

/// Cuts unquoted text into tokens; `*` belongs to the token it touches.
fn unquoted(pieces: &[Piece]) -> Vec<TokenTest> {
    pieces
        .split(|piece| matches!(piece, Piece::Char(c) if !c.is_alphanumeric()))
        .filter(|run| !run.is_empty())
        .map(|run| {
            let literal = run.iter().map(|piece| match piece {
                Piece::Char(c) => Some(*c),
                Piece::Star => None,
            });
            literal
                .collect::<Option<String>>()
                .map_or_else(|| TokenTest::Glob(Glob::new(run)), TokenTest::Literal)
        })
        .collect()
}

/// Whether a text holds a letter or digit, without which there is nothing to search.
pub(in crate::query) fn has_token(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(text: &str, quoted: bool, value: &str) -> bool {
        WordTest::new(&Words {
            text: text.into(),
            quoted,
        })
        .matches(&fold(value))
    }

    #[test]
    fn phrases_are_adjacent_tokens() {
        for (text, quoted, value, want) in [
            ("alice", false, "user Alice, admin", true),
            ("alice", false, "alices", false),
            ("ALICE", true, "alice", true),
            (
                "alice@corp.example",
                false,
                "mail=alice@corp.example;",
                true,
            ),
            ("alice@corp.example", false, "alice corp x example", false),
            ("two words", true, "one two  words three", true),
            ("two words", true, "two other words", false),
            ("a a b", true, "a a a b", true),
            ("ali*", false, "alice", true),
            ("*ice", false, "alice", true),
            ("a*e", false, "alice", true),
            ("ali*", true, "alice", false),
            ("ali*", true, "ali", true),
            ("ali*x", false, "ali x", false),
            ("10.0.*.5", false, "ip 10.0.77.5", true),
            ("10.0.*.5", false, "ip 10.0.5", false),
            (r"corp\\al*", false, r"CORP\alice", true),
            (r"ali\*", false, "ali", true),
            ("--", false, "--", false),
        ] {
            assert_eq!(hit(text, quoted, value), want, "{text} on {value}");
        }
        let hex = |c: char| c.is_ascii_hexdigit();
        for (text, start, want) in [
            ("9b3cb0d7", "9b3c", true),
            ("9b3cb0d7", "9b3d", false),
            ("9b3c*", "9b3c", true),
            ("9*", "9b3c", true),
            ("9b3cb*", "9b3c", true),
            ("9b3d*", "9b3c", false),
            ("*beef*", "9b3c", true),
            ("*mentsv*", "9b3c", false),
            ("9b3cs*", "9b3c", false),
        ] {
            let test = WordTest::new(&Words {
                text: text.into(),
                quoted: false,
            });
            assert_eq!(test.token_may_go_on(0, start, hex), want, "{text}");
        }
        let test = WordTest::new(&Words {
            text: "a-b*".into(),
            quoted: false,
        });
        assert_eq!(test.len(), 2);
        assert!(
            test.token_matches(1, "bc")
                && !test.token_matches(0, "bc")
                && !test.token_matches(2, "bc")
        );
    }
}
