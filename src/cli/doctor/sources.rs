//! What would be read at the given paths, as what, and what would not.

use std::path::PathBuf;

use serde::Serialize;

use super::{Check, Level};
use crate::cli::app::{grouped, size};
use crate::cli::files;
use crate::config::Settings;
use crate::source::command::name_in;
use crate::source::{Discoverer, LogSet, SkipReason};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) format: String,
    pub(super) files: usize,
    pub(super) bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Skipped {
    pub(super) level: Level,
    pub(super) path: String,
    /// With the way out, where there is one.
    pub(super) why: String,
}

pub(super) struct Found {
    pub(super) sources: Vec<Source>,
    pub(super) skipped: Vec<Skipped>,
    /// To be watched for changes.
    pub(super) directories: usize,
    asked: usize,
}

impl Found {
    pub(super) fn look(paths: &[PathBuf], settings: &Settings) -> Self {
        let mut discoverer =
            Discoverer::new(paths.to_vec()).with_commands(settings.command_names());
        let discovery = discoverer.scan();
        let mut sources = Vec::new();
        for root in &discovery.roots {
            if root.kind.is_pipe() {
                let path = match name_in(&root.path).and_then(|name| settings.command(name)) {
                    Some(command) => format!("{}: {}", root.path.display(), command.run.join(" ")),
                    None => "standard input".to_owned(),
                };
                sources.push(Source {
                    path,
                    format: "known once it is read".to_owned(),
                    files: 1,
                    bytes: 0,
                });
            }
            sources.extend(root.sets.iter().map(|set| source(set, settings)));
        }
        let skipped = discovery.skipped.into_iter().map(|skipped| {
            let level = match skipped.why {
                SkipReason::Missing
                | SkipReason::Unreadable
                | SkipReason::Failed
                | SkipReason::NoCommand => Level::Unreadable,
                SkipReason::TooMany | SkipReason::Compression => Level::Warning,
                SkipReason::Empty
                | SkipReason::Binary
                | SkipReason::NotAFile
                | SkipReason::SameFile
                | SkipReason::Loop
                | SkipReason::Hidden => Level::Ok,
            };
            Skipped {
                level,
                path: skipped.path.to_string_lossy().into_owned(),
                why: skipped.detail,
            }
        });
        Self {
            sources,
            skipped: skipped.collect(),
            directories: discovery.dirs.len(),
            asked: paths.len(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes).sum()
    }

    pub(super) fn check(&self) -> Check {
        const AREA: &str = "sources";
        match (self.asked, self.sources.len()) {
            (0, _) => Check::ok(AREA, "none are configured: auditty without a path shows its start page")
                .hint("auditty doctor PATH shows what would be read there; `sources` in config.toml sets what opens without a path"),
            (_, 0) => Check {
                level: Level::Unreadable,
                ..Check::ok(AREA, "nothing here can be read")
            },
            (_, count) => Check::ok(
                AREA,
                format!(
                    "{} to be read, {}; {} skipped",
                    match count {
                        1 => "1 log".to_owned(),
                        n => format!("{} logs", grouped(n as u64)),
                    },
                    size(self.bytes()),
                    grouped(self.skipped.len() as u64)
                ),
            ),
        }
    }
}

fn source(set: &LogSet, settings: &Settings) -> Source {
    let format = match set
        .generations
        .last()
        .map(|file| files::detect_in(file, settings))
    {
        Some(Ok(Some(detection))) => detection.format.id().to_owned(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(None)) | None => "nothing in it yet".to_owned(),
    };
    Source {
        path: set.name.to_string_lossy().into_owned(),
        format,
        files: set.generations.len(),
        bytes: set.bytes(),
    }
}
