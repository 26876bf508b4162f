//! What the index remembers of a chained log that the log does not hold any more. A chain that was cut at its end, or
//! hashed anew from some record on, holds all the same; that other records were read before shows that it was.

use super::sealed::about_all;
use crate::chain::{ChainReport, Finding};
use crate::engine::sink::{Generation, GenerationId};
use crate::event::{BreakKind, Level, Timestamp};

/// Records of a file that were read before, and that it does not hold any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remembered {
    /// Length of the file when they were read, and when it had been written to last.
    len: u64,
    written: Timestamp,
}

/// What is remembered of a generation of a source: the newest of its earlier states.
pub(super) fn of(
    generation: &Generation,
    known: &[(GenerationId, Generation)],
) -> Option<Remembered> {
    let origin = generation.origin.as_ref().unwrap_or(&generation.key);
    let is_before = |g: &&Generation| g.gone && g.origin.as_ref() == Some(origin);
    let before = known.iter().map(|(_, g)| g).filter(is_before);
    let newest = before.max_by_key(|g| g.mtime)?;
    Some(Remembered {
        len: newest.len,
        written: Timestamp(newest.mtime),
    })
}

/// The file that is remembered, as it is now.
pub(super) struct Now {
    pub(super) rank: i32,
    pub(super) len: u64,
    pub(super) lines: u64,
}

impl Remembered {
    /// The report of a chained log with what its chain cannot show. What the chain itself has to say goes before.
    pub(super) fn add_to(self, mut report: ChainReport, now: &Now) -> ChainReport {
        let alarms = report.count(Level::Alarm) > 0;
        if !report.is_chained() || alarms {
            return report;
        }
        let written = self.written.brief();
        let finding = if self.len > now.len {
            let (gone, line) = (self.len - now.len, now.lines + 1);
            let explanation = format!(
                "The last {gone} bytes that this log had at {written} are gone: it was cut. The index still has the records, marked as gone. A chain that ends early holds, so only this shows it. Usual cause: tampering, or an old copy that was put back."
            );
            Finding {
                generation: now.rank,
                offset: now.len,
                line,
                line_end: line,
                ..about_all(BreakKind::TailTruncated, explanation)
            }
        } else {
            let explanation = format!(
                "Records that this log had at {written} are not in it any more, and others are, though its chain holds: it was hashed anew by somebody who knows how, or cut and then written on. The index still has the records, marked as gone."
            );
            about_all(BreakKind::Rewritten, explanation)
        };
        report.findings.push(finding);
        report
    }
}
