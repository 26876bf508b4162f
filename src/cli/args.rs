//! What can be typed: the whole command line as data.

mod runbook;
mod verify;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Entry, Value};
use crate::engine::Sort;
use crate::event::Zone;
use crate::export::Format;

pub(super) use runbook::{RunArgs, RunbookArgs, RunbookCommand};
pub(super) use verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  auditty /var/log/audit                     open the explorer on a directory
  zcat audit.log.gz | auditty -              the same on standard input
  auditty demo                               the same on a bundled incident
  auditty search 'actor:alice* outcome:failure' /var/log/audit --since 2h
  auditty tail 'action:delete' /var/log/kubernetes/audit.log
  auditty verify /var/log/app/audit.jsonl    was anything changed, cut or slipped in?

A path named like a command is opened with its directory: auditty ./search

Exit status: 0 ok, 1 no match or not everything verified, 2 usage, 3 alarm, 5 cannot read";

const USAGE: &str = "\
auditty [OPTIONS] [PATH]...
       auditty [OPTIONS] <COMMAND>";

/// The audit-log explorer for the terminal
#[derive(Debug, Parser)]
#[command(name = "auditty", version, after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Cli {
    /// Files, directories, patterns, - for standard input, command:NAME for what a command prints [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Begin without what was kept of the last time on these sources
    #[arg(long, conflicts_with = "session")]
    pub(super) fresh: bool,
    /// Come back to what was kept under NAME, and keep it there; a new name begins a new session
    #[arg(long, value_name = "NAME")]
    pub(super) session: Option<String>,
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Heading of the flags that every command takes.
const EVERYWHERE: &str = "Everywhere";

/// Flags that every command takes.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Global {
    /// Zone of times shown, and of times typed without one: UTC, local, or an IANA name
    #[arg(long, value_name = "ZONE", global = true, help_heading = EVERYWHERE)]
    pub(super) tz: Option<Zone>,
    /// When to use colours
    #[arg(long, alias = "colour", value_name = "WHEN", global = true, help_heading = EVERYWHERE)]
    pub(super) color: Option<When>,
    /// Plain ASCII: no glyphs, and every other character escaped
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(super) ascii: bool,
    /// Never start another program: no command is read, nor the journal
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(super) no_exec: bool,
    /// A folder with runbooks (*.md), beside all others; may be given several times
    #[arg(long, value_name = "DIR", global = true, help_heading = EVERYWHERE, value_parser = folder)]
    pub(super) runbooks: Vec<PathBuf>,
}

/// A folder that is there: one that is named and is not would let other runbooks pass for those in it.
fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.is_dir() {
        true => Ok(path),
        false => Err("there is no such folder".to_owned()),
    }
}

impl Global {
    /// The flags as the topmost layer of the settings.
    pub(super) fn layer(&self) -> Vec<Entry> {
        let entry = |key: &str, value: Value, flag: &str| Entry {
            key: key.into(),
            value,
            place: flag.into(),
        };
        let colour = self.color.map(|when| match when {
            When::Auto => "auto",
            When::Always => "always",
            When::Never => "never",
        });
        [
            self.tz
                .map(|zone| entry("zone", Value::Str(zone.to_string()), "--tz")),
            colour.map(|when| entry("colour", Value::Str(when.into()), "--color")),
            self.ascii
                .then(|| entry("ascii", Value::Bool(true), "--ascii")),
            self.no_exec
                .then(|| entry("exec", Value::Bool(false), "--no-exec")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Open the explorer on a bundled incident with live events
    #[command(after_help = "Example:\n  auditty demo")]
    Demo,
    Search(SearchArgs),
    Tail(TailArgs),
    Verify(VerifyArgs),
    Seal(SealArgs),
    Prove(ProveArgs),
    CheckProof(CheckProofArgs),
    Chain(ChainArgs),
    Index(IndexArgs),
    Formats(FormatsArgs),
    Runbook(RunbookArgs),
    Session(SessionArgs),
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        shell: clap_complete::Shell,
    },
    /// Become a command that ends when auditty does; for auditty's own use
    #[command(name = super::launch::NAME, hide = true)]
    Launch {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        words: Vec<std::ffi::OsString>,
    },
    /// Print the manual page of auditty, or of one of its commands
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The command, such as search or "runbook run"
        #[arg(num_args = 0..)]
        command: Vec<String>,
    },
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  auditty completions bash > ~/.local/share/bash-completion/completions/auditty
  auditty completions zsh > ~/.zfunc/_auditty
  auditty completions fish > ~/.config/fish/completions/auditty.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  auditty man | man -l -
  auditty man > ~/.local/share/man/man1/auditty.1
  auditty man search > ~/.local/share/man/man1/auditty-search.1";

const SESSION_EXAMPLES: &str = "\
Examples:
  auditty session list
  auditty --session night-shift              come back to one
  auditty session delete night-shift

The explorer keeps query, panes, selection and runbook for each set of sources by itself, and under a name
where one was given. --fresh begins without.";

/// See and delete what the explorer keeps between two runs
#[derive(Args, Debug)]
#[command(after_help = SESSION_EXAMPLES)]
pub(super) struct SessionArgs {
    #[command(subcommand)]
    pub(super) command: SessionCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// List the sessions, the latest first
    #[command(after_help = "Example:\n  auditty session list")]
    List,
    /// Delete sessions, by the names that the list shows
    #[command(after_help = "Example:\n  auditty session delete night-shift")]
    Delete {
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  auditty doctor                             terminal, settings, directories, limits
  auditty doctor /var/log                    the same, and what would be read there and what not
  auditty doctor /var/log --format json | jq '.checks[] | select(.level != \"ok\")'

Exit status: 0 fine, 1 something could be better, 5 something cannot be read";

/// Look for what could go wrong here, with the fix for each
#[derive(Args, Debug)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(super) struct DoctorArgs {
    /// What would be opened [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ReportFormat,
}

const SEARCH_EXAMPLES: &str = "\
Examples:
  auditty search 'outcome:failure -actor:system*' /var/log/kubernetes --since 2h
  auditty search 'ip:203.0.113.0/24' . --format jsonl | jq .target
  auditty search '*' audit.log --facet actor --facet action
  auditty search 'action:delete' . --count && echo somebody deleted something
  auditty search '*' . --fields ts,actor,objectRef.resource --format csv
  auditty search 'actor:alice' /var/log --since 7d --format report --output alice.md
  auditty search 'outcome:failure' /var/log/audit --plain       for a screen reader

Query: word \"two words\" field:value field:val* field:/re/ field:(a b) field:* status:>=400
       ip:10.0.0.0/8 since:2h until:\"yesterday 14:00\" AND OR NOT -term ( )";

/// Print the events that match a query
#[derive(Args, Debug)]
#[command(after_help = SEARCH_EXAMPLES)]
pub(super) struct SearchArgs {
    /// What to look for; '*' matches everything
    #[arg(allow_hyphen_values = true)]
    pub(super) query: String,
    /// Where to look [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Only events from this time on (2h, 2026-03-01T10:00Z, "yesterday 14:00")
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) since: Option<String>,
    /// Only events before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// Print at most N events (with --facet: values) [default: 1000 in a table, else all]
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<NonZeroUsize>,
    /// Newest first (desc) or oldest first (asc)
    #[arg(long, value_name = "ORDER", default_value = "desc")]
    pub(super) sort: Order,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: OutputFormat,
    /// Print for a screen reader: one event a paragraph, one `label: value` a line
    #[arg(long, conflicts_with_all = ["format", "raw_csv"])]
    pub(super) plain: bool,
    /// CSV with every cell as it is, also those a spreadsheet would run as formulas
    #[arg(long)]
    pub(super) raw_csv: bool,
    /// Write to a new file, for its owner only, instead of printing; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// What to print of each event: names, aliases or attribute paths
    #[arg(long, value_name = "A,B,C")]
    pub(super) fields: Option<String>,
    /// Print only how many match
    #[arg(long, conflicts_with_all = ["fields", "facet", "limit"])]
    pub(super) count: bool,
    /// Print how often each value of a field occurs (may be repeated)
    #[arg(long, value_name = "FIELD", conflicts_with = "fields")]
    pub(super) facet: Vec<String>,
}

impl SearchArgs {
    /// The format the flags ask for together.
    pub(super) fn format(&self) -> Format {
        match (Format::from(self.format), self.plain, self.raw_csv) {
            (_, true, _) => Format::Plain,
            (Format::Csv, _, true) => Format::RawCsv,
            (format, ..) => format,
        }
    }
}

const TAIL_EXAMPLES: &str = "\
Examples:
  auditty tail 'outcome:failure' /var/log/audit/audit.log
  kubectl logs -f audit | auditty tail 'action:delete' - --format jsonl";

/// Print matching events as they arrive
#[derive(Args, Debug)]
#[command(after_help = TAIL_EXAMPLES)]
pub(super) struct TailArgs {
    /// What to look for; '*' matches everything
    #[arg(allow_hyphen_values = true)]
    pub(super) query: String,
    /// What to follow [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: OutputFormat,
    /// What to print of each event: names, aliases or attribute paths
    #[arg(long, value_name = "A,B,C")]
    pub(super) fields: Option<String>,
}

const SEAL_EXAMPLES: &str = "\
What a seal cannot tell: what happened to a log before it was first sealed, or to lines since the newest checkpoint. Who
holds the key can seal anything: a checkpoint counts for as much as the place it was copied to.

Exit status: 3 if a log is no longer as it was sealed; it is not sealed further then.

Examples:
  auditty seal /var/log/auth.log --sink /mnt/worm/checkpoints.jsonl
  auditty seal --follow /var/log/auth.log    go on; under systemd, say
  auditty seal --public-key                  for those who check
  auditty verify /var/log/auth.log           what was changed since?";

/// Seal logs that have no hash chain: what is changed later is named by auditty verify
#[derive(Args, Debug)]
#[command(after_help = SEAL_EXAMPLES)]
pub(super) struct SealArgs {
    /// What to seal [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Go on sealing what is appended
    #[arg(long)]
    pub(super) follow: bool,
    /// Sign a checkpoint after so many lines [default: seal.every in config.toml, 1000]
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) every: Option<u64>,
    /// With --follow: sign a checkpoint after so many seconds [default: seal.after, 60]
    #[arg(long, value_name = "SECONDS")]
    pub(super) after: Option<u64>,
    /// Copy each checkpoint to the end of a file, best on another machine's disk [default: seal.sink]
    #[arg(long, value_name = "FILE")]
    pub(super) sink: Option<PathBuf>,
    /// Seal logs that are no longer as they were sealed as they are now: a new beginning
    #[arg(long)]
    pub(super) anew: bool,
    /// Print the public key, and do nothing else
    #[arg(long, conflicts_with_all = ["paths", "follow", "sink", "anew"])]
    pub(super) public_key: bool,
}

const PROVE_EXAMPLES: &str = "\
The proof holds the line itself, its place, and the signed checkpoint: who has it and the public key needs neither the log
nor this host.

Examples:
  auditty prove /var/log/auth.log:4410 > line.proof
  auditty prove 0d5f1c… /var/log/auth.log > line.proof
  auditty check-proof line.proof --key 'auditty/bastion+1c9d…+AR…'";

/// Write a proof that a line was in a sealed log
#[derive(Args, Debug)]
#[command(after_help = PROVE_EXAMPLES)]
pub(super) struct ProveArgs {
    /// The line: FILE:LINE, or the id of an event, as the detail view and `search --format jsonl` give it
    #[arg(value_name = "EVENT")]
    pub(super) what: String,
    /// Where the event of that id is from [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

/// Check a proof with the public key alone, and print what it proves
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status: 3 if it proves nothing.\n\nExample:\n  auditty check-proof line.proof --key bastion.pub"
)]
pub(super) struct CheckProofArgs {
    /// The proof
    pub(super) proof: PathBuf,
    /// The public key of the seals, or a file with it [default: this host's]
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<String>,
}

const CHAIN_EXAMPLES: &str = "\
Examples:
  auditty chain explain /var/log/app/audit.jsonl            what was tried, what fitted, and the bytes hashed
  auditty chain explain /var/log/app/audit.jsonl --line 812";

/// Look into the chain of a log
#[derive(Args, Debug)]
#[command(after_help = CHAIN_EXAMPLES)]
pub(super) struct ChainArgs {
    #[command(subcommand)]
    pub(super) command: ChainCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ChainCommand {
    /// Say how a chain was looked for, and print the exact bytes that one record is hashed over
    #[command(after_help = CHAIN_EXAMPLES)]
    Explain {
        /// The log
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The record to hash [default: the second]
        #[arg(long, value_name = "LINE")]
        line: Option<u64>,
    },
}

const INDEX_EXAMPLES: &str = "\
Examples:
  auditty index /var/log/audit               so that the explorer opens at once
  auditty index status
  auditty index clear --yes";

/// Build the index to the end and exit; see or delete what is there
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, after_help = INDEX_EXAMPLES)]
pub(super) struct IndexArgs {
    /// What to index [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<IndexCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum IndexCommand {
    /// Show where the index is, how large it is, and its bounds
    #[command(after_help = "Example:\n  auditty index status")]
    Status,
    /// Delete the index; events whose files are gone are lost with it
    #[command(after_help = "Example:\n  auditty index clear --yes")]
    Clear {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

const FORMATS_EXAMPLES: &str = "\
Examples:
  auditty formats                            which there are
  auditty formats detect /var/log/auth.log   how a file is read
  auditty formats show k8s-audit             where actor, action, target come from
  auditty formats new /var/log/app.log       a starting point for a format of your own";

/// Show which log formats are known and how they are read
#[derive(Args, Debug)]
#[command(after_help = FORMATS_EXAMPLES)]
pub(super) struct FormatsArgs {
    #[command(subcommand)]
    pub(super) command: Option<FormatsCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum FormatsCommand {
    /// List the formats (the default)
    #[command(after_help = "Example:\n  auditty formats list")]
    List,
    /// Say which format a file is read as, and what else would fit
    #[command(after_help = "Example:\n  auditty formats detect /var/log/auth.log")]
    Detect { file: PathBuf },
    /// Say how well a file is read: the share of its events that has each field, and what did not parse
    #[command(after_help = "\
Exit status: 1 if more than --max-unparsed percent of the events did not parse.

Example:
  auditty formats check /var/log/app/audit.log --max-unparsed 2")]
    Check {
        file: PathBuf,
        /// Read it as this format instead of the one its content shows
        #[arg(long, value_name = "ID")]
        format: Option<String>,
        /// Percent of the events that may be unparsed
        #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
        max_unparsed: u8,
    },
    /// Print a starting point for a format of your own, made from a log: a [[format]] for config.toml
    #[command(after_help = "\
It says where each field comes from, how often and with which values. What it is not sure of is commented out.

Example:
  auditty formats new /var/log/app/audit.log >> ~/.config/auditty/config.toml
  auditty formats check /var/log/app/audit.log")]
    New {
        file: PathBuf,
        /// What the format is called [default: after the file]
        #[arg(long, value_name = "NAME")]
        id: Option<String>,
    },
    /// Show which path of a format each field is read from
    #[command(after_help = "Example:\n  auditty formats show k8s-audit")]
    Show { id: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    Asc,
    Desc,
}

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Asc => Self::Asc,
            Order::Desc => Self::Desc,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    Table,
    /// One JSON object a line, nothing lost
    Jsonl,
    /// For spreadsheets; what they would run as a formula is kept text by a ' before it
    Csv,
    /// A Markdown table
    Markdown,
    /// Elastic Common Schema, one JSON object a line
    Ecs,
    /// Access report in Markdown: who asked, what, of which sources, how reliable, then the events
    Report,
    /// The records as they were read
    Raw,
}

impl From<OutputFormat> for Format {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Table => Self::Table,
            OutputFormat::Jsonl => Self::Jsonl,
            OutputFormat::Csv => Self::Csv,
            OutputFormat::Markdown => Self::Markdown,
            OutputFormat::Ecs => Self::Ecs,
            OutputFormat::Report => Self::Report,
            OutputFormat::Raw => Self::Raw,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    Text,
    Json,
}
