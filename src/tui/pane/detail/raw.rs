//! The record as it was read, a line a line; JSON broken into lines, every token as it was written.

use crate::json::{Reader, Token};
use crate::text::bytes;

/// Levels that are indented; deeper ones stay below each other.
const MAX_INDENT: usize = 40;

/// Lines of a record, not yet safe.
pub(super) fn lines(raw: &[u8]) -> Vec<String> {
    json(raw).unwrap_or_else(|| {
        let text = bytes(raw);
        text.strip_suffix('\n')
            .unwrap_or(&text)
            .split('\n')
            .map(str::to_owned)
            .collect()
    })
}

/// `None` where the record is not one JSON object or array and nothing else.
fn json(raw: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader::new(raw);
    let mut lines = Vec::new();
    let mut line = String::new();
    // Items so far of every open bracket.
    let mut open: Vec<usize> = Vec::new();
    let mut after_key = false;
    while let Some(token) = reader.next_token().ok()? {
        let is_end = matches!(token, Token::EndObject | Token::EndArray);
        if is_end {
            if open.pop().is_some_and(|items| items > 0) {
                lines.push(std::mem::replace(&mut line, indent(open.len())));
            }
        } else if !after_key {
            let depth = open.len();
            match open.last_mut() {
                Some(items) => {
                    if *items > 0 {
                        line.push(',');
                    }
                    *items += 1;
                    lines.push(std::mem::replace(&mut line, indent(depth)));
                }
                None if matches!(token, Token::BeginObject | Token::BeginArray) => {}
                None => return None,
            }
        }
        after_key = false;
        match token {
            Token::BeginObject | Token::BeginArray => {
                line.push(if token == Token::BeginObject {
                    '{'
                } else {
                    '['
                });
                open.push(0);
            }
            Token::EndObject => line.push('}'),
            Token::EndArray => line.push(']'),
            Token::Key(key) => {
                line.push_str(&bytes(key));
                line.push_str(": ");
                after_key = true;
            }
            Token::Str(text) | Token::Num(text) => line.push_str(&bytes(text)),
            Token::True => line.push_str("true"),
            Token::False => line.push_str("false"),
            Token::Null => line.push_str("null"),
        }
    }
    lines.push(line);
    let rest = raw.get(reader.offset()..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_whitespace).then_some(lines)
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth.min(MAX_INDENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_broken_into_lines_and_keeps_its_tokens() {
        let raw = br#"{"a":{"n":1.50,"e":{},"l":[1,[],"x\u0041"]},"b":null} "#;
        let want = [
            "{",
            "  \"a\": {",
            "    \"n\": 1.50,",
            "    \"e\": {},",
            "    \"l\": [",
            "      1,",
            "      [],",
            "      \"x\\u0041\"",
            "    ]",
            "  },",
            "  \"b\": null",
            "}",
        ];
        assert_eq!(lines(raw), want);
        // Nothing but blanks between tokens was changed.
        let tokens = |t: &str| t.replace([' ', '\n'], "");
        assert_eq!(
            tokens(&lines(raw).join("\n")),
            tokens(&String::from_utf8_lossy(raw))
        );
    }

    #[test]
    fn what_is_no_json_stays_as_it_is() {
        for raw in ["type=A\ntype=B\n", "{\"a\":1} x", "{\"a\":", "12", ""] {
            let want: Vec<&str> = raw.strip_suffix('\n').unwrap_or(raw).split('\n').collect();
            assert_eq!(lines(raw.as_bytes()), want, "{raw}");
        }
        assert_eq!(lines(b"\xff"), ["\\xff"]);
    }
}
