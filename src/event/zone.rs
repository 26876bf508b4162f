//! The zone times are shown in, and times typed without one are read in.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Local, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use super::Timestamp;
use super::time::{DAY, SECOND};

/// UTC, this machine's zone, one from the IANA database (bundled, so that a bastion needs none), or a fixed distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Utc,
    Local,
    Named(Tz),
    /// Seconds east of UTC.
    Fixed(i32),
}

impl From<i32> for Zone {
    fn from(seconds_east: i32) -> Self {
        Self::Fixed(seconds_east)
    }
}

/// A word that names no zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a time zone; use UTC, local, or an IANA name such as Europe/Vienna")]
pub struct UnknownZone(String);

impl Zone {
    /// Seconds east of UTC at that moment.
    pub fn offset_at(self, ts: Timestamp) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Fixed(seconds) => seconds,
            Self::Local => ts
                .to_utc()
                .with_timezone(&Local)
                .offset()
                .fix()
                .local_minus_utc(),
            Self::Named(tz) => tz
                .offset_from_utc_datetime(&ts.to_utc().naive_utc())
                .fix()
                .local_minus_utc(),
        }
    }

    /// The moment at which the clocks of this zone show a time, which is given as if it were UTC. Where the clocks are
    /// set forward, a time that they skip is the moment they skip it at the old distance; where they are set back, a
    /// time that they show twice is its first.
    pub fn instant(self, clock: Timestamp) -> Timestamp {
        let at = |offset: i32| clock.saturating_add(-i64::from(offset) * SECOND);
        // The distance on either side of any change nearby.
        let before = self.offset_at(at(0).saturating_add(-DAY));
        let after = self.offset_at(at(0).saturating_add(DAY));
        if self.offset_at(at(before)) == before {
            at(before)
        } else if self.offset_at(at(after)) == after {
            at(after)
        } else {
            at(before)
        }
    }

    /// Every name that can be asked for, UTC and local aside.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name())
    }

    /// `2026-03-01 15:00:03.902`: the wall clock of this zone, in milliseconds (cut, not rounded).
    pub fn format(self, ts: Timestamp) -> String {
        let moment: DateTime<Utc> = ts.to_utc();
        let wall = moment.naive_utc() + chrono::Duration::seconds(i64::from(self.offset_at(ts)));
        wall.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utc => f.write_str("UTC"),
            Self::Local => f.write_str("local"),
            Self::Fixed(seconds) => write!(
                f,
                "UTC{:+03}:{:02}",
                seconds / 3600,
                seconds.abs() / 60 % 60
            ),
            Self::Named(tz) => f.write_str(tz.name()),
        }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Ignores case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.to_ascii_lowercase().as_str() {
            "utc" | "z" => return Ok(Self::Utc),
            "local" => return Ok(Self::Local),
            _ => {}
        }
        chrono_tz::TZ_VARIANTS
            .iter()
            .find(|tz| tz.name().eq_ignore_ascii_case(name))
            .map(|tz| Self::Named(*tz))
            .ok_or_else(|| UnknownZone(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_shift_and_print() {
        let winter = Timestamp::parse("2026-03-01T15:00:03.9029Z").unwrap();
        let summer = Timestamp::parse("2026-07-01T15:00:00Z").unwrap();
        let vienna: Zone = "europe/vienna".parse().unwrap();
        assert_eq!(vienna.offset_at(winter), 3600);
        assert_eq!(vienna.offset_at(summer), 7200);
        assert_eq!(vienna.format(winter), "2026-03-01 16:00:03.902");
        assert_eq!(Zone::Utc.format(winter), "2026-03-01 15:00:03.902");
        assert_eq!(vienna.to_string().parse(), Ok(vienna));
        assert_eq!("utc".parse(), Ok(Zone::Utc));
        assert_eq!("LOCAL".parse(), Ok(Zone::Local));
        assert!(
            "Mars/Base"
                .parse::<Zone>()
                .unwrap_err()
                .to_string()
                .contains("Europe/Vienna")
        );
        // The ends of the representable range must not overflow.
        for end in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
            vienna.format(end);
            Zone::Local.format(end);
        }
    }
}
