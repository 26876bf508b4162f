//! The program: everything is in the library, so that tests and benches reach it.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Indexing makes many small allocations in one thread and frees them in another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    auditty::cli::main()
}
