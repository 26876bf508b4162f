//! The report for programs: every field by its name, every time as RFC 3339.

use std::io::{self, Write};

use serde::Serializer;

use super::RunReport;
use crate::event::Timestamp;
use crate::export::jsonl::push_safe;

pub(super) fn write(report: &RunReport, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
    let mut safe = String::with_capacity(text.len());
    for line in text.lines() {
        push_safe(line, &mut safe);
        safe.push('\n');
    }
    out.write_all(safe.as_bytes())
}

pub(super) fn time<S: Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.rfc3339())
}

pub(super) fn time_or_null<S: Serializer>(
    at: &Option<Timestamp>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, out),
        None => out.serialize_none(),
    }
}
