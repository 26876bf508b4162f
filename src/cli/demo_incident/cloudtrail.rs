//! CloudTrail events (event version 1.09): the shapes of the published record format.

use serde_json::{Value, json};

use crate::event::Timestamp;

use super::cast::{ACCOUNT, CI, GHOST, Principal, REGION, STAFF, THIEF};
use super::random::Random;

/// One call: what is asked of which service, and how it ends.
pub(super) struct Call {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) request: Value,
    pub(super) response: Value,
    /// The resource's ARN, where CloudTrail names one.
    pub(super) resource: Option<String>,
    /// Code and text.
    pub(super) error: Option<(&'static str, String)>,
}

impl Call {
    pub(super) fn new(service: &'static str, name: &'static str, request: Value) -> Self {
        Self {
            service,
            name,
            request,
            response: Value::Null,
            resource: None,
            error: None,
        }
    }

    pub(super) fn object(name: &'static str, bucket: &str, key: &str) -> Self {
        let request = json!({ "bucketName": bucket, "Host": format!("{bucket}.s3.{REGION}.amazonaws.com"), "key": key });
        Self {
            resource: Some(format!("arn:aws:s3:::{bucket}/{key}")),
            ..Self::new("s3", name, request)
        }
    }

    pub(super) fn denied(self, principal: &Principal) -> Self {
        let text = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/{} is not authorized to perform: {}:{}",
            principal.name, self.service, self.name
        );
        Self {
            error: Some(("AccessDenied", text)),
            response: Value::Null,
            ..self
        }
    }

    fn is_read(&self) -> bool {
        ["Get", "List", "Describe", "Head", "Lookup"]
            .iter()
            .any(|verb| self.name.starts_with(verb))
    }

    pub(super) fn by(self, principal: &Principal, random: &mut Random, ts: Timestamp) -> Value {
        let is_read = self.is_read();
        let is_data = self.service == "s3" && self.resource.is_some();
        let host = if is_data {
            "s3".to_owned()
        } else {
            format!("{}.{REGION}", self.service)
        };
        let mut event = json!({
            "eventVersion": "1.09",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": principal.id,
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/{}", principal.name),
                "accountId": ACCOUNT,
                "accessKeyId": principal.key,
                "userName": principal.name,
            },
            "eventTime": ts.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "eventSource": format!("{}.amazonaws.com", self.service),
            "eventName": self.name,
            "awsRegion": REGION,
            "sourceIPAddress": principal.address,
            "userAgent": principal.agent,
        });
        if let Some((code, message)) = self.error {
            event["errorCode"] = json!(code);
            event["errorMessage"] = json!(message);
        }
        event["requestParameters"] = self.request;
        event["responseElements"] = self.response;
        if is_data {
            event["additionalEventData"] = json!({
                "SignatureVersion": "SigV4",
                "CipherSuite": "TLS_AES_128_GCM_SHA256",
                "bytesTransferredIn": 0,
                "bytesTransferredOut": random.below(4_000_000),
                "AuthenticationMethod": "AuthHeader",
            });
        }
        event["requestID"] = json!(random.uuid());
        event["eventID"] = json!(random.uuid());
        event["readOnly"] = json!(is_read);
        if let Some(arn) = self.resource {
            let kind = if is_data {
                "AWS::S3::Object"
            } else {
                "AWS::IAM::User"
            };
            event["resources"] = json!([{ "accountId": ACCOUNT, "type": kind, "ARN": arn }]);
        }
        event["eventType"] = json!("AwsApiCall");
        event["managementEvent"] = json!(!is_data);
        event["recipientAccountId"] = json!(ACCOUNT);
        event["eventCategory"] = json!(if is_data { "Data" } else { "Management" });
        event["tlsDetails"] = json!({
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": format!("{host}.amazonaws.com"),
        });
        event
    }
}

/// An ordinary call of somebody who belongs here.
pub(super) fn background(random: &mut Random, ts: Timestamp) -> Value {
    if random.chance(14) {
        let call = deploy(random);
        return call.by(&CI, random, ts);
    }
    let principal = random.pick(&STAFF);
    let is_machine = principal.name.starts_with("svc-");
    let kind = if is_machine {
        *random.weighted(&[(6, "metrics"), (8, "invoice"), (2, "queue"), (1, "decrypt")])
    } else {
        *random.weighted(&[
            (6, "instances"),
            (3, "logs"),
            (3, "buckets"),
            (2, "roles"),
            (2, "cluster"),
            (1, "identity"),
        ])
    };
    let id = random.hex(17);
    let call = match kind {
        "metrics" => Call::new(
            "monitoring",
            "GetMetricData",
            json!({ "maxDatapoints": 500, "scanBy": "TimestampDescending" }),
        ),
        "invoice" => {
            let key = format!(
                "invoices/2026/{:02}/{}.pdf",
                1 + random.below(12),
                random.hex(8)
            );
            Call::object(
                if random.chance(70) {
                    "GetObject"
                } else {
                    "PutObject"
                },
                "acme-invoices",
                &key,
            )
        }
        "queue" => Call::new(
            "sqs",
            "GetQueueAttributes",
            json!({ "queueUrl": format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/payouts") }),
        ),
        "decrypt" => Call::new(
            "kms",
            "Decrypt",
            json!({ "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": { "service": principal.name } }),
        ),
        "instances" => Call::new(
            "ec2",
            "DescribeInstances",
            json!({ "instancesSet": { "items": [{ "instanceId": format!("i-{id}") }] }, "filterSet": {} }),
        ),
        "logs" => Call::new(
            "logs",
            "FilterLogEvents",
            json!({ "logGroupName": *random.pick(&["/acme/api", "/acme/worker", "/acme/web"]), "limit": 100 }),
        ),
        "buckets" => Call::new(
            "s3",
            "ListObjects",
            json!({ "bucketName": *random.pick(&["acme-invoices", "acme-deploy-artifacts", "acme-static"]), "max-keys": "1000" }),
        ),
        "roles" => Call::new(
            "iam",
            "GetRole",
            json!({ "roleName": *random.pick(&["acme-api", "acme-worker", "acme-node"]) }),
        ),
        "cluster" => Call::new("eks", "DescribeCluster", json!({ "name": "acme-prod" })),
        _ => Call::new("sts", "GetCallerIdentity", Value::Null),
    };
    let call = if random.chance(3) {
        call.denied(principal)
    } else {
        call
    };
    call.by(principal, random, ts)
}

/// What the deploy key is for.
pub(super) fn deploy(random: &mut Random) -> Call {
    let build = 4800 + random.below(90);
    match random.below(5) {
        0 | 1 => Call::object(
            "PutObject",
            "acme-deploy-artifacts",
            &format!("api/build-{build}.tar.zst"),
        ),
        2 => Call::object(
            "GetObject",
            "acme-deploy-artifacts",
            &format!("api/build-{build}.tar.zst"),
        ),
        3 => Call::new("ecr", "GetAuthorizationToken", Value::Null),
        _ => Call::new(
            "ecr",
            "PutImage",
            json!({ "repositoryName": "acme/api", "imageTag": format!("build-{build}"), "registryId": ACCOUNT }),
        ),
    }
}

/// The intruder goes on reading, with whichever key works.
pub(super) fn intruder_reads(random: &mut Random, ts: Timestamp) -> Value {
    let principal = if random.chance(60) { &GHOST } else { &THIEF };
    let key = format!(
        "exports/2026-{:02}/customers-{:04}.csv.gz",
        1 + random.below(12),
        random.below(4000)
    );
    let call = Call::object("GetObject", "acme-customer-exports", &key);
    let call = if random.chance(20) {
        call.denied(principal)
    } else {
        call
    };
    call.by(principal, random, ts)
}
