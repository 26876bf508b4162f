//! What CEF and LEEF share: a header of fields between `|`, behind a syslog header or at the start of a line.

use chrono::NaiveDateTime;

use super::Context;
use super::record::{lossy, trimmed};
use super::syslog::Header;
use crate::event::time::SECOND;
use crate::event::{Attributes, Event, Kind, Severity, Timestamp};

/// A line with the header found in it.
pub(super) struct PipeLine<'a> {
    /// What stands before it, of the collector that passed the line on.
    pub(super) header: Option<Header<'a>>,
    /// The fields between the bars, unescaped.
    pub(super) fields: Vec<String>,
    /// What follows the last bar.
    pub(super) rest: &'a str,
}

/// Finds `mark` (`CEF:`) and reads `count` fields after it.
pub(super) fn read<'a>(
    line: &'a str,
    mark: &str,
    count: usize,
    context: &Context,
) -> Option<PipeLine<'a>> {
    let at = line.match_indices(mark).map(|(at, _)| at).find(|at| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == '"' || c == ':')
    })?;
    let mut fields = Vec::with_capacity(count);
    let mut rest = &line[at + mark.len()..];
    while fields.len() < count {
        let (field, after) = split_bar(rest)?;
        fields.push(field);
        rest = after;
    }
    let header = (at > 0).then(|| Header::read(line, context)).flatten();
    Some(PipeLine {
        header,
        fields,
        rest,
    })
}

/// Up to the next bar that is not escaped. The last field of a line may have no bar after it.
fn split_bar(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c @ ('|' | '\\'))) => field.push(c),
                Some((_, c)) => field.extend(['\\', c]),
                None => field.push('\\'),
            },
            '|' => return Some((field, &text[at + 1..])),
            c => field.push(c),
        }
    }
    None
}

/// Whether a line has such a header.
pub(super) fn is_pipe_line(bytes: &[u8], mark: &str, count: usize) -> bool {
    read(&lossy(trimmed(bytes)), mark, count, &Context::default()).is_some()
}

impl PipeLine<'_> {
    /// Keeps the header's fields under their names.
    pub(super) fn keep(&self, names: &[&str], leaves: &mut Attributes) {
        for (name, value) in names.iter().zip(&self.fields) {
            let number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            leaves.push(name, if number { Kind::Num } else { Kind::Str }, value);
        }
    }

    /// Where the record itself names no time, host or severity, the collector's count.
    pub(super) fn fall_back(&self, event: &mut Event) {
        if let Some(header) = &self.header {
            event.ts = event.ts.or(header.ts);
            if event.host.is_none() {
                event.host = header.host.map(str::to_owned);
            }
        }
    }
}

/// The 0 to 10 of both formats, and the words of CEF.
pub(super) fn severity(text: &str) -> Option<Severity> {
    let level = match text.to_ascii_lowercase().as_str() {
        "unknown" => return None,
        "low" => 2,
        "medium" => 5,
        "high" => 8,
        "very-high" => 10,
        number => number.parse::<u8>().ok()?,
    };
    Some(match level {
        0..=3 => Severity::Info,
        4..=6 => Severity::Warning,
        7..=8 => Severity::Err,
        _ => Severity::Crit,
    })
}

/// `Jan 24 2022 20:23:39.123 UTC` beside the usual ways to write a time. Without a zone it is in the context's.
pub(super) fn time(text: &str, context: &Context) -> Option<Timestamp> {
    if let Some(ts) = super::record::time_of(text) {
        return Some(ts);
    }
    let (text, offset) = match text.rsplit_once(' ') {
        Some((time, "UTC" | "GMT" | "Z")) => (time, Some(0)),
        Some((time, zone)) if zone.starts_with(['+', '-']) && zone.len() == 5 => {
            let digits = zone[1..].parse::<i64>().ok()?;
            let seconds = (digits / 100 * 60 + digits % 100) * 60;
            (
                time,
                Some(if zone.starts_with('-') {
                    -seconds
                } else {
                    seconds
                }),
            )
        }
        Some((time, zone)) if zone.chars().all(|c| c.is_ascii_uppercase()) => (time, None),
        _ => (text, None),
    };
    let formats = [
        "%b %d %Y %H:%M:%S%.f",
        "%d %b %Y %H:%M:%S%.f",
        "%Y/%m/%d %H:%M:%S%.f",
    ];
    let time = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    let clock = Timestamp::from_naive(time)?;
    Some(match offset {
        Some(seconds) => clock.saturating_add(-seconds * SECOND),
        None => context.zone.instant(clock),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_found_and_unescaped() {
        let context = Context::default();
        let line = read(r"CEF:0|a\|b|c\\d|1|2|n|5|x=y", "CEF:", 7, &context).unwrap();
        assert_eq!(line.fields[1], "a|b");
        assert_eq!(line.fields[2], r"c\d");
        assert_eq!(line.rest, "x=y");
        let line = "<14>Sep 18 14:58:29 relay app: CEF:0|a|b|c|d|e|f|";
        let found = read(line, "CEF:", 7, &context).unwrap();
        assert_eq!(found.header.unwrap().host, Some("relay"));
        assert!(read("CEF:0|a|b", "CEF:", 7, &context).is_none());
        assert!(read("NOCEF:0|a|b|c|d|e|f|", "CEF:", 7, &context).is_none());
    }

    #[test]
    fn times_by_the_month() {
        let at = |text| time(text, &Context::default());
        let want = Timestamp::parse("2022-01-24T20:23:39Z");
        assert_eq!(at("Jan 24 2022 20:23:39"), want);
        assert_eq!(at("Jan 24 2022 20:23:39 +0000"), want);
        assert_eq!(at("Jan 24 2022 22:23:39 +0200"), want);
        assert_eq!(at("1643055819000"), want);
        assert_eq!(at("soon"), None);
    }
}
