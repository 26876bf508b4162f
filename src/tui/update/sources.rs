//! The sources overlay: muting a source, showing only it, going to its next break.

use super::{search, set_query};
use crate::event::field::Field;
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Jump, Target};
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::sources::{Sources, named};

pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Sources(Sources::default()));
    if std::mem::replace(&mut model.asking.info_running, true) {
        return Vec::new();
    }
    vec![Effect::Info]
}

pub(super) fn in_sources(model: &mut Model, command: Command, count: usize) -> Vec<Effect> {
    let Some(Overlay::Sources(sources)) = &mut model.overlay else {
        return Vec::new();
    };
    sources.update(command, count, &model.info);
    let Some(name) = sources.selected(&model.info).map(|s| s.name.clone()) else {
        return Vec::new();
    };
    match command {
        Command::Mute => {
            let out = named(&name).negated();
            let mut terms = model.query.conjuncts();
            let before = terms.len();
            terms.retain(|t| *t != out);
            if terms.len() == before {
                // Only this source, and not this source: that would be nothing.
                terms.retain(|t| *t != named(&name));
                terms.push(out);
            }
            changed(model, terms)
        }
        Command::Open | Command::FilterIn => {
            model.overlay = None;
            let mut terms = model.query.conjuncts();
            terms.retain(|t| !is_of_source(t));
            terms.push(named(&name));
            changed(model, terms)
        }
        Command::NextBreak | Command::PreviousBreak => {
            model.overlay = None;
            let forward = command == Command::NextBreak;
            search::jump(
                model,
                Jump {
                    target: Target::Break,
                    forward,
                    everything: false,
                    wrapped: false,
                    source: Some(name),
                },
            )
        }
        _ => Vec::new(),
    }
}

fn changed(model: &mut Model, terms: Vec<Ast>) -> Vec<Effect> {
    let query = Query::from_conjuncts(terms);
    let text = query.to_string();
    set_query(model, query, Some(text))
}

fn is_of_source(term: &Ast) -> bool {
    match term {
        Ast::Field(FieldRef::Normal(Field::Source), _) => true,
        Ast::Not(inner) => is_of_source(inner),
        _ => false,
    }
}
