//! What the palette and the sources look like.

use super::harness::{Harness, break_chain_at, engine_of, events, library};
use crate::tui::Options;

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
}

fn harness(width: u16, height: u16, options: Options) -> Harness {
    let mut all = events(100);
    for (n, event) in all.iter_mut().enumerate() {
        if n % 3 == 0 {
            event.source = "/var/log/kubernetes/a-long-name-of-a-cluster/audit.log".into();
        }
    }
    let engine = engine_of(all);
    break_chain_at(&engine, 95);
    Harness::over(engine, width, height, library(), options)
}

#[test]
fn palette_and_sources() {
    for (size, (width, height)) in [("80", (80, 24)), ("120", (120, 40))] {
        let mut h = harness(width, height, Options::default());
        h.keys(":");
        check(&format!("palette_{size}"), &h);
        h.keys("br");
        check(&format!("palette_typed_{size}"), &h);
        h.keys("<ctrl+u>query outcome:failure");
        check(&format!("palette_query_{size}"), &h);
        h.keys("<esc>S j");
        check(&format!("sources_{size}"), &h);
    }
}

#[test]
fn without_colour_and_unicode() {
    let options = Options {
        colour: false,
        ascii: true,
        ..Options::default()
    };
    let mut h = harness(80, 24, options);
    h.keys("S ");
    check("sources_ascii", &h);
    assert!(h.screen().is_ascii());
    h.keys("<esc>:br");
    check("palette_ascii", &h);
    assert!(h.screen().is_ascii());
}
