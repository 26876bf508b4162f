//! Which runbooks fit what is on the screen, and why.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::runbook::Runbook;

/// What is on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// Of the sources that are open.
    pub formats: BTreeSet<String>,
    /// Of the selected event.
    pub format: Option<String>,
    pub action: Option<String>,
    /// A chain is broken.
    pub broken: bool,
}

impl Scene {
    pub fn with_event(mut self, event: Option<&Event>) -> Self {
        if let Some(event) = event {
            self.format = Some(event.format.to_string());
            self.action = event.action.clone();
        }
        self
    }
}

/// How well one fits, the better the higher, and why in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    pub score: u8,
    pub why: String,
}

/// How well a runbook fits.
pub fn fit(runbook: &Runbook, scene: &Scene) -> Fit {
    let said = |score, why: String| Fit { score, why };
    let open = scene.formats.iter().map(String::as_str);
    if !scene.formats.is_empty() && !runbook.reads_any(open) {
        return said(
            0,
            format!("no such log is open: {}", runbook.logs.join(", ")),
        );
    }
    let of_event = scene.format.as_deref();
    let reads_event = of_event.is_some_and(|format| runbook.reads_any([format].into_iter()));
    if let Some(action) = scene.action.as_deref().filter(|_| reads_event)
        && names(runbook, action)
    {
        return said(4, format!("about {action}, which is selected"));
    }
    if scene.broken && names(runbook, "chain:broken") {
        return said(3, "a chain is broken here".to_owned());
    }
    let here = runbook.logs.iter();
    let here = here.filter(|log| {
        let has = |format: &String| format.trim_end_matches('~') == log.as_str();
        scene.formats.iter().any(has)
    });
    let here: Vec<&str> = here.map(String::as_str).collect();
    if here.is_empty() {
        return said(1, String::new());
    }
    let score = if reads_event { 2 } else { 1 };
    said(score, format!("reads {}", here.join(", ")))
}

/// Whether some step asks for this very word.
fn names(runbook: &Runbook, word: &str) -> bool {
    let word = word.to_lowercase();
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let queries = runbook.steps.iter().filter_map(|step| step.query.as_ref());
    let mut texts = queries.map(|query| query.text.to_lowercase());
    texts.any(|text| {
        text.match_indices(&word).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            let is_start = before.is_none_or(|c| !is_inside(c) || c == ':');
            is_start && after.is_none_or(|c| !is_inside(c))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{Step, StepQuery};

    fn book(logs: &[&str], query: &str) -> Runbook {
        Runbook {
            logs: logs.iter().map(|log| (*log).to_owned()).collect(),
            steps: vec![Step {
                query: Some(StepQuery {
                    text: query.into(),
                    ..StepQuery::default()
                }),
                ..Step::default()
            }],
            ..Runbook::default()
        }
    }

    #[test]
    fn what_is_selected_counts_most_and_what_is_not_open_least() {
        let event = Event {
            format: "cloudtrail".into(),
            action: Some("StopLogging".into()),
            ..Event::default()
        };
        let scene = Scene {
            formats: BTreeSet::from(["cloudtrail".to_owned(), "json~".to_owned()]),
            broken: true,
            ..Scene::default()
        };
        let with = scene.clone().with_event(Some(&event));
        let about = |logs: &[&str], query: &str, scene: &Scene| {
            let fit = fit(&book(logs, query), scene);
            (fit.score, fit.why)
        };
        let stop = "action:(DeleteTrail StopLogging)";
        assert_eq!(
            about(&["cloudtrail"], stop, &with),
            (4, "about StopLogging, which is selected".into())
        );
        assert_eq!(
            about(&["cloudtrail"], stop, &scene),
            (1, "reads cloudtrail".into())
        );
        assert_eq!(
            about(&["cloudtrail"], "action:StopLoggingNow", &with),
            (2, "reads cloudtrail".into())
        );
        assert_eq!(
            about(&["json"], "chain:broken", &with),
            (3, "a chain is broken here".into())
        );
        assert_eq!(
            about(&["auditd"], stop, &with),
            (0, "no such log is open: auditd".into())
        );
        assert_eq!(about(&[], "*", &with), (1, String::new()));
        assert_eq!(
            about(&["auditd"], "*", &Scene::default()).0,
            1,
            "nothing is known yet"
        );
    }
}
