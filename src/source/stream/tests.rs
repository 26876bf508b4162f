//! Compressed data, whole, cut and damaged.

use std::io::Write;

use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zst(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 3).unwrap()
}

fn bz2(data: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn read_all(bytes: &[u8], limits: Limits) -> (Vec<u8>, ReadEnd) {
    let mut stream = Stream::new(bytes, limits).unwrap();
    let mut out = Vec::new();
    stream.read_to_end(&mut out).unwrap();
    assert_eq!(stream.offset(), out.len() as u64);
    (out, stream.end().cloned().unwrap())
}

fn lines(n: usize) -> Vec<u8> {
    (0..n)
        .flat_map(|i| {
            format!(
                "{{\"n\":{i},\"h\":\"{:x}\"}}\n",
                i.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            )
            .into_bytes()
        })
        .collect()
}

#[test]
fn every_compression_gives_the_same_bytes() {
    let data = lines(20_000);
    let (a, b) = data.split_at(data.len() / 3);
    let skippable = [
        &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..],
        &zst(&data),
    ]
    .concat();
    for bytes in [
        data.clone(),
        gzip(&data),
        [gzip(a), gzip(b)].concat(),
        [gzip(a), gzip(b""), gzip(b)].concat(),
        [gzip(&data), vec![0; 700]].concat(),
        zst(&data),
        [zst(a), zst(b)].concat(),
        skippable,
        bz2(&data),
        [bz2(a), bz2(b""), bz2(b)].concat(),
        xz(&data),
        [xz(a), xz(b""), xz(b)].concat(),
    ] {
        let (out, end) = read_all(&bytes, Limits::default());
        assert!(out == data);
        assert_eq!(end, ReadEnd::Complete);
    }
}

#[test]
fn a_cut_file_gives_what_is_readable_and_says_so() {
    let data = lines(20_000);
    for packed in [gzip(&data), zst(&data), bz2(&data), xz(&data)] {
        let (out, end) = read_all(&packed[..packed.len() / 2], Limits::default());
        assert!(
            out.len() > data.len() / 4,
            "only {} of {} bytes",
            out.len(),
            data.len()
        );
        assert!(data.starts_with(&out));
        assert!(matches!(end, ReadEnd::Truncated(_)), "{end:?}");
    }
    let whole = gzip(&data);
    let (out, end) = read_all(&whole[..whole.len() - 1], Limits::default());
    assert!(
        out == data && matches!(end, ReadEnd::Truncated(_)),
        "{end:?}"
    );
    let (out, end) = read_all(
        &[whole.clone(), whole[..2].to_vec()].concat(),
        Limits::default(),
    );
    assert!(
        out == data && matches!(end, ReadEnd::Truncated(_)),
        "{end:?}"
    );
}

#[test]
fn bytes_after_the_end_and_damage_are_told() {
    let data = lines(100);
    for packed in [gzip(&data), zst(&data), bz2(&data), xz(&data)] {
        let (out, end) = read_all(
            &[packed, b"plain line\n".to_vec()].concat(),
            Limits::default(),
        );
        assert!(out == data);
        assert_eq!(end, ReadEnd::TrailingGarbage { bytes: 11 });
    }
    let mut wrong_checksum = gzip(&data);
    let at = wrong_checksum.len() - 6;
    wrong_checksum[at] ^= 0xff;
    let (out, end) = read_all(&wrong_checksum, Limits::default());
    assert!(out == data && matches!(end, ReadEnd::Damaged(_)), "{end:?}");
}

#[test]
fn a_bomb_is_stopped() {
    let zeros = vec![0; 4 << 20];
    let limits = Limits {
        bytes: 1 << 20,
        ..Limits::default()
    };
    for packed in [gzip(&zeros), zst(&zeros), bz2(&zeros), xz(&zeros)] {
        let (out, end) = read_all(&packed, limits);
        assert!(
            out.len() < 2 << 20 && matches!(end, ReadEnd::LimitReached(_)),
            "{end:?}"
        );
    }
    let limits = Limits {
        ratio_from: 1 << 20,
        ratio: 2000,
        ..Limits::default()
    };
    let (out, end) = read_all(&zst(&zeros), limits);
    assert!(
        out.len() < 4 << 20 && matches!(end, ReadEnd::LimitReached(_)),
        "{end:?}"
    );
    assert_eq!(
        read_all(&zeros, Limits { bytes: 1, ..limits }).1,
        ReadEnd::Complete,
        "plain files have no limit"
    );
}

#[test]
fn skipping_lands_on_the_offset_or_at_the_end() {
    let data = lines(1000);
    let packed = gzip(&data);
    let mut stream = Stream::new(&packed[..], Limits::default()).unwrap();
    assert_eq!(stream.skip_to(5000).unwrap(), 5000);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest == data[5000..]);
    let mut stream = Stream::new(&packed[..], Limits::default()).unwrap();
    assert_eq!(stream.skip_to(u64::MAX).unwrap(), data.len() as u64);
}

proptest! {
    #[test]
    fn hostile_bytes_neither_panic_nor_hang(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
                                            cut in any::<prop::sample::Index>(), use_zstd in any::<bool>()) {
        let data = lines(300);
        let mut packed = if use_zstd { zst(&data) } else { gzip(&data) };
        for (at, byte) in flips {
            let at = at.index(packed.len());
            packed[at] = byte;
        }
        packed.truncate(cut.index(packed.len()) + 1);
        read_all(&packed, Limits { bytes: 16 << 20, ..Limits::default() });
    }
}
