//! What a check found, as an evidence report in a file.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::app::App;
use crate::cli::args::VerifyArgs;
use crate::cli::exit::Failure;
use crate::cli::open::VerifyFile;
use crate::engine::Cancel;
use crate::export::Style;
use crate::export::file::Target;
use crate::export::integrity::{self, Evidence, Examined};
use crate::text::Charset;
use crate::text::shell::word;

/// The command that checks the same again.
pub(super) fn again(args: &VerifyArgs, paths: &[PathBuf]) -> String {
    let mut words = vec!["auditty verify".to_owned()];
    words.extend(paths.iter().map(|path| word(path.as_os_str())));
    let mut flag = |name: &str, value: &OsStr| words.push(format!("{name} {}", word(value)));
    if let Some(key) = &args.key {
        flag("--key", key.as_ref());
    }
    if let Some(file) = &args.checkpoints {
        flag("--checkpoints", file.as_ref());
    }
    for file in &args.public_keys {
        flag("--public-keys", file.as_ref());
    }
    if let Some(file) = &args.journal_key {
        flag("--journal-key", file.as_ref());
    }
    words.join(" ")
}

/// Writes the report, and says where it is.
pub(super) fn write(
    files: &[VerifyFile],
    again: String,
    mut target: Target,
    open: &[PathBuf],
    app: &mut App,
) -> Result<(), Failure> {
    let examined = |file: &VerifyFile| Examined {
        name: file.path.clone(),
        chain: Some(Arc::clone(&file.report)),
        error: file.error.clone(),
        is_checking: false,
        files: file.files.clone(),
        is_ranked: true,
    };
    let evidence = Evidence {
        when: app.now,
        again,
        sources: files.iter().map(examined).collect(),
    };
    let style = Style {
        terminal: false,
        colour: false,
        charset: Charset::Unicode,
        ..app.style
    };
    let path = target.path().to_owned();
    integrity::write(&evidence, style, &Cancel::default(), &mut target)?;
    let bytes = target.keep()?;
    app.talk_of_file(bytes, &path, open);
    Ok(())
}
