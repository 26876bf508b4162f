//! The explorer once everything is indexed: how soon a key is answered, what that sends to the terminal, and what it costs
//! to follow a file to which nothing is added.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::generate;
use crate::process::{TICKS_PER_SECOND, ticks};
use crate::table::{Row, Times};
use crate::terminal::Screen;

const PATIENCE: Duration = Duration::from_secs(60);
const KEYS: usize = 200;
/// Long enough for one wake-up a second to be told from four.
const IDLE: Duration = Duration::from_secs(20);
/// After this long without a key nothing is left to be drawn.
const QUIET: Duration = Duration::from_secs(3);

pub(crate) fn rows(log: &Path, home: &Path) -> Result<Vec<Row>, String> {
    let mut screen = Screen::open(log, home)?;
    screen.wait_for(generate::NEWEST_ACTOR, PATIENCE)?;
    screen.watch(QUIET);
    let mut rows = keys(&mut screen)?;
    rows.extend(idle(&mut screen)?);
    // Left as it was found: following.
    screen.press("F")?;
    screen.watch(Duration::from_secs(1));
    screen.quit();
    Ok(rows)
}

/// The cursor goes up through the list, which scrolls from its edge on.
fn keys(screen: &mut Screen) -> Result<Vec<Row>, String> {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..KEYS {
        let (before, bytes) = (screen.text(), screen.bytes());
        let pressed = screen.press("k")?;
        let drawn = screen.wait_until(PATIENCE, |now| now != before)?;
        times.push(drawn - pressed);
        screen.watch(Duration::from_millis(30));
        sizes.push(screen.bytes() - bytes);
    }
    let times = Times::new(times);
    sizes.sort_unstable();
    let most = sizes[sizes.len() * 99 / 100];
    Ok(vec![
        Row::new("a key in the list to the screen", times.to_string()).goal(
            "p99 <= 16 ms",
            Some(times.percentile(99) <= Duration::from_millis(16)),
        ),
        Row::new(
            "bytes to the terminal for it, at 160x50",
            format!("p50 {} p99 {most}", sizes[sizes.len() / 2]),
        )
        .goal("<= 3,000", Some(most <= 3_000)),
    ])
}

fn idle(screen: &mut Screen) -> Result<Vec<Row>, String> {
    let pid = screen.process_id().ok_or("the explorer has ended")?;
    screen.watch(QUIET);
    let (before, bytes, start) = (spent(pid)?, screen.bytes(), Instant::now());
    screen.watch(IDLE);
    let (after, seconds) = (spent(pid)?, start.elapsed().as_secs_f64());
    let percent = (after.0 - before.0) as f64 * 100.0 / TICKS_PER_SECOND as f64 / seconds;
    let wakes = (after.1 - before.1) as f64 / seconds;
    Ok(vec![
        Row::new(
            "following a quiet file: processor time",
            format!(
                "{percent:.2} % of one, {} bytes drawn",
                screen.bytes() - bytes
            ),
        )
        .goal("<= 0.5 %", Some(percent <= 0.5)),
        Row::new("wake-ups of it", format!("{wakes:.1} a second"))
            .goal("<= 4 a second", Some(wakes <= 4.0)),
    ])
}

/// Ticks of processor time that a program spent, and how often its threads went to sleep.
fn spent(pid: u32) -> Result<(u64, u64), String> {
    let read = |path: String| fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"));
    let spent = ticks(&read(format!("/proc/{pid}/stat"))?);
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_err(|e| e.to_string())?;
    let mut sleeps = 0;
    for thread in threads.flatten() {
        // One that has ended meanwhile has no say.
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
        sleeps += line.and_then(|n| n.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok((spent, sleeps))
}
