"""PostgreSQL (with pgaudit) and MySQL, MariaDB and Percona, from the vendors' rules."""

import csv
import io
import json
import re

from .values import address, first, get, reading, time

FAILED = ("ERROR", "FATAL", "PANIC")


def severity(line):
    found = re.search(r"\b(LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|DETAIL|HINT|STATEMENT|CONTEXT):\s+(.*)", line)
    return result(found[1], found[2]) if found else "unknown"


def result(level, message):
    """Refused, or let in, or done because it is said how long it took; that a statement begins says nothing."""
    if level in FAILED:
        return "failure"
    done = message.startswith(("duration: ", "connection authorized: ", "connection authenticated: ",
                               "replication connection authorized: "))
    return "success" if done else "unknown"


def without_states(answer, message):
    """`idle` and `authentication` are states of a process, no commands: what is done then is a matter of words. So it is
    where no statement is told of: the tag is what was running."""
    if message is not None and not message.startswith(("duration: ", "statement: ", "execute ")):
        answer.pop("action")
    elif not re.fullmatch("[A-Z ]+", answer["action"] or ""):
        answer.pop("action")
    return answer


def user_name(value):
    """`root[root] @ localhost []` is user[privileges of] @ host [address]."""
    return value.split("[")[0].strip() if isinstance(value, str) else value


def postgres(raw):
    if raw.lstrip().startswith("{"):
        e = json.loads(raw)
        r = e.get("record") or {}
        if "textPayload" in e:
            return {"ts": time(e.get("timestamp")), "outcome": severity(e["textPayload"])}
        message = r.get("message") or ""
        audited = get(r, "audit", "command")
        return without_states(reading(
            time(first(r.get("log_time"), e.get("timestamp"), e.get("ts"))), r.get("user_name"), first(audited, r.get("command_tag")),
            result(r.get("error_severity"), message), address(r.get("connection_from"))), None if audited else message)
    row = next(csv.reader(io.StringIO(raw)), [])
    if len(row) >= 22:
        action, message = row[7], row[13]
        if message.startswith("AUDIT: "):
            audit = next(csv.reader(io.StringIO(message[7:])))
            action, message = audit[4], None
        return without_states(reading(time(row[0]), row[1], action, result(row[11], row[13]), address(row[4])), message)
    stamp = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:UTC|GMT))", raw)
    user = re.search(r"\buser=([^\s,]+)", raw.split(":  ")[0])
    # log_line_prefix is free: the zone may be a name only the server knows, and who is where it was put.
    answer = {"outcome": severity(raw)}
    if stamp:
        answer["ts"] = time(stamp[1])
    if user:
        answer["actor"] = user[1]
    return answer


def mysql(raw):
    e = json.loads(raw)
    r = e.get("audit_record")
    if r:
        status = r.get("status")
        outcome = "unknown" if status is None else "success" if str(status) == "0" else "failure"
        return reading(time(r.get("timestamp")), user_name(r.get("user")), first(r.get("command_class"), r.get("name")), outcome,
                       address(r.get("ip")))
    data = next((v for k, v in e.items() if k.endswith("_data") and isinstance(v, dict) and "status" in v), {})
    outcome = "unknown" if "status" not in data else "success" if data["status"] == 0 else "failure"
    # What is sent before a statement is run always has status 0: MYSQL_AUDIT_GENERAL_LOG, and all that start.
    if (e.get("event") == "log" or str(e.get("event")).endswith("_start")) and outcome == "success":
        outcome = "unknown"
    answer = reading(time(e.get("timestamp")), user_name(first(get(e, "account", "user"), get(e, "login", "user"))), None, outcome,
                     address(get(e, "login", "ip")))
    answer.pop("action")
    return answer
