//! Names of rotated files: which live file they were cut from, and how old they are within its set.
//!
//! | written by | live | rotated |
//! |---|---|---|
//! | logrotate, auditd, docker, Percona | `audit.log` | `audit.log.1` `audit.log.2.gz` |
//! | logrotate `dateext` | `app.log` | `app.log-20260301.gz` `app.log-20260301-1772359200` |
//! | Kubernetes and other users of lumberjack | `audit.log` | `audit-2026-03-01T10-00-00.000.log.gz` |
//! | kubelet | `0.log` | `0.log.20260301-101010.gz` |
//! | logback, filebeat, MySQL, Tomcat | `app.log` | `app-2026-03-01.1.log` `app.20260301T101010.log` `app-20260301-1.log` |
//! | apache `rotatelogs`, Vault | `access_log` | `access_log.1772359200` |
//! | glog | `api.INFO` | `api.INFO.20260301-101010.4711` |

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Place of a file in its set; orders oldest to newest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// Named by the time it was closed (or begun): year to fraction of a second as digits, then a running number.
    Dated { stamp: String, index: u64 },
    /// Named by a number that grows with every rotation.
    Numbered(Reverse<u32>),
    /// The live file's own name, compressed.
    Packed,
    /// The file that is written to.
    Live,
}

/// A file name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotatedName {
    /// Name of the live file of the set.
    pub live: String,
    pub age: Age,
}

const COMPRESSED: [&str; 5] = [".gz", ".zst", ".bz2", ".xz", ".lz4"];

struct Styles {
    dated: Regex,
    epoch: Regex,
    numbered: Regex,
}

// Constant patterns: that they compile is tested. Digits are spelled out: `\d` is those of every script, which takes longer to
// compile than a small search takes.
#[allow(clippy::expect_used)]
static STYLES: LazyLock<Styles> = LazyLock::new(|| {
    let extension = r"(?P<ext>(?:\.[A-Za-z][A-Za-z0-9]*){0,2})";
    let day = r"(?P<y>(?:19|20)[0-9][0-9])-?(?P<mo>0[1-9]|1[0-2])-?(?P<d>0[1-9]|[12][0-9]|3[01])";
    let time = r"[-_.T ]?(?P<h>[01][0-9]|2[0-3])[-:._]?(?P<mi>[0-5][0-9])(?:[-:._]?(?P<s>[0-5][0-9]|60)(?:[.,](?P<f>[0-9]{1,9}))?)?Z?";
    // An hour alone is a running number too, so that 9 and 10 sort the same whichever it is.
    let index = r"(?:[-_.](?P<i>[0-9]{1,10})|T?(?P<hour>[0-9][0-9])Z?)";
    let pattern = |p: String| Regex::new(&p).expect("the patterns of rotated names are constant");
    Styles {
        dated: pattern(format!(
            r"^(?P<base>.+?)[-_.]{day}(?:{time})?{index}?{extension}$"
        )),
        epoch: pattern(format!(
            r"^(?P<base>.*[A-Za-z].*?)[-_.](?P<e>1[0-9]{{9}}|1[0-9]{{12}}|1[0-9]{{18}}){extension}$"
        )),
        // Names of hosts and versions end in numbers as well: a letter, and no more than three digits.
        numbered: pattern(r"^(?P<base>.*[A-Za-z].*)\.(?P<n>[0-9]{1,3})$".into()),
    }
});

/// The name without `.gz` and the like.
pub fn uncompressed(name: &str) -> &str {
    COMPRESSED
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name)
}

/// Takes a file name apart. A name of no known style is a live file of its own.
pub fn classify(name: &str) -> RotatedName {
    let plain = uncompressed(name);
    let part = |c: &Captures<'_>, key: &str| c.name(key).map_or("", |m| m.as_str()).to_owned();
    if let Some(c) = STYLES.dated.captures(plain) {
        let time = ["y", "mo", "d", "h", "mi", "s"]
            .map(|key| part(&c, key))
            .concat();
        let stamp = format!("{time:0<14}{:0<9}", part(&c, "f"));
        let index = [part(&c, "i"), part(&c, "hour")]
            .concat()
            .parse()
            .unwrap_or(0);
        return RotatedName {
            live: part(&c, "base") + &part(&c, "ext"),
            age: Age::Dated { stamp, index },
        };
    }
    if let Some(c) = STYLES.epoch.captures(plain) {
        return RotatedName {
            live: part(&c, "base") + &part(&c, "ext"),
            age: epoch_age(&part(&c, "e")),
        };
    }
    if let Some(c) = STYLES.numbered.captures(plain) {
        let n = part(&c, "n").parse().unwrap_or(u32::MAX);
        return RotatedName {
            live: part(&c, "base"),
            age: Age::Numbered(Reverse(n)),
        };
    }
    if let Some(base) = plain.strip_suffix(".old").filter(|base| !base.is_empty()) {
        return RotatedName {
            live: base.to_owned(),
            age: Age::Numbered(Reverse(1)),
        };
    }
    let age = if plain.len() < name.len() {
        Age::Packed
    } else {
        Age::Live
    };
    RotatedName {
        live: plain.to_owned(),
        age,
    }
}

/// Seconds, milliseconds or nanoseconds since 1970, by the number of digits.
fn epoch_age(digits: &str) -> Age {
    let (seconds, fraction) = digits.split_at_checked(10).unwrap_or((digits, ""));
    let time = seconds
        .parse()
        .ok()
        .and_then(|s| chrono::DateTime::from_timestamp(s, 0));
    let stamp = time.map_or_else(
        || seconds.to_owned(),
        |t| t.format("%Y%m%d%H%M%S").to_string(),
    );
    Age::Dated {
        stamp: format!("{stamp}{fraction:0<9}"),
        index: 0,
    }
}

/// The path of the live file that `path` belongs to (itself, if it is one), and the age of `path` in that set.
pub fn classify_path(path: &Path) -> (PathBuf, Age) {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) => {
            let RotatedName { live, age } = classify(name);
            (path.with_file_name(live), age)
        }
        None => (path.to_path_buf(), Age::Live),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_leads_to_its_live_file() {
        for (name, live) in [
            ("audit.log.1", "audit.log"),
            ("audit.log.12.gz", "audit.log"),
            ("audit.log.2.zst", "audit.log"),
            ("syslog.0", "syslog"),
            ("Xorg.0.log.old", "Xorg.0.log"),
            ("app.log-20260301.gz", "app.log"),
            ("app.log-20260301-1772359200", "app.log"),
            ("app.log-2026030114", "app.log"),
            ("messages-20260301", "messages"),
            ("app-20260301.log", "app.log"),
            ("app-20260301-1.ndjson", "app.ndjson"),
            ("app-2026-03-01.3.log.gz", "app.log"),
            ("app-2026-03-01T10.log", "app.log"),
            ("audit-2026-03-01T10-00-00.000.log", "audit.log"),
            ("audit-2026-03-01T10-00-00.000.log.gz", "audit.log"),
            ("kube-audit-2026-03-01T10-00-00.123.log", "kube-audit.log"),
            ("0.log.20260301-101010.gz", "0.log"),
            ("audit.20260301T101010.log", "audit.log"),
            ("audit.20260301T101010-1.log", "audit.log"),
            ("postgresql-2026-03-01_101010.csv", "postgresql.csv"),
            (
                "localhost_access_log.2026-03-01.txt",
                "localhost_access_log.txt",
            ),
            ("access_log.1772359200", "access_log"),
            ("vault-1772359200000000000.log", "vault.log"),
            (
                "api.host.log.INFO.20260301-101010.4711",
                "api.host.log.INFO",
            ),
        ] {
            let found = classify(name);
            assert_eq!(found.live, live, "{name}");
            assert!(found.age < Age::Packed, "{name}: {found:?}");
        }
    }

    #[test]
    fn other_names_stand_for_themselves() {
        for name in [
            "audit.log",
            "access.log",
            "10.0.0.1",
            "10.0.0.12",
            "20260301.log",
            "2026-03-01-audit.log",
            "0.log",
            "app-1.2.3.log",
            "app-20261301.log",
            "server-12345678.log",
            "core.123456",
            "123456789012_CloudTrail_us-east-1_20230710T1145Z_QnpQ2FkZq0XvWrT1.json",
            "2026-03-01-10-00-00-5F1B3DE0A1B2C3D4",
            "10:00:00_10:59:59_S0.json",
            ".old",
            ".gz",
            "",
        ] {
            assert_eq!(
                classify(name),
                RotatedName {
                    live: name.into(),
                    age: Age::Live
                }
            );
        }
        assert_eq!(
            classify("1_CloudTrail_eu_20230710T1145Z_Qnp.json.gz"),
            RotatedName {
                live: "1_CloudTrail_eu_20230710T1145Z_Qnp.json".into(),
                age: Age::Packed
            }
        );
    }

    #[test]
    fn ages_sort_oldest_to_newest() {
        for names in [
            &[
                "a.log.10.gz",
                "a.log.9.gz",
                "a.log.2",
                "a.log.1",
                "a.log.gz",
                "a.log",
            ][..],
            &["a.log-20251231.gz", "a.log-20260101", "a.log"],
            &[
                "a-2026-03-01T09-59-59.999.log.gz",
                "a-2026-03-01T10-00-00.000.log",
                "a-2026-03-01T10-00-00.010.log",
                "a.log",
            ],
            &[
                "a-20260301.log",
                "a-20260301-1.log",
                "a-20260301-2.log",
                "a-20260301-10.log",
                "a-20260301-30.log",
                "a-20260302.log",
            ],
            &[
                "a-2026-03-01T09.log",
                "a-2026-03-01T10.log",
                "a-2026-03-02T00.log",
            ],
            &["a.log.20260301-101009", "a.log.20260301-101010.gz", "a.log"],
            &["a.1772359200", "a.1772359201", "a"],
        ] {
            let ages: Vec<Age> = names.iter().map(|name| classify(name).age).collect();
            assert!(ages.is_sorted(), "{names:?}: {ages:?}");
            assert!(
                names
                    .iter()
                    .all(|name| classify(name).live == classify(names[0]).live),
                "{names:?}"
            );
        }
    }
}
