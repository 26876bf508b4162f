//! Tests of the bundled incident.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::event::time::{HOUR, SECOND};

pub(super) const NOW: Timestamp = Timestamp(1_772_632_800 * SECOND); // 2026-03-04T14:00:00Z

/// A rendered incident, in a folder that goes away with the test.
pub(super) fn incident() -> (tempfile::TempDir, Incident) {
    let folder = tempfile::tempdir().unwrap();
    let incident = Incident::render(&folder.path().join("demo"), NOW).unwrap();
    (folder, incident)
}

pub(super) fn json_lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn delivered(incident: &Incident) -> Vec<Value> {
    let mut paths: Vec<PathBuf> = fs::read_dir(&incident.cloudtrail)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    paths
        .iter()
        .flat_map(|path| {
            let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            file["Records"].as_array().unwrap().clone()
        })
        .collect()
}

/// Serial and time of every auditd event, in order of the files.
fn auditd_events(incident: &Incident) -> Vec<(u64, Timestamp)> {
    let text = fs::read_to_string(incident.auditd.with_extension("log.1")).unwrap()
        + &fs::read_to_string(&incident.auditd).unwrap();
    let mut events: Vec<(u64, Timestamp)> = Vec::new();
    for line in text.lines() {
        let stamp = line
            .split_once("audit(")
            .unwrap()
            .1
            .split_once(')')
            .unwrap()
            .0;
        let (time, serial) = stamp.split_once(':').unwrap();
        let event = (
            serial.parse().unwrap(),
            Timestamp::from_epoch_guess(time).unwrap(),
        );
        if !events.contains(&event) {
            events.push(event);
        }
    }
    events
}

#[test]
fn records_of_programs_started_together_are_mixed() {
    let (_folder, incident) = incident();
    let text = fs::read_to_string(&incident.auditd).unwrap();
    let serial = |line: &str| {
        line.split(':')
            .nth(1)
            .unwrap()
            .split(')')
            .next()
            .unwrap()
            .to_owned()
    };
    let serials: Vec<String> = text.lines().map(serial).collect();
    assert!(
        serials.windows(3).any(|w| w[0] == w[2] && w[0] != w[1]),
        "an event goes on after another's record"
    );
}

fn time(event: &Value, key: &str) -> Timestamp {
    Timestamp::parse(event[key].as_str().unwrap()).unwrap()
}

#[test]
fn every_log_holds_its_share_in_order_and_ends_now() {
    let (_folder, incident) = incident();
    let delivered = delivered(&incident);
    let live = json_lines(&incident.cloudtrail_live);
    let kubernetes = json_lines(&incident.kubernetes);
    let settings = json_lines(&incident.settings);
    let auditd = auditd_events(&incident);
    let counts = [
        delivered.len() + live.len(),
        kubernetes.len(),
        auditd.len(),
        settings.len(),
    ];
    assert!(
        counts[0] > 850 && counts[1] > 1250 && counts[2] > 480 && counts[3] > 290,
        "{counts:?}"
    );
    assert!(
        (2_900..3_200).contains(&counts.iter().sum::<usize>()),
        "{counts:?}"
    );

    let logs = [
        delivered
            .iter()
            .chain(&live)
            .map(|e| time(e, "eventTime"))
            .collect::<Vec<_>>(),
        kubernetes
            .iter()
            .map(|e| time(e, "requestReceivedTimestamp"))
            .collect(),
        settings.iter().map(|e| time(e, "ts")).collect(),
        auditd.iter().map(|(_, ts)| *ts).collect(),
    ];
    for times in logs {
        assert!(times.is_sorted());
        assert!(times[0] > NOW.saturating_add(-4 * HOUR - MINUTE));
        let last = *times.last().unwrap();
        assert!(
            last <= NOW && last > NOW.saturating_add(-5 * MINUTE),
            "{last}"
        );
    }
    assert!(auditd.is_sorted_by_key(|(serial, _)| *serial));
    assert_eq!(
        auditd.last().unwrap().0 + 1 - auditd[0].0,
        auditd.len() as u64,
        "no serial is missing"
    );
}

#[test]
fn the_story_is_told() {
    let (_folder, incident) = incident();
    let delivered = delivered(&incident);
    let cloud: Vec<Value> = delivered
        .iter()
        .cloned()
        .chain(json_lines(&incident.cloudtrail_live))
        .collect();
    let by_key = |key: &str, ip: &str| {
        cloud
            .iter()
            .filter(|e| e["userIdentity"]["accessKeyId"] == key && e["sourceIPAddress"] == ip)
            .cloned()
            .collect::<Vec<Value>>()
    };
    let leaked = by_key(LEAKED_KEY, INTRUDER);
    assert_eq!(leaked[0]["eventName"], "GetCallerIdentity");
    assert!(
        leaked
            .iter()
            .filter(|e| e["errorCode"] == "AccessDenied")
            .count()
            >= 5
    );
    assert!(by_key(LEAKED_KEY, cast::CI_ADDRESS).len() > 40);
    for name in ["CreateUser", "CreateAccessKey", "AttachUserPolicy"] {
        assert!(leaked.iter().any(|e| e["eventName"] == name), "{name}");
    }
    assert_eq!(
        delivered.last().unwrap()["eventName"],
        "StopLogging",
        "the delivered files end with it"
    );
    let late = NOW.saturating_add(-10 * MINUTE);
    assert!(
        leaked
            .iter()
            .any(|e| time(e, "eventTime") > late && e["errorCode"].is_null())
    );
    let secrets = json_lines(&incident.kubernetes)
        .iter()
        .filter(|e| e["sourceIPs"][0] == INTRUDER && e["objectRef"]["resource"] == "secrets")
        .count();
    assert!(secrets >= 10, "{secrets}");
    let bastion = fs::read_to_string(&incident.auditd).unwrap();
    let login = bastion.lines().find(|l| {
        l.contains("type=USER_LOGIN") && l.contains("res=success") && l.contains(INTRUDER)
    });
    assert!(
        login
            .unwrap()
            .ends_with("\u{1d}UID=\"root\" AUID=\"deploy\"")
    );
    // "s/payout_iban/display_name/" needs no hex, its PROCTITLE does.
    let edit = bastion
        .lines()
        .find(|l| l.contains("type=EXECVE") && l.contains("payout_iban"))
        .unwrap();
    assert!(edit.contains("a0=\"sed\" a1=\"-i\" a2=\"s/payout_iban/display_name/\""));
    assert!(bastion.contains(&format!("proctitle={}", "736564002D69")));
}

/// Positions whose content does not give their hash, and whose link is not the hash before them.
pub(super) fn breaks(records: &[Value]) -> (Vec<usize>, Vec<usize>) {
    let contents = (0..records.len())
        .filter(|&i| settings::digest(&records[i]) != records[i]["hash"])
        .collect();
    let links = (1..records.len())
        .filter(|&i| records[i]["prev_hash"] != records[i - 1]["hash"])
        .collect();
    (contents, links)
}

#[test]
fn the_chain_breaks_where_it_was_tampered_with_and_nowhere_else() {
    let (_folder, mut incident) = incident();
    let records = json_lines(&incident.settings);
    assert_eq!(records[0]["prev_hash"], "0".repeat(64));
    let (contents, links) = breaks(&records);
    let edited = records
        .iter()
        .position(|r| r["change"]["new"] == "LT601010012345678901")
        .unwrap();
    assert_eq!(contents, [edited]);
    assert_eq!(records[edited]["change"]["field"], "display_name");
    let [gap] = links[..] else {
        panic!("{links:?}")
    };
    assert!(
        gap > edited + 2,
        "the edited record is still vouched for by the next one"
    );
    let seq = |i: usize| records[i]["seq"].as_u64().unwrap();
    assert_eq!(seq(gap), seq(gap - 1) + 3, "two records are missing");

    for n in 0..80 {
        incident.live_event(NOW.saturating_add(n * SECOND)).unwrap();
    }
    let longer = json_lines(&incident.settings);
    assert!(longer.len() > records.len());
    assert_eq!(
        breaks(&longer),
        (contents, links),
        "live records link to the real head"
    );
}

/// The test vector of the recipe, so that the writer and every checker mean the same bytes.
#[test]
fn hashes_are_those_of_the_recipe() {
    let record: Value = serde_json::from_str(r#"{"seq":0,"ts":"2026-01-02T03:04:05Z","actor":"alice","action":"login","n":1.0,"note":"café","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"e29ed943264a19a1eb96ff51556809cd26bc6cd740db8df2512de7226fd58eb0"}"#).unwrap();
    assert_eq!(settings::digest(&record), record["hash"].as_str().unwrap());
}

#[test]
fn live_events_go_to_every_log_in_whole_events() {
    let (_folder, mut incident) = incident();
    let sizes = |i: &Incident| {
        [&i.cloudtrail_live, &i.kubernetes, &i.auditd, &i.settings]
            .map(|path| fs::metadata(path).unwrap().len())
    };
    let before = sizes(&incident);
    let serials = auditd_events(&incident).len();
    for n in 0..120 {
        incident
            .live_event(NOW.saturating_add(n * SECOND / 3))
            .unwrap();
    }
    for (before, after) in before.into_iter().zip(sizes(&incident)) {
        assert!(after > before);
    }
    let last = NOW.saturating_add(40 * SECOND);
    assert!(
        json_lines(&incident.cloudtrail_live)
            .iter()
            .all(|e| time(e, "eventTime") <= last)
    );
    assert!(
        json_lines(&incident.kubernetes).is_sorted_by_key(|e| time(e, "requestReceivedTimestamp"))
    );
    let auditd = auditd_events(&incident);
    assert!(auditd.len() > serials && auditd.is_sorted());
}

#[test]
fn files_are_private_the_same_every_time_and_removed() {
    let (folder, mut incident) = incident();
    let again = Incident::render(&folder.path().join("again"), NOW).unwrap();
    let mut folders = vec![PathBuf::new()];
    let mut files = 0;
    while let Some(below) = folders.pop() {
        let path = incident.root.join(&below);
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            folders.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|e| below.join(e.unwrap().file_name())),
            );
        } else {
            files += 1;
            assert_eq!(mode, 0o600, "{}", path.display());
            assert!(
                fs::read(&path).unwrap() == fs::read(again.root.join(&below)).unwrap(),
                "{}",
                path.display()
            );
        }
    }
    assert!(files > 15);
    assert!(
        Incident::render(&incident.root, NOW).is_err(),
        "a folder in use is left alone"
    );
    assert!(incident.settings.exists());
    incident.remove().unwrap();
    assert!(!incident.root.exists());
    incident.remove().unwrap();
    let root = again.root.clone();
    drop(again);
    assert!(!root.exists());
}
