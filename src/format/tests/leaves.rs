//! What the index finds in a record by itself is what the format read of it.

use std::collections::BTreeSet;
use std::path::Path;

use super::{fixtures, read};
use crate::format::{leaves_at, trimmed};

#[test]
fn attributes_that_are_all_leaves_are_found_in_the_record_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = std::fs::read_dir(root).unwrap().flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let (mut formats, mut values) = (BTreeSet::new(), 0);
    for folder in folders {
        for file in fixtures(&folder.file_name().to_string_lossy()) {
            let (_, events) = read(&std::fs::read(&file).unwrap());
            for event in events.iter().take(200) {
                let record = trimmed(&event.raw);
                if !event.attributes.is_all_of(record) {
                    continue;
                }
                formats.insert(event.format.to_string());
                let paths: BTreeSet<&str> = event.attributes.iter().map(|(p, _)| p).collect();
                for path in paths {
                    let mut found = Vec::new();
                    let done = leaves_at(record, path, &mut |text| found.push(text.to_owned()));
                    let wanted: Vec<&str> = event.attributes.all(path).map(|v| v.text).collect();
                    assert_eq!(done, Some(()), "{path:?} of {}", file.display());
                    assert_eq!(found, wanted, "{path:?} of {}", file.display());
                    values += found.len();
                }
            }
        }
    }
    for format in ["k8s-audit", "cloudtrail", "vault", "okta", "json~"] {
        assert!(formats.contains(format), "{format} is not in {formats:?}");
    }
    assert!(values > 10_000, "{values}");
}
