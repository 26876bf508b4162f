//! The footer: the pane in focus, its most useful keys, then the global ones; on the right a hint or what was just said.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::text::width;
use crate::tui::command::Command;
use crate::tui::keymap::{Context, Keymap};
use crate::tui::theme::Role;
use crate::tui::widget::{Look, draw_lines};

/// Words for commands in the footer, shorter than their line of help.
fn short(context: Context, command: Command) -> &'static str {
    match command {
        Command::Open if context == Context::Runbook => "go on",
        Command::PageDown => "more",
        Command::Pivot => "related",
        Command::Open => "open",
        Command::FilterIn => "in",
        Command::FilterOut => "out",
        Command::EditQuery => "query",
        Command::Filters => "filters",
        Command::Runbooks => "runbook",
        Command::NextBreak => "next break",
        Command::ToggleChip => "choose",
        Command::DeleteChip => "delete",
        Command::NegateChip => "not",
        Command::Unpark => "your query",
        Command::EditInputs => "inputs",
        Command::DropRun => "begin anew",
        Command::Pin => "keep event",
        Command::ListPins => "kept",
        Command::HandOver => "hand over",
        Command::EditLine => "change line",
        Command::AddLine => "add line",
        Command::FillAnew => "fill in anew",
        Command::RunReport => "report",
        Command::StepDone => "done",
        Command::CopyValue => "copy",
        Command::ReadAs => "read as",
        Command::Evidence => "write report",
        Command::SelectSpan => "select",
        Command::ZoomIn => "zoom",
        Command::ZoomOut => "zoom out",
        Command::HideTimeline => "hide",
        Command::SaveSession => "keep",
        Command::OpenSession => "come back",
        Command::NextInput => "next",
        Command::NextOffer => "offer",
        Command::EditChip => "edit",
        Command::SortFacets => "sort",
        Command::NextSuggestion => "suggest",
        Command::OlderQuery => "earlier",
        Command::DeleteWord => "delete word",
        Command::DeleteToStart => "clear",
        Command::ToggleRaw => "raw",
        Command::SearchInside => "search",
        Command::NextPart => "part",
        Command::ToggleColumn => "on/off",
        Command::ColumnLeft => "left",
        Command::ColumnRight => "right",
        Command::ColumnsByWidth => "by width",
        Command::Palette => "commands",
        other => other.name(),
    }
}

pub fn view(
    look: &Look<'_>,
    buf: &mut Buffer,
    area: Rect,
    context: Context,
    keymap: &Keymap,
    hint: (Role, &str),
) {
    let columns = usize::from(area.width);
    let hint_text = if hint.1.is_empty() {
        String::new()
    } else {
        format!("{} ", hint.1)
    };
    // What is long takes the place of the keys, until the next key.
    let right = look.cut(&hint_text, columns);
    let room = columns.saturating_sub(width(&right) + 2);
    let mut spans = vec![look.span(
        Role::Focus,
        look.cut(&format!(" {}", context.name().to_uppercase()), room),
    )];
    let mut used = spans.iter().map(|s| width(&s.content)).sum::<usize>();
    let own = keymap.footer(context).iter();
    let global = keymap
        .footer(Context::Global)
        .iter()
        .filter(|_| !context.is_editing() && !context.is_menu() && context != Context::Start)
        .filter(|command| !keymap.footer(context).contains(command));
    let items: Vec<(String, &str, usize)> = own
        .chain(global)
        .filter_map(|command| {
            let key = keymap.label(context, *command, !look.theme.is_ascii());
            let word = short(context, *command);
            let columns = width(&key) + word.len() + 3;
            (!key.is_empty()).then_some((key, word, columns))
        })
        .collect();
    // The last one (help, or the way out) is there however narrow the screen is.
    let (last, others) = match items.split_last() {
        Some((last, others)) => (Some(last), others),
        None => (None, &items[..]),
    };
    let kept = last.map_or(0, |(.., columns)| *columns);
    let mut end = used + kept;
    let fitting = others.iter().take_while(|(.., columns)| {
        end += columns;
        end <= room
    });
    let last = last.filter(|(.., columns)| used + columns <= room);
    for (key, word, columns) in fitting.chain(last) {
        used += columns;
        spans.push(look.span(Role::Key, format!("  {key}")));
        spans.push(look.span(Role::Dim, format!(" {word}")));
    }
    spans.push(Span::raw(
        " ".repeat(columns.saturating_sub(used + width(&right))),
    ));
    spans.push(look.span(hint.0, right));
    draw_lines(buf, area, [Line::from(spans)]);
}
