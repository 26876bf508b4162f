//! `auditty seal`: checkpoints over logs that have no chain of their own.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::app::{App, grouped};
use super::args::SealArgs;
use super::exit::{Exit, Failure};
use super::open::{self, Seals};
use crate::config::{Paths, Settings, paths};
use crate::ingest::sealing::{
    SealError, SealOptions, SealSink, Sealer, Sealing, Sealings, follow, problems,
};
use crate::seal::{Collected, NoteError, PublicKey, SealKey, read_copies};
use crate::source::Discoverer;
use crate::source::watch::Watcher;

const KEY: &str = "key";

pub(super) fn run(args: &SealArgs, app: &mut App) -> Result<Exit, Failure> {
    let dir = folder(app)?;
    if args.public_key {
        writeln!(app.out, "{}", own_key(&dir)?.public())?;
        return Ok(Exit::Ok);
    }
    let paths = app.sources(&args.paths);
    let (mut discoverer, discovery) = open::discovered(&paths, &app.settings)?;
    for skipped in &discovery.skipped {
        app.talk(&format!("{}: {}", skipped.path.display(), skipped.detail));
    }
    let key = own_key(&dir)?;
    app.talk(&format!("the public key is {}", key.public()));
    let mut settings = app.settings.clone();
    if let Some(file) = &args.sink {
        settings.seal.sink = Some(file.clone());
        settings.seal.command.clear();
    }
    let mut options = options(&settings, dir)?;
    options.every = args.every.unwrap_or(options.every);
    options.after = args.after.map_or(options.after, Duration::from_secs);
    options.anew = args.anew;
    if options.sinks.is_empty() {
        app.talk("checkpoints stay on this host, where who can change the log can change them: --sink copies them elsewhere");
    }
    let mut sealer = Sealer::new(key, options);
    if !args.follow {
        let done = sealer.look(&discovery, true);
        return tell(&done, app);
    }
    let mut watcher = Watcher::new(&discovery);
    // It ends with the process.
    let stop = AtomicBool::new(false);
    let mut say = |problem: &str| app.talk(problem);
    follow(
        &mut sealer,
        &mut discoverer,
        discovery,
        &mut watcher,
        &stop,
        &mut say,
    );
    Ok(Exit::Ok)
}

/// As the settings have it.
fn options(settings: &Settings, dir: PathBuf) -> Result<SealOptions, Failure> {
    let seal = &settings.seal;
    // By its whole path: the same name elsewhere is another place.
    let absolute = |path: &PathBuf| std::path::absolute(path).map_err(|error| wrong(path, &error));
    let sink = seal.sink.as_ref().map(absolute).transpose()?;
    let mut sinks: Vec<SealSink> = sink.into_iter().map(SealSink::File).collect();
    if !seal.command.is_empty() {
        if !settings.exec {
            return Err(Failure::Usage(
                "seal.command is set, and no command may be started: exec is false, or --no-exec was given; --sink FILE copies without one".into(),
            ));
        }
        sinks.push(SealSink::Command(seal.command.clone()));
    }
    Ok(SealOptions {
        dir,
        host: super::who::host(),
        every: seal.every,
        after: Duration::from_secs(seal.after),
        sinks,
        anew: false,
    })
}

/// Seals what is followed, as long as the result lives.
pub(super) fn beside(
    paths: &[PathBuf],
    settings: &Settings,
    tell: impl Fn(&str) + Send + 'static,
) -> Result<Sealing, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let places = Paths::find(std::env::var_os("AUDITTY_HOME")).map_err(|e| failed(&e))?;
    let dir = places.state.join("seals");
    paths::private_dir(&dir).map_err(|e| failed(&e))?;
    let sealer = Sealer::new(own_key(&dir)?, options(settings, dir)?);
    let sealed: Vec<PathBuf> = paths
        .iter()
        .filter(|path| !open::is_pipe(path))
        .cloned()
        .collect();
    let discoverer = Discoverer::new(sealed);
    Sealing::start(sealer, discoverer, tell).map_err(|e| failed(&e))
}

fn tell(done: &Sealings, app: &mut App) -> Result<Exit, Failure> {
    for problem in problems(done) {
        app.talk(&problem);
    }
    writeln!(
        app.out,
        "lines sealed: {}, checkpoints signed: {}",
        grouped(done.lines),
        grouped(done.checkpoints)
    )?;
    let changed = |(_, error): &(PathBuf, SealError)| matches!(error, SealError::Changed(_));
    Ok(if done.problems.iter().any(changed) {
        Exit::Alarm
    } else if done.problems.is_empty() && done.sink_problem.is_none() {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

/// Where seals and their key are kept.
pub(super) fn folder(app: &App) -> Result<PathBuf, Failure> {
    let paths = app.paths.as_ref();
    let paths =
        paths.ok_or_else(|| Failure::Failed("there is no place to keep seals in".into()))?;
    let dir = paths.state.join("seals");
    paths::private_dir(&dir).map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(dir)
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Failed(format!("{}: {error}", path.display()))
}

/// The key of this host; made when it is first needed. Of several processes that make one at once, the first one's is it.
fn own_key(dir: &Path) -> Result<SealKey, Failure> {
    let path = dir.join(KEY);
    if let Some(key) = kept_key(&path)? {
        return Ok(key);
    }
    let key = SealKey::generate(&super::who::host()).map_err(|error| wrong(&path, &error))?;
    paths::create_private(&path, format!("{}\n", key.text()).as_bytes())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    kept_key(&path)?.ok_or_else(|| wrong(&path, &"it is gone again"))
}

/// The key in a file; `None` = there is no such file.
fn kept_key(path: &Path) -> Result<Option<SealKey>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => SealKey::parse(&text)
            .map(Some)
            .map_err(|error| wrong(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(path, &error)),
    }
}

/// The key that was named, itself or by a file that holds it; else this host's, if it has one.
pub(super) fn public_key(named: Option<&str>, app: &App) -> Result<Option<PublicKey>, Failure> {
    let Some(named) = named else {
        let path = folder(app)?.join(KEY);
        return match std::fs::read_to_string(&path) {
            Ok(text) => SealKey::parse(&text)
                .map(|key| Some(key.public()))
                .map_err(|error| wrong(&path, &error)),
            Err(_) => Ok(None),
        };
    };
    let read: Result<PublicKey, NoteError> = match std::fs::read_to_string(named) {
        Ok(text) => text.parse(),
        Err(_) => named.parse(),
    };
    read.map(Some).map_err(|error| {
        Failure::Usage(format!(
            "{named}: {error}; auditty seal --public-key prints one"
        ))
    })
}

/// The seals of this host, if it has any or is `about_to` have: what logs that are opened are compared with.
pub(super) fn of_this_host(about_to: bool) -> Option<Seals> {
    let places = Paths::find(std::env::var_os("AUDITTY_HOME")).ok()?;
    let dir = places.state.join("seals");
    if about_to {
        paths::private_dir(&dir).ok()?;
        own_key(&dir).ok()?;
    }
    let text = std::fs::read_to_string(dir.join(KEY)).ok()?;
    Some(Seals {
        dir,
        key: SealKey::parse(&text).ok().map(|key| key.public()),
        copies: Collected::default(),
        copies_from: None,
    })
}

/// What `verify` needs to check seals.
pub(super) fn seals(
    key: Option<&str>,
    checkpoints: Option<&Path>,
    app: &App,
) -> Result<Option<Seals>, Failure> {
    let Ok(dir) = folder(app) else {
        return Ok(None);
    };
    let key = public_key(key, app)?;
    let copies = match (checkpoints, &key) {
        (None, _) => Collected::default(),
        (Some(path), Some(key)) => {
            let text = std::fs::read(path).map_err(|error| wrong(path, &error))?;
            let copies = read_copies(&text, key);
            match copies.wrong.first() {
                Some((line, why)) if copies.checkpoints.is_empty() => {
                    let place = path.display();
                    return Err(Failure::Failed(format!("{place}, line {line}: {why}")));
                }
                _ => copies,
            }
        }
        (Some(_), None) => {
            return Err(Failure::Usage(
                "--checkpoints needs the key that they are signed with: --key".into(),
            ));
        }
    };
    Ok(Some(Seals {
        dir,
        key,
        copies,
        copies_from: checkpoints.map(Path::to_owned),
    }))
}
