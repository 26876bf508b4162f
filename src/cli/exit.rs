//! How commands end: exit status as a pure function of what happened.

use std::io;

use super::open::OpenError;
use crate::config::paths::PathsError;
use crate::engine::EngineError;
use crate::export::file::TargetError;
use crate::export::{ColumnError, StreamError};

/// A command that came to its end. (4 is kept for what a policy denies.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    Ok = 0,
    /// Nothing matched; or no alarm, but not everything is verified.
    NoMatch = 1,
    Usage = 2,
    Alarm = 3,
    /// Something could not be read: what was printed is not the whole answer.
    Failed = 5,
}

/// Why a command stopped short.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nobody reads our output any more: the quiet end of `… | head`.
    #[error("")]
    Closed,
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Failed(String),
}

pub(super) fn code(result: &Result<Exit, Failure>) -> u8 {
    let exit = match result {
        Ok(exit) => *exit,
        Err(Failure::Closed) => Exit::Ok,
        Err(Failure::Usage(_)) => Exit::Usage,
        Err(Failure::Failed(_)) => Exit::Failed,
    };
    exit as u8
}

impl From<io::Error> for Failure {
    /// Only writing to our own streams gives bare I/O errors; everything else names its file.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Query(_) => Self::Usage(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Engine(error) => error.into(),
            StreamError::Write(error) => error.into(),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NothingToOpen => Self::Usage(error.to_string()),
            OpenError::Failed(_) | OpenError::NoPlace(_) => Self::Failed(error.to_string()),
        }
    }
}

impl From<PathsError> for Failure {
    fn from(error: PathsError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ColumnError> for Failure {
    fn from(error: ColumnError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<TargetError> for Failure {
    /// A place that cannot take a file is a mistake of whoever named it; all else is a failure.
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Io { .. } => Self::Failed(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}
