//! `auditty man`: the manual page, made from the same table as the parser.

use clap::CommandFactory;
use clap_mangen::Man;

use super::app::App;
use super::args::Cli;
use super::exit::{Exit, Failure};

pub(super) fn run(command: &[String], app: &mut App) -> Result<Exit, Failure> {
    let mut root = Cli::command();
    root.build();
    let mut page = &root;
    for name in command {
        page = page.find_subcommand(name).ok_or_else(|| {
            let names: Vec<&str> = page.get_subcommands().map(|c| c.get_name()).collect();
            let known = match names.as_slice() {
                [] => "it has no commands of its own".to_owned(),
                names => format!("there is {}", names.join(", ")),
            };
            Failure::Usage(format!(
                "{} has no command {name}; {known}",
                page.get_name()
            ))
        })?;
    }
    // Written at once: a closed pipe then meets our writer.
    let mut text = Vec::new();
    Man::new(page.clone()).render(&mut text)?;
    app.out.write_all(&text)?;
    Ok(Exit::Ok)
}
