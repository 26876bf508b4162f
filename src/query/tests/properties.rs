//! Printing and reading are inverses on every tree; no text makes anything panic.

use proptest::prelude::*;

use super::*;
use crate::event::field::Field;
use crate::query::token::{fold, tokens};
use crate::query::value::ValueTest;

/// Text out of everything that means something in the language.
fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "Bc", "é", "İ", "7", "\"", "\\", ":", "(", ")", "-", "AND", "OR", "NOT", "/", "*",
        "{", "}", "[", "]", " TO ", " ", "\t", "\u{a0}", ".", "<", ">", "=", "{x}", "~", "?",
        "日本", "since", "user", "\n",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn pattern() -> impl Strategy<Value = Test> {
    (text(), any::<bool>()).prop_map(|(text, quoted)| is(&text, quoted))
}

fn scalar() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "400",
        "-1.5",
        "*x{n}",
        "{n}",
        "2026-03-01T10:00Z",
        "yesterday 14:00",
        "10.0.0.1",
        "::1",
        "2h",
    ])
    .prop_filter("a scale of its own", |s| *s != "*x{n}")
    .prop_map(str::to_owned)
}

fn bound() -> impl Strategy<Value = Option<(String, bool)>> {
    prop::option::of((
        prop::sample::select(vec!["400", "{n}", "5", "-7.25"]).prop_map(str::to_owned),
        any::<bool>(),
    ))
}

fn regex() -> impl Strategy<Value = Test> {
    let text = prop::sample::select(vec![
        "a", "", "a b", r"\\", r"a\/b", "/", "//x", r#"[(")]"#, "é+", "^x$", "{", r"\*",
    ]);
    text.prop_filter_map("an expression", |t| {
        regex::Regex::new(t)
            .is_ok()
            .then(|| Test::Regex(t.to_owned()))
    })
}

fn test() -> impl Strategy<Value = Test> {
    let op = prop::sample::select(vec![Op::Lt, Op::Le, Op::Gt, Op::Ge]);
    let simple = prop_oneof![
        6 => pattern(),
        1 => Just(Test::Exists),
        1 => regex(),
        2 => (op, scalar()).prop_map(|(op, text)| Test::Compare(op, text)),
        1 => (bound(), bound()).prop_map(|(lo, hi)| Test::Range { lo, hi }),
    ];
    simple.prop_recursive(2, 8, 4, |inner| {
        prop::collection::vec(inner, 1..4).prop_map(Test::Any)
    })
}

fn field() -> impl Strategy<Value = FieldRef> {
    prop_oneof![
        prop::sample::select(vec![Field::Actor, Field::Target, Field::Host])
            .prop_map(FieldRef::Normal),
        text().prop_map(FieldRef::Attribute),
        prop::sample::select(vec![
            "user", "Since", ".user", "a.b/c", "-x", "AND", "UNTIL", "verb", "*", "{x}"
        ])
        .prop_map(|path| FieldRef::Attribute(path.to_owned())),
    ]
}

fn tree() -> impl Strategy<Value = Ast> {
    let time = || {
        prop::sample::select(vec!["2h", "yesterday 14:00", "{day}", "{day} - 3d"])
            .prop_map(|t| TimeExpr::Text(t.into()))
    };
    let leaf = prop_oneof![
        1 => Just(Ast::All),
        6 => (text(), any::<bool>()).prop_map(|(text, quoted)| words(&format!("{text}w"), quoted)),
        2 => (text(), any::<bool>()).prop_map(|(text, quoted)| words(&format!("w{text}"), quoted)),
        1 => prop::sample::select(vec!["AND", "OR", "NOT", "-x", "x\\"]).prop_map(|text| words(text, false)),
        6 => (field(), test()).prop_map(|(field, test)| Ast::Field(field, test)),
        1 => time().prop_map(Ast::Since),
        1 => time().prop_map(Ast::Until),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Ast::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Ast::Or),
            inner.prop_map(|ast| Ast::Not(Box::new(ast))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn printing_and_reading_are_inverses(ast in tree()) {
        let query = Query { ast: ast.normalised() };
        prop_assert_eq!(query.ast.clone().normalised(), query.ast.clone());
        let printed = query.to_string();
        prop_assume!(printed.len() <= MAX_BYTES);
        match Query::parse(&printed) {
            Ok(read) => prop_assert_eq!(read, query, "{}", printed),
            Err(error) => prop_assert!(false, "{}: {}", printed, error),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![text(), prop::collection::vec(text(), 0..8).prop_map(|t| t.join(" a:")), any::<String>()]) {
        match Query::parse(&text) {
            Ok(query) => {
                prop_assert_eq!(Query::parse(&query.to_string()), Ok(query.clone()), "{}", query);
                if let Ok(bound) = query.bind(&context()) && let Ok(matcher) = Matcher::new(&bound) {
                    let held = matcher.matches(&sample(), verdict());
                    let negated = Bound { ast: bound.ast.negated(), notices: Vec::new() };
                    prop_assert_eq!(Matcher::new(&negated).unwrap().matches(&sample(), verdict()), !held);
                }
            }
            Err(error) => {
                let chars = text.chars().count();
                prop_assert!(error.column >= 1 && error.column <= chars + 1, "{:?}", error);
                prop_assert!(error.width >= 1, "{:?}", error);
            }
        }
        if text.chars().any(char::is_alphanumeric) {
            prop_assert_eq!(Query::parse(&quote(&text)), Ok(Query { ast: words(&text, true) }));
        }
    }

    #[test]
    fn any_time_text_is_read_or_refused(text in "[ 0-9a-z:+.T-]{0,30}|\\PC{0,20}", now in any::<i64>(), offset in any::<i32>()) {
        let _ = time::resolve(&text, Timestamp(now), offset);
        let _ = time::resolve(&format!("2026-03-01{text}"), Timestamp(now), offset);
        let _ = time::resolve(&format!("now{text}"), Timestamp(now), offset);
    }

    #[test]
    fn exact_literals_are_all_a_test_matches(pattern in pattern(), value in text()) {
        let test = ValueTest::new(&pattern, crate::event::field::FieldType::Text).unwrap();
        let value = fold(&value).into_owned();
        if let Some(literals) = test.any_exact() {
            prop_assert_eq!(test.matches(&value), literals.contains(&value.as_str()));
            for literal in literals {
                prop_assert!(test.matches(literal));
            }
        }
    }

    #[test]
    fn typed_values_and_their_text_agree(nanos in any::<i64>(), secs in 1_772_000_000i64..1_773_000_000, bits in any::<u32>()) {
        let field_test = |text: &str| {
            let Ast::Field(FieldRef::Normal(field), test) = parse(text).bind(&context()).unwrap().ast else { panic!("{text}") };
            ValueTest::for_field(&test, field).unwrap()
        };
        for time in [Timestamp(nanos), Timestamp::from_secs(secs, 0).unwrap()] {
            for text in ["ts:2026-03-01", "ts:>2026-03-01", "ts:<=today", "ts:*t1*", "ts:/[02468]:..:/", "ts:(yesterday 2026*)"] {
                let test = field_test(text);
                prop_assert_eq!(test.matches_time(time), test.matches(&fold(&time.rfc3339())), "{} on {}", text, time);
            }
        }
        let v4 = std::net::Ipv4Addr::from(bits);
        for text in ["ip:128.0.0.0/1", "ip:1*", "ip:>100.0.0.0", "ip:/^[0-9]+\\.1/", "ip:(::/0 10.0.0.0/6)"] {
            let test = field_test(text);
            let held = test.matches(&v4.to_string());
            prop_assert_eq!(test.matches(&v4.to_ipv6_mapped().to_string()), held, "{} on {}", text, v4);
            let event = Event { ip: vec![v4.to_ipv6_mapped().into()], ..Event::default() };
            prop_assert_eq!(matcher(text).matches(&event, Verdict::Pending), held);
        }
    }

    #[test]
    fn a_phrase_is_its_tokens(phrase in text(), before in text(), after in text()) {
        let test = value::WordTest::new(&Words { text: phrase.clone(), quoted: true });
        let folded = fold(&phrase).into_owned();
        prop_assert_eq!(test.len(), tokens(&folded).count());
        for (index, token) in tokens(&folded).enumerate() {
            prop_assert!(test.token_matches(index, token));
        }
        let value = format!("{before} {phrase} {after}");
        prop_assert_eq!(test.matches(&fold(&value)), !test.is_empty());
    }

    #[test]
    fn substituted_values_are_literal(value in text()) {
        let query = Query::parse("x:{v} y:a{v}* z:>{v} {v}w").unwrap();
        let filled = query.substitute(&|_| Some(value.clone())).unwrap();
        let terms = filled.conjuncts();
        prop_assert_eq!(&terms[0], &attribute("x", is(&value, true)));
        let Ast::Field(_, glob) = &terms[1] else { panic!("{:?}", terms[1]) };
        let glob = ValueTest::new(glob, crate::event::field::FieldType::Text).unwrap();
        let folded = fold(&value).into_owned();
        let with_tail = format!("a{folded}tail");
        let without_head = format!("b{folded}");
        prop_assert!(glob.matches(&with_tail));
        prop_assert!(!glob.matches(&without_head));
        prop_assert_eq!(terms.len(), 4);
    }
}
