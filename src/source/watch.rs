//! Waits until something happened to the files that are open, or to the directories they appear in.
//!
//! The file system's own notices (inotify, FSEvents) make it quick. They are not relied upon: everything is also looked
//! at in turn once a second, or four times a second where there are no notices (network file systems, too many watches).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::dirs::{DirStamp, WatchedDir};
use super::discover::Discovery;
use super::file::{FileId, GenFile};

/// Time between two looks at everything.
const LOOK: Duration = Duration::from_secs(1);
/// … where no notices come.
const LOOK_WITHOUT_NOTICES: Duration = Duration::from_millis(250);
/// Two wakes are at least this far apart, so that a busy writer does not make the reader spin.
const GAP: Duration = Duration::from_millis(50);
/// A scan is not asked for again before it has paused for this many times as long as the last one took, …
const SCAN_PAUSE: u32 = 4;
/// … or for this long.
const LONGEST_SCAN_PAUSE: Duration = Duration::from_secs(5);
/// Files looked at in one turn; more are looked at over several turns.
const FILES_PER_LOOK: usize = 2048;
const QUEUE: usize = 4096;
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Why the reader was woken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// Files of the last discovery that changed in place (grew, shrank, were written to).
    pub files: BTreeSet<PathBuf>,
    /// Files came, went, or were renamed: scan again, then call [`Watcher::update`].
    pub rescan: bool,
    /// Somebody called [`Waker::wake`].
    pub asked: bool,
}

impl Wake {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && !self.rescan && !self.asked
    }
}

enum Signal {
    Written(PathBuf),
    Moved(PathBuf),
    Asked,
}

/// Ends a wait from another thread.
#[derive(Clone)]
pub struct Waker {
    sender: Sender<Signal>,
    overflow: Arc<AtomicBool>,
}

impl Waker {
    pub fn wake(&self) {
        self.send(Signal::Asked);
    }

    fn send(&self, signal: Signal) {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(signal) {
            self.overflow.store(true, Ordering::Relaxed);
        }
    }
}

/// Watches what a [`Discovery`] found.
pub struct Watcher {
    notices: Result<RecommendedWatcher, String>,
    dirs: BTreeMap<PathBuf, WatchedDir>,
    /// Directories that give notices; for the others, why not.
    covered: HashMap<PathBuf, FileId>,
    uncovered: BTreeMap<PathBuf, String>,
    files: Vec<GenFile>,
    file_index: HashMap<PathBuf, usize>,
    /// Files that count as come, not as changed, when they change.
    empty: BTreeSet<PathBuf>,
    next_file: usize,
    signals: Receiver<Signal>,
    waker: Waker,
    pending: Wake,
    next_look: Instant,
    last_wake: Option<Instant>,
    scan_asked: Option<Instant>,
    scan_not_before: Instant,
}

impl Watcher {
    /// Begins to watch. What has changed since the discovery is reported by the first `recv`.
    pub fn new(discovery: &Discovery) -> Self {
        Self::with_notices(discovery, |waker| {
            recommended(waker).map_err(|e| e.to_string())
        })
    }

    fn with_notices(
        discovery: &Discovery,
        notices: impl FnOnce(Waker) -> Result<RecommendedWatcher, String>,
    ) -> Self {
        let (sender, signals) = bounded(QUEUE);
        let waker = Waker {
            sender,
            overflow: Arc::default(),
        };
        let notices = notices(waker.clone());
        let mut watcher = Self {
            notices,
            dirs: BTreeMap::new(),
            covered: HashMap::new(),
            uncovered: BTreeMap::new(),
            files: Vec::new(),
            file_index: HashMap::new(),
            empty: BTreeSet::new(),
            next_file: 0,
            signals,
            waker,
            pending: Wake::default(),
            next_look: Instant::now(),
            last_wake: None,
            scan_asked: None,
            scan_not_before: Instant::now(),
        };
        watcher.update(discovery);
        watcher
    }

    /// Watches what a later discovery found instead.
    pub fn update(&mut self, discovery: &Discovery) {
        self.dirs = discovery
            .dirs
            .iter()
            .map(|dir| (dir.path.clone(), dir.clone()))
            .collect();
        let sets = discovery.roots.iter().flat_map(|root| &root.sets);
        let open = sets.flat_map(|set| &set.generations);
        self.files = open.chain(&discovery.empty).cloned().collect();
        self.file_index = self
            .files
            .iter()
            .enumerate()
            .map(|(i, file)| (file.path.clone(), i))
            .collect();
        self.empty = discovery
            .empty
            .iter()
            .map(|file| file.path.clone())
            .collect();
        self.next_file = 0;
        self.cover();
        if let Some(asked) = self.scan_asked.take() {
            let pause = (asked.elapsed() * SCAN_PAUSE).min(LONGEST_SCAN_PAUSE);
            self.scan_not_before = Instant::now() + pause;
        }
    }

    /// Directories without notices, and why: they are looked at four times a second.
    pub fn uncovered(&self) -> &BTreeMap<PathBuf, String> {
        &self.uncovered
    }

    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Waits until something happened, or `timeout` has passed (`None`). What happens in quick succession comes as one.
    pub fn recv(&mut self, timeout: Duration) -> Option<Wake> {
        let deadline = Instant::now() + timeout.min(LONGEST_WAIT);
        loop {
            self.drain();
            let now = Instant::now();
            if now >= self.next_look {
                self.look();
                let covered = self.uncovered.is_empty();
                self.next_look = now + if covered { LOOK } else { LOOK_WITHOUT_NOTICES };
            }
            let ready = self.ready_at(now);
            if ready.is_some_and(|ready| now >= ready) {
                self.last_wake = Some(now);
                return Some(self.take_pending(now));
            }
            if now >= deadline {
                return None;
            }
            let until = ready.map_or(self.next_look, |ready| ready.min(self.next_look));
            if let Ok(signal) = self.signals.recv_timeout(until.min(deadline) - now) {
                self.note(signal);
            }
        }
    }

    /// When what is pending may be told; `None` if nothing is.
    fn ready_at(&self, now: Instant) -> Option<Instant> {
        if self.pending.is_empty() {
            return None;
        }
        let only_scan = self.pending.files.is_empty() && !self.pending.asked;
        let gap_over = self.last_wake.map_or(now, |last| last + GAP);
        Some(if only_scan {
            gap_over.max(self.scan_not_before)
        } else {
            gap_over
        })
    }

    fn take_pending(&mut self, now: Instant) -> Wake {
        let mut wake = std::mem::take(&mut self.pending);
        if wake.rescan && now < self.scan_not_before {
            wake.rescan = false;
            self.pending.rescan = true;
        } else if wake.rescan {
            self.scan_asked = Some(now);
        }
        wake
    }

    fn drain(&mut self) {
        for _ in 0..QUEUE {
            let Ok(signal) = self.signals.try_recv() else {
                break;
            };
            self.note(signal);
        }
        // What was lost may have been anything.
        if self.waker.overflow.swap(false, Ordering::Relaxed) {
            self.pending = Wake {
                rescan: true,
                asked: true,
                ..std::mem::take(&mut self.pending)
            };
        }
    }

    fn note(&mut self, signal: Signal) {
        match signal {
            Signal::Asked => self.pending.asked = true,
            Signal::Written(path) => {
                let already = self.pending.files.contains(&path);
                if let Some(i) = self.file_index.get(&path).copied().filter(|_| !already) {
                    self.look_at(i);
                }
            }
            Signal::Moved(path) => {
                let is_of_interest = |dir: &WatchedDir| {
                    path.file_name()
                        .is_some_and(|name| dir.names.includes(name))
                };
                let inside = path.parent().and_then(|dir| self.dirs.get(dir));
                self.pending.rescan |=
                    self.dirs.contains_key(&path) || inside.is_some_and(is_of_interest);
            }
        }
    }

    /// Looks at the directories and the next files in turn.
    fn look(&mut self) {
        for dir in self.dirs.values_mut() {
            let now = std::fs::metadata(&dir.path)
                .ok()
                .map(|meta| DirStamp::of(&meta));
            let same = now.is_some_and(|now| now == dir.stamp && now.mtime.is_some());
            self.pending.rescan |= !same;
        }
        for _ in 0..self.files.len().min(FILES_PER_LOOK) {
            self.next_file = (self.next_file + 1) % self.files.len();
            self.look_at(self.next_file);
        }
    }

    fn look_at(&mut self, i: usize) {
        let Some(file) = self.files.get_mut(i) else {
            return;
        };
        match file.restat() {
            Some(now) if now == *file => {}
            Some(now) if self.empty.contains(&now.path) => {
                *file = now;
                self.pending.rescan = true;
            }
            Some(now) => {
                self.pending.files.insert(now.path.clone());
                *file = now;
            }
            None => self.pending.rescan = true,
        }
    }

    /// Asks for notices of every directory.
    fn cover(&mut self) {
        let notices = match &mut self.notices {
            Ok(notices) => notices,
            Err(why) => {
                self.uncovered = self
                    .dirs
                    .keys()
                    .map(|dir| (dir.clone(), why.clone()))
                    .collect();
                return;
            }
        };
        let (dirs, covered, uncovered) = (&self.dirs, &mut self.covered, &mut self.uncovered);
        uncovered.clear();
        covered.retain(|path, id| {
            let stays = dirs.get(path).is_some_and(|dir| dir.stamp.id == *id);
            if !stays {
                // Fails where the directory is gone, and its watch with it.
                let _ = notices.unwatch(path);
            }
            stays
        });
        for dir in dirs.values() {
            if covered.contains_key(&dir.path) {
                continue;
            }
            let refused = match network_file_system(&dir.path) {
                Some(name) => Some(format!(
                    "on {name}, which gives no notices of what others write"
                )),
                None => notices
                    .watch(&dir.path, RecursiveMode::NonRecursive)
                    .err()
                    .map(|e| e.to_string()),
            };
            if let Some(why) = refused {
                uncovered.insert(dir.path.clone(), why);
            } else {
                covered.insert(dir.path.clone(), dir.stamp.id);
            }
        }
    }
}

fn recommended(waker: Waker) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |notice: notify::Result<notify::Event>| match notice {
        Ok(event) if event.need_rescan() => waker.overflow.store(true, Ordering::Relaxed),
        // Our own reading gives these too.
        Ok(event) if event.kind.is_access() => {}
        Ok(event) => {
            let written = matches!(
                event.kind,
                EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any)
            );
            for path in event.paths {
                waker.send(if written {
                    Signal::Written(path)
                } else {
                    Signal::Moved(path)
                });
            }
        }
        Err(_) => waker.overflow.store(true, Ordering::Relaxed),
    })
}

/// Name of the network (or user-space) file system a directory is on: those take watches but report only local writes.
#[cfg(target_os = "linux")]
fn network_file_system(dir: &Path) -> Option<&'static str> {
    // Magic numbers of statfs(2).
    const NETWORK: [(u64, &str); 9] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x517b, "SMB"),
        (0x6573_5546, "FUSE"),
        (0x0102_1997, "9P"),
        (0x00c3_6400, "Ceph"),
        (0x5346_414f, "AFS"),
        (0x786f_4256, "vboxsf"),
    ];
    let magic = rustix::fs::statfs(dir).ok()?.f_type as u64 & 0xffff_ffff;
    NETWORK
        .iter()
        .find(|(number, _)| *number == magic)
        .map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn network_file_system(_dir: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests;
