//! Records of a JSON format in a column of a CSV file, as consoles export them.

use super::csv;
use super::flatten::flatten;
use super::framer::CsvFramer;
use super::layout::{Layout, first_records};
use super::mapped::{Mapped, Table};
use super::record::{add_note, event_of, kind, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event};

/// A record's attributes are what its JSON holds, under the same paths as anywhere else, then the other columns.
pub(super) struct InColumn {
    table: &'static Table,
    column: &'static str,
    records: Mapped,
}

impl InColumn {
    pub(super) fn new(table: &'static Table, column: &'static str) -> Self {
        let records = Mapped::new(table, Layout::Lines);
        Self {
            table,
            column,
            records,
        }
    }

    /// The leaves of a CSV record, and what is wrong with the JSON in it.
    fn leaves(&self, header: &str, text: &str) -> Result<(Attributes, Option<String>), String> {
        let cells = csv::cells(header, text)?;
        let mut leaves = Attributes::with_capacity(text.len(), 64);
        let record = cells.iter().find(|(name, _)| is_column(self.column, name));
        let record = record.ok_or_else(|| format!("no column {}", self.column))?;
        let wrong = match flatten(record.1.trim().as_bytes(), &mut leaves) {
            Ok(note) => note,
            // What stands before the break is read.
            Err(error) => Some(format!("{} is not valid JSON: {error}", self.column)),
        };
        for (name, value) in &cells {
            let name = name.trim();
            if !is_column(self.column, name) && leaves.get(name).is_none() {
                leaves.push(name, kind(value), value);
            }
        }
        Ok((leaves, wrong))
    }
}

/// Whether this is the name of the column that holds the records.
fn is_column(column: &str, name: &str) -> bool {
    name.trim().eq_ignore_ascii_case(column)
}

/// Whether a line of column names has that column.
fn has_column(column: &str, header: &str) -> bool {
    let names = csv::names(header);
    names.iter().any(|name| is_column(column, name))
}

impl Format for InColumn {
    fn id(&self) -> &str {
        self.table.id
    }

    fn title(&self) -> &str {
        self.table.title
    }

    fn version(&self) -> u32 {
        self.table.version
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let Some(header) = self.header(sample.bytes()) else {
            return 0;
        };
        let records = first_records(self.framer(0), sample.bytes());
        let known = |frame: &Frame| {
            let text = lossy(trimmed(&frame.bytes));
            let leaves = self.leaves(&header, &text);
            leaves.is_ok_and(|(leaves, _)| self.table.knows(&leaves))
        };
        super::layout::score_share(&records, 95, known)
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        let column = self.column;
        Box::new(CsvFramer::with_header(offset, move |record| {
            csv::header_in(record).is_some_and(|header| has_column(column, &header))
        }))
    }

    fn splittable(&self) -> bool {
        false
    }

    fn header(&self, head: &[u8]) -> Option<String> {
        csv::header(head).filter(|header| has_column(self.column, header))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let bytes = trimmed(&frame.bytes);
        if bytes.starts_with(b"{") {
            return self.records.parse(frame, context);
        }
        let header = context.header.as_deref();
        let header = header.ok_or("the line of column names is missing")?;
        let mut event = event_of(frame);
        let (leaves, wrong) = self.leaves(header, &lossy(bytes))?;
        if let Some(wrong) = wrong {
            add_note(&mut event, &wrong);
        }
        Ok(vec![self.records.filled(event, leaves)])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.records.mapping()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Registry;

    const HEADER: &str = "CreationDate,UserIds,Operations,AuditData";

    fn read(record: &str) -> Event {
        let frame = Frame {
            bytes: bytes::Bytes::copy_from_slice(record.as_bytes()),
            ..Frame::default()
        };
        let context = Context {
            header: Some(HEADER.into()),
            ..Context::default()
        };
        // As an index reads it back: by the id alone.
        let format = Registry::builtin().get("m365").unwrap();
        format.parse(&frame, &context).unwrap().remove(0)
    }

    #[test]
    fn the_record_is_read_under_its_own_paths_and_its_columns_beside_it() {
        let event = read(
            r#"2026-03-01T09:00:00.0000000Z,a@x.test,FileDeleted,"{""CreationTime"":""2026-03-01T09:00:01"",""Operation"":""FileDeleted"",""UserId"":""a@x.test"",""ObjectId"":""https:\/\/x.test\/b, \""c\"""",""ClientIP"":""[2001:db8::1]:443""}""#,
        );
        assert_eq!(
            event.ts.map(|t| t.rfc3339()),
            Some("2026-03-01T09:00:01.000000000Z".into())
        );
        assert_eq!(event.target.as_deref(), Some("https://x.test/b, \"c\""));
        assert_eq!(event.ip.len(), 1);
        assert_eq!(event.attributes.get("Operation"), Some("FileDeleted"));
        assert_eq!(event.attributes.get("UserIds"), Some("a@x.test"));
        assert_eq!(event.note, None);
    }

    #[test]
    fn of_a_record_that_is_cut_off_the_columns_tell() {
        let event = read(
            r#"2026-03-01 09:00:00,a@x.test,FileDeleted,"{""Operation"":""FileDeleted"",""UserKe""#,
        );
        assert_eq!(event.actor.as_deref(), Some("a@x.test"));
        assert_eq!(event.action.as_deref(), Some("FileDeleted"));
        assert!(event.ts.is_some());
        assert!(
            event
                .note
                .is_some_and(|note| note.contains("AuditData is not valid JSON"))
        );
    }

    #[test]
    fn a_table_with_a_column_of_that_name_alone_is_not_claimed() {
        let text = "time,user,action,AuditData\n2026-03-01 09:00:00,alice,login,x\n2026-03-01 09:00:01,bob,login,y\n";
        assert_eq!(
            Registry::builtin().detect(text.as_bytes()).format.id(),
            "csv~"
        );
    }
}
