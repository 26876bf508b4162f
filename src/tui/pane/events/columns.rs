//! What the cells of the list say, and the signs before a row.

use crate::engine::Hit;
use crate::event::field::Field;
use crate::event::{Event, Level, Outcome, Timestamp, Verdict};
use crate::tui::columns::{Column, TIME_WITH_DATE};
use crate::tui::theme::Role;
use crate::tui::widget::Look;
use crate::tui::widget::moment::{TimeStyle, delta, relative};

/// How times are shown in the rows.
#[derive(Clone, Copy)]
pub struct When {
    pub style: TimeStyle,
    /// The time of the selected event.
    pub selected: Option<Timestamp>,
}

impl When {
    /// What stands above the column, if it is not the date.
    pub fn title(self) -> Option<&'static str> {
        match self.style {
            TimeStyle::Absolute => None,
            TimeStyle::Relative => Some("from now"),
            TimeStyle::Delta => Some("from here"),
        }
    }
}

/// What a cell says (not yet safe) and how it looks.
pub fn cell(
    look: &Look<'_>,
    hit: &Hit,
    previous: Option<&Event>,
    when: When,
    (column, width): (&Column, u16),
) -> (Role, String) {
    let event = &*hit.event;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let field = match column {
        Column::Field(field) => *field,
        Column::Attribute(path) => {
            let value = event.attributes.get(path).unwrap_or_default();
            return (Role::Text, value.to_owned());
        }
    };
    match field {
        Field::Ts => (Role::Text, time(look, event, previous, when, width)),
        Field::Actor => (Role::Text, text(&event.actor)),
        Field::Action => (Role::Text, text(&event.action)),
        Field::Target => (Role::Text, text(&event.target)),
        Field::Outcome => outcome(event),
        Field::Reason => (Role::Text, text(&event.reason)),
        Field::Ip => {
            let first = event.ip.first().map(ToString::to_string);
            (Role::Dim, first.unwrap_or_default())
        }
        Field::Format => (Role::Dim, event.format.to_string()),
        Field::Host => (Role::Dim, text(&event.host)),
        Field::Session => (Role::Dim, text(&event.session)),
        Field::Severity => {
            let severity = event.severity.map(|s| s.to_string());
            (Role::Text, severity.unwrap_or_default())
        }
        Field::Source => (Role::Dim, event.source.to_string()),
        Field::Message => (Role::Text, event.message.clone().unwrap_or_default()),
        Field::Chain => (chain_role(hit.verdict), hit.verdict.as_str().to_owned()),
        Field::Line => {
            let line = event.line.map(|l| l.to_string());
            (Role::Dim, line.unwrap_or_default())
        }
        Field::Id => (Role::Dim, event.id.to_string()),
    }
}

fn time(
    look: &Look<'_>,
    event: &Event,
    previous: Option<&Event>,
    when: When,
    width: u16,
) -> String {
    let Some(ts) = event.ts else {
        return "no time".to_owned();
    };
    match (when.style, when.selected) {
        (TimeStyle::Relative, _) => return relative(ts, look.now),
        (TimeStyle::Delta, Some(selected)) => return delta(ts, selected),
        _ => {}
    }
    let before = previous.and_then(|p| p.ts);
    let changed = before.is_some_and(|b| look.zone.offset_at(b) != look.zone.offset_at(ts));
    if changed {
        // The clocks were changed in between: the offset must be seen here.
        let offset = look.zone.offset_text(ts);
        return if width >= TIME_WITH_DATE {
            format!("{} {offset}", &look.zone.short(ts))
        } else {
            format!("{}{offset}", look.zone.second(ts))
        };
    }
    if width >= TIME_WITH_DATE {
        return look.zone.full(ts);
    }
    let date = look.zone.date(ts);
    let last = before.map(|b| look.zone.date(b));
    if last.as_ref().is_some_and(|last| last[..4] != date[..4]) {
        // The year matters more than the minute, which the detail has.
        look.zone.hour(ts)
    } else if previous.is_some() && last.is_none_or(|last| last != date) {
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

fn chain_role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Broken(kind) => match kind.level() {
            Level::Alarm => Role::Alarm,
            Level::Warning => Role::Warning,
            Level::Note => Role::Dim,
        },
        _ => Role::Dim,
    }
}

/// The three signs before a row: chain breaks, what is special about the record, and what a person put on it.
pub fn signs(look: &Look<'_>, hit: &Hit) -> [(Role, &'static str); 3] {
    let glyphs = look.theme.glyphs;
    let chain = match hit.verdict {
        Verdict::Broken(_) => (chain_role(hit.verdict), glyphs.broken),
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
    let own = match look.marks.get(event.id) {
        _ if look.marks.is_pinned(event.id) => (Role::Accent, glyphs.pin),
        Some(entry) if entry.note.is_some() => (Role::Accent, glyphs.note),
        Some(_) => (Role::Accent, glyphs.mark),
        None => (Role::Text, " "),
    };
    [chain, record, own]
}
