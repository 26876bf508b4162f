//! Any bytes, read as what `AUDITTY_FUZZ` names: a format, or another of `properties::names`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../support/properties.rs"]
mod properties;

static NAME: LazyLock<String> = LazyLock::new(|| {
    let name = std::env::var("AUDITTY_FUZZ").unwrap_or_default();
    let names = properties::names();
    assert!(names.contains(&name), "AUDITTY_FUZZ is none of {names:?}");
    name
});

fuzz_target!(|input: &[u8]| properties::check(&NAME, input));
