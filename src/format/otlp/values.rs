//! The protocol's values: `{"stringValue": …}`, lists of `{"key": …, "value": …}`, as leaves under their paths.

use crate::event::{Attributes, Kind, LONGEST_PATH};
use crate::json::{Reader, Token, unescape};

enum Node {
    Leaf(Kind, String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Reads the object at the start of `bytes` into leaves below `prefix`; returns what follows it.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    prefix: &str,
    out: &mut Attributes,
) -> Result<&'a [u8], String> {
    let mut reader = Reader::new(bytes);
    let node = tree(&mut reader).map_err(|error| format!("not valid JSON: {error}"))?;
    emit(&node, &mut prefix.to_owned(), out);
    Ok(bytes[reader.offset()..].trim_ascii())
}

/// One value. The reader bounds its depth, so that of the tree and of what walks it.
fn tree(reader: &mut Reader<'_>) -> Result<Node, crate::json::JsonError> {
    // Open lists and objects, with the key that each of an object's values will stand under.
    let mut open: Vec<(Node, String)> = Vec::new();
    let mut key = String::new();
    let mut root = Node::Leaf(Kind::Empty, "null".into());
    while let Some(token) = reader.next_token()? {
        let done = match token {
            Token::Key(raw) => {
                key = unescape(raw).into_owned();
                continue;
            }
            Token::BeginObject => {
                open.push((Node::Map(Vec::new()), std::mem::take(&mut key)));
                continue;
            }
            Token::BeginArray => {
                open.push((Node::List(Vec::new()), std::mem::take(&mut key)));
                continue;
            }
            Token::EndObject | Token::EndArray => match open.pop() {
                Some((node, under)) => {
                    key = under;
                    node
                }
                None => continue,
            },
            Token::Str(raw) => Node::Leaf(Kind::Str, unescape(raw).into_owned()),
            Token::Num(raw) => Node::Leaf(Kind::Num, String::from_utf8_lossy(raw).into_owned()),
            Token::True => Node::Leaf(Kind::Bool, "true".into()),
            Token::False => Node::Leaf(Kind::Bool, "false".into()),
            Token::Null => Node::Leaf(Kind::Empty, "null".into()),
        };
        match open.last_mut() {
            Some((Node::Map(members), _)) => members.push((std::mem::take(&mut key), done)),
            Some((Node::List(items), _)) => items.push(done),
            _ => root = done,
        }
    }
    Ok(root)
}

fn emit(node: &Node, path: &mut String, out: &mut Attributes) {
    match node {
        Node::Leaf(kind, text) => out.push(path, *kind, text),
        Node::List(items) if items.is_empty() => out.push(path, Kind::Empty, "[]"),
        Node::List(items) => {
            for item in items {
                match pair(item) {
                    Some((key, value)) => below(key, value, path, out),
                    None => emit(item, path, out),
                }
            }
        }
        Node::Map(members) => match members.as_slice() {
            [] => out.push(path, Kind::Empty, "{}"),
            [(name, value)] => match (name.as_str(), value) {
                ("stringValue" | "bytesValue" | "boolValue", value) => emit(value, path, out),
                // 64 bits are written as a string.
                ("intValue" | "doubleValue", Node::Leaf(_, number)) => {
                    out.push(path, Kind::Num, number);
                }
                ("arrayValue" | "kvlistValue", Node::Map(inner)) => match inner.as_slice() {
                    [(values, list)] if values == "values" => emit(list, path, out),
                    _ => out.push(path, Kind::Empty, "[]"),
                },
                (_, value) => below(name, value, path, out),
            },
            members => {
                for (name, value) in members {
                    below(name, value, path, out);
                }
            }
        },
    }
}

fn below(name: &str, node: &Node, path: &mut String, out: &mut Attributes) {
    let before = path.len();
    if before + name.len() < LONGEST_PATH {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    }
    emit(node, path, out);
    path.truncate(before);
}

/// A key and its value, of a list that is a map.
fn pair(item: &Node) -> Option<(&str, &Node)> {
    let Node::Map(members) = item else {
        return None;
    };
    match members.as_slice() {
        [(k, Node::Leaf(Kind::Str, key)), (v, value)] if k == "key" && v == "value" => {
            Some((key, value))
        }
        [(v, value), (k, Node::Leaf(Kind::Str, key))] if k == "key" && v == "value" => {
            Some((key, value))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_maps_become_paths() {
        let text = br#"{"attributes":[{"key":"user.name","value":{"stringValue":"a"}},
            {"key":"n","value":{"intValue":"10"}},{"value":{"boolValue":true},"key":"b"},
            {"key":"l","value":{"arrayValue":{"values":[{"stringValue":"x"},{"doubleValue":1.5}]}}},
            {"key":"m","value":{"kvlistValue":{"values":[{"key":"k.k","value":{"stringValue":"v"}}]}}},
            {"key":"none","value":{}},{"key":"empty","value":{"arrayValue":{}}}],
            "body":{"stringValue":"said"},"flags":1} {"rest":1}"#;
        let mut leaves = Attributes::default();
        let rest = read(text, "", &mut leaves).unwrap();
        assert_eq!(rest, b"{\"rest\":1}");
        let seen: Vec<String> = leaves
            .iter()
            .map(|(p, v)| format!("{p}={}", v.text))
            .collect();
        assert_eq!(
            seen,
            [
                "attributes.user.name=a",
                "attributes.n=10",
                "attributes.b=true",
                "attributes.l=x",
                "attributes.l=1.5",
                "attributes.m.k.k=v",
                "attributes.none={}",
                "attributes.empty=[]",
                "body=said",
                "flags=1"
            ]
        );
        assert_eq!(leaves.iter().nth(1).unwrap().1.kind, Kind::Num);
    }
}
