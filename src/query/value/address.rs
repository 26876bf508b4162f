//! Address blocks (`10.0.0.0/8`). An IPv4 address mapped into IPv6 is that IPv4 address, everywhere.

use std::net::IpAddr;

/// A CIDR block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    base: u128,
    mask: u128,
    v4: bool,
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(a) => (u128::from(u32::from(a)), true),
        IpAddr::V6(a) => (u128::from(a), false),
    }
}

impl Block {
    /// Reads `address/prefix`; host bits are ignored.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        if prefix.is_empty() || prefix.len() > 3 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let address: IpAddr = address.parse().ok()?;
        let mut prefix: u32 = prefix.parse().ok()?;
        let canonical = if prefix >= 96 {
            address.to_canonical()
        } else {
            address
        };
        if canonical.is_ipv4() && address.is_ipv6() {
            prefix -= 96;
        }
        let (base, v4) = bits(canonical);
        let width = if v4 { 32 } else { 128 };
        let host_bits = u32::checked_sub(width, prefix)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Some(Self {
            base: base & mask,
            mask,
            v4,
        })
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let (bits, v4) = bits(address.to_canonical());
        v4 == self.v4 && bits & self.mask == self.base
    }
}

/// The address a value is, with IPv4-mapped ones as IPv4.
pub(super) fn of_value(text: &str) -> Option<IpAddr> {
    // The longest spelling of an IPv6 address has 45 characters; most values are no address, so look before parsing.
    let plausible = text.len() <= 45
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'));
    if !plausible {
        return None;
    }
    text.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_their_addresses() {
        for (block, address, want) in [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.200.3.4", true),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("::ffff:10.0.0.0/104", "10.0.0.1", true),
            ("10.0.0.1/32", "10.0.0.1", true),
            ("10.0.0.1/32", "10.0.0.2", false),
        ] {
            assert_eq!(
                Block::parse(block)
                    .unwrap()
                    .contains(address.parse().unwrap()),
                want,
                "{address} in {block}"
            );
        }
        for bad in [
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "var/log",
        ] {
            assert_eq!(Block::parse(bad), None, "{bad}");
        }
    }
}
