//! Going to the next or the previous break, failure or match: within the list, from its other end, then where a query hides
//! it.

use super::context::listed;
use super::{history, search};
use crate::engine::{Cursor, Hit, SearchPage, SearchRequest, Sort};
use crate::event::field::Field;
use crate::event::{BreakKind, Level, Verdict};
use crate::query::Query;
use crate::query::ast::FieldRef;
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Jump, Place, Purpose, Spot, Target};
use crate::tui::model::Model;
use crate::tui::overlay::integrity::spot;
use crate::tui::overlay::sources::named;
use crate::tui::pane::events::window::Arrival;
use crate::tui::term;
use crate::tui::theme::Role;

/// As a key asks for it.
pub(super) fn by_key(
    model: &mut Model,
    target: Target,
    forward: bool,
    count: usize,
) -> Vec<Effect> {
    // There was none among what the query matches, and the same key came again.
    let everything = model.asking.widen.take() == Some(target);
    start(
        model,
        Jump {
            everything,
            ..Jump::new(target, forward, count)
        },
    )
}

pub(super) fn start(model: &mut Model, jump: Jump) -> Vec<Effect> {
    model.dirty = true;
    history::jumps(model);
    search::ask_after_list(model, Purpose::Jump(jump))
}

/// What is asked for a jump.
pub(super) fn request(model: &Model, jump: &Jump, request: &mut SearchRequest) {
    let term = match jump.target {
        Target::Break => Some(term::broken()),
        Target::Failure => Some(term::failed()),
        Target::Match => None,
        // A line of several generations is told apart by who gets the answer.
        Target::Finding(spot) => Some(term::is(
            FieldRef::Normal(Field::Line),
            &spot.line_to_see().to_string(),
        )),
    };
    let within = match jump.target {
        _ if jump.everything => Query::default(),
        Target::Match => model.query.clone(),
        Target::Break | Target::Failure | Target::Finding(_) => listed(model),
    };
    let mut terms = within.conjuncts();
    terms.extend(term);
    terms.extend(jump.source.as_deref().map(named));
    request.query = Query::from_conjuncts(terms);
    request.sort = if jump.forward { Sort::Asc } else { Sort::Desc };
    let anywhere = jump.wrapped || matches!(jump.target, Target::Finding(_));
    let here = model.events.selected_key().filter(|_| !anywhere);
    request.cursor = here.map(|key| Cursor {
        key,
        inclusive: false,
    });
    // No more than a page is worth it.
    request.limit = match jump.target {
        Target::Finding(_) => search::PAGE,
        _ => jump.count.min(search::PAGE),
    };
}

/// Whether this is the record that a finding is about.
fn is_at(hit: &Hit, spot: Spot) -> bool {
    let order = &hit.event.order;
    let is_there = match spot.kind {
        BreakKind::TailTruncated => hit.event.line == Some(spot.line_to_see()),
        _ => order.offset == spot.offset,
    };
    order.generation == spot.generation && is_there
}

/// To the first alarm, by its finding: where no record that is left shows it.
fn without_row(model: &Model, wanted: Option<&str>) -> Option<Jump> {
    let sources = model.info.sources.iter();
    let mut sources = sources.filter(|s| wanted.is_none_or(|wanted| *s.name == *wanted));
    sources.find_map(|source| {
        let findings = &source.chain.as_ref()?.findings;
        let finding = findings.iter().find(|f| f.level == Level::Alarm)?;
        Some(Jump {
            source: Some(source.name.clone()),
            ..Jump::new(Target::Finding(spot(finding)), true, 1)
        })
    })
}

/// `break 2 of 5`, as far as its place is known.
fn which_break(model: &Model, hit: &Hit) -> String {
    let times = model.break_times();
    let breaks = model.breaks();
    match hit.event.ts.filter(|ts| times.contains(ts)) {
        _ if breaks == 1 => "the only break".to_owned(),
        Some(ts) if times.len() == breaks => {
            let before = times.iter().filter(|time| **time < ts).count();
            format!("break {} of {breaks}", before + 1)
        }
        _ => "a break".to_owned(),
    }
}

pub(super) fn jumped(model: &mut Model, jump: Jump, page: SearchPage) -> Vec<Effect> {
    let noun = jump.target.noun();
    let hit = match jump.target {
        Target::Finding(spot) => page.hits.into_iter().find(|hit| is_at(hit, spot)),
        // As far as it goes, where there are fewer.
        _ => page.hits.into_iter().last(),
    };
    let Some(hit) = hit else {
        // From here on, then from the other end; among what the query matches, then among everything.
        let is_finding = matches!(jump.target, Target::Finding(_));
        let hides = jump.target != Target::Match;
        let filtered = hides && listed(model) != Query::default();
        let next = match jump {
            Jump { wrapped: false, .. } if !is_finding => Jump {
                wrapped: true,
                count: 1,
                ..jump
            },
            // A broken chain must not be missed because a query hides it; other things can be asked for.
            Jump {
                everything: false,
                target: Target::Failure,
                ..
            } if filtered => {
                model.asking.widen = Some(Target::Failure);
                let key = model.key(if jump.forward {
                    Command::NextFailure
                } else {
                    Command::PreviousFailure
                });
                model.say(format!(
                    "no {noun} among these; {key} again looks everywhere"
                ));
                return Vec::new();
            }
            Jump {
                everything: false, ..
            } if filtered => Jump {
                wrapped: false,
                everything: true,
                ..jump
            },
            _ if is_finding => {
                model.say("no event is at the place of this finding");
                return Vec::new();
            }
            _ => {
                // What is gone has no row of its own.
                let of_breaks = jump.target == Target::Break;
                let lost = of_breaks.then(|| without_row(model, jump.source.as_deref()));
                if let Some(to) = lost.flatten() {
                    return start(model, to);
                }
                let unchained = jump.target == Target::Break
                    && model
                        .info
                        .sources
                        .iter()
                        .all(|s| s.chain.as_ref().is_none_or(|c| !c.is_chained()));
                model.say(if unchained {
                    "no log here has a hash chain: whether it was changed cannot be told".to_owned()
                } else {
                    format!("there is no {noun}")
                });
                return Vec::new();
            }
        };
        return start(model, next);
    };
    let selected = model.events.selected().map(|s| s.event.id);
    let same = selected == Some(hit.event.id);
    if jump.wrapped {
        model.say(match (same, jump.forward) {
            (true, _) => format!("this is the only {noun}"),
            (false, true) => format!("no later {noun}: went on from the start"),
            (false, false) => format!("no earlier {noun}: went on from the end"),
        });
    }
    if jump.target == Target::Break {
        model.alerts.breaks_seen = model.breaks();
    }
    model.events.follow = false;
    model.detail.reset();
    if let (Verdict::Broken(kind), Target::Break) = (hit.verdict, jump.target) {
        let open = model.key(Command::Open);
        let which = if jump.wrapped && same {
            "the only break".to_owned()
        } else {
            which_break(model, &hit)
        };
        let wrapped = match (jump.wrapped && !same, jump.forward) {
            (false, _) => "",
            (true, true) => " (from the start)",
            (true, false) => " (from the end)",
        };
        let words = format!("{which}{wrapped}: {kind}, {open} explains it");
        model.said = Some((Role::Alarm, words));
    }
    if let Target::Finding(spot) = jump.target {
        let open = model.key(Command::Open);
        let role = match spot.kind.level() {
            Level::Alarm => Role::Alarm,
            Level::Warning => Role::Warning,
            Level::Note => Role::Text,
        };
        let words = match spot.kind {
            BreakKind::TailTruncated => {
                format!("{}: what came after this record is gone", spot.kind)
            }
            kind => format!("{kind}: {open} explains it"),
        };
        model.said = Some((role, words));
    }
    let key = hit.event.sort_key();
    if jump.everything {
        search::show_everything(model, noun);
        model.events.release();
        return search::load(model, Place::Around(key));
    }
    let id = hit.event.id;
    if model.events.window.position(id).is_some() {
        // Its verdict may be newer than the one in the list.
        model.events.merge(vec![hit], Arrival::Refresh);
    }
    if model.events.select(id) {
        Vec::new()
    } else {
        model.events.release();
        search::load(model, Place::Around(key))
    }
}
