//! What numbers show, in plain words.

use super::Numbering;
use super::counter::{Oddity, Seen, What};
use crate::chain::Finding;
use crate::chain::explain::{grouped, records};

/// What is counted over a source.
pub(super) struct Sums {
    pub(super) records: u64,
    pub(super) missing: u64,
    pub(super) gaps: u64,
    pub(super) counters: u64,
    pub(super) passed_over: u64,
    pub(super) unlisted: u64,
    pub(super) silence: String,
}

fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
}

pub(super) fn coverage(sums: &Sums) -> String {
    let mut out = records(sums.records);
    match sums.gaps {
        0 => out += ", numbers without gap",
        gaps => {
            let (missing, gaps) = (counted(sums.missing, "number"), counted(gaps, "gap"));
            out += &format!(", {missing} missing in {gaps}");
        }
    }
    if sums.counters > 1 {
        out += &format!(", counted for each of {} hosts", grouped(sums.counters));
    }
    out += "; nothing protects their contents";
    out += &sums.silence;
    if sums.passed_over > 0 {
        let passed_over = grouped(sums.passed_over);
        out += &format!("; {passed_over} without a number that is followed");
    }
    if sums.unlisted > 0 {
        out += &format!("; {} more findings not listed", grouped(sums.unlisted));
    }
    out
}

/// `#17 (line 4, 2026-01-02T03:04:05Z)`
fn place(seen: &Seen) -> String {
    let ts = seen.ts.map(|ts| format!(", {}", ts.brief()));
    let (number, line) = (seen.number, grouped(seen.line));
    format!("#{number} (line {line}{})", ts.unwrap_or_default())
}

pub(super) fn explain(odd: &Oddity, numbering: Numbering) -> String {
    let (before, at) = (place(&odd.before), place(&odd.at));
    match odd.what {
        What::Gap { from, to, started } => {
            let noun = match numbering {
                Numbering::Serial => "serial",
                Numbering::Field => "number",
            };
            let causes = match numbering {
                Numbering::Serial => {
                    "the kernel dropped records (audit_lost), its rate limit, filtered on the way, lines removed"
                }
                Numbering::Field => "records lost or filtered on the way, lines removed",
            };
            let mut said = format!(
                "{} missing between {before} and {at}; usual causes: {causes}",
                counted(to - from + 1, noun)
            );
            if odd.before.generation != odd.at.generation {
                said += ", a rotated file that is not here";
            }
            if started {
                said += "; auditd was started in between: what happened while it was not running is in the kernel's log";
            }
            said
        }
        What::Anew => {
            let said = format!("counting begins anew at {at}, after {before}");
            match numbering {
                Numbering::Serial => format!(
                    "{said}, and no record near it tells of a start of auditd or of the machine; usual causes: those records were removed, logs of several machines in one file"
                ),
                Numbering::Field => {
                    format!(
                        "{said}; usual causes: the writer was restarted, a log put together of several"
                    )
                }
            }
        }
        What::Again { records: n, .. } => format!(
            "{} from {at} on, byte for byte as before; usual causes: sent twice by a log shipper, copied into the log",
            match n {
                1 => "1 record stands here a second time,".to_owned(),
                n => format!("{} stand here a second time,", records(n)),
            }
        ),
        What::UsedTwice => format!(
            "{at} has a number that was given before, to another record; usual causes: two writers at once, counting begun anew, a record slipped in"
        ),
    }
}

/// Gaps all over, as one finding at the first.
pub(super) fn selection(first: Finding, missing: u64, gaps: u64, steps: u64) -> Finding {
    Finding {
        count: Some(missing),
        explanation: format!(
            "{} missing in {}, in a log of {}, from here on: a selection of a log, or lines removed all over",
            counted(missing, "number"),
            counted(gaps, "gap"),
            records(steps + 1)
        ),
        ..first
    }
}
