//! Checkpoints that were copied elsewhere: what they say cannot be changed by who changes things here.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::{Check, Present, words};
use crate::chain::Finding;
use crate::event::BreakKind;
use crate::seal::{Checkpoint, Hash, Ledger, Outside, roots_at};

/// One file of the log, as the copies know it.
struct Known<'a> {
    generation: &'a str,
    checkpoints: Vec<&'a Checkpoint>,
    /// The longest of its checkpoints that a file here fits, and that file.
    holds: Option<(&'a Checkpoint, usize)>,
    /// The shortest that none fits.
    broken: Option<&'a Checkpoint>,
}

/// Holds every copy against the files that are here. `ledger` = the seals of this host, if it has any over this log.
pub(super) fn check(
    check: &mut Check,
    copies: &[&Outside],
    from: &Path,
    ledger: Option<&Ledger>,
    present: &[Present<'_>],
) {
    let from = crate::text::path(from).into_owned();
    if copies.is_empty() {
        let said = format!("no checkpoint over it in {from}");
        check.said.also.push(said);
        return;
    }
    links(copies, &from, &mut check.said.about_all);
    let known = compared(copies, present);
    match ledger {
        Some(ledger) => beside_ledger(check, &known, &from, ledger),
        None => alone(check, &known, &from, present),
    }
}

/// The files that the copies know, in the order in which they were first sealed.
fn compared<'a>(copies: &[&'a Outside], present: &[Present<'_>]) -> Vec<Known<'a>> {
    let mut known: Vec<Known<'a>> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for copy in copies {
        let Some((_, generation)) = copy.checkpoint.place() else {
            continue;
        };
        let index = *at.entry(generation).or_insert_with(|| {
            known.push(Known {
                generation,
                checkpoints: Vec::new(),
                holds: None,
                broken: None,
            });
            known.len() - 1
        });
        known[index].checkpoints.push(&copy.checkpoint);
    }
    let sizes: BTreeSet<u64> = copies.iter().map(|copy| copy.checkpoint.size).collect();
    let roots: Vec<HashMap<u64, Hash>> = present
        .iter()
        .map(|p| roots_at(&p.leaves, &sizes))
        .collect();
    for file in &mut known {
        file.checkpoints.sort_by_key(|c| (c.size, c.sealed));
        for &checkpoint in &file.checkpoints {
            let fits = |r: &HashMap<u64, Hash>| r.get(&checkpoint.size) == Some(&checkpoint.root);
            match roots.iter().position(fits) {
                Some(here) => file.holds = Some((checkpoint, here)),
                None => file.broken = file.broken.or(Some(checkpoint)),
            }
        }
    }
    known
}

/// What the seals of this host tell themselves is not told twice.
fn beside_ledger(check: &mut Check, known: &[Known<'_>], from: &str, ledger: &Ledger) {
    for file in known {
        let Some(broken) = file.broken else { continue };
        let is_sealed_here = ledger
            .file(file.generation)
            .is_some_and(|sealed| sealed.checkpoint.size >= broken.size);
        let is_told =
            check.alarmed.contains(file.generation) || check.dropped.contains(file.generation);
        if is_sealed_here && is_told {
            continue;
        }
        let why = match is_sealed_here {
            true => "no file here holds these lines any more",
            false => {
                "the seals kept on this host are older or gone, and no file here holds these lines"
            }
        };
        let finding = words::contradicted(broken, from, why);
        check.said.about_all.push(finding);
    }
}

/// There are no seals on this host: the copies are all that there is to compare with.
fn alone(check: &mut Check, known: &[Known<'_>], from: &str, present: &[Present<'_>]) {
    // Rotation drops the oldest file, and a file that came from nowhere is none that it left.
    let oldest = match known.iter().position(|file| file.holds.is_some()) {
        Some(oldest) if known[oldest].holds.is_some_and(|(_, here)| here == 0) => oldest,
        Some(_) => 0,
        None => known.len().saturating_sub(1),
    };
    for (n, file) in known.iter().enumerate() {
        if n < oldest {
            check.said.dropped += 1;
            continue;
        }
        let size = file.checkpoints.last().map_or(0, |c| c.size);
        if let Some((checkpoint, here)) = file.holds {
            check.said.seal(size, checkpoint.size, checkpoint);
            let rank = present[here].rank;
            check.said.covered.push((rank, 0..checkpoint.bytes));
        } else if let Some(broken) = file.broken {
            check.said.seal(size, 0, broken);
        }
        if let Some(broken) = file.broken {
            let why = "the ledger with these seals is not on this host, and no file here holds these lines";
            check
                .said
                .about_all
                .push(words::contradicted(broken, from, why));
        }
    }
    check.said.also.push(format!(
        "the ledger with its seals is not on this host, compared with the checkpoints in {from}"
    ));
}

/// Each checkpoint names the one before it, and only the first names none. The same one may have been copied twice.
fn links(copies: &[&Outside], from: &str, findings: &mut Vec<Finding>) {
    let mut all: HashSet<Hash> = HashSet::new();
    let mut followed: HashMap<Option<Hash>, &Checkpoint> = HashMap::new();
    let mut told: HashSet<Option<Hash>> = HashSet::new();
    let each: Vec<&Outside> = copies
        .iter()
        .copied()
        .filter(|copy| all.insert(copy.note))
        .collect();
    for copy in each {
        let checkpoint = &copy.checkpoint;
        let when = words::moment(checkpoint);
        if checkpoint.after.is_some_and(|after| !all.contains(&after)) {
            let what = format!("the checkpoint before the one of {when} is not in {from}");
            findings.push(words::about_all(BreakKind::SequenceGap, what));
        }
        let Some(other) = followed.insert(checkpoint.after, checkpoint) else {
            continue;
        };
        if !told.insert(checkpoint.after) {
            continue;
        }
        let other = words::moment(other);
        findings.push(match checkpoint.after {
            None => words::about_all(
                BreakKind::Restart,
                format!("the checkpoints in {from} begin twice, at {other} and at {when}: the ledger on the host was begun anew"),
            ),
            Some(_) => words::about_all(
                BreakKind::Fork,
                format!("two checkpoints in {from} follow the same one, at {other} and at {when}: the ledger on the host was set back"),
            ),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;
    use crate::ingest::sealed::Seals;
    use crate::seal::Collected;

    #[test]
    fn a_checkpoint_speaks_of_one_path_on_any_host() {
        let outside = |origin: &str| Outside {
            checkpoint: Checkpoint {
                origin: origin.into(),
                size: 1,
                root: [0; 32],
                bytes: 1,
                sealed: Timestamp(0),
                after: None,
            },
            note: [0; 32],
        };
        let seals = Seals {
            dir: "/nowhere".into(),
            key: None,
            copies: Collected {
                checkpoints: vec![
                    outside("auditty/host/backup/var/log/a.log#0"),
                    outside("auditty/host/var/log/a.log#1"),
                    outside("auditty/renamed/var/log/a.log#2"),
                    outside("auditty/host/var/log/a.log.1#3"),
                ],
                wrong: Vec::new(),
            },
            copies_from: None,
        };
        let of = seals.copies_of(Path::new("/var/log/a.log"));
        let generations: Vec<&str> = of
            .iter()
            .filter_map(|copy| Some(copy.checkpoint.place()?.1))
            .collect();
        assert_eq!(generations, ["1", "2"]);
    }
}
