"""Small tools for the independent readings: paths in JSON, times, addresses."""

import calendar
import datetime
import ipaddress
import re

MONTHS = {m: n for n, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
EMPTY = (None, "", "-", "?", "(null)", "(none)")
ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$")


class NoYear(str):
    """A time of a format without year: month, day and time of day are compared."""


def get(value, *path):
    """The value at a path of exact keys (a key may contain dots)."""
    for key in path:
        if isinstance(value, list):
            value = value[key] if isinstance(key, int) and key < len(value) else None
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


def dotted(value, path):
    """As `get`, for `a.b.c` nested or spelled with literal dots, whole or in part."""
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    head, *rest = path.split(".")
    for cut in range(1, len(rest) + 1):
        key = ".".join([head, *rest[:cut - 1]])
        found = dotted(value.get(key), ".".join(rest[cut - 1:]))
        if found is not None:
            return found
    return None


def first(*values):
    for value in values:
        if not isinstance(value, (dict, list)) and value not in EMPTY:
            return value
    return None


def number_time(value):
    """Epoch s, ms, us or ns by magnitude, as nanoseconds."""
    text = str(value)
    whole, _, part = text.partition(".")
    number = int(whole)
    for digits, limit in ((9, 10**11), (6, 10**14), (3, 10**17)):
        if number < limit:
            return number * 10**digits + int(part.ljust(digits, "0")[:digits])
    return number


def time(value):
    """Nanoseconds since 1970; None for nothing or for something that is no time."""
    if value in EMPTY or isinstance(value, bool):
        return None
    text = str(value).strip()
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        return number_time(text)
    found = ISO.match(text)
    if found:
        year, month, day, hour, minute, second = (int(g) for g in found.groups()[:6])
        if year <= 1:
            return None
        seconds = calendar.timegm((year, month, day, hour, minute, second))
        zone = found[8] or "Z"
        if zone[0] in "+-":
            sign = -1 if zone[0] == "-" else 1
            seconds -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
        return seconds * 10**9 + int((found[7] or "0").ljust(9, "0")[:9])
    found = re.match(r"(\w{3}) (\d\d?) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?: (UTC|GMT|[+-]\d{4}))?$", text)
    if found and found[1].lower() in MONTHS:
        when = f"{found[3]}-{MONTHS[found[1].lower()]:02}-{int(found[2]):02}T{found[4]}:{found[5]}:{found[6]}"
        return time(when + ("." + found[7] if found[7] else "") + (found[8] or ""))
    found = re.match(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):(\d\d) ([AP])M$", text)
    if found:
        hour = int(found[4]) % 12 + (12 if found[7] == "P" else 0)
        return time(f"{found[3]}-{int(found[1]):02}-{int(found[2]):02}T{hour:02}:{found[5]}:{found[6]}Z")
    return None


def no_year(month, day, clock):
    number = MONTHS.get(month.lower())
    return NoYear(f"{number:02}-{int(day):02}T{clock}") if number else None


def same_time(wanted, found):
    """`found` is what the program printed."""
    if wanted is None or found is None:
        return wanted is None and found is None
    if isinstance(wanted, NoYear):
        return found[5:19] == wanted
    return time(found) == wanted


def show_time(wanted):
    if wanted is None or isinstance(wanted, NoYear):
        return wanted
    when = datetime.datetime.fromtimestamp(wanted // 10**9, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S") + f".{wanted % 10**9:09}Z"


def address(*values):
    """The first value that is an IP address, without port, brackets and zone."""
    for value in values:
        if not isinstance(value, str):
            continue
        text = value.strip()
        bracket = re.match(r"\[([^\]]+)\](:\d+)?$", text)
        port = re.match(r"(\d+\.\d+\.\d+\.\d+):\d+$", text)
        text = bracket[1] if bracket else port[1] if port else text
        try:
            return str(ipaddress.ip_address(text.split("%")[0]))
        except ValueError:
            continue
    return None


def same_address(value):
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return value


def reading(ts=None, actor=None, action=None, outcome="unknown", ip=None):
    return {"ts": ts, "actor": text(actor), "action": text(action), "outcome": outcome, "ip": ip}


def text(value):
    return None if value in EMPTY else str(value)
