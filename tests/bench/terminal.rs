//! The explorer on a real pseudo-terminal, looked at as a person would.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const ROWS: NonZero<u16> = NonZero::new(50).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(160).unwrap();

/// A running explorer and what its screen shows.
pub(crate) struct Screen {
    child: Box<dyn Child + Send + Sync>,
    /// Held open while the program runs.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    bytes: u64,
    start: Instant,
}

impl Screen {
    pub(crate) fn open(file: &Path, home: &Path) -> Result<Self, String> {
        Self::open_with(file, home, &[])
    }

    /// The same with more arguments.
    pub(crate) fn open_with(
        file: &Path,
        home: &Path,
        arguments: &[&OsStr],
    ) -> Result<Self, String> {
        let failed = |e: &dyn std::fmt::Display| format!("no pseudo-terminal: {e}");
        let pair = native_pty_system()
            .openpty(PtySize {
                rows: ROWS.get(),
                cols: COLUMNS.get(),
                ..PtySize::default()
            })
            .map_err(|e| failed(&e))?;
        let mut reader = pair.master.try_clone_reader().map_err(|e| failed(&e))?;
        let keys = pair.master.take_writer().map_err(|e| failed(&e))?;
        let (send, output) = crossbeam_channel::unbounded();
        std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(got) = reader.read(&mut buffer) {
                if got == 0 || send.send(buffer[..got].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_auditty"));
        command.args(arguments);
        command.arg(file);
        command.env("AUDITTY_HOME", home);
        command.env("TERM", "xterm-256color");
        let start = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(|e| failed(&e))?;
        Ok(Self {
            child,
            _master: pair.master,
            keys,
            output,
            parser: vt100::Parser::new(ROWS, COLUMNS, 0),
            bytes: 0,
            start,
        })
    }

    /// When the program was started.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// Waits until `text` is on the screen; returns when it was.
    pub(crate) fn wait_for(&mut self, text: &str, limit: Duration) -> Result<Instant, String> {
        self.wait_until(limit, |screen| screen.contains(text))
            .map_err(|screen| format!("{text:?} is not on the screen: {screen}"))
    }

    /// Bytes that were drawn so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn process_id(&self) -> Option<u32> {
        self.child.process_id()
    }

    /// What is on the screen now.
    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Types keys; returns when.
    pub(crate) fn press(&mut self, keys: &str) -> Result<Instant, String> {
        let at = Instant::now();
        let written = self.keys.write_all(keys.as_bytes());
        written
            .and_then(|()| self.keys.flush())
            .map_err(|e| format!("the keys {keys:?} did not arrive: {e}"))?;
        Ok(at)
    }

    /// Waits until the screen fits; returns when it did. The error is what is on it instead.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        fits: impl Fn(&str) -> bool,
    ) -> Result<Instant, String> {
        let deadline = Instant::now() + limit;
        if fits(&self.parser.screen().contents()) {
            return Ok(Instant::now());
        }
        loop {
            match self.output.recv_deadline(deadline) {
                Ok(bytes) => {
                    let at = Instant::now();
                    self.bytes += bytes.len() as u64;
                    self.parser.process(&bytes);
                    if fits(&self.parser.screen().contents()) {
                        return Ok(at);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let screen = self.parser.screen().contents();
                    return Err(format!("not so after {limit:?}:\n{screen}"));
                }
            }
        }
    }

    /// Takes in what is drawn until then, and gives each screen to `each` with the time; how often something was drawn.
    pub(crate) fn watch_until(
        &mut self,
        deadline: Instant,
        each: &mut dyn FnMut(&str, Instant),
    ) -> u64 {
        let mut drawn = 0;
        while let Ok(bytes) = self.output.recv_deadline(deadline) {
            let at = Instant::now();
            drawn += 1;
            self.bytes += bytes.len() as u64;
            self.parser.process(&bytes);
            each(&self.parser.screen().contents(), at);
        }
        drawn
    }

    /// Takes in what is drawn for a while.
    pub(crate) fn watch(&mut self, duration: Duration) {
        let _ = self.wait_until(duration, |_| false);
    }

    /// Leaves as a person does, so that the index is closed well.
    pub(crate) fn quit(mut self) {
        let _ = self.press("qq");
        self.watch(Duration::from_secs(2));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
