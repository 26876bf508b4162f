//! The `.sum` files of OSSEC and Wazuh: is each day's log still what was summed at its end, and each `.sum` still what
//! the next day's says of it?
//!
//! At the end of a day monitord writes `ossec-alerts-26.log.sum` beside `ossec-alerts-26.log`: hashes of the log, and
//! hashes of the `.sum` of the day before. Nothing is keyed. What was too large for one file
//! (`ossec-alerts-26-001.log`, …) is summed together with it, and all of it may be packed with gzip afterwards.
//!
//! Everything here is pure: files are found and hashed elsewhere. Source:
//! <https://github.com/wazuh/wazuh/blob/master/src/monitord/sign_log.c>, and OSSEC's file of the same name.

mod place;
mod read;
mod sums;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use super::Finding;

pub use place::{Place, is_sum_name, part_name};
pub use read::{MAX_SUM, Sum, Trouble, begins_like_sum};
pub use sums::{Expected, Hasher, Likeness, Sums};
pub use walk::walk;

/// How reports call this way of checking.
pub const SCHEME: &str = "ossec-sum";

/// A `.sum` file that is here.
#[derive(Clone, Debug)]
pub struct SumFile {
    pub place: Place,
    pub content: Result<Sum, Trouble>,
    /// Of its own bytes.
    pub own: Sums,
    pub log: Log,
    /// A whole folder was asked for: what came before should be here.
    pub in_folder: bool,
}

/// The log that a `.sum` file stands beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    Missing,
    /// It is here, but could not be read: that is said elsewhere.
    Unread,
    Read(ReadLog),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLog {
    /// Name of its first file, for people.
    pub name: String,
    /// Of all its files; if fewer of them are what was summed, of those.
    pub sums: Sums,
    pub likeness: Likeness,
    /// What is wrong with a packed file, and whether it stops early.
    pub trouble: Option<String>,
    pub is_cut: bool,
    /// Files of that day behind those that were summed.
    pub beyond: Vec<String>,
}

/// A file that something is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A `.sum` file, by index.
    Sum(usize),
    /// The log beside it.
    Log(usize),
    /// A log without a `.sum` file, by index.
    Other(usize),
}

/// What is said of the days of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Where its days lie, for people.
    pub name: String,
    /// Oldest first, and whether each is verified.
    pub days: Vec<(At, bool)>,
    pub findings: Vec<(At, Finding)>,
    pub scheme: String,
    pub coverage: String,
}
