//! A small generator of numbers that are the same in every run.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Self {
        Self(0x5eed_a0d1_7717_2026)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `limit` - 1; 0 if there is no such number.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// True in `percent` of 100 calls.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a table's rows, which has at least one.
    pub(super) fn pick<'a, T, const N: usize>(&mut self, rows: &'a [T; N]) -> &'a T {
        const { assert!(N > 0) };
        &rows[self.below(N as u64) as usize]
    }

    /// One of a table's rows, each as often as its weight says.
    pub(super) fn weighted<'a, T, const N: usize>(&mut self, rows: &'a [(u64, T); N]) -> &'a T {
        const { assert!(N > 0) };
        let mut left = self.below(rows.iter().map(|(weight, _)| weight).sum());
        for (weight, row) in rows {
            if left < *weight {
                return row;
            }
            left -= weight;
        }
        &rows[0].1
    }

    pub(super) fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize]))
            .collect()
    }

    pub(super) fn letters(&mut self, count: usize) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..count)
            .map(|_| char::from(alphabet[self.below(62) as usize]))
            .collect()
    }

    /// A version 4 UUID.
    pub(super) fn uuid(&mut self) -> String {
        let variant = *self.pick(&['8', '9', 'a', 'b']);
        format!(
            "{}-{}-4{}-{variant}{}-{}",
            self.hex(8),
            self.hex(4),
            self.hex(3),
            self.hex(3),
            self.hex(12)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_itself_and_keeps_to_weights() {
        let (mut a, mut b) = (Random::new(), Random::new());
        assert_eq!(a.uuid(), b.uuid());
        assert_eq!(a.uuid().len(), 36);
        assert_eq!(a.below(0), 0);
        let heads = (0..1000)
            .filter(|_| *a.weighted(&[(9, true), (1, false)]))
            .count();
        assert!((850..950).contains(&heads), "{heads}");
    }
}
