//! The application's settings log, whose records are chained: `hash` is the SHA-256 of the record without it, keys
//! sorted, compact; `prev_hash` inside is the hash of the record before.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::event::Timestamp;

use super::cast::{AGENTS, BASTION};
use super::random::Random;

/// One change of a setting, as the application knows it.
pub(super) struct Change {
    pub(super) actor: &'static str,
    pub(super) ip: &'static str,
    pub(super) action: &'static str,
    pub(super) target: String,
    pub(super) outcome: &'static str,
    pub(super) field: &'static str,
    pub(super) old: String,
    pub(super) new: String,
}

/// The head of the chain: what the next record links to.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    next: u64,
    head: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            next: 0,
            head: "0".repeat(64),
        }
    }
}

impl Chain {
    /// The change as the chain's next line, line break included.
    pub(super) fn seal(&mut self, change: &Change, ts: Timestamp) -> String {
        let mut record = json!({
            "seq": self.next,
            "ts": ts.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "service": "settings",
            "actor": change.actor,
            "action": change.action,
            "target": change.target,
            "outcome": change.outcome,
            "ip": change.ip,
            "change": { "field": change.field, "old": change.old, "new": change.new },
            "prev_hash": self.head,
        });
        self.head = digest(&record);
        self.next += 1;
        record["hash"] = json!(self.head);
        format!("{record}\n")
    }
}

/// The hash of a record, its own `hash` left out.
pub(super) fn digest(record: &Value) -> String {
    let mut record = record.clone();
    if let Some(object) = record.as_object_mut() {
        object.remove("hash");
    }
    let canonical = sorted(record).to_string();
    Sha256::digest(canonical.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let by_key: BTreeMap<String, Value> = object.into_iter().collect();
            Value::Object(
                by_key
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// An ordinary change.
pub(super) fn background(random: &mut Random) -> Change {
    let (actor, ip) = *random.pick(&AGENTS);
    let account = 4000 + random.below(1500);
    let (action, field, old, new) = match random.below(6) {
        0 => (
            "settings.update",
            "notification_email",
            "on".to_owned(),
            "off".to_owned(),
        ),
        1 => (
            "settings.update",
            "language",
            "en".to_owned(),
            (*random.pick(&["de", "fr", "nl", "sv"])).to_owned(),
        ),
        2 => (
            "settings.update",
            "display_name",
            format!("Shop {account}"),
            format!("Shop {account} GmbH"),
        ),
        3 => (
            "limit.update",
            "daily_limit_eur",
            "5000".to_owned(),
            (1000 * (2 + random.below(18))).to_string(),
        ),
        4 => ("login", "session", String::new(), random.hex(12)),
        _ => (
            "payout.schedule",
            "interval",
            "weekly".to_owned(),
            (*random.pick(&["daily", "monthly"])).to_owned(),
        ),
    };
    let target = if action == "login" {
        "console".to_owned()
    } else {
        format!("account/{account}")
    };
    let outcome = if random.chance(5) {
        "denied"
    } else {
        "success"
    };
    Change {
        actor,
        ip,
        action,
        target,
        outcome,
        field,
        old,
        new,
    }
}

/// What the intruder does through the bastion, and what the application makes of it.
pub(super) fn fraud() -> [Change; 3] {
    let change = |actor, ip, action, field, old: &str, new: &str| Change {
        actor,
        ip,
        action,
        target: "account/4711".to_owned(),
        outcome: "success",
        field,
        old: old.to_owned(),
        new: new.to_owned(),
    };
    [
        change(
            "deploy",
            BASTION,
            "settings.update",
            "payout_iban",
            "DE89370400440532013000",
            "LT601010012345678901",
        ),
        change(
            "payout-scheduler",
            "10.0.1.60",
            "payout.review",
            "review",
            "none",
            "requested: new account",
        ),
        change(
            "deploy",
            BASTION,
            "payout.review",
            "review",
            "requested: new account",
            "approved",
        ),
    ]
}

/// What was done to the file afterwards: the field's name changed in place, the two reviews taken out.
pub(super) fn tamper(lines: Vec<String>) -> Vec<String> {
    lines
        .into_iter()
        .filter(|line| !line.contains("\"payout.review\""))
        .map(|line| line.replace("\"payout_iban\"", "\"display_name\""))
        .collect()
}
