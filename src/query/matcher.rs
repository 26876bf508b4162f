//! A bound query applied to one event.

use super::ast::{Ast, FieldRef, TimeExpr};
use super::token::Folder;
use super::value::{NO_TOKEN, Sample, ValueTest, WordTest};
use super::{Bound, QueryError, bind};
use crate::event::field::Field;
use crate::event::{Event, Kind, Timestamp, Verdict};

/// A bound query applied to one event: the one authority on what a query means.
///
/// - A text compares folded (see [`super::token::fold`]); an attribute's numbers and booleans by their own spelling.
/// - A field with several values passes if any value does; `null`, `[]` and `{}` are no values, `""` is one.
/// - Bare words look at every attribute value, actor, action, target, reason and message.
/// - An event without a time passes no test of `ts`, `since:` and `until:` included.
#[derive(Clone, Debug)]
pub struct Matcher {
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Words(WordTest),
    Normal(Field, ValueTest),
    Attribute(String, ValueTest),
    Since(Timestamp),
    Until(Timestamp),
}

impl Matcher {
    /// Prepares everything; `Err` for a test that makes no sense for its field, or times that were not settled.
    pub fn new(bound: &Bound) -> Result<Self, QueryError> {
        Ok(Self {
            node: build(&bound.ast)?,
        })
    }

    pub fn matches(&self, event: &Event, verdict: Verdict) -> bool {
        self.node.matches(event, verdict, &mut Folder::default())
    }
}

fn build(ast: &Ast) -> Result<Node, QueryError> {
    Ok(match ast {
        Ast::All => Node::All,
        Ast::And(list) => Node::And(build_list(list)?),
        Ast::Or(list) => Node::Or(build_list(list)?),
        Ast::Not(inner) => Node::Not(Box::new(build(inner)?)),
        Ast::Words(words) => {
            let test = WordTest::new(words);
            if test.is_empty() {
                return Err(QueryError::of_tree(NO_TOKEN));
            }
            Node::Words(test)
        }
        Ast::Field(field, test) => {
            let test = bind::compile(field, test)?;
            match field {
                FieldRef::Normal(field) => Node::Normal(*field, test),
                FieldRef::Attribute(path) => Node::Attribute(path.clone(), test),
            }
        }
        Ast::Since(time) => Node::Since(settled(time)?),
        Ast::Until(time) => Node::Until(settled(time)?),
    })
}

/// The cheap ones first: the order of a list means nothing.
fn build_list(list: &[Ast]) -> Result<Vec<Node>, QueryError> {
    let mut nodes = list.iter().map(build).collect::<Result<Vec<_>, _>>()?;
    nodes.sort_by_key(Node::cost);
    Ok(nodes)
}

fn settled(time: &TimeExpr) -> Result<Timestamp, QueryError> {
    match time {
        TimeExpr::At(at) => Ok(*at),
        TimeExpr::Text(text) => Err(QueryError::of_tree(format!(
            "the time {text:?} was not settled; bind the query first"
        ))),
    }
}

impl Node {
    fn cost(&self) -> u32 {
        match self {
            Self::All | Self::Since(_) | Self::Until(_) => 0,
            Self::Normal(..) => 1,
            Self::Attribute(..) => 8,
            Self::Words(_) => 64,
            Self::Not(inner) => inner.cost(),
            Self::And(list) | Self::Or(list) => list
                .iter()
                .fold(0, |sum, node| sum.saturating_add(node.cost())),
        }
    }

    fn matches(&self, event: &Event, verdict: Verdict, folder: &mut Folder) -> bool {
        match self {
            Self::All => true,
            Self::And(list) => list.iter().all(|node| node.matches(event, verdict, folder)),
            Self::Or(list) => list.iter().any(|node| node.matches(event, verdict, folder)),
            Self::Not(inner) => !inner.matches(event, verdict, folder),
            Self::Words(test) => searched(event).any(|text| test.matches(folder.fold(text))),
            Self::Normal(field, test) => normal_matches(*field, test, event, verdict, folder),
            Self::Attribute(path, test) => event
                .attributes
                .all(path)
                .any(|value| test.matches(folder.fold(value.text))),
            Self::Since(from) => event.ts.is_some_and(|ts| ts >= *from),
            Self::Until(to) => event.ts.is_some_and(|ts| ts < *to),
        }
    }
}

/// The values bare words look at.
fn searched(event: &Event) -> impl Iterator<Item = &str> {
    let normal = [
        &event.actor,
        &event.action,
        &event.target,
        &event.reason,
        &event.message,
    ];
    let attributes = event
        .attributes
        .iter()
        .filter(|(_, value)| value.kind != Kind::Empty)
        .map(|(_, value)| value.text);
    normal
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(attributes)
}

fn normal_matches(
    field: Field,
    test: &ValueTest,
    event: &Event,
    verdict: Verdict,
    folder: &mut Folder,
) -> bool {
    let text = match field {
        Field::Ts => return event.ts.is_some_and(|ts| test.matches_time(ts)),
        Field::Ip => {
            return event
                .ip
                .iter()
                .any(|ip| test.matches_sample(&Sample::Address(*ip)));
        }
        Field::Severity => {
            return event
                .severity
                .is_some_and(|s| test.matches_sample(&Sample::Severity(s)));
        }
        Field::Line => {
            return event
                .line
                .is_some_and(|line| test.matches_sample(&Sample::Number(line)));
        }
        Field::Chain => {
            return verdict
                .words()
                .into_iter()
                .flatten()
                .any(|word| test.matches(word));
        }
        Field::Id => return test.matches(&event.id.to_string()),
        Field::Outcome => return test.matches(event.outcome.as_str()),
        Field::Format => Some(&*event.format),
        Field::Source => Some(&*event.source),
        Field::Actor => event.actor.as_deref(),
        Field::Action => event.action.as_deref(),
        Field::Target => event.target.as_deref(),
        Field::Reason => event.reason.as_deref(),
        Field::Host => event.host.as_deref(),
        Field::Session => event.session.as_deref(),
        Field::Message => event.message.as_deref(),
    };
    text.is_some_and(|text| test.matches(folder.fold(text)))
}
