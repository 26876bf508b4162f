//! How much of the disk the indexes may take. Where a bound is reached, events whose files are gone go first, the oldest
//! first; then writing stops, until there is room again.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::commit::Stop;
use super::evict;
use super::store::Store;
use super::{Hub, LocalOptions};

/// Writing goes on only when this share of a bound is free again (a tenth): it must not stop and go all the time.
const SLACK: u64 = 10;

/// A bound that is reached, and by how many bytes.
#[derive(Debug, PartialEq, Eq)]
struct Exceeded {
    reason: String,
    by: u64,
}

impl LocalOptions {
    /// Makes room or stops writing where a bound is reached, and says so; goes on where there is room.
    pub(super) fn enforce(&self, stores: &[Arc<Store>], hub: &Hub) {
        let Some(first) = stores.first() else { return };
        let look = || Some((self.used(stores), free(&first.dir)?));
        let Some((mut used, mut room)) = look() else {
            return;
        };
        if self.exceeded(used, room, 0).is_some() {
            // What was dropped or merged since may have been in use until now.
            stores.iter().for_each(|store| store.collect_garbage());
            (used, room) = look().unwrap_or((used, room));
        }
        if let Some(exceeded) = self.exceeded(used, room, 0) {
            if evict::make_room(stores, used, exceeded.by, hub) {
                // What that gave shows at the next look.
                return;
            }
            for store in stores {
                // What was accepted so far is kept; it is little beside the bound.
                let kept = store.commit();
                store.stop_writing(Stop {
                    reason: kept.map_or_else(|e| e.to_string(), |()| exceeded.reason.clone()),
                    until_room: true,
                });
            }
            return;
        }
        if self.exceeded(used, room, SLACK).is_none() {
            stores.iter().for_each(|store| store.resume_writing());
        }
    }

    /// Bytes of all indexes, those that are not open as well.
    fn used(&self, stores: &[Arc<Store>]) -> u64 {
        let root = self.root.as_deref();
        let beside = |store: &&Arc<Store>| root.is_none_or(|root| !store.dir.starts_with(root));
        let beside: u64 = stores.iter().filter(beside).map(|s| usage(&s.dir)).sum();
        beside + root.map_or(0, usage)
    }

    /// Which bound is reached with so many bytes used by the indexes and free on the disk; with a `slack`, which bound
    /// is nearer than that share of it.
    fn exceeded(&self, used: u64, free: u64, slack: u64) -> Option<Exceeded> {
        let part = |bytes: u64| bytes.checked_div(slack).unwrap_or(0);
        let min_free = self.min_free.saturating_add(part(self.min_free));
        if free < min_free {
            return Some(Exceeded {
                reason: format!(
                    "only {} MB are free on the disk of the index, {} MB have to stay free",
                    free >> 20,
                    self.min_free >> 20
                ),
                by: min_free - free,
            });
        }
        let share = u128::from(free.saturating_add(used)) * u128::from(self.max_share) / 100;
        let share = u64::try_from(share).unwrap_or(u64::MAX);
        let limit = self.max_bytes.min(share);
        (used > limit - part(limit)).then(|| Exceeded {
            reason: format!(
                "the indexes take {} MB, {} MB are allowed (index.max_bytes, index.max_share)",
                used >> 20,
                limit >> 20
            ),
            by: used.saturating_sub(limit) + limit / SLACK,
        })
    }
}

/// Bytes that the files below a folder take on the disk, links not followed.
fn usage(dir: &Path) -> u64 {
    let mut total = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        // Whatever cannot be looked at was removed this moment.
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                // A file that was given room back by a hole in it takes less than it is long.
                Ok(meta) => total += meta.len().min(meta.blocks().saturating_mul(512)),
                Err(_) => {}
            }
        }
    }
    total
}

fn free(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_bound_holds() {
        let options = LocalOptions {
            max_bytes: 1000 << 20,
            max_share: 20,
            min_free: 100 << 20,
            ..LocalOptions::default()
        };
        let reason = |used: u64, free: u64, slack| {
            let exceeded = options.exceeded(used << 20, free << 20, slack);
            exceeded.map(|e| e.reason).unwrap_or_default()
        };
        assert_eq!(reason(10, 5000, 0), "");
        assert!(reason(1001, 50_000, 0).contains("1001 MB"));
        assert!(reason(300, 1000, 0).contains("260 MB"));
        assert!(reason(1, 99, 0).contains("99 MB are free"));
        // Near the bound writing does not begin again.
        assert_eq!(reason(950, 50_000, 0), "");
        assert!(reason(950, 50_000, SLACK).contains("950 MB"));
        assert_eq!(reason(890, 50_000, SLACK), "");
        assert!(reason(1, 105, SLACK).contains("105 MB are free"));
    }

    #[test]
    fn what_is_below_counts_and_holes_do_not() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir(base.path().join("a")).unwrap();
        std::fs::write(base.path().join("a/f"), [1; 100]).unwrap();
        std::fs::write(base.path().join("g"), [1; 11]).unwrap();
        assert_eq!(usage(base.path()), 111);
        let sparse = std::fs::File::create(base.path().join("sparse")).unwrap();
        sparse.set_len(1 << 30).unwrap();
        assert!(usage(base.path()) < 1 << 20);
    }
}
