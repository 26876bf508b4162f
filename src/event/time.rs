//! Time as the whole program knows it: nanoseconds since the Unix epoch, UTC.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};

/// Nanoseconds since 1970-01-01T00:00:00Z; reaches from 1677 to 2262.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Timestamp(pub i64);

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// The earlier of two times, of which either may not be known.
pub fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

/// A length of time in its two largest units: `12.4 s`, `3 min 07 s`, `6 d 19 h`; never longer than 13 columns.
pub fn length(nanos: u128) -> String {
    let of = |unit: i64| nanos / unit as u128;
    let rest = |of: i64, unit: i64| nanos % of as u128 / unit as u128;
    match nanos {
        n if n < 1_000_000 => format!("{} us", n.div_ceil(1_000)),
        n if n < SECOND as u128 => format!("{} ms", n / 1_000_000),
        n if n < MINUTE as u128 => format!("{}.{} s", of(SECOND), rest(SECOND, 100_000_000)),
        n if n < HOUR as u128 => format!("{} min {:02} s", of(MINUTE), rest(MINUTE, SECOND)),
        n if n < DAY as u128 => format!("{} h {:02} min", of(HOUR), rest(HOUR, MINUTE)),
        _ => format!("{} d {:02} h", of(DAY), rest(DAY, HOUR)),
    }
}

impl Timestamp {
    /// The system's clock. Only the composition root and the runner call this; everything else takes time as data.
    pub fn now() -> Self {
        Self::from_utc(Utc::now()).unwrap_or_default()
    }

    /// `None` outside the range of 64-bit nanoseconds.
    pub fn from_utc(time: DateTime<Utc>) -> Option<Self> {
        time.timestamp_nanos_opt().map(Self)
    }

    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_nanos(self.0)
    }

    pub fn from_secs(secs: i64, nanos: u32) -> Option<Self> {
        secs.checked_mul(SECOND)?
            .checked_add(i64::from(nanos))
            .map(Self)
    }

    /// A number of unknown unit, judged by magnitude: seconds, milli-, micro- or nanoseconds. Accepts a
    /// fraction. Only times between 1990 and 2200 count, so that small integers are not taken for dates.
    pub fn from_epoch_guess(token: &str) -> Option<Self> {
        let (whole, frac) = token.split_once('.').unwrap_or((token, ""));
        let whole: i64 = whole.parse().ok()?;
        if frac.len() > 18 || !frac.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let scale = match whole {
            631_152_000..=7_258_118_400 => SECOND,
            631_152_000_000..=7_258_118_400_000 => 1_000_000,
            631_152_000_000_000..=7_258_118_400_000_000 => 1_000,
            631_152_000_000_000_000..=i64::MAX => 1,
            _ => return None,
        };
        let mut nanos = whole.checked_mul(scale)?;
        let mut unit = scale;
        for digit in frac.bytes() {
            unit /= 10;
            nanos = nanos.checked_add(i64::from(digit - b'0') * unit)?;
        }
        Some(Self(nanos))
    }

    /// RFC 3339 and its everyday deviations: a space for the `T`, no zone (read as UTC), `+0000`, `,` as the
    /// decimal mark, up to nine (further ones dropped) fractional digits.
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        if b.len() < 19
            || !b.is_ascii()
            || b[4] != b'-'
            || b[7] != b'-'
            || b[13] != b':'
            || b[16] != b':'
        {
            return None;
        }
        if !matches!(b[10], b'T' | b't' | b' ' | b'_') {
            return None;
        }
        let num = |range: std::ops::Range<usize>| -> Option<u32> {
            b[range].iter().try_fold(0u32, |n, d| {
                d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0'))
            })
        };
        let date = NaiveDate::from_ymd_opt(num(0..4)? as i32, num(5..7)?, num(8..10)?)?;
        let (hour, minute, second) = (num(11..13)?, num(14..16)?, num(17..19)?);
        // A leap second is read as the last nanosecond-free second before it.
        let time = date.and_hms_opt(hour, minute, second.min(59))?;
        let mut rest = &text[19..];
        let mut nanos = 0u32;
        if rest.starts_with('.') || rest.starts_with(',') {
            let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            for i in 0..9 {
                let digit = if i < digits {
                    u32::from(rest.as_bytes()[1 + i] - b'0')
                } else {
                    0
                };
                nanos = nanos * 10 + digit;
            }
            rest = &rest[1 + digits..];
        }
        let offset = parse_offset(rest.trim_start())?;
        let secs = time.and_utc().timestamp() - offset;
        Self::from_secs(secs, nanos)
    }

    /// RFC 3339 in UTC with nine fractional digits.
    pub fn rfc3339(self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::Nanos, true)
    }

    /// For sentences, to the second: `2026-11-27 07:34:18 UTC`.
    pub fn to_the_second(self) -> String {
        self.to_utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    /// RFC 3339 in UTC as a person would type it: no more digits than it needs, no seconds of a whole minute.
    pub fn brief(self) -> String {
        let utc = self.to_utc();
        match self.0 {
            n if n % MINUTE == 0 => utc.format("%Y-%m-%dT%H:%MZ").to_string(),
            n if n % SECOND == 0 => utc.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            _ => {
                let text = self.rfc3339();
                let digits = text.trim_end_matches('Z').trim_end_matches('0');
                format!("{digits}Z")
            }
        }
    }

    /// A wall-clock time without zone, read as UTC.
    pub fn from_naive(time: NaiveDateTime) -> Option<Self> {
        Self::from_utc(time.and_utc())
    }

    pub fn saturating_add(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

/// Seconds east of UTC: ``, `Z`, `UTC`, `+02:00`, `+0200`, `+02`.
fn parse_offset(text: &str) -> Option<i64> {
    if text.is_empty() || matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = if digits.len() == 4 {
        digits[2..].parse().ok()?
    } else {
        0
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rfc3339_and_its_deviations() {
        let base = 1_772_355_600 * SECOND;
        for (text, nanos) in [
            ("2026-03-01T09:00:00Z", base),
            ("2026-03-01T10:00:00+01:00", base),
            ("2026-03-01 09:00:00", base),
            ("2026-03-01T09:00:00.5Z", base + SECOND / 2),
            ("2026-03-01 09:00:00,123", base + 123_000_000),
            ("2026-03-01T09:00:00.1234567891234Z", base + 123_456_789),
            ("2026-03-01 09:00:00 UTC", base),
            ("2026-03-01T07:00:00-0200", base),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp(nanos)), "{text}");
        }
        for bad in [
            "",
            "2026-13-01T00:00:00Z",
            "2026-03-01T09:00:00.Z",
            "2026-03-01T09:00:00 foo",
            "é026-03-01T09:00:00",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
        assert_eq!(Timestamp(base).rfc3339(), "2026-03-01T09:00:00.000000000Z");
    }

    #[test]
    fn judges_epochs_by_magnitude() {
        let want = Some(Timestamp(1_700_000_000_500_000_000));
        for token in [
            "1700000000.5",
            "1700000000500",
            "1700000000500000",
            "1700000000500000000",
        ] {
            assert_eq!(Timestamp::from_epoch_guess(token), want, "{token}");
        }
        assert_eq!(Timestamp::from_epoch_guess("404"), None);
    }
}
