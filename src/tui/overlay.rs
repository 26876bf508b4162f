//! What lies over the panes for a while: one at a time, on top of everything.

pub mod help;
pub mod prompt;

use super::keymap::Context;
use help::Help;
use prompt::Prompt;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Prompt(Prompt),
}

impl Overlay {
    /// Whose keys apply while it is there.
    pub fn context(&self) -> Context {
        match self {
            Self::Help(_) => Context::Help,
            Self::Prompt(_) => Context::Prompt,
        }
    }
}
