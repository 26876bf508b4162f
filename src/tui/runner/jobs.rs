//! Work that is no search of the list: exports, counts of what is being typed, copies into files. Each off the UI
//! thread, each to be stopped.

mod evidence;
mod run_report;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::Clock;
use crate::config::paths::private_dir;
use crate::engine::{Cancel, Engine, EngineError, SearchRequest, Sort};
use crate::event::{Timestamp, Zone};
use crate::export::file::{Target, TargetError, lies_in};
use crate::export::{self, About, Format, StreamError, Style};
use crate::text::Charset;
use crate::tui::message::Message;
use crate::tui::share::{Export, News, Share, Written};

/// Files of one second that get names of their own.
const NAMES: u32 = 100;

pub(super) struct Jobs {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) sender: mpsc::Sender<Message>,
    pub(super) clock: Clock,
    pub(super) in_flight: Arc<AtomicUsize>,
    pub(super) export: Cancel,
    pub(super) count: Cancel,
}

impl Jobs {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        sender: mpsc::Sender<Message>,
        clock: Clock,
    ) -> Self {
        Self {
            engine,
            sender,
            clock,
            in_flight: Arc::default(),
            export: Cancel::default(),
            count: Cancel::default(),
        }
    }

    pub(super) fn execute(&mut self, share: Share) {
        match share {
            Share::Export(job) => {
                self.export = Cancel::default();
                let (engine, cancel) = (self.engine.clone(), self.export.clone());
                let now = job.now.unwrap_or_else(self.clock);
                self.spawn(move |sender| {
                    let result = write(&*engine, &job, now, &cancel, sender);
                    News::Exported {
                        job: job.job,
                        result,
                    }
                });
            }
            Share::Evidence(job) => {
                self.export = Cancel::default();
                let (engine, cancel) = (self.engine.clone(), self.export.clone());
                let now = (self.clock)();
                self.spawn(move |_| News::Reported {
                    result: evidence::write(&*engine, &job, now, &cancel),
                    job: job.job,
                });
            }
            Share::RunReport(job) => {
                self.export = Cancel::default();
                let (engine, cancel) = (self.engine.clone(), self.export.clone());
                let now = job.now.unwrap_or_else(self.clock);
                self.spawn(move |_| News::Reported {
                    result: run_report::write(&*engine, &job, now, &cancel),
                    job: job.job,
                });
            }
            Share::CancelExport => self.export.cancel(),
            Share::Count {
                job,
                query,
                now,
                zone,
            } => {
                self.count.cancel();
                self.count = Cancel::default();
                let (engine, cancel) = (self.engine.clone(), self.count.clone());
                let mut request = SearchRequest::new(query, now.unwrap_or_else(self.clock));
                (request.limit, request.zone) = (0, zone);
                self.spawn(move |_| {
                    let result = engine.search(&request, &cancel);
                    let result = result.map(|page| page.total).map_err(|e| e.to_string());
                    News::Counted { job, result }
                });
            }
            Share::CopyToFile { folder, what, text } => {
                let now = (self.clock)();
                self.spawn(move |_| News::Copied {
                    result: copy_to_file(&folder, &text, now),
                    what,
                });
            }
        }
    }

    fn spawn(&self, work: impl FnOnce(&mpsc::Sender<Message>) -> News + Send + 'static) {
        let (sender, in_flight) = (self.sender.clone(), self.in_flight.clone());
        in_flight.fetch_add(1, Ordering::AcqRel);
        spawn_blocking(move || {
            let news = work(&sender);
            let _ = sender.blocking_send(Message::Shared(news));
            in_flight.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.export.cancel();
        self.count.cancel();
    }
}

/// Writes everything the query matches, oldest first; or why there is no file.
fn write(
    engine: &dyn Engine,
    job: &Export,
    now: Timestamp,
    cancel: &Cancel,
    sender: &mpsc::Sender<Message>,
) -> Result<Written, String> {
    let mut target = Target::create(&job.path).map_err(|e| e.to_string())?;
    let mut request = SearchRequest::new(job.query.clone(), now);
    (request.sort, request.zone) = (Sort::Asc, job.zone);
    request.want_total = false;
    let style = style(job.zone);
    let mut limit = usize::MAX;
    let mut exporter = if job.format == Format::Report {
        let about = About::gather(engine, &request, job.who.clone(), cancel);
        let about = about.map_err(|e| e.to_string())?;
        // What arrives while it is written is not part of it: it says how many there are.
        limit = usize::try_from(about.total).unwrap_or(usize::MAX);
        export::report(about, None, style)
    } else {
        export::exporter(job.format, None, style)
    };
    let streamed = export::stream(
        engine,
        request,
        limit,
        &mut *exporter,
        &mut target,
        cancel,
        &mut |events| {
            let news = News::Progress {
                job: job.job,
                events,
            };
            let _ = sender.blocking_send(Message::Shared(news));
        },
    );
    let streamed = streamed.map_err(|error| failed(error, &job.path))?;
    let bytes = target.keep().map_err(|e| e.to_string())?;
    Ok(Written {
        events: streamed.events,
        bytes,
        complete: streamed.covers.complete,
        is_log: lies_in(&job.path, &job.paths),
    })
}

/// How files are written.
fn style(zone: Zone) -> Style {
    Style {
        terminal: false,
        colour: false,
        width: usize::MAX,
        charset: Charset::Unicode,
        zone,
    }
}

/// Why there is no file.
fn failed(error: StreamError, path: &Path) -> String {
    match error {
        StreamError::Engine(EngineError::Cancelled) => "stopped; no file was left".to_owned(),
        StreamError::Write(error) => format!("cannot write {}: {error}", path.display()),
        StreamError::Engine(error) => error.to_string(),
    }
}

fn copy_to_file(folder: &Path, text: &str, now: Timestamp) -> Result<PathBuf, String> {
    private_dir(folder).map_err(|e| e.to_string())?;
    let at = now.to_utc().format("%Y%m%dT%H%M%SZ");
    for n in 1..=NAMES {
        let name = match n {
            1 => format!("copy-{at}.txt"),
            n => format!("copy-{at}-{n}.txt"),
        };
        let path = folder.join(name);
        let mut target = match Target::create(&path) {
            Ok(target) => target,
            Err(TargetError::Exists(_)) => continue,
            Err(error) => return Err(error.to_string()),
        };
        let written = target.write_all(text.as_bytes());
        written.map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        target.keep().map_err(|e| e.to_string())?;
        return Ok(path);
    }
    Err(format!("too many copies in {}", folder.display()))
}
