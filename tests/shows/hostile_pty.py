#!/usr/bin/env python3
"""No byte of a log reaches the terminal: hostile content in every field, all output parsed by a strict terminal.

usage: hostile_pty.py AUDITTY
"""

import json
import os
import sys
import unicodedata

from show import Checks, Session, Workplace, binary, environment, is_forbidden, run, short

# Every control and format character of the basic plane, separators, and some of the other planes' worst.
CHARACTERS = [chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) in ("Cc", "Cf", "Zl", "Zp")]
CHARACTERS += ["\ufffe", "\uffff", "\ue000", "\ufe0f", "\u034f", "\u3164", "\u2800", "\U000e0041", "\U0001d173", "\U000e0100"]
ATTACKS = [
    "\x1b]0;owned\x07", "\x1b]52;c;cm0gLXJmIC8=\x07", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "\x1b[2J\x1b[H",
    "\x1b[31mred\x1b[0m", "\x1bP1;1|17/41\x1b\\", "\x1bPq#0;2;0;0;0#0~~\x1b\\", "\x1b[?1049l", "\x1b[?25l", "\x1b[6n",
    "\x1b[c", "\x1b[20t", "\x9b31m", "\x9d0;owned\x9c", "\x90q\x9c", "\x1b(0", "\x1bc", "\r\x1b[Kfake", "a\bb", "a\tb",
    "line\nnext", "\x0e\x0f", "\x7f", "e" + "\u0301" * 500, "\u202egnp.exe", "adm\u200bin", "\ufeffbom",
    "𝔘" * 50, "漢字" * 40, "👩‍👩‍👧‍👦" * 20, "\u0e33" * 30, "क्ष" * 40, "\u1160" * 9,
]
NAMES = [b"esc\x1b]0;owned\x07.log", b"csi\x1b[31m.log", b"rtl\xe2\x80\xaegol.log", b"inv\xff\xfe.log", b"new\nline.log",
         b"cr\rname.log", b"zw\xe2\x80\x8bsp.log", b"c1\xc2\x9b31m.log", b"tab\tname.log", b"tags\xf3\xa0\x81\x81.log"]


def json_record(n, text, escape):
    value = json.dumps(text, ensure_ascii=True)[1:-1] if escape else text
    time = f"2026-03-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z"
    return (
        f'{{"time":"{time}","user":"u{value}v","action":"a{value}b","target":"t{value}u","reason":"r{value}s",'
        f'"host":"h{value}i","session":"s{value}t","level":"warning","message":"m{value}n","ip":"198.51.100.{n % 200}",'
        f'"key{value}y":"v{value}w","nested":{{"k{value}":["x{value}",{{"deep{value}":1}}]}},"n":{n}}}'
    ).encode("utf-8", "surrogatepass")


def build(root):
    root.mkdir()
    escaped, raw, text, syslog = [], [], [], []
    for n, bad in enumerate(CHARACTERS + ATTACKS):
        escaped.append(json_record(n, bad, True))
        raw.append(json_record(n, bad, False).replace(b"\n", b"\\n"))
        data = bad.replace("\n", " ").encode()
        text.append(b"2026-03-01T00:00:00Z plain " + data + b" end")
        syslog.append(b"<86>Mar  1 09:00:01 ho" + data + b"st ss" + data + b"hd[81" + data + b"1]: Accepted publickey for al"
                      + data + b"ice from 203.0.113.7 port 50122 ssh2 " + data)
        syslog.append(b"Mar  1 09:00:01 bastion sudo:  al" + data + b"ice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/" + data + b"x")
    for byte in range(256):
        data = bytes([byte]) if byte != 10 else b" "
        text.append(b"byte " + data + b" in text " + data * 3)
        raw.append(b'{"time":"2026-03-01T01:00:00Z","user":"u' + data + b'","k' + data + b'":"v' + data + b'","action":"byte"}')
        syslog.append(b"Mar  1 09:00:02 bastion app" + data + b": said " + data)
        text.append(data)
    (root / "escaped.jsonl").write_bytes(b"\n".join(escaped) + b"\n")
    (root / "raw.jsonl").write_bytes(b"\n".join(raw) + b"\n")
    # A NUL early in a file would make it binary, which is skipped: ordinary lines come first.
    (root / "plain.log").write_bytes(b"an ordinary line\n" * 200 + b"\n".join(text) + b"\n")
    (root / "auth.log").write_bytes(b"Mar  1 09:00:00 bastion sshd[1]: ready\n" * 50 + b"\n".join(syslog) + b"\n")
    audit = []
    for n, bad in enumerate(CHARACTERS + ATTACKS):
        hexed = ("x" + bad).encode().hex().upper()
        audit.append(f"type=USER_CMD msg=audit(1772355600.{n % 1000:03}:{n}): pid=7 uid=0 auid=1000 ses=3 "
                     f"msg='cwd={hexed} cmd={hexed} exe={hexed} terminal=pts/0 res=failed'")
    (root / "audit.log").write_text("\n".join(audit) + "\n")
    for name in NAMES:
        with open(os.path.join(os.fsencode(root), name), "wb") as out:
            out.write(b'{"time":"2026-03-02T00:00:00Z","user":"x","action":"named","message":"' + str(NAMES.index(name)).encode() + b'"}\n')


def walk(session, checks, label, rounds):
    """Moves through everything with the keyboard; every state is drawn at least once."""
    s = session
    s.settle(0.4, 15)
    for key in ("g", "G"):
        s.send(key)
        s.settle(0.1, 3)
    # The detail of many events.
    s.send("\r")
    s.settle(0.1, 3)
    for n in range(rounds):
        s.send("\x1b[6~" if n % 3 == 2 else "j")
        s.settle(0.03, 1)
        if n % 4 == 3:
            s.send("\x1b")
            s.settle(0.06, 1)
            s.send("k")
            s.settle(0.03, 1)
            s.send("\r")
            s.settle(0.03, 1)
        if s.is_over():
            break
    s.send("\x1b")
    s.settle(0.1, 2)
    # The filters pane: counts of hostile values, one taken as a filter.
    s.send("f")
    s.settle(0.2, 3)
    for n in range(40):
        s.send("j")
        s.settle(0.02, 1)
        if n in (5, 15, 25):
            s.send("+")
            s.settle(0.1, 2)
    s.send("\x1b")
    s.settle(0.1, 2)
    s.send("\x7f")
    s.settle(0.2, 3)
    # The query bar: pasted text, typed controls, an end that comes without a beginning.
    for bad in ATTACKS:
        clean = bad.replace("\x1b[200~", "").replace("\x1b[201~", "").encode()
        s.send("/")
        s.send(b"\x1b[200~" + clean + b"\x1b[201~")
        s.settle(0.03, 1)
        s.send("\r")
        s.settle(0.05, 1)
        s.send("\x1b")
        s.settle(0.06, 1)
        s.send("\x7f")
        if s.is_over():
            break
    for key in ("\x1b[201~", "?", "\x1b", "R", "\x1b", "x", "e", "l", "l", "l", "h", "\t", "\t", "\x0c", "F"):
        s.send(key)
        s.settle(0.06, 1)
    checks.check(f"{label}: still runs", not s.is_over(), f"status {s.status} {s.terminal.text()[-500:]}")
    for _ in range(3):
        s.send("\x1b")
        s.settle(0.06, 1)
    checks.equal(f"{label}: leaving ends it with exit 0", s.leave(), 0)
    checks.check(f"{label}: every byte of {s.terminal.bytes:,} is allowed", not s.terminal.violations,
                 short(s.terminal.violations[:4], 800))
    checks.check(f"{label}: the terminal is given back", not s.terminal.alternate)


def main():
    program, checks = binary(), Checks()
    with Workplace() as place:
        root = place.path / "logs"
        build(root)
        sources = [("everything", [root])] + [(p, [root / p]) for p in ("escaped.jsonl", "raw.jsonl", "plain.log", "auth.log", "audit.log")]
        for label, paths in sources:
            for columns, rows in ((120, 40), (80, 24)) if label == "everything" else ((120, 40),):
                with Session([program, *paths], environment(place.home), columns, rows) as session:
                    walk(session, checks, f"explorer {columns}x{rows}, {label}", 60 if label == "everything" else 120)
        with Session([program, "--ascii", root], environment(place.home)) as session:
            session.settle(0.4, 15)
            session.send("\r")
            session.settle(0.2, 3)
            checks.check("explorer --ascii: only ASCII is drawn", session.terminal.text().isascii(),
                         short([l for l in session.terminal.lines() if not l.isascii()][:2]))
            checks.check("explorer --ascii: only allowed output", not session.terminal.violations, short(session.terminal.violations[:3]))

        with Session([program, root], environment(place.home), 120, 40) as session:
            session.terminal.copies = []
            session.settle(0.4, 15)
            session.send("g")
            session.settle(0.2, 3)
            presses = 0
            for n in range(150):
                session.send("jc" if n % 2 else "jy")
                presses += 1
                session.settle(0.02, 1)
            session.send("Y")
            session.settle(0.2, 3)
            copies = session.terminal.copies
            hidden = [c for c in copies if any(is_forbidden(x) for x in c.replace("\n", ""))]
            checks.check(f"copies: {len(copies)} of hostile values, each shown as text", presses // 2 < len(copies) <= presses + 1 and not hidden,
                         short(hidden[:2]))
            checks.check("copies: the view is a command", copies and copies[-1].startswith("auditty search "), short(copies[-1:]))
            checks.check("copies: nothing else is sent", not session.terminal.violations, short(session.terminal.violations[:3]))

        for arguments in (["search", "*", root], ["search", "*", root, "--format", "jsonl"],
                          ["search", "*", root, "--format", "csv"], ["search", "*", root, "--format", "raw"],
                          ["search", "*", root, "--limit", "50", "--fields", "source,actor,attributes,raw"],
                          ["search", "*", root, "--facet", "actor"], ["search", "*", root, "--facet", "source", "--format", "csv"],
                          ["search", "us\x1b[31mer:x", root], ["search", "\x1b]0;owned\x07:x\u202e", root], ["search", "a:(\x1b[2J", root],
                          ["verify", root], ["verify", root, "--format", "json"], ["index", root], ["index", "status"],
                          ["search", "*", os.fsencode(root) + b"/missing\x1b[31m"], ["formats", "detect", os.fsencode(root) + b"/" + NAMES[0]],
                          ["runbook", "show", "x\x1b[31m"], ["formats", "show", "x\x1b]0;a\x07"], ["search", "*", root, "--fields", "a\x1b[2Jb"],
                          ["search", "*", root, "--format", "x\x1b[31my"], ["no\x1b[31mpath"], ["--no\x1b[31msuch"]):
            said = " ".join(ascii(os.fsdecode(a)).strip("'") if not isinstance(a, type(root)) else "DIR" for a in arguments)
            for more in ([], ["--ascii"]) if arguments[0] == "search" and len(arguments) < 6 else ([],):
                with Session([program, *arguments, *more], environment(place.home)) as session:
                    status = session.end(60)
                    t = session.terminal
                    checks.check(f"{said} {' '.join(more)}on a terminal: {t.bytes:,} bytes allowed",
                                 status is not None and status in (0, 1, 2, 3, 5) and not t.violations and t.bytes,
                                 f"status {status} {short(t.violations[:3], 600)}")
        # Into a pipe, JSON lines stay lossless: everything comes back.
        done = run(program, ["search", "action:a* n:*", root / "escaped.jsonl", "--format", "jsonl", "--sort", "asc"], place.home)
        rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
        back = {row["attributes"]["n"]: row["attributes"]["user"] for row in rows}
        wanted = {n: f"u{bad}v" for n, bad in enumerate(CHARACTERS + ATTACKS)}
        checks.check(f"JSON lines give back every one of {len(wanted)} hostile values", back == wanted,
                     short([(n, back.get(n), wanted[n]) for n in wanted if back.get(n) != wanted[n]][:3]))
    checks.finish()


main()
