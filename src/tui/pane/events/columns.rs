//! The columns of the list: which fit, how wide, and what a cell says.

use crate::engine::Hit;
use crate::event::field::Field;
use crate::event::{Event, Level, Outcome, Verdict};
use crate::tui::theme::Role;
use crate::tui::widget::Look;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Column {
    Time,
    #[default]
    Actor,
    Action,
    Target,
    Outcome,
    Ip,
    Format,
    Host,
    Source,
}

/// One row of the table of columns.
struct Spec {
    column: Column,
    title: &'static str,
    field: Field,
    /// Shown when the list is at least this wide.
    from: u16,
    min: u16,
    max: u16,
    /// Share of the room that is left over.
    weight: u16,
}

const fn spec(column: Column, title: &'static str, field: Field, bounds: [u16; 4]) -> Spec {
    let [from, min, max, weight] = bounds;
    Spec {
        column,
        title,
        field,
        from,
        min,
        max,
        weight,
    }
}

const SPECS: [Spec; 9] = [
    spec(Column::Time, "time", Field::Ts, [0, 14, 14, 0]),
    spec(Column::Actor, "actor", Field::Actor, [0, 7, 26, 3]),
    spec(Column::Action, "action", Field::Action, [0, 7, 24, 3]),
    spec(Column::Target, "target", Field::Target, [48, 6, 60, 5]),
    spec(Column::Outcome, "outcome", Field::Outcome, [0, 4, 18, 2]),
    spec(Column::Ip, "ip", Field::Ip, [78, 15, 15, 0]),
    spec(Column::Format, "format", Field::Format, [92, 10, 10, 0]),
    spec(Column::Host, "host", Field::Host, [124, 14, 14, 0]),
    spec(Column::Source, "source", Field::Source, [150, 20, 32, 1]),
];

/// From this width on the date stands in every row.
const DATE_FROM: u16 = 110;
const TIME_WITH_DATE: u16 = 23;

impl Column {
    fn spec(self) -> &'static Spec {
        &SPECS[self as usize]
    }

    pub fn title(self) -> &'static str {
        self.spec().title
    }

    pub fn field(self) -> Field {
        self.spec().field
    }
}

/// The columns that fit `width`, each with its own width; one blank stands between two.
pub fn fitting(width: u16) -> Vec<(Column, u16)> {
    let mut columns: Vec<(&Spec, u16)> = SPECS
        .iter()
        .filter(|s| s.from <= width)
        .map(|s| (s, s.min))
        .collect();
    if width >= DATE_FROM
        && let Some(time) = columns.first_mut()
    {
        time.1 = TIME_WITH_DATE;
    }
    let gaps = columns.len().saturating_sub(1) as u16;
    let used: u16 = columns.iter().map(|(_, w)| w).sum::<u16>() + gaps;
    let mut spare = width.saturating_sub(used);
    // Shares that hit a column's maximum go round again to the others.
    while spare > 0 {
        let weights: u16 = columns
            .iter()
            .filter(|(s, w)| *w < s.max)
            .map(|(s, _)| s.weight)
            .sum();
        if weights == 0 {
            break;
        }
        let round = spare;
        for (spec, width) in &mut columns {
            if spec.weight > 0 && *width < spec.max {
                let share = (round * spec.weight / weights).max(1);
                let share = share.min(spec.max - *width).min(spare);
                *width += share;
                spare -= share;
            }
        }
    }
    columns.into_iter().map(|(s, w)| (s.column, w)).collect()
}

/// What a cell says (not yet safe) and how it looks.
pub fn cell(
    look: &Look<'_>,
    event: &Event,
    previous: Option<&Event>,
    (column, width): (Column, u16),
) -> (Role, String) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match column {
        Column::Time => (Role::Text, time(look, event, previous, width)),
        Column::Actor => (Role::Text, text(&event.actor)),
        Column::Action => (Role::Text, text(&event.action)),
        Column::Target => (Role::Text, text(&event.target)),
        Column::Outcome => outcome(event),
        Column::Ip => (
            Role::Dim,
            event
                .ip
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        Column::Format => (Role::Dim, event.format.to_string()),
        Column::Host => (Role::Dim, text(&event.host)),
        Column::Source => (Role::Dim, event.source.to_string()),
    }
}

fn time(look: &Look<'_>, event: &Event, previous: Option<&Event>, width: u16) -> String {
    let Some(ts) = event.ts else {
        return "no time".to_owned();
    };
    if width >= TIME_WITH_DATE {
        return look.zone.full(ts);
    }
    let new_day = previous
        .and_then(|p| p.ts)
        .is_some_and(|before| look.zone.date(before) != look.zone.date(ts));
    if new_day {
        look.zone.short(ts)
    } else {
        look.zone.clock(ts)
    }
}

fn outcome(event: &Event) -> (Role, String) {
    let reason = event.reason.as_deref().unwrap_or_default();
    let (role, word) = match event.outcome {
        Outcome::Failure => (Role::Failure, "fail"),
        Outcome::Success => (Role::Dim, "ok"),
        Outcome::Unknown => (Role::Dim, ""),
    };
    (
        role,
        if reason.is_empty() {
            word.to_owned()
        } else {
            format!("{word} {reason}").trim().to_owned()
        },
    )
}

/// The two signs before a row: chain breaks, and what is special about the record.
pub fn signs(look: &Look<'_>, hit: &Hit) -> [(Role, &'static str); 2] {
    let glyphs = look.theme.glyphs;
    let chain = match hit.verdict {
        Verdict::Broken(kind) => match kind.level() {
            Level::Alarm => (Role::Alarm, glyphs.broken),
            Level::Warning => (Role::Warning, glyphs.broken),
            Level::Note => (Role::Dim, glyphs.broken),
        },
        _ => (Role::Text, " "),
    };
    let event = &hit.event;
    let record = if event.provisional {
        (Role::Dim, glyphs.provisional)
    } else if event.gone {
        (Role::Dim, glyphs.gone)
    } else if event.note.is_some() {
        (Role::Warning, glyphs.unparsed)
    } else {
        (Role::Text, " ")
    };
    [chain, record]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_take_more_than_there_is_and_their_order_is_the_tables() {
        for (i, spec) in SPECS.iter().enumerate() {
            assert_eq!(spec.column as usize, i);
        }
        for width in 38..300 {
            let columns = fitting(width);
            let used: u16 = columns.iter().map(|(_, w)| w + 1).sum::<u16>() - 1;
            assert!(used <= width, "{used} of {width}");
        }
        assert_eq!(fitting(40).len(), 4);
        assert_eq!(fitting(200).len(), 9);
    }
}
