//! Events on their way out: for people (table, plain text, Markdown, a report), for programs (JSON lines, ECS, CSV),
//! or the original bytes; what the chain check found, as evidence; and the files they are written to.
//!
//! Whatever goes to a terminal is safe to show there: what is for people passes the sanitiser, `jsonl` and `ecs`
//! spell controls as `\u` escapes (and so lose nothing), `csv` and `raw` pass the sanitiser on a terminal only.

mod column;
mod csv;
mod ecs;
mod facet;
pub mod file;
pub mod integrity;
pub mod jsonl;
mod markdown;
mod plain;
mod raw;
mod report;
pub mod runbook;
mod stream;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::engine::Hit;
use crate::event::Zone;
use crate::text::Charset;

pub use column::{Column, ColumnError, columns};
pub use facet::write_facet;
pub use report::{About, Sum, Summed};
pub use stream::{PAGE, StreamError, Streamed, stream};

/// Events that a table shows unless somebody says how many.
pub const TABLE_ROWS: usize = 1000;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    /// `label: value` lines, for a screen reader.
    Plain,
    Jsonl,
    Csv,
    /// CSV without the guard against formulas.
    RawCsv,
    Markdown,
    Ecs,
    /// The access report; see [`report()`].
    Report,
    Raw,
}

impl Format {
    /// What can be written to a file, each with its name and one line of help.
    pub const FILES: [(&str, Self, &str); 7] = [
        ("jsonl", Self::Jsonl, "one JSON object a line, nothing lost"),
        (
            "csv",
            Self::Csv,
            "for spreadsheets, formulas kept from running",
        ),
        ("raw-csv", Self::RawCsv, "CSV with every cell as it is"),
        ("markdown", Self::Markdown, "a table for a ticket"),
        ("ecs", Self::Ecs, "Elastic Common Schema, a line each"),
        ("report", Self::Report, "the access report, for compliance"),
        ("raw", Self::Raw, "the records as they were read"),
    ];

    /// A file format by its name.
    pub fn for_file(name: &str) -> Option<Self> {
        let found = Self::FILES.iter().find(|(n, ..)| *n == name);
        found.map(|(_, format, _)| *format)
    }
}

/// What stands at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The output is a terminal: hide nothing, let nothing act on it.
    pub terminal: bool,
    pub colour: bool,
    /// Columns a table may take.
    pub width: usize,
    pub charset: Charset,
    /// Zone of the times in tables; everything else is in UTC.
    pub zone: Zone,
}

/// Writes events one by one. `finish` must be called at the end.
pub trait Exporter {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()>;

    /// Writes what was held back: for a live stream, that rows appear as they come.
    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.flush()
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)
    }
}

/// The writer of an access report.
pub fn report(about: About, columns: Option<Vec<Column>>, style: Style) -> Box<dyn Exporter> {
    Box::new(report::Report::new(about, columns, style))
}

/// The writer for a format. `columns`: `None` = the format's own choice; ignored by `Raw` and `Ecs`. A report made
/// here says nothing but its rows.
pub fn exporter(format: Format, columns: Option<Vec<Column>>, style: Style) -> Box<dyn Exporter> {
    match format {
        Format::Table => Box::new(table::Table::new(
            columns.unwrap_or_else(column::table_default),
            style,
        )),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(
            columns.unwrap_or_else(column::all),
            style.charset,
        )),
        Format::Csv | Format::RawCsv => Box::new(csv::Csv::new(
            columns.unwrap_or_else(column::catalogue),
            style,
            format == Format::Csv,
        )),
        Format::Plain => Box::new(plain::Plain::new(
            columns.unwrap_or_else(column::plain_default),
            style,
        )),
        Format::Markdown => Box::new(markdown::Markdown::new(
            columns.unwrap_or_else(column::markdown_default),
            style,
        )),
        Format::Ecs => Box::new(ecs::Ecs::new(style)),
        Format::Report => report(About::default(), columns, style),
        Format::Raw => Box::new(raw::Raw::new(style)),
    }
}
