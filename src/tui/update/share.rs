//! Copying and exporting: what goes out, and what is said about it.

use std::path::{Path, PathBuf};

use crate::config::Clipboard;
use crate::event::Zone;
use crate::export::Format;
use crate::export::file::{READ_AS_A_LOG, expand_home};
use crate::text::{Charset, bytes};
use crate::tui::clipboard::osc52;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Pane};
use crate::tui::overlay::Overlay;
use crate::tui::pane::runbook::run::Run;
use crate::tui::share::{self, Evidence, Export, News, Running, Share};
use crate::tui::theme::Role;
use crate::tui::widget::text::{counted, number};

/// The display zone.
pub(super) fn zone(model: &Model) -> Zone {
    model.zone.place()
}

/// The value under the cursor: a cell of the list, a row of a pane, the query of a runbook's step.
pub(super) fn copy_value(model: &mut Model) -> Vec<Effect> {
    if model.focus == Pane::Runbook && model.runbooks.run().is_some_and(Run::is_handing_over) {
        return copy_letter(model);
    }
    let found = match model.focus {
        Pane::Events => {
            let hit = model.events.selected();
            hit.and_then(|hit| model.events.column().copied(hit))
        }
        Pane::Detail => model.subject().and_then(|s| model.detail.value(&s)),
        Pane::Filters => model.filters.value(),
        Pane::Timeline => model.timeline.value(),
        Pane::Runbook => model.runbooks.run().and_then(Run::value),
    };
    match found {
        // One line: what is pasted into a shell must not be run by a line break in it.
        Some((name, text)) => {
            let text = Charset::Unicode.line(&text, usize::MAX);
            copy(model, name, text)
        }
        None => {
            model.say("there is no value here to copy");
            Vec::new()
        }
    }
}

/// The text to hand over, while it is shown. A letter has lines, and they are the runbook's: no value in it brings one.
pub(super) fn copy_letter(model: &mut Model) -> Vec<Effect> {
    let Some((name, text)) = model.runbooks.run().and_then(Run::value) else {
        return Vec::new();
    };
    let text = Charset::Unicode.block(&text);
    copy(model, name, text)
}

/// The record as it was read, what acts on a terminal shown.
pub(super) fn copy_record(model: &mut Model) -> Vec<Effect> {
    let Some(hit) = model.events.selected() else {
        model.say("there is nothing to copy");
        return Vec::new();
    };
    let text = Charset::Unicode.block(&bytes(&hit.event.raw));
    copy(model, "the record".to_owned(), text)
}

/// The view as a command that shows the same elsewhere.
pub(super) fn copy_command(model: &mut Model) -> Vec<Effect> {
    let now = model.anchor.unwrap_or(model.now);
    let zone = zone(model);
    let columns = model.events.columns.names();
    let paths = &model.share.setup.paths;
    let command = share::command(
        &model.query,
        now,
        zone,
        paths,
        columns.as_deref(),
        model.total,
    );
    let what = match limit_of_command(model) {
        Some(limit) => format!("this view as a command ({limit})"),
        None => "this view as a command".to_owned(),
    };
    let effects = copy(model, what, command.clone());
    // A terminal that takes no copies is no reason to go without.
    if let Some((_, said)) = &mut model.said {
        said.push_str(&format!(". It is: {command}"));
    }
    effects
}

/// Why the command may show something else to who runs it.
fn limit_of_command(model: &Model) -> Option<String> {
    if model.share.setup.passing {
        return Some("these files go when you quit".to_owned());
    }
    let chosen = model
        .info
        .sources
        .iter()
        .find(|source| source.format_chosen)?;
    Some(format!(
        "read as {} only where that was chosen",
        chosen.format
    ))
}

fn copy(model: &mut Model, what: String, text: String) -> Vec<Effect> {
    let setup = &model.share.setup;
    let size = counted(text.len() as u64, "byte", "bytes");
    let mode = setup.clipboard;
    if mode == Clipboard::Off {
        model.say("copying is off: clipboard = \"off\" in config.toml");
        return Vec::new();
    }
    let sequence = match mode {
        Clipboard::Osc52 => osc52(&text, setup.wrap),
        _ => None,
    };
    if let Some(sequence) = sequence {
        model.say(format!("copied {what}, if the terminal lets it: {size}"));
        return vec![Effect::Wire(sequence)];
    }
    match setup.folder.clone() {
        Some(folder) => {
            let what = format!("{what}: {size}");
            share(Share::CopyToFile { folder, what, text })
        }
        None => {
            model.said = Some((
                Role::Warning,
                format!(
                    "{what} is too long for the clipboard ({size}), and there is no folder for it"
                ),
            ));
            Vec::new()
        }
    }
}

fn share(share: Share) -> Vec<Effect> {
    vec![Effect::Share(Box::new(share))]
}

/// Begins an export; says why not, where it can be told without looking.
pub(super) fn export(model: &mut Model, format: Format, file: &str) -> Result<Vec<Effect>, String> {
    let (job, path) = begin(model, file, Some(0))?;
    let zone = zone(model);
    Ok(share(Share::Export(Export {
        job,
        format,
        path,
        query: model.query.clone(),
        now: model.anchor,
        zone,
        who: model.share.setup.who.clone(),
        paths: model.share.setup.paths.clone(),
    })))
}

/// Begins an evidence report; says why not, where it can be told without looking.
pub(super) fn evidence(model: &mut Model, file: &str) -> Result<Vec<Effect>, String> {
    let (job, path) = begin(model, file, None)?;
    Ok(share(Share::Evidence(Evidence {
        job,
        path,
        paths: model.share.setup.paths.clone(),
        zone: zone(model),
    })))
}

/// A job that writes to a file, one at a time.
pub(super) fn begin(
    model: &mut Model,
    file: &str,
    events: Option<u64>,
) -> Result<(u64, PathBuf), String> {
    if let Some(running) = &model.share.export {
        let path = running.path.display();
        return Err(format!("{path} is still being written; Ctrl+C stops it"));
    }
    let home = model.share.setup.home.as_deref();
    let path = expand_home(file.as_ref(), home);
    let job = model.share.next_job();
    model.share.export = Some(Running {
        job,
        path: path.clone(),
        events,
    });
    Ok((job, path))
}

/// Stops the export that runs; `None` if there is none.
pub(super) fn stop(model: &mut Model) -> Option<Vec<Effect>> {
    model.share.export.as_ref()?;
    model.say("stopping the export");
    Some(share(Share::CancelExport))
}

/// That a file was written, and whether it is read as a log now because it lies among what is open.
fn told_of_file(wrote: String, file: &Path, is_log: bool) -> (Role, String) {
    let role = if is_log { Role::Warning } else { Role::Good };
    let also = read_as_a_log(is_log);
    (role, format!("{wrote} {}{also}", file.display()))
}

fn read_as_a_log(is_log: bool) -> String {
    if is_log {
        format!("; {READ_AS_A_LOG}")
    } else {
        String::new()
    }
}

pub(super) fn news(model: &mut Model, news: News) {
    model.dirty = true;
    match news {
        News::Progress { job, events } => {
            if let Some(running) = model.share.export.as_mut().filter(|r| r.job == job) {
                running.events = Some(events);
            }
        }
        News::Exported { job, result } => {
            let Some(running) = model.share.export.take_if(|r| r.job == job) else {
                return;
            };
            model.said = Some(match result {
                Ok(written) => {
                    let events = counted(written.events, "event", "events");
                    let (bytes, path) = (number(written.bytes), running.path.display());
                    if written.complete {
                        let wrote = format!("wrote {events}, {bytes} bytes, to");
                        told_of_file(wrote, &running.path, written.is_log)
                    } else {
                        (
                            Role::Warning,
                            format!(
                                "NOT everything, indexing goes on: wrote {events} to {path}{}",
                                read_as_a_log(written.is_log)
                            ),
                        )
                    }
                }
                Err(error) => (Role::Warning, format!("not exported: {error}")),
            });
        }
        News::Reported { job, result } => {
            let Some(running) = model.share.export.take_if(|r| r.job == job) else {
                return;
            };
            model.said = Some(match result {
                Ok((bytes, is_log)) => told_of_file(
                    format!("wrote the report, {} bytes, to", number(bytes)),
                    &running.path,
                    is_log,
                ),
                Err(error) => (Role::Warning, format!("no report: {error}")),
            });
        }
        News::Copied { what, result } => {
            model.said = Some(match result {
                Ok(path) => (Role::Text, format!("{what}, in {}", path.display())),
                Err(error) => (Role::Warning, format!("not copied: {error}")),
            });
        }
        News::Counted { job, result } => {
            if model.share.counting.take_if(|j| *j == job).is_none() {
                return;
            }
            let Some(Overlay::Palette(palette)) = &mut model.overlay else {
                return;
            };
            palette.preview = Some(match result {
                Ok(total) => (Role::Text, counted(total, "event", "events")),
                Err(error) => (Role::Warning, error),
            });
        }
    }
}
