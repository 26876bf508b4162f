//! Links `.sum` files by the names that they give each other, day by day, and says what does not fit.

use std::collections::{BTreeMap, HashMap};

use super::place::{Date, Place, split};
use super::sums::Likeness;
use super::{At, Chain, Log, SCHEME, Sum, SumFile, words};
use crate::chain::Finding;
use crate::text::count::{counted, number};

/// Days of one log: the tree that they lie in, and how they are called.
type Key<'a> = (&'a str, &'a Option<(String, String)>);

/// What the day before is to a `.sum` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// It cannot be read itself.
    Unknown,
    /// It says that there was none.
    Start,
    /// That file, and its bytes are as this one says.
    Holds(usize),
    /// That file, and they are not.
    Differs(usize),
    /// There was one, and it is not here.
    Missing,
    /// It names its own day, or a later one.
    Backwards,
}

/// Checks `.sum` files against their logs and each other; `others` = logs that have none. One chain for each log.
pub fn walk(files: &[SumFile], others: &[Place]) -> Vec<Chain> {
    let walk = Walk::new(files, others);
    let groups = walk.groups();
    groups.into_values().map(|days| walk.chain(days)).collect()
}

struct Walk<'a> {
    files: &'a [SumFile],
    others: &'a [Place],
    links: Vec<Link>,
    /// The later `.sum` whose word on this one counts, and what that is.
    judged: Vec<Option<(usize, bool)>>,
    /// It holds what another `.sum`, which is at its place, should hold.
    misplaced: Vec<Misplaced>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misplaced {
    No,
    /// What should lie here is here as well.
    Copy,
    Moved,
}

impl<'a> Walk<'a> {
    fn new(files: &'a [SumFile], others: &'a [Place]) -> Self {
        let mut by_log: HashMap<&str, usize> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, file) in files.iter().enumerate() {
            by_log.entry(&file.place.log).or_insert(i);
            if let Ok(sum) = &file.content {
                by_name.entry(unsuffixed(&sum.name)).or_default().push(i);
            }
        }
        let link = |i| link(files, i, &by_log, &by_name);
        let links: Vec<Link> = (0..files.len()).map(link).collect();
        let misplaced = |file: &SumFile| match &file.content {
            Ok(sum) if !file.place.fits(&sum.name) => {
                let extension = file.place.stream.as_ref().map_or("", |s| &s.1);
                let home = file.place.of_other(&sum.name);
                let is_here = |path: &str| by_log.contains_key(path);
                match is_here(&home) || is_here(&format!("{home}{extension}")) {
                    true => Misplaced::Copy,
                    false => Misplaced::Moved,
                }
            }
            _ => Misplaced::No,
        };
        let mut walk = Self {
            misplaced: files.iter().map(misplaced).collect(),
            judged: vec![None; files.len()],
            files,
            others,
            links,
        };
        walk.judge();
        walk
    }

    /// Newest first: the word of a `.sum` that is itself not as the next one says is not relied upon.
    fn judge(&mut self) {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_cached_key(|i| date(&self.files[*i]));
        for i in order.into_iter().rev() {
            if !self.is_reliable(i) {
                continue;
            }
            match self.links[i] {
                Link::Holds(before) => {
                    self.judged[before].get_or_insert((i, true));
                }
                Link::Differs(before) => self.judged[before] = Some((i, false)),
                _ => {}
            }
        }
    }

    fn is_reliable(&self, i: usize) -> bool {
        !matches!(self.judged[i], Some((_, false))) && self.misplaced[i] != Misplaced::Copy
    }

    /// Days that belong together: those of one log in one tree, and those that link to each other.
    fn groups(&self) -> BTreeMap<usize, Vec<At>> {
        let mut leader: Vec<usize> = (0..self.files.len()).collect();
        fn root(leader: &[usize], mut i: usize) -> usize {
            while leader[i] != i {
                i = leader[i];
            }
            i
        }
        let mut first: HashMap<Key<'_>, usize> = HashMap::new();
        for (i, file) in self.files.iter().enumerate() {
            let key = (file.place.tree.as_str(), &file.place.stream);
            let with = *first.entry(key).or_insert(i);
            let linked = match self.links[i] {
                Link::Holds(before) | Link::Differs(before) => before,
                _ => i,
            };
            for other in [with, linked] {
                let (a, b) = (root(&leader, i), root(&leader, other));
                leader[a.max(b)] = a.min(b);
            }
        }
        let mut groups: BTreeMap<usize, Vec<At>> = BTreeMap::new();
        for i in 0..self.files.len() {
            groups.entry(root(&leader, i)).or_default().push(At::Sum(i));
        }
        for (i, other) in self.others.iter().enumerate() {
            if let Some(with) = first.get(&(other.tree.as_str(), &other.stream)) {
                let days = groups.entry(root(&leader, *with)).or_default();
                days.push(At::Other(i));
            }
        }
        for days in groups.values_mut() {
            days.sort_by_cached_key(|at| match at {
                At::Sum(i) | At::Log(i) => date(&self.files[*i]),
                At::Other(i) => (self.others[*i].date, self.others[*i].log.clone()),
            });
        }
        groups
    }

    fn chain(&self, days: Vec<At>) -> Chain {
        let newest = days.iter().rposition(|at| matches!(at, At::Sum(_)));
        let (days, newer) = days.split_at(newest.map_or(0, |n| n + 1));
        // The log of today is summed when the day is over; older ones should have been.
        let (late, today) = newer.split_at(newer.len().saturating_sub(1));
        let mut findings: Vec<(At, Finding)> = Vec::new();
        let mut verified: Vec<(At, bool)> = Vec::new();
        let mut is_first = true;
        for at in days.iter().chain(late) {
            match *at {
                At::Sum(i) | At::Log(i) => {
                    let holds = self.day(i, is_first, &mut findings);
                    let log = matches!(self.files[i].log, Log::Read(_) | Log::Unread);
                    let at = if log { At::Log(i) } else { At::Sum(i) };
                    verified.push((at, holds));
                    is_first = false;
                }
                At::Other(i) => {
                    let name = &self.others[i].log;
                    findings.push((*at, words::no_sum(name)));
                    verified.push((*at, false));
                }
            }
        }
        Chain {
            name: self.name(days),
            coverage: self.coverage(&verified, days, today.len()),
            scheme: match self.is_weak(days) {
                true => format!("{SCHEME} sha1 md5 (weak)"),
                false => format!("{SCHEME} sha256"),
            },
            days: verified,
            findings,
        }
    }

    /// Says what is wrong with a day; whether it is verified.
    fn day(&self, i: usize, is_first: bool, findings: &mut Vec<(At, Finding)>) -> bool {
        let file = &self.files[i];
        let name = &format!("{}.sum", file.place.log);
        let mut sum_says = |finding| findings.push((At::Sum(i), finding));
        if let Some((by, false)) = self.judged[i] {
            let is_vouched = matches!(self.judged[by], Some((_, true)));
            sum_says(words::altered_sum(
                name,
                &self.files[by],
                &file.own,
                is_vouched,
            ));
        }
        let sum = match &file.content {
            Ok(sum) => sum,
            Err(trouble) => {
                sum_says(words::unread(name, trouble));
                return false;
            }
        };
        match self.misplaced[i] {
            Misplaced::No => {}
            Misplaced::Copy => sum_says(words::replaced(name, &sum.name)),
            Misplaced::Moved => sum_says(words::moved(name, &sum.name)),
        }
        match self.links[i] {
            Link::Missing if !is_first => sum_says(words::gap(name, sum)),
            Link::Missing if file.in_folder => sum_says(words::head_missing(name, sum)),
            Link::Start if !is_first => sum_says(words::restart(name, sum)),
            Link::Backwards => sum_says(words::backwards(name, sum)),
            _ => {}
        }
        let log_holds = self.log(i, sum, findings);
        log_holds && self.is_reliable(i) && self.links[i] != Link::Backwards
    }

    fn log(&self, i: usize, sum: &Sum, findings: &mut Vec<(At, Finding)>) -> bool {
        let file = &self.files[i];
        let name = &file.place.log;
        let log = match &file.log {
            Log::Unread => return false,
            Log::Missing if sum.current.is_none() => return true,
            Log::Missing => {
                findings.push((At::Sum(i), words::log_missing(name, sum)));
                return false;
            }
            Log::Read(log) => log,
        };
        let mut log_says = |finding| findings.push((At::Log(i), finding));
        if sum.current.is_none() {
            log_says(words::was_none(&log.name));
            return false;
        }
        let holds = log.likeness == Likeness::Same && log.trouble.is_none();
        match log.likeness {
            Likeness::Same => {
                if let Some(trouble) = &log.trouble {
                    log_says(words::added(log, trouble));
                }
                for part in &log.beyond {
                    log_says(words::not_summed(part, name));
                }
            }
            Likeness::Partly => log_says(words::partly(log, sum)),
            Likeness::Other => log_says(words::altered_log(log, sum)),
        }
        holds
    }

    fn name(&self, days: &[At]) -> String {
        let mut places = days.iter().filter_map(|at| match at {
            At::Sum(i) | At::Log(i) => Some(&self.files[*i].place),
            At::Other(_) => None,
        });
        let Some(first) = places.next() else {
            return String::new();
        };
        let (folder, mut common, mut is_one) = (split(&first.log).0, split(&first.log).0, true);
        for place in places {
            is_one = false;
            let folder = split(&place.log).0;
            while !(folder == common || folder.starts_with(&format!("{common}/"))) {
                common = split(common).0;
            }
        }
        match &first.stream {
            Some((before, after)) if !is_one => {
                let below = if folder == common { "" } else { "/**" };
                format!("{common}{below}/{before}*{after}")
            }
            _ => first.log.clone(),
        }
    }

    fn sums(&self, days: &[At]) -> impl Iterator<Item = usize> {
        days.iter().filter_map(|at| match at {
            At::Sum(i) => Some(*i),
            _ => None,
        })
    }

    fn is_weak(&self, days: &[At]) -> bool {
        let mut sums = self.sums(days);
        sums.any(|i| matches!(&self.files[i].content, Ok(sum) if sum.current.is_weak() || sum.chained.is_weak()))
    }

    fn coverage(&self, verified: &[(At, bool)], days: &[At], today: usize) -> String {
        let held = verified.iter().filter(|(_, holds)| *holds).count() as u64;
        let mut out = format!(
            "{} of {} verified",
            number(held),
            counted(verified.len() as u64, "day", "days")
        );
        let mut also = |text: &str| {
            out.push_str("; ");
            out.push_str(text);
        };
        let open: Vec<usize> = self
            .sums(days)
            .filter(|i| self.judged[*i].is_none())
            .collect();
        match (
            open.len() as u64,
            self.sums(days).last() == open.last().copied(),
        ) {
            (0, _) => {}
            (1, true) => also("the newest .sum is protected by no later one"),
            (n, true) => also(&format!(
                "{}, the newest among them, are protected by no later one",
                counted(n, ".sum file", ".sum files")
            )),
            (n, false) => also(&format!(
                "{} protected by no later one",
                counted(n, ".sum file is", ".sum files are")
            )),
        }
        let empty = self.sums(days).filter(|i| {
            let none = matches!(&self.files[*i].content, Ok(sum) if sum.current.is_none());
            none && self.files[*i].log == Log::Missing
        });
        match empty.count() as u64 {
            0 => {}
            n => also(&format!("{} had no log", counted(n, "day", "days"))),
        }
        if today > 0 {
            also("the newest log has no .sum yet, as usual before its day is over");
        }
        if self.is_weak(days) {
            also("MD5 and SHA-1 are weak: who can write the log can find two with one hash");
        }
        also("unkeyed: whoever can write this folder can make both anew");
        out
    }
}

/// The order of days.
fn date(file: &SumFile) -> (Date, String) {
    let name = file.content.as_ref().ok().map(|sum| sum.name.as_str());
    (file.place.date_as(name), file.place.log.clone())
}

/// How a log is called, with or without what Wazuh leaves out.
fn unsuffixed(name: &str) -> &str {
    let name = name.strip_suffix(".sum").unwrap_or(name);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => stem,
        _ => name,
    }
}

fn link(
    files: &[SumFile],
    i: usize,
    by_log: &HashMap<&str, usize>,
    by_name: &HashMap<&str, Vec<usize>>,
) -> Link {
    let file = &files[i];
    let Ok(sum) = &file.content else {
        return Link::Unknown;
    };
    if sum.chained.is_none() {
        return Link::Start;
    }
    let holds = |other: &usize| sum.chained.likeness(&files[*other].own) == Likeness::Same;
    let found = match by_log.get(&*file.place.of_other(&sum.previous)) {
        // In one folder for all months, another month's file may have its name.
        Some(at) if holds(at) || is_called(&files[*at], &sum.previous) => Some(*at),
        // Elsewhere only the very file counts, as another host's has the same name; and a tree that holds this day
        // itself is a copy, not where this one goes on.
        _ => {
            let goes_on = |other: &usize| {
                let same_day = by_log.get(&*files[*other].place.of_other(&file.place.log));
                holds(other) && same_day.is_none_or(|day| *day == i)
            };
            let all = by_name.get(unsuffixed(&sum.previous)).into_iter().flatten();
            all.copied().find(goes_on)
        }
    };
    match found {
        None => Link::Missing,
        Some(before) if date(&files[before]) >= date(file) => Link::Backwards,
        Some(before) if holds(&before) => Link::Holds(before),
        Some(before) => Link::Differs(before),
    }
}

/// Whether the file at this place is meant by `name`: unless it says otherwise about a month, it is.
fn is_called(file: &SumFile, name: &str) -> bool {
    let Ok(sum) = &file.content else {
        return true;
    };
    let (year, month, _) = Place::of(&sum.name).date;
    let (wanted_year, wanted_month, _) = Place::of(name).date;
    file.place.date.1 > 0 || year == 0 || (year, month) == (wanted_year, wanted_month)
}
