//! Where bytes come from: files, directories, globs, stdin; rotated sets, compression, following.
