//! Value counts, as `search --facet` prints them.

use std::io::{self, Write};

use super::{Format, Style, csv, markdown};
use crate::engine::Facet;
use crate::json::escape_into;

/// The counts of one field, most frequent first: `value count` lines, JSON lines or CSV. `name` is the field as
/// asked for.
pub fn write_facet(
    out: &mut dyn Write,
    format: Format,
    style: Style,
    name: &str,
    facet: &Facet,
) -> io::Result<()> {
    match format {
        Format::Jsonl | Format::Ecs => {
            for (value, count) in &facet.values {
                let mut line = String::from("{\"field\":");
                escape_into(name, &mut line, crate::text::is_unsafe);
                line.push_str(",\"value\":");
                escape_into(value, &mut line, crate::text::is_unsafe);
                writeln!(out, "{line},\"count\":{count}}}")?;
            }
        }
        Format::Csv | Format::RawCsv => {
            let guarded = format == Format::Csv;
            csv::write_row(out, [name, "count"].into_iter(), style, guarded)?;
            for (value, count) in &facet.values {
                let row = [value.as_str(), &count.to_string()];
                csv::write_row(out, row.into_iter(), style, guarded)?;
            }
        }
        Format::Markdown | Format::Report => {
            markdown::write_row(out, [name, "count"].into_iter(), style)?;
            markdown::write_rule(out, 2)?;
            for (value, count) in &facet.values {
                let row = [value.as_str(), &count.to_string()];
                markdown::write_row(out, row.into_iter(), style)?;
            }
        }
        Format::Plain => {
            let safe = |text: &str| style.charset.line(text, usize::MAX);
            writeln!(out, "counts of {}", safe(name))?;
            for (value, count) in &facet.values {
                writeln!(out, "{}: {count}", safe(value))?;
            }
        }
        Format::Table | Format::Raw => {
            writeln!(
                out,
                "{:>12}  {}",
                "count",
                style.charset.line(name, style.width)
            )?;
            let rows = facet
                .values
                .iter()
                .map(|(value, count)| (style.charset.line(value, room(style)), *count));
            let rest = [("other values", facet.other), ("no value", facet.missing)];
            let rest = rest
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(what, count)| (format!("({what})"), count));
            for (value, count) in rows.chain(rest) {
                writeln!(out, "{count:>12}  {value}")?;
            }
        }
    }
    Ok(())
}

/// Columns left beside the count.
fn room(style: Style) -> usize {
    style.width.saturating_sub(14).max(1)
}
