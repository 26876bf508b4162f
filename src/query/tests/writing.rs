//! The text a query is printed as, and what chips and runbooks do to the tree.

use super::*;

#[test]
fn queries_print_in_one_spelling() {
    for (text, want) in [
        ("", ""),
        ("*", ""),
        ("  a   b ", "a b"),
        ("a AND b", "a b"),
        ("NOT a", "-a"),
        ("NOT (a b)", "-(a b)"),
        ("((a))", "a"),
        ("(a OR (b OR c))", "a OR b OR c"),
        ("(a b) OR c", "a b OR c"),
        ("a (b OR c)", "a (b OR c)"),
        ("a (b AND * c)", "a b c"),
        ("verb:get", "action:get"),
        ("user:x", "actor:x"),
        (".user:x", ".user:x"),
        (".other:x", "other:x"),
        (".since:2h", ".since:2h"),
        ("annotations.\"a.b/c\":x", "annotations.a.b/c:x"),
        ("\"odd key\":x", "odd\\ key:x"),
        ("x:\"a b\"", "x:\"a b\""),
        ("x:a\\ b", "x:a\\ b"),
        ("x:(a OR b)", "x:(a b)"),
        ("x:(a)", "x:a"),
        ("x:{1 TO *}", "x:{1 TO *]"),
        ("x:[* TO *]", "x:*"),
        ("x:>=\"a b\"", ""),
        ("since:\"2 days ago\"", "since:\"2 days ago\""),
        ("since:\"2h\"", "since:2h"),
        ("x:/a\\/b/", "x:/a\\/b/"),
        ("x:\\/a/", "x:\\/a/"),
        ("x:a**b", "x:a*b"),
        ("***", ""),
        ("x:***", "x:*"),
        ("CORP\\alice", "CORP\\\\alice"),
        ("x:{user}", "x:{user}"),
        ("x:>{n}", "x:>{n}"),
        ("x:{{a} TO {b}}", "x:{{a} TO {b}}"),
        ("since:{day}", "since:{day}"),
        ("x:\\{a b", "x:\\{a b"),
    ] {
        match Query::parse(text) {
            Ok(query) => {
                assert_eq!(query.to_string(), want, "{text}");
                assert_eq!(parse(&query.to_string()), query, "{text}");
            }
            Err(_) => assert_eq!(want, "", "{text}"),
        }
    }
}

#[test]
fn slashes_make_an_expression_only_around_a_whole_value() {
    let test = |text: &str| match parse(text).ast {
        Ast::Field(_, test) => test,
        Ast::And(list) => match &list[0] {
            Ast::Field(_, test) => test.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(test("x:/re/"), Test::Regex("re".into()));
    assert_eq!(test("x:/two words/ b"), Test::Regex("two words".into()));
    assert_eq!(test("x:/a\\/b/"), Test::Regex("a/b".into()));
    assert_eq!(test("x:/[(]\"/"), Test::Regex("[(]\"".into()));
    assert_eq!(test("x:/var/log"), is("/var/log", false));
    assert_eq!(test("x:/var/log/"), is("/var/log/", false));
    assert_eq!(test("x:/tmp b"), is("/tmp", false));
    assert_eq!(test("x:\"/tmp/\""), is("/tmp/", true));
    assert_eq!(test("http://host/a/"), is("//host/a/", false));
}

#[test]
fn quoting_makes_any_text_one_term() {
    for text in [
        "a",
        "a b",
        "user:x",
        "-a",
        "say \"hi\"",
        r"C:\dir\",
        "{a}",
        "(x",
        "AND",
        "a*",
    ] {
        assert_eq!(parse(&quote(text)).ast, words(text, true), "{text}");
    }
}

#[test]
fn conjuncts_are_the_terms_that_all_hold() {
    let query = parse("a (b OR c) -d");
    assert_eq!(query.conjuncts().len(), 3);
    assert_eq!(Query::from_conjuncts(query.conjuncts()), query);
    assert_eq!(parse("a OR b").conjuncts().len(), 1);
    assert!(Query::default().conjuncts().is_empty());
    assert_eq!(Query::from_conjuncts(Vec::new()), Query::default());
    assert_eq!(
        parse("a b").and(parse("c OR d")).to_string(),
        "a b (c OR d)"
    );
    assert_eq!(
        Query::default().and(parse("a")).and(Query::default()),
        parse("a")
    );
    let chip = Ast::field_is(FieldRef::Attribute("groups".into()), "a*\"b");
    assert_eq!(chip.to_string(), r#"groups:"a*\"b""#);
    assert_eq!(chip.clone().negated().to_string(), r#"-groups:"a*\"b""#);
    assert_eq!(chip.clone().negated().negated(), chip);
}

#[test]
fn placeholders_become_literal_values() {
    let lookup = |name: &str| match name {
        "user" => Some("al*ice OR \"x\" {ip}\\".to_owned()),
        "ip" => Some("10.1.2.3".to_owned()),
        "net" => Some("10.0.0.0/8".to_owned()),
        "n" => Some("400".to_owned()),
        "day" => Some("2026-03-01".to_owned()),
        _ => None,
    };
    for (text, want) in [
        ("target.id:{user}", r#"target.id:"al*ice OR \"x\" {ip}\\""#),
        ("{user}", r#""al*ice OR \"x\" {ip}\\""#),
        ("x:{user}*", r#"x:al\*ice\ OR\ \"x\"\ {ip}\\*"#),
        ("x:\"id={n}\"", r#"x:"id=400""#),
        ("x:id={n}", r#"x:"id=400""#),
        ("ip:{ip}", r#"ip:"10.1.2.3""#),
        ("x:{net}", r#"x:"10.0.0.0/8""#),
        ("x:({n} {ip})", r#"x:("400" "10.1.2.3")"#),
        ("x:>={n}", "x:>=400"),
        ("x:[{n} TO {n}}", "x:[400 TO 400}"),
        ("since:{day}", "since:2026-03-01"),
        ("since:\"{day} - 3d\"", "since:\"2026-03-01 - 3d\""),
        ("ts:{day}", r#"ts:"2026-03-01""#),
        ("x:/a{2}/", "x:/a{2}/"),
        ("-(a:{n} OR b)", r#"-(a:"400" OR b)"#),
    ] {
        let query = parse(text).substitute(&lookup).unwrap();
        assert_eq!(query.to_string(), want, "{text}");
    }
    assert_eq!(
        parse("a x:{who}").substitute(&lookup),
        Err("who".to_owned())
    );
    assert!(parse("x:{who}").has_placeholders() && !parse("x:/a{2}/ {A}:b").has_placeholders());
    // A value is compared, never obeyed.
    let ip = parse("ip:{ip}").substitute(&lookup).unwrap();
    assert!(
        Matcher::new(&ip.bind(&context()).unwrap())
            .unwrap()
            .matches(&sample(), verdict())
    );
    let net = parse("ip:{net}").substitute(&lookup).unwrap();
    assert!(
        Matcher::new(&net.bind(&context()).unwrap()).is_ok(),
        "no address is spelled like a block, so quotes change nothing"
    );
    let user = parse("ip:{user}").substitute(&lookup).unwrap();
    assert!(
        Matcher::new(&user.bind(&context()).unwrap())
            .unwrap_err()
            .message
            .contains("address")
    );
    let bad_day = parse("since:{user}").substitute(&lookup).unwrap();
    assert!(
        bad_day
            .bind(&context())
            .unwrap_err()
            .message
            .contains("is no time")
    );
}
