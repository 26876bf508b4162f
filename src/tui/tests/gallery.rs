//! Every pane and overlay at four sizes, without colour, and in ASCII: what the eye reviews after a change of looks.

use super::harness::{Harness, break_chain_at, engine_of, event, events, library};
use crate::tui::Options;

/// Name, and the keys that lead there.
const SCENES: &[(&str, &str)] = &[
    ("list", ""),
    ("filters", "/outcome:success actor:alice@corp<enter>f"),
    ("detail", "<esc>5k<enter>"),
    ("detail_of_a_break", "x<enter>JJJJ"),
    ("runbook_list", "R"),
    ("runbook_form", "R<enter>"),
    ("runbook_step", "R<enter><ctrl+u>alice@corp<enter>"),
    ("timeline", "H<space>9h"),
    ("query", "/actor:a"),
    ("mistake", "/actor:alice target:"),
    ("nothing", "/nobody<enter>"),
    ("context", "/outcome:failure<enter><ctrl+f>"),
    ("marks", "m3kaseen in ticket 12<enter>"),
    ("help", "?"),
    ("palette", ":exp"),
    ("sources", "S"),
    ("integrity", "Ij"),
    ("columns", "C"),
    ("pivot", "p"),
    ("prompt", "tyesterday"),
];

fn harness(width: u16, height: u16, colour: bool, ascii: bool) -> Harness {
    let mut unparsed = event(50);
    (unparsed.actor, unparsed.action, unparsed.target) = (None, None, None);
    unparsed.note = Some("not JSON".into());
    unparsed.raw = b"Mar  1 14:59:10 node-1 kernel: oops".to_vec().into();
    let mut all = events(100);
    all[50] = unparsed;
    all[97].provisional = true;
    all[96].gone = true;
    for event in all.iter_mut().step_by(3) {
        event.session = Some("s-7".into());
    }
    let engine = engine_of(all);
    break_chain_at(&engine, 95);
    let options = Options {
        colour,
        ascii,
        ..Options::default()
    };
    Harness::over(engine, width, height, library(), options)
}

fn check(name: &str, (width, height): (u16, u16), colour: bool, ascii: bool) {
    for (scene, keys) in SCENES {
        let mut h = harness(width, height, colour, ascii);
        h.keys(keys);
        let screen = h.screen();
        for line in screen.lines() {
            let columns = crate::text::width(line);
            assert!(columns <= usize::from(width), "{scene}: {line}");
            assert!(!ascii || line.is_ascii(), "{scene}: {line}");
        }
        assert!(colour || !h.has_colour(), "{scene}");
        insta::assert_snapshot!(
            format!("{scene}_{name}"),
            format!("{screen}\n\n{}", h.styles())
        );
    }
}

#[test]
fn at_60_by_16() {
    check("60x16", (60, 16), true, false);
}

#[test]
fn at_80_by_24() {
    check("80x24", (80, 24), true, false);
}

#[test]
fn at_120_by_40() {
    check("120x40", (120, 40), true, false);
}

#[test]
fn at_200_by_60() {
    check("200x60", (200, 60), true, false);
}

#[test]
fn without_colour() {
    check("no_color", (80, 24), false, false);
}

#[test]
fn in_ascii() {
    check("ascii", (80, 24), true, true);
}
