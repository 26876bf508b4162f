//! logfmt: `key=value` pairs between blanks, values quoted where they hold blanks.
//!
//! Source: <https://brandur.org/logfmt>. The usual keys are understood as in JSON.

use std::borrow::Cow;

use std::sync::Arc;

use super::framer::LineFramer;
use super::guess::{self, Guess};
use super::layout::{first_records, score_share};
use super::record::{event_of, kind, lossy, trimmed};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind};

pub(super) struct Logfmt {
    guess: Arc<Guess>,
}

impl Logfmt {
    pub(super) fn new(guess: Arc<Guess>) -> Self {
        Self { guess }
    }
}

/// A line is taken for logfmt if it has this many pairs.
const PAIRS: usize = 2;

impl Format for Logfmt {
    fn id(&self) -> &str {
        "logfmt~"
    }

    fn title(&self) -> &str {
        "logfmt (key=value pairs)"
    }

    fn version(&self) -> u32 {
        3
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        let lines = first_records(Box::new(LineFramer::new(0)), sample.bytes());
        let share = |known: usize| {
            score_share(&lines, 75, |line| {
                pairs(&lossy(trimmed(&line.bytes))).is_some_and(|pairs| {
                    let usual = pairs
                        .iter()
                        .filter(|(key, _)| guess::is_telling(key))
                        .count();
                    usual >= known
                })
            })
        };
        match share(2) {
            // Pairs it is, but nothing says that they are a log's.
            0 => share(0).min(40),
            score => score,
        }
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        Box::new(LineFramer::new(offset))
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let text = lossy(trimmed(&frame.bytes));
        let leaves = leaves(&text).ok_or("not made of key=value pairs")?;
        let mut event = event_of(frame);
        self.guess.fill(&mut event, &leaves, context);
        event.attributes = leaves;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        guess::described()
    }
}

/// The pairs of a line that is made of such.
pub(super) fn leaves(text: &str) -> Option<Attributes> {
    let pairs = pairs(text)?;
    let mut leaves = Attributes::with_capacity(text.len(), pairs.len());
    for (key, value) in &pairs {
        match value {
            // A key alone is a flag.
            None => leaves.push(key, Kind::Bool, "true"),
            Some(value) => leaves.push(key, kind(value), value),
        }
    }
    Some(leaves)
}

type Pair<'a> = (&'a str, Option<Cow<'a, str>>);

/// The pairs of a line that is made of nothing else; a few keys may stand alone.
fn pairs(line: &str) -> Option<Vec<Pair<'_>>> {
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut alone = 0;
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', '=', '"']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if !is_key(key) {
            return None;
        }
        let Some(value) = after.strip_prefix('=') else {
            if after.starts_with('"') {
                return None;
            }
            alone += 1;
            pairs.push((key, None));
            rest = after.trim_start();
            continue;
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = value.find([' ', '\t']).unwrap_or(value.len());
                let (value, after) = value.split_at(end);
                (value.into(), after)
            }
        };
        if !after.is_empty() && !after.starts_with([' ', '\t']) {
            return None;
        }
        pairs.push((key, Some(value)));
        rest = after.trim_start();
    }
    let valued = pairs.len() - alone;
    (valued >= PAIRS && alone * 4 <= valued).then_some(pairs)
}

fn is_key(key: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | ':');
    key.len() <= 128
        && key.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@'))
        && key.chars().all(inside)
}

/// Up to the closing quote, escapes undone, and what follows.
fn unquoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let plain = text.find(['"', '\\'])?;
    if text[plain..].starts_with('"') {
        return Some((text[..plain].into(), &text[plain + 1..]));
    }
    let mut value = text[..plain].to_owned();
    let mut chars = text[plain..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value.into(), &text[plain + at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                c @ ('"' | '\\') => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Outcome, Severity};

    #[test]
    fn lines_are_made_of_pairs_or_are_not_logfmt() {
        let seen = pairs(r#"level=info msg="a \"b\"\n c" dry-run user="" n=3"#).unwrap();
        let seen: Vec<(&str, Option<&str>)> =
            seen.iter().map(|(k, v)| (*k, v.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("level", Some("info")),
                ("msg", Some("a \"b\"\n c")),
                ("dry-run", None),
                ("user", Some("")),
                ("n", Some("3"))
            ]
        );
        for no in [
            "",
            "hello there",
            "a=1",
            "the answer=42 is in a sentence",
            "a=\"open b=2",
            "a=\"x\"y b=2",
            "2026-03-01 a=1 b=2",
            "{\"a\"=1} b=2",
        ] {
            assert!(pairs(no).is_none(), "{no}");
        }
    }

    #[test]
    fn the_usual_keys_are_understood() {
        let line = "time=2026-03-01T09:00:00Z level=warn msg=\"login failed\" user=alice remote_addr=10.0.0.1:22 status=403";
        let frame = Frame {
            bytes: line.as_bytes().to_vec().into(),
            ..Frame::default()
        };
        let event = Logfmt::new(Arc::default())
            .parse(&frame, &Context::default())
            .unwrap()
            .remove(0);
        assert_eq!(event.actor.as_deref(), Some("alice"));
        assert_eq!(event.outcome, Outcome::Failure);
        assert_eq!(event.severity, Some(Severity::Warning));
        assert_eq!(event.ip.len(), 1);
        assert!(event.ts.is_some());
        assert!(Logfmt::new(Arc::default()).sniff(&Sample::new(line.as_bytes())) >= 50);
        assert!(Logfmt::new(Arc::default()).sniff(&Sample::new(b"x1=1 y1=2\nx1=3 y1=4\n")) < 50);
    }
}
