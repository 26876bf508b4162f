//! Who does what when: the background of an afternoon, and the attack laid over it.

use serde_json::{Value, json};

use crate::event::Timestamp;
use crate::event::time::{MINUTE, SECOND};

use super::cast::{ACCOUNT, CI, GHOST, INTRUDER, SECOND_KEY, SECOND_USER, STAFF, THIEF, TRAIL};
use super::cloudtrail::{self, Call};
use super::random::Random;
use super::settings::{self, Change};
use super::{At, auditd, kubernetes};

/// How far back the logs reach, in minutes.
const SPAN: i64 = 240;
/// When the main trail was stopped, in minutes before the end.
pub(super) const TRAIL_STOPPED: i64 = 45;

/// How many ordinary events each log holds.
const CLOUDTRAIL: usize = 760;
const KUBERNETES: usize = 1280;
const AUDITD: usize = 450;
/// Pairs of programs started together, on top.
const PIPELINES: usize = 12;
const SETTINGS: usize = 300;

/// All events, each log in order of time.
pub(super) struct Story {
    pub(super) cloudtrail: Vec<At<Value>>,
    pub(super) kubernetes: Vec<At<Value>>,
    pub(super) auditd: Vec<At<auditd::Entry>>,
    pub(super) settings: Vec<At<Change>>,
}

pub(super) fn tell(random: &mut Random, now: Timestamp) -> Story {
    let mut story = Story {
        cloudtrail: afternoon(random, now, CLOUDTRAIL, cloudtrail::background),
        kubernetes: afternoon(random, now, KUBERNETES, kubernetes::background),
        auditd: afternoon(random, now, AUDITD, |random, _| auditd::background(random)),
        settings: afternoon(random, now, SETTINGS, |random, _| {
            settings::background(random)
        }),
    };
    releases(random, now, &mut story.cloudtrail);
    attack_cloud(random, now, &mut story.cloudtrail);
    attack_cluster(random, now, &mut story.kubernetes);
    for _ in 0..PIPELINES {
        let ts = now.saturating_add(-(random.below((SPAN * MINUTE) as u64) as i64));
        let [first, second] = auditd::pipeline(random);
        story.auditd.push(At { ts, what: first });
        story.auditd.push(At {
            ts: ts.saturating_add(auditd::TOGETHER / 2),
            what: second,
        });
    }
    for (offset, entry) in auditd::intrusion(random, INTRUDER) {
        story.auditd.push(At {
            ts: before(now, 36).saturating_add(offset),
            what: entry,
        });
    }
    // Ordinary changes in between, so that the edit and the deletion are two breaks; the two reviews are neighbours.
    let [payout, asked, approved] = settings::fraud();
    for (ts, change) in [
        (before(now, 32), payout),
        (before(now, 31), settings::background(random)),
        (before(now, 30), settings::background(random)),
        (before(now, 27), asked),
        (before(now, 27).saturating_add(1), approved),
    ] {
        story.settings.push(At { ts, what: change });
    }
    story.cloudtrail.sort_by_key(|event| event.ts);
    story.kubernetes.sort_by_key(|event| event.ts);
    story.auditd.sort_by_key(|event| event.ts);
    story.settings.sort_by_key(|event| event.ts);
    story
}

fn before(now: Timestamp, minutes: i64) -> Timestamp {
    now.saturating_add(-minutes * MINUTE)
}

/// `count` events over the span: a third spread evenly, the rest in bursts, as people and machines work.
fn afternoon<T>(
    random: &mut Random,
    now: Timestamp,
    count: usize,
    make: impl Fn(&mut Random, Timestamp) -> T,
) -> Vec<At<T>> {
    let mut events = Vec::with_capacity(count);
    let span = (SPAN * MINUTE) as u64;
    let length = (90 * SECOND) as u64;
    let mut burst = length;
    while events.len() < count {
        let back = if random.chance(33) {
            random.below(span)
        } else {
            if random.chance(15) {
                burst = length + random.below(span - length);
            }
            burst - random.below(length)
        } as i64;
        let ts = now.saturating_add(-back);
        events.push(At {
            ts,
            what: make(random, ts),
        });
    }
    events
}

/// Builds use the deploy key from where builds run, before and after it leaked.
fn releases(random: &mut Random, now: Timestamp, events: &mut Vec<At<Value>>) {
    for minute in [231, 198, 152, 117, 83, 41, 6] {
        for step in 0..6 {
            let ts = before(now, minute).saturating_add(step * 9 * SECOND);
            let call = cloudtrail::deploy(random);
            events.push(At {
                ts,
                what: call.by(&CI, random, ts),
            });
        }
    }
    // A key rotation with a ticket: not every new key is an intruder's.
    let ts = before(now, 171);
    let request = json!({ "userName": "svc-metrics" });
    events.push(At {
        ts,
        what: Call::new("iam", "CreateAccessKey", request).by(&STAFF[3], random, ts),
    });
}

fn attack_cloud(random: &mut Random, now: Timestamp, events: &mut Vec<At<Value>>) {
    let mut add = |random: &mut Random, minutes: i64, seconds: i64, principal, call: Call| {
        let ts = before(now, minutes).saturating_add(seconds * SECOND);
        events.push(At {
            ts,
            what: call.by(principal, random, ts),
        });
    };
    let who_am_i = || Call::new("sts", "GetCallerIdentity", Value::Null);
    add(random, 72, 0, &THIEF, who_am_i());
    for (seconds, service, name) in [
        (14, "iam", "GetAccountAuthorizationDetails"),
        (21, "iam", "ListUsers"),
        (33, "ec2", "DescribeInstances"),
        (47, "secretsmanager", "ListSecrets"),
        (58, "organizations", "DescribeOrganization"),
    ] {
        add(
            random,
            72,
            seconds,
            &THIEF,
            Call::new(service, name, Value::Null).denied(&THIEF),
        );
    }
    add(
        random,
        71,
        5,
        &THIEF,
        Call::new("s3", "ListBuckets", json!({ "Host": "s3.amazonaws.com" })),
    );
    add(
        random,
        71,
        20,
        &THIEF,
        Call::new(
            "iam",
            "ListAttachedUserPolicies",
            json!({ "userName": CI.name }),
        ),
    );
    for n in 0..46 {
        let seconds = n * 17 + random.below(9) as i64;
        let call = match n % 9 {
            3 => Call::object("GetObject", "acme-payroll", &format!("2026/run-{n:02}.csv"))
                .denied(&THIEF),
            0 | 5 => Call::object(
                "GetObject",
                "acme-deploy-artifacts",
                &format!("api/build-{}.tar.zst", 4850 + n),
            ),
            _ => Call::object(
                "GetObject",
                "acme-customer-exports",
                &format!("exports/2026-03/customers-{n:04}.csv.gz"),
            ),
        };
        add(random, 68, seconds, &THIEF, call);
    }
    let user = format!("arn:aws:iam::{ACCOUNT}:user/{SECOND_USER}");
    let mut create = Call::new("iam", "CreateUser", json!({ "userName": SECOND_USER }));
    create.response = json!({ "user": { "path": "/", "arn": user, "userName": SECOND_USER, "userId": GHOST.id } });
    create.resource = Some(user.clone());
    add(random, 50, 0, &THIEF, create);
    let mut key = Call::new("iam", "CreateAccessKey", json!({ "userName": SECOND_USER }));
    key.response = json!({ "accessKey": { "userName": SECOND_USER, "accessKeyId": SECOND_KEY, "status": "Active" } });
    add(random, 50, 9, &THIEF, key);
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let policy = json!({ "userName": SECOND_USER, "policyArn": admin });
    add(
        random,
        50,
        21,
        &THIEF,
        Call::new("iam", "AttachUserPolicy", policy),
    );
    add(random, 48, 0, &GHOST, who_am_i());
    add(
        random,
        46,
        30,
        &GHOST,
        Call::new("cloudtrail", "DescribeTrails", Value::Null),
    );
    add(
        random,
        TRAIL_STOPPED,
        0,
        &GHOST,
        Call::new("cloudtrail", "StopLogging", json!({ "name": TRAIL })),
    );
    add(
        random,
        44,
        0,
        &GHOST,
        Call::new("eks", "ListClusters", Value::Null),
    );
    let entry = json!({ "name": "acme-prod", "principalArn": user, "username": SECOND_USER, "type": "STANDARD" });
    add(
        random,
        43,
        30,
        &GHOST,
        Call::new("eks", "CreateAccessEntry", entry),
    );
    let policy = json!({ "name": "acme-prod", "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy" });
    add(
        random,
        43,
        41,
        &GHOST,
        Call::new("eks", "AssociateAccessPolicy", policy),
    );
    for n in 0..24 {
        let (principal, minutes) = if n % 4 == 3 {
            (&THIEF, 38 - n * 3 / 2)
        } else {
            (&GHOST, 39 - n * 3 / 2)
        };
        let call = Call::object(
            "GetObject",
            "acme-customer-exports",
            &format!("exports/2026-02/customers-{n:04}.csv.gz"),
        );
        add(random, minutes, 7 * n % 50, principal, call);
    }
}

fn attack_cluster(random: &mut Random, now: Timestamp, events: &mut Vec<At<Value>>) {
    use kubernetes::{Request, SECRETS, intruder};
    let mut add = |random: &mut Random, minutes: i64, seconds: i64, request: Request| {
        let ts = before(now, minutes).saturating_add(seconds * SECOND);
        events.push(At {
            ts,
            what: request.event(random, ts),
        });
    };
    for (seconds, resource) in [(0, "namespaces"), (2, "pods"), (4, "secrets")] {
        let probe = Request {
            user: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated"],
            code: 403,
            ..intruder("list", resource, None, None)
        };
        add(random, 44, 20 + seconds, probe);
    }
    add(random, 42, 0, intruder("list", "namespaces", None, None));
    add(random, 42, 10, intruder("list", "secrets", None, None));
    for (n, (namespace, name)) in SECRETS.into_iter().enumerate() {
        add(
            random,
            41,
            8 * n as i64,
            intruder("get", "secrets", Some(namespace), Some(name)),
        );
    }
    add(
        random,
        39,
        0,
        intruder("list", "pods", Some("payments"), None),
    );
    let shell = Request {
        subresource: Some("exec"),
        code: 101,
        ..intruder(
            "create",
            "pods",
            Some("payments"),
            Some("ledger-6f9d8c7b5-x2k4q"),
        )
    };
    add(random, 38, 30, shell);
    let binding = Request {
        api: "rbac.authorization.k8s.io/v1",
        code: 201,
        ..intruder("create", "clusterrolebindings", None, Some("backup-admin"))
    };
    add(random, 37, 40, binding);
    for minutes in [28, 19, 11, 4] {
        add(
            random,
            minutes,
            15,
            intruder("list", "secrets", Some("payments"), None),
        );
    }
}
