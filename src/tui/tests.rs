//! Tests of the whole explorer: the real loop on a screen in memory, keys in, screen out.

mod fitting;
mod harness;
mod keys;
mod live;
mod own_keys;
mod pty;
mod random;
mod screens;
mod sessions;
mod updates;
