//! The detail by itself: rows, folding, filters, search.

use super::*;
use crate::event::Timestamp;
use crate::event::field::Field;
use crate::event::{Attributes, BreakKind, Event, Kind, Level, Verdict};
use crate::query::ast::FieldRef;
use crate::tui::marks::Marks;
use crate::tui::term;
use crate::tui::theme::Theme;
use std::sync::Arc;

struct World {
    theme: Theme,
    zone: Zone,
    marks: Marks,
    related: Related,
    hit: Hit,
}

impl World {
    fn new() -> Self {
        let mut attributes = Attributes::default();
        attributes.push_str("user.name", "alice");
        attributes.push_str("user.groups", "dev");
        attributes.push_str("user.extra.scopes", "all");
        attributes.push("code", Kind::Num, "403");
        attributes.push("empty", Kind::Empty, "null");
        let event = Event {
            attributes,
            actor: Some("alice".into()),
            ip: vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()],
            raw: b"{\"code\":403}".to_vec().into(),
            ..Event::default()
        };
        Self {
            theme: Theme::new(true, false),
            zone: Zone::default(),
            marks: Marks::default(),
            related: Related::default(),
            hit: Hit {
                event: Arc::new(event),
                verdict: Verdict::Verified,
            },
        }
    }

    fn look(&self) -> Look<'_> {
        Look {
            theme: &self.theme,
            zone: &self.zone,
            now: Timestamp(0),
            marks: &self.marks,
            focused: true,
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            hit: &self.hit,
            finding: None,
            chain: None,
            related: &self.related,
            entry: None,
            zone: &self.zone,
        }
    }

    fn press(&self, detail: &mut Detail, command: Command) -> Option<Intent> {
        detail.update(command, 1, Some(self.subject()), &self.look())
    }

    /// Puts the cursor on the row that `is` fits.
    fn put(&self, detail: &mut Detail, is: impl Fn(&Row) -> bool) {
        let rows = detail.rows(&self.subject());
        detail.selected = rows.iter().position(is).unwrap();
    }
}

fn detail() -> Detail {
    let mut detail = Detail::default();
    detail.resize(40, 12);
    detail
}

fn labels(detail: &Detail, world: &World) -> Vec<(usize, String)> {
    let label = |row: Row| match row {
        Row::Group { label, depth, .. } | Row::Attribute { label, depth, .. } => {
            Some((depth, label))
        }
        _ => None,
    };
    let rows = detail.rows(&world.subject());
    rows.into_iter().filter_map(label).collect()
}

#[test]
fn attributes_are_grouped_by_the_prefix_they_share_and_fold() {
    let (mut detail, world) = (detail(), World::new());
    let want = [
        (0, "user"),
        (1, "name"),
        (1, "groups"),
        (1, "extra.scopes"),
        (0, "code"),
        (0, "empty"),
    ];
    assert_eq!(
        labels(&detail, &world),
        want.map(|(d, l)| (d, l.to_owned()))
    );
    world.put(&mut detail, |r| matches!(r, Row::Group { .. }));
    world.press(&mut detail, Command::Fold);
    assert_eq!(labels(&detail, &world).len(), 3);
}

#[test]
fn every_row_makes_the_filter_of_its_own_value() {
    let (mut detail, world) = (detail(), World::new());
    let is = |field, value| term::is(FieldRef::Normal(field), value);
    let second_ip = |r: &Row| matches!(r, Row::Field { value, .. } if value == "10.0.0.2");
    world.put(&mut detail, second_ip);
    let intent = world.press(&mut detail, Command::FilterIn);
    assert_eq!(intent, Some(Intent::AddTerm(is(Field::Ip, "10.0.0.2"))));
    world.put(&mut detail, |r| matches!(r, Row::Chain(..)));
    let intent = world.press(&mut detail, Command::FilterOut);
    let verified = is(Field::Chain, "verified").negated();
    assert_eq!(intent, Some(Intent::AddTerm(verified)));
    let code = |r: &Row| matches!(r, Row::Attribute { path, .. } if path == "code");
    world.put(&mut detail, code);
    let intent = world.press(&mut detail, Command::FilterOut);
    let term = term::of_attribute("code", "403", true);
    assert_eq!(intent, term.map(Intent::AddTerm));
    world.put(&mut detail, |r| {
        matches!(r, Row::Attribute { empty: true, .. })
    });
    let intent = world.press(&mut detail, Command::FilterIn);
    let absent = term::exists(FieldRef::Attribute("empty".into())).negated();
    assert_eq!(intent, Some(Intent::AddTerm(absent)));
    world.put(&mut detail, |r| matches!(r, Row::Group { .. }));
    let intent = world.press(&mut detail, Command::FilterIn);
    assert!(matches!(intent, Some(Intent::Say(_))));
}

#[test]
fn a_break_is_explained_with_both_hashes() {
    let finding = Finding {
        kind: BreakKind::Deleted,
        level: Level::Alarm,
        generation: 0,
        line: 7,
        line_end: 7,
        offset: 0,
        count: Some(2),
        ts: None,
        expected: Some("aa".into()),
        found: Some("bb".into()),
        explanation: "two records are missing before line 7".into(),
    };
    let rows = rows::chain(Verdict::Broken(finding.kind), Some(&finding));
    assert_eq!(rows.len(), 4);
    assert_eq!(
        rows[0],
        Row::Chain(Role::Alarm, "chain broken: deleted (alarm)".into())
    );
    assert_eq!(
        rows[3],
        Row::Chain(Role::Text, "found     bb  the one that does".into())
    );
}

#[test]
fn a_value_taller_than_the_pane_is_walked_through_line_by_line() {
    let mut world = World::new();
    let event = Event {
        message: Some("word ".repeat(400)),
        ..(*world.hit.event).clone()
    };
    world.hit.event = Arc::new(event);
    let mut detail = detail();
    world.put(
        &mut detail,
        |r| matches!(r, Row::Field { label, .. } if label == "message"),
    );
    let row = detail.selected;
    for _ in 0..20 {
        world.press(&mut detail, Command::Down);
    }
    assert_eq!((detail.selected, detail.line), (row, 20));
    world.press(&mut detail, Command::Bottom);
    assert!(detail.selected > row);
    while detail.selected > row {
        world.press(&mut detail, Command::Up);
    }
    assert!(detail.line > 20, "from below one comes to its last line");
    world.press(&mut detail, Command::Top);
    assert_eq!((detail.selected, detail.line), (0, 0));
}

#[test]
fn searching_opens_what_is_folded_and_goes_round() {
    let (mut detail, world) = (detail(), World::new());
    detail.folded.insert("user".into());
    let say = detail.search("AL", Some(world.subject()), &world.look());
    // actor alice, user.name alice, user.extra.scopes all
    assert_eq!(say, Some(Intent::Say("hit 1 of 3".into())));
    assert!(detail.folded.is_empty());
    let next = |detail: &mut Detail, command| match world.press(detail, command) {
        Some(Intent::Say(words)) => words,
        other => panic!("{other:?}"),
    };
    assert_eq!(next(&mut detail, Command::NextHit), "hit 2 of 3");
    assert_eq!(next(&mut detail, Command::NextHit), "hit 3 of 3");
    assert_eq!(
        next(&mut detail, Command::NextHit),
        "hit 1 of 3: went on from the top"
    );
    assert_eq!(
        next(&mut detail, Command::PreviousHit),
        "hit 3 of 3: went on from the bottom"
    );
    detail.search("nowhere", Some(world.subject()), &world.look());
    assert!(next(&mut detail, Command::NextHit).contains("is not in here"));
}

#[test]
fn a_hit_over_the_end_of_a_line_is_found() {
    let (world, needle) = (World::new(), Needle::new("abcdef"));
    let look = world.look();
    let pen = Pen {
        look: &look,
        columns: 5,
        needle: &needle,
    };
    let drawn = pen.draw(&Row::Raw("xxabcdefxx abcdef".into()));
    let marked: Vec<String> = drawn
        .iter()
        .flat_map(|d| &d.line.spans)
        .filter(|s| s.style == look.theme.style(Role::Found))
        .map(|s| s.content.to_string())
        .collect();
    assert_eq!(marked.concat(), "abcdefabcdef");
    assert_eq!(drawn.iter().map(|d| d.hits).sum::<usize>(), 2);
}

#[test]
fn the_raw_record_takes_the_place_of_the_tree() {
    let (mut detail, world) = (detail(), World::new());
    world.press(&mut detail, Command::ToggleRaw);
    let rows = detail.rows(&world.subject());
    let want = ["{", "  \"code\": 403", "}"];
    assert_eq!(rows, want.map(|l| Row::Raw(l.into())));
}
