//! How the bytes that a writer hashes are put together, as a line of text: `{prev}|{ts}|{actor}`.
//!
//! ```text
//! {json:ORDER}   the record without its own hash; ORDER: sorted, sorted-pyspace, insertion, insertion-pyspace, jcs
//! {rest:ORDER}   the same without the previous hash as well
//! {blank:ORDER}  the record with its own hash emptied
//! {all:ORDER}    the record with both, for what is signed or linked to; the signature itself is left out of all four
//! {prev}         the previous hash as logged;  {prev:bare} without a prefix;  {prev:bytes} decoded
//! {line}         the whole line
//! {own}          the record's own hash, for what is signed; {own:bare}, {own:bytes}
//! {a.b}          a field: a string's text, anything else as written; nothing if it is null or missing
//! {a.b:bytes}    a field with a hash value, decoded
//! {.line}        a field named like one of the words above
//! {{ }}          braces;  \n  a line feed
//! ```

use std::fmt;

use super::canonical::{Form, Order};

/// In which form a hash is joined to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HashForm {
    /// The text as it stands in the record.
    Text,
    /// The text without a prefix such as `sha256:`.
    Bare,
    /// The decoded bytes.
    Bytes,
}

impl HashForm {
    fn suffix(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::Bare => ":bare",
            Self::Bytes => ":bytes",
        }
    }
}

/// What of a record is left out when it is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    Own,
    /// The previous hash, too.
    OwnAndPrev,
    /// The own hash stays, as an empty string.
    OwnsValue,
    /// Both stay.
    Nothing,
}

/// A piece of what is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Prev(HashForm),
    Own(HashForm),
    Json(Form, Without),
    Line,
    /// Keys from the record inwards, each with its quotes.
    Field(Vec<Vec<u8>>),
    /// The same, its hash value decoded.
    FieldBytes(Vec<Vec<u8>>),
    Text(Vec<u8>),
}

const ORDERS: [(&str, Form); 5] = [
    ("sorted", form(Order::CodePoint, false)),
    ("sorted-pyspace", form(Order::CodePoint, true)),
    ("insertion", form(Order::AsWritten, false)),
    ("insertion-pyspace", form(Order::AsWritten, true)),
    ("jcs", Form::JCS),
];

const fn form(order: Order, spaced: bool) -> Form {
    Form {
        order,
        spaced,
        respelled: false,
    }
}

/// Every form that is tried, the likelier first.
pub(super) fn forms() -> impl Iterator<Item = Form> {
    ORDERS.into_iter().map(|(_, form)| form)
}

/// `sorted`, `insertion-pyspace`, …
pub(super) fn form_name(form: Form) -> &'static str {
    let known = ORDERS.into_iter().find(|(_, known)| *known == form);
    known.map_or("", |(name, _)| name)
}

/// Reads a template; the error is a sentence without its place.
pub(super) fn parse(template: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                text.push(c);
            }
            '}' => return Err("a } stands alone: write }} for the character".into()),
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('\\') => text.push('\\'),
                _ => return Err("only \\n, \\t and \\\\ are known after a \\".into()),
            },
            '{' => {
                let mut name = String::new();
                loop {
                    match chars.next() {
                        Some('}') => break,
                        Some(c) => name.push(c),
                        None => return Err(format!("{{{name} is not closed by a }}")),
                    }
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text).into_bytes()));
                }
                parts.push(placeholder(&name)?);
            }
            c => text.push(c),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text.into_bytes()));
    }
    let varies = |part: &Part| !matches!(part, Part::Text(_) | Part::Prev(_));
    if !parts.iter().any(varies) {
        return Err("nothing of the record itself is hashed".into());
    }
    Ok(parts)
}

fn placeholder(name: &str) -> Result<Part, String> {
    let (what, how) = name.split_once(':').unwrap_or((name, ""));
    let json = |without| {
        let found = ORDERS.into_iter().find(|(known, _)| *known == how);
        let names = || ORDERS.map(|(name, _)| name).join(", ");
        match found {
            Some((_, form)) => Ok(Part::Json(form, without)),
            None => Err(format!("{{{name}}}: the order is one of {}", names())),
        }
    };
    match (what, how) {
        ("json", _) => json(Without::Own),
        ("rest", _) => json(Without::OwnAndPrev),
        ("blank", _) => json(Without::OwnsValue),
        ("all", _) => json(Without::Nothing),
        ("line", "") => Ok(Part::Line),
        ("prev" | "own", _) => {
            let form = match how {
                "" => HashForm::Text,
                "bare" => HashForm::Bare,
                "bytes" => HashForm::Bytes,
                _ => return Err(format!("{{{name}}}: only bare and bytes are known here")),
            };
            Ok(match what {
                "prev" => Part::Prev(form),
                _ => Part::Own(form),
            })
        }
        ("" | ".", _) => Err(format!("{{{name}}} names no field")),
        _ => Ok(match name.strip_suffix(":bytes") {
            Some(name) => Part::FieldBytes(path(name)),
            None => Part::Field(path(name)),
        }),
    }
}

/// A dotted path as the quoted keys that the records have; a dot before it is left out.
pub(super) fn path(dotted: &str) -> Vec<Vec<u8>> {
    let dotted = dotted.strip_prefix('.').unwrap_or(dotted);
    dotted.split('.').map(quoted).collect()
}

/// A key with its quotes, as it stands in a record.
pub(super) fn quoted(key: &str) -> Vec<u8> {
    let mut out = String::new();
    crate::json::escape_into(key, &mut out, |_| false);
    out.into_bytes()
}

/// The text of a quoted key, safe to print.
pub(super) fn unquoted(key: &[u8]) -> String {
    let mut quoted = String::new();
    crate::json::escape_into(&crate::json::unescape(key), &mut quoted, |_| false);
    quoted[1..quoted.len() - 1].to_owned()
}

/// A path with dots; with one before it where it would read as something else.
fn field_name(path: &[Vec<u8>]) -> String {
    let keys: Vec<String> = path.iter().map(|key| unquoted(key)).collect();
    let name = keys.join(".");
    match placeholder(&name) {
        Ok(Part::Field(_)) => name,
        _ => format!(".{name}"),
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prev(form) => write!(f, "{{prev{}}}", form.suffix()),
            Self::Own(form) => write!(f, "{{own{}}}", form.suffix()),
            Self::Json(form, without) => {
                let what = match without {
                    Without::Own => "json",
                    Without::OwnAndPrev => "rest",
                    Without::OwnsValue => "blank",
                    Without::Nothing => "all",
                };
                write!(f, "{{{what}:{}}}", form_name(*form))
            }
            Self::Line => f.write_str("{line}"),
            Self::Field(path) => write!(f, "{{{}}}", field_name(path)),
            Self::FieldBytes(path) => write!(f, "{{{}:bytes}}", field_name(path)),
            Self::Text(text) => {
                for c in String::from_utf8_lossy(text).chars() {
                    match c {
                        '\n' => f.write_str("\\n")?,
                        '\t' => f.write_str("\\t")?,
                        '\\' => f.write_str("\\\\")?,
                        '{' | '}' => write!(f, "{c}{c}")?,
                        c => write!(f, "{c}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_and_written() {
        for template in [
            "{json:sorted}",
            "{prev}|{rest:insertion-pyspace}",
            "{rest:jcs}\\n{prev:bytes}",
            "{blank:sorted-pyspace}",
            "{prev:bare}{{x}}\\\\{ts}\\t{actor.id}",
            "{line}\\n",
            "{own:bytes}{.line}{event.hash:bytes}",
        ] {
            let parts = parse(template).unwrap();
            let written: String = parts.iter().map(Part::to_string).collect();
            assert_eq!(written, template);
            assert_eq!(parse(&written).unwrap(), parts);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (template, want) in [
            (
                "{json}",
                "{json}: the order is one of sorted, sorted-pyspace",
            ),
            ("{json:up}{ts}", "{json:up}: the order is one of"),
            ("{prev:hex}{ts}", "{prev:hex}: only bare and bytes"),
            ("{prev}|", "nothing of the record itself"),
            ("{ts", "{ts is not closed"),
            ("ts}", "a } stands alone"),
            ("{}", "names no field"),
            ("\\x{ts}", "only \\n, \\t and \\\\"),
        ] {
            let error = parse(template).unwrap_err();
            assert!(error.contains(want), "{template}: {error}");
        }
    }
}
