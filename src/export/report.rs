//! The access report: for people who have to show who did what, and how far the answer can be relied on.

use std::io::{self, Write};

use super::markdown::{text, write_row, write_rule};
use super::{Column, Exporter, Style, column};
use crate::chain::ChainReport;
use crate::engine::{
    Cancel, Engine, EngineError, Facet, FacetField, FacetRequest, Hit, Info, SearchRequest, Sort,
    SourceInfo,
};
use crate::event::field::Field;
use crate::event::{Level, Timestamp};
use crate::query::ast::{Ast, FieldRef, Test, TimeExpr};
use crate::query::{BindContext, Query};

/// Findings of one source that are written out; the rest is counted.
const FINDINGS: usize = 20;
/// What is summed up, and how many values of each.
const SUMMARY: [Field; 5] = [
    Field::Actor,
    Field::Ip,
    Field::Action,
    Field::Outcome,
    Field::Target,
];
const VALUES: usize = 20;

fn has_time() -> Ast {
    Ast::Field(FieldRef::Normal(Field::Ts), Test::Exists)
}

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
    /// The first and the last event that match, as far as they have a time.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// The oldest event of all sources.
    pub oldest: Option<Timestamp>,
    /// Most frequent values among what matches.
    pub summary: Vec<Facet>,
    pub info: Info,
}

impl About {
    /// Asks an engine for what a report on `request` has to say.
    pub fn gather(
        engine: &dyn Engine,
        request: &SearchRequest,
        who: String,
        cancel: &Cancel,
    ) -> Result<Self, EngineError> {
        let count = SearchRequest {
            limit: 0,
            cursor: None,
            facets: SUMMARY
                .map(|field| FacetRequest::new(FacetField::Normal(field), VALUES))
                .to_vec(),
            histogram: None,
            want_total: true,
            ..request.clone()
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
        let end = |query: Query, sort| -> Result<Option<Timestamp>, EngineError> {
            let terms = query.conjuncts().into_iter().chain([has_time()]);
            let one = SearchRequest {
                query: Query::from_conjuncts(terms.collect()),
                limit: 1,
                cursor: None,
                facets: Vec::new(),
                histogram: None,
                want_total: false,
                sort,
                ..request.clone()
            };
            let page = engine.search(&one, cancel)?;
            Ok(page.hits.first().and_then(|hit| hit.event.ts))
        };
        let is_bound = |term: &Ast| matches!(term, Ast::Since(_) | Ast::Until(_));
        let (bounds, rest): (Vec<Ast>, Vec<Ast>) =
            request.query.conjuncts().into_iter().partition(is_bound);
        let untimed = if bounds.is_empty() {
            0
        } else {
            let terms = rest.into_iter().chain([has_time().negated()]);
            let untimed = SearchRequest {
                query: Query::from_conjuncts(terms.collect()),
                facets: Vec::new(),
                ..count
            };
            engine.search(&untimed, cancel)?.total
        };
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
            untimed,
            first: end(request.query.clone(), Sort::Asc)?,
            last: end(request.query.clone(), Sort::Desc)?,
            oldest: end(Query::default(), Sort::Asc)?,
            summary: page.facets,
            info,
        })
    }
}

pub(super) struct Report {
    about: Box<About>,
    columns: Vec<Column>,
    style: Style,
    begun: bool,
    rows: u64,
}

impl Report {
    pub(super) fn new(about: About, columns: Option<Vec<Column>>, style: Style) -> Self {
        Self {
            about: Box::new(about),
            columns: columns.unwrap_or_else(column::report_default),
            style,
            begun: false,
            rows: 0,
        }
    }

    fn time(&self, ts: Timestamp) -> String {
        format!("{} {}", self.style.zone.format(ts), self.style.zone)
    }

    fn safe(&self, from_elsewhere: &str) -> String {
        text(&self.style.charset.line(from_elsewhere, usize::MAX))
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        writeln!(out, "# Access report\n")?;
        self.facts(out)?;
        self.summary(out)?;
        self.sources(out)?;
        self.coverage(out)?;
        self.integrity(out)?;
        writeln!(out, "## Events\n")?;
        let names = self.columns.iter().map(|column| match column.what {
            column::What::Field(Field::Ts) => format!("time ({})", self.style.zone),
            _ => column.name.clone(),
        });
        let names: Vec<String> = names.collect();
        write_row(out, names.iter().map(String::as_str), self.style)?;
        write_rule(out, names.len())
    }

    fn facts(&self, out: &mut dyn Write) -> io::Result<()> {
        let about = &*self.about;
        let mut rows = vec![
            ("made by", about.who.clone()),
            (
                "made on",
                format!("{} ({})", self.time(about.when), about.when.rfc3339()),
            ),
            (
                "made with",
                concat!("auditty ", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
            ("query as run", about.query.clone()),
        ];
        if let Some(settled) = &about.settled {
            rows.push(("query, times settled", settled.clone()));
        }
        let end = |at: Option<Timestamp>, open: &str| at.map_or(open.to_owned(), |t| self.time(t));
        rows.push(("from (inclusive)", end(about.since, "no begin was given")));
        rows.push((
            "to (exclusive)",
            end(
                about.until,
                "no end was given: all that was there when it was made",
            ),
        ));
        rows.push((
            "oldest event of the sources",
            end(about.oldest, "none has a time"),
        ));
        rows.push(("times shown in", self.style.zone.to_string()));
        rows.push(("events that match", about.total.to_string()));
        if let (Some(first), Some(last)) = (about.first, about.last) {
            rows.push(("first of them", self.time(first)));
            rows.push(("last of them", self.time(last)));
        }
        if about.untimed > 0 {
            rows.push((
                "events without a time",
                format!(
                    "{}: they are in no period, and not in this report",
                    about.untimed
                ),
            ));
        }
        let order = if about.newest_first {
            "newest first"
        } else {
            "oldest first"
        };
        rows.push((
            "listed",
            match about.limit {
                Some(limit) if (limit as u64) < about.total => {
                    format!("{order}, only the first {limit}")
                }
                _ => format!("{order}, all of them"),
            },
        ));
        write_row(out, ["what", "value"].into_iter(), self.style)?;
        write_rule(out, 2)?;
        for (what, value) in rows {
            write_row(out, [what, value.as_str()].into_iter(), self.style)?;
        }
        writeln!(out)
    }

    fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.about.total == 0 {
            return Ok(());
        }
        writeln!(out, "## Summary\n")?;
        write_row(out, ["what", "value", "events"].into_iter(), self.style)?;
        write_rule(out, 3)?;
        for facet in &self.about.summary {
            let FacetField::Normal(field) = facet.field else {
                continue;
            };
            let rest = [
                ("(others)".to_owned(), facet.other),
                ("(not named)".to_owned(), facet.missing),
            ];
            let rest = rest.into_iter().filter(|(_, events)| *events > 0);
            for (value, events) in facet.values.iter().cloned().chain(rest) {
                let row = [field.name(), &value, &events.to_string()];
                write_row(out, row.into_iter(), self.style)?;
            }
        }
        writeln!(out)
    }

    fn sources(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## Sources\n")?;
        let head = [
            "source",
            "format",
            "events",
            "of them unparsed",
            "newest event",
        ];
        write_row(out, head.into_iter(), self.style)?;
        write_rule(out, head.len())?;
        for source in &self.about.info.sources {
            let newest = source.last.map_or("none".to_owned(), |at| self.time(at));
            let (events, unparsed) = (source.events.to_string(), source.unparsed.to_string());
            let format = match source.format_chosen {
                true => format!("{} (chosen by a person)", source.format),
                false => source.format.to_string(),
            };
            let row: [&str; 5] = [&source.name, &format, &events, &unparsed, &newest];
            write_row(out, row.into_iter(), self.style)?;
        }
        writeln!(out)
    }

    fn coverage(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## Coverage\n")?;
        let info = &self.about.info;
        let covers = &info.covers;
        match (covers.complete, covers.since) {
            (true, _) => writeln!(
                out,
                "- Complete: every record of these sources was searched."
            )?,
            (false, Some(since)) => writeln!(
                out,
                "- NOT complete: searched back to {}; older events may be missing.",
                self.time(since)
            )?,
            (false, None) => {
                writeln!(out, "- NOT complete: the sources were still being read.")?;
            }
        }
        if let Some(why) = &covers.stopped {
            writeln!(out, "- Reading stopped: {}.", self.safe(why))?;
        }
        for source in &info.sources {
            if let Some(error) = &source.error {
                let (name, error) = (self.safe(&source.name), self.safe(error));
                writeln!(out, "- Not fully read: {name}: {error}")?;
            }
        }
        for message in &info.messages {
            writeln!(out, "- {}", self.safe(message))?;
        }
        writeln!(out)
    }

    fn integrity(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## Were the records changed?\n")?;
        let is_unchained = |s: &&SourceInfo| s.chain.as_ref().is_some_and(|c| c.scheme.is_none());
        let (unchained, chained): (Vec<&SourceInfo>, Vec<_>) =
            self.about.info.sources.iter().partition(is_unchained);
        for source in chained {
            writeln!(
                out,
                "- {}: {}",
                self.safe(&source.name),
                self.safe(&verdict(source))
            )?;
            let findings = source.chain.iter().flat_map(|c| &c.findings);
            let mut worst: Vec<_> = findings.filter(|f| f.level != Level::Note).collect();
            worst.sort_by_key(|f| std::cmp::Reverse(f.level));
            for finding in worst.iter().take(FINDINGS) {
                writeln!(
                    out,
                    "  - {} {} at line {}: {}",
                    finding.level.as_str(),
                    finding.kind,
                    finding.line,
                    self.safe(&finding.explanation)
                )?;
            }
            if worst.len() > FINDINGS {
                writeln!(out, "  - and {} more", worst.len() - FINDINGS)?;
            }
        }
        match &unchained[..] {
            [] => {}
            [source] => writeln!(
                out,
                "- {}: cannot be told: no hash chain",
                self.safe(&source.name)
            )?,
            sources => writeln!(
                out,
                "- The other {} sources: cannot be told: no hash chain",
                sources.len()
            )?,
        }
        writeln!(out)
    }
}

/// What the chain check says of a source, in words.
fn verdict(source: &SourceInfo) -> String {
    let Some(chain) = &source.chain else {
        return "not checked yet".to_owned();
    };
    let ChainReport {
        scheme, coverage, ..
    } = &**chain;
    let count = |level: Level| chain.findings.iter().filter(|f| f.level == level).count();
    let (alarms, warnings) = (count(Level::Alarm), count(Level::Warning));
    match (scheme, alarms, warnings) {
        (None, ..) => "cannot be told: no hash chain".to_owned(),
        (Some(scheme), 0, 0) => format!("no sign of it ({scheme}: {coverage})"),
        (Some(scheme), 0, n) => {
            format!("no proof of it, but {n} to look at ({scheme}: {coverage})")
        }
        (Some(scheme), n, _) => format!("YES, {n} found ({scheme}: {coverage})"),
    }
}

impl Exporter for Report {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        self.begin(out)?;
        self.rows += 1;
        let cells = self
            .columns
            .iter()
            .map(|column| match (&column.what, hit.event.ts) {
                (column::What::Field(Field::Ts), Some(ts)) => self.style.zone.format(ts),
                _ => column.cell(hit).joined(", ").into_owned(),
            });
        let cells: Vec<String> = cells.collect();
        write_row(out, cells.iter().map(String::as_str), self.style)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        writeln!(out, "\nEvents listed above: {}.\n", self.rows)?;
        writeln!(out, "## Terms\n")?;
        for (term, meaning) in TERMS {
            writeln!(out, "- **{term}**: {meaning}")?;
        }
        out.flush()
    }
}

const TERMS: [(&str, &str); 11] = [
    (
        "time",
        "when it happened, as the record says; not when it was read.",
    ),
    (
        "actor",
        "the account that did it; whether a person sat behind it the records do not say.",
    ),
    ("action", "what was done, in the source's own word."),
    ("target", "what it was done to."),
    (
        "outcome",
        "success, failure (an error or a denial), or unknown where the record does not say.",
    ),
    (
        "ip",
        "the address the request came from, as the source recorded it.",
    ),
    (
        "chain",
        "what the check of this record's hash chain found: verified, broken (then the kind), unchained, pending.",
    ),
    (
        "hash chain",
        "each record carries a hash of the one before, so that a change, a gap or an insertion shows.",
    ),
    (
        "coverage",
        "how much of the sources the report speaks for; what was not read cannot be in it.",
    ),
    (
        "unparsed",
        "records that were kept and searched as plain text because their form was not understood.",
    ),
    (
        "query",
        "the filter in auditty's query language; run again on the same records it gives the same events.",
    ),
];
