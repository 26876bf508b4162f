"""Microsoft 365, GitHub, GitLab, Okta, Google Workspace, Slack, Teleport and hoop, from the vendors' rules."""

import json

from .cloud import WORDS, lower_keys
from .values import address, first, get, reading, time


def m365(raw):
    e = json.loads(raw)
    if isinstance(e.get("AuditData"), str):
        e = json.loads(e["AuditData"])
    e = lower_keys(e)
    outcome = WORDS.get(str(e.get("resultstatus")).lower(), "unknown")
    # A sign-in that failed says so in its name; its status may be that of the request.
    if e.get("operation") == "UserLoginFailed":
        outcome = "failure"
    return reading(time(first(e.get("creationtime"), e.get("timegenerated"))), first(e.get("userid"), e.get("userkey")),
                   e.get("operation"), outcome,
                   address(e.get("clientip"), e.get("clientipaddress"), e.get("actoripaddress"), e.get("client_ipaddress")))


def github(raw):
    e = json.loads(raw)
    return reading(time(first(e.get("@timestamp"), e.get("created_at"))), e.get("actor"), e.get("action"), "unknown",
                   address(e.get("actor_ip")))


def gitlab(raw):
    e = json.loads(raw)
    d = e.get("detail") or e.get("details") or e
    return reading(time(first(e.get("created_at"), e.get("time"))), first(e.get("author_name"), d.get("author_name"), e.get("meta.user")),
                   first(d.get("change"), e.get("event_type"), d.get("custom_message")), "unknown",
                   address(e.get("ip_address"), d.get("ip_address"), e.get("meta.remote_ip")))


def okta(raw):
    e = lower_keys(json.loads(raw))
    outcome = {"SUCCESS": "success", "ALLOW": "success", "FAILURE": "failure", "DENY": "failure"}
    # "unknown" is what Okta writes where it knows nothing.
    names = [name for name in (get(e, "actor", "alternateid"), get(e, "actor", "displayname")) if name != "unknown"]
    return reading(time(e.get("published")), first(*names),
                   e.get("eventtype"), outcome.get(get(e, "outcome", "result"), "unknown"),
                   address(get(e, "client", "ipaddress"), get(e, "request", "ipchain", 0, "ip")))


def google_workspace(raw):
    e = json.loads(raw)
    name = first(get(e, "events", 0, "name"), e.get("name"))
    outcome = {"login_failure": "failure", "login_success": "success"}.get(name, "unknown")
    delivered = get(e, "parameters", "event_info", "success")
    if delivered is not None:
        outcome = "success" if delivered else "failure"
    return reading(time(get(e, "id", "time")), get(e, "actor", "email"), name, outcome, address(e.get("ipAddress")))


def slack(raw):
    e = json.loads(raw)
    user = get(e, "actor", "user") or {}
    return reading(time(e.get("date_create")), first(user.get("email"), user.get("name"), user.get("id")),
                   e.get("action"), "unknown", address(get(e, "context", "ip_address")))


def teleport(raw):
    e = json.loads(raw)
    success, code = e.get("success"), str(e.get("code") or "")
    if isinstance(success, bool):
        outcome = "success" if success else "failure"
    else:
        outcome = {"I": "success", "W": "failure", "E": "failure"}.get(code[-1:], "unknown")
    return reading(time(e.get("time")), first(e.get("user"), get(e, "identity", "user")), e.get("event"), outcome,
                   address(e.get("addr.remote"), get(e, "identity", "client_ip")))


def hoop(raw):
    e = json.loads(raw)
    p = e.get("payload")
    if isinstance(p, dict):
        # An approval is the reviewer's act.
        jit = str(e.get("event_type")).startswith("access.jit_") and first(p.get("reviewer"))
        who = jit or p.get("user")
        return reading(time(p.get("occurred_at")), who, e.get("event_type"), None, None)
    if "created_at" in e:
        return reading(time(e.get("created_at")), first(e.get("actor_email"), e.get("actor_subject"), e.get("actor_name")),
                       e.get("action"), {True: "success", False: "failure"}.get(e.get("outcome"), "unknown"),
                       address(e.get("client_ip")))
    code = e.get("exit_code")
    outcome = "unknown" if code is None else "success" if code == 0 else "failure"
    return reading(time(e.get("start_date")), first(e.get("user"), e.get("user_name")), e.get("verb"), outcome, None)
