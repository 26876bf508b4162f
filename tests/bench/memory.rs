//! Whether memory grows with the log: while all of it is indexed, and while one is followed for minutes.

use std::fs;

use crate::Bench;
use crate::follow::{BUSY, followed};
use crate::generate;
use crate::process::{Memory, auditty, run};
use crate::table::{Row, megabytes};

/// For how many seconds a log is followed.
const FOLLOWED: u64 = 600;

impl Bench {
    /// Writes what it was from second to second where `--memory` says.
    pub(crate) fn memory(&self) -> Result<Vec<Row>, String> {
        let Some(path) = &self.settings.memory else {
            return Ok(Vec::new());
        };
        let events = self.settings.events;
        let home = self.home("memory-indexing");
        let indexing = run(auditty(&home).arg("index").arg(&self.log))?;
        let log = self.scratch.path().join("memory-following.log");
        generate::write(&log, 1_000).map_err(|e| e.to_string())?;
        let home = self.home("memory-following");
        let following = followed(&log, &home, BUSY, FOLLOWED)?;
        let curves = [
            (format!("indexing {events} events"), &indexing.memory),
            (
                format!("following {BUSY} events a second"),
                &following.memory,
            ),
        ];
        let mut text = String::from("what\tsecond\tMB\n");
        let mut rows = Vec::new();
        for (what, memory) in curves {
            for (at, bytes) in &memory.0 {
                let megabytes = *bytes as f64 / 1e6;
                text.push_str(&format!("{what}\t{}\t{megabytes:.0}\n", at.as_secs()));
            }
            let [first, second] = halves(memory);
            rows.push(Row::new(
                format!("most memory of its own, {what}: first half, second half"),
                format!("{}, {}", megabytes(first), megabytes(second)),
            ));
        }
        fs::write(path, text).map_err(|e| e.to_string())?;
        Ok(rows)
    }
}

/// The most of each half of the time.
fn halves(memory: &Memory) -> [u64; 2] {
    let middle = memory.0.len() / 2;
    let (first, second) = memory.0.split_at(middle);
    [first, second].map(|half| half.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0))
}
