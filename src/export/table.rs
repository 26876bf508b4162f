//! A table for people: one line an event, columns fitted to the width.

use std::io::{self, Write};

use super::column::What;
use super::{Column, Exporter, Style};
use crate::engine::Hit;
use crate::event::Outcome;
use crate::event::field::Field;
use crate::text::{self, Charset};

/// Rows looked at before widths are settled.
const LOOKAHEAD: usize = 1000;
/// Narrowest a column gets before the last column is left out.
const NARROW: usize = 8;
/// Blanks between columns.
const GAP: usize = 2;

const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

pub(super) struct Table {
    columns: Vec<Column>,
    style: Style,
    /// Rows held back until widths are settled.
    held: Vec<Row>,
    widths: Option<Vec<usize>>,
}

struct Row {
    cells: Vec<String>,
    outcome: Outcome,
}

impl Table {
    pub(super) fn new(columns: Vec<Column>, style: Style) -> Self {
        Self {
            columns,
            style,
            held: Vec::new(),
            widths: None,
        }
    }

    fn row(&self, hit: &Hit) -> Row {
        let limit = self.style.width.max(1);
        let cells = self.columns.iter().map(|column| {
            let text = match (&column.what, hit.event.ts) {
                (What::Field(Field::Ts), Some(ts)) => self.style.zone.format(ts),
                (What::Mark, _) if self.style.charset == Charset::Ascii => {
                    column.cell(hit).joined("").replace('⌁', "!")
                }
                _ => column.cell(hit).joined(" ").into_owned(),
            };
            self.style.charset.line(&text, limit)
        });
        Row {
            cells: cells.collect(),
            outcome: hit.event.outcome,
        }
    }

    fn label(&self, column: &Column) -> String {
        let label = match column.what {
            What::Field(Field::Ts) => format!("{} ({})", column.name, self.style.zone),
            _ => column.name.clone(),
        };
        self.style.charset.line(&label, self.style.width.max(1))
    }

    /// Settles the widths by the rows there are; `going_on` = by what others usually need, too.
    fn settle(&mut self, out: &mut dyn Write, going_on: bool) -> io::Result<()> {
        let labels: Vec<String> = self.columns.iter().map(|c| self.label(c)).collect();
        let wanted: Vec<(usize, usize)> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| {
                let usual = if going_on { usual_width(column) } else { 0 };
                let rows = self
                    .held
                    .iter()
                    .filter_map(|row| row.cells.get(i))
                    .map(|cell| text::width(cell));
                let natural = rows
                    .max()
                    .unwrap_or(0)
                    .max(text::width(&labels[i]))
                    .max(usual);
                let is_rigid = matches!(
                    column.what,
                    What::Mark | What::Field(Field::Ts | Field::Outcome)
                );
                (
                    natural,
                    if is_rigid {
                        natural
                    } else {
                        natural.min(NARROW)
                    },
                )
            })
            .collect();
        let widths = fit(&wanted, self.style.width);
        let (dim, plain) = if self.style.colour {
            (DIM, PLAIN)
        } else {
            ("", "")
        };
        writeln!(
            out,
            "{dim}{}{plain}",
            self.line(&labels, &widths).trim_end()
        )?;
        for row in std::mem::take(&mut self.held) {
            self.write_row(out, &row, &widths)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        // Cells are safe already, and sanitising twice would escape the escapes: only cut and fill here.
        let fitted: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| self.style.charset.fit(cell, *width))
            .collect();
        fitted.join(&" ".repeat(GAP))
    }

    fn write_row(&self, out: &mut dyn Write, row: &Row, widths: &[usize]) -> io::Result<()> {
        if !self.style.colour {
            return writeln!(out, "{}", self.line(&row.cells, widths).trim_end());
        }
        for (i, ((cell, width), column)) in
            row.cells.iter().zip(widths).zip(&self.columns).enumerate()
        {
            let colour = match column.what {
                What::Mark => RED,
                What::Field(Field::Outcome) if row.outcome == Outcome::Failure => RED,
                What::Field(Field::Ts) => DIM,
                _ => "",
            };
            let gap = if i == 0 { 0 } else { GAP };
            let plain = if colour.is_empty() { "" } else { PLAIN };
            write!(
                out,
                "{:gap$}{colour}{}{plain}",
                "",
                self.style.charset.fit(cell, *width)
            )?;
        }
        writeln!(out)
    }
}

impl Exporter for Table {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        let row = self.row(hit);
        if let Some(widths) = &self.widths {
            return self.write_row(out, &row, widths);
        }
        self.held.push(row);
        if self.held.len() == LOOKAHEAD {
            self.settle(out, false)
        } else {
            Ok(())
        }
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.widths.is_none() {
            self.settle(out, true)?;
        }
        out.flush()
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        // No rows, no header: an empty answer is empty.
        if !self.held.is_empty() {
            self.settle(out, false)?;
        }
        out.flush()
    }
}

/// Width of a column whose rows are not known yet (a live stream).
fn usual_width(column: &Column) -> usize {
    match &column.what {
        What::Mark => 1,
        What::Field(Field::Ts) => 23,
        What::Field(Field::Id) => 32,
        What::Field(Field::Outcome | Field::Severity | Field::Line) => 7,
        What::Field(Field::Target | Field::Source) => 30,
        What::Field(Field::Message) | What::Summary | What::Attributes | What::Raw => 80,
        _ => 16,
    }
}

/// Widths for columns that want `(natural, least)`: as many columns as fit at their least, then the widest gives way
/// first. The result, gaps included, fits into `width` (a single column is cut to it).
fn fit(wanted: &[(usize, usize)], width: usize) -> Vec<usize> {
    let taken =
        |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    let least: Vec<usize> = wanted.iter().map(|(_, least)| *least).collect();
    let count = (1..=wanted.len())
        .rev()
        .find(|n| taken(&least[..*n]) <= width);
    let Some(count) = count else {
        return wanted.iter().take(1).map(|_| width).collect();
    };
    let mut widths: Vec<usize> = wanted[..count]
        .iter()
        .map(|(natural, _)| *natural)
        .collect();
    while taken(&widths) > width {
        let widest = widths
            .iter_mut()
            .zip(&least)
            .filter(|(width, least)| **width > **least)
            .max_by_key(|(width, _)| **width);
        let Some((widest, _)) = widest else { break };
        *widest -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way_and_the_last_one_goes() {
        assert_eq!(fit(&[(10, 10), (20, 8), (5, 5)], 80), [10, 20, 5]);
        assert_eq!(fit(&[(10, 10), (60, 8), (40, 8)], 80), [10, 33, 33]);
        assert_eq!(fit(&[(10, 10), (60, 8), (40, 8)], 30), [10, 8, 8]);
        assert_eq!(fit(&[(10, 10), (60, 8), (40, 8)], 25), [10, 13]);
        assert_eq!(fit(&[(10, 10), (60, 8)], 4), [4]);
        assert_eq!(fit(&[], 4), [] as [usize; 0]);
    }
}
