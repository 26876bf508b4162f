//! The token-preserving JSON reader: numbers and strings keep the bytes they were written with, so that hashes over
//! a record can be recomputed, and nothing recurses, so that depth costs memory only up to a limit.
