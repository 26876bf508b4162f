//! The explorer as plain data, and back.

use super::harness::{Harness, engine, event, events, library, noon};
use crate::state::{Panes, Place, Session};
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::update::{session, start, update};
use crate::tui::{Options, model};

fn restored(session: Session) -> Harness {
    let options = Options {
        session: Some(session),
        ..Options::default()
    };
    Harness::over(engine(100), 120, 40, library(), options)
}

#[test]
fn what_is_captured_is_restored() {
    let mut h = Harness::over(engine(100), 120, 40, library(), Options::default());
    h.keys("H<delete>");
    h.keys("/outcome:failure actor:alice@corp<enter>f<tab>");
    h.keys("fgj <tab>kk<enter><tab>");
    let session = session::capture(h.model());
    assert_eq!(session.panes.timeline, Some(false));
    assert!(session.row.is_some_and(|row| row > 0), "{:?}", session.row);
    assert_eq!(session.chips_off, ["outcome:failure"]);
    assert!(session.selected.is_some() && session.panes.detail);
    let again = restored(session.clone());
    assert_eq!(session::capture(again.model()), session);
    assert_eq!(again.selected_action(), h.selected_action());
    again.shows("as you left it").shows("○ outcome:failure");
}

#[test]
fn a_runbook_goes_on_where_it_was() {
    let mut h = Harness::over(engine(100), 120, 40, library(), Options::default());
    h.keys("R<enter>alice@corp<enter>j");
    h.shows("RUNBOOK  Who did it?").shows("2/2");
    let session = session::capture(h.model());
    let run = session.run.clone().unwrap();
    assert_eq!((run.id.as_str(), run.step, run.applied), ("who", 1, true));
    let mut again = restored(session);
    again.shows("2/2").shows(": all events again");
    again.keys("u").hides("events again");
}

#[test]
fn runs_that_were_left_are_gone_on_with_also_the_next_time() {
    let mut h = Harness::over(engine(100), 120, 40, library(), Options::default());
    h.keys("R<enter>alice@corp<enter>j").shows("2/2");
    h.keys("<esc>").shows("(at step 2/2)").hides("events again");
    h.keys("<esc>").hides("RUNBOOK");
    let mut again = restored(session::capture(h.model()));
    again.keys("R").shows("(at step 2/2)");
    again
        .keys("<enter>")
        .shows("2/2")
        .shows(": all events again");
    // Its steps follow inputs that are written again; what was found so far was of the others.
    again.keys("i").shows("alice@corp").hides("events again");
    again.keys("<ctrl+u>bob@corp<enter>").shows("2/2");
    again.keys("k").shows("actor:\"bob@corp\"");
    // A run is dropped to begin anew.
    again.keys("<delete>").shows("again drops this run");
    again
        .keys("<delete>")
        .shows("begins anew")
        .shows("RUNBOOKS");
    again.keys("<enter>").shows("inputs");
    again.keys("<ctrl+u>eve@corp<enter>").shows("1/2");
    // Inputs that were begun stay, too.
    again.keys("i<ctrl+u>eve<esc>").shows("RUNBOOKS");
    again.keys("<enter>").shows("1/2");
}

#[test]
fn a_view_that_is_come_back_to_takes_the_place_of_this_one_whole() {
    let mut h = Harness::over(engine(100), 120, 40, library(), Options::default());
    h.keys("/actor:alice@corp<enter>");
    let kept = session::capture(h.model());
    h.keys("<backspace>:columns time,ip<enter>:tz Europe/Vienna<enter>T/bob<enter><ctrl+f>");
    assert!(h.model().in_context);
    h.send(Message::SessionOpened(Ok(Box::new(kept))));
    assert!(!h.model().in_context && h.model().events.matcher.is_none());
    h.shows("actor:alice@corp").shows("25 of 100");
    h.shows("  UTC").shows("action-").hides("Vienna");
    // As in a browser, what was left can be gone back to.
    h.keys("<").shows("bob");
}

#[test]
fn names_are_offered_where_one_is_asked_for() {
    let options = Options {
        session_names: vec!["night shift".into(), "audit".into()],
        ..Options::default()
    };
    let mut h = Harness::over(engine(5), 80, 24, library(), options);
    h.keys("<ctrl+o>").shows("night shift").shows("audit");
    h.keys("<esc>:resume ").shows("resume night shift");
}

#[test]
fn what_the_settings_say_is_left_to_them() {
    let options = || Options {
        columns: vec!["time".into(), "actor".into()],
        ..Options::default()
    };
    let h = Harness::over(engine(5), 80, 24, library(), options());
    let kept = session::capture(h.model());
    assert_eq!((kept.columns.as_ref(), kept.zone.as_ref()), (None, None));
    let other = Options {
        columns: vec!["time".into(), "ip".into()],
        session: Some(kept),
        ..Options::default()
    };
    let mut h = Harness::over(engine(5), 80, 24, library(), other);
    h.hides("actor ");
    h.keys(":columns auto<enter>");
    assert_eq!(session::capture(h.model()).columns, Some(Vec::new()));
}

#[test]
fn nothing_is_said_where_nothing_was_kept_and_nonsense_does_no_harm() {
    restored(Session::default())
        .hides("as you left it")
        .shows("● live");
    let nonsense = Session {
        query: "actor:".into(),
        panes: Panes {
            focus: "attic".into(),
            side: "attic".into(),
            ..Panes::default()
        },
        ..Session::default()
    };
    restored(nonsense).shows("the query of the last session cannot be used");
    let elsewhere = Session {
        panes: Panes {
            focus: "detail".into(),
            ..Panes::default()
        },
        selected: Some(Place {
            id: "zz".into(),
            ..Place::default()
        }),
        chips_off: vec!["(".into(), "b".into()],
        ..Session::default()
    };
    let h = restored(elsewhere);
    assert_eq!(h.selected_action(), "action-0");
}

#[test]
fn an_event_that_is_gone_leaves_one_at_its_neighbour() {
    let mut all = events(100);
    let gone = all.remove(60);
    let options = Options {
        session: Some(Session {
            selected: Some(Place::of(&gone)),
            ..Session::default()
        }),
        ..Options::default()
    };
    let h = Harness::with(120, 40, all, library(), options);
    assert_eq!(h.selected_action(), "action-59");
    h.shows("as you left it: F follows new events");
}

#[test]
fn while_more_is_read_the_place_is_looked_for_until_a_key_is_pressed() {
    use crate::engine::{Covers, Hit, SearchPage, TailItem};
    use crate::event::Verdict;
    use crate::tui::effect::{Place as At, Purpose};
    let wanted = event(5);
    let options = Options {
        session: Some(Session {
            selected: Some(Place::of(&wanted)),
            ..Session::default()
        }),
        ..Options::default()
    };
    let mut model = model(library(), options).unwrap();
    model.size = (80, 24);
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Search(search) => Some((search.generation, search.purpose.clone())),
            _ => None,
        })
    };
    let around = Purpose::Page(At::Around(wanted.sort_key()));
    let (generation, purpose) = asked(&start(&mut model)).unwrap();
    assert_eq!(purpose, around);
    let page = |complete, event: crate::event::Event| SearchPage {
        hits: vec![Hit {
            event: event.into(),
            verdict: Verdict::Unchained,
        }],
        covers: Covers {
            complete,
            ..Covers::default()
        },
        ..SearchPage::default()
    };
    let answer = |generation, page| Message::Searched {
        generation,
        purpose: around.clone(),
        result: Ok(Box::new(page)),
    };
    update(&mut model, answer(generation, page(false, event(3))));
    assert!(model.keeping.wanted.is_some());
    let tail = model.arriving.tail.unwrap();
    let changed = Message::Tailed {
        generation: tail,
        item: TailItem::Changed,
    };
    update(&mut model, changed);
    model.asking.running = None;
    let effects = update(&mut model, Message::Tick(noon()));
    let (generation, purpose) = asked(&effects).unwrap();
    assert_eq!(purpose, around);
    update(&mut model, answer(generation, page(false, event(5))));
    assert_eq!(model.keeping.wanted, None);
}

#[test]
fn what_changed_is_saved_now_and_then_and_only_then() {
    let mut model = model(library(), Options::default()).unwrap();
    model.size = (80, 24);
    model.keeping.enabled = true;
    start(&mut model);
    let saves = |effects: &[Effect]| {
        let save = |e: &&Effect| matches!(e, Effect::SaveSession { name: None, .. });
        effects.iter().filter(save).count()
    };
    let at = |seconds: i64| Message::Tick(noon().saturating_add(seconds * 1_000_000_000));
    let key = |c| {
        Message::Key(crossterm::event::KeyEvent::new(
            crossterm::event::KeyCode::Char(c),
            crossterm::event::KeyModifiers::NONE,
        ))
    };
    assert_eq!(saves(&update(&mut model, at(0))), 0);
    update(&mut model, key('f'));
    assert!(model.needs_tick());
    assert_eq!(saves(&update(&mut model, at(1))), 1);
    update(&mut model, key('R'));
    assert_eq!(saves(&update(&mut model, at(1))), 0, "too early");
    assert_eq!(saves(&update(&mut model, at(5))), 1);
    // Back and forth: nothing is different from what was saved.
    update(&mut model, key('?'));
    update(&mut model, key('q'));
    assert_eq!(saves(&update(&mut model, at(10))), 0);
    let failed = Message::SessionSaved {
        name: None,
        error: Some("disk full".into()),
    };
    update(&mut model, failed);
    assert!(!model.keeping.enabled);
    assert!(
        model
            .said
            .is_some_and(|(_, text)| text.contains("disk full"))
    );
}

#[test]
fn sessions_of_other_sources_are_not_put_over_these() {
    let mut h = Harness::new(120, 40, events(5));
    h.keys("<ctrl+s>.x<enter>")
        .shows("is no name for a session");
    h.keys("<esc><ctrl+o>mine<enter>");
    h.shows("nothing is kept here: this is the demo, or read from a pipe");
    let mut model = model(library(), Options::default()).unwrap();
    let other = Session {
        sources: vec!["/other".into()],
        title: "/other".into(),
        query: "x".into(),
        ..Session::default()
    };
    update(&mut model, Message::SessionOpened(Ok(Box::new(other))));
    assert_eq!(model.query_bar.text(), "");
    assert!(
        model
            .said
            .is_some_and(|(_, text)| text.contains("that session is of /other"))
    );
}
