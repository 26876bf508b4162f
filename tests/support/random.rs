//! Random records and random queries over one small vocabulary, so that queries find something.

use auditty::event::field::Field;
use auditty::query::ast::{Ast, FieldRef, Op, Pattern, Test, TimeExpr, Words};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Attribute paths as records spell them; some feed normalised fields.
const KEYS: [&str; 22] = [
    "a",
    "b.c",
    "Kind",
    "kind",
    "KIND2",
    "we ird",
    "user.name",
    "action",
    "target",
    "outcome",
    "reason",
    "host.name",
    "session_id",
    "severity",
    "message",
    "source_ip",
    "peer.addr",
    "\u{1}actor",
    "nul\0key",
    "Straße",
    "tags",
    "when",
];

/// Texts that mean something to the language, or lie at a limit of the index.
fn texts() -> Vec<String> {
    let long = "x".repeat(64);
    let mut texts: Vec<String> = [
        "alice",
        "Alice",
        "ALICE",
        "bob",
        "alice bob",
        "bob alice",
        "alice@corp.example",
        "CORP\\alice",
        "a*b",
        "*",
        "?",
        "",
        " ",
        "-",
        "two  words",
        "système",
        "SYSTÈME",
        "Straße",
        "İstanbul",
        "ΣΑΣ",
        "日本語",
        "日本 語",
        "e\u{301}",
        "/var/log/audit/audit.log",
        "/etc/shadow",
        "arn:aws:iam::123456789012:user/alice",
        "GET",
        "delete",
        "list",
        "secrets",
        "true",
        "null",
        "failure",
        "success",
        "denied",
        "error",
        "warning",
        "INFO",
        "10.0.0.1",
        "10.1.2.3",
        "192.168.7.9",
        "2001:db8::1",
        "2001:DB8:0:0::1",
        "::ffff:10.0.0.1",
        "10.0.0.0/8",
        "3f1c9a52-8a9e-4b1c-9f55-0123456789ab",
        "3F1C9A52-8A9E-4B1C-9F55-0123456789AB",
        "3f1c9a52-8a9e-4b1c-9f55-0123456789ac",
        "deadbeefdeadbeef00",
        "e29ed943264a19a1eb96ff51556809cd26bc6cd740db8df2512de7226fd58eb0",
        "2026-03-01T10:00:00Z",
        "2026-03-01T11:30:00.123456789Z",
        "2026-03-01 10:00:00",
        "2026-03-01",
        "2026-03-01T12:00:00+02:00",
        "007",
        "1e3",
        "1000",
        "4e2",
        "400",
        "400.0",
        "-7",
        "9223372036854775807",
        "9223372036854775808",
        "0.1",
        "nul\0value",
        "\u{1}",
        "tab\tnew\nline",
        "{\"in\":\"ner\"}",
        "key:value",
        "(a OR b)",
        "say \"hi\"",
        "back\\slash",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend([
        format!("{long}a"),
        format!("{long}b"),
        format!("{long}a tail"),
        long.clone(),
        // Longer than a whole term; they differ beyond its end only.
        format!("long {} end one", "word ".repeat(60)),
        format!("long {} end two", "word ".repeat(60)),
        "é".repeat(150),
        format!("{}a", "é".repeat(128)),
        "0123456789abcdef".repeat(8),
        format!("{}0", "0123456789abcdef".repeat(8)),
    ]);
    texts
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(texts()),
        // Paths with more distinct values than the index keeps apart.
        2 => (0u32..2000).prop_map(|n| format!("pod-{n}")),
        1 => any::<u64>().prop_map(|n| format!("{n:016x}-4b1c-{:012x}", n >> 16)),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![
            0i64,
            1,
            -1,
            7,
            -7,
            200,
            400,
            403,
            404,
            500,
            1000,
            i64::MAX,
            i64::MIN
        ])
        .prop_map(|n| json!(n)),
        select(vec![0.1, 400.0, 400.5, -1.5, 1e300, 9.3e18]).prop_map(|n| json!(n)),
        (0i64..600).prop_map(|n| json!(n)),
        Just(json!(u64::MAX)),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => text().prop_map(Value::String),
        3 => number(),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => select(vec![json!(null), json!([]), json!({}), json!("")]),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => leaf(),
        1 => prop::collection::vec(leaf(), 1..4).prop_map(Value::Array),
        1 => (select(vec!["a", "x.y", "c"]), leaf()).prop_map(|(k, v)| json!({k: v})),
    ]
}

/// One record as a line without its line end.
pub(crate) fn record() -> impl Strategy<Value = String> {
    let time = prop::option::weighted(0.9, 0u64..36_000);
    let fields = prop::collection::vec((select(KEYS.to_vec()), value()), 0..9);
    let object = (time, fields, any::<u32>()).prop_map(|(time, fields, salt)| {
        let mut record = Map::new();
        if let Some(tenths) = time {
            record.insert("ts".into(), json!(super::logs::time(tenths).rfc3339()));
        }
        record.insert("salt".into(), json!(format!("s{salt}")));
        record.extend(fields.into_iter().map(|(k, v)| (k.to_owned(), v)));
        Value::Object(record).to_string()
    });
    prop_oneof![
        60 => object,
        1 => Just("no JSON, alice bob 10.0.0.1".to_owned()),
        1 => Just("{\"cut\":\"alice".to_owned()),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let cut = (text(), any::<prop::sample::Index>(), 0..4).prop_map(|(text, at, way)| {
        let chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len() + 1);
        let part = |chars: &[char]| -> String {
            let text: String = chars.iter().collect();
            text.replace('\\', "\\\\").replace('*', "\\*")
        };
        let (head, tail) = (part(&chars[..at]), part(&chars[at..]));
        let text = match way {
            0 => format!("{head}*"),
            1 => format!("*{tail}"),
            2 => format!("{head}*{tail}"),
            _ => format!("*{head}*"),
        };
        Pattern {
            text,
            quoted: false,
        }
    });
    prop_oneof![
        3 => (text(), any::<bool>()).prop_map(|(text, quoted)| Pattern { text, quoted }),
        2 => cut,
        1 => select(vec!["10.0.0.0/8", "10.0.0.0/15", "2001:db8::/32", "::/0", "0.0.0.0/0", "::ffff:10.0.0.0/104"])
            .prop_map(|text| Pattern { text: text.into(), quoted: false }),
        1 => select(vec!["true", "false", "400", "400.0", "-7", "1000", "0.1", "1e300"])
            .prop_map(|text| Pattern { text: text.into(), quoted: false }),
    ]
}

fn bound() -> impl Strategy<Value = String> {
    select(vec![
        "400",
        "0",
        "-7",
        "1e3",
        "9223372036854775807",
        "399.5",
        "10.0.0.1",
        "192.168.0.0",
        "2001:db8::1",
        "2026-03-01T10:00:00Z",
        "2026-03-01",
        "2026-03-01T10:30Z",
        "13h",
    ])
    .prop_map(str::to_owned)
}

fn end() -> impl Strategy<Value = Option<(String, bool)>> {
    prop::option::weighted(0.8, (bound(), any::<bool>()))
}

fn test() -> impl Strategy<Value = Test> {
    let op = select(vec![Op::Lt, Op::Le, Op::Gt, Op::Ge]);
    let regex = select(vec![
        "alice",
        "^alice$",
        "a.*e",
        "^$",
        "x{64}",
        "[0-9]{3}",
        "é$",
        "^10\\.",
        "two$",
        "σ",
        "\\\\",
        "^.?$",
        "4b1c",
        "log\\/audit",
        "-4b1c-.*[a-f]$",
    ]);
    let simple = prop_oneof![
        8 => pattern().prop_map(Test::Is),
        1 => Just(Test::Exists),
        2 => regex.prop_map(|text| Test::Regex(text.to_owned())),
        2 => (op, bound()).prop_map(|(op, text)| Test::Compare(op, text)),
        2 => (end(), end()).prop_map(|(lo, hi)| Test::Range { lo, hi }),
    ];
    simple.prop_recursive(1, 6, 4, |inner| {
        prop::collection::vec(inner, 2..5).prop_map(Test::Any)
    })
}

fn field() -> impl Strategy<Value = FieldRef> {
    let mut paths: Vec<String> = KEYS.iter().map(|k| (*k).to_owned()).collect();
    paths.extend(
        [
            "salt", "b.c.a", "a.x.y", "a.c", "A", "STRASSE", "kInD2", "TAGS", "nowhere", "ts",
            "nul", "actor",
        ]
        .map(str::to_owned),
    );
    let normal = auditty::event::field::CATALOGUE
        .map(|spec| spec.field)
        .to_vec();
    prop_oneof![
        3 => select(normal).prop_map(FieldRef::Normal),
        5 => select(paths).prop_map(FieldRef::Attribute),
    ]
}

/// Tests that fit the fields whose values are no free text.
fn special() -> impl Strategy<Value = Ast> {
    let is = |text: &str| {
        Test::Is(Pattern {
            text: text.to_owned(),
            quoted: false,
        })
    };
    let of = move |field: Field, tests: Vec<Test>| {
        select(tests).prop_map(move |test| Ast::Field(FieldRef::Normal(field), test))
    };
    let compare = |op, text: &str| Test::Compare(op, text.to_owned());
    prop_oneof![
        of(
            Field::Severity,
            vec![
                is("err"),
                is("warning"),
                compare(Op::Ge, "warning"),
                compare(Op::Lt, "info"),
                is("i*"),
                Test::Exists
            ]
        ),
        of(
            Field::Line,
            vec![
                is("1"),
                is("7"),
                compare(Op::Le, "20"),
                compare(Op::Gt, "3"),
                is("1*"),
                Test::Regex("[05]$".into()),
                Test::Exists
            ]
        ),
        of(
            Field::Format,
            vec![is("json"), is("text"), is("*e*"), is("JSON")]
        ),
        of(
            Field::Source,
            vec![
                is("*x.log"),
                is("*"),
                Test::Regex("logs".into()),
                is("/live/*")
            ]
        ),
        of(
            Field::Chain,
            vec![
                is("unchained"),
                is("pending"),
                is("broken"),
                is("un*"),
                Test::Exists
            ]
        ),
        of(
            Field::Id,
            vec![
                is("0*"),
                is("*f"),
                Test::Regex("^[0-7]".into()),
                Test::Exists
            ]
        ),
        of(
            Field::Ts,
            vec![
                compare(Op::Gt, "2026-03-01T10:10Z"),
                is("2026-03-01"),
                is("*:30:*"),
                Test::Exists,
                is("2026-03-01T10:00:07Z")
            ]
        ),
        of(
            Field::Ip,
            vec![
                is("10.0.0.1"),
                is("10.0.0.0/8"),
                is("10.*"),
                compare(Op::Ge, "10.1.0.0"),
                is("2001:db8::1"),
                is("::ffff:10.0.0.1"),
                Test::Exists
            ]
        ),
        of(
            Field::Outcome,
            vec![
                is("failure"),
                is("Success"),
                is("unknown"),
                is("*s"),
                Test::Exists
            ]
        ),
    ]
}

fn words() -> impl Strategy<Value = Ast> {
    let free = prop_oneof![
        3 => pattern().prop_map(|p| (p.text, p.quoted)),
        2 => (select(vec!["alice", "bob", "word", "end two", "corp.example", "日本", "10.0", "4b1c", "x*", "*e", "al*e",
            "al*@corp", "word * end", "001", "İ*", "σασ", "straße", "json"]), any::<bool>())
            .prop_map(|(text, quoted)| (text.to_owned(), quoted)),
    ];
    free.prop_map(|(text, quoted)| Ast::Words(Words { text, quoted }))
}

/// A query as typed. Those that make no sense for their field are left out.
pub(crate) fn query() -> impl Strategy<Value = auditty::query::Query> {
    let time = || {
        select(vec![
            "2026-03-01T10:10:00Z",
            "2026-03-01T10:40Z",
            "13h30m",
            "2026-03-01",
            "today",
        ])
        .prop_map(|t| TimeExpr::Text(t.to_owned()))
    };
    let leaf = prop_oneof![
        1 => Just(Ast::All),
        6 => words(),
        10 => (field(), test()).prop_map(|(field, test)| Ast::Field(field, test)),
        4 => special(),
        1 => time().prop_map(Ast::Since),
        1 => time().prop_map(Ast::Until),
    ];
    let tree = leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Ast::And),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Ast::Or),
            2 => inner.prop_map(|ast| Ast::Not(Box::new(ast))),
        ]
    });
    tree.prop_filter_map("a query that can be typed", |ast| {
        let typed = auditty::query::Query {
            ast: ast.normalised(),
        };
        auditty::query::Query::parse(&typed.to_string()).ok()
    })
}
