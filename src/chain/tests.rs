//! Chains end to end: logs are written, damaged, and read back.

pub(super) mod vectors;
