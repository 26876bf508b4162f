//! Journals of systemd: told by their first bytes, and checked by systemd's own `journalctl --verify`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::file::open_regular;

/// What every journal begins with.
pub(super) const MAGIC: &[u8] = b"LPKSHHRH";
/// Where its compatible flags stand, and the one that says that it is sealed.
const FLAGS: u64 = MAGIC.len() as u64;
const SEALED: u8 = 1;
/// Bytes that are kept of what journalctl says.
const MAX_SAID: u64 = 64 << 10;

/// How journalctl ended, and what it said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub success: bool,
    /// The status with which it ended by itself.
    pub status: Option<i32>,
    pub said: String,
}

/// Whether a file is a journal; inside, whether it says that it is sealed.
pub fn look(path: &Path) -> Option<bool> {
    let mut head = [0; MAGIC.len()];
    let file: File = open_regular(path).ok()?;
    file.read_exact_at(&mut head, 0).ok()?;
    let mut flags = [0];
    let _ = file.read_exact_at(&mut flags, FLAGS);
    (head == *MAGIC).then_some(flags[0] & SEALED != 0)
}

/// Lets journalctl check a journal. `launcher` = program and first arguments of what becomes journalctl and dies with
/// its parent.
///
/// # Errors
/// It cannot be started, or listened to.
pub fn verify(path: &Path, key: Option<&str>, launcher: &[OsString]) -> io::Result<Answer> {
    let mut words = launcher.iter().cloned().chain(arguments(path, key));
    let program = words.next().unwrap_or_default();
    let mut child = Command::new(program)
        .args(words)
        // One language, no colours, and its words where they are listened to.
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .env("SYSTEMD_COLORS", "0")
        .env("SYSTEMD_LOG_COLOR", "0")
        .env("SYSTEMD_LOG_LEVEL", "info")
        .env("SYSTEMD_LOG_LOCATION", "0")
        .env("SYSTEMD_LOG_TARGET", "console")
        .env("SYSTEMD_LOG_TIME", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = Vec::new();
    let heard = match child.stderr.take() {
        Some(mut err) => err
            .by_ref()
            .take(MAX_SAID)
            .read_to_end(&mut said)
            // A full pipe would stop it.
            .and_then(|_| io::copy(&mut err, &mut io::sink())),
        None => Ok(0),
    };
    if heard.is_err() {
        let _ = child.kill();
    }
    let status = child.wait()?;
    heard?;
    Ok(Answer {
        success: status.success(),
        status: status.code(),
        said: String::from_utf8_lossy(&said).into_owned(),
    })
}

fn arguments(path: &Path, key: Option<&str>) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["journalctl".into(), "--verify".into()];
    words.push(
        [OsStr::new("--file="), &literal(path)]
            .into_iter()
            .collect(),
    );
    words.extend(key.map(|key| format!("--verify-key={key}").into()));
    words
}

/// journalctl takes a pattern: every character that means something in one is escaped.
fn literal(path: &Path) -> OsString {
    let mut bytes = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if b"\\*?[]{}".contains(byte) {
            bytes.push(b'\\');
        }
        bytes.push(*byte);
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_fixed_and_a_path_is_no_pattern() {
        let words = arguments(Path::new("/j/a[1]*{x}?\\.journal"), Some("12-34/5-6"));
        assert_eq!(
            words,
            [
                "journalctl",
                "--verify",
                "--file=/j/a\\[1\\]\\*\\{x\\}\\?\\\\.journal",
                "--verify-key=12-34/5-6"
            ]
        );
        assert_eq!(arguments(Path::new("/j"), None).len(), 3);
    }

    #[test]
    fn a_journal_is_told_by_its_first_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (bytes, want) in [
            (&b"LPKSHHRH\x01\0\0\0"[..], Some(true)),
            (b"LPKSHHRH\x02\0\0\0", Some(false)),
            (b"LPKSHHRH", Some(false)),
            (b"LPKSHHR", None),
            (b"{\"a\":1}\n", None),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(look(&path), want, "{bytes:?}");
        }
        assert_eq!(look(dir.path()), None);
    }
}
