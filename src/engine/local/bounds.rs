//! How much of the disk the indexes may take.

use std::path::Path;
use std::sync::Arc;

use super::LocalOptions;
use super::store::Store;

impl LocalOptions {
    /// Stops writing where a bound is reached, and says which.
    pub(super) fn enforce(&self, stores: &[Arc<Store>]) {
        let Some(first) = stores.first() else { return };
        let used: u64 = stores.iter().map(|s| usage(&s.dir)).sum();
        let Some(free) = free(&first.dir) else { return };
        if let Some(reason) = self.exceeded(used, free) {
            for store in stores {
                store.stop_writing(reason.clone());
            }
        }
    }

    /// Which bound is reached with so many bytes used by the indexes and free on the disk.
    fn exceeded(&self, used: u64, free: u64) -> Option<String> {
        let share = u128::from(free.saturating_add(used)) * u128::from(self.max_share) / 100;
        let share = u64::try_from(share).unwrap_or(u64::MAX);
        if free < self.min_free {
            return Some(format!(
                "only {} MB are free on the disk of the index, {} MB have to stay free",
                free >> 20,
                self.min_free >> 20
            ));
        }
        let limit = self.max_bytes.min(share);
        (used > limit).then(|| {
            format!(
                "the index takes {} MB, {} MB are allowed (index.max_bytes, index.max_share)",
                used >> 20,
                limit >> 20
            )
        })
    }
}

/// Bytes of the files in a directory of an index, which has no subdirectories.
fn usage(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|e| e.metadata().ok())
        .map(|m| m.len())
        .sum()
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
        assert_eq!(options.exceeded(10 << 20, 5000 << 20), None);
        assert!(
            options
                .exceeded(1001 << 20, 50_000 << 20)
                .unwrap()
                .contains("1001 MB")
        );
        assert!(
            options
                .exceeded(300 << 20, 1000 << 20)
                .unwrap()
                .contains("260 MB")
        );
        assert!(
            options
                .exceeded(1 << 20, 99 << 20)
                .unwrap()
                .contains("99 MB are free")
        );
    }
}
