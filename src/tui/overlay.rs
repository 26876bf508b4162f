//! What lies over the panes for a while: one at a time, on top of everything.

pub mod columns;
pub mod help;
pub mod pivot;
pub mod prompt;

use super::keymap::Context;
use columns::ColumnMenu;
use help::Help;
use pivot::Pivot;
use prompt::Prompt;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Prompt(Prompt),
    Pivot(Pivot),
    Columns(ColumnMenu),
}

impl Overlay {
    /// Whose keys apply while it is there.
    pub fn context(&self) -> Context {
        match self {
            Self::Help(_) => Context::Help,
            Self::Prompt(_) => Context::Prompt,
            Self::Pivot(_) => Context::Pivot,
            Self::Columns(_) => Context::Columns,
        }
    }
}
