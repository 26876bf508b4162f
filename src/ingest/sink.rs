//! Where checkpoints are copied, away from those who can change the log: the end of a file, or the input of a command.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crossbeam_channel::bounded;
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a command may take; then it is ended, and started again at the next look.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealSink {
    /// Lines are appended and are on the disk before they count as copied.
    File(PathBuf),
    /// Program and fixed arguments, started without a shell: it takes lines on its standard input, and its exit status 0
    /// says that they are where they should be.
    Command(Vec<String>),
}

impl fmt::Display for SealSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Command(words) => f.write_str(&words.join(" ")),
        }
    }
}

impl SealSink {
    /// Bytes that are there, where that can be known; a file that is not there has none.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::File(path) => match path.metadata() {
                Ok(file) if !file.is_file() => None,
                Ok(file) => Some(file.len()),
                Err(error) => (error.kind() == io::ErrorKind::NotFound).then_some(0),
            },
            Self::Command(_) => None,
        }
    }

    /// Copies whole lines.
    ///
    /// # Errors
    /// They may not have arrived.
    pub(super) fn write(&self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::File(path) => {
                let mut out = OpenOptions::new()
                    .read(true)
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(path)?;
                // What a crash left without its end must not run into the first line.
                let mut last = [b'\n'];
                if let Some(at) = out.metadata()?.len().checked_sub(1) {
                    out.read_exact_at(&mut last, at)?;
                }
                if last != *b"\n" {
                    out.write_all(b"\n")?;
                }
                let tail = tail(&out, lines.len() + 1)?;
                out.write_all(&lines[there_already(&tail, lines)..])?;
                out.sync_data()
            }
            Self::Command(words) => give(words, lines, PATIENCE),
        }
    }
}

/// The last bytes of a file, at most so many.
fn tail(file: &File, most: usize) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len();
    let from = len.saturating_sub(most as u64);
    let mut tail = vec![0; usize::try_from(len - from).unwrap_or(most)];
    file.read_exact_at(&mut tail, from)?;
    Ok(tail)
}

/// Bytes of whole lines that are at the end already: a crash came before that was noted.
fn there_already(tail: &[u8], lines: &[u8]) -> usize {
    let ends = memchr::memrchr_iter(b'\n', lines).map(|lf| lf + 1);
    let is_there = |end: &usize| {
        let before = tail.strip_suffix(&lines[..*end]);
        before.is_some_and(|before| before.is_empty() || before.ends_with(b"\n"))
    };
    ends.into_iter().find(is_there).unwrap_or(0)
}

fn give(words: &[String], lines: &[u8], patience: Duration) -> io::Result<()> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| io::Error::other("it names no program"))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let input = child.stdin.take();
    let text = lines.to_vec();
    let (done, ended) = bounded(1);
    // A command that neither reads nor ends would hold this thread up.
    std::thread::spawn(move || {
        let written = input.map_or(Ok(()), |mut to| to.write_all(&text));
        // Nobody listens any more once its time is up.
        let _ = done.send(child.wait().map(|status| (status, written)));
    });
    let Ok(result) = ended.recv_timeout(patience) else {
        // Its end ends the thread, too.
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let seconds = patience.as_secs();
        return Err(io::Error::other(format!("it took longer than {seconds} s")));
    };
    let (status, written) = result?;
    if !status.success() {
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_command_gets_all_lines_or_the_reason_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let long = b"line\n".repeat(100_000);
        let script = format!("cat > '{}'", out.display());
        SealSink::Command(sh(&script)).write(&long).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), long);
        let told = |words: &[String]| {
            give(words, &long, Duration::from_millis(200))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told(&sh("cat > /dev/null; exit 3")),
            "it ended with exit status: 3"
        );
        assert_eq!(told(&sh("sleep 60")), "it took longer than 0 s");
        assert!(told(&["/nowhere".to_owned()]).contains("No such file"));
        // It ended well without reading: nobody knows what became of the lines.
        assert!(give(&sh("exit 0"), &long, PATIENCE).is_err());
    }

    #[test]
    fn a_file_grows() {
        let dir = tempfile::tempdir().unwrap();
        let sink = SealSink::File(dir.path().join("sink"));
        sink.write(b"a\n").unwrap();
        assert_eq!(sink.length(), Some(2));
        sink.write(b"b\n").unwrap();
        assert_eq!(std::fs::read(dir.path().join("sink")).unwrap(), b"a\nb\n");
        // A line that a crash cut short stays alone.
        std::fs::write(dir.path().join("sink"), "a\n{to").unwrap();
        sink.write(b"b\n").unwrap();
        assert_eq!(
            std::fs::read(dir.path().join("sink")).unwrap(),
            b"a\n{to\nb\n"
        );
        let nowhere = SealSink::File(dir.path().join("no/such/folder"));
        assert!(nowhere.write(b"a\n").is_err());
    }

    #[test]
    fn what_arrived_before_a_crash_is_not_copied_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("copies");
        let sink = SealSink::File(path.clone());
        sink.write(b"one\ntwo\n").unwrap();
        sink.write(b"two\nthree\n").unwrap();
        sink.write(b"two\nthree\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\nthree\n");
        // Only the end of a longer line is no copy.
        sink.write(b"ee\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\nthree\nee\n");
    }
}
