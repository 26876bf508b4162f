//! The evidence report: what the engine knows of every chain, and the files behind it.

use super::{failed, style};
use crate::engine::{Cancel, Engine, SourceInfo};
use crate::event::Timestamp;
use crate::export::file::{Target, lies_in};
use crate::export::integrity::{self, Examined, files_of, is_checking};
use crate::tui::share::Evidence;

/// Writes it; says how many bytes it has, or why there is no file.
pub(super) fn write(
    engine: &dyn Engine,
    job: &Evidence,
    now: Timestamp,
    cancel: &Cancel,
) -> Result<(u64, bool), String> {
    let mut target = Target::create(&job.path).map_err(|e| e.to_string())?;
    let info = engine.info();
    let mut files = files_of(&job.paths);
    let error = |source: &SourceInfo| {
        let troubles: Vec<&str> = source.troubles().collect();
        (!troubles.is_empty()).then(|| troubles.join("; "))
    };
    let mut examined = |source: &SourceInfo| Examined {
        name: source.name.to_string(),
        is_checking: is_checking(source, &info.covers),
        chain: source.chain.clone(),
        error: error(source),
        files: files.remove(&*source.name).unwrap_or_default(),
        // The index counts generations on when the oldest are gone.
        is_ranked: false,
    };
    let evidence = integrity::Evidence {
        when: now,
        again: job.again(),
        sources: info.sources.iter().map(&mut examined).collect(),
    };
    integrity::write(&evidence, style(job.zone), cancel, &mut target)
        .map_err(|error| failed(error, &job.path))?;
    let bytes = target.keep().map_err(|e| e.to_string())?;
    Ok((bytes, lies_in(&job.path, &job.paths)))
}
