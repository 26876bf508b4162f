//! `auditty runbook …` as data.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  auditty runbook list
  auditty runbook show leaked-access-key
  auditty runbook run leaked-access-key --input key=AKIA… /var/log/cloudtrail --report out.html
  auditty runbook new vpn-logins > ~/.config/auditty/runbooks/vpn-logins.md
  auditty runbook lint ~/.config/auditty/runbooks";

/// List, print, run, check and begin runbooks
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RunbookArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: RunbookCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RunbookCommand {
    /// List the runbooks and where each comes from
    #[command(after_help = "Example:\n  auditty runbook list")]
    List,
    /// Print one runbook
    #[command(after_help = "Example:\n  auditty runbook show leaked-access-key")]
    Show {
        /// The runbook's id, or its file
        id: String,
    },
    Run(RunArgs),
    /// Say what is wrong with runbooks, and whether they find in their fixtures what they promise
    #[command(after_help = "\
The fixtures of FOLDER/x.md are in FOLDER/fixtures/x: logs in folders, and cases.toml, which says what each step finds.
Exit status: 1 if anything is wrong.

Examples:
  auditty runbook lint
  auditty runbook lint runbooks/leaked-access-key.md")]
    Lint {
        /// Files and folders; without any, all runbooks there are
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Print a runbook to begin with
    #[command(after_help = "\
Examples:
  auditty runbook new vpn-logins > vpn-logins.md
  auditty runbook new leak --step 'actor:alice* outcome:failure' --step 'action:delete' > leak.md
  auditty runbook new last-night --history /var/log/audit > last-night.md")]
    New {
        /// What it is called by: lower-case letters, digits and dashes
        id: String,
        /// A query that becomes a step; may be given several times
        #[arg(long = "step", value_name = "QUERY")]
        steps: Vec<String>,
        /// The queries asked in the explorer on these paths become steps
        #[arg(long, value_name = "PATH", num_args = 1..)]
        history: Vec<PathBuf>,
    },
}

/// Run a runbook without a person, as far as what is found decides the way
#[derive(Args, Debug)]
#[command(after_help = "\
It stops where a person has to decide; --take decides beforehand. Nothing but queries is ever run.

Exit status: 0 every expectation that was looked at is met, 1 one is not, 3 a step found what counts as an alarm,
2 usage, 5 something could not be read

Example:
  auditty runbook run leaked-access-key --input key=AKIA… --take calls=2 /var/log/cloudtrail --report out.html")]
pub(in crate::cli) struct RunArgs {
    /// The runbook's id, or its file
    pub(in crate::cli) id: String,
    /// Files and directories to search [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// What the runbook asks for; may be given several times
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = pair)]
    pub(in crate::cli) inputs: Vec<(String, String)>,
    /// Take this branch of a step, counted from 1; the step by its id or number
    #[arg(long, value_name = "STEP=BRANCH", value_parser = choice)]
    pub(in crate::cli) take: Vec<(String, usize)>,
    /// Write a report; .md, .html or .json by its name; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) report: Vec<PathBuf>,
    /// Rows of each step in a report
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(in crate::cli) rows: usize,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("expected NAME=VALUE, as in user=alice")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

fn choice(text: &str) -> Result<(String, usize), String> {
    let expected = "expected STEP=BRANCH with the branch's number, as in 2=1";
    let (step, branch) = text.split_once('=').ok_or(expected)?;
    match branch.trim().parse() {
        Ok(branch) if branch > 0 => Ok((step.trim().to_owned(), branch)),
        _ => Err(expected.to_owned()),
    }
}
