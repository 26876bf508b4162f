//! The output of a command as one stream that goes on over its restarts.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::replay::Replay;
use super::{Command, Control, Pause};

/// After so long without a byte, what is held back is given out, and it is looked whether the command is to end.
const QUIET: Duration = Duration::from_millis(500);
/// A command that has closed its output, or was asked to end, is ended by force after this.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of what it says on standard error that are kept.
const SAID: usize = 400;

/// How a command is run.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// Its end is the end of the stream; else it is started again, until it is stopped.
    pub once: bool,
    pub pause: Pause,
    /// Program and first arguments of what becomes the command, and dies with its parent.
    pub launcher: Vec<OsString>,
}

/// Reads a command's standard output; blocks until there is some.
pub struct CommandReader {
    command: Command,
    how: Running,
    control: Arc<Control>,
    process: Option<Process>,
    replay: Replay,
    /// What can be given out, from `at` on.
    ready: Vec<u8>,
    at: usize,
    next_pause: Duration,
    starts: u64,
}

struct Process {
    child: Child,
    out: ChildStdout,
    /// Ends when all that it said on standard error was heard.
    heard: Receiver<()>,
    since: Instant,
}

impl CommandReader {
    /// `control` stops it.
    pub fn new(command: Command, how: Running, control: Arc<Control>) -> Self {
        Self {
            next_pause: how.pause.first,
            command,
            how,
            control,
            process: None,
            replay: Replay::default(),
            ready: Vec::new(),
            at: 0,
            starts: 0,
        }
    }

    fn start(&mut self) -> io::Result<Process> {
        let words = self.command.words(self.how.once).iter().map(OsString::from);
        let mut words = self.how.launcher.iter().cloned().chain(words);
        let program = words
            .next()
            .ok_or_else(|| io::Error::other("it names no program"))?;
        let mut child = std::process::Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl+C on the terminal is not meant for it.
            .process_group(0)
            .spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let mut state = self.control.state();
        state.group = group;
        state.said.clear();
        drop(state);
        if self.control.is_stopped() {
            self.control.stop();
        }
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("it has no output"));
        };
        let control = self.control.clone();
        let (hearing, heard) = mpsc::channel();
        // Ends with the command, and with whoever else holds its standard error.
        std::thread::Builder::new()
            .name("command-err".into())
            .spawn(move || {
                hear(err, &control);
                drop(hearing);
            })?;
        if self.starts > 0 {
            self.replay.restarted(&mut self.ready);
        }
        self.starts += 1;
        Ok(Process {
            child,
            out,
            heard,
            since: Instant::now(),
        })
    }

    /// What ended, and what is done about it.
    fn ended(&mut self, why: &str, ran: Duration) {
        if ran >= self.how.pause.most {
            self.next_pause = self.how.pause.first;
        }
        let words = self.command.words(self.how.once);
        let program = words.first().map_or("", String::as_str);
        let mut state = self.control.state();
        let said = match state.said.as_str() {
            "" => String::new(),
            said => format!(": {said}"),
        };
        // The same words each time: what goes on failing is told once.
        let next = if self.how.once {
            ""
        } else {
            "; it is started again after a while"
        };
        state.trouble = Some(format!("{program} {why}{said}{next}"));
        drop(state);
        if !self.how.once {
            self.control.pause(self.next_pause);
            self.next_pause = (self.next_pause * 2).min(self.how.pause.most);
        }
    }

    /// Reads from the command that runs, or starts it; `false` = there will be nothing more.
    fn fill(&mut self) -> io::Result<bool> {
        if self.control.is_stopped() {
            self.end();
            return Ok(false);
        }
        let Some(process) = &mut self.process else {
            if self.how.once && self.starts > 0 {
                return Ok(false);
            }
            match self.start() {
                Ok(process) => self.process = Some(process),
                Err(error) => {
                    self.starts += u64::from(self.how.once);
                    self.ended(&format!("cannot be started: {error}"), Duration::ZERO);
                }
            }
            return Ok(true);
        };
        if !is_readable(&process.out, QUIET)? {
            if self.replay.is_holding() {
                self.replay.flush(&mut self.ready);
            }
            return Ok(true);
        }
        let mut buffer = [0; 64 << 10];
        let read = match process.out.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error),
        };
        if read > 0 {
            self.control.state().trouble = None;
            self.replay.push(&buffer[..read], &mut self.ready);
            return Ok(true);
        }
        let ran = process.since.elapsed();
        let status = self.end();
        self.replay.flush(&mut self.ready);
        match status {
            Some(status) if self.how.once && status.success() => {}
            Some(status) => self.ended(&format!("ended ({status})"), ran),
            None => self.ended("ended", ran),
        }
        Ok(true)
    }

    /// Sees to it that what was started is gone.
    fn end(&mut self) -> Option<ExitStatus> {
        let mut process = self.process.take()?;
        let deadline = Instant::now() + PATIENCE;
        let stopped = self.control.is_stopped();
        let group = self.control.state().group;
        let tell = |signal| {
            if let Some(group) = group {
                let _ = kill_process_group(group, signal);
            }
        };
        if stopped {
            tell(Signal::TERM);
        }
        while Instant::now() < deadline {
            if let Ok(Some(status)) = process.child.try_wait() {
                self.control.state().group = None;
                // Its last words belong to its end; what it left running may go on holding its standard error.
                let _ = process.heard.recv_timeout(QUIET);
                return Some(status);
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        tell(Signal::KILL);
        let status = process.child.wait().ok();
        self.control.state().group = None;
        status
    }
}

impl Read for CommandReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            if !self.fill()? && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let count = out.len().min(self.ready.len() - self.at);
        out[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

impl Drop for CommandReader {
    fn drop(&mut self) {
        self.control.stop();
        self.end();
    }
}

/// Whether there is something to read, or the end, before the time is over.
fn is_readable(out: &ChildStdout, time: Duration) -> io::Result<bool> {
    let time = Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    match poll(&mut [PollFd::new(out, PollFlags::IN)], Some(&time)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Keeps the last line that the command says on its standard error.
fn hear(err: impl Read, control: &Control) {
    let mut err = BufReader::new(err);
    let mut line = Vec::new();
    loop {
        line.clear();
        match err.by_ref().take(SAID as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            text.trim().clone_into(&mut control.state().said);
        }
    }
}
