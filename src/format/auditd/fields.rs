//! The `key=value` pairs of a record: quoted, hex-encoded, nested in `msg='…'`, enriched after 0x1D.

use std::borrow::Cow;

use crate::format::record::lossy;

/// The group separator between a raw record and what auditd's enrichment added.
const ENRICHED: u8 = 0x1d;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field<'a> {
    pub(super) key: Cow<'a, str>,
    /// The value as written, quotes taken off.
    pub(super) raw: &'a [u8],
    pub(super) quoted: bool,
}

/// Every pair of a record's body, in order. Words that are no pair are given out under the key `""`.
pub(super) fn fields(body: &[u8]) -> Vec<Field<'_>> {
    let mut lexer = Lexer {
        rest: body,
        nested: false,
        prefix: None,
    };
    let mut fields = Vec::with_capacity(32);
    while let Some(field) = lexer.next() {
        fields.push(field);
    }
    fields
}

struct Lexer<'a> {
    rest: &'a [u8],
    /// Inside `msg='…'`.
    nested: bool,
    /// `old` or `new` of `old auid=1`, which belong to the next key.
    prefix: Option<&'a [u8]>,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let skip = self
                .rest
                .iter()
                .position(|b| {
                    !(b.is_ascii_whitespace()
                        || matches!(*b, ENRICHED | b',')
                        || (*b == b'\'' && self.nested))
                })
                .unwrap_or(self.rest.len());
            if self.rest[..skip].contains(&b'\'') {
                self.nested = false;
            }
            self.rest = &self.rest[skip..];
            if self.rest.is_empty() {
                return self.prefix.take().map(word);
            }
            let end = self
                .rest
                .iter()
                .position(|b| self.ends_token(*b) || *b == b'=')
                .unwrap_or(self.rest.len());
            let token = &self.rest[..end];
            if self.rest.get(end) != Some(&b'=') {
                // A lone quote is stepped over, so that every turn moves on.
                let end = end.max(1);
                let token = &self.rest[..end];
                self.rest = &self.rest[end..];
                if let Some(word) = self.bare(token) {
                    return Some(word);
                }
                continue;
            }
            self.rest = &self.rest[end + 1..];
            if token == b"msg" && self.rest.first() == Some(&b'\'') && !self.nested {
                self.rest = &self.rest[1..];
                self.nested = true;
                continue;
            }
            let key = match self.prefix.take() {
                Some(prefix) => Cow::Owned(format!("{}-{}", lossy(prefix), lossy(token))),
                None => lossy(token),
            };
            let (raw, quoted) = self.value();
            return Some(Field { key, raw, quoted });
        }
    }

    fn bare(&mut self, token: &'a [u8]) -> Option<Field<'a>> {
        let before = self.prefix.take();
        if token == b"old" || token == b"new" {
            self.prefix = Some(token);
            return before.map(word);
        }
        // `{ read write }` of an AVC record and the like are single words.
        if token == b"{"
            && let Some(close) = closing_brace(self.rest)
        {
            let inner = self.rest[..close].trim_ascii();
            self.rest = &self.rest[close + 1..];
            return Some(Field {
                key: Cow::Borrowed("seperms"),
                raw: inner,
                quoted: true,
            });
        }
        Some(word(token))
    }

    fn ends_token(&self, byte: u8) -> bool {
        byte.is_ascii_whitespace() || byte == ENRICHED || (self.nested && byte == b'\'')
    }

    fn value(&mut self) -> (&'a [u8], bool) {
        let rest = self.rest;
        let enclosed = match rest.first() {
            Some(b'"') => memchr::memchr(b'"', &rest[1..]),
            Some(b'\'') if !self.nested => memchr::memchr(b'\'', &rest[1..]),
            Some(b'{') => closing_brace(&rest[1..]),
            _ => None,
        };
        if let Some(length) = enclosed {
            self.rest = &rest[length + 2..];
            return (&rest[1..=length], true);
        }
        let end = rest
            .iter()
            .position(|b| self.ends_token(*b))
            .unwrap_or(rest.len());
        self.rest = &rest[end..];
        (&rest[..end], false)
    }
}

/// Looked for nearby only, else a line of nothing but opening braces takes quadratic time.
fn closing_brace(text: &[u8]) -> Option<usize> {
    memchr::memchr(b'}', &text[..text.len().min(1024)])
}

fn word(token: &[u8]) -> Field<'_> {
    Field {
        key: Cow::Borrowed(""),
        raw: token,
        quoted: true,
    }
}

/// Fields the kernel writes in hex when they hold blanks, quotes or control characters (never quoted then).
const ENCODED: [&str; 22] = [
    "proctitle",
    "name",
    "cmd",
    "exe",
    "comm",
    "key",
    "acct",
    "cwd",
    "path",
    "data",
    "dir",
    "file",
    "ocomm",
    "watch",
    "grp",
    "old-comm",
    "new-disk",
    "old-disk",
    "new-fs",
    "old-fs",
    "device",
    "sw",
];

impl Field<'_> {
    /// Absent in disguise.
    pub(super) fn is_absent(&self) -> bool {
        !self.quoted && matches!(self.raw, b"(null)" | b"(none)" | b"?" | b"")
    }

    /// The value as text, hex taken off where the kernel puts it on. `arguments`: the record is an EXECVE, whose
    /// `a0`, `a1`, … are encoded too.
    pub(super) fn text(&self, arguments: bool) -> Cow<'_, str> {
        let encoded = ENCODED.contains(&self.key.as_ref()) || (arguments && is_argument(&self.key));
        if encoded
            && !self.quoted
            && let Some(mut bytes) = unhex(self.raw)
        {
            if self.key == "proctitle" || self.key == "data" {
                // Arguments are separated by NUL.
                while bytes.last() == Some(&0) {
                    bytes.pop();
                }
                bytes
                    .iter_mut()
                    .filter(|b| **b == 0)
                    .for_each(|b| *b = b' ');
            }
            return Cow::Owned(lossy(&bytes).into_owned());
        }
        lossy(self.raw)
    }
}

/// `a0`, `a12`, `a1[3]` (a piece of a long argument), but not `a1_len`.
pub(super) fn is_argument(key: &str) -> bool {
    let Some(rest) = key.strip_prefix('a') else {
        return false;
    };
    let rest = rest.split('[').next().unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
}

/// Pairs of upper-case hex digits, as the kernel writes them.
pub(super) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    };
    text.chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(body: &str) -> Vec<String> {
        fields(body.as_bytes())
            .iter()
            .filter(|f| !f.is_absent())
            .map(|f| format!("{}={}", f.key, f.text(true)))
            .collect()
    }

    #[test]
    fn quotes_nesting_hex_and_enrichment_come_off() {
        assert_eq!(
            pairs(
                "pid=1 a0=\"x y\" a1=6C73 key=(null) msg='op=PAM:auth acct=\"it's\" addr=? res=failed'\u{1d}UID=\"root\""
            ),
            [
                "pid=1",
                "a0=x y",
                "a1=ls",
                "op=PAM:auth",
                "acct=it's",
                "res=failed",
                "UID=root"
            ]
        );
        assert_eq!(
            pairs("old auid=4294967295 new auid=0 res=1\u{1d}OLD-AUID=\"unset\""),
            [
                "old-auid=4294967295",
                "new-auid=0",
                "res=1",
                "OLD-AUID=unset"
            ]
        );
        assert_eq!(
            pairs("avc:  denied  { getattr read } for  pid=1 path=\"/x\""),
            [
                "=avc:",
                "=denied",
                "seperms=getattr read",
                "=for",
                "pid=1",
                "path=/x"
            ]
        );
        assert_eq!(pairs("proctitle=6C73002D6C00"), ["proctitle=ls -l"]);
    }

    #[test]
    fn broken_quotes_end_somewhere() {
        for body in [
            "a=\"",
            "msg='",
            "msg='x=\"'",
            "'",
            "=",
            "==",
            "a='b",
            "{",
            "old",
            "old new",
            "\u{1d}",
            "''''",
        ] {
            fields(body.as_bytes());
        }
        assert_eq!(pairs("a=\"x b=1"), ["a=\"x", "b=1"]);
    }
}
