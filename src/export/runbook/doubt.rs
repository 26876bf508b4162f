//! Why finding nothing would prove nothing, although everything was searched.

use std::collections::BTreeSet;

use super::no_event_has;
use crate::engine::{Info, SearchPage};
use crate::event::field::Field;
use crate::query::ast::{Ast, FieldRef};
use crate::query::{Notice, Query};
use crate::runbook::Runbook;
use crate::text::count::counted;

/// The id of what is no more than text.
const TEXT: &str = "text";

/// What stands against it that finding nothing by `query` proves that there is nothing; `None` if nothing does.
pub fn doubt(runbook: &Runbook, query: &Query, page: &SearchPage, info: &Info) -> Option<String> {
    if info.sources.iter().all(|s| s.events == 0) {
        return Some("there are no events in what is open".to_owned());
    }
    if let Some(why) = foreign(runbook, info) {
        return Some(why);
    }
    let older = page.notices.iter().find_map(|notice| match notice {
        Notice::AllOlder { newest } => Some(format!(
            "the logs end at {}, before the time that is asked for",
            newest.to_the_second()
        )),
        Notice::UnknownField { .. } => None,
    });
    let unread = || {
        let source = info.sources.iter().find(|s| s.error.is_some())?;
        Some(format!("{} could not be read", source.name))
    };
    let cut = || {
        let cut = info.sources.iter().find_map(|s| s.cut.first())?;
        Some(format!("not everything was read: {cut}"))
    };
    // A name that was checked on fixtures is right, and that no event here has the field is an answer.
    let unknown = || {
        let fields = unknown_fields(page);
        let is_doubt = !fields.is_empty() && !runbook.has_fixtures;
        is_doubt.then(|| no_event_has(&fields))
    };
    older
        .or_else(unread)
        .or_else(cut)
        .or_else(unknown)
        .or_else(|| without_fields(query, info))
        .or_else(|| without_chain(query, info))
}

/// What was only read as text has no fields to be found by: whoever spoils a record hides it so.
fn without_fields(query: &Query, info: &Info) -> Option<String> {
    let is_of_records = |field: &FieldRef| match field {
        FieldRef::Normal(field) => !matches!(
            field,
            Field::Id | Field::Message | Field::Format | Field::Source | Field::Line | Field::Chain
        ),
        FieldRef::Attribute(_) => true,
    };
    if !asks_of(&query.ast, &is_of_records) {
        return None;
    }
    let (texts, records): (Vec<_>, Vec<_>) = info
        .sources
        .iter()
        .partition(|source| &*source.format == TEXT);
    if records
        .iter()
        .all(|source| source.events == source.unparsed)
        && !texts.is_empty()
    {
        return Some("nothing in what is open was read as more than text".to_owned());
    }
    let unparsed: u64 = records.iter().map(|source| source.unparsed).sum();
    (unparsed > 0).then(|| {
        let records = counted(unparsed, "record", "records");
        format!(
            "{records} could not be parsed and cannot be found by a field: format:text lists them"
        )
    })
}

/// Where nothing is chained, no chain can be broken.
fn without_chain(query: &Query, info: &Info) -> Option<String> {
    let is_chain = |field: &FieldRef| matches!(field, FieldRef::Normal(Field::Chain));
    let is_chained = |source: &crate::engine::SourceInfo| {
        source
            .chain
            .as_ref()
            .is_some_and(|chain| chain.scheme.is_some() || chain.is_chained())
    };
    let is_doubt = asks_of(&query.ast, &is_chain) && !info.sources.iter().any(is_chained);
    is_doubt.then(|| "no source here has a hash chain".to_owned())
}

fn asks_of(ast: &Ast, is_it: &impl Fn(&FieldRef) -> bool) -> bool {
    match ast {
        Ast::And(terms) | Ast::Or(terms) => terms.iter().any(|term| asks_of(term, is_it)),
        Ast::Not(term) => asks_of(term, is_it),
        Ast::Field(field, _) => is_it(field),
        _ => false,
    }
}

/// Fields that the query asks for and no event has, each once.
pub fn unknown_fields(page: &SearchPage) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    for notice in &page.notices {
        if let Notice::UnknownField { field, .. } = notice
            && !unknown.contains(field)
        {
            unknown.push(field.clone());
        }
    }
    unknown
}

/// Why the runbook has nothing to look at in what is open; `None` if it has.
pub fn foreign(runbook: &Runbook, info: &Info) -> Option<String> {
    let open: BTreeSet<&str> = info.sources.iter().map(|s| &*s.format).collect();
    if runbook.reads_any(open.iter().copied()) {
        return None;
    }
    let open: Vec<&str> = open.into_iter().collect();
    Some(format!(
        "this runbook reads {}, and none of that is open (here: {})",
        runbook.logs.join(", "),
        open.join(", ")
    ))
}
