//! `auditty demo`: the explorer on a bundled incident.

use super::app::App;
use super::exit::{Exit, Failure};
use super::explore::Kept;
use super::{explore, open};

pub(super) fn run(app: &mut App) -> Result<Exit, Failure> {
    explore::check_terminal(app)?;
    let opened = open::demo(&app.settings)?;
    explore::show(opened, Kept::default(), app)
}
