//! What the screen looks like.

use super::harness::{Harness, break_chain_at, engine_of, event, events, library, noon};
use crate::engine::Covers;
use crate::tui::Options;

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

fn harness(width: u16, height: u16) -> Harness {
    let mut unparsed = event(50);
    (unparsed.actor, unparsed.action, unparsed.target) = (None, None, None);
    unparsed.note = Some("not JSON".into());
    unparsed.raw = b"Mar  1 14:59:10 node-1 kernel: oops".to_vec().into();
    let mut all = events(100);
    all[50] = unparsed;
    all[97].provisional = true;
    all[96].gone = true;
    let engine = engine_of(all);
    break_chain_at(&engine, 95);
    Harness::over(engine, width, height, library(), Options::default())
}

#[test]
fn small() {
    let mut h = harness(80, 24);
    check("small_live", &h);
    h.keys("f");
    check("small_filters", &h);
    h.keys("<esc>kkkk<enter>");
    check("small_detail", &h);
    h.keys("<esc>R<enter><enter>");
    check("small_runbook", &h);
    h.keys("<esc><esc>?");
    check("small_help", &h);
    h.keys("<esc>/actor:alice target:");
    check("small_mistake", &h);
    h.keys("<ctrl+u>nobody<enter>");
    check("small_empty", &h);
}

#[test]
fn wide() {
    let mut h = harness(160, 50);
    check("wide_live", &h);
    h.keys("kkkkk<enter>R");
    check("wide_runbook_list", &h);
    h.keys("<enter><enter>");
    check("wide_runbook", &h);
    h.keys("j<tab>");
    check("wide_filters", &h);
}

#[test]
fn indexing_without_colour_and_unicode() {
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = Harness::with(120, 20, events(30), library(), options);
    let since = Some(noon().saturating_add(-3_600_000_000_000));
    h.engine.set_covers(Covers {
        complete: false,
        since,
        done: 5,
        total: 8,
        ..Covers::default()
    });
    h.keys("/outcome:failure<enter>f");
    h.tick(2);
    check("ascii_indexing", &h);
    assert!(h.screen().is_ascii());
}

#[test]
fn too_small_is_said() {
    let mut h = Harness::new(59, 15, events(3));
    h.shows("auditty needs 60 columns and 16 rows");
    h.resize(60, 16);
    h.shows("action-2");
}
