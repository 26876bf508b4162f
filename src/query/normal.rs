//! The one tree among those that mean the same: what `parse` gives and what `Display` is the inverse on.

use super::ast::{Ast, Pattern, Test, Words};
use super::glob;
use super::lexer::Keyword;

impl Ast {
    /// Flattens AND in AND and OR in OR, drops what always holds from AND, unwraps lists of one, and gives every
    /// text its one spelling.
    pub fn normalised(self) -> Self {
        match self {
            Self::And(list) => {
                let mut flat = Vec::with_capacity(list.len());
                for item in list {
                    match item.normalised() {
                        Self::All => {}
                        Self::And(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                single(flat, Self::And).unwrap_or(Self::All)
            }
            Self::Or(list) => {
                let mut flat = Vec::with_capacity(list.len());
                for item in list {
                    match item.normalised() {
                        Self::Or(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                single(flat, Self::Or).unwrap_or_else(nothing)
            }
            Self::Not(inner) => Self::Not(Box::new(inner.normalised())),
            Self::Words(words) => normal_words(words),
            Self::Field(field, test) => match normal_test(test) {
                Test::Any(tests) if tests.is_empty() => nothing(),
                test => Self::Field(field, test),
            },
            Self::All | Self::Since(_) | Self::Until(_) => self,
        }
    }
}

/// The tree that matches nothing.
pub(super) fn nothing() -> Ast {
    Ast::Not(Box::new(Ast::All))
}

/// A list of one is its item; `None` for the empty list.
fn single(mut list: Vec<Ast>, join: fn(Vec<Ast>) -> Ast) -> Option<Ast> {
    if list.len() > 1 {
        Some(join(list))
    } else {
        list.pop()
    }
}

/// Unquoted text that could not be read back as such has to be quoted.
fn must_quote(text: &str) -> bool {
    text.is_empty() || Keyword::from_word(text).is_some()
}

fn normal_words(words: Words) -> Ast {
    if words.quoted {
        return Ast::Words(words);
    }
    let text = glob::canonical(&words.text);
    if text == "*" {
        return Ast::All;
    }
    Ast::Words(Words {
        quoted: must_quote(&text),
        text,
    })
}

fn normal_test(test: Test) -> Test {
    match test {
        Test::Is(Pattern {
            text,
            quoted: false,
        }) => {
            let text = glob::canonical(&text);
            if text == "*" {
                Test::Exists
            } else {
                Test::Is(Pattern {
                    quoted: text.is_empty(),
                    text,
                })
            }
        }
        Test::Range { lo: None, hi: None } => Test::Exists,
        Test::Regex(text) => Test::Regex(plain_slashes(&text)),
        Test::Any(tests) => {
            let mut flat = Vec::with_capacity(tests.len());
            for test in tests {
                match normal_test(test) {
                    Test::Any(inner) => flat.extend(inner),
                    other => flat.push(other),
                }
            }
            if flat.len() == 1 {
                return flat.swap_remove(0);
            }
            for test in &mut flat {
                if let Test::Is(pattern) = test {
                    pattern.quoted |= must_quote(&pattern.text);
                }
            }
            Test::Any(flat)
        }
        Test::Exists | Test::Is(_) | Test::Compare(..) | Test::Range { .. } => test,
    }
}

/// `\/` and `/` are the same expression.
fn plain_slashes(regex: &str) -> String {
    let mut out = String::with_capacity(regex.len());
    let mut chars = regex.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.next() } else { None };
        if next != Some('/') {
            out.push(c);
        }
        out.extend(next);
    }
    out
}
