//! Where bytes come from: files, directories, globs, stdin, commands; rotated sets, compression, following.
//!
//! This module knows files and bytes, nothing of formats, frames or events. How the ingest uses it:
//!
//! 1. [`discover::Discoverer::scan`] turns path arguments into [`Root`]s of rotated [`LogSet`]s, oldest generation first;
//! 2. [`file::open_at`] reads plain generations, [`stream::open_stream`] decompresses the others,
//!    [`newlines`] finds line starts and line numbers in the middle of a file;
//! 3. [`watch::Watcher::recv`] waits until something moved; after it either [`LogSet::restat`] (files grew) or another
//!    scan (files came, went or were renamed) gives the new picture;
//! 4. [`follow::compare`] says what happened between two pictures, and in which order to read on;
//! 5. [`spool::Spool`] makes what comes by a pipe a file that grows: standard input, or what a [`command`] prints.
//!
//! Whether two files hold the same content (a generation that was compressed, a copy, a reused inode) is for the
//! ingest to find out by the hash of the first frame; `follow` only says where that question arises.

mod access;
mod content;
mod dirs;
mod near;
mod peek;
mod utf16;

pub mod command;
pub mod discover;
pub mod file;
pub mod follow;
pub mod journal;
pub mod newlines;
pub mod rotation;
pub mod set;
pub mod spool;
pub mod stream;
pub mod watch;

use std::io;
use std::path::{Path, PathBuf};

pub use content::Compression;
pub use discover::{Discoverer, Discovery, Root, RootKind, SkipReason, Skipped, discover};
pub use file::{FileId, GenFile, Reader, open_at};
pub use set::LogSet;
pub use stream::{ReadEnd, Stream, open_stream};

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("cannot {action} {path}: {source}")]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Another file is at this path since the last scan (it was rotated): scan again.
    #[error("{path} is another file than before: scan again")]
    Replaced { path: PathBuf },
    #[error("{path} is not a regular file")]
    NotAFile { path: PathBuf },
}

impl SourceError {
    /// Whether the file is no longer at its path: it was renamed, replaced or deleted.
    pub fn is_moved(&self) -> bool {
        match self {
            Self::Replaced { .. } => true,
            Self::Io { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::NotAFile { .. } => false,
        }
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
