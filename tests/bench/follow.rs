//! A log that is written to while it is on the screen: is everything there, how often is it drawn, how much memory does it take.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Bench;
use crate::generate;
use crate::process::{Memory, auditty, own_memory, run};
use crate::table::{Row, Times, megabytes};
use crate::terminal::Screen;

const PATIENCE: Duration = Duration::from_secs(60);
/// Events a second of a busy log, and of a flood.
pub(crate) const BUSY: u64 = 1_000;
const FLOOD: u64 = 20_000;
/// Events come in so many pieces a second.
const BEATS: u64 = 50;

impl Bench {
    pub(crate) fn follow(&self) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        for (rate, seconds) in [(BUSY, 10), (FLOOD, self.settings.flood)] {
            let log = self.scratch.path().join(format!("follow-{rate}.log"));
            generate::write(&log, 1_000).map_err(|e| e.to_string())?;
            let home = self.home(&format!("follow-{rate}"));
            rows.extend(rows_of(&followed(&log, &home, rate, seconds)?));
            fs::remove_file(&log).map_err(|e| e.to_string())?;
        }
        Ok(rows)
    }
}

/// Who a beat's last event is by; short enough for the list.
fn mark(beat: u64) -> String {
    format!("b{beat}@bench")
}

/// What came of following.
pub(crate) struct Followed {
    rate: u64,
    seconds: u64,
    /// From a line that is written to the screen that shows it.
    times: Times,
    written: u64,
    counted: u64,
    frames_a_second: f64,
    pub(crate) memory: Memory,
    /// Most of it, in bytes.
    pub(crate) peak: u64,
}

pub(crate) fn followed(
    log: &Path,
    home: &Path,
    rate: u64,
    seconds: u64,
) -> Result<Followed, String> {
    let mut screen = Screen::open(log, home)?;
    screen.wait_for(generate::NEWEST_ACTOR, PATIENCE)?;
    let pid = screen.process_id().ok_or("the explorer has ended")?;
    let mut out = OpenOptions::new()
        .append(true)
        .open(log)
        .map_err(|e| e.to_string())?;
    let (start, mut frames, mut peak) = (Instant::now(), 0, 0);
    let mut memory = Memory::default();
    let (mut open, mut seen) = (VecDeque::new(), Vec::new());
    let per_beat = rate / BEATS;
    for beat in 0..seconds * BEATS {
        let mut piece = Vec::new();
        for number in 0..per_beat {
            // Each beat ends in an event that is told from all others.
            let actor = match number + 1 == per_beat {
                true => mark(beat),
                false => "ann@corp.example".to_owned(),
            };
            piece.extend(generate::appended(&actor, 1_000, beat * per_beat + number));
        }
        open.push_back((beat, Instant::now()));
        out.write_all(&piece).map_err(|e| e.to_string())?;
        let due = start + Duration::from_millis((beat + 1) * 1_000 / BEATS);
        frames += screen.watch_until(due, &mut |text, at| {
            let newest = (0..open.len())
                .rev()
                .find(|i| text.contains(&mark(open[*i].0)));
            // What came before the newest that is there was there, too.
            let there = newest.map_or(0, |i| i + 1);
            seen.extend(open.drain(..there).map(|(_, written)| at - written));
        });
        let own = own_memory(pid);
        peak = peak.max(own);
        memory.note(start.elapsed(), own);
    }
    let total = seconds * BEATS;
    let written = total * per_beat + 1_000;
    screen.wait_for(&mark(total - 1), PATIENCE)?;
    // What is never on the screen took as long as the wait for it.
    seen.extend(open.iter().map(|(_, written)| written.elapsed()));
    let took = start.elapsed().as_secs_f64();
    screen.quit();
    let counted = run(auditty(home).args(["search", "--count", ""]).arg(log))?;
    let counted: u64 = counted.stdout.trim().parse().unwrap_or(0);
    Ok(Followed {
        rate,
        seconds,
        times: Times::new(seen),
        written,
        counted,
        frames_a_second: frames as f64 / took,
        memory,
        peak,
    })
}

fn rows_of(followed: &Followed) -> Vec<Row> {
    let Followed {
        rate,
        seconds,
        times,
        written,
        counted,
        frames_a_second: fps,
        peak,
        ..
    } = followed;
    let mut rows = Vec::new();
    if *rate == BUSY {
        let met = times.percentile(50) <= Duration::from_millis(30)
            && times.percentile(99) <= Duration::from_millis(100);
        rows.push(
            Row::new(
                format!(
                    "line to the screen at {rate} events/s: {} times",
                    times.len()
                ),
                times.to_string(),
            )
            .goal("p50 <= 30, p99 <= 100 ms", Some(met)),
        );
    } else {
        rows.push(
            Row::new(
                format!("following {rate} events/s for {seconds} s: lost"),
                format!("{} of {written}", written.saturating_sub(*counted)),
            )
            .goal("0", Some(counted == written)),
        );
        rows.push(
            Row::new("  drawn a second", format!("{fps:.0}")).goal(">= 20", Some(*fps >= 20.0)),
        );
        rows.push(
            Row::new("  most memory of its own", megabytes(*peak))
                .goal("<= 150 MB", Some(*peak <= 150_000_000)),
        );
    }
    rows
}
