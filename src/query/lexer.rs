//! The characters of a query: blanks, names, words, quoted texts, regular expressions. What they mean together is
//! the parser's.

use super::QueryError;
use super::glob::push_escaped;

/// A place in a query being read. Positions count characters, so that they are columns.
pub(super) struct Lexer {
    chars: Vec<char>,
    pos: usize,
}

/// The left side of a colon.
pub(super) struct Name {
    pub(super) text: String,
    /// Written `.name`: an attribute, whatever normalised field has that name.
    pub(super) dotted: bool,
    /// Written with nothing at all before the colon.
    pub(super) missing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    And,
    Or,
    Not,
}

impl Keyword {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Not => "NOT",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::And, Self::Or, Self::Not]
            .into_iter()
            .find(|k| k.as_str() == word)
    }
}

/// Ends a word or a name wherever it stands.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// Length of the placeholder (`{name}`) that a text starts with, braces included; it is ASCII.
pub(super) fn placeholder_len(text: impl IntoIterator<Item = char>) -> Option<usize> {
    let mut chars = text.into_iter();
    if chars.next() != Some('{') {
        return None;
    }
    let mut len = 1;
    for c in chars {
        len += 1;
        match c {
            '}' => return (len > 2).then_some(len),
            'a'..='z' | '0'..='9' | '_' | '.' => {}
            _ => return None,
        }
    }
    None
}

impl Lexer {
    pub(super) fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            pos: 0,
        }
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).copied()
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        let hit = self.peek() == Some(c);
        self.pos += usize::from(hit);
        hit
    }

    pub(super) fn skip_blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.pos += 1;
        }
    }

    /// At a blank, a closing parenthesis, or the end.
    pub(super) fn at_gap(&self) -> bool {
        self.peek().is_none_or(|c| c.is_whitespace() || c == ')')
    }

    /// An error about the characters from `start` up to here.
    pub(super) fn error(&self, start: usize, message: impl Into<String>) -> QueryError {
        QueryError {
            column: start + 1,
            width: self.pos.saturating_sub(start).max(1),
            message: message.into(),
        }
    }

    /// The keyword here, which is not read yet.
    pub(super) fn keyword(&self) -> Option<Keyword> {
        let rest = self.chars.get(self.pos..)?;
        let len = rest
            .iter()
            .take(4)
            .position(|c| ends_word(*c))
            .unwrap_or(rest.len());
        let word: String = rest.get(..len.min(4))?.iter().collect();
        Keyword::from_word(&word)
    }

    pub(super) fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        let hit = self.keyword() == Some(keyword);
        if hit {
            self.pos += keyword.as_str().len();
        }
        hit
    }

    /// A quoted text; the opening quote is here. `\"` and `\\` are a quote and a backslash, any other backslash is
    /// itself.
    pub(super) fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.pos;
        self.pos += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.pos += 1;
            match c {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some(escaped @ ('"' | '\\')) => {
                        text.push(escaped);
                        self.pos += 1;
                    }
                    _ => text.push('\\'),
                },
                _ => text.push(c),
            }
        }
        Err(self.error(start, "this quote is not closed; expected \" at the end"))
    }

    /// A character after a backslash, which was just read: itself, unless it is a letter or a digit (or there is
    /// none), which need no escape; then the backslash stands for itself (`CORP\alice`).
    fn escaped(&mut self) -> char {
        match self.peek() {
            Some(c) if !c.is_alphanumeric() => {
                self.pos += 1;
                c
            }
            _ => '\\',
        }
    }

    /// Unquoted text up to a blank, a parenthesis, a quote, or one of `stops`, in the spelling of
    /// [`super::glob`]. A placeholder is read whole.
    pub(super) fn word(&mut self, stops: &[char]) -> String {
        let mut text = String::new();
        let mut after_star = false;
        while let Some(c) = self.peek() {
            if let Some(len) = placeholder_len(self.chars[self.pos..].iter().copied()) {
                text.extend(&self.chars[self.pos..self.pos + len]);
                self.pos += len;
                after_star = false;
                continue;
            }
            if ends_word(c) || stops.contains(&c) {
                break;
            }
            self.pos += 1;
            match c {
                '\\' => {
                    let c = self.escaped();
                    push_escaped(&mut text, c);
                }
                '*' if after_star => {}
                _ => text.push(c),
            }
            after_star = c == '*';
        }
        text
    }

    /// The name here and its colon, if this is a `name:` at all; else nothing is read. Quotes stand around whole
    /// keys: `annotations."a.b/c":`.
    pub(super) fn name(&mut self) -> Option<Name> {
        let start = self.pos;
        let name = self.read_name();
        if name.is_none() {
            self.pos = start;
        }
        name
    }

    fn read_name(&mut self) -> Option<Name> {
        let missing = self.peek() == Some(':');
        let dotted = self.eat('.');
        let mut text = String::new();
        let mut key_starts = true;
        loop {
            let c = self.peek()?;
            match c {
                ':' => {
                    self.pos += 1;
                    return Some(Name {
                        text,
                        dotted,
                        missing,
                    });
                }
                '"' if key_starts => {
                    text.push_str(&self.quoted().ok()?);
                    if !matches!(self.peek(), Some(':' | '.')) {
                        return None;
                    }
                }
                _ if ends_word(c) => return None,
                '\\' => {
                    self.pos += 1;
                    let c = self.escaped();
                    text.push(c);
                }
                _ => {
                    self.pos += 1;
                    text.push(c);
                }
            }
            key_starts = c == '.';
        }
    }

    /// A regular expression between slashes, if what is here ends with an unescaped slash and then a gap; else
    /// nothing is read and it is a path.
    pub(super) fn regex(&mut self) -> Option<String> {
        let start = self.pos;
        self.pos += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.pos += 1;
            match c {
                '/' if self.at_gap() => return Some(text),
                '/' => break,
                '\\' => {
                    let next = self.peek();
                    self.pos += usize::from(next.is_some());
                    if next != Some('/') {
                        text.push('\\');
                    }
                    text.extend(next);
                }
                _ => text.push(c),
            }
        }
        self.pos = start;
        None
    }

    /// Whether the `{` here opens an exclusive range: there is a ` TO ` before its end.
    pub(super) fn range_ahead(&self) -> bool {
        let rest = &self.chars[self.pos..];
        let mut at = 1;
        while let Some(c) = rest.get(at) {
            if let Some(len) = placeholder_len(rest[at..].iter().copied()) {
                at += len;
                continue;
            }
            if matches!(c, '}' | ']') {
                return false;
            }
            if c.is_whitespace() && rest[at + 1..].starts_with(&['T', 'O']) {
                return rest.get(at + 3).is_some_and(|c| c.is_whitespace());
            }
            at += 1;
        }
        false
    }

    /// Reads the ` TO ` of a range.
    pub(super) fn eat_to(&mut self) -> bool {
        let start = self.pos;
        self.skip_blank();
        let hit = self.pos > start
            && self.eat('T')
            && self.eat('O')
            && self.peek().is_some_and(char::is_whitespace);
        if hit {
            self.skip_blank();
        } else {
            self.pos = start;
        }
        hit
    }
}
