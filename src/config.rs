//! Settings, layered: defaults < file < environment < flags; and the directories they and the index live in.
//!
//! A wrong key or value never stops the program: it is reported with its place and what is allowed there, and the
//! layer below holds.

mod keys;
mod lists;
pub mod paths;
pub mod terminal;
#[cfg(test)]
mod tests;
mod toml_layer;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::chain::ChainRule;
use crate::event::Zone;
use crate::source::command::Command;
use crate::text::Charset;

pub use paths::Paths;
pub use terminal::{Depth, Terminal};
pub use toml_layer::{line_of, read_toml, syntax_errors};

/// The defaults as a file to copy.
pub const DEFAULTS: &str = include_str!("../assets/config.toml");

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Display zone.
    pub zone: Zone,
    /// Zone of log lines that name none.
    pub log_zone: Zone,
    pub colour: Choice,
    /// How many colours; `None` = as many as the terminal can show.
    pub colours: Option<Depth>,
    /// `auto`, a built-in theme, or a file of the theme folder.
    pub theme: String,
    pub ascii: Choice,
    /// Whether configured commands and journalctl may be started.
    pub exec: bool,
    /// Opened when no path is given.
    pub sources: Vec<PathBuf>,
    /// Folders with runbooks beside the bundled ones.
    pub runbooks: Vec<PathBuf>,
    /// Columns of the list in the explorer, by name; empty = by the width of the screen.
    pub columns: Vec<String>,
    /// Where the copying keys of the explorer put things.
    pub clipboard: Clipboard,
    pub index: IndexLimits,
    pub seal: SealSettings,
    /// Files with public keys of CloudTrail, for its digests.
    pub cloudtrail_keys: Vec<PathBuf>,
    /// Formats of one's own.
    pub formats: Vec<crate::format::Spec>,
    /// What is known of the chains of logs beforehand.
    pub chains: Vec<ChainRule>,
    /// What can be read as `command:NAME`.
    pub commands: Vec<Command>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clipboard {
    /// The terminal's own clipboard, by the OSC 52 sequence.
    #[default]
    Osc52,
    /// Private files.
    File,
    Off,
}

/// Bounds of the index on disk; the least one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLimits {
    pub max_bytes: u64,
    /// Percent of the free space.
    pub max_share: u8,
    /// Bytes that stay free.
    pub min_free: u64,
}

/// How logs are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealSettings {
    /// What is followed is sealed meanwhile.
    pub follow: bool,
    /// A checkpoint is signed after so many lines, …
    pub every: u64,
    /// … or seconds.
    pub after: u64,
    /// A file at whose end each checkpoint is copied.
    pub sink: Option<PathBuf>,
    /// Program and arguments of what takes copies on its input; empty = none.
    pub command: Vec<String>,
}

impl Default for SealSettings {
    fn default() -> Self {
        Self {
            follow: false,
            every: 1000,
            after: 60,
            sink: None,
            command: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    #[default]
    Auto,
    Always,
    Never,
}

impl Default for Settings {
    /// What `assets/config.toml` says.
    fn default() -> Self {
        Self {
            zone: Zone::Utc,
            log_zone: Zone::Local,
            colour: Choice::Auto,
            colours: None,
            theme: "auto".to_owned(),
            ascii: Choice::Auto,
            exec: true,
            sources: Vec::new(),
            runbooks: Vec::new(),
            columns: Vec::new(),
            clipboard: Clipboard::default(),
            index: IndexLimits {
                max_bytes: 10_000_000_000,
                max_share: 20,
                min_free: 1 << 30,
            },
            seal: SealSettings::default(),
            cloudtrail_keys: Vec::new(),
            formats: Vec::new(),
            chains: Vec::new(),
            commands: vec![Command::journal()],
        }
    }
}

/// A value as written, before its key gives it a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Str(String),
    Int(i64),
    Bool(bool),
    List(Vec<String>),
    /// From the environment, where everything is text.
    Variable(String),
    /// Something no key takes (a date, a table), as TOML calls it.
    Other(&'static str),
}

/// One key set in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `index.max_bytes`.
    pub key: String,
    pub value: Value,
    /// `/home/a/.config/auditty/config.toml:12`, `AUDITTY_ZONE`, `--tz`.
    pub place: String,
}

/// A setting that could not be used, and what holds instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    pub place: String,
    pub message: String,
}

/// Applies layers, least important first.
pub fn merge(layers: &[Vec<Entry>]) -> (Settings, Vec<ConfigError>) {
    let mut settings = Settings::default();
    let mut errors = Vec::new();
    for entry in layers.iter().flatten() {
        if let Err(message) = keys::apply(&mut settings, &entry.key, &entry.value) {
            errors.push(ConfigError {
                place: entry.place.clone(),
                message,
            });
        }
    }
    (settings, errors)
}

/// The environment's layer: `AUDITTY_INDEX_MAX_BYTES` sets `index.max_bytes`; lists are separated as in `PATH`.
/// `NO_COLOR` (not empty) switches colour off, whatever the rest says.
pub fn read_environment(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        if name == "NO_COLOR" && !value.is_empty() {
            entries.push(Entry {
                key: "colour".into(),
                value: Value::Variable("never".into()),
                place: name.into(),
            });
        }
        let Some(key) = name.strip_prefix("AUDITTY_").filter(|key| *key != "HOME") else {
            continue;
        };
        entries.push(Entry {
            key: keys::from_variable(key),
            value: Value::Variable(value.to_string_lossy().into_owned()),
            place: name.into(),
        });
    }
    // The order of an environment means nothing; NO_COLOR comes after AUDITTY_COLOUR.
    entries.sort_by(|a, b| a.place.cmp(&b.place));
    entries
}

/// The settings as this process finds them. `flags` is the layer above all others.
pub fn load(
    paths: Option<&Paths>,
    environment: impl Iterator<Item = (OsString, OsString)>,
    flags: Vec<Entry>,
) -> (Settings, Vec<ConfigError>) {
    let (mut formats, mut commands, mut chains) = (Vec::new(), Vec::new(), Vec::new());
    let (file, mut errors) = match paths.map(|p| p.config_file()) {
        None => (Vec::new(), Vec::new()),
        Some(path) => match read_text(&path) {
            Ok(text) => {
                let (entries, mut errors) = read_toml(&path, &text);
                let (own, wrong) = lists::read_formats(&path, &text);
                formats = own;
                errors.extend(wrong);
                let (configured, wrong) = lists::read_commands(&path, &text);
                commands = configured;
                errors.extend(wrong);
                let (known, wrong) = lists::read_chains(&path, &text);
                chains = known;
                errors.extend(wrong);
                (entries, errors)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Vec::new(), Vec::new()),
            Err(error) => {
                let message = format!("cannot be read: {error}; the defaults hold");
                (
                    Vec::new(),
                    vec![ConfigError {
                        place: path.display().to_string(),
                        message,
                    }],
                )
            }
        },
    };
    let (mut settings, wrong) = merge(&[file, read_environment(environment), flags]);
    errors.extend(wrong);
    settings.formats = formats;
    settings.chains = chains;
    let named = |name: &str| commands.iter().any(|c| c.name == name);
    let journal = Command::journal();
    if !named(&journal.name) {
        commands.push(journal);
    }
    settings.commands = commands;
    if let Some(home) = std::env::home_dir() {
        settings.expand_home(&home);
    }
    (settings, errors)
}

impl Settings {
    /// Replaces a leading `~/` by the home directory.
    pub fn expand_home(&mut self, home: &Path) {
        let keys = self.chains.iter_mut().flat_map(|rule| {
            let keys = rule.key.iter_mut().chain(&mut rule.public_key);
            keys.map(|key| &mut key.file)
        });
        let paths = self.sources.iter_mut().chain(&mut self.runbooks);
        let paths = paths
            .chain(&mut self.seal.sink)
            .chain(&mut self.cloudtrail_keys);
        for path in paths.chain(keys) {
            if let Ok(rest) = path.strip_prefix("~") {
                *path = home.join(rest);
            }
        }
    }

    /// What `command:NAME` stands for.
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// The names that may stand in `command:NAME`; `None` = none, because no command may be started.
    pub fn command_names(&self) -> Option<Vec<String>> {
        let names = self.commands.iter().map(|command| command.name.clone());
        self.exec.then(|| names.collect())
    }

    /// Whether to write colours to a stream.
    pub fn use_colour(&self, is_terminal: bool, terminal: &Terminal) -> bool {
        match self.colour {
            _ if self.colours == Some(Depth::None) => false,
            Choice::Auto => is_terminal && terminal.depth() != Depth::None,
            Choice::Always => true,
            Choice::Never => false,
        }
    }

    /// How many colours the explorer uses on `terminal`.
    pub fn depth(&self, terminal: &Terminal) -> Depth {
        match self.colour {
            Choice::Never => Depth::None,
            Choice::Auto => self.colours.unwrap_or(terminal.depth()),
            Choice::Always => self.colours.unwrap_or(terminal.depth().max(Depth::Sixteen)),
        }
    }

    /// Which letters go to the terminal.
    pub fn charset(&self, terminal: &Terminal) -> Charset {
        match self.ascii {
            Choice::Always => Charset::Ascii,
            Choice::Never => Charset::Unicode,
            Choice::Auto if terminal.is_unicode() => Charset::Unicode,
            Choice::Auto => Charset::Ascii,
        }
    }

    /// Which letters go into a file or pipe: all, unless plain ASCII was asked for.
    pub fn file_charset(&self) -> Charset {
        match self.ascii {
            Choice::Always => Charset::Ascii,
            Choice::Auto | Choice::Never => Charset::Unicode,
        }
    }
}

/// Longest settings file that is read.
const MAX_SETTINGS: u64 = 4 << 20;

/// The text of a settings file. Only a regular file of a sane size is read: a pipe would wait for a writer, a device
/// never end.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let meta = std::fs::metadata(path)?;
    let refused = |why: &str| Err(std::io::Error::other(why.to_owned()));
    if !meta.is_file() {
        return refused("it is no regular file");
    }
    if meta.len() > MAX_SETTINGS {
        return refused("it is longer than 4 MiB");
    }
    std::fs::read_to_string(path)
}
