//! Logs that are numbered but not chained, as `verify` and the index tell of them.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::program::Program;

/// Numbered events of two lines each, their lines interleaved with those of the next.
fn audit_log(serials: impl IntoIterator<Item = u64>) -> String {
    let (mut log, mut open) = (String::new(), None::<u64>);
    for n in serials {
        let at = 1_772_355_600 + n;
        writeln!(log, "type=SYSCALL msg=audit({at}.100:{n}): syscall=59 success=yes exit=0 pid={n} auid=1000 uid=0 comm=\"id\" exe=\"/usr/bin/id\"").unwrap();
        if let Some(before) = open.replace(n) {
            let at = 1_772_355_600 + before;
            writeln!(
                log,
                "type=PROCTITLE msg=audit({at}.100:{before}): proctitle=6964"
            )
            .unwrap();
        }
    }
    log
}

fn json_log(numbers: impl IntoIterator<Item = u64>) -> String {
    let lines = numbers.into_iter().map(|n| {
        format!(
            "{{\"seq\":{n},\"ts\":\"2026-03-01T09:{:02}:{:02}Z\",\"actor\":\"alice\",\"action\":\"read\"}}\n",
            n / 60 % 60,
            n % 60
        )
    });
    lines.collect()
}

/// Exit status, and what is said of the one file.
fn verified(program: &Program, name: &str) -> (i32, Value) {
    let ran = program.run(["verify", name, "--format", "json"]);
    let mut report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
    (ran.code, report["files"][0].take())
}

fn findings(file: &Value) -> Vec<(&str, &str, u64)> {
    let findings = file["findings"].as_array().unwrap().iter();
    findings
        .map(|f| {
            let word = |key: &str| f[key].as_str().unwrap();
            (word("kind"), word("level"), f["line"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn an_auditd_log_as_it_was_written_is_numbered_and_that_is_no_clean_bill() {
    let program = Program::new();
    program.log("audit.log", audit_log(500..900));
    let (code, file) = verified(&program, "audit.log");
    assert_eq!((code, findings(&file)), (1, vec![]));
    assert_eq!(file["verdict"], "none");
    assert_eq!(file["scheme"], "numbered (auditd serial)");
    assert_eq!(
        file["coverage"],
        "400 records, numbers without gap; nothing protects their contents"
    );
}

#[test]
fn serials_left_out_are_named_also_between_rotated_files() {
    let program = Program::new();
    program.log("audit.log.1", audit_log((500..700).filter(|n| *n != 600)));
    program.log("audit.log", audit_log(703..900));
    let ran = program.run(["verify", "."]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "1 serial missing between #599 (line 198, ",
        "3 serials missing between #699 (line 396, ",
        "lines removed, a rotated file that is not here",
        "396 records, 4 numbers missing in 2 gaps; nothing protects their contents",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let marked = program.print(["search", "chain:sequence-gap", ".", "--format", "jsonl"]);
    assert_eq!(marked.lines().count(), 2, "{marked}");
    assert!(marked.contains("601") && marked.contains("703"), "{marked}");
}

#[test]
fn a_start_of_the_machine_explains_serials_that_begin_anew() {
    let program = Program::new();
    let start = "type=DAEMON_START msg=audit(1772356600.001:4711): op=start ver=4.0.3 format=enriched auid=4294967295 pid=700 res=success\n";
    let boot = "type=SYSTEM_BOOT msg=audit(1772356601.100:8): pid=702 uid=0 auid=4294967295 ses=4294967295 msg='comm=\"systemd-update-utmp\" res=success'\n";
    let (before, after) = (audit_log(5000..5100), audit_log(9..100));
    program.log("told.log", [&before, start, boot, &after].concat());
    assert_eq!(findings(&verified(&program, "told.log").1), []);
    program.log("untold.log", [before, after].concat());
    let (code, file) = verified(&program, "untold.log");
    assert_eq!(code, 1);
    assert_eq!(findings(&file), [("restart", "warning", 200)]);
}

#[test]
fn json_lines_that_count_are_followed() {
    let program = Program::new();
    program.log("clean.jsonl", json_log(1..200));
    let (code, file) = verified(&program, "clean.jsonl");
    assert_eq!((code, findings(&file)), (1, vec![]));
    assert_eq!(file["scheme"], "numbered (seq)");
    program.log("cut.jsonl", json_log((1..200).filter(|n| *n != 150)));
    let (code, file) = verified(&program, "cut.jsonl");
    assert_eq!(code, 1);
    assert_eq!(findings(&file), [("sequence-gap", "warning", 150)]);
    // A line before them does not hide it.
    let cut = json_log((1..200).filter(|n| *n != 150));
    program.log("begun.jsonl", format!("# log started\n{cut}"));
    let (code, file) = verified(&program, "begun.jsonl");
    assert_eq!(
        (code, findings(&file)),
        (1, vec![("sequence-gap", "warning", 151)])
    );
    program.log("again.jsonl", json_log((1..101).chain(90..200)));
    let (code, file) = verified(&program, "again.jsonl");
    assert_eq!(code, 3);
    assert_eq!(findings(&file), [("duplicated", "alarm", 101)]);
    assert_eq!(file["findings"][0]["line_end"], 111);
    let other = json_log([150]).replace("alice", "mallory");
    program.log(
        "slipped.jsonl",
        [json_log(1..151), other, json_log(151..200)].concat(),
    );
    let (code, file) = verified(&program, "slipped.jsonl");
    assert_eq!(code, 1);
    assert_eq!(findings(&file), [("sequence-gap", "warning", 151)]);
}

#[test]
fn a_few_records_picked_from_logs_in_the_field_are_no_sequence() {
    let program = Program::new();
    for name in [
        "interleaved.log",
        "oms_auditd_part.log",
        "otrf_sh_arp_cache_2020-11-10074812.log",
        "plaso_audit_enriched.log",
        "plaso_selinux.log",
    ] {
        program.fixture(&format!("auditd/{name}"));
        let (code, file) = verified(&program, name);
        assert_eq!(code, 1, "{name}");
        assert_eq!(findings(&file), [], "{name}");
    }
}

/// Both stages of requests, two seconds for each; `without` leaves out the answer of one.
fn requests(count: u64, without: Option<u64>) -> String {
    let mut log = String::new();
    for n in 0..count {
        let time = |second: u64| {
            format!(
                "2026-03-01T{:02}:{:02}:{:02}.000000Z",
                9 + second / 3600,
                second / 60 % 60,
                second % 60
            )
        };
        for (stage, second) in [("RequestReceived", n * 2), ("ResponseComplete", n * 2 + 1)] {
            if without == Some(n) && stage == "ResponseComplete" {
                continue;
            }
            let (received, staged) = (time(n * 2), time(second));
            writeln!(log, r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"{stage}","verb":"delete","user":{{"username":"alice"}},"objectRef":{{"resource":"secrets","name":"db"}},"requestReceivedTimestamp":"{received}","stageTimestamp":"{staged}"}}"#).unwrap();
        }
    }
    log
}

#[test]
fn a_request_whose_answer_was_removed_is_named() {
    let program = Program::new();
    program.log("whole.log", requests(1200, None));
    let (code, file) = verified(&program, "whole.log");
    assert_eq!((code, findings(&file)), (1, vec![]));
    assert_eq!(file["scheme"], "numbered (request stages)");
    program.log("cut.log", requests(1200, Some(400)));
    let (code, file) = verified(&program, "cut.log");
    assert_eq!(
        (code, findings(&file)),
        (1, vec![("sequence-gap", "warning", 801)])
    );
    let marked = program.print([
        "search",
        "chain:sequence-gap",
        "cut.log",
        "--format",
        "jsonl",
    ]);
    assert!(
        marked.contains("id-400") && marked.lines().count() == 1,
        "{marked}"
    );
}
