//! `config.toml` as a layer: every key with the line it stands on. What cannot be read is reported, the rest holds.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{ConfigError, Entry, Value};

/// The entries of a file, and what is wrong with its TOML.
pub fn read_toml(path: &Path, text: &str) -> (Vec<Entry>, Vec<ConfigError>) {
    let place = |offset: usize| format!("{}:{}", path.display(), line_of(text, offset));
    let (table, errors) = DeTable::parse_recoverable(text);
    let broken = broken_header(text, &errors);
    let errors = syntax_errors(path, text, &errors);
    let mut entries = Vec::new();
    // A table's keys are no settings because its header could not be read.
    let belongs = |begin: usize| broken.is_none_or(|header| begin < header);
    collect("", table.get_ref(), &belongs, &place, &mut entries);
    (entries, errors)
}

/// What is wrong with a file's TOML, each with its line.
pub fn syntax_errors(path: &Path, text: &str, errors: &[toml::de::Error]) -> Vec<ConfigError> {
    let told = errors.iter().map(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        ConfigError {
            place: format!("{}:{line}", path.display()),
            message: format!("is not TOML: {}", error.message()),
        }
    });
    let mut told: Vec<ConfigError> = told.collect();
    // After the first error of a line the reader guesses.
    told.dedup_by(|b, a| a.place == b.place);
    told
}

/// Where the first line begins that should be the header of a table and is none.
fn broken_header(text: &str, errors: &[toml::de::Error]) -> Option<usize> {
    let begins = errors.iter().filter_map(|error| {
        let at = error.span()?.start.min(text.len());
        let begin = text.as_bytes()[..at].iter().rposition(|b| *b == b'\n');
        Some(begin.map_or(0, |newline| newline + 1))
    });
    begins
        .filter(|begin| text.as_bytes()[*begin..].trim_ascii_start().first() == Some(&b'['))
        .min()
}

/// Tables nest at most once, so deeper ones are taken as values (of the wrong type).
fn collect(
    prefix: &str,
    table: &DeTable<'_>,
    belongs: &dyn Fn(usize) -> bool,
    place: &dyn Fn(usize) -> String,
    out: &mut Vec<Entry>,
) {
    for (key, value) in table.iter() {
        let name = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            // Read apart: see `lists`.
            DeValue::Array(_)
                if prefix.is_empty() && super::lists::KEYS.contains(&name.as_str()) => {}
            DeValue::Table(inner) if prefix.is_empty() => {
                collect(&format!("{name}."), inner, &|_| true, place, out)
            }
            _ if !belongs(key.span().start) => {}
            other => out.push(Entry {
                key: name,
                value: simple(other),
                place: place(key.span().start),
            }),
        }
    }
}

fn simple(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Str(text.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Other("number beyond 64 bits"),
        },
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|v| v.get_ref().as_str().map(str::to_owned))
                .collect();
            texts.map_or(Value::Other("list of other things than texts"), Value::List)
        }
        other => Value::Other(other.type_str()),
    }
}

/// The line, from 1 on, that a byte stands in.
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}
