//! The rows of all steps over one line of time.

use super::RunReport;
use crate::event::Timestamp;

/// Rows of each step over the same time.
pub(super) struct Figure {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) lanes: Vec<Lane>,
}

pub(super) struct Lane {
    /// Of the step.
    pub(super) number: usize,
    pub(super) title: String,
    /// Rows by place on the line.
    pub(super) rows: Vec<u64>,
}

impl Figure {
    /// `None` where there is nothing to draw: no row has a time.
    pub(super) fn of(report: &RunReport, places: usize) -> Option<Self> {
        let found = report.steps.iter().filter(|s| s.rows > 0);
        let from = found.clone().filter_map(|s| s.first).min()?;
        let to = found.clone().filter_map(|s| s.last).max()?;
        // In 128 bits: the first and the last moment may be all of 64 bits apart.
        let span = (i128::from(to.0) - i128::from(from.0)).max(1);
        let place = |at: i128| {
            let at = (at - i128::from(from.0)).clamp(0, span);
            let place = usize::try_from(at * places as i128 / span).unwrap_or(0);
            place.min(places - 1)
        };
        let lanes = found.filter_map(|step| {
            let bars = step.histogram.as_ref()?;
            let mut rows = vec![0_u64; places];
            for (i, count) in bars.rows.iter().enumerate().filter(|(_, n)| **n > 0) {
                let start = i128::from(bars.start.0) + i as i128 * i128::from(bars.step);
                let slot = &mut rows[place(start + i128::from(bars.step) / 2)];
                *slot = slot.saturating_add(*count);
            }
            Some(Lane {
                number: step.number,
                title: step.title.clone(),
                rows,
            })
        });
        Some(Self {
            from,
            to,
            lanes: lanes.collect(),
        })
    }
}

impl Lane {
    /// The rows as a share of the most there are at one place, 0 to 1.
    pub(super) fn heights(&self) -> impl Iterator<Item = f64> {
        let most = self.rows.iter().copied().max().unwrap_or(0).max(1);
        self.rows.iter().map(move |n| *n as f64 / most as f64)
    }

    /// As characters.
    pub(super) fn drawn(&self) -> String {
        const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        self.heights()
            .map(|h| BARS[((h * 8.0).ceil() as usize).min(8)])
            .collect()
    }
}
