//! The command line: the composition root. One subcommand = one file; data goes to stdout, talk to stderr.

mod app;
mod args;
mod chain;
mod completions;
mod demo;
pub mod demo_incident;
mod demo_writer;
mod digest_keys;
mod doctor;
mod exit;
mod explore;
mod files;
mod formats;
mod index;
mod launch;
mod look;
mod man;
mod open;
mod problem;
mod progress;
mod prove;
mod runbook;
mod scratch;
mod seal;
mod search;
mod session;
mod start;
mod tail;
#[cfg(test)]
mod tests;
mod verify;
mod who;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::config::paths;
use app::App;
use args::{Cli, Command};
use exit::{Exit, Failure};

/// Runs the program on this process's arguments, environment and streams.
pub fn main() -> ExitCode {
    paths::close_to_others();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            } as u8);
        }
    };
    if let Some(Command::Launch { words }) = &cli.command {
        return launch::run(words);
    }
    let mut app = App::new(&cli.global);
    let result = run(cli, &mut app).and_then(|exit| {
        app.out.flush()?;
        Ok(exit)
    });
    if let Err(failure) = &result {
        app.talk(&failure.to_string());
    }
    ExitCode::from(exit::code(&result))
}

fn run(cli: Cli, app: &mut App) -> Result<Exit, Failure> {
    if cli.command.is_some() && (cli.fresh || cli.session.is_some()) {
        return Err(Failure::Usage(
            "--fresh and --session are of the explorer: auditty --session NAME PATH".into(),
        ));
    }
    match &cli.command {
        None => explore::run(&cli, app),
        Some(Command::Demo) => demo::run(app),
        Some(Command::Search(args)) => search::run(args, app),
        Some(Command::Tail(args)) => tail::run(args, app),
        Some(Command::Verify(args)) => verify::run(args, app),
        Some(Command::Seal(args)) => seal::run(args, app),
        Some(Command::Chain(args)) => chain::run(args, app),
        Some(Command::Prove(args)) => prove::prove(args, app),
        Some(Command::CheckProof(args)) => prove::check(args, app),
        Some(Command::Index(args)) => index::run(args, app),
        Some(Command::Formats(args)) => formats::run(args, app),
        Some(Command::Runbook(args)) => runbook::run(args, app),
        Some(Command::Session(args)) => session::run(args, app),
        Some(Command::Doctor(args)) => doctor::run(args, app),
        Some(Command::Completions { shell }) => completions::run(*shell, app),
        // It has run before anything else was read.
        Some(Command::Launch { .. }) => Ok(Exit::Ok),
        Some(Command::Man { command }) => man::run(command, app),
    }
}
