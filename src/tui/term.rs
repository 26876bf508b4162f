//! Terms of queries built from values, never from text: what "filter by this" adds to a query.

use crate::engine::page::facet_values;
use crate::engine::{FacetField, Hit};
use crate::event::field::Field;
use crate::event::{Event, Outcome, Verdict};
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef, Pattern, Test, TimeExpr};

/// Longest value that makes a term; longer ones would not fit a query.
const MAX_VALUE: usize = 1_000;

/// Whether the query language reads `value` as itself without quotes.
pub fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    !value.is_empty() && !value.starts_with('-') && value.chars().all(plain)
}

/// The term for exactly this value.
pub fn is(field: FieldRef, value: &str) -> Ast {
    let quoted = !is_plain(value);
    Ast::Field(
        field,
        Test::Is(Pattern {
            text: value.to_owned(),
            quoted,
        }),
    )
}

/// The term for events that have the field.
pub fn exists(field: FieldRef) -> Ast {
    Ast::Field(field, Test::Exists)
}

/// The term for values that hold `part`, if it is short enough for a query.
pub fn holds(field: FieldRef, part: &str) -> Option<Ast> {
    let part = part.replace('\\', "\\\\").replace('*', "\\*");
    let text = format!("*{part}*");
    let quoted = false;
    let test = Test::Is(Pattern { text, quoted });
    (part.len() <= MAX_VALUE).then_some(Ast::Field(field, test))
}

/// `term`, or its opposite.
pub fn included(term: Ast, exclude: bool) -> Ast {
    if exclude { term.negated() } else { term }
}

/// The term for exactly this value, or its opposite, if it is short enough for a query.
pub fn of_value(field: FieldRef, value: &str, exclude: bool) -> Option<Ast> {
    (value.len() <= MAX_VALUE).then(|| included(is(field, value), exclude))
}

/// `query` with one more term; one that is there already, or its opposite, is not kept twice. Where an event has one
/// value of a field, a second value picked widens the first (`actor:(alice bob)`), as both at once match nothing; one
/// of several picked narrows to itself, and one left out is taken from them.
pub fn with(query: &Query, term: Ast) -> Query {
    let opposite = term.clone().negated();
    let mut terms = query.conjuncts();
    terms.retain(|t| *t != term && *t != opposite);
    let picked = match &term {
        Ast::Not(inner) => literals(inner).map(|p| (p, false)),
        other => literals(other).map(|p| (p, true)),
    };
    let Some(((field, values), include)) = picked.filter(|((field, _), _)| is_single(field)) else {
        terms.push(term);
        return Query::from_conjuncts(terms);
    };
    let same = |a: &Pattern, b: &Pattern| a.text.to_lowercase() == b.text.to_lowercase();
    let mut term = term.clone();
    for earlier in &mut terms {
        let Some((_, others)) = literals(earlier).filter(|(f, _)| *f == field) else {
            continue;
        };
        let holds = |value: &Pattern| values.iter().any(|v| same(v, value));
        let any_held = others.iter().any(|o| holds(o));
        let without = others.iter().filter(|o| !holds(o));
        let left: Vec<Pattern> = without.map(|p| (*p).clone()).collect();
        match (include, any_held) {
            // One of several: it alone.
            (true, true) => *earlier = Ast::All,
            (true, false) => {
                let values = values.iter().map(|p| (*p).clone());
                term = any_of(&field, left.into_iter().chain(values).collect());
                *earlier = Ast::All;
            }
            (false, true) if !left.is_empty() => {
                term = any_of(&field, left);
                *earlier = Ast::All;
            }
            (false, _) => {}
        }
    }
    terms.push(term);
    Query::from_conjuncts(terms)
}

/// An event has at most one value of it.
fn is_single(field: &FieldRef) -> bool {
    matches!(field, FieldRef::Normal(field) if !matches!(field, Field::Ip))
}

fn any_of(field: &FieldRef, values: Vec<Pattern>) -> Ast {
    let tests = values.into_iter().map(Test::Is).collect();
    Ast::Field(field.clone(), Test::Any(tests)).normalised()
}

/// The field and the values of a term that names whole values only.
fn literals(term: &Ast) -> Option<(FieldRef, Vec<&Pattern>)> {
    fn literal(test: &Test) -> Option<&Pattern> {
        match test {
            Test::Is(pattern) if pattern.quoted || !pattern.text.contains(['*', '\\']) => {
                Some(pattern)
            }
            _ => None,
        }
    }
    let Ast::Field(field, test) = term else {
        return None;
    };
    let values = match test {
        Test::Any(tests) => tests.iter().map(literal).collect::<Option<_>>()?,
        test => vec![literal(test)?],
    };
    Some((field.clone(), values))
}

/// `query` from a time on, or of any time, in the place of what it says of time.
pub fn since(query: &Query, since: Option<&str>) -> Query {
    let is_time = |t: &Ast| matches!(t, Ast::Since(_) | Ast::Until(_));
    let mut terms = query.conjuncts();
    let at = terms.iter().position(is_time).unwrap_or(terms.len());
    terms.retain(|t| !is_time(t));
    if let Some(since) = since {
        terms.insert(at, Ast::Since(TimeExpr::Text(since.to_owned())));
    }
    Query::from_conjuncts(terms)
}

/// The term that an event's own value of a field makes: for times "from here on" and "before here".
pub fn of_event(event: &Event, field: Field, exclude: bool) -> Option<Ast> {
    let text = |value: &Option<String>| value.clone();
    let value = match field {
        Field::Ts => {
            let at = TimeExpr::At(event.ts?);
            return Some(if exclude {
                Ast::Until(at)
            } else {
                Ast::Since(at)
            });
        }
        Field::Id => Some(event.id.to_string()),
        Field::Actor => text(&event.actor),
        Field::Action => text(&event.action),
        Field::Target => text(&event.target),
        Field::Outcome => Some(event.outcome.to_string()),
        Field::Reason => text(&event.reason),
        Field::Ip => event.ip.first().map(ToString::to_string),
        Field::Host => text(&event.host),
        Field::Session => text(&event.session),
        Field::Severity => event.severity.map(|s| s.to_string()),
        Field::Format => Some(event.format.to_string()),
        Field::Source => Some(event.source.to_string()),
        Field::Line => event.line.map(|l| l.to_string()),
        Field::Message => text(&event.message),
        Field::Chain => None,
    }?;
    of_value(FieldRef::Normal(field), &value, exclude)
}

/// An event's own value of a field as text; several are joined by commas.
pub fn text_of(hit: &Hit, field: Field) -> Option<String> {
    let mut values = Vec::new();
    let field = FacetField::Normal(field);
    facet_values(&field, &hit.event, hit.verdict, |v| {
        values.push(v.to_owned());
    });
    (!values.is_empty()).then(|| values.join(", "))
}

/// The term for an attribute's value, if it is short enough for a query.
pub fn of_attribute(path: &str, value: &str, exclude: bool) -> Option<Ast> {
    of_value(FieldRef::Attribute(path.to_owned()), value, exclude)
}

/// The term for events of which the chain check found the same.
pub fn verdict(verdict: Verdict) -> Ast {
    is(FieldRef::Normal(Field::Chain), verdict.as_str())
}

/// The terms behind the jumps.
pub fn broken() -> Ast {
    is(FieldRef::Normal(Field::Chain), "broken")
}

pub fn failed() -> Ast {
    is(FieldRef::Normal(Field::Outcome), Outcome::Failure.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_replaces_itself_and_its_opposite() {
        let failure = failed();
        let query = with(&Query::default(), failure.clone());
        assert_eq!(query.ast, failure);
        assert_eq!(with(&query, failure.clone()), query);
        let without = with(&query, failure.clone().negated());
        assert_eq!(without.ast, Ast::Not(Box::new(failure.clone())));
        let both = with(&query, broken());
        assert_eq!(both.conjuncts(), [failure, broken()]);
    }

    #[test]
    fn a_second_value_of_a_field_widens_the_first() {
        let parse = |text: &str| Query::parse(text).unwrap();
        for (query, added, result) in [
            ("actor:a x", "actor:b", "x actor:(a b)"),
            ("actor:(a b) x", "actor:c", "x actor:(a b c)"),
            ("actor:(a b) x", "actor:B", "x actor:B"),
            ("actor:(a b c)", "-actor:b", "actor:(a c)"),
            ("actor:(a b)", "-actor:b", "actor:a"),
            ("actor:a", "-actor:a", "-actor:a"),
            ("-actor:a", "-actor:b", "-actor:a -actor:b"),
            ("-actor:a", "actor:a", "actor:a"),
            ("actor:a*", "actor:ab", "actor:a* actor:ab"),
            ("actor:a", "-actor:b", "actor:a -actor:b"),
            // An event may have several addresses, and attributes may be lists.
            ("ip:10.0.0.1", "ip:10.0.0.2", "ip:10.0.0.1 ip:10.0.0.2"),
            ("tags:a", "tags:b", "tags:a tags:b"),
        ] {
            let with = with(&parse(query), parse(added).ast);
            assert_eq!(with, parse(result), "{query} + {added}");
        }
    }

    #[test]
    fn a_span_of_time_takes_the_place_of_the_one_before() {
        let parse = |text: &str| Query::parse(text).unwrap();
        for (query, preset, result) in [
            ("a b", Some("1h"), "a b since:1h"),
            ("since:2d until:1d a", Some("1h"), "since:1h a"),
            ("a since:2d", None, "a"),
            ("-since:2d", Some("1h"), "-since:2d since:1h"),
        ] {
            assert_eq!(since(&parse(query), preset), parse(result), "{query}");
        }
    }

    #[test]
    fn what_is_plain_reads_back_as_itself() {
        for value in [
            "alice@corp",
            "node-1.example.com",
            "AND",
            "é_1",
            "403",
            "a b",
            "10.0.0.0/8",
            "*",
            "-x",
        ] {
            let term = is(FieldRef::Normal(Field::Actor), value);
            let query = Query { ast: term };
            assert_eq!(Query::parse(&query.to_string()), Ok(query), "{value}");
        }
    }

    #[test]
    fn an_event_gives_the_term_for_its_own_value() {
        let event = Event {
            actor: Some("a b".into()),
            ..Event::default()
        };
        let term = of_event(&event, Field::Actor, false);
        assert_eq!(term, Some(is(FieldRef::Normal(Field::Actor), "a b")));
        assert_eq!(of_event(&event, Field::Host, false), None);
        assert_eq!(of_event(&event, Field::Ts, true), None);
    }
}
