//! Opening what a command works on: from paths to an engine that is being fed. The composition root proper: the only
//! place that names concrete engines and joins them with the ingest pipeline.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::demo_incident::Incident;
use super::demo_writer::DemoWriter;
use super::scratch::Scratch;
use crate::config::paths::{self, PathsError};
use crate::config::{Paths, Settings};
use crate::engine::local::{LocalEngine, LocalOptions};
use crate::engine::sink::EventSink;
use crate::engine::{Covers, Engine, EngineError};
use crate::event::Timestamp;
use crate::format::{Format, Registry};
pub(super) use crate::ingest::digests::DigestKeys;
pub(super) use crate::ingest::journals::Journals;
use crate::ingest::scan::FileScanner;
pub(super) use crate::ingest::sealed::Seals;
use crate::ingest::sealing::Sealing;
pub(super) use crate::ingest::verify::VerifyFile;
use crate::ingest::{Ingest, IngestError, Options};
use crate::source::command::name_in;
use crate::source::{Discoverer, Discovery, RootKind};
use crate::tui::clipboard::Wrap;
use crate::tui::runner::ReadAs;
use crate::tui::share;

/// What the caller is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Explore,
    Follow,
    /// Followed to look at it, and nothing else is done to it.
    Watch,
    /// Everything is read to its end, then the answer is given.
    Complete,
    /// The same for an answer in which no verdict shows, so none is looked for.
    WithoutVerdicts,
}

impl Mode {
    /// Whether there is nothing more to come after the answer.
    fn is_complete(self) -> bool {
        matches!(self, Self::Complete | Self::WithoutVerdicts)
    }

    /// Whether what is open is sealed meanwhile.
    fn seals(self, settings: &Settings) -> bool {
        settings.seal.follow && matches!(self, Self::Explore | Self::Follow)
    }
}

/// An engine and what keeps it fed; the order of the fields is the order in which they end.
pub(super) struct Opened {
    demo: Option<DemoWriter>,
    _sealing: Option<Sealing>,
    ingest: Ingest,
    /// Where people are told something.
    sink: Arc<dyn EventSink>,
    pub(super) engine: Arc<dyn Engine>,
    /// What is open, as somebody else can name it.
    pub(super) paths: Vec<PathBuf>,
    /// What is open, in a few words.
    pub(super) title: String,
    /// The canonical paths of what is open; none where it is not worth keeping a session for.
    pub(super) sources: Vec<PathBuf>,
    /// A hint for the first look.
    pub(super) tip: Option<String>,
    /// What runbooks are offered for inputs of these names.
    pub(super) offers: Vec<(&'static str, String)>,
    /// Why nothing is kept for the next time.
    pub(super) not_kept: Option<String>,
    /// Ids and titles of what a source can be read as.
    formats: Vec<(String, String)>,
    /// Removed at the end.
    _scratch: Option<Scratch>,
}

impl Opened {
    /// Seals what is followed.
    fn seal(&mut self, settings: &Settings) {
        let sink = self.sink.clone();
        let told = sink.clone();
        let tell = move |problem: &str| told.message(format!("seals: {problem}"));
        match super::seal::beside(&self.paths, settings, tell) {
            Ok(sealing) => self._sealing = Some(sealing),
            Err(error) => sink.message(format!("nothing is sealed: {error}")),
        }
    }

    /// Blocks until everything is indexed; calls `progress` now and then.
    pub(super) fn wait_complete(&self, progress: &mut dyn FnMut(&Covers)) {
        self.ingest.wait_complete(&mut |covers| {
            progress(covers);
            true
        });
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("there is nothing to read; name a path, or set `sources` in config.toml")]
    NothingToOpen,
    #[error("{0}")]
    Failed(String),
    /// There is no place for an index.
    #[error("{0}")]
    NoPlace(String),
}

impl From<PathsError> for OpenError {
    fn from(error: PathsError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<EngineError> for OpenError {
    fn from(error: EngineError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<IngestError> for OpenError {
    fn from(error: IngestError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Opens paths: the index of each, and a pipeline that brings it up to date. Where nothing can be kept (a read-only
/// home, a full disk) the index lives as long as this process, and that is said.
pub(super) fn open(
    paths: &[PathBuf],
    settings: &Settings,
    mode: Mode,
) -> Result<Opened, OpenError> {
    if paths.is_empty() {
        return Err(OpenError::NothingToOpen);
    }
    let places = Paths::find(std::env::var_os("AUDITTY_HOME"))?;
    match open_kept(paths, settings, mode, &places) {
        Err(OpenError::NoPlace(why)) => {
            let both = |also: OpenError| OpenError::Failed(format!("{why}; {also}"));
            let scratch = scratch_dir(&std::env::temp_dir(), "auditty-").map_err(both)?;
            let folder = scratch.path().to_owned();
            let opened = open_for_now(paths, settings, mode, scratch, &folder);
            let mut opened = opened.map_err(both)?;
            let said = format!("nothing is kept for the next time: {why}");
            opened.sink.message(said);
            opened.not_kept = Some(why);
            Ok(opened)
        }
        other => other,
    }
}

/// Opens paths with an index that nobody else sees and that goes with this process.
pub(super) fn open_apart(
    paths: &[PathBuf],
    settings: &Settings,
    mode: Mode,
) -> Result<Opened, OpenError> {
    let scratch = scratch_dir(&std::env::temp_dir(), "auditty-")?;
    let folder = scratch.path().to_owned();
    open_for_now(paths, settings, mode, scratch, &folder)
}

fn open_kept(
    paths: &[PathBuf],
    settings: &Settings,
    mode: Mode,
    places: &Paths,
) -> Result<Opened, OpenError> {
    let mut discoverer = discoverer(paths, settings);
    let discovery = scan(&mut discoverer)?;
    // What comes by a pipe is read once: its index lives as long as this process.
    let piped = discovery.roots.iter().any(|r| r.kind.is_pipe());
    let no_place = |e: PathsError| OpenError::NoPlace(e.to_string());
    paths::private_dir(&places.cache).map_err(no_place)?;
    if piped {
        let scratch = scratch_dir(&places.cache, "pipe-");
        let scratch = scratch.map_err(|error| OpenError::NoPlace(error.to_string()))?;
        return open_for_now(paths, settings, mode, scratch, &places.index_dir());
    }
    let dir_of = |path: &Path| places.index_dir().join(dir_name(path));
    let dirs: Vec<PathBuf> = discovery.roots.iter().map(|r| dir_of(&r.path)).collect();
    let sources = discovery.roots.iter().map(|r| r.path.clone()).collect();
    let title = title(&discovery);
    let mut opened = start(
        discoverer,
        discovery,
        &dirs,
        &places.index_dir(),
        PathBuf::new(),
        settings,
        mode,
        title,
        None,
    )?;
    opened.paths = paths.iter().map(|path| absolute(path)).collect();
    opened.sources = sources;
    if mode.seals(settings) {
        opened.seal(settings);
    }
    Ok(opened)
}

/// Opens paths with the index in a folder that goes with this process; that of what is not piped in `folder`.
fn open_for_now(
    paths: &[PathBuf],
    settings: &Settings,
    mode: Mode,
    scratch: Scratch,
    folder: &Path,
) -> Result<Opened, OpenError> {
    let mut discoverer = discoverer(paths, settings);
    let discovery = scan(&mut discoverer)?;
    let dir_of = |path: &Path, kind: RootKind| {
        let parent = if kind.is_pipe() {
            scratch.path()
        } else {
            folder
        };
        parent.join(dir_name(path))
    };
    let roots = discovery.roots.iter();
    let dirs: Vec<PathBuf> = roots.map(|r| dir_of(&r.path, r.kind)).collect();
    let spool = scratch.path().to_owned();
    let title = title(&discovery);
    let mut opened = start(
        discoverer,
        discovery,
        &dirs,
        folder,
        spool,
        settings,
        mode,
        title,
        Some(scratch),
    )?;
    opened.paths = paths.iter().map(|path| absolute(path)).collect();
    Ok(opened)
}

/// Whether a path stands for what comes by a pipe.
pub(super) fn is_pipe(path: &Path) -> bool {
    path == Path::new("-") || (name_in(path).is_some() && !path.exists())
}

fn discoverer(paths: &[PathBuf], settings: &Settings) -> Discoverer {
    Discoverer::new(paths.to_vec()).with_commands(settings.command_names())
}

fn scan(discoverer: &mut Discoverer) -> Result<Discovery, OpenError> {
    let discovery = discoverer.scan();
    if discovery.roots.is_empty() {
        return Err(OpenError::Failed(nothing_readable(&discovery)));
    }
    Ok(discovery)
}

/// A path that is right from any folder; standard input and commands stay what they are.
fn absolute(path: &Path) -> PathBuf {
    if is_pipe(path) {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[allow(clippy::too_many_arguments, reason = "one call from each way to open")]
fn start(
    discoverer: Discoverer,
    discovery: Discovery,
    dirs: &[PathBuf],
    root: &Path,
    spool: PathBuf,
    settings: &Settings,
    mode: Mode,
    title: String,
    scratch: Option<Scratch>,
) -> Result<Opened, OpenError> {
    let registry = Arc::new(Registry::with(&settings.formats));
    let named = |f: &Arc<dyn Format>| (f.id().to_owned(), f.title().to_owned());
    let formats = registry.all().iter().map(named).collect();
    let zone = settings.log_zone;
    let options = LocalOptions {
        root: Some(root.to_owned()),
        zone,
        complete: mode.is_complete(),
        max_bytes: settings.index.max_bytes,
        max_share: settings.index.max_share,
        min_free: settings.index.min_free,
    };
    let scanner = FileScanner {
        registry: registry.clone(),
        zone,
    };
    let engine =
        LocalEngine::open(dirs, registry.clone(), options).map_err(|error| match error {
            EngineError::Io { .. } | EngineError::Index(_) => OpenError::NoPlace(error.to_string()),
            other => other.into(),
        })?;
    let engine = engine.with_scanner(Arc::new(scanner));
    let sinks = engine.sinks();
    let sink = sinks[0].clone();
    let digest_keys = super::digest_keys::read(&settings.cloudtrail_keys).unwrap_or_else(|error| {
        sink.message(format!(
            "cloudtrail.public_keys: {error}; no signature is checked"
        ));
        DigestKeys::default()
    });
    let options = Options {
        follow: !mode.is_complete(),
        verdicts: mode != Mode::WithoutVerdicts,
        zone,
        workers: 2,
        spool,
        commands: settings.commands.clone(),
        launcher: super::launch::launcher(),
        chains: settings.chains.clone().into(),
        seals: super::seal::of_this_host(mode.seals(settings)),
        digest_keys,
    };
    let ingest = Ingest::start(discoverer, discovery, sinks, registry, options)?;
    let engine: Arc<dyn Engine> = Arc::new(engine);
    Ok(Opened {
        demo: None,
        _sealing: None,
        ingest,
        sink,
        engine,
        paths: Vec::new(),
        title,
        sources: Vec::new(),
        tip: None,
        offers: Vec::new(),
        not_kept: None,
        formats,
        _scratch: scratch,
    })
}

/// The bundled incident, written into a private folder and going on while it is open.
pub(super) fn demo(settings: &Settings) -> Result<Opened, OpenError> {
    let places = Paths::find(std::env::var_os("AUDITTY_HOME"))?;
    let private = paths::private_dir(&places.cache);
    let parent = private.map_or_else(|_| std::env::temp_dir(), |()| places.cache);
    let scratch = scratch_dir(&parent, "demo-")?;
    let folder = scratch.path().to_owned();
    let logs = scratch.path().join("logs");
    let failed = |e: std::io::Error| OpenError::Failed(format!("cannot write the demo: {e}"));
    let incident = Incident::render(&logs, Timestamp::now()).map_err(failed)?;
    let key = incident.leaked_key;
    let mut discoverer = Discoverer::new(vec![logs.clone()]);
    let discovery = discoverer.scan();
    let dirs = [folder.join("index")];
    let mut opened = start(
        discoverer,
        discovery,
        &dirs,
        &folder,
        PathBuf::new(),
        settings,
        Mode::Explore,
        "demo incident".into(),
        Some(scratch),
    )?;
    opened.paths = vec![logs];
    opened.demo = Some(DemoWriter::start(incident).map_err(failed)?);
    opened.tip = Some("demo: R opens the runbook, x jumps to a broken link".into());
    opened.offers = vec![("key", key.to_owned())];
    Ok(opened)
}

/// Runs the explorer until the person leaves it. What they should know afterwards comes back: that nothing of it was
/// kept is no failure of what they did.
pub(super) fn explore(
    opened: Opened,
    mut library: crate::runbook::Library,
    mut options: crate::tui::Options,
    keeper: Option<crate::state::Keeper>,
) -> Result<Option<String>, OpenError> {
    for runbook in &mut library.runbooks {
        for (name, value) in &opened.offers {
            let fits = |i: &crate::runbook::Input| i.name == *name && i.default.is_none();
            if let Some(at) = runbook.inputs.iter().position(fits) {
                Arc::make_mut(runbook).inputs[at].default = Some(value.clone());
            }
        }
    }
    options.formats.clone_from(&opened.formats);
    let chooser = opened.ingest.chooser();
    options.read_as = Some(ReadAs(Arc::new(move |source, format| {
        chooser.read_as(source, format);
    })));
    let failed = |e: &dyn std::fmt::Display| OpenError::Failed(e.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| failed(&e))?;
    let result = runtime.block_on(crate::tui::run(
        opened.engine.clone(),
        library,
        options,
        keeper,
    ));
    // What still runs lets go of the engine first, so that nothing is written once a scratch folder is removed.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(()) => Ok(None),
        Err(error @ crate::tui::TuiError::Session(_)) => Ok(Some(error.to_string())),
        Err(error) => Err(failed(&error)),
    }
}

/// What copying and exporting need to know.
pub(super) fn sharing(opened: &Opened, app: &super::app::App) -> share::Setup {
    let variable = |name: &str| std::env::var(name).ok();
    share::Setup {
        paths: opened.paths.clone(),
        passing: opened.demo.is_some(),
        who: super::who::this_user(),
        clipboard: app.settings.clipboard,
        wrap: Wrap::find(variable("TMUX").as_deref(), variable("STY").as_deref()),
        folder: app.paths.as_ref().map(|p| p.state.join("copies")),
        home: std::env::home_dir(),
    }
}

pub(super) fn verify(
    paths: &[PathBuf],
    settings: &Settings,
    seals: Option<&Seals>,
    keys: &DigestKeys,
    journals: &Journals,
) -> Result<Vec<VerifyFile>, OpenError> {
    if paths.is_empty() {
        return Err(OpenError::NothingToOpen);
    }
    Ok(crate::ingest::verify::verify(
        paths,
        &Registry::with(&settings.formats),
        &settings.chains,
        seals,
        keys,
        journals,
    ))
}

/// Paths with the sidecars of the logs that they lead to.
pub(super) fn with_sidecars(paths: &[PathBuf], settings: &Settings) -> Vec<PathBuf> {
    crate::ingest::verify::with_sidecars(paths, &settings.chains)
}

/// What sidecars list of logs of which nothing is there.
pub(super) fn lost(paths: &[PathBuf], settings: &Settings) -> Vec<VerifyFile> {
    crate::ingest::verify::lost(paths, &settings.chains)
}

/// Every known format.
pub(super) fn formats(settings: &Settings) -> Vec<Arc<dyn Format>> {
    Registry::with(&settings.formats).all()
}

/// What is at these paths, and how to look again.
pub(super) fn discovered(
    paths: &[PathBuf],
    settings: &Settings,
) -> Result<(Discoverer, Discovery), OpenError> {
    if paths.is_empty() {
        return Err(OpenError::NothingToOpen);
    }
    let mut discoverer = discoverer(paths, settings);
    let discovery = scan(&mut discoverer)?;
    Ok((discoverer, discovery))
}

/// A name for the index of a root that no path separator or length limit can trouble.
fn dir_name(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(12).map(|b| format!("{b:02x}")).collect()
}

fn scratch_dir(parent: &Path, prefix: &str) -> Result<Scratch, OpenError> {
    Scratch::new(parent, prefix).map_err(|e| {
        OpenError::Failed(format!(
            "cannot create a folder in {}: {e}",
            parent.display()
        ))
    })
}

pub(super) fn nothing_readable(discovery: &Discovery) -> String {
    let lines: Vec<String> = discovery
        .skipped
        .iter()
        .map(|s| format!("{}: {}", s.path.display(), s.detail))
        .collect();
    if lines.is_empty() {
        return "there is no log at these paths".into();
    }
    lines.join("\n")
}

fn title(discovery: &Discovery) -> String {
    let sources: usize = discovery.roots.iter().map(|r| r.sets.len().max(1)).sum();
    let first = discovery
        .roots
        .first()
        .map(|r| r.path.to_string_lossy().into_owned())
        .unwrap_or_default();
    match (sources, discovery.roots.len()) {
        (0 | 1, _) => first,
        (n, 1) => format!("{n} sources in {first}"),
        (n, _) => format!("{first} +{} sources", n - 1),
    }
}
