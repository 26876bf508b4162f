//! Ordered comparisons: numbers, times, addresses, severities. Values of another kind never match.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::{Sample, address};
use crate::event::field::FieldType;
use crate::event::{Severity, Timestamp};
use crate::query::time;

/// A bound as typed, with its inclusiveness; `None` = open.
pub(super) type Typed<'a> = Option<(&'a str, bool)>;

/// An interval on one scale.
#[derive(Clone, Debug)]
pub(super) enum Bounds {
    Number(Interval<Number>),
    Time(Interval<Timestamp>),
    Address(Interval<IpAddr>),
    /// By [`rank`]: the more severe, the greater.
    Severity(Interval<u8>),
}

/// Each end with its inclusiveness; `None` = open.
#[derive(Clone, Debug)]
pub(super) struct Interval<T> {
    lo: Option<(T, bool)>,
    hi: Option<(T, bool)>,
}

impl<T: PartialOrd> Interval<T> {
    fn read(lo: Typed<'_>, hi: Typed<'_>, parse: impl Fn(&str) -> Option<T>) -> Option<Self> {
        let end = |typed: Typed<'_>| match typed {
            None => Some(None),
            Some((text, inclusive)) => parse(text).map(|value| Some((value, inclusive))),
        };
        Some(Self {
            lo: end(lo)?,
            hi: end(hi)?,
        })
    }

    fn holds(&self, value: &T) -> bool {
        let above = self
            .lo
            .as_ref()
            .is_none_or(|(lo, inclusive)| value > lo || (*inclusive && value == lo));
        above
            && self
                .hi
                .as_ref()
                .is_none_or(|(hi, inclusive)| value < hi || (*inclusive && value == hi))
    }
}

/// 0 (debug) to 7 (emerg).
fn rank(severity: Severity) -> u8 {
    7 - severity as u8
}

fn severity_rank(text: &str) -> Option<u8> {
    Severity::from_name(text).map(rank)
}

fn canonical_address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|a: IpAddr| a.to_canonical())
}

impl Bounds {
    /// Reads an interval for a field's type; `Err` says what was expected.
    pub(super) fn read(kind: FieldType, lo: Typed<'_>, hi: Typed<'_>) -> Result<Self, String> {
        let number = || Interval::read(lo, hi, Number::parse).map(Self::Number);
        let time = || Interval::read(lo, hi, settled_time).map(Self::Time);
        let address = || Interval::read(lo, hi, canonical_address).map(Self::Address);
        let (bounds, expected) = match kind {
            FieldType::Number => (number(), "a number".to_owned()),
            FieldType::Time => (time(), time::EXPECTED.to_owned()),
            FieldType::Address => (address(), "an address such as 10.0.0.1".to_owned()),
            FieldType::Severity => (
                Interval::read(lo, hi, severity_rank).map(Self::Severity),
                format!("a severity: {}", severities()),
            ),
            FieldType::Text => (
                number().or_else(time).or_else(address),
                format!(
                    "a number, {} or an address, the same on both ends",
                    time::EXPECTED
                ),
            ),
            FieldType::Hex128 | FieldType::Verdict => {
                return Err(
                    "this field has no order; compare it with a value or a pattern".to_owned(),
                );
            }
        };
        bounds.ok_or_else(|| format!("expected {expected}"))
    }

    /// Equality on a scale where one value has several spellings. `None`: the type has no such scale.
    pub(super) fn equal(kind: FieldType, text: &str) -> Option<Result<Self, String>> {
        matches!(
            kind,
            FieldType::Number | FieldType::Time | FieldType::Severity
        )
        .then(|| Self::read(kind, Some((text, true)), Some((text, true))))
    }

    pub(super) fn holds(&self, sample: &Sample<'_>) -> bool {
        match self {
            Self::Number(interval) => match sample {
                Sample::Text(text) => Number::parse(text).is_some_and(|n| interval.holds(&n)),
                Sample::Number(n) => interval.holds(&Number::from(*n)),
                _ => false,
            },
            Self::Time(interval) => match sample {
                Sample::Text(text) => time::of_value(text).is_some_and(|t| interval.holds(&t)),
                Sample::Time(t) => interval.holds(t),
                _ => false,
            },
            Self::Address(interval) => match sample {
                Sample::Text(text) => {
                    address::of_value(text).is_some_and(|a| holds_address(interval, a))
                }
                Sample::Address(a) => holds_address(interval, a.to_canonical()),
                _ => false,
            },
            Self::Severity(interval) => match sample {
                Sample::Text(text) => severity_rank(text).is_some_and(|r| interval.holds(&r)),
                Sample::Severity(s) => interval.holds(&rank(*s)),
                _ => false,
            },
        }
    }
}

/// Addresses of the two families do not compare.
fn holds_address(interval: &Interval<IpAddr>, address: IpAddr) -> bool {
    let same =
        |end: &Option<(IpAddr, bool)>| end.is_none_or(|(e, _)| e.is_ipv4() == address.is_ipv4());
    same(&interval.lo) && same(&interval.hi) && interval.holds(&address)
}

/// A time that needs neither now nor a zone: binding has settled the others.
fn settled_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::from_epoch_guess(text))
}

fn severities() -> String {
    Severity::ALL.map(Severity::as_str).join(", ")
}

/// A decimal number: whole ones that fit are exact, all others 64-bit floats. The two compare exactly.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i64),
    /// Finite.
    Float(f64),
}

impl Number {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plausible = text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        if !plausible || !text.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        text.parse()
            .ok()
            .filter(|f: &f64| f.is_finite())
            .map(Self::Float)
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Self {
        i64::try_from(n).map_or(Self::Float(n as f64), Self::Whole)
    }
}

fn compare_mixed(whole: i64, float: f64) -> Ordering {
    // 2^63 as a float; every i64 is below it and not below its negation.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float >= LIMIT {
        return Ordering::Less;
    }
    if float < -LIMIT {
        return Ordering::Greater;
    }
    let floor = float.floor();
    whole.cmp(&(floor as i64)).then(if float > floor {
        Ordering::Less
    } else {
        Ordering::Equal
    })
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (*self, *other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Whole(a), Self::Float(b)) => Some(compare_mixed(a, b)),
            (Self::Float(a), Self::Whole(b)) => Some(compare_mixed(b, a).reverse()),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact_and_mix_with_floats() {
        let n = |text: &str| Number::parse(text).unwrap();
        assert!(n("9007199254740993") > n("9007199254740992"));
        assert!(n("9007199254740993") > n("9007199254740992.0"));
        assert_eq!(n("400"), n("4e2"));
        assert!(n("400") < n("400.5"));
        assert!(n("-1") > n("-1.5"));
        assert!(n("-2") < n("-1.5"));
        assert!(n("9223372036854775807") < n("9223372036854775808"));
        assert!(n("-9223372036854775808") > n("-1e30"));
        for bad in ["", "inf", "nan", "1e999", "0x10", "4 0", "+", "e", "1.2.3"] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }
}
