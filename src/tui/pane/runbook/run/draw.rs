//! What is shown of a run: every step's title, and the current one with what it found and where that leads.

use ratatui::text::{Line, Span};

use super::Run;
use crate::export::runbook::{kept_before, not_every_row_has};
use crate::runbook::{Evidence, Expect, Step, fill};
use crate::text::width;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, text};

/// Values shown of what a step groups by.
const GROUPED: usize = 5;

impl Run {
    /// All lines, and which of them is the topmost shown in `height` rows: the current step as a whole if it fits, else
    /// from its heading on, as far as it is scrolled.
    pub fn lines(
        &self,
        look: &Look<'_>,
        columns: usize,
        height: usize,
    ) -> (Vec<Line<'static>>, usize) {
        if let Some(letter) = self.letter() {
            return letter.lines(look, columns, height, self.letter_was().as_deref());
        }
        let (lines, start, end) = self.drawn(look, columns);
        let last_top = lines.len().saturating_sub(height);
        let top = if end - start <= height {
            // What came before it stays in view as far as there is room.
            start
                .saturating_sub((height - (end - start)) / 2)
                .min(last_top)
        } else {
            start + self.scroll.min(end - start - height)
        };
        (lines, top)
    }

    /// How far the current step can be scrolled in `height` rows.
    pub fn most_scroll(&self, look: &Look<'_>, columns: usize, height: usize) -> usize {
        let (_, start, end) = self.drawn(look, columns);
        (end - start).saturating_sub(height)
    }

    /// Every line, the first of the current step, and the first after it.
    fn drawn(&self, look: &Look<'_>, columns: usize) -> (Vec<Line<'static>>, usize, usize) {
        let mut lines = Vec::new();
        let (mut start, mut end) = (0, 0);
        for (i, step) in self.runbook.steps.iter().enumerate() {
            let current = i == self.step;
            if current {
                start = lines.len();
            }
            lines.push(self.heading(look, i, step, columns));
            if current {
                self.body(look, step, columns, &mut lines);
                end = lines.len();
            }
        }
        (lines, start, end)
    }

    /// Whether the current step goes on below what `height` rows show of it from line `top` on.
    pub fn goes_on(&self, look: &Look<'_>, columns: usize, height: usize, top: usize) -> bool {
        let before = self.step;
        if let Some(letter) = self.letter() {
            let was = self.letter_was();
            return letter.lines(look, columns, height, was.as_deref()).0.len() > top + height;
        }
        let Some(step) = self.current() else {
            return false;
        };
        let mut body = Vec::new();
        self.body(look, step, columns, &mut body);
        before + 1 + body.len() > top + height
    }

    fn evidence_of(&self, step: usize) -> Option<&Evidence> {
        self.evidence.get(step).and_then(Option::as_ref)
    }

    fn heading(&self, look: &Look<'_>, index: usize, step: &Step, columns: usize) -> Line<'static> {
        let glyphs = look.theme.glyphs;
        let current = index == self.step;
        let evidence = self.evidence_of(index);
        let marked = self.work.get(index).and_then(|work| work.mark);
        let is_alarm = evidence.is_some_and(|e| self.runbook.is_alarm(index, e) == Some(true));
        let sign = match evidence.map(|e| self.runbook.is_met(index, e)) {
            _ if current => glyphs.closed,
            _ if is_alarm => glyphs.bad,
            Some(Some(true)) => glyphs.good,
            Some(Some(false)) => glyphs.bad,
            Some(None) => glyphs.dot,
            None => " ",
        };
        let found = evidence.map(|e| text::counted(e.rows, "row", "rows"));
        let said = marked.map(|(mark, _)| mark.name().to_owned());
        let rows = said.or(found).unwrap_or_default();
        let role = match (current, is_alarm) {
            (true, _) => look.selected(),
            (false, true) => Role::Alarm,
            (false, false) => Role::Dim,
        };
        let title = format!("{sign} {} {}", index + 1, step.title);
        let mut line = look.justified(
            (role, &title),
            (Role::Dim, &rows),
            columns.saturating_sub(2),
        );
        let bar = if current { glyphs.bar } else { " " };
        line.spans.insert(0, look.span(Role::Accent, bar));
        line
    }

    fn body(&self, look: &Look<'_>, step: &Step, columns: usize, lines: &mut Vec<Line<'static>>) {
        let glyphs = look.theme.glyphs;
        let room = columns.saturating_sub(5);
        let say = |lines: &mut Vec<Line<'static>>, role: Role, text: &str| {
            let filled = fill(text, |name| self.inputs.get(name).cloned());
            lines.extend(
                look.wrap(&filled, room)
                    .into_iter()
                    .map(|part| Line::from(vec![Span::raw("    "), look.span(role, part)])),
            );
        };
        for (i, text) in self.ending().iter().enumerate() {
            let role = if i == 0 { Role::Focus } else { Role::Accent };
            say(lines, role, &look.safe(text));
        }
        if let Some(expect) = step.query.as_ref().and_then(|q| q.expect.as_ref()) {
            let evidence = self.evidence_of(self.step);
            let (role, verdict) = match evidence.and_then(|e| self.runbook.is_met(self.step, e)) {
                Some(true) => (Role::Good, format!("as expected {}", glyphs.good)),
                Some(false) => (Role::Failure, format!("NOT as expected {}", glyphs.bad)),
                None if evidence.is_some_and(Evidence::is_sure) => {
                    (Role::Warning, "not known".to_owned())
                }
                None if evidence.is_some() => (Role::Dim, "not known yet".to_owned()),
                None => (Role::Dim, String::new()),
            };
            let expected = format!("expect {}", expected(expect, glyphs.at_least));
            // What does not fit side by side stands below.
            let fits = width(&expected) + width(&verdict) < room;
            let halves = match fits {
                true => vec![((Role::Dim, &*expected), (role, &*verdict))],
                false => vec![
                    ((Role::Dim, &*expected), (role, "")),
                    ((Role::Dim, ""), (role, &*verdict)),
                ],
            };
            for (left, right) in halves {
                let mut line = look.justified(left, right, room);
                line.spans.insert(0, Span::raw("    "));
                lines.push(line);
            }
        }
        self.changes(look, room, lines);
        self.gathered(look, step, room, lines);
        let unknown = self.evidence_of(self.step).filter(|e| e.doubt.is_none());
        let unknown = unknown.filter(|e| e.rows == 0 && !e.unknown.is_empty());
        if let Some(evidence) = unknown {
            let fields = evidence.unknown.join(", ");
            let words = look.safe(&format!("No event here has a field {fields}."));
            say(lines, Role::Warning, &words);
        }
        let uncounted = self.evidence_of(self.step);
        let uncounted = uncounted.and_then(|e| self.runbook.uncounted(self.step, e));
        if let Some(field) = uncounted {
            let words = look.safe(&format!("Not known: {}.", not_every_row_has(field)));
            say(lines, Role::Warning, &words);
        }
        let doubt = self.evidence_of(self.step).and_then(|e| e.doubt.as_deref());
        if let Some(doubt) = doubt {
            let words = look.safe(&format!("Finding nothing says nothing: {doubt}."));
            say(lines, Role::Warning, &words);
        }
        if let Some(role) = &step.role {
            say(lines, Role::Accent, "Role");
            say(lines, Role::Text, role);
        }
        let decided = self.decided();
        let branches = step.branches.len();
        if decided.is_none() && branches > 1 {
            // They may be below the screen.
            let words = format!("you decide: 1 to {branches}, at the end of the step");
            lines.extend(
                look.wrap(&words, room)
                    .into_iter()
                    .map(|part| Line::from(vec![Span::raw("    "), look.span(Role::Accent, part)])),
            );
        }
        for (label, text) in [
            ("Scenario", &step.scenario),
            ("Action", &step.action),
            ("Expect", &step.expect),
            ("Outcome", &step.outcome),
        ] {
            if !text.is_empty() {
                say(lines, Role::Dim, label);
                say(lines, Role::Text, text);
            }
            // A list of what to do stands below the words that announce it.
            if label == "Action" {
                for paragraph in &step.prose {
                    say(lines, Role::Text, paragraph);
                }
            }
        }
        for (i, branch) in step.branches.iter().enumerate() {
            let chosen = decided == Some(i);
            let key = if chosen {
                "Enter".to_owned()
            } else {
                (i + 1).to_string()
            };
            let filled = fill(&branch.text, |name| self.inputs.get(name).cloned());
            let role = if chosen { Role::Focus } else { Role::Text };
            for (n, part) in look
                .wrap(&filled, room.saturating_sub(6))
                .into_iter()
                .enumerate()
            {
                let lead = if n == 0 {
                    format!("{key:>5}")
                } else {
                    " ".repeat(5)
                };
                let bar = if chosen { glyphs.bar } else { " " };
                lines.push(Line::from(vec![
                    look.span(Role::Accent, format!("  {bar}")),
                    look.span(Role::Key, lead),
                    Span::raw(" "),
                    look.span(role, part),
                ]));
            }
        }
        lines.push(Line::default());
    }
}

impl Run {
    /// What a person made of the step's query.
    fn changes(&self, look: &Look<'_>, room: usize, lines: &mut Vec<Line<'static>>) {
        let mut say = |role: Role, text: &str| {
            let parts = look.wrap(text, room).into_iter();
            lines.extend(
                parts.map(|part| Line::from(vec![Span::raw("    "), look.span(role, part)])),
            );
        };
        if let Some(differs) = &self.differs {
            say(Role::Warning, "The step's query, changed:");
            let signed = |sign: &'static str| move |term: &String| format!("{sign} {term}");
            let added = differs.added.iter().map(signed("+"));
            let left_out = differs.left_out.iter().map(signed("-"));
            for term in added.chain(left_out) {
                say(Role::Text, &look.safe(&term));
            }
            say(Role::Dim, &differs.then);
        } else if let Some(own) = self.own(self.step) {
            say(
                Role::Accent,
                &look.safe(&format!("asks, as you changed it: {own}")),
            );
        }
    }

    /// What counts by itself, the values that the step groups by, and what a person added.
    fn gathered(&self, look: &Look<'_>, step: &Step, room: usize, lines: &mut Vec<Line<'static>>) {
        let mut say = |role: Role, text: &str| {
            let parts = look.wrap(text, room).into_iter();
            lines.extend(
                parts.map(|part| Line::from(vec![Span::raw("    "), look.span(role, part)])),
            );
        };
        let evidence = self.evidence_of(self.step);
        if let Some((query, evidence)) = step.query.as_ref().zip(evidence) {
            if self.runbook.is_alarm(self.step, evidence) == Some(true) {
                say(Role::Alarm, "ALARM: this is a finding by itself");
            }
            let group = query.group.as_ref();
            let values = group.and_then(|name| Some((name, evidence.values.get(name)?)));
            if let Some((name, values)) = values.filter(|(_, values)| !values.is_empty()) {
                let shown = values.iter().take(GROUPED);
                let shown = shown.map(|(value, rows)| format!("{value} {}", text::number(*rows)));
                let more = if values.len() > GROUPED {
                    format!(
                        " and {} more",
                        text::number((values.len() - GROUPED) as u64)
                    )
                } else {
                    String::new()
                };
                let shown = shown.collect::<Vec<_>>().join(", ");
                say(Role::Dim, &look.safe(&format!("by {name}: {shown}{more}")));
            }
        }
        let Some(work) = self.work.get(self.step) else {
            return;
        };
        if !work.pins.is_empty() {
            let pins = text::counted(work.pins.len() as u64, "event", "events");
            say(Role::Accent, &format!("{pins} kept as evidence"));
        }
        if let Some(was) = self.was_kept_when(self.step) {
            say(Role::Warning, &look.safe(&kept_before(&was)));
        }
        if let Some((mark, at)) = work.mark {
            say(
                Role::Accent,
                &format!("{} at {}", mark.name(), look.zone.minute(at)),
            );
        }
        if let Some(note) = work.note.as_ref().map(|note| &note.text) {
            say(Role::Text, &look.safe(&format!("note: {note}")));
        }
    }
}

/// `≥ 1`, `0`, `2 to 5`, with what is counted.
fn expected(expect: &Expect, at_least: &str) -> String {
    let what = match &expect.distinct {
        Some(field) => format!("different {field}"),
        None if expect.min == 1 && expect.max.is_none_or(|max| max == 1) => "row".to_owned(),
        None => "rows".to_owned(),
    };
    let amount = match (expect.min, expect.max) {
        (min, None) => format!("{at_least} {}", text::number(min)),
        (min, Some(max)) if min == max => text::number(min),
        (min, Some(max)) => format!("{} to {}", text::number(min), text::number(max)),
    };
    format!("{amount} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_say_what_they_count() {
        let expect = |distinct: Option<&str>, min, max| Expect {
            distinct: distinct.map(str::to_owned),
            min,
            max,
        };
        assert_eq!(expected(&expect(None, 1, None), "≥"), "≥ 1 row");
        assert_eq!(expected(&expect(None, 0, Some(0)), "≥"), "0 rows");
        assert_eq!(
            expected(&expect(Some("ip"), 2, Some(5)), "≥"),
            "2 to 5 different ip"
        );
    }
}
