//! The menu of columns: those shown first, in their order, then what else there is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::event::{Event, Kind};
use crate::text::width;
use crate::tui::columns::{Column, Columns};
use crate::tui::command::Command;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_lines, sheet};

/// Attribute paths offered at most.
const MAX_PATHS: usize = 500;
const SIZE: (u16, u16) = (78, 22);

#[derive(Clone, Debug)]
pub struct ColumnMenu {
    rows: Vec<(Column, bool)>,
    selected: usize,
}

impl ColumnMenu {
    /// The columns shown, then the others; the selected event gives the attribute paths.
    pub fn new(shown: Vec<Column>, event: Option<&Event>) -> Self {
        let mut rows: Vec<(Column, bool)> = shown.into_iter().map(|c| (c, true)).collect();
        let paths = event.into_iter().flat_map(|e| e.attributes.iter());
        let paths = paths
            .filter(|(_, v)| v.kind != Kind::Empty)
            .map(|(path, _)| Column::Attribute(path.into()));
        for column in Column::all().chain(paths.take(MAX_PATHS)) {
            if rows.iter().all(|(c, _)| *c != column) {
                rows.push((column, false));
            }
        }
        Self { rows, selected: 0 }
    }

    /// The columns to be shown from now on, if that changes them; `Err` = why it can't be done.
    pub fn update(
        &mut self,
        command: Command,
        count: usize,
    ) -> Result<Option<Vec<Column>>, &'static str> {
        let last = self.rows.len().saturating_sub(1);
        match command {
            Command::Down => self.selected = self.selected.saturating_add(count).min(last),
            Command::Up => self.selected = self.selected.saturating_sub(count),
            Command::PageDown => self.selected = self.selected.saturating_add(10).min(last),
            Command::PageUp => self.selected = self.selected.saturating_sub(10),
            Command::Top => self.selected = 0,
            Command::Bottom => self.selected = last,
            Command::ToggleColumn => {
                let only = self.shown().len() == 1;
                let Some((_, shown)) = self.rows.get_mut(self.selected) else {
                    return Ok(None);
                };
                if *shown && only {
                    return Err("one column has to stay");
                }
                *shown = !*shown;
                return Ok(Some(self.shown()));
            }
            Command::ColumnLeft => return self.shift(-1),
            Command::ColumnRight => return self.shift(1),
            _ => {}
        }
        Ok(None)
    }

    /// Changes places with the neighbour; the cursor goes along.
    fn shift(&mut self, by: isize) -> Result<Option<Vec<Column>>, &'static str> {
        let to = self.selected.checked_add_signed(by);
        let Some(to) = to.filter(|to| *to < self.rows.len()) else {
            return Ok(None);
        };
        self.rows.swap(self.selected, to);
        self.selected = to;
        Ok(Some(self.shown()))
    }

    fn shown(&self) -> Vec<Column> {
        let shown = self.rows.iter().filter(|(_, shown)| *shown);
        shown.map(|(c, _)| c.clone()).collect()
    }

    pub fn view(&self, look: &Look<'_>, buf: &mut Buffer, body: Rect, columns: &Columns) {
        let area = sheet(look, buf, body, SIZE);
        let width_here = usize::from(area.width);
        let state = match columns.names() {
            None => "chosen by the width of the screen".to_owned(),
            // As it would stand in config.toml.
            Some(names) => format!("columns = {names:?}"),
        };
        let title = " COLUMNS  ";
        let state = look.cut(&state, width_here.saturating_sub(width(title)));
        let mut lines = vec![Line::from(vec![
            look.span(Role::Focus, look.cut(title, width_here)),
            look.span(Role::Dim, state),
        ])];
        let glyphs = look.theme.glyphs;
        let height = usize::from(area.height).saturating_sub(1);
        let top = centred_top(self.selected, self.rows.len(), height);
        for (i, (column, shown)) in self.rows.iter().enumerate().skip(top).take(height) {
            let selected = i == self.selected;
            let bar = if selected { glyphs.bar } else { " " };
            let sign = if *shown { glyphs.on } else { glyphs.off };
            let meaning = match column {
                Column::Field(field) => field.spec().meaning,
                Column::Attribute(_) => "attribute of the selected event",
            };
            let room = width_here.saturating_sub(4);
            let name = look.cell(column.name(), 36.min(room / 2));
            let meaning = look.cell(meaning, room.saturating_sub(width(&name) + 1));
            let role = if *shown { Role::Text } else { Role::Dim };
            let mut spans = vec![
                look.span(Role::Accent, bar),
                look.span(role, format!(" {sign} ")),
                look.span(role, name),
                look.span(Role::Dim, format!(" {meaning}")),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::field::Field;

    #[test]
    fn columns_are_switched_and_moved_and_one_stays() {
        let field = Column::Field;
        let mut menu = ColumnMenu::new(vec![field(Field::Ts), field(Field::Actor)], None);
        let mut step = |command| menu.update(command, 1);
        assert_eq!(
            step(Command::ColumnRight),
            Ok(Some(vec![field(Field::Actor), field(Field::Ts)]))
        );
        assert_eq!(
            step(Command::ToggleColumn),
            Ok(Some(vec![field(Field::Actor)]))
        );
        assert_eq!(step(Command::Top), Ok(None));
        assert!(step(Command::ToggleColumn).is_err());
        assert_eq!(step(Command::Bottom), Ok(None));
        assert_eq!(step(Command::ColumnRight), Ok(None));
        let both = step(Command::ToggleColumn).unwrap().unwrap();
        assert_eq!(both, [field(Field::Actor), field(Field::Id)]);
    }
}
