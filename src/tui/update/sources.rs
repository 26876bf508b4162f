//! The sources overlay: muting a source, showing only it, going to its next break.

use std::sync::Arc;

use super::{jump, prompt, set_query};
use crate::event::field::Field;
use crate::query::Query;
use crate::query::ast::{Ast, FieldRef};
use crate::text::Charset;
use crate::text::suggest::hint;
use crate::tui::command::Command;
use crate::tui::effect::{Effect, Jump, Target};
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::Ask;
use crate::tui::overlay::sources::{Sources, named};
use crate::tui::widget::offers::Offer;

/// The answer that lets the content decide.
const BY_CONTENT: &str = "auto";
/// Of a source's name in the prompt.
const NAME_COLUMNS: usize = 24;

pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    show(model, Sources::default())
}

fn show(model: &mut Model, sources: Sources) -> Vec<Effect> {
    model.overlay = Some(Overlay::Sources(sources));
    ask_info(model)
}

/// Asks what there is to know of the sources, unless that is being asked.
pub(super) fn ask_info(model: &mut Model) -> Vec<Effect> {
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
        Command::ReadAs if model.formats.is_empty() => {
            model.say("nothing is read here any more");
            Vec::new()
        }
        Command::ReadAs => prompt::ask(model, Ask::Format(name)),
        Command::NextBreak | Command::PreviousBreak => {
            model.overlay = None;
            let forward = command == Command::NextBreak;
            jump::start(
                model,
                Jump {
                    source: Some(name),
                    ..Jump::new(Target::Break, forward, count)
                },
            )
        }
        _ => Vec::new(),
    }
}

/// Names the source that is to be read otherwise, by the end of its path.
pub(super) fn asks_format(source: &str) -> String {
    let name = source.rsplit('/').next().unwrap_or(source);
    let name = Charset::Unicode.line(name, NAME_COLUMNS);
    format!("read {name} as")
}

/// Formats that a source can be read as.
pub(super) fn formats(model: &Model) -> Vec<Offer> {
    let offer = |(label, note): (&str, &str)| Offer {
        label: label.to_owned(),
        note: note.to_owned(),
    };
    let formats = model.formats.iter();
    let formats = formats.map(|(id, title)| offer((id, title)));
    std::iter::once(offer((BY_CONTENT, "what its content shows")))
        .chain(formats)
        .collect()
}

/// Has a source read again; a format that does not exist keeps the prompt open.
pub(super) fn read_as(model: &mut Model, source: Arc<str>, format: &str) -> Vec<Effect> {
    let ids = model.formats.iter().map(|(id, _)| id.as_str());
    if format != BY_CONTENT && !ids.clone().any(|id| id == format) {
        let near = hint(format, ids.chain([BY_CONTENT]));
        if let Some(Overlay::Prompt(prompt)) = &mut model.overlay {
            prompt.refuse(format!(
                "there is no format \"{format}\"{near}; Tab offers them"
            ));
        }
        return Vec::new();
    }
    let format = (format != BY_CONTENT).then(|| format.to_owned());
    let how = match &format {
        Some(format) => format!("as {format}"),
        None => "by its content".to_owned(),
    };
    model.say(format!("read again {how}: {source}"));
    let mut effects = show(model, Sources::at(source.clone()));
    effects.push(Effect::ReadAs { source, format });
    effects
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
