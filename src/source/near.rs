//! What somebody who mistyped a path may have meant.

use std::path::{Path, PathBuf};

/// The deepest ancestor that exists, and below it the entry whose name is nearest to the missing one, if one is near.
pub(super) fn near_match(path: &Path) -> Option<PathBuf> {
    let existing = path
        .ancestors()
        .skip(1)
        .find(|a| a.as_os_str().is_empty() || a.is_dir())?;
    let missing = path
        .strip_prefix(existing)
        .ok()?
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let here = if existing.as_os_str().is_empty() {
        Path::new(".")
    } else {
        existing
    };
    let nearest = std::fs::read_dir(here)
        .ok()?
        .filter_map(Result::ok)
        .take(MAX_ENTRIES)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            distance(&missing.to_lowercase(), &name.to_lowercase()).map(|d| (d, name))
        })
        .min()?;
    Some(existing.join(nearest.1))
}

const MAX_ENTRIES: usize = 10_000;
const MAX_NAME: usize = 128;

/// Levenshtein distance if it is small for the length of the names, or one is the other with more after it.
fn distance(a: &str, b: &str) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (
        a.chars().take(MAX_NAME).collect(),
        b.chars().take(MAX_NAME).collect(),
    );
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    let edits = row.last().copied().unwrap_or(0);
    let short = a.len().min(b.len());
    if edits <= 1 + short / 5 && edits < short {
        Some(edits)
    } else {
        (short >= 3 && (a.starts_with(&b) || b.starts_with(&a))).then_some(MAX_NAME + edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("audit")).unwrap();
        std::fs::write(dir.path().join("audit/audit.log"), "x").unwrap();
        std::fs::write(dir.path().join("audit/k8s.json"), "x").unwrap();
        for (typed, meant) in [
            ("audit/audit.lgo", Some("audit/audit.log")),
            ("audit/Audit.log", Some("audit/audit.log")),
            ("audit/audit", Some("audit/audit.log")),
            ("adit/audit.log", Some("audit")),
            ("audit/zebra", None),
            ("audit/x", None),
        ] {
            assert_eq!(
                near_match(&dir.path().join(typed)),
                meant.map(|m| dir.path().join(m)),
                "{typed}"
            );
        }
    }
}
