//! The report as Markdown: for a ticket, a wiki, a reviewer.

use std::io::{self, Write};

use super::figure::Figure;
use super::tables::{self, Table};
use super::{Row, RunReport, StepReport, kept_before, not_asked};
use crate::event::Zone;
use crate::export::markdown::text;
use crate::text::Charset;
use crate::text::count::{counted, number};

/// Places on the line of time.
const PLACES: usize = 60;
/// Columns of a step's title beside the line of time.
const TITLE: usize = 36;

pub(super) fn write(report: &RunReport, out: &mut dyn Write, zone: Zone) -> io::Result<()> {
    Writer { out, zone }.report(report)
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    zone: Zone,
}

/// One line of text that renders to itself.
fn safe(from_elsewhere: &str) -> String {
    text(&Charset::Unicode.line(from_elsewhere, usize::MAX))
}

/// The same for sentences, which read badly as code: only the words that could mean something become code. What is
/// code in the runbook stays code.
fn prose(from_elsewhere: &str) -> String {
    let line = Charset::Unicode.line(from_elsewhere, usize::MAX);
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2)
        || parts
            .iter()
            .skip(1)
            .step_by(2)
            .any(|code| code.trim().is_empty())
    {
        return words(&line);
    }
    let parts = parts.iter().enumerate().map(|(i, part)| match i % 2 {
        0 => words(part),
        _ => format!("`{part}`"),
    });
    parts.collect()
}

/// A sentence in a cell of a table, which a bar would end even in code.
fn cell(from_elsewhere: &str) -> String {
    if from_elsewhere.contains('|') {
        words(&Charset::Unicode.line(from_elsewhere, usize::MAX))
    } else {
        prose(from_elsewhere)
    }
}

fn words(safe: &str) -> String {
    let words = safe.split(' ').map(|word| {
        let bare = word
            .trim_matches(['"', '=', '%', '\u{b7}'])
            .replace('\'', "");
        if text(&bare) == bare {
            word.to_owned()
        } else {
            text(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `1. ` or `- ` before the text of a list item, and the text.
fn item(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match &text[digits..] {
        rest if digits > 0 && rest.starts_with(". ") => digits + 2,
        rest if digits == 0 && rest.starts_with("- ") => 2,
        _ => 0,
    };
    text.split_at(length)
}

impl Writer<'_> {
    fn report(&mut self, report: &RunReport) -> io::Result<()> {
        writeln!(self.out, "# {}\n", prose(&report.runbook.title))?;
        self.table(&tables::facts(report, self.zone))?;
        if !report.runbook.scenario.is_empty() {
            writeln!(self.out, "## What it is about\n")?;
            self.paragraphs(&report.runbook.scenario)?;
        }
        writeln!(self.out, "## Steps\n")?;
        self.table(&tables::overview(report))?;
        self.figure(report)?;
        for step in &report.steps {
            self.step(step)?;
        }
        self.sources(report)?;
        if let Some(words) = &report.hand_over {
            writeln!(self.out, "## Hand over\n")?;
            if let Some(to) = &report.runbook.escalate_to {
                writeln!(self.out, "To {}:\n", prose(to))?;
            }
            if let Some(was) = &report.hand_over_before {
                writeln!(self.out, "**{}**\n", prose(&tables::written_before(was)))?;
            }
            self.code(words)?;
        }
        self.words(report)
    }

    fn figure(&mut self, report: &RunReport) -> io::Result<()> {
        let Some(figure) = Figure::of(report, PLACES) else {
            return Ok(());
        };
        writeln!(self.out, "## When\n")?;
        let mut drawn = String::new();
        for lane in &figure.lanes {
            let title = Charset::Unicode.line(&format!("{} {}", lane.number, lane.title), TITLE);
            let title = Charset::Unicode.fit(&title, TITLE);
            drawn.push_str(&format!("{title} |{}|\n", lane.drawn()));
        }
        drawn.push_str(&format!(
            "{} {} … {}",
            " ".repeat(TITLE),
            tables::time(figure.from, self.zone),
            tables::time(figure.to, self.zone)
        ));
        self.code(&drawn)
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        writeln!(
            self.out,
            "## Step {}: {}\n",
            step.number,
            prose(&step.title)
        )?;
        for (label, words) in [
            ("Scenario", &step.scenario),
            ("Action", &step.action),
            ("Expect", &step.expect),
            ("Outcome", &step.outcome),
        ] {
            if !words.is_empty() {
                writeln!(self.out, "**{label}:** {}\n", prose(words))?;
            }
            // A list of what to do stands below the words that announce it.
            if label == "Action" {
                for text in &step.prose {
                    self.more(text)?;
                }
            }
        }
        if let Some(query) = &step.query {
            writeln!(
                self.out,
                "Query as run, and the command that shows the same again:\n"
            )?;
            self.code(query)?;
            if let Some(command) = &step.command {
                self.code(command)?;
            }
            if let Some(written) = &step.written {
                writeln!(self.out, "Changed by hand. What the runbook asks for:\n")?;
                self.code(written)?;
            }
            self.found(step)?;
        }
        if let Some(why) = &step.unasked {
            writeln!(self.out, "{}\n", prose(&not_asked(why)))?;
        }
        self.rows("Oldest rows", &step.columns, &step.shown)?;
        let listed = step.shown.len() as u64;
        if step.rows > listed && listed > 0 {
            writeln!(self.out, "… and {} more.\n", number(step.rows - listed))?;
        }
        if let Some(group) = step.group.as_ref().filter(|group| !group.is_empty()) {
            self.table(&tables::group(group))?;
        }
        self.rows("Kept as evidence", &step.columns, &step.pins)?;
        if let Some(mark) = &step.mark {
            writeln!(self.out, "- {}", prose(mark))?;
        }
        if let Some(note) = &step.note {
            writeln!(self.out, "- note: {}", prose(note))?;
        }
        if let Some(was) = &step.before {
            writeln!(self.out, "- {}", prose(&kept_before(was)))?;
        }
        if !step.way.is_empty() {
            writeln!(self.out, "- went on {}", prose(&step.way))?;
        }
        if step.mark.is_some()
            || step.note.is_some()
            || step.before.is_some()
            || !step.way.is_empty()
        {
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn found(&mut self, step: &StepReport) -> io::Result<()> {
        let rows = counted(step.rows, "row", "rows");
        let when = tables::period(step, self.zone);
        let part = if step.complete {
            ""
        } else {
            " so far (not everything was searched)"
        };
        writeln!(self.out, "- found: **{rows}**{part}{when}")?;
        if let Some(expectation) = &step.expectation {
            writeln!(
                self.out,
                "- expected: {}: **{}**",
                safe(expectation),
                match step.met {
                    Some(true) => "met",
                    Some(false) => "not met",
                    None => "not known",
                }
            )?;
        }
        if let Some((count, met)) = &step.alarm {
            let verdict = match met {
                Some(true) => "**ALARM**",
                Some(false) => "no",
                None => "not known",
            };
            writeln!(self.out, "- an alarm at {}: {verdict}", safe(count))?;
        }
        if let Some(fields) = step.unknown_fields() {
            writeln!(self.out, "- {}", prose(&fields))?;
        }
        if let Some(doubt) = &step.doubt {
            writeln!(
                self.out,
                "- finding nothing would say nothing: {}",
                prose(doubt)
            )?;
        }
        for (verdict, rows) in &step.verdicts {
            writeln!(
                self.out,
                "- were they changed? {}: {}",
                counted(*rows, "row", "rows"),
                safe(&crate::export::report::of_events(verdict))
            )?;
        }
        writeln!(self.out)
    }

    fn rows(&mut self, title: &str, columns: &[String], rows: &[Row]) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{title}:\n")?;
        self.table(&tables::events(columns, rows))
    }

    fn sources(&mut self, report: &RunReport) -> io::Result<()> {
        writeln!(self.out, "## What was searched, and can it be trusted?\n")?;
        self.table(&tables::sources(report, self.zone))?;
        for sentence in &report.coverage {
            writeln!(self.out, "- {}", safe(sentence))?;
        }
        writeln!(self.out)
    }

    fn words(&mut self, report: &RunReport) -> io::Result<()> {
        if report.runbook.words.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "## Words\n")?;
        for (word, meaning) in &report.runbook.words {
            writeln!(self.out, "- **{}**: {}", prose(word), prose(meaning))?;
        }
        Ok(())
    }

    /// Prose of a step: a sample of several lines stays as it is, a list item stays one.
    fn more(&mut self, text: &str) -> io::Result<()> {
        if text.contains('\n') {
            return self.code(text);
        }
        let (mark, rest) = item(text);
        writeln!(self.out, "{mark}{}\n", prose(rest))
    }

    fn paragraphs(&mut self, paragraphs: &[String]) -> io::Result<()> {
        for paragraph in paragraphs {
            writeln!(self.out, "{}\n", prose(paragraph))?;
        }
        Ok(())
    }

    /// A block in which nothing means anything, whatever stands in it.
    fn code(&mut self, from_elsewhere: &str) -> io::Result<()> {
        let text = Charset::Unicode.block(from_elsewhere);
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        writeln!(self.out, "{fence}text\n{}\n{fence}\n", text.trim_end())
    }

    fn table(&mut self, table: &Table) -> io::Result<()> {
        let cell = |text: &String| match table.is_prose {
            true => cell(text),
            false => safe(text),
        };
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(cell).collect();
            format!("| {} |", cells.join(" | "))
        };
        writeln!(self.out, "{}", line(&table.head))?;
        writeln!(self.out, "|{}", "---|".repeat(table.head.len()))?;
        for row in &table.rows {
            writeln!(self.out, "{}", line(row))?;
        }
        writeln!(self.out)
    }
}
