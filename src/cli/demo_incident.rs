//! The incident `auditty demo` opens: a leaked deploy key, told by four logs, ending now and going on live.
//!
//! The story, in minutes before now:
//!
//! | when | what | where |
//! |---|---|---|
//! | -240 | an ordinary afternoon of a dozen people and machines | all |
//! | -72 | the key of `ci-deploy` is tried from an unknown address, its rights are felt out, buckets are read | CloudTrail |
//! | -50 | a user `svc-backup2` with a key and all rights is made | CloudTrail |
//! | -45 | the trail is stopped by the new key: the delivered files end here, a second trail goes on | CloudTrail |
//! | -42 | the cluster's secrets are listed and read, a shell in a pod | Kubernetes |
//! | -36 | the bastion is entered with a key from those secrets | auditd |
//! | -31 | a payout account is changed through the bastion | settings log |
//! | -25 | that record is edited in place, two others are removed | auditd shows how, the settings log's chain shows what |

mod auditd;
mod cast;
mod cloudtrail;
mod kubernetes;
mod random;
mod settings;
mod story;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::event::Timestamp;
use crate::event::time::MINUTE;
use random::Random;

pub use cast::{INTRUDER, LEAKED_KEY};

/// What happened, at one moment.
struct At<T> {
    ts: Timestamp,
    what: T,
}

/// The files of the incident. They are removed when this is dropped.
#[derive(Debug)]
pub struct Incident {
    /// Folder that holds everything below; open this one.
    pub root: PathBuf,
    /// Delivered files, `{"Records":[…]}`, until the trail is stopped.
    pub cloudtrail: PathBuf,
    /// One event a line, from a second trail; grows.
    pub cloudtrail_live: PathBuf,
    /// Grows.
    pub kubernetes: PathBuf,
    /// Grows; its older half is `audit.log.1` beside it.
    pub auditd: PathBuf,
    /// The application's log with a hash chain; grows.
    pub settings: PathBuf,
    /// The access key that leaked, for the runbook.
    pub leaked_key: &'static str,
    /// The unknown address.
    pub intruder: &'static str,
    random: Random,
    serial: u64,
    chain: settings::Chain,
    live_count: u64,
    removed: bool,
}

impl Incident {
    /// Writes the incident, ending at `now`, into `dir`, which must be absent or empty. Nothing but `now` varies.
    pub fn render(dir: &Path, now: Timestamp) -> io::Result<Self> {
        if fs::exists(dir)? && fs::read_dir(dir)?.next().is_some() {
            let message = format!(
                "{} is not empty: the demo writes into a folder of its own",
                dir.display()
            );
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let cloudtrail = dir.join("cloudtrail");
        let mut incident = Self {
            root: dir.to_owned(),
            cloudtrail_live: cloudtrail.join("second-trail.jsonl"),
            cloudtrail,
            kubernetes: dir.join("kube-apiserver-audit.log"),
            auditd: dir.join("audit/audit.log"),
            settings: dir.join("app/settings-audit.jsonl"),
            leaked_key: LEAKED_KEY,
            intruder: INTRUDER,
            random: Random::new(),
            serial: auditd::FIRST_SERIAL,
            chain: settings::Chain::default(),
            live_count: 0,
            removed: false,
        };
        incident.write_all(now)?;
        Ok(incident)
    }

    fn write_all(&mut self, now: Timestamp) -> io::Result<()> {
        for folder in [
            &self.root,
            &self.root.join("cloudtrail"),
            &self.root.join("audit"),
            &self.root.join("app"),
        ] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        // The folder itself may have been there, for everybody to read.
        fs::set_permissions(&self.root, fs::Permissions::from_mode(0o700))?;
        let story = story::tell(&mut self.random, now);
        self.write_cloudtrail(story.cloudtrail, now)?;
        self.append(
            &self.kubernetes,
            story.kubernetes.iter().map(|event| json_line(&event.what)),
        )?;

        let mut auditd: Vec<String> = Vec::new();
        // Programs of one pipeline start together, and the kernel mixes their records.
        for events in story
            .auditd
            .chunk_by(|a, b| b.ts.0 - a.ts.0 <= auditd::TOGETHER)
        {
            let mut texts = Vec::new();
            for event in events {
                texts.push(event.what.render(event.ts, self.serial));
                self.serial += 1;
            }
            auditd.push(auditd::interleave(&texts));
        }
        let newer = auditd.split_off(auditd.len() / 2);
        self.append(&self.auditd.with_extension("log.1"), auditd.into_iter())?;
        self.append(&self.auditd, newer.into_iter())?;

        let lines: Vec<String> = story
            .settings
            .iter()
            .map(|event| self.chain.seal(&event.what, event.ts))
            .collect();
        self.append(&self.settings, settings::tamper(lines).into_iter())
    }

    /// A delivered file for every quarter of an hour until the trail is stopped, then the second trail's lines.
    fn write_cloudtrail(&mut self, events: Vec<At<Value>>, now: Timestamp) -> io::Result<()> {
        let stopped = now.saturating_add(-story::TRAIL_STOPPED * MINUTE);
        let (delivered, live): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.ts <= stopped);
        let quarter = |event: &At<Value>| event.ts.0.div_euclid(15 * MINUTE);
        for file in delivered.chunk_by(|a, b| quarter(a) == quarter(b)) {
            let Some(last) = file.last() else { continue };
            let time = last.ts.to_utc().format("%Y%m%dT%H%MZ");
            let name = format!(
                "{}_CloudTrail_{}_{time}_{}.json",
                cast::ACCOUNT,
                cast::REGION,
                self.random.letters(16)
            );
            let records: Vec<&Value> = file.iter().map(|event| &event.what).collect();
            self.append(
                &self.cloudtrail.join(name),
                [json!({ "Records": records }).to_string()].into_iter(),
            )?;
        }
        self.append(
            &self.cloudtrail_live,
            live.iter().map(|event| json_line(&event.what)),
        )
    }

    fn append(&self, path: &Path, texts: impl Iterator<Item = String>) -> io::Result<()> {
        let bytes: String = texts.collect();
        // One write, so that a reader never sees half an event but at the end of a write.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)?
            .write_all(bytes.as_bytes())
    }

    /// Appends the next live event, which happens at `now`, to one of the growing files. Every ninth is the
    /// intruder's.
    pub fn live_event(&mut self, now: Timestamp) -> io::Result<()> {
        self.live_count += 1;
        let random = &mut self.random;
        if self.live_count.is_multiple_of(9) {
            match random.below(4) {
                0 => {
                    let line = json_line(&kubernetes::intruder_reads(random, now));
                    return self.append(&self.kubernetes, [line].into_iter());
                }
                1 => {
                    let text =
                        auditd::failed_login(random, cast::INTRUDER).render(now, self.serial);
                    self.serial += 1;
                    return self.append(&self.auditd, [text].into_iter());
                }
                _ => {
                    let line = json_line(&cloudtrail::intruder_reads(random, now));
                    return self.append(&self.cloudtrail_live, [line].into_iter());
                }
            }
        }
        match random.below(20) {
            0..=8 => {
                let line = json_line(&kubernetes::background(random, now));
                self.append(&self.kubernetes, [line].into_iter())
            }
            9..=13 => {
                let line = json_line(&cloudtrail::background(random, now));
                self.append(&self.cloudtrail_live, [line].into_iter())
            }
            14..=16 => {
                let text = auditd::background(random).render(now, self.serial);
                self.serial += 1;
                self.append(&self.auditd, [text].into_iter())
            }
            _ => {
                let change = settings::background(random);
                let line = self.chain.seal(&change, now);
                self.append(&self.settings, [line].into_iter())
            }
        }
    }

    /// Removes everything that was written; doing it again does nothing.
    pub fn remove(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.removed, true) {
            return Ok(());
        }
        fs::remove_dir_all(&self.root)
    }
}

impl Drop for Incident {
    fn drop(&mut self) {
        // Nobody is left to be told; the folder is private and lies where temporary files do.
        let _ = self.remove();
    }
}

fn json_line(value: &Value) -> String {
    format!("{value}\n")
}

#[cfg(test)]
mod runbook_tests;
#[cfg(test)]
mod tests;
