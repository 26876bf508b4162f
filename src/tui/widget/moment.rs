//! Times as a distance: from now, or from the selected event.

use crate::event::Timestamp;
use crate::event::time::{DAY, HOUR, MINUTE, SECOND, length};

/// How the list shows times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// By the clock of the display zone.
    #[default]
    Absolute,
    /// `3 min ago`
    Relative,
    /// `-12.4 s` from the selected event.
    Delta,
}

impl TimeStyle {
    const ALL: [Self; 3] = [Self::Absolute, Self::Relative, Self::Delta];

    /// As it is kept between two runs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Absolute => "absolute",
            Self::Relative => "relative",
            Self::Delta => "delta",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.name() == name)
    }

    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Absolute => Self::Relative,
            Self::Relative => Self::Delta,
            Self::Delta => Self::Absolute,
        }
    }

    /// What it is called, in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Absolute => "times by the clock",
            Self::Relative => "times as their distance from now",
            Self::Delta => "times as their distance from the selected event",
        }
    }
}

/// `3 min ago`, `in 2 h`, `now`; never longer than 13 columns.
pub fn relative(ts: Timestamp, now: Timestamp) -> String {
    let distance = i128::from(now.0) - i128::from(ts.0);
    let size = distance.unsigned_abs();
    let (n, unit) = match size {
        s if s < SECOND as u128 => return "now".to_owned(),
        s if s < MINUTE as u128 => (s / SECOND as u128, "s"),
        s if s < HOUR as u128 => (s / MINUTE as u128, "min"),
        s if s < DAY as u128 => (s / HOUR as u128, "h"),
        s => (s / DAY as u128, "d"),
    };
    if distance > 0 {
        format!("{n} {unit} ago")
    } else {
        format!("in {n} {unit}")
    }
}

/// `-12.4 s`, `+3 min 07 s`, `0`; never longer than 14 columns.
pub fn delta(ts: Timestamp, from: Timestamp) -> String {
    let distance = i128::from(ts.0) - i128::from(from.0);
    let sign = match distance.signum() {
        0 => return "0".to_owned(),
        1 => '+',
        _ => '-',
    };
    format!("{sign}{}", length(distance.unsigned_abs()))
}

/// `12s`, `5m`, `3h`, `9d`: how long ago something was, in few columns.
pub fn lag(now: Timestamp, last: Timestamp) -> String {
    let nanos = now.0.saturating_sub(last.0);
    match nanos {
        ..0 => "ahead".to_owned(),
        n if n < MINUTE => format!("{}s", n / SECOND),
        n if n < HOUR => format!("{}m", n / MINUTE),
        n if n < 2 * DAY => format!("{}h", n / HOUR),
        n => format!("{}d", n / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_short() {
        let at = Timestamp(0);
        for (nanos, want) in [
            (3 * SECOND, "3s"),
            (5 * MINUTE, "5m"),
            (30 * HOUR, "30h"),
            (9 * DAY, "9d"),
            (-1, "ahead"),
        ] {
            assert_eq!(lag(Timestamp(nanos), at), want);
        }
    }

    #[test]
    fn distances_read_as_a_person_says_them() {
        let at = |nanos: i64| Timestamp(nanos);
        for (ts, text) in [
            (0, "now"),
            (-59 * SECOND, "59 s ago"),
            (-3 * MINUTE - SECOND, "3 min ago"),
            (-26 * HOUR, "1 d ago"),
            (2 * HOUR, "in 2 h"),
        ] {
            assert_eq!(relative(at(ts), at(0)), text);
        }
        for (ts, text) in [
            (0, "0"),
            (1, "+1 us"),
            (-340_000_000, "-340 ms"),
            (-12_450_000_000, "-12.4 s"),
            (187 * SECOND, "+3 min 07 s"),
            (-25 * HOUR, "-1 d 01 h"),
        ] {
            assert_eq!(delta(at(ts), at(0)), text);
        }
        for (a, b) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (-DAY + 1, 0)] {
            assert!(delta(at(a), at(b)).len() <= 14);
            assert!(relative(at(a), at(b)).len() <= 14);
        }
    }
}
