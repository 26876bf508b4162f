//! Verdicts by position, for lists of millions of records: a few stretches, not one entry a record.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::event::Verdict;

/// Records of one generation between two offsets that share a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) generation: i32,
    /// Offset of the first record.
    pub(super) first: u64,
    /// Offset of the last record.
    pub(super) last: u64,
    pub(super) verdict: Verdict,
}

/// Verdicts by position: one default for the ranges covered, plus exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Disjoint, in order of generation and offset.
    stretches: Vec<Stretch>,
    elsewhere: Verdict,
}

impl Verdicts {
    /// `layers` are painted one over the other, the last on top.
    pub(super) fn paint(layers: impl IntoIterator<Item = Stretch>, elsewhere: Verdict) -> Self {
        // (generation, first offset) -> (last offset, verdict)
        let mut map: BTreeMap<(i32, u64), (u64, Verdict)> = BTreeMap::new();
        for s in layers.into_iter().filter(|s| s.first <= s.last) {
            let (from, to) = ((s.generation, s.first), (s.generation, s.last));
            let start = map
                .range(..from)
                .next_back()
                .filter(|(at, under)| at.0 == s.generation && under.0 >= s.first)
                .map_or(from, |(at, _)| *at);
            let under: Vec<((i32, u64), (u64, Verdict))> =
                map.range(start..=to).map(|(k, v)| (*k, *v)).collect();
            for (at, (last, verdict)) in under {
                map.remove(&at);
                if at.1 < s.first {
                    map.insert(at, (s.first - 1, verdict));
                }
                if last > s.last {
                    map.insert((s.generation, s.last + 1), (last, verdict));
                }
            }
            map.insert(from, (s.last, s.verdict));
        }
        let stretches = map
            .into_iter()
            .map(|((generation, first), (last, verdict))| Stretch {
                generation,
                first,
                last,
                verdict,
            })
            .collect();
        Self {
            stretches,
            elsewhere,
        }
    }

    /// What seals say of a log without a chain: ranges of offsets by generation, the later ones over those before; the rest is
    /// not sealed.
    pub fn sealed(ranges: impl IntoIterator<Item = (i32, Range<u64>, Verdict)>) -> Self {
        Self::paint(stretches(ranges), Verdict::Unchained)
    }

    /// These with others over them: ranges of offsets by generation.
    pub fn with(self, ranges: impl IntoIterator<Item = (i32, Range<u64>, Verdict)>) -> Self {
        let layers = self.stretches.into_iter().chain(stretches(ranges));
        Self::paint(layers, self.elsewhere)
    }

    /// The verdict of the record at `offset` of `generation`.
    pub fn at(&self, generation: i32, offset: u64) -> Verdict {
        let after = self
            .stretches
            .partition_point(|s| (s.generation, s.first) <= (generation, offset));
        self.stretches[..after]
            .last()
            .filter(|s| s.generation == generation && offset <= s.last)
            .map_or(self.elsewhere, |s| s.verdict)
    }

    /// Where the records stand that `chain:word` matches, as offsets by generation. Records outside every stretch
    /// have the verdict [`Self::elsewhere`]: if `word` is one of its words, what is outside [`Self::covered`]
    /// matches as well.
    pub fn matching(&self, word: &str) -> Vec<(i32, Range<u64>)> {
        self.ranges(|v| v.words().contains(&Some(word)))
    }

    /// All stretches that have a verdict of their own, as offsets by generation.
    pub fn covered(&self) -> Vec<(i32, Range<u64>)> {
        self.ranges(|_| true)
    }

    /// The verdict of every record outside the stretches: `unchained`, or `pending` where a chain goes on.
    pub fn elsewhere(&self) -> Verdict {
        self.elsewhere
    }

    fn ranges(&self, wanted: impl Fn(Verdict) -> bool) -> Vec<(i32, Range<u64>)> {
        let mut out: Vec<(i32, Range<u64>)> = Vec::new();
        for s in self.stretches.iter().filter(|s| wanted(s.verdict)) {
            let end = s.last.saturating_add(1);
            match out.last_mut() {
                Some((generation, range))
                    if *generation == s.generation && range.end == s.first =>
                {
                    range.end = end;
                }
                _ => out.push((s.generation, s.first..end)),
            }
        }
        out
    }
}

fn stretches(
    ranges: impl IntoIterator<Item = (i32, Range<u64>, Verdict)>,
) -> impl Iterator<Item = Stretch> {
    let ranges = ranges.into_iter().filter(|(_, range, _)| !range.is_empty());
    ranges.map(|(generation, range, verdict)| Stretch {
        generation,
        first: range.start,
        last: range.end - 1,
        verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::BreakKind;
    use proptest::prelude::*;

    fn stretch(generation: i32, first: u64, last: u64, verdict: Verdict) -> Stretch {
        Stretch {
            generation,
            first,
            last,
            verdict,
        }
    }

    #[test]
    fn exceptions_lie_over_ranges() {
        let broken = Verdict::Broken(BreakKind::Deleted);
        let v = Verdicts::paint(
            [
                stretch(-1, 0, 900, Verdict::Verified),
                stretch(0, 0, 500, Verdict::Verified),
                stretch(0, 100, 100, broken),
                stretch(0, 450, 600, Verdict::Pending),
            ],
            Verdict::Pending,
        );
        for (generation, offset, want) in [
            (-1, 900, Verdict::Verified),
            (-1, 901, Verdict::Pending),
            (0, 0, Verdict::Verified),
            (0, 99, Verdict::Verified),
            (0, 100, broken),
            (0, 101, Verdict::Verified),
            (0, 450, Verdict::Pending),
            (1, 0, Verdict::Pending),
        ] {
            assert_eq!(v.at(generation, offset), want, "{generation} {offset}");
        }
        assert_eq!(v.matching("broken"), [(0, 100..101)]);
        assert_eq!(v.matching("deleted"), [(0, 100..101)]);
        assert_eq!(
            v.matching("verified"),
            [(-1, 0..901), (0, 0..100), (0, 101..450)]
        );
        assert_eq!(v.matching("nonsense"), []);
        assert_eq!(v.covered(), [(-1, 0..901), (0, 0..601)]);
        assert_eq!(Verdicts::default().at(0, 7), Verdict::Unchained);
        assert_eq!(Verdicts::default().elsewhere(), Verdict::Unchained);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn painting_is_painting(layers in prop::collection::vec((0i32..2, 0u64..30, 0u64..8, 0usize..3), 0..12)) {
            let verdicts = [Verdict::Verified, Verdict::Pending, Verdict::Broken(BreakKind::Fork)];
            let layers: Vec<Stretch> = layers
                .into_iter()
                .map(|(g, first, len, v)| stretch(g, first, first + len, verdicts[v]))
                .collect();
            let painted = Verdicts::paint(layers.clone(), Verdict::Unchained);
            for generation in 0..2 {
                for offset in 0..40 {
                    let want = layers
                        .iter()
                        .rev()
                        .find(|s| s.generation == generation && (s.first..=s.last).contains(&offset))
                        .map_or(Verdict::Unchained, |s| s.verdict);
                    prop_assert_eq!(painted.at(generation, offset), want);
                    for word in want.words().into_iter().flatten() {
                        let inside = painted
                            .matching(word)
                            .iter()
                            .any(|(g, r)| *g == generation && r.contains(&offset));
                        prop_assert_eq!(inside, want != Verdict::Unchained);
                    }
                }
            }
        }
    }
}
