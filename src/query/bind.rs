//! Settles a query: times against now and the display zone, attribute paths against those seen.

use super::ast::{Ast, FieldRef, Op, Pattern, Test, TimeExpr};
use super::normal::nothing;
use super::value::ValueTest;
use super::{
    BindContext, Bound, MAX_CLAUSES, MAX_DEPTH, Notice, Query, QueryError, glob, quote, time,
};
use crate::event::field::FieldType;
use crate::event::time::SECOND;
use crate::event::{Timestamp, Zone};

/// How much larger than a typed query a composed one may be (a window, a step and a chip, say).
const COMPOSED: usize = 4;

impl Query {
    /// Settles times against `now` and names against the paths seen. A term whose attribute was seen nowhere comes to
    /// match nothing, and a notice says so. Errors (a time that can't be read, a tree that is too large) have column 1,
    /// since there is no text to point at.
    pub fn bind(&self, context: &BindContext<'_>) -> Result<Bound, QueryError> {
        let mut clauses = MAX_CLAUSES * COMPOSED;
        check_size(&self.ast, MAX_DEPTH * COMPOSED, &mut clauses)?;
        let mut binder = Binder {
            clock: Clock {
                now: context.now,
                zone: context.zone,
            },
            context,
            notices: Vec::new(),
        };
        let ast = binder.settle(&self.ast)?;
        Ok(Bound {
            ast,
            notices: binder.notices,
        })
    }

    /// Whether its times slide with the clock: `since:2h` does, `since:2026-03-01` does not.
    pub fn follows_clock(&self) -> bool {
        let at = |seconds: i64| {
            let context = BindContext {
                now: Timestamp(seconds * SECOND),
                zone: Zone::Utc,
                paths: None,
            };
            self.bind(&context).map(|bound| bound.ast)
        };
        at(1_700_000_000) != at(1_800_000_007)
    }
}

/// Trees are walked recursively; this keeps them within the stack.
fn check_size(ast: &Ast, depth: usize, clauses: &mut usize) -> Result<(), QueryError> {
    let too_large =
        |what: &str| QueryError::of_tree(format!("the combined query {what}; leave a part out"));
    let Some(depth) = depth.checked_sub(1) else {
        return Err(too_large("is nested too deeply"));
    };
    match ast {
        Ast::And(list) | Ast::Or(list) => list
            .iter()
            .try_for_each(|item| check_size(item, depth, clauses)),
        Ast::Not(inner) => check_size(inner, depth, clauses),
        _ => {
            let here = if let Ast::Field(_, Test::Any(tests)) = ast {
                tests.len()
            } else {
                1
            };
            *clauses = clauses
                .checked_sub(here)
                .ok_or_else(|| too_large("has too many terms"))?;
            Ok(())
        }
    }
}

/// Whether a test makes sense for a field, found out without binding the query.
pub(super) fn check(field: &FieldRef, test: &Test) -> Result<(), QueryError> {
    let clock = Clock {
        now: Timestamp(0),
        zone: Zone::Utc,
    };
    let test = clock.settle_test(test, kind_of(field));
    compile(field, &test).map(|_| ())
}

/// The test of a field's values, ready to be applied.
pub(super) fn compile(field: &FieldRef, test: &Test) -> Result<ValueTest, QueryError> {
    match field {
        FieldRef::Normal(field) => ValueTest::for_field(test, *field),
        FieldRef::Attribute(_) => ValueTest::new(test, FieldType::Text),
    }
}

fn kind_of(field: &FieldRef) -> FieldType {
    match field {
        FieldRef::Normal(field) => field.spec().kind,
        FieldRef::Attribute(_) => FieldType::Text,
    }
}

struct Binder<'a> {
    clock: Clock,
    context: &'a BindContext<'a>,
    notices: Vec<Notice>,
}

impl Binder<'_> {
    fn settle(&mut self, ast: &Ast) -> Result<Ast, QueryError> {
        Ok(match ast {
            Ast::All | Ast::Words(_) => ast.clone(),
            Ast::And(list) => Ast::And(self.settle_list(list)?),
            Ast::Or(list) => Ast::Or(self.settle_list(list)?),
            Ast::Not(inner) => Ast::Not(Box::new(self.settle(inner)?)),
            Ast::Since(time) => Ast::Since(TimeExpr::At(self.clock.instant(time)?)),
            Ast::Until(time) => Ast::Until(TimeExpr::At(self.clock.instant(time)?)),
            Ast::Field(FieldRef::Attribute(path), test) => match self.resolve(path) {
                Some(path) => Ast::Field(
                    FieldRef::Attribute(path),
                    self.clock.settle_test(test, FieldType::Text),
                ),
                None => {
                    self.notice_unknown(path, test);
                    nothing()
                }
            },
            Ast::Field(field, test) => {
                Ast::Field(field.clone(), self.clock.settle_test(test, kind_of(field)))
            }
        })
    }

    fn settle_list(&mut self, list: &[Ast]) -> Result<Vec<Ast>, QueryError> {
        list.iter().map(|item| self.settle(item)).collect()
    }

    fn resolve(&self, path: &str) -> Option<String> {
        match self.context.paths {
            Some(paths) => paths.resolve(path),
            None => Some(path.to_owned()),
        }
    }

    fn notice_unknown(&mut self, path: &str, test: &Test) {
        let value = match test {
            Test::Is(Pattern {
                text,
                quoted: false,
            }) => glob::literal(text).unwrap_or_else(|| text.clone()),
            Test::Is(Pattern { text, quoted: true }) => text.clone(),
            other => other.to_string(),
        };
        let notice = Notice::UnknownField {
            field: path.to_owned(),
            quoted: quote(&format!("{path}:{value}")),
        };
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }
}

/// Settles typed times.
struct Clock {
    now: Timestamp,
    zone: Zone,
}

impl Clock {
    fn resolve(&self, text: &str) -> Option<time::Moment> {
        time::resolve(text, self.now, self.zone)
    }

    fn instant(&self, expr: &TimeExpr) -> Result<Timestamp, QueryError> {
        match expr {
            TimeExpr::At(at) => Ok(*at),
            TimeExpr::Text(text) => {
                self.resolve(text)
                    .map(|moment| moment.start)
                    .ok_or_else(|| {
                        QueryError::of_tree(format!(
                            "{text:?} is no time; expected {}",
                            time::EXPECTED
                        ))
                    })
            }
        }
    }

    /// Writes the times of a test out in full. A day is a span: equal to it is anywhere in it, after it is after its
    /// end. Text that is no time stays for [`ValueTest`] to judge.
    fn settle_test(&self, test: &Test, kind: FieldType) -> Test {
        match test {
            Test::Is(pattern) if kind == FieldType::Time => self.settle_equal(pattern),
            Test::Compare(op, text) => self.settle_compare(*op, text, kind),
            Test::Range { lo, hi } => Test::Range {
                lo: self.settle_lo(lo, kind),
                hi: self.settle_hi(hi, kind),
            },
            Test::Any(tests) => Test::Any(
                tests
                    .iter()
                    .map(|test| self.settle_test(test, kind))
                    .collect(),
            ),
            Test::Exists | Test::Is(_) | Test::Regex(_) => test.clone(),
        }
    }

    /// The time a bound names, where the field compares times: numbers are epochs in a time field only.
    fn bound(&self, text: &str, kind: FieldType) -> Option<time::Moment> {
        match kind {
            FieldType::Time => self.resolve(text),
            FieldType::Text if text.parse::<f64>().is_err() => self.resolve(text),
            _ => None,
        }
    }

    fn settle_equal(&self, pattern: &Pattern) -> Test {
        let literal = if pattern.quoted {
            Some(pattern.text.clone())
        } else {
            glob::literal(&pattern.text)
        };
        match literal.and_then(|text| self.resolve(&text)) {
            Some(time::Moment {
                start,
                day_end: Some(end),
            }) => Test::Range {
                lo: Some((start.rfc3339(), true)),
                hi: Some((end.rfc3339(), false)),
            },
            Some(time::Moment {
                start,
                day_end: None,
            }) => Test::Is(Pattern {
                text: start.rfc3339(),
                quoted: true,
            }),
            None => Test::Is(pattern.clone()),
        }
    }

    fn settle_compare(&self, op: Op, text: &str, kind: FieldType) -> Test {
        let Some(moment) = self.bound(text, kind) else {
            return Test::Compare(op, text.to_owned());
        };
        let (op, at) = match (op, moment.day_end) {
            (Op::Gt, Some(end)) => (Op::Ge, end),
            (Op::Le, Some(end)) => (Op::Lt, end),
            (op, _) => (op, moment.start),
        };
        Test::Compare(op, at.rfc3339())
    }

    fn settle_lo(&self, bound: &Option<(String, bool)>, kind: FieldType) -> Option<(String, bool)> {
        let (text, inclusive) = bound.as_ref()?;
        Some(match (self.bound(text, kind), inclusive) {
            (
                Some(time::Moment {
                    day_end: Some(end), ..
                }),
                false,
            ) => (end.rfc3339(), true),
            (Some(moment), _) => (moment.start.rfc3339(), *inclusive),
            (None, _) => (text.clone(), *inclusive),
        })
    }

    fn settle_hi(&self, bound: &Option<(String, bool)>, kind: FieldType) -> Option<(String, bool)> {
        let (text, inclusive) = bound.as_ref()?;
        Some(match (self.bound(text, kind), inclusive) {
            (
                Some(time::Moment {
                    day_end: Some(end), ..
                }),
                true,
            ) => (end.rfc3339(), false),
            (Some(moment), _) => (moment.start.rfc3339(), *inclusive),
            (None, _) => (text.clone(), *inclusive),
        })
    }
}
