//! For a screen reader: one event a paragraph, one `label: value` a line; no columns, no signs, no colour.

use std::io::{self, Write};

use super::column::{Cell, What};
use super::{Column, Exporter, Style};
use crate::engine::Hit;
use crate::event::Verdict;
use crate::event::field::Field;

pub(super) struct Plain {
    columns: Vec<Column>,
    style: Style,
    written: u64,
}

impl Plain {
    pub(super) fn new(columns: Vec<Column>, style: Style) -> Self {
        Self {
            columns,
            style,
            written: 0,
        }
    }

    fn value(&self, column: &Column, hit: &Hit) -> Option<String> {
        match (&column.what, hit.event.ts) {
            (What::Field(Field::Ts), Some(ts)) => {
                let zone = self.style.zone;
                Some(format!("{} {zone}", zone.format(ts)))
            }
            // "unchained" and "pending" before every event would only be listened to in vain.
            (What::Mark, _) => match hit.verdict {
                Verdict::Broken(kind) => Some(format!("broken, {kind}")),
                _ => None,
            },
            _ => match column.cell(hit) {
                Cell::Absent => None,
                cell => Some(cell.joined(", ").into_owned()).filter(|text| !text.is_empty()),
            },
        }
    }
}

impl Exporter for Plain {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        if self.written > 0 {
            writeln!(out)?;
        }
        self.written += 1;
        let mut is_bare = true;
        for column in &self.columns {
            if let Some(value) = self.value(column, hit) {
                is_bare = false;
                let name = match column.what {
                    What::Mark => "chain",
                    What::Field(Field::Ts) if column.name == "ts" => "time",
                    _ => column.name.as_str(),
                };
                let label = self.style.charset.line(name, usize::MAX);
                let value = self.style.charset.line(&value, usize::MAX);
                writeln!(out, "{label}: {value}")?;
            }
        }
        if is_bare {
            writeln!(out, "an event without any of these fields")?;
        }
        Ok(())
    }
}
