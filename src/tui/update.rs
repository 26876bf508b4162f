//! One message in, the model changed, the work that follows out. Routes, and lets panes work together; what a pane
//! does by itself is in the pane.

mod alerts;
mod beside;
mod context;
mod facets;
mod history;
mod integrity;
mod jump;
mod leave;
mod live;
mod look;
mod marks;
mod moments;
mod palette;
mod pivot;
mod prompt;
mod related;
mod run_report;
mod runbook;
mod search;
pub mod session;
mod share;
mod sources;
mod timeline;
mod visit;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::command::Command;
use super::effect::NOTHING_KEPT;
use super::effect::{Effect, Lane, Place, Purpose, Target};
use super::keymap::Context;
use super::layout;
use super::message::{Intent, Message};
use super::model::{Model, Pane};
use super::overlay::Overlay;
use super::overlay::help::Help;
use super::overlay::prompt::Ask;
use super::pane::events::Edge;
use super::pane::runbook::run::Mark;
use super::term;
use super::theme::Role;
use super::widget::line_editor::MAX_BYTES;
use super::widget::text::number;
use crate::event::time::{DAY, HOUR};
use crate::query::ast::Ast;
use crate::query::{Notice, Query};

/// What to do first.
pub fn start(model: &mut Model) -> Vec<Effect> {
    model.asking.info_running = true;
    let mut effects = vec![Effect::Info];
    effects.extend(session::begin(model));
    effects
}

pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = match message {
        Message::Tick(now) => {
            let mut effects = live::tick(model, now);
            effects.extend(beside::added(model));
            effects.extend(session::tick(model));
            return effects;
        }
        Message::Key(key) => {
            model.dirty = true;
            session::touched(model);
            let before = history::Before::of(model);
            let effects = on_key(model, key);
            model.asking.widen = None;
            before.remember(model);
            effects
        }
        Message::Paste(text) => {
            model.dirty = true;
            session::touched(model);
            on_paste(model, &text)
        }
        Message::Resize(width, height) => {
            model.dirty = true;
            model.size = (width, height);
            // As many buckets as there are columns now.
            model.asking.counts_due |= model.is_visible(Pane::Timeline);
            Vec::new()
        }
        Message::Searched {
            generation,
            purpose,
            result,
        } if purpose.lane() != Lane::List => {
            beside::answered(model, generation, &purpose, result);
            Vec::new()
        }
        Message::Searched {
            generation,
            purpose,
            result,
        } => {
            let before = history::Before::of(model);
            let effects = search::searched(model, generation, purpose, result);
            before.remember(model);
            effects
        }
        Message::Info(info) => {
            model.dirty = true;
            model.asking.info_running = false;
            alerts::raise(model, &info);
            model.info = *info;
            context::prepare(model);
            Vec::new()
        }
        Message::SessionSaved { name, error } => {
            session::saved(model, name, error);
            Vec::new()
        }
        Message::SessionOpened(result) => {
            let before = history::Before::of(model);
            let effects = session::opened(model, result);
            before.remember(model);
            effects
        }
        Message::Tailed { generation, item } => live::tailed(model, generation, item),
        Message::TailEnded { generation, error } => {
            if model.arriving.tail == Some(generation) {
                model.dirty = true;
                model.arriving.tail = None;
                if let Some(error) = error {
                    model.said = Some((Role::Warning, format!("not live any more: {error}")));
                }
            }
            Vec::new()
        }
        Message::Suspend => vec![Effect::Suspend],
        Message::Continued => vec![Effect::TakeOver],
        Message::Shared(news) => {
            share::news(model, news);
            Vec::new()
        }
    };
    effects.extend(settle(model));
    effects
}

/// Tells the list its size and fetches the page beyond an edge that came near.
fn settle(model: &mut Model) -> Vec<Effect> {
    if let Some(areas) = layout::areas(model) {
        model.events.resize(areas.events.width, areas.events.height);
        if let Some(area) = areas.detail {
            model.detail.resize(area.width, area.height);
        }
        if let Some(area) = areas.runbook {
            runbook::limit_scroll(model, area);
        }
    }
    palette::settle(model);
    let pins = model.runbooks.run().into_iter().flat_map(|run| run.pins());
    model.marks.set_pinned(pins);
    if !model.is_visible(model.focus) {
        model.focus = Pane::Events;
    }
    let mut effects = match model.events.near_edge() {
        Some(Edge::Older) => search::fetch_edge(model, Purpose::Older),
        Some(Edge::Newer) => search::fetch_edge(model, Purpose::Newer),
        None => {
            let mut effects = search::missing_counts(model);
            effects.extend(related::ask(model));
            effects
        }
    };
    effects.extend(beside::settle(model));
    effects
}

fn on_paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if text.len() > MAX_BYTES {
        let (long, most) = (number(text.len() as u64), number(MAX_BYTES as u64));
        model.said = Some((
            Role::Warning,
            format!("{long} bytes were pasted: more than the {most} that one line takes"),
        ));
        return Vec::new();
    }
    match model.context() {
        Context::Palette => return palette::insert(model, text),
        Context::Form => model.runbooks.insert(text),
        Context::Prompt => prompt::insert(model, text),
        Context::Narrow => return narrow(model, text),
        _ if model.overlay.is_some() => {}
        _ => {
            let paths = &model.info.paths;
            let is_path = |path: &str| paths.contains_key(path);
            model.query_bar.paste(text, &is_path);
        }
    }
    Vec::new()
}

/// More of the text that values are narrowed by: those that hold it are counted, also where there are very many others.
fn narrow(model: &mut Model, text: &str) -> Vec<Effect> {
    model.filters.insert(text);
    search::recount(model)
}

fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    model.history.next_key();
    let was_armed = std::mem::take(&mut model.quit_armed);
    model.said = None;
    model.alerts.seen();
    let context = model.context();
    let command = model.keymap.resolve(context, key);
    if context.is_editing() {
        let typed = match key.code {
            KeyCode::Char(c)
                if !key
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                Some(c)
            }
            _ => None,
        };
        return match (command, typed) {
            (Some(command), _) => run(model, command, 1, was_armed),
            (None, Some(c)) => {
                let mut buffer = [0; 4];
                let text = c.encode_utf8(&mut buffer);
                match context {
                    Context::Form => model.runbooks.insert(text),
                    Context::Prompt => prompt::insert(model, text),
                    Context::Narrow => return narrow(model, text),
                    Context::Palette => return palette::insert(model, text),
                    _ => model.query_bar.insert(text),
                }
                Vec::new()
            }
            (None, None) => Vec::new(),
        };
    }
    if let (None, KeyCode::Char(c @ '0'..='9')) = (command, key.code) {
        let digit = c as usize - '0' as usize;
        let count = model
            .count
            .unwrap_or(0)
            .saturating_mul(10)
            .saturating_add(digit)
            .min(99_999);
        model.count = (count > 0).then_some(count);
        return Vec::new();
    }
    let count = model.count.take().unwrap_or(1);
    match command {
        Some(command) => run(model, command, count, was_armed),
        None => Vec::new(),
    }
}

/// Carries out a command as if its key had been pressed.
pub(super) fn run(
    model: &mut Model,
    command: Command,
    count: usize,
    quit_armed: bool,
) -> Vec<Effect> {
    if !matches!(command, Command::DropRun | Command::FillAnew) {
        model.runbooks.forget_dropping();
    }
    match command {
        Command::Redraw => vec![Effect::Redraw],
        Command::Suspend => vec![Effect::Suspend],
        Command::Interrupt => leave::interrupt(model),
        Command::Quit => leave::quit(model, quit_armed),
        Command::Close => leave::close(model).unwrap_or_default(),
        Command::Help => {
            let about = model.context();
            model.overlay = Some(Overlay::Help(Help::new(about)));
            Vec::new()
        }
        Command::PivotActor
        | Command::PivotSession
        | Command::PivotIp
        | Command::PivotTarget
        | Command::PivotTime
        | Command::PivotTimeline => pivot::apply(model, command),
        Command::Sources if matches!(model.overlay, Some(Overlay::Sources(_))) => {
            model.overlay = None;
            Vec::new()
        }
        Command::Integrity if matches!(model.overlay, Some(Overlay::Integrity(_))) => {
            model.overlay = None;
            Vec::new()
        }
        _ if model.overlay.is_some() => to_overlay(model, command, count),
        _ if model.query_bar.is_editing() => {
            let intent = model.query_bar.update(command);
            carry_out(model, intent)
        }
        Command::EditQuery => {
            model.query_bar.edit();
            Vec::new()
        }
        Command::ClearQuery => {
            model.parked = None;
            model.filters.forget();
            set_query(model, Query::default(), None)
        }
        Command::Unpark if model.parked.is_none() => {
            model.say("no query was set aside");
            Vec::new()
        }
        Command::Unpark => runbook::unpark(model),
        Command::GoToTime => prompt::ask(model, Ask::Time),
        Command::HourBack => moments::shift(model, HOUR, count, false),
        Command::HourForward => moments::shift(model, HOUR, count, true),
        Command::DayBack => moments::shift(model, DAY, count, false),
        Command::DayForward => moments::shift(model, DAY, count, true),
        Command::Back => history::go(model, false, count),
        Command::Forward => history::go(model, true, count),
        Command::Context => context::toggle(model),
        Command::NextMatch => context::step(model, count, true),
        Command::PreviousMatch => context::step(model, count, false),
        Command::Timeline => timeline::toggle(model),
        Command::HideTimeline => timeline::hide(model),
        Command::SearchInside => related::ask_inside(model),
        Command::Pivot => pivot::open(model),
        Command::Mark => marks::toggle(model),
        Command::NextMark => marks::go(model, true, count),
        Command::PreviousMark => marks::go(model, false, count),
        Command::Annotate => marks::ask(model),
        Command::TimeStyle => look::time_style(model),
        Command::TimeZone => look::time_zone(model),
        Command::Columns => look::open_columns(model),
        Command::SaveSession | Command::OpenSession if model.keeping.nowhere => {
            model.said = Some((Role::Warning, NOTHING_KEPT.to_owned()));
            Vec::new()
        }
        Command::SaveSession => prompt::ask(model, Ask::SaveSession),
        Command::OpenSession => prompt::ask(model, Ask::OpenSession),
        Command::EditInputs if model.focus == Pane::Runbook => runbook::edit_inputs(model),
        Command::DropRun if model.focus == Pane::Runbook => runbook::drop_run(model),
        Command::AnotherRun if model.focus == Pane::Runbook => runbook::another_run(model),
        Command::NextRun if model.focus == Pane::Runbook => runbook::next_run(model),
        Command::Pin => runbook::pin(model),
        Command::ListPins => runbook::list_pins(model),
        Command::StepDone => runbook::mark(model, Mark::Done),
        Command::StepSkipped => runbook::mark(model, Mark::Skipped),
        Command::StepBlocked => runbook::mark(model, Mark::Blocked),
        Command::StepNote => runbook::ask_note(model),
        Command::KeepQuery => runbook::keep_query(model),
        Command::StepQuery => runbook::step_query(model),
        Command::HandOver => run_report::show_hand_over(model),
        Command::EditLine | Command::AddLine | Command::FillAnew if !model.is_handing_over() => {
            let key = model.key(Command::HandOver);
            model.say(format!("no text to hand over is shown: {key} shows it"));
            Vec::new()
        }
        Command::EditLine => prompt::ask(model, Ask::LetterLine),
        Command::AddLine => prompt::ask(model, Ask::LetterNew),
        Command::FillAnew => run_report::fill_in_anew(model),
        Command::RunReport => palette::open(model, "run-report "),
        Command::Fix => fix(model),
        Command::Retry => {
            model.say("asked again");
            search::retry(model)
        }
        Command::Palette => palette::open(model, ""),
        Command::Export => palette::open(model, "export "),
        Command::CopyValue => share::copy_value(model),
        Command::CopyRecord => share::copy_record(model),
        Command::CopyCommand => share::copy_command(model),
        Command::Sources => sources::open(model),
        Command::Integrity => integrity::open(model),
        Command::Filters => toggle(model, Pane::Filters),
        Command::Runbooks => {
            if !model.is_open(Pane::Runbook) {
                runbook::rank(model);
            }
            toggle(model, Pane::Runbook)
        }
        Command::NextPane => cycle(model, true),
        Command::PreviousPane => cycle(model, false),
        Command::NextBreak => jump::by_key(model, Target::Break, true, count),
        Command::PreviousBreak => jump::by_key(model, Target::Break, false, count),
        Command::NextFailure => jump::by_key(model, Target::Failure, true, count),
        Command::PreviousFailure => jump::by_key(model, Target::Failure, false, count),
        Command::Follow => {
            let before = model.events.selected_key();
            let intent = model.events.update(command, count);
            after_move(model, before);
            model.say(if model.events.follow {
                "following new events"
            } else {
                "not following"
            });
            carry_out(model, intent)
        }
        _ => to_pane(model, command, count),
    }
}

fn to_overlay(model: &mut Model, command: Command, count: usize) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Help(help)) => {
            let mut help = *help;
            if let Some(areas) = layout::areas(model) {
                let around = (&model.look(false), areas.body(), &model.keymap);
                help.update(command, count, around);
            }
            model.overlay = Some(Overlay::Help(help));
        }
        Some(Overlay::Prompt(_)) if command == Command::Apply => return prompt::answer(model),
        Some(Overlay::Prompt(prompt)) => prompt.update(command),
        Some(Overlay::Pivot(_)) => return pivot::in_menu(model, command, count),
        Some(Overlay::Columns(_)) => look::in_columns(model, command, count),
        Some(Overlay::Palette(_)) => return palette::in_palette(model, command),
        Some(Overlay::Sources(_)) => return sources::in_sources(model, command, count),
        Some(Overlay::Integrity(_)) => return integrity::in_integrity(model, command, count),
        None => {}
    }
    Vec::new()
}

fn to_pane(model: &mut Model, command: Command, count: usize) -> Vec<Effect> {
    let intent = match model.focus {
        Pane::Events => {
            let before = model.events.selected_key();
            let intent = model.events.update(command, count);
            after_move(model, before);
            intent
        }
        Pane::Timeline => {
            let query = &model.query;
            model.timeline.update(command, count, query)
        }
        Pane::Filters => model.filters.update(command, count),
        Pane::Detail => {
            let mut detail = std::mem::take(&mut model.detail);
            let look = model.look(true);
            let intent = detail.update(command, count, model.subject(), &look);
            model.detail = detail;
            intent
        }
        Pane::Runbook => model
            .runbooks
            .update(command, count, model.now, model.zone.place()),
    };
    carry_out(model, intent)
}

/// Another event is selected: its detail begins at the top.
fn after_move(model: &mut Model, before: Option<crate::event::SortKey>) {
    if model.events.selected_key() != before {
        model.detail.start_over();
    }
}

fn carry_out(model: &mut Model, intent: Option<Intent>) -> Vec<Effect> {
    match intent {
        None => Vec::new(),
        Some(Intent::SetQuery(query)) => set_query(model, query, None),
        Some(Intent::AddTerm(term)) => {
            let query = term::with(&model.query, term);
            set_query(model, query, None)
        }
        Some(Intent::SetSince(since)) => {
            let query = term::since(&model.query, since);
            set_query(model, query, None)
        }
        Some(Intent::EditQuery(text, cursor)) => {
            model.query_bar.edit_at(text, cursor);
            Vec::new()
        }
        Some(Intent::Recount) => search::recount(model),
        Some(Intent::AddFacet) => prompt::ask(model, Ask::Facet),
        Some(Intent::OpenDetail) => {
            // What is being read must not give way to the next arrival.
            model.events.follow = false;
            model.set_open(Pane::Detail, true);
            Vec::new()
        }
        Some(Intent::Visit { id, noun }) => visit::go(model, id, noun),
        Some(Intent::LoadNewest) => search::load(model, Place::Newest),
        Some(Intent::LoadOldest) => search::load(model, Place::Oldest),
        Some(Intent::OpenRunbook(index)) => runbook::open(model, index),
        Some(Intent::ApplyStep) => runbook::apply(model),
        Some(Intent::Ended(words)) => runbook::ended(model, &words),
        Some(Intent::Say(text)) => {
            model.say(text);
            Vec::new()
        }
    }
}

/// Puts a person's own query in force. `text` is how it was typed, if it was.
fn set_query(model: &mut Model, query: Query, text: Option<String>) -> Vec<Effect> {
    runbook::change(model, &query);
    model.query_bar.remember(&query.to_string());
    if query == model.query && model.anchor.is_none() && model.asking.error.is_none() {
        return Vec::new();
    }
    model.anchor = None;
    search::put_in_force(model, query, text)
}

fn toggle(model: &mut Model, pane: Pane) -> Vec<Effect> {
    if model.focus == pane {
        return leave::close(model).unwrap_or_default();
    }
    model.set_open(pane, true);
    Vec::new()
}

fn cycle(model: &mut Model, forward: bool) -> Vec<Effect> {
    let open: Vec<Pane> = Pane::ALL
        .into_iter()
        .filter(|p| model.is_open(*p))
        .collect();
    let at = open.iter().position(|p| *p == model.focus).unwrap_or(0);
    let step = if forward { 1 } else { open.len() - 1 };
    if let Some(next) = open.get((at + step) % open.len().max(1)) {
        model.focus(*next);
    }
    Vec::new()
}

/// Does what the first notice offers.
fn fix(model: &mut Model) -> Vec<Effect> {
    match model.notices.first().cloned() {
        Some(Notice::UnknownField { field, quoted }) => match Query::parse(&quoted) {
            Ok(text) => {
                let ast = replace_field(model.query.ast.clone(), &field, &text.ast);
                set_query(model, Query { ast }, None)
            }
            Err(_) => Vec::new(),
        },
        Some(Notice::AllOlder { .. }) if !model.query.follows_clock() => {
            model.say("the times of this query do not count from the clock");
            Vec::new()
        }
        Some(Notice::AllOlder { newest }) => {
            model.anchor = Some(newest);
            let query = model.query.clone();
            let text = model.query_bar.text().to_owned();
            search::put_in_force(model, query, Some(text))
        }
        None => match model.wider() {
            Some((_, query)) => set_query(model, query, None),
            None => {
                model.say("there is nothing to rewrite");
                Vec::new()
            }
        },
    }
}

/// The tree with every test of an attribute `field` replaced.
fn replace_field(ast: Ast, field: &str, by: &Ast) -> Ast {
    use crate::query::ast::FieldRef;
    let all = |parts: Vec<Ast>| {
        parts
            .into_iter()
            .map(|p| replace_field(p, field, by))
            .collect()
    };
    match ast {
        Ast::And(parts) => Ast::And(all(parts)),
        Ast::Or(parts) => Ast::Or(all(parts)),
        Ast::Not(inner) => Ast::Not(Box::new(replace_field(*inner, field, by))),
        Ast::Field(FieldRef::Attribute(path), _) if path == field => by.clone(),
        other => other,
    }
}
