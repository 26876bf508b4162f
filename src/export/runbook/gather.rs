//! Asking an engine what a step of a runbook asks for.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::{Bars, Group, Row, SourceReport, StepReport, doubt, unknown_fields};
use crate::engine::{
    Cancel, Engine, EngineError, Facet, FacetField, FacetRequest, Hit, Info, SearchPage,
    SearchRequest, Sort,
};
use crate::event::field::Field;
use crate::event::{EventId, Level, Timestamp, Zone};
use crate::export::column::{self, Column};
use crate::query::{BindContext, Query};
use crate::runbook::{Evidence, InputError, Inputs, Runbook};
use crate::text::shell::word;

/// Distinct values counted of a field that a condition looks at.
const EVIDENCE_VALUES: usize = 10_000;
/// Values listed of a step's `group=`.
const GROUP_VALUES: usize = 20;
/// Kinds of verdicts counted: more than there are.
const VERDICTS: usize = 100;
const BUCKETS: usize = 60;
/// Where an event is that was kept and cannot be found any more.
const GONE: &str = "no longer in what is open";
const NOT_YET: &str = "not found yet: not everything was read";

/// A run that asks.
pub struct Asking<'a> {
    pub engine: &'a dyn Engine,
    pub runbook: &'a Runbook,
    /// Checked ones.
    pub inputs: &'a Inputs,
    pub now: Timestamp,
    pub zone: Zone,
    /// What is open, for the command that shows the same again.
    pub paths: &'a [PathBuf],
    /// Rows written down of each step.
    pub rows: usize,
    pub cancel: &'a Cancel,
}

/// Why a step could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Input(#[from] InputError),
}

impl Asking<'_> {
    /// Everything a step (from 0 on) finds. A step without a query finds nothing and expects nothing.
    pub fn step(&self, index: usize) -> Result<StepReport, GatherError> {
        self.step_as(index, None)
    }

    /// The same, with what a person made of its query.
    pub fn step_as(&self, index: usize, own: Option<&str>) -> Result<StepReport, GatherError> {
        let report = self.unasked(index);
        match self.runbook.step_query(index, self.inputs)? {
            Some(written) => match own {
                None => self.asked(index, written, report),
                Some(own) => {
                    let query = Query::parse(own).map_err(EngineError::from)?;
                    let written = Some(self.settled(&written)?);
                    self.asked(index, query, StepReport { written, ..report })
                }
            },
            None => Ok(report),
        }
    }

    /// The same where what the step asks for cannot be asked: it says so, and what it finds is not known.
    pub fn step_told(&self, index: usize, own: Option<&str>) -> Result<StepReport, EngineError> {
        let why = match self.step_as(index, own) {
            Ok(report) => return Ok(report),
            Err(GatherError::Input(error)) => error.to_string(),
            Err(GatherError::Engine(EngineError::Query(error))) => error.to_string(),
            Err(GatherError::Engine(error)) => return Err(error),
        };
        let query = self.runbook.steps.get(index).and_then(|s| s.query.as_ref());
        let expectation = query.and_then(|query| query.expect.as_ref());
        Ok(StepReport {
            expectation: expectation.map(ToString::to_string),
            complete: false,
            unasked: Some(why),
            ..self.unasked(index)
        })
    }

    /// What a step says.
    fn unasked(&self, index: usize) -> StepReport {
        let Some(step) = self.runbook.steps.get(index) else {
            return StepReport::default();
        };
        let told = |text: &str| crate::runbook::fill(text, |name| self.inputs.get(name).cloned());
        let columns = columns_of(step.query.as_ref().map_or(&[], |q| &q.show));
        StepReport {
            columns: columns.into_iter().map(|c| c.name).collect(),
            number: index + 1,
            id: step.id.clone(),
            title: step.title.clone(),
            scenario: told(&step.scenario),
            action: told(&step.action),
            expect: told(&step.expect),
            outcome: told(&step.outcome),
            prose: step.prose.iter().map(|text| told(text)).collect(),
            complete: true,
            ..StepReport::default()
        }
    }

    fn asked(
        &self,
        index: usize,
        query: Query,
        report: StepReport,
    ) -> Result<StepReport, GatherError> {
        let Some(written) = self.runbook.steps[index].query.as_ref() else {
            return Ok(report);
        };
        let settled = self.settled(&query)?;
        let needed = self.runbook.fields_needed(index);
        let mut facets: Vec<FacetRequest> = needed
            .iter()
            .map(|name| FacetRequest::new(FacetField::named(name), EVIDENCE_VALUES))
            .collect();
        let group = written.group.as_deref();
        facets.extend(group.map(|name| FacetRequest::new(FacetField::named(name), GROUP_VALUES)));
        facets.push(FacetRequest::new(
            FacetField::Normal(Field::Chain),
            VERDICTS,
        ));
        let request = SearchRequest {
            zone: self.zone,
            sort: Sort::Asc,
            limit: self.rows.max(1),
            facets,
            histogram: Some(BUCKETS),
            ..SearchRequest::new(query.clone(), self.now)
        };
        let page = self.engine.search(&request, self.cancel)?;
        let values = needed.iter().cloned().zip(&page.facets);
        let unknown = unknown_fields(&page);
        let evidence = Evidence {
            rows: page.total,
            values: values.map(|(name, f)| (name, f.values.clone())).collect(),
            complete: page.covers.complete,
            doubt: doubt(self.runbook, &query, &page, &self.engine.status()),
            unknown: unknown.clone(),
            more: names(&needed, &page.facets, |facet| facet.other > 0),
            missing: names(&needed, &page.facets, |facet| facet.missing > 0),
        };
        let group = group.map(|field| {
            let facet = &page.facets[needed.len()];
            Group {
                field: field.to_owned(),
                values: facet.values.clone(),
                other: facet.other,
                missing: facet.missing,
            }
        });
        let columns = columns_of(&written.show);
        let alarm = written.alarm.as_ref();
        Ok(StepReport {
            command: Some(self.command(&settled)),
            query: Some(settled),
            expectation: written.expect.as_ref().map(ToString::to_string),
            rows: page.total,
            met: self.runbook.is_met(index, &evidence),
            alarm: alarm.map(|a| (a.to_string(), self.runbook.is_alarm(index, &evidence))),
            complete: page.covers.complete,
            doubt: evidence.doubt.clone(),
            unknown: if page.total == 0 { unknown } else { Vec::new() },
            uncounted: self.runbook.uncounted(index, &evidence).map(str::to_owned),
            first: page.hits.iter().find_map(|hit| hit.event.ts),
            last: self.last(&query, &page)?,
            shown: page
                .hits
                .iter()
                .take(self.rows)
                .map(|hit| row(hit, &columns, self.zone))
                .collect(),
            group,
            verdicts: page
                .facets
                .last()
                .map(|f| f.values.clone())
                .unwrap_or_default(),
            histogram: page.histogram.map(|h| Bars {
                start: h.start,
                step: h.step,
                rows: h.total,
            }),
            evidence,
            ..report
        })
    }

    /// An event that was kept as evidence of a step; one that is gone says so.
    pub fn pin(&self, step: usize, id: EventId) -> Result<Row, EngineError> {
        let query = self.runbook.steps.get(step).and_then(|s| s.query.as_ref());
        let columns = columns_of(query.map_or(&[], |q| &q.show));
        let hit = match self.engine.event(id) {
            Err(EngineError::Dropped) => None,
            found => found?,
        };
        let is_all = self.engine.status().covers.complete;
        let gone = || Row {
            cells: columns.iter().map(|_| String::new()).collect(),
            id: id.to_string(),
            source: if is_all { GONE } else { NOT_YET }.to_owned(),
            ..Row::default()
        };
        Ok(hit.map_or_else(gone, |hit| row(&hit, &columns, self.zone)))
    }

    /// The query as text with every time in it absolute.
    fn settled(&self, query: &Query) -> Result<String, EngineError> {
        let bound = query.bind(&BindContext {
            now: self.now,
            zone: self.zone,
            paths: None,
        })?;
        let text = Query { ast: bound.ast }.to_string();
        Ok(if text.is_empty() {
            "*".to_owned()
        } else {
            text
        })
    }

    fn last(&self, query: &Query, page: &SearchPage) -> Result<Option<Timestamp>, EngineError> {
        if !page.more {
            return Ok(page.hits.iter().rev().find_map(|hit| hit.event.ts));
        }
        let request = SearchRequest {
            zone: self.zone,
            limit: 1,
            want_total: false,
            ..SearchRequest::new(query.clone(), self.now)
        };
        let newest = self.engine.search(&request, self.cancel)?;
        Ok(newest.hits.first().and_then(|hit| hit.event.ts))
    }

    fn command(&self, query: &str) -> String {
        let paths = self.paths.iter().map(|path| word(path.as_os_str()));
        let named: Vec<String> = std::iter::once(word(OsStr::new(query)))
            .chain(paths)
            .collect();
        let named = named.join(" ");
        // What begins with a dash is taken for a flag unless it comes after all of them.
        if query.starts_with('-') {
            format!("auditty search --sort asc -- {named}")
        } else {
            format!("auditty search {named} --sort asc")
        }
    }
}

/// The columns of a step's `show=`, those that can be shown; without any, those of every table.
pub(super) fn columns_of(show: &[String]) -> Vec<Column> {
    let wanted = column::columns(&show.join(",")).unwrap_or_default();
    if wanted.is_empty() {
        column::report_rows()
    } else {
        wanted
    }
}

/// The names of those facets that are so.
fn names(needed: &[String], facets: &[Facet], is_so: impl Fn(&Facet) -> bool) -> BTreeSet<String> {
    let named = needed.iter().zip(facets);
    named
        .filter(|(_, facet)| is_so(facet))
        .map(|(name, _)| name.clone())
        .collect()
}

/// An event with what makes it evidence.
pub(super) fn row(hit: &Hit, columns: &[Column], zone: Zone) -> Row {
    let event = &*hit.event;
    let digest = Sha256::digest(&event.raw);
    Row {
        cells: columns
            .iter()
            .map(|column| column.for_people(hit, zone))
            .collect(),
        id: event.id.to_string(),
        source: event.source.to_string(),
        line: event.line,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        chain: hit.verdict.as_str().to_owned(),
        note: None,
        before: None,
    }
}

/// What an engine has open, and how much of it was searched.
pub(super) fn about_sources(info: &Info) -> (Vec<SourceReport>, Vec<String>) {
    let source = |s: &crate::engine::SourceInfo| SourceReport {
        name: s.name.to_string(),
        format: s.format.to_string(),
        events: s.events,
        unparsed: s.unparsed,
        first: s.first,
        last: s.last,
        integrity: crate::export::report::verdict(s),
        is_broken: s
            .chain
            .as_ref()
            .is_some_and(|chain| chain.findings.iter().any(|f| f.level == Level::Alarm)),
    };
    let unread_one = info.sources.iter().any(|s| s.error.is_some());
    let cut_one = info.sources.iter().any(|s| !s.cut.is_empty());
    let mut coverage = vec![if info.covers.complete && unread_one {
        "NOT complete: not every source could be read.".to_owned()
    } else if info.covers.complete && cut_one {
        "NOT complete: a file could not be read to its end.".to_owned()
    } else if info.covers.complete {
        "Every record of these sources was searched.".to_owned()
    } else {
        "NOT complete: the sources were still being read.".to_owned()
    }];
    let stopped = info.covers.stopped.iter();
    coverage.extend(stopped.map(|why| format!("Reading stopped: {why}.")));
    let unread = |s: &crate::engine::SourceInfo| {
        let error = s.error.as_ref()?;
        Some(format!("Not fully read: {}: {error}", s.name))
    };
    coverage.extend(info.sources.iter().filter_map(unread));
    let cut = || info.sources.iter().flat_map(|s| &s.cut);
    coverage.extend(cut().map(|why| format!("Not fully read: {why}.")));
    // The run that read the file says so in a message too.
    let messages = info.messages.iter().filter(|m| !cut().any(|c| c == *m));
    coverage.extend(messages.cloned());
    (info.sources.iter().map(source).collect(), coverage)
}
