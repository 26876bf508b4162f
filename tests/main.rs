//! The integration tests: one binary, one module a topic.

mod architecture;
mod cli;
mod crash;
mod differential;
mod engine_contract;
mod following;
mod readme;
mod screenshots;
mod support;
