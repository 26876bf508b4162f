//! Logs of other kinds than the one that all else is measured on: how fast each is indexed, how large its index is, and how
//! soon a rare word is counted in it.

use std::fs;
use std::io;
use std::path::Path;

use crate::generate::{RARE_WORD, auditd, cloudtrail};
use crate::process::{auditty, folder_size, run};
use crate::table::{Row, megabytes, time};
use crate::{Bench, peer, verify};

/// Events of each, as a share of those of the run.
const SHARE: u64 = 4;

type Generate = fn(&Path, u64) -> io::Result<()>;

impl Bench {
    pub(crate) fn kinds(&self) -> Result<Vec<Row>, String> {
        let events = (self.settings.events / SHARE).max(1);
        let kinds: [(&str, Generate); 2] =
            [("cloudtrail", cloudtrail::write), ("auditd", auditd::write)];
        let mut rows = Vec::new();
        for (name, generate) in kinds {
            let log = self.scratch.path().join(format!("{name}.log"));
            generate(&log, events).map_err(|e| e.to_string())?;
            rows.extend(self.kind(name, &log, events)?);
        }
        let chained = self.scratch.path().join("chained.log");
        verify::write_chained(&self.log, &chained).map_err(|e| e.to_string())?;
        rows.extend(self.kind("chained json", &chained, self.settings.events)?);
        Ok(rows)
    }

    fn kind(&self, name: &str, log: &Path, events: u64) -> Result<Vec<Row>, String> {
        let bytes = fs::metadata(log).map_err(|e| e.to_string())?.len();
        let home = self.home(&format!("kind-{}", name.replace(' ', "-")));
        let indexing = run(auditty(&home).arg("index").arg(log))?;
        let size = folder_size(&home);
        let percent = 100.0 * size as f64 / bytes as f64;
        let speed = bytes as f64 / 1e6 / indexing.wall.as_secs_f64();
        let what = format!("{name}: {events} events, {}", megabytes(bytes));
        let mut search = auditty(&home);
        let found = run(search.args(["search", "--count", RARE_WORD]).arg(log))?;
        let theirs = peer("rg -c", self.rg_in(RARE_WORD, log));
        let rows = vec![
            Row::new(what, format!("{} ({speed:.0} MB/s)", time(indexing.wall))),
            Row::new(
                format!("{name}: index, originals in it"),
                format!("{} = {percent:.1} % of the log", megabytes(size)),
            )
            .goal("<= 25 %", Some(percent <= 25.0)),
            Row::new(
                format!("{name}: a rare word counted: {}", found.stdout.trim()),
                time(found.wall),
            )
            .beside(found.wall, &theirs),
        ];
        fs::remove_file(log).map_err(|e| e.to_string())?;
        Ok(rows)
    }
}
