//! Times whose zone is a name or an abbreviation (`2026-03-01 10:00:00.123 CET`), as databases write them.

use super::Context;
use super::record::{leading_time, time_of};
use crate::event::Timestamp;
use crate::event::time::MINUTE;

/// What the usual abbreviations mean, in minutes east of UTC: those that mean one thing only, or of which PostgreSQL's
/// default set (`share/timezonesets/Default`) takes this one.
const NAMES: [(&str, i64); 43] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("UCT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("MET", 60),
    ("CEST", 120),
    ("MEST", 120),
    ("EET", 120),
    ("SAST", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("EAT", 180),
    ("PKT", 300),
    ("NPT", 345),
    ("ICT", 420),
    ("HKT", 480),
    ("AWST", 480),
    ("SGT", 480),
    ("JST", 540),
    ("KST", 540),
    ("ACST", 570),
    ("AEST", 600),
    ("ACDT", 630),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("EDT", -240),
    ("EST", -300),
    ("CDT", -300),
    ("CST", -360),
    ("MDT", -360),
    ("MST", -420),
    ("PDT", -420),
    ("PST", -480),
    ("AKDT", -480),
    ("AKST", -540),
    ("HST", -600),
    ("ADT", -180),
    ("AST", -240),
];

/// A time as it is usually written, with or without a zone's name, or as seconds to nanoseconds since 1970. One that
/// names no zone is of the context's.
pub(super) fn usual_time(text: &str, context: &Context) -> Option<Timestamp> {
    time_with_zone_name(text, context)
        .or_else(|| leading_time(text, context))
        .map(|(ts, _)| ts)
        .or_else(|| time_of(text))
}

/// A time at the start of a text, the zone's name after a blank with it, and what follows. A name that is not known
/// means the context's zone, as no name does: a server writes in one zone.
pub(super) fn time_with_zone_name<'a>(
    text: &'a str,
    context: &Context,
) -> Option<(Timestamp, &'a str)> {
    let (clock, rest) = leading_time(text, &Context::default())?;
    let read = text.len() - rest.len();
    if text[19.min(read)..read].contains(['Z', 'z', '+', '-']) {
        return Some((clock, rest));
    }
    let after = rest.strip_prefix(' ').unwrap_or_default();
    let sign = after.starts_with(['+', '-']);
    let length = after
        .bytes()
        .enumerate()
        .take_while(|(at, b)| match sign {
            true => *at == 0 || b.is_ascii_digit() || *b == b':',
            false => b.is_ascii_uppercase(),
        })
        .count();
    let (name, after) = after.split_at(length);
    let offset = match sign {
        true => numeric(name.trim_end_matches(':')),
        false => offset_of(name),
    };
    let whole = !after.starts_with(|c: char| c.is_alphanumeric());
    match offset {
        Some(minutes) if whole => Some((clock.saturating_add(-minutes * MINUTE), after)),
        None if whole && !sign && (2..=5).contains(&length) => {
            Some((context.zone.instant(clock), after))
        }
        _ => Some((context.zone.instant(clock), rest)),
    }
}

/// What the abbreviation of a zone means, in minutes east of UTC.
pub(super) fn offset_of(name: &str) -> Option<i64> {
    let found = NAMES.iter().find(|(n, _)| *n == name);
    found.map(|(_, minutes)| *minutes)
}

/// `+03`, `-0330`, `+05:30`
fn numeric(text: &str) -> Option<i64> {
    let digits: String = text[1..].chars().filter(char::is_ascii_digit).collect();
    let number: i64 = digits.parse().ok()?;
    let minutes = match digits.len() {
        1 | 2 => number * 60,
        4 => number / 100 * 60 + number % 100,
        _ => return None,
    };
    Some(if text.starts_with('-') {
        -minutes
    } else {
        minutes
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Zone;

    #[test]
    fn zones_have_names_numbers_or_are_the_contexts() {
        let context = Context {
            zone: Zone::from(3600),
            ..Context::default()
        };
        for (text, want, rest) in [
            (
                "2026-03-01 10:00:00.5 UTC [1]",
                "2026-03-01T10:00:00.5Z",
                " [1]",
            ),
            ("2026-03-01 10:00:00 CEST,x", "2026-03-01T08:00:00Z", ",x"),
            (
                "2026-03-01 10:00:00 PDT:1.2.3.4",
                "2026-03-01T17:00:00Z",
                ":1.2.3.4",
            ),
            ("2026-03-01 10:00:00 +03 x", "2026-03-01T07:00:00Z", " x"),
            ("2026-03-01 10:00:00 -0330", "2026-03-01T13:30:00Z", ""),
            ("2026-03-01 10:00:00 XYZ x", "2026-03-01T09:00:00Z", " x"),
            ("2026-03-01 10:00:00 [1]", "2026-03-01T09:00:00Z", " [1]"),
            (
                "2026-03-01 10:00:00 postgres",
                "2026-03-01T09:00:00Z",
                " postgres",
            ),
            (
                "2026-03-01T10:00:00+00:00 app",
                "2026-03-01T10:00:00Z",
                " app",
            ),
            (
                "2026-03-01 10:00:00 UTC-5d826cc7.40-",
                "2026-03-01T10:00:00Z",
                "-5d826cc7.40-",
            ),
        ] {
            let found = time_with_zone_name(text, &context);
            assert_eq!(
                found,
                Some((Timestamp::parse(want).unwrap(), rest)),
                "{text}"
            );
        }
        assert_eq!(time_with_zone_name("soon", &context), None);
    }
}
