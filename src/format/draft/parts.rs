//! The parts that lines are made of: a time, a level, an address, what is in brackets or quotes, `key=value`, the name of
//! a program, a word.

use std::sync::LazyLock;

use regex::Regex;

use super::is_most;
use super::pattern::{BRACKETS, Lines};
use super::times::{self, Written};
use crate::event::{Outcome, Severity};
use crate::format::record::{address, outcome_word};

/// Words further on that are looked at for something that words before it lead up to.
const AHEAD: usize = 3;

/// Fewest lines that are taken for a table, and most words of one.
const ROWS: usize = 3;
const COLUMNS: usize = 16;

/// Most keys that are looked for in what is left of a line.
const KEYS: usize = 12;

/// A part as a piece of a pattern, with the names of its groups.
pub(super) struct Part {
    pub(super) pattern: String,
    pub(super) names: Vec<String>,
}

impl Part {
    pub(super) fn of(pattern: impl Into<String>, names: &[&str]) -> Self {
        Self {
            pattern: pattern.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// Adds the part that the lines go on with; `false` = none, what is left is a text.
pub(super) fn next_part(lines: &mut Lines<'_>) -> bool {
    time(lines)
        || pair(lines)
        || level(lines)
        || ip(lines)
        || request(lines)
        || enclosed(lines)
        || program(lines)
        || word(lines)
}

fn time(lines: &mut Lines<'_>) -> bool {
    if lines.time.is_some() {
        return false;
    }
    for (open, close) in BRACKETS {
        let inside = lines
            .tails
            .iter()
            .filter_map(|tail| tail.strip_prefix(open));
        let Some((layout, count)) = times::most_common(inside.clone()) else {
            continue;
        };
        if !is_most(count, lines.tails.len()) {
            continue;
        }
        let is_ambiguous = times::is_ambiguous(layout, inside);
        let begin = format!(
            "{}(?<{}>{})",
            regex::escape(open),
            super::fields::WHEN,
            layout.pattern
        );
        let whole = format!("{begin}{}", regex::escape(close));
        let names = [super::fields::WHEN];
        // More may stand in the brackets.
        if lines.take(&Part::of(whole, &names), |_| true)
            || lines.take(&Part::of(begin, &names), |_| true)
        {
            lines.time = Some(layout);
            if layout.written == Written::Partly {
                lines.remarks.push("The time is written without its year or date, which a format of one's own cannot add: events stand where they were read.");
            }
            if is_ambiguous {
                lines
                    .remarks
                    .push("Day and month of the time could stand the other way round: see to it.");
            }
            return true;
        }
    }
    false
}

static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[\s,;\[({|])([A-Za-z_@][\w.-]{0,63})=").ok());

/// The keys of `key=value` in a text.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    let found = KEY.iter().flat_map(move |key| key.captures_iter(text));
    found.filter_map(|found| Some(found.get(1)?.as_str()))
}

/// `key=value`, the values as most of them are written.
fn pair_of(lines: &Lines<'_>, key: &str) -> Part {
    let begin = format!("{key}=");
    let values = lines.tails.iter().filter_map(|tail| {
        let (_, value) = tail.split_once(&*begin)?;
        Some(value)
    });
    let values: Vec<&str> = values.collect();
    let quoted = values.iter().filter(|value| value.starts_with('"')).count();
    let is_followed = |value: &&&str| {
        let word = value.split_whitespace().next().unwrap_or_default();
        word.ends_with([',', ';', ')', ']', '}', '|'])
    };
    let followed = values.iter().filter(is_followed).count();
    let name = lines.name(key);
    let value = match (is_most(quoted, values.len()), quoted, followed) {
        (true, ..) => format!("\"(?<{name}>[^\"]*)\""),
        (false, 1.., _) => format!("\"?(?<{name}>[^\\s\"]*)\"?"),
        (false, 0, 1..) => format!(r"(?<{name}>[^\s,;)\]}}|]*)"),
        (false, 0, 0) => format!(r"(?<{name}>\S*)"),
    };
    Part {
        pattern: format!("{}={value}", regex::escape(key)),
        names: vec![name],
    }
}

fn pair(lines: &mut Lines<'_>) -> bool {
    let first = lines.tails.first().and_then(|tail| {
        let key = keys(tail).next()?;
        tail.starts_with(key).then_some(key)
    });
    let Some(key) = first else {
        return false;
    };
    let part = pair_of(lines, key);
    lines.take(&part, |_| true)
}

/// The keys that most of what is left of the lines have, each after the one before; what stands before the first is the
/// message.
pub(super) fn pairs_inside(lines: &mut Lines<'_>) -> bool {
    let all: Vec<Vec<&str>> = lines
        .tails
        .iter()
        .map(|tail| keys(tail).collect())
        .collect();
    let is_common = |key: &&str| is_most(all.iter().filter(|k| k.contains(key)).count(), all.len());
    let Some(most) = all.iter().max_by_key(|keys| keys.len()) else {
        return false;
    };
    let mut common: Vec<&str> = Vec::new();
    for key in most.iter().copied().filter(is_common).take(KEYS) {
        if !common.contains(&key) {
            common.push(key);
        }
    }
    let message = lines.name("message");
    let mut before = format!("(?<{message}>.*?) *");
    let mut found = false;
    for key in common {
        let mut part = pair_of(lines, key);
        part.pattern = format!(r"{before}\b{}", part.pattern);
        if !found {
            part.names.push(message.clone());
        }
        if lines.take(&part, |_| true) {
            found = true;
            before = ".*?".to_owned();
        }
    }
    found
}

fn level(lines: &mut Lines<'_>) -> bool {
    if lines.names.iter().any(|name| name == "level") {
        return false;
    }
    BRACKETS.into_iter().any(|(open, close)| {
        let pattern = match open {
            "" => "(?<level>[A-Za-z]+)".to_owned(),
            _ => format!(
                "{} *(?<level>[A-Za-z]+) *{}",
                regex::escape(open),
                regex::escape(close)
            ),
        };
        lines.take(&Part::of(pattern, &["level"]), |word| {
            Severity::from_name(word).is_some()
        })
    })
}

fn ip(lines: &mut Lines<'_>) -> bool {
    // The whole word: in a list of addresses none is the one.
    let is_one = |tail: &&&str| {
        let word = tail.split_whitespace().next().unwrap_or_default();
        address(word.trim_end_matches([':', ',', ';', ']', ')'])).is_some()
    };
    let count = lines.tails.iter().filter(is_one).count();
    let name = lines.name("ip");
    let pattern = format!("(?<{name}>[0-9A-Fa-f.:]+)");
    is_most(count, lines.tails.len()) && lines.take(&Part::of(pattern, &[&name]), |_| true)
}

/// What web servers write of a request.
fn request(lines: &mut Lines<'_>) -> bool {
    let (method, path) = (lines.name("method"), lines.name("path"));
    let pattern = format!("\"(?<{method}>[A-Z]+) (?<{path}>[^\\s\"]+)[^\"]*\"");
    lines.take(&Part::of(pattern, &[&method, &path]), |_| true)
}

fn enclosed(lines: &mut Lines<'_>) -> bool {
    let quotes = [("\"", "\"")];
    let brackets = BRACKETS.into_iter().skip(1);
    brackets.chain(quotes).any(|(open, close)| {
        let inside = lines.tails.iter().filter_map(|tail| {
            let (inside, _) = tail.strip_prefix(open)?.split_once(close)?;
            Some(inside)
        });
        let inside: Vec<&str> = inside.collect();
        let is_of_the_web = lines.names.iter().any(|name| name == "method");
        let usual = match (open, lines.names.iter().any(|name| name == "referer")) {
            ("\"", false) if is_of_the_web => "referer",
            ("\"", true) => "agent",
            _ => "part",
        };
        let name = lines.name(name_of(&inside).unwrap_or(usual));
        let (open, close) = (regex::escape(open), regex::escape(close));
        let pattern = format!("{open}(?<{name}>[^{close}]*){close}");
        lines.take(&Part::of(pattern, &[&name]), |_| true)
    })
}

/// `sshd[4711]:`, `com.example.Door:`.
fn program(lines: &mut Lines<'_>) -> bool {
    if lines.names.iter().any(|name| name == "logger") {
        return false;
    }
    let pid = lines.name("pid");
    let pattern = format!(r"(?<logger>[\w.$/@-]+)(?:\[(?<{pid}>\d+)\])?:");
    let is_followed = |tail: &&&str| {
        let word = tail.split_whitespace().next().unwrap_or_default();
        word.len() > 1 && word.ends_with(':') && word.len() < tail.len()
    };
    let followed = lines.tails.iter().filter(is_followed).count();
    is_most(followed, lines.tails.len())
        && lines.take(&Part::of(pattern, &["logger", &pid]), |name| {
            name.contains(|c: char| c.is_alphabetic())
        })
}

/// A word, where all lines have as many, where something that is no word follows, or where a bracket ends.
fn word(lines: &mut Lines<'_>) -> bool {
    let words: Vec<Vec<&str>> = lines.tails.iter().map(|tail| words(tail)).collect();
    let firsts = lines.tails.iter();
    let firsts = firsts.filter_map(|tail| tail.split_whitespace().next());
    let firsts: Vec<&str> = firsts.collect();
    let is_ended = |end: char| {
        is_most(
            firsts.iter().filter(|w| w.ends_with(end)).count(),
            firsts.len(),
        )
    };
    let is_one = is_table(&words)
        || (1..=AHEAD).any(|at| is_structured(&words, at))
        || is_ended(']') && !firsts.iter().any(|word| word.contains('['));
    if !is_one {
        return false;
    }
    if let Some(first) = firsts.first()
        && *first != "-"
        && firsts.iter().all(|word| word == first)
        && !first.contains(char::is_alphanumeric)
    {
        return lines.take(&Part::of(regex::escape(first), &[]), |_| true);
    }
    let ends = [']', ')', ':', ',', ';', '|'];
    let end = ends.into_iter().find(|end| is_ended(*end));
    let bare = firsts.iter().map(|word| word.trim_end_matches(ends));
    let bare: Vec<&str> = bare.collect();
    // Web servers write who it was between the address and the time.
    let is_before_time = lines.names == ["ip"] && is_structured(&words, 1);
    let usual = if is_before_time { "user" } else { "word" };
    let name = lines.name(name_of(&bare).unwrap_or(usual));
    let group = match end {
        Some(end) => format!(r"(?<{name}>[^\s{}]+)", regex::escape(&end.to_string())),
        None => format!(r"(?<{name}>\S+)"),
    };
    let pattern = match bare.contains(&"-") {
        true => format!("(?:-|{group})"),
        false => group,
    };
    lines.take(&Part::of(pattern, &[&name]), |_| true)
}

/// Whether the lines are rows of as many words.
fn is_table(words: &[Vec<&str>]) -> bool {
    let Some(count) = words.first().map(Vec::len) else {
        return false;
    };
    let same = words.iter().filter(|words| words.len() == count).count();
    words.len() >= ROWS && (1..=COLUMNS).contains(&count) && is_most(same, words.len())
}

/// Whether in most lines the word at this place, counted from 0, is something in brackets or quotes, a bar, a pair, a level, a
/// name with a colon or a time.
fn is_structured(words: &[Vec<&str>], at: usize) -> bool {
    let is_one = |word: &&&str| {
        word.starts_with(['[', '|', '"'])
            || keys(word).next().is_some_and(|key| word.starts_with(key))
            || Severity::from_name(word).is_some()
            || word.len() > 1 && word.ends_with(':')
            || times::most_common([**word].into_iter()).is_some()
    };
    let found = words
        .iter()
        .filter_map(|words| words.get(at))
        .filter(is_one);
    is_most(found.count(), words.len())
}

/// The words of a text; what is in brackets or quotes is one.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && words.len() <= COLUMNS {
        let close = match rest.as_bytes()[0] {
            b'[' => Some(']'),
            b'(' => Some(')'),
            b'"' => Some('"'),
            _ => None,
        };
        let closed = close.and_then(|close| Some(1 + rest[1..].find(close)?));
        let from = closed.unwrap_or(0);
        let end = rest[from..].find(char::is_whitespace);
        let end = end.map_or(rest.len(), |end| from + end);
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

/// How a value of some kind looks.
type Look = fn(&str) -> bool;

/// Names for values that look so, what says most first.
const LOOKS: [(&str, Look); 9] = [
    ("level", |v| Severity::from_name(v).is_some()),
    ("ip", |v| address(v).is_some()),
    ("user", |v| {
        v.contains('@') && v.contains('.') && !v.contains([' ', '/'])
    }),
    ("outcome", |v| outcome_word(v) != Outcome::Unknown),
    ("status", |v| {
        v.len() == 3 && is_number(v) && ("100".."600").contains(&v)
    }),
    ("number", is_number),
    ("request", |v| {
        let is_hex = v.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        is_hex && v.len() >= 16 && v.bytes().any(|b| b.is_ascii_digit())
    }),
    ("action", |v| {
        v.len() > 1 && v.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    }),
    ("path", |v| v.starts_with('/')),
];

fn is_number(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_digit())
}

/// What values are by how they look.
fn name_of(values: &[&str]) -> Option<&'static str> {
    let told = values.iter().filter(|v| **v != "-" && !v.is_empty());
    let told: Vec<&str> = told.copied().collect();
    let is_it = |look: &Look| is_most(told.iter().filter(|value| look(value)).count(), told.len());
    let found = LOOKS.iter().find(|(_, look)| is_it(look));
    found.map(|(name, _)| *name)
}
