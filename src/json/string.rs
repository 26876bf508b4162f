//! JSON strings: taking escapes off and putting them on.

use std::borrow::Cow;

/// The text of a string token (quotes included in `raw`). Lone surrogates and invalid UTF-8 become U+FFFD.
pub fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    // Checking first is several times faster than replacing what is rarely there.
    without_escapes(match std::str::from_utf8(inner) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(inner),
    })
}

/// The same for a token of a text, `raw` being a part of `whole`: what is known to be UTF-8 is not looked at again.
pub fn unescape_within<'a>(whole: &'a str, raw: &'a [u8]) -> Cow<'a, str> {
    match within(whole, raw) {
        Some(text) => without_escapes(Cow::Borrowed(text)),
        None => unescape(raw),
    }
}

/// The same for a token that is known to hold no escape.
pub fn plain_within<'a>(whole: &'a str, raw: &'a [u8]) -> Cow<'a, str> {
    within(whole, raw).map_or_else(|| unescape(raw), Cow::Borrowed)
}

/// What a string token, quotes left out, is of a text that it is a part of.
fn within<'a>(whole: &'a str, raw: &[u8]) -> Option<&'a str> {
    let start = (raw.as_ptr().addr()).wrapping_sub(whole.as_ptr().addr());
    whole.get(start.wrapping_add(1)..start.wrapping_add(raw.len()).wrapping_sub(1))
}

fn without_escapes(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else {
            break;
        };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => rest = unicode_escape(rest, &mut out),
            other => out.push(other),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn hex4(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..4)?, 16).ok()
}

/// Reads the digits after `\u`, joining a surrogate pair; returns what follows.
fn unicode_escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let Some(unit) = hex4(rest) else {
        out.push(char::REPLACEMENT_CHARACTER);
        return rest;
    };
    let rest = &rest[4..];
    if (0xD800..0xDC00).contains(&unit)
        && let Some(low) = rest.strip_prefix("\\u").and_then(hex4)
        && (0xDC00..0xE000).contains(&low)
    {
        let joined = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        out.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
        return &rest[6..];
    }
    out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

/// Appends `text` as a JSON string with quotes. Escapes what RFC 8259 demands and whatever else the caller wants; the
/// text read back is the same.
pub fn escape_into(text: &str, out: &mut String, also: impl Fn(char) -> bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || also(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_come_off() {
        for (raw, want) in [
            (r#""plain""#, "plain"),
            (r#""a\n\t\"\\\/b""#, "a\n\t\"\\/b"),
            (r#""caf\u00e9 \ud83d\ude00""#, "café 😀"),
            (r#""\ud83d x""#, "\u{fffd} x"),
            (r#""\udc00""#, "\u{fffd}"),
            (r#""""#, ""),
        ] {
            assert_eq!(unescape(raw.as_bytes()), want, "{raw}");
        }
        assert_eq!(unescape(b"\"a\xffb\""), "a\u{fffd}b");
        let whole = r#"["","é","a\nb"]"#;
        for (raw, want) in [(1..3, ""), (4..8, "é"), (9..15, "a\nb")] {
            assert_eq!(unescape_within(whole, &whole.as_bytes()[raw]), want);
        }
        assert_eq!(plain_within(whole, &whole.as_bytes()[4..8]), "é");
        assert_eq!(plain_within("", b"\"elsewhere\""), "elsewhere");
        assert_eq!(unescape_within("", b"\"elsewhere\""), "elsewhere");
        assert_eq!(unescape_within("", b""), "");
    }
}
