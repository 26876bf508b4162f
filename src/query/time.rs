//! Times as people type them: `2h`, `yesterday 14:00`, `monday`, `2026-03-01T10:00Z`, `1772355600`, `now - 2h`.

use chrono::{Datelike, NaiveDate};

use crate::event::time::{DAY, HOUR, MINUTE, SECOND};
use crate::event::{Timestamp, Zone};

/// What a typed time names: an instant, or a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub start: Timestamp,
    /// For a day: the start of the next one.
    pub day_end: Option<Timestamp>,
}

impl Moment {
    fn instant(start: Timestamp) -> Self {
        Self {
            start,
            day_end: None,
        }
    }

    fn shift(self, nanos: i64) -> Option<Self> {
        let add = |t: Timestamp| t.0.checked_add(nanos).map(Timestamp);
        // A day moved by whole days is still a day.
        let day_end = if nanos % DAY == 0 {
            self.day_end.map(add)
        } else {
            None
        };
        Some(Self {
            start: add(self.start)?,
            day_end: day_end.flatten(),
        })
    }
}

const UNITS: [(&[&str], i64); 6] = [
    (&["ms", "millisecond", "milliseconds"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], SECOND),
    (&["m", "min", "mins", "minute", "minutes"], MINUTE),
    (&["h", "hr", "hrs", "hour", "hours"], HOUR),
    (&["d", "day", "days"], DAY),
    (&["w", "week", "weeks"], 7 * DAY),
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// What a time error says was expected.
pub const EXPECTED: &str =
    "a time such as 2h, yesterday 14:00, monday, 2026-03-01 or 2026-03-01T10:00Z";

/// Reads a time. `zone` is the one of times typed without one, by the distance of their own day; a weekday is the latest
/// such day up to today; a time of day alone is today's; a number is seconds, milli-, micro- or nanoseconds since
/// 1970, judged by its size. Any of them may be followed by ` + 2h` or ` - 3d`.
pub fn resolve(text: &str, now: Timestamp, zone: impl Into<Zone>) -> Option<Moment> {
    let text = text.trim().to_ascii_lowercase();
    let clock = Clock {
        now,
        zone: zone.into(),
    };
    if let Some(moment) = clock.simple(&text) {
        return Some(moment);
    }
    // `base + duration`: blanks around the sign, except after `now`, where none is needed.
    let (at, sign) = text
        .char_indices()
        .rev()
        .find(|(_, c)| matches!(c, '+' | '-'))?;
    let (base, shift) = (&text[..at], &text[at + 1..]);
    if !base.ends_with(' ') && base != "now" {
        return None;
    }
    let nanos = duration(shift.trim())?;
    clock
        .simple(base.trim())?
        .shift(if sign == '-' { -nanos } else { nanos })
}

/// Whether a text reads as a time at all.
pub fn is_time(text: &str) -> bool {
    resolve(text, Timestamp(0), Zone::Utc).is_some()
}

/// Nanoseconds of `90s`, `1h30m`, `2 days`; never negative.
pub fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim_start();
    let mut total = 0i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = UNITS
            .iter()
            .find(|(names, _)| names.contains(&&rest[..letters]))?
            .1;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest[letters..].trim_start();
    }
    Some(total)
}

struct Clock {
    now: Timestamp,
    zone: Zone,
}

impl Clock {
    /// Everything but `base + duration`; `text` is trimmed and in lower case.
    fn simple(&self, text: &str) -> Option<Moment> {
        if text == "now" {
            return Some(Moment::instant(self.now));
        }
        if let Some(date) = self.day(text) {
            return self.whole_day(date);
        }
        if let Some(nanos) = duration(text.strip_suffix("ago").unwrap_or(text).trim_end()) {
            return Some(Moment::instant(Timestamp(self.now.0.checked_sub(nanos)?)));
        }
        if let Some(time) = self.date_and_clock(text) {
            return Some(Moment::instant(time));
        }
        Timestamp::from_epoch_guess(text).map(Moment::instant)
    }

    fn today(&self) -> Option<NaiveDate> {
        let offset = i64::from(self.zone.offset_at(self.now));
        let clock = self.now.saturating_add(offset.checked_mul(SECOND)?);
        Some(clock.to_utc().date_naive())
    }

    /// A day by name or date.
    fn day(&self, text: &str) -> Option<NaiveDate> {
        let today = self.today()?;
        match text {
            "today" => return Some(today),
            "yesterday" => return today.pred_opt(),
            "tomorrow" => return today.succ_opt(),
            _ => {}
        }
        if let Some(index) = WEEKDAYS
            .iter()
            .position(|name| *name == text || (text.len() == 3 && name.starts_with(text)))
        {
            let back = (7 + u64::from(today.weekday().num_days_from_monday()) - index as u64) % 7;
            return today.checked_sub_days(chrono::Days::new(back));
        }
        calendar_date(text)
    }

    fn whole_day(&self, date: NaiveDate) -> Option<Moment> {
        let start = self.midnight(date)?;
        Some(Moment {
            start,
            // Not always 24 hours later.
            day_end: Some(self.midnight(date.succ_opt()?)?),
        })
    }

    fn midnight(&self, date: NaiveDate) -> Option<Timestamp> {
        let clock = Timestamp::from_naive(date.and_hms_opt(0, 0, 0)?)?;
        Some(self.zone.instant(clock))
    }

    /// `14:00`, `yesterday 14:00:05`, `2026-03-01t10:00z`: a day (else today), a clock time, perhaps a zone.
    fn date_and_clock(&self, text: &str) -> Option<Timestamp> {
        let (day, clock) = match text.split_once(' ') {
            Some((day, clock)) if self.day(day).is_some() => (self.day(day)?, clock.trim_start()),
            _ if text.as_bytes().get(10) == Some(&b't') => {
                (calendar_date(text.get(..10)?)?, text.get(11..)?)
            }
            _ => (self.today()?, text),
        };
        let digits = clock
            .bytes()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b','))
            .count();
        let (clock, zone) = clock.split_at(digits);
        let seconds = match clock.len() {
            5 => ":00",
            8.. => "",
            _ => return None,
        };
        let zone = zone.trim_start().to_ascii_uppercase();
        let parsed = Timestamp::parse(&format!(
            "{}T{clock}{seconds}{zone}",
            day.format("%Y-%m-%d")
        ))?;
        if zone.is_empty() {
            return Some(self.zone.instant(parsed));
        }
        Some(parsed)
    }
}

/// Exactly `YYYY-MM-DD`.
fn calendar_date(text: &str) -> Option<NaiveDate> {
    let b = text.as_bytes();
    let shaped = b.len() == 10
        && b.iter().enumerate().all(|(i, b)| {
            if matches!(i, 4 | 7) {
                *b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    if !shaped {
        return None;
    }
    NaiveDate::from_ymd_opt(
        text[..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..].parse().ok()?,
    )
}

/// The time a logged value holds: RFC 3339 or its everyday deviations, or a date alone (its start, UTC).
pub(super) fn of_value(folded: &str) -> Option<Timestamp> {
    if !folded.starts_with(|c: char| c.is_ascii_digit()) || folded.len() > 64 {
        return None;
    }
    match calendar_date(folded) {
        Some(date) => Timestamp::from_naive(date.and_hms_opt(0, 0, 0)?),
        None => Timestamp::parse(&folded.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A Wednesday.
    const NOW: &str = "2026-03-04T15:30:00Z";

    fn at(text: &str, offset: i32) -> Option<String> {
        let now = Timestamp::parse(NOW).unwrap();
        resolve(text, now, offset).map(|m| m.start.to_utc().format("%m-%dT%H:%M:%S%.f").to_string())
    }

    /// A time is read by the distance of its own day, not of today.
    #[test]
    fn summer_and_winter_each_have_their_distance() {
        let now = Timestamp::parse(NOW).unwrap();
        let vienna: Zone = "Europe/Vienna".parse().unwrap();
        for (text, want) in [
            ("2026-01-15 10:00", "2026-01-15T09:00:00Z"),
            ("2026-07-15 10:00", "2026-07-15T08:00:00Z"),
            ("2026-03-29", "2026-03-28T23:00:00Z"),
            // Skipped: 02:30 is 03:30 by the old distance; shown twice: the first.
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
            ("today", "2026-03-03T23:00:00Z"),
        ] {
            let moment = resolve(text, now, vienna).unwrap();
            assert_eq!(Some(moment.start), Timestamp::parse(want), "{text}");
        }
        // The day the clocks are set forward has 23 hours.
        let short = resolve("2026-03-29", now, vienna).unwrap();
        assert_eq!(short.day_end, Timestamp::parse("2026-03-29T22:00:00Z"));
    }

    #[test]
    fn reads_every_form() {
        for (text, want) in [
            ("2h", "03-04T13:30:00"),
            ("2h ago", "03-04T13:30:00"),
            ("1h30m", "03-04T14:00:00"),
            ("2 days ago", "03-02T15:30:00"),
            ("15m", "03-04T15:15:00"),
            ("30s", "03-04T15:29:30"),
            ("1d", "03-03T15:30:00"),
            ("1w", "02-25T15:30:00"),
            ("now", "03-04T15:30:00"),
            ("NOW-2h", "03-04T13:30:00"),
            ("now - 2h", "03-04T13:30:00"),
            ("today", "03-04T00:00:00"),
            ("Yesterday", "03-03T00:00:00"),
            ("yesterday 14:00", "03-03T14:00:00"),
            ("14:00", "03-04T14:00:00"),
            ("14:00:05.5", "03-04T14:00:05.500"),
            ("wednesday", "03-04T00:00:00"),
            ("thu", "02-26T00:00:00"),
            ("monday 08:00", "03-02T08:00:00"),
            ("2026-03-01", "03-01T00:00:00"),
            ("2026-03-01 - 3d", "02-26T00:00:00"),
            ("2026-03-01 10:00", "03-01T10:00:00"),
            ("2026-03-01T10:00Z", "03-01T10:00:00"),
            ("2026-03-01T10:00+02:00", "03-01T08:00:00"),
            ("2026-03-01T10:00+02:00 + 1h", "03-01T09:00:00"),
            ("2026-03-01T10:00:00.25Z", "03-01T10:00:00.250"),
            ("1772355600", "03-01T09:00:00"),
            ("1772355600000", "03-01T09:00:00"),
        ] {
            assert_eq!(at(text, 0).as_deref(), Some(want), "{text}");
        }
        for bad in [
            "",
            "h",
            "2x",
            "14",
            "25:00",
            "14:0",
            "2026-13-01",
            "2026-02-30",
            "2026-03-01Tx",
            "404",
            "-2h",
            "é",
            "2h-1h",
            "99999999999999w",
            "2026-03-01T10:00é",
            "ago",
            "yesterday 14",
            "9999-12-31",
            "2026-03-01+3d",
        ] {
            assert_eq!(at(bad, 0), None, "{bad}");
        }
    }

    #[test]
    fn times_without_zone_are_in_the_zone_given() {
        for (text, want) in [
            ("today", "03-03T23:00:00"),
            ("14:00", "03-04T13:00:00"),
            ("2026-03-01T10:00", "03-01T09:00:00"),
            ("2026-03-01T10:00Z", "03-01T10:00:00"),
            ("2h", "03-04T13:30:00"),
        ] {
            assert_eq!(at(text, 3600).as_deref(), Some(want), "{text}");
        }
        // In a zone nine hours ahead it is already Thursday.
        assert_eq!(at("thursday", 9 * 3600).as_deref(), Some("03-04T15:00:00"));
    }

    #[test]
    fn days_are_spans() {
        let now = Timestamp::parse(NOW).unwrap();
        assert_eq!(
            resolve("today", now, 0).unwrap().day_end,
            Timestamp::parse("2026-03-05T00:00:00Z")
        );
        assert_eq!(
            resolve("today - 1d", now, 0).unwrap().day_end,
            Timestamp::parse("2026-03-04T00:00:00Z")
        );
        assert_eq!(resolve("14:00", now, 0).unwrap().day_end, None);
    }
}
