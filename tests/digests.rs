//! CloudTrail's digest files and log files, as `verify` tells of them: text, JSON, exit.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::Program;
use crate::support::watch::Watch;

const HOUR: &str = "111122223333_CloudTrail-Digest_eu-west-1_main_eu-west-1_20260301T";

/// A copy of the stored bucket, and the folder that it lies in.
fn bucket() -> Program {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::write(to, fs::read(entry.path()).unwrap()).unwrap();
            }
        }
    }
    let program = Program::new();
    let stored =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cloudtrail-digest/bucket");
    copy(&stored, &program.logs());
    program
}

fn path(program: &Program, end_of_name: &str) -> PathBuf {
    let mut folders = vec![program.logs().join("trail-logs").canonicalize().unwrap()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(end_of_name) {
                return path;
            }
        }
    }
    panic!("no {end_of_name}");
}

/// Something said of a file, with the file's name.
type Said<T> = Vec<(String, T)>;

/// Exit status, verdicts, findings.
fn verified(program: &Program, keys: bool) -> (i32, Said<String>, Said<Value>) {
    let mut arguments = vec!["verify", "trail-logs", "--format", "json"];
    if keys {
        arguments.extend(["--public-keys", "keys.json"]);
    }
    let ran = program.run(arguments);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let (mut verdicts, mut findings) = (Vec::new(), Vec::new());
    for file in report["files"].as_array().unwrap() {
        let name = file["path"].as_str().unwrap().rsplit('/').next().unwrap();
        verdicts.push((
            name.to_owned(),
            file["verdict"].as_str().unwrap().to_owned(),
        ));
        let found = file["findings"].as_array().unwrap().iter().cloned();
        findings.extend(found.map(|finding| (name.to_owned(), finding)));
    }
    (ran.code, verdicts, findings)
}

fn kinds(findings: &[(String, Value)]) -> Vec<(&str, &str)> {
    findings
        .iter()
        .map(|(name, finding)| (name.as_str(), finding["kind"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_bucket_as_cloudtrail_wrote_it_is_verified_file_by_file() {
    let program = bucket();
    let (code, verdicts, findings) = verified(&program, true);
    assert_eq!((code, verdicts.len(), findings), (0, 7, vec![]));
    assert!(verdicts.iter().all(|(_, verdict)| verdict == "pass"));
    let text = program.print(["verify", "trail-logs", "--public-keys", "keys.json"]);
    assert!(
        text.contains(&format!(
            "vouched for by the signed digest {HOUR}110000Z.json.gz"
        )),
        "{text}"
    );
    assert!(text.ends_with("7 files: 7 pass\n"), "{text}");
}

#[test]
fn without_keys_hashes_and_links_are_checked_and_that_is_said() {
    let program = bucket();
    let (code, verdicts, findings) = verified(&program, false);
    assert_eq!((code, findings), (1, vec![]));
    for (name, verdict) in verdicts {
        let want = if name.starts_with(HOUR) {
            "warn"
        } else {
            "pass"
        };
        assert_eq!(verdict, want, "{name}");
    }
    let text = program.run(["verify", "trail-logs"]).out;
    assert_eq!(
        text.matches("not checked: no public keys").count(),
        3,
        "{text}"
    );
}

#[test]
fn a_changed_and_a_removed_log_file_are_named() {
    let program = bucket();
    let changed = path(&program, "hour00log00hour00.json.gz");
    // Unpacked, a copy is known as well.
    fs::remove_file(&changed).unwrap();
    fs::write(changed.with_extension(""), "{\"Records\":[]}").unwrap();
    fs::remove_file(path(&program, "hour02log01hour02.json.gz")).unwrap();
    let (code, verdicts, findings) = verified(&program, true);
    let digest = format!("{HOUR}130000Z.json.gz");
    let log = "111122223333_CloudTrail_eu-west-1_20260301T1020Z_hour00log00hour00.json";
    assert_eq!(code, 3);
    assert_eq!(
        kinds(&findings),
        [(log, "content-modified"), (&digest, "file-missing")]
    );
    assert_eq!(findings[0].1["level"], "alarm");
    assert!(findings[0].1["expected"].as_str() != findings[0].1["found"].as_str());
    let said = findings[1].1["explanation"].as_str().unwrap();
    assert!(said.contains("T1225Z_hour02log01hour02.json.gz"), "{said}");
    assert_eq!(
        verdicts
            .iter()
            .filter(|(_, verdict)| verdict == "pass")
            .count(),
        4
    );
}

#[test]
fn a_changed_digest_is_named_and_its_list_not_relied_upon() {
    let program = bucket();
    let digest = path(&program, "T110000Z.json.gz");
    let packed = fs::File::open(&digest).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut text).unwrap();
    fs::remove_file(&digest).unwrap();
    let unpacked = digest.with_extension("");
    fs::write(
        &unpacked,
        text.replace("\"hashValue\":\"", "\"hashValue\":\"0000"),
    )
    .unwrap();
    let name = unpacked.file_name().unwrap().to_str().unwrap().to_owned();
    for keys in [true, false] {
        let (code, _, findings) = verified(&program, keys);
        assert_eq!(
            (code, kinds(&findings)),
            (3, vec![(&*name, "link-mismatch")])
        );
    }
    let moved = text.replace("T1020Z_hour00log00hour00", "T1020Z_hour99log99hour99");
    fs::write(&unpacked, moved).unwrap();
    let (code, verdicts, findings) = verified(&program, true);
    assert_eq!(
        (code, kinds(&findings)),
        (3, vec![(&*name, "signature-bad")])
    );
    assert_eq!(
        verdicts
            .iter()
            .filter(|(_, verdict)| verdict == "warn")
            .count(),
        2
    );
}

#[test]
fn a_missing_digest_is_a_gap_and_bytes_behind_the_end_are_counted() {
    let program = bucket();
    fs::remove_file(path(&program, "T120000Z.json.gz")).unwrap();
    let log = path(&program, "hour00log01hour00.json.gz");
    let mut bytes = fs::read(&log).unwrap();
    bytes.extend(b"behind");
    fs::write(&log, bytes).unwrap();
    let (code, _, findings) = verified(&program, true);
    let next = format!("{HOUR}130000Z.json.gz");
    let name = log.file_name().unwrap().to_str().unwrap();
    assert_eq!(
        (code, kinds(&findings)),
        (
            3,
            vec![(name, "content-modified"), (&*next, "rotation-gap")]
        )
    );
    let said = findings[0].1["explanation"].as_str().unwrap();
    assert!(said.starts_with("6 bytes were added"), "{said}");
}

#[test]
fn keys_that_cannot_be_read_are_a_usage_error() {
    let program = bucket();
    fs::write(program.logs().join("keys.json"), "{\"PublicKeyList\": []}").unwrap();
    let ran = program.run(["verify", "trail-logs", "--public-keys", "keys.json"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("aws cloudtrail list-public-keys"),
        "{ran:?}"
    );
    let ran = program.run(["verify", "trail-logs", "--public-keys", "nowhere.json"]);
    assert_eq!(ran.code, 5, "{ran:?}");
}

/// How many events of the open logs have this verdict, as a search finds them.
fn count(program: &Program, query: &str) -> u64 {
    let ran = program.run(["search", query, "trail-logs", "--count"]);
    ran.out.trim().parse().unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn what_digests_say_is_the_verdict_of_each_event() {
    let program = bucket();
    program.configure(&format!(
        "[cloudtrail]\npublic_keys = [\"{}\"]\n",
        program.logs().join("keys.json").display()
    ));
    // All but what the store says of a digest.
    let all = count(&program, "-source:*.metadata.json");
    assert_eq!((count(&program, "chain:verified"), all), (7, 7));
    // What links digests is told by them alone.
    let watch = Watch::start(&program, &["trail-logs"]);
    let told = watch.until_printed("3 of 3 files verified");
    assert!(!told.contains("torn-tail"), "{told}");
    drop(watch);
    // The settings' keys are those of verify as well.
    assert!(
        program
            .print(["verify", "trail-logs"])
            .ends_with("7 files: 7 pass\n")
    );
    let changed = path(&program, "hour00log00hour00.json.gz");
    fs::remove_file(&changed).unwrap();
    let text = "{\"Records\":[{\"eventVersion\":\"1.08\",\"eventTime\":\"2026-03-01T10:20:00Z\",\"eventSource\":\"iam.amazonaws.com\",\"eventName\":\"CreateUser\",\"userIdentity\":{\"type\":\"Root\"},\"awsRegion\":\"eu-west-1\"}]}";
    fs::write(changed.with_extension(""), text).unwrap();
    assert_eq!(count(&program, "chain:content-modified"), 1);
    assert_eq!(
        count(&program, "chain:content-modified action:CreateUser"),
        1
    );
}

#[test]
fn a_log_that_is_changed_while_it_is_open_is_told_of() {
    let program = bucket();
    let watch = Watch::start(&program, &["trail-logs"]);
    watch.until_printed("vouched for by the digest");
    let changed = path(&program, "hour00log00hour00.json.gz");
    fs::remove_file(&changed).unwrap();
    fs::write(changed.with_extension(""), "{\"Records\":[]}\n").unwrap();
    watch.until_printed("content-modified");
}
