//! What lies over the panes for a while: one at a time, on top of everything.

pub mod columns;
pub mod help;
pub mod integrity;
pub mod palette;
pub mod pivot;
pub mod prompt;
pub mod sources;

use super::keymap::Context;
use columns::ColumnMenu;
use help::Help;
use integrity::Integrity;
use palette::Palette;
use pivot::Pivot;
use prompt::Prompt;
use sources::Sources;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Prompt(Prompt),
    Pivot(Pivot),
    Columns(ColumnMenu),
    Palette(Palette),
    Sources(Sources),
    Integrity(Integrity),
}

impl Overlay {
    /// Whose keys apply while it is there.
    pub fn context(&self) -> Context {
        match self {
            Self::Help(_) => Context::Help,
            Self::Prompt(_) => Context::Prompt,
            Self::Pivot(_) => Context::Pivot,
            Self::Columns(_) => Context::Columns,
            Self::Palette(_) => Context::Palette,
            Self::Sources(_) => Context::Sources,
            Self::Integrity(_) => Context::Integrity,
        }
    }
}
