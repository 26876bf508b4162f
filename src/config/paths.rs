//! The directories auditty keeps things in, and how it makes directories and files that nobody else can read.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Where configuration, cache and state live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config: PathBuf,
    pub cache: PathBuf,
    pub state: PathBuf,
}

/// Why there is no private place for files.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    #[error("this account has no home directory; set AUDITTY_HOME to a directory of your own")]
    NoHome,
    #[error("cannot make {path} private: {source}", path = path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} belongs to uid {owner}, not to you (uid {own}); set AUDITTY_HOME to a directory of your own", path = path.display())]
    Foreign { path: PathBuf, owner: u32, own: u32 },
    #[error("{path} is not a {wanted}; move it away", path = path.display())]
    WrongKind { path: PathBuf, wanted: &'static str },
}

impl Paths {
    /// `AUDITTY_HOME/{config,cache,state}` if that is set and not empty, else the directories of the XDG standard.
    pub fn find(auditty_home: Option<OsString>) -> Result<Self, PathsError> {
        if let Some(home) = auditty_home.filter(|home| !home.is_empty()) {
            let home = PathBuf::from(home);
            let home = std::path::absolute(&home)
                .map_err(|source| PathsError::Io { path: home, source })?;
            return Ok(Self {
                config: home.join("config"),
                cache: home.join("cache"),
                state: home.join("state"),
            });
        }
        let dirs = directories::ProjectDirs::from("", "", "auditty").ok_or(PathsError::NoHome)?;
        Ok(Self {
            config: dirs.config_dir().to_owned(),
            cache: dirs.cache_dir().to_owned(),
            state: dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned(),
        })
    }

    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The folder of all indexes. Everything in it can be rebuilt, except events whose sources are gone.
    pub fn index_dir(&self) -> PathBuf {
        self.cache.join("index")
    }
}

/// Makes a directory (and those above it) for this user only, mode 0700 from the start. One that exists must be this
/// user's own and is closed to others.
pub fn private_dir(path: &Path) -> Result<(), PathsError> {
    let failed = |source| PathsError::Io {
        path: path.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    let meta = fs::metadata(path).map_err(failed)?;
    if !meta.is_dir() {
        return Err(PathsError::WrongKind {
            path: path.to_owned(),
            wanted: "directory",
        });
    }
    check_owner(path, meta.uid())?;
    if meta.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// Opens a file for reading and writing, made with mode 0600 if it is not there yet; never through a symbolic link.
/// One that exists must be this user's own regular file and is closed to others. Nothing is truncated.
pub fn private_file(path: &Path) -> Result<File, PathsError> {
    let failed = |source| PathsError::Io {
        path: path.to_owned(),
        source,
    };
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits() as i32)
        .open(path)
        .map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(PathsError::WrongKind {
            path: path.to_owned(),
            wanted: "regular file",
        });
    }
    check_owner(path, meta.uid())?;
    if meta.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))
            .map_err(failed)?;
    }
    Ok(file)
}

/// Replaces a private file in one step: readers see the old bytes or the new ones, also after a crash.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), PathsError> {
    let failed = |source| PathsError::Io {
        path: path.to_owned(),
        source,
    };
    let file = written(path, bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes a private file in one step, unless there is one already: then that one stays.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), PathsError> {
    let failed = |source| PathsError::Io {
        path: path.to_owned(),
        source,
    };
    let file = written(path, bytes).map_err(failed)?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed(error.error))
        }
        _ => Ok(()),
    }
}

/// The bytes in a file without a name of its own, on the disk.
fn written(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn check_owner(path: &Path, owner: u32) -> Result<(), PathsError> {
    let own = rustix::process::geteuid().as_raw();
    if owner == own {
        Ok(())
    } else {
        Err(PathsError::Foreign {
            path: path.to_owned(),
            owner,
            own,
        })
    }
}

/// Files of this process are for its user only, and a crash leaves no memory image with log content behind.
pub fn close_to_others() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Refused only where the limit is fixed from outside; nothing depends on it.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn home_variable_moves_everything() {
        let paths = Paths::find(Some("/srv/a".into())).unwrap();
        assert_eq!(paths.config_file(), Path::new("/srv/a/config/config.toml"));
        assert_eq!(paths.index_dir(), Path::new("/srv/a/cache/index"));
        assert_eq!(paths.state, Path::new("/srv/a/state"));
        assert!(
            Paths::find(Some("here".into()))
                .unwrap()
                .cache
                .is_absolute()
        );
    }

    #[test]
    fn directories_and_files_are_private() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("a/b");
        private_dir(&dir).unwrap();
        assert_eq!((mode(&dir), mode(&base.path().join("a"))), (0o700, 0o700));
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        private_dir(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);

        let file = dir.join("f");
        private_file(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        private_file(&file).unwrap();
        assert_eq!(mode(&file), 0o600);

        write_private(&file, b"new").unwrap();
        assert_eq!(
            (fs::read(&file).unwrap(), mode(&file)),
            (b"new".to_vec(), 0o600)
        );

        std::os::unix::fs::symlink(&file, dir.join("link")).unwrap();
        assert!(matches!(
            private_file(&dir.join("link")),
            Err(PathsError::Io { .. })
        ));
        assert!(matches!(
            private_dir(&file),
            Err(PathsError::Io { .. } | PathsError::WrongKind { .. })
        ));
    }
}
