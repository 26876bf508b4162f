//! Trees of days in memory, whole and damaged.

use super::*;
use crate::event::BreakKind;

/// A day as it is written: path of the log, its text, and what the writer says of the day before.
struct Day {
    path: &'static str,
    name: &'static str,
    text: Option<&'static str>,
    previous: &'static str,
}

const DAYS: [Day; 4] = [
    Day {
        path: "/copy/2026/Nov/ossec-alerts-29.log",
        name: "logs/alerts/2026/Nov/ossec-alerts-29",
        text: Some("one\n"),
        previous: "logs/alerts/2026/Nov/ossec-alerts-28.log.sum",
    },
    Day {
        path: "/copy/2026/Nov/ossec-alerts-30.log",
        name: "logs/alerts/2026/Nov/ossec-alerts-30",
        text: Some("two\n"),
        previous: "logs/alerts/2026/Nov/ossec-alerts-29.log.sum",
    },
    Day {
        path: "/copy/2026/Dec/ossec-alerts-01.log",
        name: "logs/alerts/2026/Dec/ossec-alerts-01",
        text: None,
        previous: "logs/alerts/2026/Nov/ossec-alerts-30.log.sum",
    },
    Day {
        path: "/copy/2026/Dec/ossec-alerts-02.log",
        name: "logs/alerts/2026/Dec/ossec-alerts-02",
        text: Some("four\n"),
        previous: "logs/alerts/2026/Dec/ossec-alerts-01.log.sum",
    },
];

fn sums(bytes: &[u8]) -> Sums {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.sums()
}

/// As Wazuh writes them, blank lines included.
fn hashes(name: &str, of: Option<&[u8]>) -> String {
    use sha2::Digest as _;
    let Some(of) = of else {
        return format!("MD5  ({name}) = none\nSHA1 ({name}) = none\n\nSHA256 ({name}) = none\n\n");
    };
    let hex = |bytes: &[u8]| crate::chain::cloudtrail::hex(bytes);
    let sha1 = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, of);
    format!(
        "MD5  ({name}) = {}\nSHA1 ({name}) = {}\n\nSHA256 ({name}) = {}\n\n",
        hex(&md5::Md5::digest(of)),
        hex(sha1.as_ref()),
        hex(&sha2::Sha256::digest(of)),
    )
}

/// The bytes of the `.sum` files of [`DAYS`].
fn written() -> Vec<Vec<u8>> {
    let mut before: Option<Vec<u8>> = None;
    DAYS.iter()
        .map(|day| {
            let current = hashes(day.name, day.text.map(str::as_bytes));
            let chained = hashes(day.previous, before.as_deref());
            let text = format!("Current checksum:\n{current}Chained checksum:\n{chained}");
            before = Some(text.clone().into_bytes());
            text.into_bytes()
        })
        .collect()
}

fn file(path: &str, sum: &[u8], text: Option<&str>) -> SumFile {
    let content = Sum::parse(sum);
    let log = match (text, &content) {
        (Some(text), Ok(sum)) => {
            let sums = sums(text.as_bytes());
            Log::Read(ReadLog {
                name: path.into(),
                likeness: sum.current.likeness(&sums),
                sums,
                trouble: None,
                is_cut: false,
                beyond: Vec::new(),
            })
        }
        _ => Log::Missing,
    };
    SumFile {
        place: Place::of(path),
        content,
        own: sums(sum),
        log,
        in_folder: true,
    }
}

fn tree() -> Vec<SumFile> {
    let days = DAYS.iter().zip(written());
    days.map(|(day, sum)| file(day.path, &sum, day.text))
        .collect()
}

fn said(files: &[SumFile], others: &[&str]) -> (Vec<(BreakKind, At)>, String) {
    let others: Vec<Place> = others.iter().map(|path| Place::of(path)).collect();
    let chains = walk(files, &others);
    assert_eq!(chains.len(), 1, "{chains:#?}");
    let findings = chains[0].findings.iter();
    (
        findings.map(|(at, f)| (f.kind, *at)).collect(),
        chains[0].coverage.clone(),
    )
}

#[test]
fn days_link_across_months_wherever_the_tree_is() {
    for tree_is_at in ["/copy", "", "/srv/a/logs/alerts"] {
        let days = DAYS.iter().zip(written());
        let files: Vec<SumFile> = days
            .map(|(day, sum)| {
                let path = day.path.replace("/copy", tree_is_at);
                file(&path, &sum, day.text)
            })
            .collect();
        let (findings, coverage) = said(&files, &[]);
        assert_eq!(findings, []);
        assert!(
            coverage.starts_with("4 of 4 days verified; the newest .sum is protected by no later"),
            "{coverage}"
        );
        assert!(coverage.contains("1 day had no log"), "{coverage}");
        let name = format!("{tree_is_at}/2026/**/ossec-alerts-*.log");
        assert_eq!(walk(&files, &[])[0].name, name);
    }
}

#[test]
fn hosts_of_one_tree_are_told_apart() {
    let mut files = tree();
    files.extend(DAYS.iter().zip(written()).map(|(day, sum)| {
        let path = day.path.replace("/copy", "/other");
        file(&path, &sum, day.text)
    }));
    // The other host's day is no stand-in for the missing one, unless it is the very file.
    files.remove(5);
    let chains = walk(&files, &[]);
    let kinds: Vec<Vec<BreakKind>> = chains
        .iter()
        .map(|chain| chain.findings.iter().map(|(_, f)| f.kind).collect())
        .collect();
    assert_eq!(kinds, [vec![], vec![BreakKind::RotationGap]], "{chains:#?}");
}

#[test]
fn each_damage_is_named() {
    use BreakKind::*;
    let altered_log = |files: &mut Vec<SumFile>| {
        files[1] = file(DAYS[1].path, &written()[1], Some("TWO\n"));
    };
    let altered_both = |files: &mut Vec<SumFile>| {
        let name = hashes(DAYS[1].name, Some(b"TWO\n"));
        let chained = hashes(DAYS[1].previous, Some(&written()[0]));
        let sum = format!("Current checksum:\n{name}Chained checksum:\n{chained}");
        files[1] = file(DAYS[1].path, sum.as_bytes(), Some("TWO\n"));
    };
    let no_log = |files: &mut Vec<SumFile>| files[1].log = Log::Missing;
    let no_sum = |files: &mut Vec<SumFile>| drop(files.remove(1));
    let no_head = |files: &mut Vec<SumFile>| drop(files.remove(0));
    let spoilt = |files: &mut Vec<SumFile>| {
        files[1] = file(DAYS[1].path, b"Current checksum:\nnothing\n", None);
    };
    let copied = |files: &mut Vec<SumFile>| {
        files[3] = file(DAYS[3].path, &written()[1], DAYS[1].text);
    };
    let moved = |files: &mut Vec<SumFile>| {
        files[3].place = Place::of("/copy/2026/Dec/ossec-alerts-09.log");
    };
    type Damage<'a> = (
        &'a str,
        &'a dyn Fn(&mut Vec<SumFile>),
        Vec<(BreakKind, At)>,
        &'a str,
    );
    let cases: [Damage<'_>; 8] = [
        (
            "log",
            &altered_log,
            vec![(ContentModified, At::Log(1))],
            "3 of 4 days",
        ),
        (
            "log and .sum",
            &altered_both,
            vec![(LinkMismatch, At::Sum(1))],
            "3 of 4 days",
        ),
        (
            "no log",
            &no_log,
            vec![(FileMissing, At::Sum(1))],
            "3 of 4 days",
        ),
        (
            "no .sum",
            &no_sum,
            vec![(RotationGap, At::Sum(1))],
            "3 of 3 days",
        ),
        (
            "no head",
            &no_head,
            vec![(HeadTruncated, At::Sum(0))],
            "3 of 3 days",
        ),
        (
            "spoilt",
            &spoilt,
            vec![(LinkMismatch, At::Sum(1)), (Malformed, At::Sum(1))],
            "3 of 4 days",
        ),
        (
            "copied",
            &copied,
            vec![(LinkMismatch, At::Sum(3)), (RotationGap, At::Sum(3))],
            "3 of 4 days",
        ),
        (
            "moved",
            &moved,
            vec![(FileMissing, At::Sum(3))],
            "4 of 4 days",
        ),
    ];
    for (name, damage, wanted, coverage) in cases {
        let mut files = tree();
        damage(&mut files);
        let (findings, covered) = said(&files, &[]);
        if name == "copied" {
            // What it says of the day before is no longer of interest.
            assert_eq!(findings[0], wanted[0], "{name}");
        } else {
            assert_eq!(findings, wanted, "{name}");
        }
        assert!(covered.starts_with(coverage), "{name}: {covered}");
    }
}

#[test]
fn logs_without_a_sum_are_named_but_not_todays() {
    let mut files = tree();
    let today = "/copy/2026/Dec/ossec-alerts-03.log";
    let (findings, coverage) = said(&files, &[today]);
    assert_eq!(findings, []);
    assert!(
        coverage.contains("the newest log has no .sum yet"),
        "{coverage}"
    );
    files.remove(1);
    let (findings, coverage) = said(&files, &[DAYS[1].path, today, "/copy/2026/Dec/x.log"]);
    assert_eq!(
        findings,
        [
            (BreakKind::Unlinked, At::Other(0)),
            (BreakKind::RotationGap, At::Sum(1))
        ]
    );
    assert!(coverage.starts_with("3 of 4 days"), "{coverage}");
}

#[test]
fn a_word_that_is_not_relied_upon_accuses_nobody() {
    let mut files = tree();
    // The third was changed, and what it says of the second with it: the second is not to blame.
    let sum = String::from_utf8(written()[2].clone()).unwrap();
    let wrong = sum.replace(
        &hashes(DAYS[2].previous, Some(&written()[1])),
        &hashes(DAYS[2].previous, Some(b"else")),
    );
    assert_ne!(sum, wrong);
    files[2] = file(DAYS[2].path, wrong.as_bytes(), None);
    let (findings, coverage) = said(&files, &[]);
    assert_eq!(findings, [(BreakKind::LinkMismatch, At::Sum(2))]);
    assert!(
        coverage.contains("2 .sum files, the newest among them,"),
        "{coverage}"
    );
}

#[test]
fn sum_files_are_read_or_the_line_is_said() {
    let good = String::from_utf8(written().remove(1)).unwrap();
    let sum = Sum::parse(good.as_bytes()).unwrap();
    assert_eq!(
        (&*sum.name, &*sum.previous),
        (DAYS[1].name, DAYS[1].previous)
    );
    assert!(Sum::parse(good.replace('\n', "\r\n").as_bytes()).is_ok());
    let old: String = good
        .lines()
        .filter(|line| !line.starts_with("SHA256"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(Sum::parse(old.as_bytes()).unwrap().current.is_weak());
    let none = "Current checksum:\nMD5  (none) = none\nChained checksum:\nMD5  (none) = none";
    assert!(Sum::parse(none.as_bytes()).unwrap().chained.is_none());
    let long = good.replace("alerts-30", &"a".repeat(9000));
    for (text, line, expected) in [
        (String::new(), 1, "with hashes"),
        ("\u{1b}[31m\n".into(), 1, "`Current checksum:`"),
        ("Current checksum:\n".into(), 2, "with hashes"),
        (
            good.replace("Chained checksum:", "Changed checksum:"),
            7,
            "`Chained checksum:`",
        ),
        (good.replace("SHA1 (", "SHA2 ("), 3, "HASH"),
        (good.replace("SHA1 (", "MD5 ("), 3, "not twice"),
        (good.replacen(" = ", " = 0", 1), 2, "the hex of one MD5"),
        (format!("{good}more\n"), 13, "the end"),
        (good.replacen("SHA1 (l", "SHA1 (x", 1), 3, "for one file"),
        (long, 2, "a name of at most 256 bytes"),
    ] {
        let trouble = Sum::parse(text.as_bytes()).unwrap_err();
        assert_eq!(trouble.line, line, "{text}: {trouble:?}");
        assert!(trouble.expected.contains(expected), "{trouble:?}");
    }
    assert!(Sum::parse(b"Current checksum:\n\xff\n").is_err());
}

#[test]
fn names_are_taken_apart() {
    for (path, date, tree) in [
        (
            "/v/logs/alerts/2026/Nov/ossec-alerts-26.log.sum",
            (2026, 11, 26),
            "/v/logs/alerts",
        ),
        ("/x/Dec/ossec-archive-01.json.gz", (0, 12, 1), "/x"),
        ("/x/ossec-firewall-31.log.sum.gz", (0, 0, 31), "/x"),
    ] {
        let place = Place::of(path);
        assert_eq!((place.date, &*place.tree), (date, tree), "{path}");
        assert!(place.has_day());
    }
    for (name, is_sum) in [
        ("ossec-alerts-26.log.sum", true),
        ("ossec-alerts-26.json.sum", true),
        ("ossec-alerts-26.log", false),
        ("alerts-26.log.sum", false),
        ("ossec-alerts-32.log.sum", false),
        ("ossec-ä6.log.sum", false),
        ("x.sum", false),
        (".sum", false),
    ] {
        assert_eq!(is_sum_name(name), is_sum, "{name}");
    }
    assert!(!Place::of("/x/ossec-alerts-26-001.log").has_day());
    assert_eq!(
        part_name("/x.y/ossec-alerts-26.log", 2),
        "/x.y/ossec-alerts-26-002.log"
    );
}
