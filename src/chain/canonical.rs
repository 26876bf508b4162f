//! The bytes a writer hashed, from the bytes it logged: members dropped or replaced, keys sorted, separators
//! re-set, while every number and string keeps the spelling it was written with. So the language that wrote
//! `1e-07` or `\u00e9` need not be known. Only RFC 8785 (JCS) has a spelling of its own for each value.

use std::cmp::Ordering;

use crate::json::{JsonError, Reader, Token, unescape};

/// Order of keys, separators and spelling of a serialisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) order: Order,
    /// `", "` and `": "` (Python's default); else `,` and `:`.
    pub(super) spaced: bool,
    /// Numbers and strings as RFC 8785 spells them; else as written.
    pub(super) respelled: bool,
}

/// Order of the members of every object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    AsWritten,
    CodePoint,
    /// What RFC 8785 asks for, and JavaScript's `sort()` does.
    Utf16,
}

impl Form {
    /// RFC 8785, the JSON Canonicalization Scheme.
    pub(super) const JCS: Self = Self {
        order: Order::Utf16,
        spaced: false,
        respelled: true,
    };

    fn comma(self) -> &'static [u8] {
        if self.spaced { b", " } else { b"," }
    }

    fn colon(self) -> &'static [u8] {
        if self.spaced { b": " } else { b":" }
    }

    /// Appends a string (with its quotes), key or value.
    fn put_string(self, text: &[u8], out: &mut Vec<u8>) {
        if !self.respelled || !text.contains(&b'\\') {
            out.extend_from_slice(text);
            return;
        }
        out.push(b'"');
        for byte in unescape(text).bytes() {
            match byte {
                b'"' | b'\\' => out.extend([b'\\', byte]),
                8 => out.extend(br"\b"),
                9 => out.extend(br"\t"),
                10 => out.extend(br"\n"),
                12 => out.extend(br"\f"),
                13 => out.extend(br"\r"),
                0..=0x1f => out.extend(format!("\\u{byte:04x}").bytes()),
                _ => out.push(byte),
            }
        }
        out.push(b'"');
    }

    fn put_number(self, text: &[u8], out: &mut Vec<u8>) {
        let value = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
        match value {
            Some(value) if self.respelled && f64::is_finite(value) => {
                let mut buffer = ryu_js::Buffer::new();
                out.extend_from_slice(buffer.format_finite(value).as_bytes());
            }
            _ => out.extend_from_slice(text),
        }
    }

    fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self.order {
            Order::AsWritten => Ordering::Equal,
            Order::CodePoint => key_order(a, b),
            Order::Utf16 => unescape(a).encode_utf16().cmp(unescape(b).encode_utf16()),
        }
    }
}

/// How a record's blanks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Compact,
    Spaced,
    Other,
}

/// A member of the record itself (not of objects inside it).
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// As written, quotes included.
    pub(super) key: &'a [u8],
    /// As written.
    pub(super) value: &'a [u8],
    /// Byte offset of `value` in the line.
    pub(super) at: usize,
    nested: bool,
    /// No blanks between the tokens of `value`.
    compact: bool,
    /// Every object inside `value` has its keys in order.
    sorted: bool,
}

/// What to do with a member while writing.
pub(super) enum Edit<'a> {
    Keep,
    Drop,
    Replace(&'a [u8]),
}

/// One record: a JSON object, read once.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) members: Vec<Member<'a>>,
    pub(super) layout: Layout,
}

/// Keys (with their quotes) are compared by the code points of their text.
fn key_order(a: &[u8], b: &[u8]) -> Ordering {
    // The first character decides nearly always, and needs no look at the rest.
    if let (Some(x), Some(y)) = (a.get(1), b.get(1))
        && x != y
        && ![x, y].into_iter().any(|c| matches!(c, b'"' | b'\\'))
    {
        return x.cmp(y);
    }
    if a.contains(&b'\\') || b.contains(&b'\\') {
        return unescape(a).cmp(&unescape(b));
    }
    a.get(1..a.len().saturating_sub(1))
        .cmp(&b.get(1..b.len().saturating_sub(1)))
}

/// Whether a key's bytes are in the order of its text, by code points and by UTF-16 units alike.
fn is_plain(key: &[u8]) -> bool {
    key.is_ascii() && !key.contains(&b'\\')
}

/// The first eight bytes of a key's text as a number, by which plain keys are in order as far as it goes.
fn beginning(key: &[u8]) -> u64 {
    let text = key.get(1..key.len().saturating_sub(1)).unwrap_or_default();
    let mut first = [0; 8];
    let n = text.len().min(first.len());
    first[..n].copy_from_slice(&text[..n]);
    u64::from_be_bytes(first)
}

/// One open bracket while a record is read.
struct Level<'a> {
    object: bool,
    empty: bool,
    last_key: Option<&'a [u8]>,
}

impl<'a> Object<'a> {
    /// Reads a line that is one JSON object; blanks around it are allowed.
    pub(super) fn read(line: &'a [u8]) -> Result<Self, JsonError> {
        let mut reader = Reader::new(line);
        if reader.next_token()? != Some(Token::BeginObject) {
            return Err(JsonError {
                offset: 0,
                message: "the record is not a JSON object",
            });
        }
        let mut members: Vec<Member<'a>> = Vec::with_capacity(24);
        // Sizes without blanks: two brackets, then each member.
        let (mut compact_size, mut separators) = (2, 0);
        while let Some(Token::Key(key)) = reader.next_token()? {
            let colon = reader.offset();
            let (value, size) = Member::read(&mut reader, line, colon, key)?;
            compact_size += key.len() + 1 + size.compact + usize::from(!members.is_empty());
            separators += 1 + size.separators + usize::from(!members.is_empty());
            members.push(value);
        }
        let end = reader.offset();
        let rest = &line[end..];
        if let Some(at) = rest.iter().position(|b| !b.is_ascii_whitespace()) {
            return Err(JsonError {
                offset: end + at,
                message: "something follows the JSON value",
            });
        }
        let blanks = end - compact_size;
        let layout = match blanks {
            0 => Layout::Compact,
            n if n == separators => Layout::Spaced,
            _ => Layout::Other,
        };
        Ok(Self { members, layout })
    }

    /// The first member of that name (`key` with its quotes).
    pub(super) fn get(&self, key: &[u8]) -> Option<&Member<'a>> {
        self.members.iter().find(|m| m.key == key)
    }

    pub(super) fn position(&self, key: &[u8]) -> Option<usize> {
        self.members.iter().position(|m| m.key == key)
    }

    /// Appends the record in `form`, each member as `edit` says of its index.
    pub(super) fn write<'e>(
        &self,
        form: Form,
        edit: impl Fn(usize) -> Edit<'e>,
        out: &mut Vec<u8>,
    ) {
        out.push(b'{');
        let mut first = true;
        let mut put = |(index, member): (usize, &Member<'a>)| {
            let replaced = match edit(index) {
                Edit::Drop => return,
                Edit::Keep => None,
                Edit::Replace(token) => Some(token),
            };
            if !first {
                out.extend_from_slice(form.comma());
            }
            first = false;
            form.put_string(member.key, out);
            out.extend_from_slice(form.colon());
            match replaced {
                Some(token) => out.extend_from_slice(token),
                None => member.write(form, out),
            }
        };
        if form.order != Order::AsWritten {
            let mut order: Vec<(u64, usize, &Member<'a>)> = Vec::with_capacity(self.members.len());
            let members = self.members.iter().enumerate();
            order.extend(members.map(|(index, member)| (beginning(member.key), index, member)));
            let plain = order.iter().all(|member| is_plain(member.2.key));
            // Stable, so that doubled keys keep their order.
            order.sort_by(|a, b| {
                let by_beginning = if plain {
                    a.0.cmp(&b.0)
                } else {
                    Ordering::Equal
                };
                by_beginning.then_with(|| form.compare(a.2.key, b.2.key))
            });
            order.into_iter().map(|m| (m.1, m.2)).for_each(&mut put);
        } else {
            self.members.iter().enumerate().for_each(&mut put);
        }
        out.push(b'}');
    }
}

/// What a value would measure without blanks.
struct Size {
    compact: usize,
    separators: usize,
}

impl<'a> Member<'a> {
    /// Reads the value after a colon at `colon` of `line`.
    fn read(
        reader: &mut Reader<'a>,
        line: &'a [u8],
        colon: usize,
        key: &'a [u8],
    ) -> Result<(Self, Size), JsonError> {
        let mut size = Size {
            compact: 0,
            separators: 0,
        };
        let mut levels: Vec<Level<'a>> = Vec::new();
        let (mut nested, mut sorted) = (false, true);
        while let Some(token) = reader.next_token()? {
            let closes = matches!(token, Token::EndObject | Token::EndArray);
            if let Some(level) = levels.last_mut()
                && !closes
                && (!level.object || matches!(token, Token::Key(_)))
            {
                if !level.empty {
                    size.compact += 1;
                    size.separators += 1;
                }
                level.empty = false;
            }
            match token {
                Token::BeginObject | Token::BeginArray => {
                    nested = true;
                    size.compact += 1;
                    levels.push(Level {
                        object: token == Token::BeginObject,
                        empty: true,
                        last_key: None,
                    });
                }
                Token::EndObject | Token::EndArray => {
                    size.compact += 1;
                    levels.pop();
                }
                Token::Key(name) => {
                    size.compact += name.len() + 1;
                    size.separators += 1;
                    if let Some(level) = levels.last_mut() {
                        sorted &= level
                            .last_key
                            .is_none_or(|last| key_order(last, name) != Ordering::Greater);
                        level.last_key = Some(name);
                    }
                }
                Token::Str(text) | Token::Num(text) => size.compact += text.len(),
                Token::True | Token::Null => size.compact += 4,
                Token::False => size.compact += 5,
            }
            if levels.is_empty() {
                break;
            }
        }
        let value = line[colon..reader.offset()].trim_ascii_start();
        let member = Self {
            key,
            value,
            at: reader.offset() - value.len(),
            nested,
            compact: value.len() == size.compact,
            sorted,
        };
        Ok((member, size))
    }

    fn write(&self, form: Form, out: &mut Vec<u8>) {
        let in_order = match form.order {
            Order::AsWritten => true,
            Order::CodePoint => self.sorted,
            Order::Utf16 => false,
        };
        let as_written =
            !form.respelled && (!self.nested || (!form.spaced && self.compact && in_order));
        let start = out.len();
        if as_written || rewrite(self.value, form, out).is_err() {
            // The value was read before, so `rewrite` does not fail; if it did, its bytes are the honest answer.
            out.truncate(start);
            out.extend_from_slice(self.value);
        }
    }
}

/// An open bracket while a value is rewritten: where its members start in the output.
struct Open<'a> {
    object: bool,
    members: Vec<(&'a [u8], usize)>,
}

/// Appends `value` in `form`. Nothing recurses: an object is sorted in the output when it closes.
fn rewrite(value: &[u8], form: Form, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let mut reader = Reader::new(value);
    let mut levels: Vec<Open<'_>> = Vec::new();
    while let Some(token) = reader.next_token()? {
        let closes = matches!(token, Token::EndObject | Token::EndArray);
        if let Some(level) = levels.last_mut()
            && !closes
        {
            let key: Option<&[u8]> = match token {
                Token::Key(key) => Some(key),
                _ if level.object => None,
                _ => Some(b""),
            };
            if let Some(key) = key {
                if !level.members.is_empty() {
                    out.extend_from_slice(form.comma());
                }
                level.members.push((key, out.len()));
            }
        }
        match token {
            Token::BeginObject | Token::BeginArray => {
                let object = token == Token::BeginObject;
                out.push(if object { b'{' } else { b'[' });
                levels.push(Open {
                    object,
                    members: Vec::new(),
                });
            }
            Token::EndObject | Token::EndArray => {
                if let Some(level) = levels.pop()
                    && level.object
                    && form.order != Order::AsWritten
                {
                    sort_members(&level.members, form, out);
                }
                out.push(if token == Token::EndObject {
                    b'}'
                } else {
                    b']'
                });
            }
            Token::Key(key) => {
                form.put_string(key, out);
                out.extend_from_slice(form.colon());
            }
            Token::Str(text) => form.put_string(text, out),
            Token::Num(text) => form.put_number(text, out),
            Token::True => out.extend_from_slice(b"true"),
            Token::False => out.extend_from_slice(b"false"),
            Token::Null => out.extend_from_slice(b"null"),
        }
    }
    Ok(())
}

/// Puts the members at the end of `out` (each with where it starts) in order.
fn sort_members(members: &[(&[u8], usize)], form: Form, out: &mut Vec<u8>) {
    let comma = form.comma();
    if members.is_sorted_by(|a, b| form.compare(a.0, b.0) != Ordering::Greater) {
        return;
    }
    let Some(&(_, start)) = members.first() else {
        return;
    };
    let written = out.split_off(start);
    let ends = members[1..]
        .iter()
        .map(|m| m.1 - comma.len())
        .chain([start + written.len()]);
    let mut spans: Vec<(&[u8], usize, usize)> = members
        .iter()
        .zip(ends)
        .map(|(&(key, from), to)| (key, from - start, to - start))
        .collect();
    spans.sort_by(|a, b| form.compare(a.0, b.0));
    for (i, (_, from, to)) in spans.into_iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(comma);
        }
        out.extend_from_slice(&written[from..to]);
    }
}

#[cfg(test)]
mod tests;
