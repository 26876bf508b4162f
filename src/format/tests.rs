//! Every fixture of every format, from detection to normalised events.

mod half_way;
mod leaves;
mod mutated;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::event::{Outcome, Timestamp, Zone};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.file_name().unwrap() != "SOURCES.md")
        .collect();
    files.sort();
    files
}

fn context() -> Context {
    Context {
        reference: Timestamp::parse("2026-06-01T00:00:00Z").unwrap(),
        zone: Zone::Utc,
        ..Context::default()
    }
}

fn frames(format: &Arc<dyn Format>, bytes: &[u8]) -> Vec<Frame> {
    let mut framer = format.framer(0);
    let mut frames = Vec::new();
    framer.push(bytes, &mut frames);
    framer.finish(&mut frames);
    frames
}

fn read(bytes: &[u8]) -> (Detection, Vec<Event>) {
    let registry = Registry::builtin();
    let detection = registry.detect(&bytes[..bytes.len().min(64 << 10)]);
    let context = Context {
        header: detection.format.header(bytes).map(Into::into),
        ..context()
    };
    let events = frames(&detection.format, bytes)
        .iter()
        .flat_map(|frame| registry.parse(&detection.format, frame, &context))
        .collect();
    (detection, events)
}

/// One line a file, then its first events, one line each: what a person reviews in the snapshots.
fn report(folder: &str) -> String {
    let mut out = String::new();
    for file in fixtures(folder) {
        let bytes = std::fs::read(&file).unwrap();
        let (detection, events) = read(&bytes);
        let name = file.file_name().unwrap().to_string_lossy();
        writeln!(
            out,
            "== {name}: {} {} ({} events, {} noted)",
            detection.format.id(),
            detection.score,
            events.len(),
            events.iter().filter(|e| e.note.is_some()).count(),
        )
        .unwrap();
        for event in events.iter().take(24) {
            writeln!(out, "{}", line(event)).unwrap();
        }
    }
    out
}

fn line(e: &Event) -> String {
    let mut parts = vec![
        e.ts.map_or("-".into(), |t| t.rfc3339()),
        e.format.to_string(),
    ];
    let fields = [
        ("actor", e.actor.clone()),
        ("action", e.action.clone()),
        ("target", e.target.clone()),
        ("outcome", Some(e.outcome.to_string())),
        ("reason", e.reason.clone()),
        (
            "ip",
            Some(format!("{:?}", e.ip)).filter(|_| !e.ip.is_empty()),
        ),
        ("host", e.host.clone()),
        ("session", e.session.clone()),
        ("severity", e.severity.map(|s| s.to_string())),
        ("message", e.message.clone()),
        ("note", e.note.clone()),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            let short: String = value.chars().take(70).collect();
            parts.push(format!("{name}={}", short.escape_debug()));
        }
    }
    parts.join(" ")
}

macro_rules! fixture_tests {
    ($($name:ident $folder:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(report($folder));
        }
    )*};
}

fixture_tests! {
    k8s_audit_fixtures "k8s-audit";
    cloudtrail_fixtures "cloudtrail";
    cloudtrail_digest_fixtures "cloudtrail-digest";
    cloudtrail_insight_fixtures "cloudtrail-insight";
    auditd_fixtures "auditd";
    syslog_fixtures "syslog";
    json_fixtures "json";
    text_fixtures "text";
    azure_activity_fixtures "azure-activity";
    cef_fixtures "cef";
    csv_fixtures "csv";
    ecs_fixtures "ecs";
    leef_fixtures "leef";
    entra_fixtures "entra";
    gcp_audit_fixtures "gcp-audit";
    github_fixtures "github";
    gitlab_fixtures "gitlab";
    google_workspace_fixtures "google-workspace";
    hoop_fixtures "hoop";
    journald_fixtures "journald";
    keycloak_fixtures "keycloak";
    logfmt_fixtures "logfmt";
    m365_fixtures "m365";
    mariadb_fixtures "mariadb";
    mysql_fixtures "mysql";
    ocsf_fixtures "ocsf";
    okta_fixtures "okta";
    otlp_fixtures "otlp";
    postgres_fixtures "postgres";
    slack_fixtures "slack";
    teleport_fixtures "teleport";
    vault_fixtures "vault";
    windows_event_fixtures "windows-event";
}

#[test]
fn attributes_of_an_audit_event_are_the_records_own_keys() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/auditd/interleaved.log");
    let (_, events) = read(&std::fs::read(file).unwrap());
    let with = |path: &str, value: &str| {
        events
            .iter()
            .filter(|e| e.attributes.all(path).any(|v| v.text == value))
            .count()
    };
    assert_eq!(with("a1", "-D"), 1);
    assert_eq!(with("exe", "/usr/sbin/auditctl"), 1);
    assert_eq!(with("type", "SYSCALL"), 3);
    assert_eq!(with("res", "failed"), 2);
    assert_eq!(with("addr", "198.51.100.9"), 1);
    assert_eq!(with("acct", "alice"), 1);
    assert_eq!(with("syscall", "openat"), 1);
    assert_eq!(with("syscall_nr", "257"), 1);
    assert_eq!(with("arch", "aarch64"), 1);
    assert_eq!(with("key", "external"), 1);
    assert_eq!(with("lport", "443"), 1);
    assert_eq!(with("auid", "4294967295"), 0);
    assert_eq!(with("cmd", "cat /etc/shadow"), 1);
}

/// The three ways in which one server wrote one workload tell the same.
#[test]
fn postgres_logs_of_one_workload_give_equal_events() {
    let events = |name: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/postgres");
        let (detection, events) = read(&std::fs::read(file.join(name)).unwrap());
        assert_eq!(detection.format.id(), "postgres", "{name}");
        let told = |e: Event| {
            let who = (e.ts, e.actor, e.ip, e.session);
            (
                who,
                (e.action, e.target, e.outcome, e.reason),
                (e.severity, e.message),
            )
        };
        events.into_iter().map(told).collect::<Vec<_>>()
    };
    let csv = events("pgaudit_workload.csv");
    assert!(csv.len() > 60);
    for other in ["pgaudit_workload.json", "pgaudit_workload.log"] {
        let seen = events(other);
        for (want, seen) in csv.iter().zip(&seen) {
            assert_eq!(want, seen, "{other}");
        }
        assert_eq!(csv.len(), seen.len(), "{other}");
    }
}

/// What failed in a file: who, what, on what, why.
fn failures(file: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(file);
    let (_, events) = read(&std::fs::read(file).unwrap());
    let failed = events.into_iter().filter(|e| e.outcome == Outcome::Failure);
    let told = |e: Event| {
        let fields = [e.actor, e.action, e.target, e.reason];
        fields.map(|field| field.unwrap_or("-".into())).join(" | ")
    };
    failed.map(told).collect()
}

#[test]
fn databases_tell_what_failed() {
    assert_eq!(
        failures("postgres/pgaudit_workload.log"),
        [
            "postgres | SELECT | select * from nowhere; | 42P01",
            "postgres | SELEC | selec 1; | 42601",
            "app_rw | DROP TABLE | drop table accounts | 42501",
            "report_ro | password authentication failed | shop | 28P01",
            "mallory | password authentication failed | shop | 28P01",
            "report_ro | database does not exist | nosuchdb | 3D000",
            "report_ro | SELECT | accounts | 42501",
            "app_rw | - | - | 57P01",
        ]
    );
    assert_eq!(
        failures("mariadb/server_audit.log"),
        [
            "root | QUERY | select * from nowhere | 1146",
            "app | QUERY | drop table accounts | 1142",
            "app | FAILED_CONNECT | - | 1045",
            "mal,1,2,CONNECT,lory | FAILED_CONNECT | - | 1045",
        ]
    );
}

/// What the journal says is the same in both of its forms.
#[test]
fn journals_of_both_forms_give_equal_events() {
    for name in ["audit", "kjournald_head"] {
        let events = |extension: &str| {
            let file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/fixtures/journald")
                .join(format!("{name}.{extension}"));
            let (detection, events) = read(&std::fs::read(file).unwrap());
            assert_eq!(detection.format.id(), "journald", "{name}.{extension}");
            events.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(events("json"), events("export"), "{name}");
    }
}

/// Content alone decides, also from a later line on; a document cannot be entered in the middle.
#[test]
fn detection_is_by_content_from_any_line() {
    let registry = Registry::builtin();
    for folder in [
        "k8s-audit",
        "cloudtrail",
        "auditd",
        "syslog",
        "json",
        "text",
    ] {
        for file in fixtures(folder) {
            let bytes = std::fs::read(&file).unwrap();
            let detection = registry.detect(&bytes);
            let id = detection.format.id().trim_end_matches('~');
            assert_eq!(id, folder, "{}", file.display());
            if !detection.format.splittable() {
                continue;
            }
            let starts: Vec<usize> = memchr::memchr_iter(b'\n', &bytes)
                .map(|at| at + 1)
                .collect();
            for start in starts.iter().take(starts.len() / 3) {
                let later = registry.detect(&bytes[*start..]);
                let id = later.format.id().trim_end_matches('~');
                assert_eq!(id, folder, "{} from {start}", file.display());
            }
        }
    }
}

#[test]
fn layouts_are_told_by_the_sample_also_when_the_format_is_named() {
    let registry = Registry::builtin();
    let wrapped = br#"{"Records":[{"eventName":"A","eventSource":"b","awsRegion":"c"}]}"#;
    let line = br#"{"eventName":"A","eventSource":"b","awsRegion":"c"}"#;
    for (sample, splittable) in [(&wrapped[..], false), (&line[..], true)] {
        let named = registry.get_for("cloudtrail", sample).unwrap();
        assert_eq!(named.splittable(), splittable);
        let detected = registry.detect(sample).format;
        assert_eq!(
            (detected.id(), detected.splittable()),
            ("cloudtrail", splittable)
        );
    }
    assert!(registry.get("cloudtrail").unwrap().splittable());
    assert!(registry.get("nope").is_none());
    let all = registry.all();
    let ids: std::collections::HashSet<&str> = all.iter().map(|f| f.id()).collect();
    assert_eq!(ids.len(), all.len());
    assert_eq!(all.last().map(|f| f.id()), Some("text"));
}

/// A frame another format fits better is read by it; what none can read becomes text that says why.
#[test]
fn a_source_that_changes_its_format_is_read_on() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/k8s-audit/stages.jsonl");
    let mut bytes = std::fs::read(file).unwrap();
    bytes.extend_from_slice(
        b"type=USER_LOGIN msg=audit(1772355600.103:13): pid=703 uid=0 res=failed\n",
    );
    bytes.extend_from_slice(b"Mar  1 09:00:01 bastion sshd[811]: Accepted publickey for alice from 203.0.113.7 port 1\n");
    let (_, events) = read(&bytes);
    let formats: Vec<&str> = events.iter().skip(5).map(|e| &*e.format).collect();
    assert_eq!(formats, ["text", "json~", "auditd", "syslog"]);
    assert_eq!(events[5].message.as_deref(), Some("not json at all"));
    assert!(
        events[5]
            .note
            .as_deref()
            .unwrap()
            .contains("not a JSON object")
    );
}

#[test]
fn hostile_records_become_events_with_a_note() {
    let registry = Registry::builtin();
    let json = registry.get("json").unwrap();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (bytes, format, note) in [
        (deep.as_bytes(), "text", "nested too deeply"),
        (b"{\"a\":1,\"a\":2}", "json~", "more than once"),
        (b"{\"a\":\"\xff\"}", "json~", "not UTF-8"),
        (b"\0\0\0", "text", "NUL"),
        (b"{\"a\":", "text", "not valid JSON"),
    ] {
        let frame = Frame {
            bytes: bytes::Bytes::copy_from_slice(bytes),
            cut: 7,
            ..Frame::default()
        };
        let events = registry.parse(&json, &frame, &context());
        assert_eq!(events.len(), 1);
        let event = &events[0];
        assert_eq!(&*event.format, format, "{note}");
        assert!(
            event.note.as_deref().unwrap().contains(note),
            "{:?}",
            event.note
        );
        assert!(
            event
                .note
                .as_deref()
                .unwrap()
                .contains("7 bytes more were not kept")
        );
        assert_eq!(event.raw, bytes);
    }
}

/// A byte order mark and CRLF change nothing but the raw bytes.
#[test]
fn byte_order_marks_and_crlf_are_tolerated() {
    for name in [
        "k8s-audit/stages.jsonl",
        "k8s-audit/eventlist.json",
        "auditd/interleaved.log",
        "syslog/auth.log",
    ] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name);
        let plain = std::fs::read_to_string(file).unwrap();
        let windows = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
        let (_, want) = read(plain.as_bytes());
        let (_, seen) = read(windows.as_bytes());
        let lines = |events: &[Event]| events.iter().map(line).collect::<Vec<_>>();
        assert_eq!(lines(&want), lines(&seen), "{name}");
    }
}

#[test]
fn account_tools_say_whom_they_changed() {
    let told = |line: &str| {
        let event = read(line.as_bytes()).1.remove(0);
        let text = |field: Option<String>| field.unwrap_or_default();
        (text(event.actor), text(event.action), text(event.target))
    };
    let words = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(
        told(
            "Mar  4 10:00:00 web usermod[7]: change user 'daemon' shell from '/usr/sbin/nologin' to '/bin/bash'\n"
        ),
        words("", "change user", "daemon")
    );
    assert_eq!(
        told("Mar  4 10:00:00 web gpasswd[7]: user bob added by root to group wheel\n"),
        words("root", "added to group", "wheel/bob")
    );
    assert_eq!(
        told("Mar  4 10:00:00 web usermod[7]: add 'bob' to group 'wheel'\n"),
        words("", "add", "wheel/bob")
    );
    let added = "type=ADD_USER msg=audit(1772611200.000:1): pid=9 uid=0 auid=1000 ses=1 msg='op=adding user id=1012 \
                 exe=\"/usr/sbin/useradd\" hostname=web addr=? terminal=pts/0 res=success'\u{1d}UID=\"root\" AUID=\"ann\" ID=\"bob\"\n";
    assert_eq!(told(added), words("ann", "ADD_USER", "bob"));
}

#[test]
fn auditd_arguments_in_pieces_are_joined() {
    let log = "type=EXECVE msg=audit(1.000:1): argc=3 a0=\"sh\" a1_len=8 a1[0]=6563686F a1[1]=2068690A a2=\"x\"";
    let (_, events) = read(log.as_bytes());
    assert_eq!(events[0].message.as_deref(), Some("sh echo hi\n x"));
    assert_eq!(events[0].action.as_deref(), Some("EXECVE"));
}

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..24),
        "[ -~\\n\\t]{0,40}".prop_map(String::into_bytes),
        proptest::sample::select(vec![
            "\n",
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\",
            ",",
            "{\"verb\":\"get\",\"auditID\":\"1\"}",
            "{\"Records\":[",
            "{\"eventName\":\"a\",\"eventSource\":\"b\",\"awsRegion\":\"c\"}",
            "]}",
            "\u{feff}",
            "é",
            "type=SYSCALL msg=audit(1.002:3): arch=c000003e syscall=59 a0=\"",
            "type=EOE msg=audit(1.002:3): ",
            "type=SOCKADDR msg=audit(1.002:3): saddr=0200",
            "msg='",
            "key=00FF",
            "<34>1 - - - - - [a b=\"",
            "Mar  1 09:00:01 h sshd[1]: Failed password for ",
            "from ",
            "sudo: a : TTY=x ; ",
            "user ",
            "pam_unix(a:session): session opened for user ",
            "2026-03-01T09:00:00",
            ".5+01:00 ",
            "\r\n",
            "2026-03-01 10:00:00.1 CET [12] bob@shop ",
            "LOG:  duration: 1 ms  execute x: ",
            "ERROR:  AUDIT: SESSION,1,1,\"",
            "[3-2] \t",
            ",\"bob\",,1,\"[local]\",a.b,1,\"\",x,,0,LOG,00000,\"",
            "20260301 10:00:00,db,root,h,1,2,QUERY,shop,'a\\",
            "',0",
            "__CURSOR=1\n",
            "MESSAGE\n\u{3}\0\0\0\0\0\0\0a\n\n",
            "level=info msg=\"a\\",
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// No bytes make any format panic, and every line is in the raw bytes of some event.
    #[test]
    fn anything_is_read_without_loss(bytes in soup()) {
        let registry = Registry::builtin();
        let detected = registry.detect(&bytes).format;
        for format in registry.all().into_iter().chain([detected]) {
            let mut raw = Vec::new();
            for frame in frames(&format, &bytes) {
                let events = registry.parse(&format, &frame, &context());
                prop_assert!(!events.is_empty());
                for event in events {
                    prop_assert!(!event.format.is_empty());
                    raw.push(event.raw);
                }
            }
            if format.splittable() {
                for line in bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()) {
                    let kept = raw.iter().any(|r| r.split(|b| *b == b'\n').any(|l| l == line));
                    prop_assert!(kept, "{} lost {:?}", format.id(), String::from_utf8_lossy(line));
                }
            }
        }
    }

    #[test]
    fn any_text_can_be_parsed_by_any_format(bytes in soup()) {
        let registry = Registry::builtin();
        let frame = Frame { bytes: bytes.into(), ..Frame::default() };
        for format in &registry.all() {
            prop_assert!(!registry.parse(format, &frame, &context()).is_empty());
        }
    }
}

#[test]
fn a_sign_in_through_identity_center_has_its_user_and_whether_it_worked() {
    let record = r#"{"eventVersion":"1.08","userIdentity":{"type":"IdentityCenterUser","accountId":"123456789012","onBehalfOf":{"userId":"94482488-3041"}},
        "eventTime":"2026-03-01T09:00:00Z","eventSource":"signin.amazonaws.com","eventName":"CredentialVerification","awsRegion":"eu-west-1",
        "sourceIPAddress":"203.0.113.7","additionalEventData":{"CredentialType":"PASSWORD","UserName":"ana"},
        "serviceEventDetails":{"CredentialVerification":"Failure"},"eventID":"1"}"#;
    let record = record.replace("\n        ", "");
    for (text, actor) in [
        (record.clone(), "ana"),
        (record.replace(",\"UserName\":\"ana\"", ""), "94482488-3041"),
    ] {
        let (_, events) = read(text.as_bytes());
        assert_eq!(events[0].actor.as_deref(), Some(actor));
        assert_eq!(events[0].outcome, Outcome::Failure);
        assert_eq!(events[0].reason.as_deref(), Some("Failure"));
    }
}

#[test]
fn what_sshd_says_once_for_several_attempts_is_read() {
    for said in [
        "message repeated 5 times: [ Failed password for root from 203.0.113.7 port 22 ssh2]",
        "PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7  user=root",
        "error: PAM: Authentication failure for root from 203.0.113.7",
    ] {
        let line = format!("Mar  1 09:00:00 gate sshd[7]: {said}\n");
        let (_, events) = read(line.as_bytes());
        let event = &events[0];
        assert_eq!(event.actor.as_deref(), Some("root"), "{said}");
        assert_eq!(event.outcome, Outcome::Failure, "{said}");
        assert_eq!(event.ip.len(), 1, "{said}");
        let repeated = event.attributes.get("repeated");
        assert_eq!(repeated, (!said.starts_with("error")).then_some("5"));
    }
}

/// Once quadratic: each `=` looked for a blank from the first byte on.
#[test]
fn a_long_line_of_signs_takes_no_longer_than_another() {
    let cef = format!("CEF:0|a|b|1|2|3|4|{}", "a=".repeat(1 << 20));
    let sql = format!(
        "20260301 09:00:00,h,u,10.0.0.1,1,2,QUERY,db,'{}',0\n",
        ",READ,a,b,".repeat(100_000)
    );
    for text in [cef, sql] {
        let (_, events) = read(text.as_bytes());
        assert_eq!(events.len(), 1);
    }
}
