//! What can be said of a source at once, and of all sources in one sentence.

use crate::chain::ChainReport;
use crate::engine::{Covers, SourceInfo};
use crate::event::Level;
use crate::text::count::{counted, number};

/// Whether the check of a source is not through. Once everything is indexed, records that were not looked at are those
/// whose files are gone.
pub fn is_checking(source: &SourceInfo, covers: &Covers) -> bool {
    match &source.chain {
        None => source.error.is_none(),
        Some(chain) => chain.scheme.is_some() && !covers.complete && chain.records < source.events,
    }
}

/// How a source stands, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// There are alarms.
    Broken,
    /// It could not be read, or not to its end.
    Unread,
    /// There are warnings.
    Doubtful,
    /// The check is not through.
    Checking,
    /// Nothing is wrong, but not every record could be verified.
    Part,
    /// Nothing can be told: it has no chain.
    Unchained,
    /// Every record is verified.
    Sound,
}

impl Standing {
    /// Of a source as an engine knows it.
    pub fn of_source(source: &SourceInfo, covers: &Covers) -> Self {
        let is_checking = is_checking(source, covers);
        let is_unread = source.troubles().next().is_some();
        Self::of(source.chain.as_deref(), is_unread, is_checking)
    }

    /// Of a source with what its check found so far.
    pub fn of(chain: Option<&ChainReport>, is_unread: bool, is_checking: bool) -> Self {
        let worst = chain.and_then(|c| c.findings.iter().map(|f| f.level).max());
        match chain {
            _ if worst == Some(Level::Alarm) => Self::Broken,
            _ if is_unread => Self::Unread,
            _ if worst == Some(Level::Warning) => Self::Doubtful,
            None => Self::Checking,
            _ if is_checking => Self::Checking,
            Some(chain) if chain.scheme.is_none() => Self::Unchained,
            Some(chain) if chain.verified < chain.records => Self::Part,
            Some(_) => Self::Sound,
        }
    }

    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "alarm",
            Self::Unread => "unread",
            Self::Doubtful => "warning",
            Self::Checking => "checking",
            Self::Part => "in part",
            Self::Unchained => "no chain",
            Self::Sound => "verified",
        }
    }
}

/// All sources together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    standings: Vec<Standing>,
    /// Findings: alarms, warnings, notes.
    findings: [u64; 3],
    /// Of the sources that have a chain.
    records: u64,
    verified: u64,
}

impl Tally {
    /// Counts a source in.
    pub fn add(&mut self, standing: Standing, chain: Option<&ChainReport>) {
        self.standings.push(standing);
        let Some(chain) = chain else { return };
        self.findings[0] += chain.count(Level::Alarm);
        self.findings[1] += chain.count(Level::Warning);
        self.findings[2] += chain.count(Level::Note);
        if chain.scheme.is_some() {
            self.records += chain.records;
            self.verified += chain.verified;
        }
    }

    /// The worst there is.
    pub fn worst(&self) -> Option<Standing> {
        self.standings.iter().min().copied()
    }

    /// The verdict in one sentence, without its full stop.
    pub fn sentence(&self) -> String {
        let all = self.standings.len();
        let of = |wanted| self.standings.iter().filter(|s| **s == wanted).count();
        let (broken, doubtful) = (of(Standing::Broken), of(Standing::Doubtful));
        let unchained = of(Standing::Unchained);
        let mut said = match (all, broken) {
            (0, _) => return "There is no source yet".to_owned(),
            (1, 1) => "The source is broken".to_owned(),
            (_, 1) => format!("1 of {all} sources is broken"),
            (_, 2..) => format!("{broken} of {all} sources are broken"),
            _ if doubtful == 1 && all == 1 => {
                "The source is not broken, but has to be looked at".to_owned()
            }
            _ if doubtful == 1 => {
                format!("Nothing is broken, but 1 of {all} sources has to be looked at")
            }
            _ if doubtful > 1 => {
                format!("Nothing is broken, but {doubtful} of {all} sources have to be looked at")
            }
            (1, _) if unchained == 1 => {
                "The source carries no chain: whether it was changed cannot be told".to_owned()
            }
            _ if unchained == all => {
                "No source carries a chain: whether one was changed cannot be told".to_owned()
            }
            (1, _) if of(Standing::Sound) == 1 => "The source is verified".to_owned(),
            _ if of(Standing::Sound) == all => format!("All {all} sources are verified"),
            _ => "Nothing is broken, as far as was looked".to_owned(),
        };
        let findings = levels(self.findings);
        if !findings.is_empty() {
            said.push_str(&format!(": {findings}"));
        }
        match (self.verified, self.records) {
            (_, 0) => {}
            (verified, records) if verified == records => said.push_str(&format!(
                "; {} verified",
                counted(records, "record", "records")
            )),
            (verified, records) => said.push_str(&format!(
                "; {} of {} verified",
                number(verified),
                counted(records, "record", "records")
            )),
        }
        let mut also = |n: usize, one: &str, many: &str| {
            if n > 0 {
                said.push_str(&format!("; {}", counted(n as u64, one, many)));
            }
        };
        if unchained < all {
            also(
                unchained,
                "source carries no chain",
                "sources carry no chain",
            );
        }
        also(
            of(Standing::Checking),
            "source is still being checked",
            "sources are still being checked",
        );
        also(
            of(Standing::Unread),
            "source could not be read",
            "sources could not be read",
        );
        said
    }
}

/// `3 alarms, 1 warning`; nothing where there is nothing.
fn levels([alarms, warnings, notes]: [u64; 3]) -> String {
    let parts = [
        (alarms, "alarm", "alarms"),
        (warnings, "warning", "warnings"),
        (notes, "note", "notes"),
    ];
    let some = parts.into_iter().filter(|(n, ..)| *n > 0);
    let said: Vec<String> = some.map(|(n, one, many)| counted(n, one, many)).collect();
    said.join(", ")
}

/// The findings of one source by level, in words.
pub fn findings(chain: &ChainReport) -> String {
    levels([Level::Alarm, Level::Warning, Level::Note].map(|level| chain.count(level)))
}
