//! What the formats share: a frame's text, its JSON leaves, addresses, outcome words, leading times.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::flatten::flatten;
use super::{Context, Frame};
use crate::event::{Attributes, Event, Kind, Outcome, Severity, Timestamp};

/// Without a byte order mark and blanks around.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    without_mark(bytes).trim_ascii()
}

/// Without the byte order mark that some writers begin a file with.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The bytes as text; what is not UTF-8 is spelt `\xNN`.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(out)
}

/// An event of this frame with nothing filled in but `raw` and what is wrong with the bytes.
pub(super) fn event_of(frame: &Frame) -> Event {
    let mut event = Event {
        raw: frame.bytes.clone(),
        ..Event::default()
    };
    if std::str::from_utf8(&frame.bytes).is_err() {
        add_note(&mut event, "holds bytes that are not UTF-8");
    }
    if memchr::memchr(0, &frame.bytes).is_some() {
        add_note(&mut event, "holds NUL bytes");
    }
    event
}

/// What a value is that stands without quotes, as in CSV and logfmt.
pub(super) fn kind(value: &str) -> Kind {
    match value {
        "" => Kind::Empty,
        "true" | "false" => Kind::Bool,
        number if number.parse::<f64>().is_ok_and(f64::is_finite) => Kind::Num,
        _ => Kind::Str,
    }
}

/// A value, unless it is empty.
pub(super) fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn add_note(event: &mut Event, note: &str) {
    match &mut event.note {
        Some(notes) => {
            notes.push_str("; ");
            notes.push_str(note);
        }
        None => event.note = Some(note.to_owned()),
    }
}

/// An event of a frame that is one JSON object, with every leaf in `attributes`.
pub(super) fn json_event(frame: &Frame) -> Result<Event, String> {
    let bytes = trimmed(&frame.bytes);
    if !bytes.starts_with(b"{") {
        return Err("not a JSON object".into());
    }
    let mut event = event_of(frame);
    let read = |bytes: &[u8]| {
        let mut attributes = Attributes::with_capacity(bytes.len(), bytes.len() / 24);
        flatten(bytes, &mut attributes).map(|note| (attributes, note))
    };
    let (attributes, note) = match read(bytes) {
        Ok((mut attributes, note)) => {
            attributes.are_all_of(bytes.len());
            (attributes, note)
        }
        // A person's name with a tab in it must not hide what the person did.
        Err(error) => escape_controls(bytes)
            .and_then(|escaped| read(&escaped).ok())
            .ok_or_else(|| format!("not valid JSON: {error}"))?,
    };
    event.attributes = attributes;
    if let Some(note) = note {
        add_note(&mut event, &note);
    }
    Ok(event)
}

/// JSON whose writer put control characters into strings as they are (RFC 8259 wants them escaped), with these escaped;
/// `None` if there are none.
fn escape_controls(json: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write;
    let mut escaped = Vec::with_capacity(json.len() + 16);
    let (mut inside, mut found, mut bytes) = (false, false, json.iter().copied());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => inside = !inside,
            b'\\' if inside => {
                escaped.push(byte);
                escaped.extend(bytes.next());
                continue;
            }
            0..0x20 if inside => {
                found = true;
                let _ = write!(escaped, "\\u{byte:04x}");
                continue;
            }
            _ => {}
        }
        escaped.push(byte);
    }
    found.then_some(escaped)
}

/// The leaves of JSON inside a string; of a list, those of its objects one after the other.
pub(super) fn leaves_inside(text: &str) -> Option<Attributes> {
    let mut leaves = Attributes::default();
    flatten(text.as_bytes(), &mut leaves).ok()?;
    Some(leaves)
}

/// An address without port, brackets or zone; `None` for anything else (host names, `AWS Internal`). IPv4 inside IPv6
/// (`::ffff:192.0.2.1`, what a socket for both sees) is that IPv4 address.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    written_address(text).map(|ip| ip.to_canonical())
}

fn written_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip);
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let inner = text.strip_prefix('[').unwrap_or(text);
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    inner.split('%').next()?.parse().ok()
}

/// Adds an address unless it is there.
pub(super) fn add_address(event: &mut Event, text: &str) {
    if let Some(ip) = address(text)
        && !event.ip.contains(&ip)
    {
        event.ip.push(ip);
    }
}

/// What the words of many logs say about a result.
pub(super) fn outcome_word(word: &str) -> Outcome {
    const SUCCESS: [&str; 17] = [
        "success",
        "succeeded",
        "successful",
        "ok",
        "allow",
        "allowed",
        "granted",
        "grant",
        "accepted",
        "approved",
        "permit",
        "permitted",
        "true",
        "yes",
        "passed",
        "pass",
        "partiallysucceeded",
    ];
    const FAILURE: [&str; 19] = [
        "failure",
        "failed",
        "fail",
        "error",
        "deny",
        "denied",
        "forbid",
        "forbidden",
        "rejected",
        "reject",
        "unauthorized",
        "refused",
        "blocked",
        "false",
        "no",
        "invalid",
        "timeout",
        "aborted",
        "unsuccessful",
    ];
    let is = |list: &[&str]| list.iter().any(|w| w.eq_ignore_ascii_case(word));
    if is(&SUCCESS) {
        Outcome::Success
    } else if is(&FAILURE) {
        Outcome::Failure
    } else {
        Outcome::Unknown
    }
}

/// As one line, and not too long for a list: statements may be pages.
pub(super) fn brief(statement: &str) -> String {
    const LONGEST: usize = 200;
    let line: Cow<'_, str> = if statement.contains(['\n', '\t', '\r']) || statement.contains("  ") {
        let words: Vec<&str> = statement.split_whitespace().take(LONGEST).collect();
        words.join(" ").into()
    } else {
        statement.trim().into()
    };
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line.into_owned(),
    }
}

/// A time as text in any of the usual ways, or as seconds to nanoseconds since 1970, told by magnitude.
pub(super) fn time_of(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::from_epoch_guess(text))
}

/// Words, booleans, HTTP codes from 100, and 0 as the success of exit and status codes.
pub(super) fn outcome_of(kind: Kind, text: &str) -> Outcome {
    if kind == Kind::Bool || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return outcome_word(text);
    }
    match text.parse::<u32>() {
        Ok(0 | 100..=399) => Outcome::Success,
        Ok(1 | 400..=599) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

/// A name, or syslog's digit.
pub(super) fn severity_of(text: &str) -> Option<Severity> {
    match text.parse::<u8>() {
        Ok(code) => Severity::from_code(code),
        Err(_) => Severity::from_name(text),
    }
}

/// A field table of words for people, as [`super::Format::mapping`] gives it out.
pub(super) fn described(rows: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    rows.iter()
        .map(|(field, paths)| (*field, (*paths).to_owned()))
        .collect()
}

/// An ISO 8601 time at the start of a text (also in brackets), and what follows it. Without a zone of its own it is in
/// the context's.
pub(super) fn leading_time<'a>(text: &'a str, context: &Context) -> Option<(Timestamp, &'a str)> {
    let inner = text.strip_prefix(['[', '(']).unwrap_or(text);
    let bytes = inner.as_bytes();
    if bytes.len() < 19 || !bytes[..19].is_ascii() || !bytes[0].is_ascii_digit() {
        return None;
    }
    let mut end = 19;
    if matches!(bytes.get(end), Some(b'.' | b',')) {
        let digits = bytes[end + 1..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if digits > 0 {
            end += 1 + digits;
        }
    }
    let zone = match bytes.get(end) {
        Some(b'Z' | b'z') => 1,
        Some(b'+' | b'-') => bytes[end..]
            .iter()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b':'))
            .count(),
        _ => 0,
    };
    // `10:00:00+01:00:` (a colon of the text, not of the zone).
    let zone = inner[end..end + zone].trim_end_matches([':', '-']).len();
    let ts = Timestamp::parse(&inner[..end + zone])?;
    let ts = if zone == 0 {
        context.zone.instant(ts)
    } else {
        ts
    };
    Some((ts, &inner[end + zone..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Zone;

    #[test]
    fn control_characters_in_strings_hide_nothing() {
        let json = b"{\"user\":\"al\tice\\\"\x1b[31m\",\t\"b\":[\"c\nd\"]}";
        let escaped = escape_controls(json).unwrap();
        let mut leaves = Attributes::default();
        flatten(&escaped, &mut leaves).unwrap();
        let text = |path: &str| leaves.get(path).map(str::to_owned);
        assert_eq!(text("user").as_deref(), Some("al\tice\"\u{1b}[31m"));
        assert_eq!(text("b").as_deref(), Some("c\nd"));
        assert_eq!(escape_controls(b"{\"a\":\t\"b\"}\n"), None);
    }

    #[test]
    fn addresses_lose_ports_brackets_and_zones() {
        for (text, want) in [
            ("10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.3:443", Some("10.1.2.3")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("AWS Internal", None),
            ("s3.amazonaws.com", None),
            ("", None),
        ] {
            assert_eq!(address(text), want.map(|w| w.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_spelt_out() {
        assert_eq!(lossy(b"a\xff\xfeb"), "a\\xff\\xfeb");
        assert_eq!(lossy("é".as_bytes()), "é");
    }

    #[test]
    fn leading_times_are_read_with_their_zone_or_the_contexts() {
        let context = Context {
            zone: Zone::from(3600),
            ..Context::default()
        };
        for (text, want, rest) in [
            ("2026-03-01T10:00:00Z x", "2026-03-01T10:00:00Z", " x"),
            ("2026-03-01 10:00:00,5 x", "2026-03-01T09:00:00.5Z", " x"),
            (
                "[2026-03-01 10:00:00.25] x",
                "2026-03-01T09:00:00.25Z",
                "] x",
            ),
            (
                "2026-03-01T10:00:00+02:00: x",
                "2026-03-01T08:00:00Z",
                ": x",
            ),
            ("2026-03-01T10:00:00:INFO", "2026-03-01T09:00:00Z", ":INFO"),
        ] {
            assert_eq!(
                leading_time(text, &context),
                Some((Timestamp::parse(want).unwrap(), rest)),
                "{text}"
            );
        }
        for text in [
            "",
            "hello",
            "2026-03-01",
            "é026-03-01T10:00:00Z",
            "2026-99-01T10:00:00Z",
        ] {
            assert_eq!(leading_time(text, &context), None, "{text}");
        }
    }
}
