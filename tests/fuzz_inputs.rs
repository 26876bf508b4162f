//! What fuzzing found and what it started from (`tests/fuzz/corpus`) is read as it should be, for every format.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::properties;

/// All stored inputs together, in bytes: they are in the repository.
const SIZE_LIMIT: u64 = 1 << 20;

/// An input takes milliseconds; what takes this long does not end, or ends by chance.
const TIME_LIMIT: Duration = Duration::from_secs(10);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_format_has_stored_inputs() {
    let folders = entries(&corpus());
    let mut found: Vec<&str> = folders
        .iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap())
        .collect();
    let mut names = properties::names();
    names.sort();
    found.sort_unstable();
    assert_eq!(found, names, "folders of tests/fuzz/corpus");
    let files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| {
            let files = entries(folder);
            assert!(!files.is_empty(), "{} is empty", folder.display());
            files
        })
        .collect();
    let size: u64 = files
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    assert!(size < SIZE_LIMIT, "{size} bytes");
}

#[test]
fn stored_inputs_are_read_without_loss_however_they_arrive() {
    for folder in entries(&corpus()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        for file in entries(&folder) {
            let input = fs::read(&file).unwrap();
            let start = Instant::now();
            let checked = std::panic::catch_unwind(|| properties::check(name, &input));
            let took = start.elapsed();
            assert!(
                checked.is_ok() && took < TIME_LIMIT,
                "{}: {took:?}",
                file.display()
            );
        }
    }
}
