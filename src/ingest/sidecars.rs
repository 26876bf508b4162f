//! Sidecars beside logs: is each line of a log still what its sidecar lists?

mod compare;
mod files;
mod records;

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use self::files::around;
use self::files::{Beside, is_another, logs_of, name_of};
use self::records::{each_line, each_piece};
use super::packed::{packed_or_not, unpacked};
use super::sealed::{By, Said, about_all, read_from};
use super::sealing::SealError;
use super::walk::hints_for;
use crate::chain::{ChainRule, Finding, Head, LineHasher, Listing, Sidecar};
use crate::event::BreakKind;
use crate::seal::{Hash, LeafCutter, LeafHash, LineHash};
use crate::source::{GenFile, LogSet};

/// Records by which a sidecar is known.
const HEAD: usize = 200;
/// Records at its end by which one is known that something was put before.
const FEW: usize = 20;
/// Lines that are found listed before the way in which they are listed is certain.
const CERTAIN: usize = 64;
/// For so long after the last write to a sidecar a writer may be behind with the log.
pub(super) const SETTLING: Duration = Duration::from_secs(5);
/// Lines by which it may be.
const BEHIND: u64 = 10_000;

impl LineHash for LineHasher {
    fn update(&mut self, bytes: &[u8]) {
        Self::update(self, bytes);
    }

    fn finish(&mut self) -> Hash {
        Self::finish(self)
    }
}

/// A file of a log, and which of all lines that are compared are its own, from 0 on.
struct Part<'a> {
    file: &'a GenFile,
    rank: i32,
    lines: Range<u64>,
}

/// What a sidecar says of the lines of some files.
struct Listed {
    head: Head,
    way: Option<Sidecar>,
    lines: Vec<Hash>,
    /// Records that list nothing.
    strange: u64,
    /// Records of which it is not known what they list.
    unreadable: u64,
}

/// What the sidecars of a log say of its lines, each by itself; empty if it has none. `ranks` = the rank of each file of the
/// set. Memory: about 100 bytes a line.
///
/// # Errors
/// The log or a sidecar cannot be read.
pub(super) fn examine(
    set: &LogSet,
    ranks: &[i32],
    rules: &[ChainRule],
) -> Result<Vec<Said>, SealError> {
    let (mut said, mut parts, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    let around = around(set, rules);
    for beside in &around.sidecars {
        let Some(one) = examine_one(set, ranks, beside, rules)? else {
            continue;
        };
        if beside.is_of_all() || one.is_unchecked {
            said.push(one);
        } else {
            let files = set.generations.iter().filter(|file| beside.is_of(file));
            seen.extend(files.map(|file| &file.path));
            parts.push(one);
        }
    }
    if let Some(mut all) = parts.into_iter().reduce(Said::and) {
        // Of files that none is of nothing is vouched for.
        for file in set
            .generations
            .iter()
            .filter(|file| !seen.contains(&file.path))
        {
            let mut cutter = LeafCutter::<LeafHash>::default();
            each_piece(file, &mut |piece| {
                cutter.push(piece, |_, _| all.lines += 1);
                true
            })?;
            all.lines += u64::from(cutter.pending() > 0);
        }
        said.push(all);
    }
    said.extend(around.missing.iter().map(|path| missing(&name_of(path))));
    let emptied = around.emptied.iter().map(|path| name_of(path));
    said.extend(emptied.map(|name| unchecked(&name, empty_beside(&name))));
    for file in &around.lost {
        if head(std::slice::from_ref(file), rules)?.is_sidecar {
            let name = name_of(&file.path);
            said.push(unchecked(&name, lost_by(&name)));
        }
    }
    Ok(said)
}

fn examine_one(
    set: &LogSet,
    ranks: &[i32],
    beside: &Beside,
    rules: &[ChainRule],
) -> Result<Option<Said>, SealError> {
    let files = set.generations.iter().zip(ranks);
    let files: Vec<(&GenFile, i32)> = files
        .filter(|(file, _)| beside.is_of(file))
        .map(|(file, rank)| (file, *rank))
        .collect();
    // The sidecar first: a writer that writes the line first is not caught in between.
    let listed = listed(&beside.files, &files, rules)?;
    let Some(way) = &listed.way else {
        // It is a sidecar, and of no line that is here.
        let is_strange = listed.head.is_sidecar || beside.is_configured;
        let is_empty = files.iter().all(|(file, _)| file.len == 0);
        let finding = match is_empty {
            true => emptied_by(&beside.name),
            false => none_listed(set, &beside.name),
        };
        return Ok(is_strange.then(|| unchecked(&beside.name, finding)));
    };
    let (mut now, mut parts, mut is_open) = (Vec::new(), Vec::new(), false);
    for (file, rank) in files {
        let start = now.len() as u64;
        let mut cutter = LeafCutter::new(way.hasher());
        read_from(file, 0, &mut |piece| {
            cutter.push(piece, |line, _| now.push(line));
            Ok(())
        })?;
        // A line without its end may still be written.
        let place = now.len();
        let rest = cutter.rest();
        let is_listed = rest.is_some() && rest == listed.lines.get(place).copied();
        is_open = rest.is_some() && !is_listed;
        now.extend(rest.filter(|_| is_listed));
        parts.push(Part {
            file,
            rank,
            lines: start..now.len() as u64,
        });
    }
    let here = compare::Here {
        is_begun: beside.is_begun(set),
        is_whole: beside.is_whole(set),
    };
    let mut said = compare::said(beside, &listed, way, &now, &parts, here)?;
    said.lines += u64::from(is_open);
    Ok(Some(said))
}

/// What a sidecar lists, and in which way it lists lines of these files.
fn listed(
    sidecar: &[GenFile],
    files: &[(&GenFile, i32)],
    rules: &[ChainRule],
) -> Result<Listed, SealError> {
    let head = head(sidecar, rules)?;
    let way = way_of(&head, sidecar, files)?;
    let (mut lines, mut strange, mut unreadable) = (Vec::new(), 0, 0);
    if let Some(way) = &way {
        for file in sidecar {
            each_line(file, &mut |record| {
                match way.listing(record) {
                    Listing::Line(id) => lines.push(id),
                    Listing::Nothing => strange += 1,
                    Listing::Unreadable => unreadable += 1,
                }
                true
            })?;
        }
    }
    Ok(Listed {
        head,
        way,
        lines,
        strange,
        unreadable,
    })
}

/// What a sidecar is, by its first records, and where something else was put before those by its last.
fn head(sidecar: &[GenFile], rules: &[ChainRule]) -> Result<Head, SealError> {
    let hints = sidecar.last().map(|file| hints_for(&file.path, rules));
    let hints = hints.unwrap_or_default();
    let mut records = Vec::new();
    for file in sidecar {
        each_line(file, &mut |record| {
            records.push(record.to_vec());
            records.len() < HEAD
        })?;
    }
    let first = Head::of(&records, &hints);
    if first.is_sidecar || records.len() < HEAD {
        return Ok(first);
    }
    let mut last: VecDeque<Vec<u8>> = VecDeque::new();
    for file in sidecar {
        each_line(file, &mut |record| {
            if last.len() == HEAD {
                last.pop_front();
            }
            last.push_back(record.to_vec());
            true
        })?;
    }
    let last = Vec::from(last);
    let few = last.split_at(last.len().saturating_sub(FEW)).1;
    let mut by_last = [last.as_slice(), few]
        .map(|records| Head::of(records, &hints))
        .into_iter();
    // Whoever put something before it may as well have put lines before the log's.
    let by_last = by_last.find(|head| head.is_sidecar).map(|head| Head {
        is_begin: true,
        ..head
    });
    Ok(by_last.unwrap_or(first))
}

/// The way in which most lines of these files are found listed; `None` = none of them is.
fn way_of(
    head: &Head,
    sidecar: &[GenFile],
    files: &[(&GenFile, i32)],
) -> Result<Option<Sidecar>, SealError> {
    // The begin of a hash tells it from the others well enough for counting.
    let short =
        |id: &Hash| u64::from_le_bytes([id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]]);
    let mut known: Vec<HashSet<u64>> = vec![HashSet::new(); head.ways.len()];
    for file in sidecar {
        each_line(file, &mut |record| {
            for (way, known) in head.ways.iter().zip(&mut known) {
                known.extend(way.listed(record).as_ref().map(short));
            }
            true
        })?;
    }
    let mut found = vec![0_usize; head.ways.len()];
    for (at, way) in head.ways.iter().enumerate() {
        for (file, _) in files {
            let mut cutter = LeafCutter::new(way.hasher());
            each_piece(file, &mut |piece| {
                cutter.push(piece, |line, _| {
                    found[at] += usize::from(known[at].contains(&short(&line)));
                });
                found[at] < CERTAIN
            })?;
            let rest = cutter
                .rest()
                .is_some_and(|line| known[at].contains(&short(&line)));
            found[at] += usize::from(rest);
        }
    }
    let most = found.iter().copied().max().filter(|most| *most > 0);
    let at = most.and_then(|most| found.iter().position(|n| *n == most));
    Ok(at.and_then(|at| head.ways.get(at).cloned()))
}

fn unchecked(name: &str, finding: Finding) -> Said {
    Said {
        by: By::Sidecar {
            name: name.to_owned(),
            lists: String::new(),
        },
        about_all: vec![finding],
        is_unchecked: true,
        ..Said::default()
    }
}

/// That a sidecar is not there.
fn missing(name: &str) -> Said {
    let what = format!(
        "The configuration says that {name} lists the lines of this log, and it is not there: it was removed, or what the configuration says is not so."
    );
    unchecked(name, about_all(BreakKind::FileMissing, what))
}

/// That a sidecar that was there is not there any more.
pub(super) fn gone(name: &str) -> Said {
    let what = format!("{name} listed the lines of this log, and is not here any more.");
    unchecked(name, about_all(BreakKind::FileMissing, what))
}

/// That what is called as a sidecar lists nothing.
fn empty_beside(name: &str) -> Finding {
    let what = format!(
        "{name} beside it is called as what lists its lines, and is empty: it was emptied, or its writer has yet to write."
    );
    about_all(BreakKind::FileMissing, what)
}

/// That what a sidecar lists is not there.
fn lost_by(name: &str) -> Finding {
    let what = format!(
        "{name} lists the lines of a file of it that is not here, or is empty: removed, expired, or moved elsewhere."
    );
    about_all(BreakKind::FileMissing, what)
}

/// That a sidecar lists none of a log's lines.
fn none_listed(set: &LogSet, name: &str) -> Finding {
    let what = format!(
        "{name} stands beside it and lists none of its lines: the log or the sidecar was written anew, or they do not belong together."
    );
    let mut finding = about_all(BreakKind::RewrittenSinceSeal, what);
    finding.generation = i32::try_from(set.generations.len().saturating_sub(1)).unwrap_or(0);
    finding
}

/// That a log of which lines are listed is empty.
fn emptied_by(name: &str) -> Finding {
    let what = format!("it is empty, and {name} beside it lists lines that it held");
    about_all(BreakKind::TailTruncated, what)
}

/// Of a log that is empty: that its sidecar lists lines; `None` = it has none that does.
pub(super) fn emptied(log: &Path, rules: &[ChainRule]) -> Result<Option<Finding>, SealError> {
    let names = [unpacked(log), LogSet::name_of(log)];
    let sets = names.into_iter().map(|name| LogSet {
        name,
        generations: Vec::new(),
    });
    for beside in sets.flat_map(|set| around(&set, rules).sidecars) {
        let listed = listed(&beside.files, &[], rules)?;
        if listed.head.is_sidecar || beside.is_configured && !listed.head.ways.is_empty() {
            return Ok(Some(emptied_by(&beside.name)));
        }
    }
    Ok(None)
}

/// Of a set that may be a sidecar: the log whose lines it lists, if nothing of that is there.
pub(super) fn lost_log(
    set: &LogSet,
    rules: &[ChainRule],
    is_open: impl Fn(&Path) -> bool,
) -> Result<Option<PathBuf>, SealError> {
    let of_files = set.generations.iter();
    let logs: Vec<PathBuf> = of_files
        .flat_map(|file| logs_of(&file.path, rules))
        .collect();
    let exists = |log: &Path| packed_or_not(log).any(|path| is_another(&path, set));
    let is_there = |log: &PathBuf| is_open(&LogSet::name_of(log)) || exists(log);
    if logs.is_empty() || logs.iter().any(is_there) {
        return Ok(None);
    }
    let is_sidecar = head(&set.generations, rules)?.is_sidecar;
    Ok(logs.into_iter().next().filter(|_| is_sidecar))
}
