//! Draws the model. Knows no effects, changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

use super::command::Command;
use super::keymap::Context;
use super::layout::{Areas, MIN_HEIGHT, MIN_WIDTH, areas};
use super::model::{Model, Pane};
use super::overlay::Overlay;
use super::overlay::sources::{Around, muted};
use super::pane::timeline::Places;
use super::pane::{footer, status};
use super::theme::Role;
use super::widget::{Look, draw_lines};
use crate::event::Timestamp;
use crate::text::width;

/// Rows that a message may take.
const HINT_ROWS: u16 = 4;

pub fn view(frame: &mut Frame<'_>, model: &Model) {
    let screen = frame.area();
    let buf = frame.buffer_mut();
    // The terminal may have changed its size since the model heard of it.
    let fits = screen.width >= model.size.0 && screen.height >= model.size.1;
    match areas(model).filter(|_| fits) {
        Some(areas) => {
            if let Some(cursor) = draw(buf, model, &areas) {
                frame.set_cursor_position(cursor);
            }
        }
        None => {
            let text = format!("auditty needs {MIN_WIDTH} columns and {MIN_HEIGHT} rows");
            let look = look(model, false);
            draw_lines(
                buf,
                screen,
                [Line::from(look.span(
                    Role::Text,
                    look.cut(&text, usize::from(screen.width)),
                ))],
            );
        }
    }
    model.theme.ground(frame.buffer_mut(), screen);
}

fn look(model: &Model, focused: bool) -> Look<'_> {
    model.look(focused)
}

fn draw(buf: &mut Buffer, model: &Model, areas: &Areas) -> Option<ratatui::layout::Position> {
    let editing = model.query_bar.is_editing();
    let focused = |pane| {
        look(
            model,
            model.focus == pane && !editing && model.overlay.is_none(),
        )
    };
    let plain = look(model, false);
    let busy = model.asking.running.is_some() && !model.asking.loaded;
    status::view(
        &plain,
        buf,
        areas.status,
        (&model.title, &model.zone_in_status()),
        model.live(),
        &model.info,
        busy,
    );
    let mut cursor = model
        .query_bar
        .view(&plain, buf, areas.query, &model.counts());
    note(&plain, buf, areas, model);
    if let Some(area) = areas.timeline {
        let breaks = model.break_times();
        let places = places(model, &breaks);
        model
            .timeline
            .view(&focused(Pane::Timeline), buf, area, places, model.total);
    }
    for (line, glyph) in areas
        .columns
        .iter()
        .flatten()
        .map(|l| (*l, model.theme.glyphs.vertical))
    {
        fill(buf, line, glyph, &plain);
    }
    if let Some(line) = areas.above_detail {
        fill(buf, line, model.theme.glyphs.horizontal, &plain);
    }
    model.events.view(
        &focused(Pane::Events),
        buf,
        areas.events,
        &model.why_empty(),
    );
    if let Some(area) = areas.filters {
        let narrowing = model.filters.view(&focused(Pane::Filters), buf, area);
        cursor = cursor.or(narrowing);
    }
    if let Some(area) = areas.detail {
        let subject = model.subject();
        model
            .detail
            .view(&focused(Pane::Detail), buf, area, subject);
    }
    if let Some(area) = areas.runbook {
        model.runbooks.view(&focused(Pane::Runbook), buf, area);
    }
    let body = areas.body();
    if let Some(cursor) = cursor.filter(|_| editing) {
        model.query_bar.view_offers(&plain, buf, body, cursor);
    }
    match &model.overlay {
        Some(Overlay::Help(help)) => help.view(&plain, buf, body, &model.keymap),
        Some(Overlay::Prompt(prompt)) => {
            cursor = prompt.view(&plain, buf, areas.query);
            prompt.view_offers(&plain, buf, body);
        }
        Some(Overlay::Pivot(pivot)) => {
            let event = model.events.selected().map(|h| &*h.event);
            pivot.view(&plain, buf, body, &model.keymap, event);
        }
        Some(Overlay::Columns(menu)) => menu.view(&plain, buf, body, &model.events.columns),
        Some(Overlay::Palette(palette)) => {
            cursor = palette.view(&plain, buf, areas.query, body);
        }
        Some(Overlay::Sources(sources)) => {
            let glyphs = !model.theme.is_ascii();
            let key = |command| model.keymap.label(Context::Sources, command, glyphs);
            let around = Around {
                info: &model.info,
                now: model.now,
                muted: &muted(&model.query, &model.info),
                keys: [
                    Command::Open,
                    Command::Mute,
                    Command::NextBreak,
                    Command::ReadAs,
                ]
                .map(key),
            };
            sources.view(&plain, buf, body, &around);
        }
        Some(Overlay::Integrity(integrity)) => integrity.view(&plain, buf, body, &model.info),
        None => {}
    }
    let (role, hint) = model.hint();
    if width(&hint) >= usize::from(areas.footer.width) {
        long_hint(&plain, buf, areas.footer, role, &hint);
        return cursor;
    }
    footer::view(
        &plain,
        buf,
        areas.footer,
        model.context(),
        &model.keymap,
        (role, &hint),
    );
    cursor
}

/// What is longer than a line takes as many as it needs, over what is above, until the next key.
fn long_hint(look: &Look<'_>, buf: &mut Buffer, footer: Rect, role: Role, hint: &str) {
    let columns = usize::from(footer.width);
    let mut lines = look.wrap(hint, columns.saturating_sub(2));
    lines.truncate(usize::from(HINT_ROWS));
    let rows = lines.len() as u16;
    let area = Rect {
        y: (footer.y + 1).saturating_sub(rows),
        height: rows,
        ..footer
    };
    Clear.render(area, buf);
    let lines = lines.into_iter().map(|line| {
        let fill = columns.saturating_sub(width(&line) + 1);
        Line::from(look.span(role, format!(" {line}{}", " ".repeat(fill))))
    });
    draw_lines(buf, area, lines);
}

fn places<'a>(model: &Model, breaks: &'a [Timestamp]) -> Places<'a> {
    Places {
        breaks,
        selected: model.events.selected().and_then(|h| h.event.ts),
    }
}

/// The line under the query: what is wrong or worth knowing, else a hairline.
fn note(look: &Look<'_>, buf: &mut Buffer, areas: &Areas, model: &Model) {
    let columns = usize::from(areas.note.width);
    let error = match &model.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.error_line(look, columns),
        Some(Overlay::Palette(palette)) => palette.note(look, columns),
        _ => model.query_bar.error_line(look, columns),
    };
    if let Some(line) = error {
        draw_lines(buf, areas.note, [line]);
        return;
    }
    if model.focus == Pane::Timeline && model.asking.error.is_none() {
        let breaks = model.break_times();
        if let Some(words) = model.timeline.describe(look.zone, places(model, &breaks)) {
            let line = look.span(Role::Text, look.cut(&format!("   {words}"), columns));
            draw_lines(buf, areas.note, [Line::from(line)]);
            return;
        }
    }
    match model.note().or(model.problem()).or(model.message()) {
        Some((role, text)) => {
            let line = Line::from(look.span(role, look.cut(&format!("   {text}"), columns)));
            draw_lines(buf, areas.note, [line]);
        }
        None => fill(buf, areas.note, look.theme.glyphs.horizontal, look),
    }
}

fn fill(buf: &mut Buffer, area: Rect, glyph: &'static str, look: &Look<'_>) {
    for row in area.rows() {
        let line = look.span(Role::Dim, glyph.repeat(usize::from(row.width)));
        buf.set_line(row.x, row.y, &Line::from(line), row.width);
    }
}
