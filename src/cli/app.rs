//! What every command works with: settings, streams, and the moment it was started.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::args::Global;
use crate::config::{self, ConfigError, Paths, Settings, Terminal};
use crate::event::Timestamp;
use crate::export::Style;
use crate::export::file::{READ_AS_A_LOG, lies_in};
use crate::text::{self, Charset};

/// Width of a table that goes to no terminal.
const PIPE_WIDTH: usize = 120;

pub(super) struct App {
    pub(super) settings: Settings,
    /// `None` = there is no private place; said at start.
    pub(super) paths: Option<Paths>,
    /// How the terminal is described.
    pub(super) terminal: Terminal,
    /// What is wrong with the settings; said at start.
    pub(super) errors: Vec<ConfigError>,
    pub(super) style: Style,
    /// Standard output: data only.
    pub(super) out: Box<dyn Write>,
    /// Standard error: everything a person is told.
    pub(super) err: Box<dyn Write>,
    pub(super) err_is_terminal: bool,
    pub(super) err_charset: Charset,
    /// What "now" is in this run.
    pub(super) now: Timestamp,
}

impl App {
    /// Reads settings and looks at the streams; says what is wrong with the settings.
    pub(super) fn new(global: &Global) -> Self {
        let paths = Paths::find(std::env::var_os("AUDITTY_HOME"));
        let (settings, errors) =
            config::load(paths.as_ref().ok(), std::env::vars_os(), global.layer());
        let terminal_is = Terminal::read(|name| std::env::var(name).ok());
        let (terminal, err_is_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let charset = |is_terminal: bool| {
            if is_terminal {
                settings.charset(&terminal_is)
            } else {
                settings.file_charset()
            }
        };
        let style = Style {
            terminal,
            colour: settings.use_colour(terminal, &terminal_is),
            width: if terminal {
                terminal_width()
            } else {
                PIPE_WIDTH
            },
            charset: charset(terminal),
            zone: settings.zone,
        };
        let err_charset = charset(err_is_terminal);
        let mut app = Self {
            settings,
            style,
            out: Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
            err: Box::new(io::stderr()),
            err_is_terminal,
            err_charset,
            now: Timestamp::now(),
            paths: None,
            terminal: terminal_is,
            errors,
        };
        for error in app.errors.clone() {
            app.talk(&error.to_string());
        }
        app.settings
            .runbooks
            .extend(global.runbooks.iter().cloned());
        match paths {
            Ok(paths) => {
                // A person's own folder comes first, so that those they name win over it.
                app.settings
                    .runbooks
                    .insert(0, paths.config.join("runbooks"));
                app.paths = Some(paths);
            }
            Err(error) => app.talk(&error.to_string()),
        }
        app
    }

    /// Says something to the person, one or more lines. There is nobody to tell if that fails.
    pub(super) fn talk(&mut self, message: &str) {
        if !message.is_empty() {
            let _ = writeln!(self.err, "auditty: {}", self.err_charset.block(message));
        }
    }

    /// Says that a file was written, and whether it will be read as a log because it lies among what is open.
    pub(super) fn talk_of_file(&mut self, bytes: u64, file: &Path, open: &[PathBuf]) {
        let name = Charset::Unicode.line(&text::path(file), usize::MAX);
        self.talk(&format!("wrote {} to {name}", size(bytes)));
        if lies_in(file, open) {
            self.talk(READ_AS_A_LOG);
        }
    }

    /// What to read: the paths given, else the configured sources, else what is piped in, else nothing.
    pub(super) fn sources(&self, given: &[PathBuf]) -> Vec<PathBuf> {
        match (given, self.settings.sources.as_slice()) {
            ([], []) if stdin_has_data() => vec![PathBuf::from("-")],
            ([], configured) => configured.to_vec(),
            (given, _) => given.to_vec(),
        }
    }
}

/// A pipe or a redirected file; a terminal, `/dev/null` or a closed stream hold nothing to read.
fn stdin_has_data() -> bool {
    std::fs::metadata("/dev/stdin").is_ok_and(|meta| meta.file_type().is_fifo() || meta.is_file())
}

fn terminal_width() -> usize {
    rustix::termios::tcgetwinsize(io::stdout())
        .map(|size| usize::from(size.ws_col))
        .ok()
        .filter(|w| *w > 0)
        .unwrap_or(80)
}

/// `1204331` → `1,204,331`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1234567890` → `1.2 GB`.
pub(super) fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 1000.0 {
            return if unit == "B" {
                format!("{bytes} B")
            } else {
                format!("{amount:.1} {unit}")
            };
        }
        amount /= 1000.0;
    }
    format!("{amount:.1} TB")
}
