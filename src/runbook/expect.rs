//! Expectations: how many rows, or distinct values, a step's query should give.

use std::fmt;

use super::Expect;

/// Reads `0`, `1..`, `..5`, `3..10` (both ends included), `>100`, `>=3`, `<5`, `<=4`, each optionally after
/// `distinct(FIELD)`. The error says what was expected.
pub(super) fn parse(text: &str) -> Result<Expect, String> {
    let text = text.trim();
    let (distinct, count) = match text.strip_prefix("distinct(") {
        Some(rest) => match rest.split_once(')') {
            Some((field, count)) if !field.trim().is_empty() => {
                (Some(field.trim().to_owned()), count)
            }
            _ => {
                return Err(format!(
                    "`{text}`: expected `distinct(FIELD)` before a count, such as `distinct(ip)>3`"
                ));
            }
        },
        None => (None, text),
    };
    let (min, max) = range(count.trim()).ok_or_else(|| {
        format!("`{text}` is no count: expected `0`, `1..`, `..5`, `3..10`, `>100`, `>=3` or `distinct(ip)>3`")
    })?;
    if max.is_some_and(|max| max < min) {
        return Err(format!(
            "`{text}` can never be met: the upper bound is below the lower one"
        ));
    }
    Ok(Expect { distinct, min, max })
}

fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let number = |text: &str| -> Option<u64> {
        let text = text.trim();
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
    };
    if let Some(n) = text.strip_prefix(">=") {
        return Some((number(n)?, None));
    }
    if let Some(n) = text.strip_prefix("<=") {
        return Some((0, Some(number(n)?)));
    }
    if let Some(n) = text.strip_prefix('>') {
        return Some((number(n)?.checked_add(1)?, None));
    }
    if let Some(n) = text.strip_prefix('<') {
        return Some((0, Some(number(n)?.checked_sub(1)?)));
    }
    if let Some((lo, hi)) = text.split_once("..") {
        return match (lo.trim(), hi.trim()) {
            ("", "") => None,
            ("", hi) => Some((0, Some(number(hi)?))),
            (lo, "") => Some((number(lo)?, None)),
            (lo, hi) => Some((number(lo)?, Some(number(hi)?))),
        };
    }
    number(text.strip_prefix('=').unwrap_or(text)).map(|n| (n, Some(n)))
}

impl Expect {
    /// Whether a count that can still grow (`complete` = it can't) meets the expectation; `None` = not known yet.
    pub(super) fn decided(&self, count: u64, complete: bool) -> Option<bool> {
        if complete {
            Some(self.is_met(count))
        } else if self.max.is_some_and(|max| count > max) {
            Some(false)
        } else if count >= self.min && self.max.is_none() {
            Some(true)
        } else {
            None
        }
    }
}

/// In words: `1 or more rows`, `no rows`, `3 to 10 rows`, `4 or more different ip`.
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (0, Some(0)) => f.write_str("no")?,
            (min, Some(max)) if min == max => write!(f, "{min}")?,
            (0, Some(max)) => write!(f, "at most {max}")?,
            (min, Some(max)) => write!(f, "{min} to {max}")?,
            (min, None) => write!(f, "{min} or more")?,
        }
        match &self.distinct {
            Some(field) => write!(f, " different {field}"),
            None if (self.min, self.max) == (1, Some(1)) => f.write_str(" row"),
            None => f.write_str(" rows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling() {
        for (text, distinct, min, max, words) in [
            ("0", None, 0, Some(0), "no rows"),
            ("1", None, 1, Some(1), "1 row"),
            ("1..", None, 1, None, "1 or more rows"),
            ("..5", None, 0, Some(5), "at most 5 rows"),
            (">100", None, 101, None, "101 or more rows"),
            (">=3", None, 3, None, "3 or more rows"),
            ("<3", None, 0, Some(2), "at most 2 rows"),
            ("3..10", None, 3, Some(10), "3 to 10 rows"),
            (
                "distinct(ip)>3",
                Some("ip"),
                4,
                None,
                "4 or more different ip",
            ),
            (
                "distinct( a.b ) 1..2",
                Some("a.b"),
                1,
                Some(2),
                "1 to 2 different a.b",
            ),
        ] {
            let expect = parse(text).unwrap();
            assert_eq!(
                expect,
                Expect {
                    distinct: distinct.map(str::to_owned),
                    min,
                    max
                },
                "{text}"
            );
            assert_eq!(expect.to_string(), words);
        }
        for bad in [
            "",
            "..",
            "x",
            "-1",
            "+1",
            "5..3",
            "<0",
            "distinct()>1",
            "distinct(ip",
            "99999999999999999999",
            ">18446744073709551615",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_growing_count_decides_only_what_can_not_change() {
        let at_least = parse("2..").unwrap();
        assert_eq!(at_least.decided(1, false), None);
        assert_eq!(at_least.decided(2, false), Some(true));
        assert_eq!(at_least.decided(1, true), Some(false));
        let none = parse("0").unwrap();
        assert_eq!(none.decided(0, false), None);
        assert_eq!(none.decided(1, false), Some(false));
        assert_eq!(none.decided(0, true), Some(true));
    }
}
