//! auditty, the audit-log explorer for the terminal.
//!
//! # The map
//!
//! A module imports only modules of strictly lower rank and its own submodules; siblings of one rank never
//! import each other. `tests/architecture.rs` enforces it from the table below.
//!
//! | module | rank | purpose |
//! |---|---|---|
//! | `event` | 0 | one audit event, its identity, time and field catalogue |
//! | `text` | 0 | the one sanitiser for every way out to a terminal |
//! | `json` | 0 | the token-preserving JSON reader |
//! | `format` | 1 | bytes to frames to events; one format = one file |
//! | `source` | 1 | where bytes come from: files, rotation, compression, stdin, following |
//! | `chain` | 1 | hash chains: recipes, verification, verdicts, findings, coverage |
//! | `seal` | 1 | seals over logs without a chain: Merkle tree, signed checkpoints, proofs |
//! | `query` | 1 | the one query language: tree, parser, display, matcher |
//! | `runbook` | 2 | runbooks: Markdown reader, inputs, steps |
//! | `engine` | 3 | what answers queries, and the sink that feeds it |
//! | `config` | 3 | layered settings and the directories they live in |
//! | `ingest` | 4 | source -> frame -> format -> verifier -> sink, with progress and backpressure |
//! | `export` | 4 | events as table, JSON lines, CSV, Markdown, ECS, report or raw |
//! | `state` | 4 | what is kept between two runs: sessions |
//! | `tui` | 5 | the explorer: model, message, update, effect, view |
//! | `cli` | 6 | one subcommand = one file; the only module that names concrete engines |

pub mod event;
pub mod json;
pub mod text;

pub mod chain;
pub mod format;
pub mod query;
pub mod seal;
pub mod source;

pub mod runbook;

pub mod config;
pub mod engine;

pub mod export;
pub mod ingest;
pub mod state;

pub mod tui;

pub mod cli;
