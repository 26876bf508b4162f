//! The figures of the page: what a run of the benchmark wrote, at three sizes.

use std::path::Path;

/// A row of a run: what, figure, beside, ratio, goal, met.
type Row = Vec<String>;

/// The sizes of the runs that are kept, in events.
const SIZES: [u64; 3] = [100_000, 1_000_000, 10_000_000];

/// What grows with the log, as the benchmark calls it.
const GROWING: [&str; 9] = [
    "start to first rows on a pty, no index",
    "full indexing",
    "peak memory of it (own / with mapped files)",
    "index size, originals in it",
    "second start (index again, nothing new)",
    "opening the index, in process",
    "selective query",
    "match all",
    "auditty search --count, count of a rare word",
];

/// The title of a run, and its rows; `None` = it is not there.
fn run(size: u64) -> Option<(String, Vec<Row>)> {
    let path = Path::new(super::ROOT).join(format!("assets/speed/{size}.tsv"));
    let text = std::fs::read_to_string(path).ok()?;
    let title = text.lines().next()?.trim_start_matches("# ").to_owned();
    let rows = text.lines().skip(2);
    let rows = rows.map(|line| line.split('\t').map(str::to_owned).collect());
    Some((title, rows.collect()))
}

/// A cell that may hold what Markdown would take for its own.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Everything of the run of a million events.
pub(super) fn table() -> String {
    let (title, rows) = run(1_000_000).expect("assets/speed/1000000.tsv");
    let mut table =
        format!("| {title} | auditty | beside it | ratio | goal |\n|---|---|---|---|---|\n");
    for row in rows {
        let [what, figure, peer, ratio, goal, met] = row.as_slice() else {
            panic!("a row of six cells: {row:?}");
        };
        let goal = match met.as_str() {
            "yes" => format!("{goal}: met"),
            "no" => format!("{goal}: **not met**"),
            _ => goal.clone(),
        };
        let cells = [what, figure, peer, ratio, &goal].map(|text| cell(text));
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

/// How the figures grow from size to size.
pub(super) fn growth() -> String {
    let runs: Vec<(u64, Vec<Row>)> = SIZES
        .iter()
        .filter_map(|size| Some((*size, run(*size)?.1)))
        .collect();
    let heads: Vec<String> = runs
        .iter()
        .map(|(size, _)| format!("{size} events"))
        .collect();
    let mut table = format!(
        "| | {} |\n|---|{}\n",
        heads.join(" | "),
        "---|".repeat(runs.len())
    );
    for what in GROWING {
        let figure = |rows: &Vec<Row>| {
            let row = rows.iter().find(|row| row[0].starts_with(what));
            row.map_or(String::new(), |row| cell(&row[1]))
        };
        let figures: Vec<String> = runs.iter().map(|(_, rows)| figure(rows)).collect();
        table.push_str(&format!("| {what} | {} |\n", figures.join(" | ")));
    }
    table
}
