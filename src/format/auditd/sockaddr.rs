//! The kernel's `struct sockaddr` as SOCKADDR records spell it, in hex.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fields::unhex;
use crate::format::record::lossy;

#[derive(Debug, PartialEq)]
pub(super) enum SocketAddress {
    Inet(IpAddr, u16),
    /// A path, or an abstract name after `@`.
    Unix(String),
}

/// Reads `saddr=` of a little-endian machine; `None` for families without an address of interest.
pub(super) fn decode(saddr: &[u8]) -> Option<SocketAddress> {
    let bytes = unhex(saddr)?;
    let family = u16::from_le_bytes([*bytes.first()?, *bytes.get(1)?]);
    let port = || Some(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
    match family {
        1 => {
            let path = bytes.get(2..)?;
            let (mark, name) = match path.strip_prefix(b"\0") {
                Some(name) => ("@", name),
                None => ("", path),
            };
            let name = name.split(|b| *b == 0).next()?;
            (!name.is_empty()).then(|| SocketAddress::Unix(format!("{mark}{}", lossy(name))))
        }
        2 => {
            let octets: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some(SocketAddress::Inet(Ipv4Addr::from(octets).into(), port()?))
        }
        10 => {
            let octets: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            Some(SocketAddress::Inet(Ipv6Addr::from(octets).into(), port()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_apart() {
        assert_eq!(
            decode(b"0200115CCB0071070000000000000000"),
            Some(SocketAddress::Inet("203.0.113.7".parse().unwrap(), 4444))
        );
        assert_eq!(
            decode(b"0A00005000000000000000000000000000000000000000010000000000"),
            Some(SocketAddress::Inet("::1".parse().unwrap(), 80))
        );
        assert_eq!(
            decode(b"01002F72756E2F6E7363642F736F636B65740000"),
            Some(SocketAddress::Unix("/run/nscd/socket".into()))
        );
        for odd in ["", "0", "02", "0200", "0A000050", "100000", "zz", "0100"] {
            assert_eq!(decode(odd.as_bytes()), None, "{odd}");
        }
    }
}
