//! Tests of one value, ready to be applied: the part of a query's meaning that engines share with the matcher.

mod address;
mod compare;
mod words;

use std::borrow::Cow;
use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

pub use words::WordTest;
pub(super) use words::has_token;

use super::QueryError;
use super::ast::{Op, Pattern, Test, Words};
use super::glob::{self, Glob, pieces};
use super::token::fold;
use crate::event::field::{Field, FieldType};
use crate::event::{BreakKind, Severity, Timestamp, Verdict};
use address::Block;
use compare::Bounds;

/// Bytes a compiled regular expression may take.
const REGEX_SIZE: usize = 1 << 20;

/// A test of one value. Every comparison is a pure function of the value's folded text, except that times, addresses,
/// severities and numbers may also be given as such.
#[derive(Clone, Debug)]
pub struct ValueTest {
    check: Check,
    kind: FieldType,
}

#[derive(Clone, Debug)]
enum Check {
    Exists,
    Literal(String),
    Glob(Glob),
    /// An address block; `text` is the block as typed, which a value may equal.
    Block {
        block: Block,
        text: String,
    },
    Address {
        address: IpAddr,
        text: String,
    },
    Words(Box<WordTest>),
    Regex(Regex),
    Bounds(Bounds),
    Any(Vec<Check>),
}

/// A value, in the form it is at hand.
pub(super) enum Sample<'a> {
    /// Folded.
    Text(&'a str),
    Time(Timestamp),
    Address(IpAddr),
    Severity(Severity),
    Number(u64),
}

impl Sample<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Time(time) => Cow::Owned(time.rfc3339().to_ascii_lowercase()),
            Self::Address(address) => Cow::Owned(address_text(*address)),
            Self::Severity(severity) => Cow::Borrowed(severity.as_str()),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }

    fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Text(text) => address::of_value(text),
            Self::Address(address) => Some(address.to_canonical()),
            _ => None,
        }
    }
}

/// The one spelling of an address: IPv4-mapped ones as IPv4, lower case. Exact address tests compare with this.
pub fn address_text(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

impl ValueTest {
    /// A test of values of one type; `FieldType::Text` for attributes. Times in it must be settled (see
    /// [`super::Query::bind`]). The error has no column of its own.
    pub fn new(test: &Test, kind: FieldType) -> Result<Self, QueryError> {
        let check = build(test, kind, false).map_err(QueryError::of_tree)?;
        Ok(Self { check, kind })
    }

    /// A test of one normalised field: as [`Self::new`], but `message` compares words.
    pub fn for_field(test: &Test, field: Field) -> Result<Self, QueryError> {
        let kind = field.spec().kind;
        let check = build(test, kind, field == Field::Message).map_err(QueryError::of_tree)?;
        Ok(Self { check, kind })
    }

    /// Whether a value passes, judged by its folded text (see [`fold`]).
    pub fn matches(&self, folded: &str) -> bool {
        if self.kind == FieldType::Address
            && let Some(address) = address::of_value(folded)
        {
            return self.check.matches(&Sample::Address(address));
        }
        self.check.matches(&Sample::Text(folded))
    }

    /// Whether a time passes.
    pub fn matches_time(&self, time: Timestamp) -> bool {
        self.check.matches(&Sample::Time(time))
    }

    pub(super) fn matches_sample(&self, sample: &Sample<'_>) -> bool {
        self.check.matches(sample)
    }

    /// The folded literals, if the test is nothing but whole-value comparisons with them. Addresses appear as
    /// [`address_text`]. `None` where one value has several spellings (times, severities, numbers).
    pub fn any_exact(&self) -> Option<Vec<&str>> {
        let mut literals = Vec::new();
        self.check.collect_exact(&mut literals).then_some(literals)
    }
}

impl Check {
    fn matches(&self, sample: &Sample<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Literal(literal) => *literal == *sample.text(),
            Self::Glob(glob) => glob.matches(&sample.text()),
            Self::Block { block, text } => sample.address().map_or_else(
                || *text == *sample.text(),
                |address| block.contains(address),
            ),
            Self::Address { address, .. } => sample.address().is_some_and(|a| a == *address),
            Self::Words(words) => words.matches(&sample.text()),
            Self::Regex(regex) => regex.is_match(&sample.text()),
            Self::Bounds(bounds) => bounds.holds(sample),
            Self::Any(checks) => checks.iter().any(|check| check.matches(sample)),
        }
    }

    fn collect_exact<'a>(&'a self, literals: &mut Vec<&'a str>) -> bool {
        match self {
            Self::Literal(text) | Self::Address { text, .. } => {
                literals.push(text);
                true
            }
            Self::Any(checks) => checks.iter().all(|check| check.collect_exact(literals)),
            _ => false,
        }
    }
}

fn build(test: &Test, kind: FieldType, words: bool) -> Result<Check, String> {
    Ok(match test {
        Test::Exists => Check::Exists,
        Test::Is(pattern) if words => {
            let test = WordTest::new(&Words {
                text: pattern.text.clone(),
                quoted: pattern.quoted,
            });
            if !has_token(&pattern.text) {
                return Err(NO_TOKEN.to_owned());
            }
            Check::Words(Box::new(test))
        }
        Test::Is(pattern) => is(pattern, kind)?,
        Test::Regex(text) => Check::Regex(regex(text)?),
        Test::Compare(op, text) => {
            let end = |inclusive| Some((text.as_str(), inclusive));
            let (lo, hi) = match op {
                Op::Gt => (end(false), None),
                Op::Ge => (end(true), None),
                Op::Lt => (None, end(false)),
                Op::Le => (None, end(true)),
            };
            Check::Bounds(Bounds::read(kind, lo, hi)?)
        }
        Test::Range { lo: None, hi: None } => Check::Exists,
        Test::Range { lo, hi } => Check::Bounds(Bounds::read(kind, typed(lo), typed(hi))?),
        Test::Any(tests) => Check::Any(
            tests
                .iter()
                .map(|test| build(test, kind, words))
                .collect::<Result<_, _>>()?,
        ),
    })
}

fn typed(bound: &Option<(String, bool)>) -> Option<(&str, bool)> {
    bound
        .as_ref()
        .map(|(text, inclusive)| (text.as_str(), *inclusive))
}

/// What is said of a word without any token.
pub(super) const NO_TOKEN: &str = "a word needs a letter or a digit";

/// Equality with a literal or a pattern.
fn is(pattern: &Pattern, kind: FieldType) -> Result<Check, String> {
    let folded = fold(&pattern.text);
    let literal = if pattern.quoted {
        Some(folded.clone().into_owned())
    } else {
        glob::literal(&folded)
    };
    let Some(literal) = literal else {
        return Ok(Check::Glob(Glob::new(&pieces(&folded))));
    };
    if let Some(bounds) = Bounds::equal(kind, &literal) {
        return bounds.map(Check::Bounds);
    }
    // No address is spelled like a block: there quotes change nothing.
    let may_be_block = kind == FieldType::Address || (kind == FieldType::Text && !pattern.quoted);
    if may_be_block && let Some(block) = Block::parse(&literal) {
        return Ok(Check::Block {
            block,
            text: literal,
        });
    }
    match kind {
        FieldType::Address => {
            let address: IpAddr = literal.parse().map_err(|_| {
                "expected an address (10.0.0.1), a block (10.0.0.0/8) or a pattern (10.0.*)"
                    .to_owned()
            })?;
            Ok(Check::Address {
                address: address.to_canonical(),
                text: address_text(address),
            })
        }
        FieldType::Hex128
            if literal.len() != 32 || !literal.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            Err("expected the 32 hex digits of an id, or its beginning and a *".to_owned())
        }
        FieldType::Verdict if !verdict_words().any(|word| word == literal) => Err(format!(
            "no such verdict; expected one of {}",
            verdict_words().collect::<Vec<_>>().join(", ")
        )),
        _ => Ok(Check::Literal(literal)),
    }
}

/// Every word `chain:` can match.
fn verdict_words() -> impl Iterator<Item = &'static str> {
    let states = [
        Verdict::Verified,
        Verdict::LinksOnly,
        Verdict::Unchained,
        Verdict::Unverifiable(""),
        Verdict::Pending,
    ];
    std::iter::once("broken")
        .chain(states.into_iter().map(Verdict::as_str))
        .chain(BreakKind::ALL.into_iter().map(BreakKind::as_str))
}

/// An expression, unanchored, bounded, ignoring case.
pub(super) fn regex(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text)
        .case_insensitive(true)
        .size_limit(REGEX_SIZE)
        .nest_limit(64)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "the regular expression is too large; make it simpler".to_owned()
        }
        error => {
            // The last line of a syntax error names it; the lines before draw the expression.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!(
                "the regular expression can't be read: {}",
                last.trim_start_matches("error: ")
            )
        }
    })
}
