//! Stepping through a runbook: columns, evidence, what became of a step, the text to hand over, the report; and which
//! runbook the list offers first.

use std::sync::Arc;

use super::harness::{Harness, engine, event, events, library};
use crate::engine::memory::MemoryEngine;
use crate::runbook::{Library, Runbook};
use crate::tui::Options;
use crate::tui::share::Setup;
use crate::tui::update::session;

const BOOK: &str = "\
---
runbook: 1
id: denied
title: Somebody was denied
logs: [k8s-audit]
inputs:
  who: {label: Person, type: text, required: true}
---
## Step 1: What was denied? {#what}
```auditq id=what expect=0 alarm=1.. show=ts,action,actor group=ip
actor:{who} outcome:failure
```
- **Else** [Step 2](#all)

## Step 2: What else? {#all}
```auditq id=all expect=1..
actor:{who}
```
- **Else** done: told

## Escalation
```escalate
{runbook.id} for {who}: {tried}. Kept: {ids}
```
";

pub(super) fn books() -> Library {
    let mut library = library();
    let denied = Runbook::parse("denied.md", BOOK).unwrap();
    library.runbooks.push(Arc::new(denied));
    library
}

/// At the first step, on events of `ci-bot`.
pub(super) fn at_step(engine: Arc<MemoryEngine>, options: Options) -> Harness {
    let mut h = Harness::over(engine, 160, 40, books(), options);
    h.keys(":runbook denied<enter><ctrl+u>ci-bot<enter>");
    h.shows("RUNBOOK  Somebody was denied").shows("1/2");
    h
}

pub(super) fn ids(h: &Harness) -> Vec<String> {
    let run = h.model().runbooks.run().unwrap();
    let pins = run.work(run.at()).unwrap().pins.iter();
    pins.map(|pin| pin.id.to_string()).collect()
}

#[test]
fn a_step_shows_its_columns_and_groups_and_gives_the_own_ones_back() {
    let mut h = Harness::over(engine(100), 160, 40, books(), Options::default());
    h.keys(":columns time,host,target<enter>");
    let own = h.model().events.columns.clone();
    h.keys(":runbook denied<enter><ctrl+u>ci-bot<enter>");
    h.shows("ALARM").shows("by ip:");
    let names = h.model().events.columns.names().unwrap();
    assert_eq!(names, ["time", "action", "actor"]);
    // A step that asks for none shows the person's own.
    h.keys("j").shows("2/2");
    assert_eq!(h.model().events.columns, own);
    h.keys("k<esc>");
    assert_eq!(h.model().events.columns, own);
}

#[test]
fn events_are_kept_as_evidence_and_steps_marked_also_the_next_time() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<tab><tab>P").shows("kept as evidence of step 1");
    h.keys("kP").shows("2 events kept as evidence");
    h.keys("P")
        .shows("no longer evidence")
        .shows("1 event kept");
    let kept = ids(&h);
    h.keys("R");
    h.keys("d").shows("done at");
    h.keys("ait was ci<enter>").shows("note: it was ci");
    h.keys("<enter>").shows("2/2").shows("done");
    h.keys("b").shows("step 2 is blocked");
    h.keys("b").shows("step 2 is open again");
    let session = session::capture(h.model());
    let options = Options {
        session: Some(session),
        ..Options::default()
    };
    let mut again = Harness::over(engine(100), 160, 40, books(), options);
    again
        .keys("k")
        .shows("note: it was ci")
        .shows("1 event kept");
    assert_eq!(ids(&again), kept);
}

#[test]
fn several_runs_of_one_runbook_stand_side_by_side() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<tab><tab>PR");
    h.keys("+<ctrl+u>alice<enter>").shows("2 runs");
    let who = |h: &Harness| h.model().runbooks.run().unwrap().inputs()["who"].clone();
    let pins = |h: &Harness| h.model().runbooks.run().unwrap().pins().count();
    assert_eq!((who(&h).as_str(), pins(&h)), ("alice", 0));
    // Each has its own step, evidence and query.
    h.keys("j").shows("2/2");
    h.keys("v").shows("the run of who ci-bot").shows("1/2");
    assert_eq!((who(&h).as_str(), pins(&h)), ("ci-bot", 1));
    assert!(h.model().query.to_string().contains("ci-bot"));
    // Other inputs are for the run that is open; the other one stays.
    h.keys("i<ctrl+u>bob<enter>").shows("2 runs");
    assert_eq!(who(&h), "bob");
    h.keys("v");
    assert_eq!(who(&h), "alice");
    // What was asked of one run is not answered for the other.
    h.keys("d").shows("step 2 is done");
    h.keys("<delete>").shows("again drops this run");
    h.keys("v<delete>").shows("again drops this run");
    assert_eq!(who(&h), "bob");
    h.keys("v");
    assert_eq!(who(&h), "alice");
    // Both are there the next time, and in the list.
    let mut h = again(session::capture(h.model()), books());
    h.shows("2 runs");
    h.keys("v");
    assert_eq!(who(&h), "bob");
    h.keys("<esc>").shows("2 runs, the last");
    // Dropping drops one, what is kept in it only if asked twice.
    h.keys("<enter><delete>").shows("again drops this run");
    h.keys("<delete>")
        .shows("there is still 1 run of this runbook")
        .hides("2 runs");
    h.keys("<enter>");
    assert_eq!(who(&h), "alice");
}

#[test]
fn a_report_has_the_evidence_and_what_a_person_did() {
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        share: Setup {
            home: Some(home.path().to_owned()),
            who: "ann on bastion".into(),
            ..Setup::default()
        },
        ..Options::default()
    };
    let mut h = at_step(engine(100), options);
    h.keys("<tab><tab>P");
    h.keys("a").paste("see <b>ticket</b>").keys("<enter>R");
    let own = h.model().query.to_string();
    h.keys("/<end> action:get<enter>=d<enter>").shows("2/2");
    let pinned = h.model().runbooks.run().unwrap().work(0).unwrap().pins[0].id;
    for name in ["r.md", "r.html", "r.json"] {
        h.keys(&format!(":run-report ~/{name}<enter>"));
        h.until(|h| {
            h.screen().contains(&format!("/{name}")) && h.screen().contains("wrote the report")
        });
    }
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    let markdown = read("r.md");
    for words in [
        "Somebody was denied",
        "ann on bastion",
        "as found: Step 2",
        "done at ",
        &pinned.to_string(),
    ] {
        assert!(markdown.contains(words), "{words}:\n{markdown}");
    }
    let html = read("r.html");
    let json: serde_json::Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(json["steps"][0]["query"], format!("{own} action:get"));
    assert_eq!(json["steps"][0]["written"], own);
    for text in [&markdown, &html] {
        assert!(text.contains("Changed by hand."), "{text}");
    }
    assert!(html.contains("&lt;b&gt;ticket") && !html.contains("<b>ticket"));
    assert_eq!(json["steps"][0]["pins"][0]["id"], pinned.to_string());
    h.keys(":run-report ~/r.pdf<enter>")
        .shows(".md, .html or .json");
}

#[test]
fn the_list_begins_with_what_fits_and_says_why() {
    let mut h = Harness::with(160, 40, events(10), books(), Options::default());
    h.keys("R").shows("reads k8s-audit");
    let screen = h.screen();
    let at = |words: &str| {
        screen
            .find(words)
            .unwrap_or_else(|| panic!("{words}:\n{screen}"))
    };
    assert!(at("Somebody was denied") > at("Who did it?") || at("reads k8s-audit") > 0);
    let mut other = event(1);
    other.format = "auditd".into();
    let mut h = Harness::with(160, 40, vec![other], books(), Options::default());
    h.keys("R").shows("no such log is open: k8s-audit");
}

#[test]
fn without_a_runbook_an_event_is_evidence_of_nothing() {
    let mut h = Harness::with(120, 30, events(5), books(), Options::default());
    h.keys("P").shows("R opens one");
    h.keys("R").hides("hand over");
}

/// The same events with other runbooks, from a session.
pub(super) fn again(session: crate::state::Session, library: Library) -> Harness {
    let options = Options {
        session: Some(session),
        ..Options::default()
    };
    Harness::over(engine(100), 160, 40, library, options)
}

#[test]
fn a_run_outlives_the_absence_of_its_runbook() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<tab><tab>PRaprecious<enter>");
    let kept = ids(&h);
    let without = again(session::capture(h.model()), library());
    assert!(without.model().runbooks.run().is_none());
    let mut with = again(session::capture(without.model()), books());
    with.keys(":runbook denied<enter>").shows("note: precious");
    assert_eq!(ids(&with), kept);
}

#[test]
fn a_runbook_that_was_edited_keeps_work_with_its_steps() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("dj").shows("2/2");
    h.keys("asecond<enter>").shows("note: second");
    let edited = BOOK
        .replace("## Step 2:", "## Step 3:")
        .replace("## Step 1:", "## Step 2:")
        .replace(
            "## Step 2: What was",
            "## Step 1: New {#new}\n```auditq id=new\naction:nothing\n```\n\n## Step 2: What was",
        );
    let mut library = library();
    let book = Runbook::parse("denied.md", &edited).unwrap();
    library.runbooks.push(Arc::new(book));
    let mut h = again(session::capture(h.model()), library);
    h.shows("3/3").shows("note: second");
    h.keys("k").shows("2/3").shows("done at");
    h.keys("k").shows("1/3").hides("done at").hides("note:");
}

#[test]
fn a_run_with_evidence_is_dropped_only_if_asked_twice() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("d<delete>")
        .shows("again drops this run")
        .shows("1/2");
    h.keys("j").shows("2/2");
    h.keys("<delete><delete>").shows("begins anew");
}

#[test]
fn other_inputs_take_back_what_was_decided_by_the_first() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<tab><tab>PRd<enter>").shows("2/2");
    h.keys("i<ctrl+u>bob@corp<enter>").shows("2/2");
    let run = h.model().runbooks.run().unwrap();
    let work = run.work(0).unwrap();
    assert_eq!((work.mark, work.took), (None, None));
    assert_eq!(work.pins.len(), 1, "what a person kept stays");
}

#[test]
fn a_runbook_is_found_by_what_happened() {
    let mut library = Library::load(&[]);
    library.runbooks.extend(books().runbooks);
    let mut h = Harness::with(120, 40, events(5), library, Options::default());
    h.keys(":runbook strangers can read<space>")
        .shows("bucket-public");
    h.keys("<esc>:runbook customer setting roughly<space>")
        .shows("settings-changed");
}

#[test]
fn only_the_runbook_of_the_very_id_is_opened() {
    let mut library = books();
    for id in ["rb2", "rb22", "rb-2"] {
        let text = BOOK.replace("id: denied", &format!("id: {id}"));
        let text = text.replace("Somebody was denied", &format!("Called {id}"));
        library
            .runbooks
            .push(Arc::new(Runbook::parse(id, &text).unwrap()));
    }
    let mut h = Harness::with(120, 40, events(5), library, Options::default());
    h.keys(":runbook rb2<enter>").shows("RUNBOOK  Called rb2 ");
    h.keys("<esc>:runbook rb<enter>")
        .shows("there is no runbook \"rb\"")
        .hides("RUNBOOK  Called");
    // One that is chosen is what is meant.
    h.keys("<down><enter>").shows("RUNBOOK  Called rb");
    h.keys("<esc>:runbook deni<enter>")
        .shows("there is no runbook \"deni\"");
}

#[test]
fn kept_events_are_marked_in_the_list_and_can_be_listed() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("l").shows("no event is kept as evidence yet");
    h.keys("<tab><tab>P").shows("▌  ●");
    h.keys("kP").shows("▌  ●");
    let kept = ids(&h);
    h.keys("Rl").shows("2 events kept as evidence");
    h.shows(&format!("› id:({} {})", kept[0], kept[1]));
    let window = &h.model().events.window;
    let listed = (0..window.len()).filter_map(|i| window.get(i));
    let listed: Vec<String> = listed.map(|hit| hit.event.id.to_string()).collect();
    assert_eq!(listed.len(), 2);
    assert!(kept.iter().all(|id| listed.contains(id)));
    // The step's own list comes back with the step, and the person's own after it.
    h.keys("g").shows("1/2").shows("› actor:");
    h.keys("l<esc>").hides("› id:(");
}

#[test]
fn an_input_that_a_step_does_not_ask_for_leaves_what_it_found() {
    let text = BOOK.replace(
        "  who: {",
        "  other: {label: Other, type: text, default: nobody}\n  who: {",
    );
    let text = text.replace(
        "```auditq id=all expect=1..\nactor:{who}",
        "```auditq id=all expect=1..\nactor:({who} {other})",
    );
    let mut library = library();
    library
        .runbooks
        .push(Arc::new(Runbook::parse("denied.md", &text).unwrap()));
    let mut h = Harness::over(engine(100), 160, 40, library, Options::default());
    h.keys(":runbook denied<enter><tab><ctrl+u>ci-bot<enter>")
        .shows("ALARM");
    h.keys("<enter>").shows("2/2");
    h.keys("k").shows("1/2");
    h.keys("i<ctrl+u>bob@corp<enter>")
        .shows("1/2")
        .shows("ALARM");
    let run = h.model().runbooks.run().unwrap();
    assert_eq!(run.work(0).unwrap().took, Some(0));
    assert_eq!(run.evidence(1), None);
    // What the step found is handed over, with its records.
    h.keys("H").shows("To hand over");
    let (_, text) = h.model().runbooks.run().unwrap().value().unwrap();
    assert!(text.contains("1 What was denied? 5 rows, ALARM"), "{text}");
    assert!(!text.contains("Kept: none"), "{text}");
}

#[test]
fn the_frequent_values_of_its_field_are_offered_for_an_input() {
    let mut h = Harness::over(engine(100), 160, 40, books(), Options::default());
    h.keys(":runbook denied<enter><ctrl+u>");
    // The selected event has only one of them.
    h.shows("offers:").shows("alice@corp  bob@corp  ci-bot");
}

#[test]
fn a_step_that_is_narrowed_shows_how_and_can_keep_it() {
    let mut h = at_step(engine(100), Options::default());
    let own = h.model().query.to_string();
    h.keys("/<end> action:get<enter>");
    h.shows("The step's query, changed:").shows("+ action:get");
    h.shows("= keeps it for the").shows("0 goes back to the");
    // What it gives is no evidence of the step.
    assert_eq!(h.model().runbooks.run().unwrap().applied(), None);
    h.keys("=");
    h.shows("asks, as you changed it:").shows("from now on");
    let run = h.model().runbooks.run().unwrap();
    assert_eq!(run.applied(), Some(0));
    assert_eq!(run.query_text(0), Some(format!("{own} action:get")));
    // Going on and coming back, and the next time.
    h.keys("<enter><up>");
    assert_eq!(h.model().query.to_string(), format!("{own} action:get"));
    let session = session::capture(h.model());
    let h = again(session, books());
    let run = h.model().runbooks.run().unwrap();
    assert_eq!(run.query_text(0), Some(format!("{own} action:get")));
    let mut h = at_step(engine(100), Options::default());
    h.keys("/<end> action:get<enter>0");
    assert_eq!(h.model().query.to_string(), own);
    h.shows("the step asks for what the runbook says");
    // Typed back to what it was, it is the step's own again.
    h.keys("/<end> action:get<enter>").shows("+ action:get");
    h.keys("/<end>")
        .keys(&"<backspace>".repeat(" action:get".len()));
    h.keys("<enter>");
    assert_eq!(h.model().runbooks.run().unwrap().applied(), Some(0));
}

/// The times of a window are filled in, those of a query bar typed.
#[test]
fn only_what_a_person_changed_is_told_of_a_step_with_a_window() {
    let mut books = books();
    let text = BOOK.replace(
        "inputs:\n",
        "window: {from: 2020-01-01, to: 2040-01-01}\ninputs:\n",
    );
    let denied = Runbook::parse("denied.md", &text).unwrap();
    *books.runbooks.last_mut().unwrap() = Arc::new(denied);
    let mut h = Harness::over(engine(100), 160, 40, books, Options::default());
    h.keys(":runbook denied<enter><ctrl+u>ci-bot<enter>");
    let own = h.model().query.to_string();
    assert!(own.contains("since:"), "{own}");
    h.keys("/<end> action:get<enter>").shows("+ action:get");
    h.hides("+ since").hides("- since");
    h.keys("/<end>")
        .keys(&"<backspace>".repeat(" action:get".len()));
    h.keys("<enter>");
    assert_eq!(h.model().runbooks.run().unwrap().applied(), Some(0));
}

#[test]
fn on_a_narrow_screen_the_list_in_focus_has_room_for_the_columns_of_the_step() {
    let mut h = Harness::over(engine(100), 80, 24, books(), Options::default());
    h.keys(":runbook denied<enter><ctrl+u>ci-bot<enter>");
    let list = |h: &Harness| crate::tui::layout::areas(h.model()).unwrap().events.width;
    let beside = list(&h);
    h.keys("<tab>").shows(" action ").shows(" actor ");
    assert!(list(&h) > beside + 10);
    h.keys("R");
    assert_eq!(list(&h), beside);
}

#[test]
fn a_step_scrolls_no_further_than_there_is_something_to_see() {
    let text = BOOK.replace(
        "- **Else** [Step 2](#all)",
        &format!(
            "**Action:** {}\n\n- **Else** [Step 2](#all)",
            "look again ".repeat(200)
        ),
    );
    let mut library = library();
    library
        .runbooks
        .push(Arc::new(Runbook::parse("denied.md", &text).unwrap()));
    let mut h = Harness::over(engine(100), 80, 24, library, Options::default());
    h.keys(":runbook denied<enter><ctrl+u>ci-bot<enter>");
    let top = h.screen();
    for _ in 0..50 {
        h.keys("<pgdn>");
    }
    let end = h.screen();
    assert_ne!(top, end);
    h.keys("<pgup>");
    assert_ne!(h.screen(), end, "the way back begins at once");
}

#[test]
fn a_step_after_the_newest_event_offers_another_day_and_no_other_clock() {
    let text = BOOK.replace(
        "---\n## Step 1",
        "  day: {label: Day, type: date, default: 2027-01-01}\nwindow: {from: \"{day}\", to: \"{day} + 1d\"}\n---\n## Step 1",
    );
    let mut library = library();
    library
        .runbooks
        .push(Arc::new(Runbook::parse("denied.md", &text).unwrap()));
    let mut h = Harness::over(engine(100), 160, 40, library, Options::default());
    h.keys(":runbook denied<enter><ctrl+u>ci-bot<enter>")
        .shows("i asks for another day")
        .hides("counts times from there");
    let anchor = h.model().anchor;
    h.keys("<tab><tab>r").shows("do not count from the clock");
    assert_eq!(h.model().anchor, anchor);
}

#[test]
fn marks_of_other_inputs_are_taken_back_with_a_word() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("d<enter>s").shows("step 2 is skipped");
    h.keys("i<ctrl+u>bob@corp<enter>")
        .shows("2 steps are open again");
    // What is kept under other inputs says so until they are back.
    h.keys("i<ctrl+u>ci-bot<enter>aof ci-bot<enter>")
        .hides("before the");
    h.keys("i<ctrl+u>bob@corp<enter>").shows("before the");
    h.keys("i<ctrl+u>ci-bot<enter>").hides("before the");
}

#[test]
fn a_run_is_not_dropped_by_what_was_asked_before_something_else() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<delete>")
        .shows("again drops this run")
        .shows("who ci-bot");
    h.keys("d<delete>")
        .shows("again drops this run")
        .shows("1/2");
}
