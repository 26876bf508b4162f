"""auditd, syslog, journald, CEF, LEEF, OCSF and OTLP, from the vendors' rules."""

import json
import re

from .values import EMPTY, address, first, get, no_year, reading, time

UNSET = ("4294967295", "-1", "unset", *EMPTY)
# x86_64 numbers (arch=c000003e) that occur here.
CALLS = {"0": "read", "1": "write", "2": "open", "41": "socket", "42": "connect", "43": "accept", "49": "bind", "54": "setsockopt",
         "56": "clone", "59": "execve", "82": "rename", "83": "mkdir", "87": "unlink", "90": "chmod", "92": "chown",
         "159": "adjtimex", "175": "init_module", "257": "openat", "263": "unlinkat", "268": "fchmodat", "313": "finit_module"}


def pairs(line):
    """The fields of an auditd line; those of msg='…' among them; the enriched ones in upper case."""
    found = {}
    for key, a, b, c in re.findall(r"([A-Za-z_][\w-]*)=(?:\"([^\"]*)\"|'([^']*)'|([^\s\x1d']*))", line.replace("msg='", "").replace("'", "\x1d")):
        found.setdefault(key, a or b or c)
    return found


def auditd(raw):
    ts, actor, action, outcome, ip = None, None, None, "unknown", None
    lines = raw.split("\n")
    head = next((line for line in lines if "type=SYSCALL" in line), lines[0])
    for line in [head] + [line for line in lines if line is not head]:
        f = pairs(line)
        stamp = re.search(r"audit\((\d+\.\d+):(\d+)\)", line)
        if ts is None and stamp:
            ts = time(stamp[1])
        login, uid = f.get("auid"), f.get("uid")
        if actor is None:
            actor = first(f.get("AUID") if f.get("AUID") not in UNSET else None, login if login not in UNSET else None,
                          f.get("UID") if f.get("UID") not in UNSET else None, uid if uid not in UNSET else None)
        if action is None:
            call = f.get("SYSCALL") or (CALLS.get(f.get("syscall"), f.get("syscall")) if f.get("arch") == "c000003e" else f.get("syscall"))
            action = ("fstat64" if (f.get("arch"), call) == ("40000003", "197") else call) if f.get("type") == "SYSCALL" else f.get("type")
        word = first(f.get("success"), f.get("res"), f.get("result"))
        if outcome == "unknown" and word:
            outcome = {"yes": "success", "success": "success", "1": "success", "no": "failure", "failed": "failure",
                       "0": "failure"}.get(word, "unknown")
        ip = ip or address(f.get("addr"))
    return reading(ts, actor, action, outcome, ip)


OLD = re.compile(r"(?:<(\d+)>)?(\w{3})\s+(\d\d?) (\d\d:\d\d:\d\d)(?:\.\d+)?(?: ([^\s:]+|\S*:\S+)(?= ))?:? (.*)", re.S)
ISO_LINE = re.compile(r"(?:<(\d+)>)?(\d{4}-\d\d-\d\dT\S+) (\S+) (.*)", re.S)
NEW = re.compile(r"<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S+) (.*)", re.S)


def message(app, text):
    """What sshd, sudo and cron say: actor, action (None: not looked at), outcome, address."""
    whole, app = app, (app or "").split("/")[-1]
    if app == "sshd":
        found = re.search(r"(Accepted|Failed) \S+ for (?:invalid user )?(\S*) from (\S+)", text)
        if found:
            return found[2], None, "success" if found[1] == "Accepted" else "failure", address(found[3])
        found = re.search(r"[Ii]nvalid user (\S+) from (\S+)", text)
        if found:
            return found[1], None, "failure", address(found[2])
        found = re.search(r"session (?:opened|closed) for user (\S+)", text)
        if found:
            return found[1].split("(")[0], None, None, None
        found = re.search(r"\bfrom (\S+)", text)
        return None, None, None, address(found[1]) if found else None
    if app == "sudo":
        found = re.match(r"\s*(\S+) : (.*)", text)
        if found:
            refused = "NOT in sudoers" in found[2] or "incorrect password" in found[2] or "command not allowed" in found[2]
            return found[1], None, "failure" if refused else "success", None
    if app.upper() in ("CRON", "CROND"):
        found = re.match(r"\s*\((\S+)\) CMD", text)
        if found:
            return found[1], None, None, None
    found = re.search(r"session (?:opened|closed) for user (\S+)|[Nn]ew session \S+ of user (\S+?)\.", text)
    if found:
        return None, None, None, None
    return None, whole or None, "unknown", None


def syslog(raw):
    found = NEW.match(raw)
    if found:
        actor, action, outcome, ip = message(found[4] if found[4] != "-" else None, found[7])
        return reading(time(found[2]), actor, action, outcome, ip)
    found = ISO_LINE.match(raw)
    if found:
        ts, rest = time(found[2]), found[4]
        if re.match(r"[A-Z]+$", found[3]):          # Chromium OS: severity where the host is
            pass
    else:
        found = OLD.match(raw)
        if not found:
            return reading()
        ts, rest = no_year(found[2], found[3], found[4]), found[6]
    tag = re.match(r"([^\s:\[]+)(?:\[[^\]]*\])?:\s?(.*)", rest, re.S)
    actor, action, outcome, ip = message(tag[1], tag[2]) if tag else (None, None, "unknown", None)
    return partly(reading(ts, actor, action, outcome, ip), not tag)


def partly(answer, untagged=False):
    """Where a message is understood, what it does is a matter of words; where only the session is, so is who."""
    if answer["action"] is None or untagged:
        answer.pop("action")
        if answer["outcome"] is None and answer["actor"] is None:
            answer.pop("actor")
    return answer


def journal_fields(raw):
    """An object a line, or the export format: NAME=value lines (those with binary values have no `=` and do not occur here)."""
    if raw.lstrip().startswith("{"):
        return json.loads(raw)
    return dict(line.split("=", 1) for line in raw.split("\n") if "=" in line)


def journald(raw):
    e = journal_fields(raw)
    actor, action, outcome, ip = message(e.get("SYSLOG_IDENTIFIER"), str(e.get("MESSAGE")))
    login = e.get("_AUDIT_LOGINUID")
    # journalctl shows the time of the sender where it is known.
    return partly(reading(time(first(e.get("_SOURCE_REALTIME_TIMESTAMP"), e.get("__REALTIME_TIMESTAMP"))),
                          actor or (login if login not in UNSET else None), action, outcome, ip))


def unescape(text):
    return text.replace("\\=", "=").replace("\\|", "|").replace("\\n", "\n").replace("\\r", "\r").replace("\\\\", "\\")


def header_time(raw):
    """The time of a syslog header before CEF or LEEF."""
    found = OLD.match(raw)
    return no_year(found[2], found[3], found[4]) if found else None


def cef(raw):
    body = raw[raw.index("CEF:"):]
    head, place = [], 0
    while len(head) < 7 and place <= len(body):
        part = re.compile(r"(?:\\[\\|]|[^|])*").match(body, place)
        head.append(part[0])
        place = part.end() + 1
    head.append(body[place:])
    fields, extension = {}, head[7] if len(head) > 7 else ""
    for key, value in re.findall(r"(?:^|\s)([\w.\[\]-]+)=((?:\\[\\=nr|]|.)*?)(?=\s+[\w.\[\]-]+=|\s*$)", extension, re.S):
        fields.setdefault(key, unescape(value).strip())
    word = str(first(fields.get("outcome"))).lower()
    return reading(time(first(fields.get("rt"), fields.get("end"), fields.get("start"))) or header_time(raw),
                   first(fields.get("suser"), fields.get("suid"), fields.get("duser")),
                   first(fields.get("act"), unescape(head[5]), head[4]),
                   {"success": "success", "failure": "failure"}.get(word, "unknown"),
                   address(fields.get("src"), fields.get("c6a2")))


def leef(raw):
    body = raw[raw.index("LEEF:"):].split("|")
    two = body[0] == "LEEF:2.0"
    mark = "\t"
    if two:
        given = body[5]
        mark = chr(int(given.lstrip("0x") or "9", 16)) if re.match(r"0?x[0-9A-Fa-f]{2,4}$", given) else given or "\t"
    fields = dict(part.split("=", 1) for part in "|".join(body[6 if two else 5:]).split(mark) if "=" in part)
    return reading(time(fields.get("devTime")) or header_time(raw), fields.get("usrName"), body[4], "unknown", address(fields.get("src")))


def ocsf(raw):
    e = json.loads(raw)
    actor = first(get(e, "actor", "user", "name"), get(e, "actor", "user", "email_addr"), get(e, "user", "name"), get(e, "actor", "user", "uid"))
    # In the Findings category the status is that of the finding's handling, not of an act.
    outcome = "unknown"
    if e.get("category_uid") == 2:
        outcome = {"PASS": "success", "FAIL": "failure"}.get(e.get("status_code"), "unknown")  # of a check
    else:
        outcome = {"1": "success", "2": "failure"}.get(str(e.get("status_id")), "unknown")
        if outcome == "unknown":
            outcome = {"success": "success", "failure": "failure"}.get(str(e.get("status")).lower(), "unknown")
    return reading(time(first(e.get("time_dt"), e.get("time"))), actor,
                   first(e.get("activity_name"), get(e, "api", "operation"), e.get("class_name"), get(e, "metadata", "event_code")), outcome,
                   address(get(e, "src_endpoint", "ip")))


def otlp(raw):
    e, _ = json.JSONDecoder().raw_decode(raw)      # the record; its resource and scope follow
    found = {a["key"]: next(iter((a.get("value") or {"": None}).values()), None) for a in e.get("attributes") or []}
    kvlist = get(e, "body", "kvlistValue", "values") or []
    body = {a["key"]: next(iter((a.get("value") or {"": None}).values()), None) for a in kvlist}
    zero = ("0", 0, None)
    when = e.get("timeUnixNano") if e.get("timeUnixNano") not in zero else e.get("observedTimeUnixNano")
    return reading(None if when in zero else int(when), first(found.get("user.name"), found.get("enduser.id"), body.get("UserId")),
                   first(found.get("event.name"), e.get("eventName"), body.get("Operation")), "unknown",
                   address(found.get("client.address"), found.get("net.peer.ip")))
