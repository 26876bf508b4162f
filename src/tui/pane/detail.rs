//! One event in full: its fields, what the chain check says of it in plain words, its attributes as a tree, and the
//! record as it was read.

mod draw;
mod rows;

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::chain::Finding;
use crate::engine::Hit;
use crate::event::Event;
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_lines, titled};
use rows::Row;

#[derive(Clone, Debug, Default)]
pub struct Detail {
    selected: usize,
    /// Prefixes of attribute paths whose leaves are hidden; kept from event to event.
    folded: HashSet<String>,
}

impl Detail {
    /// Back to the top, for another event.
    pub fn reset(&mut self) {
        self.selected = 0;
    }

    pub fn update(
        &mut self,
        command: Command,
        count: usize,
        hit: Option<&Hit>,
        finding: Option<&Finding>,
    ) -> Option<Intent> {
        let hit = hit?;
        let rows = rows::rows(&self.folded, hit, finding);
        match command {
            Command::Down => self.step(&rows, count, true),
            Command::Up => self.step(&rows, count, false),
            Command::PageDown => self.step(&rows, 10, true),
            Command::PageUp => self.step(&rows, 10, false),
            Command::Top => self.selected = 0,
            Command::Bottom => self.step(&rows, rows.len(), true),
            Command::Fold => {
                if let Some(Row::Group { path, .. }) = rows.get(self.selected)
                    && !self.folded.remove(path)
                {
                    self.folded.insert(path.clone());
                }
            }
            Command::FilterIn => return Some(self.filter(&rows, &hit.event, false)),
            Command::FilterOut => return Some(self.filter(&rows, &hit.event, true)),
            _ => {}
        }
        None
    }

    fn step(&mut self, rows: &[Row], count: usize, down: bool) {
        let mut places: Vec<usize> = (0..rows.len())
            .filter(|i| rows[*i].can_be_selected())
            .collect();
        if down {
            places.retain(|i| *i > self.selected);
        } else {
            places.retain(|i| *i < self.selected);
            places.reverse();
        }
        if let Some(to) = places.get(count.saturating_sub(1)).or(places.last()) {
            self.selected = *to;
        }
    }

    fn filter(&self, rows: &[Row], event: &Event, exclude: bool) -> Intent {
        let term = match rows.get(self.selected) {
            Some(Row::Field(field, _)) => term::of_event(event, *field, exclude),
            Some(Row::Attribute {
                path,
                value,
                empty: false,
                ..
            }) => term::of_attribute(path, value, exclude),
            _ => None,
        };
        match term {
            Some(term) => Intent::AddTerm(term),
            None => Intent::Say("no filter can be made of this line".to_owned()),
        }
    }

    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        hit: Option<&Hit>,
        finding: Option<&Finding>,
    ) {
        let mut title = vec![look.span(look.title(), " DETAIL  ")];
        let room = usize::from(area.width).saturating_sub(10);
        let Some(hit) = hit else {
            title.push(look.span(Role::Dim, look.cut("no event is selected", room)));
            titled(buf, area, Line::from(title));
            return;
        };
        title.push(look.span(Role::Text, look.cut(&draw::headline(&hit.event), room)));
        let area = titled(buf, area, Line::from(title));
        let rows = rows::rows(&self.folded, hit, finding);
        let columns = usize::from(area.width);
        let label_width = 12.min(columns / 3);
        let (mut lines, mut at) = (Vec::new(), 0);
        for (i, row) in rows.iter().enumerate() {
            let selected = i == self.selected;
            if selected {
                at = lines.len();
            }
            for mut line in draw::draw(
                &self.folded,
                look,
                row,
                columns.saturating_sub(2),
                label_width,
            ) {
                if selected {
                    line = line.patch_style(look.theme.style(look.selected()));
                }
                let bar = if selected { look.theme.glyphs.bar } else { " " };
                line.spans.insert(0, look.span(Role::Accent, bar));
                lines.push(line);
            }
        }
        let top = centred_top(at, lines.len(), usize::from(area.height));
        draw_lines(buf, area, lines.into_iter().skip(top));
    }
}

#[cfg(test)]
mod tests {
    use super::rows::chain;
    use super::*;
    use crate::event::{Attributes, Kind, Level, Verdict};
    use std::sync::Arc;

    fn hit() -> Hit {
        let mut attributes = Attributes::default();
        attributes.push_str("user.name", "alice");
        attributes.push_str("user.groups", "dev");
        attributes.push_str("user.extra.scopes", "all");
        attributes.push("code", Kind::Num, "403");
        let event = Event {
            attributes,
            actor: Some("alice".into()),
            ..Event::default()
        };
        Hit {
            event: Arc::new(event),
            verdict: Verdict::Verified,
        }
    }

    fn labels(detail: &Detail) -> Vec<(usize, String)> {
        let label = |row: Row| match row {
            Row::Group { label, depth, .. } | Row::Attribute { label, depth, .. } => {
                Some((depth, label))
            }
            _ => None,
        };
        rows::rows(&detail.folded, &hit(), None)
            .into_iter()
            .filter_map(label)
            .collect()
    }

    #[test]
    fn attributes_are_grouped_by_the_prefix_they_share_and_fold() {
        let mut detail = Detail::default();
        let want = [
            (0, "user"),
            (1, "name"),
            (1, "groups"),
            (1, "extra.scopes"),
            (0, "code"),
        ];
        assert_eq!(labels(&detail), want.map(|(d, l)| (d, l.to_owned())));
        detail.folded.insert("user".into());
        assert_eq!(
            labels(&detail),
            [(0, "user".to_owned()), (0, "code".to_owned())]
        );
    }

    #[test]
    fn the_selected_attribute_makes_a_filter_by_its_own_path() {
        let mut detail = Detail::default();
        let hit = hit();
        let at = rows::rows(&detail.folded, &hit, None)
            .iter()
            .position(|r| matches!(r, Row::Attribute { path, .. } if path == "code"));
        detail.selected = at.unwrap();
        let intent = detail.update(Command::FilterOut, 1, Some(&hit), None);
        assert_eq!(
            intent,
            term::of_attribute("code", "403", true).map(Intent::AddTerm)
        );
    }

    #[test]
    fn a_break_is_explained_with_both_hashes() {
        let finding = Finding {
            kind: crate::event::BreakKind::Deleted,
            level: Level::Alarm,
            generation: 0,
            line: 7,
            line_end: 7,
            offset: 0,
            count: Some(2),
            ts: None,
            expected: Some("aa".into()),
            found: Some("bb".into()),
            explanation: "two records are missing before line 7".into(),
        };
        let rows = chain(Verdict::Broken(finding.kind), Some(&finding));
        assert_eq!(rows.len(), 4);
        assert_eq!(
            rows[0],
            Row::Chain(Role::Alarm, "chain broken: deleted (alarm)".into())
        );
        assert_eq!(rows[3], Row::Chain(Role::Text, "found     bb".into()));
    }
}
