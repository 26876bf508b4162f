//! How a line of the detail looks.

use std::collections::HashSet;

use ratatui::text::Line;

use super::rows::Row;
use crate::event::Event;
use crate::event::field::Field;
use crate::text::width;
use crate::tui::theme::Role;
use crate::tui::widget::Look;

/// Characters of one value shown at most.
const VALUE_LIMIT: usize = 2_000;

pub(super) fn draw(
    folded: &HashSet<String>,
    look: &Look<'_>,
    row: &Row,
    columns: usize,
    label_width: usize,
) -> Vec<Line<'static>> {
    match row {
        Row::Heading(name) => {
            let line = look
                .theme
                .glyphs
                .horizontal
                .repeat(columns.saturating_sub(width(name) + 1));
            vec![Line::from(look.span(Role::Dim, format!("{name} {line}")))]
        }
        Row::Field(Field::Ts, value) => {
            let local = match crate::event::Timestamp::parse(value) {
                Some(ts) if look.zone.seconds() != 0 => {
                    format!("  {} {}", look.zone.full(ts), look.zone.label)
                }
                _ => String::new(),
            };
            let text = format!("{value}{local}");
            labelled(
                look,
                look.cell("ts", label_width),
                (Role::Text, &text),
                columns,
            )
        }
        Row::Field(field, value) => {
            let role = match (field, value.starts_with("failure")) {
                (Field::Outcome, true) => Role::Failure,
                _ => Role::Text,
            };
            labelled(
                look,
                look.cell(field.name(), label_width),
                (role, value),
                columns,
            )
        }
        Row::Chain(role, words) => look
            .wrap(words, columns)
            .into_iter()
            .map(|line| Line::from(look.span(*role, line)))
            .collect(),
        Row::Group { path, label, depth } => {
            let glyphs = look.theme.glyphs;
            let sign = if folded.contains(path) {
                glyphs.closed
            } else {
                glyphs.open
            };
            let line = format!("{}{sign} ", "  ".repeat(*depth));
            let room = columns.saturating_sub(width(&line));
            vec![Line::from(look.span(
                Role::Accent,
                format!("{line}{}", look.cut(label, room)),
            ))]
        }
        Row::Attribute {
            label,
            value,
            depth,
            empty,
            ..
        } => {
            let indent = "  ".repeat(*depth);
            let room = (columns / 2).saturating_sub(indent.len());
            let label = look.cut(label, room);
            let fill = label_width.saturating_sub(indent.len() + width(&label));
            let lead = format!("{indent}{label}{}", " ".repeat(fill));
            let value: String = value.chars().take(VALUE_LIMIT).collect();
            labelled(
                look,
                lead,
                (if *empty { Role::Dim } else { Role::Text }, &value),
                columns,
            )
        }
        Row::Raw(record) => look
            .wrap(record, columns)
            .into_iter()
            .map(|line| Line::from(look.span(Role::Text, line)))
            .collect(),
    }
}

/// A label (safe already) and a value (not yet) that wraps beside it.
fn labelled(
    look: &Look<'_>,
    lead: String,
    (role, value): (Role, &str),
    columns: usize,
) -> Vec<Line<'static>> {
    let lead_width = width(&lead) + 1;
    let blank = " ".repeat(lead_width);
    look.wrap(value, columns.saturating_sub(lead_width))
        .into_iter()
        .enumerate()
        .map(|(i, part)| {
            let lead = if i == 0 {
                format!("{lead} ")
            } else {
                blank.clone()
            };
            Line::from(vec![look.span(Role::Dim, lead), look.span(role, part)])
        })
        .collect()
}

pub(super) fn headline(event: &Event) -> String {
    let actor = event
        .actor
        .as_deref()
        .map(|a| format!(" by {a}"))
        .unwrap_or_default();
    let target = event
        .target
        .as_deref()
        .map(|t| format!(" {t}"))
        .unwrap_or_default();
    match &event.action {
        Some(action) => format!("{action}{target}{actor}"),
        None => event.summary(),
    }
}
