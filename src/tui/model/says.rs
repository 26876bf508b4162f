//! What the explorer says about its state, in sentences that name the keys of the user.

use super::Model;
use crate::query::ast::{Ast, Pattern, Test, Words};
use crate::query::{Notice, Query};
use crate::tui::command::Command;
use crate::tui::keymap::Context;
use crate::tui::pane::query_bar::Counts;
use crate::tui::term::is_plain;
use crate::tui::theme::Role;
use crate::tui::widget::text::{counted, number};

/// Parts of a query that are named where it matches nothing.
const EMPTYING_PARTS: usize = 3;

/// The query for a word that the list shows for something, which is nowhere in the records.
fn shown_as(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "fail" | "failed" | "failure" | "failures" => Some("outcome:failure"),
        "ok" | "success" => Some("outcome:success"),
        "broken" | "break" | "breaks" => Some("chain:broken"),
        "verified" => Some("chain:verified"),
        _ => None,
    }
}

impl Model {
    /// The key of a command, to be named in a sentence; without one, its name.
    pub fn key(&self, command: Command) -> String {
        self.key_in(self.focus.context(), command)
    }

    /// The key of a command in a pane, or how it is typed.
    pub fn key_in(&self, context: Context, command: Command) -> String {
        let glyphs = !self.theme.is_ascii();
        let key = self.keymap.label(context, command, glyphs);
        if key.is_empty() {
            format!(":{}", command.name())
        } else {
            key
        }
    }

    /// What the query bar says beside the query.
    pub fn counts(&self) -> Counts {
        let matching = match self.total {
            Some(total) => {
                let known = self.events_known().max(total);
                format!("{} of {}", number(total), number(known))
            }
            None => self.theme.glyphs.ellipsis.to_owned(),
        };
        let back = self.key(Command::Unpark);
        let dot = self.theme.glyphs.dot;
        let parked = match &self.parked {
            Some(parked) if parked.text.is_empty() => format!("{back}: all events again"),
            _ => format!("{back}: your query again"),
        };
        let mark = match (self.runbooks.run(), &self.parked, self.anchor) {
            (Some(run), Some(_), _) if run.applied().is_some() => {
                Some(format!("runbook step {} {dot} {parked}", run.place()))
            }
            (_, Some(_), _) => Some(parked),
            (_, None, Some(at)) => Some(format!("times count from {}", self.zone.full(at))),
            _ => None,
        };
        let context = self.in_context.then(|| {
            let filter = self.key(Command::Context);
            format!("in context: {filter} filters again")
        });
        let mark = context.or(mark);
        Counts { matching, mark }
    }

    /// The query in force is a runbook step's.
    fn is_step(&self) -> bool {
        self.runbooks
            .run()
            .is_some_and(|run| run.applied().is_some())
    }

    /// What a person should know about the query, with the key that helps.
    pub fn note(&self) -> Option<(Role, String)> {
        if let Some(error) = &self.asking.error {
            let retry = self.key(Command::Retry);
            let text = format!("the search failed: {error}; {retry} tries again");
            return Some((Role::Alarm, text));
        }
        let fix = self.key(Command::Fix);
        let text = match self.notices.first()? {
            Notice::UnknownField { field, quoted } => {
                format!("no event has a field {field:?}: {fix} looks for {quoted} as text instead")
            }
            Notice::AllOlder { newest } => {
                let inputs = self.key_in(Context::Runbook, Command::EditInputs);
                let way = match self.query.follows_clock() {
                    true => format!(": {fix} counts times from there"),
                    false if self.is_step() => format!(": {inputs} asks for another day"),
                    false => String::new(),
                };
                let newest = self.zone.full(*newest);
                format!("everything is older; the newest event is from {newest}{way}")
            }
        };
        Some((Role::Warning, text))
    }

    /// The first thing that is wrong with the settings, and how to see the others.
    pub fn problem(&self) -> Option<(Role, String)> {
        let first = self.problems.first()?;
        let close = self.key(Command::Close);
        let text = match self.problems.len() {
            1 => format!("{close} closes: {first}"),
            n => format!("{close} closes, auditty doctor shows all {n}: {first}"),
        };
        Some((Role::Warning, text))
    }

    /// What the engine wants to be known, until it is closed.
    pub fn message(&self) -> Option<(Role, String)> {
        let last = self.info.messages.last()?;
        (self.alerts.closed.as_ref() != Some(last)).then(|| (Role::Dim, last.clone()))
    }

    /// The right end of the footer.
    pub fn hint(&self) -> (Role, String) {
        // What the next key does is told first: the alarm is there still after it.
        if let Some((role, text)) = self.said.as_ref().filter(|_| self.quit_armed) {
            return (*role, text.clone());
        }
        if let Some((role, text)) = &self.alerts.raised {
            return (*role, text.clone());
        }
        if let Some((role, text)) = &self.said {
            return (*role, text.clone());
        }
        if let Some(count) = self.count {
            return (Role::Text, count.to_string());
        }
        if self.in_context {
            let next = self.key(Command::NextMatch);
            let previous = self.key(Command::PreviousMatch);
            return (
                Role::Accent,
                format!("in context: {next} {previous} next and previous match"),
            );
        }
        if let Some(export) = &self.share.export {
            let Some(events) = export.events.map(number) else {
                return (
                    Role::Accent,
                    "hashing the files for the report, Ctrl+C stops".to_owned(),
                );
            };
            let of = self
                .total
                .map_or(String::new(), |n| format!(" of {}", number(n)));
            return (
                Role::Accent,
                format!("exporting: {events}{of} events, Ctrl+C stops"),
            );
        }
        match self.breaks() {
            // Whoever went to one knows the way; the status says how many there are.
            n if n <= self.alerts.breaks_seen => (Role::Dim, self.tip.clone().unwrap_or_default()),
            1 => (
                Role::Alarm,
                format!("{}: 1 break", self.key(Command::NextBreak)),
            ),
            n => (
                Role::Alarm,
                format!("{}: {n} breaks", self.key(Command::NextBreak)),
            ),
        }
    }

    /// Why the list is empty and what changes that.
    pub fn why_empty(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let edit = self.key(Command::EditQuery);
        let everything = self.key(Command::ClearQuery);
        if !self.asking.loaded && self.asking.error.is_none() {
            return vec!["Searching".to_owned()];
        }
        if let Some(error) = &self.asking.error {
            return vec![
                format!("The search failed: {error}"),
                format!(
                    "{} tries again, {edit} changes the query.",
                    self.key(Command::Retry)
                ),
            ];
        }
        let filtered = self.query != Query::default();
        let step = self.runbooks.run().and_then(|run| run.expects());
        if let Some((number, expected)) = &step {
            // For people who know no query language: what that means for them stands in the pane.
            let expected = expected.as_deref();
            let said = expected
                .map(|e| format!(" It expects {e}."))
                .unwrap_or_default();
            lines.push(format!("Step {number} of the runbook finds nothing.{said}"));
        } else if filtered {
            lines.push(format!("No event matches  {}", self.query_bar.text()));
        } else {
            lines.push("There are no events yet.".to_owned());
        }
        lines.extend(self.what_empties());
        lines.extend(self.wider().map(|(line, _)| line));
        if !self.covers.complete {
            let back = self
                .covers
                .since
                .map(|s| format!(" back to {}", self.zone.full(s)))
                .unwrap_or_default();
            lines.push(format!(
                "Still indexing{back}: matches further back may come."
            ));
        }
        for source in self
            .info
            .sources
            .iter()
            .filter_map(|s| s.error.as_ref().map(|e| (&s.name, e)))
        {
            lines.push(format!("{}: {}", source.0, source.1));
        }
        if let Some((_, note)) = self.note() {
            lines.push(note);
        }
        if filtered {
            lines.push(format!(
                "{edit} changes the query, {everything} shows everything."
            ));
        } else if self.arriving.tail.is_some() {
            lines.push("New events appear here as they arrive.".to_owned());
        }
        lines
    }

    /// Parts of the query without which events match, the most telling first.
    fn what_empties(&self) -> Vec<String> {
        let counts = self.beside.without.counts.iter().copied();
        let parts = self.query.conjuncts();
        let mut parts: Vec<(u64, &Ast)> = counts.zip(&parts).filter(|(n, _)| *n > 0).collect();
        parts.sort_by_key(|(events, _)| std::cmp::Reverse(*events));
        let line = |(events, part): &(u64, &Ast)| {
            let events = counted(*events, "event", "events");
            format!("Without  {part}  there would be {events}.")
        };
        parts.iter().take(EMPTYING_PARTS).map(line).collect()
    }

    /// A query that finds more than one that finds nothing, and why: its word is not there as a whole, or only the list
    /// has it.
    pub fn wider(&self) -> Option<(String, Query)> {
        let empty = self.asking.loaded && self.total == Some(0);
        let parts = self.query.conjuncts();
        let counts = self.beside.without.counts.iter().copied();
        // Where it is known which part empties the list, another one is not to blame; several exclude each other.
        let emptying = counts.clone().filter(|events| *events > 0).count();
        let counts = counts.chain(std::iter::repeat(0));
        // Words that are each there may be meant as parts of one: `delete secret` of DeleteSecret.
        let to_blame = |term: &Ast, events| match emptying {
            0 => true,
            1 => events > 0,
            _ => matches!(term, Ast::Words(_)),
        };
        let blamed = parts.iter().zip(counts).find_map(|(term, events)| {
            let (wider, why) = widened(term).filter(|_| to_blame(term, events))?;
            Some((term, wider, why))
        });
        let (blamed, wider, why) = blamed.filter(|_| empty)?;
        let widen = |term: &Ast| match (term, widened(term)) {
            _ if term == blamed => wider.clone(),
            // A word that is none here is seldom alone.
            (Ast::Words(_), Some((wider, _))) if matches!(blamed, Ast::Words(_)) => wider,
            _ => term.clone(),
        };
        let query = Query::from_conjuncts(parts.iter().map(widen).collect());
        let fix = self.key(Command::Fix);
        Some((format!("{why}; {fix} looks for  {query}"), query))
    }
}

/// What finds more than a term, and why.
fn widened(term: &Ast) -> Option<(Ast, &'static str)> {
    let is_open = |text: &str| is_plain(text) && !text.contains('*');
    let open = |text: String| Pattern {
        text,
        quoted: false,
    };
    match term {
        Ast::Words(words) if !words.quoted => match shown_as(&words.text) {
            Some(meant) => Some((Query::parse(meant).ok()?.ast, "Only the list has this word")),
            None => is_open(&words.text).then(|| {
                let part = Ast::Words(Words {
                    text: format!("*{}*", words.text),
                    ..words.clone()
                });
                (part, "A word is found as a whole")
            }),
        },
        Ast::Field(field, Test::Is(value)) if !value.quoted && is_open(&value.text) => {
            let part = Test::Is(open(format!("*{}*", value.text)));
            let part = Ast::Field(field.clone(), part);
            Some((part, "A value is compared as a whole"))
        }
        _ => None,
    }
}
