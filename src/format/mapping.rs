//! From the paths of a record to the normalised fields, as data: the formats that come with the program and those of
//! the configuration are tables of this kind, and the tables are what `auditty formats show` prints.
//!
//! A field has a list of sources, best first; the first that is there wins. A source is
//!
//! * a path: `actor.email`;
//! * a template: `{resource}[/{namespace}][/{name}]`, there if every path outside brackets is; what is in brackets is
//!   left out where a path in it is absent;
//! * a constant: `=sign-in`.
//!
//! Case does not matter in a path: data lakes write every key in lower case.

use std::collections::HashMap;

use super::record::{add_address, outcome_of, severity_of, time_of};
use crate::event::field::Field;
use crate::event::{Attributes, Event, Kind, Outcome, Severity, Value};

/// The sources of one field, best first.
pub(super) type FieldTable<'a> = (&'a str, &'a [&'a str]);

/// What a value means: the word without regard to case, `*` for any other, `""` for none at all.
pub(super) type Words<T> = Vec<(String, T)>;

/// Tables made ready for reading.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    /// Where each path that is asked for is kept while a record is read.
    slots: HashMap<String, usize>,
    rules: Vec<Rule>,
    outcomes: Words<Outcome>,
    severities: Words<Severity>,
}

#[derive(Debug)]
struct Rule {
    field: Field,
    sources: Vec<Source>,
    /// As written, for people.
    text: String,
}

#[derive(Debug)]
enum Source {
    Path(usize),
    Template(Vec<Piece>),
    Constant(String),
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Path(usize),
    Optional(Vec<Piece>),
}

impl Mapping {
    /// Reads the tables; what is wrong with one is said with the field and the source it stands in.
    pub(super) fn new<'a>(
        fields: impl IntoIterator<Item = FieldTable<'a>>,
        outcomes: Words<Outcome>,
        severities: Words<Severity>,
    ) -> Result<Self, String> {
        let mut mapping = Self {
            outcomes,
            severities,
            ..Self::default()
        };
        for (name, sources) in fields {
            let field = Field::find(name)
                .filter(|f| FILLED.contains(f))
                .ok_or_else(|| format!("there is no field {name:?} to fill"))?;
            let read = |source: &&str| {
                mapping
                    .source(source)
                    .map_err(|error| format!("{name}: {source:?}: {error}"))
            };
            let rule = Rule {
                field,
                sources: sources.iter().map(read).collect::<Result<_, _>>()?,
                text: sources.join(", else "),
            };
            mapping.rules.push(rule);
        }
        Ok(mapping)
    }

    /// The paths that it reads, in lower case.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.slots.keys().map(String::as_str)
    }

    fn slot(&mut self, path: &str) -> usize {
        let next = self.slots.len();
        let path = path.to_ascii_lowercase();
        *self.slots.entry(path).or_insert(next)
    }

    fn source(&mut self, text: &str) -> Result<Source, String> {
        if let Some(constant) = text.strip_prefix('=') {
            return Ok(Source::Constant(constant.to_owned()));
        }
        if !text.contains('{') {
            return match text {
                "" => Err("a path is missing".into()),
                path => Ok(Source::Path(self.slot(path))),
            };
        }
        let mut rest = text;
        let pieces = self.pieces(&mut rest, false)?;
        Ok(Source::Template(pieces))
    }

    fn pieces(&mut self, rest: &mut &str, inside: bool) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        while let Some(first) = rest.chars().next() {
            match first {
                '{' => {
                    let (path, after) = rest[1..].split_once('}').ok_or("a { is not closed")?;
                    pieces.push(Piece::Path(self.slot(path)));
                    *rest = after;
                }
                '[' if inside => return Err("brackets do not nest".into()),
                '[' => {
                    *rest = &rest[1..];
                    pieces.push(Piece::Optional(self.pieces(rest, true)?));
                    *rest = rest.strip_prefix(']').ok_or("a [ is not closed")?;
                }
                ']' if inside => return Ok(pieces),
                ']' => return Err("a ] was not opened".into()),
                _ => {
                    let end = rest.find(['{', '[', ']']).unwrap_or(rest.len());
                    pieces.push(Piece::Text(rest[..end].to_owned()));
                    *rest = &rest[end..];
                }
            }
        }
        Ok(pieces)
    }

    /// Fills the normalised fields of an event from its leaves.
    pub(super) fn fill(&self, event: &mut Event, leaves: &Attributes) {
        let found = self.found(leaves);
        for rule in &self.rules {
            match rule.field {
                Field::Ip => self.fill_addresses(rule, event, leaves, &found),
                Field::Outcome => event.outcome = self.outcome(rule, &found),
                Field::Severity => event.severity = self.severity(rule, &found),
                Field::Ts => event.ts = values(rule, &found).find_map(|(_, text)| time_of(&text)),
                field => {
                    let text = values(rule, &found).next().map(|(_, text)| text);
                    if let Some(place) = text_field(event, field) {
                        *place = text;
                    }
                }
            }
        }
    }

    /// The text that a field comes from.
    pub(super) fn first(&self, field: Field, leaves: &Attributes) -> Option<String> {
        let found = self.found(leaves);
        let rule = self.rules.iter().find(|rule| rule.field == field)?;
        values(rule, &found).next().map(|(_, text)| text)
    }

    /// The first value of every path that is asked for.
    fn found<'a>(&self, leaves: &'a Attributes) -> Vec<Option<Value<'a>>> {
        let mut found = vec![None; self.slots.len()];
        let mut lower = String::new();
        for (path, value) in leaves.iter() {
            if value.kind == Kind::Empty || value.text.is_empty() {
                continue;
            }
            lower.clear();
            lower.push_str(path);
            lower.make_ascii_lowercase();
            if let Some(&slot) = self.slots.get(&lower) {
                found[slot].get_or_insert(value);
            }
        }
        found
    }

    /// Every address at the first source that has one.
    fn fill_addresses(
        &self,
        rule: &Rule,
        event: &mut Event,
        leaves: &Attributes,
        found: &[Option<Value<'_>>],
    ) {
        for source in &rule.sources {
            match source {
                Source::Path(slot) if found[*slot].is_some() => {
                    let path = self.slots.iter().find(|(_, at)| *at == slot);
                    let path = path.map_or("", |(path, _)| path);
                    let here = leaves
                        .iter()
                        .filter(|(at, _)| at.eq_ignore_ascii_case(path));
                    here.for_each(|(_, value)| add_address(event, value.text));
                }
                Source::Path(_) => {}
                other => {
                    if let Some((_, text)) = value_of(other, found) {
                        add_address(event, &text);
                    }
                }
            }
            if !event.ip.is_empty() {
                return;
            }
        }
    }

    fn outcome(&self, rule: &Rule, found: &[Option<Value<'_>>]) -> Outcome {
        let mut said = false;
        for (kind, text) in values(rule, found) {
            said = true;
            let outcome = word(&self.outcomes, &text).unwrap_or_else(|| outcome_of(kind, &text));
            if outcome != Outcome::Unknown {
                return outcome;
            }
        }
        let nothing = self.outcomes.iter().find(|(w, _)| w.is_empty() && !said);
        nothing.map_or(Outcome::Unknown, |(_, outcome)| *outcome)
    }

    fn severity(&self, rule: &Rule, found: &[Option<Value<'_>>]) -> Option<Severity> {
        values(rule, found)
            .find_map(|(_, text)| word(&self.severities, &text).or_else(|| severity_of(&text)))
    }

    /// Field and sources as written, for `formats show`.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let rules = self.rules.iter();
        rules.map(|r| (r.field.name(), r.text.clone())).collect()
    }
}

/// The fields a format fills.
pub const FILLED: [Field; 11] = [
    Field::Ts,
    Field::Actor,
    Field::Action,
    Field::Target,
    Field::Outcome,
    Field::Reason,
    Field::Ip,
    Field::Host,
    Field::Session,
    Field::Severity,
    Field::Message,
];

fn text_field(event: &mut Event, field: Field) -> Option<&mut Option<String>> {
    match field {
        Field::Actor => Some(&mut event.actor),
        Field::Action => Some(&mut event.action),
        Field::Target => Some(&mut event.target),
        Field::Reason => Some(&mut event.reason),
        Field::Host => Some(&mut event.host),
        Field::Session => Some(&mut event.session),
        Field::Message => Some(&mut event.message),
        _ => None,
    }
}

fn word<T: Copy>(words: &Words<T>, text: &str) -> Option<T> {
    let exact = words.iter().find(|(w, _)| w.eq_ignore_ascii_case(text));
    let any = || words.iter().find(|(w, _)| w == "*");
    exact.or_else(any).map(|(_, meaning)| *meaning)
}

fn values<'a>(
    rule: &'a Rule,
    found: &'a [Option<Value<'a>>],
) -> impl Iterator<Item = (Kind, String)> + 'a {
    rule.sources.iter().filter_map(|s| value_of(s, found))
}

fn value_of(source: &Source, found: &[Option<Value<'_>>]) -> Option<(Kind, String)> {
    match source {
        Source::Path(slot) => found[*slot].map(|v| (v.kind, v.text.to_owned())),
        Source::Constant(text) => Some((Kind::Str, text.clone())),
        Source::Template(pieces) => {
            let mut text = String::new();
            let whole = expand(pieces, found, &mut text);
            (whole && !text.is_empty()).then_some((Kind::Str, text))
        }
    }
}

/// Whether every path that has to be there is.
fn expand(pieces: &[Piece], found: &[Option<Value<'_>>], out: &mut String) -> bool {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Path(slot) => match found[*slot] {
                Some(value) => out.push_str(value.text),
                None => return false,
            },
            Piece::Optional(inner) => {
                let before = out.len();
                if !expand(inner, found, out) {
                    out.truncate(before);
                }
            }
        }
    }
    true
}

/// Conditions on a record's leaves, separated by blanks, that all hold: a path that is there, `path=value` for a value
/// it has, `path^=start` for how a value begins, `path*=part` for what it holds. A path that ends in `.` is there if any
/// path below it is.
pub(super) fn fits(conditions: &str, leaves: &Attributes) -> bool {
    conditions.split_whitespace().all(|condition| {
        let (path, value) = match condition.split_once('=') {
            Some((path, value)) => (path, Some(value)),
            None => (condition, None),
        };
        let (path, test): (_, fn(&str, &str) -> bool) = if let Some(path) = path.strip_suffix('^') {
            (path, |text, value| text.starts_with(value))
        } else if let Some(path) = path.strip_suffix('*') {
            (path, |text, value| text.contains(value))
        } else {
            (path, |text, value| text == value)
        };
        leaves.iter().any(|(at, leaf)| {
            let below = || {
                at.get(..path.len())
                    .is_some_and(|a| a.eq_ignore_ascii_case(path))
            };
            let here = at.eq_ignore_ascii_case(path) || path.ends_with('.') && below();
            here && value.is_none_or(|value| test(leaf.text, value))
        })
    })
}

/// The path that says the most of those that all records have for which these [conditions](fits) hold, in lower case: one that
/// is there itself before one that ends in `.`, and the longest of them. Without it there is nothing to try.
pub(super) fn telling(conditions: &str) -> String {
    let paths = conditions.split_whitespace();
    let paths = paths.map(|c| c.split(['=', '^', '*']).next().unwrap_or(c));
    let most = paths.max_by_key(|path| (!path.ends_with('.'), path.len()));
    most.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;

    fn leaves(pairs: &[(&str, &str)]) -> Attributes {
        let mut leaves = Attributes::default();
        for (path, text) in pairs {
            leaves.push_str(path, text);
        }
        leaves
    }

    fn filled(mapping: &Mapping, pairs: &[(&str, &str)]) -> Event {
        let mut event = Event::default();
        mapping.fill(&mut event, &leaves(pairs));
        event
    }

    #[test]
    fn the_first_source_that_is_there_wins() {
        let fields: [FieldTable<'_>; 4] = [
            ("actor", &["user.email", "user.name", "=nobody"]),
            ("target", &["{kind}[/{space}][/{name}]", "uri"]),
            ("ip", &["client", "peer"]),
            ("ts", &["when", "time"]),
        ];
        let mapping = Mapping::new(fields, vec![], vec![]).unwrap();
        let e = filled(
            &mapping,
            &[
                ("user.name", "alice"),
                ("kind", "secrets"),
                ("name", "db"),
                ("client", "internal"),
                ("peer", "10.0.0.1:80"),
                ("peer", "10.0.0.2"),
                ("when", "soon"),
                ("time", "2026-03-01T09:00:00Z"),
            ],
        );
        assert_eq!(e.actor.as_deref(), Some("alice"));
        assert_eq!(e.target.as_deref(), Some("secrets/db"));
        assert_eq!(e.ip.len(), 2);
        assert_eq!(e.ts, Timestamp::parse("2026-03-01T09:00:00Z"));
        let e = filled(&mapping, &[("space", "prod"), ("uri", "/x")]);
        assert_eq!(e.actor.as_deref(), Some("nobody"));
        assert_eq!(e.target.as_deref(), Some("/x"));
    }

    #[test]
    fn words_mean_what_the_table_says_then_what_they_usually_mean() {
        let words =
            |pairs: &[(&str, Outcome)]| pairs.iter().map(|(w, o)| ((*w).to_owned(), *o)).collect();
        let fields: [FieldTable<'_>; 1] = [("outcome", &["error", "status"])];
        let table = [("0", Outcome::Success), ("", Outcome::Success)];
        let mapping = Mapping::new(fields, words(&table), vec![]).unwrap();
        let outcome = |pairs: &[(&str, &str)]| filled(&mapping, pairs).outcome;
        assert_eq!(outcome(&[("status", "0")]), Outcome::Success);
        assert_eq!(outcome(&[("status", "Denied")]), Outcome::Failure);
        assert_eq!(outcome(&[("status", "purple")]), Outcome::Unknown);
        assert_eq!(outcome(&[]), Outcome::Success);
        let any = Mapping::new(fields, words(&[("*", Outcome::Failure)]), vec![]).unwrap();
        assert_eq!(filled(&any, &[("error", "x")]).outcome, Outcome::Failure);
        assert_eq!(filled(&any, &[]).outcome, Outcome::Unknown);
    }

    #[test]
    fn mistakes_are_told() {
        for (field, source, says) in [
            ("colour", "a", "there is no field"),
            ("chain", "a", "there is no field"),
            ("actor", "", "a path is missing"),
            ("actor", "{a", "a { is not closed"),
            ("actor", "{a}[b", "a [ is not closed"),
            ("actor", "{a}]", "a ] was not opened"),
            ("actor", "[{a}[{b}]]", "brackets do not nest"),
        ] {
            let sources = [source];
            let fields: [FieldTable<'_>; 1] = [(field, &sources)];
            let error = Mapping::new(fields, vec![], vec![]).unwrap_err();
            assert!(error.contains(says), "{field} {source}: {error}");
        }
    }

    #[test]
    fn conditions_hold_together() {
        let l = leaves(&[("a.b", "x"), ("Kind", "audit/v1")]);
        for (conditions, want) in [
            ("a.b", true),
            ("a.", true),
            ("a", false),
            ("a.b=x kind^=audit/", true),
            ("kind*=it/v", true),
            ("kind*=it/w", false),
            ("a.b=y", false),
            ("kind^=dit", false),
            ("a.b c", false),
        ] {
            assert_eq!(fits(conditions, &l), want, "{conditions}");
        }
    }
}
