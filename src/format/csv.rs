//! CSV and TSV with a line of column names: what spreadsheets and consoles export, and auditty's own CSV.
//!
//! A column is an attribute under its name; the usual names are guessed as in JSON. The delimiter is the one that the
//! header has most of. Source: RFC 4180.

use std::sync::Arc;

use super::framer::{CsvFramer, fields};
use super::guess::{self, Guess};
use super::record::{address, event_of, kind, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event};

pub(super) struct Csv {
    guess: Arc<Guess>,
}

impl Csv {
    pub(super) fn new(guess: Arc<Guess>) -> Self {
        Self { guess }
    }
}

/// Most columns that are looked at.
const COLUMNS: usize = 1_000;

/// How many records of a sample are looked at.
const RECORDS: usize = 32;

impl Format for Csv {
    fn id(&self) -> &str {
        "csv~"
    }

    fn title(&self) -> &str {
        "CSV and TSV with a line of column names"
    }

    fn version(&self) -> u32 {
        4
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let Some(header) = header(sample.bytes()) else {
            return 0;
        };
        let delimiter = delimiter(&header);
        let names = fields(&header, delimiter);
        let mut framer = self.framer(0);
        let mut records = Vec::new();
        framer.push(sample.bytes(), &mut records);
        if records.is_empty() {
            framer.finish(&mut records);
        }
        records.truncate(RECORDS);
        let fits = |f: &&Frame| fields(&lossy(trimmed(&f.bytes)), delimiter).len() == names.len();
        let fitting = records.iter().filter(fits).count();
        if records.is_empty() || fitting * 10 < records.len() * 9 {
            return 0;
        }
        let known = names.iter().filter(|name| guess::is_telling(name)).count();
        // A line taken for a header is no event: one word may be chance, in prose with commas too.
        if known < 2 { 0 } else { 80 }
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(CsvFramer::with_header(offset, |record| {
            header_in(record).is_some()
        }))
    }

    fn splittable(&self) -> bool {
        false
    }

    fn header(&self, head: &[u8]) -> Option<String> {
        header(head)
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let header = context
            .header
            .as_deref()
            .ok_or("the line of column names is missing")?;
        let text = lossy(trimmed(&frame.bytes));
        let cells = cells(header, &text)?;
        let mut event = event_of(frame);
        let mut leaves = Attributes::with_capacity(text.len(), cells.len());
        for (name, value) in &cells {
            for part in parts(value) {
                leaves.push(name.trim(), kind(part), part);
            }
        }
        self.guess.fill(&mut event, &leaves, context);
        event.attributes = leaves;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        guess::described()
    }
}

/// The line of column names, if a source begins with one.
pub(super) fn header(head: &[u8]) -> Option<String> {
    let mut framer = CsvFramer::new(0);
    let mut records = Vec::new();
    framer.push(head, &mut records);
    header_in(&records.first()?.bytes)
}

/// The record as a line of column names, if it is one.
pub(super) fn header_in(record: &[u8]) -> Option<String> {
    let header = lossy(trimmed(record)).into_owned();
    let names = fields(&header, delimiter(&header));
    let is_name = |name: &String| {
        let begins = |c: char| c.is_alphabetic() || matches!(c, '@' | '_');
        name.len() <= 128
            && name.trim().starts_with(begins)
            && !name.contains(['{', '=', ':', '\n'])
    };
    let mut sorted: Vec<String> = names.iter().map(|n| n.to_lowercase()).collect();
    sorted.sort();
    sorted.dedup();
    let sound = (2..=COLUMNS).contains(&names.len())
        && names.iter().all(is_name)
        && sorted.len() == names.len();
    sound.then_some(header)
}

/// The names in a header.
pub(super) fn names(header: &str) -> Vec<String> {
    fields(header, delimiter(header))
}

/// The fields of a record, each with the name the header gives it.
pub(super) fn cells(header: &str, record: &str) -> Result<Vec<(String, String)>, String> {
    let names = names(header);
    let values = fields(record, delimiter(header));
    if values.len() != names.len() {
        return Err(format!(
            "has {} fields, the header {}",
            values.len(),
            names.len()
        ));
    }
    Ok(names.into_iter().zip(values).collect())
}

/// The addresses of a list of them; any other value is one.
fn parts(value: &str) -> Vec<&str> {
    let parts: Vec<&str> = value.split(';').map(str::trim).collect();
    if parts.len() > 1 && parts.iter().all(|part| address(part).is_some()) {
        parts
    } else {
        vec![value]
    }
}

fn delimiter(header: &str) -> char {
    let count = |c: &char| header.matches(*c).count();
    // The last of equals wins; a comma is the rule.
    ['\t', ';', ',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(text: &str) -> Option<String> {
        header(text.as_bytes())
    }

    #[test]
    fn a_header_is_made_of_names() {
        assert_eq!(header_of("a,b\n1,2\n").as_deref(), Some("a,b"));
        assert_eq!(
            header_of("\u{feff}a;\"b c\"\r\n1;2\n").as_deref(),
            Some("a;\"b c\"")
        );
        for no in [
            "",
            "a\n",
            "a,b",
            "1,2\n3,4\n",
            "a,a\n",
            "{\"a\":1,\"b\":2}\n",
            "a=1,b=2\n",
        ] {
            assert_eq!(header_of(no), None, "{no:?}");
        }
    }

    #[test]
    fn text_with_commas_is_no_table() {
        for text in [
            "Dear all, hello\nthis is, well, a letter\nyours\n",
            "one, two\nthree\nfour, five, six\n",
            "Error, disk full\nError, disk empty\n",
        ] {
            assert_eq!(
                Csv::new(Arc::default()).sniff(&Sample::new(text.as_bytes())),
                0,
                "{text}"
            );
        }
        let table = "time,user,ip\n2026-03-01T09:00:00Z,alice,10.0.0.1\n";
        assert_eq!(
            Csv::new(Arc::default()).sniff(&Sample::new(table.as_bytes())),
            80
        );
    }
}
