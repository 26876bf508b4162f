//! Checking chained logs beside the plainest check there is: `sha256sum` of the same file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::process::{auditty, run, run_to};
use crate::table::{Peer, Row, megabytes, time};
use crate::{Bench, peer};

const ROUNDS: usize = 3;

/// How the records of the benchmark's log are chained.
#[derive(Clone, Copy)]
enum Chain {
    /// Own hash over the record as it stands.
    Insertion,
    /// Own hash over the record with its keys sorted at every depth.
    Sorted,
    /// The hash of the line before.
    Line,
}

impl Chain {
    const ALL: [(&'static str, Self); 3] = [
        ("own-insertion", Self::Insertion),
        ("own-sorted", Self::Sorted),
        ("raw-line", Self::Line),
    ];
}

fn hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// JSON with the keys of every object in order.
fn sorted(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (i, (key, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(key.as_str()));
                sorted(value, out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                sorted(value, out);
            }
            out.push(']');
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Writes the events of `log` anew, chained.
fn write(log: &Path, to: &Path, chain: Chain) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(to)?);
    let mut previous = "0".repeat(64);
    for line in BufReader::new(File::open(log)?).lines() {
        let line = line?;
        let open = line.trim_end_matches('}');
        let braces = &line[open.len()..line.len() - 1];
        let open = format!("{open}{braces},\"prev_hash\":\"{previous}\"");
        let whole = format!("{open}}}");
        let own = match chain {
            Chain::Insertion => hash(&whole),
            Chain::Sorted => {
                let mut text = String::with_capacity(whole.len());
                sorted(&serde_json::from_str(&whole)?, &mut text);
                hash(&text)
            }
            Chain::Line => {
                writeln!(out, "{whole}")?;
                previous = hash(&whole);
                continue;
            }
        };
        writeln!(out, "{open},\"hash\":\"{own}\"}}")?;
        previous = own;
    }
    out.flush()
}

/// The same for a log that is indexed.
pub(crate) fn write_chained(log: &Path, to: &Path) -> io::Result<()> {
    write(log, to, Chain::Insertion)
}

impl Bench {
    pub(crate) fn verify(&self) -> Result<Vec<Row>, String> {
        let home = self.home("verify");
        let log: PathBuf = self.scratch.path().join("chained.jsonl");
        let mut rows = Vec::new();
        for (name, chain) in Chain::ALL {
            write(&self.log, &log, chain).map_err(|e| e.to_string())?;
            let mut ours = Vec::new();
            for _ in 0..ROUNDS {
                // The last record of a chain of lines waits for the next: that is exit status 1, and no failure here.
                ours.push(run_to(auditty(&home).arg("verify").arg(&log), &[0, 1])?);
            }
            let mut theirs = Vec::new();
            for _ in 0..ROUNDS {
                theirs.push(run(Command::new("sha256sum").arg(&log))?.wall);
            }
            let theirs = peer("sha256sum", theirs.into_iter().min().map(Ok));
            ours.sort_by_key(|run| run.wall);
            let best = &ours[0];
            if !best.stdout.contains(name) || best.stdout.contains("FAIL") {
                return Err(format!("verify says of {name}: {}", best.stdout));
            }
            let met = match &theirs {
                Peer::Took(_, theirs) => Some(best.wall <= *theirs),
                _ => None,
            };
            let figure = format!("{}, {} memory", time(best.wall), megabytes(best.own));
            let row = Row::new(format!("verify, {name}, warm"), figure);
            rows.push(row.beside(best.wall, &theirs).goal("<= 1 x sha256sum", met));
        }
        std::fs::remove_file(&log).map_err(|e| e.to_string())?;
        Ok(rows)
    }
}
