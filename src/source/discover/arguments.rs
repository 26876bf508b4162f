//! What the path arguments name: files, directories, patterns, stdin.

use std::io;
use std::path::{Path, PathBuf};

use super::super::dirs::Names;
use super::super::rotation::{Age, classify_path};
use super::{MAX_ENTRIES, Scan, SkipReason, not_a_file};
use crate::text::suggest::hint;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Stdin,
    /// `command:NAME`.
    Command(PathBuf),
    Directory(PathBuf),
    File(PathBuf),
}

impl Argument {
    pub(super) fn is_rotated(&self) -> bool {
        matches!(self, Self::File(path) if classify_path(path).1 != Age::Live)
    }
}

impl Scan {
    /// Watches for the name an argument itself has: it may be missing yet, or a link that is turned elsewhere.
    fn watch_name(&mut self, path: &Path) {
        let parent = path.parent().map(|p| {
            if p.as_os_str().is_empty() {
                Path::new(".")
            } else {
                p
            }
        });
        if let (Some(name), Some(Ok(dir))) = (path.file_name(), parent.map(std::fs::canonicalize)) {
            self.watch(&dir, Names::one(name));
        }
    }

    /// The command behind `command:NAME`, once.
    pub(super) fn command(
        &mut self,
        path: &Path,
        name: &str,
        known: Option<&[String]>,
    ) -> Option<Argument> {
        let Some(known) = known else {
            let said =
                "no command is started: exec is false in config.toml, or --no-exec was given";
            self.skip(path, SkipReason::NoCommand, said);
            return None;
        };
        if known.is_empty() {
            self.skip(
                path,
                SkipReason::NoCommand,
                "only search, tail, index and the explorer read commands",
            );
            return None;
        }
        if !known.iter().any(|k| k == name) {
            let near = hint(name, known.iter().map(String::as_str));
            let said = format!(
                "there is no command {name:?}{near}; there is {}; [[command]] in config.toml makes others",
                known.join(", ")
            );
            self.skip(path, SkipReason::NoCommand, said);
            return None;
        }
        self.commands
            .insert(path.to_owned())
            .then(|| Argument::Command(path.to_owned()))
    }

    pub(super) fn resolve(&mut self, path: &Path, out: &mut Vec<Argument>) {
        if path == Path::new("-") || path == Path::new("/dev/stdin") {
            if !out.contains(&Argument::Stdin) {
                out.push(Argument::Stdin);
            }
            return;
        }
        let argument = std::fs::canonicalize(path).and_then(|real| {
            let is_dir = std::fs::metadata(&real)?.is_dir();
            Ok(if is_dir {
                Argument::Directory(real)
            } else {
                Argument::File(real)
            })
        });
        match argument {
            Ok(argument) => {
                if !path.is_dir() {
                    self.watch_name(path);
                }
                out.push(argument);
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => match path.to_str() {
                Some(pattern) if pattern.contains(['*', '?', '[']) => self.expand(pattern, out),
                // What a shell's <( … ) passes has no canonical path.
                _ if std::fs::metadata(path).is_ok() => {
                    self.skip(path, SkipReason::NotAFile, not_a_file(path))
                }
                _ => {
                    self.watch_name(path);
                    self.skip_error(path, &e);
                }
            },
            Err(e) => self.skip_error(path, &e),
        }
    }

    fn expand(&mut self, pattern: &str, out: &mut Vec<Argument>) {
        let path = Path::new(pattern);
        let fixed = path
            .ancestors()
            .find(|a| !a.as_os_str().to_string_lossy().contains(['*', '?', '[']))
            .unwrap_or(path);
        let fixed = if fixed.as_os_str().is_empty() {
            Path::new(".")
        } else {
            fixed
        };
        if let Ok(dir) = std::fs::canonicalize(fixed) {
            self.watch(&dir, Names::All);
        }
        let options = glob::MatchOptions {
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        let matches = match glob::glob_with(pattern, options) {
            Ok(matches) => matches,
            Err(e) => {
                return self.skip(
                    path,
                    SkipReason::Missing,
                    format!("no such file, and no pattern: {}", e.msg),
                );
            }
        };
        let mut found = false;
        for one in matches {
            if self.entries >= MAX_ENTRIES {
                return self.stop(path);
            }
            self.entries += 1;
            found = true;
            match one {
                // A match goes on as a literal path, whatever characters are in it.
                Ok(path) => match std::fs::canonicalize(&path) {
                    Ok(real) if real.is_dir() => out.push(Argument::Directory(real)),
                    Ok(real) => out.push(Argument::File(real)),
                    Err(e) => self.skip_error(&path, &e),
                },
                Err(e) => self.skip_error(e.path(), e.error()),
            }
        }
        if !found {
            self.skip(path, SkipReason::Missing, "no file matches the pattern");
        }
    }
}
