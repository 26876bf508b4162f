//! Kubernetes audit logs as a busy cluster writes them, the same bytes for the same number of events.

pub(crate) mod auditd;
pub(crate) mod cloudtrail;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Actor of the last event: what the explorer must show first.
pub(crate) const NEWEST_ACTOR: &str = "newest@corp";
/// The person of the selective query: a few denied looks at secrets.
pub(crate) const SUSPECT: &str = "mallory@corp.example";
/// A secret's name that occurs in few events.
pub(crate) const RARE_WORD: &str = "paymentsvault";

const NODES: u64 = 60;
const NAMESPACES: [&str; 12] = [
    "prod",
    "staging",
    "payments",
    "checkout",
    "search",
    "kube-system",
    "monitoring",
    "ingress",
    "batch",
    "data",
    "ci",
    "default",
];
const PEOPLE: [&str; 14] = [
    "alice@corp.example",
    "bob@corp.example",
    "carol@corp.example",
    "dan@corp.example",
    "erin@corp.example",
    "frank@corp.example",
    "grace@corp.example",
    "heidi@corp.example",
    "ivan@corp.example",
    "judy@corp.example",
    "kim@corp.example",
    "leo@corp.example",
    "nina@corp.example",
    "oscar@corp.example",
];
const ACCOUNTS: [(&str, &str); 24] = [
    ("kube-system", "replicaset-controller"),
    ("kube-system", "deployment-controller"),
    ("kube-system", "generic-garbage-collector"),
    ("kube-system", "resourcequota-controller"),
    ("kube-system", "endpointslice-controller"),
    ("kube-system", "namespace-controller"),
    ("kube-system", "job-controller"),
    ("kube-system", "cronjob-controller"),
    ("kube-system", "coredns"),
    ("kube-system", "metrics-server"),
    ("kube-system", "cluster-autoscaler"),
    ("monitoring", "prometheus"),
    ("monitoring", "kube-state-metrics"),
    ("monitoring", "grafana"),
    ("ingress", "nginx-ingress"),
    ("ci", "deployer"),
    ("ci", "runner"),
    ("data", "spark-operator"),
    ("data", "airflow"),
    ("payments", "external-secrets"),
    ("payments", "api"),
    ("checkout", "cart"),
    ("search", "indexer"),
    ("batch", "argo-workflow"),
];
const APPS: [&str; 20] = [
    "api", "web", "cart", "worker", "indexer", "gateway", "ledger", "mailer", "auth", "catalog",
    "pricing", "stock", "report", "billing", "cron", "cache", "queue", "feed", "proxy", "events",
];
const RESOURCES: [(u64, &str, &str); 8] = [
    (40, "", "pods"),
    (18, "", "configmaps"),
    (16, "", "secrets"),
    (8, "apps", "deployments"),
    (6, "apps", "replicasets"),
    (6, "discovery.k8s.io", "endpointslices"),
    (4, "batch", "jobs"),
    (2, "rbac.authorization.k8s.io", "rolebindings"),
];

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a, T>(&mut self, rows: &'a [T]) -> &'a T {
        &rows[self.below(rows.len() as u64) as usize]
    }
}

/// What one line says; the rest of it follows from these.
struct Request {
    user: String,
    groups: &'static str,
    agent: &'static str,
    ip: String,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    namespace: String,
    name: Option<String>,
    code: u16,
}

/// Writes `events` lines; the last one is by [`NEWEST_ACTOR`].
pub(crate) fn write(path: &Path, events: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = Random(0x5eed_a0d1_7717_2026);
    // 2026-03-01T00:00:00Z; a million events are about five hours.
    let mut micros: u64 = 1_772_323_200_000_000;
    for number in 0..events {
        micros += 1_000 + random.below(36_000);
        let request = if number + 1 == events {
            person(&mut random, NEWEST_ACTOR, 200)
        } else {
            request(&mut random, number)
        };
        line(&mut out, &mut random, micros, &request)?;
    }
    out.flush()
}

/// One more line, as a server appends it: by `actor`, a second after the last.
pub(crate) fn appended(actor: &str, events: u64, number: u64) -> Vec<u8> {
    let mut random = Random(number);
    let mut out = Vec::new();
    let micros = 1_772_323_200_000_000 + events * 37_000 + number * 1_000_000;
    let request = person(&mut random, actor, 200);
    // Writing to memory does not fail.
    let _ = line(&mut out, &mut random, micros, &request);
    out
}

fn request(random: &mut Random, number: u64) -> Request {
    match random.below(1000) {
        0..340 => lease(random),
        340..640 => controller(random, number),
        640..700 => new_event(random),
        700..960 => kubelet(random, number),
        960..999 => {
            let actor = random.pick(&PEOPLE);
            let denied = random.below(25) == 0;
            person(random, actor, if denied { 403 } else { 200 })
        }
        _ => {
            let mut request = person(random, SUSPECT, 403);
            request.resource = "secrets";
            request.group = "";
            request.verb = "get";
            request.namespace = "payments".into();
            request.name = Some(format!("{RARE_WORD}-{}", random.below(9)));
            request
        }
    }
}

/// Every node and controller renews its lease every few seconds.
fn lease(random: &mut Random) -> Request {
    let node = random.below(NODES);
    Request {
        user: format!("system:node:ip-10-0-{node}-17.eu-central-1.compute.internal"),
        groups: r#""system:nodes","system:authenticated""#,
        agent: "kubelet/v1.31.4 (linux/amd64) kubernetes/a78aa47",
        ip: format!("10.0.{node}.17"),
        verb: if random.below(3) == 0 {
            "get"
        } else {
            "update"
        },
        group: "coordination.k8s.io",
        resource: "leases",
        namespace: "kube-node-lease".into(),
        name: Some(format!("ip-10-0-{node}-17.eu-central-1.compute.internal")),
        code: if random.below(400) == 0 { 409 } else { 200 },
    }
}

fn controller(random: &mut Random, number: u64) -> Request {
    let (home, account) = random.pick(&ACCOUNTS);
    let (group, resource) = resource(random);
    let namespace = random.pick(&NAMESPACES);
    let verb = *random.pick(&[
        "get", "get", "list", "watch", "update", "patch", "create", "delete",
    ]);
    let bare = matches!(verb, "list" | "watch");
    Request {
        user: format!("system:serviceaccount:{home}:{account}"),
        groups: r#""system:serviceaccounts","system:serviceaccounts:kube-system","system:authenticated""#,
        agent: "kube-controller-manager/v1.31.4 (linux/amd64) kubernetes/a78aa47/system:serviceaccount",
        ip: format!("10.0.{}.{}", random.below(3), 10 + random.below(20)),
        verb,
        group,
        resource,
        namespace: (*namespace).into(),
        name: (!bare).then(|| object(random, resource, number)),
        code: match (verb, random.below(200)) {
            ("create", 0..=3) => 409,
            ("get", 0..=5) => 404,
            ("create", _) => 201,
            _ => 200,
        },
    }
}

/// Events are created under names of their own.
fn new_event(random: &mut Random) -> Request {
    let mut request = lease(random);
    let app = random.pick(&APPS);
    request.verb = "create";
    request.group = "";
    request.resource = "events";
    request.namespace = (*random.pick(&NAMESPACES)).into();
    request.name = Some(format!(
        "{app}-{:05x}.{:016x}",
        random.below(1 << 20),
        random.next()
    ));
    request.code = 201;
    request
}

fn kubelet(random: &mut Random, number: u64) -> Request {
    let mut request = lease(random);
    let (verb, group, resource) = *random.pick(&[
        ("get", "", "pods"),
        ("patch", "", "pods"),
        ("get", "", "configmaps"),
        ("get", "", "secrets"),
        ("watch", "", "configmaps"),
    ]);
    request.verb = verb;
    request.group = group;
    request.resource = resource;
    request.namespace = (*random.pick(&NAMESPACES)).into();
    request.name = Some(object(random, resource, number));
    request.code = if random.below(80) == 0 { 404 } else { 200 };
    request
}

fn person(random: &mut Random, actor: &str, code: u16) -> Request {
    let (group, resource) = resource(random);
    let verb = *random.pick(&["get", "list", "get", "patch", "delete"]);
    Request {
        user: actor.into(),
        groups: r#""corp:engineers","corp:oncall","system:authenticated""#,
        agent: "kubectl/v1.31.2 (darwin/arm64) kubernetes/5864a46",
        ip: format!("203.0.113.{}", random.below(120)),
        verb,
        group,
        resource,
        namespace: (*random.pick(&NAMESPACES)).into(),
        name: (verb != "list").then(|| object(random, resource, 0)),
        code,
    }
}

fn resource(random: &mut Random) -> (&'static str, &'static str) {
    let mut left = random.below(RESOURCES.iter().map(|(weight, ..)| weight).sum());
    for (weight, group, resource) in &RESOURCES {
        if left < *weight {
            return (group, resource);
        }
        left -= weight;
    }
    ("", "pods")
}

/// Pods come and go, everything else keeps its name.
fn object(random: &mut Random, resource: &str, number: u64) -> String {
    let app = random.pick(&APPS);
    match resource {
        "pods" => {
            let release = number / 50_000;
            let pod = random.below(60);
            let hash = (release * 7919 + pod * 104_729) % 0xf_ffff;
            format!("{app}-{:09x}-{hash:05x}", release * 0x9e_3779)
        }
        "secrets" => format!(
            "{app}-{}",
            random.pick(&["tls", "db", "token", "oauth", "registry"])
        ),
        "configmaps" => format!("{app}-config"),
        _ => app.to_string(),
    }
}

fn line(out: &mut impl Write, random: &mut Random, micros: u64, r: &Request) -> io::Result<()> {
    let prefix = match r.group {
        "" => "/api/v1".to_owned(),
        group => format!("/apis/{group}/v1"),
    };
    let (mut uri, version) = (
        format!("{prefix}/namespaces/{}/{}", r.namespace, r.resource),
        "v1",
    );
    if let Some(name) = &r.name {
        uri.push('/');
        uri.push_str(name);
    }
    match r.verb {
        "watch" => uri.push_str("?allowWatchBookmarks=true&timeout=8m32s&watch=true"),
        "list" => uri.push_str("?limit=500&resourceVersion=0"),
        "update" => uri.push_str("?timeout=10s"),
        _ => {}
    }
    let (a, b) = (random.next(), random.next());
    let received = micros - 800 - random.below(9_000);
    let name = match &r.name {
        Some(name) => format!(r#""name":"{name}","#),
        None => String::new(),
    };
    let group = match r.group {
        "" => String::new(),
        group => format!(r#""apiGroup":"{group}","#),
    };
    let status = match r.code {
        403 => format!(
            r#""status":"Failure","message":"{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\"","reason":"Forbidden","code":403"#,
            r.resource, r.user, r.verb, r.resource, r.group
        ),
        404 => format!(r#""status":"Failure","message":"{} not found","reason":"NotFound","code":404"#, r.resource),
        409 => r#""status":"Failure","message":"the object has been modified; please apply your changes to the latest version","reason":"Conflict","code":409"#.to_owned(),
        code => format!(r#""code":{code}"#),
    };
    let (decision, why) = if r.code == 403 {
        ("forbid", String::new())
    } else {
        (
            "allow",
            format!(
                "RBAC: allowed by ClusterRoleBinding \\\"{}\\\" of ClusterRole \\\"{}\\\" to Group",
                r.resource, r.resource
            ),
        )
    };
    writeln!(
        out,
        concat!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}","#,
            r#""stage":"ResponseComplete","requestURI":"{}","verb":"{}","user":{{"username":"{}","groups":[{}]}},"#,
            r#""sourceIPs":["{}"],"userAgent":"{}","objectRef":{{"resource":"{}","namespace":"{}",{}{}"apiVersion":"{}"}},"#,
            r#""responseStatus":{{"metadata":{{}},{}}},"requestReceivedTimestamp":"{}","stageTimestamp":"{}","#,
            r#""annotations":{{"authorization.k8s.io/decision":"{}","authorization.k8s.io/reason":"{}"}}}}"#
        ),
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff,
        uri,
        r.verb,
        r.user,
        r.groups,
        r.ip,
        r.agent,
        r.resource,
        r.namespace,
        name,
        group,
        version,
        status,
        time(received),
        time(micros),
        decision,
        why
    )
}

/// RFC 3339 with microseconds.
fn time(micros: u64) -> String {
    let at = chrono::DateTime::from_timestamp_micros(micros as i64).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
