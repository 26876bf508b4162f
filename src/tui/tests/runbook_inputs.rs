//! The inputs of a run: what is filled in at first, what becomes of a run when they, the zone or the runbook change, and
//! what its report says then.

use std::sync::Arc;

use super::harness::{Harness, engine, event, events, library};
use super::runbooks::{again, at_step, books};
use crate::event::Zone;
use crate::runbook::{Library, Runbook};
use crate::tui::Options;
use crate::tui::share::Setup;
use crate::tui::update::session;

const DAYS: &str = "\
---
runbook: 1
id: days
title: What happened then
inputs:
  first: {label: First day, type: date, default: yesterday}
  last: {label: Last day, type: date, default: today}
window: {from: \"{first}\", to: \"{last} + 1d\"}
---
## Step 1: What was done? {#what}
```auditq id=what expect=1..
action:*
```
- **Else** done: told
";

fn with(text: &str) -> Library {
    let mut library = library();
    let book = Runbook::parse("book.md", text).unwrap();
    library.runbooks.push(Arc::new(book));
    library
}

fn value(h: &Harness, name: &str) -> String {
    h.model().runbooks.run().unwrap().inputs()[name].clone()
}

fn in_zone(zone: &str, session: Option<crate::state::Session>) -> Harness {
    let options = Options {
        zone: zone.parse().unwrap(),
        session,
        ..Options::default()
    };
    Harness::over(engine(100), 160, 40, with(DAYS), options)
}

#[test]
fn days_count_from_the_selected_event() {
    let mut old = event(5);
    let year = 365 * crate::event::time::DAY;
    old.ts = old.ts.map(|ts| ts.saturating_add(-year));
    let day = |shift: i64| {
        let at = old
            .ts
            .unwrap()
            .saturating_add(shift * crate::event::time::DAY);
        Zone::Utc.format(at)[..10].to_owned()
    };
    let days = [day(-1), day(0)];
    let mut h = Harness::with(160, 40, vec![old], with(DAYS), Options::default());
    h.keys(":runbook days<enter>")
        .shows("counted from the events here")
        .shows(&days[0])
        .shows(&days[1]);
    h.keys("<enter>").shows("1/1").shows("1 row");
    assert_eq!([value(&h, "first"), value(&h, "last")], days);
}

#[test]
fn a_day_stays_the_same_in_another_zone() {
    let mut h = in_zone("UTC", None);
    h.keys(":runbook days<enter><ctrl+u>2026-02-20<enter>")
        .shows("1/1");
    assert_eq!(value(&h, "first"), "2026-02-20");
    let query = h.model().query.to_string();
    let mut h = in_zone("Europe/Vienna", Some(session::capture(h.model())));
    assert_eq!(h.model().query.to_string(), query);
    h.keys(":runbook days<enter>");
    assert_eq!(h.model().query.to_string(), query);
    // Asked again, it is the same time in the words of this zone.
    h.keys("i").shows("2026-02-20T00:00:00Z");
    h.keys("<enter>").shows("1/1");
    assert_eq!(value(&h, "first"), "2026-02-20");
    h.keys("i<ctrl+u>2026-02-20<enter>").shows("1/1");
    assert_eq!(value(&h, "first"), "2026-02-19T23:00:00Z");
    h.keys("i").shows("2026-02-20").hides("T23");
}

#[test]
fn a_query_that_was_kept_for_other_inputs_goes_with_a_word() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<tab><tab>/<end> action:get<enter>R=")
        .shows("goes back to what the runbook says");
    h.keys("i<ctrl+u>bob@corp<enter>")
        .shows("1 step asks for what the runbook says again");
}

#[test]
fn what_was_kept_at_several_times_says_all_of_them() {
    let mut h = at_step(engine(100), Options::default());
    let was = |h: &Harness| h.model().runbooks.run().unwrap().was_kept_when(0);
    h.keys("<tab><tab>PRi<ctrl+u>bob@corp<enter>");
    assert_eq!(was(&h).unwrap(), "Person was ci-bot");
    h.keys("aof bob<enter>i<ctrl+u>alice@corp<enter>");
    assert_eq!(
        was(&h).unwrap(),
        "Person was ci-bot, or Person was bob@corp"
    );
    // Nothing was kept as long as she was looked for.
    let mut h = again(session::capture(h.model()), books());
    h.keys("i<ctrl+u>node<enter>");
    assert_eq!(
        was(&h).unwrap(),
        "Person was ci-bot, or Person was bob@corp"
    );
    h.keys("i<ctrl+u>ci-bot<enter>");
    assert_eq!(was(&h).unwrap(), "Person was bob@corp");
}

#[test]
fn the_branch_that_was_taken_is_known_by_its_words() {
    const BOOK: &str = "\
---
runbook: 1
id: ways
title: Ways
---
## Step 1: What? {#what}
```auditq id=what
action:*
```
- **If** the owner knows **then** [Step 2](#more)
- **Else** done: told

## Step 2: More {#more}
Ask.
";
    let mut h = Harness::over(engine(100), 160, 40, with(BOOK), Options::default());
    h.keys(":runbook ways<enter>1").shows("2/2");
    let session = session::capture(h.model());
    let took = |text: &str| {
        let options = Options {
            session: Some(session.clone()),
            ..Options::default()
        };
        let h = Harness::over(engine(100), 160, 40, with(text), options);
        h.model().runbooks.run().unwrap().work(0).unwrap().took
    };
    assert_eq!(took(BOOK), Some(0));
    let first = "- **If** 0 rows **then** done: nothing\n- **If** the owner";
    assert_eq!(took(&BOOK.replace("- **If** the owner", first)), Some(1));
    assert_eq!(took(&BOOK.replace("the owner knows", "nobody knows")), None);
}

/// The report as JSON, written to a folder of its own.
fn report(h: &mut Harness, home: &std::path::Path) -> serde_json::Value {
    let file = home.join("r.json");
    // One that was written before is not written over.
    let _ = std::fs::remove_file(&file);
    h.keys(":run-report ~/r.json<enter>");
    h.until(|_| file.exists());
    h.until(|h| h.screen().contains("wrote the report"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn at_home() -> (tempfile::TempDir, Options) {
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        share: Setup {
            home: Some(home.path().to_owned()),
            ..Setup::default()
        },
        ..Options::default()
    };
    (home, options)
}

#[test]
fn pane_and_report_hand_over_the_step_one_stands_at() {
    let (home, options) = at_home();
    let mut h = at_step(engine(100), options);
    h.keys("j").shows("2/2");
    h.keys("k").shows("1/2");
    let told = report(&mut h, home.path());
    assert_eq!(told["stands_at"], 1);
    assert_eq!(told["is_open"], true);
    assert_eq!(
        told["steps"].as_array().unwrap().len(),
        2,
        "in the runbook's order"
    );
    h.keys("H");
    let (_, letter) = h.model().runbooks.run().unwrap().value().unwrap();
    assert_eq!(told["hand_over"], letter);
}

#[test]
fn what_was_looked_at_for_other_inputs_only_is_told() {
    let (home, options) = at_home();
    let mut h = at_step(engine(100), options);
    h.keys("<tab><tab>PRj").shows("2/2");
    h.keys("<tab><tab>PRdi<ctrl+u>alice@corp<enter>")
        .shows("1 step is open again, 2 steps are to be looked at again");
    h.keys("H");
    let (_, letter) = h.model().runbooks.run().unwrap().value().unwrap();
    assert!(
        letter.contains("1 What was denied? not asked: it was not looked at with these inputs"),
        "{letter}"
    );
    // What was kept for the others says so, once.
    assert_eq!(
        letter.matches("(kept when Person was ci-bot)").count(),
        2,
        "{letter}"
    );
    let told = report(&mut h, home.path());
    let end = told["end"].as_str().unwrap();
    assert!(
        end.ends_with("; step 1 was looked at for other inputs only"),
        "{end}"
    );
    assert_eq!(told["steps"][0]["pins"][0]["before"], "Person was ci-bot");
    h.keys("<esc>k").shows("1/2");
    let told = report(&mut h, home.path());
    assert!(!told["end"].as_str().unwrap().contains("other inputs"));
}

#[test]
fn a_branch_that_what_was_found_contradicts_is_taken_only_if_asked_twice() {
    const BOOK: &str = "\
---
runbook: 1
id: ways
title: Ways
---
## Step 1: What? {#what}
```auditq id=what expect=1..
action:*
```
- **If** 0 rows **then** done: nothing was done
- **Else** [Step 2](#more)

## Step 2: More {#more}
Ask.
";
    let (home, options) = at_home();
    let mut h = Harness::over(engine(100), 160, 40, with(BOOK), options);
    h.keys(":runbook ways<enter>1")
        .shows("what was found says otherwise; 1 again takes it")
        .hides("The end");
    h.keys("<pgdn>1").shows("1 again takes it").hides("The end");
    h.keys("1").shows("The end: nothing was done");
    let told = report(&mut h, home.path());
    assert_eq!(
        told["steps"][0]["way"],
        "by hand, against what was found: If 0 rows then done: nothing was done"
    );
    h.keys("2").shows("2/2");
}

#[test]
fn runs_that_became_the_same_are_told_apart() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("+<ctrl+u>alice@corp<enter>")
        .shows("2 runs, this of alice@co");
    h.keys("i<ctrl+u>ci-bot<enter>")
        .shows("another run has the same inputs")
        .shows("2 runs with the same inp");
    h.keys("<delete><delete>")
        .shows("the run is dropped; there is still 1 run of this runbook");
}

#[test]
fn evidence_that_is_gone_is_named() {
    let (home, options) = at_home();
    let mut h = at_step(engine(100), options);
    h.keys("<tab><tab>P");
    let pinned = h.model().runbooks.run().unwrap().work(0).unwrap().pins[0].id;
    let session = session::capture(h.model());
    let (home_again, mut options) = at_home();
    options.session = Some(session);
    drop(home);
    // The log was rotated away meanwhile.
    let mut h = Harness::with(160, 40, events(3), books(), options);
    let told = report(&mut h, home_again.path());
    let pin = &told["steps"][0]["pins"][0];
    assert_eq!(pin["id"], pinned.to_string());
    assert_eq!(pin["source"], "no longer in what is open");
}

#[test]
fn a_step_that_cannot_be_asked_stops_no_report() {
    const BOOK: &str = "\
---
runbook: 1
id: empty
title: Nothing given
inputs:
  who: {label: Person, type: text, required: false}
---
## Step 1: What was done? {#what}
```auditq id=what expect=1..
action:*
```
- **Else** [Step 2](#who)

## Step 2: By whom? {#who}
```auditq id=who expect=1..
actor:{who}
```
- **Else** done: told
";
    let (home, options) = at_home();
    let mut h = Harness::over(engine(100), 160, 40, with(BOOK), options);
    h.keys(":runbook empty<enter><ctrl+u><enter>").shows("1/2");
    h.keys("j").shows("needs a value");
    let told = report(&mut h, home.path());
    assert_eq!(told["steps"][0]["met"], true);
    assert_eq!(told["steps"][1]["met"], serde_json::Value::Null);
    let unasked = told["steps"][1]["unasked"].as_str().unwrap();
    assert_eq!(unasked, "Person: this step needs a value");
    assert_eq!(told["is_unknown"], true);
    // Pane and report say the same of it.
    let letter = told["hand_over"].as_str().unwrap();
    assert!(letter.contains("not asked: Person: this step"), "{letter}");
    h.keys("H");
    let (_, shown) = h.model().runbooks.run().unwrap().value().unwrap();
    assert_eq!(shown, letter);
}
