//! The report of every shipped runbook on its hostile logs, in every form, as it is stored beside this file. Only what
//! differs from machine to machine is left out: folders, ids of events (which are made of paths), the version.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::cases::Cases;
use super::run::report;
use crate::cli::open::{self, Mode};
use crate::config::Settings;
use crate::engine::Cancel;
use crate::event::Zone;
use crate::export::runbook::{Asking, RunFormat, Takes, walk};
use crate::runbook::Runbook;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a run of a runbook on a case of its fixtures is written as, in all forms.
fn written(name: &str, case: &str) -> Vec<(RunFormat, String)> {
    let file = Path::new(ROOT).join("runbooks").join(name);
    let runbook = Runbook::read(&file).unwrap();
    let cases = Cases::beside(&file).unwrap().unwrap();
    let case = cases.cases.iter().find(|c| c.name == case).unwrap();
    let inputs = runbook.check_inputs(&case.promise.inputs, cases.now);
    let inputs = inputs.unwrap();
    let logs = std::slice::from_ref(&case.logs);
    let opened = open::open_apart(logs, &Settings::default(), Mode::Complete).unwrap();
    opened.wait_complete(&mut |_| {});
    let cancel = Cancel::default();
    let asking = Asking {
        engine: &*opened.engine,
        runbook: &runbook,
        inputs: &inputs,
        now: cases.now,
        zone: Zone::Utc,
        paths: logs,
        rows: 200,
        cancel: &cancel,
    };
    let takes = Takes::from_iter(case.promise.take.clone());
    let (steps, ended) = walk(&asking, &takes, &mut |_| {}).unwrap();
    let info = opened.engine.info();
    let by = "ann (uid 1000) on bastion".to_owned();
    let report = report(&asking, steps, &ended, &info, by, cases.now);
    let forms = [RunFormat::Markdown, RunFormat::Json, RunFormat::Html];
    let write = |form| {
        let mut out = Vec::new();
        report.write(&mut out, form, Zone::Utc).unwrap();
        (form, everywhere(&String::from_utf8(out).unwrap()))
    };
    forms.map(write).into()
}

/// As it is on any machine.
fn everywhere(text: &str) -> String {
    let ids = Regex::new(r"\b[0-9a-f]{32}\b").unwrap();
    let version = concat!("auditty ", env!("CARGO_PKG_VERSION"));
    let text = text.replace(&format!("{ROOT}/"), "");
    let text = text.replace(version, "auditty VERSION");
    ids.replace_all(&text, "ID").into_owned()
}

#[test]
fn every_shipped_runbook_writes_its_report() {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join("runbooks")).unwrap() {
        let path = entry.unwrap().path();
        files.extend(path.extension().is_some_and(|e| e == "md").then_some(path));
    }
    files.sort();
    assert_eq!(files.len(), 18);
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let id = name.trim_end_matches(".md");
        for (form, text) in written(name, "hostile") {
            let ending = match form {
                RunFormat::Markdown => "md",
                RunFormat::Json => "json",
                RunFormat::Html => "html",
            };
            assert!(!text.contains(ROOT), "{name}");
            insta::assert_snapshot!(format!("{id}-{ending}"), text);
        }
    }
}
