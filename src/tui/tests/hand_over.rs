//! What a run leaves behind on the screen: the text to hand over, and the end.

use super::harness::{Harness, engine};
use super::runbooks::{again, at_step, books};
use crate::tui::Options;
use crate::tui::share::Setup;
use crate::tui::update::session;

#[test]
fn the_hand_over_is_filled_in_shown_and_copied() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<tab><tab>PR<enter>").shows("2/2");
    h.keys("H")
        .shows("To hand over")
        .shows("denied for ci-bot:");
    let run = h.model().runbooks.run().unwrap();
    let (_, text) = run.value().unwrap();
    assert!(
        text.contains("1 What was denied? 5 rows, ALARM; 2 What else? "),
        "{text}"
    );
    let pinned = run.work(0).unwrap().pins[0].id.to_string();
    assert!(text.ends_with(&format!("Kept: {pinned}")), "{text}");
    h.keys("<esc>").hides("To hand over").shows("2/2");
    assert!(
        h.model().runbooks.run().is_some(),
        "only the text was closed"
    );
}

#[test]
fn the_text_to_hand_over_is_changed_and_stays_so() {
    let (mut h, home) = at_step_with_home();
    let letter = |h: &Harness| h.model().runbooks.run().unwrap().value().unwrap().1;
    h.keys("H").shows("Enter changes a line");
    h.keys("<enter><end> (seen by me)<enter>");
    h.shows("As you changed it.").shows("(seen by me)");
    h.keys("a").paste("ticket \u{1b}[31m7").keys("<enter>");
    let changed = letter(&h);
    assert!(changed.starts_with("denied for ci-bot:"), "{changed}");
    assert!(changed.contains("(seen by me)\nticket "), "{changed}");
    assert!(!h.screen().contains('\u{1b}'));
    // It is still so after another step, the next time, and in a report.
    h.keys("<esc>j").hides("To hand over");
    h.keys("H").shows("(seen by me)");
    let report = report(&mut h, home.path());
    assert!(report.contains("(seen by me)"), "{report}");
    let mut h = again(session::capture(h.model()), books());
    h.keys("H").shows("(seen by me)");
    // A line without text is none; filled in anew it tells what was found since.
    h.keys("<down><enter><ctrl+u><enter>").hides("ticket");
    h.keys("0").shows("0 again drops what you changed");
    h.keys("j0")
        .shows("As you changed it.")
        .shows("0 again drops");
    h.keys("0").hides("As you changed it.");
    let anew = letter(&h);
    assert!(
        anew.contains("25 rows, met") && !anew.contains("(seen by me)"),
        "{anew}"
    );
}

/// The report as Markdown, written to a folder of its own.
fn report(h: &mut Harness, home: &std::path::Path) -> String {
    h.keys(":run-report ~/r.md<enter>");
    h.until(|h| h.screen().contains("wrote the report"));
    std::fs::read_to_string(home.join("r.md")).unwrap()
}

fn at_step_with_home() -> (Harness, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        share: Setup {
            home: Some(home.path().to_owned()),
            ..Setup::default()
        },
        ..Options::default()
    };
    (at_step(engine(100), options), home)
}

#[test]
fn a_text_that_was_changed_for_other_inputs_says_so_wherever_it_goes() {
    let (mut h, home) = at_step_with_home();
    h.keys("<tab><tab>PRathe first<enter>");
    h.keys("H<enter><end> (seen)<enter>")
        .shows("As you changed it.");
    h.hides("NOT of the inputs");
    h.keys("i<ctrl+u>alice@corp<enter>").hides("To hand over");
    // What was kept and written is of the first person, and says so.
    h.shows("note: the first")
        .shows("inputs were changed, when Person");
    h.keys("H")
        .shows("(seen)")
        .shows("NOT of the inputs as they are");
    let copied = h.model().runbooks.run().unwrap().value().unwrap().0;
    assert_eq!(
        copied,
        "the text to hand over (written when Person was ci-bot)"
    );
    let text = report(&mut h, home.path());
    assert!(
        text.contains("Written by hand before the inputs were changed, when Person was ci-bot."),
        "{text}"
    );
    assert!(
        text.contains(
            "evidence or note kept before the inputs were changed, when Person was ci-bot"
        ),
        "{text}"
    );
    // The next time as well; filled in anew it is of the inputs as they are.
    let mut h = again(session::capture(h.model()), books());
    h.shows("inputs were changed, when Person");
    h.keys("H").shows("NOT of the inputs as they are");
    h.keys("00")
        .hides("NOT of the inputs")
        .shows("denied for alice@corp");
}

#[test]
fn what_became_of_a_step_is_handed_over_and_reported() {
    let (mut h, home) = at_step_with_home();
    h.keys("b<enter>s").shows("step 2 is skipped");
    h.keys("H");
    let text = h.model().runbooks.run().unwrap().value().unwrap().1;
    assert!(
        text.contains("1 What was denied? 5 rows, ALARM, blocked at "),
        "{text}"
    );
    assert!(
        text.contains("2 What else? 25 rows, met, skipped at "),
        "{text}"
    );
    let text = report(&mut h, home.path());
    let row = text.lines().find(|line| line.starts_with("| 1 |")).unwrap();
    assert!(
        row.contains("blocked at ") && row.contains("as found: Step 2"),
        "{row}"
    );
}

#[test]
fn the_end_says_what_was_found_and_what_to_do() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("<enter>").shows("2/2");
    h.keys("<enter>")
        .shows("The end: told")
        .shows("ALARM at step 1")
        .shows("H hands over, w writes a report");
    h.keys("k").hides("The end");
}

#[test]
fn the_end_is_still_there_the_next_time_and_in_the_report() {
    let (mut h, home) = at_step_with_home();
    h.keys("<enter><enter>").shows("The end: told");
    let text = report(&mut h, home.path());
    assert!(text.contains("to its end, at step 2 of 2: told"), "{text}");
    let mut h = again(session::capture(h.model()), books());
    h.shows("2/2")
        .shows("The end: told")
        .shows("ALARM at step 1");
    h.keys("k").hides("The end");
}

#[test]
fn in_the_text_to_hand_over_its_own_keys_are_shown_and_work() {
    let mut h = at_step(engine(100), Options::default());
    h.keys("H")
        .shows("Enter change line")
        .shows("0 fill in anew");
    h.hides("Enter go on");
    h.keys("<esc>:edit-line<enter>")
        .shows("edit-line works in: hand-over");
}
