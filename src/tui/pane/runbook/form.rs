//! The inputs of a runbook: one line each, prefilled from defaults and from the selected event.

use std::sync::Arc;

use ratatui::text::{Line, Span};
use regex::RegexBuilder;

use crate::event::field::Field;
use crate::event::time::DAY;
use crate::event::{Event, Timestamp, Zone};
use crate::query::ast::FieldRef;
use crate::runbook::{Input, InputError, InputKind, Inputs, Runbook};
use crate::tui::command::Command;
use crate::tui::theme::Role;
use crate::tui::widget::Look;
use crate::tui::widget::line_editor::LineEditor;

/// Values offered for one input at most.
const OFFERS: usize = 8;
/// Nanoseconds by which the selected event may be older than the newest one for both to be of one incident.
const NEAR: i64 = 2 * DAY;

#[derive(Clone, Debug)]
pub struct Form {
    runbook: Arc<Runbook>,
    lines: Vec<FormLine>,
    selected: usize,
    errors: Vec<InputError>,
    touched: bool,
    /// The inputs of the run that goes on with what is typed; `None` = it is for a run of its own.
    of: Option<Inputs>,
}

#[derive(Clone, Debug)]
struct FormLine {
    editor: LineEditor,
    offers: Vec<String>,
    /// The text as offered, to say where it comes from.
    from_event: Option<String>,
    /// It was filled in: what is typed takes its place.
    fresh: bool,
}

/// Where one is when inputs are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The selected event.
    pub event: Option<&'a Event>,
    /// When the newest event was.
    pub newest: Option<Timestamp>,
    /// In which dates are typed.
    pub zone: Zone,
}

impl Beside<'_> {
    /// What days count from: the end of the logs, so that what followed is not cut off; the selected event where that is
    /// longer ago.
    fn at(&self) -> Option<Timestamp> {
        let selected = self.event.and_then(|event| event.ts);
        let is_near =
            |newest: &Timestamp| selected.is_none_or(|at| newest.0.saturating_sub(at.0) <= NEAR);
        self.newest.filter(is_near).or(selected)
    }
}

impl Form {
    pub fn new(runbook: Arc<Runbook>, beside: Beside<'_>) -> Self {
        let line = |input: &Input| {
            let fields = runbook.fields_of(&input.name);
            let found = beside
                .event
                .map(|e| offers(input, &fields, e))
                .unwrap_or_default();
            // Only what is named like the input is filled in: a wrong name that stands there already is overlooked.
            let named = found.iter().find(|(is_named, _)| *is_named);
            let from_event = named.map(|(_, value)| value.clone());
            let from_event = from_event.filter(|_| input.default.is_none());
            // In a log that ends before today nothing would be found today.
            let day = beside.at().and_then(|at| input.default_at(at, beside.zone));
            let from_event = from_event.or(day.filter(|day| input.default.as_ref() != Some(day)));
            let start = from_event.clone().or_else(|| input.default.clone());
            let start = start.unwrap_or_default();
            let found: Vec<String> = found.into_iter().map(|(_, value)| value).collect();
            let mut offers: Vec<String> = input
                .default
                .iter()
                .chain(&input.options)
                .cloned()
                .collect();
            offers.extend(found);
            // The way back to it, where it was filled in.
            offers.extend(from_event.clone().filter(|value| !offers.contains(value)));
            FormLine {
                editor: LineEditor::new(start),
                offers,
                from_event,
                fresh: true,
            }
        };
        let lines = runbook.inputs.iter().map(line).collect();
        Self {
            runbook,
            lines,
            selected: 0,
            errors: Vec::new(),
            touched: false,
            of: None,
        }
    }

    /// The inputs of the run that it was filled from.
    pub fn of(&self) -> Option<&Inputs> {
        self.of.as_ref()
    }

    /// With the inputs of a run to begin with.
    pub fn filled(runbook: Arc<Runbook>, inputs: &Inputs, beside: Beside<'_>) -> Self {
        let mut form = Self::new(runbook.clone(), beside);
        for (input, line) in runbook.inputs.iter().zip(&mut form.lines) {
            if let Some(value) = inputs.get(&input.name) {
                line.editor = LineEditor::new(input.typed_again(value, beside.zone));
                line.from_event = None;
            }
        }
        form.of = Some(inputs.clone());
        form
    }

    /// With the inputs of another run to begin with, for a run of its own.
    pub fn beside(runbook: Arc<Runbook>, inputs: &Inputs, beside: Beside<'_>) -> Self {
        Self {
            of: None,
            ..Self::filled(runbook, inputs, beside)
        }
    }

    /// Offers more values, after those there are: the frequent ones of the field that an input is compared with.
    pub fn offer(&mut self, frequent: impl Fn(Field) -> Vec<String>) {
        for (input, line) in self.runbook.inputs.iter().zip(&mut self.lines) {
            let fields = self.runbook.fields_of(&input.name);
            let normal = fields.iter().find_map(|field| match field {
                FieldRef::Normal(field) => Some(*field),
                FieldRef::Attribute(_) => None,
            });
            for value in normal.map(&frequent).unwrap_or_default() {
                let is_new = !line.offers.contains(&value) && line.offers.len() < OFFERS;
                if is_new && !value.is_empty() && fits(input, &value) {
                    line.offers.push(value);
                }
            }
        }
    }

    /// Something was written into it.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    pub fn runbook(&self) -> &Arc<Runbook> {
        &self.runbook
    }

    pub fn insert(&mut self, text: &str) {
        self.touched = true;
        if let Some(line) = self.lines.get_mut(self.selected) {
            if std::mem::take(&mut line.fresh) {
                line.editor = LineEditor::new(String::new());
            }
            line.editor.insert(text);
        }
    }

    fn check(&self, now: Timestamp, zone: Zone) -> Result<Inputs, Vec<InputError>> {
        let typed = self.runbook.inputs.iter().zip(&self.lines);
        let given = typed
            .map(|(input, line)| (input.name.clone(), line.editor.text().trim().to_owned()))
            .collect();
        self.runbook.check_inputs_in(&given, now, zone)
    }

    /// Returns the checked inputs once all of them fit.
    pub fn update(&mut self, command: Command, now: Timestamp, zone: Zone) -> Option<Inputs> {
        let count = self.lines.len().max(1);
        let edit = match command {
            Command::Apply => match self.check(now, zone) {
                Ok(inputs) => return Some(inputs),
                Err(errors) => {
                    let wrong =
                        |e: &InputError| self.runbook.inputs.iter().position(|i| i.name == e.name);
                    self.selected = errors.iter().find_map(wrong).unwrap_or(self.selected);
                    self.errors = errors;
                    return None;
                }
            },
            Command::NextInput => {
                self.selected = (self.selected + 1) % count;
                return None;
            }
            Command::PreviousInput => {
                self.selected = (self.selected + count - 1) % count;
                return None;
            }
            Command::NextOffer => {
                self.next_offer();
                return None;
            }
            _ => command.edit()?,
        };
        self.touched = true;
        let line = self.lines.get_mut(self.selected)?;
        line.fresh = false;
        line.editor.edit(edit);
        None
    }

    fn next_offer(&mut self) {
        let Some(line) = self.lines.get_mut(self.selected) else {
            return;
        };
        let at = line.offers.iter().position(|o| o == line.editor.text());
        let next = at.map_or(0, |i| i + 1);
        if let Some(offer) = line.offers.get(next).or(line.offers.first()) {
            line.editor = LineEditor::new(offer.clone());
        }
    }

    /// All lines, and where the selected input is among them.
    pub fn lines(&self, look: &Look<'_>, columns: usize) -> (Vec<Line<'static>>, usize) {
        let mut lines = Vec::new();
        let mut at = 0;
        let room = columns.saturating_sub(3);
        let push = |lines: &mut Vec<Line<'static>>, role: Role, text: &str| {
            lines.extend(
                look.wrap(text, room)
                    .into_iter()
                    .map(|l| Line::from(vec![Span::raw("  "), look.span(role, l)])),
            );
        };
        for (i, (input, line)) in self.runbook.inputs.iter().zip(&self.lines).enumerate() {
            let selected = i == self.selected;
            if selected {
                at = lines.len();
            }
            lines.push(Line::default());
            let may_be_empty = !input.required && input.default.is_none();
            let need = if may_be_empty {
                " (may stay empty)"
            } else {
                ""
            };
            let label = if input.label.is_empty() {
                &input.name
            } else {
                &input.label
            };
            push(
                &mut lines,
                if selected { Role::Focus } else { Role::Dim },
                &format!("{label}{need}"),
            );
            let (mut spans, cursor) = line.editor.view(look.theme, room, None);
            if selected {
                mark_cursor(look, &mut spans, cursor);
            }
            let bar = if selected { look.theme.glyphs.bar } else { " " };
            let mut text = vec![look.span(Role::Accent, format!("{bar} "))];
            text.extend(spans);
            lines.push(Line::from(text));
            if let Some(error) = self.errors.iter().find(|e| e.name == input.name) {
                push(&mut lines, Role::Alarm, &error.message);
            } else if line.from_event.as_deref() == Some(line.editor.text()) {
                let whence = match input.kind {
                    InputKind::Date => "counted from the events here",
                    _ => "from the selected event",
                };
                push(&mut lines, Role::Dim, whence);
            } else if selected && line.offers.len() > 1 {
                push(
                    &mut lines,
                    Role::Dim,
                    &format!("offers: {}", line.offers.join("  ")),
                );
            }
        }
        self.about(look, room, &mut lines);
        (lines, at)
    }

    /// What the runbook says before its first step, and its words, below what is asked.
    fn about(&self, look: &Look<'_>, room: usize, lines: &mut Vec<Line<'static>>) {
        let words = self.runbook.glossary.iter();
        let words = words.map(|(word, meaning)| format!("{word} = {meaning}"));
        let paragraphs = self.runbook.intro.iter().cloned().chain(words);
        for paragraph in paragraphs {
            lines.push(Line::default());
            let parts = look.wrap(&paragraph, room).into_iter();
            lines.extend(
                parts.map(|part| Line::from(vec![Span::raw("  "), look.span(Role::Dim, part)])),
            );
        }
    }
}

/// Shows the cursor by reversing its cell, as the terminal's own cursor stays with the query bar.
fn mark_cursor(look: &Look<'_>, spans: &mut Vec<Span<'static>>, cursor: usize) {
    let mut column = 0;
    for span in spans.iter_mut() {
        if column == cursor {
            *span = span.clone().patch_style(look.theme.style(Role::Selected));
            return;
        }
        column += crate::text::width(&span.content);
    }
    spans.push(look.span(Role::Selected, " "));
}

/// Whether a value fits the input's pattern; where there is none, any does.
fn fits(input: &Input, value: &str) -> bool {
    let Some(pattern) = &input.pattern else {
        return input.kind != InputKind::Date;
    };
    let whole = format!("\\A(?:{pattern})\\z");
    let regex = RegexBuilder::new(&whole).size_limit(1 << 20).build();
    regex.is_ok_and(|regex| regex.is_match(value))
}

/// Values of an event that an input could take, each with whether it is what is asked for; those first. `fields` = those that
/// the runbook compares with the input: of one that it compares with none the names tell.
fn offers(input: &Input, fields: &[FieldRef], event: &Event) -> Vec<(bool, String)> {
    let mut found: Vec<(bool, String)> = Vec::new();
    for (place, field) in fields.iter().enumerate() {
        let values: Vec<String> = match field {
            FieldRef::Normal(Field::Ip) => event.ip.iter().map(ToString::to_string).collect(),
            FieldRef::Normal(field) => text_of(event, *field).into_iter().collect(),
            FieldRef::Attribute(path) => {
                let values = event.attributes.all(path);
                values.map(|value| value.text.to_owned()).collect()
            }
        };
        let fitting = values.into_iter().filter(|value| fits(input, value));
        found.extend(fitting.map(|value| (place == 0, value)));
    }
    if !fields.is_empty() {
        return once_each(found);
    }
    let name = input.name.to_lowercase();
    let named = |path: &str| path.to_lowercase().contains(&name);
    match (&input.pattern, input.kind) {
        (Some(pattern), _) => {
            let whole = format!("\\A(?:{pattern})\\z");
            let Ok(regex) = RegexBuilder::new(&whole).size_limit(1 << 20).build() else {
                return Vec::new();
            };
            let normal = [
                Field::Actor,
                Field::Target,
                Field::Session,
                Field::Host,
                Field::Ip,
            ];
            let values = normal
                .into_iter()
                .filter_map(|f| Some((f.name(), text_of(event, f)?)));
            let attributes = event
                .attributes
                .iter()
                .map(|(path, v)| (path, v.text.to_owned()));
            let field = Field::find(&input.name);
            let is_named = |path: &str| named(path) || field.is_some_and(|f| f.name() == path);
            found.extend(
                values
                    .chain(attributes)
                    .filter(|(_, v)| regex.is_match(v))
                    .map(|(path, v)| (is_named(path), v)),
            );
        }
        // An address is what is asked for, whatever it is called.
        (None, InputKind::Ip) => found.extend(event.ip.iter().map(|ip| (true, ip.to_string()))),
        (None, InputKind::Date) => {}
        (None, InputKind::Text | InputKind::Id) => {
            found.extend(
                Field::find(&input.name)
                    .and_then(|f| text_of(event, f))
                    .map(|v| (true, v)),
            );
        }
    }
    once_each(found)
}

/// What is asked for first, each value once.
fn once_each(mut found: Vec<(bool, String)>) -> Vec<(bool, String)> {
    found.sort_by_key(|(named, _)| !named);
    let mut offers: Vec<(bool, String)> = Vec::new();
    for (named, value) in found {
        let is_new = !offers.iter().any(|(_, known)| *known == value);
        if !value.is_empty() && is_new && offers.len() < OFFERS {
            offers.push((named, value));
        }
    }
    offers
}

fn text_of(event: &Event, field: Field) -> Option<String> {
    match field {
        Field::Actor => event.actor.clone(),
        Field::Action => event.action.clone(),
        Field::Target => event.target.clone(),
        Field::Session => event.session.clone(),
        Field::Host => event.host.clone(),
        Field::Ip => event.ip.first().map(ToString::to_string),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Attributes;

    #[test]
    fn an_event_offers_the_values_that_fit_an_input() {
        let mut attributes = Attributes::default();
        attributes.push_str("other", "AKIAZZZZ");
        attributes.push_str("userIdentity.accessKeyId", "AKIAAAAA");
        attributes.push_str("eventName", "ListBuckets");
        let event = Event {
            attributes,
            ip: vec!["10.0.0.1".parse().unwrap()],
            ..Event::default()
        };
        let key = Input {
            name: "key".into(),
            pattern: Some("AKIA[A-Z]+".into()),
            ..Input::default()
        };
        assert_eq!(
            offers(&key, &[], &event),
            [
                (true, "AKIAAAAA".to_owned()),
                (false, "AKIAZZZZ".to_owned())
            ]
        );
        let ip = Input {
            name: "from".into(),
            kind: InputKind::Ip,
            ..Input::default()
        };
        assert_eq!(offers(&ip, &[], &event), [(true, "10.0.0.1".to_owned())]);
        // What the queries compare it with says more than how it is called.
        let customer = Input {
            name: "user".into(),
            pattern: Some("[a-z0-9_.]+".into()),
            ..Input::default()
        };
        let event = Event {
            actor: Some("s.lund".into()),
            target: Some("cus_48213".into()),
            ..event
        };
        let fields = [Field::Target, Field::Actor].map(FieldRef::Normal);
        assert_eq!(
            offers(&customer, &fields, &event),
            [(true, "cus_48213".to_owned()), (false, "s.lund".to_owned())]
        );
        assert!(
            offers(
                &Input {
                    name: "x".into(),
                    ..Input::default()
                },
                &[],
                &event
            )
            .is_empty()
        );
    }
}
