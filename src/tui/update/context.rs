//! Context mode: the query no longer filters the list but marks its events among their neighbours.

use super::{jump, search};
use crate::engine::resolve_path;
use crate::query::ast::Ast;
use crate::query::{BindContext, Matcher, PathTable, Query};
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Jump, Target};
use crate::tui::model::Model;

/// The query's bounds of time, which hold in context mode too; and the rest of it, which only marks.
fn parts(query: &Query) -> (Query, Query) {
    let is_bound = |ast: &Ast| matches!(ast, Ast::Since(_) | Ast::Until(_));
    let (bounds, rest) = query.conjuncts().into_iter().partition(is_bound);
    (Query::from_conjuncts(bounds), Query::from_conjuncts(rest))
}

/// What the list holds: what the query matches, or everything within its bounds of time.
pub(super) fn listed(model: &Model) -> Query {
    if model.in_context {
        parts(&model.query).0
    } else {
        model.query.clone()
    }
}

struct Paths<'a>(&'a Model);

impl PathTable for Paths<'_> {
    fn resolve(&self, path: &str) -> Option<String> {
        resolve_path(self.0.info.paths.keys().map(String::as_str), path)
    }
}

/// Gives the list what it marks with, as the query and the paths seen are now.
pub(super) fn prepare(model: &mut Model) {
    if !model.in_context {
        model.events.matcher = None;
        return;
    }
    let bound = parts(&model.query).1.bind(&BindContext {
        now: model.anchor.unwrap_or(model.now),
        zone: model.zone.place(),
        paths: Some(&Paths(model)),
    });
    // A query that makes no sense was refused before it came into force.
    model.events.matcher = bound.and_then(|bound| Matcher::new(&bound)).ok();
}

/// Into context mode or out of it; the selection stays on its event and its row.
pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if !model.in_context && parts(&model.query).1 == Query::default() {
        model.say("there is no query whose matches could be shown in context");
        return Vec::new();
    }
    model.in_context = !model.in_context;
    model.events.follow = false;
    prepare(model);
    search::reload(model)
}

/// To the next or previous match: in a filtered list that is the next row.
pub(super) fn step(model: &mut Model, count: usize, forward: bool) -> Vec<Effect> {
    if model.in_context {
        return jump::start(model, Jump::new(Target::Match, forward, count));
    }
    let before = model.events.selected_key();
    let command = if forward { Command::Down } else { Command::Up };
    let intent = model.events.update(command, count);
    super::after_move(model, before);
    super::carry_out(model, intent)
}
