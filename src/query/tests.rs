//! What queries mean, how they are written, what is refused.

mod binding;
mod completion;
mod errors;
mod meaning;
mod properties;
mod writing;

use super::ast::*;
use super::*;
use crate::event::{BreakKind, Event, EventId, Kind, Outcome, Severity, Verdict, Zone};

/// 2026-03-04, a Wednesday.
fn now() -> Timestamp {
    Timestamp::parse("2026-03-04T15:30:00Z").unwrap()
}

/// The attribute paths of the sample event, and one more.
struct Seen;

impl PathTable for Seen {
    fn resolve(&self, path: &str) -> Option<String> {
        let event = sample();
        let mut paths: Vec<&str> = event.attributes.iter().map(|(path, _)| path).collect();
        paths.push("elsewhere");
        paths.sort_unstable();
        paths.dedup();
        if paths.contains(&path) {
            return Some(path.to_owned());
        }
        let mut alike = paths
            .into_iter()
            .filter(|seen| seen.eq_ignore_ascii_case(path));
        alike
            .next()
            .filter(|_| alike.next().is_none())
            .map(str::to_owned)
    }
}

fn context() -> BindContext<'static> {
    BindContext {
        now: now(),
        zone: Zone::Utc,
        paths: Some(&Seen),
    }
}

fn sample() -> Event {
    let mut event = Event {
        id: EventId(0x00ab_cdef_0123_4567_89ab_cdef_0123_4567),
        ts: Timestamp::parse("2026-03-01T10:00:30.5Z"),
        actor: Some("Alice@Corp.example".into()),
        action: Some("delete".into()),
        target: Some("secrets/db-password in prod".into()),
        outcome: Outcome::Failure,
        reason: Some("403".into()),
        ip: vec![
            "10.1.2.3".parse().unwrap(),
            "::ffff:192.168.0.9".parse().unwrap(),
            "2001:db8::7".parse().unwrap(),
        ],
        host: Some("cluster-A".into()),
        severity: Some(Severity::Err),
        message: Some("Access denied: user alice may not delete /etc/shadow".into()),
        format: "k8s-audit".into(),
        source: "/var/log/audit/audit.log".into(),
        line: Some(8412),
        ..Event::default()
    };
    for (path, kind, text) in [
        ("objectRef.resource", Kind::Str, "secrets"),
        ("objectRef.name", Kind::Str, "db-password"),
        ("responseStatus.code", Kind::Num, "403"),
        ("big", Kind::Num, "9007199254740993"),
        ("ratio", Kind::Num, "0.25"),
        ("retries", Kind::Str, "12"),
        ("flag", Kind::Bool, "true"),
        ("nothing", Kind::Empty, "null"),
        ("blank", Kind::Str, ""),
        ("groups", Kind::Str, "system:masters"),
        ("groups", Kind::Str, "devs"),
        ("userAgent", Kind::Str, "kubectl/v1.30 (linux/amd64)"),
        (
            "annotations.authorization.k8s.io/decision",
            Kind::Str,
            "forbid",
        ),
        ("user", Kind::Str, "original-user"),
        ("path", Kind::Str, r"C:\Users\bob"),
        ("sourceIPs", Kind::Str, "203.0.113.7"),
        ("seen", Kind::Str, "2026-02-28T23:00:00Z"),
        ("day", Kind::Str, "2026-02-27"),
        ("star", Kind::Str, "a*b"),
        ("Case", Kind::Str, "ÄRGER Straße"),
        ("case", Kind::Str, "lower"),
        ("odd key", Kind::Str, "with blank"),
        ("a:b", Kind::Str, "colon"),
        ("NOT", Kind::Str, "shout"),
        ("state", Kind::Str, "OR"),
        ("uuid", Kind::Str, "6F9619FF-8B86-D011-B42D-00CF4FC964FF"),
    ] {
        event.attributes.push(path, kind, text);
    }
    event
}

fn verdict() -> Verdict {
    Verdict::Broken(BreakKind::Deleted)
}

fn matcher(text: &str) -> Matcher {
    let query = Query::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    Matcher::new(&query.bind(&context()).unwrap()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn parse(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn words(text: &str, quoted: bool) -> Ast {
    Ast::Words(Words {
        text: text.into(),
        quoted,
    })
}

fn is(text: &str, quoted: bool) -> Test {
    Test::Is(Pattern {
        text: text.into(),
        quoted,
    })
}

fn attribute(path: &str, test: Test) -> Ast {
    Ast::Field(FieldRef::Attribute(path.into()), test)
}
