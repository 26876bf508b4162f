//! Reads a `.sum` file.

use super::sums::{Expected, NAMES};

/// Bytes of a `.sum` file at most: real ones have less than one thousand.
pub const MAX_SUM: usize = 64 << 10;
/// Bytes of a file's name at most, as OSSEC has it.
const MAX_NAME: usize = 256;

const CURRENT: &str = "Current checksum:";
const CHAINED: &str = "Chained checksum:";

/// What a `.sum` file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The log, as the writer called it; Wazuh leaves the extension out.
    pub name: String,
    pub current: Expected,
    /// The `.sum` of the day before, as the writer called it.
    pub previous: String,
    /// What that was; nothing = there was none.
    pub chained: Expected,
}

/// Why a `.sum` file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// 1-based.
    pub line: u64,
    /// What was expected there.
    pub expected: String,
}

/// Whether a file with this beginning is meant as a `.sum` file, whatever it is called.
pub fn begins_like_sum(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(CURRENT.as_bytes())
}

impl Sum {
    /// # Errors
    /// It is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Trouble> {
        let mut parts: [Option<(String, Expected)>; 2] = [None, None];
        let mut part = None;
        let mut seen: Vec<&str> = Vec::new();
        let mut last = 0;
        for (number, line) in (1..).zip(bytes.split(|b| *b == b'\n')) {
            let wrong = |expected: String| Trouble {
                line: number,
                expected,
            };
            let line = std::str::from_utf8(line).map_err(|_| wrong("text in UTF-8".into()))?;
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            last = number;
            let Some(at) = part else {
                if line != CURRENT {
                    return Err(wrong(format!("`{CURRENT}`")));
                }
                part = Some(0);
                continue;
            };
            if line == CHAINED && at == 0 && parts[0].is_some() {
                (part, seen) = (Some(1), Vec::new());
                continue;
            }
            let (name, file, hash) = hash_line(line).ok_or_else(|| {
                wrong(match (at, parts[at].is_some()) {
                    (0, true) => {
                        format!("`MD5|SHA1|SHA256 (FILE) = HASH` or `{CHAINED}`")
                    }
                    (_, true) => "`MD5|SHA1|SHA256 (FILE) = HASH` or the end".into(),
                    (_, false) => "`MD5 (FILE) = HASH`".into(),
                })
            })?;
            if file.len() > MAX_NAME {
                return Err(wrong(format!("a name of at most {MAX_NAME} bytes")));
            }
            if seen.contains(&name) {
                return Err(wrong(format!("{name} once, not twice")));
            }
            seen.push(name);
            let (of, expected) =
                parts[at].get_or_insert_with(|| (file.to_owned(), Expected::default()));
            if of != file {
                return Err(wrong("all hashes of a part for one file".into()));
            }
            if hash != "none" && !expected.set(name, hash) {
                return Err(wrong(format!("`none`, or the hex of one {name}")));
            }
        }
        let missing = |what: &str| Trouble {
            line: last + 1,
            expected: what.to_owned(),
        };
        let [current, chained] = parts;
        let (name, current) = current.ok_or_else(|| missing("`Current checksum:` with hashes"))?;
        let (previous, chained) =
            chained.ok_or_else(|| missing("`Chained checksum:` with hashes"))?;
        Ok(Self {
            name,
            current,
            previous,
            chained,
        })
    }
}

/// `SHA1 (FILE) = HASH` taken apart; file names may hold brackets themselves.
fn hash_line(line: &str) -> Option<(&'static str, &str, &str)> {
    let (name, rest) = line.split_once(|c: char| c.is_ascii_whitespace())?;
    let name = NAMES.into_iter().find(|known| *known == name)?;
    let (file, hash) = rest.trim_start().strip_prefix('(')?.rsplit_once(") =")?;
    Some((name, file, hash.trim()))
}
