//! Sidecars beside logs: is each line of a log still what its sidecar lists?

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::IngestError;
use super::sealed::{By, Found, Said, Was, about_all, offsets_of, read_from, told};
use super::sealing::SealError;
use crate::chain::{ChainRule, Copied, KnownLines, LineHasher, Sidecar};
use crate::event::BreakKind;
use crate::seal::{Change, Difference, Hash, LeafCutter, LineHash, compare};
use crate::source::{GenFile, LogSet, discover, open_stream};
use crate::text;
use crate::text::count::counted;

/// Lines of a log by which its sidecar is known.
const TRIED: usize = 200;
/// Bytes of a record of a sidecar at most, and of a line that it is known by.
const LONGEST: usize = 1 << 20;
/// For so long after the last write to a sidecar a writer may be behind with the log.
pub(super) const SETTLING: Duration = Duration::from_secs(5);

impl LineHash for LineHasher {
    fn update(&mut self, bytes: &[u8]) {
        Self::update(self, bytes);
    }

    fn finish(&mut self) -> Hash {
        Self::finish(self)
    }
}

/// A sidecar and what it lists.
struct Listed {
    name: String,
    sidecar: Sidecar,
    lines: Vec<Hash>,
    /// Records that list nothing.
    strange: u64,
    is_settled: bool,
}

/// Where the configuration says that the sidecar of a log is.
fn configured(log: &Path, rules: &[ChainRule]) -> Option<PathBuf> {
    let rule = rules.iter().find(|rule| rule.fits(log));
    rule?.sidecar_of(log)
}

/// Where the sidecar of a log is: where the configuration says, else where they usually are.
pub(super) fn place(log: &Path, rules: &[ChainRule]) -> Option<PathBuf> {
    let names = match configured(log, rules) {
        Some(path) => vec![path],
        None => Sidecar::usual_names(log),
    };
    names.into_iter().find(|path| path != log && path.is_file())
}

/// Whether a log has a sidecar, or should have one.
pub(super) fn is_expected(log: &Path, rules: &[ChainRule]) -> bool {
    configured(log, rules).is_some() || place(log, rules).is_some()
}

/// That a sidecar is not there, or no one's.
fn missing(path: &Path) -> Said {
    let name = text::path(path.file_name().unwrap_or_default().as_ref()).into_owned();
    let what = format!(
        "The configuration says that {name} lists the lines of this log, and it is not there, or lists none of them: it was removed or written anew, or the log was, or what the configuration says is not so."
    );
    Said {
        by: By::Sidecar {
            name,
            lists: String::new(),
        },
        ..Said::unchecked(about_all(BreakKind::FileMissing, what), Copied::default())
    }
}

/// What the sidecar of a log says of its lines, `None` if it has none. `ranks` = the rank of each file of the set.
/// Memory: 64 bytes a line.
pub(super) fn examine(
    set: &LogSet,
    ranks: &[i32],
    rules: &[ChainRule],
) -> Result<Option<Said>, SealError> {
    let expected = configured(&set.name, rules);
    // The sidecar first: a writer that writes the line first is not caught in between.
    let listed = match place(&set.name, rules) {
        Some(path) => listed(set, &path)?,
        None => None,
    };
    let Some(listed) = listed else {
        return Ok(expected.map(|path| missing(&path)));
    };
    let mut now = Vec::new();
    let mut parts = Vec::new();
    for (file, rank) in set.generations.iter().zip(ranks) {
        let start = now.len();
        let mut cutter = LeafCutter::new(listed.sidecar.hasher());
        read_from(file, 0, &mut |piece| {
            cutter.push(piece, |line, _| now.push(line));
            Ok(())
        })?;
        now.extend(cutter.rest());
        parts.push(Part {
            file,
            rank: *rank,
            lines: start as u64..now.len() as u64,
        });
    }
    let mut differences = compare(&listed.lines, &now);
    let is_ahead = |d: &mut Difference| !listed.is_settled && d.change == Change::Cut;
    let ahead = differences.pop_if(is_ahead).map_or(0, |d| d.count);
    let mut said = Said {
        lines: now.len() as u64,
        sealed: listed.lines.len() as u64 - ahead,
        ahead,
        by: By::Sidecar {
            name: listed.name.clone(),
            lists: listed.sidecar.describe(),
        },
        ..Said::default()
    };
    if listed.strange > 0 {
        let records = counted(listed.strange, "record", "records");
        said.also.push(format!("{records} of it list no line"));
    }
    tell(&mut said, &differences, &parts)?;
    Ok(Some(said))
}

/// A file of a log, and which of all lines are its own, from 0 on.
struct Part<'a> {
    file: &'a GenFile,
    rank: i32,
    lines: Range<u64>,
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
        since: format!("since {name} listed it"),
    };
    // Lines from here on are not listed.
    let end = (said.sealed + added).saturating_sub(removed);
    for (i, part) in parts.iter().enumerate() {
        let is_last = i + 1 == parts.len();
        // A gap at the end of a file is told at the begin of the next.
        let is_here =
            |line: u64| part.lines.contains(&(line - 1)) || is_last && line > part.lines.end;
        let here: Vec<Difference> = differences
            .iter()
            .filter(|d| is_here(d.line))
            .map(|d| Difference {
                line: d.line - part.lines.start,
                line_end: d.line_end.clamp(d.line, part.lines.end.max(d.line)) - part.lines.start,
                ..*d
            })
            .collect();
        let mut wanted: Vec<u64> = here.iter().map(|d| d.line).collect();
        wanted.extend(here.iter().map(|d| d.line_end + 1));
        let is_ended_here = part.lines.contains(&end);
        wanted.extend(is_ended_here.then(|| end - part.lines.start + 1));
        let mut offsets = match wanted.is_empty() {
            true => Vec::new(),
            false => offsets_of(part.file, &wanted)?,
        };
        let covered = match is_ended_here {
            true => offsets.pop().unwrap_or(0),
            false if part.lines.start >= end => 0,
            false => u64::MAX,
        };
        said.covered.push((part.rank, 0..covered));
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

/// What a sidecar lists; `None` if it is none of this log.
fn listed(set: &LogSet, path: &Path) -> Result<Option<Listed>, SealError> {
    let discovery = discover(&[path.to_owned()]);
    let sets = discovery.roots.iter().flat_map(|root| &root.sets);
    let files: Vec<&GenFile> = sets.flat_map(|set| &set.generations).collect();
    let mut lines = Vec::new();
    for file in &set.generations {
        each_line(file, &mut |line| {
            lines.push(line.to_vec());
            lines.len() < TRIED
        })?;
    }
    let known = KnownLines::of(&lines);
    let mut sidecar = None;
    for file in &files {
        each_line(file, &mut |record| {
            sidecar = sidecar.take().or_else(|| known.listed_in(record));
            sidecar.is_none()
        })?;
    }
    let Some(sidecar) = sidecar else {
        return Ok(None);
    };
    let (mut ids, mut strange) = (Vec::new(), 0);
    for file in &files {
        each_line(file, &mut |record| {
            match sidecar.listed(record) {
                Some(id) => ids.push(id),
                None => strange += 1,
            }
            true
        })?;
    }
    let newest = files.iter().map(|file| file.mtime).max();
    // A time in the future is none of a writer at work.
    let since = newest.and_then(|at| at.elapsed().ok());
    Ok(Some(Listed {
        name: text::path(path.file_name().unwrap_or_default().as_ref()).into_owned(),
        sidecar,
        lines: ids,
        strange,
        is_settled: since.is_none_or(|since| since > SETTLING),
    }))
}

/// Gives each line to `each`, without its end and cut where it is too long, until that says `false`.
fn each_line(file: &GenFile, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), SealError> {
    let stream = open_stream(file).map_err(IngestError::from)?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut rest) = (Vec::new(), Vec::new());
    let failed = |error| SealError::Read(IngestError::Read(error));
    loop {
        line.clear();
        let limit = LONGEST as u64;
        let read = (&mut reader).take(limit).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(());
        }
        while line.len() == LONGEST && !line.ends_with(b"\n") && !rest.ends_with(b"\n") {
            rest.clear();
            let read = (&mut reader).take(limit).read_until(b'\n', &mut rest);
            if read.map_err(failed)? == 0 {
                break;
            }
        }
        rest.clear();
        if !each(line.strip_suffix(b"\n").unwrap_or(&line)) {
            return Ok(());
        }
    }
}
