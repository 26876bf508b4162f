//! `auditty` where nothing was named to open: what there is to choose from, and the choice.

use std::fs;
use std::path::{Path, PathBuf};

use super::app::App;
use super::exit::Failure;
use super::look::Look;
use crate::source::command::Command;
use crate::state::{Listed, Slot, Store};
use crate::text::Charset;
use crate::tui::start_page::{self, Entry, StartPage};
use crate::tui::theme::Theme;

/// Where programs that keep audit logs put them.
const USUAL: [&str; 10] = [
    "/var/log/audit",
    "/var/log/kubernetes",
    "/var/log/kube-apiserver",
    "/var/log/apiserver",
    "/var/log/vault",
    "/var/log/auth.log",
    "/var/log/secure",
    "/var/log/syslog",
    "/var/log/messages",
    "/var/log",
];
/// Sets of sources offered again.
const RECENT: usize = 6;

/// What the person wants to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Open(Vec<PathBuf>),
    Demo,
}

/// `None` = the person left.
pub(super) fn choose(store: Option<&Store>, app: &App) -> Result<Option<Choice>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let look = Look::load(app).map_err(|error| failed(&error))?;
    let ascii = app.style.charset == Charset::Ascii;
    let depth = if app.style.colour {
        look.depth
    } else {
        crate::config::Depth::None
    };
    let theme = Theme::of(look.palette, depth, ascii);
    let sessions = store.map(Store::list).unwrap_or_default();
    let usual: Vec<PathBuf> = USUAL.iter().map(PathBuf::from).collect();
    let (entries, choices): (Vec<_>, Vec<_>) = offers(&sessions, &usual, app).into_iter().unzip();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(&error))?;
    let page = StartPage::new(entries);
    let chosen = runtime.block_on(start_page::choose(page, &theme, &look.keymap));
    let chosen = chosen.map_err(|error| failed(&error))?;
    Ok(chosen.and_then(|entry| choices.into_iter().nth(entry)))
}

/// What is shown, each with what it stands for.
fn offers(sessions: &[Listed], usual: &[PathBuf], app: &App) -> Vec<(Entry, Choice)> {
    let mut offers = Vec::new();
    let recent = sessions
        .iter()
        .filter(|listed| matches!(listed.slot, Slot::Sources(_)));
    for Listed { session, .. } in recent.take(RECENT) {
        let paths: Vec<PathBuf> = session.sources.iter().map(PathBuf::from).collect();
        let gone = paths.iter().find(|path| !path.exists());
        let saved = app.style.zone.format(session.saved);
        let saved = saved.get(..16).unwrap_or_default();
        let detail = match gone {
            Some(path) => format!("{} is gone", path.display()),
            None => format!("{saved} {}  {}", app.style.zone, session.query),
        };
        let entry = Entry {
            heading: "OPENED BEFORE",
            name: session.title.clone(),
            detail,
            ready: gone.is_none(),
        };
        offers.push((entry, Choice::Open(paths)));
    }
    for path in usual {
        let Some((ready, detail)) = look_at(path) else {
            continue;
        };
        let entry = Entry {
            heading: "LOGS ON THIS HOST",
            name: path.display().to_string(),
            detail,
            ready,
        };
        offers.push((entry, Choice::Open(vec![path.clone()])));
    }
    if app.settings.exec {
        let ready = app.settings.commands.iter().filter_map(|command| {
            let found = runs(command);
            // The journal is offered by itself: where there is none, there is nothing to say about it.
            (found || *command != Command::journal()).then_some((command, found))
        });
        offers.extend(ready.map(|(command, ready)| {
            let shown = command.run.join(" ");
            let entry = Entry {
                heading: "COMMANDS",
                name: command.path().display().to_string(),
                detail: if ready {
                    shown
                } else {
                    format!("{} is not installed", command.run[0])
                },
                ready,
            };
            (entry, Choice::Open(vec![command.path()]))
        }));
    }
    let demo = Entry {
        heading: "TO TRY IT OUT",
        name: "demo".to_owned(),
        detail: "a bundled incident with live events".to_owned(),
        ready: true,
    };
    offers.push((demo, Choice::Demo));
    offers
}

/// Whether the program of a command is there.
fn runs(command: &Command) -> bool {
    let Some(program) = command.run.first() else {
        return false;
    };
    let is_program = |path: &Path| {
        rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
    };
    if program.contains('/') {
        return is_program(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

/// Whether a path can be opened, and what to know about it; nothing if there is nothing there.
fn look_at(path: &Path) -> Option<(bool, String)> {
    let meta = fs::metadata(path).ok()?;
    let read = if meta.is_dir() {
        fs::read_dir(path).map(|mut entries| entries.next().is_some())
    } else {
        fs::File::open(path).map(|_| meta.len() > 0)
    };
    match read {
        Ok(false) => None,
        Ok(true) if meta.is_dir() => Some((true, "directory".to_owned())),
        Ok(true) => Some((true, super::app::size(meta.len()))),
        Err(_) => {
            let discovery = crate::source::discover(&[path.to_owned()]);
            let why = discovery.skipped.into_iter().next().map(|s| s.detail);
            Some((false, why.unwrap_or_else(|| "cannot be read".to_owned())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::app;
    use crate::event::Timestamp;
    use crate::state::Session;

    #[test]
    fn what_was_open_comes_first_and_what_is_not_there_is_not_offered() {
        let base = tempfile::tempdir().unwrap();
        let log = base.path().join("auth.log");
        fs::write(&log, "x\n").unwrap();
        fs::write(base.path().join("empty.log"), "").unwrap();
        let session = |path: &Path, saved| Listed {
            slot: Slot::of_sources(&[path.to_owned()]),
            session: Session {
                sources: vec![path.display().to_string()],
                title: "a title".into(),
                query: "actor:alice".into(),
                saved: Timestamp(saved),
                ..Session::default()
            },
        };
        let sessions = [session(&log, 5), session(Path::new("/gone/log"), 4)];
        let usual = ["auth.log", "empty.log", "secure"].map(|name| base.path().join(name));
        let (mut app, _) = app();
        let command = |name: &str, program: &str| Command {
            name: name.into(),
            run: vec![program.into(), "-f".into()],
            once: Vec::new(),
        };
        app.settings.commands = vec![command("pods", "sh"), command("other", "/no/such")];
        let offers = offers(&sessions, &usual, &app);
        let shown: Vec<_> = offers
            .iter()
            .map(|(e, _)| (e.heading, e.ready, e.detail.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("OPENED BEFORE", true, "1970-01-01 00:00 UTC  actor:alice"),
                ("OPENED BEFORE", false, "/gone/log is gone"),
                ("LOGS ON THIS HOST", true, "2 B"),
                ("COMMANDS", true, "sh -f"),
                ("COMMANDS", false, "/no/such is not installed"),
                ("TO TRY IT OUT", true, "a bundled incident with live events"),
            ]
        );
        assert_eq!(offers[2].1, Choice::Open(vec![log]));
        assert_eq!(offers[3].1, Choice::Open(vec!["command:pods".into()]));
        assert_eq!(offers[5].1, Choice::Demo);
    }
}
