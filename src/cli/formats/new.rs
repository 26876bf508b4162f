//! `auditty formats new`: a starting point for a format of one's own, made from a log.

use std::io::Read;
use std::path::Path;

use crate::cli::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::format::{Draft, Registry};

/// What a format is called whose file's name holds nothing that could name one.
const NAMELESS: &str = "my-log";

pub(super) fn run(file: &Path, id: Option<&str>, app: &mut App) -> Result<Exit, Failure> {
    let name = file.to_string_lossy();
    let registry = Registry::with(&app.settings.formats);
    let id = match id {
        Some(id) => chosen(id, &registry)?,
        None => free(&named_after(file), &registry),
    };
    let Some(found) = files::detect(file, &app.settings)? else {
        return Err(Failure::Failed(format!(
            "there is nothing to read in {name}: it is empty or binary"
        )));
    };
    let mut head = Vec::new();
    files::stream(file)?
        .take(Draft::HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|e| Failure::Failed(format!("cannot read {name}: {e}")))?;
    let format = &found.format;
    if !matches!(format.id(), "json~" | "logfmt~" | "text") {
        app.talk(&format!(
            "{name} is read as {} ({}) already; a format of your own would be tried before it",
            format.id(),
            format.title()
        ));
    }
    let called = file.file_name().unwrap_or_default().to_string_lossy();
    let draft = Draft::of(&id, &head).toml(&called, app.style.charset);
    write!(app.out, "{draft}")?;
    Ok(Exit::Ok)
}

/// An id that was asked for.
fn chosen(id: &str, registry: &Registry) -> Result<String, Failure> {
    if id.is_empty() || !id.chars().all(is_of_an_id) {
        return Err(Failure::Usage(format!(
            "{id:?} cannot name a format: letters, digits, - and _"
        )));
    }
    match registry.get(id) {
        Some(_) => Err(Failure::Usage(format!("there is a format {id} already"))),
        None => Ok(id.to_owned()),
    }
}

fn is_of_an_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// The begin of a file's name, as far as it can name a format: `audit` of `audit.log.1`.
fn named_after(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let words = name.split('.').find(|word| !word.is_empty());
    let id = words.unwrap_or_default().to_ascii_lowercase();
    let id = id.replace(|c| !is_of_an_id(c), "-");
    match id.trim_matches('-') {
        "" => NAMELESS.to_owned(),
        id => id.to_owned(),
    }
}

/// The id, or with the first number that makes it one of its own.
fn free(id: &str, registry: &Registry) -> String {
    let numbered = (2..).map(|number| format!("{id}-{number}"));
    let mut ids = std::iter::once(id.to_owned()).chain(numbered);
    ids.find(|id| registry.get(id).is_none())
        .unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_called_after_its_file_or_something_near() {
        let registry = Registry::builtin();
        for (file, want) in [
            ("/var/log/door.log", "door"),
            ("Door Audit.jsonl.gz", "door-audit"),
            ("auditd.log", "auditd-2"),
            (".hidden", "hidden"),
            ("日本.log", "my-log"),
            ("json", "json-2"),
        ] {
            assert_eq!(
                free(&named_after(Path::new(file)), &registry),
                want,
                "{file}"
            );
        }
        assert!(chosen("till-2", &registry).is_ok());
        for id in ["", "a b", "k8s-audit", "json"] {
            assert!(
                matches!(chosen(id, &registry), Err(Failure::Usage(_))),
                "{id}"
            );
        }
    }
}
