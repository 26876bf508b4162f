//! A table of queries against one event, which has every kind of value.

use super::*;

#[test]
fn queries_mean_what_the_table_says() {
    let event = sample();
    let wrong: Vec<_> = TABLE
        .iter()
        .filter(|(text, want)| matcher(text).matches(&event, verdict()) != *want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[rustfmt::skip]
const TABLE: &[(&str, bool)] = &[
    // Everything, and joining.
    ("", true),
    ("  ", true),
    ("*", true),
    ("-*", false),
    ("alice delete", true),
    ("alice AND delete", true),
    ("alice nobody", false),
    ("alice OR nobody", true),
    ("nobody OR nothing_here", false),
    ("NOT alice", false),
    ("-alice", false),
    ("-nobody", true),
    ("--alice", true),
    ("NOT nobody alice", true),
    ("nobody alice OR delete", true),
    ("nobody (alice OR delete)", false),
    ("-(alice nobody)", true),
    ("-(alice OR nobody)", false),
    ("alice and delete", false),
    ("NOT(nobody)", true),
    // Words and phrases.
    ("ALICE", true),
    ("alic", false),
    ("alic*", true),
    ("*lice", true),
    ("a*e", true),
    ("\"alic*\"", false),
    ("alice@corp.example", true),
    ("alice.corp", true),
    ("corp-alice", false),
    ("\"access denied\"", true),
    ("\"denied access\"", false),
    ("\"denied: user\"", true),
    ("/etc/shadow", true),
    ("6f9619ff-8b86-d011-b42d-00cf4fc964ff", true),
    ("8b86-d011", true),
    ("straße", true),
    ("STRASSE", false),
    ("ärger", true),
    ("true", true),
    ("403", true),
    ("9007199254740993", true),
    ("0.25", true),
    ("null", false),
    ("objectRef", false),
    ("failure", false),
    ("cluster", false),
    ("secrets devs", true),
    ("\"secrets devs\"", false),
    ("v1.30", true),
    ("system\\:masters", true),
    ("10.1.2.3", false),
    ("db*-pass*", true),
    // Whole values.
    ("actor:alice@corp.example", true),
    ("actor:alice", false),
    ("actor:alice*", true),
    ("actor:*corp*", true),
    ("actor:\"alice*\"", false),
    ("user.name:alice*", true),
    ("USER:alice*", true),
    (".user:original-user", true),
    (".user:alice*", false),
    ("objectRef.resource:secrets", true),
    ("objectref.RESOURCE:SECRETS", true),
    ("-objectRef.resource:secrets", false),
    ("groups:devs", true),
    ("groups:system:masters", true),
    ("-groups:devs", false),
    ("groups:(ops devs)", true),
    ("groups:(ops OR net)", false),
    ("groups:(ops dev*)", true),
    ("groups:(/^dev/ \"x y\")", true),
    ("Case:lower", false),
    ("case:lower", true),
    ("Case:\"ärger straße\"", true),
    ("Case:/STRASSE|ÄRGER/", true),
    ("star:a*b", true),
    ("star:a\\*b", true),
    ("star:\"a*b\"", true),
    ("objectRef.name:db\\*", false),
    ("objectRef.name:db?password", false),
    ("path:C:\\Users\\bob", true),
    ("path:\"C:\\Users\\bob\"", true),
    ("path:C:\\\\users*", true),
    ("odd\\ key:*blank", true),
    ("\"odd key\":with\\ blank", true),
    ("a\\:b:colon", true),
    ("\"a:b\":colon", true),
    ("NOT:shout", true),
    ("state:OR", true),
    ("annotations.authorization.k8s.io/decision:forbid", true),
    ("annotations.\"authorization.k8s.io/decision\":forbid", true),
    ("source:/var/log/audit/audit.log", true),
    ("source:/var/log/*", true),
    ("source:/audit\\.log$/", true),
    ("userAgent:\"kubectl/v1.30 (linux/amd64)\"", true),
    ("userAgent:kubectl*\\(linux*", true),
    ("flag:true", true),
    ("host:cluster-a", true),
    ("format:k8s-audit", true),
    ("outcome:failure", true),
    ("outcome:(success unknown)", false),
    // Presence.
    ("actor:*", true),
    ("session:*", false),
    ("-session:*", true),
    ("-session:x", true),
    ("nothing:*", false),
    ("blank:*", true),
    ("blank:\"\"", true),
    ("blank:[* TO *]", true),
    ("elsewhere:*", false),
    ("unseen:x", false),
    ("-unseen:x", true),
    ("unseen:x OR alice", true),
    // Numbers.
    ("responseStatus.code:>=400", true),
    ("responseStatus.code:>403", false),
    ("responseStatus.code:<=403.0", true),
    ("responseStatus.code:[400 TO 499]", true),
    ("responseStatus.code:{403 TO 499]", false),
    ("responseStatus.code:[400 TO 403}", false),
    ("responseStatus.code:[400 TO *]", true),
    ("responseStatus.code:{* TO 403}", false),
    ("responseStatus.code:(>500 [403 TO 403])", true),
    ("reason:>=400", true),
    ("big:>9007199254740992", true),
    ("big:>9007199254740993", false),
    ("big:<=9007199254740993", true),
    ("ratio:<0.3", true),
    ("ratio:>-1", true),
    ("retries:>9", true),
    ("userAgent:>0", false),
    ("blank:>0", false),
    ("blank:<0", false),
    ("-userAgent:>0", true),
    ("line:8412", true),
    ("line:8412.0", true),
    ("line:84*", true),
    ("line:[8000 TO 9000]", true),
    ("line:<8412", false),
    // Times.
    ("since:2026-03-01", true),
    ("since:2026-03-02", false),
    ("until:2026-03-01", false),
    ("until:2026-03-02", true),
    ("since:2026-03-01T10:00:30.5Z", true),
    ("until:2026-03-01T10:00:30.5Z", false),
    ("since:4d", true),
    ("since:3d", false),
    ("-since:3d", true),
    ("since:\"2 days ago\" OR until:monday", true),
    ("ts:>2026-03-01T10:00Z", true),
    ("ts:<2026-03-01T10:00Z", false),
    ("ts:2026-03-01", true),
    ("ts:sunday", true),
    ("ts:2026-03-02", false),
    ("ts:>2026-03-01", false),
    ("ts:>=2026-03-01", true),
    ("ts:<=2026-03-01", true),
    ("ts:<2026-03-01", false),
    ("ts:[2026-02-28 TO 2026-03-01]", true),
    ("ts:[2026-02-28 TO 2026-03-01}", false),
    ("ts:{2026-02-28 TO *]", true),
    ("ts:2026-03-01T10:00:30.5Z", true),
    ("ts:\"2026-03-01 11:00:30.500 +01:00\"", true),
    ("ts:2026-03-01T10:00:30Z", false),
    ("ts:2026-03-01t10*", true),
    ("ts:/T10:00:3/", true),
    ("@timestamp:*", true),
    ("seen:<2026-03-01", true),
    ("seen:>2026-03-01", false),
    ("seen:[2026-02-28T22:00Z TO 2026-02-28T23:00Z]", true),
    ("day:[2026-02-27 TO 2026-02-27]", true),
    ("day:<\"3 days ago\"", true),
    ("big:>2026-03-01", false),
    // Addresses.
    ("ip:10.1.2.3", true),
    ("ip:10.0.0.0/8", true),
    ("ip:\"10.1.2.3\"", true),
    ("ip:10.1.*", true),
    ("ip:11.0.0.0/8", false),
    ("ip:192.168.0.9", true),
    ("ip:192.168.0.0/16", true),
    ("ip:::ffff:192.168.0.9", true),
    ("ip:2001:DB8:0::7", true),
    ("ip:2001:db8::/32", true),
    ("ip:[10.1.2.0 TO 10.1.2.9]", true),
    ("ip:>192.168.0.9", false),
    ("ip:(1.1.1.1 10.0.0.0/8)", true),
    ("-ip:10.0.0.0/8", false),
    ("sourceIPs:203.0.113.0/24", true),
    ("sourceIPs:\"203.0.113.0/24\"", false),
    ("sourceIPs:[203.0.113.1 TO 203.0.113.9]", true),
    // Severity, verdict, id, message.
    ("severity:err", true),
    ("severity:ERROR", true),
    ("severity:>=err", true),
    ("severity:>=warning", true),
    ("severity:>err", false),
    ("severity:<=crit", true),
    ("severity:[warning TO crit]", true),
    ("severity:e*", true),
    ("severity:(info debug)", false),
    ("chain:broken", true),
    ("chain:deleted", true),
    ("chain:inserted", false),
    ("chain:(inserted deleted)", true),
    ("-chain:verified", true),
    ("chain:del*", true),
    ("chain:*", true),
    ("id:00abcdef0123456789abcdef01234567", true),
    ("id:00ABCDEF*", true),
    ("id:ff*", false),
    ("message:denied", true),
    ("message:den*", true),
    ("message:\"not delete\"", true),
    ("message:/etc/shadow", true),
    ("message:/may not (read|delete)/", true),
    ("message:/^denied/", false),
    ("message:(foo alice)", true),
    ("message:*", true),
    ("message:kubectl", false),
];

#[test]
fn an_event_without_values_passes_no_test_but_their_negation() {
    let empty = Event::default();
    for text in [
        "actor:*",
        "alice",
        "ts:>2000-01-01",
        "since:2000-01-01",
        "until:2100-01-01",
        "ip:0.0.0.0/0",
        "line:>0",
        "severity:<=emerg",
        "severity:*",
        "ts:*",
        "message:x",
        "user:/./",
    ] {
        assert!(!matcher(text).matches(&empty, Verdict::Pending), "{text}");
        assert!(
            matcher(&format!("-({text})")).matches(&empty, Verdict::Pending),
            "not {text}"
        );
    }
    assert!(matcher("outcome:unknown chain:pending").matches(&empty, Verdict::Pending));
}

#[test]
fn exact_tests_name_their_literals() {
    let exact = |text: &str| {
        let bound = parse(text).bind(&context()).unwrap();
        let Ast::Field(FieldRef::Normal(field), test) = bound.ast else {
            panic!("{text}")
        };
        let test = value::ValueTest::for_field(&test, field).unwrap();
        test.any_exact()
            .map(|list| list.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    for (text, want) in [
        ("actor:Alice", Some(vec!["alice"])),
        ("actor:(Alice \"B*\" c\\*)", Some(vec!["alice", "b*", "c*"])),
        ("actor:(alice b*)", None),
        ("actor:*", None),
        ("actor:/x/", None),
        ("actor:>1", None),
        ("actor:10.0.0.0/8", None),
        ("ip:::FFFF:10.0.0.1", Some(vec!["10.0.0.1"])),
        ("ip:2001:DB8:0::1", Some(vec!["2001:db8::1"])),
        ("ip:10.0.0.0/8", None),
        (
            "id:00ABCDEF0123456789abcdef01234567",
            Some(vec!["00abcdef0123456789abcdef01234567"]),
        ),
        ("chain:broken", Some(vec!["broken"])),
        ("severity:err", None),
        ("line:1", None),
        ("ts:2026-03-01T10:00Z", None),
        ("message:denied", None),
    ] {
        assert_eq!(
            exact(text),
            want.map(|l| l.into_iter().map(str::to_owned).collect()),
            "{text}"
        );
    }
}

#[test]
fn value_tests_judge_typed_values_by_their_text_too() {
    let test = |text: &str| {
        let Ast::Field(FieldRef::Normal(field), test) = parse(text).bind(&context()).unwrap().ast
        else {
            panic!("{text}")
        };
        value::ValueTest::for_field(&test, field).unwrap()
    };
    assert!(test("ip:10.0.*").matches("::ffff:10.0.0.1"));
    assert!(test("ip:/^10/").matches("::ffff:10.0.0.1"));
    assert!(test("ts:2026-03-01").matches("2026-03-01t10:00:00.000000000z"));
    assert!(test("severity:>=err").matches("crit"));
    assert!(test("line:>9").matches("10"));
    assert!(test("ts:2026-03-01").matches_time(Timestamp::parse("2026-03-01T00:00:00Z").unwrap()));
    assert!(!test("ts:2026-03-01").matches_time(Timestamp::parse("2026-03-02T00:00:00Z").unwrap()));
}
