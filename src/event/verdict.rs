//! What a chain check says of one record: shared by the checker, the query language and the engines.

use std::fmt;

/// How a chain is broken. The name is the word used in queries and in `verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BreakKind {
    ContentModified,
    Rewritten,
    Deleted,
    Inserted,
    Reordered,
    Duplicated,
    LinkMismatch,
    RewrittenSinceSeal,
    SignatureBad,
    TailTruncated,
    Fork,
    Restart,
    HeadTruncated,
    RotationGap,
    FileMissing,
    Malformed,
    ClockBack,
    RecipeChanged,
    SequenceGap,
    KeyUnknown,
    KeyEpoch,
    Unlinked,
    TornTail,
    Spelling,
}

/// How much a kind matters: only alarms are red and make `verify` exit with 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    Note,
    Warning,
    Alarm,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

impl BreakKind {
    pub const ALL: [Self; 24] = [
        Self::ContentModified,
        Self::Rewritten,
        Self::Deleted,
        Self::Inserted,
        Self::Reordered,
        Self::Duplicated,
        Self::LinkMismatch,
        Self::RewrittenSinceSeal,
        Self::SignatureBad,
        Self::TailTruncated,
        Self::Fork,
        Self::Restart,
        Self::HeadTruncated,
        Self::RotationGap,
        Self::FileMissing,
        Self::Malformed,
        Self::ClockBack,
        Self::RecipeChanged,
        Self::SequenceGap,
        Self::KeyUnknown,
        Self::KeyEpoch,
        Self::Unlinked,
        Self::TornTail,
        Self::Spelling,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContentModified => "content-modified",
            Self::Rewritten => "rewritten",
            Self::Deleted => "deleted",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::Duplicated => "duplicated",
            Self::LinkMismatch => "link-mismatch",
            Self::RewrittenSinceSeal => "rewritten-since-seal",
            Self::SignatureBad => "signature-bad",
            Self::TailTruncated => "tail-truncated",
            Self::Fork => "fork",
            Self::Restart => "restart",
            Self::HeadTruncated => "head-truncated",
            Self::RotationGap => "rotation-gap",
            Self::FileMissing => "file-missing",
            Self::Malformed => "malformed",
            Self::ClockBack => "clock-back",
            Self::RecipeChanged => "recipe-changed",
            Self::SequenceGap => "sequence-gap",
            Self::KeyUnknown => "key-unknown",
            Self::KeyEpoch => "key-epoch",
            Self::Unlinked => "unlinked",
            Self::TornTail => "torn-tail",
            Self::Spelling => "spelling",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }

    pub fn level(self) -> Level {
        match self {
            Self::ContentModified
            | Self::Rewritten
            | Self::Deleted
            | Self::Inserted
            | Self::Reordered
            | Self::Duplicated
            | Self::LinkMismatch
            | Self::RewrittenSinceSeal
            | Self::SignatureBad
            | Self::TailTruncated => Level::Alarm,
            Self::TornTail | Self::Spelling => Level::Note,
            _ => Level::Warning,
        }
    }
}

impl fmt::Display for BreakKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of one record's place in its chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Not looked at yet.
    Pending,
    /// Content and link both hold.
    Verified,
    /// The link holds; the content hash can't be reproduced (keyed or unknown recipe).
    LinksOnly,
    /// The source has no chain.
    #[default]
    Unchained,
    /// It can't be checked, for the reason given.
    Unverifiable(&'static str),
    Broken(BreakKind),
}

impl Verdict {
    /// The words that `chain:` matches for this verdict: the state, and for a break its kind.
    pub fn words(self) -> [Option<&'static str>; 2] {
        match self {
            Self::Pending => [Some("pending"), None],
            Self::Verified => [Some("verified"), None],
            Self::LinksOnly => [Some("links-only"), None],
            Self::Unchained => [Some("unchained"), None],
            Self::Unverifiable(_) => [Some("unverifiable"), None],
            Self::Broken(kind) => [Some("broken"), Some(kind.as_str())],
        }
    }

    /// The most telling single word: the kind of a break, else the state.
    pub fn as_str(self) -> &'static str {
        let [state, kind] = self.words();
        kind.or(state).unwrap_or_default()
    }

    pub fn is_alarm(self) -> bool {
        matches!(self, Self::Broken(kind) if kind.level() == Level::Alarm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for kind in BreakKind::ALL {
            assert_eq!(BreakKind::from_name(kind.as_str()), Some(kind));
            assert_eq!(
                Verdict::Broken(kind).words(),
                [Some("broken"), Some(kind.as_str())]
            );
        }
        assert_eq!(BreakKind::TornTail.level(), Level::Note);
        assert_eq!(BreakKind::Fork.level(), Level::Warning);
        assert_eq!(BreakKind::Deleted.level(), Level::Alarm);
    }
}
