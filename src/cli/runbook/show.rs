//! `auditty runbook list` and `show`.

use std::fmt::Write as _;

use crate::cli::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::runbook::{Library, Runbook, Step};
use crate::text::count::counted;

pub(super) fn show(runbook: &Runbook, app: &mut App) -> Result<Exit, Failure> {
    let text = app.style.charset.block(&page(runbook));
    app.out.write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

pub(super) fn list(library: &Library, app: &mut App) -> Result<Exit, Failure> {
    let charset = app.style.charset;
    let ids: Vec<String> = library
        .runbooks
        .iter()
        .map(|r| charset.line(&r.id, 40))
        .collect();
    let width = ids
        .iter()
        .map(|id| crate::text::width(id))
        .max()
        .unwrap_or(0);
    for (id, runbook) in ids.iter().zip(&library.runbooks) {
        let title = charset.line(&runbook.title, app.style.width);
        let logs = charset.line(&runbook.logs.join(", "), app.style.width);
        let instead = library.overridden.get(&runbook.id);
        let instead = instead.map(|of| match of.as_str() {
            "bundled" => ", in place of the bundled one".to_owned(),
            file => format!(", in place of {file}"),
        });
        let origin = format!("{}{}", runbook.origin, instead.unwrap_or_default());
        let origin = charset.line(&origin, usize::MAX);
        let steps = counted(runbook.steps.len() as u64, "step", "steps");
        let about = [steps, logs, origin].into_iter();
        let about: Vec<String> = about.filter(|part| !part.is_empty()).collect();
        writeln!(
            app.out,
            "{}  {title}  ({})",
            charset.fit(id, width),
            about.join("; "),
        )?;
    }
    Ok(if library.runbooks.is_empty() {
        Exit::NoMatch
    } else {
        Exit::Ok
    })
}

/// The runbook as plain text; lines may hold anything, so the result still goes through the sanitiser.
fn page(runbook: &Runbook) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(&runbook.title);
    line(&format!(
        "id {}, from {}, sha256 {}",
        runbook.id, runbook.origin, runbook.digest
    ));
    if !runbook.logs.is_empty() {
        line(&format!("for {}", runbook.logs.join(", ")));
    }
    if let Some(role) = &runbook.role {
        line(&format!("least role: {role}"));
    }
    for input in &runbook.inputs {
        let need = if input.required { "" } else { " (optional)" };
        line(&format!("asks for {}: {}{need}", input.name, input.label));
    }
    for paragraph in &runbook.intro {
        line("");
        line(paragraph);
    }
    if !runbook.glossary.is_empty() {
        line("");
        line("Words");
    }
    for (word, meaning) in &runbook.glossary {
        line(&format!("   {word} = {meaning}"));
    }
    for (number, step) in runbook.steps.iter().enumerate() {
        line("");
        line(&format!("{}. {}", number + 1, step.title));
        for part in parts(step) {
            line(&format!("   {}", part.replace('\n', "\n   ")));
        }
        for branch in &step.branches {
            line(&format!("   - {}", branch.text));
        }
    }
    if let Some(escalation) = &runbook.escalation {
        line("");
        line("Escalation");
        line(&format!("   {}", escalation.replace('\n', "\n   ")));
    }
    out
}

fn parts(step: &Step) -> Vec<String> {
    let labelled = |label: &str, text: &str| (!text.is_empty()).then(|| format!("{label}: {text}"));
    let mut parts: Vec<String> = Vec::new();
    parts.extend(step.role.as_ref().map(|role| format!("role: {role}")));
    parts.extend(labelled("scenario", &step.scenario));
    parts.extend(labelled("action", &step.action));
    parts.extend(step.prose.iter().cloned());
    parts.extend(
        step.query
            .as_ref()
            .map(|query| format!("query: {}", query.text)),
    );
    parts.extend(labelled("expect", &step.expect));
    parts.extend(labelled("outcome", &step.outcome));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{Branch, Condition, Input, StepQuery};

    #[test]
    fn a_page_has_every_part() {
        let step = Step {
            title: "Whose key?".into(),
            action: "Look.".into(),
            query: Some(StepQuery {
                text: "actor:{key}\nsince:2h".into(),
                ..StepQuery::default()
            }),
            branches: vec![Branch {
                condition: Condition::Else,
                text: "Else: done".into(),
                when: String::new(),
                then: String::new(),
                goto: None,
                line: 0,
            }],
            ..Step::default()
        };
        let runbook = Runbook {
            id: "leak".into(),
            title: "Leaked key".into(),
            origin: "bundled".into(),
            digest: "ab".into(),
            logs: vec!["cloudtrail".into()],
            inputs: vec![Input {
                name: "key".into(),
                label: "Key id".into(),
                required: true,
                ..Input::default()
            }],
            steps: vec![step],
            escalation: Some("Call.".into()),
            ..Runbook::default()
        };
        assert_eq!(
            page(&runbook),
            "Leaked key\nid leak, from bundled, sha256 ab\nfor cloudtrail\nasks for key: Key id\n\n1. Whose key?\n   action: Look.\n   query: actor:{key}\n   since:2h\n   - Else: done\n\nEscalation\n   Call.\n"
        );
    }
}
