//! The YAML front matter, read strictly.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_saphyr::{Error, Spanned};

use super::{Input, InputKind, Runbook, inputs, window};
use crate::text::suggest::hint;

const MAX_INPUTS: usize = 30;

/// Something wrong at a line of the file (1-based).
pub(super) type Fault = (usize, String);

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Front {
    runbook: Option<Spanned<u64>>,
    id: Option<Spanned<String>>,
    title: Option<String>,
    audience: Vec<String>,
    role: Option<String>,
    logs: Vec<String>,
    attack: Vec<String>,
    inputs: Ordered<Spanned<InputFront>>,
    window: Option<Spanned<WindowFront>>,
    escalate: Option<EscalateFront>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct InputFront {
    label: Option<String>,
    r#type: Option<String>,
    pattern: Option<String>,
    options: Vec<String>,
    default: Option<String>,
    required: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowFront {
    from: String,
    to: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalateFront {
    to: String,
    sla: Option<String>,
}

/// A mapping in the order written, which is the order a person is asked in.
struct Ordered<T>(Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// Splits the file into front matter and body, with the line the body starts on.
pub(super) fn split(text: &str) -> Result<(&str, &str, usize), Fault> {
    let missing = || {
        (
            1,
            "expected front matter: a first line `---`, `runbook: 1`, …, and a closing `---`"
                .to_owned(),
        )
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let first = lines
        .next()
        .filter(|line| line.trim_end() == "---")
        .ok_or_else(missing)?;
    let mut end = first.len();
    for (index, line) in lines.enumerate() {
        if line.trim_end() == "---" {
            return Ok((
                &text[first.len()..end],
                &text[end + line.len()..],
                index + 3,
            ));
        }
        end += line.len();
    }
    Err((1, "the front matter has no closing `---`".to_owned()))
}

/// Reads the front matter into `runbook`; its first line is line 2 of the file. An error means that nothing of it
/// could be read; single faults are added to `faults`.
pub(super) fn read(
    yaml: &str,
    runbook: &mut Runbook,
    faults: &mut Vec<Fault>,
) -> Result<(), Fault> {
    let front: Front = serde_saphyr::from_str(yaml).map_err(|error| explain(&error))?;
    let line = |location: serde_saphyr::Location| location.line() as usize + 1;
    match &front.runbook {
        Some(version) if version.value == 1 => {}
        Some(version) => faults.push((
            line(version.referenced),
            format!(
                "runbook version {} is not known: expected `runbook: 1`",
                version.value
            ),
        )),
        None => faults.push((
            1,
            "missing `runbook: 1`, which says that this file is a runbook".into(),
        )),
    }
    match front.id {
        Some(id) if is_id(&id.value) => runbook.id = id.value,
        Some(id) => faults.push((
            line(id.referenced),
            format!(
                "id `{}`: expected lower-case letters, digits and dashes",
                id.value
            ),
        )),
        None => faults.push((1, "missing `id`, the name the runbook is called by".into())),
    }
    runbook.title = front.title.unwrap_or_default();
    runbook.audience = front.audience;
    runbook.role = front.role;
    runbook.logs = front.logs;
    runbook.attack = front.attack;
    if let Some(EscalateFront { to, sla }) = front.escalate {
        runbook.escalate_to = Some(sla.map_or(to.clone(), |sla| format!("{to} within {sla}")));
    }
    if front.inputs.0.len() > MAX_INPUTS {
        return Err((
            1,
            format!("more than {MAX_INPUTS} inputs: nobody fills that in during an incident"),
        ));
    }
    for (name, spec) in front.inputs.0 {
        match input(name, spec.value) {
            Ok(input) => runbook.inputs.push(input),
            Err(message) => faults.push((line(spec.referenced), message)),
        }
    }
    if let Some(spec) = front.window {
        for bound in [&spec.value.from, &spec.value.to] {
            if let Err(message) = window::check(bound, &runbook.inputs) {
                faults.push((line(spec.referenced), format!("window: {message}")));
            }
        }
        if window::is_backwards(&spec.value.from, &spec.value.to) {
            let message = "window: it ends before it begins, so that no step could find anything";
            faults.push((line(spec.referenced), message.to_owned()));
        }
        runbook.window = Some((spec.value.from, spec.value.to));
    }
    Ok(())
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn input(name: String, front: InputFront) -> Result<Input, String> {
    let is_name = (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if !is_name {
        return Err(format!(
            "input `{name}`: expected a name of lower-case letters, digits and `_`"
        ));
    }
    const KINDS: [(&str, InputKind); 4] = [
        ("text", InputKind::Text),
        ("id", InputKind::Id),
        ("date", InputKind::Date),
        ("ip", InputKind::Ip),
    ];
    let kind = match &front.r#type {
        None => InputKind::Text,
        Some(typed) => KINDS
            .iter()
            .find(|(known, _)| known == typed)
            .map(|(_, kind)| *kind)
            .ok_or_else(|| {
                let near = hint(typed, KINDS.iter().map(|(known, _)| *known));
                format!(
                    "input `{name}`: unknown type `{typed}`{near}; types are text, id, date, ip"
                )
            })?,
    };
    if let Some(pattern) = &front.pattern {
        inputs::whole(pattern).map_err(|error| format!("input `{name}`: {error}"))?;
    }
    let InputFront {
        label,
        pattern,
        options,
        default,
        required,
        ..
    } = front;
    let label = label.unwrap_or_else(|| name.clone());
    let input = Input {
        name,
        label,
        kind,
        pattern,
        options,
        default,
        required,
    };
    match inputs::wrong_default(&input) {
        Some(message) => Err(format!("input `{}`: the default: {message}", input.name)),
        None => Ok(input),
    }
}

/// The YAML reader's error as a line of the file and a sentence.
fn explain(error: &Error) -> Fault {
    let error = error.without_snippet();
    let line = error
        .location()
        .map_or(1, |location| location.line() as usize + 1);
    let message = match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let near = hint(field, expected.iter().copied());
            format!(
                "unknown key `{field}`{near}; known keys: {}",
                expected.join(", ")
            )
        }
        Error::SerdeMissingField { field, .. } => format!("missing key `{field}`"),
        other => {
            // The first line says what; the position is told by the fault, and characters are escaped where they are shown.
            let text = other.to_string();
            let what = text.lines().next().unwrap_or_default();
            let what = what.split(" at line ").next().unwrap_or(what);
            format!("front matter: {}", what.replace("\\\\u", "\\u"))
        }
    };
    (line, message)
}
