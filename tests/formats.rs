//! `auditty formats`: what can be read is listed, told by content, shown and checked.

use crate::support::program::Program;

#[test]
fn formats_are_listed_detected_and_shown() {
    let program = Program::new();
    let list = program.print(["formats"]);
    for id in [
        "k8s-audit",
        "cloudtrail",
        "auditd",
        "syslog",
        "json~",
        "text",
    ] {
        assert!(
            list.lines().any(|line| line.starts_with(&format!("{id} "))),
            "{list}"
        );
    }
    assert_eq!(program.print(["formats", "list"]), list);
    for (fixture, id) in [
        ("k8s-audit/stages.jsonl", "k8s-audit"),
        ("k8s-audit/eventlist.json", "k8s-audit"),
        (
            "cloudtrail/aws.defense-evasion.cloudtrail-stop.json",
            "cloudtrail",
        ),
        ("auditd/plaso_audit_enriched.log", "auditd"),
        ("syslog/auth.log", "syslog"),
        ("okta/panther_Okta.SystemLog_head.jsonl", "okta"),
        ("text/mixed.log", "text"),
    ] {
        let path = program.fixture(fixture);
        let out = program.print(["formats", "detect", path.to_str().unwrap()]);
        assert!(
            out.lines().next().unwrap().contains(&format!(": {id} (")),
            "{fixture}: {out}"
        );
        assert!(
            out.lines().nth(1).unwrap().contains(" of the first "),
            "{out}"
        );
    }
    let stages = program.fixture("k8s-audit/stages.jsonl");
    let out = program.print(["formats", "detect", stages.to_str().unwrap()]);
    for part in [
        "ts in 100 %, actor in 100 %, action in 100 %",
        "known by auditID stage, or by",
        "  also json~ (",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let shown = program.print(["formats", "show", "k8s-audit"]);
    assert!(shown.contains("user.username"), "{shown}");
    let mixed = program.log(
        "mixed.jsonl",
        "{\"time\":\"2026-03-01T09:00:00Z\",\"user\":\"ana\"}\n{\"user\":\"bob\"}\n{\"user\":\"eve\"}\n{\"user\n",
    );
    let mixed = mixed.to_str().unwrap();
    let checked = program.run(["formats", "check", mixed]);
    assert_eq!(checked.code, 1, "{checked:?}");
    for part in [
        "json~, 4 events, 1 unparsed",
        "ts          25.0 %",
        "actor       75.0 %",
        "line 4: ",
    ] {
        assert!(checked.out.contains(part), "{part}: {}", checked.out);
    }
    let lenient = ["formats", "check", mixed, "--max-unparsed", "25"];
    assert_eq!(program.run(lenient).code, 0);
    let forced = program.print(["formats", "check", mixed, "--format", "text"]);
    assert!(forced.contains("text, 4 events, 0 unparsed"), "{forced}");
    assert_eq!(
        program
            .run(["formats", "check", mixed, "--format", "x"])
            .code,
        2
    );
    let empty = program.log("empty.log", "");
    assert_eq!(
        program
            .run(["formats", "detect", empty.to_str().unwrap()])
            .code,
        1
    );
}

/// What PowerShell writes with `>`: the same events as in UTF-8, with the lines' numbers.
#[test]
fn utf16_is_read_as_utf8_is() {
    let program = Program::new();
    let text: String = (0..300)
        .map(|n| format!("{{\"time\":\"2026-11-26T10:00:00Z\",\"user\":\"Jörg{n} 😀\",\"action\":\"login\"}}\r\n"))
        .collect();
    program.log("plain.json", &text);
    let ask = |file: &str| {
        program.print([
            "search",
            "jörg7",
            file,
            "--fields",
            "ts,actor,action,line",
            "--format",
            "csv",
        ])
    };
    let want = ask("plain.json");
    assert!(want.contains("Jörg7 😀,login,8"), "{want}");
    let units = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(order)
            .collect()
    };
    program.log("le.json", units(u16::to_le_bytes));
    program.log("be.json", units(u16::to_be_bytes));
    assert_eq!(ask("le.json"), want);
    assert_eq!(ask("be.json"), want);
    // From the index, too.
    assert_eq!(ask("be.json"), want);
}
