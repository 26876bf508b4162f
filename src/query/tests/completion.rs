//! Suggestions and pasted text.

use proptest::prelude::*;

use super::*;
use crate::event::field::Field;
use crate::query::complete::{Kind, Note, literal, place, suggest};
use crate::query::paste::pasted;

const PATHS: [&str; 5] = [
    "objectRef.resource",
    "objectRef.namespace",
    "user",
    "annotations.a b",
    "-x",
];

/// Labels of what is suggested where `|` stands.
fn labels(marked: &str, values: &[(&str, u64)]) -> Vec<String> {
    let cursor = marked.find('|').unwrap();
    let text = marked.replace('|', "");
    let values: Vec<(String, u64)> = values.iter().map(|(v, n)| ((*v).to_owned(), *n)).collect();
    let found = suggest(&text, cursor, PATHS.into_iter(), &values);
    found.into_iter().map(|s| s.label).collect()
}

/// The text and cursor after the first suggestion.
fn first(marked: &str, values: &[(&str, u64)]) -> String {
    let cursor = marked.find('|').unwrap();
    let text = marked.replace('|', "");
    let values: Vec<(String, u64)> = values.iter().map(|(v, n)| ((*v).to_owned(), *n)).collect();
    let found = suggest(&text, cursor, PATHS.into_iter(), &values);
    let (mut text, cursor) = found[0].apply(&text);
    text.insert(cursor, '|');
    text
}

#[test]
fn the_place_of_the_cursor_is_told() {
    let actor = || Kind::Value(FieldRef::Normal(Field::Actor));
    for (marked, kind, typed, rest) in [
        ("|", Kind::Term, "", ""),
        ("act|", Kind::Term, "act", ""),
        ("x -ac|", Kind::Term, "ac", "x"),
        ("actor:|", actor(), "", ""),
        ("a user:al| b", actor(), "al", "a b"),
        ("a -user:al|", actor(), "al", "a"),
        ("a actor:\"al b|", actor(), "al b", "a"),
        ("a actor:(x \"y z\" al|) b", actor(), "al", "a b"),
        ("(a OR actor:al|", actor(), "al", ""),
        ("(a b) actor:al|", actor(), "al", "a b"),
        ("b since:yes|", Kind::Time, "yes", "b"),
        (
            "tags:[1 TO 2] actor:x\\ y|",
            actor(),
            "x y",
            "tags:[1 TO 2]",
        ),
        ("é日 actor:ü|", actor(), "ü", "é日"),
    ] {
        let cursor = marked.find('|').unwrap();
        let text = marked.replace('|', "");
        let found = place(&text, cursor).unwrap();
        assert_eq!(
            (&found.kind, found.typed.as_str()),
            (&kind, typed),
            "{marked}"
        );
        assert_eq!(found.rest(&text), Query::parse(rest).unwrap(), "{marked}");
    }
    for marked in [
        "code:[1 TO 2|",
        "code:>4|",
        "actor:\"x\"|",
        "a:/x/|",
        ":x|",
        "actor:a*|",
    ] {
        let cursor = marked.find('|').unwrap();
        assert_eq!(place(&marked.replace('|', ""), cursor), None, "{marked}");
    }
}

#[test]
fn names_are_found_by_their_start_then_by_their_keys() {
    assert_eq!(labels("ac|", &[])[..2], ["actor", "action"]);
    assert_eq!(
        labels("name|", &[])[..],
        ["user.name", "host.name", "objectRef.namespace"]
    );
    assert_eq!(labels("objectref.r|", &[]), ["objectRef.resource"]);
    assert_eq!(labels("SIN|", &[]), ["since"]);
    assert_eq!(labels("x A|", &[])[0], "AND");
    assert!(!labels("x a|", &[]).contains(&"AND".to_owned()));
    assert!(!labels("|", &[]).contains(&"OR".to_owned()));
    assert!(labels("ac|tor", &[]).is_empty());
    assert_eq!(first("x .us|", &[]), "x .user:|");
    assert!(labels("us|", &[]).contains(&".user".to_owned()));
    assert_eq!(first("annot|", &[]), "annotations.a\\ b:|");
    assert_eq!(first("a N|", &[]), "a NOT |");
}

#[test]
fn values_come_with_their_counts_and_are_quoted_where_needed() {
    let values = [("alice b", 7), ("malice", 9), ("bob", 1)];
    assert_eq!(labels("actor:ali|", &values), ["alice b", "malice"]);
    assert_eq!(first("actor:ali|", &values), "actor:\"alice b\" |");
    assert_eq!(first("-actor:(x bo|) y", &values), "-actor:(x bob|) y");
    assert_eq!(first("actor:\"bo|", &values), "actor:bob |");
    assert!(
        labels("actor:bob|", &values).is_empty(),
        "it is written in full"
    );
    assert_eq!(
        labels("outcome:f|", &[("failure", 3)]),
        Vec::from(["failure"])
    );
    assert_eq!(labels("chain:br|", &[]), ["broken"]);
    assert_eq!(
        first("since:\"yesterday 1|", &[]),
        "since:\"yesterday 14:00\" |"
    );
    let found = suggest("actor:", 6, PATHS.into_iter(), &[("x".into(), 2)]);
    assert_eq!(found[0].note, Note::Count(2));
}

#[test]
fn pasted_text_is_a_literal_unless_it_is_a_query() {
    let paste = |marked: &str, text: &str| {
        let cursor = marked.find('|').unwrap();
        let before = marked.replace('|', "");
        pasted(&before, cursor, text, &|path| PATHS.contains(&path))
    };
    for (marked, text, inserted) in [
        ("|", "ci-bot", "ci-bot"),
        ("|", "AND", "\"AND\""),
        ("|", "a b: c", "\"a b: c\""),
        ("|", "-rf --no-preserve", "\"-rf --no-preserve\""),
        ("|", "arn:aws:iam::1:role/x", "\"arn:aws:iam::1:role/x\""),
        ("|", "outcome:failure", "outcome:failure"),
        (
            "|",
            " actor:a -objectRef.resource:b\n",
            "actor:a -objectRef.resource:b",
        ),
        ("|", "actor:a said hello", "\"actor:a said hello\""),
        ("|", "one\ntwo", "\"one\ntwo\""),
        ("|x", "a b", "\"a b\" "),
        ("actor:|", "system:node", "system:node"),
        ("actor:|", "a b", "\"a b\""),
        ("ip:|", "10.0.0.1\r\n10.0.0.2\n", "(10.0.0.1 10.0.0.2)"),
        ("ip:(|)", "10.0.0.1\n10.0.0.2", "10.0.0.1 10.0.0.2"),
        ("\"x |", "say \"hi\"", "say \\\"hi\\\""),
        ("actor:al|", "ice b", "ice\\ b"),
        ("since:|", "2026-03-01 10:00", "\"2026-03-01 10:00\""),
    ] {
        assert_eq!(paste(marked, text), inserted, "{marked} {text:?}");
    }
}

fn value() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "Bc",
        "é",
        "7",
        "\"",
        "\\",
        ":",
        "(",
        ")",
        "-",
        "AND",
        "OR",
        "/",
        "*",
        "{",
        "}",
        "[",
        " ",
        "\u{a0}",
        ".",
        "<",
        ">",
        "{x}",
        "10.0.0.0/8",
        "?",
        "日本",
    ]);
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn around() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "alice",
        "outcome:failure -x",
        "(a OR b)",
        "\"a b\" tags:(x y)",
        "code:[1 TO 2] é",
    ])
}

fn exactly(test: &Test, value: &str) -> bool {
    match test {
        Test::Is(pattern) if pattern.quoted => pattern.text == value,
        Test::Is(pattern) => crate::query::glob::literal(&pattern.text).as_deref() == Some(value),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_value_that_is_completed_is_found_again_and_the_rest_is_kept(
        value in value(), before in around(), after in around(), minus: bool, listed: bool, typed in 0usize..3, attribute: bool,
    ) {
        let name = if attribute { "objectRef.resource" } else { "actor" };
        let open = if listed { "(z " } else { "" };
        let start: String = value.chars().take(typed).collect();
        let typed = crate::query::paste::pasted("", 0, &start, &|_| false);
        let typed = if start.is_empty() || typed.starts_with('"') { String::new() } else { typed };
        let head = format!("{before} {}{name}:{open}{typed}", if minus { "-" } else { "" });
        let tail = format!("{} {after}", if listed { ")" } else { "" });
        let text = format!("{head}{tail}");
        let found = suggest(&text, head.len(), PATHS.into_iter(), &[(value.clone(), 3)]);
        let Some(suggestion) = found.iter().find(|s| s.note == Note::Count(3)) else {
            // Written in full already, or not a start of it.
            return Ok(());
        };
        let (done, cursor) = suggestion.apply(&text);
        prop_assert!(done.starts_with(&head[..head.len() - typed.len()]), "{}", done);
        prop_assert!(done.ends_with(&tail), "{}", done);
        prop_assert!(done.is_char_boundary(cursor));
        let query = Query::parse(&done);
        prop_assert!(query.is_ok(), "{}: {:?}", done, query);
        let mut terms = query.unwrap().conjuncts();
        for other in Query::parse(before).unwrap().conjuncts().into_iter().chain(Query::parse(after).unwrap().conjuncts()) {
            let at = terms.iter().position(|t| *t == other);
            prop_assert!(at.is_some(), "{} lost {:?}", done, other);
            terms.remove(at.unwrap());
        }
        prop_assert_eq!(terms.len(), 1, "{}", done);
        let term = terms.remove(0);
        let term = if minus { term.negated() } else { term };
        let Ast::Field(_, test) = term else { panic!("{done}") };
        match test {
            Test::Any(tests) => prop_assert!(tests.iter().any(|t| exactly(t, &value)), "{}", done),
            test => prop_assert!(exactly(&test, &value), "{}", done),
        }
    }

    #[test]
    fn a_literal_is_read_as_itself(value in prop_oneof![value(), any::<String>()]) {
        let query = Query::parse(&format!("actor:{}", literal(&value)));
        match query.map(|q| q.ast) {
            Ok(Ast::Field(_, test)) => prop_assert!(exactly(&test, &value)),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn any_text_gets_suggestions_or_none(text in prop_oneof![value(), prop::collection::vec(value(), 0..6).prop_map(|t| t.join(" actor:")), any::<String>()], at in any::<prop::sample::Index>()) {
        let cursors: Vec<usize> = (0..=text.len()).filter(|i| text.is_char_boundary(*i)).collect();
        let cursor = cursors[at.index(cursors.len())];
        for suggestion in suggest(&text, cursor, PATHS.into_iter(), &[("a".into(), 1)]) {
            let (done, cursor) = suggestion.apply(&text);
            prop_assert!(done.is_char_boundary(cursor));
            prop_assert!(cursor >= done.len() - text.len().min(done.len()));
        }
        if let Some(place) = place(&text, cursor) {
            place.rest(&text);
            prop_assert!(place.span.end == cursor);
        }
    }

    #[test]
    fn what_is_pasted_into_an_empty_bar_is_a_query(text in prop_oneof![value(), any::<String>()]) {
        let inserted = pasted("", 0, &text, &|_| false);
        if text.chars().any(char::is_alphanumeric) {
            prop_assert!(Query::parse(&inserted).is_ok(), "{}", inserted);
        }
    }
}
