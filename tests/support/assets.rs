//! Files in `assets/` that tests draw.

use std::path::Path;

/// Fails if the file is not what was drawn, with the reason; writes it anew where `UPDATE_DOCS` is set.
#[track_caller]
pub(crate) fn compare_or_write(name: &str, drawn: &str, why: impl std::fmt::Display) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets")
        .join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, drawn).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == drawn,
        "assets/{name} is not what {why}; UPDATE_DOCS=1 cargo test draws it anew: look at it"
    );
}
