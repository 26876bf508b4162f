//! What the formats share: a frame's text, its JSON leaves, addresses.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::Frame;
use crate::event::{Attributes, Event, Outcome};
use crate::json;

/// Without a byte order mark and blanks around.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii()
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
    event.attributes = Attributes::with_capacity(bytes.len(), bytes.len() / 24);
    match json::flatten(bytes, &mut event.attributes) {
        Ok(None) => {}
        Ok(Some(note)) => add_note(&mut event, &note),
        Err(error) => return Err(format!("not valid JSON: {error}")),
    }
    Ok(event)
}

/// An address without port, brackets or zone; `None` for anything else (host names, `AWS Internal`).
pub(super) fn address(text: &str) -> Option<IpAddr> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_ports_brackets_and_zones() {
        for (text, want) in [
            ("10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.3:443", Some("10.1.2.3")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
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
}
