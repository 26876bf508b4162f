//! Digests, their texts to sign, and the walk over chains that were changed; signatures are checked on stored files.

use super::*;
use crate::event::BreakKind;
use sha2::Digest as _;

/// Real files: three digests, the second without log files, written by openssl.
const BUCKET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/cloudtrail-digest/bucket"
);
const DIGEST: &str = "trail-logs/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/03/01/\
                      111122223333_CloudTrail-Digest_eu-west-1_main_eu-west-1_20260301T1";

fn stored(hour: u8) -> String {
    let path = format!("{BUCKET}/{DIGEST}{hour}0000Z.json.gz");
    let file = std::fs::File::open(path).unwrap();
    let mut text = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(file);
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    text
}

fn keys() -> PublicKeys {
    let mut keys = PublicKeys::default();
    keys.add(&std::fs::read(format!("{BUCKET}/keys.json")).unwrap())
        .unwrap();
    keys
}

fn newest_metadata() -> Metadata {
    let path = format!("{BUCKET}/{DIGEST}30000Z.json.gz.metadata.json");
    Metadata::parse(&std::fs::read(path).unwrap()).unwrap()
}

fn file(hour: u8, text: &str) -> DigestFile {
    let path = format!("/copy/{DIGEST}{hour}0000Z.json.gz");
    DigestFile {
        place: Place {
            below: path.trim_start_matches("/copy/").into(),
            path,
        },
        digest: Digest::parse(text.as_bytes()),
        hash: sha2::Sha256::digest(text.as_bytes()).into(),
        metadata: (hour == 3).then(newest_metadata),
    }
}

fn chain() -> Vec<DigestFile> {
    (1..4).map(|hour| file(hour, &stored(hour))).collect()
}

/// For each file: `signed`, `unsigned` or `broken`, and the kinds found.
fn walked(files: &[DigestFile], keys: &PublicKeys) -> Vec<(&'static str, Vec<BreakKind>)> {
    let checked = walk(files, keys).files.into_iter();
    let word = |standing: &Standing| match standing {
        Standing::Signed(_) => "signed",
        Standing::Unsigned(_) => "unsigned",
        Standing::Broken => "broken",
    };
    checked
        .map(|c| {
            (
                word(&c.standing),
                c.findings.iter().map(|f| f.kind).collect(),
            )
        })
        .collect()
}

#[test]
fn a_digest_says_what_is_signed() {
    let digest = Digest::parse(stored(1).as_bytes()).unwrap();
    assert_eq!(
        digest.chain(),
        (
            "111122223333",
            "111122223333_CloudTrail-Digest_eu-west-1_main_eu-west-1",
            false
        )
    );
    assert_eq!((digest.region(), digest.logs.len()), ("eu-west-1", 2));
    assert_eq!(
        digest.string_to_sign(&[0xab; 32]),
        format!(
            "2026-03-01T11:00:00Z\n{DIGEST}10000Z.json.gz\n{}\nnull",
            "ab".repeat(32)
        )
    );
    let second = Digest::parse(stored(2).as_bytes()).unwrap();
    let signature = second
        .previous
        .as_ref()
        .unwrap()
        .signature
        .as_ref()
        .unwrap();
    assert!(
        second
            .string_to_sign(&[0; 32])
            .ends_with(&format!("\n{signature}"))
    );
}

#[test]
fn what_is_no_digest_is_refused_in_words() {
    let text = stored(3);
    for (bad, want) in [
        ("{}".to_owned(), "missing field"),
        (text[..300].to_owned(), "EOF"),
        (
            text.replace("\"hashValue\":\"", "\"hashValue\":\"0"),
            "is not a SHA-256",
        ),
        (
            text.replace("\"SHA-256\",\"newest", "\"MD5\",\"newest"),
            "is not a SHA-256",
        ),
        (
            text.replace("2026-03-01T13:00:00Z\",\"digestS3", "soon\",\"digestS3"),
            "not a time",
        ),
        (
            text.replace(
                "\"previousDigestHashValue\":\"",
                "\"previousDigestHashValue\":null,\"x\":\"",
            ),
            "but not its hash",
        ),
        (
            text.replacen('{', "{\"awsAccountId\":\"1\",", 1),
            "duplicate field",
        ),
        (
            text.replace(
                "\"logFiles\":",
                &format!("\"x\":{},\"logFiles\":", "[".repeat(100_000)),
            ),
            "expected value",
        ),
    ] {
        let error = Digest::parse(bad.as_bytes()).unwrap_err();
        assert!(error.contains(want), "{error}");
    }
    assert!(looks_like_digest(text.as_bytes()));
    assert!(!looks_like_digest(
        b"{\"Records\":[{\"x\":\"\\\"digestS3Object\\\" \\\"awsAccountId\\\"\"}]}"
    ));
}

#[test]
fn signatures_and_links_hold_and_without_keys_links_alone() {
    let chain = chain();
    assert_eq!(
        walked(&chain, &keys()),
        [("signed", vec![]), ("signed", vec![]), ("signed", vec![])]
    );
    let none = PublicKeys::default();
    assert_eq!(
        walked(&chain, &none),
        [
            ("unsigned", vec![]),
            ("unsigned", vec![]),
            ("unsigned", vec![])
        ]
    );
}

#[test]
fn a_change_is_named_with_the_digest_that_was_changed() {
    use BreakKind::*;
    let clean = ("signed", vec![]);
    let second = stored(2);
    let hash = |text: &str| {
        hex(&Digest::parse(text.as_bytes())
            .unwrap()
            .previous
            .unwrap()
            .hash)
    };
    let signed = |text: &str| {
        Digest::parse(text.as_bytes())
            .unwrap()
            .previous
            .unwrap()
            .signature
            .unwrap()
    };
    let content = second.replace("\"newestEventTime\":null", "\"newestEventTime\":\"\"");
    let link = second.replace(&hash(&second), &"0".repeat(64));
    let signature = second.replace(&signed(&second), &"0".repeat(512));
    let mut files = chain();
    for text in [&content, &link] {
        files[1] = file(2, text);
        assert_eq!(
            walked(&files, &keys()),
            [clean.clone(), ("broken", vec![SignatureBad]), clean.clone()]
        );
    }
    // The only copy of the oldest one's signature is gone: it cannot be checked, and is not accused.
    files[1] = file(2, &signature);
    assert_eq!(
        walked(&files, &keys()),
        [
            ("unsigned", vec![]),
            ("broken", vec![SignatureBad]),
            clean.clone()
        ]
    );
    files[1] = file(2, &content);
    let none = PublicKeys::default();
    assert_eq!(walked(&files, &none)[1], ("broken", vec![LinkMismatch]));
    // A signed digest proves the newest wrong, whose own signature is not here.
    let third = stored(3);
    let mut files = chain();
    files[2] = file(3, &third.replace(&hash(&third), &"0".repeat(64)));
    files[2].metadata = None;
    assert_eq!(
        walked(&files, &keys()),
        [clean.clone(), clean.clone(), ("broken", vec![LinkMismatch])]
    );
}

#[test]
fn what_is_missing_is_a_hole_or_the_head() {
    use BreakKind::*;
    let mut files = chain();
    let second = files.remove(1);
    assert_eq!(walked(&files, &keys())[1], ("signed", vec![RotationGap]));
    // Nothing repeats the signature of the oldest one.
    assert_eq!(walked(&files, &keys())[0], ("unsigned", vec![]));
    let holes = walk(&files, &keys()).holes;
    assert_eq!(
        (holes[0].from.brief(), holes[0].until.brief()),
        ("2026-03-01T11:00Z".into(), "2026-03-01T12:00Z".into())
    );
    files[0] = second;
    assert_eq!(walked(&files, &keys())[0], ("signed", vec![HeadTruncated]));
}

#[test]
fn an_unknown_key_is_said_once() {
    let other = std::fs::read_to_string(format!("{BUCKET}/keys.json")).unwrap();
    let start = other.find("\"Fingerprint\": \"").unwrap() + 16;
    let mut keys = PublicKeys::default();
    keys.add(format!("{}0000{}", &other[..start], &other[start + 4..]).as_bytes())
        .unwrap();
    let walked = walk(&chain(), &keys).files;
    let found: Vec<_> = walked.iter().flat_map(|c| &c.findings).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, found[0].count),
        (BreakKind::KeyUnknown, Some(3))
    );
}

#[test]
fn places_fit_keys_with_or_without_their_first_parts() {
    let key = "AWSLogs/1/CloudTrail/r/2026/03/01/1_CloudTrail_r_x.json.gz";
    let place = |path: &str, below: &str| Place {
        path: path.into(),
        below: below.into(),
    };
    for (path, below, want) in [
        (
            "/c/bucket/AWSLogs/1/CloudTrail/r/2026/03/01/1_CloudTrail_r_x.json.gz",
            "x",
            true,
        ),
        (
            "/c/r/2026/03/01/1_CloudTrail_r_x.json",
            "r/2026/03/01/1_CloudTrail_r_x.json",
            true,
        ),
        (
            "/all/logs/1_CloudTrail_r_x.json.gz",
            "logs/1_CloudTrail_r_x.json.gz",
            true,
        ),
        (
            "/c/AWSLogs/1/CloudTrail/r/2026/03/02/1_CloudTrail_r_x.json.gz",
            "y",
            false,
        ),
        ("/c/logs/other.json.gz", "logs/other.json.gz", false),
        (
            "/c/xAWSLogs/1/CloudTrail/r/2026/03/01/1_CloudTrail_r_x.json.gz",
            "y",
            false,
        ),
    ] {
        assert_eq!(place(path, below).fits(key), want, "{path}");
    }
}

#[test]
fn names_of_log_files_tell_account_region_and_time() {
    let name = LogName::parse("1_CloudTrail_eu-west-1_20260301T1020Z_abc.json.gz").unwrap();
    assert_eq!(
        (&*name.account, &*name.region, name.time.brief()),
        ("1", "eu-west-1", "2026-03-01T10:20Z".into())
    );
    for other in [
        "",
        "1_CloudTrail-Digest_r_t_r_20260301T1020Z.json",
        "1_CloudTrail_r_2026030\u{e9}T1020Z_a",
        "1_CloudTrail_r_x_y",
    ] {
        assert_eq!(LogName::parse(other), None, "{other}");
    }
}
