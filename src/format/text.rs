//! Plain text, the last resort: every line an event, a leading time read where there is one.

use super::framer::LineFramer;
use super::record::{event_of, lossy, trimmed};
use super::{Context, Format, Frame, Framer, Score};
use crate::event::time::SECOND;
use crate::event::{Event, Timestamp};

pub(super) struct Text;

impl Format for Text {
    fn id(&self) -> &'static str {
        "text"
    }

    fn title(&self) -> &'static str {
        "Plain text, one event a line"
    }

    fn version(&self) -> u32 {
        1
    }

    fn sniff(&self, _: &[u8]) -> Score {
        1
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(LineFramer::new(offset))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let mut event = event_of(frame);
        let text = lossy(trimmed(&frame.bytes));
        event.ts = leading_time(&text, context).map(|(ts, _)| ts);
        event.message = Some(text.into_owned());
        Ok(vec![event])
    }

    fn mapping(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("ts", "a leading ISO 8601 time, also in brackets"),
            ("message", "the line"),
        ]
    }
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
        ts.saturating_add(-i64::from(context.zone_offset) * SECOND)
    } else {
        ts
    };
    Some((ts, &inner[end + zone..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_times_are_read_with_their_zone_or_the_contexts() {
        let context = Context {
            zone_offset: 3600,
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
