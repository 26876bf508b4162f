//! `auditty completions SHELL`: made from the same table as the parser.

use clap::CommandFactory;
use clap_complete::Shell;

use super::app::App;
use super::args::Cli;
use super::exit::{Exit, Failure};

pub(super) fn run(shell: Shell, app: &mut App) -> Result<Exit, Failure> {
    // The generator panics when it cannot write, so a closed pipe must meet our writer instead.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "auditty", &mut script);
    app.out.write_all(&script)?;
    Ok(Exit::Ok)
}
