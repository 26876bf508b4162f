//! The names of packed files.

use std::path::{Path, PathBuf};

/// What a packed file's name ends in.
const SUFFIXES: [&str; 4] = ["gz", "zst", "bz2", "xz"];

/// The path without the suffix of a packed file.
pub(super) fn unpacked(path: &Path) -> PathBuf {
    match path.extension().and_then(|e| e.to_str()) {
        Some(extension) if SUFFIXES.contains(&extension) => path.with_extension(""),
        _ => path.to_path_buf(),
    }
}

/// The path itself, then what a file there is called once it is packed.
pub(super) fn packed_or_not(path: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    let packed = SUFFIXES.iter().map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(suffix);
        PathBuf::from(name)
    });
    std::iter::once(path.to_owned()).chain(packed)
}
