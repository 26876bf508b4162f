//! Draws the model. Knows no effects, changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::layout::{Areas, MIN_HEIGHT, MIN_WIDTH, areas};
use super::model::{Model, Pane};
use super::overlay::Overlay;
use super::pane::{footer, status};
use super::theme::Role;
use super::widget::{Look, draw_lines};

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
    Look {
        theme: &model.theme,
        zone: &model.zone,
        focused,
    }
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
        &model.title,
        model.live(),
        &model.info,
        busy,
    );
    let mut cursor = model
        .query_bar
        .view(&plain, buf, areas.query, &model.counts());
    note(&plain, buf, areas, model);
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
        model.filters.view(&focused(Pane::Filters), buf, area);
    }
    if let Some(area) = areas.detail {
        let hit = model.events.selected();
        let finding = hit.and_then(|h| model.finding(&h.event));
        model
            .detail
            .view(&focused(Pane::Detail), buf, area, hit, finding);
    }
    if let Some(area) = areas.runbook {
        model.runbooks.view(&focused(Pane::Runbook), buf, area);
    }
    let body = Rect {
        y: areas.note.bottom(),
        height: areas.footer.y - areas.note.bottom(),
        ..areas.note
    };
    match &model.overlay {
        Some(Overlay::Help(help)) => help.view(&plain, buf, body, &model.keymap),
        Some(Overlay::Prompt(prompt)) => cursor = prompt.view(&plain, buf, areas.query),
        None => {}
    }
    let (role, hint) = model.hint();
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

/// The line under the query: what is wrong or worth knowing, else a hairline.
fn note(look: &Look<'_>, buf: &mut Buffer, areas: &Areas, model: &Model) {
    let columns = usize::from(areas.note.width);
    let error = match &model.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.error_line(look, columns),
        _ => model.query_bar.error_line(look, columns),
    };
    if let Some(line) = error {
        draw_lines(buf, areas.note, [line]);
        return;
    }
    let message = model.info.messages.first().map(|m| (Role::Dim, m.clone()));
    match model.note().or(model.problem()).or(message) {
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
