//! QRadar Log Event Extended Format: five fields between bars (2.0: then the delimiter), then `key=value` pairs.
//!
//! Source: <https://www.ibm.com/docs/en/dsm?topic=overview-leef-event-components>.

use super::framer::LineFramer;
use super::layout::{first_records, score_share};
use super::mapping::Mapping;
use super::pipe_header::{is_pipe_line, read, severity, time};
use super::record::{event_of, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event};

const MARK: &str = "LEEF:";
const HEADER: [&str; 5] = [
    "leefVersion",
    "vendor",
    "product",
    "productVersion",
    "eventId",
];

pub(super) struct Leef {
    mapping: Mapping,
}

impl Leef {
    pub(super) fn new() -> Self {
        let fields: [(&str, &[&str]); 8] = [
            (
                "actor",
                &["usrName", "accountName", "username", "identNetBios"],
            ),
            ("action", &["action", "eventId", "cat"]),
            ("target", &["resource", "url", "fileName", "dstName", "dst"]),
            ("outcome", &["result", "outcome", "action"]),
            ("reason", &["reason"]),
            ("ip", &["src", "identSrc", "offender_ip", "srcPreNAT"]),
            ("host", &["identHostName", "hostname", "devName"]),
            ("message", &["msg", "Message", "desc", "title"]),
        ];
        let mapping = Mapping::new(fields, vec![], vec![]).unwrap_or_default();
        Self { mapping }
    }
}

impl Format for Leef {
    fn id(&self) -> &str {
        "leef"
    }

    fn title(&self) -> &str {
        "QRadar Log Event Extended Format (LEEF)"
    }

    fn version(&self) -> u32 {
        1
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let lines = first_records(Box::new(LineFramer::new(0)), sample.bytes());
        score_share(&lines, 96, |line| is_pipe_line(&line.bytes, MARK, 5))
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(LineFramer::new(offset))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let text = lossy(trimmed(&frame.bytes));
        let line = read(&text, MARK, 5, context).ok_or("no LEEF header of five fields")?;
        let mut event = event_of(frame);
        let mut leaves = Attributes::with_capacity(text.len(), 24);
        line.keep(&HEADER, &mut leaves);
        let (delimiter, pairs) = delimiter(&line.fields[0], line.rest);
        for pair in pairs.split(delimiter) {
            if let Some((key, value)) = pair.split_once('=')
                && !key.trim().is_empty()
            {
                leaves.push_str(key.trim(), value.trim());
            }
        }
        self.mapping.fill(&mut event, &leaves);
        let times = ["devTime", "end_time", "start_time", "EventReceivedTime"];
        event.ts = times
            .iter()
            .filter_map(|path| leaves.get(path))
            .find_map(|text| time(text, context));
        event.severity = leaves.get("sev").and_then(severity);
        line.fall_back(&mut event);
        event.attributes = leaves;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("ts", "devTime, else the syslog header's".to_owned())];
        rows.extend(self.mapping.describe());
        rows.push(("severity", "sev".into()));
        rows
    }
}

/// What separates the pairs, and where they begin: a TAB, or in 2.0 what the sixth field says (`^`, `x09`, `0x5e`). A
/// sixth field that names no character is passed over, and the first sign that stands before a later key counts.
fn delimiter<'a>(version: &str, rest: &'a str) -> (char, &'a str) {
    if !version.starts_with('2') {
        return ('\t', rest);
    }
    let Some((field, pairs)) = rest.split_once('|') else {
        return ('\t', rest);
    };
    let mut chars = field.chars();
    let hex = field.strip_prefix("0x").or(field.strip_prefix('x'));
    let named = match (chars.next(), chars.next()) {
        (Some(one), None) => Some(one),
        (None, _) => Some('\t'),
        _ => hex
            .and_then(|h| u32::from_str_radix(h, 16).ok())
            .and_then(char::from_u32),
    };
    match named {
        Some(delimiter) if pairs.contains(delimiter) => (delimiter, pairs),
        // The delimiter on the wire is not the one that was named.
        _ => {
            let other = ['\t', '^', '¦', '|']
                .into_iter()
                .find(|c| pairs.contains(*c));
            (other.or(named).unwrap_or('\t'), pairs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_named_or_the_one_there() {
        for (version, rest, want) in [
            ("1.0", "a=1\tb=2", ('\t', "a=1\tb=2")),
            ("2.0", "^|a=1^b=2", ('^', "a=1^b=2")),
            ("2.0", "x5E|a=1^b=2", ('^', "a=1^b=2")),
            ("2.0", "0x09|a=1\tb=2", ('\t', "a=1\tb=2")),
            ("2.0", "|a=1\tb=2", ('\t', "a=1\tb=2")),
            ("2.0", "xa6|a=1¦b=2", ('¦', "a=1¦b=2")),
        ] {
            assert_eq!(delimiter(version, rest), want, "{rest}");
        }
    }
}
