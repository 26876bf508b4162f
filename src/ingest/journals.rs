//! Journals of systemd among the files that paths lead to: they are no text, and journalctl checks them.

use std::ffi::OsString;
use std::sync::Arc;

use super::verify::VerifyFile;
use crate::chain::ChainReport;
use crate::chain::journal::{Asked, report};
use crate::source::{Discovery, GenFile, SkipReason, Skipped, journal};
use crate::text;

/// What a program that is not there ends with, said by what should have become it.
const NOT_STARTED: i32 = 127;

/// How journals are checked.
#[derive(Clone, Default)]
pub struct Journals {
    /// Other programs may be started.
    pub allowed: bool,
    /// Program and first arguments of what becomes journalctl, and dies with this process.
    pub launcher: Vec<OsString>,
    /// The verification key of sealed journals.
    pub key: Option<String>,
}

/// Takes the journals out of what was skipped as binary, and has them checked.
pub(super) fn take(discovery: &mut Discovery, how: &Journals) -> Vec<VerifyFile> {
    let mut checked = Vec::new();
    discovery.skipped.retain(|skipped| {
        let is_binary = skipped.why == SkipReason::Binary;
        let Some(is_sealed) = is_binary.then(|| journal::look(&skipped.path)).flatten() else {
            return true;
        };
        checked.push(check(skipped, is_sealed, how));
        false
    });
    checked
}

fn check(skipped: &Skipped, is_sealed: bool, how: &Journals) -> VerifyFile {
    let path = text::path(&skipped.path).into_owned();
    let files = GenFile::at(&skipped.path).into_iter().collect();
    match ask(skipped, &path, is_sealed, how) {
        Ok(report) => VerifyFile {
            path,
            report: Arc::new(report),
            error: None,
            is_empty: false,
            files,
        },
        Err(error) => VerifyFile::unread(path, error, files),
    }
}

fn ask(
    skipped: &Skipped,
    path: &str,
    is_sealed: bool,
    how: &Journals,
) -> Result<ChainReport, String> {
    if !how.allowed {
        return Err(
            "a journal, which journalctl checks, and no other program may be started: leave out --no-exec (or set exec = true), \
             or run `journalctl --verify --file=FILE` yourself"
                .into(),
        );
    }
    // A line in a name could pass for a line of the answer.
    if path.chars().any(char::is_control) {
        return Err("a journal whose name holds control characters: rename it first".into());
    }
    let not_started = |why: &str| {
        format!(
            "a journal, which journalctl checks, and that {why}: install systemd, or copy the journal to a host that has it"
        )
    };
    let answer = journal::verify(&skipped.path, how.key.as_deref(), &how.launcher)
        .map_err(|error| not_started(&format!("cannot be started ({error})")))?;
    if answer.status == Some(NOT_STARTED) {
        return Err(not_started(answer.said.trim()));
    }
    let asked = Asked {
        is_sealed,
        has_key: how.key.is_some(),
        success: answer.success,
        said: &answer.said,
    };
    report(path, &asked)
}
