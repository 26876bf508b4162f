//! The panes. Each owns its state, its `update` and its `view`; none knows another.

pub mod detail;
pub mod events;
pub mod filters;
pub mod footer;
pub mod query_bar;
pub mod runbook;
pub mod status;
pub mod timeline;
