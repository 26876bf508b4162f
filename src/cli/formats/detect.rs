//! `auditty formats detect`: which format a file is read as, and what speaks for that and for others: how much of its
//! head each reads, and which fields that gives.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::filled::Filled;
use crate::cli::app::{App, grouped};
use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::event::field::Field;
use crate::format::{Context, Format, Registry};
use crate::text::count::counted;

/// Bytes from the head of the file that are looked at, as many as a format is chosen by.
const HEAD: u64 = 64 << 10;

/// The fields that are told.
const TOLD: [Field; 5] = [
    Field::Ts,
    Field::Actor,
    Field::Action,
    Field::Outcome,
    Field::Ip,
];

pub(super) fn run(file: &Path, app: &mut App) -> Result<Exit, Failure> {
    let name = app.style.charset.line(&file.to_string_lossy(), usize::MAX);
    let Some(found) = files::detect(file, &app.settings)? else {
        writeln!(app.out, "{name}: nothing to read (empty or binary)")?;
        return Ok(Exit::NoMatch);
    };
    let mut head = Vec::new();
    let read = files::stream(file)?.take(HEAD).read_to_end(&mut head);
    read.map_err(|e| Failure::Failed(format!("cannot read {name}: {e}")))?;
    let registry = Registry::builtin();
    let chosen = [(found.format, found.score)];
    for (i, (format, score)) in chosen.iter().chain(&found.others).enumerate() {
        let (key, title) = (format.key(), format.title());
        let begin = match i {
            0 => format!("{name}:"),
            _ => "  also".to_owned(),
        };
        writeln!(app.out, "{begin} {key} ({title}), score {score}")?;
        writeln!(app.out, "    {}", evidence(format, &head, app))?;
        let own = app
            .settings
            .formats
            .iter()
            .find(|own| own.id == format.id());
        let known_by = match own {
            Some(own) => own.known_by.iter().map(String::as_str).collect(),
            None => registry.known_by(format.id()),
        };
        if i == 0 && !known_by.is_empty() {
            writeln!(app.out, "    known by {}", known_by.join(", or by "))?;
        }
    }
    Ok(Exit::Ok)
}

/// `reads 20 of 20 records: ts in 100 %, actor in 95 %`
fn evidence(format: &Arc<dyn Format>, head: &[u8], app: &App) -> String {
    let context = Context {
        zone: app.settings.log_zone,
        header: format.header(head).map(Into::into),
        ..Context::default()
    };
    let (mut framer, mut frames) = (format.framer(0), Vec::new());
    framer.push(head, &mut frames);
    // At the end of a longer head stands the begin of a record.
    if frames.is_empty() || (head.len() as u64) < HEAD {
        framer.finish(&mut frames);
    }
    let (mut read, mut filled) = (0_u64, Filled::default());
    for frame in &frames {
        let events = format.parse(frame, &context).unwrap_or_default();
        read += u64::from(!events.is_empty());
        events.iter().for_each(|event| filled.add(event));
    }
    let records = counted(frames.len() as u64, "record", "records");
    let shares = filled
        .shares()
        .filter(|(field, percent)| TOLD.contains(field) && *percent > 0.0)
        .map(|(field, percent)| format!("{} in {percent:.0} %", field.name()))
        .collect::<Vec<_>>()
        .join(", ");
    let colon = if shares.is_empty() { "" } else { ": " };
    format!(
        "reads {} of the first {records}{colon}{shares}",
        grouped(read)
    )
}
