//! The table of keys: name, what is allowed, and how a value is taken.

use std::path::{Path, PathBuf};

use super::{Choice, Clipboard, Depth, Settings, Value, lists};
use crate::source::command;
use crate::text::suggest::hint;

struct Key {
    name: &'static str,
    /// What may stand there, for error messages.
    allowed: &'static str,
    /// `None` = the value is not allowed.
    set: fn(&mut Settings, &Value) -> Option<()>,
}

const ZONE: &str = "\"UTC\", \"local\" or an IANA name such as \"Europe/Vienna\"";
const CHOICE: &str = "\"auto\", \"always\" or \"never\"";
const COLOURS: &str = "\"auto\", \"16\", \"256\", \"truecolor\" or \"none\"";
const THEME: &str = "\"auto\", \"dark\", \"light\", \"high-contrast\" or NAME for themes/NAME.toml beside config.toml";
const PATHS: &str = "a list of paths, each absolute or from the home directory (\"~/…\")";
const SOURCES: &str = "a list of paths, each absolute or from the home directory (\"~/…\"), and of commands (\"command:NAME\")";
const COLUMNS: &str = "a list of fields (\"time\", \"actor\", \"action\", …) and attribute paths such as \"objectRef.namespace\"";
const SIZE: &str =
    "a number of bytes, or with a unit as in \"10 GB\" (kB MB GB TB, KiB MiB GiB TiB)";

const KEYS: &[Key] = &[
    Key {
        name: "zone",
        allowed: ZONE,
        set: |s, v| set(&mut s.zone, text(v)?.parse().ok()),
    },
    Key {
        name: "log_zone",
        allowed: ZONE,
        set: |s, v| set(&mut s.log_zone, text(v)?.parse().ok()),
    },
    Key {
        name: "colour",
        allowed: CHOICE,
        set: |s, v| set(&mut s.colour, choice(v)),
    },
    Key {
        name: "colours",
        allowed: COLOURS,
        set: |s, v| set(&mut s.colours, colours(v)),
    },
    Key {
        name: "theme",
        allowed: THEME,
        set: |s, v| set(&mut s.theme, theme(v)),
    },
    Key {
        name: "ascii",
        allowed: CHOICE,
        set: |s, v| set(&mut s.ascii, choice(v)),
    },
    Key {
        name: "exec",
        allowed: "true or false",
        set: |s, v| set(&mut s.exec, boolean(v)),
    },
    Key {
        name: "sources",
        allowed: SOURCES,
        set: |s, v| set(&mut s.sources, sources(v)),
    },
    Key {
        name: "runbooks",
        allowed: PATHS,
        set: |s, v| set(&mut s.runbooks, paths(v)),
    },
    Key {
        name: "columns",
        allowed: COLUMNS,
        set: |s, v| set(&mut s.columns, names(v)),
    },
    Key {
        name: "clipboard",
        allowed: "\"osc52\", \"file\" or \"off\"",
        set: |s, v| set(&mut s.clipboard, clipboard(v)),
    },
    Key {
        name: "index.max_bytes",
        allowed: SIZE,
        set: |s, v| set(&mut s.index.max_bytes, size(v)),
    },
    Key {
        name: "index.max_share",
        allowed: "a share from \"1 %\" to \"100 %\"",
        set: |s, v| set(&mut s.index.max_share, share(v)),
    },
    Key {
        name: "index.min_free",
        allowed: SIZE,
        set: |s, v| set(&mut s.index.min_free, size(v)),
    },
    Key {
        name: "seal.follow",
        allowed: "true or false",
        set: |s, v| set(&mut s.seal.follow, boolean(v)),
    },
    Key {
        name: "seal.every",
        allowed: "a number of lines, 1 or more",
        set: |s, v| set(&mut s.seal.every, count(v)),
    },
    Key {
        name: "seal.after",
        allowed: "a number of seconds, 1 or more",
        set: |s, v| set(&mut s.seal.after, count(v)),
    },
    Key {
        name: "seal.sink",
        allowed: "the path of a file, absolute or from the home directory (\"~/…\"), or \"\"",
        set: |s, v| set(&mut s.seal.sink, optional_path(v)),
    },
    Key {
        name: "seal.command",
        allowed: "a program and its arguments, as in [\"ssh\", \"vault\", \"cat >> seals\"]",
        set: |s, v| set(&mut s.seal.command, words(v)),
    },
    Key {
        name: "cloudtrail.public_keys",
        allowed: PATHS,
        set: |s, v| set(&mut s.cloudtrail_keys, paths(v)),
    },
];

/// Sets one key, or says in words why not.
pub(super) fn apply(settings: &mut Settings, name: &str, value: &Value) -> Result<(), String> {
    let wanted = match name {
        "color" => "colour",
        "colors" => "colours",
        name => name,
    };
    let table = name.split('.').next().unwrap_or(name);
    if lists::KEYS.contains(&table) {
        return Err(format!(
            "there may be several {table}s: begin each with [[{table}]], in double brackets"
        ));
    }
    let Some(key) = KEYS.iter().find(|key| key.name == wanted) else {
        let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        let near = hint(name, names.iter().copied());
        return Err(format!(
            "there is no setting \"{name}\"{near}; the settings are {}",
            names.join(", ")
        ));
    };
    (key.set)(settings, value).ok_or_else(|| {
        format!(
            "{} = {} is not allowed; use {}",
            key.name,
            shown(value),
            key.allowed
        )
    })
}

/// `INDEX_MAX_BYTES` → `index.max_bytes`.
pub(super) fn from_variable(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match KEYS.iter().find(|key| key.name.replace('.', "_") == name) {
        Some(key) => key.name.to_owned(),
        None => name,
    }
}

fn set<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Str(text) | Value::Variable(text) => Some(text),
        _ => None,
    }
}

fn choice(value: &Value) -> Option<Choice> {
    match value {
        Value::Bool(true) => Some(Choice::Always),
        Value::Bool(false) => Some(Choice::Never),
        _ => match text(value)? {
            "auto" => Some(Choice::Auto),
            "always" => Some(Choice::Always),
            "never" => Some(Choice::Never),
            _ => None,
        },
    }
}

fn clipboard(value: &Value) -> Option<Clipboard> {
    match text(value)? {
        "osc52" => Some(Clipboard::Osc52),
        "file" => Some(Clipboard::File),
        "off" => Some(Clipboard::Off),
        _ => None,
    }
}

/// The inner `None` = as many as the terminal can show.
fn colours(value: &Value) -> Option<Option<Depth>> {
    let number = match value {
        Value::Int(number) => number.to_string(),
        _ => text(value)?.to_owned(),
    };
    Some(match number.as_str() {
        "auto" => None,
        "none" => Some(Depth::None),
        "16" => Some(Depth::Sixteen),
        "256" => Some(Depth::Indexed),
        "truecolor" | "truecolour" | "24bit" => Some(Depth::True),
        _ => return None,
    })
}

/// A name, not a path: it becomes part of one.
fn theme(value: &Value) -> Option<String> {
    let name = text(value)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!name.is_empty() && name.chars().all(is_plain)).then(|| name.to_owned())
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Variable(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn paths(value: &Value) -> Option<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = match value {
        Value::List(list) => list.iter().map(PathBuf::from).collect(),
        Value::Variable(list) => std::env::split_paths(list)
            .filter(|p| !p.as_os_str().is_empty())
            .collect(),
        _ => return None,
    };
    let is_fixed = |path: &PathBuf| path.is_absolute() || path.starts_with(Path::new("~"));
    paths.iter().all(is_fixed).then_some(paths)
}

fn optional_path(value: &Value) -> Option<Option<PathBuf>> {
    let text = text(value)?;
    if text.is_empty() {
        return Some(None);
    }
    paths(&Value::List(vec![text.to_owned()])).map(|paths| paths.into_iter().next())
}

/// A program and its arguments; in the environment separated by blanks.
fn words(value: &Value) -> Option<Vec<String>> {
    let words: Vec<String> = match value {
        Value::List(list) => list.clone(),
        Value::Variable(text) => text.split_whitespace().map(str::to_owned).collect(),
        _ => return None,
    };
    words
        .first()
        .is_none_or(|program| !program.is_empty())
        .then_some(words)
}

fn count(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Int(number) => u64::try_from(*number).ok()?,
        Value::Variable(text) => text.parse().ok()?,
        _ => return None,
    };
    (number > 0).then_some(number)
}

/// Paths and names of commands.
fn sources(value: &Value) -> Option<Vec<PathBuf>> {
    let is_command = |text: &&String| command::name_in(Path::new(text)).is_some();
    let Value::List(list) = value else {
        return paths(value);
    };
    let others = list.iter().filter(|text| !is_command(text)).cloned();
    paths(&Value::List(others.collect()))?;
    Some(list.iter().map(PathBuf::from).collect())
}

/// Names without blanks around them; in the environment they are separated by commas.
fn names(value: &Value) -> Option<Vec<String>> {
    let names: Vec<String> = match value {
        Value::List(list) => list.iter().map(|n| n.trim().to_owned()).collect(),
        Value::Variable(list) => list
            .split(',')
            .map(|n| n.trim().to_owned())
            .filter(|n| !n.is_empty())
            .collect(),
        _ => return None,
    };
    names.iter().all(|n| !n.is_empty()).then_some(names)
}

fn size(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Int(bytes) => return u64::try_from(*bytes).ok(),
        _ => text(value)?.trim(),
    };
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    let number: u64 = text[..digits].replace('_', "").parse().ok()?;
    let unit: u64 = match text[digits..].trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn share(value: &Value) -> Option<u8> {
    let percent = match value {
        Value::Int(percent) => u8::try_from(*percent).ok()?,
        _ => text(value)?
            .trim()
            .trim_end_matches('%')
            .trim_end()
            .parse()
            .ok()?,
    };
    (1..=100).contains(&percent).then_some(percent)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) | Value::Variable(text) => format!("\"{text}\""),
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(list) => format!("{list:?}"),
        Value::Other(what) => format!("a {what}"),
    }
}
