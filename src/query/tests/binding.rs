//! Times and names settled.

use super::*;
use crate::event::Zone;

fn bound(text: &str, zone: impl Into<Zone>) -> Bound {
    parse(text)
        .bind(&BindContext {
            zone: zone.into(),
            ..context()
        })
        .unwrap()
}

#[test]
fn times_become_absolute() {
    for (text, zone, want) in [
        ("since:2h", 0, "since:2026-03-04T13:30Z"),
        ("-until:yesterday", 3600, "-until:2026-03-02T23:00Z"),
        (
            "a OR since:\"monday 08:00\"",
            0,
            "a OR since:2026-03-02T08:00Z",
        ),
        ("ts:>14:00", 3600, "ts:>2026-03-04T13:00:00.000000000Z"),
        (
            "ts:2026-03-01",
            -3600,
            "ts:[2026-03-01T01:00:00.000000000Z TO 2026-03-02T01:00:00.000000000Z}",
        ),
        ("ts:1772355600", 0, "ts:\"2026-03-01T09:00:00.000000000Z\""),
        (
            "ts:(2h 10*)",
            0,
            "ts:(\"2026-03-04T13:30:00.000000000Z\" 10*)",
        ),
        (
            "seen:>=2026-03-01T10:00",
            3600,
            "seen:>=2026-03-01T09:00:00.000000000Z",
        ),
        ("seen:>1772355600", 0, "seen:>1772355600"),
        ("seen:2026-03-01", 0, "seen:2026-03-01"),
        (
            "seen:{2026-03-01 TO 2026-03-02]",
            0,
            "seen:[2026-03-02T00:00:00.000000000Z TO 2026-03-03T00:00:00.000000000Z}",
        ),
    ] {
        assert_eq!(bound(text, zone).ast.to_string(), want, "{text}");
    }
}

#[test]
fn names_are_resolved_or_noticed() {
    let resolved = bound("OBJECTREF.resource:x", 0);
    assert_eq!(
        (resolved.ast.to_string().as_str(), resolved.notices.len()),
        ("objectRef.resource:x", 0)
    );
    for (text, field, quoted) in [
        ("10:30:00", "10", "\"10:30:00\""),
        ("http://host/x", "http", "\"http://host/x\""),
        ("CASE:x", "CASE", "\"CASE:x\""),
        ("nope:*", "nope", "\"nope:*\""),
        ("nope:\"a b\"", "nope", "\"nope:a b\""),
        ("nope:a\\*b", "nope", "\"nope:a*b\""),
        ("nope:>=4", "nope", "\"nope:>=4\""),
    ] {
        let bound = bound(text, 0);
        assert_eq!(bound.ast, Ast::Not(Box::new(Ast::All)), "{text}");
        assert_eq!(
            bound.notices,
            [Notice::UnknownField {
                field: field.into(),
                quoted: quoted.into()
            }],
            "{text}"
        );
        assert!(Query::parse(quoted).is_ok());
    }
    assert_eq!(bound("nope:1 OR nope:1 OR nope:2", 0).notices.len(), 2);
    let free = parse("nope:1")
        .bind(&BindContext {
            now: now(),
            zone: Zone::Utc,
            paths: None,
        })
        .unwrap();
    assert_eq!(
        (free.ast.to_string().as_str(), free.notices.len()),
        ("nope:1", 0)
    );
}

#[test]
fn only_times_that_count_from_now_follow_the_clock() {
    for (query, follows) in [
        ("since:2h", true),
        ("actor:a OR -until:yesterday", true),
        ("since:2026-03-01 until:2026-03-02T10:00Z", false),
        ("actor:a", false),
    ] {
        assert_eq!(
            Query::parse(query).unwrap().follows_clock(),
            follows,
            "{query}"
        );
    }
}
