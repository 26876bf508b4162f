//! `auditty chain explain`: how a chain was looked for, for the author of a log whose chain is not found or not understood.

use std::fmt::Write as _;
use std::io::BufRead;
use std::path::Path;

use super::app::{App, grouped};
use super::args::{ChainArgs, ChainCommand};
use super::exit::{Exit, Failure};
use super::files;
use crate::chain::{ChainRule, Hints, Inquiry, inquire};

/// Records looked at, as many as the check itself looks at.
const RECORDS: usize = 64;
/// The longest line that is read whole.
const LONGEST: u64 = 8 << 20;

pub(super) fn run(args: &ChainArgs, app: &mut App) -> Result<Exit, Failure> {
    let ChainCommand::Explain { file, line } = &args.command;
    let lines = read(file, *line)?;
    if line.is_some_and(|line| !lines.iter().any(|(number, _)| *number == line)) {
        let line = line.unwrap_or_default();
        return Err(Failure::Failed(format!(
            "{} has no line {line}",
            file.display()
        )));
    }
    let log = files::log_of(file)?;
    let rule = app.settings.chains.iter().find(|rule| rule.fits(&log));
    let hints = rule.map_or_else(Hints::default, ChainRule::load);
    let inquiry = inquire(&lines, &hints, *line);
    let mut text = report(&inquiry, rule.is_some(), &log);
    text = text
        .split('\n')
        .map(|line| app.style.charset.line(line, usize::MAX) + "\n")
        .collect();
    app.out.write_all(text.trim_end().as_bytes())?;
    app.out.write_all(b"\n")?;
    Ok(match inquiry.scheme {
        Some(scheme) if !scheme.starts_with("links-only") => Exit::Ok,
        _ => Exit::NoMatch,
    })
}

/// The first lines of a file, and those around the one asked for.
fn read(file: &Path, wanted: Option<u64>) -> Result<Vec<(u64, Vec<u8>)>, Failure> {
    let failed = |e| Failure::Failed(format!("cannot read {}: {e}", file.display()));
    let mut stream = std::io::BufReader::new(files::stream(file)?);
    let mut lines = Vec::new();
    for number in 1.. {
        let mut bytes = Vec::new();
        let mut piece = std::io::Read::take(&mut stream, LONGEST);
        if piece.read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
            break;
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        let near = wanted.is_some_and(|w| (w.saturating_sub(1)..=w + 1).contains(&number));
        if lines.len() < RECORDS || near {
            lines.push((number, bytes));
        } else if wanted.is_none_or(|wanted| number > wanted) {
            break;
        }
    }
    Ok(lines)
}

fn report(inquiry: &Inquiry, configured: bool, log: &Path) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, inquiry, configured, log);
    out
}

fn write(out: &mut String, inquiry: &Inquiry, configured: bool, log: &Path) -> std::fmt::Result {
    writeln!(out, "{} records looked at", grouped(inquiry.records as u64))?;
    if configured {
        writeln!(out, "with what a [[chain]] of config.toml says of this log")?;
    }
    for why in &inquiry.missing {
        writeln!(out, "{why}")?;
    }
    writeln!(out, "\nFields with values like hashes")?;
    for (field, count) in &inquiry.fields {
        writeln!(out, "  {field}  in {count} records")?;
    }
    if inquiry.fields.is_empty() {
        writeln!(
            out,
            "  none: hex or base64 of 16 bytes at least is looked for"
        )?;
    }
    writeln!(out, "\nFields that link records")?;
    for (prev, own, count) in &inquiry.links {
        writeln!(out, "  {prev} names {own} of another record  {count} times")?;
    }
    if inquiry.links.is_empty() {
        writeln!(out, "  none names another field's value of another record")?;
    }
    let (recipes, records) = inquiry.tried;
    if records > 0 {
        writeln!(
            out,
            "\n{recipes} recipes tried on {records} records of the first link"
        )?;
        for (name, hits) in &inquiry.fitting {
            writeln!(out, "  {name}  gives the hash of {hits}")?;
        }
        if inquiry.fitting.is_empty() {
            writeln!(out, "  none gives the hash of any")?;
        }
    }
    let Some(scheme) = &inquiry.scheme else {
        return writeln!(out, "\nNo chain was found.");
    };
    writeln!(out, "\nTaken: {scheme}")?;
    if scheme.starts_with("links-only") {
        writeln!(
            out,
            "  the links can be followed, the contents cannot be checked: name the recipe, or the key, in a [[chain]]"
        )?;
    }
    writeln!(
        out,
        "\n  [[chain]]\n  match = {}",
        toml::Value::from(log.to_string_lossy().as_ref())
    )?;
    for line in inquiry.rule.lines() {
        writeln!(out, "  {line}")?;
    }
    let Some(example) = &inquiry.example else {
        return Ok(());
    };
    let bytes = &example.bytes;
    writeln!(
        out,
        "\nLine {} by {}: {} bytes are hashed",
        grouped(example.line),
        example.recipe,
        grouped(bytes.len() as u64)
    )?;
    writeln!(out, "  {}", shown(bytes))?;
    writeln!(out, "\n  {:12} {}", example.function, example.hash)?;
    match &example.stored {
        Some(stored) if *stored == example.hash => writeln!(out, "  {:12} the same", "stored"),
        Some(stored) => writeln!(out, "  {:12} {stored}", "stored"),
        None => writeln!(out, "  {:12} nowhere", "stored"),
    }
}

/// Bytes as text: what cannot be printed is escaped, so that nothing is left to guess.
fn shown(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_control() {
                out.extend(std::ascii::escape_default(c as u8).map(char::from));
            } else {
                out.push(c);
            }
        }
        out.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    out
}
