//! What the integration tests share.

pub(crate) mod assets;
pub(crate) mod imports;
pub(crate) mod logs;
pub(crate) mod pipeline;
pub(crate) mod program;
pub(crate) mod properties;
pub(crate) mod random;
pub(crate) mod terminal;
pub(crate) mod wait;
pub(crate) mod watch;
