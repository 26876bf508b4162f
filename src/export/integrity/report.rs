//! The evidence report in Markdown: what was examined, what was found, how to check it again, and what that cannot show.
//! Text from logs and paths is nothing but text in it.

use std::io::{self, Write};
use std::sync::Arc;

use super::files::hash;
use super::standing::{self, Standing, Tally};
use crate::chain::{ChainReport, Finding};
use crate::engine::Cancel;
use crate::event::Timestamp;
use crate::export::markdown::{text, write_row, write_rule};
use crate::export::{StreamError, Style};
use crate::source::GenFile;
use crate::text::count::number;

/// What an evidence report is made of.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub when: Timestamp,
    /// The command that checks the same again.
    pub again: String,
    pub sources: Vec<Examined>,
}

/// One source with what its check found.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    pub name: String,
    /// `None` = not checked yet.
    pub chain: Option<Arc<ChainReport>>,
    /// Why it could not be read.
    pub error: Option<String>,
    /// The check is not through.
    pub is_checking: bool,
    /// Oldest first.
    pub files: Vec<GenFile>,
    /// A finding's generation is a place in `files`.
    pub is_ranked: bool,
}

impl Examined {
    fn standing(&self) -> Standing {
        Standing::of(
            self.chain.as_deref(),
            self.error.is_some(),
            self.is_checking,
        )
    }

    /// Where a finding is, where its line alone does not tell.
    fn file_of(&self, finding: &Finding) -> String {
        let place = usize::try_from(finding.generation).ok();
        let file = place.filter(|_| self.is_ranked);
        match file.and_then(|place| self.files.get(place)) {
            _ if self.files.len() < 2 => String::new(),
            Some(file) => format!(" of {}", crate::text::path(&file.path)),
            None => format!(" of generation {}", finding.generation),
        }
    }
}

const STATEMENT: &str = "\
It was made from the bytes of the files named below and from nothing else: whoever has files with the same SHA-256 sums gets
the same findings by the same command, on any machine.";

const LIMITS: [&str; 6] = [
    "Who can write a log and knows how its chain is made can compute the whole chain anew, or cut its end off, and nothing in \
     the log shows it. Only a copy of a hash that is kept elsewhere does.",
    "The last record of a raw-line chain is protected only by the one to come.",
    "A fork made by two honest writers and a record slipped in leave the same evidence.",
    "A log without a chain is unchained, which is not a clean bill: whether it was changed cannot be told.",
    "A finding says that records are not as they were chained, not who changed them, nor why.",
    "The time of a finding is what the record itself says.",
];

/// Writes the report; the files are read to their ends for it.
///
/// # Errors
/// It was cancelled, or cannot be written. What cannot be read is told in the report.
pub fn write(
    evidence: &Evidence,
    style: Style,
    cancel: &Cancel,
    out: &mut dyn Write,
) -> Result<(), StreamError> {
    let mut tally = Tally::default();
    for source in &evidence.sources {
        tally.add(source.standing(), source.chain.as_deref());
    }
    writeln!(out, "# Integrity report\n\n{}.\n", tally.sentence())?;
    let when = format!("{} {}", style.zone.format(evidence.when), style.zone);
    table(
        out,
        style,
        &[
            ("made on", &format!("{when} ({})", evidence.when.rfc3339())),
            ("made with", concat!("auditty ", env!("CARGO_PKG_VERSION"))),
            ("checked again by", &evidence.again),
            ("times shown in", &style.zone.to_string()),
        ],
    )?;
    writeln!(out, "{STATEMENT}\n")?;
    overview(evidence, style, out)?;
    for (n, source) in evidence.sources.iter().enumerate() {
        writeln!(out, "## Source {}\n", n + 1)?;
        about(source, style, out)?;
        files(source, style, cancel, out)?;
        findings(source, style, out)?;
    }
    writeln!(out, "## What a chain cannot show\n")?;
    for limit in LIMITS {
        writeln!(out, "- {limit}")?;
    }
    out.flush()?;
    Ok(())
}

fn safe(style: Style, from_elsewhere: &str) -> String {
    text(&style.charset.line(from_elsewhere, usize::MAX))
}

fn table(out: &mut dyn Write, style: Style, rows: &[(&str, &str)]) -> io::Result<()> {
    write_row(out, ["what", "value"].into_iter(), style)?;
    write_rule(out, 2)?;
    for (what, value) in rows {
        write_row(out, [*what, *value].into_iter(), style)?;
    }
    writeln!(out)
}

/// `no chain`, or its recipe.
fn scheme(source: &Examined) -> &str {
    match &source.chain {
        None => "not checked yet",
        Some(chain) => chain.scheme.as_deref().unwrap_or("no chain"),
    }
}

/// `198 of 199`; nothing where there is no chain.
fn verified(source: &Examined) -> String {
    let chained = source.chain.as_ref().filter(|c| c.scheme.is_some());
    chained.map_or(String::new(), |chain| {
        format!("{} of {}", number(chain.verified), number(chain.records))
    })
}

/// One row a source.
fn overview(evidence: &Evidence, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let head = ["", "source", "level", "chain", "verified", "findings"];
    write_row(out, head.into_iter(), style)?;
    write_rule(out, head.len())?;
    for (n, source) in evidence.sources.iter().enumerate() {
        let found = source.chain.as_deref().map(standing::findings);
        let cells = [
            &*(n + 1).to_string(),
            &source.name,
            source.standing().word(),
            scheme(source),
            &verified(source),
            &found.unwrap_or_default(),
        ];
        write_row(out, cells.into_iter(), style)?;
    }
    writeln!(out)
}

fn about(source: &Examined, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let verified = verified(source);
    let covered = source.chain.as_ref().map(|chain| chain.covered());
    let mut rows = vec![
        ("source", &*source.name),
        ("level", source.standing().word()),
        ("chain", scheme(source)),
    ];
    if source.chain.is_some() && !verified.is_empty() {
        rows.push(("records verified", &verified));
    }
    if let Some(covered) = &covered {
        rows.push(("coverage", covered));
    }
    if source.is_checking {
        rows.push(("not through", "the check was still going on"));
    }
    if let Some(error) = &source.error {
        rows.push(("not read", error));
    }
    table(out, style, &rows)
}

fn files(
    source: &Examined,
    style: Style,
    cancel: &Cancel,
    out: &mut dyn Write,
) -> Result<(), StreamError> {
    if source.files.is_empty() {
        writeln!(out, "There is no file to be hashed.\n")?;
        return Ok(());
    }
    let head = ["file", "bytes", "SHA-256"];
    write_row(out, head.into_iter(), style)?;
    write_rule(out, head.len())?;
    for file in &source.files {
        let (bytes, sum) = match hash(file, cancel)? {
            Ok(hashed) if hashed.changed => (
                number(hashed.bytes),
                format!("{} (changed while it was examined)", hashed.sha256),
            ),
            Ok(hashed) => (number(hashed.bytes), hashed.sha256),
            Err(error) => (String::new(), format!("not read: {error}")),
        };
        let path = crate::text::path(&file.path);
        write_row(out, [&*path, &*bytes, &*sum].into_iter(), style)?;
    }
    writeln!(out)?;
    Ok(())
}

fn findings(source: &Examined, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(chain) = source.chain.as_ref().filter(|c| !c.findings.is_empty()) else {
        return Ok(());
    };
    for (n, finding) in chain.worst_first().enumerate() {
        let time = finding.ts.map_or(String::new(), |ts| {
            format!(", {} {}", style.zone.format(ts), style.zone)
        });
        let lines = finding.lines().map(|(first, last)| match last > first {
            true => format!("lines {first} to {last}"),
            false => format!("line {first}"),
        });
        let place = lines.map_or("the log as a whole".to_owned(), |lines| {
            let file = source.file_of(finding);
            format!("{lines}{file}, byte {}", number(finding.offset))
        });
        writeln!(
            out,
            "{}. **{}**: {} at {}",
            n + 1,
            finding.level.as_str(),
            finding.kind,
            safe(style, &format!("{place}{time}"))
        )?;
        // What belongs to an entry of a list stands right of its number.
        let indent = " ".repeat((n + 1).to_string().len() + 2);
        writeln!(out, "{indent}- {}", safe(style, &finding.explanation))?;
        for (label, hash) in [("expected", &finding.expected), ("found", &finding.found)] {
            if let Some(hash) = hash {
                writeln!(out, "{indent}- {label} {}", safe(style, hash))?;
            }
        }
    }
    writeln!(out)
}
