//! The layer rule: who may import whom, checked on the sources themselves.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::imports::{Import, imports};

/// The table of `src/lib.rs`. A module imports only modules of strictly lower rank.
const RANKS: [(&str, u8); 16] = [
    ("event", 0),
    ("text", 0),
    ("json", 0),
    ("format", 1),
    ("source", 1),
    ("chain", 1),
    ("seal", 1),
    ("query", 1),
    ("runbook", 2),
    ("engine", 3),
    ("config", 3),
    ("ingest", 4),
    ("export", 4),
    ("state", 4),
    ("tui", 5),
    ("cli", 6),
];

/// Modules that answer queries: they never import each other, and only `cli` names them.
const ENGINES: [&str; 2] = ["memory", "local"];

/// The order inside the explorer, as in `src/tui.rs`; modules of one rank never import each other.
const TUI_RANKS: [(&str, u8); 22] = [
    ("theme", 0),
    ("marks", 0),
    ("clipboard", 0),
    ("verb", 0),
    ("share", 1),
    ("term", 1),
    ("widget", 1),
    ("columns", 2),
    ("command", 2),
    ("effect", 2),
    ("message", 3),
    ("keymap", 4),
    ("pane", 5),
    ("overlay", 5),
    ("model", 6),
    ("layout", 7),
    ("view", 8),
    ("update", 8),
    ("runner", 9),
    ("runtime", 10),
    ("terminal", 11),
    ("start_page", 12),
];

const MAX_LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `dir`, as (path relative to the root, text), sorted.
fn rust_files(dir: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(dir)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// `src/engine/local/store.rs` -> engine, local, store.
fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").unwrap().with_extension("");
    inside
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect()
}

fn rank_in(table: &[(&str, u8)], name: &str) -> Option<u8> {
    table.iter().find(|(n, _)| *n == name).map(|(_, r)| *r)
}

fn is_test_module(module: &[String]) -> bool {
    module
        .iter()
        .any(|part| part == "tests" || part.ends_with("_tests"))
}

/// The rule that an import breaks, in words.
fn broken_rule(import: &Import) -> Option<String> {
    let (from, to) = (&import.from, &import.to);
    let own = from.first()?;
    let other = to.first()?;
    if own != other {
        let Some(own_rank) = rank_in(&RANKS, own) else {
            return Some(format!("{own} has no rank"));
        };
        let Some(other_rank) = rank_in(&RANKS, other) else {
            return Some(format!("{other} has no rank"));
        };
        if other_rank >= own_rank {
            return Some(format!(
                "{own} (rank {own_rank}) imports only lower ranks, {other} has rank {other_rank}"
            ));
        }
    }
    let engine = to
        .get(1)
        .filter(|name| other == "engine" && ENGINES.contains(&name.as_str()));
    if let Some(engine) = engine {
        if own == "engine" {
            let mine = from.get(1);
            if mine.is_some_and(|mine| mine != engine && ENGINES.contains(&mine.as_str())) {
                return Some("engines never import each other".into());
            }
        } else if own != "cli" && !is_test_module(from) {
            return Some("only cli names concrete engines".into());
        }
    }
    if own == "tui" && other == "tui" && !is_test_module(from) {
        return broken_tui_rule(&from[1..], &to[1..]);
    }
    None
}

fn broken_tui_rule(from: &[String], to: &[String]) -> Option<String> {
    // The root joins everything.
    let (own, other) = (from.first()?, to.first()?);
    if own == other {
        let sibling = own == "pane" && from.len() > 1 && to.len() > 1 && from[1] != to[1];
        return sibling.then(|| "panes never import panes".into());
    }
    // What the root itself defines (`tui::Options`) is not one of its modules.
    let other_rank = rank_in(&TUI_RANKS, other)?;
    let Some(own_rank) = rank_in(&TUI_RANKS, own) else {
        return Some(format!("tui::{own} has no rank"));
    };
    (other_rank >= own_rank).then(|| {
        format!("tui::{own} (rank {own_rank}) imports only lower ranks, tui::{other} has rank {other_rank}")
    })
}

fn violations(file: &Path, text: &str) -> Vec<String> {
    imports(text, &module_of(file))
        .iter()
        .filter_map(|import| {
            let rule = broken_rule(import)?;
            Some(format!(
                "{}:{}: crate::{}: {rule}",
                file.display(),
                import.line,
                import.to.join("::")
            ))
        })
        .collect()
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn the_table_of_the_map_is_the_one_enforced() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows: Vec<(String, u8)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .map(|row| {
            let (name, rest) = row.split_once("` | ").unwrap();
            let (rank, _) = rest.split_once(" | ").unwrap();
            (name.to_owned(), rank.parse().unwrap())
        })
        .collect();
    let ours: Vec<(String, u8)> = RANKS.iter().map(|(n, r)| ((*n).to_owned(), *r)).collect();
    assert_eq!(rows, ours, "src/lib.rs and tests/architecture.rs differ");
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    for name in &declared {
        assert!(rank_in(&RANKS, name).is_some(), "{name} is not in the map");
    }
    assert_eq!(declared.len(), RANKS.len());
}

#[test]
fn modules_import_only_lower_ranks() {
    let mut found = Vec::new();
    let mut seen = 0;
    for (file, text) in rust_files("src") {
        if file == Path::new("src/lib.rs") || file == Path::new("src/main.rs") {
            continue;
        }
        seen += imports(&text, &module_of(&file)).len();
        found.extend(violations(&file, &text));
    }
    assert!(
        seen > 500,
        "only {seen} imports were seen: the reader of imports is broken"
    );
    assert_none("imports against the layer rule", &found);
}

#[test]
fn every_module_of_the_explorer_has_a_rank() {
    let mut found = Vec::new();
    for (file, _) in rust_files("src/tui") {
        let module = module_of(&file);
        if !is_test_module(&module)
            && let Some(name) = module.get(1)
            && rank_in(&TUI_RANKS, name).is_none()
        {
            found.push(file.display().to_string());
        }
    }
    assert_none("modules without a rank", &found);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut found = Vec::new();
    for (file, text) in rust_files("src").into_iter().chain(rust_files("tests")) {
        let name = file.display();
        let lines = text.lines().count();
        if lines > MAX_LINES {
            found.push(format!("{name}: {lines} lines, at most {MAX_LINES}"));
        }
        let first = text.lines().find(|line| !line.trim().is_empty());
        if file != Path::new("src/main.rs") && !first.is_some_and(|line| line.starts_with("//!")) {
            found.push(format!("{name}: the first line is no `//!`"));
        }
        if file.ends_with("mod.rs") {
            found.push(format!("{name}: foo.rs + foo/ instead of mod.rs"));
        }
    }
    assert_none("files out of shape", &found);
}

/// What the checker says of a made-up source.
fn judge(file: &str, text: &str) -> Vec<String> {
    violations(Path::new(file), text)
}

#[test]
fn the_checker_finds_upward_and_sideways_imports() {
    for (file, text, place) in [
        (
            "src/query/lexer.rs",
            "use crate::engine::Hit;",
            ":1: crate::engine::Hit:",
        ),
        (
            "src/query/lexer.rs",
            "\n\nuse crate::chain::Record;",
            ":3: crate::chain::Record:",
        ),
        (
            "src/engine.rs",
            "use crate::{event::Event, ingest::{self, Ingest}};",
            ":1: crate::ingest::Ingest:",
        ),
        (
            "src/event.rs",
            "fn f() -> crate::text::Charset { }",
            ":1: crate::text::Charset",
        ),
        (
            "src/format/json.rs",
            "use super::super::source::LogSet;",
            ":1: crate::source::LogSet:",
        ),
        (
            "src/format/json.rs",
            "mod tests {\n use super::super::super::source::LogSet; }",
            ":2: crate::source::LogSet:",
        ),
        (
            "src/text.rs",
            "use crate::nowhere::X;",
            "nowhere has no rank",
        ),
        (
            "src/engine/memory.rs",
            "use super::local::Store;",
            "engines never import each other",
        ),
        (
            "src/tui/update.rs",
            "use crate::engine::local::X;",
            "only cli names concrete engines",
        ),
        (
            "src/tui/pane/a.rs",
            "use super::b::X;",
            "panes never import panes",
        ),
        (
            "src/tui/pane/a.rs",
            "use crate::tui::model::Model;",
            "tui::pane (rank 5)",
        ),
        (
            "src/tui/view.rs",
            "use super::update::update;",
            "tui::view (rank 8)",
        ),
    ] {
        let found = judge(file, text);
        assert_eq!(
            found.iter().filter(|f| f.contains(place)).count(),
            1,
            "{file} {text}: {found:?}"
        );
        assert!(found.iter().all(|f| f.starts_with(file)), "{found:?}");
    }
}

#[test]
fn the_checker_lets_lower_ranks_and_own_modules_pass() {
    for (file, text) in [
        (
            "src/query/lexer.rs",
            "use super::ast::{Ast, Test}; use crate::event::field::Field;",
        ),
        (
            "src/query/value/a.rs",
            "use crate::query::glob; pub(in crate::query) fn f() {}",
        ),
        (
            "src/query.rs",
            "// use crate::engine::Hit;\n/* crate::cli */ const S: &str = \"crate::cli::x\";",
        ),
        (
            "src/query.rs",
            "const S: &str = r#\"crate::cli \" crate::tui\"#; const Q: char = '\"'; fn f<'a>() {}",
        ),
        (
            "src/engine/local/a.rs",
            "use super::super::page::Partial; use crate::query::ast;",
        ),
        ("src/cli/open.rs", "use crate::engine::local::LocalEngine;"),
        (
            "src/tui/tests/a.rs",
            "use crate::engine::memory::MemoryEngine; use super::super::update::x;",
        ),
        (
            "src/tui/model.rs",
            "use super::pane::events::Events; use crate::tui::Options;",
        ),
    ] {
        assert_eq!(judge(file, text), Vec::<String>::new(), "{file} {text}");
    }
}
