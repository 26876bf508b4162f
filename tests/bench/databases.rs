//! Other ways to ask a log, on the same file: DuckDB, SQLite's full-text index, and tantivy with nothing around it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, TantivyDocument};

use crate::process::{Run, auditty, run};
use crate::table::{Peer, Row, time};

/// Above so many events SQLite takes longer than all else together.
const SQLITE_UP_TO: u64 = 1_000_000;
/// Bytes that tantivy may buffer, and threads that index.
const BUFFER: usize = 256 << 20;
const THREADS: usize = 2;

/// What loading took, beside what indexing takes here; and groups of an attribute.
pub(crate) fn rows(
    log: &Path,
    events: u64,
    home: &Path,
    indexing: &Run,
) -> Result<Vec<Row>, String> {
    let duckdb = asked("duckdb", log, events);
    let load = taken("duckdb load", &duckdb, "load");
    let met = |peer: &Peer, most: f64| match peer {
        Peer::Took(_, theirs) => Some(indexing.wall.as_secs_f64() <= most * theirs.as_secs_f64()),
        _ => None,
    };
    let mut rows = vec![
        Row::new("full indexing", time(indexing.wall))
            .beside(indexing.wall, &load)
            .goal("<= 0.8 x duckdb", met(&load, 0.8)),
    ];
    let tantivy = match raw_tantivy(log) {
        Ok(took) => Peer::Took("tantivy: fields and words", took),
        Err(error) => Peer::Failed("tantivy: fields and words", error),
    };
    rows.push(
        Row::new("full indexing", time(indexing.wall))
            .beside(indexing.wall, &tantivy)
            .goal("<= 0.6 x tantivy", met(&tantivy, 0.6)),
    );
    if events <= SQLITE_UP_TO {
        let sqlite = asked("sqlite", log, events);
        let load = taken("sqlite fts5 load", &sqlite, "load");
        rows.push(Row::new("full indexing", time(indexing.wall)).beside(indexing.wall, &load));
    }
    let mut facets = auditty(home);
    facets.args(["search", "*", "--facet", "objectRef.name", "--limit", "10"]);
    let facet = run(facets.arg(log))?.wall;
    let raw = taken("duckdb, raw file", &duckdb, "group of the raw file");
    let is_met = match &raw {
        Peer::Took(_, theirs) => Some(facet <= *theirs),
        _ => None,
    };
    rows.push(
        Row::new("auditty search --facet of an attribute", time(facet))
            .beside(facet, &raw)
            .goal("<= 1 x duckdb", is_met),
    );
    Ok(rows)
}

/// What a database took for each thing, in seconds; `None` = it is not installed.
fn asked(which: &str, log: &Path, events: u64) -> Option<Result<Value, String>> {
    let python = std::env::var_os("BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/bench/peers/databases.py"
    );
    let mut has_it = Command::new(&python);
    let module = if which == "sqlite" { "sqlite3" } else { which };
    run(has_it.args(["-c", &format!("import {module}")])).ok()?;
    let mut command = Command::new(&python);
    let ran = run(command.arg(script).arg(which).arg(log));
    Some(ran.and_then(|ran| {
        let told: Value = serde_json::from_str(&ran.stdout).map_err(|e| e.to_string())?;
        match told["rows"].as_u64() {
            Some(rows) if rows == events => Ok(told["seconds"].clone()),
            rows => Err(format!("it counted otherwise: {rows:?}")),
        }
    }))
}

fn taken(name: &'static str, told: &Option<Result<Value, String>>, what: &str) -> Peer {
    match told {
        None => Peer::Absent(name),
        Some(Err(error)) => Peer::Failed(name, error.clone()),
        Some(Ok(seconds)) => match seconds[what].as_f64() {
            Some(seconds) => Peer::Took(name, Duration::from_secs_f64(seconds)),
            None => Peer::Failed(name, format!("it does not say how long {what} took")),
        },
    }
}

/// What the fields of the log are called in it.
const FIELDS: [&str; 5] = [
    "/user/username",
    "/verb",
    "/objectRef/resource",
    "/responseStatus/code",
    "/sourceIPs/0",
];

/// The same fields as columns, every word of every line without positions, and nothing else.
fn raw_tantivy(log: &Path) -> Result<Duration, String> {
    let failed = |e: &dyn std::fmt::Display| e.to_string();
    let folder = tempfile::tempdir().map_err(|e| failed(&e))?;
    let mut schema = Schema::builder();
    let words = TextFieldIndexing::default()
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let line = schema.add_text_field("line", TextOptions::default().set_indexing_options(words));
    let column = TextOptions::default().set_fast("raw");
    let columns = FIELDS.map(|field| schema.add_text_field(field, column.clone()));
    let at = schema.add_i64_field("ts", tantivy::schema::FAST);
    let index = Index::create_in_dir(folder.path(), schema.build()).map_err(|e| failed(&e))?;
    let start = Instant::now();
    let mut writer = index
        .writer_with_num_threads::<TantivyDocument>(THREADS, BUFFER)
        .map_err(|e| failed(&e))?;
    let file = std::fs::File::open(log).map_err(|e| failed(&e))?;
    for text in BufReader::with_capacity(1 << 20, file).lines() {
        let text = text.map_err(|e| failed(&e))?;
        let record: Value = serde_json::from_str(&text).map_err(|e| failed(&e))?;
        let mut document = TantivyDocument::default();
        for (field, column) in FIELDS.iter().zip(columns) {
            match record.pointer(field) {
                Some(Value::String(value)) => document.add_text(column, value),
                Some(value) => document.add_text(column, value.to_string()),
                None => {}
            }
        }
        let ts = record["stageTimestamp"].as_str().unwrap_or_default();
        let ts = chrono::DateTime::parse_from_rfc3339(ts).map_err(|e| failed(&e))?;
        document.add_i64(at, ts.timestamp_micros());
        document.add_text(line, text);
        writer.add_document(document).map_err(|e| failed(&e))?;
    }
    writer.commit().map_err(|e| failed(&e))?;
    writer.wait_merging_threads().map_err(|e| failed(&e))?;
    Ok(start.elapsed())
}
