#!/usr/bin/env python3
"""Every kind of query against an independent filter written in Python.

usage: queries.py AUDITTY

A directory mixes all formats. `search '*'` is asked once, to learn which id stands for which record (source, line and
the record as read). From then on Python alone decides, on the records, which ids a query must give. The field paths are
those of the formats' own documentation, repeated here.
"""

import base64
import calendar
import gzip
import hashlib
import ipaddress
import json
import os
import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

from show import FIXTURES, Checks, Workplace, binary, json_lines, run, short

NOW = time.time()
# Times without a year are read back from the file's modification time.
SYSLOG_WRITTEN = calendar.timegm((2026, 4, 1, 0, 0, 0))


# --- the directory ------------------------------------------------------------------------------------------------


def build(root):
    def put(name, data, mtime=None):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if mtime:
            os.utime(path, (mtime, mtime))
        return path

    def fixture(name):
        return (FIXTURES / name).read_bytes()

    put("k8s/audit.log", fixture("k8s-audit/audit2rbac_demo.log"))
    put("k8s/stages.log", b"".join(l for l in fixture("k8s-audit/stages.jsonl").splitlines(True) if b'"verb"' in l))
    put("k8s/eks.log.gz", gzip.compress(fixture("k8s-audit/panther_Amazon.EKS.Audit.jsonl")))
    document = next((FIXTURES / "cloudtrail").glob("*1210Z*.json"))
    put("cloudtrail/" + document.name + ".gz", gzip.compress(document.read_bytes()))
    put("cloudtrail/lines.jsonl", fixture("cloudtrail/cribl.jsonl") + fixture("cloudtrail/identities.jsonl"))
    plain = put("cloudtrail/proxy.jsonl", fixture("cloudtrail/otrf_ec2_proxy_head.jsonl"))
    if shutil.which("zstd"):
        subprocess.run(["zstd", "-q", "--rm", plain], check=True)
    put("host/audit.log", fixture("auditd/interleaved.log") + fixture("auditd/plaso_audit_enriched.log"))
    put("host/auth.log", fixture("syslog/auth.log"), SYSLOG_WRITTEN)
    put("host/ssh.log", fixture("syslog/plaso_syslog_ssh.log"), SYSLOG_WRITTEN)
    put("host/messages5424.log", fixture("syslog/cribl_syslog5424.log"), SYSLOG_WRITTEN)
    put("app/events.jsonl", fixture("hoop/event_catalog_sample_payloads.jsonl"))
    put("app/ecs.jsonl", fixture("ecs/lnav_logfile_ecs_log.json"))
    put("app/okta.jsonl", fixture("okta/panther_Okta.SystemLog_head.jsonl"))
    put("app/github.jsonl", fixture("github/panther_GitHub.Audit_head.jsonl"))
    put("app/chained.jsonl", chained())
    put("app/fresh.jsonl", fresh())
    put("app/notes.txt", b"the quick brown fox\nplain mallory note\nfox and hounds, 10.0.0.1 seen\n")
    (root / "empty.log").touch()
    put("picture.bin", bytes(range(256)) * 8)


def chained():
    """A chain of which record 30 was changed and records 60 to 64 were removed."""
    lines, previous = [], "0" * 64
    for n in range(1, 101):
        record = {
            "seq": n,
            "ts": f"2026-02-01T10:{n // 60:02}:{n % 60:02}Z",
            "actor": ("dana", "erin", "frank")[n % 3],
            "action": ("settings.update", "settings.read")[n % 2],
            "target": f"account/{4700 + n}",
            "outcome": "failure" if n % 10 == 0 else "success",
            "ip": f"198.18.{n % 4}.{n}",
            "prev_hash": previous,
        }
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        record["hash"] = previous = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps(record, separators=(",", ":")))
    lines[29] = lines[29].replace("account/4730", "account/9999")
    return ("\n".join(lines[:59] + lines[64:]) + "\n").encode()


def fresh():
    """Events of the last hours, for times that are relative to now."""
    lines = []
    for minutes in (1, 30, 90, 115, 125, 300, 3000):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 60 * minutes))
        lines.append(json.dumps({"time": when, "user": "gwen", "action": "ping", "minutes": minutes, "level": "notice"}))
    return ("\n".join(reversed(lines)) + "\n").encode()


# --- records, read independently ----------------------------------------------------------------------------------


def leaves(value, path=""):
    """Path, value of every leaf; keys joined by dots, array indices left out; null and [] are absent."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    elif value is not None:
        yield path, value


def spelled(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def tokens(text):
    return re.findall(r"[^\W_]+", text.lower())


def has_phrase(values, phrase):
    wanted = tokens(phrase)
    for value in values:
        have = tokens(value)
        if any(have[i : i + len(wanted)] == wanted for i in range(len(have) - len(wanted) + 1)):
            return True
    return False


def instant(text):
    """Seconds since the epoch of an ISO 8601 time; no offset = UTC."""
    found = re.match(r"(\d+)-(\d+)-(\d+)[T ](\d+):(\d+)(?::(\d+)(?:\.(\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?", text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    at = calendar.timegm((int(year), int(month), int(day), int(hour), int(minute), int(second or 0)))
    at += float("0." + (fraction or "0"))
    if zone and zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        at -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return at


def address(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


class Record:
    def __init__(self, row, root):
        self.id = row["id"]
        self.line = row["line"]
        self.file = str(Path(row["source"]).relative_to(root))
        self.raw = base64.b64decode(row["raw_base64"]).decode("latin-1") if "raw_base64" in row else row["raw"]
        self.chain = "unchained"
        self.object = None
        self.attributes = []
        self.actor = self.action = self.target = self.reason = self.message = self.severity = self.ts = None
        self.outcome = "unknown"
        self.ips = []
        where = self.file.split("/")[0]
        if self.raw.lstrip().startswith("{"):
            self.object = json.loads(self.raw)
            self.attributes = [(path, spelled(value)) for path, value in leaves(self.object)]
        if where == "k8s":
            self.kind = "k8s-audit"
            self.kubernetes()
        elif where == "cloudtrail":
            self.kind = "cloudtrail"
            self.cloudtrail()
        elif self.file == "host/audit.log":
            self.kind = "auditd"
            self.auditd()
        elif where == "host":
            self.kind = "syslog"
            self.syslog()
        elif self.file.endswith(".txt"):
            self.kind = "text"
            self.message = self.raw
        else:
            product = {"events": "hoop", "ecs": "ecs", "okta": "okta", "github": "github"}
            self.kind = product.get(Path(self.file).stem, "json~")
            self.application()

    def get(self, path):
        return [value for found, value in self.attributes if found == path]

    def first(self, *paths):
        for path in paths:
            for value in self.get(path):
                if value:
                    return value
        return None

    def values(self):
        """What bare words look at."""
        normal = (self.actor, self.action, self.target, self.reason, self.message)
        return [value for _, value in self.attributes] + [value for value in normal if value]

    def kubernetes(self):
        self.ts = instant(
            self.first("stageTimestamp", "requestReceivedTimestamp", "timestamp", "metadata.creationTimestamp") or ""
        )
        self.actor, self.action = self.first("user.username"), self.first("verb")
        parts = [self.first("objectRef." + key) for key in ("resource", "namespace", "name", "subresource")]
        self.target = "/".join(p for p in parts if p) if parts[0] else self.first("requestURI")
        code = self.first("responseStatus.code")
        decision = self.first("annotations.authorization.k8s.io/decision")
        if self.first("stage") == "RequestReceived":
            self.outcome = "unknown"
        elif (code and int(code) >= 400) or decision == "forbid":
            self.outcome = "failure"
        elif code:
            self.outcome = "success"
        self.reason = code or self.first("responseStatus.reason")
        self.ips = [a for a in map(address, self.get("sourceIPs")) if a]
        self.message = self.first("responseStatus.message")

    def cloudtrail(self):
        self.ts = instant(self.first("eventTime", "@timestamp") or "")
        self.action = self.first("eventName")
        self.reason = self.first("errorCode")
        self.message = self.first("errorMessage")
        self.ips = [a for a in map(address, self.get("sourceIPAddress")) if a]
        login = self.first("responseElements.ConsoleLogin")
        self.outcome = "failure" if self.reason or login == "Failure" else "success"
        kind, arn = self.first("userIdentity.type"), self.first("userIdentity.arn")
        if kind == "Root":
            self.actor = "root"
        elif kind == "AssumedRole" and arn:
            self.actor = arn.split(":assumed-role/")[-1]
        elif kind == "IAMUser" and not self.first("userIdentity.userName") and ":user/" in (arn or ""):
            # The name stands behind the path that users may be filed under.
            self.actor = arn.split(":user/")[-1].split("/")[-1]
        else:
            self.actor = self.first(
                "userIdentity.userName",
                "userIdentity.invokedBy",
                "userIdentity.arn",
                "userIdentity.principalId",
                "userIdentity.accountId",
            )

    def auditd(self):
        """Records of one serial: `key=value`, quoted values, hexadecimal where the kernel had to escape."""
        encoded = {"proctitle", "name", "cmd", "key", "exe", "comm", "cwd", "acct"}
        for line in self.raw.split("\n"):
            line = line.replace("\x1d", " ")
            kind = re.search(r"\btype=(\S+)", line)
            self.attributes.append(("type", kind[1]))
            stamp = re.search(r"msg=audit\((\d+\.\d+):(\d+)\)", line)
            self.ts, self.serial = float(stamp[1]), stamp[2]
            body = line[stamp.end() :].replace("msg='", " ").replace("'", " ")
            node = re.match(r"node=(\S+)", line)
            if node:
                self.attributes.append(("node", node[1]))
            for key, quoted, bare in re.findall(r'([\w-]+)=(?:"([^"]*)"|(\S+))', body):
                value = quoted or bare
                if bare in ("(null)", "(none)", "?", "4294967295"):
                    continue
                hexadecimal = key in encoded or kind[1] == "EXECVE" and re.fullmatch(r"a\d+", key)
                if not quoted and hexadecimal and re.fullmatch(r"([0-9A-F]{2})+", bare):
                    value = bytes.fromhex(bare).decode("utf-8", "replace").replace("\0", " ")
                self.attributes.append((key, value))
        names = [line for line in self.raw.split("\n") if "nametype=NORMAL" in line]
        name = re.search(r' name="([^"]+)"', names[-1])[1] if names else None
        if name and not name.startswith("/") and self.get("cwd"):
            self.target = f"{self.first('cwd')}/{name}"
        result = self.first("success", "res")
        self.outcome = {"yes": "success", "success": "success", "1": "success", None: "unknown"}.get(result, "failure")
        self.ips = [a for a in map(address, self.get("addr")) if a]
        for saddr in self.get("saddr"):
            if saddr.startswith("0200"):
                self.ips.append(ipaddress.ip_address(bytes.fromhex(saddr[8:16])))

    def syslog(self):
        text = self.raw
        priority = re.match(r"<(\d+)>", text)
        if priority:
            levels = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
            self.severity = levels[int(priority[1]) & 7]
            text = text[priority.end() :]
        if text.startswith("1 "):
            _, when, self.host, program, _, _, rest = text.split(" ", 6)
            self.ts = instant(when)
            self.message = re.sub(r"^(-|\[.*?\])\s*", "", rest)
        else:
            found = re.match(r"(\w{3}) +(\d+) (\d+):(\d+):(\d+) (\S+) ([^:\[]+)(?:\[(\d+)\])?: *(.*)", text)
            month = time.strptime(found[1], "%b").tm_mon
            year = 2026 if month <= 3 else 2025
            self.ts = calendar.timegm((year, month, int(found[2]), *map(int, found.groups()[2:5])))
            self.host, program, self.message = found[6], found[7], found[9]
        self.program = program
        said = self.message
        self.attributes += [("app", program), ("hostname", self.host)]
        if program == "sshd":
            self.ips = [a for a in [address(m) for m in re.findall(r"(?:from |user \S+ |rhost=)([\da-f.:]+)\b", said)] if a][-1:]
        if program == "su" and said.startswith("FAILED SU"):
            self.outcome = "failure"
        if program == "sshd" and re.match("(Accepted|Failed)", said):
            self.actor = re.search(r"for (?:invalid user )?(\S+) from", said)[1]
            self.outcome = "success" if said.startswith("Accepted") else "failure"

    def application(self):
        self.ts = instant(self.first("ts", "time", "@timestamp", "published", "payload.occurred_at") or "")
        created = self.first("@timestamp", "created_at")
        if self.ts is None and created:
            self.ts = float(created) / 1000 if re.fullmatch(r"\d{13}(\.0)?", created) else instant(created)
        self.actor = self.first("actor", "user", "actor.alternateId", "payload.reviewer", "payload.user")
        self.action = self.first("action", "eventType", "eventtype", "event_type")
        level = self.first("log.level", "level", "severity")
        names = {"critical": "crit", "error": "err", "info": "info", "warning": "warning", "debug": "debug", "warn": "warning", "notice": "notice"}
        self.severity = names.get((level or "").lower())
        self.ips = [a for a in map(address, self.get("ip") + self.get("client.ipAddress") + self.get("actor_ip")) if a]
        result = (self.first("outcome", "outcome.result") or "").lower()
        self.outcome = {"success": "success", "failure": "failure", "allow": "success", "deny": "failure"}.get(result, "unknown")


# --- queries ------------------------------------------------------------------------------------------------------


def numbers(record, path):
    for value in record.get(path):
        try:
            yield float(value)
        except ValueError:
            pass


def between(record, low, high):
    return record.ts is not None and instant(low) <= record.ts < instant(high)


def inside(record, network):
    net = ipaddress.ip_network(network)
    return any(a in net for a in record.ips if a.version == net.version)


LEVELS = ("debug", "info", "notice", "warning", "err", "crit", "alert", "emerg")


def at_least(record, level):
    return record.severity is not None and LEVELS.index(record.severity) >= LEVELS.index(level)


def is_secret(r):
    return "secrets" in r.get("objectRef.resource")


QUERIES = [
    ("everything", "*", lambda r: True),
    ("everything, empty", "", lambda r: True),
    ("word", "mallory", lambda r: has_phrase(r.values(), "mallory")),
    ("word, upper case", "FOX", lambda r: has_phrase(r.values(), "fox")),
    ("words: and", "publickey fred", lambda r: all(has_phrase(r.values(), w) for w in ("publickey", "fred"))),
    ("phrase", '"not allowed because"', lambda r: has_phrase(r.values(), "not allowed because")),
    ("phrase, a value in another order", '"because allowed not"', None),
    ("word with punctuation: email", "alex.morgan@acme.com", lambda r: has_phrase(r.values(), "alex morgan acme com")),
    ("word with punctuation: address", "198.51.100.9", lambda r: has_phrase(r.values(), "198 51 100 9")),
    ("word with punctuation: path", "/etc/shadow", lambda r: has_phrase(r.values(), "etc shadow")),
    (
        "word with punctuation: ARN",
        r"arn\:aws\:iam\:\:123456789012\:root",
        lambda r: has_phrase(r.values(), "arn aws iam 123456789012 root"),
    ),
    ("wildcard in a word", "authenticat*", lambda r: any(t.startswith("authenticat") for v in r.values() for t in tokens(v))),
    ("wildcard in a value", "action:Get*", lambda r: (r.action or "").lower().startswith("get")),
    ("wildcard inside", "eventSource:s*.amazonaws.com", lambda r: any(re.fullmatch(r"s.*\.amazonaws\.com", v.lower()) for v in r.get("eventSource"))),
    ("question mark is literal", "requestURI:/api?v1*", None),
    ("value, any case", "action:CREATEUSER", lambda r: (r.action or "").lower() == "createuser"),
    ("alias", "verb:list", lambda r: (r.action or "").lower() == "list"),
    ("regex", r"objectRef.name:/^[a-z]+-[0-9a-z]+/", lambda r: any(re.search("^[a-z]+-[0-9a-z]+", v) for v in r.get("objectRef.name"))),
    ("regex on the message", r"message:/port 4\d{4}/", lambda r: re.search(r"port 4\d{4}", r.message or "") is not None),
    ("number from", "responseStatus.code:>=400", lambda r: any(n >= 400 for n in numbers(r, "responseStatus.code"))),
    ("number range", "responseStatus.code:[400 TO 403]", lambda r: any(400 <= n <= 403 for n in numbers(r, "responseStatus.code"))),
    ("number below", "seq:<10", lambda r: any(n < 10 for n in numbers(r, "seq"))),
    ("numeric strings", "exit_code:<=0 OR payload.exit_code:<=0", lambda r: any(n <= 0 for n in numbers(r, "payload.exit_code"))),
    ("CIDR", "ip:198.18.2.0/24", lambda r: inside(r, "198.18.2.0/24")),
    ("CIDR, IPv6", "ip:2001:db8::/32", lambda r: inside(r, "2001:db8::/32")),
    ("CIDR on an attribute", "sourceIPAddress:192.168.0.0/16", lambda r: any(address(v) and address(v) in ipaddress.ip_network("192.168.0.0/16") for v in r.get("sourceIPAddress"))),
    ("address", "ip:203.0.113.7", lambda r: any(str(a) == "203.0.113.7" for a in r.ips)),
    ("time from", "ts:>=2026-05-04T15:00Z ts:<2026-05-04T16:00Z", lambda r: between(r, "2026-05-04T15:00Z", "2026-05-04T16:00Z")),
    ("time range", "ts:[2026-02-01T10:00:10Z TO 2026-02-01T10:00:19Z]", lambda r: between(r, "2026-02-01T10:00:10Z", "2026-02-01T10:00:19.000001Z")),
    ("since and until", 'since:2026-03-01T09:00:10Z until:"2026-03-01 09:01:05"', lambda r: between(r, "2026-03-01T09:00:10Z", "2026-03-01T09:01:05Z")),
    ("since, relative", "since:2h actor:gwen", lambda r: r.actor == "gwen" and int(r.first("minutes")) < 120),
    ("until, relative", "until:2h actor:gwen", lambda r: r.actor == "gwen" and int(r.first("minutes")) > 120),
    ("not", "NOT actor:dana action:settings.*", lambda r: r.actor != "dana" and (r.action or "").startswith("settings.")),
    ("minus", "-action:list format:k8s-audit", lambda r: r.kind == "k8s-audit" and (r.action or "").lower() != "list"),
    ("minus keeps what lacks the field", "-objectRef.resource:pods", lambda r: "pods" not in [v.lower() for v in r.get("objectRef.resource")]),
    ("or", "actor:dana OR actor:erin", lambda r: r.actor in ("dana", "erin")),
    ("not over and over or", "actor:dana action:settings.read OR actor:gwen", lambda r: r.actor == "dana" and r.action == "settings.read" or r.actor == "gwen"),
    ("group of values", "action:(settings.read ping ConsoleLogin)", lambda r: r.action in ("settings.read", "ping", "ConsoleLogin")),
    ("exists", "impersonatedUser.username:*", lambda r: bool(r.get("impersonatedUser.username"))),
    ("null is absent", "-errorCode:* format:cloudtrail", lambda r: r.kind == "cloudtrail" and not r.get("errorCode")),
    ("dotted path", "objectRef.resource:secrets", is_secret),
    ("dotted path, any case", "OBJECTREF.RESOURCE:secrets", is_secret),
    ("dotted key", "annotations.authorization.k8s.io/decision:allow", lambda r: "allow" in r.get("annotations.authorization.k8s.io/decision")),
    ("dotted key, quoted", 'annotations."authorization.k8s.io/decision":allow', lambda r: "allow" in r.get("annotations.authorization.k8s.io/decision")),
    ("original name of a normal field", ".log.level:critical", lambda r: "critical" in r.get("log.level")),
    ("many values: one matches", r"user.groups:system\:masters", lambda r: "system:masters" in r.get("user.groups")),
    ("many values: none matches", r"-user.groups:system\:masters user.groups:*", lambda r: r.get("user.groups") and "system:masters" not in r.get("user.groups")),
    ("many values: addresses", "sourceIPs:10.0.0.1", lambda r: "10.0.0.1" in r.get("sourceIPs")),
    ("severity", "severity:err", lambda r: r.severity == "err"),
    ("severity range", "severity:>=warning", lambda r: at_least(r, "warning")),
    ("severity, alias and spelling", "log.level:error", lambda r: r.severity == "err"),
    ("chain: any break", "chain:broken", lambda r: r.chain.startswith("broken")),
    ("chain: one kind", "chain:content-modified", lambda r: r.chain == "broken:content-modified"),
    ("chain: another kind", "chain:deleted", lambda r: r.chain == "broken:deleted"),
    ("chain: verified", "chain:verified outcome:failure", lambda r: r.chain == "verified" and r.outcome == "failure"),
    ("format", "format:auditd", lambda r: r.kind == "auditd"),
    ("format: text", "format:text", lambda r: r.kind == "text"),
    ("outcome", "outcome:failure format:(k8s-audit cloudtrail auditd)", lambda r: r.outcome == "failure" and r.kind in ("k8s-audit", "cloudtrail", "auditd")),
    ("denied logins", "format:syslog Failed outcome:failure", lambda r: r.kind == "syslog" and r.outcome == "failure" and has_phrase(r.values(), "failed")),
    ("line and source", "line:[3 TO 5] source:*/auth.log", lambda r: r.file == "host/auth.log" and 3 <= r.line <= 5),
    ("hexadecimal decoded", '"/tmp/my report.txt"', lambda r: has_phrase(r.values(), "tmp my report txt")),
    ("socket address decoded", "ip:203.0.113.0/24 format:auditd", lambda r: r.kind == "auditd" and inside(r, "203.0.113.0/24")),
    ("nested groups", "((actor:dana OR actor:erin) AND (outcome:failure OR (ip:198.18.1.0/24 -seq:>50)))", lambda r: r.actor in ("dana", "erin") and (r.outcome == "failure" or inside(r, "198.18.1.0/24") and not any(n > 50 for n in numbers(r, "seq")))),
    ("deep nesting", "(" * 40 + "actor:gwen" + ")" * 40, lambda r: r.actor == "gwen"),
    ("escaped colon", r"actor:system\:admin", lambda r: r.actor == "system:admin"),
    ("quoted value", 'actor:"system:admin"', lambda r: r.actor == "system:admin"),
    ("unknown field", "nosuchfield:x", None),
]


def ids(program, query, root, home, *more):
    done = run(program, ["search", query, root, "--format", "jsonl", "--fields", "id", *more], home)
    return [row["id"] for row in json_lines(done.stdout)], done


def main():
    program, checks = binary(), Checks()
    with Workplace() as place:
        root = place.path / "logs"
        build(root)
        done = run(program, ["search", "*", root, "--format", "jsonl"], place.home)
        checks.equal("exit status of a search", done.returncode, 0)
        rows = json_lines(done.stdout)
        names = ["id", "ts", "actor", "action", "target", "outcome", "reason", "ip", "host", "session", "severity",
                 "message", "format", "source", "line", "chain", "attributes"]
        checks.check("every object has exactly the documented fields",
                     all(set(r) - {"raw", "raw_base64"} == set(names) and ("raw" in r) != ("raw_base64" in r) for r in rows))
        checks.equal("ids are unique", len({r["id"] for r in rows}), len(rows))
        records = [Record(row, root) for row in rows]
        expected_lines(checks, root, records)
        mark_chain(records)

        for name, of_row, of_record in [
            ("format", lambda r: r["format"], lambda r: r.kind),
            ("time", lambda r: r["ts"] and round(instant(r["ts"]), 3), lambda r: None if r.ts is None else round(r.ts, 3)),
        ]:
            wrong = [(r.file, r.line, of_row(row), of_record(r)) for row, r in zip(rows, records) if of_row(row) != of_record(r)]
            checks.check(f"{name} of every event as read from its record", not wrong, short(wrong))
        times = [row["ts"] for row in rows if row["ts"]]
        checks.check("newest first", times == sorted(times, reverse=True))

        for name, query, wanted in QUERIES:
            found, done = ids(program, query, root, place.home)
            if wanted is None:
                checks.check(f"{name}: {query} (no match)", not found and done.returncode == 1,
                             f"{len(found)} found, exit {done.returncode}: {done.stderr.decode()}")
                continue
            right = {r.id for r in records if wanted(r)}
            extra, lost = set(found) - right, right - set(found)
            by_id = {r.id: r for r in records}
            show = lambda some: [(by_id[i].file, by_id[i].line) for i in list(some)[:4]]
            label = query if len(query) < 80 else query[:77] + "…"
            checks.check(f"{name}: {label} ({len(right)})", right and not extra and not lost and len(found) == len(right),
                         f"exit {done.returncode}, {len(found)} found, {len(right)} wanted; too many {show(extra)}, "
                         f"missing {show(lost)} {done.stderr.decode()[:300]}")
            count = run(program, ["search", query, root, "--count"], place.home)
            checks.equal(f"  --count {label}", count.stdout.decode().strip(), str(len(right)))

        for query, wanted in [
            ("format:(k8s-audit cloudtrail)", lambda r: r.kind in ("k8s-audit", "cloudtrail")),
            ("source:*.jsonl format:(json~ hoop ecs okta github)", lambda r: r.kind in ("json~", "hoop", "ecs", "okta", "github")),
            ("outcome:failure format:k8s-audit", lambda r: r.kind == "k8s-audit" and r.outcome == "failure"),
        ]:
            facet_check(checks, program, place.home, root, query, "actor", Counter(r.actor for r in records if wanted(r) and r.actor))
            facet_check(checks, program, place.home, root, query, "action", Counter(r.action for r in records if wanted(r) and r.action))
        facet_check(checks, program, place.home, root, "*", "format", Counter(r.kind for r in records))
        verbs = Counter(v for r in records for v in set(r.get("user.groups")))
        facet_check(checks, program, place.home, root, "*", "user.groups", verbs)

        since, _ = ids(program, "actor:gwen", root, place.home, "--since", "2h")
        checks.equal("--since", len(since), 4)
        ascending, _ = ids(program, "*", root, place.home, "--sort", "asc")
        descending, _ = ids(program, "*", root, place.home)
        checks.check("--sort asc is the reverse", ascending == descending[::-1])
        some, _ = ids(program, "*", root, place.home, "--limit", "7")
        checks.equal("--limit", some, descending[:7])
        for query in ("actor:(", '"open', "ts:>notatime", "ip:/(/", "a AND", "(" * 100 + "a" + ")" * 100, "x" * 5000):
            done = run(program, ["search", query, root, "--count"], place.home)
            checks.check(f"refused with exit 2: {short(query, 30)}", done.returncode == 2 and done.stderr,
                         f"exit {done.returncode}: {done.stderr.decode()[:200]}")
        # The same answers from nothing: another index, and the gzip of a file that was plain.
        again, _ = ids(program, "*", root, place.path / "second")
        checks.equal("a new index gives the same ids in the same order", again, descending)
    checks.finish()


def expected_lines(checks, root, records):
    """No line of any text file is lost, none is read twice."""
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if not path.is_file() or path.suffix == ".bin" or path.stat().st_size == 0 or name == "host/audit.log":
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        elif path.suffix == ".zst":
            data = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
        if data.startswith(b'{"Records"'):
            wanted = [json.dumps(r, sort_keys=True) for r in json.loads(data)["Records"]]
        else:
            wanted = [line for line in data.decode().splitlines() if line.strip()]
        stems = {name, name.removesuffix(".gz").removesuffix(".zst")}
        have = [r for r in records if r.file in stems]
        found = [json.dumps(r.object, sort_keys=True) if data.startswith(b'{"Records"') else r.raw for r in have]
        checks.check(f"every record of {name} once ({len(wanted)})", Counter(found) == Counter(wanted),
                     f"{len(found)} found: {short(list((Counter(wanted) - Counter(found)).items())[:2])}")
    serials = set(re.findall(r"audit\(([\d.]+:\d+)\)", (root / "host/audit.log").read_text()))
    found = Counter(f"{re.search('audit[(]([0-9.]+):', r.raw)[1]}:{r.serial}" for r in records if r.kind == "auditd")
    checks.check("one event for each auditd serial", found == Counter(serials), short(found))


def mark_chain(records):
    for r in records:
        if r.file == "app/chained.jsonl":
            seq = int(r.first("seq"))
            r.chain = {30: "broken:content-modified", 65: "broken:deleted"}.get(seq, "verified")


def facet_check(checks, program, home, root, query, field, wanted):
    done = run(program, ["search", query, root, "--facet", field, "--format", "jsonl"], home)
    rows = json_lines(done.stdout)
    found = {}
    for row in rows:
        value = row.get("value", row.get(field))
        if value is not None:
            found[value] = row["count"]
    differ = {k: (found.get(k), wanted.get(k)) for k in set(found) | set(wanted) if found.get(k) != wanted.get(k)}
    checks.check(f"--facet {field} of {query} ({len(wanted)} values)", wanted and not differ, short(differ) + short(rows[:2]))


main()
