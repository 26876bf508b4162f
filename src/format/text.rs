//! Plain text, the last resort: every line an event, a leading time read where there is one.

use super::framer::LineFramer;
use super::record::{described, event_of, leading_time, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::Event;

pub(super) struct Text;

impl Format for Text {
    fn id(&self) -> &str {
        "text"
    }

    fn title(&self) -> &str {
        "Plain text, one event a line"
    }

    fn version(&self) -> u32 {
        1
    }

    fn sniff(&self, _: &Sample<'_>) -> Score {
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

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            ("ts", "a leading ISO 8601 time, also in brackets"),
            ("message", "the line"),
        ])
    }
}
