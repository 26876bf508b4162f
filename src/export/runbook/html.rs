//! The report as one page of HTML that needs nothing else: no script, no picture, no font from elsewhere. It prints.

use std::io::{self, Write};

use super::figure::{Figure, Lane};
use super::tables::{self, Table};
use super::{Row, RunReport, StepReport, kept_before, not_asked};
use crate::event::Zone;
use crate::text::Charset;
use crate::text::count::{counted, number};

/// Places on the line of time.
const PLACES: usize = 120;
/// Bytes of a word that is no word for people.
const LONG: usize = 40;

/// Says what the page may load: nothing. Were there a hole in the escaping, it would still do nothing.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
"#;

const STYLE: &str = include_str!("html.css");

pub(super) fn write(report: &RunReport, out: &mut dyn Write, zone: Zone) -> io::Result<()> {
    Writer { out, zone }.report(report)
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    zone: Zone,
}

/// Text that is nothing but text, in an element or in an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn line(from_elsewhere: &str) -> String {
    escaped(&Charset::Unicode.line(from_elsewhere, usize::MAX))
}

/// A sentence of the runbook, what is code in it as code.
fn prose(from_elsewhere: &str) -> String {
    let line = line(from_elsewhere);
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line;
    }
    let parts = parts.iter().enumerate().map(|(i, part)| match i % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    });
    parts.collect()
}

fn block(from_elsewhere: &str) -> String {
    escaped(Charset::Unicode.block(from_elsewhere).trim_end())
}

impl Writer<'_> {
    fn report(&mut self, report: &RunReport) -> io::Result<()> {
        let title = line(&report.runbook.title);
        write!(
            self.out,
            "{HEAD}<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        )?;
        writeln!(self.out, "<h1>{title}</h1>")?;
        let tone = match (report.has_alarm(), report.has_unmet()) {
            (true, _) => "alarm",
            (false, true) => "unmet",
            (false, false) => "met",
        };
        writeln!(
            self.out,
            "<p class=\"result {tone}\">{}<br><small>{}</small></p>",
            line(report.result()),
            prose(&report.end)
        )?;
        self.facts(report)?;
        self.paragraphs("What it is about", &report.runbook.scenario)?;
        writeln!(self.out, "<h2>Steps</h2>")?;
        self.table(&tables::overview(report))?;
        self.figure(report)?;
        for step in &report.steps {
            self.step(step)?;
        }
        self.sources(report)?;
        if let Some(words) = &report.hand_over {
            writeln!(self.out, "<h2>Hand over</h2>")?;
            if let Some(to) = &report.runbook.escalate_to {
                writeln!(self.out, "<p>To {}:</p>", line(to))?;
            }
            if let Some(was) = &report.hand_over_before {
                let words = tables::written_before(was);
                writeln!(self.out, "<p><b>{}</b></p>", line(&words))?;
            }
            writeln!(self.out, "<pre>{}</pre>", block(words))?;
        }
        self.words(report)?;
        writeln!(self.out, "</body>\n</html>")
    }

    fn facts(&mut self, report: &RunReport) -> io::Result<()> {
        writeln!(self.out, "<dl>")?;
        for fact in tables::facts(report, self.zone).rows {
            let cells = fact.iter().zip(["dt", "dd"]);
            let cells: String = cells
                .map(|(cell, tag)| format!("<{tag}>{}</{tag}>", line(cell)))
                .collect();
            writeln!(self.out, "{cells}")?;
        }
        writeln!(self.out, "</dl>")
    }

    fn figure(&mut self, report: &RunReport) -> io::Result<()> {
        let Some(figure) = Figure::of(report, PLACES) else {
            return Ok(());
        };
        writeln!(self.out, "<h2>When</h2>\n<div class=\"lanes\">")?;
        for lane in &figure.lanes {
            self.lane(lane)?;
        }
        writeln!(
            self.out,
            "<div class=\"ends\"><span>{}</span><span>{}</span></div>\n</div>",
            line(&tables::time(figure.from, self.zone)),
            line(&tables::time(figure.to, self.zone))
        )
    }

    fn lane(&mut self, lane: &Lane) -> io::Result<()> {
        let rows: u64 = lane.rows.iter().fold(0, |sum, n| sum.saturating_add(*n));
        writeln!(
            self.out,
            "<p>{} {} <small>{}</small></p>\n<svg viewBox=\"0 0 {PLACES} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{} over time\">",
            lane.number,
            line(&lane.title),
            counted(rows, "row", "rows"),
            counted(rows, "row", "rows"),
        )?;
        for (x, height) in lane.heights().enumerate().filter(|(_, h)| *h > 0.0) {
            let height = (height * 10.0).max(1.0);
            let top = 10.0 - height;
            writeln!(
                self.out,
                "<rect x=\"{x}\" y=\"{top:.1}\" width=\"1\" height=\"{height:.1}\"/>"
            )?;
        }
        writeln!(self.out, "</svg>")
    }

    fn step(&mut self, step: &StepReport) -> io::Result<()> {
        writeln!(
            self.out,
            "<section>\n<h2>Step {}: {}</h2>",
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
                writeln!(self.out, "<p><b>{label}:</b> {}</p>", prose(words))?;
            }
            // A list of what to do stands below the words that announce it.
            if label == "Action" {
                self.more(&step.prose)?;
            }
        }
        if step.query.is_some() {
            self.found(step)?;
        }
        if let Some(why) = &step.unasked {
            writeln!(self.out, "<p><b>{}</b></p>", line(&not_asked(why)))?;
        }
        self.rows("Oldest rows", step, &step.shown)?;
        let listed = step.shown.len() as u64;
        if step.rows > listed && listed > 0 {
            writeln!(
                self.out,
                "<p>… and {} more.</p>",
                number(step.rows - listed)
            )?;
        }
        if let Some(group) = step.group.as_ref().filter(|group| !group.is_empty()) {
            self.table(&tables::group(group))?;
        }
        self.rows("Kept as evidence", step, &step.pins)?;
        if let Some(mark) = &step.mark {
            writeln!(self.out, "<p>{}</p>", line(mark))?;
        }
        if let Some(note) = &step.note {
            writeln!(self.out, "<p>Note: {}</p>", line(note))?;
        }
        if let Some(was) = &step.before {
            writeln!(self.out, "<p>{}</p>", line(&kept_before(was)))?;
        }
        if !step.way.is_empty() {
            writeln!(
                self.out,
                "<p class=\"way\">Went on {}</p>",
                prose(&step.way)
            )?;
        }
        if let (Some(query), Some(command)) = (&step.query, &step.command) {
            writeln!(
                self.out,
                "<details open><summary>The query as run, and the command that shows the same again</summary>\n<pre>{}</pre>\n<pre>{}</pre>\n</details>",
                block(query),
                block(command)
            )?;
        }
        if let Some(written) = &step.written {
            writeln!(
                self.out,
                "<p>Changed by hand. What the runbook asks for:</p>\n<pre>{}</pre>",
                block(written)
            )?;
        }
        writeln!(self.out, "</section>")
    }

    fn more(&mut self, paragraphs: &[String]) -> io::Result<()> {
        for text in paragraphs {
            if text.contains('\n') {
                writeln!(self.out, "<pre>{}</pre>", block(text))?;
            } else {
                writeln!(self.out, "<p>{}</p>", prose(text))?;
            }
        }
        Ok(())
    }

    fn found(&mut self, step: &StepReport) -> io::Result<()> {
        let when = tables::period(step, self.zone);
        let part = if step.complete {
            ""
        } else {
            " so far (not everything was searched)"
        };
        writeln!(
            self.out,
            "<ul>\n<li>found <b>{}</b>{part}{}</li>",
            counted(step.rows, "row", "rows"),
            line(&when)
        )?;
        if let Some(expectation) = &step.expectation {
            let (tone, verdict) = match step.met {
                Some(true) => ("met", "met"),
                Some(false) => ("unmet", "not met"),
                None => ("unmet", "not known"),
            };
            writeln!(
                self.out,
                "<li>expected {}: <b class=\"{tone}\">{verdict}</b></li>",
                line(expectation)
            )?;
        }
        if let Some((count, met)) = &step.alarm {
            let (tone, verdict) = match met {
                Some(true) => ("alarm", "ALARM"),
                Some(false) => ("met", "no"),
                None => ("unmet", "not known"),
            };
            writeln!(
                self.out,
                "<li>an alarm at {}: <b class=\"{tone}\">{verdict}</b></li>",
                line(count)
            )?;
        }
        if let Some(fields) = step.unknown_fields() {
            writeln!(self.out, "<li>{}</li>", prose(&fields))?;
        }
        if let Some(doubt) = &step.doubt {
            writeln!(
                self.out,
                "<li>finding nothing would say nothing: {}</li>",
                line(doubt)
            )?;
        }
        for (verdict, rows) in &step.verdicts {
            writeln!(
                self.out,
                "<li>were they changed? {}: {}</li>",
                counted(*rows, "row", "rows"),
                line(&crate::export::report::of_events(verdict))
            )?;
        }
        writeln!(self.out, "</ul>")
    }

    fn rows(&mut self, title: &str, step: &StepReport, rows: &[Row]) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<h3>{title}</h3>")?;
        self.table(&tables::events(&step.columns, rows))
    }

    fn sources(&mut self, report: &RunReport) -> io::Result<()> {
        writeln!(
            self.out,
            "<h2>What was searched, and can it be trusted?</h2>"
        )?;
        self.table(&tables::sources(report, self.zone))?;
        self.items(&report.coverage)
    }

    fn words(&mut self, report: &RunReport) -> io::Result<()> {
        if report.runbook.words.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<h2>Words</h2>\n<dl>")?;
        for (word, meaning) in &report.runbook.words {
            writeln!(
                self.out,
                "<dt>{}</dt><dd>{}</dd>",
                prose(word),
                prose(meaning)
            )?;
        }
        writeln!(self.out, "</dl>")
    }

    fn paragraphs(&mut self, title: &str, paragraphs: &[String]) -> io::Result<()> {
        if paragraphs.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<h2>{title}</h2>")?;
        for paragraph in paragraphs {
            writeln!(self.out, "<p>{}</p>", prose(paragraph))?;
        }
        Ok(())
    }

    fn items(&mut self, items: &[String]) -> io::Result<()> {
        writeln!(self.out, "<ul>")?;
        for item in items {
            writeln!(self.out, "<li>{}</li>", line(item))?;
        }
        writeln!(self.out, "</ul>")
    }

    fn table(&mut self, table: &Table) -> io::Result<()> {
        let cells = |tag: &str, cells: &[String]| -> String {
            let cell = |cell: &String| {
                // A hash may be broken anywhere, a word may not.
                let is_long = cell.split(' ').any(|word| word.len() > LONG);
                let class = if is_long { " class=\"long\"" } else { "" };
                let text = if table.is_prose {
                    prose(cell)
                } else {
                    line(cell)
                };
                format!("<{tag}{class}>{text}</{tag}>")
            };
            cells.iter().map(cell).collect()
        };
        writeln!(
            self.out,
            "<div class=\"wide\"><table>\n<tr>{}</tr>",
            cells("th", &table.head)
        )?;
        for row in &table.rows {
            writeln!(self.out, "<tr>{}</tr>", cells("td", row))?;
        }
        writeln!(self.out, "</table></div>")
    }
}
