//! Placeholders: `{name}` inside the texts of a query, replaced by values that stay literal.

use super::Query;
use super::ast::{Ast, Pattern, Test, TimeExpr, Words};
use super::glob;
use super::lexer::placeholder_len;

/// Gives the value of a name, if there is one.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Query {
    /// Replaces every `{name}` (of `a-z 0-9 _ .`) in values, words, bounds and times. A value is never read as part
    /// of the language: text it goes into becomes quoted, or, where the query itself holds a `*`, the value's own
    /// stars and backslashes are escaped. Regular expressions and field names hold no placeholders. `Err` is a name
    /// that `lookup` does not know.
    pub fn substitute(&self, lookup: Lookup<'_>) -> Result<Self, String> {
        Ok(Self {
            ast: fill(&self.ast, lookup)?.normalised(),
        })
    }

    /// Whether any placeholder is left.
    pub fn has_placeholders(&self) -> bool {
        // The name that can't be found is one that is there.
        self.substitute(&|_| None).is_err()
    }
}

fn fill(ast: &Ast, lookup: Lookup<'_>) -> Result<Ast, String> {
    let list = |items: &[Ast]| {
        items
            .iter()
            .map(|item| fill(item, lookup))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match ast {
        Ast::All => Ast::All,
        Ast::And(items) => Ast::And(list(items)?),
        Ast::Or(items) => Ast::Or(list(items)?),
        Ast::Not(inner) => Ast::Not(Box::new(fill(inner, lookup)?)),
        Ast::Words(words) => {
            let (text, quoted) = fill_unquoted(&words.text, words.quoted, lookup)?;
            Ast::Words(Words { text, quoted })
        }
        Ast::Field(field, test) => Ast::Field(field.clone(), fill_test(test, lookup)?),
        Ast::Since(time) => Ast::Since(fill_time(time, lookup)?),
        Ast::Until(time) => Ast::Until(fill_time(time, lookup)?),
    })
}

fn fill_time(time: &TimeExpr, lookup: Lookup<'_>) -> Result<TimeExpr, String> {
    Ok(match time {
        TimeExpr::Text(text) => TimeExpr::Text(fill_text(text, lookup, str::to_owned)?),
        TimeExpr::At(at) => TimeExpr::At(*at),
    })
}

fn fill_test(test: &Test, lookup: Lookup<'_>) -> Result<Test, String> {
    let end = |bound: &Option<(String, bool)>| -> Result<Option<(String, bool)>, String> {
        let Some((text, inclusive)) = bound else {
            return Ok(None);
        };
        Ok(Some((fill_text(text, lookup, str::to_owned)?, *inclusive)))
    };
    Ok(match test {
        Test::Exists | Test::Regex(_) => test.clone(),
        Test::Is(pattern) => {
            let (text, quoted) = fill_unquoted(&pattern.text, pattern.quoted, lookup)?;
            Test::Is(Pattern { text, quoted })
        }
        Test::Compare(op, text) => Test::Compare(*op, fill_text(text, lookup, str::to_owned)?),
        Test::Range { lo, hi } => Test::Range {
            lo: end(lo)?,
            hi: end(hi)?,
        },
        Test::Any(tests) => Test::Any(
            tests
                .iter()
                .map(|test| fill_test(test, lookup))
                .collect::<Result<_, _>>()?,
        ),
    })
}

/// Fills text that may be unquoted; gives the text and whether it is quoted now.
fn fill_unquoted(text: &str, quoted: bool, lookup: Lookup<'_>) -> Result<(String, bool), String> {
    if quoted || !has_placeholder(text) {
        return Ok((fill_text(text, lookup, str::to_owned)?, quoted));
    }
    match glob::literal(text) {
        Some(literal) => Ok((fill_text(&literal, lookup, str::to_owned)?, true)),
        None => Ok((fill_text(text, lookup, glob::escape)?, false)),
    }
}

fn fill_text(text: &str, lookup: Lookup<'_>, escape: fn(&str) -> String) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
        out.push_str(before);
        out.push_str(&escape(&lookup(name).ok_or_else(|| name.to_owned())?));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The text before the first placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let len = placeholder_len(text[at..].chars())?;
        Some((&text[..at], &text[at + 1..at + len - 1], &text[at + len..]))
    })
}

pub(super) fn has_placeholder(text: &str) -> bool {
    next_placeholder(text).is_some()
}

pub(super) fn test_has_placeholder(test: &Test) -> bool {
    let end = |bound: &Option<(String, bool)>| {
        bound
            .as_ref()
            .is_some_and(|(text, _)| has_placeholder(text))
    };
    match test {
        Test::Exists | Test::Regex(_) => false,
        Test::Is(pattern) => has_placeholder(&pattern.text),
        Test::Compare(_, text) => has_placeholder(text),
        Test::Range { lo, hi } => end(lo) || end(hi),
        Test::Any(tests) => tests.iter().any(test_has_placeholder),
    }
}
