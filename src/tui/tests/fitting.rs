//! Small screens, screens that change, text of any width, and the start page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::harness::{Harness, break_chain_at, engine_of, events, library};
use crate::text::width;
use crate::tui::Options;
use crate::tui::command::Command;
use crate::tui::keymap::Keymap;
use crate::tui::start_page::{Entry, Outcome, StartPage};
use crate::tui::theme::Theme;

fn check(name: &str, h: &Harness) {
    insta::assert_snapshot!(name, format!("{}\n\n{}", h.screen(), h.styles()));
    for line in h.screen().lines() {
        assert!(width(line) <= 60, "{line}");
    }
}

#[test]
fn every_pane_fits_the_smallest_screen() {
    let engine = engine_of(events(100));
    break_chain_at(&engine, 95);
    let mut h = Harness::over(engine, 60, 16, library(), Options::default());
    check("least_live", &h);
    h.keys("f");
    check("least_filters", &h);
    h.keys("<esc>kkkk<enter>");
    check("least_detail", &h);
    h.keys("<esc>R<enter>");
    check("least_runbook_form", &h);
    h.keys("<enter>");
    check("least_runbook", &h);
    h.keys("<esc><esc>?");
    check("least_help", &h);
    h.keys("<esc>/actor:alice target:");
    check("least_query", &h);
    h.keys("<esc>t");
    check("least_prompt", &h);
}

#[test]
fn a_storm_of_resizes_leaves_nothing_behind() {
    let mut h = Harness::over(
        engine_of(events(300)),
        80,
        24,
        library(),
        Options::default(),
    );
    let mut state = 7_u64;
    let mut random = |below: u32| {
        // The constants of Knuth's linear congruential generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    let keys = [
        "k", "j", "f", "<tab>", "<enter>", "<esc>", "R", "<pgup>", "G", "?",
    ];
    for step in 0..1_000 {
        let size = (1 + random(180) as u16, 1 + random(60) as u16);
        h.resize(size.0, size.1);
        if step % 7 == 0 {
            h.keys(keys[random(keys.len() as u32) as usize]);
        }
        if step % 50 == 0 || step > 990 {
            assert_eq!(h.screen(), h.drawn_afresh(), "{size:?}");
        }
    }
    h.resize(100, 30);
    assert_eq!(h.screen(), h.drawn_afresh());
}

#[test]
fn columns_stay_in_line_whatever_stands_in_them() {
    let mut all = events(8);
    for (n, actor, target) in [
        (1, "日本語ユーザー", "秘密/データベース"),
        (2, "مستخدم", "ملف سري"),
        (3, "עברית", "e\u{301}tude/cafe\u{301}"),
        (4, "👩‍👩‍👧‍👦 family", "🇦🇹/🏳️‍🌈"),
        (5, "a\u{200b}b\u{202e}c", "\u{7f}\u{9b}x"),
        (6, "नमस्ते", "ﷺ"),
    ] {
        all[n].actor = Some(actor.into());
        all[n].target = Some(target.into());
    }
    let h = Harness::with(100, 16, all, library(), Options::default());
    insta::assert_snapshot!("wide_text", h.screen());
    let starts: Vec<usize> = h
        .screen()
        .lines()
        .filter_map(|line| line.split_once("203.0.113.7"))
        .map(|(before, _)| width(before))
        .collect();
    assert_eq!(starts.len(), 8);
    assert!(starts.iter().all(|start| *start == starts[0]), "{starts:?}");
}

fn page() -> StartPage {
    let entry = |heading, name: &str, detail: &str, ready| Entry {
        heading,
        name: name.into(),
        detail: detail.into(),
        ready,
    };
    StartPage::new(vec![
        entry("OPENED BEFORE", "/gone.log", "/gone.log is gone", false),
        entry(
            "OPENED BEFORE",
            "/var/log/audit +3 sources",
            "2026-03-01 15:00 UTC  actor:alice*",
            true,
        ),
        entry(
            "LOGS ON THIS HOST",
            "/var/log/audit",
            "owned by root:adm, mode 0750: run `sudo -g adm auditty …` or ask to be added to group adm",
            false,
        ),
        entry("LOGS ON THIS HOST", "/var/log/syslog", "1.2 MB", true),
        entry(
            "TO TRY IT OUT",
            "demo",
            "a bundled incident with live events",
            true,
        ),
    ])
}

fn drawn(page: &StartPage, columns: u16, rows: u16, ascii: bool) -> String {
    let area = Rect::new(0, 0, columns, rows);
    let mut buf = Buffer::empty(area);
    page.view(
        &Theme::new(true, ascii),
        &Keymap::standard().unwrap(),
        &mut buf,
        area,
    );
    let rows = buf.content().chunks(usize::from(columns));
    let rows = rows.map(|row| row.iter().map(|c| c.symbol()).collect::<String>());
    let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n")
}

#[test]
fn the_start_page_says_what_can_be_opened_and_what_not() {
    let mut page = page();
    insta::assert_snapshot!("start_page", drawn(&page, 80, 24, false));
    assert_eq!(page.update(Command::Open), Some(Outcome::Chosen(1)));
    page.update(Command::Down);
    assert_eq!(page.update(Command::Open), None);
    insta::assert_snapshot!("start_page_denied", drawn(&page, 60, 16, true));
    assert!(drawn(&page, 60, 16, true).is_ascii());
    page.update(Command::Bottom);
    assert_eq!(page.update(Command::Open), Some(Outcome::Chosen(4)));
    assert_eq!(page.update(Command::Quit), Some(Outcome::Left));
    for size in [(1, 1), (59, 16), (60, 15), (200, 60)] {
        drawn(&page, size.0, size.1, false);
    }
    let empty = StartPage::new(Vec::new());
    drawn(&empty, 80, 24, false);
}
