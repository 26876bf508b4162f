//! Terms of queries built from values, never from text: what "filter by this" adds to a query.

use crate::engine::page::facet_values;
use crate::engine::{FacetField, Hit};
use crate::event::field::Field;
use crate::event::{Event, Outcome};
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

/// `term`, or its opposite.
pub fn included(term: Ast, exclude: bool) -> Ast {
    if exclude { term.negated() } else { term }
}

/// `query` with one more term; one that is there already, or its opposite, is not kept twice.
pub fn with(query: &Query, term: Ast) -> Query {
    let opposite = term.clone().negated();
    let mut terms = query.conjuncts();
    terms.retain(|t| *t != term && *t != opposite);
    terms.push(term);
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
        Field::Message | Field::Chain => None,
    }?;
    (value.len() <= MAX_VALUE).then(|| included(is(FieldRef::Normal(field), &value), exclude))
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
    (value.len() <= MAX_VALUE)
        .then(|| included(is(FieldRef::Attribute(path.to_owned()), value), exclude))
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
