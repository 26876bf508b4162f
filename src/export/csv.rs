//! CSV (RFC 4180, lines ended by LF) that no spreadsheet takes for formulas.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Column, Exporter, Style};
use crate::engine::Hit;
use crate::text;

pub(super) struct Csv {
    columns: Vec<Column>,
    style: Style,
    guarded: bool,
    header_written: bool,
}

impl Csv {
    pub(super) fn new(columns: Vec<Column>, style: Style, guarded: bool) -> Self {
        Self {
            columns,
            style,
            guarded,
            header_written: false,
        }
    }

    fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.header_written, true) {
            return Ok(());
        }
        let names = self.columns.iter().map(|c| c.name.as_str());
        write_row(out, names, self.style, self.guarded)
    }
}

impl Exporter for Csv {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        self.header(out)?;
        let cells: Vec<_> = self.columns.iter().map(|c| c.cell(hit)).collect();
        let texts: Vec<Cow<'_, str>> = cells.iter().map(|c| c.joined(";")).collect();
        write_row(out, texts.iter().map(|t| &**t), self.style, self.guarded)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.header(out)?;
        out.flush()
    }
}

/// One line of CSV.
pub(super) fn write_row<'a>(
    out: &mut dyn Write,
    cells: impl Iterator<Item = &'a str>,
    style: Style,
    is_guarded: bool,
) -> io::Result<()> {
    let mut line = String::new();
    let mut count = 0;
    for (i, cell) in cells.enumerate() {
        count = i + 1;
        if i > 0 {
            line.push(',');
        }
        let cell = if is_guarded {
            guarded(cell)
        } else {
            cell.into()
        };
        if style.terminal {
            push_quoted(&style.charset.line(&cell, usize::MAX), &mut line)
        } else {
            push_quoted(&cell, &mut line)
        }
    }
    // A lone empty cell would be no record at all.
    if count == 1 && line.is_empty() {
        line.push_str("\"\"");
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}

fn push_quoted(cell: &str, line: &mut String) {
    if cell.contains(['"', ',', '\n', '\r', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
        line.push('"');
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(cell);
    }
}

/// A `'` before what a spreadsheet would run as a formula (OWASP's list), so that it shows as text. Blanks, quotes
/// and what cannot be seen don't hide the sign; and since a `'` of the cell's own counts as a quote, taking one `'` off gives the
/// cell back. Plain numbers stay.
pub(super) fn guarded(cell: &str) -> Cow<'_, str> {
    let is_sign = |c: char| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    let starts_formula = cell.starts_with(is_sign)
        || cell
            .trim_start_matches(|c: char| {
                c.is_whitespace() || matches!(c, '"' | '\'') || text::is_unsafe(c)
            })
            .starts_with(is_sign);
    if starts_formula && !is_plain_number(cell) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

fn is_plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
}
