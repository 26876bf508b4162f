//! Any JSON objects: the normalised fields are found under the spellings most logs use.
//!
//! Spellings are compared without case, blanks, `_`, `-` and `@`, so `user_name`, `userName` and `UserName` are one. The
//! first of a field's list that the record has wins. Nested keys are joined by dots; a key with dots of its own
//! (`"log.level"`) is the same path.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::layout::Layout;
use super::record::{
    add_address, described, json_event, outcome_of, severity_of, time_of, trimmed,
};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind, Outcome};
use crate::json;

pub(super) struct Json(pub(super) Layout);

impl Format for Json {
    fn id(&self) -> &str {
        "json"
    }

    fn title(&self) -> &str {
        "JSON objects, by the usual field names"
    }

    fn version(&self) -> u32 {
        2
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        // At most 45: any format that knows its own records is better.
        let score = self.0.score(sample, 95, |record| {
            json::is_object(trimmed(record)) || record.len() > sample.bytes().len() / 2
        });
        score.saturating_sub(50).min(45)
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
        fill(&mut event, &attributes);
        event.attributes = attributes;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described_spellings()
    }
}

/// Where each field is looked for, best first, in normalised spelling.
const SPELLINGS: [(&str, &str); 11] = [
    (
        "ts",
        "timestamp time ts eventtime datetime date occurredat createdat published creationtime activitydatetime \
         eventtimestamp createddatetime startdate datecreate t msg.time protopayload.timestamp id.time timegenerated \
         realtimetimestamp sourcerealtimetimestamp timeunixnano observedtimeunixnano receivetimestamp payload.occurredat \
         properties.createddatetime auditrecord.timestamp collectiontime digestendtime asctime when",
    ),
    (
        "actor",
        "actor user.name username actor.email actoremail actor.user.email actor.alternateid actor.name \
         actor.displayname user.email user.username useridentity.username useridentity.email userprincipalname principal user userid \
         useremail email authorname actorname subject actorsubject auth.metadata.username auth.metadata.email \
         auth.displayname protopayload.authenticationinfo.principalemail \
         protopayload.authenticationinfo.principalsubject identity.claims.name caller \
         properties.userprincipalname properties.initiatedby.user.userprincipalname \
         properties.initiatedby.app.displayname actor.user.name actor.id account.user login.user metauser \
         meta.user payload.user suser initiator createdby.login createdby.name owner who uid user.id useridentity.arn auditrecord.user uname",
    ),
    (
        "action",
        "action event.action eventname verb operationname operation eventtype event activity activityname \
         api.operation request.operation protopayload.methodname methodname method events.name \
         operationname.value custommessage change command op act actionname syslogidentifier eventid type auditrecord.name",
    ),
    (
        "target",
        "target resource resource.name resourcename targetname target.name target.id targetdetails object objectid \
         objectname path request.path requestpath protopayload.resourcename resourceid repo repository \
         target.displayname target.alternateid entity entitypath file.path url httppath payload.connection connection \
         resourcetype serverhostname dbservice appdisplayname properties.appdisplayname \
         properties.targetresources.displayname general_data.query db uri requesturi",
    ),
    (
        "outcome",
        "outcome event.outcome outcome.result result status success responsestatus.code resultstatus resulttype \
         properties.result status.value granted httpstatus statuscode response.status httpstatuscode code \
         properties.status.errorcode protopayload.authorizationinfo.granted decision allowed ok exitcode",
    ),
    (
        "reason",
        "reason errorcode error.code outcome.reason error err failurereason errormessage status.reason httpstatus \
         statuscode resultreason properties.status.failurereason protopayload.status.message",
    ),
    (
        "ip",
        "ip sourceip source.ip clientip client.ip ipaddress remoteip sourceipaddress remoteaddr remoteaddress \
         client.ipaddress calleripaddress clientipaddress actorip actoripaddress src srcip addr addr.remote \
         context.ipaddress request.remoteaddress srcendpoint.ip login.ip peer host.ip meta.remoteip \
         protopayload.requestmetadata.callerip properties.ipaddress httprequest.clientipaddress sourceips",
    ),
    (
        "host",
        "host.name hostname host server machine node computer syslogidentifier.host cluster clustername systemhostname",
    ),
    (
        "session",
        "sessionid session trace.id traceid requestid request.id correlationid auditid transactionid transaction.id \
         sid session.id authenticationcontext.externalsessionid operation.id payload.sessionid connectionid \
         metadata.correlationuid insertid uuid",
    ),
    (
        "severity",
        "severity level log.level loglevel lvl priority severitytext fields.lvl levelname",
    ),
    (
        "message",
        "message msg displaymessage text description errormessage details log body summary custommessage \
         fields.msg outcome.reason",
    ),
];

/// Normalised path to (field, rank) pairs.
static TABLE: LazyLock<HashMap<String, Vec<(usize, usize)>>> = LazyLock::new(|| {
    let mut table: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for (field, (_, list)) in SPELLINGS.iter().enumerate() {
        for (rank, path) in list.split_whitespace().enumerate() {
            let path = normalised(path).unwrap_or_default();
            table.entry(path).or_default().push((field, rank));
        }
    }
    table
});

/// Longest path that can be one of the table's.
const LONGEST: usize = 64;

fn normalised(path: &str) -> Option<String> {
    if path.len() > LONGEST {
        return None;
    }
    let kept = path.chars().filter(|c| !matches!(c, '_' | '-' | '@' | ' '));
    Some(kept.map(|c| c.to_ascii_lowercase()).collect())
}

/// The usual spellings for people.
pub(super) fn described_spellings() -> Vec<(&'static str, String)> {
    described(&SPELLINGS)
}

/// Whether a name is one of the usual spellings of a field.
pub(super) fn is_known(name: &str) -> bool {
    normalised(name).is_some_and(|name| TABLE.contains_key(&name))
}

/// Fills the normalised fields from leaves under the usual names.
pub(super) fn fill(event: &mut Event, attributes: &Attributes) {
    let mut best: [Option<(usize, Kind, &str)>; SPELLINGS.len()] = [None; SPELLINGS.len()];
    let mut addresses: Vec<(usize, &str)> = Vec::new();
    for (path, value) in attributes.iter() {
        if value.kind == Kind::Empty || value.text.is_empty() {
            continue;
        }
        let Some(hits) = normalised(path).and_then(|p| TABLE.get(&p)) else {
            continue;
        };
        for &(field, rank) in hits {
            if !fits(SPELLINGS[field].0, value.kind, value.text) {
                continue;
            }
            if SPELLINGS[field].0 == "ip" {
                addresses.push((rank, value.text));
            }
            if best[field].is_none_or(|(other, ..)| rank < other) {
                best[field] = Some((rank, value.kind, value.text));
            }
        }
    }
    let best_of = |name: &str| {
        let field = SPELLINGS.iter().position(|(field, _)| *field == name)?;
        best[field].map(|(_, kind, text)| (kind, text))
    };
    let text = |name: &str| best_of(name).map(|(_, text)| text.to_owned());
    event.ts = best_of("ts").and_then(|(_, text)| time_of(text));
    event.actor = text("actor");
    event.action = text("action");
    event.target = text("target");
    event.reason = text("reason");
    if let Some((kind, word)) = best_of("outcome") {
        event.outcome = outcome_of(kind, word);
        if kind == Kind::Num && event.reason.is_none() {
            event.reason = Some(word.to_owned());
        }
    }
    if event.outcome == Outcome::Unknown && names_an_error(&best) {
        event.outcome = Outcome::Failure;
    }
    if let Some(first) = addresses.iter().map(|(rank, _)| *rank).min() {
        for (_, address) in addresses.iter().filter(|(rank, _)| *rank == first) {
            add_address(event, address);
        }
    }
    event.host = text("host");
    event.session = text("session");
    event.severity = best_of("severity").and_then(|(_, text)| severity_of(text));
    event.message = text("message");
}

/// Whether the reason found is under an `error` (or `err`) key: logs that name no outcome have one only where it failed.
fn names_an_error(best: &[Option<(usize, Kind, &str)>]) -> bool {
    SPELLINGS.iter().zip(best).any(|((field, list), found)| {
        let spelling = found.and_then(|(rank, ..)| list.split_whitespace().nth(rank));
        *field == "reason" && spelling.is_some_and(|s| s.starts_with("err"))
    })
}

/// Whether a value can be this field's: `"time": "slow"` is no time, `"status": "open"` no outcome.
fn fits(field: &str, kind: Kind, text: &str) -> bool {
    match field {
        "ts" => kind != Kind::Bool && time_of(text).is_some(),
        "outcome" => outcome_of(kind, text) != Outcome::Unknown,
        "ip" => kind == Kind::Str && super::record::address(text).is_some(),
        "severity" => severity_of(text).is_some(),
        "actor" | "action" | "target" | "message" => kind == Kind::Str,
        // A code 0 is no reason.
        "reason" => kind != Kind::Bool && text != "0",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Severity, Timestamp};

    fn read(text: &str) -> Event {
        let frame = Frame {
            bytes: bytes::Bytes::copy_from_slice(text.as_bytes()),
            ..Frame::default()
        };
        Json(Layout::Lines)
            .parse(&frame, &Context::default())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn usual_spellings_are_found_best_first() {
        let e = read(
            r#"{"@timestamp":"2026-03-01T09:00:00Z","user":{"name":"alice","id":7},"event.action":"login",
               "source":{"ip":"[2001:db8::1]:22"},"http_status":403,"log.level":"WARN","trace_id":"t1","msg":"m"}"#,
        );
        assert_eq!(e.ts, Timestamp::parse("2026-03-01T09:00:00Z"));
        assert_eq!(e.actor.as_deref(), Some("alice"));
        assert_eq!(e.action.as_deref(), Some("login"));
        assert_eq!(e.ip, ["2001:db8::1".parse::<std::net::IpAddr>().unwrap()]);
        assert_eq!(e.outcome, Outcome::Failure);
        assert_eq!(e.reason.as_deref(), Some("403"));
        assert_eq!(e.severity, Some(Severity::Warning));
        assert_eq!(e.session.as_deref(), Some("t1"));
        assert_eq!(e.message.as_deref(), Some("m"));
    }

    #[test]
    fn values_that_cannot_be_the_field_are_passed_over() {
        let e =
            read(r#"{"time":"slow","created_at":1700000000500,"status":"open","success":false}"#);
        assert_eq!(e.ts, Some(Timestamp(1_700_000_000_500_000_000)));
        assert_eq!(e.outcome, Outcome::Failure);
        assert_eq!(
            read(r#"{"error":"permission denied"}"#).outcome,
            Outcome::Failure
        );
        assert_eq!(
            read(r#"{"error":"","reason":"x"}"#).outcome,
            Outcome::Unknown
        );
    }

    #[test]
    fn every_spelling_is_in_normal_form_already_or_made_so() {
        for (_, list) in SPELLINGS {
            for path in list.split_whitespace() {
                assert!(
                    normalised(path).is_some_and(|p| TABLE.contains_key(&p)),
                    "{path}"
                );
            }
        }
    }
}
