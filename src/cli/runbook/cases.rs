//! What a runbook promises to find in the logs beside it: `fixtures/ID/cases.toml` next to the runbook's file.
//!
//! ```toml
//! now = "2026-03-04T12:00:00Z"       # what "today" is
//!
//! [hostile]                          # a case, named as the folder with its logs
//! inputs = { user = "alice" }
//! take = { find = 1 }                # what a person decides on the way: branch by the step's id or number
//! rows = { find = 3, who = 3 }       # rows by the id of the query; every query of the runbook, each step by itself
//! end = "who"                        # the step it ends at, by id or number
//! result = "alarm"                   # alarm, unmet (an expectation) or met
//! ```

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::event::Timestamp;
use crate::runbook::{Runbook, RunbookError};

/// All cases of one runbook.
pub(super) struct Cases {
    pub(super) path: PathBuf,
    pub(super) now: Timestamp,
    pub(super) cases: Vec<Case>,
}

/// Logs, and what the runbook finds in them.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) logs: PathBuf,
    /// Line in the file, 1-based.
    pub(super) line: usize,
    pub(super) promise: Promise,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Promise {
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) take: BTreeMap<String, usize>,
    pub(super) rows: BTreeMap<String, u64>,
    pub(super) end: Option<toml::Value>,
    pub(super) result: Option<Outcome>,
}

/// How a run turned out.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Alarm,
    Unmet,
    Met,
}

impl Promise {
    /// The step it ends at, as it is written.
    pub(super) fn end(&self) -> Option<String> {
        match self.end.as_ref()? {
            toml::Value::String(id) => Some(id.clone()),
            other => Some(other.to_string()),
        }
    }
}

impl Cases {
    /// The cases beside a runbook's file; `None` = there are none.
    pub(super) fn beside(runbook: &Path) -> Result<Option<Self>, RunbookError> {
        let Some(name) = runbook.file_stem() else {
            return Ok(None);
        };
        let folder = runbook.parent().unwrap_or(Path::new("."));
        let folder = folder.join("fixtures").join(name);
        let path = folder.join("cases.toml");
        let error = |line, message| RunbookError {
            path: path.clone(),
            line,
            message,
        };
        // A link may lead anywhere, also to nowhere: whether there is something is asked of the name itself.
        if std::fs::symlink_metadata(&path).is_err() {
            return Ok(None);
        }
        let text = Runbook::text(&path)?;
        let line_of = |offset: usize| {
            let before = text.get(..offset).unwrap_or(&text);
            1 + before.matches('\n').count()
        };
        let told = |e: &toml::de::Error, from: usize| {
            let line = e.span().map_or(from, |span| line_of(span.start));
            error(line, e.message().to_owned())
        };
        let mut file: BTreeMap<String, Spanned<toml::Value>> =
            toml::from_str(&text).map_err(|e| told(&e, 1))?;
        let now = file.remove("now");
        let now = now.ok_or_else(|| {
            let message = "missing `now`, what today is: now = \"2026-03-04T12:00:00Z\"";
            error(1, message.to_owned())
        })?;
        let line = line_of(now.span().start);
        let now = now
            .as_ref()
            .as_str()
            .and_then(Timestamp::parse)
            .ok_or_else(|| {
                let message = "now: expected a time like \"2026-03-04T12:00:00Z\"";
                error(line, message.to_owned())
            })?;
        let mut cases = Vec::new();
        for (name, value) in file {
            let line = line_of(value.span().start);
            let logs = folder.join(&name);
            let mut parts = Path::new(&name).components();
            let is_name = matches!(
                (parts.next(), parts.next()),
                (Some(Component::Normal(_)), None)
            );
            let is_folder = std::fs::symlink_metadata(&logs).is_ok_and(|meta| meta.is_dir());
            if !is_name || !is_folder {
                let logs = logs.display();
                return Err(error(line, format!("[{name}]: there is no folder {logs}")));
            }
            let promise = Promise::deserialize(value.into_inner())
                .map_err(|e| error(line, format!("[{name}]: {}", e.message())))?;
            cases.push(Case {
                name,
                logs,
                line,
                promise,
            });
        }
        Ok(Some(Self { path, now, cases }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(text: &str) -> Result<Option<Cases>, String> {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join("fixtures/x");
        std::fs::create_dir_all(beside.join("hostile")).unwrap();
        std::fs::write(beside.join("cases.toml"), text).unwrap();
        let told = |e: RunbookError| format!("{}: {}", e.line, e.message);
        Cases::beside(&folder.path().join("x.md")).map_err(told)
    }

    #[test]
    fn cases_are_read_and_faults_have_their_line() {
        let read = cases(
            "now = \"2026-03-04T12:00:00Z\"\n\n[hostile]\nrows = { a = 3 }\nend = 2\nresult = \"alarm\"\n",
        );
        let read = read.unwrap().unwrap();
        let case = &read.cases[0];
        assert_eq!((&*case.name, case.line), ("hostile", 3));
        assert_eq!(case.promise.rows["a"], 3);
        assert_eq!(case.promise.end().as_deref(), Some("2"));
        assert_eq!(case.promise.result, Some(Outcome::Alarm));
        let now = "now = \"2026-03-04T12:00:00Z\"\n";
        for (text, want) in [
            ("", "1: missing `now`"),
            ("\nnow = 3", "2: now: expected a time"),
            (
                &*format!("{now}[benign]"),
                "2: [benign]: there is no folder",
            ),
            (
                &format!("{now}[hostile]\nrow = 3"),
                "2: [hostile]: unknown field `row`",
            ),
            (&format!("{now}[hostile"), "2: "),
        ] {
            let told = cases(text).err().unwrap();
            assert!(told.starts_with(want), "{told}");
        }
        let none = tempfile::tempdir().unwrap();
        assert!(Cases::beside(&none.path().join("x.md")).unwrap().is_none());
    }
}
