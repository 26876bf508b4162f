//! The head of a syslog line: priority, time, host, program.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use crate::event::time::DAY;
use crate::event::{Severity, Timestamp};
use crate::format::Context;
use crate::format::record::leading_time;

#[derive(Debug, Default, PartialEq)]
pub(in crate::format) struct Header<'a> {
    /// facility * 8 + severity.
    pub(in crate::format) priority: Option<u8>,
    pub(in crate::format) ts: Option<Timestamp>,
    pub(in crate::format) host: Option<&'a str>,
    pub(in crate::format) app: Option<&'a str>,
    pub(in crate::format) pid: Option<&'a str>,
    pub(in crate::format) message_id: Option<&'a str>,
    /// A level spelt out in the header (ChromeOS, macOS).
    pub(in crate::format) severity: Option<Severity>,
    /// RFC 5424 structured data as written, brackets included.
    data: &'a str,
    pub(in crate::format) message: &'a str,
    /// RFC 3164's own time, or RFC 5424: nothing but syslog looks so.
    own_style: bool,
    /// The ISO time has rsyslog's `T`, not the blank that application logs prefer.
    iso_style: bool,
}

impl<'a> Header<'a> {
    /// `None` if the line does not begin as a syslog line does.
    pub(in crate::format) fn read(line: &'a str, context: &Context) -> Option<Self> {
        let (priority, text) = split_priority(line);
        if priority.is_some()
            && let Some(rest) = text.strip_prefix("1 ")
            && let Some(header) = Self::read_5424(priority, rest, context)
        {
            return Some(header);
        }
        let mut header = Self {
            priority,
            ..Self::default()
        };
        let (ts, rest) = match bsd_time(text, context) {
            Some(found) => {
                header.own_style = true;
                found
            }
            None if text.starts_with(['[', '(']) => return None,
            None => {
                header.iso_style = text.as_bytes().get(10) == Some(&b'T');
                leading_time(text, context)?
            }
        };
        header.ts = Some(ts);
        header.read_origin(rest)?;
        Some(header)
    }

    /// Whether the line is syslog rather than any text that begins with a time.
    pub(in crate::format) fn is_certain(&self) -> bool {
        self.own_style
            || self.priority.is_some()
            || self.app.is_some()
                && (self.severity.is_some() || self.iso_style && self.host.is_some())
    }

    /// `HOST APP[PID]: MSG`, each part of which may be missing.
    fn read_origin(&mut self, rest: &'a str) -> Option<()> {
        if let Some(message) = rest.strip_prefix(": ") {
            self.message = message.trim_start();
            return Some(());
        }
        let rest = rest.strip_prefix(' ').filter(|_| !rest.is_empty())?;
        let rest = rest.trim_start_matches(' ');
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if let Some(level) = Severity::from_name(first) {
            self.severity = Some(level);
            self.read_program(after);
        } else if first.ends_with(':') {
            self.read_program(rest);
        } else {
            let hostname =
                |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
            if first.is_empty() || !first.chars().all(hostname) {
                self.message = rest;
                return Some(());
            }
            self.host = Some(first);
            self.read_program(after);
        }
        Some(())
    }

    fn read_program(&mut self, rest: &'a str) {
        let rest = rest.trim_start_matches(' ');
        self.message = rest;
        let (token, after) = rest.split_once(' ').unwrap_or((rest, ""));
        // macOS: `app[1] <Info>: text`.
        let (tag, message) = match after.strip_prefix('<').and_then(|r| r.split_once(">:")) {
            Some((level, message)) if Severity::from_name(level).is_some() => {
                self.severity = Severity::from_name(level);
                (token, message)
            }
            _ => match token.strip_suffix(':') {
                Some(tag) => (tag, after),
                None => return,
            },
        };
        let (app, pid) = match tag.strip_suffix(']').and_then(|t| t.split_once('[')) {
            Some((app, pid)) => (app, Some(pid)),
            None => (tag, None),
        };
        if app.is_empty() || app.contains(['(', '"', '=', '{']) {
            return;
        }
        self.app = Some(app);
        self.pid = pid.filter(|p| !p.is_empty());
        self.message = message.trim_start_matches(' ');
    }

    fn read_5424(priority: Option<u8>, rest: &'a str, context: &Context) -> Option<Self> {
        let mut parts = rest.splitn(6, ' ');
        let mut part = || parts.next();
        let nil = |text: &'a str| Some(text).filter(|t| *t != "-");
        let time = part()?;
        let ts = match nil(time) {
            Some(time) => Some(leading_time(time, context)?.0),
            None => None,
        };
        let (host, app, pid, message_id) = (nil(part()?), nil(part()?), nil(part()?), nil(part()?));
        let rest = part().unwrap_or("-");
        let length = data_length(rest)?;
        let message = rest[length..].trim_start_matches(' ');
        Some(Self {
            priority,
            ts,
            host,
            app,
            pid,
            message_id,
            severity: None,
            data: &rest[..length],
            iso_style: false,
            message: message.strip_prefix('\u{feff}').unwrap_or(message),
            own_style: true,
        })
    }

    /// RFC 5424 structured data as (`sd.ID.NAME`, value) pairs; an element without parameters is (`sd.ID`, "").
    pub(in crate::format) fn structured_data(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut rest = self.data;
        while let Some(element) = rest.strip_prefix('[') {
            let end = element.find([' ', ']']).unwrap_or(element.len());
            let id = &element[..end];
            rest = &element[end..];
            let before = pairs.len();
            while let Some((name, after)) = rest.strip_prefix(' ').and_then(|r| r.split_once("=\""))
            {
                let (value, after) = unescape_parameter(after);
                pairs.push((format!("sd.{id}.{}", name.trim_start()), value));
                rest = after;
            }
            if pairs.len() == before {
                pairs.push((format!("sd.{id}"), String::new()));
            }
            rest = rest.strip_prefix(']').unwrap_or("");
        }
        pairs
    }
}

fn split_priority(line: &str) -> (Option<u8>, &str) {
    let inner = line.strip_prefix('<').and_then(|l| l.split_once('>'));
    match inner {
        Some((digits, rest)) if (1..=3).contains(&digits.len()) => match digits.parse::<u8>() {
            Ok(priority) if priority <= 191 => (Some(priority), rest),
            _ => (None, line),
        },
        _ => (None, line),
    }
}

/// How long the structured data is: `-`, or elements in brackets with quoted values.
fn data_length(text: &str) -> Option<usize> {
    if text.starts_with('-') {
        return Some(1);
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while bytes.get(at) == Some(&b'[') {
        let mut quoted = false;
        loop {
            at += 1;
            match bytes.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
        }
        at += 1;
    }
    (at > 0).then_some(at)
}

fn unescape_parameter(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\' | ']'))) => value.push(escaped),
                Some((_, other)) => {
                    value.push('\\');
                    value.push(other);
                }
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    (value, "")
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Mmm dd [yyyy] hh:mm:ss[.fraction]`, in the context's zone; without a year, in the latest that does not put it
/// more than a day after the context's reference (clocks differ a little).
fn bsd_time<'a>(text: &'a str, context: &Context) -> Option<(Timestamp, &'a str)> {
    let month = MONTHS.iter().position(|m| text.starts_with(m))? as u32 + 1;
    let rest = text[3..].strip_prefix(' ')?.trim_start_matches(' ');
    let (day, rest) = number(rest, 1, 2)?;
    let rest = rest.strip_prefix(' ')?.trim_start_matches(' ');
    let (year, rest) = match number(rest, 4, 4) {
        Some((year, after)) if after.starts_with(' ') => {
            (Some(year as i32), after.trim_start_matches(' '))
        }
        _ => (None, rest),
    };
    let (hour, rest) = number(rest, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
    let (second, mut rest) = number(rest.strip_prefix(':')?, 2, 2)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        nanos = format!("{:0<9.9}", &fraction[..digits]).parse().ok()?;
        rest = &fraction[digits..];
    }
    let at = |year: i32| -> Option<Timestamp> {
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        let time: NaiveDateTime = date.and_hms_nano_opt(hour, minute, second.min(59), nanos)?;
        let local = Timestamp::from_naive(time)?;
        Some(context.zone.instant(local))
    };
    let ts = match year {
        Some(year) => at(year)?,
        None => {
            let limit = context.reference.saturating_add(DAY);
            let latest = limit.to_utc().year().saturating_add(1);
            // Eight years back, so that a 29 February across 1900-like years is found too.
            (latest.saturating_sub(9)..=latest)
                .rev()
                .filter_map(at)
                .find(|ts| *ts <= limit)?
        }
    };
    Some((ts, rest))
}

fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(least..=most).contains(&digits) {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Zone;

    fn context(reference: &str, zone: impl Into<Zone>) -> Context {
        Context {
            reference: Timestamp::parse(reference).unwrap(),
            zone: zone.into(),
            ..Context::default()
        }
    }

    #[test]
    fn years_are_the_latest_that_fit() {
        for (text, reference, zone, want) in [
            (
                "Mar 11 19:26:39 h a: x",
                "2026-06-01T00:00:00Z",
                0,
                "2026-03-11T19:26:39Z",
            ),
            (
                "Dec 31 23:59:59 h a: x",
                "2026-01-01T00:00:10Z",
                0,
                "2025-12-31T23:59:59Z",
            ),
            (
                "Jan  1 00:30:00 h a: x",
                "2025-12-31T23:00:00Z",
                0,
                "2026-01-01T00:30:00Z",
            ),
            (
                "Jan  2 00:30:00 h a: x",
                "2025-12-31T23:00:00Z",
                0,
                "2025-01-02T00:30:00Z",
            ),
            (
                "Feb 29 01:15:43: x",
                "2026-06-01T00:00:00Z",
                0,
                "2024-02-29T01:15:43Z",
            ),
            (
                "Mar 11 19:26:39 h a: x",
                "2026-06-01T00:00:00Z",
                7200,
                "2026-03-11T17:26:39Z",
            ),
            (
                "Mar 11 2019 19:26:39.25 h a: x",
                "2026-06-01T00:00:00Z",
                0,
                "2019-03-11T19:26:39.25Z",
            ),
        ] {
            let header = Header::read(text, &context(reference, zone)).unwrap();
            assert_eq!(header.ts, Timestamp::parse(want), "{text}");
        }
        for bad in [
            "MMM 22 07:54:32 h x",
            "Feb 30 00:00:00 h x",
            "Mar",
            "Mar 1 25:00:00 h a: x",
            "",
        ] {
            assert_eq!(
                Header::read(bad, &context("2026-06-01T00:00:00Z", 0)),
                None,
                "{bad}"
            );
        }
    }

    #[test]
    fn origins_are_told_from_messages() {
        for (text, host, app, pid, message) in [
            (
                "Mar  6 04:07:28 web sshd[12]:  hi",
                Some("web"),
                Some("sshd"),
                Some("12"),
                "hi",
            ),
            (
                "Mar  6 04:07:28 web Job `x' done",
                Some("web"),
                None,
                None,
                "Job `x' done",
            ),
            (
                "Mar  6 04:07:28 kernel: oops",
                None,
                Some("kernel"),
                None,
                "oops",
            ),
            (
                "Mar  6 04:07:28: --- repeated ---",
                None,
                None,
                None,
                "--- repeated ---",
            ),
            (
                "<13>Mar  6 04:07:28 web app: a: b",
                Some("web"),
                Some("app"),
                None,
                "a: b",
            ),
            (
                "2026-03-06T04:07:28.1-07:00 INFO cron[1]: x",
                None,
                Some("cron"),
                Some("1"),
                "x",
            ),
            (
                "Mar 11 19:26:45 mac fw[1985] <Info>: x",
                Some("mac"),
                Some("fw"),
                Some("1985"),
                "x",
            ),
            (
                "<165>1 2026-03-06T04:07:28Z web su - ID47 - \u{feff}x",
                Some("web"),
                Some("su"),
                None,
                "x",
            ),
            ("<165>1 - - - - - -", None, None, None, ""),
        ] {
            let header = Header::read(text, &context("2026-06-01T00:00:00Z", 0)).unwrap();
            assert_eq!(
                (header.host, header.app, header.pid, header.message),
                (host, app, pid, message),
                "{text}"
            );
        }
    }

    #[test]
    fn application_logs_are_not_taken_for_syslog() {
        for (text, certain) in [
            ("2026-03-01T10:00:00Z web app[1]: x", true),
            ("2026-03-01T10:00:00Z [main] Foo: x", false),
            ("2026-03-01 10:00:00,123 worker Foo: x", false),
            ("2026-03-01 10:00:00 ERROR: x", false),
            ("2026-03-01T10:00:00Z started", false),
            ("Mar  1 10:00:00 web x", true),
        ] {
            let header = Header::read(text, &Context::default());
            assert_eq!(header.is_some_and(|h| h.is_certain()), certain, "{text}");
        }
    }

    #[test]
    fn structured_data_is_unescaped() {
        let line =
            r#"<13>1 2026-03-06T04:07:28Z h a 1 m [x@1 k="a\"b\]c" l=""][y] hello [not data]"#;
        let header = Header::read(line, &Context::default()).unwrap();
        let pairs = header.structured_data();
        assert_eq!(
            pairs,
            [
                ("sd.x@1.k".to_owned(), "a\"b]c".to_owned()),
                ("sd.x@1.l".to_owned(), String::new()),
                ("sd.y".to_owned(), String::new()),
            ]
        );
        assert_eq!(header.message, "hello [not data]");
    }

    #[test]
    fn times_without_a_zone_have_the_distance_of_their_day() {
        let zone: Zone = "Europe/Vienna".parse().unwrap();
        let context = context("2026-12-01T00:00:00Z", zone);
        for (text, want) in [
            ("Jul 10 10:00:00 h sshd[1]: x", "2026-07-10T08:00:00Z"),
            ("Nov 10 10:00:00 h sshd[1]: x", "2026-11-10T09:00:00Z"),
        ] {
            assert_eq!(
                Header::read(text, &context).unwrap().ts,
                Timestamp::parse(want)
            );
        }
    }
}
