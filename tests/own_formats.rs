//! Formats of the configuration: a made-up application's log read by ten lines of TOML, and what is wrong with others.

use std::fs;

use crate::support::program::Program;

/// The example of README.
fn door() -> String {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, after) = readme.split_once("<!-- own-format -->").unwrap();
    let (example, _) = after.split_once("<!-- /own-format -->").unwrap();
    let example = example.trim().strip_prefix("```toml\n").unwrap();
    example.strip_suffix("```").unwrap().to_owned()
}

const DOOR_LOG: &str = "\
01.03.2026-09:00:00 ana OPEN 7 GRANTED
01.03.2026-09:00:05 bob OPEN 7 REFUSED
  badge expired
  since january
01.03.2026-09:01:00 ana CLOSE 7 GRANTED
";

fn configured(text: &str) -> Program {
    let program = Program::new();
    program.configure(text);
    program
}

fn rows(program: &Program, file: &str) -> String {
    let fields = "ts,actor,action,target,outcome,ip,format";
    program.print([
        "search", "*", file, "--sort", "asc", "--fields", fields, "--format", "csv",
    ])
}

#[test]
fn a_made_up_log_is_read_by_ten_lines() {
    let door = door();
    assert!(door.lines().count() <= 10);
    let program = configured(&door);
    fs::write(program.logs().join("door.log"), DOOR_LOG).unwrap();
    let want = "\
ts,actor,action,target,outcome,ip,format
2026-03-01T09:00:00.000000000Z,ana,OPEN,door/7,success,,door
2026-03-01T09:00:05.000000000Z,bob,OPEN,door/7,failure,,door
2026-03-01T09:01:00.000000000Z,ana,CLOSE,door/7,success,,door
";
    assert_eq!(rows(&program, "door.log"), want);
    // From the index, too.
    assert_eq!(rows(&program, "door.log"), want);
    let raw = program.print(["search", "january", "door.log", "--format", "raw"]);
    assert!(
        raw.ends_with("REFUSED\n  badge expired\n  since january\n"),
        "{raw}"
    );
    let detected = program.print(["formats", "detect", "door.log"]);
    assert!(
        detected.contains("door (a format of config.toml), score 99"),
        "{detected}"
    );
    let shown = program.print(["formats", "show", "door"]);
    assert!(shown.contains("door/{door}"), "{shown}");
    // What the configuration says now holds for what is indexed already.
    let config = program.home().join("config/config.toml");
    fs::write(
        config,
        door.replace("REFUSED = \"failure\"", "REFUSED = \"success\""),
    )
    .unwrap();
    assert!(!rows(&program, "door.log").contains("failure"));
}

#[test]
fn json_and_logfmt_have_fields_of_their_own_and_the_rest_is_guessed() {
    let program = configured(
        r#"
[[format]]
id = "till"
reads = "json"
known_by = ["till_event amount"]
fields = { action = "till_event", target = ["goods.name", "=the till"] }
[[format]]
id = "gate"
reads = "logfmt"
known_by = ["gate barrier=up", "gate barrier=down"]
fields = { action = "barrier", target = "gate/{gate}" }
"#,
    );
    let till = concat!(
        r#"{"time":"2026-03-01T09:00:00Z","till_event":"SALE","amount":3,"cashier":{"user":"ana"},"goods":{"name":"tea"}}"#,
        "\n",
        r#"{"time":"2026-03-01T09:00:01Z","till_event":"VOID","amount":3,"cashier":{"user":"bob"}}"#,
        "\n"
    );
    fs::write(program.logs().join("till.jsonl"), till).unwrap();
    let gate = "time=2026-03-01T09:00:00Z gate=4 barrier=up user=ana ip=10.0.0.1\n";
    fs::write(program.logs().join("gate.log"), gate.repeat(3)).unwrap();
    let till = rows(&program, "till.jsonl");
    assert!(till.contains("Z,ana,SALE,tea,unknown,,till\n"), "{till}");
    assert!(
        till.contains("Z,bob,VOID,the till,unknown,,till\n"),
        "{till}"
    );
    let gate = rows(&program, "gate.log");
    assert!(
        gate.contains("Z,ana,up,gate/4,unknown,10.0.0.1,gate\n"),
        "{gate}"
    );
}

#[test]
fn a_wrong_format_is_named_with_its_line_and_the_others_hold() {
    let door = door();
    let config = format!(
        "{door}\n{}",
        r#"[[format]]
id = "a b"
pattern = '(?<a>x)'
[[format]]
id = "k8s-audit"
pattern = '(?<a>x)'
[[format]]
id = "broken"
pattern = '(?<a>x'
[[format]]
id = "nameless"
pattern = 'x'
[[format]]
id = "odd"
reads = "xml"
[[format]]
id = "misspelt"
pattern = '(?<a>x)'
feilds = { actor = "a" }
[[format]]
id = "no-field"
pattern = '(?<a>x)'
fields = { colour = "a" }
[[format]]
id = "no-group"
pattern = '(?<a>x) (?<b>y)'
fields = { actor = "c" }
[[format]]
id = "no-time"
pattern = '(?<a>x)'
time = "%b %e %H:%M"
[[format]]
id = "any"
reads = "json"
known_by = [""]
[[format]]
id = "number"
pattern = '(?<a>x)'
fields = { actor = [3] }
[[format]]
id = "twice"
pattern = '(?<a>x)'
known_by = ["a"]
"#
    );
    let first = door.lines().count() + 2;
    let program = configured(&config);
    let told = program.run(["formats"]);
    for (after, words) in [
        (1, "letters, digits, - and _"),
        (4, "there is a format k8s-audit already"),
        (8, "unclosed group"),
        (11, "no named group"),
        (14, "unknown variant `xml`"),
        (18, "unknown field `feilds`"),
        (22, "there is no field \"colour\" to fill"),
        (26, "the pattern has no group \"c\"; it has a, b"),
        (30, "time: \"%b %e %H:%M\" tells no day of a year"),
        (34, "an empty condition fits every record"),
        (42, "known_by is not for a pattern"),
        (38, "expected a path, a {template}"),
    ] {
        let place = format!("config.toml:{}:", first + after);
        let line = told.err.lines().find(|line| line.contains(&place));
        assert!(
            line.is_some_and(|l| l.contains(words)),
            "{place} {words}: {}",
            told.err
        );
    }
    assert!(told.out.contains("door "), "{}", told.out);
    assert!(!told.out.contains("nameless"), "{}", told.out);
}

#[test]
fn a_record_that_known_by_does_not_name_is_read_by_others() {
    let program = configured(
        "[[format]]\nid = \"till\"\nreads = \"json\"\nknown_by = [\"till\"]\nfields = { ip = [\"real\", \"peer\"] }\n",
    );
    let till = "{\"till\":4,\"client_ip\":\"10.0.0.1\",\"peer\":\"203.0.113.7\"}\n".repeat(3);
    let other = "{\"user\":\"ana\",\"action\":\"login\"}\n";
    program.log("till.jsonl", format!("\u{feff}{till}{other}"));
    let read = program.print([
        "search",
        "*",
        "till.jsonl",
        "--fields",
        "format,ip,actor",
        "--format",
        "csv",
        "--sort",
        "asc",
    ]);
    let rows: Vec<&str> = read.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "till,203.0.113.7,",
            "till,203.0.113.7,",
            "till,203.0.113.7,",
            "json~,,ana"
        ]
    );
}

#[test]
fn a_pattern_that_fits_anything_takes_what_nobody_else_reads() {
    let program = configured("[[format]]\nid = \"any\"\npattern = '(?<rest>.+)'\n");
    program.fixture("chain/R1.jsonl");
    program.log("words.log", "gate opened\nsomebody came\n".repeat(9));
    let read_as = |file| program.print(["formats", "detect", file]);
    let words = read_as("words.log");
    assert!(words.starts_with("words.log: any "), "{words}");
    let known = read_as("R1.jsonl");
    assert!(known.starts_with("R1.jsonl: json~ "), "{known}");
}

#[test]
fn a_draft_of_a_made_up_log_is_a_format_that_finds_things() {
    let program = Program::new();
    let log = concat!(
        r#"{"at":"2026-03-01T09:00:00Z","till_event":"SALE","cashier":{"user":"ana"},"resource":"till/4","result":"granted","clientIp":"203.0.113.9"}"#,
        "\n",
        r#"{"at":"2026-03-01T09:00:01Z","till_event":"VOID \"x\" # [[format]]","cashier":{"user":"bob\u001b[2J"},"resource":"till/5","result":"denied","clientIp":"203.0.113.9"}"#,
        "\n"
    );
    program.log("till.jsonl", log);
    let config = program.home().join("config/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let draft = program.run(["formats", "new", "till.jsonl"]);
    assert_eq!((draft.code, &*draft.err), (0, ""));
    fs::write(&config, &draft.out).unwrap();
    let checked = program.run(["formats", "check", "till.jsonl"]);
    assert_eq!((checked.code, &*checked.err), (0, ""));
    assert!(
        checked
            .out
            .contains("till.jsonl: till, 2 events, 0 unparsed"),
        "{}",
        checked.out
    );
    for field in ["ts", "actor", "target", "outcome", "ip"] {
        let line = format!("  {field:10} 100.0 %");
        assert!(
            checked.out.contains(&line),
            "{}\n{}",
            checked.out,
            draft.out
        );
    }
    let found = program.print([
        "search",
        "outcome:failure target:till*",
        "till.jsonl",
        "--format",
        "jsonl",
    ]);
    assert!(
        found.contains("bob") && found.contains("\"format\":\"till\""),
        "{found}"
    );
    // The next one has a name of its own, and it is said that there is a format already.
    let again = program.run(["formats", "new", "till.jsonl"]);
    assert!(again.out.contains("id = \"till-2\""), "{}", again.out);
    assert!(again.err.contains("is read as till"), "{}", again.err);
}

#[test]
fn a_draft_of_lines_is_a_format_that_finds_things() {
    let program = Program::new();
    program.log("door.log", DOOR_LOG);
    let draft = program.print(["formats", "new", "door.log", "--id", "gate"]);
    let config = program.home().join("config/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, draft).unwrap();
    let checked = program.print(["formats", "check", "door.log"]);
    assert!(
        checked.contains("door.log: gate, 3 events, 0 unparsed"),
        "{checked}"
    );
    let found = program.print([
        "search",
        "action:OPEN outcome:failure",
        "door.log",
        "--format",
        "raw",
    ]);
    assert!(
        found.contains("bob") && found.contains("january"),
        "{found}"
    );
}

#[test]
fn one_file_is_looked_at_and_no_directory_or_pipe() {
    let program = Program::new();
    let log = program.log("a.jsonl", "{\"user\":\"alice\"}\n");
    let folder = log.parent().unwrap().to_str().unwrap();
    for action in ["detect", "check", "new"] {
        for (what, why) in [(folder, "is a directory"), ("-", "comes by a pipe")] {
            let ran = program.run(["formats", action, what]);
            let wanted = format!("{why}: name one file");
            assert!(
                ran.code != 0 && ran.err.contains(&wanted),
                "{action} {what}: {ran:?}"
            );
        }
    }
}

#[test]
fn what_cannot_be_read_has_no_draft() {
    let program = Program::new();
    program.log("empty.log", "");
    program.log("binary.log", b"\0\x01\x02\0\0\0".repeat(100));
    program.log("some.log", "a=1 b=2\n");
    for (args, code, says) in [
        (&["empty.log"][..], 5, "empty or binary"),
        (&["binary.log"], 5, "empty or binary"),
        (&["missing.log"], 5, "missing.log"),
        (&["some.log", "--id", "a b"], 2, "letters, digits, - and _"),
        (
            &["some.log", "--id", "k8s-audit"],
            2,
            "there is a format k8s-audit already",
        ),
    ] {
        let ran = program.run(["formats", "new"].iter().chain(args));
        assert_eq!((ran.code, &*ran.out), (code, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
    }
    let known = program.fixture("k8s-audit/audit2rbac_demo.log");
    let ran = program.run(["formats".as_ref(), "new".as_ref(), known.as_os_str()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("is read as k8s-audit"), "{}", ran.err);
    assert!(ran.out.contains("[[format]]"), "{}", ran.out);
}
