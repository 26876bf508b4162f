//! Queries from the command line: reading them, and showing where one is wrong.

use super::app::App;
use super::exit::Failure;
use crate::engine::{Covers, Engine, SearchPage};
use crate::query::ast::Ast;
use crate::query::{BindContext, Notice, Query, QueryError};
use crate::text::{self, Charset};

/// Columns of query shown before the mark.
const LEAD: usize = 60;

/// The query as typed, narrowed by `--since` and `--until`; every part checked before anything is opened.
pub(super) fn read_query(
    typed: &str,
    since: Option<&str>,
    until: Option<&str>,
    app: &App,
) -> Result<Query, Failure> {
    if typed.starts_with("--") {
        return Err(Failure::Usage(format!(
            "there is no flag {typed}; see auditty --help"
        )));
    }
    let check = |text: &str| -> Result<Query, QueryError> {
        let query = Query::parse(text)?;
        query.bind(&BindContext {
            now: app.now,
            zone: app.settings.zone,
            paths: None,
        })?;
        Ok(query)
    };
    let mut parts = Vec::new();
    for (flag, field, value) in [("--since", "since", since), ("--until", "until", until)] {
        let Some(value) = value else { continue };
        let quoted = format!(
            "{field}:\"{}\"",
            value.replace('\\', "\\\\").replace('"', "\\\"")
        );
        let query = check(&quoted)
            .map_err(|error| Failure::Usage(format!("{flag} {value}: {}", error.message)))?;
        parts.push(query.ast);
    }
    let query =
        check(typed).map_err(|error| Failure::Usage(pointed(typed, &error, app.err_charset)))?;
    Ok(narrowed(query, parts))
}

fn narrowed(query: Query, mut parts: Vec<Ast>) -> Query {
    if parts.is_empty() {
        return query;
    }
    match query.ast {
        Ast::All => {}
        Ast::And(terms) => parts.extend(terms),
        other => parts.push(other),
    }
    let ast = match parts.len() {
        1 => parts.remove(0),
        _ => Ast::And(parts),
    };
    Query { ast }
}

/// The error with the query below it and a mark under the part that is wrong. Not sanitised yet; the mark stands right
/// once it is, in `charset`.
pub(super) fn pointed(typed: &str, error: &QueryError, charset: Charset) -> String {
    let typed = typed.replace(['\n', '\t'], " ");
    let before = error.column.saturating_sub(1);
    let part =
        |from: usize, count: usize| -> String { typed.chars().skip(from).take(count).collect() };
    let lead = part(before.saturating_sub(LEAD), before.min(LEAD));
    let wrong = part(before, error.width.min(LEAD));
    let rest = part(before + error.width.min(LEAD), LEAD);
    let columns = |part: &str| text::width(&charset.line(part, usize::MAX));
    let cut = if before > LEAD { "... " } else { "" };
    let indent = cut.len() + columns(&lead);
    let mark = "^".repeat(columns(&wrong).max(1));
    format!(
        "{error}\n  {cut}{lead}{wrong}{rest}\n  {:indent$}{mark}",
        ""
    )
}

/// Says what a person should know about the answer.
pub(super) fn tell_notices(page: &SearchPage, app: &mut App) {
    for notice in &page.notices {
        let message = match notice {
            Notice::UnknownField { field, quoted } => {
                format!("no event here has a field {field}; to look for the words, write {quoted}")
            }
            Notice::AllOlder { newest } => {
                format!(
                    "everything is older; the newest event is of {} {}",
                    app.style.zone.format(*newest),
                    app.style.zone
                )
            }
        };
        app.talk(&message);
    }
}

/// Says which sources could not be read, and that an answer is not the whole one, if so; `true` = it is not. `covers` =
/// what the answer covers.
pub(super) fn tell_unread(engine: &dyn Engine, covers: &Covers, app: &mut App) -> bool {
    let info = engine.status();
    for message in &info.messages {
        app.talk(message);
    }
    let mut is_partial = false;
    for source in &info.sources {
        if let Some(error) = &source.error {
            app.talk(&format!("{}: {error}", source.name));
            is_partial = true;
        }
    }
    // The run that read the file said so in a message already.
    for cut in info.sources.iter().flat_map(|source| &source.cut) {
        if !info.messages.contains(cut) {
            app.talk(cut);
        }
        is_partial = true;
    }
    // Said once, where the engine said so itself.
    let stopped = covers
        .stopped
        .iter()
        .map(|why| format!("indexing stopped: {why}"));
    for message in stopped.filter(|m| !info.messages.contains(m)) {
        app.talk(&message);
    }
    if !covers.complete {
        app.talk("not everything was searched");
        is_partial = true;
    }
    is_partial
}
