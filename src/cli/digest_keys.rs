//! CloudTrail's public keys, from files that they were saved in.

use std::path::PathBuf;

use super::exit::Failure;
use super::open::DigestKeys;

/// The keys in all these files.
pub(super) fn read(files: &[PathBuf]) -> Result<DigestKeys, Failure> {
    let mut keys = DigestKeys {
        files: files.to_vec(),
        ..DigestKeys::default()
    };
    for path in files {
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
        keys.keys.add(&bytes).map_err(|error| {
            Failure::Usage(format!(
                "{}: {error}; aws cloudtrail list-public-keys prints one",
                path.display()
            ))
        })?;
    }
    Ok(keys)
}
