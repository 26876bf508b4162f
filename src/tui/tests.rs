//! Tests of the whole explorer: the real loop on a screen in memory, keys in, screen out.

mod detail;
mod driver;
mod every_key;
mod fitting;
mod gallery;
mod hand_over;
mod harness;
mod history;
mod integrity;
mod keys;
mod list;
mod live;
mod marks;
mod own_keys;
mod pty;
mod query;
mod random;
mod runbook_queries;
mod runbooks;
mod screens;
mod sessions;
mod share;
mod share_screens;
mod steady;
mod timeline;
mod updates;
