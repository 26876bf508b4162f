//! What happens meanwhile and must not be missed: said in the footer, without touching the list.

use crate::engine::{Info, SourceInfo};
use crate::event::Level;
use crate::tui::command::Command;
use crate::tui::model::Model;
use crate::tui::theme::Role;

/// Says what is new in `after`. What the first answer tells was so before anybody looked: it is no news.
pub(super) fn raise(model: &mut Model, after: &Info) {
    if std::mem::replace(&mut model.alerts.informed, true)
        && let Some(news) = news(&model.info, after, &model.key(Command::NextBreak))
    {
        // News of less does not push an alarm aside that nobody has seen yet.
        let is_alarm = |(role, _): &(Role, String)| *role == Role::Alarm;
        if is_alarm(&news) || !model.alerts.raised.as_ref().is_some_and(is_alarm) {
            model.alerts.raised = Some(news);
        }
    }
}

fn alarms(source: &SourceInfo) -> usize {
    let findings = source.chain.iter().flat_map(|c| &c.findings);
    findings.filter(|f| f.level == Level::Alarm).count()
}

/// The worst of what is new. A message alone is no alarm: a rotation that deletes its oldest file gives one.
fn news(before: &Info, after: &Info, next_break: &str) -> Option<(Role, String)> {
    let alarm = alarming(before, after, next_break).map(|text| (Role::Alarm, text));
    alarm.or_else(|| {
        let is_new = |message: &&String| !before.messages.contains(message);
        let message = after.messages.iter().rev().find(is_new)?;
        Some((Role::Warning, message.clone()))
    })
}

fn alarming(before: &Info, after: &Info, next_break: &str) -> Option<String> {
    let was = |source: &SourceInfo| before.sources.iter().find(|s| s.name == source.name);
    let broken = after
        .sources
        .iter()
        .find(|s| alarms(s) > was(s).map_or(0, alarms));
    if let Some(source) = broken {
        return Some(format!(
            "chain break in {}: press {next_break}",
            short(&source.name)
        ));
    }
    if let Some(why) = &after.covers.stopped
        && before.covers.stopped.as_ref() != Some(why)
    {
        return Some(format!("indexing stopped: {why}"));
    }
    after.sources.iter().find_map(|source| {
        let error = source.error.as_ref()?;
        let known = was(source).and_then(|s| s.error.as_ref()) == Some(error);
        (!known).then(|| format!("{}: {error}", short(&source.name)))
    })
}

/// The file's name without its folders: the footer is short.
fn short(name: &str) -> &str {
    name.rsplit('/')
        .next()
        .filter(|n| !n.is_empty())
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Covers;

    fn info(error: Option<&str>, stopped: Option<&str>) -> Info {
        Info {
            sources: vec![SourceInfo {
                name: "/var/log/a.log".into(),
                error: error.map(str::to_owned),
                ..SourceInfo::default()
            }],
            covers: Covers {
                stopped: stopped.map(str::to_owned),
                ..Covers::default()
            },
            ..Info::default()
        }
    }

    #[test]
    fn only_what_was_not_so_before_is_news() {
        let fine = info(None, None);
        assert_eq!(news(&fine, &fine, "x"), None);
        let gone = info(Some("gone"), None);
        let alarm = |text: &str| Some((Role::Alarm, text.to_owned()));
        assert_eq!(news(&fine, &gone, "x"), alarm("a.log: gone"));
        assert_eq!(news(&gone, &gone, "x"), None);
        assert_eq!(news(&gone, &fine, "x"), None);
        let full = info(Some("gone"), Some("the disk is full"));
        assert_eq!(
            news(&gone, &full, "x"),
            alarm("indexing stopped: the disk is full")
        );
        assert_eq!(news(&full, &full, "x"), None);
        let mut said = fine.clone();
        said.messages.push("a.log was removed".into());
        assert_eq!(
            news(&fine, &said, "x"),
            Some((Role::Warning, "a.log was removed".into()))
        );
        assert_eq!(news(&said, &said, "x"), None);
        let worse = Info {
            messages: said.messages.clone(),
            ..gone.clone()
        };
        assert_eq!(news(&fine, &worse, "x"), alarm("a.log: gone"));
    }
}
