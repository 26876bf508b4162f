//! The one table that a run prints.

use std::time::Duration;

/// A line of the table.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) figure: String,
    /// Another program's figure for the same, and ours divided by it.
    pub(crate) peer: String,
    pub(crate) ratio: String,
    pub(crate) goal: String,
    pub(crate) met: Option<bool>,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, figure: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            figure: figure.into(),
            ..Self::default()
        }
    }

    /// Sets beside it what another program needs for the same.
    pub(crate) fn beside(mut self, ours: Duration, peer: &Peer) -> Self {
        match peer {
            Peer::Took(name, theirs) => {
                self.peer = format!("{name} {}", time(*theirs));
                let ratio = ours.as_secs_f64() / theirs.as_secs_f64().max(1e-9);
                self.ratio = format!("{ratio:.2}");
            }
            Peer::Absent(name) => self.peer = format!("{name} not measured"),
            Peer::Failed(name, why) => self.peer = format!("{name} failed: {why}"),
        }
        self
    }

    pub(crate) fn goal(mut self, goal: impl Into<String>, met: Option<bool>) -> Self {
        self.goal = goal.into();
        self.met = met;
        self
    }
}

/// What another program took.
pub(crate) enum Peer {
    Took(&'static str, Duration),
    Absent(&'static str),
    Failed(&'static str, String),
}

/// Times of one thing done many times.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that `percent` of the runs do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at.min(last)).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "p50 {} p99 {}",
            time(self.percentile(50)),
            time(self.percentile(99))
        )
    }
}

pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 1.0 {
        format!("{seconds:.2} s")
    } else if seconds >= 0.01 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{:.2} ms", seconds * 1e3)
    }
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

/// Prints the rows with aligned columns.
pub(crate) fn print(rows: &[Row]) {
    let title = ["what", "auditty", "beside", "ratio", "goal", "met"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        [
            row.what.clone(),
            row.figure.clone(),
            row.peer.clone(),
            row.ratio.clone(),
            row.goal.clone(),
            met.to_owned(),
        ]
    });
    let table: Vec<[String; 6]> = std::iter::once(title).chain(cells).collect();
    print_cells(&table);
}

/// The rows as tab-separated values, under a line that says of what.
pub(crate) fn tsv(title: &str, rows: &[Row]) -> String {
    let mut text = format!("# {title}\nwhat\tauditty\tbeside\tratio\tgoal\tmet\n");
    for row in rows {
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let cells = [
            row.what.trim(),
            &row.figure,
            &row.peer,
            &row.ratio,
            &row.goal,
            met,
        ];
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

/// Prints cells with aligned columns.
pub(crate) fn print_cells<const COLUMNS: usize>(table: &[[String; COLUMNS]]) {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let lengths = table.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    });
    for row in table {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
}
