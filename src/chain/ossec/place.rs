//! Where a log and its `.sum` lie: OSSEC keeps them as `…/2026/Nov/ossec-alerts-26.log`.

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Suffixes that come with compression.
pub(super) const COMPRESSED: [&str; 4] = [".gz", ".zst", ".bz2", ".xz"];

/// Year and month, as far as folders tell, and day.
pub(super) type Date = (u32, u32, u32);

/// The path of a day's log, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of the log, without `.sum` and `.gz`.
    pub(super) log: String,
    /// The folder that the folders of years lie in; without those, the log's own.
    pub(super) tree: String,
    pub(super) date: Date,
    /// `ossec-alerts-` and `.log`; nothing where the name holds no day.
    pub(super) stream: Option<(String, String)>,
}

impl Place {
    /// Of a log or a `.sum`, packed or not.
    pub fn of(path: &str) -> Self {
        let log = log_path(path);
        let (folder, file) = split(log);
        let stream = stream(file);
        let (mut tree, mut date) = (folder, (0, 0, stream.map_or(0, |(_, day, _)| day)));
        let (above, month) = split(folder);
        if let Some(month) = MONTHS.iter().position(|m| *m == month) {
            (tree, date.1) = (above, month as u32 + 1);
            let (above, year) = split(above);
            if year.len() == 4
                && let Ok(year) = year.parse()
            {
                (tree, date.0) = (above, year);
            }
        }
        Self {
            log: log.to_owned(),
            tree: tree.to_owned(),
            date,
            stream: stream.map(|(before, _, after)| (before.to_owned(), after.to_owned())),
        }
    }

    /// Where a log lies that its writer calls `name`, if this one lies at its own place.
    pub(super) fn of_other(&self, name: &str) -> String {
        let other = Self::of(name);
        let file = split(&other.log).1;
        let month = usize::try_from(other.date.1)
            .ok()
            .and_then(|m| m.checked_sub(1));
        match (self.date, month) {
            ((1.., 1.., _), Some(month)) if other.date.0 > 0 => join(
                &self.tree,
                &format!("{}/{}/{file}", other.date.0, MONTHS[month]),
            ),
            ((_, 1.., _), Some(month)) => join(&self.tree, &format!("{}/{file}", MONTHS[month])),
            _ => join(split(&self.log).0, file),
        }
    }

    /// Whether a log that its writer calls `name` may lie here.
    pub(super) fn fits(&self, name: &str) -> bool {
        let other = Self::of(name);
        let (file, named) = (split(&self.log).1, split(&other.log).1);
        // Wazuh leaves the extension out.
        let is_named = file == named
            || file
                .strip_prefix(named)
                .is_some_and(|rest| rest.starts_with('.') && !rest[1..].contains('.'));
        let agree = |a: u32, b: u32| a == 0 || b == 0 || a == b;
        is_named && agree(self.date.0, other.date.0) && agree(self.date.1, other.date.1)
    }

    /// The date, its year and month from what the writer calls it where folders do not tell.
    pub(super) fn date_as(&self, name: Option<&str>) -> Date {
        let other = name.map_or((0, 0, 0), |name| Self::of(name).date);
        let or = |a: u32, b: u32| if a == 0 { b } else { a };
        (
            or(self.date.0, other.0),
            or(self.date.1, other.1),
            self.date.2,
        )
    }

    /// Whether it is a name of the kind that `.sum` files are made for.
    pub fn has_day(&self) -> bool {
        self.stream.is_some()
    }
}

/// Whether a `.sum` file of OSSEC is called like this, packed or not.
pub fn is_sum_name(path: &str) -> bool {
    let file = split(unpacked(path)).1;
    file.strip_suffix(".sum")
        .is_some_and(|log| stream(log).is_some())
}

/// The name of a day's further file: `ossec-alerts-26-001.log`.
pub fn part_name(log: &str, number: usize) -> String {
    let (folder, file) = split(log);
    let (stem, extension) = match file.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (file, String::new()),
    };
    join(folder, &format!("{stem}-{number:03}{extension}"))
}

/// `ossec-alerts-`, 26 and `.log`.
fn stream(file: &str) -> Option<(&str, u32, &str)> {
    let dot = file.find('.').unwrap_or(file.len());
    let (stem, extension) = file.split_at(dot);
    let (before, day) = stem.split_at_checked(stem.len().checked_sub(2)?)?;
    let day = day.bytes().all(|b| b.is_ascii_digit()).then_some(day)?;
    let is_ours = before.starts_with("ossec-") && before.ends_with('-');
    let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    (is_ours && before.len() > "ossec-".len()).then_some((before, day, extension))
}

fn log_path(path: &str) -> &str {
    let path = unpacked(path);
    unpacked(path.strip_suffix(".sum").unwrap_or(path))
}

fn unpacked(path: &str) -> &str {
    COMPRESSED
        .iter()
        .find_map(|suffix| path.strip_suffix(suffix))
        .unwrap_or(path)
}

/// Folder and file name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn join(folder: &str, name: &str) -> String {
    format!("{folder}/{name}")
}
