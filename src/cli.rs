//! cli

pub mod demo_incident;
