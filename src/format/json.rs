//! Any JSON objects: which leaf is which field is guessed. Nested keys are joined by dots; a key with dots of its own
//! (`"log.level"`) is the same path.

use std::sync::Arc;

use super::guess::{self, Guess};
use super::layout::Layout;
use super::record::{json_event, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::Event;
use crate::json;

pub(super) struct Json {
    layout: Layout,
    guess: Arc<Guess>,
}

impl Json {
    pub(super) const ID: &str = "json~";

    pub(super) fn new(layout: Layout, guess: Arc<Guess>) -> Self {
        Self { layout, guess }
    }
}

impl Format for Json {
    fn id(&self) -> &str {
        Self::ID
    }

    fn title(&self) -> &str {
        "any JSON objects, their fields guessed"
    }

    fn version(&self) -> u32 {
        4
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        // At most 45: any format that knows its own records is better.
        let score = self.layout.score(sample, 95, |record| {
            json::is_object(trimmed(record)) || record.len() > sample.bytes().len() / 2
        });
        score.saturating_sub(50).min(45)
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        self.layout.framer(offset)
    }

    fn splittable(&self) -> bool {
        self.layout == Layout::Lines
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let mut event = json_event(frame)?;
        let attributes = std::mem::take(&mut event.attributes);
        self.guess.fill(&mut event, &attributes, context);
        event.attributes = attributes;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        guess::described()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Outcome, Severity, Timestamp};

    fn read(text: &str) -> Event {
        let frame = Frame {
            bytes: bytes::Bytes::copy_from_slice(text.as_bytes()),
            ..Frame::default()
        };
        Json::new(Layout::Lines, Arc::default())
            .parse(&frame, &Context::default())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn usual_spellings_are_found_best_first() {
        let e = read(
            r#"{"@timestamp":"2026-03-01T09:00:00Z","user":{"name":"alice","id":7},"event.action":"login",
               "source":{"ip":"[2001:db8::1]:22"},"http_status":403,"log.level":"WARN","trace_id":"t1","msg":"m"}"#,
        );
        assert_eq!(e.ts, Timestamp::parse("2026-03-01T09:00:00Z"));
        assert_eq!(e.actor.as_deref(), Some("alice"));
        assert_eq!(e.action.as_deref(), Some("login"));
        assert_eq!(e.ip, ["2001:db8::1".parse::<std::net::IpAddr>().unwrap()]);
        assert_eq!(e.outcome, Outcome::Failure);
        assert_eq!(e.reason.as_deref(), Some("403"));
        assert_eq!(e.severity, Some(Severity::Warning));
        assert_eq!(e.session.as_deref(), Some("t1"));
        assert_eq!(e.message.as_deref(), Some("m"));
    }

    #[test]
    fn values_that_cannot_be_the_field_are_passed_over() {
        let e =
            read(r#"{"time":"slow","created_at":1700000000500,"status":"open","success":false}"#);
        assert_eq!(e.ts, Some(Timestamp(1_700_000_000_500_000_000)));
        assert_eq!(e.outcome, Outcome::Failure);
        assert_eq!(
            read(r#"{"error":"permission denied"}"#).outcome,
            Outcome::Failure
        );
        assert_eq!(
            read(r#"{"error":"","reason":"x"}"#).outcome,
            Outcome::Unknown
        );
    }
}
