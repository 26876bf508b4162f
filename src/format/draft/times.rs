//! The ways in which logs write times, and which of them a sample is written in.

use std::sync::LazyLock;

use regex::Regex;

use super::is_most;
use crate::format::Context;
use crate::format::own::time_by;
use crate::format::time_layout::TimeLayout;

/// How a time looks, and in strftime's words.
pub(super) struct SeenTime {
    /// As part of a pattern, without groups of its own.
    pub(super) pattern: &'static str,
    pub(super) written: Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// In a way that is understood anyway.
    Usual,
    By(&'static str),
    /// Without its date or year, which a format of one's own cannot add.
    Partly,
}

use Written::{By, Partly, Usual};

/// The more they say the earlier, since the first of those that fit as many is taken.
const LAYOUTS: &[(&str, Written)] = &[
    (
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?",
        Usual,
    ),
    (
        r"\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d(?:\.\d+)?",
        By("%Y-%m-%d-%H.%M.%S%.f"),
    ),
    (
        r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,\d{3}",
        By("%Y/%m/%d %H:%M:%S,%3f"),
    ),
    (
        r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%Y/%m/%d %H:%M:%S%.f"),
    ),
    (
        r"\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%Y.%m.%d %H:%M:%S%.f"),
    ),
    (
        r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
        By("%d/%b/%Y:%H:%M:%S %z"),
    ),
    (
        r"\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d",
        By("%d/%b/%Y %H:%M:%S"),
    ),
    (
        r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%d-%b-%Y %H:%M:%S%.f"),
    ),
    (
        r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d,\d{3}",
        By("%d.%m.%Y %H:%M:%S,%3f"),
    ),
    (
        r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%d.%m.%Y %H:%M:%S%.f"),
    ),
    (
        r"\d\d\.\d\d\.\d{4}-\d\d:\d\d:\d\d(?:\.\d+)?",
        By("%d.%m.%Y-%H:%M:%S%.f"),
    ),
    (
        r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%d/%m/%Y %H:%M:%S%.f"),
    ),
    (
        r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%m/%d/%Y %H:%M:%S%.f"),
    ),
    (
        r"\d\d/\d\d/\d{4} \d{1,2}:\d\d:\d\d [AP]M",
        By("%m/%d/%Y %I:%M:%S %p"),
    ),
    (
        r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?",
        By("%y/%m/%d %H:%M:%S%.f"),
    ),
    (
        r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4}",
        By("%a %b %e %H:%M:%S%.f %Y"),
    ),
    (
        r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
        By("%a, %d %b %Y %H:%M:%S %z"),
    ),
    (r"\d{8}T\d{6}Z", By("%Y%m%dT%H%M%SZ")),
    (r"\d{8} \d{6}", By("%Y%m%d %H%M%S")),
    (r"\d{8} \d\d:\d\d:\d\d(?:\.\d+)?", By("%Y%m%d %H:%M:%S%.f")),
    (r"\d{6} \d\d:\d\d:\d\d", By("%y%m%d %H:%M:%S")),
    (r"\d{10}(?:\.\d+)?\b", Usual),
    (r"\d{13}\b", Usual),
    (r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?", Partly),
    (r"\d\d:\d\d:\d\d(?:[.,]\d+)?", Partly),
];

static COMPILED: LazyLock<Vec<(Regex, SeenTime)>> = LazyLock::new(|| {
    let compiled = |(pattern, written): &(&'static str, Written)| {
        let regex = Regex::new(&format!("^{pattern}")).ok()?;
        let (pattern, written) = (*pattern, *written);
        Some((regex, SeenTime { pattern, written }))
    };
    LAYOUTS.iter().filter_map(compiled).collect()
});

impl SeenTime {
    /// How many of these begin with a time written so.
    fn count<'t>(&self, regex: &Regex, texts: impl Iterator<Item = &'t str>) -> usize {
        let is_time = |text: &str| {
            let layout = match self.written {
                Usual => None,
                By(layout) => TimeLayout::new(layout).ok(),
                Partly => return true,
            };
            time_by(layout.as_ref(), text, &Context::default()).is_some()
        };
        let found = texts.filter_map(|text| regex.find(text));
        found.filter(|found| is_time(found.as_str())).count()
    }
}

/// How the most of these begin with a time, and how many do.
pub(super) fn most_common<'t>(
    texts: impl Iterator<Item = &'t str> + Clone,
) -> Option<(&'static SeenTime, usize)> {
    let mut best: Option<(&SeenTime, usize)> = None;
    for (regex, layout) in COMPILED.iter() {
        let count = layout.count(regex, texts.clone());
        if count > best.map_or(0, |(_, most)| most) {
            best = Some((layout, count));
        }
    }
    best
}

/// Whether day and month could as well stand the other way round.
pub(super) fn is_ambiguous<'t>(
    layout: &SeenTime,
    texts: impl Iterator<Item = &'t str> + Clone,
) -> bool {
    let all = texts.clone().count();
    COMPILED.iter().any(|(regex, other)| {
        other.pattern == layout.pattern
            && other.written != layout.written
            && is_most(other.count(regex, texts.clone()), all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_reads_a_time_written_so() {
        assert_eq!(COMPILED.len(), LAYOUTS.len());
        for (text, want) in [
            ("2026-03-01T09:00:00.5+01:00 x", Usual),
            ("2026-03-01 09:00:00,123 x", Usual),
            ("1772355600.25 x", Usual),
            ("1772355600123 x", Usual),
            ("2026-03-01-09.00.00.123456 x", By("%Y-%m-%d-%H.%M.%S%.f")),
            ("2026/03/01 09:00:00 x", By("%Y/%m/%d %H:%M:%S%.f")),
            ("2026/03/01 09:00:00,123 x", By("%Y/%m/%d %H:%M:%S,%3f")),
            ("2026.03.01 09:00:00 x", By("%Y.%m.%d %H:%M:%S%.f")),
            ("01/Mar/2026:09:00:00 +0100] x", By("%d/%b/%Y:%H:%M:%S %z")),
            ("01/Mar/2026 09:00:00 x", By("%d/%b/%Y %H:%M:%S")),
            ("01-Mar-2026 09:00:00.123 x", By("%d-%b-%Y %H:%M:%S%.f")),
            ("31.03.2026 09:00:00 x", By("%d.%m.%Y %H:%M:%S%.f")),
            ("31.03.2026 09:00:00,123 x", By("%d.%m.%Y %H:%M:%S,%3f")),
            ("31.03.2026-09:00:00 x", By("%d.%m.%Y-%H:%M:%S%.f")),
            ("31/03/2026 09:00:00 x", By("%d/%m/%Y %H:%M:%S%.f")),
            ("03/31/2026 09:00:00 x", By("%m/%d/%Y %H:%M:%S%.f")),
            ("03/31/2026 9:00:00 PM x", By("%m/%d/%Y %I:%M:%S %p")),
            ("26/03/31 09:00:00 x", By("%y/%m/%d %H:%M:%S%.f")),
            ("Sun Mar  1 09:00:00 2026 x", By("%a %b %e %H:%M:%S%.f %Y")),
            (
                "Sun, 01 Mar 2026 09:00:00 +0000 x",
                By("%a, %d %b %Y %H:%M:%S %z"),
            ),
            ("20260301T090000Z x", By("%Y%m%dT%H%M%SZ")),
            ("20260301 090000 x", By("%Y%m%d %H%M%S")),
            ("20260301 09:00:00 x", By("%Y%m%d %H:%M:%S%.f")),
            ("260301 09:00:00 x", By("%y%m%d %H:%M:%S")),
            ("Mar  1 09:00:00 x", Partly),
            ("09:00:00,123 x", Partly),
        ] {
            let found = most_common([text].into_iter());
            let found = found.map(|(layout, _)| layout.written);
            assert_eq!(found, Some(want), "{text}");
        }
        for text in ["", "hello", "é", "99:99", "2026-99-99 09:00:00", "12345 x"] {
            assert!(most_common([text].into_iter()).is_none(), "{text}");
        }
    }
}
