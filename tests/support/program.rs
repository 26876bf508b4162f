//! The built program, run with a home of its own.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder for the program's own files, and one for logs.
pub(crate) struct Program {
    base: TempDir,
}

/// How a run ended and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        let program = Self {
            base: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(program.logs()).unwrap();
        program
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.base.path().join("home")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.base.path().join("logs")
    }

    /// Writes config.toml.
    pub(crate) fn configure(&self, text: &str) {
        let folder = self.home().join("config");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
    }

    /// Puts a log into the folder.
    pub(crate) fn log(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.logs().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Puts a copy of `tests/fixtures/…` into the folder.
    pub(crate) fn fixture(&self, path: &str) -> PathBuf {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(path);
        let to = self.logs().join(from.file_name().unwrap());
        fs::copy(&from, &to).unwrap();
        // Some checkouts are read-only.
        fs::set_permissions(&to, fs::Permissions::from_mode(0o644)).unwrap();
        to
    }

    /// A run to be started, its output caught.
    pub(crate) fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditty"));
        command
            .args(args)
            .env("AUDITTY_HOME", self.home())
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env_remove("NO_COLOR")
            .current_dir(self.logs())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs and returns what was printed; the run has to end well.
    pub(crate) fn print(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
