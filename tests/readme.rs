//! The README is true: its commands run, its tables are the program's, what it names is there.
//! `UPDATE_DOCS=1 cargo test readme` writes the tables and the outputs anew.

#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod console;
mod memory;
mod speed;

use std::path::Path;

use auditty::event::{BreakKind, Timestamp, Zone};
use auditty::format::Registry;
use auditty::query::{BindContext, Matcher, Query};
use auditty::runbook::{Library, Runbook};
use auditty::tui::keymap::{Context, Keymap};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn readme() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap()
}

/// What stands between `<!-- name -->` and `<!-- /name -->`.
fn section<'a>(text: &'a str, name: &str) -> &'a str {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = text.find(&start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    let length = text[from..]
        .find(&end)
        .unwrap_or_else(|| panic!("no {end}"));
    &text[from..from + length]
}

/// The cells of a Markdown table's rows, its head left out.
fn rows(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.replace("\\|", "\u{0}");
        let inner = line.trim().trim_matches('|').split('|');
        inner.map(|c| c.trim().replace('\u{0}', "|")).collect()
    };
    table.lines().skip(2).map(cells).collect()
}

fn code(cell: &str) -> &str {
    cell.trim_matches('`')
}

/// One row a command, by place; what a usual key does in the list too is not said again.
fn keys() -> String {
    let keymap = Keymap::standard().unwrap();
    let places = [
        (Context::Global, "Everywhere"),
        (Context::Events, "In the list"),
        (Context::Filters, "In the filter pane"),
        (Context::Detail, "In the detail"),
        (Context::Runbook, "In a runbook"),
    ];
    let mut said = Vec::new();
    let mut table = String::from("| keys | what |\n|---|---|\n");
    for (context, place) in places {
        table.push_str(&format!("| **{place}** | |\n"));
        for (command, keys) in keymap.bound(context) {
            if said.contains(&(command, keys[0])) {
                continue;
            }
            said.push((command, keys[0]));
            let keys: Vec<String> = keys
                .iter()
                .map(|key| format!("`{}`", key.label(true)))
                .collect();
            table.push_str(&format!("| {} | {} |\n", keys.join(" "), command.doc()));
        }
    }
    table
}

fn formats() -> String {
    let mut table = String::from("| id | what it reads |\n|---|---|\n");
    for format in Registry::builtin().all() {
        table.push_str(&format!("| `{}` | {} |\n", format.id(), format.title()));
    }
    table
}

/// What ships, each with a link to its file.
fn runbooks() -> String {
    let mut table = String::from("| runbook | for | reads |\n|---|---|---|\n");
    for book in Library::load(&[]).runbooks {
        let (title, id) = (&book.title, &book.id);
        let (audience, logs) = (book.audience.join(", "), book.logs.join(", "));
        table.push_str(&format!(
            "| [{title}](runbooks/{id}.md) | {audience} | {logs} |\n"
        ));
    }
    table
}

/// The table of modules in the library's own documentation.
fn layers() -> String {
    let library = std::fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    let rows = library.lines().filter_map(|l| l.strip_prefix("//! |"));
    rows.map(|row| format!("|{row}\n")).collect()
}

#[test]
fn tables_and_commands_are_as_the_program_has_them() {
    let old = readme();
    let mut text = old.clone();
    for (name, table) in [
        ("keys", keys()),
        ("formats", formats()),
        ("layers", layers()),
        ("runbooks", runbooks()),
        ("speed", speed::table()),
        ("growth", speed::growth()),
    ] {
        let stored = section(&text, name).to_owned();
        let marker = format!("<!-- {name} -->\n");
        text = text.replace(&format!("{marker}{stored}"), &format!("{marker}{table}"));
    }
    compare_or_write(&old, &console::run_all(&text));
}

/// Fails where the page is not what it should be, or writes it so if asked to.
#[track_caller]
fn compare_or_write(old: &str, new: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(Path::new(ROOT).join("README.md"), new).unwrap();
        return;
    }
    let differs = old.lines().zip(new.lines()).find(|(old, new)| old != new);
    assert!(
        old == new,
        "README.md is not true any more, UPDATE_DOCS=1 cargo test readme writes it anew; first difference: {differs:#?}"
    );
}

#[test]
fn there_are_two_commands_to_begin_with() {
    let text = readme();
    for (marker, command) in [
        ("run", "cargo run --release -- demo"),
        ("test", "cargo test"),
    ] {
        let block = format!("<!-- {marker} -->\n```console\n$ {command}\n```\n");
        assert!(text.contains(&block), "{block}");
    }
    assert_eq!(text.matches("$ cargo").count(), 2);
}

#[test]
fn queries_can_be_asked() {
    let text = readme();
    let rows = rows(section(&text, "queries"));
    assert!(rows.len() > 10);
    for row in rows {
        let query = code(&row[0]);
        let context = BindContext {
            now: Timestamp::now(),
            zone: Zone::Utc,
            paths: None,
        };
        let asked = Query::parse(query)
            .and_then(|query| query.bind(&context))
            .and_then(|bound| Matcher::new(&bound).map(|_| bound.notices));
        assert_eq!(asked, Ok(Vec::new()), "{query}");
    }
}

/// Kinds that need what auditty does not have yet: a copy of a hash kept elsewhere, keys, digest files.
const NOT_YET: [BreakKind; 2] = [BreakKind::ClockBack, BreakKind::KeyEpoch];

#[test]
fn findings_have_the_names_and_levels_of_the_program() {
    let text = readme();
    let told: Vec<(String, String)> = rows(section(&text, "findings"))
        .into_iter()
        .map(|row| (code(&row[0]).to_owned(), row[1].clone()))
        .collect();
    let known: Vec<(String, String)> = BreakKind::ALL
        .into_iter()
        .filter(|kind| !NOT_YET.contains(kind))
        .map(|kind| (kind.as_str().to_owned(), kind.level().as_str().to_owned()))
        .collect();
    assert_eq!(told, known);
}

#[test]
fn the_runbook_is_sound() {
    let text = readme();
    let from = text.split("````markdown\n").nth(1).unwrap();
    let runbook = from.split("````").next().unwrap();
    assert_eq!(Runbook::lint("README.md", runbook), []);
}

#[test]
fn what_is_named_is_there() {
    let text = readme();
    let quoted = text.split('`').skip(1).step_by(2);
    let linked = text.split("](").skip(1).filter_map(|l| l.split(')').next());
    let named = quoted.chain(linked).filter(|p| {
        ["src/", "assets/", "tests/", "runbooks/", ".ci/"]
            .iter()
            .any(|dir| p.starts_with(dir))
            && !p.contains("NAME")
            && !p.contains(' ')
    });
    let missing: Vec<&str> = named
        .filter(|p| !Path::new(ROOT).join(p).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
