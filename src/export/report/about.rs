//! What an access report says besides its rows, asked of an engine.

use crate::engine::{
    Cancel, Engine, EngineError, Facet, FacetField, FacetOrder, FacetRequest, Info, SearchRequest,
    Sort,
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
/// Of these the rarest values, too: what stands out may have happened once.
const RARE: [Field; 2] = [Field::Action, Field::Target];
const RARE_VALUES: usize = 10;

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
    /// Most frequent values among what matches, then the rarest of some fields.
    pub summary: Vec<Sum>,
    /// What the chain check says of the events that match, with how many of them.
    pub chain: Vec<(String, u64)>,
    pub info: Info,
}

/// One line of the summary: how many events, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    pub field: Field,
    pub order: FacetOrder,
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
        let frequent = SUMMARY.map(|field| FacetRequest::new(FacetField::Normal(field), VALUES));
        let rare = RARE.map(|field| FacetRequest {
            order: FacetOrder::Rare,
            ..FacetRequest::new(FacetField::Normal(field), RARE_VALUES)
        });
        let chain = FacetRequest::new(FacetField::Normal(Field::Chain), VALUES);
        let count = SearchRequest {
            facets: frequent.into_iter().chain(rare).chain([chain]).collect(),
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
        let mut facets = page.facets;
        let chain = facets.pop().map(|facet| facet.values).unwrap_or_default();
        let mut summary: Vec<Sum> = Vec::new();
        for (facet, asked) in facets.iter().zip(&count.facets) {
            for sum in asking.sums(facet, asked.order)? {
                let same = |other: &Sum| (other.field, &other.what) == (sum.field, &sum.what);
                if !summary.iter().any(same) {
                    summary.push(sum);
                }
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
            chain,
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

    /// The lines of one field. Of the rarest values nothing is said about the others: that was said before.
    fn sums(&self, facet: &Facet, order: FacetOrder) -> Result<Vec<Sum>, EngineError> {
        let FacetField::Normal(field) = facet.field else {
            return Ok(Vec::new());
        };
        let sum = |what, events, period| Sum {
            field,
            order,
            what,
            events,
            period,
        };
        let mut sums = Vec::new();
        for (value, events) in &facet.values {
            let ast = Ast::field_is(FieldRef::Normal(field), value);
            let period = self.period(&self.request.query.clone().and(Query { ast }))?;
            sums.push(sum(Summed::Value(value.clone()), *events, period));
        }
        if order == FacetOrder::Frequent {
            let rest = [
                (Summed::Others, facet.other),
                (Summed::Missing, facet.missing),
            ];
            let rest = rest.into_iter().filter(|(_, events)| *events > 0);
            sums.extend(rest.map(|(what, events)| sum(what, events, None)));
        }
        Ok(sums)
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
