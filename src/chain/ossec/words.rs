//! Findings about logs and their `.sum` files, in words: what happened, what usually causes it, what to do next.

use super::sums::Sums;
use super::{ReadLog, Sum, SumFile, Trouble};
use crate::chain::Finding;
use crate::chain::cloudtrail::finding;
use crate::event::BreakKind;

fn say(kind: BreakKind, text: String) -> Finding {
    finding(kind, None, text)
}

pub(super) fn altered_log(log: &ReadLog, sum: &Sum) -> Finding {
    let (kind, what, causes) = if log.is_cut {
        (
            BreakKind::TailTruncated,
            "is cut short",
            "a copy that stopped, or a cut",
        )
    } else {
        (
            BreakKind::ContentModified,
            "was changed after it was summed",
            "an edit, lines added or taken out, another file copied over it",
        )
    };
    let trouble = log
        .trouble
        .as_ref()
        .map_or(String::new(), |trouble| format!(" ({trouble})"));
    let (expected, found) = sum.current.beside(Some(&log.sums));
    Finding {
        expected,
        found,
        ..say(
            kind,
            format!(
                "{} {what}: it does not have the hashes that its .sum holds of it{trouble}. Usual causes: {causes}; parts of \
                 that day (-001 and so on) that are not here. Next: compare it with a backup and with what was forwarded \
                 elsewhere that day",
                log.name
            ),
        )
    }
}

pub(super) fn partly(log: &ReadLog, sum: &Sum) -> Finding {
    let differing = sum.current.differing(&log.sums).join(" and ");
    let (expected, found) = sum.current.beside(Some(&log.sums));
    Finding {
        expected,
        found,
        ..say(
            BreakKind::ContentModified,
            format!(
                "{} has some of the hashes that its .sum holds of it, but not {differing}: no file can have all of them. Usual \
                 causes: the .sum was edited, or a log was made to fit a weak hash. Next: compare both with a backup",
                log.name
            ),
        )
    }
}

pub(super) fn added(log: &ReadLog, trouble: &str) -> Finding {
    say(
        BreakKind::ContentModified,
        format!(
            "{}: {trouble}, while what is before is as it was summed. Packing a log writes nothing there, and tools that \
             unpack it do not show it. Next: look at the end of the file",
            log.name
        ),
    )
}

pub(super) fn not_summed(part: &str, log: &str) -> Finding {
    say(
        BreakKind::Unlinked,
        format!(
            "{part} is no part of what the .sum of {log} was made of. Usual causes: written after the day was summed, an \
             OSSEC that sums the first file only, a file slipped in. Next: see when it was written"
        ),
    )
}

pub(super) fn was_none(log: &str) -> Finding {
    say(
        BreakKind::Unlinked,
        format!(
            "{log} is here, though its .sum says that there was no log on that day: nothing vouches for it. Usual causes: \
             written or copied here later. Next: see when it was written"
        ),
    )
}

pub(super) fn no_sum(log: &str) -> Finding {
    say(
        BreakKind::Unlinked,
        format!(
            "{log} has no .sum file, while other days have one: nothing vouches for it. Usual causes: the .sum was removed, or \
             not copied; monitord did not run at the end of that day. Next: look for {log}.sum in a backup"
        ),
    )
}

/// A warning: what lies before us may be a copy, and a log that was not copied looks like one that was removed.
pub(super) fn log_missing(log: &str, sum: &Sum) -> Finding {
    let (expected, _) = sum.current.beside(None);
    Finding {
        expected,
        ..say(
            BreakKind::FileMissing,
            format!(
                "{log} is not here, packed or not, though its .sum is. Usual causes: deleted to make room, not copied, removed. \
                 Next: look for it in a backup; its .sum tells whether that one is unchanged"
            ),
        )
    }
}

pub(super) fn altered_sum(name: &str, by: &SumFile, own: &Sums, is_vouched: bool) -> Finding {
    let later = format!("{}.sum", by.place.log);
    let which = match is_vouched {
        true => "it was changed after that was written (that one is as the day after it says)",
        false => "it was changed after that was written, or that one was: no later one tells which",
    };
    let chained = by.content.as_ref().ok().map(|sum| &sum.chained);
    let (expected, found) = chained.map_or((None, None), |chained| chained.beside(Some(own)));
    Finding {
        expected,
        found,
        ..say(
            BreakKind::LinkMismatch,
            format!(
                "{name} does not have the hashes that the next one, {later}, holds of it: {which}. What it says of its log is \
                 not relied upon. Usual causes: a log was changed and its .sum made anew, an edit. Next: compare both, and \
                 the log, with a backup"
            ),
        )
    }
}

pub(super) fn unread(name: &str, trouble: &Trouble) -> Finding {
    Finding {
        line: trouble.line,
        line_end: trouble.line,
        ..say(
            BreakKind::Malformed,
            format!(
                "{name} cannot be read: in line {} {} was expected. It vouches for nothing. Usual causes: an edit, a disk that was full, \
                 a copy that stopped. Next: look for it in a backup",
                trouble.line, trouble.expected
            ),
        )
    }
}

pub(super) fn replaced(name: &str, named: &str) -> Finding {
    say(
        BreakKind::LinkMismatch,
        format!(
            "{name} speaks of {named}, whose .sum is at its own place as well: this one was put in the place of another. Next: \
             look for the right one in a backup"
        ),
    )
}

pub(super) fn moved(name: &str, named: &str) -> Finding {
    say(
        BreakKind::FileMissing,
        format!(
            "{name} speaks of {named}: it is not at its place. Usual causes: renamed or moved after it was written. Next: see \
             whether that log is elsewhere"
        ),
    )
}

pub(super) fn gap(name: &str, sum: &Sum) -> Finding {
    let (expected, _) = sum.chained.beside(None);
    Finding {
        expected,
        ..say(
            BreakKind::RotationGap,
            format!(
                "the .sum before {name} is not here: {}. A day is missing in the chain, and nothing vouches for its log or for the \
                 days before. Usual causes: removed, deleted to make room, not copied. Next: look for it in a backup; the \
                 hash here tells whether that one is unchanged",
                sum.previous
            ),
        )
    }
}

pub(super) fn head_missing(name: &str, sum: &Sum) -> Finding {
    let (expected, _) = sum.chained.beside(None);
    Finding {
        expected,
        ..say(
            BreakKind::HeadTruncated,
            format!(
                "the chain goes on before {name}: {} is not here, nor is any older one. Usual causes: deleted to make room, not \
                 copied. Next: fetch the days before, if an earlier time matters",
                sum.previous
            ),
        )
    }
}

pub(super) fn restart(name: &str, sum: &Sum) -> Finding {
    say(
        BreakKind::Restart,
        format!(
            "{name} says that there was no .sum before it ({}), while older ones are here: a new chain begins. Usual causes: \
             monitord did not run for a day, the .sum was removed before this one was made. Next: see what happened on the \
             day before",
            sum.previous
        ),
    )
}

pub(super) fn backwards(name: &str, sum: &Sum) -> Finding {
    say(
        BreakKind::LinkMismatch,
        format!(
            "{name} names {} as the .sum before it, which is of the same day or a later one: OSSEC writes no such thing. \
             Usual causes: an edit, a file renamed. Next: compare it with a backup",
            sum.previous
        ),
    )
}
