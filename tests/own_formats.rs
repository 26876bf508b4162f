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
    let folder = program.home().join("config");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
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
"#
    );
    let first = door.lines().count() + 2;
    let program = configured(&config);
    let told = program.run(["formats"]);
    for (after, words) in [
        (0, "letters, digits, - and _"),
        (3, "there is a format k8s-audit already"),
        (6, "unclosed group"),
        (9, "no named group"),
        (14, "unknown variant `xml`"),
        (18, "unknown field `feilds`"),
        (19, "there is no field \"colour\" to fill"),
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
