//! Lists of tables in `config.toml` (`[[format]]`, `[[command]]`, `[[chain]]`), each entry with the line where something is wrong with it.

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{ConfigError, line_of};
use crate::chain::ChainRule;
use crate::format::{Misfit, Registry, Spec};
use crate::source::command::Command;

/// The keys that are lists of tables.
pub(super) const KEYS: [&str; 3] = ["format", "command", "chain"];

/// The formats that can be used, and what is wrong with the others.
pub(super) fn read_formats(path: &Path, text: &str) -> (Vec<Spec>, Vec<ConfigError>) {
    let builtin = Registry::builtin();
    read(path, text, "format", |spec: &Spec, before: &[Spec]| {
        if builtin.get(&spec.id).is_some() || before.iter().any(|f| f.id == spec.id) {
            return Err(Wrong {
                key: "id",
                why: format!("there is a format {} already", spec.id),
            });
        }
        spec.check().map_err(|Misfit { key, why }| Wrong {
            key,
            why: format!("format {:?}: {why}", spec.id),
        })
    })
}

/// The commands that can be used, and what is wrong with the others.
pub(super) fn read_commands(path: &Path, text: &str) -> (Vec<Command>, Vec<ConfigError>) {
    read(
        path,
        text,
        "command",
        |command: &Command, before: &[Command]| {
            if before.iter().any(|c| c.name == command.name) {
                let why = format!("there is a command {} already", command.name);
                return Err(Wrong { key: "name", why });
            }
            let wrong = |why| format!("command {:?}: {why}", command.name).into();
            command.check().map_err(wrong)
        },
    )
}

/// What is known of the chains of logs, and what is wrong with the rest. Key files are named from the configuration's folder.
pub(super) fn read_chains(path: &Path, text: &str) -> (Vec<ChainRule>, Vec<ConfigError>) {
    let (mut rules, errors) = read(path, text, "chain", |rule: &ChainRule, _: &[ChainRule]| {
        rule.check().map_err(Wrong::from)
    });
    let folder = path.parent().unwrap_or(path);
    for rule in &mut rules {
        for key in rule.key.iter_mut().chain(&mut rule.public_key) {
            // A path from the home directory is made whole with all others.
            if !key.file.starts_with("~") {
                key.file = folder.join(&key.file);
            }
        }
    }
    (rules, errors)
}

/// What is wrong with an entry of a list.
struct Wrong {
    /// The key that it stands in; `""` = the entry as a whole.
    key: &'static str,
    why: String,
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self { key: "", why }
    }
}

/// The entries of the list `key` that are well-formed and that `check` lets pass beside those before them.
fn read<T: for<'a> Deserialize<'a>>(
    path: &Path,
    text: &str,
    key: &str,
    check: impl Fn(&T, &[T]) -> Result<(), Wrong>,
) -> (Vec<T>, Vec<ConfigError>) {
    let (table, _) = DeTable::parse_recoverable(text);
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    let Some(DeValue::Array(list)) = table.get_ref().get(key).map(|v| v.get_ref()) else {
        return (good, errors);
    };
    for value in list.iter() {
        let begin = value.span().start;
        let line_of_key = |key: &str| {
            let keys = value.get_ref().as_table().into_iter().flatten();
            let mut named = keys.filter(|(name, _)| name.get_ref() == key);
            named.next().map_or(begin, |(name, _)| name.span().start)
        };
        let read = T::deserialize(ValueDeserializer::from(value.clone()));
        let checked = match read {
            Ok(entry) => match check(&entry, &good) {
                Ok(()) => Ok(entry),
                Err(wrong) => Err((line_of_key(wrong.key), wrong.why)),
            },
            Err(error) => {
                let at = error.span().map_or(begin, |span| span.start);
                Err((at, error.message().to_owned()))
            }
        };
        match checked {
            Ok(entry) => good.push(entry),
            Err((at, why)) => errors.push(ConfigError {
                place: format!("{}:{}", path.display(), line_of(text, at)),
                message: format!("{why}; this {key} is left out"),
            }),
        }
    }
    (good, errors)
}
