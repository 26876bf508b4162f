//! Kubernetes API server audit events (`audit.k8s.io/v1`, level Metadata).

use serde_json::{Value, json};

use crate::event::Timestamp;

use super::cast::{INTRUDER, SECOND_USER};
use super::random::Random;

/// One request to the API server.
pub(super) struct Request {
    pub(super) user: String,
    pub(super) groups: Vec<&'static str>,
    pub(super) address: &'static str,
    pub(super) agent: &'static str,
    pub(super) verb: &'static str,
    /// Group and version as in the path (`apps/v1`; `v1` for the core).
    pub(super) api: &'static str,
    pub(super) resource: &'static str,
    pub(super) subresource: Option<&'static str>,
    pub(super) namespace: Option<&'static str>,
    pub(super) name: Option<String>,
    pub(super) code: u64,
}

impl Request {
    pub(super) fn event(&self, random: &mut Random, ts: Timestamp) -> Value {
        let mut object = json!({ "resource": self.resource });
        let mut path = if self.api.contains('/') {
            format!("/apis/{}", self.api)
        } else {
            format!("/api/{}", self.api)
        };
        if let Some(namespace) = self.namespace {
            object["namespace"] = json!(namespace);
            path.push_str(&format!("/namespaces/{namespace}"));
        }
        path.push_str(&format!("/{}", self.resource));
        if let Some(name) = &self.name {
            object["name"] = json!(name);
            path.push_str(&format!("/{name}"));
        }
        match self.api.split_once('/') {
            Some((group, version)) => {
                object["apiGroup"] = json!(group);
                object["apiVersion"] = json!(version);
            }
            None => object["apiVersion"] = json!(self.api),
        }
        if let Some(subresource) = self.subresource {
            object["subresource"] = json!(subresource);
            path.push_str(&format!("/{subresource}"));
        }
        match (self.verb, self.name.is_some()) {
            ("list", _) => path.push_str("?limit=500"),
            ("watch", _) => path.push_str("?allowWatchBookmarks=true&watch=true"),
            _ => {}
        }
        let micros = |ts: Timestamp| ts.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let took = 1_000_000 + random.below(40_000_000) as i64;
        let is_denied = self.code == 403;
        let mut event = json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": random.uuid(),
            "stage": "ResponseComplete",
            "requestURI": path,
            "verb": self.verb,
            "user": { "username": self.user, "groups": self.groups },
            "sourceIPs": [self.address],
            "userAgent": self.agent,
            "objectRef": object,
            "responseStatus": { "metadata": {}, "code": self.code },
            "requestReceivedTimestamp": micros(ts),
            "stageTimestamp": micros(ts.saturating_add(took)),
            "annotations": {
                "authorization.k8s.io/decision": if is_denied { "forbid" } else { "allow" },
                "authorization.k8s.io/reason": if is_denied { "" } else { "RBAC: allowed by ClusterRoleBinding" },
            },
        });
        if self.code >= 400 {
            event["responseStatus"]["status"] = json!("Failure");
            event["responseStatus"]["reason"] = json!(match self.code {
                403 => "Forbidden",
                404 => "NotFound",
                409 => "Conflict",
                _ => "InternalError",
            });
            event["responseStatus"]["message"] = json!(self.refusal());
        }
        event
    }

    /// Why it failed, as the API server says it.
    fn refusal(&self) -> String {
        let Self {
            user,
            verb,
            resource,
            ..
        } = self;
        let name = self.name.as_deref().unwrap_or_default();
        let group = self.api.split_once('/').map_or("", |(group, _)| group);
        match self.code {
            403 => {
                let place = self
                    .namespace
                    .map_or("at the cluster scope".to_owned(), |n| {
                        format!("in the namespace \"{n}\"")
                    });
                format!(
                    "{resource} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}"
                )
            }
            409 => format!(
                "Operation cannot be fulfilled on {resource} \"{name}\": the object has been modified"
            ),
            _ => format!("{resource} \"{name}\" not found"),
        }
    }
}

const KUBECTL: &str = "kubectl/v1.30.2 (darwin/arm64) kubernetes/3968350";
const KUBELET: &str = "kubelet/v1.30.2 (linux/amd64) kubernetes/3968350";
const MANAGER: &str =
    "kube-controller-manager/v1.30.2 (linux/amd64) kubernetes/3968350/leader-election";
const SCHEDULER: &str = "kube-scheduler/v1.30.2 (linux/amd64) kubernetes/3968350/leader-election";
const OPERATOR: &str = "argocd-application-controller/v2.11.3 (linux/amd64)";
const NODES: [(&str, &str); 3] = [
    ("ip-10-0-1-44", "10.0.1.44"),
    ("ip-10-0-1-51", "10.0.1.51"),
    ("ip-10-0-2-19", "10.0.2.19"),
];
const SPACES: [&str; 4] = ["payments", "web", "ops", "monitoring"];
const PEOPLE: [(&str, &str); 4] = [
    ("mia.larsen", "198.51.100.21"),
    ("omar.haddad", "10.8.0.23"),
    ("priya.nair", "10.8.0.17"),
    ("jonas.weber", "198.51.100.24"),
];

/// An ordinary request, most of them from machines.
pub(super) fn background(random: &mut Random, ts: Timestamp) -> Value {
    let request = match random.below(100) {
        0..=27 => lease(random),
        28..=49 => node(random),
        50..=71 => controller(random),
        72..=79 => operator(random),
        _ => person(random),
    };
    request.event(random, ts)
}

fn lease(random: &mut Random) -> Request {
    let (user, agent, address, namespace, name) = match random.below(3) {
        0 => (
            "system:kube-controller-manager".to_owned(),
            MANAGER,
            "10.0.0.10",
            "kube-system",
            "kube-controller-manager",
        ),
        1 => (
            "system:kube-scheduler".to_owned(),
            SCHEDULER,
            "10.0.0.10",
            "kube-system",
            "kube-scheduler",
        ),
        _ => {
            let (node, address) = *random.pick(&NODES);
            (
                format!("system:node:{node}"),
                KUBELET,
                address,
                "kube-node-lease",
                node,
            )
        }
    };
    Request {
        user,
        groups: vec!["system:authenticated"],
        address,
        agent,
        verb: if random.chance(75) { "update" } else { "get" },
        api: "coordination.k8s.io/v1",
        resource: "leases",
        subresource: None,
        namespace: Some(namespace),
        name: Some(name.to_owned()),
        code: if random.chance(2) { 409 } else { 200 },
    }
}

fn pod(random: &mut Random) -> String {
    let app = *random.pick(&["api", "worker", "web", "ledger", "prometheus"]);
    format!("{app}-{}-{}", random.hex(9), random.hex(5))
}

fn node(random: &mut Random) -> Request {
    let (node, address) = *random.pick(&NODES);
    let (verb, resource, subresource, name) = match random.below(4) {
        0 => ("patch", "nodes", Some("status"), Some(node.to_owned())),
        1 => ("patch", "pods", Some("status"), Some(pod(random))),
        2 => (
            "watch",
            "configmaps",
            None,
            Some("kube-root-ca.crt".to_owned()),
        ),
        _ => ("get", "pods", None, Some(pod(random))),
    };
    Request {
        user: format!("system:node:{node}"),
        groups: vec!["system:nodes", "system:authenticated"],
        address,
        agent: KUBELET,
        verb,
        api: "v1",
        resource,
        subresource,
        namespace: (resource != "nodes").then(|| *random.pick(&SPACES)),
        name,
        code: if random.chance(4) { 404 } else { 200 },
    }
}

fn controller(random: &mut Random) -> Request {
    let (account, api, resource) = *random.pick(&[
        ("replicaset-controller", "v1", "pods"),
        (
            "endpointslice-controller",
            "discovery.k8s.io/v1",
            "endpointslices",
        ),
        ("deployment-controller", "apps/v1", "replicasets"),
        ("cronjob-controller", "batch/v1", "jobs"),
    ]);
    let verb = *random.weighted(&[
        (5, "list"),
        (5, "watch"),
        (3, "update"),
        (2, "create"),
        (1, "delete"),
    ]);
    Request {
        user: format!("system:serviceaccount:kube-system:{account}"),
        groups: vec![
            "system:serviceaccounts",
            "system:serviceaccounts:kube-system",
            "system:authenticated",
        ],
        address: "10.0.0.10",
        agent: MANAGER,
        verb,
        api,
        resource,
        subresource: None,
        namespace: Some(*random.pick(&SPACES)),
        name: matches!(verb, "update" | "delete").then(|| pod(random)),
        code: match verb {
            "create" => 201,
            "update" if random.chance(10) => 409,
            _ => 200,
        },
    }
}

fn operator(random: &mut Random) -> Request {
    let reads_secret = random.chance(25);
    Request {
        user: "system:serviceaccount:ops:argocd-application-controller".to_owned(),
        groups: vec!["system:serviceaccounts", "system:authenticated"],
        address: "10.0.2.19",
        agent: OPERATOR,
        verb: if reads_secret { "watch" } else { "patch" },
        api: if reads_secret { "v1" } else { "apps/v1" },
        resource: if reads_secret {
            "secrets"
        } else {
            "deployments"
        },
        subresource: None,
        namespace: Some(*random.pick(&SPACES)),
        name: (!reads_secret).then(|| (*random.pick(&["api", "worker", "web"])).to_owned()),
        code: 200,
    }
}

fn person(random: &mut Random) -> Request {
    let (user, address) = *random.pick(&PEOPLE);
    let (verb, resource, subresource) = *random.weighted(&[
        (10, ("get", "pods", None)),
        (8, ("list", "pods", None)),
        (5, ("get", "pods", Some("log"))),
        (3, ("list", "events", None)),
        (3, ("get", "configmaps", None)),
        (1, ("delete", "pods", None)),
        (1, ("get", "secrets", None)),
    ]);
    let name = match (verb, resource) {
        ("list", _) => None,
        (_, "configmaps") => Some("api-config".to_owned()),
        (_, "secrets") => Some("grafana-admin".to_owned()),
        _ => Some(pod(random)),
    };
    Request {
        user: user.to_owned(),
        groups: vec!["acme:engineers", "system:authenticated"],
        address,
        agent: KUBECTL,
        verb,
        api: "v1",
        resource,
        subresource,
        namespace: Some(if resource == "secrets" {
            "monitoring"
        } else {
            *random.pick(&SPACES)
        }),
        name,
        // Engineers may not read secrets themselves, and now and then one tries.
        code: if resource == "secrets" {
            403
        } else if random.chance(5) {
            404
        } else {
            200
        },
    }
}

/// A request of the intruder, as the cluster administrator they made of themselves.
pub(super) fn intruder(
    verb: &'static str,
    resource: &'static str,
    namespace: Option<&'static str>,
    name: Option<&str>,
) -> Request {
    Request {
        user: SECOND_USER.to_owned(),
        groups: vec!["system:authenticated"],
        address: INTRUDER,
        agent: "kubectl/v1.28.4 (linux/amd64) kubernetes/bae2c62",
        verb,
        api: "v1",
        resource,
        subresource: None,
        namespace,
        name: name.map(str::to_owned),
        code: 200,
    }
}

pub(super) fn intruder_reads(random: &mut Random, ts: Timestamp) -> Value {
    let (namespace, name) = *random.pick(&SECRETS);
    intruder("get", "secrets", Some(namespace), Some(name)).event(random, ts)
}

pub(super) const SECRETS: [(&str, &str); 6] = [
    ("payments", "stripe-api-key"),
    ("payments", "ledger-db-credentials"),
    ("payments", "payout-signing-key"),
    ("ops", "bastion-ssh-key"),
    ("ops", "argocd-repo-creds"),
    ("web", "session-secret"),
];
