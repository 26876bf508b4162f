//! Every command by a key of its own, through the whole loop: the key is the command's, and what it does is seen.

use std::collections::HashSet;
use std::sync::Arc;

use super::harness::{Harness, RUNBOOK, break_chain_at, engine_of, events, named};
use crate::runbook::{Library, Runbook};
use crate::tui::Options;
use crate::tui::command::Command;

/// What is so after the key, and was not before.
enum Then {
    Selects(&'static str),
    Shows(&'static str),
    Hides(&'static str),
    Asks(&'static str),
    Is(fn(&Harness) -> String, &'static str),
    /// Is another than before.
    Changes(fn(&Harness) -> String),
    /// The screen is the same, and right.
    Stays,
}

use Command as C;
use Then::{Asks, Changes, Hides, Is, Selects, Shows, Stays};

/// A runbook is being stepped through.
const RUN: &str = "R<enter><ctrl+u>alice@corp<enter>";
/// The text to hand over is shown.
const HANDING_OVER: &str = "R<enter><ctrl+u>alice@corp<enter>H";

/// Command, keys that lead to where it can be seen, its key, what the key does.
const KEYS: &[(Command, &str, &str, Then)] = &[
    (C::Down, "k", "j", Selects("action-99")),
    (C::Up, "", "<up>", Selects("action-98")),
    (C::PageDown, "50k", "<pgdn>", Selects("action-82")),
    (C::PageUp, "", "<pgup>", Selects("action-66")),
    (C::HalfPageDown, "50k", "<ctrl+d>", Selects("action-65")),
    (C::HalfPageUp, "", "<ctrl+u>", Selects("action-83")),
    (C::Top, "", "g", Selects("action-0")),
    (C::Bottom, "g", "G", Selects("action-99")),
    (C::Left, "l", "h", Is(column, "Field(Actor)")),
    (C::Right, "", "l", Is(column, "Field(Action)")),
    (C::Open, "", "<enter>", Shows("DETAIL")),
    (
        C::FilterIn,
        "",
        "+",
        Asks("actor:\"system:serviceaccount:kube-system:node\""),
    ),
    (
        C::FilterOut,
        "",
        "-",
        Asks("-actor:\"system:serviceaccount:kube-system:node\""),
    ),
    (C::GoToTime, "", "t", Shows("go to time:")),
    (C::HourBack, "", ",", Selects("action-0")),
    (C::HourForward, "g", ".", Selects("action-99")),
    (C::DayBack, "", "D", Selects("action-0")),
    (C::DayForward, "g", "d", Selects("action-99")),
    (C::Back, "/alice<enter>", "<", Asks("")),
    (
        C::Forward,
        "/actor:alice@corp<enter><",
        ">",
        Asks("actor:alice@corp"),
    ),
    (
        C::Context,
        "/outcome:failure<enter>",
        "<ctrl+f>",
        Shows("in context"),
    ),
    (
        C::NextMatch,
        "/outcome:failure<enter>g<ctrl+f>",
        "n",
        Selects("action-10"),
    ),
    (
        C::PreviousMatch,
        "/outcome:failure<enter><ctrl+f>",
        "N",
        Selects("action-80"),
    ),
    (C::Timeline, "", "H", Shows("TIMELINE")),
    (C::HideTimeline, "H", "<delete>", Hides("⌁ break")),
    (
        C::SelectSpan,
        "H",
        "<space>",
        Shows("selected: 2026-03-01 14:59:58"),
    ),
    (
        C::ZoomIn,
        "H<space>5h",
        "<enter>",
        Shows("since:2026-03-01T14:59:48Z"),
    ),
    (C::ZoomOut, "H<space>5h<enter>", "<backspace>", Asks("")),
    (C::Mark, "", "m", Shows("marked;")),
    (C::NextMark, "m5km5k", "'", Selects("action-94")),
    (C::PreviousMark, "5km5j", "\"", Selects("action-94")),
    (C::Annotate, "", "a", Shows("note:")),
    (C::Pivot, "", "p", Shows("PIVOT")),
    (
        C::PivotActor,
        "p",
        "a",
        Asks("actor:\"system:serviceaccount:kube-system:node\""),
    ),
    (
        C::PivotSession,
        "/alice<enter>p",
        "s",
        Asks("session:s-alice"),
    ),
    (C::PivotIp, "p", "i", Asks("ip:203.0.113.7")),
    (C::PivotTarget, "p", "t", Asks("target:\"secrets/db\"")),
    (
        C::PivotTime,
        "p",
        "m",
        Asks("since:2026-03-01T14:54:59Z until:2026-03-01T15:05Z"),
    ),
    (
        C::PivotTimeline,
        "/alice<enter>p",
        "l",
        Shows("times are distances to the selected event"),
    ),
    (C::TimeStyle, "", "T", Shows("from now")),
    (C::TimeZone, "", "Z", Shows("times are in local")),
    (C::Columns, "", "C", Shows("COLUMNS")),
    (C::ToggleColumn, "Cj", "<space>", Shows("▌ ○ actor")),
    (
        C::ColumnLeft,
        "Cjj",
        "K",
        Shows("columns = [\"time\", \"action\", \"actor\""),
    ),
    (
        C::ColumnRight,
        "Cj",
        "J",
        Shows("columns = [\"time\", \"action\", \"actor\""),
    ),
    (
        C::ColumnsByWidth,
        "Cj<space>",
        "r",
        Shows("chosen by the width"),
    ),
    (C::Follow, "", "F", Hides("● live")),
    (C::NextBreak, "", "x", Selects("action-95")),
    (C::PreviousBreak, "", "X", Selects("action-95")),
    (C::NextFailure, "20k", "e", Selects("action-80")),
    (C::PreviousFailure, "", "E", Selects("action-90")),
    (C::EditQuery, "", "/", Shows("QUERY")),
    (C::ClearQuery, "/alice<enter>", "<backspace>", Asks("")),
    (
        C::OlderQuery,
        "/alice<enter>/<ctrl+u>",
        "<up>",
        Shows("› alice"),
    ),
    (
        C::NewerQuery,
        "/bob<enter>/<ctrl+u>alice<enter>/<ctrl+u><up><up>",
        "<down>",
        Shows("› alice"),
    ),
    (C::NextSuggestion, "/act", "<tab>", Shows("▌actor  ")),
    (
        C::PreviousSuggestion,
        "/act<tab><tab>",
        "<shift+tab>",
        Shows("▌actor  "),
    ),
    (C::Retry, "", "<ctrl+r>", Changes(tail)),
    (
        C::Unpark,
        "R<enter><ctrl+u>alice@corp<enter>",
        "u",
        Hides("all events again"),
    ),
    (
        C::Fix,
        "/nosuchfield:alice<enter>",
        "r",
        Hides("no event has a field"),
    ),
    (C::Filters, "<esc>", "f", Shows("narrow")),
    (C::Runbooks, "", "R", Shows("RUNBOOK")),
    (C::NextPane, "<enter>", "<tab>", Is(context, "Filters")),
    (
        C::PreviousPane,
        "<enter>",
        "<shift+tab>",
        Is(context, "Events"),
    ),
    (
        C::ToggleChip,
        "/alice<enter>fgj",
        "<space>",
        Shows("○ alice"),
    ),
    (C::DeleteChip, "/alice<enter>fgj", "d", Asks("")),
    (C::NegateChip, "/alice<enter>fgj", "!", Asks("-alice")),
    (C::EditChip, "/alice bob<enter>fgj", "e", Shows("QUERY")),
    (C::AllChips, "/alice outcome:success<enter>f", "A", Asks("")),
    (C::AddFacet, "f", "a", Shows("count field:")),
    (C::SortFacets, "f", "s", Shows("rarest")),
    (C::Narrow, "f", "n", Is(context, "Narrow")),
    (C::Fold, "<enter>J", "<space>", Shows("▸ objectRef")),
    (C::ToggleRaw, "<enter>", "v", Shows("raw · 1 of 3")),
    (C::SearchInside, "<enter>", "s", Shows("search inside:")),
    (
        C::NextHit,
        "<enter>ssecrets<enter>",
        "n",
        Shows("hit 2 of 4"),
    ),
    (
        C::PreviousHit,
        "<enter>ssecrets<enter>n",
        "N",
        Shows("hit 1 of 4"),
    ),
    (C::NextPart, "<enter>", "J", Shows("▌▾ objectRef")),
    (C::PreviousPart, "<enter>JJ", "K", Shows("▌▾ objectRef")),
    (
        C::DropRun,
        "R<enter><ctrl+u>alice@corp<enter><delete>",
        "<delete>",
        Shows("begins anew"),
    ),
    (C::AnotherRun, RUN, "+", Shows("FORM")),
    (C::NextRun, RUN, "v", Shows("no other run of this runbook")),
    (C::Pin, RUN, "P", Shows("kept as evidence of step 1")),
    (
        C::ListPins,
        RUN,
        "l",
        Shows("no event is kept as evidence yet"),
    ),
    (C::StepDone, RUN, "d", Shows("step 1 is done")),
    (C::StepSkipped, RUN, "s", Shows("step 1 is skipped")),
    (C::StepBlocked, RUN, "b", Shows("step 1 is blocked")),
    (C::StepNote, RUN, "a", Shows("note on this step:")),
    (C::KeepQuery, RUN, "=", Shows("nothing to keep")),
    (C::StepQuery, RUN, "0", Shows("what the runbook says")),
    (C::HandOver, RUN, "H", Shows("To hand over")),
    (
        C::EditLine,
        HANDING_OVER,
        "<enter>",
        Shows("this line (empty: none):"),
    ),
    (C::AddLine, HANDING_OVER, "a", Shows("one more line:")),
    (
        C::FillAnew,
        "R<enter><ctrl+u>alice@corp<enter>H<enter>x<enter>0",
        "0",
        Hides("As you changed it."),
    ),
    (C::RunReport, RUN, "w", Shows("run-report ~/who-")),
    (
        C::EditInputs,
        "R<enter><ctrl+u>alice@corp<enter>",
        "i",
        Shows(" Person"),
    ),
    (
        C::Branch1,
        "R<enter><ctrl+u>alice@corp<enter>",
        "1",
        Shows("2/4"),
    ),
    (
        C::Branch2,
        "R<enter><ctrl+u>alice@corp<enter>",
        "2",
        Shows("3/4"),
    ),
    (
        C::Branch3,
        "R<enter><ctrl+u>alice@corp<enter>",
        "3",
        Shows("4/4"),
    ),
    (
        C::Branch4,
        "R<enter><ctrl+u>alice@corp<enter>4",
        "4",
        Shows("2/4"),
    ),
    (C::Apply, "/alice", "<enter>", Asks("alice")),
    (C::NextInput, "R<enter>", "<tab>", Is(input, "10")),
    (
        C::PreviousInput,
        "R<enter><tab>",
        "<shift+tab>",
        Is(input, "7"),
    ),
    (C::NextOffer, "R<enter>", "<ctrl+n>", Shows("▌ alice@corp")),
    (C::CursorLeft, "/ac", "<left>", Is(cursor, "4,1")),
    (C::CursorRight, "/ac<home>", "<right>", Is(cursor, "4,1")),
    (C::WordLeft, "/a bc", "<ctrl+left>", Is(cursor, "5,1")),
    (
        C::WordRight,
        "/a bc<home>",
        "<ctrl+right>",
        Is(cursor, "4,1"),
    ),
    (C::LineStart, "/ac", "<home>", Is(cursor, "3,1")),
    (C::LineEnd, "/ac<home>", "<end>", Is(cursor, "5,1")),
    (C::Backspace, "/alicex", "<backspace>", Hides("alicex")),
    (C::Delete, "/xalice<home>", "<delete>", Hides("xalice")),
    (C::DeleteWord, "/alice bobby", "<ctrl+w>", Hides("bobby")),
    (C::DeleteToStart, "/bobby", "<ctrl+u>", Hides("bobby")),
    (
        C::DeleteToEnd,
        "/alice bobby<ctrl+left>",
        "<ctrl+k>",
        Hides("bobby"),
    ),
    (C::Palette, "", ":", Is(context, "Palette")),
    (C::Complete, ":retr", "<tab>", Shows(": retry")),
    (C::CopyValue, "", "y", Shows("copied")),
    (C::CopyRecord, "", "c", Shows("copied")),
    (C::CopyCommand, "", "Y", Shows("copied")),
    (C::Export, "", "W", Shows("export")),
    (C::Sources, "", "S", Shows("SOURCES")),
    (
        C::Mute,
        "S",
        "<space>",
        Asks("-source:\"/var/log/audit.log\""),
    ),
    (C::Integrity, "", "I", Shows("INTEGRITY")),
    (C::Evidence, "I", "w", Shows("integrity-report-")),
    (C::Suspend, "", "<ctrl+z>", Stays),
    (C::ReadAs, "S", "f", Shows("read audit.log as:")),
    (C::SaveSession, "", "<ctrl+s>", Shows("keep this view as:")),
    (C::OpenSession, "", "<ctrl+o>", Shows("come back to:")),
    (C::Help, "", "?", Shows("HELP")),
    (C::Close, "?", "<esc>", Hides("HELP")),
    (C::Quit, "", "q", Shows("again")),
    (C::Interrupt, "?", "<ctrl+c>", Hides("HELP")),
    (C::Redraw, "", "<ctrl+l>", Stays),
];

fn column(h: &Harness) -> String {
    format!("{:?}", h.model().events.column())
}

/// Which stream of new events the list has: every list that is made has its own.
fn tail(h: &Harness) -> String {
    format!("{:?}", h.model().arriving.tail)
}

fn context(h: &Harness) -> String {
    format!("{:?}", h.model().context())
}

fn cursor(h: &Harness) -> String {
    let (column, row) = h.cursor();
    format!("{column},{row}")
}

/// The row of the form's own cursor, a reversed cell of the pane on the right.
fn input(h: &Harness) -> String {
    let styles = h.styles();
    let row = styles
        .lines()
        .position(|row| row.chars().skip(79).any(|c| c == '#'));
    row.map(|row| row.to_string()).unwrap_or_default()
}

/// A runbook with two inputs and four branches.
fn runbooks() -> Library {
    let text = RUNBOOK
        .replace(
            "required: true}\n",
            "required: true}\n  what: {label: Thing, type: text}\n",
        )
        .replace(
            "actor:{user} outcome:failure",
            "actor:{user} outcome:failure {what}",
        )
        .replacen(
            "- **Else** done",
            "- **If** it is late **then** [Step 3](#step-3-late)\n\
             - **If** it is early **then** [Step 4](#step-4-early)\n\
             - **Else** [Step 2](#step-2-failures)",
            1,
        );
    let step = &text[text.find("## Step 2").unwrap()..];
    let more = |name: &str, id: &str| {
        step.replace("Step 2: Failures?", name)
            .replace("id=failures", &format!("id={id}"))
    };
    let text = format!(
        "{text}\n{}\n{}",
        more("Step 3: Late?", "late"),
        more("Step 4: Early?", "early")
    );
    Library {
        runbooks: vec![Arc::new(Runbook::parse("four", &text).unwrap())],
        ..Library::default()
    }
}

fn holds(then: &Then, h: &Harness) -> bool {
    match then {
        Selects(action) => h.selected_action() == *action,
        Shows(text) => h.screen().contains(text),
        Hides(text) => !h.screen().contains(text),
        Asks(query) => h.model().query.to_string() == *query,
        Is(what, value) => what(h) == *value,
        // Told by what was before.
        Changes(_) => true,
        Stays => h.screen() == h.drawn_afresh(),
    }
}

#[test]
fn every_command_does_what_it_says_by_its_key() {
    let mut wrong = Vec::new();
    for (command, before, key, then) in KEYS {
        let mut all = events(100);
        for event in all.iter_mut().step_by(4) {
            event.session = Some("s-alice".into());
        }
        let engine = engine_of(all);
        break_chain_at(&engine, 95);
        let mut h = Harness::over(engine, 120, 40, runbooks(), Options::default());
        h.keys(before);
        let name = key.trim_start_matches('<').trim_end_matches('>');
        let pressed = named(if name.is_empty() { key } else { name });
        let meant = h.model().keymap.resolve(h.model().context(), pressed);
        let before_it = match then {
            Changes(what) => Some((what, what(&h))),
            _ => None,
        };
        let already = !matches!(then, Stays | Changes(_)) && holds(then, &h);
        h.keys(key);
        let same = before_it.is_some_and(|(what, value)| what(&h) == value);
        if meant != Some(*command) || already || same || !holds(then, &h) {
            wrong.push(format!(
                "{} by {key:?} after {before:?}: the key is {:?}; before: {already}, after: {}; query {:?}, selected {}, input {}\n{}",
                command.name(),
                meant.map(Command::name),
                holds(then, &h),
                h.model().query.to_string(),
                h.selected_action(),
                input(&h),
                h.screen(),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_command_is_left_out() {
    let tried: HashSet<Command> = KEYS.iter().map(|(command, ..)| *command).collect();
    for command in Command::ALL {
        assert!(
            tried.contains(command),
            "no key string for {}",
            command.name()
        );
    }
}
