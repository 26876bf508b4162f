//! What the explorer says about its state, in sentences that name the keys of the user.

use super::Model;
use crate::query::ast::{Ast, Pattern, Test};
use crate::query::{Notice, Query};
use crate::tui::command::Command;
use crate::tui::pane::query_bar::Counts;
use crate::tui::term::is_plain;
use crate::tui::theme::Role;
use crate::tui::widget::text::{counted, number};

/// Parts of a query that are named where it matches nothing.
const EMPTYING_PARTS: usize = 3;

impl Model {
    /// The key of a command, to be named in a sentence; without one, its name.
    pub fn key(&self, command: Command) -> String {
        let glyphs = !self.theme.is_ascii();
        let key = self.keymap.label(self.focus.context(), command, glyphs);
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
            Notice::AllOlder { newest } => format!(
                "everything is older; the newest event is from {}: {fix} counts times from there",
                self.zone.full(*newest)
            ),
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
            let events = number(export.events);
            let of = self
                .total
                .map_or(String::new(), |n| format!(" of {}", number(n)));
            return (
                Role::Accent,
                format!("exporting: {events}{of} events, Ctrl+C stops"),
            );
        }
        match self.breaks() {
            0 => (Role::Dim, self.tip.clone().unwrap_or_default()),
            1 => (
                Role::Alarm,
                format!("1 break: press {}", self.key(Command::NextBreak)),
            ),
            n => (
                Role::Alarm,
                format!("{n} breaks: press {}", self.key(Command::NextBreak)),
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
        if filtered {
            lines.push(format!("No event matches  {}", self.query_bar.text()));
        } else {
            lines.push("There are no events yet.".to_owned());
        }
        lines.extend(self.what_empties());
        if let Some(wider) = self.wider() {
            lines.push(wider);
        }
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

    /// A search that finds more than one whose word or value is not there as a whole.
    fn wider(&self) -> Option<String> {
        let open = |text: &str| is_plain(text) && !text.contains('*');
        let parts = self.query.conjuncts();
        let counts = self.beside.without.counts.iter().copied();
        // Where it is known which part empties the list, another one is not to blame; several exclude each other.
        let emptying = counts.clone().filter(|events| *events > 0).count();
        let counts = counts.chain(std::iter::repeat(0));
        let mut parts = parts.iter().zip(counts);
        parts.find_map(|(term, events)| match term {
            _ if emptying > 1 || emptying == 1 && events == 0 => None,
            Ast::Words(words) if !words.quoted && open(&words.text) => Some(format!(
                "A word is found as a whole: {text}* also finds words that begin with {text}.",
                text = words.text
            )),
            Ast::Field(field, Test::Is(value)) if !value.quoted && open(&value.text) => {
                let wider = Ast::Field(
                    field.clone(),
                    Test::Is(Pattern {
                        text: format!("*{}*", value.text),
                        quoted: false,
                    }),
                );
                Some(format!(
                    "A value is compared as a whole: {wider} finds it as a part too."
                ))
            }
            _ => None,
        })
    }
}
