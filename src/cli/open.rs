//! Opening what a command works on: paths to an engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Settings;
use crate::engine::{Covers, Engine};
use crate::format::registry::Registry;
use crate::format::{Detection, Format};
pub(super) use crate::ingest::verify::VerifyFile;

/// What the caller is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Explore,
    Follow,
    /// Everything is read to its end, then the answer is given.
    Complete,
}

pub(super) struct Opened {
    pub(super) engine: Arc<dyn Engine>,
}

impl Opened {
    /// Blocks until everything is indexed; calls `progress` now and then.
    pub(super) fn wait_complete(&self, progress: &mut dyn FnMut(&Covers)) {
        progress(&self.engine.info().covers);
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("there is nothing to read; name a path, or set `sources` in config.toml")]
    NothingToOpen,
    #[error("{0}")]
    Failed(String),
}

fn not_yet<T>() -> Result<T, OpenError> {
    Err(OpenError::Failed("opening is not connected yet".into()))
}

pub(super) fn open(
    paths: &[PathBuf],
    _settings: &Settings,
    _mode: Mode,
) -> Result<Opened, OpenError> {
    if paths.is_empty() {
        Err(OpenError::NothingToOpen)
    } else {
        not_yet()
    }
}

pub(super) fn verify(
    paths: &[PathBuf],
    _settings: &Settings,
) -> Result<Vec<VerifyFile>, OpenError> {
    if paths.is_empty() {
        return Err(OpenError::NothingToOpen);
    }
    Ok(crate::ingest::verify::verify(paths, &Registry::builtin()))
}

/// The bundled incident.
pub(super) fn demo(_settings: &Settings) -> Result<Opened, OpenError> {
    not_yet()
}

/// Runs the explorer until the person leaves it.
pub(super) fn explore(_opened: Opened, _settings: &Settings) -> Result<(), OpenError> {
    not_yet()
}

/// Every known format.
pub(super) fn formats() -> Vec<Arc<dyn Format>> {
    Registry::builtin().all()
}

/// The format a file would be read as (decompressed first); `None` = binary or empty.
pub(super) fn detect(_file: &Path) -> Result<Option<Detection>, OpenError> {
    not_yet()
}
