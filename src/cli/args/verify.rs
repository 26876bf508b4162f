//! The arguments of `auditty verify`.

use std::path::PathBuf;

use clap::Args;

use super::ReportFormat;

const VERIFY_EXAMPLES: &str = "\
Examples:
  auditty verify /var/log/app/audit.jsonl
  auditty verify /var/log/app --format json | jq '.files[].findings'
  auditty verify /var/log/app --report evidence.md      for a ticket or an auditor
  auditty verify ./bucket --public-keys keys.json       CloudTrail's digests, offline
  auditty verify /var/ossec/logs                        OSSEC's and Wazuh's .sum files
  auditty verify /var/log/journal --journal-key k.txt   sealed journals, by journalctl

Exit status: 0 everything verified, 1 no alarm but not everything verified, 3 alarm, 5 cannot read";

/// Check chains, seals and digests: was anything changed, cut or slipped in?
#[derive(Args, Debug)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(in crate::cli) struct VerifyArgs {
    /// What to check [default: the configured sources]
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: ReportFormat,
    /// Go on checking what is appended, and print what changes
    #[arg(long, conflicts_with_all = ["key", "checkpoints", "public_keys", "journal_key", "report"])]
    pub(in crate::cli) watch: bool,
    /// Write what was found, with the hash of every file, to a new Markdown file as well; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) report: Option<PathBuf>,
    /// The public key of the seals, or a file with it [default: this host's]
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) key: Option<String>,
    /// Checkpoints that were copied elsewhere (auditty seal --sink): they count for more than those of this host
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoints: Option<PathBuf>,
    /// Public keys of CloudTrail, as `aws cloudtrail list-public-keys` prints them (may be repeated: one region each)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) public_keys: Vec<PathBuf>,
    /// A file with the verification key of sealed journals. auditty starts `journalctl --verify` for each journal, which takes the
    /// key as an argument: while it runs, users of this machine may see it there
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal_key: Option<PathBuf>,
}
