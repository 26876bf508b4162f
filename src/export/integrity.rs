//! Whether logs can be trusted: what the chain check says of all of them together, and the evidence report that it becomes.

mod files;
mod report;
mod standing;

pub use files::files_of;
pub use report::{Evidence, Examined, write};
pub use standing::{Standing, Tally, findings, is_checking};
