//! One event in full: its fields, what the chain check says of it in plain words, its attributes as a tree, and the
//! record as it was read.

use std::collections::{BTreeMap, HashSet};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::chain::Finding;
use crate::engine::Hit;
use crate::event::field::{CATALOGUE, Field};
use crate::event::{Event, Kind, Level, Outcome, Verdict};
use crate::text::{bytes, width};
use crate::tui::command::Command;
use crate::tui::message::Intent;
use crate::tui::term;
use crate::tui::theme::Role;
use crate::tui::widget::{Look, centred_top, draw_lines, text, titled};

/// Bytes of a record shown at most.
const RAW_LIMIT: usize = 16 << 10;
/// Characters of one value shown at most.
const VALUE_LIMIT: usize = 2_000;

#[derive(Clone, Debug, Default)]
pub struct Detail {
    selected: usize,
    /// Prefixes of attribute paths whose leaves are hidden; kept from event to event.
    folded: HashSet<String>,
}

/// A line of the detail; long ones wrap.
#[derive(Clone, Debug, PartialEq)]
enum Row {
    Field(Field, String),
    Chain(Role, String),
    Group {
        path: String,
        label: String,
        depth: usize,
    },
    Attribute {
        path: String,
        label: String,
        value: String,
        depth: usize,
        empty: bool,
    },
    Raw(String),
    /// Begins a part; the cursor passes over it.
    Heading(&'static str),
}

impl Row {
    fn can_be_selected(&self) -> bool {
        !matches!(self, Self::Heading(_))
    }
}

impl Detail {
    /// Back to the top, for another event.
    pub fn reset(&mut self) {
        self.selected = 0;
    }

    pub fn update(
        &mut self,
        command: Command,
        count: usize,
        hit: Option<&Hit>,
        finding: Option<&Finding>,
    ) -> Option<Intent> {
        let hit = hit?;
        let rows = self.rows(hit, finding);
        match command {
            Command::Down => self.step(&rows, count, true),
            Command::Up => self.step(&rows, count, false),
            Command::PageDown => self.step(&rows, 10, true),
            Command::PageUp => self.step(&rows, 10, false),
            Command::Top => self.selected = 0,
            Command::Bottom => self.step(&rows, rows.len(), true),
            Command::Fold => {
                if let Some(Row::Group { path, .. }) = rows.get(self.selected)
                    && !self.folded.remove(path)
                {
                    self.folded.insert(path.clone());
                }
            }
            Command::FilterIn => return Some(self.filter(&rows, &hit.event, false)),
            Command::FilterOut => return Some(self.filter(&rows, &hit.event, true)),
            _ => {}
        }
        None
    }

    fn step(&mut self, rows: &[Row], count: usize, down: bool) {
        let mut places: Vec<usize> = (0..rows.len())
            .filter(|i| rows[*i].can_be_selected())
            .collect();
        if down {
            places.retain(|i| *i > self.selected);
        } else {
            places.retain(|i| *i < self.selected);
            places.reverse();
        }
        if let Some(to) = places.get(count.saturating_sub(1)).or(places.last()) {
            self.selected = *to;
        }
    }

    fn filter(&self, rows: &[Row], event: &Event, exclude: bool) -> Intent {
        let term = match rows.get(self.selected) {
            Some(Row::Field(field, _)) => term::of_event(event, *field, exclude),
            Some(Row::Attribute {
                path,
                value,
                empty: false,
                ..
            }) => term::of_attribute(path, value, exclude),
            _ => None,
        };
        match term {
            Some(term) => Intent::AddTerm(term),
            None => Intent::Say("no filter can be made of this line".to_owned()),
        }
    }

    /// Name and value of the selected line, for copying.
    pub fn value(&self, hit: &Hit, finding: Option<&Finding>) -> Option<(String, String)> {
        match self.rows(hit, finding).into_iter().nth(self.selected)? {
            Row::Field(field, shown) => {
                let value = term::text_of(hit, field).unwrap_or(shown);
                Some((field.name().to_owned(), value))
            }
            Row::Chain(_, text) => Some(("what the chain check says".to_owned(), text)),
            Row::Attribute { path, value, .. } => Some((path, value)),
            Row::Raw(text) => Some(("the record".to_owned(), text)),
            Row::Group { .. } | Row::Heading(_) => None,
        }
    }

    fn rows(&self, hit: &Hit, finding: Option<&Finding>) -> Vec<Row> {
        let event = &*hit.event;
        let mut rows = fields(event);
        let chain = chain(hit.verdict, finding);
        if matches!(hit.verdict, Verdict::Broken(_)) {
            rows.splice(0..0, chain);
        } else {
            rows.push(Row::Heading("chain"));
            rows.extend(chain);
        }
        if !event.attributes.is_empty() {
            rows.push(Row::Heading("attributes"));
            self.tree(event, &mut rows);
        }
        rows.push(Row::Heading("record as read"));
        let cut = &event.raw[..event.raw.len().min(RAW_LIMIT)];
        rows.push(Row::Raw(bytes(cut).into_owned()));
        if event.raw.len() > RAW_LIMIT {
            let rest = (event.raw.len() - RAW_LIMIT) as u64;
            rows.push(Row::Raw(format!("({} more bytes)", text::number(rest))));
        }
        rows
    }

    /// Attributes in record order, under a line for each prefix that several share.
    fn tree(&self, event: &Event, rows: &mut Vec<Row>) {
        let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
        for (path, _) in event.attributes.iter() {
            for (at, _) in path.match_indices('.') {
                *shared.entry(&path[..at]).or_default() += 1;
            }
        }
        let mut open: Vec<&str> = Vec::new();
        for (path, value) in event.attributes.iter() {
            let groups: Vec<&str> = path
                .match_indices('.')
                .map(|(at, _)| &path[..at])
                .filter(|prefix| shared.get(prefix).is_some_and(|n| *n > 1))
                .collect();
            let common = open.iter().zip(&groups).take_while(|(a, b)| a == b).count();
            open.truncate(common);
            for group in &groups[common..] {
                let hidden = open.iter().any(|g| self.folded.contains(*g));
                let label = label(group, open.last().copied());
                if !hidden {
                    rows.push(Row::Group {
                        path: (*group).to_owned(),
                        label,
                        depth: open.len(),
                    });
                }
                open.push(group);
            }
            if !open.iter().any(|g| self.folded.contains(*g)) {
                rows.push(Row::Attribute {
                    path: path.to_owned(),
                    label: label(path, open.last().copied()),
                    value: value.text.to_owned(),
                    depth: open.len(),
                    empty: value.kind == Kind::Empty,
                });
            }
        }
    }

    pub fn view(
        &self,
        look: &Look<'_>,
        buf: &mut Buffer,
        area: Rect,
        hit: Option<&Hit>,
        finding: Option<&Finding>,
    ) {
        let mut title = vec![look.span(look.title(), " DETAIL  ")];
        let room = usize::from(area.width).saturating_sub(10);
        let Some(hit) = hit else {
            title.push(look.span(Role::Dim, look.cut("no event is selected", room)));
            titled(buf, area, Line::from(title));
            return;
        };
        title.push(look.span(Role::Text, look.cut(&headline(&hit.event), room)));
        let area = titled(buf, area, Line::from(title));
        let rows = self.rows(hit, finding);
        let columns = usize::from(area.width);
        let label_width = 12.min(columns / 3);
        let (mut lines, mut at) = (Vec::new(), 0);
        for (i, row) in rows.iter().enumerate() {
            let selected = i == self.selected;
            if selected {
                at = lines.len();
            }
            for mut line in self.draw(look, row, columns.saturating_sub(2), label_width) {
                if selected {
                    line = line.patch_style(look.theme.style(look.selected()));
                }
                let bar = if selected { look.theme.glyphs.bar } else { " " };
                line.spans.insert(0, look.span(Role::Accent, bar));
                lines.push(line);
            }
        }
        let top = centred_top(at, lines.len(), usize::from(area.height));
        draw_lines(buf, area, lines.into_iter().skip(top));
    }

    fn draw(
        &self,
        look: &Look<'_>,
        row: &Row,
        columns: usize,
        label_width: usize,
    ) -> Vec<Line<'static>> {
        match row {
            Row::Heading(name) => {
                let line = look
                    .theme
                    .glyphs
                    .horizontal
                    .repeat(columns.saturating_sub(width(name) + 1));
                vec![Line::from(look.span(Role::Dim, format!("{name} {line}")))]
            }
            Row::Field(Field::Ts, value) => {
                let local = match crate::event::Timestamp::parse(value) {
                    Some(ts) if look.zone.seconds() != 0 => {
                        format!("  {} {}", look.zone.full(ts), look.zone.label)
                    }
                    _ => String::new(),
                };
                let text = format!("{value}{local}");
                labelled(
                    look,
                    look.cell("ts", label_width),
                    (Role::Text, &text),
                    columns,
                )
            }
            Row::Field(field, value) => {
                let role = match (field, value.starts_with("failure")) {
                    (Field::Outcome, true) => Role::Failure,
                    _ => Role::Text,
                };
                labelled(
                    look,
                    look.cell(field.name(), label_width),
                    (role, value),
                    columns,
                )
            }
            Row::Chain(role, words) => look
                .wrap(words, columns)
                .into_iter()
                .map(|line| Line::from(look.span(*role, line)))
                .collect(),
            Row::Group { path, label, depth } => {
                let glyphs = look.theme.glyphs;
                let sign = if self.folded.contains(path) {
                    glyphs.closed
                } else {
                    glyphs.open
                };
                let line = format!("{}{sign} ", "  ".repeat(*depth));
                let room = columns.saturating_sub(width(&line));
                vec![Line::from(look.span(
                    Role::Accent,
                    format!("{line}{}", look.cut(label, room)),
                ))]
            }
            Row::Attribute {
                label,
                value,
                depth,
                empty,
                ..
            } => {
                let indent = "  ".repeat(*depth);
                let room = (columns / 2).saturating_sub(indent.len());
                let label = look.cut(label, room);
                let fill = label_width.saturating_sub(indent.len() + width(&label));
                let lead = format!("{indent}{label}{}", " ".repeat(fill));
                let value: String = value.chars().take(VALUE_LIMIT).collect();
                labelled(
                    look,
                    lead,
                    (if *empty { Role::Dim } else { Role::Text }, &value),
                    columns,
                )
            }
            Row::Raw(record) => look
                .wrap(record, columns)
                .into_iter()
                .map(|line| Line::from(look.span(Role::Text, line)))
                .collect(),
        }
    }
}

fn headline(event: &Event) -> String {
    let actor = event
        .actor
        .as_deref()
        .map(|a| format!(" by {a}"))
        .unwrap_or_default();
    let target = event
        .target
        .as_deref()
        .map(|t| format!(" {t}"))
        .unwrap_or_default();
    match &event.action {
        Some(action) => format!("{action}{target}{actor}"),
        None => event.summary(),
    }
}

/// The last part of a path, as seen from its group.
fn label(path: &str, group: Option<&str>) -> String {
    let rest = group
        .and_then(|g| path.strip_prefix(g))
        .map(|r| r.trim_start_matches('.'));
    rest.unwrap_or(path).to_owned()
}

/// A label (safe already) and a value (not yet) that wraps beside it.
fn labelled(
    look: &Look<'_>,
    lead: String,
    (role, value): (Role, &str),
    columns: usize,
) -> Vec<Line<'static>> {
    let lead_width = width(&lead) + 1;
    let blank = " ".repeat(lead_width);
    look.wrap(value, columns.saturating_sub(lead_width))
        .into_iter()
        .enumerate()
        .map(|(i, part)| {
            let lead = if i == 0 {
                format!("{lead} ")
            } else {
                blank.clone()
            };
            Line::from(vec![look.span(Role::Dim, lead), look.span(role, part)])
        })
        .collect()
}

/// The normalised fields that have a value, in the catalogue's order.
fn fields(event: &Event) -> Vec<Row> {
    CATALOGUE
        .iter()
        .filter_map(|spec| value(event, spec.field).map(|v| Row::Field(spec.field, v)))
        .collect()
}

fn value(event: &Event, field: Field) -> Option<String> {
    match field {
        Field::Id => None,
        Field::Ts => Some(
            event
                .ts
                .map_or_else(|| "unknown".to_owned(), |ts| ts.rfc3339()),
        ),
        Field::Outcome => {
            let reason = event
                .reason
                .as_deref()
                .map(|r| format!(" {r}"))
                .unwrap_or_default();
            (event.outcome != Outcome::Unknown || !reason.is_empty())
                .then(|| format!("{}{reason}", event.outcome))
        }
        Field::Ip => {
            let all: Vec<String> = event.ip.iter().map(ToString::to_string).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        Field::Message => event.message.clone(),
        Field::Source => {
            let line = event.line.map(|l| format!(" line {l}")).unwrap_or_default();
            let mut text = format!("{}{line}", event.source);
            if event.gone {
                text.push_str(" (no longer in the file)");
            }
            Some(text)
        }
        Field::Format => {
            let mut text = event.format.to_string();
            if event.provisional {
                text.push_str(" (more may still arrive for this record)");
            }
            if let Some(note) = &event.note {
                text.push_str(&format!(" ({note})"));
            }
            Some(text)
        }
        Field::Actor => event.actor.clone(),
        Field::Action => event.action.clone(),
        Field::Target => event.target.clone(),
        Field::Host => event.host.clone(),
        Field::Session => event.session.clone(),
        Field::Severity => event.severity.map(|s| s.to_string()),
        Field::Reason | Field::Line | Field::Chain => None,
    }
}

/// What the check found, in plain words.
fn chain(verdict: Verdict, finding: Option<&Finding>) -> Vec<Row> {
    let (role, words) = match verdict {
        Verdict::Pending => (Role::Dim, "not looked at yet".to_owned()),
        Verdict::Verified => (Role::Good, "verified: the content and the link to the record before hold".to_owned()),
        Verdict::LinksOnly => (
            Role::Text,
            "the link to the record before holds; the content can't be checked (unknown or keyed recipe)".to_owned(),
        ),
        Verdict::Unchained => (Role::Dim, "this source has no hash chain".to_owned()),
        Verdict::Unverifiable(why) => (Role::Warning, format!("can't be checked: {why}")),
        Verdict::Broken(kind) => {
            let role = match kind.level() {
                Level::Alarm => Role::Alarm,
                Level::Warning => Role::Warning,
                Level::Note => Role::Dim,
            };
            (role, format!("chain broken: {kind} ({})", kind.level().as_str()))
        }
    };
    let mut rows = vec![Row::Chain(role, words)];
    let Some(finding) = finding else { return rows };
    rows.push(Row::Chain(Role::Text, finding.explanation.clone()));
    for (label, hash) in [("expected", &finding.expected), ("found", &finding.found)] {
        if let Some(hash) = hash {
            rows.push(Row::Chain(Role::Text, format!("{label:<9} {hash}")));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Attributes;
    use std::sync::Arc;

    fn hit() -> Hit {
        let mut attributes = Attributes::default();
        attributes.push_str("user.name", "alice");
        attributes.push_str("user.groups", "dev");
        attributes.push_str("user.extra.scopes", "all");
        attributes.push("code", Kind::Num, "403");
        let event = Event {
            attributes,
            actor: Some("alice".into()),
            ..Event::default()
        };
        Hit {
            event: Arc::new(event),
            verdict: Verdict::Verified,
        }
    }

    fn labels(detail: &Detail) -> Vec<(usize, String)> {
        let label = |row: Row| match row {
            Row::Group { label, depth, .. } | Row::Attribute { label, depth, .. } => {
                Some((depth, label))
            }
            _ => None,
        };
        detail
            .rows(&hit(), None)
            .into_iter()
            .filter_map(label)
            .collect()
    }

    #[test]
    fn attributes_are_grouped_by_the_prefix_they_share_and_fold() {
        let mut detail = Detail::default();
        let want = [
            (0, "user"),
            (1, "name"),
            (1, "groups"),
            (1, "extra.scopes"),
            (0, "code"),
        ];
        assert_eq!(labels(&detail), want.map(|(d, l)| (d, l.to_owned())));
        detail.folded.insert("user".into());
        assert_eq!(
            labels(&detail),
            [(0, "user".to_owned()), (0, "code".to_owned())]
        );
    }

    #[test]
    fn the_selected_attribute_makes_a_filter_by_its_own_path() {
        let mut detail = Detail::default();
        let hit = hit();
        let at = detail
            .rows(&hit, None)
            .iter()
            .position(|r| matches!(r, Row::Attribute { path, .. } if path == "code"));
        detail.selected = at.unwrap();
        let intent = detail.update(Command::FilterOut, 1, Some(&hit), None);
        assert_eq!(
            intent,
            term::of_attribute("code", "403", true).map(Intent::AddTerm)
        );
    }

    #[test]
    fn a_break_is_explained_with_both_hashes() {
        let finding = Finding {
            kind: crate::event::BreakKind::Deleted,
            level: Level::Alarm,
            generation: 0,
            line: 7,
            line_end: 7,
            offset: 0,
            count: Some(2),
            ts: None,
            expected: Some("aa".into()),
            found: Some("bb".into()),
            explanation: "two records are missing before line 7".into(),
        };
        let rows = chain(Verdict::Broken(finding.kind), Some(&finding));
        assert_eq!(rows.len(), 4);
        assert_eq!(
            rows[0],
            Row::Chain(Role::Alarm, "chain broken: deleted (alarm)".into())
        );
        assert_eq!(rows[3], Row::Chain(Role::Text, "found     bb".into()));
    }
}
