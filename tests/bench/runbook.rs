//! Moving between the steps of a runbook on a pseudo-terminal: from the key to the new step's rows on the screen.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::process::{auditty, run};
use crate::table::{Row, Times};
use crate::terminal::Screen;
use crate::{Bench, PATIENCE};

/// What each step asks, with a name for the table. Neighbours ask for different things, a selective query beside one
/// that most events match; what a branch or a table counts on top of it is part of a step.
const STEPS: [(&str, &str, &str); 7] = [
    ("most events", "actor:system*", "expect=1.. group=actor"),
    (
        "a person's denied looks",
        "actor:mallory@corp.example outcome:failure",
        "expect=0 alarm=1.. show=ts,actor,action,target,ip group=ip",
    ),
    (
        "everything but",
        "-actor:system* -objectRef.resource:pods",
        "expect=distinct(actor)>3 group=actor",
    ),
    (
        "a rare word",
        "paymentsvault",
        "expect=1.. group=objectRef.name",
    ),
    ("a frequent verb", "action:get", "expect=1.. group=target"),
    (
        "wildcards",
        "objectRef.name:ledger-t* OR *mentsvau*",
        "expect=1.. group=action",
    ),
    (
        "an address and a code",
        "ip:203.0.113.0/24 responseStatus.code:>=400",
        "expect=..50 group=responseStatus.code",
    ),
];

/// Once forth and back through all steps, so many times.
const ROUNDS: usize = 5;
const GOAL: Duration = Duration::from_millis(50);
/// Rows by which a step's list is told from another's.
const KNOWN: usize = 8;

/// The runbook, as its author writes it.
fn book() -> String {
    let mut text = String::from(
        "---\nrunbook: 1\nid: bench\ntitle: Steps that filter differently\nlogs: [k8s-audit]\n---\n",
    );
    for (number, (title, query, attributes)) in STEPS.iter().enumerate() {
        let number = number + 1;
        text.push_str(&format!(
            "\n## Step {number}: {title}\n\n**Action:** look at the rows.\n\n```auditq id=q{number} {attributes}\n{query}\n```\n"
        ));
    }
    text
}

/// Times of day on a screen, from its top to its bottom.
fn times(screen: &str) -> Vec<&str> {
    let is_time = |word: &&str| {
        let bytes = word.as_bytes();
        bytes.len() == 12 && bytes[2] == b':' && bytes[5] == b':' && bytes[8] == b'.'
    };
    screen.split_whitespace().filter(is_time).collect()
}

fn shows(screen: &str, rows: &[String]) -> bool {
    times(screen).windows(rows.len()).any(|seen| seen == rows)
}

impl Bench {
    pub(crate) fn runbook(&self) -> Result<Vec<Row>, String> {
        let (home, _) = self.indexed()?;
        let folder = self.home("runbooks");
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        fs::write(folder.join("bench.md"), book()).map_err(|e| e.to_string())?;
        let newest: Vec<Vec<String>> = STEPS
            .iter()
            .map(|(_, query, _)| self.newest(&home, query))
            .collect::<Result<_, _>>()?;
        let arguments = ["--runbooks".as_ref(), folder.as_os_str()];
        let mut screen = Screen::open_with(&self.log, &home, &arguments)?;
        screen.wait_for(crate::generate::NEWEST_ACTOR, PATIENCE)?;
        screen.press(":runbook bench\r")?;
        screen.wait_until(PATIENCE, |seen| shows(seen, &newest[0]))?;

        let last = STEPS.len() - 1;
        let forth = (1..=last).map(|step| ("j", step));
        let back = (0..last).rev().map(|step| ("k", step));
        let way: Vec<(&str, usize)> = forth.chain(back).collect();
        let mut taken: Vec<Vec<Duration>> = vec![Vec::new(); STEPS.len()];
        for round in 0..ROUNDS {
            for (number, (key, step)) in way.iter().enumerate() {
                // A person looks before the next key, and the counts of the step are there by then.
                let pause = 300 + (round * 31 + number * 17) % 90;
                screen.watch(Duration::from_millis(pause as u64));
                if shows(&screen.text(), &newest[*step]) {
                    return Err(format!("the rows of step {} are those before it", step + 1));
                }
                let pressed = screen.press(key)?;
                let seen = screen.wait_until(PATIENCE, |seen| shows(seen, &newest[*step]))?;
                taken[*step].push(seen - pressed);
            }
        }
        screen.quit();
        // A row each, so that it is seen what a step costs.
        let each = STEPS.iter().zip(&taken).map(|((name, ..), times)| {
            let times = Times::new(times.clone());
            Row::new(format!("  to the step: {name}"), times.to_string())
        });
        let each: Vec<Row> = each.collect();
        let moves: Vec<Duration> = taken.into_iter().flatten().collect();
        let what = format!(
            "runbook, key to the step's first rows on a pty: {} moves",
            moves.len()
        );
        let moves = Times::new(moves);
        let met = moves.percentile(99) <= GOAL;
        let all = Row::new(what, moves.to_string()).goal("p99 <= 50 ms", Some(met));
        Ok(std::iter::once(all).chain(each).collect())
    }

    /// The times of the newest rows of a query, the oldest of them first, as the list shows them.
    fn newest(&self, home: &Path, query: &str) -> Result<Vec<String>, String> {
        let mut command = auditty(home);
        command.args([
            "search", query, "--fields", "ts", "--format", "csv", "--limit",
        ]);
        let found = run(command.arg(KNOWN.to_string()).arg(&self.log))?.stdout;
        // 2026-03-01T15:00:03.902123Z
        let of_day = |line: &str| line.split('T').nth(1)?.get(..12).map(str::to_owned);
        let mut rows: Vec<String> = found.lines().filter_map(of_day).collect();
        rows.reverse();
        if rows.is_empty() {
            return Err(format!("nothing is found by {query}"));
        }
        Ok(rows)
    }
}
