//! The access report: for people who have to show who did what, and how far the answer can be relied on.

mod about;

use std::io::{self, Write};

pub use about::{About, Sum, Summed};

use super::markdown::{text, write_row, write_rule};
use super::{Column, Exporter, Style, column};
use crate::chain::ChainReport;
use crate::engine::{FacetOrder, Hit, SourceInfo};
use crate::event::field::Field;
use crate::event::time::{MINUTE, length};
use crate::event::{BreakKind, Level, Timestamp};

/// Findings of one source that are written out; the rest is counted.
const FINDINGS: usize = 20;
/// A stretch without a record at either end of the period asked for is told if it is at least this long, in nanoseconds.
const SILENCE: i64 = MINUTE;

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
            "the sources hold",
            match about.held {
                Some(held) => self.period(held),
                None => "no event with a time".to_owned(),
            },
        ));
        if let (Some(since), Some((first, last))) = (about.since, about.held) {
            let until = about
                .until
                .map_or(about.when, |until| until.min(about.when));
            let covered = (first.max(since), last.min(until));
            rows.push((
                "of the period asked for",
                format!("{} of {}", long(covered), long((since, until))),
            ));
        }
        rows.push(("times shown in", self.style.zone.to_string()));
        rows.push(("events that match", about.total.to_string()));
        if let Some((first, last)) = about.found {
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
        let first = format!("first ({})", self.style.zone);
        let last = format!("last ({})", self.style.zone);
        let head = ["what", "value", "events", &first, &last];
        write_row(out, head.into_iter(), self.style)?;
        write_rule(out, head.len())?;
        for sum in &self.about.summary {
            let end =
                |at: Option<Timestamp>| at.map_or(String::new(), |t| self.style.zone.format(t));
            let (first, last) = sum.period.unzip();
            let (events, first, last) = (sum.events.to_string(), end(first), end(last));
            let what = match sum.order {
                FacetOrder::Frequent => sum.field.name().to_owned(),
                FacetOrder::Rare => format!("{}, rarest", sum.field.name()),
            };
            let row = [&*what, sum.what.words(), &events, &first, &last];
            write_row(out, row.into_iter(), self.style)?;
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
            "oldest event",
            "newest event",
        ];
        write_row(out, head.into_iter(), self.style)?;
        write_rule(out, head.len())?;
        for source in &self.about.info.sources {
            let end = |at: Option<Timestamp>| at.map_or("none".to_owned(), |at| self.time(at));
            let (oldest, newest) = (end(source.first), end(source.last));
            let (events, unparsed) = (source.events.to_string(), source.unparsed.to_string());
            let format = match source.format_chosen {
                true => format!("{} (chosen by a person)", source.format),
                false => source.format.to_string(),
            };
            let row = [
                &source.name,
                &*format,
                &*events,
                &*unparsed,
                &*oldest,
                &*newest,
            ];
            write_row(out, row.into_iter(), self.style)?;
        }
        writeln!(out)
    }

    fn coverage(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## Coverage\n")?;
        let info = &self.about.info;
        let covers = &info.covers;
        let cut = || info.sources.iter().flat_map(|source| &source.cut);
        let whole = cut().next().is_none() && info.sources.iter().all(|s| s.error.is_none());
        match (covers.complete, covers.since) {
            (true, _) if !whole => writeln!(
                out,
                "- NOT complete: something could not be read to its end."
            )?,
            (true, _) => writeln!(out, "- Every record of these sources was searched.")?,
            (false, Some(since)) => writeln!(
                out,
                "- NOT complete: searched back to {}; older events may be missing.",
                self.time(since)
            )?,
            (false, None) => {
                writeln!(out, "- NOT complete: the sources were still being read.")?;
            }
        }
        self.silences(out)?;
        if let Some(why) = &covers.stopped {
            writeln!(out, "- Reading stopped: {}.", self.safe(why))?;
        }
        for source in &info.sources {
            if let Some(error) = &source.error {
                let (name, error) = (self.safe(&source.name), self.safe(error));
                writeln!(out, "- Not fully read: {name}: {error}")?;
            }
        }
        for cut in cut() {
            writeln!(out, "- Not fully read: {}", self.safe(cut))?;
        }
        // The run that read the file says so in a message too.
        for message in info.messages.iter().filter(|m| !cut().any(|c| c == *m)) {
            writeln!(out, "- {}", self.safe(message))?;
        }
        writeln!(out)
    }

    /// Says from when to when there are records, and which part of the period asked for is outside that.
    fn silences(&self, out: &mut dyn Write) -> io::Result<()> {
        let about = &*self.about;
        let Some((first, last)) = about.held else {
            return Ok(());
        };
        writeln!(out, "- There are records {}.", self.period((first, last)))?;
        // What is still to come when the report is made is no silence.
        let until = about
            .until
            .map_or(about.when, |until| until.min(about.when));
        let before = about.since.map(|since| (since, first.min(until)));
        let after = (last.max(about.since.unwrap_or(last)), until);
        for (from, to) in before.into_iter().chain([after]) {
            if to.0.saturating_sub(from.0) >= SILENCE {
                writeln!(
                    out,
                    "- NOTHING is there {}: whatever happened then is not in these sources.",
                    self.period((from, to))
                )?;
            }
        }
        Ok(())
    }

    /// `from … to … (4 h 50 min)`
    fn period(&self, (from, to): (Timestamp, Timestamp)) -> String {
        let long = long((from, to));
        format!("from {} to {} ({long})", self.time(from), self.time(to))
    }

    fn integrity(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "## Were the records changed?\n")?;
        writeln!(out, "The events of this report:\n")?;
        for (verdict, events) in &self.about.chain {
            writeln!(out, "- {events}: {}", self.safe(&of_events(verdict)))?;
        }
        if self.about.chain.is_empty() {
            writeln!(out, "- there are none")?;
        }
        writeln!(out, "\nAll records of the sources:\n")?;
        let is_unchained = |s: &&SourceInfo| {
            let chain = s.chain.as_ref();
            chain.is_some_and(|c| !c.is_chained() && c.findings.is_empty())
        };
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
                    "  - {} {}{}: {}",
                    finding.level.as_str(),
                    finding.kind,
                    finding
                        .lines()
                        .map_or(String::new(), |(line, _)| format!(" at line {line}")),
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

/// How long a period is; nothing if it ends before it begins.
fn long((from, to): (Timestamp, Timestamp)) -> String {
    length(u128::try_from(i128::from(to.0) - i128::from(from.0)).unwrap_or(0))
}

/// What the chain check says of an event, in words.
pub(super) fn of_events(verdict: &str) -> String {
    match verdict {
        "verified" => "checked, and unchanged".to_owned(),
        "unchained" => "cannot be told: no hash chain".to_owned(),
        "pending" => "not checked yet".to_owned(),
        "links-only" => "in their order, but the content cannot be checked".to_owned(),
        "unverifiable" => "cannot be told: what would check it is not here".to_owned(),
        kind => match BreakKind::from_name(kind).map(BreakKind::level) {
            Some(Level::Warning) => format!("no proof of it, but to look at ({kind})"),
            Some(Level::Note) => format!("no sign of it, written oddly ({kind})"),
            _ => format!("BROKEN here ({kind})"),
        },
    }
}

/// What the chain check says of a source, in words.
pub(super) fn verdict(source: &SourceInfo) -> String {
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
            .map(|column| column.for_people(hit, self.style.zone));
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

const TERMS: [(&str, &str); 12] = [
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
        "session",
        "what ties records to one login, connection or key; a key may be used by several people.",
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
        "the filter in auditty's query language; with its times settled, run again on the same records, it gives the same events.",
    ),
];
