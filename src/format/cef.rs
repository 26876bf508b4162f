//! ArcSight Common Event Format: seven fields between bars, then `key=value` pairs whose values may hold blanks.
//!
//! Source: <https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/cef-implementation-standard/>.

use std::collections::HashMap;

use super::framer::LineFramer;
use super::layout::{first_records, score_share};
use super::mapping::Mapping;
use super::pipe_header::{PipeLine, is_pipe_line, read, severity, time};
use super::record::{event_of, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event};

const MARK: &str = "CEF:";
const HEADER: [&str; 7] = [
    "cefVersion",
    "deviceVendor",
    "deviceProduct",
    "deviceVersion",
    "deviceEventClassId",
    "name",
    "severity",
];

/// Where the time stands, best first.
const TIMES: [&str; 4] = ["rt", "end", "start", "deviceCustomDate1"];

pub(super) struct Cef {
    mapping: Mapping,
}

impl Cef {
    pub(super) fn new() -> Self {
        let fields: [(&str, &[&str]); 9] = [
            ("ts", &TIMES),
            (
                "actor",
                &["suser", "sourceUserName", "suid", "duser", "duid"],
            ),
            ("action", &["act", "name", "deviceEventClassId"]),
            (
                "target",
                &[
                    "request",
                    "filePath",
                    "fname",
                    "duser",
                    "dhost",
                    "destinationServiceName",
                    "dst",
                ],
            ),
            ("outcome", &["outcome", "categoryOutcome", "act"]),
            ("reason", &["reason"]),
            ("ip", &["src", "c6a2", "sourceTranslatedAddress"]),
            ("host", &["dvchost", "dvc", "deviceExternalId"]),
            ("session", &["externalId", "requestContext"]),
        ];
        let mapping = Mapping::new(fields, vec![], vec![]).unwrap_or_default();
        Self { mapping }
    }
}

impl Format for Cef {
    fn id(&self) -> &str {
        "cef"
    }

    fn title(&self) -> &str {
        "ArcSight Common Event Format (CEF)"
    }

    fn version(&self) -> u32 {
        1
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let lines = first_records(Box::new(LineFramer::new(0)), sample.bytes());
        score_share(&lines, 96, |line| is_pipe_line(&line.bytes, MARK, 7))
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(LineFramer::new(offset))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let text = lossy(trimmed(&frame.bytes));
        let line = read(&text, MARK, 7, context).ok_or("no CEF header of seven fields")?;
        let mut event = event_of(frame);
        let mut leaves = Attributes::with_capacity(text.len(), 24);
        line.keep(&HEADER, &mut leaves);
        extension(line.rest, &mut leaves);
        fill(&self.mapping, &line, &mut event, &leaves, context);
        event.message = leaves.get("msg").or(leaves.get("name")).map(str::to_owned);
        event.attributes = leaves;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        let mut rows = self.mapping.describe();
        rows.push(("severity", "the seventh field of the header".into()));
        rows.push(("message", "msg, else name".into()));
        rows
    }
}

fn fill(
    mapping: &Mapping,
    line: &PipeLine<'_>,
    event: &mut Event,
    leaves: &Attributes,
    context: &Context,
) {
    mapping.fill(event, leaves);
    let times = TIMES.iter().filter_map(|path| leaves.get(path));
    event.ts = times.filter_map(|text| time(text, context)).next();
    event.severity = line.fields.get(6).and_then(|text| severity(text));
    line.fall_back(event);
}

/// `key=value` pairs; a value ends where a blank and the next key begin. A pair `csN`, `csNLabel` is also kept under its
/// label.
fn extension(text: &str, leaves: &mut Attributes) {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut last = None;
    for (at, _) in text.match_indices('=') {
        // What begins before the last `=` would hold it and be no key.
        let from = last.map_or(0, |equals| equals + 1);
        let blank = text[from..at]
            .char_indices()
            .rfind(|(_, c)| c.is_whitespace());
        let blank = blank.map(|(blank, c)| from + blank + c.len_utf8());
        let Some(key_start) = blank.or(last.is_none().then_some(0)) else {
            last = Some(at);
            continue;
        };
        last = Some(at);
        let key = &text[key_start..at];
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if !key.is_empty() && key.chars().all(sound) {
            starts.push((key_start, at));
        }
    }
    for (n, (key_start, equals)) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(text.len(), |(next, _)| *next);
        pairs.push((
            &text[*key_start..*equals],
            unescaped(text[equals + 1..end].trim()),
        ));
    }
    for (key, value) in &pairs {
        leaves.push_str(key, value);
    }
    let mut firsts = HashMap::new();
    for (key, value) in &pairs {
        firsts.entry(*key).or_insert(value);
    }
    for (key, label) in &pairs {
        if let Some(base) = key.strip_suffix("Label")
            && let Some(value) = firsts.get(base)
            && !label.is_empty()
        {
            leaves.push_str(label, value);
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(c @ ('=' | '\\' | '|')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_blanks_and_escaped_signs() {
        let mut leaves = Attributes::default();
        extension(
            r"act=not blocked msg=a\=b c\nd cs1=x y cs1Label=policy name request=http://h/?a\=b cmd=\\x",
            &mut leaves,
        );
        assert_eq!(leaves.get("act"), Some("not blocked"));
        assert_eq!(leaves.get("msg"), Some("a=b c\nd"));
        assert_eq!(leaves.get("policy name"), Some("x y"));
        assert_eq!(leaves.get("request"), Some("http://h/?a=b"));
        assert_eq!(leaves.get("cmd"), Some(r"\x"));
    }
}
