//! One file of a rotated set, and reading it by position.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::SourceError;
use super::content::Compression;

/// Bytes by which a compressed file is known.
const HEAD: u64 = 64;

/// Which file it is, whatever it is called now. The time of birth (where the file system keeps it) tells a new file
/// that was given a deleted one's inode number, which ext4 and tmpfs do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    pub dev: u64,
    pub ino: u64,
    pub born: Option<SystemTime>,
}

impl FileId {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self {
            dev: meta.dev(),
            ino: meta.ino(),
            born: meta.created().ok(),
        }
    }
}

/// A file of a rotated set as it was when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenFile {
    /// Canonical.
    pub path: PathBuf,
    pub compression: Compression,
    pub id: FileId,
    /// Bytes in the file itself, not decompressed.
    pub len: u64,
    pub mtime: SystemTime,
    /// When it was changed last, its name and rights as well, in seconds and nanoseconds: it cannot be set back.
    pub ctime: (i64, i64),
}

impl GenFile {
    /// What is at a path now, if it is a regular file; named by itself, not by a scan.
    pub fn at(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self::of(path.to_path_buf(), Compression::None, &meta))
    }

    /// The same, at its canonical path and compressed as its first bytes say; what cannot be read counts as plain.
    pub fn look(path: &Path) -> Option<Self> {
        let plain = Self::at(path)?;
        let mut head = Vec::new();
        let read = open_regular(path)
            .ok()
            .map(|f| f.take(HEAD).read_to_end(&mut head));
        let compression = match read {
            Some(Ok(_)) => Compression::of(&head),
            _ => Compression::None,
        };
        Some(Self {
            path: std::fs::canonicalize(path).unwrap_or(plain.path),
            compression,
            ..plain
        })
    }

    /// Whether there is anything in it, unpacked. What cannot be read may hold something.
    pub fn has_content(&self) -> bool {
        let is_read = || {
            let stream = super::open_stream(self);
            stream.map_or(true, |mut stream| {
                stream.read(&mut [0]).map_or(true, |n| n > 0)
            })
        };
        self.len > 0 && (self.compression == Compression::None || is_read())
    }

    pub(super) fn of(path: PathBuf, compression: Compression, meta: &Metadata) -> Self {
        let mtime = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Self {
            path,
            compression,
            id: FileId::of(meta),
            len: meta.len(),
            mtime,
            ctime: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// The same file with its length and time of now; `None` if it is not at its path any more.
    pub fn restat(&self) -> Option<Self> {
        let meta = std::fs::metadata(&self.path).ok()?;
        (FileId::of(&meta) == self.id).then(|| Self::of(self.path.clone(), self.compression, &meta))
    }
}

/// Reads a generation by position, in the file's own bytes. It stays the same file when that is renamed or deleted.
#[derive(Debug)]
pub struct Reader {
    file: File,
    offset: u64,
}

/// Opens a generation for reading from byte `offset` of the file itself.
///
/// # Errors
/// The file cannot be opened, or is not the one of the scan any more.
pub fn open_at(generation: &GenFile, offset: u64) -> Result<Reader, SourceError> {
    Ok(Reader {
        file: open_checked(generation)?,
        offset,
    })
}

impl Reader {
    /// Reads at `offset` without moving the reader; 0 at the end of the file as it is now.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        // Beyond what any file can hold there is nothing, which the system would call an error.
        if i64::try_from(offset.saturating_add(out.len() as u64)).is_err() {
            return Ok(0);
        }
        loop {
            match self.file.read_at(out, offset) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Where the next `read` begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Length in bytes, now.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn current_len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.read_at(out, self.offset)?;
        self.offset += n as u64;
        Ok(n)
    }
}

/// Opens a regular file; never waits, should a named pipe have taken its place.
pub(super) fn open_regular(path: &Path) -> Result<File, SourceError> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(SourceError::io("open", path))?;
    let meta = file.metadata().map_err(SourceError::io("read", path))?;
    if meta.is_file() {
        Ok(file)
    } else {
        Err(SourceError::NotAFile {
            path: path.to_path_buf(),
        })
    }
}

/// Opens a generation if its path still leads to it.
pub(super) fn open_checked(generation: &GenFile) -> Result<File, SourceError> {
    let file = open_regular(&generation.path)?;
    let meta = file
        .metadata()
        .map_err(SourceError::io("read", &generation.path))?;
    if FileId::of(&meta) == generation.id {
        Ok(file)
    } else {
        Err(SourceError::Replaced {
            path: generation.path.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(path: &Path) -> GenFile {
        GenFile::of(
            path.to_path_buf(),
            Compression::None,
            &std::fs::metadata(path).unwrap(),
        )
    }

    #[test]
    fn a_reader_outlives_rename_and_deletion() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        let file = generation(&path);
        let mut reader = open_at(&file, 4).unwrap();
        std::fs::rename(&path, dir.path().join("a.log.1")).unwrap();
        std::fs::write(&path, "other").unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(
            (
                rest.as_str(),
                reader.offset(),
                reader.current_len().unwrap()
            ),
            ("two\n", 8, 8)
        );
        assert!(matches!(
            open_at(&file, 0),
            Err(SourceError::Replaced { .. })
        ));
        assert_eq!(file.restat(), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_or_directory_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            open_regular(dir.path()),
            Err(SourceError::NotAFile { .. })
        ));
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert!(matches!(
            open_regular(&fifo),
            Err(SourceError::NotAFile { .. })
        ));
    }

    #[test]
    fn growth_is_seen_by_a_new_look() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::fs::write(&path, "one\n").unwrap();
        let before = generation(&path);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        io::Write::write_all(&mut file, b"two\n").unwrap();
        let after = before.restat().unwrap();
        assert_eq!((before.len, after.len, before.id), (4, 8, after.id));
    }
}
