//! Where a file lies, held against the S3 key that it should have.

/// Suffixes that come and go with compression.
const COMPRESSED: [&str; 4] = [".gz", ".zst", ".bz2", ".xz"];

/// Folders that CloudTrail's own tree has.
const TREE: [&str; 3] = ["AWSLogs", "CloudTrail", "CloudTrail-Digest"];

/// Where a file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Absolute.
    pub path: String,
    /// The same, below the folder that was asked for.
    pub below: String,
}

impl Place {
    /// Whether a file of this key may lie here: with or without the bucket and the key's first parts, unpacked or not. Where
    /// nothing is left of CloudTrail's tree, somebody has put all files into one folder, and any folder will do.
    pub fn fits(&self, object: &str) -> bool {
        let (path, below, key) = (
            unpacked(&self.path),
            unpacked(&self.below),
            unpacked(object),
        );
        ends_with(path, key)
            || ends_with(key, below)
            || (file_name(path) == file_name(key) && !path.split('/').any(|p| TREE.contains(&p)))
    }

    /// How many parts, counted from the end, its path and a key have in common.
    pub fn shared(&self, object: &str) -> usize {
        let path = unpacked(&self.path).rsplit('/');
        let key = unpacked(object).rsplit('/');
        path.zip(key).take_while(|(a, b)| a == b).count()
    }
}

/// A file's name without its folder and without `.gz` and the like: what an unpacked copy shares with the original.
pub fn stem(path: &str) -> &str {
    unpacked(file_name(path))
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn unpacked(path: &str) -> &str {
    COMPRESSED
        .iter()
        .find_map(|suffix| path.strip_suffix(suffix))
        .unwrap_or(path)
}

/// Whether `end` is the end of `path`, whole parts at a time.
fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|rest| !end.is_empty() && (rest.is_empty() || rest.ends_with('/')))
}
