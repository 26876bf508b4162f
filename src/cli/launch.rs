//! How commands are started that are read as sources: auditty once more, which asks to be ended with its parent and then
//! becomes the command. Whatever becomes of auditty, nothing that it started is left behind.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

pub(super) const NAME: &str = "launch-command";

/// What a shell says of a program that it cannot start.
const NOT_STARTED: u8 = 127;

/// What stands before a command; nothing where this program does not know where it is.
pub(super) fn launcher() -> Vec<OsString> {
    match std::env::current_exe() {
        // One that was replaced meanwhile has another name now.
        Ok(program) if program.is_file() => vec![program.into(), NAME.into(), "--".into()],
        _ => Vec::new(),
    }
}

/// Returns only if the command cannot be started.
pub(super) fn run(words: &[OsString]) -> ExitCode {
    let Some((program, arguments)) = words.split_first() else {
        return NOT_STARTED.into();
    };
    // Without it the command ends with its next output; other systems know nothing like it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
    let error = Command::new(program).args(arguments).exec();
    let _ = writeln!(std::io::stderr(), "cannot be started: {error}");
    NOT_STARTED.into()
}
