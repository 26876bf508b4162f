//! Finding runbooks: those that come with the program, and those in folders.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Library, MAX_FILE, Runbook, RunbookError};

/// Where a runbook that comes with the program says it is from.
const ORIGIN: &str = "bundled";

/// The runbooks that come with the program, by file name.
pub(super) const BUNDLED: [(&str, &str); 18] = [
    (
        "access-history.md",
        include_str!("../../runbooks/access-history.md"),
    ),
    (
        "access-review.md",
        include_str!("../../runbooks/access-review.md"),
    ),
    (
        "anonymous-api.md",
        include_str!("../../runbooks/anonymous-api.md"),
    ),
    (
        "bucket-public.md",
        include_str!("../../runbooks/bucket-public.md"),
    ),
    (
        "chain-break.md",
        include_str!("../../runbooks/chain-break.md"),
    ),
    (
        "cloud-logging-off.md",
        include_str!("../../runbooks/cloud-logging-off.md"),
    ),
    (
        "cluster-admin.md",
        include_str!("../../runbooks/cluster-admin.md"),
    ),
    (
        "github-protections-off.md",
        include_str!("../../runbooks/github-protections-off.md"),
    ),
    (
        "host-logs-wiped.md",
        include_str!("../../runbooks/host-logs-wiped.md"),
    ),
    (
        "leaked-access-key.md",
        include_str!("../../runbooks/leaked-access-key.md"),
    ),
    (
        "persistence-added.md",
        include_str!("../../runbooks/persistence-added.md"),
    ),
    (
        "pod-shell-secrets.md",
        include_str!("../../runbooks/pod-shell-secrets.md"),
    ),
    (
        "privileged-user.md",
        include_str!("../../runbooks/privileged-user.md"),
    ),
    (
        "root-console-login.md",
        include_str!("../../runbooks/root-console-login.md"),
    ),
    (
        "security-group-opened.md",
        include_str!("../../runbooks/security-group-opened.md"),
    ),
    (
        "settings-changed.md",
        include_str!("../../runbooks/settings-changed.md"),
    ),
    (
        "ssh-guessing.md",
        include_str!("../../runbooks/ssh-guessing.md"),
    ),
    (
        "vault-root-token.md",
        include_str!("../../runbooks/vault-root-token.md"),
    ),
];

pub(super) fn load(folders: &[PathBuf]) -> Library {
    let mut library = Library::default();
    for (name, text) in BUNDLED {
        let result = Runbook::parse(ORIGIN, text).map_err(|error| RunbookError {
            path: name.into(),
            ..error
        });
        let result = result.map(|runbook| Runbook {
            has_fixtures: true,
            ..runbook
        });
        add(&mut library, result);
    }
    for folder in folders {
        match files(folder) {
            Ok(paths) => {
                for path in paths {
                    match read(&path) {
                        Ok(runbook) => add(&mut library, Ok(runbook)),
                        Err(error) => add_broken(&mut library, &path, error),
                    }
                }
            }
            // A folder for runbooks that nobody made yet is no mistake.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => library.errors.push(unreadable(folder, &error)),
        }
    }
    library
}

/// One that cannot be used, beside a sound one of the same id: that stays, and it is said.
fn add_broken(library: &mut Library, path: &Path, mut error: RunbookError) {
    let stem = || Some(path.file_stem()?.to_string_lossy().into_owned());
    let id = text(path).ok().and_then(|text| Runbook::id_of(&text));
    if let Some(id) = id.or_else(stem) {
        if let Some(known) = library.get(&id) {
            let of = &known.origin;
            error
                .message
                .push_str(&format!("; `{id}` in the list is the one from {of}"));
        }
        library.broken.insert(id, error.clone());
    }
    library.errors.push(error);
}

fn add(library: &mut Library, result: Result<Runbook, RunbookError>) {
    match result {
        Err(error) => library.errors.push(error),
        Ok(runbook) => {
            let runbook = Arc::new(runbook);
            library.broken.remove(&runbook.id);
            match library
                .runbooks
                .iter_mut()
                .find(|known| known.id == runbook.id)
            {
                Some(known) => {
                    let before = std::mem::replace(known, runbook);
                    library
                        .overridden
                        .insert(before.id.clone(), before.origin.clone());
                }
                None => library.runbooks.push(runbook),
            }
        }
    }
}

/// The Markdown files of a folder by name, its README left out.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_markdown = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("md"));
        let is_readme = path
            .file_stem()
            .is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
        if is_markdown && !is_readme {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, error: &io::Error) -> RunbookError {
    RunbookError {
        path: path.to_owned(),
        line: 1,
        message: format!("cannot read it: {error}"),
    }
}

/// Reads one file as a runbook.
pub(super) fn read(path: &Path) -> Result<Runbook, RunbookError> {
    let runbook = Runbook::parse(&path.to_string_lossy(), &text(path)?)?;
    let cases = fixtures(path).map(|folder| folder.join("cases.toml"));
    Ok(Runbook {
        has_fixtures: cases.is_some_and(|cases| cases.is_file()),
        ..runbook
    })
}

/// The folder with the logs that a runbook's file is tried on: `fixtures/NAME` beside it.
pub(super) fn fixtures(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    Some(folder.join("fixtures").join(path.file_stem()?))
}

/// The text of a file that somebody may have prepared: no pipe, no device, no more than a runbook may have.
pub(super) fn text(path: &Path) -> Result<String, RunbookError> {
    let fault = |message: String| RunbookError {
        path: path.to_owned(),
        line: 1,
        message,
    };
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(fault("it is no regular file".into()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        RunbookError {
            line,
            ..fault("the file is not UTF-8".into())
        }
    })
}
