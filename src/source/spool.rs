//! What comes by a pipe as a file that grows: a thread writes it, decompressed, into a private file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::fs::FlockOperation;
use tempfile::TempPath;

use super::SourceError;
use super::content::Compression;
use super::file::GenFile;
use super::set::LogSet;
use super::stream::{Limits, ReadEnd, Stream};

const PREFIX: &str = "pipe-";
const SUFFIX: &str = ".spool";

/// The spool stops growing when the file system has less than this left, in bytes.
const KEEP_FREE: u64 = 1 << 30;
/// How many bytes are written between two looks at the free space.
const CHECK_EVERY: u64 = 16 << 20;
/// A spool without an owner that is younger than this may only just be getting one.
const STALE_AFTER: Duration = Duration::from_secs(60);

/// Why nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpoolEnd {
    /// The pipe was closed by its writer; whether what came was whole.
    Closed(ReadEnd),
    /// The disk is nearly full.
    DiskFull(String),
    /// Reading the pipe or writing the file failed.
    Failed(String),
}

/// A pipe being written into a file of its own; the file is removed on drop.
pub struct Spool {
    name: PathBuf,
    path: TempPath,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    len: AtomicU64,
    end: OnceLock<SpoolEnd>,
    stop: AtomicBool,
}

impl Spool {
    /// Starts to copy `input` into a new file (mode 0600) in `dir`. `name` is what its set is called. `progress` is called
    /// in the copying thread whenever bytes have arrived, and at the end. Spools left over in `dir` by processes that died
    /// are removed.
    ///
    /// # Errors
    /// The file or the thread cannot be created.
    pub fn start(
        input: impl Read + Send + 'static,
        name: PathBuf,
        dir: &Path,
        progress: impl Fn() + Send + 'static,
    ) -> Result<Self, SourceError> {
        remove_stale(dir);
        let created = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .tempfile_in(dir);
        let (file, path) = created
            .map_err(SourceError::io("create a file in", dir))?
            .into_parts();
        // Held as long as the copying thread lives: tells others that the file is in use.
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(io::Error::from)
            .map_err(SourceError::io("lock", &path))?;
        let shared = Arc::<Shared>::default();
        let copying = Arc::clone(&shared);
        let dir = dir.to_path_buf();
        std::thread::Builder::new()
            .name("pipe".into())
            .spawn(move || {
                let end = copy(input, file, &dir, &copying, &progress);
                let _ = copying
                    .end
                    .set(end.unwrap_or_else(|e| SpoolEnd::Failed(e.to_string())));
                progress();
            })
            .map_err(SourceError::io("start reading into", &path))?;
        Ok(Self { name, path, shared })
    }

    /// Bytes that can be read from the file now.
    pub fn bytes(&self) -> u64 {
        self.shared.len.load(Ordering::Acquire)
    }

    /// Why nothing more comes; `None` while the pipe is open. Once this is set, [`Spool::bytes`] does not change.
    pub fn end(&self) -> Option<&SpoolEnd> {
        self.shared.end.get()
    }

    /// The spool as a set of one plain file, under its own name.
    ///
    /// # Errors
    /// The file is not there any more.
    pub fn log_set(&self) -> Result<LogSet, SourceError> {
        let path = self.path.to_path_buf();
        let meta = std::fs::metadata(&path).map_err(SourceError::io("read", &path))?;
        let generation = GenFile::of(path, Compression::None, &meta);
        Ok(LogSet {
            name: self.name.clone(),
            generations: vec![generation],
        })
    }
}

impl Drop for Spool {
    /// The thread ends with the next bytes or the end of the pipe; it cannot be woken from a read.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn copy(
    input: impl Read,
    mut file: File,
    dir: &Path,
    shared: &Shared,
    progress: &impl Fn(),
) -> io::Result<SpoolEnd> {
    let mut stream = Stream::new(input, Limits::default())?;
    let mut buffer = vec![0; 64 << 10];
    let mut next_check = 0;
    loop {
        let len = stream.offset();
        if len >= next_check {
            let room = rustix::fs::statvfs(dir)?;
            if room.f_bavail.saturating_mul(room.f_frsize) < KEEP_FREE {
                return Ok(SpoolEnd::DiskFull(format!(
                    "less than {} MiB left in {}",
                    KEEP_FREE >> 20,
                    dir.display()
                )));
            }
            next_check = len + CHECK_EVERY;
        }
        let n = match stream.read(&mut buffer) {
            Ok(0) => {
                return Ok(SpoolEnd::Closed(
                    stream.end().cloned().unwrap_or(ReadEnd::Complete),
                ));
            }
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if shared.stop.load(Ordering::Relaxed) {
            return Ok(SpoolEnd::Closed(ReadEnd::Complete));
        }
        file.write_all(&buffer[..n])?;
        shared.len.fetch_add(n as u64, Ordering::Release);
        progress();
    }
}

/// Removes spools that nobody holds a lock on.
fn remove_stale(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let is_spool = name
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        let is_old = || {
            entry
                .metadata()
                .ok()?
                .modified()
                .ok()?
                .elapsed()
                .ok()
                .map(|age| age > STALE_AFTER)
        };
        if !is_spool || is_old() != Some(true) {
            continue;
        }
        if let Ok(file) = super::file::open_regular(&entry.path())
            && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::mpsc::{self, Receiver};
    use std::time::SystemTime;

    use super::super::file::open_at;
    use super::*;

    /// A pipe whose other end the test holds.
    struct Pipe(Receiver<Vec<u8>>);

    impl Read for Pipe {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Ok(bytes) = self.0.recv() else {
                return Ok(0);
            };
            out[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
    }

    fn spool(dir: &Path) -> (mpsc::Sender<Vec<u8>>, Spool, Receiver<()>) {
        let (input, pipe) = mpsc::channel();
        let (arrived, progress) = mpsc::channel();
        let spool = Spool::start(Pipe(pipe), "-".into(), dir, move || {
            let _ = arrived.send(());
        })
        .unwrap();
        (input, spool, progress)
    }

    fn content(spool: &Spool) -> String {
        let set = spool.log_set().unwrap();
        let mut text = String::new();
        open_at(&set.generations[0], 0)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    fn wait_for_end(spool: &Spool, progress: &Receiver<()>) -> SpoolEnd {
        while spool.end().is_none() {
            progress.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        spool.end().cloned().unwrap()
    }

    #[test]
    fn what_arrives_can_be_read_before_the_end_comes() {
        let dir = tempfile::tempdir().unwrap();
        let (input, spool, progress) = spool(dir.path());
        input.send(b"first\n".to_vec()).unwrap();
        progress.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(
            (spool.bytes(), spool.end(), content(&spool).as_str()),
            (6, None, "first\n")
        );
        input.send(b"second".to_vec()).unwrap();
        drop(input);
        assert_eq!(
            wait_for_end(&spool, &progress),
            SpoolEnd::Closed(ReadEnd::Complete)
        );
        assert_eq!(content(&spool), "first\nsecond");
    }

    #[test]
    fn the_file_is_private_and_removed_on_drop() {
        let dir = tempfile::tempdir().unwrap();
        let (_input, spool, _progress) = spool(dir.path());
        let path = spool.log_set().unwrap().generations[0].path.clone();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(spool);
        assert!(!path.exists());
    }

    #[test]
    fn a_compressed_pipe_is_decompressed() {
        let dir = tempfile::tempdir().unwrap();
        let (input, spool, progress) = spool(dir.path());
        let packed = zstd::encode_all(&b"packed\n"[..], 1).unwrap();
        input.send(packed[..2].to_vec()).unwrap();
        input.send(packed[2..packed.len() - 1].to_vec()).unwrap();
        drop(input);
        assert!(matches!(
            wait_for_end(&spool, &progress),
            SpoolEnd::Closed(ReadEnd::Truncated(_))
        ));
    }

    #[test]
    fn only_spools_without_an_owner_are_swept_away() {
        let dir = tempfile::tempdir().unwrap();
        let old = |name: &str| {
            let path = dir.path().join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            (path, file)
        };
        let (owned, owner) = old("pipe-a.spool");
        rustix::fs::flock(&owner, FlockOperation::LockExclusive).unwrap();
        let (left, _) = old("pipe-b.spool");
        let (other, _) = old("notes.txt");
        remove_stale(dir.path());
        assert!(owned.exists() && other.exists() && !left.exists());
    }
}
