//! What an access report says besides its rows, asked of an engine.

use crate::engine::{
    Cancel, Engine, EngineError, FacetField, FacetRequest, Info, SearchRequest, Sort,
};
use crate::event::Timestamp;
use crate::event::field::Field;
use crate::query::ast::{Ast, FieldRef, Test, TimeExpr};
use crate::query::{BindContext, Query};

/// What is summed up, and how many values of each.
const SUMMARY: [Field; 5] = [
    Field::Actor,
    Field::Ip,
    Field::Action,
    Field::Outcome,
    Field::Target,
];
const VALUES: usize = 20;

/// The times of the first and the last event of some.
pub(super) type Period = (Timestamp, Timestamp);

/// What a report says besides its rows.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Who made it (`alice (uid 1000) on bastion`).
    pub who: String,
    pub when: Timestamp,
    /// The query as it was run, in its own language.
    pub query: String,
    /// The same with every time made absolute, where that differs.
    pub settled: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub newest_first: bool,
    /// Rows at most, if somebody set a bound.
    pub limit: Option<usize>,
    /// Events that match, counted when the report was begun.
    pub total: u64,
    /// Events that the bounds of time leave out because their records name no time.
    pub untimed: u64,
    /// Of the events that match, as far as they have a time.
    pub found: Option<Period>,
    /// Of everything that the sources hold.
    pub held: Option<Period>,
    /// Most frequent values among what matches.
    pub summary: Vec<Sum>,
    pub info: Info,
}

/// One line of the summary: how many events, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    pub field: Field,
    pub what: Summed,
    pub events: u64,
    /// Only of a value that is named.
    pub period: Option<Period>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Summed {
    Value(String),
    /// Every value that is not listed.
    Others,
    /// Events without the field.
    Missing,
}

impl Summed {
    pub fn words(&self) -> &str {
        match self {
            Self::Value(value) => value,
            Self::Others => "(others)",
            Self::Missing => "(not named)",
        }
    }
}

impl About {
    /// Asks an engine for what a report on `request` has to say.
    pub fn gather(
        engine: &dyn Engine,
        request: &SearchRequest,
        who: String,
        cancel: &Cancel,
    ) -> Result<Self, EngineError> {
        let asking = Asking {
            engine,
            request,
            cancel,
        };
        let count = SearchRequest {
            facets: SUMMARY
                .map(|field| FacetRequest::new(FacetField::Normal(field), VALUES))
                .to_vec(),
            want_total: true,
            ..asking.only(request.query.clone())
        };
        let page = engine.search(&count, cancel)?;
        let mut info = engine.info();
        info.covers = page.covers;
        let query = match request.query.to_string() {
            empty if empty.is_empty() => "*".to_owned(),
            text => text,
        };
        let bound = request.query.bind(&BindContext {
            now: request.now,
            zone: request.zone,
            paths: None,
        })?;
        let (mut since, mut until) = (None, None);
        for term in (Query {
            ast: bound.ast.clone(),
        })
        .conjuncts()
        {
            match term {
                Ast::Since(TimeExpr::At(at)) => since = since.max(Some(at)),
                Ast::Until(TimeExpr::At(at)) => {
                    until = Some(until.map_or(at, |u: Timestamp| u.min(at)));
                }
                _ => {}
            }
        }
        let settled = Some(Query { ast: bound.ast }.to_string())
            .filter(|settled| !settled.is_empty() && *settled != query);
        let mut summary = Vec::new();
        for facet in page.facets {
            let FacetField::Normal(field) = facet.field else {
                continue;
            };
            for (value, events) in facet.values {
                let of_it = Ast::field_is(FieldRef::Normal(field), &value);
                summary.push(Sum {
                    field,
                    period: asking.period(&request.query.clone().and(Query { ast: of_it }))?,
                    what: Summed::Value(value),
                    events,
                });
            }
            let rest = [
                (Summed::Others, facet.other),
                (Summed::Missing, facet.missing),
            ];
            for (what, events) in rest.into_iter().filter(|(_, events)| *events > 0) {
                summary.push(Sum {
                    field,
                    what,
                    events,
                    period: None,
                });
            }
        }
        Ok(Self {
            who,
            when: request.now,
            query,
            settled,
            since,
            until,
            newest_first: request.sort == Sort::Desc,
            limit: None,
            total: page.total,
            untimed: asking.untimed()?,
            found: asking.period(&request.query)?,
            held: asking.period(&Query::default())?,
            summary,
            info,
        })
    }
}

/// An engine, and the request that everything else is asked like.
struct Asking<'a> {
    engine: &'a dyn Engine,
    request: &'a SearchRequest,
    cancel: &'a Cancel,
}

impl Asking<'_> {
    /// The request with another query and nothing wanted of it yet.
    fn only(&self, query: Query) -> SearchRequest {
        SearchRequest {
            query,
            limit: 0,
            cursor: None,
            facets: Vec::new(),
            histogram: None,
            want_total: false,
            ..self.request.clone()
        }
    }

    fn period(&self, query: &Query) -> Result<Option<Period>, EngineError> {
        let end = |sort| -> Result<Option<Timestamp>, EngineError> {
            let one = SearchRequest {
                limit: 1,
                sort,
                ..self.only(query.clone().and(Query { ast: has_time() }))
            };
            let page = self.engine.search(&one, self.cancel)?;
            Ok(page.hits.first().and_then(|hit| hit.event.ts))
        };
        Ok(end(Sort::Asc)?.zip(end(Sort::Desc)?))
    }

    /// Events that would match if their records named a time.
    fn untimed(&self) -> Result<u64, EngineError> {
        let is_bound = |term: &Ast| matches!(term, Ast::Since(_) | Ast::Until(_));
        let (bounds, rest): (Vec<Ast>, Vec<Ast>) = self
            .request
            .query
            .conjuncts()
            .into_iter()
            .partition(is_bound);
        if bounds.is_empty() {
            return Ok(0);
        }
        let terms = rest.into_iter().chain([has_time().negated()]);
        let untimed = SearchRequest {
            want_total: true,
            ..self.only(Query::from_conjuncts(terms.collect()))
        };
        Ok(self.engine.search(&untimed, self.cancel)?.total)
    }
}

fn has_time() -> Ast {
    Ast::Field(FieldRef::Normal(Field::Ts), Test::Exists)
}
