//! JSON lines: one object an event, lossless, and safe to print.

use std::collections::HashMap;
use std::io::{self, Write};

use base64::Engine as _;

use super::column::{Cell, What};
use super::{Column, Exporter, column};
use crate::engine::Hit;
use crate::event::{Event, Kind};
use crate::json::{Reader, Token, escape_into};
use crate::text::is_unsafe;
use crate::text::{self, Charset};

pub(super) struct Jsonl {
    columns: Vec<Column>,
    charset: Charset,
    line: String,
}

impl Jsonl {
    pub(super) fn new(columns: Vec<Column>, charset: Charset) -> Self {
        Self {
            columns,
            charset,
            line: String::new(),
        }
    }
}

impl Exporter for Jsonl {
    fn write(&mut self, out: &mut dyn Write, hit: &Hit) -> io::Result<()> {
        self.line.clear();
        push_object(&self.columns, hit, &mut self.line);
        let mut line = String::with_capacity(self.line.len() + 1);
        push_line(&self.line, self.charset, &mut line);
        out.write_all(line.as_bytes())
    }
}

/// The whole event as one line of JSON (without LF): every normalised field, `attributes`, `raw`; absent = null.
pub fn object(hit: &Hit) -> String {
    let mut line = String::new();
    push_object(&column::all(), hit, &mut line);
    line
}

fn push_object(columns: &[Column], hit: &Hit, out: &mut String) {
    for (i, column) in columns.iter().enumerate() {
        out.push(if i == 0 { '{' } else { ',' });
        match (&column.what, std::str::from_utf8(&hit.event.raw)) {
            (What::Raw, Err(_)) => {
                out.push_str("\"raw_base64\":\"");
                base64::prelude::BASE64_STANDARD.encode_string(&hit.event.raw, out);
                out.push('"');
                continue;
            }
            (What::Raw, Ok(raw)) => {
                out.push_str("\"raw\":");
                escape_into(raw, out, is_unsafe);
                continue;
            }
            _ => {}
        }
        escape_into(&column.name, out, is_unsafe);
        out.push(':');
        match column.what {
            What::Attributes => push_attributes(&hit.event, out),
            _ => push_cell(&column.cell(hit), out),
        }
    }
    out.push('}');
}

fn push_cell(cell: &Cell<'_>, out: &mut String) {
    match cell {
        Cell::Absent => out.push_str("null"),
        Cell::One(kind, text) => push_value(*kind, text, out),
        Cell::Many(values) => {
            out.push('[');
            for (i, (kind, text)) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_value(*kind, text, out);
            }
            out.push(']');
        }
    }
}

/// A leaf: numbers, booleans and empties keep their token where it is JSON.
fn push_value(kind: Kind, text: &str, out: &mut String) {
    let mut reader = Reader::new(text.as_bytes());
    let is_json = match kind {
        Kind::Str => false,
        Kind::Num => {
            matches!(reader.next_token(), Ok(Some(Token::Num(token))) if token.len() == text.len())
        }
        Kind::Bool => matches!(text, "true" | "false"),
        Kind::Empty => matches!(text, "null" | "[]" | "{}"),
    };
    match kind {
        _ if is_json => out.push_str(text),
        Kind::Empty => out.push_str("null"),
        _ => escape_into(text, out, is_unsafe),
    }
}

/// The record as read for JSON records, on one line, else its leaves as a flat object.
pub(super) fn attributes(event: &Event) -> String {
    let mut out = String::new();
    push_attributes(event, &mut out);
    out
}

fn push_attributes(event: &Event, out: &mut String) {
    let start = out.len();
    if push_record(&event.raw, out).is_none() {
        out.truncate(start);
        push_leaves(event, out);
    }
}

/// The record's own tokens without the blanks between them; `None` (with rubbish in `out`) unless it is one object.
fn push_record(raw: &[u8], out: &mut String) -> Option<()> {
    if !raw.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let raw = std::str::from_utf8(raw).ok()?.as_bytes();
    let mut reader = Reader::new(raw);
    let mut after_value = false;
    while let Some(token) = reader.next_token().ok()? {
        let closes = matches!(token, Token::EndObject | Token::EndArray);
        if after_value && !closes {
            out.push(',');
        }
        after_value = !matches!(
            token,
            Token::BeginObject | Token::BeginArray | Token::Key(_)
        );
        match token {
            Token::BeginObject => out.push('{'),
            Token::EndObject => out.push('}'),
            Token::BeginArray => out.push('['),
            Token::EndArray => out.push(']'),
            Token::Key(token) => {
                push_token(token, out)?;
                out.push(':');
            }
            Token::Str(token) | Token::Num(token) => push_token(token, out)?,
            Token::True => out.push_str("true"),
            Token::False => out.push_str("false"),
            Token::Null => out.push_str("null"),
        }
    }
    raw[reader.offset()..].trim_ascii().is_empty().then_some(())
}

/// The token as written, but for characters a terminal must not see: those are always in strings, where `\u` says
/// the same.
fn push_token(token: &[u8], out: &mut String) -> Option<()> {
    push_safe(std::str::from_utf8(token).ok()?, out);
    Some(())
}

/// Copies JSON text, unsafe characters outside ASCII's controls spelled as `\u` escapes. Meaning is unchanged, since
/// such characters only stand inside strings.
pub fn push_safe(json: &str, out: &mut String) {
    push_escaped(json, |c| c >= '\x7f' && text::is_unsafe(c), out);
}

/// One line of JSON that is safe to print, with its LF; in ASCII everything else is escaped too.
pub(super) fn push_line(json: &str, charset: Charset, out: &mut String) {
    match charset {
        Charset::Unicode => push_safe(json, out),
        Charset::Ascii => push_escaped(json, |c| !c.is_ascii() || c == '\x7f', out),
    }
    out.push('\n');
}

fn push_escaped(json: &str, is_escaped: impl Fn(char) -> bool, out: &mut String) {
    for c in json.chars() {
        if is_escaped(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
}

fn push_leaves(event: &Event, out: &mut String) {
    let mut index: HashMap<&str, usize> = HashMap::new();
    let mut members = Vec::new();
    for (path, value) in event.attributes.iter() {
        let at = *index.entry(path).or_insert_with(|| {
            members.push((path, Vec::new()));
            members.len() - 1
        });
        if let Some((_, values)) = members.get_mut(at) {
            values.push((value.kind, value.text.into()));
        }
    }
    out.push('{');
    for (i, (path, mut values)) in members.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        escape_into(path, out, is_unsafe);
        out.push(':');
        let cell = match values.len() {
            1 => values
                .pop()
                .map_or(Cell::Absent, |(kind, text)| Cell::One(kind, text)),
            _ => Cell::Many(values),
        };
        push_cell(&cell, out);
    }
    out.push('}');
}
