//! A private folder that is gone at the end, also if a thread that is on its way out still writes into it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long it is tried to remove what somebody still writes into.
const PATIENCE: Duration = Duration::from_secs(5);

/// Removed with everything in it when dropped.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// A new folder below `parent`. The umask is closed to others at start.
    pub(super) fn new(parent: &Path, prefix: &str) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
        Ok(Self {
            folder: folder.keep(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match std::fs::remove_dir_all(&self.folder) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) if Instant::now() < deadline => {}
                Err(_) => return,
            }
            // A file may have come in between: it is gone once it stays gone for a moment.
            std::thread::park_timeout(Duration::from_millis(20));
            if !self.folder.exists() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn what_is_still_being_written_goes_too() {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(base.path(), "demo-").unwrap();
        let folder = scratch.path().to_owned();
        let stop = Arc::new(AtomicBool::new(false));
        let until = stop.clone();
        let writer = std::thread::spawn(move || {
            for n in 0..2_000 {
                if until.load(Ordering::Relaxed) {
                    break;
                }
                let inner = folder.join("index");
                let _ = std::fs::create_dir(&inner);
                let _ = std::fs::write(inner.join(format!("{n}.seg")), "x");
            }
        });
        drop(scratch);
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }
}
