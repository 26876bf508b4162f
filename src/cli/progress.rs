//! One line on the terminal that says how far reading has come, and that goes away.

use std::io::Write;

use super::app::{App, size};
use super::open::Opened;
use crate::engine::Covers;

/// Waits until everything is indexed, with progress on a terminal.
pub(super) fn wait(opened: &Opened, app: &mut App) {
    if !app.err_is_terminal {
        opened.wait_complete(&mut |_| {});
        return;
    }
    let mut shown = String::new();
    let err = &mut app.err;
    opened.wait_complete(&mut |covers| {
        let line = line(covers);
        if line != shown {
            // Talk that cannot be shown is no reason to stop.
            let _ = write!(err, "\r\x1b[K{line}").and_then(|()| err.flush());
            shown = line;
        }
    });
    if !shown.is_empty() {
        let _ = write!(app.err, "\r\x1b[K").and_then(|()| app.err.flush());
    }
}

fn line(covers: &Covers) -> String {
    if covers.complete || covers.total == 0 {
        return String::new();
    }
    let percent = u128::from(covers.done) * 100 / u128::from(covers.total);
    format!("reading {} % of {}", percent.min(100), size(covers.total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_one_line() {
        let covers = |done, total| Covers {
            done,
            total,
            ..Covers::default()
        };
        assert_eq!(line(&covers(43, 100)), "reading 43 % of 100 B");
        assert_eq!(
            line(&covers(u64::MAX, u64::MAX / 2)),
            "reading 100 % of 9223372.0 TB"
        );
        assert_eq!(line(&covers(0, 0)), "");
    }
}
