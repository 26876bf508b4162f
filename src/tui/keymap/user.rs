//! A keymap of the user's own over the built-in one: an entry replaces the keys of its command in its context, an empty
//! list takes them away. What cannot be used is reported with its line, the rest holds.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{Context, Key, Keymap, NAMED};
use crate::config::{ConfigError, line_of, syntax_errors};
use crate::text::suggest::hint;
use crate::tui::command::Command;

/// One line of the file that makes sense.
struct Entry {
    at: usize,
    context: Context,
    command: Command,
    keys: Vec<Key>,
}

/// What is wrong, by the byte it stands at.
type Wrong = Vec<(usize, String)>;

impl Keymap {
    /// Lays the file at `path`, whose content is `text`, over these keys.
    pub fn layered(mut self, path: &Path, text: &str) -> (Self, Vec<ConfigError>) {
        let (table, syntax) = DeTable::parse_recoverable(text);
        let mut errors = syntax_errors(path, text, &syntax);
        let mut wrong = Wrong::new();
        let mut entries = Vec::new();
        for (name, section) in table.get_ref().iter() {
            let at = name.span().start;
            match Context::ALL.iter().find(|c| c.name() == name.get_ref()) {
                Some(context) => {
                    self.section(*context, section.get_ref(), at, &mut entries, &mut wrong)
                }
                None => {
                    let names: Vec<&str> = Context::ALL.iter().map(|c| c.name()).collect();
                    let names = names.join(", ");
                    wrong.push((
                        at,
                        format!(
                            "there is no context [{}]; the contexts are {names}",
                            name.get_ref()
                        ),
                    ));
                }
            }
        }
        entries.sort_by_key(|entry| entry.at);
        self.replace(&entries, &mut wrong);
        self.keep_a_way_out(&mut wrong);
        self.tell_shadowed(&entries, &mut wrong);
        wrong.sort();
        errors.extend(wrong.into_iter().map(|(at, message)| ConfigError {
            place: format!("{}:{}", path.display(), line_of(text, at)),
            message,
        }));
        (self, errors)
    }

    fn section(
        &mut self,
        context: Context,
        section: &DeValue<'_>,
        at: usize,
        entries: &mut Vec<Entry>,
        wrong: &mut Wrong,
    ) {
        let name = context.name();
        let Some(section) = section.as_table() else {
            wrong.push((at, format!("write [{name}.keys] and the commands below it")));
            return;
        };
        for (part, value) in section.iter() {
            let at = part.span().start;
            match (part.get_ref().as_ref(), value.get_ref()) {
                ("keys", DeValue::Table(table)) => {
                    for (command, keys) in table.iter() {
                        let span = command.span();
                        let read = read_entry(context, command.get_ref(), keys.get_ref(), &span);
                        match read {
                            Ok(entry) => entries.push(entry),
                            Err(message) => wrong.push((span.start, message)),
                        }
                    }
                }
                ("footer", value) => {
                    let names = texts(value).unwrap_or_default();
                    let found: Option<Vec<Command>> =
                        names.iter().map(|name| Command::find(name)).collect();
                    match found.filter(|found| !found.is_empty()) {
                        Some(commands) => {
                            self.footers.insert(context, commands);
                        }
                        None => wrong.push((at, format!("[{name}] footer: use a list of commands, such as [\"open\", \"help\"]"))),
                    }
                }
                (part, _) => wrong.push((
                    at,
                    format!("[{name}] {part}: there is [{name}.keys] with commands below it, and footer = [commands]"),
                )),
            }
        }
    }

    fn replace(&mut self, entries: &[Entry], wrong: &mut Wrong) {
        for Entry {
            context, command, ..
        } in entries
        {
            for key in self.keys.remove(&(*context, *command)).unwrap_or_default() {
                self.commands.remove(&(*context, key));
            }
        }
        let mut own: HashSet<(Context, Key)> = HashSet::new();
        for entry in entries {
            let (context, command) = (entry.context, entry.command);
            for key in &entry.keys {
                let place = (context, *key);
                let before = self.commands.get(&place).copied();
                let (name, label) = (context.name(), key.label(false));
                match before {
                    Some(before) if before == command => continue,
                    Some(before) if own.contains(&place) => {
                        wrong.push((
                            entry.at,
                            format!(
                                "[{name}] {label} is bound to both {} and {}; {} keeps it",
                                before.name(),
                                command.name(),
                                before.name()
                            ),
                        ));
                        continue;
                    }
                    Some(before) => {
                        if let Some(keys) = self.keys.get_mut(&(context, before)) {
                            keys.retain(|k| k != key);
                            if keys.is_empty() {
                                self.keys.remove(&(context, before));
                            }
                        }
                        wrong.push((entry.at, format!("[{name}] {label} is {} now, no longer {}; name the keys of {} too, and this is not said again", command.name(), before.name(), before.name())));
                    }
                    None => {}
                }
                own.insert(place);
                self.commands.insert(place, command);
                self.keys.entry((context, command)).or_default().push(*key);
            }
        }
    }

    /// A pane's own keys come before the global ones: where that leaves a command without a key, it is said.
    fn tell_shadowed(&self, entries: &[Entry], wrong: &mut Wrong) {
        let beside = |context: &Context| !context.is_editing() && *context != Context::Global;
        let loses = |context: Context, key: Key, global: Command| {
            let own = self.commands.get(&(context, key))?;
            let lost = *own != global && self.keys(context, global).is_empty();
            lost.then_some(*own)
        };
        for entry in entries {
            for key in &entry.keys {
                let label = key.label(false);
                let mut say = |context: Context, own: Command, global: Command| {
                    let (name, own, global) = (context.name(), own.name(), global.name());
                    wrong.push((
                        entry.at,
                        format!("[{name}] {label} is {own} there, so {global} has no key in it; give {global} another one"),
                    ));
                };
                if entry.context == Context::Global {
                    for context in Context::ALL.into_iter().filter(beside) {
                        if let Some(own) = loses(context, *key, entry.command) {
                            say(context, own, entry.command);
                        }
                    }
                } else if beside(&entry.context)
                    && let Some(global) = self.commands.get(&(Context::Global, *key))
                    && let Some(own) = loses(entry.context, *key, *global)
                {
                    say(entry.context, own, *global);
                }
            }
        }
    }

    /// Where text is written, and everywhere else, some key has to stop things.
    fn keep_a_way_out(&mut self, wrong: &mut Wrong) {
        let Some(key) = Key::parse("ctrl+c") else {
            return;
        };
        for context in Context::ALL {
            if !self.keys(context, Command::Interrupt).is_empty() {
                continue;
            }
            if let Some(before) = self.commands.insert((context, key), Command::Interrupt)
                && let Some(keys) = self.keys.get_mut(&(context, before))
            {
                keys.retain(|k| *k != key);
            }
            self.keys.insert((context, Command::Interrupt), vec![key]);
            wrong.push((
                0,
                format!(
                    "[{}] interrupt needs a key: it keeps Ctrl+C",
                    context.name()
                ),
            ));
        }
    }
}

fn read_entry(
    context: Context,
    command: &str,
    keys: &DeValue<'_>,
    span: &Range<usize>,
) -> Result<Entry, String> {
    let name = context.name();
    let found = Command::find(command).ok_or_else(|| {
        let near = hint(command, Command::ALL.iter().map(|c| c.name()));
        format!("[{name}] there is no command \"{command}\"{near}")
    })?;
    let written = texts(keys).ok_or_else(|| {
        format!("[{name}] {command}: use a list of keys, such as [\"j\", \"down\"], or []")
    })?;
    let mut keys = Vec::new();
    for text in written {
        let key = Key::parse(text).ok_or_else(|| {
            let named: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
            format!(
                "[{name}] {command}: {text:?} is no key; use a character or one of {}, with ctrl+ or alt+ before it",
                named.join(" ")
            )
        })?;
        if context.is_editing() && key.is_text() {
            return Err(format!(
                "[{name}] {command}: {text:?} is text here; use a named key, or ctrl+ or alt+"
            ));
        }
        keys.push(key);
    }
    Ok(Entry {
        at: span.start,
        context,
        command: found,
        keys,
    })
}

/// A list of texts, or one.
fn texts<'a>(value: &'a DeValue<'_>) -> Option<Vec<&'a str>> {
    match value {
        DeValue::Array(list) => list.iter().map(|v| v.get_ref().as_str()).collect(),
        value => value.as_str().map(|text| vec![text]),
    }
}
