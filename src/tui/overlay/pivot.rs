//! A small menu: what to search for by the selected event. Every row shows the query it stands for, or why it has none.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::event::field::Field;
use crate::event::time::{MINUTE, SECOND};
use crate::event::{Event, Timestamp};
use crate::query::Query;
use crate::query::ast::{Ast, TimeExpr};
use crate::text::width;
use crate::tui::command::Command;
use crate::tui::keymap::{Context, Keymap};
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, draw_lines, sheet};

const ROWS: [(Command, &str); 6] = [
    (Command::PivotActor, "same actor"),
    (Command::PivotSession, "same session"),
    (Command::PivotIp, "same address"),
    (Command::PivotTarget, "same target"),
    (Command::PivotTime, "within 5 minutes"),
    (Command::PivotTimeline, "session as a timeline"),
];

const WIDTH: u16 = 100;

#[derive(Clone, Debug, Default)]
pub struct Pivot {
    selected: usize,
}

impl Pivot {
    /// Begins at the first row that the event has a query for.
    pub fn new(event: &Event) -> Self {
        let usable = |(row, _): &(Command, &str)| query(*row, event).is_ok();
        Self {
            selected: ROWS.iter().position(usable).unwrap_or(0),
        }
    }

    pub fn update(&mut self, command: Command, count: usize) {
        let last = ROWS.len() - 1;
        self.selected = match command {
            Command::Down => self.selected.saturating_add(count).min(last),
            Command::Up => self.selected.saturating_sub(count),
            Command::Top => 0,
            Command::Bottom => last,
            _ => self.selected,
        };
    }

    /// The row under the cursor.
    pub fn chosen(&self) -> Command {
        ROWS.get(self.selected).unwrap_or(&ROWS[0]).0
    }

    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        body: Rect,
        keymap: &Keymap,
        event: Option<&Event>,
    ) {
        let area = sheet(look, buf, body, (WIDTH, ROWS.len() as u16 + 1));
        let columns = usize::from(area.width);
        let title = look.cut(" PIVOT  search for", columns);
        let mut lines = vec![Line::from(look.span(Role::Focus, title))];
        for (i, (row, label)) in ROWS.iter().enumerate() {
            let key = keymap.label(Context::Pivot, *row, !look.theme.is_ascii());
            let query = event.map(|e| query(*row, e));
            let (role, text) = match query {
                Some(Ok(query)) => (Role::Text, query.to_string()),
                Some(Err(why)) => (Role::Dim, why.to_owned()),
                None => (Role::Dim, String::new()),
            };
            let selected = i == self.selected;
            let bar = if selected { look.theme.glyphs.bar } else { " " };
            let head = format!(" {}  {}  ", look.cell(&key, 1), look.cell(label, 21));
            let room = columns.saturating_sub(width(&head) + 1);
            let mut spans = vec![
                look.span(Role::Accent, bar),
                look.span(if role == Role::Dim { role } else { Role::Key }, head),
                look.span(role, look.cell(&text, room)),
            ];
            if selected {
                let style = look.theme.style(Role::Selected);
                for span in &mut spans[1..] {
                    span.style = span.style.patch(style);
                }
            }
            lines.push(Line::from(spans));
        }
        draw_lines(buf, area, lines);
    }
}

/// What a row searches for, or why this event has nothing for it.
pub fn query(row: Command, event: &Event) -> Result<Query, &'static str> {
    let (field, missing) = match row {
        Command::PivotActor => (Field::Actor, "this event has no actor"),
        Command::PivotIp => (Field::Ip, "this event has no address"),
        Command::PivotTarget => (Field::Target, "this event has no target"),
        Command::PivotTime => {
            let ts = event.ts.ok_or("this event has no time")?;
            return Ok(Query::from_conjuncts(around(ts)));
        }
        _ => (Field::Session, "this event has no session"),
    };
    let term = term::of_event(event, field, false).ok_or(missing)?;
    Ok(Query::from_conjuncts(vec![term]))
}

/// From five minutes before to five after, in whole seconds.
fn around(ts: Timestamp) -> Vec<Ast> {
    let from = ts.saturating_add(-5 * MINUTE).0.div_euclid(SECOND);
    let until = (ts.saturating_add(5 * MINUTE).0.div_euclid(SECOND)).saturating_add(1);
    let at = |seconds: i64| TimeExpr::Text(Timestamp(seconds.saturating_mul(SECOND)).brief());
    vec![Ast::Since(at(from)), Ast::Until(at(until))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_query_or_a_reason() {
        let event = Event {
            ts: Timestamp::parse("2026-03-01T15:00:03.902Z"),
            actor: Some("alice".into()),
            session: Some("a b".into()),
            ..Event::default()
        };
        let text = |row| query(row, &event).map(|q| q.to_string());
        assert_eq!(text(Command::PivotActor), Ok("actor:alice".into()));
        assert_eq!(text(Command::PivotTimeline), Ok("session:\"a b\"".into()));
        assert_eq!(text(Command::PivotTarget), Err("this event has no target"));
        let around = text(Command::PivotTime).unwrap();
        assert!(around.contains("2026-03-01T14:55:03"), "{around}");
        assert!(around.contains("2026-03-01T15:05:04"), "{around}");
        for ts in [i64::MIN, i64::MAX] {
            super::around(Timestamp(ts));
        }
    }
}
