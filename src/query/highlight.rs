//! What of a text a query looks for: the places to set off where an event is shown.

use std::ops::Range;

use regex::Regex;

use super::Query;
use super::ast::{Ast, FieldRef, Test, Words};
use super::token::fold;
use super::value::{ValueTest, WordTest, regex};
use crate::event::field::{Field, FieldType};

/// Ranges found in one text at most.
const MAX_RANGES: usize = 64;

/// The words, values and expressions of a query that can be seen in a field's text. What a query leaves out, and tests
/// of attributes, times, numbers and whatever else is spelt otherwise on the screen, are not among them.
#[derive(Clone, Debug, Default)]
pub struct Highlighter {
    words: Vec<WordTest>,
    fields: Vec<(Field, Mark)>,
}

#[derive(Clone, Debug)]
enum Mark {
    Whole(ValueTest),
    Within(Regex),
    Words(Box<WordTest>),
}

impl Highlighter {
    pub fn new(query: &Query) -> Self {
        let mut highlighter = Self::default();
        highlighter.collect(&query.ast);
        highlighter
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.fields.is_empty()
    }

    fn collect(&mut self, ast: &Ast) {
        match ast {
            Ast::And(parts) | Ast::Or(parts) => parts.iter().for_each(|p| self.collect(p)),
            Ast::Words(words) => self.words.push(WordTest::new(words)),
            Ast::Field(FieldRef::Normal(field), test) => self.collect_test(*field, test),
            Ast::Field(FieldRef::Attribute(_), _) => {}
            Ast::All | Ast::Not(_) | Ast::Since(_) | Ast::Until(_) => {}
        }
    }

    fn collect_test(&mut self, field: Field, test: &Test) {
        let kind = field.spec().kind;
        let as_is = matches!(kind, FieldType::Text | FieldType::Address);
        if !as_is || field == Field::Outcome {
            return;
        }
        let mark = match test {
            Test::Any(tests) => {
                tests.iter().for_each(|t| self.collect_test(field, t));
                return;
            }
            Test::Is(pattern) if field == Field::Message => {
                let words = Words {
                    text: pattern.text.clone(),
                    quoted: pattern.quoted,
                };
                Mark::Words(Box::new(WordTest::new(&words)))
            }
            Test::Is(_) => match ValueTest::new(test, kind) {
                Ok(test) => Mark::Whole(test),
                Err(_) => return,
            },
            Test::Regex(text) => match regex(text) {
                Ok(regex) => Mark::Within(regex),
                Err(_) => return,
            },
            Test::Exists | Test::Compare(..) | Test::Range { .. } => return,
        };
        self.fields.push((field, mark));
    }

    /// Where in the text of a field something is that the query looks for: in order, without overlaps.
    pub fn ranges(&self, field: Field, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for words in &self.words {
            words_in(words, text, &mut found);
        }
        for (_, mark) in self.fields.iter().filter(|(of, _)| *of == field) {
            match mark {
                Mark::Whole(test) if !text.is_empty() && test.matches(&fold(text)) => {
                    found.push(0..text.len())
                }
                Mark::Whole(_) => {}
                Mark::Within(regex) => {
                    let matches = regex.find_iter(text).map(|m| m.range());
                    found.extend(matches.filter(|r| !r.is_empty()).take(MAX_RANGES));
                }
                Mark::Words(words) => words_in(words, text, &mut found),
            }
        }
        found.sort_by_key(|r| (r.start, r.end));
        let mut joined: Vec<Range<usize>> = Vec::new();
        for range in found {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }
}

/// Every place where the phrase stands.
fn words_in(words: &WordTest, text: &str, found: &mut Vec<Range<usize>>) {
    if words.is_empty() {
        return;
    }
    let tokens: Vec<Range<usize>> = token_ranges(text).collect();
    for run in tokens.windows(words.len()) {
        let here = |(i, range): (usize, &Range<usize>)| {
            words.token_matches(i, &fold(&text[range.clone()]))
        };
        if run.iter().enumerate().all(here)
            && let (Some(first), Some(last)) = (run.first(), run.last())
        {
            found.push(first.start..last.end);
            if found.len() >= MAX_RANGES {
                return;
            }
        }
    }
}

/// The tokens of a text by their place in it.
fn token_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let rest = &text[start..];
        let length = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        at = start + length;
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(query: &str, field: Field, text: &str) -> String {
        let highlighter = Highlighter::new(&Query::parse(query).unwrap());
        let mut out = String::new();
        let mut at = 0;
        for range in highlighter.ranges(field, text) {
            out += &text[at..range.start];
            out += "[";
            out += &text[range.clone()];
            out += "]";
            at = range.end;
        }
        out + &text[at..]
    }

    #[test]
    fn what_a_query_looks_for_is_found_where_it_stands() {
        for (query, field, text, want) in [
            ("alice", Field::Actor, "Alice@corp", "[Alice]@corp"),
            ("alice", Field::Actor, "alices", "alices"),
            ("ali*", Field::Target, "x/alices/ali", "x/[alices]/[ali]"),
            ("\"a b\"", Field::Message, "b A  b a", "b [A  b] a"),
            (
                "alice@corp",
                Field::Target,
                "role/alice@corp",
                "role/[alice@corp]",
            ),
            ("-alice", Field::Actor, "alice", "alice"),
            ("NOT (alice OR bob)", Field::Actor, "bob", "bob"),
            ("actor:ali*", Field::Actor, "Alice", "[Alice]"),
            ("actor:ali*", Field::Target, "alice", "alice"),
            ("actor:(bob alice)", Field::Actor, "alice", "[alice]"),
            (
                "target:/sec.et/",
                Field::Target,
                "my Secrets",
                "my [Secret]s",
            ),
            ("ip:10.0.0.0/8", Field::Ip, "10.1.2.3", "[10.1.2.3]"),
            ("message:oops", Field::Message, "an Oops!", "an [Oops]!"),
            (
                "outcome:failure since:2h",
                Field::Outcome,
                "fail 403",
                "fail 403",
            ),
            ("a OR b", Field::Action, "a-b c", "[a]-[b] c"),
            ("straße", Field::Target, "DIE STRAßE", "DIE [STRAßE]"),
        ] {
            assert_eq!(marked(query, field, text), want, "{query} on {text}");
        }
        assert!(Highlighter::new(&Query::parse("outcome:failure -x").unwrap()).is_empty());
    }

    proptest! {
        #[test]
        fn ranges_lie_in_the_text_in_order(text in "\\PC{0,40}", word in "[a-zé]{1,3}", star: bool) {
            let query = format!("{word}{}", if star { "*" } else { "" });
            let query = Query::parse(&format!("{query} OR target:/{word}/")).unwrap();
            let mut at = 0;
            for range in Highlighter::new(&query).ranges(Field::Target, &text) {
                prop_assert!(range.start >= at && range.end > range.start);
                prop_assert!(text.get(range.clone()).is_some());
                at = range.end;
            }
        }
    }
}
