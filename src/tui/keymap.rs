//! Keys to commands, as data: `assets/keymap.toml` is the whole keymap and its documentation.

mod user;

use std::collections::{BTreeMap, HashMap};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::Deserialize;

use super::command::Command;

const DEFAULT: &str = include_str!("../../assets/keymap.toml");

/// Where a key is pressed; its keys shadow the global ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    Global,
    Events,
    Timeline,
    Filters,
    Detail,
    Runbook,
    /// The text to hand over, in the runbook pane.
    HandOver,
    /// Which runbook to open.
    Runbooks,
    Help,
    /// The query is being written.
    Query,
    /// A runbook's inputs are being written.
    Form,
    /// One line is asked for.
    Prompt,
    /// The filter pane's values are narrowed by what is typed.
    Narrow,
    /// What to search for by the selected event.
    Pivot,
    /// Which columns the list has.
    Columns,
    /// A command line is written.
    Palette,
    Sources,
    /// What the chain check found.
    Integrity,
    /// Nothing is open yet.
    Start,
}

impl Context {
    pub const ALL: [Self; 19] = [
        Self::Global,
        Self::Events,
        Self::Timeline,
        Self::Filters,
        Self::Detail,
        Self::Runbook,
        Self::HandOver,
        Self::Runbooks,
        Self::Help,
        Self::Query,
        Self::Form,
        Self::Prompt,
        Self::Narrow,
        Self::Pivot,
        Self::Columns,
        Self::Palette,
        Self::Sources,
        Self::Integrity,
        Self::Start,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Events => "events",
            Self::Timeline => "timeline",
            Self::Filters => "filters",
            Self::Detail => "detail",
            Self::Runbook => "runbook",
            Self::HandOver => "hand-over",
            Self::Runbooks => "runbooks",
            Self::Help => "help",
            Self::Query => "query",
            Self::Form => "form",
            Self::Prompt => "prompt",
            Self::Narrow => "narrow",
            Self::Pivot => "pivot",
            Self::Columns => "columns",
            Self::Palette => "palette",
            Self::Sources => "sources",
            Self::Integrity => "integrity",
            Self::Start => "start",
        }
    }

    /// It lies over the panes, whose keys and the global ones help little there.
    pub fn is_menu(self) -> bool {
        matches!(
            self,
            Self::Help | Self::Pivot | Self::Columns | Self::Sources | Self::Integrity
        )
    }

    /// Characters are text here, and global keys do not apply.
    pub fn is_editing(self) -> bool {
        matches!(
            self,
            Self::Query | Self::Form | Self::Prompt | Self::Narrow | Self::Palette
        )
    }
}

/// A key with the modifiers that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    control: bool,
    alt: bool,
}

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift+tab", KeyCode::BackTab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("f1", KeyCode::F(1)),
    ("f2", KeyCode::F(2)),
    ("f3", KeyCode::F(3)),
    ("f4", KeyCode::F(4)),
    ("f5", KeyCode::F(5)),
    ("f6", KeyCode::F(6)),
    ("f7", KeyCode::F(7)),
    ("f8", KeyCode::F(8)),
    ("f9", KeyCode::F(9)),
    ("f10", KeyCode::F(10)),
    ("f11", KeyCode::F(11)),
    ("f12", KeyCode::F(12)),
];

impl Key {
    /// Reads `j`, `G`, `ctrl+d`, `alt+left`, `pgdn`, …
    pub fn parse(text: &str) -> Option<Self> {
        let (mut rest, mut control, mut alt) = (text, false, false);
        loop {
            if let Some(tail) = rest.strip_prefix("ctrl+") {
                (rest, control) = (tail, true);
            } else if let Some(tail) = rest.strip_prefix("alt+") {
                (rest, alt) = (tail, true);
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if control => KeyCode::Char(c.to_ascii_lowercase()),
            (Some(c), None) => KeyCode::Char(c),
            _ => NAMED.iter().find(|(name, _)| *name == rest)?.1,
        };
        Some(Self { code, control, alt })
    }

    /// A character that would be typed where text is written.
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.control && !self.alt
    }

    /// The character that has to be typed, whatever is held down with it.
    pub fn character(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) => Some(c),
            _ => None,
        }
    }

    /// As shown to a person.
    pub fn label(self, up_down_glyphs: bool) -> String {
        let name = match self.code {
            KeyCode::Up if up_down_glyphs => "↑".to_owned(),
            KeyCode::Down if up_down_glyphs => "↓".to_owned(),
            KeyCode::Left if up_down_glyphs => "←".to_owned(),
            KeyCode::Right if up_down_glyphs => "→".to_owned(),
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            code => NAMED
                .iter()
                .find(|(_, c)| *c == code)
                .map_or_else(String::new, |(name, _)| {
                    let capital = |word: &str| match word {
                        "pgup" => "PgUp".to_owned(),
                        "pgdn" => "PgDn".to_owned(),
                        word => word[..1].to_ascii_uppercase() + &word[1..],
                    };
                    name.split('+').map(capital).collect::<Vec<_>>().join("+")
                }),
        };
        let control = if self.control { "Ctrl+" } else { "" };
        let alt = if self.alt { "Alt+" } else { "" };
        format!(
            "{control}{alt}{}",
            if self.control && name.len() == 1 {
                name.to_uppercase()
            } else {
                name
            }
        )
    }
}

#[cfg(test)]
impl Key {
    /// The press of this key.
    pub fn event(self) -> KeyEvent {
        let mut modifiers = KeyModifiers::NONE;
        modifiers.set(KeyModifiers::CONTROL, self.control);
        modifiers.set(KeyModifiers::ALT, self.alt);
        KeyEvent::new(self.code, modifiers)
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let code = match event.code {
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        Self {
            code: match code {
                KeyCode::Char(c) if control => KeyCode::Char(c.to_ascii_lowercase()),
                code => code,
            },
            control,
            alt: event.modifiers.contains(KeyModifiers::ALT),
        }
    }
}

/// Why a keymap can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("keymap: {0}")]
    Syntax(String),
    #[error("keymap: [{context}] has no command {name:?}")]
    Command { context: String, name: String },
    #[error("keymap: [{context}] {command}: {key:?} is no key")]
    Key {
        context: String,
        command: String,
        key: String,
    },
    #[error("keymap: [{context}] binds {key:?} to both {first} and {second}")]
    Twice {
        context: String,
        key: String,
        first: &'static str,
        second: &'static str,
    },
    #[error("keymap: no context [{0}]")]
    Context(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default)]
    footer: Vec<String>,
    keys: BTreeMap<String, Vec<String>>,
}

/// All bindings, and what the footer shows of them.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    commands: HashMap<(Context, Key), Command>,
    keys: HashMap<(Context, Command), Vec<Key>>,
    footers: HashMap<Context, Vec<Command>>,
}

impl Keymap {
    /// The built-in keymap.
    pub fn standard() -> Result<Self, KeymapError> {
        Self::parse(DEFAULT)
    }

    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let sections: BTreeMap<String, Section> =
            toml::from_str(text).map_err(|e| KeymapError::Syntax(e.to_string()))?;
        let mut map = Self::default();
        for (name, section) in sections {
            let context = Context::ALL
                .into_iter()
                .find(|c| c.name() == name)
                .ok_or_else(|| KeymapError::Context(name.clone()))?;
            let find = |command: &str| {
                Command::find(command).ok_or_else(|| KeymapError::Command {
                    context: name.clone(),
                    name: command.to_owned(),
                })
            };
            for (command, keys) in &section.keys {
                let found = find(command)?;
                for text in keys {
                    let key = Key::parse(text).ok_or_else(|| KeymapError::Key {
                        context: name.clone(),
                        command: command.clone(),
                        key: text.clone(),
                    })?;
                    if let Some(first) = map.commands.insert((context, key), found) {
                        return Err(KeymapError::Twice {
                            context: name.clone(),
                            key: text.clone(),
                            first: first.name(),
                            second: found.name(),
                        });
                    }
                    map.keys.entry((context, found)).or_default().push(key);
                }
            }
            let footer = section
                .footer
                .iter()
                .map(|c| find(c))
                .collect::<Result<_, _>>()?;
            map.footers.insert(context, footer);
        }
        Ok(map)
    }

    /// The command a key stands for; a context's own keys come first.
    pub fn resolve(&self, context: Context, key: impl Into<Key>) -> Option<Command> {
        let key = key.into();
        let own = self.commands.get(&(context, key)).copied();
        if context.is_editing() {
            own
        } else {
            own.or_else(|| self.commands.get(&(Context::Global, key)).copied())
        }
    }

    /// The keys of a command in a context or globally, the usual one first.
    pub fn keys(&self, context: Context, command: Command) -> Vec<Key> {
        let global = || {
            // A key that means something else here is none of this command's.
            let keys = self.keys.get(&(Context::Global, command))?;
            let here = |key: &&Key| self.resolve(context, **key) == Some(command);
            Some(keys.iter().filter(here).copied().collect())
        };
        let own = self.keys.get(&(context, command)).cloned();
        own.or_else(global).unwrap_or_default()
    }

    /// The usual key of a command, as shown to a person.
    pub fn label(&self, context: Context, command: Command, glyphs: bool) -> String {
        self.keys(context, command)
            .first()
            .map(|k| k.label(glyphs))
            .unwrap_or_default()
    }

    pub fn footer(&self, context: Context) -> &[Command] {
        self.footers.get(&context).map_or(&[], Vec::as_slice)
    }

    /// The commands bound in exactly this context, in the order of the help.
    pub fn bound(&self, context: Context) -> impl Iterator<Item = (Command, &[Key])> {
        Command::ALL.iter().filter_map(move |c| {
            self.keys
                .get(&(context, *c))
                .map(|keys| (*c, keys.as_slice()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_keymap_reads_and_reaches_every_command() {
        let map = Keymap::standard().unwrap();
        for command in Command::ALL {
            let bound = Context::ALL
                .into_iter()
                .any(|c| map.keys.contains_key(&(c, *command)));
            assert!(bound, "no key for {}", command.name());
        }
        for context in Context::ALL {
            for command in map.footer(context) {
                assert!(
                    !map.keys(context, *command).is_empty(),
                    "{context:?} {command:?}"
                );
            }
        }
    }

    #[test]
    fn the_focused_panes_keys_shadow_global_ones() {
        let map =
            Keymap::parse("[global.keys]\nquit = [\"d\"]\n[filters.keys]\ndelete-chip = [\"d\"]\n")
                .unwrap();
        let key = Key::parse("d").unwrap();
        assert_eq!(
            map.resolve(Context::Filters, key),
            Some(Command::DeleteChip)
        );
        assert_eq!(map.resolve(Context::Events, key), Some(Command::Quit));
        assert_eq!(map.resolve(Context::Query, key), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, says) in [
            ("[events.keys]\nfly = [\"j\"]", "no command \"fly\""),
            ("[events.keys]\nup = [\"hyper+j\"]", "is no key"),
            ("[events.keys]\nup = [\"j\"]\ndown = [\"j\"]", "both"),
            ("[attic.keys]\nup = [\"j\"]", "no context"),
            ("[events]\nkeys = 3", "keymap:"),
        ] {
            let error = Keymap::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
