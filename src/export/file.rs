//! A file for an export: new, for its owner only, there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::TempPath;

/// Why a place is no place for an export.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("{path} exists already; nothing is overwritten: choose another name", path = .0.display())]
    Exists(PathBuf),
    #[error("{path} is a {kind}; an export is written to a new regular file only", path = .path.display())]
    Kind { path: PathBuf, kind: &'static str },
    #[error("{path} names no file", path = .0.display())]
    NoName(PathBuf),
    #[error("cannot {action} {path}: {source}", path = .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// What is to be said where [`lies_in`] holds.
pub const READ_AS_A_LOG: &str =
    "it lies in a folder that is open, and is read as a log from now on";

/// Whether a file lies in one of the folders that are open.
pub fn lies_in(file: &Path, open: &[PathBuf]) -> bool {
    let Ok(file) = fs::canonicalize(file) else {
        return false;
    };
    let folders = open.iter().filter_map(|path| fs::canonicalize(path).ok());
    // What is hidden in a folder is not looked for.
    let is_hidden = |name: Component<'_>| name.as_os_str().as_encoded_bytes().starts_with(b".");
    let is_in = |folder: PathBuf| {
        let below = file.strip_prefix(&folder);
        folder.is_dir() && below.is_ok_and(|below| !below.components().any(is_hidden))
    };
    folders.into_iter().any(is_in)
}

/// A file being written. It has no name until `keep`, so what has the final name is always whole, and whatever ends the
/// process leaves nothing behind.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    out: BufWriter<File>,
    /// Where the file system knows no nameless files: a name beside the final one, removed when dropped.
    beside: Option<TempPath>,
    written: u64,
}

impl Target {
    /// Whether a file could be begun at `path`, which must not exist in any form.
    pub fn check(path: &Path) -> Result<(), TargetError> {
        place(path).map(|_| ())
    }

    /// Begins a file at `path`, mode 0600 from the start.
    pub fn create(path: &Path) -> Result<Self, TargetError> {
        let (path, folder) = place(path)?;
        let nameless = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o600);
        let (file, beside) = match rustix::fs::openat(CWD, &folder, nameless, mode) {
            Ok(fd) => (File::from(fd), None),
            Err(_) => {
                // Made with O_EXCL and mode 0600.
                let named = tempfile::Builder::new()
                    .prefix(".auditty-export-")
                    .tempfile_in(&folder)
                    .map_err(|source| TargetError::Io {
                        action: "write in",
                        path: folder,
                        source,
                    })?;
                let (file, beside) = named.into_parts();
                (file, Some(beside))
            }
        };
        Ok(Self {
            path,
            out: BufWriter::with_capacity(1 << 16, file),
            beside,
            written: 0,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, once every byte is on the disk. Whatever took the name meanwhile stays as it is.
    pub fn keep(self) -> Result<u64, TargetError> {
        let Self {
            path,
            out,
            beside,
            written,
        } = self;
        let failed = |action, source| TargetError::Io {
            action,
            path: path.clone(),
            source,
        };
        let file = out
            .into_inner()
            .map_err(|e| failed("write", e.into_error()))?;
        file.sync_all().map_err(|e| failed("write", e))?;
        let named = match beside {
            None => {
                let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
                rustix::fs::linkat(CWD, nameless, CWD, &path, AtFlags::SYMLINK_FOLLOW)
                    .map_err(io::Error::from)
            }
            Some(beside) => beside.persist_noclobber(&path).map_err(|e| e.error),
        };
        named.map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                TargetError::Exists(path.clone())
            } else {
                failed("name", error)
            }
        })?;
        if let Some(folder) = path.parent() {
            // The file is there; a file system that cannot sync folders loses at most its name in a crash.
            let _ = File::open(folder).and_then(|f| f.sync_all());
        }
        Ok(written)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The absolute path and its folder, if a new file may come there.
fn place(path: &Path) -> Result<(PathBuf, PathBuf), TargetError> {
    let path = std::path::absolute(path).map_err(|source| TargetError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    })?;
    let folder = path
        .file_name()
        .and(path.parent())
        .filter(|_| !path.as_os_str().as_encoded_bytes().ends_with(b"/"))
        .map(Path::to_owned);
    refuse_what_exists(&path)?;
    let folder = folder.ok_or_else(|| TargetError::NoName(path.clone()))?;
    // Told of the folder, before a name is tried that nobody chose.
    if let Err(source) = fs::metadata(&folder) {
        return Err(TargetError::Io {
            action: "write in",
            path: folder,
            source,
        });
    }
    Ok((path, folder))
}

fn refuse_what_exists(path: &Path) -> Result<(), TargetError> {
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(TargetError::Io {
                action: "look at",
                path: path.to_owned(),
                source,
            });
        }
        Ok(meta) => meta.file_type(),
    };
    let kind = if kind.is_symlink() {
        "symbolic link"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_fifo() {
        "FIFO"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "device"
    } else {
        return Err(TargetError::Exists(path.to_owned()));
    };
    Err(TargetError::Kind {
        path: path.to_owned(),
        kind,
    })
}

/// `~` and `~/…` as the home directory.
pub fn expand_home(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_private_and_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        let mut target = Target::create(&path).unwrap();
        target.write_all(b"one\n").unwrap();
        target.flush().unwrap();
        assert!(!path.exists());
        assert_eq!(target.keep().unwrap(), 4);
        assert_eq!(fs::read(&path).unwrap(), b"one\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let mut dropped = Target::create(&dir.path().join("never")).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_lies_in_an_open_folder_and_is_not_hidden_is_read_as_a_log() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("logs");
        fs::create_dir_all(open.join(".cache")).unwrap();
        for (name, want) in [
            ("logs/r.md", true),
            ("r.md", false),
            ("logs/.r.md", false),
            ("logs/.cache/r.md", false),
        ] {
            let file = dir.path().join(name);
            fs::write(&file, "x").unwrap();
            assert_eq!(lies_in(&file, std::slice::from_ref(&open)), want, "{name}");
        }
        let file = open.join("r.md");
        assert!(
            !lies_in(&file, std::slice::from_ref(&file)),
            "it is no folder"
        );
    }

    #[test]
    fn what_exists_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), b"mine").unwrap();
        symlink(at("nowhere"), at("link")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        for (path, says) in [
            (at("file"), "exists already"),
            (at("link"), "is a symbolic link"),
            (at("fifo"), "is a FIFO"),
            (dir.path().to_owned(), "is a directory"),
            ("/dev/null".into(), "is a device"),
            (at("no/such/folder"), "cannot"),
            ("/".into(), "is a directory"),
            (at("slash/"), "names no file"),
        ] {
            let error = Target::create(&path).unwrap_err().to_string();
            assert!(error.contains(says), "{path:?}: {error}");
        }
        assert_eq!(fs::read(at("file")).unwrap(), b"mine");
    }

    #[test]
    fn a_name_taken_meanwhile_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut target = Target::create(&path).unwrap();
        target.write_all(b"ours").unwrap();
        symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert!(matches!(target.keep(), Err(TargetError::Exists(_))));
        assert!(!dir.path().join("elsewhere").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let home = Some(Path::new("/home/a"));
        assert_eq!(
            expand_home(Path::new("~/x/y"), home),
            Path::new("/home/a/x/y")
        );
        assert_eq!(expand_home(Path::new("~x"), home), Path::new("~x"));
        assert_eq!(expand_home(Path::new("~/x"), None), Path::new("~/x"));
    }
}
