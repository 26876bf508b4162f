//! The leaves at one path of a JSON record that was read before, without reading the rest of it.

use std::borrow::Cow;

use memchr::memchr2;

use crate::event::LONGEST_PATH;
use crate::json::{MAX_DEPTH, unescape};

/// Gives `each` the text of every leaf at `path` that is not empty, as [`Attributes::all`] of the whole record would:
/// `record` is one that [`flatten`] took to its end. `None` = it is not such a record after all.
///
/// [`Attributes::all`]: crate::event::Attributes::all
/// [`flatten`]: super::flatten::flatten
pub(crate) fn leaves_at(record: &[u8], path: &str, each: &mut dyn FnMut(&str)) -> Option<()> {
    let mut seeker = Seeker {
        bytes: record,
        pos: 0,
        path,
    };
    if seeker.peek()? != b'{' {
        return None;
    }
    seeker.value(0, 0, each)
}

struct Seeker<'a> {
    bytes: &'a [u8],
    pos: usize,
    path: &'a str,
}

impl<'a> Seeker<'a> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.pos) {
            self.pos += 1;
        }
        self.bytes.get(self.pos).copied()
    }

    /// A value whose path is the first `at` bytes of the one that is looked for.
    fn value(&mut self, at: usize, depth: usize, each: &mut dyn FnMut(&str)) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let is_it = at == self.path.len();
        match self.peek()? {
            b'{' => {
                self.pos += 1;
                self.members(at, depth, each)
            }
            b'[' => {
                self.pos += 1;
                while self.peek()? != b']' {
                    self.value(at, depth + 1, each)?;
                    if self.peek()? == b',' {
                        self.pos += 1;
                    }
                }
                self.pos += 1;
                Some(())
            }
            b'"' => {
                let raw = self.string()?;
                if is_it {
                    each(&unescape(raw));
                }
                Some(())
            }
            _ => {
                let raw = self.word()?;
                if is_it && raw != b"null" {
                    each(std::str::from_utf8(raw).ok()?);
                }
                Some(())
            }
        }
    }

    /// The members of an object, behind its bracket.
    fn members(&mut self, at: usize, depth: usize, each: &mut dyn FnMut(&str)) -> Option<()> {
        loop {
            match self.peek()? {
                b'}' => {
                    self.pos += 1;
                    return Some(());
                }
                b',' => self.pos += 1,
                b'"' => {
                    let raw = self.string()?;
                    if self.peek()? != b':' {
                        return None;
                    }
                    self.pos += 1;
                    match self.below(at, raw) {
                        Some(at) => self.value(at, depth + 1, each)?,
                        None => self.skip()?,
                    }
                }
                _ => return None,
            }
        }
    }

    /// How much of the path is behind a key; `None` if it leads elsewhere.
    fn below(&self, at: usize, raw: &[u8]) -> Option<usize> {
        let inner = raw.get(1..raw.len() - 1)?;
        let key = match memchr::memchr(b'\\', inner) {
            None => Cow::Borrowed(std::str::from_utf8(inner).ok()?),
            Some(_) => unescape(raw),
        };
        // As in `flatten`: what is too long is left out of paths.
        if at + key.len() >= LONGEST_PATH {
            return Some(at);
        }
        let rest = &self.path[at..];
        let rest = if at == 0 {
            rest
        } else {
            rest.strip_prefix('.')?
        };
        let rest = rest.strip_prefix(&*key)?;
        Some(self.path.len() - rest.len())
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.pos;
        self.pos += 1;
        loop {
            self.pos += memchr2(b'"', b'\\', self.bytes.get(self.pos..)?)?;
            if self.bytes[self.pos] == b'"' {
                self.pos += 1;
                return self.bytes.get(start..self.pos);
            }
            self.pos += 2;
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.pos..)?;
        let is_end = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let len = rest.iter().position(is_end).unwrap_or(rest.len());
        self.pos += len;
        (len > 0).then_some(&rest[..len])
    }

    /// Goes behind a value.
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' | b'[' => self.skip_brackets(),
            _ => self.word().map(drop),
        }
    }

    fn skip_brackets(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.bytes.get(self.pos)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.pos += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::flatten::flatten;
    use super::*;
    use crate::event::Attributes;

    fn found(record: &str, path: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        leaves_at(record.as_bytes(), path, &mut |text| {
            found.push(text.to_owned())
        })?;
        Some(found)
    }

    fn same_as_all(record: &str) {
        let mut all = Attributes::default();
        flatten(record.as_bytes(), &mut all).unwrap();
        let mut paths: Vec<String> = all.iter().map(|(path, _)| path.to_owned()).collect();
        paths.extend(["", ".", "a", "a.", "absent", "a.b.c.d"].map(String::from));
        for path in paths {
            let wanted: Vec<String> = all.all(&path).map(|v| v.text.to_owned()).collect();
            assert_eq!(found(record, &path), Some(wanted), "{path:?} of {record}");
        }
    }

    #[test]
    fn finds_what_the_whole_record_holds() {
        for record in [
            r#"{"a":{"b":[1,{"c":"x"},[2],null,true],"d.e":"\u0041\"}"},"a.b":"dotted","a":3}"#,
            r#" { "a" : [ { "b" : "1" } , { "b" : [ ] , "c" : { } } ] , "" : { "" : { "a" : 1 } } } "#,
            r#"{"":{"a":{"":2}},"ab":{"c":1},"a":{"b":{"c":"\\"}}}"#,
            r#"{"\u0061":{"b":"escaped key"},"x":"{\"a\":1}","a":-1.5e3}"#,
            "{}",
        ] {
            same_as_all(record);
        }
        let long = "k".repeat(LONGEST_PATH);
        same_as_all(&format!(
            r#"{{"a":{{"{long}":"cut"}},"{long}":{{"a":"outer"}}}}"#
        ));
    }

    #[test]
    fn what_is_no_record_is_none_or_harmless() {
        for record in [
            "",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":\"",
            "[",
            "[1,",
            "{\"a\":\"\\",
            "{1}",
        ] {
            assert_eq!(found(record, "a"), None, "{record}");
        }
        let deep = "[".repeat(10_000);
        assert_eq!(found(&deep, "a"), None);
    }

    fn json() -> impl Strategy<Value = Value> {
        let text = "[a-c.\"\\\\é{}\\[\\]]{0,3}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((text, inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_flatten(value in json()) {
            same_as_all(&json!({"a": value.clone(), "b": [value]}).to_string());
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60), path in "[a-c.]{0,4}") {
            let _ = leaves_at(&bytes, &path, &mut |_| ());
        }
    }
}
