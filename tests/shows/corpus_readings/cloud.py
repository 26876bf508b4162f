"""CloudTrail, Google Cloud, Azure, Entra, Vault and Kubernetes, from the vendors' rules."""

import json
import re

from .values import address, dotted, first, get, reading, time


def lower_keys(value):
    if isinstance(value, dict):
        return {k.lower(): lower_keys(v) for k, v in value.items()}
    return [lower_keys(v) for v in value] if isinstance(value, list) else value


def cloudtrail(raw):
    e = json.loads(raw)
    if isinstance(e.get("CloudTrailEvent"), str):
        e = json.loads(e["CloudTrailEvent"])
    who = e.get("userIdentity") or {}
    # AWS: "the last section of the arn contains the user or role that made the call".
    last = re.sub(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:assumed-role/|federated-user/|user/)?", "", who.get("arn") or "")
    service = who.get("invokedBy") if who.get("type") == "AWSService" else None
    actor = first(who.get("userName"), service, last, get(who, "sessionContext", "sessionIssuer", "userName"),
                  who.get("invokedBy"), who.get("principalId"))
    failed = first(e.get("errorCode")) or get(e, "responseElements", "ConsoleLogin") == "Failure"
    return reading(time(first(e.get("eventTime"), e.get("@timestamp"))), actor, e.get("eventName"), "failure" if failed else "success",
                   address(e.get("sourceIPAddress")))


def digest(raw):
    e = json.loads(raw)
    # The service writes it: the account owns it and does nothing.
    answer = reading(time(e.get("digestEndTime")))
    answer.pop("action")
    return answer


def gcp(raw):
    e = json.loads(raw)
    p = e.get("protoPayload") or e.get("protopayload") or {}
    code = get(p, "status", "code")
    granted = [str(a.get("granted")).lower() for a in p.get("authorizationInfo") or [] if "granted" in a]
    failed = code not in (None, 0, "0") or "false" in granted
    who = p.get("authenticationInfo") or {}
    return reading(time(first(e.get("timestamp"), e.get("receiveTimestamp"))),
                   first(who.get("principalEmail"), who.get("principalSubject")), p.get("methodName"),
                   "failure" if failed else "success", address(get(p, "requestMetadata", "callerIp"), get(p, "requestMetadata", "callerIP")))


WORDS = {"success": "success", "succeeded": "success", "true": "success", "ok": "success",
         "failure": "failure", "failed": "failure", "false": "failure", "error": "failure"}


def azure(raw):
    e = json.loads(raw)
    claims = get(e, "identity", "claims") or e.get("claims") or {}
    mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    upn = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
    name = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
    operation = e.get("operationName", e.get("operation_name"))
    if isinstance(operation, dict):
        operation = operation.get("value")
    result = first(e.get("resultType"), get(e, "status", "value"), e.get("status"))
    # Storage logs say it with an HTTP status or with the kind of metric.
    if result is None:
        code = e.get("statusCode")
        result = first(get(e, "properties", "metricResponseType")) if code is None else int(code) < 400
    ip = address(e.get("callerIpAddress"), get(e, "httpRequest", "clientIpAddress"),
                 get(e, "http_request", "client_ip_address"), claims.get("ipaddr"))
    return reading(time(first(e.get("time"), e.get("eventTimestamp"), e.get("event_timestamp"))),
                   first(claims.get(upn), claims.get(mail), claims.get("name"), claims.get(name), e.get("caller"),
                         claims.get("appid")), operation,
                   WORDS.get(str(result).lower(), "unknown"), ip)


def unfold(value):
    """Log Analytics keeps nested values as JSON text."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return lower_keys(json.loads(value))
        except ValueError:
            return None
    return value


# Sign-in codes that ask for another step instead of refusing.
INTERRUPTS = {"50055", "50058", "50072", "50074", "50076", "50079", "50097", "50125", "50127", "50129", "50140", "50143",
              "50158", "51006", "52004", "65001", "16000", "16001", "81010", "81014"}


def entra(raw):
    e = lower_keys(json.loads(raw))
    p = unfold(e.get("properties")) or e
    sign_in = "sign-in" in str(e.get("operationname")).lower() or "signinlogs" in str(e.get("category")).lower()
    who = unfold(first_any(p.get("initiatedby"), e.get("initiatedby"))) or {}
    actor = first(p.get("userprincipalname"), p.get("serviceprincipalname"), get(who, "user", "userprincipalname"),
                  get(who, "app", "displayname"))
    # Graph: initiatedBy.user.ipAddress is "the client IP address used by the user to perform the activity".
    ip = address(get(who, "user", "ipaddress"), p.get("ipaddress"), e.get("calleripaddress"), e.get("ipaddress"))
    when = time(first(e.get("time"), p.get("createddatetime"), p.get("activitydatetime"), e.get("timegenerated")))
    if sign_in:
        code = first(e.get("resulttype"), get(p, "status", "errorcode"))
        outcome = "success" if str(code).lower() in ("0", "success") else "unknown" if code is None or str(code) in INTERRUPTS else "failure"
        return reading(when, actor, e.get("operationname"), outcome, ip)
    outcome = WORDS.get(str(first(p.get("result"), e.get("result"), e.get("resulttype"))).lower(), "unknown")
    return reading(when, actor, first(p.get("activitydisplayname"), e.get("operationname")), outcome, ip)


def first_any(*values):
    return next((v for v in values if v), None)


def vault(raw):
    e = json.loads(raw)
    auth, request = e.get("auth") or {}, e.get("request") or {}
    meta = auth.get("metadata") or {}
    actor = first(meta.get("email"), meta.get("username"), auth.get("display_name"), auth.get("entity_id"))
    # A request entry is written before the request is carried out.
    outcome = "failure" if first(e.get("error")) else "unknown" if e.get("type") == "request" else "success"
    answer = reading(time(e.get("time")), actor, request.get("operation"), outcome, address(request.get("remote_address")))
    if not request:
        answer.pop("action")
    return answer


def k8s(raw):
    e = json.loads(raw.lstrip("\ufeff"))
    log = get(e, "properties", "log")
    if isinstance(log, str):
        e = json.loads(log.lstrip("\ufeff"))
    code = get(e, "responseStatus", "code")
    decision = get(e, "annotations", "authorization.k8s.io/decision")
    if isinstance(code, int) and code:
        outcome = "failure" if code >= 400 else "success"
    else:
        outcome = {"forbid": "failure", "allow": "success"}.get(decision, "unknown")
    when = time(first(e.get("stageTimestamp"), e.get("requestReceivedTimestamp"), e.get("timestamp"),
                      get(e, "metadata", "creationTimestamp")))
    # Who was authenticated; the impersonated user is whose rights were used.
    actor = get(e, "user", "username")
    return reading(when, actor, e.get("verb"), outcome, address(get(e, "sourceIPs", 0)))


def ecs(raw):
    e = json.loads(raw)
    outcome = dotted(e, "event.outcome")
    action = dotted(e, "event.action")
    return reading(time(e.get("@timestamp")), first(dotted(e, "user.name"), dotted(e, "user.email")),
                   action[0] if isinstance(action, list) and action else action,
                   outcome if outcome in ("success", "failure") else "unknown",
                   address(dotted(e, "source.ip"), dotted(e, "client.ip")))
