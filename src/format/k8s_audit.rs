//! Kubernetes API server audit: `audit.k8s.io` events as JSON lines, lists or single objects.
//!
//! One event a stage; those of one request share `auditID`. Old and reduced records lack `apiVersion`, `stage` or
//! even `kind`, so `verb` and `auditID` tell them.

use super::layout::{Layout, top_keys};
use super::record::{add_address, described, json_event};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind, Outcome, Timestamp};

pub(super) struct K8sAudit(pub(super) Layout);

impl Format for K8sAudit {
    fn id(&self) -> &str {
        "k8s-audit"
    }

    fn title(&self) -> &str {
        "Kubernetes API server audit"
    }

    fn version(&self) -> u32 {
        1
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        self.0.score(sample, 96, |record| {
            let keys = top_keys(record);
            let has = |key| keys.iter().any(|k| k == key);
            // A large request object may push what follows it out of the sample.
            let own = ["verb", "objectRef", "requestURI", "user", "stage"];
            has("auditID") && own.into_iter().any(has) || has("verb") && has("objectRef")
        })
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        self.0.framer(offset)
    }

    fn splittable(&self) -> bool {
        self.0 == Layout::Lines
    }

    fn parse(&self, frame: &Frame, _: &Context) -> Result<Vec<Event>, String> {
        let mut event = json_event(frame)?;
        let attributes = std::mem::take(&mut event.attributes);
        let known = fill(&mut event, &attributes);
        event.attributes = attributes;
        if known {
            Ok(vec![event])
        } else {
            Err("no verb and no auditID: not a Kubernetes audit event".into())
        }
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            (
                "ts",
                "stageTimestamp, else requestReceivedTimestamp, timestamp, metadata.creationTimestamp",
            ),
            ("actor", "user.username"),
            ("action", "verb"),
            (
                "target",
                "objectRef.resource/namespace/name/subresource, else requestURI",
            ),
            (
                "outcome",
                "responseStatus.code (400 and above: failure), annotations.authorization.k8s.io/decision",
            ),
            ("reason", "responseStatus.code, else responseStatus.reason"),
            ("ip", "sourceIPs"),
            ("session", "auditID"),
            ("message", "responseStatus.message"),
        ])
    }
}

/// Fills the normalised fields; false if the record is no audit event.
fn fill(event: &mut Event, attributes: &Attributes) -> bool {
    let (mut audit_id, mut verb, mut user, mut uri, mut stage) = (None, None, None, None, None);
    let (mut resource, mut namespace, mut name, mut subresource) = (None, None, None, None);
    let (mut code, mut reason, mut message, mut decision) = (None, None, None, None);
    let (mut stage_time, mut received_time, mut old_time, mut created_time) =
        (None, None, None, None);
    for (path, value) in attributes.iter() {
        if value.kind == Kind::Empty || value.text.is_empty() {
            continue;
        }
        let field = match path {
            "auditID" => &mut audit_id,
            "verb" => &mut verb,
            "user.username" => &mut user,
            "requestURI" => &mut uri,
            "stage" => &mut stage,
            "objectRef.resource" => &mut resource,
            "objectRef.namespace" => &mut namespace,
            "objectRef.name" => &mut name,
            "objectRef.subresource" => &mut subresource,
            "responseStatus.code" => &mut code,
            "responseStatus.reason" => &mut reason,
            "responseStatus.message" => &mut message,
            "annotations.authorization.k8s.io/decision" => &mut decision,
            "stageTimestamp" => &mut stage_time,
            "requestReceivedTimestamp" => &mut received_time,
            "timestamp" => &mut old_time,
            "metadata.creationTimestamp" => &mut created_time,
            "sourceIPs" => {
                add_address(event, value.text);
                continue;
            }
            _ => continue,
        };
        *field = field.or(Some(value.text));
    }
    if verb.is_none() && audit_id.is_none() {
        return false;
    }
    event.ts = [stage_time, received_time, old_time, created_time]
        .into_iter()
        .flatten()
        .find_map(Timestamp::parse);
    event.actor = user.map(str::to_owned);
    event.action = verb.map(str::to_owned);
    event.target = match resource {
        Some(resource) => Some(
            [Some(resource), namespace, name, subresource]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("/"),
        ),
        None => uri.map(str::to_owned),
    };
    let number = code.and_then(|c: &str| c.parse::<u32>().ok());
    event.outcome = match number {
        // Nothing is decided yet when a request is received, whatever the record says.
        _ if stage == Some("RequestReceived") => Outcome::Unknown,
        Some(400..) => Outcome::Failure,
        _ if decision == Some("forbid") => Outcome::Failure,
        Some(_) => Outcome::Success,
        None => Outcome::Unknown,
    };
    event.reason = code
        .or(reason)
        .or(decision.filter(|d| *d == "forbid"))
        .map(str::to_owned);
    event.session = audit_id.map(str::to_owned);
    event.message = message.map(str::to_owned);
    true
}
