//! Events on their way out of a headless command: table, JSON lines, CSV, or the original bytes.
//!
//! Whatever goes to a terminal is safe to show there: `table` and `raw` pass the sanitiser, `jsonl` spells
//! controls as `\u` escapes (and so loses nothing), `csv` passes the sanitiser on a terminal only.

mod column;
mod csv;
mod facet;
pub mod jsonl;
mod raw;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::engine::Hit;
use crate::event::Zone;
use crate::text::Charset;

pub use column::{Column, ColumnError, columns};
pub use facet::write_facet;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Jsonl,
    Csv,
    Raw,
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

/// The writer for a format. `columns`: `None` = the format's own choice; ignored by `Raw`.
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
        Format::Csv => Box::new(csv::Csv::new(
            columns.unwrap_or_else(column::catalogue),
            style,
        )),
        Format::Raw => Box::new(raw::Raw::new(style)),
    }
}
