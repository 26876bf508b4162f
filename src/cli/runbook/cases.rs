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
    /// As it is written.
    text: String,
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
        let Some(folder) = Runbook::fixtures(runbook) else {
            return Ok(None);
        };
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
        Ok(Some(Self {
            path,
            now,
            cases,
            text,
        }))
    }

    /// The line where a case says something: of the key, and of the item in what it holds if that has a line of its own.
    /// A key that is not there is missed at the case's own line.
    pub(super) fn line_of(&self, case: &Case, key: &str, item: &str) -> usize {
        let lines = self.text.lines().map(str::trim).zip(1..);
        let of_case = |header: &str| {
            let name = header.trim_matches(['[', ']']);
            let name = name.strip_prefix(&case.name).unwrap_or_default();
            name.starts_with('.')
        };
        let mine = lines
            .skip(case.line)
            .take_while(|(line, _)| !line.starts_with('[') || of_case(line));
        let assigns = |line: &str, name: &str| {
            let left = line.split('=').next().unwrap_or_default();
            !name.is_empty() && left.trim().trim_matches(['"', '\'']) == name
        };
        let is_table = |line: &str| line.starts_with('[') && line.ends_with(&format!(".{key}]"));
        let (mut found, mut inside) = (None, false);
        for (line, number) in mine {
            if line.starts_with('[') {
                inside = is_table(line);
            }
            if is_table(line) || assigns(line, key) {
                found = Some(number);
            } else if inside && assigns(line, item) {
                return number;
            }
        }
        found.unwrap_or(case.line)
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
        let line = |key, item| read.line_of(case, key, item);
        assert_eq!(
            (line("rows", "a"), line("end", ""), line("take", "a")),
            (4, 5, 3)
        );
        let read = cases(
            "now = \"2026-03-04T12:00:00Z\"\n[hostile]\nend = 2\n[hostile.rows]\na = 3\nb = 4\n",
        );
        let read = read.unwrap().unwrap();
        assert_eq!(read.line_of(&read.cases[0], "rows", "b"), 6);
        assert_eq!(read.line_of(&read.cases[0], "rows", "c"), 4);
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
