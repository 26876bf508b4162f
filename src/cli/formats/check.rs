//! `auditty formats check`: how well a format reads a file: which share of the events has each field, and what did not
//! parse.

use std::io::Read;
use std::path::Path;

use super::filled::Filled;
use crate::cli::app::{App, grouped};
use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::event::Event;
use crate::format::{Context, Registry};
use crate::source::ReadEnd;

/// Records that did not parse and are shown; the others are counted.
const SHOWN: usize = 10;

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

#[derive(Default)]
struct Sums {
    filled: Filled,
    unparsed: u64,
    /// Line, why, and the record's begin.
    samples: Vec<(u64, String, String)>,
}

/// `max_unparsed` = percent of the events that may be unparsed.
pub(super) fn run(
    file: &Path,
    format: Option<&str>,
    max_unparsed: u8,
    app: &mut App,
) -> Result<Exit, Failure> {
    let name = app.style.charset.line(&file.to_string_lossy(), usize::MAX);
    let registry = Registry::with(&app.settings.formats);
    let Some(found) = files::detect(file, &app.settings)? else {
        writeln!(app.out, "{name}: nothing to read (empty or binary)")?;
        return Ok(Exit::NoMatch);
    };
    let mut stream = files::stream(file)?;
    let failed = |e: std::io::Error| Failure::Failed(format!("cannot read {name}: {e}"));
    let mut piece = vec![0; PIECE];
    let read = fill(&mut stream, &mut piece).map_err(failed)?;
    let format = match format {
        None => found.format,
        Some(id) => registry.get_for(id, &piece[..read]).ok_or_else(|| {
            Failure::Usage(format!(
                "there is no format {id}; auditty formats list names them"
            ))
        })?,
    };
    let context = Context {
        zone: app.settings.log_zone,
        header: format.header(&piece[..read]).map(Into::into),
        ..Context::default()
    };
    let mut sums = Sums::default();
    let mut framer = format.framer(0);
    let (mut frames, mut read) = (Vec::new(), read);
    loop {
        if read == 0 {
            framer.finish(&mut frames);
        } else {
            framer.push(&piece[..read], &mut frames);
        }
        for frame in frames.drain(..) {
            for event in registry.parse(&format, &frame, &context) {
                sums.add(&event, frame.line + 1);
            }
        }
        if read == 0 {
            break;
        }
        read = fill(&mut stream, &mut piece).map_err(failed)?;
    }
    sums.print(&name, format.id(), app)?;
    if let Some(trouble) = stream.end().and_then(ReadEnd::trouble) {
        app.out.flush()?;
        app.talk(&format!("{name}: {trouble}"));
        return Ok(Exit::Failed);
    }
    let within = sums.unparsed * 100 <= sums.filled.events * u64::from(max_unparsed);
    Ok(if within { Exit::Ok } else { Exit::NoMatch })
}

/// As many bytes as there is room for, fewer only at the end.
fn fill(stream: &mut impl Read, piece: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while read < piece.len() {
        match stream.read(&mut piece[read..])? {
            0 => break,
            n => read += n,
        }
    }
    Ok(read)
}

impl Sums {
    fn add(&mut self, event: &Event, line: u64) {
        self.filled.add(event);
        if &*event.format == "text" && event.note.is_some() {
            self.unparsed += 1;
            if self.samples.len() < SHOWN {
                let why = event.note.clone().unwrap_or_default();
                let text = event.message.clone().unwrap_or_default();
                self.samples.push((line, why, text));
            }
        }
    }

    fn print(&self, name: &str, format: &str, app: &mut App) -> Result<(), Failure> {
        writeln!(
            app.out,
            "{name}: {format}, {} events, {} unparsed",
            grouped(self.filled.events),
            grouped(self.unparsed)
        )?;
        for (field, percent) in self.filled.shares() {
            writeln!(app.out, "  {:10}{percent:>6.1} %", field.name())?;
        }
        for (line, why, text) in &self.samples {
            let why = app.style.charset.line(why, 60);
            let text = app.style.charset.line(text, 100);
            writeln!(app.out, "  line {line}: {why}: {text}")?;
        }
        let more = self.unparsed.saturating_sub(SHOWN as u64);
        if more > 0 {
            writeln!(app.out, "  and {} more", grouped(more))?;
        }
        Ok(())
    }
}
