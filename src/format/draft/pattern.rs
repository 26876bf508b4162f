//! A pattern from lines: what they have in common from left to right, one part after the other, and the rest as the
//! message.
//!
//! ```text
//! 2026/03/01 09:00:00 [INFO] door[4711]: ana opened gate=4 how=GRANTED
//! └─ when ──────────┘ └level┘└logger pid┘└─ message ┘└gate┘└─ how ───┘
//! ```

use regex::Regex;

use super::is_most;
use super::parts::{Part, next_part};
use super::times::{self, SeenTime, Written};

/// Most parts of a line.
const PARTS: usize = 24;

/// Most first words that can be listed instead of a layout.
const FIRST_WORDS: usize = 8;

/// A time stands alone or in one of these.
pub(super) const BRACKETS: [(&str, &str); 4] = [("", ""), ("[", "]"), ("(", ")"), ("<", ">")];

/// What was derived.
pub(super) struct Derived {
    pub(super) pattern: String,
    /// How the first line of a record begins, if some have several.
    pub(super) begins: Option<String>,
    pub(super) time: Option<&'static str>,
    pub(super) remarks: Vec<&'static str>,
}

/// What is common to the lines so far, and what is left of each.
pub(super) struct Lines<'a> {
    pub(super) tails: Vec<&'a str>,
    pub(super) names: Vec<String>,
    pub(super) time: Option<&'static SeenTime>,
    pub(super) remarks: Vec<&'static str>,
    pattern: String,
}

pub(super) fn derive(lines: &[String]) -> Derived {
    let (firsts, begins) = first_lines(lines);
    let mut found = Lines {
        tails: firsts,
        names: Vec::new(),
        time: None,
        remarks: Vec::new(),
        pattern: String::new(),
    };
    for _ in 0..PARTS {
        if found.are_at_end() || !next_part(&mut found) || !found.skip_separator() {
            break;
        }
    }
    found.finish(begins.is_some());
    let time = found.time.and_then(|layout| match layout.written {
        Written::By(time) => Some(time),
        Written::Usual | Written::Partly => None,
    });
    Derived {
        pattern: format!("^{}", found.pattern),
        begins,
        time,
        remarks: found.remarks,
    }
}

/// The lines that begin a record, and how such begin if there are others.
fn first_lines(lines: &[String]) -> (Vec<&str>, Option<String>) {
    let all = || lines.iter().map(String::as_str);
    let is_indented = |line: &&str| line.starts_with(char::is_whitespace);
    let counted = BRACKETS.iter().filter_map(|(open, _)| {
        let inside = all().filter_map(|line| line.strip_prefix(open));
        let (layout, count) = times::most_common(inside)?;
        Some((count, format!("^{}{}", regex::escape(open), layout.pattern)))
    });
    let timed = counted.max_by_key(|(count, _)| *count);
    let timed = timed.filter(|(count, _)| *count >= 2 || all().skip(1).all(|l| is_indented(&l)));
    let begins = match timed {
        Some((_, begins)) => begins,
        None if all().any(|line| is_indented(&line)) => r"^\S".to_owned(),
        None => return (all().collect(), None),
    };
    let Ok(regex) = Regex::new(&begins) else {
        return (all().collect(), None);
    };
    let firsts: Vec<&str> = all().filter(|line| regex.is_match(line)).collect();
    // A first line that is none means that the begin was misunderstood, or that it is of another kind.
    let is_one = all().next().is_some_and(|line| regex.is_match(line));
    let are_most = firsts.len() * 4 >= lines.len() * 3;
    match (is_one, are_most) {
        _ if firsts.len() == lines.len() => (firsts, None),
        (true, _) => (firsts, Some(begins)),
        (false, true) => (firsts, None),
        (false, false) => (all().collect(), None),
    }
}

impl<'a> Lines<'a> {
    /// Adds a part if most of the lines go on with it and what it captures passes the test; the others are looked at
    /// no longer.
    pub(super) fn take(&mut self, part: &Part, test: impl Fn(&str) -> bool) -> bool {
        let Ok(regex) = Regex::new(&format!("^(?:{})", part.pattern)) else {
            return false;
        };
        let rest = |tail: &&'a str| -> Option<&'a str> {
            let found = regex.captures(tail)?;
            let captured = found.get(1).map_or("", |group| group.as_str());
            test(captured).then(|| &tail[found.get(0).map_or(0, |all| all.end())..])
        };
        let tails: Vec<&str> = self.tails.iter().filter_map(rest).collect();
        if !is_most(tails.len(), self.tails.len()) {
            return false;
        }
        self.tails = tails;
        self.pattern.push_str(&part.pattern);
        self.names.extend(part.names.iter().cloned());
        true
    }

    /// A name for a group that no other has.
    pub(super) fn name(&self, wish: &str) -> String {
        /// What is kept of a longer one.
        const LONGEST: usize = 40;
        let letters = wish.chars().take(LONGEST);
        let letters = letters.map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        let mut name: String = letters.collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            name.insert(0, '_');
        }
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(|n| !self.names.contains(n)).unwrap_or(name)
    }

    fn are_at_end(&self) -> bool {
        let empty = self.tails.iter().filter(|tail| tail.trim().is_empty());
        is_most(empty.count(), self.tails.len())
    }

    /// Blanks, a sign of punctuation between them, a bracket that was open: what most of the lines have. `false` = the
    /// part goes on otherwise in each line.
    fn skip_separator(&mut self) -> bool {
        let bracketed = self.tails.iter().filter(|tail| tail.starts_with('['));
        if self.are_at_end() || is_most(bracketed.count(), self.tails.len()) {
            return true;
        }
        let blank = if self.tails.iter().any(|tail| tail.starts_with('\t')) {
            r"\s+"
        } else {
            " +"
        };
        let closed = ["", r"\]", r"\)", ">"].into_iter();
        let signs = ["", ":", r"\|", ",", ";", "-", "--", "->", "=>"].into_iter();
        let separators = closed.flat_map(|closed| {
            signs.clone().flat_map(move |sign| {
                let between = match sign {
                    "" => "",
                    ":" | "," | ";" => " *",
                    _ => " +",
                };
                [
                    format!("{closed}{between}{sign}{blank}"),
                    // Those that need no blank.
                    match sign {
                        "," | ";" | r"\|" => format!("{closed}{sign}"),
                        _ => String::new(),
                    },
                ]
            })
        });
        let mut best = (0, String::new());
        for separator in separators.filter(|separator| !separator.is_empty()) {
            let Ok(regex) = Regex::new(&format!("^{separator}(?:[^ :|,;>=-]|-?\\S)")) else {
                continue;
            };
            let count = self
                .tails
                .iter()
                .filter(|tail| regex.is_match(tail))
                .count();
            // A sign says more than a blank.
            if count >= best.0 && is_most(count, self.tails.len()) {
                best = (count, separator);
            }
        }
        best.0 > 0 && self.take(&Part::of(best.1, &[]), |_| true)
    }

    /// What is left of the lines.
    fn finish(&mut self, may_go_on: bool) {
        let all = if may_go_on { "(?s:.*)" } else { ".*" };
        // Signs alone, which are in no group, are no layout.
        if self.pattern.is_empty() || self.names.is_empty() && self.are_at_end() {
            self.pattern = format!("{}(?<message>{all})", self.first_words());
            return;
        }
        if self.are_at_end() {
            if !may_go_on {
                self.pattern.push_str(" *$");
            }
            return;
        }
        let pairs = super::parts::pairs_inside(self);
        let rest = self.name(if pairs { "rest" } else { "message" });
        self.pattern.push_str(&format!("(?<{rest}>{all})"));
    }

    /// Without a layout: with which words the lines begin, so that not every line of every log is taken.
    fn first_words(&mut self) -> String {
        const LONGEST: usize = 64;
        let mut words: Vec<&str> = Vec::new();
        for word in self
            .tails
            .iter()
            .filter_map(|tail| tail.split_whitespace().next())
        {
            if !words.contains(&word) && words.len() <= FIRST_WORDS {
                words.push(word);
            }
        }
        let is_word = |word: &&str| {
            word.len() <= LONGEST && !word.contains(|c: char| c.is_ascii_digit() || c == '=')
        };
        if words.is_empty() || words.len() > FIRST_WORDS || !words.iter().all(is_word) {
            self.remarks.push(
                "The lines have no layout in common: write how yours begin in place of BEGIN, and what they are made of.",
            );
            return "BEGIN ".to_owned();
        }
        self.remarks.push(
            "The lines have no layout in common but their first words: write what they are made of.",
        );
        let words: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
        format!("(?<first>{}) *", words.join("|"))
    }
}
