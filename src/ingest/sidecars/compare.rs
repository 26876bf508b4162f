//! What a sidecar lists beside what there is, told where it is in the files.

use super::super::sealed::{By, Found, Said, Was, about_all, offsets_of, told};
use super::super::sealing::SealError;
use super::{BEHIND, Beside, Listed, Part, SETTLING};
use crate::chain::Sidecar;
use crate::event::BreakKind;
use crate::seal::{Change, Difference, Hash, compare};
use crate::text::count::counted;

/// How much of a log is open.
#[derive(Clone, Copy)]
pub(super) struct Here {
    /// From its first file on.
    pub(super) is_begun: bool,
    /// As far as it goes.
    pub(super) is_whole: bool,
}

pub(super) fn said(
    beside: &Beside,
    listed: &Listed,
    way: &Sidecar,
    now: &[Hash],
    parts: &[Part<'_>],
    here: Here,
) -> Result<Said, SealError> {
    let mut said = Said {
        sealed: listed.lines.len() as u64,
        by: By::Sidecar {
            name: beside.name.clone(),
            lists: way.describe(),
        },
        ..Said::default()
    };
    let mut differences = compare(&listed.lines, now);
    // A time in the future is none of a writer at work.
    let since = beside.written().and_then(|at| at.elapsed().ok());
    let is_settled = since.is_none_or(|since| since > SETTLING);
    let is_cut = |d: &mut Difference| d.change == Change::Cut;
    if let Some(cut) = differences.pop_if(|d| is_cut(d) && !here.is_whole) {
        said.sealed -= cut.count;
        let lines = counted(cut.count, "line", "lines");
        said.also.push(format!(
            "{lines} that it lists would be in a file that is not open"
        ));
    } else if let Some(ahead) =
        differences.pop_if(|d| is_cut(d) && !is_settled && d.count <= BEHIND)
    {
        said.sealed -= ahead.count;
        said.ahead = ahead.count;
    }
    begin(&mut said, listed, parts, &mut differences, here.is_begun);
    said.lines = now.len() as u64 + said.ahead;
    if listed.strange > 0 {
        let records = counted(listed.strange, "record", "records");
        said.also.push(format!("{records} of it listing no line"));
    }
    if listed.unreadable > 0 {
        let what = format!(
            "{} of {} cannot be read: what they list of this log is not known.",
            counted(listed.unreadable, "record", "records"),
            beside.name
        );
        said.about_all.push(about_all(BreakKind::Malformed, what));
    }
    tell(&mut said, &differences, parts)?;
    Ok(said)
}

/// What differs before the first line that is in both: lines that are older than the sidecar, or listed ones that expired.
fn begin(
    said: &mut Said,
    listed: &Listed,
    parts: &[Part<'_>],
    differences: &mut Vec<Difference>,
    is_begun: bool,
) {
    let Some(first) = differences.first().filter(|d| d.line == 1).copied() else {
        return;
    };
    if first.change == Change::Inserted && !listed.head.is_begin {
        differences.remove(0);
        said.older = first.count;
        let lines = counted(first.count, "line", "lines");
        said.also.push(format!("{lines} from before it begins"));
    }
    if first.change == Change::Deleted && first.sealed_line == 1 {
        differences.remove(0);
        said.sealed -= first.count;
        if !is_begun {
            let lines = counted(first.count, "line", "lines");
            said.also.push(format!(
                "{lines} that it lists first would be in a file that is not open"
            ));
            return;
        }
        let mut finding = about_all(
            BreakKind::HeadTruncated,
            format!(
                "{} that it lists first are not here: they expired, or were cut off",
                counted(first.count, "line", "lines")
            ),
        );
        finding.generation = parts.first().map_or(0, |part| part.rank);
        (finding.line, finding.line_end, finding.count) = (1, 1, Some(first.count));
        said.places.push(Found {
            finding,
            range: 0..1,
        });
    }
}

/// Tells the differences where they are in the files.
fn tell(said: &mut Said, differences: &[Difference], parts: &[Part<'_>]) -> Result<(), SealError> {
    let count = |wanted: &[Change]| -> u64 {
        let of = differences.iter().filter(|d| wanted.contains(&d.change));
        of.map(|d| d.count).sum()
    };
    let added = count(&[Change::Inserted, Change::Duplicated, Change::Moved]);
    let removed = count(&[Change::Deleted, Change::Cut]);
    let all: u64 = differences.iter().map(|d| d.count).sum();
    said.held = said.sealed.saturating_sub(all - added);
    let By::Sidecar { name, .. } = &said.by else {
        return Ok(());
    };
    let was = Was {
        how: "listed",
        size: said.sealed,
        since: format!("; {name} lists what was there"),
    };
    // Lines from here on are not listed, nor are those before.
    let moved = count(&[Change::Moved]);
    let end = (said.older + said.sealed + added).saturating_sub(removed + moved);
    let older = said.older;
    for (i, part) in parts.iter().enumerate() {
        let is_last = i + 1 == parts.len();
        let here: Vec<Difference> = differences
            .iter()
            .filter_map(|d| within(d, part, is_last))
            .collect();
        let mut wanted: Vec<u64> = here.iter().map(|d| d.line).collect();
        wanted.extend(here.iter().map(|d| d.line_end + 1));
        // Where the lines begin and end that are listed.
        let local = |line: u64| line.clamp(part.lines.start, part.lines.end) - part.lines.start;
        wanted.extend([local(older) + 1, local(end) + 1]);
        let mut offsets = offsets_of(part.file, &wanted)?;
        let to = offsets.pop().unwrap_or(0);
        let from = offsets.pop().unwrap_or(0);
        said.covered.push((part.rank, from..to.max(from)));
        let ends = offsets.split_off(here.len());
        for (difference, (from, to)) in here.iter().zip(offsets.into_iter().zip(ends)) {
            // Lines that are gone leave the one behind them as their place.
            said.places.push(Found {
                finding: told(difference, from, &was, part.rank),
                range: from..to.max(from + 1),
            });
        }
    }
    Ok(())
}

/// What of a difference is in a file, with lines counted there; `None` = nothing. A gap at the end of a file is told at the
/// begin of the next.
fn within(d: &Difference, part: &Part<'_>, is_last: bool) -> Option<Difference> {
    let (start, end) = (part.lines.start, part.lines.end);
    if matches!(d.change, Change::Deleted | Change::Cut) {
        let is_here = part.lines.contains(&(d.line - 1)) || is_last && d.line > end;
        let line = d.line.checked_sub(start).filter(|_| is_here)?;
        return Some(Difference {
            line,
            line_end: line,
            ..*d
        });
    }
    let (first, last) = (d.line.max(start + 1), d.line_end.min(end));
    if first > last {
        return None;
    }
    // A line that is changed in its place is told by where it is.
    let is_in_place = d.change == Change::Modified && d.sealed_line == d.line;
    let is_whole = (first, last) == (d.line, d.line_end);
    Some(Difference {
        change: d.change,
        line: first - start,
        line_end: last - start,
        sealed_line: match is_in_place {
            true => first - start,
            false => d.sealed_line + (first - d.line),
        },
        count: if is_whole { d.count } else { last - first + 1 },
    })
}
