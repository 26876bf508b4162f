//! What is refused, where the error points, and what it says was expected.

use super::*;

#[test]
fn errors_point_at_the_column_and_say_what_was_expected() {
    for (text, column, says) in [
        ("--", 2, "letter or a digit"),
        ("alice -", 7, "letter or a digit"),
        ("alice ...", 7, "letter or a digit"),
        ("\"--\"", 1, "letter or a digit"),
        ("message:--", 9, "letter or a digit"),
        ("alice )", 7, "never opened"),
        ("(alice", 1, "not closed"),
        ("a (b OR", 8, "expected a term"),
        ("()", 2, "expected a term"),
        ("AND a", 1, "before AND"),
        ("a AND", 6, "expected a term"),
        ("a OR OR b", 6, "before OR"),
        ("a AND AND b", 7, "before AND"),
        ("NOT", 4, "expected a term"),
        ("äöü \"open", 5, "not closed"),
        ("actor:\"open", 7, "not closed"),
        ("actor:", 7, "right after the colon"),
        ("actor: alice", 7, "right after the colon"),
        (":x", 1, "field name"),
        ("actor:\"a\"b", 10, "blank"),
        ("ab\"c\"", 3, "quote inside"),
        ("actor:a\"b\"", 8, "quote inside"),
        ("actor:f(x)", 8, "parenthesis"),
        ("actor:()", 8, "expected a value"),
        ("actor:(a", 7, "not closed"),
        ("actor:(a (b))", 10, "not another"),
        ("actor:(a AND b)", 10, "only OR"),
        ("actor:(a OR)", 12, "expected a value"),
        ("x:>", 4, "value to compare"),
        ("x:>=abc", 3, "expected a number"),
        ("x:[1 TO b]", 3, "the same on both ends"),
        ("x:[1 2]", 3, "[a TO b]"),
        ("x:[1 TO 2", 3, "not closed"),
        ("x:[1 TO 2]y", 11, "blank"),
        ("x:[abc]", 3, "[a TO b]"),
        ("x:/(/", 3, "regular expression"),
        ("x:/a{1000}{1000}/", 3, "too large"),
        ("ip:10.0.0.300", 4, "address"),
        ("ip:>x", 4, "address"),
        ("line:abc", 6, "number"),
        ("line:>x", 6, "number"),
        ("severity:loud", 10, "emerg"),
        ("chain:modified", 7, "content-modified"),
        ("chain:>x", 7, "no order"),
        ("id:abc", 4, "32 hex digits"),
        ("ts:someday", 4, "yesterday 14:00"),
        ("ts:>x", 4, "yesterday 14:00"),
        ("since:someday", 7, "yesterday 14:00"),
        ("until:", 7, "yesterday 14:00"),
        ("since:(1h 2h)", 7, "yesterday 14:00"),
        ("a since:5 b", 9, "yesterday 14:00"),
    ] {
        let error = Query::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.contains(says), "{text}: {error}");
        assert!(
            error.width >= 1 && error.column + error.width <= text.chars().count() + 2,
            "{text}: {error:?}"
        );
    }
}

#[test]
fn sizes_are_limited() {
    let long = "é".repeat(MAX_BYTES / 2) + "xx";
    let error = Query::parse(&long).unwrap_err();
    assert_eq!((error.column, error.width), (MAX_BYTES / 2 + 1, 2));
    assert!(Query::parse(&"(".repeat(100_000)).is_err());
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(
        Query::parse(&nested(MAX_DEPTH + 1)).unwrap_err().column,
        MAX_DEPTH + 1
    );
    for unit in [
        "(", "-", "NOT ", "-(", "a:(", "\"", "{", "[", "/", "a:/", "\\", "a:{", "a:[* TO ",
    ] {
        let _ = Query::parse(&unit.repeat(MAX_BYTES / unit.len()));
    }
    assert!(Query::parse(&"a ".repeat(MAX_CLAUSES)).is_ok());
    assert_eq!(
        Query::parse(&"a ".repeat(MAX_CLAUSES + 1))
            .unwrap_err()
            .column,
        2 * MAX_CLAUSES + 1
    );
    assert!(Query::parse(&format!("x:({})", "a ".repeat(MAX_CLAUSES))).is_err());
}

#[test]
fn composed_trees_are_limited_too() {
    let deep = (0..10_000).fold(words("a", false), |ast, _| Ast::Not(Box::new(ast)));
    let query = Query { ast: deep };
    assert!(
        query
            .bind(&context())
            .unwrap_err()
            .message
            .contains("too deeply")
    );
    let wide = Query {
        ast: Ast::Or(vec![words("a", false); 5000]),
    };
    assert!(
        wide.bind(&context())
            .unwrap_err()
            .message
            .contains("too many")
    );
}

#[test]
fn a_tree_that_was_not_bound_or_makes_no_sense_is_no_matcher() {
    let matcher = |ast: Ast| {
        Matcher::new(&Bound {
            ast,
            notices: Vec::new(),
        })
    };
    assert!(matcher(Ast::Since(TimeExpr::Text("2h".into()))).is_err());
    assert!(matcher(words("--", true)).is_err());
    assert!(matcher(attribute("x", Test::Regex("(".into()))).is_err());
    assert!(matcher(attribute("x", Test::Range { lo: None, hi: None })).is_ok());
}
