//! A Markdown table whose cells are nothing but text: no HTML, no links, no emphasis, no way out of the row.

use std::io::{self, Write};

use super::column::What;
use super::{Column, Exporter, Style};
use crate::engine::Hit;
use crate::event::field::Field;

pub(super) struct Markdown {
    columns: Vec<Column>,
    style: Style,
    header_written: bool,
}

impl Markdown {
    pub(super) fn new(columns: Vec<Column>, style: Style) -> Self {
        Self {
            columns,
            style,
            header_written: false,
        }
    }

    fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.header_written, true) {
            return Ok(());
        }
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| match column.what {
                What::Field(Field::Ts) => format!("{} ({})", column.name, self.style.zone),
                _ => column.name.clone(),
            })
            .collect();
        write_row(out, names.iter().map(String::as_str), self.style)?;
        write_rule(out, names.len())
    }
}

impl Exporter for Markdown {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        self.header(out)?;
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.for_people(hit, self.style.zone))
            .collect();
        write_row(out, cells.iter().map(String::as_str), self.style)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.header(out)?;
        out.flush()
    }
}

/// One row of a table.
pub(super) fn write_row<'a>(
    out: &mut dyn Write,
    cells: impl Iterator<Item = &'a str>,
    style: Style,
) -> io::Result<()> {
    let mut line = String::from("|");
    for cell in cells {
        line.push(' ');
        line.push_str(&text(&style.charset.line(cell, usize::MAX)));
        line.push_str(" |");
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// The line between a table's head and its rows.
pub(super) fn write_rule(out: &mut dyn Write, columns: usize) -> io::Result<()> {
    writeln!(out, "|{}", "---|".repeat(columns))
}

/// One safe line as Markdown that renders to exactly that text. What could mean something goes into code spans, where
/// nothing does; the two characters that act even there are written as references. (An `@` alone makes a link of an
/// address on some hosts, and no escape outside a code span prevents that.)
pub(super) fn text(safe: &str) -> String {
    if is_plain(safe) {
        return safe.to_owned();
    }
    let mut out = String::with_capacity(safe.len() + 8);
    let mut in_code = false;
    let toggle = |out: &mut String, in_code: &mut bool, to: bool| {
        if *in_code != to {
            out.push('`');
            *in_code = to;
        }
    };
    for c in safe.chars() {
        match c {
            '|' | '`' => {
                toggle(&mut out, &mut in_code, false);
                out.push_str(if c == '|' { "&#124;" } else { "&#96;" });
            }
            c => {
                toggle(&mut out, &mut in_code, true);
                out.push(c);
            }
        }
    }
    toggle(&mut out, &mut in_code, false);
    out
}

fn is_plain(text: &str) -> bool {
    let is_quiet = |c: char| {
        c.is_alphanumeric()
            || matches!(
                c,
                ' ' | '.' | ',' | '-' | '/' | ':' | '(' | ')' | '…' | '?' | ';'
            )
    };
    let folded = text.to_ascii_lowercase();
    let links = ["://", "www.", "mailto:", "xmpp:", "---"];
    text.chars().all(is_quiet) && !links.iter().any(|l| folded.contains(l))
}
