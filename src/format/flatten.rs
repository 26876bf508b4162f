//! A JSON record as flat leaves: keys joined by dots, array indices left out.

use crate::event::{Attributes, Kind, LONGEST_PATH};
use crate::json::{JsonError, Reader, Token, plain_within, unescape, unescape_within};

/// Reads one JSON object (or any value) into `out`, a leaf whose path would be too long under the part of it that is not;
/// returns a note if a key occurs twice in one object. What follows the value, other than blanks, is an error.
pub(super) fn flatten(bytes: &[u8], out: &mut Attributes) -> Result<Option<String>, JsonError> {
    let mut reader = Reader::new(bytes);
    let whole = std::str::from_utf8(bytes).ok();
    let text = |raw, has_escapes: bool| match whole {
        Some(whole) if !has_escapes => plain_within(whole, raw),
        Some(whole) => unescape_within(whole, raw),
        None => unescape(raw),
    };
    let mut path = String::with_capacity(128);
    // One entry an open level: the path's length outside it, where its keys begin, whether anything was inside.
    let mut levels: Vec<Level> = Vec::with_capacity(8);
    // The keys seen in all open objects.
    let mut keys: Vec<&[u8]> = Vec::with_capacity(32);
    let mut note = None;
    while let Some(token) = reader.next_token()? {
        match token {
            Token::Key(raw) => {
                let Some(level) = levels.last_mut() else {
                    continue;
                };
                level.filled = true;
                path.truncate(level.base);
                let key = text(raw, reader.has_escapes());
                // Wide objects are rare; for them a double is looked for among the last keys only.
                let mut earlier = keys[level.keys..].iter().rev().take(256);
                if note.is_none() && earlier.any(|k| *k == raw) {
                    note = Some(format!(
                        "the key \"{key}\" occurs more than once in one object"
                    ));
                }
                keys.push(raw);
                if path.len() + key.len() < LONGEST_PATH {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&key);
                }
            }
            Token::BeginObject | Token::BeginArray => {
                fill(&mut levels);
                levels.push(Level {
                    base: path.len(),
                    filled: false,
                    keys: keys.len(),
                });
            }
            Token::EndObject | Token::EndArray => {
                if let Some(level) = levels.pop() {
                    path.truncate(level.base);
                    keys.truncate(level.keys);
                    if !level.filled && !path.is_empty() {
                        out.push(
                            &path,
                            Kind::Empty,
                            if token == Token::EndObject {
                                "{}"
                            } else {
                                "[]"
                            },
                        );
                    }
                }
            }
            Token::Str(raw) => {
                fill(&mut levels);
                out.push(&path, Kind::Str, &text(raw, reader.has_escapes()));
            }
            Token::Num(raw) => {
                fill(&mut levels);
                out.push(
                    &path,
                    Kind::Num,
                    std::str::from_utf8(raw).unwrap_or_default(),
                );
            }
            Token::True => leaf(&mut levels, out, &path, Kind::Bool, "true"),
            Token::False => leaf(&mut levels, out, &path, Kind::Bool, "false"),
            Token::Null => leaf(&mut levels, out, &path, Kind::Empty, "null"),
        }
    }
    let rest = &bytes[reader.offset()..];
    match rest.iter().position(|b| !b.is_ascii_whitespace()) {
        None => Ok(note),
        Some(at) => Err(JsonError {
            offset: reader.offset() + at,
            message: "something follows the JSON value",
        }),
    }
}

struct Level {
    base: usize,
    filled: bool,
    keys: usize,
}

fn fill(levels: &mut [Level]) {
    if let Some(level) = levels.last_mut() {
        level.filled = true;
    }
}

fn leaf(levels: &mut [Level], out: &mut Attributes, path: &str, kind: Kind, text: &str) {
    fill(levels);
    out.push(path, kind, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> Vec<String> {
        let mut a = Attributes::default();
        flatten(text.as_bytes(), &mut a).unwrap();
        a.iter().map(|(p, v)| format!("{p}={}", v.text)).collect()
    }

    #[test]
    fn paths_join_keys_and_leave_indices_out() {
        assert_eq!(
            leaves(r#"{"a":{"b":[1,{"c":"x"},[2]],"d.e":true},"f":[],"g":{},"h":null,"a2":1e5}"#),
            [
                "a.b=1",
                "a.b.c=x",
                "a.b=2",
                "a.d.e=true",
                "f=[]",
                "g={}",
                "h=null",
                "a2=1e5"
            ]
        );
    }

    #[test]
    fn doubled_keys_are_kept_and_noted() {
        let mut a = Attributes::default();
        let note = flatten(br#"{"a":1,"b":{"a":2},"a":3}"#, &mut a).unwrap();
        assert!(note.unwrap().contains("\"a\""));
        assert_eq!(a.all("a").map(|v| v.text).collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(
            flatten(br#"{"a":1}{"b":2}"#, &mut Attributes::default())
                .unwrap_err()
                .offset,
            7
        );
    }

    #[test]
    fn the_key_of_an_array_stays_the_path_of_its_items() {
        assert_eq!(
            leaves(r#"{"ips":["1.1.1.1","2.2.2.2"],"z":{"y":[[{"x":1}]]}}"#),
            ["ips=1.1.1.1", "ips=2.2.2.2", "z.y.x=1"]
        );
    }
}
