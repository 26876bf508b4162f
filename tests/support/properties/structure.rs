//! What may stand around records in JSON without being in any.

use auditty::format::is_around_records as is_name;
use auditty::json::{Reader, Token, unescape};

/// Whether this is only brackets, commas and whole members that tell of a list and not of what happened. In a batch
/// of OpenTelemetry (`any_name`) members have many names.
pub(super) fn is_around_records(gap: &[u8], any_name: bool) -> bool {
    let mut rest = gap.strip_prefix(b"\xef\xbb\xbf").unwrap_or(gap);
    loop {
        let is_bracket = |b: &u8| b.is_ascii_whitespace() || b",[]{}".contains(b);
        let brackets = rest.iter().take_while(|b| is_bracket(b)).count();
        rest = &rest[brackets..];
        if rest.is_empty() {
            return true;
        }
        let mut name = Reader::new(rest);
        let Ok(Some(Token::Str(raw))) = name.next_token() else {
            return false;
        };
        if !any_name && !is_name(&unescape(raw)) {
            return false;
        }
        let after = rest[name.offset()..].trim_ascii_start();
        let Some(value) = after.strip_prefix(b":") else {
            return false;
        };
        // The value is whole, or it is the list that the records are in.
        rest = &value[value_length(value).unwrap_or(0)..];
    }
}

/// How many bytes of it are one JSON value; `None` if it is not whole.
fn value_length(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(bytes);
    loop {
        reader.next_token().ok()??;
        if reader.depth() == 0 {
            return Some(reader.offset());
        }
    }
}
