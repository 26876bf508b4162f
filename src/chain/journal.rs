//! What `journalctl --verify` says of a journal of systemd, as a report: sealed and sound, sound only, or broken.
//!
//! A sealed journal (Forward Secure Sealing) holds a keyed hash every quarter of an hour, whose key changes each time;
//! the key to check them lies elsewhere. Without seals the check shows only that the file is well formed. The words
//! are those of systemd's `journalctl.c` and `journal-verify.c`, in the language `C`.

mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::cloudtrail::finding;
use super::{ChainReport, Finding, Verdicts};
use crate::event::{BreakKind, Verdict};

/// How reports call this way of checking.
const SCHEME: &str = "journal-fss";

/// What journalctl was asked, and what it answered.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The journal says that it is sealed.
    pub is_sealed: bool,
    pub has_key: bool,
    pub success: bool,
    /// What it said on standard error.
    pub said: &'a str,
}

/// What its answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// Seals hold; how far.
    Validated(String),
    /// It is to be sealed, but nothing is yet.
    NotYet(String),
    /// It is sealed, and there is no key to check that.
    NoKey,
    NotSealed,
    Broken {
        kind: BreakKind,
        offset: Option<u64>,
        words: String,
    },
}

/// The report on a journal.
///
/// # Errors
/// journalctl could not check it: in words, why.
pub fn report(source: &str, asked: &Asked<'_>) -> Result<ChainReport, String> {
    let outcome = outcome(asked)?;
    let (mut findings, mut verified) = (Vec::new(), false);
    let coverage = match &outcome {
        Outcome::Validated(how_far) => {
            verified = true;
            format!("journalctl: {how_far}")
        }
        Outcome::NotYet(why) => format!("structure holds; journalctl: {why}"),
        Outcome::NoKey => {
            findings.push(words::no_key());
            "sealed, but its seals were not checked".into()
        }
        Outcome::NotSealed => {
            if asked.has_key {
                findings.push(words::key_without_seals());
            }
            "structure holds; not sealed, so changes that keep the structure do not show".into()
        }
        Outcome::Broken { words, .. } => format!("journalctl: {words}"),
    };
    if let Outcome::Broken {
        kind,
        offset,
        words,
    } = &outcome
    {
        findings.push(words::broken(*kind, *offset, words, asked));
    }
    let verdict = match (&outcome, verified) {
        (Outcome::Broken { kind, .. }, _) => Verdict::Broken(*kind),
        (_, true) => Verdict::Verified,
        (Outcome::NotSealed, _) => Verdict::Unchained,
        _ => Verdict::Unverifiable("its seals were not checked"),
    };
    let has_scheme = asked.is_sealed || outcome != Outcome::NotSealed;
    Ok(ChainReport {
        source: Arc::from(source),
        scheme: has_scheme.then(|| match asked.is_sealed {
            true => SCHEME.to_owned(),
            false => "journal".to_owned(),
        }),
        numbered: false,
        // The whole file counts as one record.
        records: 1,
        verified: u64::from(verified),
        findings,
        coverage,
        verdicts: Verdicts::sealed([(0, 0..u64::MAX, verdict)]),
        ..ChainReport::default()
    })
}

fn outcome(asked: &Asked<'_>) -> Result<Outcome, String> {
    let lines: Vec<String> = asked.said.lines().map(plain).collect();
    let with = |start: &str| lines.iter().find_map(|line| line.strip_prefix(start));
    let any = |part: &str| lines.iter().any(|line| line.contains(part));
    if asked.success {
        return Ok(match (with("=> Validated "), with("=> No sealing yet")) {
            _ if with("PASS: ").is_none() => return Err(unable(&lines)),
            (Some(how_far), _) => Outcome::Validated(format!("Validated {how_far}")),
            (_, Some(rest)) => Outcome::NotYet(format!("No sealing yet{rest}")),
            _ if asked.is_sealed => Outcome::NoKey,
            _ => Outcome::NotSealed,
        });
    }
    if any("Required key not available") {
        return Ok(Outcome::NoKey);
    }
    let located = lines.iter().find_map(|line| offset(line));
    let failed = with("FAIL: ").is_some();
    let is_malformed = any("Bad message") || any("File corruption detected");
    let is_short = any("No data available");
    if !(is_malformed || is_short || (failed && located.is_some())) {
        return Err(unable(&lines));
    }
    let mut words: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .filter(|line| !line.is_empty() && (!line.starts_with("FAIL: ") || located.is_none()))
        .collect();
    words.truncate(MAX_LINES);
    let words = words.join("; ");
    let words = words.trim_end_matches('.');
    let kind = match words.to_lowercase() {
        words if words.contains("tag") || words.contains("seal") => BreakKind::SignatureBad,
        _ if is_short && !is_malformed => BreakKind::TailTruncated,
        _ => BreakKind::ContentModified,
    };
    Ok(Outcome::Broken {
        kind,
        offset: located,
        words: words.chars().take(MAX_WORDS).collect(),
    })
}

/// What of journalctl's words is passed on.
const MAX_LINES: usize = 4;
const MAX_WORDS: usize = 600;

fn unable(lines: &[String]) -> String {
    let said = lines.iter().rev().find(|line| !line.is_empty());
    match said {
        Some(said) if said.contains("parse seed") || said.contains("Invalid argument") => {
            format!(
                "journalctl does not take the key ({said}): --journal-key is the file that `journalctl --setup-keys` printed"
            )
        }
        Some(said) => {
            let said: String = said.chars().take(MAX_WORDS).collect();
            format!("journalctl could not check it: {said}")
        }
        None => "journalctl could not check it, and did not say why".into(),
    }
}

/// A line as it stands at last, after what progress bars wrote before and without colours.
fn plain(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        // ESC [ … letter.
        for c in chars.by_ref() {
            if c.is_ascii_alphabetic() {
                break;
            }
        }
    }
    out.trim().to_owned()
}

/// Where in the file something is wrong: `1d2b3c: Invalid object`, or `… detected at FILE:1d2b3c (of …`.
fn offset(line: &str) -> Option<u64> {
    let hex = match line.split_once(" (of ") {
        Some((before, _)) if before.contains("corruption detected") => {
            before.rsplit_once(':').map(|(_, hex)| hex)?
        }
        _ => line.split_once(": ").map(|(hex, _)| hex)?,
    };
    u64::from_str_radix(hex, 16).ok()
}

fn whole(kind: BreakKind, text: String) -> Finding {
    finding(kind, None, text)
}
