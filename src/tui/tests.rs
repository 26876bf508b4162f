//! Tests of the whole explorer: the real loop on a screen in memory, keys in, screen out.

mod harness;
mod keys;
mod live;
mod pty;
mod query;
mod random;
mod screens;
mod updates;
