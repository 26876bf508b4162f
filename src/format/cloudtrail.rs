//! AWS CloudTrail: delivered files (`{"Records":[…]}`), JSON lines, and arrays as exported by other tools.
//!
//! Digest and insight files lie in the same bucket; they hold no API events and have formats of their own.

use super::layout::{Layout, top_keys};
use super::record::{add_address, described, json_event, outcome_word};
use super::sample::Sample;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::{Attributes, Event, Kind, Outcome, Timestamp};

pub(super) struct CloudTrail(pub(super) Layout);

impl Format for CloudTrail {
    fn id(&self) -> &str {
        "cloudtrail"
    }

    fn title(&self) -> &str {
        "AWS CloudTrail"
    }

    fn version(&self) -> u32 {
        3
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        self.0.score(sample, 96, |record| {
            let keys = top_keys(record);
            let has = |key| keys.iter().any(|k| k == key);
            has("eventName")
                && has("eventSource")
                && (has("awsRegion") || has("userIdentity") || has("eventVersion"))
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
            Err("no eventName and eventSource: not a CloudTrail event".into())
        }
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        described(&[
            ("ts", "eventTime, else @timestamp"),
            (
                "actor",
                "userIdentity: Root → root; AssumedRole → role/session of arn; userName; invokedBy; arn; principalId; accountId",
            ),
            ("action", "eventName"),
            (
                "target",
                "requestParameters.bucketName/key, else the most telling requestParameters name, else resources.ARN, else eventSource",
            ),
            (
                "outcome",
                "errorCode present: failure; responseElements.ConsoleLogin; else success",
            ),
            ("reason", "errorCode"),
            ("ip", "sourceIPAddress, if it is an address"),
            ("host", "recipientAccountId, else userIdentity.accountId"),
            (
                "session",
                "userIdentity.accessKeyId, which every call of a session has; else sharedEventID, requestID, eventID",
            ),
            ("message", "errorMessage"),
        ])
    }
}

/// Members of `requestParameters` that name what was acted on, most telling first. Compared with the last part of
/// the path, ignoring case.
const TARGET_NAMES: [&str; 62] = [
    "username",
    "rolename",
    "groupname",
    "rolearn",
    "instanceprofilename",
    "secretid",
    "secretidlist",
    "functionname",
    "instanceid",
    "instanceids",
    "keyid",
    "dbinstanceidentifier",
    "dbsnapshotidentifier",
    "dbclusteridentifier",
    "trailname",
    "groupid",
    "snapshotid",
    "imageid",
    "volumeid",
    "networkinterfaceid",
    "networkaclid",
    "flowlogid",
    "vpcid",
    "subnetid",
    "routetableid",
    "tablename",
    "queueurl",
    "queuename",
    "topicarn",
    "streamname",
    "stackname",
    "clustername",
    "repositoryname",
    "loggroupname",
    "domainname",
    "hostedzoneid",
    "distributionid",
    "restapiid",
    "projectname",
    "modelid",
    "documentname",
    "layername",
    "aliasname",
    "target",
    "policyname",
    "policyarn",
    "resourcearn",
    "resourceid",
    "accesskeyid",
    "serialnumber",
    "keyname",
    "certificatearn",
    "detectorid",
    "organizationid",
    "accountid",
    "alarmname",
    "rulename",
    "arn",
    "name",
    "names",
    "id",
    "federatedusername",
];

fn target_rank(path: &str) -> Option<usize> {
    // A filter's `name` names a property, not a thing.
    if path.to_ascii_lowercase().contains("filter") {
        return None;
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    TARGET_NAMES
        .iter()
        .position(|n| n.eq_ignore_ascii_case(name))
}

#[derive(Default)]
struct Identity<'a> {
    kind: Option<&'a str>,
    user_name: Option<&'a str>,
    arn: Option<&'a str>,
    principal: Option<&'a str>,
    account: Option<&'a str>,
    invoked_by: Option<&'a str>,
    issuer: Option<&'a str>,
    /// Who signs in through IAM Identity Center: by name, and by the id the directory has.
    signing_in: Option<&'a str>,
    directory_id: Option<&'a str>,
}

impl Identity<'_> {
    /// The principal as a person would type it.
    fn actor(&self) -> Option<String> {
        let session_of = |id: &str| id.split_once(':').map(|(_, s)| s.to_owned());
        let named = |n: Option<&str>| n.map(str::to_owned);
        match self.kind {
            Some("Root") => return Some("root".into()),
            Some("AssumedRole") => {
                let of_arn = self.arn.and_then(|a| a.split_once(":assumed-role/"));
                if let Some((_, role_and_session)) = of_arn {
                    return Some(role_and_session.to_owned());
                }
                let session = self.principal.and_then(session_of);
                match (self.issuer, session) {
                    (Some(role), Some(session)) => return Some(format!("{role}/{session}")),
                    (Some(role), None) => return Some(role.to_owned()),
                    _ => {}
                }
            }
            Some("FederatedUser") => {
                if let Some((_, name)) = self.arn.and_then(|a| a.split_once(":federated-user/")) {
                    return Some(name.to_owned());
                }
            }
            Some("IAMUser") if self.user_name.is_none() => {
                if let Some((_, name)) = self.arn.and_then(|a| a.split_once(":user/")) {
                    // Behind the path that users may be filed under.
                    return named(name.rsplit('/').next());
                }
            }
            // Only the account stands in the places of other kinds.
            Some("IdentityCenterUser") => {
                let user = self.user_name.or(self.signing_in).or(self.directory_id);
                if user.is_some() {
                    return named(user);
                }
            }
            Some("AWSService") => return named(self.invoked_by.or(self.principal).or(self.arn)),
            _ => {}
        }
        let id = self.principal.filter(|p| !p.is_empty());
        named(
            self.user_name
                .or(self.arn)
                .or(id)
                .or(self.invoked_by)
                .or(self.issuer)
                .or(self.account),
        )
    }
}

/// Fills the normalised fields; false if the record is no API event.
fn fill(event: &mut Event, attributes: &Attributes) -> bool {
    let mut identity = Identity::default();
    let (mut name, mut source, mut time, mut other_time) = (None, None, None, None);
    let (mut error, mut message) = (None, None);
    let mut results: Vec<(&str, &str)> = Vec::new();
    let (mut shared, mut request, mut id, mut recipient) = (None, None, None, None);
    let mut access_key = None;
    let (mut bucket, mut key, mut resource) = (None, None, None);
    let mut parameter: Option<(usize, &str)> = None;
    for (path, value) in attributes.iter() {
        if value.kind == Kind::Empty || value.text.is_empty() {
            continue;
        }
        let field = match path {
            "eventName" => &mut name,
            "eventSource" => &mut source,
            "eventTime" => &mut time,
            "@timestamp" => &mut other_time,
            "errorCode" => &mut error,
            "errorMessage" => &mut message,
            "sharedEventID" => &mut shared,
            "requestID" => &mut request,
            "eventID" => &mut id,
            "recipientAccountId" => &mut recipient,
            "userIdentity.accessKeyId" => &mut access_key,
            "userIdentity.type" => &mut identity.kind,
            "userIdentity.userName" => &mut identity.user_name,
            "userIdentity.arn" => &mut identity.arn,
            "userIdentity.principalId" => &mut identity.principal,
            "userIdentity.accountId" => &mut identity.account,
            "userIdentity.invokedBy" => &mut identity.invoked_by,
            "userIdentity.sessionContext.sessionIssuer.userName" => &mut identity.issuer,
            "userIdentity.onBehalfOf.userId" => &mut identity.directory_id,
            "additionalEventData.UserName" => &mut identity.signing_in,
            "requestParameters.bucketName" => &mut bucket,
            "requestParameters.key" => &mut key,
            "sourceIPAddress" => {
                add_address(event, value.text);
                continue;
            }
            // The last is the most specific: S3 lists the bucket, then the object.
            "resources.ARN" => {
                resource = Some(value.text);
                continue;
            }
            _ if path.starts_with("requestParameters.") => {
                if let Some(rank) = target_rank(path)
                    && parameter.is_none_or(|(best, _)| rank < best)
                {
                    parameter = Some((rank, value.text));
                }
                continue;
            }
            _ => {
                let said = path.strip_prefix("responseElements.");
                let said = said.or(path.strip_prefix("serviceEventDetails."));
                results.extend(said.map(|of| (of, value.text)));
                continue;
            }
        };
        *field = field.or(Some(value.text));
    }
    let (Some(name), Some(source)) = (name, source) else {
        return false;
    };
    event.ts = time.or(other_time).and_then(Timestamp::parse);
    event.actor = identity.actor();
    event.action = Some(name.to_owned());
    event.target = match (bucket, key) {
        (Some(bucket), Some(key)) => Some(format!("{bucket}/{key}")),
        (Some(bucket), None) => Some(bucket.to_owned()),
        _ => parameter
            .map(|(_, value)| value)
            .or(resource)
            .or(Some(source))
            .map(str::to_owned),
    };
    // Sign-ins say under their own name whether they worked: `"responseElements": {"ConsoleLogin": "Failure"}`.
    let result = results.iter().find(|(of, _)| *of == name);
    let result = result.map(|(_, said)| *said);
    event.outcome = match (error, result.map(outcome_word)) {
        (Some(_), _) => Outcome::Failure,
        (None, Some(said)) => said,
        (None, None) => Outcome::Success,
    };
    event.reason = error
        .or(result.filter(|_| event.outcome == Outcome::Failure))
        .map(str::to_owned);
    event.host = recipient
        .or(identity.account)
        .filter(|account| account.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned);
    event.session = access_key.or(shared).or(request).or(id).map(str::to_owned);
    event.message = message.map(str::to_owned);
    true
}
