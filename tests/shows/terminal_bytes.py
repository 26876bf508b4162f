#!/usr/bin/env python3
"""How much goes to the terminal at 160x50: a scroll step, a new event while following, and nothing at all while idle.

usage: terminal_bytes.py AUDITTY
"""

import json
import time

from show import Checks, Session, Workplace, binary, environment

STEP = 3_000
VERBS = ["get", "list", "create", "update", "delete", "patch", "watch"]


def record(n):
    seconds = n % 86_400
    return json.dumps({
        "timestamp": f"2026-03-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z",
        "user": f"user{n * 7919 % 97}@corp",
        "action": VERBS[n * 31 % len(VERBS)],
        "target": f"secrets/prod/key-{n * 104729 % 5003}",
        "outcome": "failure" if n % 11 == 0 else "success",
        "ip": f"203.0.113.{n * 13 % 250}",
        "message": f"request {n} was handled in {n * 17 % 900} ms",
    }) + "\n"


def quantiles(sizes):
    sizes = sorted(sizes)
    return sizes[len(sizes) // 2], sizes[len(sizes) * 99 // 100]


def each(session, times, act):
    """Bytes drawn for each of so many acts, every one waited for until the screen is quiet."""
    sizes = []
    for n in range(times):
        before = session.terminal.bytes
        act(n)
        session.settle(quiet=0.12)
        sizes.append(session.terminal.bytes - before)
    return sizes


def main():
    program, checks = binary(), Checks()
    with Workplace() as place:
        log = place.path / "app.jsonl"
        log.write_text("".join(record(n) for n in range(20_000)))
        with Session([program, str(log)], environment(place.home), 160, 50) as session:
            checks.check("the explorer has indexed", session.wait(lambda t: "20,000 of 20,000" in t, 60))
            session.settle(quiet=1.0, seconds=20)

            for name, key in [("down", "j"), ("up", "k")]:
                session.send("200k" if name == "down" else "k")
                session.settle(quiet=0.5)
                # The list scrolls once the cursor is at its edge.
                session.send("60" + key)
                session.settle(quiet=0.5)
                middle, most = quantiles(each(session, 100, lambda n: session.send(key)))
                print(f"     one step {name}: median {middle:,} bytes, 99 of 100 below {most:,}", flush=True)
                checks.check(f"a scroll step {name} is at most {STEP:,} bytes", 0 < middle <= STEP and most <= STEP, most)
            middle, most = quantiles(each(session, 20, lambda n: session.send("\x1b[5~")))
            print(f"     one page: median {middle:,} bytes, most {most:,}", flush=True)

            session.send("G")
            session.settle(quiet=0.5)
            with log.open("a") as out:

                def append(n):
                    out.write(record(20_000 + n))
                    out.flush()
                    session.wait(f"{20_001 + n:,} of {20_001 + n:,}", 20)

                sizes = each(session, 30, append)
            middle, most = quantiles(sizes)
            print(f"     one new event while following: median {middle:,} bytes, most {most:,}", flush=True)
            checks.check("a new event is at most two scroll steps", 0 < middle <= 2 * STEP, middle)

            session.settle(quiet=3.0, seconds=30)
            before, start = session.terminal.bytes, time.monotonic()
            while time.monotonic() - start < 10:
                session.pump(0.1)
            idle = session.terminal.bytes - before
            print(f"     idle for 10 s: {idle:,} bytes", flush=True)
            checks.check("idle is at most 200 bytes in 10 s", idle <= 200, idle)
            checks.equal("only well-formed output", session.terminal.violations, [])
            checks.equal("leaving ends the explorer with exit 0", session.leave(), 0)
    checks.finish()


main()
