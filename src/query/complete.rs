//! What could be written at the cursor: fields, values, keywords and times. Pure: a text, a cursor and what is known
//! come in, suggestions go out. Reads unfinished text, which the parser refuses.

use std::ops::Range;

use super::ast::{Ast, FieldRef};
use super::glob;
use super::lexer::{Keyword, Lexer};
use super::{Query, quote};
use crate::event::field::{CATALOGUE, Field, FieldType};
use crate::event::{BreakKind, Outcome, Severity};

/// Most suggestions worth a look.
const MOST: usize = 100;
/// Longest value worth inserting into a line.
const MAX_VALUE: usize = 1_000;

const TIMES: [(&str, &str); 10] = [
    ("15m", "15 minutes ago"),
    ("1h", "one hour ago"),
    ("24h", "one day ago, to the minute"),
    ("7d", "one week ago"),
    ("today", "midnight"),
    ("yesterday", "the midnight before"),
    ("yesterday 14:00", "a day and a time of day"),
    ("monday", "the latest Monday"),
    ("14:00", "today at that time"),
    ("2026-03-01T10:00Z", "a date and a time"),
];

/// Where the cursor stands in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub kind: Kind,
    /// Bytes from the start of what is being written to the cursor.
    pub span: Range<usize>,
    /// What is written there so far, quotes and escapes taken off.
    pub typed: String,
    /// Inside a quote that is not closed before the cursor.
    pub quoted: bool,
    /// Inside the parentheses of `field:( … )`.
    pub listed: bool,
    /// Where the term begins, its sign and name included.
    term: usize,
}

/// What is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The start of a term: a field's name, a keyword, or a word.
    Term,
    /// A value of this field.
    Value(FieldRef),
    /// A time, after `since:` or `until:`.
    Time,
}

/// One thing that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub label: String,
    pub note: Note,
    /// Bytes of the text that it takes the place of.
    span: Range<usize>,
    insert: String,
    /// Nothing of this term is left to write.
    ends: bool,
}

/// What is said beside a suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Events that have this value.
    Count(u64),
    Meaning(String),
}

impl Suggestion {
    /// The text with the suggestion in it, and the cursor behind it.
    pub fn apply(&self, text: &str) -> (String, usize) {
        let (before, after) = (&text[..self.span.start], &text[self.span.end..]);
        // Ready for the next term, unless something follows already.
        let gap = if self.ends && after.is_empty() {
            " "
        } else {
            ""
        };
        let head = format!("{before}{}{gap}", self.insert);
        (format!("{head}{after}"), head.len())
    }
}

/// A value as it is written behind `field:`, quoted only where it has to be.
pub fn literal(value: &str) -> String {
    let special = |c: char| matches!(c, '(' | ')' | '"' | '\\' | '*' | '{' | '}');
    let starts_special = value.starts_with(['/', '<', '>', '[', '-']);
    // `10.0.0.0/8` without quotes is a network.
    let network = value.contains('/')
        && value
            .chars()
            .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '/'));
    let quoted = value.is_empty()
        || starts_special
        || network
        || Keyword::from_word(value).is_some()
        || value
            .chars()
            .any(|c| special(c) || c.is_whitespace() || c.is_control());
    if quoted {
        quote(value)
    } else {
        value.to_owned()
    }
}

/// Where the cursor (a byte index) stands; `None` where nothing can be completed, as in a range.
pub fn place(text: &str, cursor: usize) -> Option<Place> {
    let before = text.get(..cursor)?;
    let starts: Vec<usize> = before.char_indices().map(|(i, _)| i).collect();
    let at = |pos: usize| starts.get(pos).copied().unwrap_or(cursor);
    let mut lexer = Lexer::new(before);
    // Parentheses that are open: a group, or the values of a field and where its term began.
    let mut open: Vec<Option<(Kind, usize)>> = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.pos();
        if lexer.eat('(') {
            open.push(None);
            continue;
        }
        if lexer.eat(')') {
            open.pop();
            continue;
        }
        let (kind, term, listed) = match open.last() {
            Some(Some((kind, term))) => (kind.clone(), *term, true),
            _ => {
                while lexer.eat('-') {}
                let kind = match lexer.name() {
                    Some(name) if name.missing => return None,
                    Some(name) => kind_of(&name.text, name.dotted),
                    None => Kind::Term,
                };
                if kind != Kind::Term && lexer.eat('(') {
                    open.push(Some((kind, start)));
                    continue;
                }
                (kind, start, false)
            }
        };
        let from = lexer.pos();
        let read = read(&mut lexer);
        if lexer.peek().is_none() {
            let (typed, quoted) = match read {
                Read::Whole => return None,
                Read::Word(text) => (glob::literal(&text)?, false),
                Read::Open => (unescaped(&before[at(from) + 1..]), true),
            };
            return Some(Place {
                kind,
                span: at(from)..cursor,
                typed,
                quoted,
                listed,
                term: at(term),
            });
        }
        if lexer.pos() == start {
            return None;
        }
    }
}

fn kind_of(name: &str, dotted: bool) -> Kind {
    let is = |word: &str| !dotted && name.eq_ignore_ascii_case(word);
    if is("since") || is("until") {
        return Kind::Time;
    }
    Kind::Value(match Field::find(name) {
        Some(field) if !dotted => FieldRef::Normal(field),
        _ => FieldRef::Attribute(name.to_owned()),
    })
}

/// What stands at one place.
enum Read {
    /// Something that ends by itself, or that is no text.
    Whole,
    Word(String),
    /// A quote that does not end here.
    Open,
}

fn read(lexer: &mut Lexer) -> Read {
    match lexer.peek() {
        Some('"') => match lexer.quoted() {
            Ok(_) => Read::Whole,
            Err(_) => Read::Open,
        },
        Some('[') => {
            while lexer.peek().is_some_and(|c| !matches!(c, ']' | '}')) {
                lexer.word(&[']', '}']);
                lexer.skip_blank();
                if lexer.peek().is_some_and(|c| matches!(c, '(' | ')' | '"')) {
                    break;
                }
            }
            let _ = lexer.eat(']') || lexer.eat('}');
            Read::Whole
        }
        Some('<' | '>') => {
            lexer.word(&[]);
            Read::Whole
        }
        Some('/') if lexer.regex().is_some() => Read::Whole,
        _ => Read::Word(lexer.word(&[])),
    }
}

fn unescaped(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && matches!(next, '"' | '\\'));
        out.push(escaped.unwrap_or(c));
    }
    out
}

impl Place {
    /// What is asked for besides the term that is being written; everything, if the rest can't stand alone.
    pub fn rest(&self, text: &str) -> Query {
        let after = text.get(self.span.end..).unwrap_or_default();
        let after = match after.find(')') {
            Some(end) if self.listed => &after[end + 1..],
            None if self.listed => "",
            _ => after,
        };
        let before = text.get(..self.term).unwrap_or_default();
        Query::parse(&format!("{before} {after}")).unwrap_or_default()
    }
}

/// What could be written at the cursor, the likeliest first. `paths` are the attributes seen; `values` are values of
/// the field at the cursor, in the order in which they are to be shown.
pub fn suggest<'a>(
    text: &str,
    cursor: usize,
    paths: impl Iterator<Item = &'a str>,
    values: &[(String, u64)],
) -> Vec<Suggestion> {
    // In the middle of a word there is nothing to complete.
    let at_gap = text
        .get(cursor..)
        .and_then(|after| after.chars().next())
        .is_none_or(|c| c.is_whitespace() || c == ')');
    let Some(place) = place(text, cursor).filter(|_| at_gap) else {
        return Vec::new();
    };
    let mut found = match &place.kind {
        Kind::Term if place.quoted => Vec::new(),
        Kind::Term => terms(text, &place, paths),
        Kind::Value(field) => of_field(&place, field, values),
        Kind::Time => times(&place),
    };
    found.truncate(MOST);
    // Nothing is left to write if the one suggestion is what stands there.
    if let [only] = &found[..]
        && only.ends
        && only.insert == text[place.span.clone()]
    {
        found.clear();
    }
    found
}

fn terms<'a>(text: &str, place: &Place, paths: impl Iterator<Item = &'a str>) -> Vec<Suggestion> {
    let dotted = place.typed.starts_with('.');
    let typed = place.typed.trim_start_matches('.').to_lowercase();
    let mut found: Vec<(u8, Suggestion)> = Vec::new();
    let mut offer = |rank: Option<u8>, label: &str, insert: String, meaning: String| {
        let ends = !insert.ends_with(':');
        let span = place.span.clone();
        let note = Note::Meaning(meaning);
        let label = label.to_owned();
        if let Some(rank) = rank {
            found.push((
                rank,
                Suggestion {
                    label,
                    note,
                    span,
                    insert,
                    ends,
                },
            ));
        }
    };
    if !dotted {
        let follows = Query::parse(&text[..place.term]).is_ok_and(|q| q.ast != Ast::All);
        for (keyword, meaning) in [
            (Keyword::And, "both"),
            (Keyword::Or, "either"),
            (Keyword::Not, "leave out"),
        ] {
            let word = keyword.as_str();
            // In capitals only: in small letters they are words to search for.
            let fits = word.starts_with(&place.typed) && word != place.typed;
            let here = fits && (follows || keyword == Keyword::Not);
            let rank = if typed.is_empty() { 1 } else { 0 };
            offer(here.then_some(rank), word, word.to_owned(), meaning.into());
        }
        for spec in &CATALOGUE {
            let meaning = spec.meaning.to_owned();
            let rank = fit(spec.name, &typed, 0);
            offer(rank, spec.name, format!("{}:", spec.name), meaning);
            for alias in spec.aliases.iter().filter(|_| !typed.is_empty()) {
                let meaning = format!("{}: {}", spec.name, spec.meaning);
                offer(fit(alias, &typed, 1), alias, format!("{alias}:"), meaning);
            }
        }
        for (name, meaning) in [("since", "from a time on"), ("until", "before a time")] {
            offer(
                fit(name, &typed, 0),
                name,
                format!("{name}:"),
                meaning.into(),
            );
        }
    }
    for path in paths.filter(|p| !p.is_empty() && !p.contains(char::is_control)) {
        let insert = format!("{}:", FieldRef::Attribute(path.to_owned()));
        // With a leading dot where a normalised field has the name.
        let label = insert.trim_end_matches(':').to_owned();
        offer(fit(path, &typed, 2), &label, insert, "attribute".into());
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, s)| s).collect()
}

/// How well a name fits what was typed: its start, the start of a key in it, or anywhere.
fn fit(name: &str, typed: &str, rank: u8) -> Option<u8> {
    let name = name.to_lowercase();
    let key_starts = || {
        name.split(['.', '_', '-'])
            .any(|key| key.starts_with(typed))
    };
    if name.starts_with(typed) {
        Some(rank)
    } else if key_starts() {
        Some(rank + 3)
    } else {
        // One letter stands in nearly every name.
        (typed.len() > 1 && name.contains(typed)).then_some(rank + 6)
    }
}

fn of_field(place: &Place, field: &FieldRef, values: &[(String, u64)]) -> Vec<Suggestion> {
    let typed = place.typed.to_lowercase();
    let suggestion = |label: &str, note: Note| Suggestion {
        label: if label.is_empty() { "\"\"" } else { label }.to_owned(),
        note,
        span: place.span.clone(),
        insert: literal(label),
        ends: true,
    };
    let fits = |value: &str| value.to_lowercase().contains(&typed);
    let usable = |value: &str| value.len() <= MAX_VALUE && !value.contains(char::is_control);
    let mut found: Vec<Suggestion> = values
        .iter()
        .filter(|(value, _)| usable(value) && fits(value))
        .map(|(value, n)| suggestion(value, Note::Count(*n)))
        .collect();
    found.sort_by_key(|s| !s.label.to_lowercase().starts_with(&typed));
    for (word, meaning) in vocabulary(field) {
        if fits(word) && found.iter().all(|s| s.label != word) {
            found.push(suggestion(word, Note::Meaning(meaning.into())));
        }
    }
    if place.typed.is_empty() && !place.quoted && !place.listed {
        found.push(Suggestion {
            insert: "*".into(),
            ..suggestion("*", Note::Meaning("any value".into()))
        });
    }
    found
}

/// Values that a field can have whether seen or not.
fn vocabulary(field: &FieldRef) -> Vec<(&'static str, &'static str)> {
    let FieldRef::Normal(field) = field else {
        return Vec::new();
    };
    match field.spec().kind {
        FieldType::Verdict => {
            let words = [
                ("broken", "any break"),
                ("verified", ""),
                ("links-only", ""),
                ("unchained", ""),
                ("unverifiable", ""),
                ("pending", ""),
            ];
            let kinds = BreakKind::ALL.map(|kind| (kind.as_str(), "a kind of break"));
            words.into_iter().chain(kinds).collect()
        }
        FieldType::Severity => Severity::ALL.map(|s| (s.as_str(), "")).to_vec(),
        _ if *field == Field::Outcome => {
            let all = [Outcome::Success, Outcome::Failure, Outcome::Unknown];
            all.map(|outcome| (outcome.as_str(), "")).to_vec()
        }
        _ => Vec::new(),
    }
}

fn times(place: &Place) -> Vec<Suggestion> {
    let typed = place.typed.to_lowercase();
    let fits = TIMES.iter().filter(|(time, _)| time.starts_with(&typed));
    fits.map(|(time, meaning)| Suggestion {
        label: (*time).to_owned(),
        note: Note::Meaning((*meaning).to_owned()),
        span: place.span.clone(),
        insert: literal(time),
        ends: true,
    })
    .collect()
}
