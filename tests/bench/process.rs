//! Running a program: how long it takes and how much memory it needs.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;

/// The unit of `/proc/PID/stat`, the same on every Linux that this runs on.
pub(crate) const TICKS_PER_SECOND: u64 = 100;
const POLL: Duration = Duration::from_millis(5);
const MOMENT: Duration = Duration::from_secs(1);

/// What a run of a program took.
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// Peak resident set in bytes, file pages mapped into it included.
    pub(crate) rss: u64,
    /// Peak of the part that is the program's own (no file pages), in bytes.
    pub(crate) own: u64,
    /// Processor time of all its threads: what a busy machine changes least.
    pub(crate) cpu: Duration,
    pub(crate) stdout: String,
    /// Its own memory as time goes by.
    pub(crate) memory: Memory,
}

/// Memory that is a program's own, second by second.
#[derive(Default)]
pub(crate) struct Memory(pub(crate) Vec<(Duration, u64)>);

impl Memory {
    /// Notes what it is at a moment, if the last one is long enough ago.
    pub(crate) fn note(&mut self, at: Duration, bytes: u64) {
        let last = self.0.last().map(|(at, _)| *at);
        if last.is_none_or(|last| at >= last + MOMENT) {
            self.0.push((at, bytes));
        }
    }
}

/// Runs a program to its end; a failure is told with what it said.
pub(crate) fn run(command: &mut Command) -> Result<Run, String> {
    run_to(command, &[0])
}

/// The same for one that may end with any of these statuses.
pub(crate) fn run_to(command: &mut Command, statuses: &[i32]) -> Result<Run, String> {
    let name = format!("{command:?}");
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{name}: {e}"))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let stat = PathBuf::from(format!("/proc/{}/stat", child.id()));
    let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
    let watcher = std::thread::spawn(move || {
        let mut peak = (0, 0, 0);
        let mut memory = Memory::default();
        loop {
            if let Ok(text) = fs::read_to_string(&status) {
                peak.0 = peak.0.max(kibibytes(&text, "VmHWM:"));
                let own = kibibytes(&text, "RssAnon:");
                peak.1 = peak.1.max(own);
                memory.note(start.elapsed(), own * 1024);
            }
            if let Ok(text) = fs::read_to_string(&stat) {
                peak.2 = peak.2.max(ticks(&text));
            }
            if stopped.recv_timeout(POLL) != Err(RecvTimeoutError::Timeout) {
                return (peak, memory);
            }
        }
    });
    let mut error = child.stderr.take();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(pipe) = &mut error {
            let _ = pipe.read_to_string(&mut text);
        }
        text
    });
    let mut stdout = String::new();
    if let Some(pipe) = &mut child.stdout {
        pipe.read_to_string(&mut stdout)
            .map_err(|e| format!("{name}: {e}"))?;
    }
    let ended = child.wait().map_err(|e| format!("{name}: {e}"))?;
    let wall = start.elapsed();
    drop(stop);
    let ((rss, own, cpu), memory) = watcher.join().unwrap_or_default();
    let said = errors.join().unwrap_or_default();
    if !ended.code().is_some_and(|code| statuses.contains(&code)) {
        return Err(format!("{name} ended with {ended}: {said}"));
    }
    Ok(Run {
        wall,
        rss: rss * 1024,
        own: own * 1024,
        cpu: Duration::from_millis(cpu * 1000 / TICKS_PER_SECOND),
        stdout,
        memory,
    })
}

/// Has the kernel forget what it holds of a file.
pub(crate) fn drop_cached(path: &Path) -> Result<(), String> {
    let file = fs::File::open(path).map_err(|e| e.to_string())?;
    file.sync_all().map_err(|e| e.to_string())?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).map_err(|e| e.to_string())
}

/// Memory of a running program that is its own (no file pages), in bytes.
pub(crate) fn own_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    kibibytes(&status, "RssAnon:") * 1024
}

/// User and system time of `/proc/PID/stat`: the 12th and 13th field after the name, which may hold blanks.
pub(crate) fn ticks(stat: &str) -> u64 {
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|t| t.parse::<u64>().ok()).sum()
}

fn kibibytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|l| l.strip_prefix(name));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// The program of this package, with a home of its own.
pub(crate) fn auditty(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditty"));
    command.env("AUDITTY_HOME", home);
    command
}

/// A program on the path, if it is installed.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(OsStr::new(name)))
        .find(|file| file.is_file())
}

/// Bytes of all files below a folder.
pub(crate) fn folder_size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => folder_size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
