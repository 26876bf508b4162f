//! What lies over the panes for a while: one at a time, on top of everything.

pub mod help;
pub mod palette;
pub mod prompt;
pub mod sources;

use super::keymap::Context;
use help::Help;
use palette::Palette;
use prompt::Prompt;
use sources::Sources;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Prompt(Prompt),
    Palette(Palette),
    Sources(Sources),
}

impl Overlay {
    /// Whose keys apply while it is there.
    pub fn context(&self) -> Context {
        match self {
            Self::Help(_) => Context::Help,
            Self::Prompt(_) => Context::Prompt,
            Self::Palette(_) => Context::Palette,
            Self::Sources(_) => Context::Sources,
        }
    }
}
