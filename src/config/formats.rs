//! `[[format]]` in `config.toml`: formats of one's own, each with the line where something is wrong with it.

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{ConfigError, line_of};
use crate::format::{Registry, Spec};

/// The key of the list.
pub(super) const KEY: &str = "format";

/// The formats that can be used, and what is wrong with the others.
pub(super) fn read_formats(path: &Path, text: &str) -> (Vec<Spec>, Vec<ConfigError>) {
    let (table, _) = DeTable::parse_recoverable(text);
    let (mut formats, mut errors) = (Vec::<Spec>::new(), Vec::new());
    let Some(DeValue::Array(list)) = table.get_ref().get(KEY).map(|v| v.get_ref()) else {
        return (formats, errors);
    };
    let builtin = Registry::builtin();
    for value in list.iter() {
        let begin = value.span().start;
        let mut wrong = |offset: usize, message: String| {
            errors.push(ConfigError {
                place: format!("{}:{}", path.display(), line_of(text, offset)),
                message: format!("{message}; this format is left out"),
            });
        };
        let spec = match Spec::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(spec) => spec,
            Err(error) => {
                let at = error.span().map_or(begin, |span| span.start);
                wrong(at, error.message().to_owned());
                continue;
            }
        };
        let taken = builtin.get(&spec.id).is_some() || formats.iter().any(|f| f.id == spec.id);
        match spec.check() {
            _ if taken => wrong(begin, format!("there is a format {} already", spec.id)),
            Err(why) => wrong(begin, format!("format {:?}: {why}", spec.id)),
            Ok(()) => formats.push(spec),
        }
    }
    (formats, errors)
}
