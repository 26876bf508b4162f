//! Records that hold a list of events: each is read with what they have in common and with its own leaves alone.

use std::borrow::Cow;
use std::ops::Range;

use super::flatten::flatten;
use crate::event::{Attributes, Kind};
use crate::json::{Reader, Token, unescape};

/// Most events that are taken out of one record.
const MOST: usize = 64;

/// Most bytes that may be copied to give each event what all have in common.
const COPIED: usize = 4 << 20;

/// The leaves of each event in the list at `list` of a record. `None` if there is but one, or too many to be taken
/// apart; then the record is one event, with all its leaves.
pub(super) fn several(record: &[u8], list: &str, leaves: &Attributes) -> Option<Vec<Attributes>> {
    // Most records of most formats have no such list: they are not read again.
    if !leaves.iter().any(|(path, _)| below(path, list)) {
        return None;
    }
    let elements = elements(record, list)?;
    let common = record.len() - elements.iter().map(Range::len).sum::<usize>();
    if elements.len() < 2 || elements.len() > MOST || common * elements.len() > COPIED {
        return None;
    }
    let read = |element: &Range<usize>| {
        let mut own = Attributes::default();
        flatten(&record[element.clone()], &mut own).ok()?;
        Some(own)
    };
    let owned: Vec<Attributes> = elements.iter().map(read).collect::<Option<_>>()?;
    // Something else lies at the same path: taken apart, it would be lost.
    let here = leaves.iter().filter(|(path, _)| below(path, list)).count();
    if owned.iter().map(Attributes::len).sum::<usize>() != here {
        return None;
    }
    let whole = |own: &Attributes| {
        let mut event = Attributes::with_capacity(common, leaves.len());
        let mut placed = false;
        for (path, value) in leaves.iter() {
            if !below(path, list) {
                event.push(path, value.kind, value.text);
            } else if !placed {
                placed = true;
                let list = &path[..list.len()];
                for (path, value) in own.iter() {
                    event.push(&format!("{list}.{path}"), value.kind, value.text);
                }
            }
        }
        event
    };
    Some(owned.iter().map(whole).collect())
}

fn below(path: &str, list: &str) -> bool {
    let head = path.get(..list.len());
    let rest = path.get(list.len()..).unwrap_or_default();
    head.is_some_and(|h| h.eq_ignore_ascii_case(list)) && (rest.is_empty() || rest.starts_with('.'))
}

/// Where the objects of the list at a path stand.
fn elements(record: &[u8], list: &str) -> Option<Vec<Range<usize>>> {
    let wanted: Vec<&str> = list.split('.').collect();
    let mut reader = Reader::new(record);
    // The member each open level is at; none in a list.
    let mut open: Vec<Option<&[u8]>> = Vec::with_capacity(8);
    let mut found = Vec::new();
    let mut start = 0;
    // Whether what begins or has just ended is an element of the list.
    let inside = |open: &[Option<&[u8]>]| {
        let names = open.iter().flatten().map(|raw| unescape(raw));
        let same = |(name, want): (Cow<'_, str>, &&str)| name.eq_ignore_ascii_case(want);
        open.len() == wanted.len() + 1
            && open.last() == Some(&None)
            && names.zip(&wanted).map(same).filter(|s| *s).count() == wanted.len()
    };
    while let Some(token) = reader.next_token().ok()? {
        match token {
            Token::Key(raw) => *open.last_mut()? = Some(raw),
            Token::BeginObject | Token::BeginArray => {
                if token == Token::BeginObject && inside(&open) {
                    start = reader.offset() - 1;
                }
                open.push(None);
            }
            Token::EndObject | Token::EndArray => {
                open.pop();
                if token == Token::EndObject && inside(&open) {
                    found.push(start..reader.offset());
                }
                if found.len() > MOST {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(found)
}

/// The value of the first of `wanted` in a list of pairs that give a name under one key and the value under another
/// (`{"name": "doc_title", "value": "Plan"}`), whatever the value's key. Keys come in one order in a list.
pub(super) fn named<'a>(
    leaves: &'a Attributes,
    list: &str,
    key: &str,
    wanted: &[&str],
) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    let mut take = |name: &str, value: &'a str| {
        let rank = wanted.iter().position(|w| w.eq_ignore_ascii_case(name));
        if let Some(rank) = rank
            && best.is_none_or(|(other, _)| rank < other)
        {
            best = Some((rank, value));
        }
    };
    let mut name_first = None;
    let (mut name, mut value): (Option<&str>, Option<&str>) = (None, None);
    for (path, leaf) in leaves.iter() {
        let Some(member) = path.strip_prefix(list).and_then(|p| p.strip_prefix('.')) else {
            continue;
        };
        let is_name = member == key;
        if !is_name && !is_value(member) || leaf.kind == Kind::Empty || leaf.text.is_empty() {
            continue;
        }
        match (*name_first.get_or_insert(is_name), is_name) {
            (true, true) => name = Some(leaf.text),
            (true, false) => {
                if let Some(name) = name.take() {
                    take(name, leaf.text);
                }
            }
            (false, false) => value = value.or(Some(leaf.text)),
            (false, true) => {
                if let Some(value) = value.take() {
                    take(leaf.text, value);
                }
            }
        }
    }
    best.map(|(_, value)| value)
}

/// `value`, `intValue`, `multiValue`, but no member of a nested message.
fn is_value(member: &str) -> bool {
    member.eq_ignore_ascii_case("value") || member.ends_with("Value") && !member.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Attributes {
        let mut leaves = Attributes::default();
        flatten(text.as_bytes(), &mut leaves).unwrap();
        leaves
    }

    fn apart(text: &str, list: &str) -> Option<Vec<Vec<(String, String)>>> {
        let events = several(text.as_bytes(), list, &read(text))?;
        let pairs = |leaves: &Attributes| {
            let each = leaves.iter();
            each.map(|(path, value)| (path.to_owned(), value.text.to_owned()))
                .collect()
        };
        Some(events.iter().map(pairs).collect())
    }

    #[test]
    fn each_event_has_the_common_leaves_and_its_own() {
        let text = r#"{"id":1,"a":{"List":[{"n":"x","p":[{"q":1}]},{"n":"y"}],"list2":[{"n":"z"}]},"b":2}"#;
        let events = apart(text, "a.list").unwrap();
        let show = |n: usize| {
            let leaves: Vec<String> = events[n].iter().map(|(p, v)| format!("{p}={v}")).collect();
            leaves.join(" ")
        };
        assert_eq!(events.len(), 2);
        assert_eq!(show(0), "id=1 a.List.n=x a.List.p.q=1 a.list2.n=z b=2");
        assert_eq!(show(1), "id=1 a.List.n=y a.list2.n=z b=2");
    }

    #[test]
    fn what_is_one_event_or_too_many_stays_whole() {
        for text in [
            r#"{"events":[{"n":1}]}"#,
            r#"{"events":{"n":1}}"#,
            r#"{"events":[]}"#,
            r#"{"events":[1,2]}"#,
            r#"{"events":[{"n":1},2,{"n":3}]}"#,
            r#"{"events":[{"n":1},{},{"n":3}]}"#,
            r#"{"events":[{"n":1},{"n":2}],"events":{"n":3}}"#,
            r#"{"x":{"events":[{"n":1},{"n":2}]}}"#,
            r#"{"x":[{"events":[{"n":1},{"n":2}]}]}"#,
            r#"[[{"n":1},{"n":2}]]"#,
        ] {
            assert_eq!(apart(text, "events"), None, "{text}");
        }
        let many = vec![r#"{"n":1}"#; MOST + 1].join(",");
        assert_eq!(apart(&format!(r#"{{"events":[{many}]}}"#), "events"), None);
        // What all have in common would be copied once for each.
        let wide = "x".repeat(COPIED / 2);
        let text = format!(r#"{{"w":"{wide}","events":[{{"n":1}},{{"n":2}}]}}"#);
        assert_eq!(apart(&text, "events"), None);
    }

    #[test]
    fn pairs_are_read_in_either_order() {
        let names_first = read(
            r#"{"p":[{"name":"m","multiValue":["1","2"]},{"name":"none"},{"name":"t","label":"l","value":"Plan"}]}"#,
        );
        let values_first =
            read(r#"{"p":[{"multiValue":["1","2"],"name":"m"},{"value":"Plan","name":"t"}]}"#);
        for leaves in [names_first, values_first] {
            for (wanted, value) in [
                (&["m"][..], Some("1")),
                (&["t"], Some("Plan")),
                (&["T", "m"], Some("Plan")),
                (&["none"], None),
                (&["x"], None),
            ] {
                assert_eq!(named(&leaves, "p", "name", wanted), value, "{wanted:?}");
            }
        }
    }
}
