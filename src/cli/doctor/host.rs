//! The machine and the account: terminal, locale, directories, settings, limits.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Check;
use crate::cli::app::{App, grouped, size};
use crate::cli::look::Look;
use crate::config::{Choice, Depth};
use crate::text::Charset;
use crate::tui::layout::{MIN_HEIGHT, MIN_WIDTH};

const MAX_WATCHES: &str = "/proc/sys/fs/inotify/max_user_watches";
const MAX_INSTANCES: &str = "/proc/sys/fs/inotify/max_user_instances";

pub(super) fn terminal(app: &App, look: &Look) -> Vec<Check> {
    const AREA: &str = "terminal";
    let terminal = &app.terminal;
    let mut checks = Vec::new();
    checks.push(match terminal.term.as_str() {
        "" => Check::warning(
            AREA,
            "TERM is not set",
            "set it to what the terminal is, such as `export TERM=xterm-256color`; over ssh, `ssh -t` passes it on",
        ),
        "dumb" => Check::warning(
            AREA,
            "TERM is \"dumb\": the explorer cannot draw on such a terminal",
            "use auditty search and auditty tail there, or set TERM to what the terminal is",
        ),
        term => Check::ok(AREA, format!("TERM is {term}")),
    });
    let size = rustix::termios::tcgetwinsize(io::stdout())
        .or_else(|_| rustix::termios::tcgetwinsize(io::stderr()))
        .or_else(|_| rustix::termios::tcgetwinsize(io::stdin()));
    match size {
        Ok(size) if size.ws_col < MIN_WIDTH || size.ws_row < MIN_HEIGHT => {
            checks.push(Check::warning(
                AREA,
                format!("{} columns, {} rows", size.ws_col, size.ws_row),
                format!(
                    "the explorer needs {MIN_WIDTH} columns and {MIN_HEIGHT} rows: enlarge the window"
                ),
            ));
        }
        Ok(size) => checks.push(Check::ok(
            AREA,
            format!("{} columns, {} rows", size.ws_col, size.ws_row),
        )),
        Err(_) => checks.push(Check::ok(AREA, "no terminal here; its size is not known")),
    }
    let colours = match look.depth {
        Depth::None => "no colours, attributes only".to_owned(),
        depth => format!("colours: {}", depth.name()),
    };
    let mut colours = Check::ok(AREA, format!("{colours}; theme: {}", look.theme));
    if app.settings.theme == "auto" && terminal.background().is_none() && look.depth > Depth::None {
        colours = colours
            .hint("`theme = \"dark\"` or `\"light\"` in config.toml uses all colours there are");
    }
    checks.push(colours);
    checks.extend(clipboard(app));
    checks
}

/// Copying goes through the terminal (OSC 52), which has to let it.
fn clipboard(app: &App) -> Option<Check> {
    const AREA: &str = "terminal";
    let terminal = &app.terminal;
    let knows = [
        "kitty",
        "alacritty",
        "wezterm",
        "foot",
        "ghostty",
        "contour",
    ];
    let names = format!("{} {}", terminal.term, terminal.program).to_ascii_lowercase();
    if terminal.tmux {
        return Some(
            Check::ok(AREA, "runs in tmux: it has to pass copied text on")
                .hint("`set -g set-clipboard on` in tmux.conf; older than 3.3: `set -g allow-passthrough on` too"),
        );
    }
    if terminal.screen {
        return Some(
            Check::ok(
                AREA,
                "runs in GNU screen: copied text is wrapped for the terminal outside",
            )
            .hint("long texts may be cut there: a file is written beside"),
        );
    }
    if knows.iter().any(|name| names.contains(name)) {
        return Some(Check::ok(
            AREA,
            "copies by OSC 52, which this terminal knows",
        ));
    }
    if names.contains("iterm") {
        return Some(
            Check::ok(
                AREA,
                "copies by OSC 52, if the terminal is told to allow it",
            )
            .hint("Settings, General, Selection: Applications in terminal may access clipboard"),
        );
    }
    Some(
        Check::ok(AREA, "whether this terminal takes copied text (OSC 52) cannot be asked")
            .hint("xterm: `XTerm*disallowedWindowOps: 20,21,SetXprop`; VTE before 0.76 and Terminal.app do not"),
    )
}

pub(super) fn locale(app: &App) -> Option<Check> {
    const AREA: &str = "locale";
    let terminal = &app.terminal;
    let locale = terminal.locale.as_deref().unwrap_or("none");
    let shown = app.settings.charset(terminal);
    Some(match (shown, app.settings.ascii) {
        (Charset::Unicode, _) => {
            Check::ok(AREA, format!("{locale}: signs and letters of all scripts"))
        }
        (Charset::Ascii, Choice::Always) => Check::ok(AREA, "plain ASCII, as the settings ask"),
        (Charset::Ascii, _) if terminal.is_utf8() => Check::ok(
            AREA,
            format!("{locale}, but TERM is {}: plain ASCII", terminal.term),
        )
        .hint("`ascii = \"never\"` in config.toml if its font has the signs"),
        (Charset::Ascii, _) => Check::warning(
            AREA,
            format!("{locale}: not UTF-8, so that everything but ASCII is shown as escapes"),
            "`export LC_ALL=C.UTF-8`, or another UTF-8 locale that `locale -a` lists",
        ),
    })
}

pub(super) fn directories(app: &App) -> Vec<Check> {
    const AREA: &str = "directories";
    let Some(paths) = &app.paths else {
        return vec![Check::warning(
            AREA,
            "this account has no home directory",
            "set AUDITTY_HOME to a directory of your own",
        )];
    };
    let all = [
        ("configuration", &paths.config),
        ("cache", &paths.cache),
        ("state", &paths.state),
    ];
    all.map(|(what, path)| directory(AREA, what, path)).into()
}

fn directory(area: &'static str, what: &str, path: &Path) -> Check {
    let shown = path.display();
    let meta = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Check::ok(area, format!("{what}: {shown}, made when it is needed"));
        }
        Err(error) => {
            return Check::warning(
                area,
                format!("{what}: {shown}: {error}"),
                "set AUDITTY_HOME to a directory of your own",
            );
        }
        Ok(meta) => meta,
    };
    let own = rustix::process::geteuid().as_raw();
    if !meta.is_dir() {
        return Check::warning(
            area,
            format!("{what}: {shown} is no directory"),
            format!("move it away: `mv {shown} {shown}.old`"),
        );
    }
    if meta.uid() != own {
        return Check::warning(
            area,
            format!(
                "{what}: {shown} belongs to uid {}, you are {own}",
                meta.uid()
            ),
            "it is not used: set AUDITTY_HOME to a directory of your own",
        );
    }
    let mode = meta.mode() & 0o777;
    // Settings are no secret; what logs say is.
    let forbidden = if what == "configuration" {
        0o022
    } else {
        0o077
    };
    if mode & forbidden != 0 {
        return Check::warning(
            area,
            format!("{what}: {shown} has mode {mode:04o}: others can get at it"),
            format!("`chmod 700 {shown}`"),
        );
    }
    Check::ok(area, format!("{what}: {shown}, mode {mode:04o}"))
}

pub(super) fn settings(app: &App, look: &Look) -> Vec<Check> {
    const AREA: &str = "settings";
    let wrong: Vec<Check> = app
        .errors
        .iter()
        .chain(&look.errors)
        .map(|error| Check::warning(AREA, error.place.clone(), error.message.clone()))
        .collect();
    if !wrong.is_empty() {
        return wrong;
    }
    let files = ["config.toml", "keymap.toml"].into_iter().filter(|name| {
        let paths = app.paths.as_ref();
        paths.is_some_and(|paths| paths.config.join(name).exists())
    });
    let files: Vec<&str> = files.collect();
    vec![Check::ok(
        AREA,
        match files.as_slice() {
            [] => "the built-in ones".to_owned(),
            files => format!("{}: nothing wrong", files.join(", ")),
        },
    )]
}

/// Changes are noticed by watching directories, of which the kernel allows so many.
pub(super) fn watching(directories: usize) -> Vec<Check> {
    const AREA: &str = "watching";
    let number = |path: &str| -> Option<usize> {
        let text = fs::read_to_string(path).ok()?;
        text.trim().parse().ok()
    };
    let (Some(watches), Some(instances)) = (number(MAX_WATCHES), number(MAX_INSTANCES)) else {
        return vec![Check::ok(AREA, "this system names no limits")];
    };
    vec![limits(AREA, directories, watches, instances)]
}

fn limits(area: &'static str, directories: usize, watches: usize, instances: usize) -> Check {
    let what = format!(
        "{} directories to watch, {} allowed",
        grouped(directories as u64),
        grouped(watches as u64)
    );
    // Other programs of the account take their part.
    if directories > watches / 2 {
        let wanted = (directories * 4).max(65_536);
        return Check::warning(
            area,
            what,
            format!(
                "`sudo sysctl fs.inotify.max_user_watches={wanted}`; without, changes are seen later, by looking every few seconds"
            ),
        );
    }
    if instances < 16 {
        return Check::warning(
            area,
            format!("only {instances} programs of an account may watch"),
            "`sudo sysctl fs.inotify.max_user_instances=128`",
        );
    }
    Check::ok(area, what)
}

pub(super) fn disk(app: &App, bytes: u64) -> Option<Check> {
    const AREA: &str = "disk";
    let cache = &app.paths.as_ref()?.cache;
    let at = cache.ancestors().find(|path| path.exists())?;
    let stat = match rustix::fs::statvfs(at) {
        Ok(stat) => stat,
        Err(error) => {
            return Some(Check::warning(
                AREA,
                format!("{}: {error}", at.display()),
                "set AUDITTY_HOME to a directory on a disk that works",
            ));
        }
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    Some(room(AREA, free, app.settings.index, bytes))
}

fn room(area: &'static str, free: u64, limits: crate::config::IndexLimits, bytes: u64) -> Check {
    let bound = limits
        .max_bytes
        .min(free / 100 * u64::from(limits.max_share))
        .min(free.saturating_sub(limits.min_free));
    let what = format!("{} free; the index may take {}", size(free), size(bound));
    if free < limits.min_free {
        return Check::warning(
            area,
            what,
            format!(
                "search goes on by reading the files, which is slow: free some space ({} have to stay free, `index.min_free`)",
                size(limits.min_free)
            ),
        );
    }
    // An index is about a fifth of the logs, originals included.
    if bytes / 5 > bound {
        return Check::warning(
            area,
            format!("{what}; these logs ({}) may need more", size(bytes)),
            "raise `index.max_bytes` or `index.max_share` in config.toml, or open fewer files; beyond the bound, files are read instead",
        );
    }
    Check::ok(area, what)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::Level;
    use super::*;
    use crate::config::Settings;

    #[test]
    fn directories_that_others_can_get_at_are_told() {
        let base = tempfile::tempdir().unwrap();
        let mode = |mode| {
            fs::set_permissions(base.path(), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(0o755);
        let check = directory("directories", "state", base.path());
        assert_eq!(check.level, Level::Warning);
        assert!(check.fix.unwrap().starts_with("`chmod 700 /"));
        assert_eq!(
            directory("directories", "configuration", base.path()).level,
            Level::Ok
        );
        mode(0o700);
        assert_eq!(
            directory("directories", "state", base.path()).level,
            Level::Ok
        );
        let none = directory("directories", "state", &base.path().join("none"));
        assert!(none.what.ends_with("made when it is needed"));
    }

    #[test]
    fn limits_are_compared_with_what_is_to_be_watched() {
        assert_eq!(limits("watching", 10, 8_192, 128).level, Level::Ok);
        let few = limits("watching", 5_000, 8_192, 128);
        assert_eq!(few.level, Level::Warning);
        assert!(few.fix.unwrap().contains("max_user_watches=65536"));
        assert_eq!(limits("watching", 10, 8_192, 8).level, Level::Warning);
    }

    #[test]
    fn room_for_the_index_is_the_least_of_its_bounds() {
        let limits = Settings::default().index;
        let gb = 1_000_000_000;
        let fine = room("disk", 100 * gb, limits, 10 * gb);
        assert_eq!(fine.what, "100.0 GB free; the index may take 10.0 GB");
        assert_eq!(fine.level, Level::Ok);
        assert_eq!(room("disk", 20 * gb, limits, 50 * gb).level, Level::Warning);
        assert_eq!(room("disk", gb / 2, limits, 0).level, Level::Warning);
    }
}
