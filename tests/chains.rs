//! Chains as independent writers make them (Python, JavaScript, shell; beside their outputs), found by trying or by what the
//! configuration says of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auditty::chain::{ChainReport, ChainRule, Examined, Finding, Hints, Record, Verifier};
use auditty::event::{BreakKind, Level};
use proptest::prelude::*;

use crate::support::program::Program;

fn writers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chain/writers")
}

fn lines(name: &str) -> Vec<String> {
    let text = fs::read_to_string(writers().join(name)).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The rules of the writers' configuration, with the keys where they lie.
fn rules() -> Vec<ChainRule> {
    #[derive(serde::Deserialize)]
    struct File {
        chain: Vec<ChainRule>,
    }
    let text = fs::read_to_string(writers().join("config.toml")).unwrap();
    let mut file: File = toml::from_str(&text).unwrap();
    for rule in &mut file.chain {
        rule.check().unwrap();
        for key in rule.key.iter_mut().chain(&mut rule.public_key) {
            key.file = writers().join(&key.file);
        }
    }
    file.chain
}

fn hints(name: &str) -> Hints {
    let rules = rules();
    let rule = rules.iter().find(|rule| rule.fits(Path::new(name)));
    rule.map_or_else(Hints::default, ChainRule::load)
}

/// As well ahead as record by record.
fn verify(lines: &[String], hints: Hints) -> ChainReport {
    let mut offset = 0;
    let mut records = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        records.push(Record {
            generation: 0,
            offset,
            line: n as u64 + 1,
            bytes: line.as_bytes(),
            torn: false,
        });
        offset += line.len() as u64 + 1;
    }
    let source: Arc<str> = Arc::from("test");
    let mut verifier = Verifier::with(source.clone(), hints.clone());
    records.iter().for_each(|record| verifier.push(record));
    let report = verifier.finish();
    let mut ahead = Verifier::with(source, hints);
    for records in records.chunks(7) {
        let examiner = ahead.examiner();
        let mut examine = examiner.map(|mut e| move |record: &Record<'_>| e.examine(record.bytes));
        let examined: Vec<Examined> = records
            .iter()
            .map(|record| {
                examine
                    .as_mut()
                    .map_or_else(Examined::default, |e| e(record))
            })
            .collect();
        for (record, examined) in records.iter().zip(examined) {
            ahead.push_examined(record, examined);
        }
    }
    assert_eq!(ahead.finish(), report);
    report
}

fn found(report: &ChainReport) -> Vec<(BreakKind, u64)> {
    report.findings.iter().map(|f| (f.kind, f.line)).collect()
}

/// File, scheme, records that hold of 60.
const WRITTEN: &[(&str, &str, u64)] = &[
    ("js-r3-insertion", "own-insertion sha256 prevHash/hash", 60),
    ("js-r4-jcs", "own-jcs sha256 prev/hash", 60),
    (
        "js-r5-joined",
        "json:prev-insertion sha256 previousHash/currentHash",
        60,
    ),
    (
        "js-r9-payload",
        "{prev}{payloadHash} sha256 prevHash/chainHash over payloadHash",
        60,
    ),
    (
        "js-signed",
        "own-insertion sha256 prevHash/hash ed25519 signature",
        60,
    ),
    ("py-r1", "own-sorted sha256 prev_hash/hash", 60),
    ("py-r1-base64", "own-sorted sha256 prev_hash/hash", 60),
    ("py-r1-cut", "own-sorted sha256 prev_hash/hash", 60),
    ("py-r1-hmac", "own-sorted hmac-sha256 prev_hash/hmac", 60),
    ("py-r1-md5", "own-sorted md5 (weak) prev_hash/hash", 60),
    ("py-r1-prefixed", "own-sorted sha256 prev_hash/hash", 60),
    ("py-r1-sha1", "own-sorted sha1 (weak) prev_hash/hash", 60),
    ("py-r1-sha512", "own-sorted sha512 prev_hash/hash", 60),
    ("py-r1-upper", "own-sorted sha256 prev_hash/hash", 60),
    (
        "py-r2",
        "own-sorted-pyspace sha256 previous_hash/entry_hash",
        60,
    ),
    ("py-r5", "prev|json-sorted sha256 prev/event_hash", 60),
    ("py-r6", "prevbytes+json-sorted sha256 prev_hash/hash", 60),
    ("py-r7", "raw-line sha256 prev_hash", 59),
    (
        "py-r8",
        "{prev}|{ts}|{actor}|{action}|{note} sha256 prev_hash/hash",
        60,
    ),
    (
        "py-r9",
        "{prev}\\n{event_hash} sha256 prev_hash/chain_hash over event_hash",
        60,
    ),
    ("py-r10", "prev+json-sorted sha256 rolling hash", 60),
    (
        "py-streams",
        "own-sorted sha256 prev_hash/hash per tenant",
        60,
    ),
    ("sh-r7", "raw-line sha256 prev_sha", 59),
    ("sh-r7-lf", "raw-line-lf sha256 prev_sha256", 59),
    ("sh-r7-sha512", "raw-line sha512 prev_sha", 59),
    (
        "sh-r8",
        "{seq}:{ts}:{actor}:{action}:{prev} sha256 prev_hash/hash",
        60,
    ),
];

#[test]
fn chains_of_independent_writers_hold() {
    let stored = fs::read_dir(writers()).unwrap();
    let stored =
        stored.filter(|e| e.as_ref().unwrap().path().extension() == Some("jsonl".as_ref()));
    assert_eq!(stored.count(), WRITTEN.len(), "each file is in the table");
    for (name, scheme, verified) in WRITTEN {
        let file = format!("{name}.jsonl");
        let report = verify(&lines(&file), hints(&file));
        assert_eq!(report.scheme.as_deref(), Some(*scheme), "{name}");
        assert_eq!(found(&report), [], "{name}");
        assert_eq!((report.records, report.verified), (60, *verified), "{name}");
    }
}

#[test]
fn without_its_recipe_or_key_a_chain_holds_by_its_links_alone() {
    for name in ["py-r8", "sh-r8", "py-r1-hmac"] {
        let report = verify(&lines(&format!("{name}.jsonl")), Hints::default());
        assert!(report.scheme.unwrap().starts_with("links-only"), "{name}");
        assert_eq!((report.verified, report.findings), (0, vec![]), "{name}");
    }
    let report = verify(&lines("js-signed.jsonl"), Hints::default());
    assert_eq!(report.verified, 60, "the hash does not cover the signature");
}

#[test]
fn a_key_that_is_missing_or_wrong_accuses_nobody() {
    let mut rule = rules().into_iter().find(|r| !r.key.is_empty()).unwrap();
    rule.key[1].file = "/no/such/key".into();
    let report = verify(&lines("py-r1-hmac.jsonl"), rule.load());
    let unknown = found(&report);
    assert_eq!(unknown, [(BreakKind::KeyUnknown, 31)]);
    assert_eq!(report.verified, 30);
    assert!(
        report
            .coverage
            .contains("the key /no/such/key cannot be read"),
        "{}",
        report.coverage
    );
    rule.key.truncate(1);
    rule.key[0].file = writers().join("hmac-2.key");
    let report = verify(&lines("py-r1-hmac.jsonl"), rule.load());
    assert!(report.scheme.unwrap().starts_with("links-only"));
    assert_eq!(report.findings, []);
}

#[test]
fn a_key_that_is_newer_than_the_record_is_told() {
    let mut rule = rules().into_iter().find(|r| !r.key.is_empty()).unwrap();
    rule.key[1].from = Some("2026-01-02T03:00:40Z".into());
    let report = verify(&lines("py-r1-hmac.jsonl"), rule.load());
    let epochs: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.kind, f.line, f.line_end))
        .collect();
    assert_eq!(epochs, [(BreakKind::KeyEpoch, 31, 40)]);
}

#[test]
fn a_bad_signature_is_an_alarm_of_its_own() {
    let mut signed = lines("js-signed.jsonl");
    let (head, tail) = signed[20].split_once("\"signature\":\"").unwrap();
    let flipped = if tail.starts_with('A') { "B" } else { "A" };
    signed[20] = format!("{head}\"signature\":\"{flipped}{}", &tail[1..]);
    let report = verify(&signed, hints("js-signed.jsonl"));
    assert_eq!(found(&report), [(BreakKind::SignatureBad, 21)]);
    assert_eq!(report.findings[0].level, Level::Alarm);
    assert_eq!(report.verified, 59);
}

#[test]
fn what_says_that_it_is_redacted_is_not_verifiable_and_no_alarm() {
    let mut log = lines("py-r1.jsonl");
    let at = log[9].find("\"actor\"").unwrap();
    log[9].insert_str(at, "\"redacted\":true,");
    assert_eq!(
        found(&verify(&log, Hints::default())),
        [(BreakKind::ContentModified, 10)]
    );
    let rule = ChainRule {
        redacted: Some("redacted".into()),
        ..ChainRule::default()
    };
    let report = verify(&log, rule.load());
    assert_eq!((found(&report), report.verified), (vec![], 59));
    assert!(
        report.coverage.contains("1 redacted, not verifiable"),
        "{}",
        report.coverage
    );
}

#[test]
fn each_tenants_chain_is_walked_alone() {
    let log = lines("py-streams.jsonl");
    let of = |tenant: &str| {
        let is = |(_, line): &(usize, &String)| line.contains(tenant);
        log.iter()
            .enumerate()
            .filter(is)
            .map(|(i, _)| i)
            .collect::<Vec<_>>()
    };
    let (acme, globex) = (of("acme"), of("globex"));
    // One record of a tenant removed, and two of another swapped.
    let mut damaged = log.clone();
    damaged.swap(globex[8], globex[9]);
    damaged.remove(acme[5]);
    let report = verify(&damaged, Hints::default());
    let mut kinds: Vec<_> = report.findings.iter().map(|f| (f.kind, f.count)).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            (BreakKind::Deleted, Some(1)),
            (BreakKind::Reordered, Some(2))
        ]
    );
}

#[test]
fn a_rolling_chain_tells_what_happened() {
    let log = lines("py-r10.jsonl");
    type Damage = fn(&mut Vec<String>);
    type Found = &'static [(BreakKind, u64)];
    let damage: [(&str, Damage, Found); 5] = [
        (
            "modified",
            |l| l[20] = l[20].replace("2026", "2025"),
            &[(BreakKind::ContentModified, 21)],
        ),
        (
            "deleted",
            |l| drop(l.remove(20)),
            &[(BreakKind::Deleted, 21)],
        ),
        (
            "duplicated",
            |l| l.insert(22, l[20].clone()),
            &[(BreakKind::Duplicated, 23)],
        ),
        (
            "head cut",
            |l| drop(l.drain(..5)),
            &[(BreakKind::HeadTruncated, 1)],
        ),
        (
            "begun anew",
            |l| l.extend(l.clone().into_iter().take(1)),
            &[(BreakKind::Duplicated, 61)],
        ),
    ];
    for (what, apply, want) in damage {
        let mut damaged = log.clone();
        apply(&mut damaged);
        assert_eq!(found(&verify(&damaged, Hints::default())), want, "{what}");
    }
}

#[test]
fn the_configuration_reaches_every_way_to_check() {
    let program = Program::new();
    let config = program.home().join("config");
    fs::create_dir_all(&config).unwrap();
    for file in ["config.toml", "hmac-1.key", "hmac-2.key", "ed25519.pub.pem"] {
        fs::copy(writers().join(file), config.join(file)).unwrap();
    }
    for name in ["py-r8", "py-r1-hmac", "js-signed"] {
        let file = format!("{name}.jsonl");
        program.log(&file, fs::read(writers().join(&file)).unwrap());
        let ran = program.run(["verify", &file]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let count = program.print(["search", "chain:verified", &file, "--count"]);
        assert_eq!(count.trim(), "60", "{name}");
    }
}

#[test]
fn the_example_of_the_readme_is_a_rule() {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, after) = readme.split_once("<!-- own-chain -->").unwrap();
    let (example, _) = after.split_once("<!-- /own-chain -->").unwrap();
    let example = example.trim().strip_prefix("```toml\n").unwrap();
    let program = Program::new();
    program.configure(example.strip_suffix("```").unwrap());
    let log = program.log("a.jsonl", "{}\n");
    let ran = program.run([Path::new("verify"), &log]);
    assert_eq!(ran.err, "", "{ran:?}");
}

#[test]
fn mistakes_in_a_rule_are_named_with_their_line() {
    let program = Program::new();
    let config = program.home().join("config");
    fs::create_dir_all(&config).unwrap();
    let log = program.log("a.jsonl", "{}\n");
    for (rule, want) in [
        ("hash = \"sha256\"", "match names no log"),
        ("match = \"[\"", "match \"[\""),
        (
            "match = \"*\"\nhash = \"sha3\"",
            "hash \"sha3\": known are sha256",
        ),
        (
            "match = \"*\"\nhash = \"hmac-sha256\"",
            "an hmac needs a [[chain.key]]",
        ),
        (
            "match = \"*\"\nhashed = \"{prev}\"",
            "nothing of the record itself",
        ),
        (
            "match = \"*\"\nhashed = \"{own}{ts}\"",
            "a hash cannot hash itself",
        ),
        (
            "match = \"*\"\nrolling = true\nprev = \"p\"",
            "rolling means",
        ),
        ("match = \"*\"\nsignature = \"sig\"", "go together"),
        (
            "match = \"*\"\nprevious = \"p\"",
            "unknown field `previous`",
        ),
    ] {
        fs::write(config.join("config.toml"), format!("\n[[chain]]\n{rule}\n")).unwrap();
        let ran = program.run([Path::new("verify"), &log]);
        assert!(
            ran.err.contains(want) && ran.err.contains("config.toml:"),
            "{rule}: {}",
            ran.err
        );
    }
}

#[test]
fn explain_prints_the_bytes_that_are_hashed() {
    let program = Program::new();
    for (name, bytes) in [
        ("py-r5", "|{\"action\":\"delete\",\"actor\":\"alice\","),
        ("py-r10", "{\"action\":\"delete\",\"actor\":\"alice\","),
        (
            "sh-r7",
            "{\"seq\":1,\"ts\":\"2026-01-02T03:00:01Z\",\"actor\":\"bob\",",
        ),
        ("js-r4-jcs", "\"amount\":1e+21,"),
    ] {
        let file = writers().join(format!("{name}.jsonl"));
        let out = program.print([Path::new("chain"), Path::new("explain"), &file]);
        assert!(
            out.contains(bytes) && out.contains("stored       the same"),
            "{name}: {out}"
        );
        // What is taken can be written into the configuration, and is found there again.
        let (_, rule) = out.split_once("  [[chain]]\n").unwrap();
        let rule: Vec<&str> = rule.lines().take_while(|line| !line.is_empty()).collect();
        let rule: ChainRule = toml::from_str(&rule.join("\n")).unwrap();
        rule.check().unwrap();
        let log = lines(&format!("{name}.jsonl"));
        let (found, known) = (verify(&log, Hints::default()), verify(&log, rule.load()));
        assert_eq!(found.scheme, known.scheme, "{name}");
        assert_eq!(found.verified, known.verified, "{name}");
    }
    let file = writers().join("py-r8.jsonl");
    let ran = program.run([Path::new("chain"), Path::new("explain"), &file]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("none gives the hash of any") && ran.out.contains("links-only"),
        "{}",
        ran.out
    );
    let missing = [
        Path::new("chain"),
        Path::new("explain"),
        &file,
        Path::new("--line"),
        Path::new("99"),
    ];
    assert!(program.run(missing).err.contains("has no line 99"));
}

/// A letter or digit of a value that the hash covers, replaced by another.
fn change(line: &str, at: usize, by: u8) -> Option<String> {
    let mut bytes = line.as_bytes().to_vec();
    let at = at % bytes.len();
    let old = bytes[at];
    if !old.is_ascii_alphanumeric() || old.eq_ignore_ascii_case(&by) {
        return None;
    }
    bytes[at] = by;
    let changed = String::from_utf8(bytes).ok()?;
    // Another spelling of a number (1e05 for 1e5) would be the same value to RFC 8785.
    serde_json::from_str::<serde_json::Value>(&changed).ok()?;
    Some(changed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_change_of_a_hashed_token_is_an_alarm(
        file in 0..WRITTEN.len(),
        line in 1usize..58,
        at in any::<usize>(),
        by in prop::sample::select(b"abcdefz0123456789XYZ".to_vec()),
    ) {
        let name = format!("{}.jsonl", WRITTEN[file].0);
        let mut log = lines(&name);
        // Of joined fields the rest of the record is not covered.
        prop_assume!(!name.contains("r8") && !name.contains("r9-payload"));
        let changed = change(&log[line], at, by);
        prop_assume!(changed.is_some());
        log[line] = changed.unwrap();
        let report = verify(&log, hints(&name));
        // Under a key that nobody knows nothing can be proved.
        let told = |f: &Finding| f.level == Level::Alarm || f.kind == BreakKind::KeyUnknown;
        prop_assert!(report.findings.iter().any(told), "{name} line {}: {}", line + 1, log[line]);
    }
}

#[test]
fn a_damaged_log_becomes_an_evidence_report() {
    use sha2::{Digest as _, Sha256};
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let log = program.fixture("chain/R1.jsonl");
    let mut lines: Vec<String> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.remove(119);
    let damaged = lines.join("\n") + "\n";
    fs::write(&log, &damaged).unwrap();
    let ran = program.run(["verify", "R1.jsonl", "--report", "evidence.md"]);
    // The answer and the exit status are those without a report.
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(ran.out, program.run(["verify", "R1.jsonl"]).out);
    assert!(ran.err.contains("evidence.md"), "{ran:?}");
    let path = program.logs().join("evidence.md");
    let text = fs::read_to_string(&path).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let sum: String = Sha256::digest(&damaged)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for part in [
        "The source is broken: 1 alarm; 198 of 199 records verified.",
        "auditty verify R1.jsonl",
        "own-sorted sha256 prev_hash/hash",
        "1. **alarm**: deleted at line 120, byte ",
        "1 record missing between record 119",
        "expected bed444adcf1e143736b4df38e6e4aa0bdde55cd7efff163ea3b3178a2626fec2",
        &sum,
        "What a chain cannot show",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let again = program.run(["verify", "R1.jsonl", "--report", "evidence.md"]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.out.is_empty() && again.err.contains("exists already"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}
