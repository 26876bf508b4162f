//! The figure of memory over time: what a run of the benchmark wrote, drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::support::assets::compare_or_write;

/// Pixels of a panel without its border, and the border around it.
const PANEL: (f64, f64) = (360.0, 150.0);
const BORDER: (f64, f64) = (52.0, 34.0);

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d8dbe2";
const DIM: &str = "#7d8492";
const LINE: &str = "#6cb6ff";

/// Megabytes by second.
type Curve = Vec<(f64, f64)>;

fn curves() -> BTreeMap<String, Curve> {
    let path = Path::new(super::ROOT).join("assets/speed/memory.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut curves = BTreeMap::<String, Curve>::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [what, second, megabytes] = cells[..] else {
            panic!("a line of three cells: {line}");
        };
        let point = (second.parse().unwrap(), megabytes.parse().unwrap());
        curves.entry(what.to_owned()).or_default().push(point);
    }
    curves
}

/// The next number of a kind that people count in.
fn round_above(value: f64) -> f64 {
    let steps =
        (0..9).flat_map(|power| [1.0, 2.0, 3.0, 4.0, 6.0, 8.0].map(|n| n * 10_f64.powi(power)));
    steps.into_iter().find(|step| *step >= value).unwrap()
}

fn picture() -> String {
    let curves = curves();
    let most = curves.values().flatten().map(|point| point.1);
    let top = round_above(most.fold(0.0, f64::max));
    let width = curves.len() as f64 * (PANEL.0 + BORDER.0) + BORDER.0;
    let height = PANEL.1 + 2.0 * BORDER.1;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-sans-serif,'DejaVu Sans',Helvetica,Arial,sans-serif\" font-size=\"11\" fill=\"{DIM}\">\n"
    );
    for (index, (what, curve)) in curves.iter().enumerate() {
        let left = BORDER.0 + index as f64 * (PANEL.0 + BORDER.0);
        panel(&mut out, left, what, curve, top);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn panel(out: &mut String, left: f64, what: &str, curve: &Curve, top: f64) {
    let last = curve.last().unwrap().0.max(1.0);
    let (x, y) = (
        |second: f64| left + second / last * PANEL.0,
        |megabytes: f64| BORDER.1 + PANEL.1 - megabytes / top * PANEL.1,
    );
    for part in 0..=2 {
        let megabytes = top * f64::from(part) / 2.0;
        let (right, at) = (left + PANEL.0, y(megabytes));
        writeln!(
            out,
            "<path d=\"M{left:.1} {at:.1}H{right:.1}\" stroke=\"{DIM}\" stroke-width=\"0.5\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{megabytes:.0} MB</text>",
            left - 4.0,
            at + 4.0
        )
        .unwrap();
    }
    let points = curve
        .iter()
        .map(|(s, mb)| format!("{:.1},{:.1}", x(*s), y(*mb)));
    let points: Vec<String> = points.collect();
    writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{LINE}\" stroke-width=\"1.5\"/>\n\
         <text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{FOREGROUND}\">{what}</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{last:.0} s</text>",
        points.join(" "),
        BORDER.1 - 12.0,
        left + PANEL.0,
        BORDER.1 + PANEL.1 + 16.0
    )
    .unwrap();
}

#[test]
fn the_figure_shows_what_was_measured() {
    compare_or_write("memory.svg", &picture(), "assets/speed/memory.tsv says");
}
