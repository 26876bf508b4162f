//! The integration tests: one binary, one module a topic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod at_once;
mod chains;
mod checkpoints;
mod chosen_format;
mod cli;
mod commands;
mod crash;
mod damaged;
mod differential;
mod digests;
mod engine_contract;
mod envelopes;
mod exports;
mod following;
mod formats;
mod fuzz_inputs;
mod hidden_chains;
mod index_bounds;
mod local_engine;
mod lost_logs;
mod own_formats;
mod readme;
mod runbooks;
mod screenshots;
mod seals;
mod second_process;
mod sequence;
mod sessions;
mod settings;
mod sidecars;
mod sums;
mod support;
mod watched_seals;
