#!/usr/bin/env python3
"""Checking a chain while the checkers are killed leaves no false finding, and none is lost.

usage: kill_verify.py AUDITTY [RECORDS=40000] [RUNS=20]
"""

import hashlib
import json
import signal
import subprocess
import sys
import time

from show import Checks, Session, Workplace, binary, environment, run


def write(path, records, damaged):
    """A chain of records; `damaged` = one of them is changed afterwards."""
    before = "0" * 64
    with path.open("w") as out:
        for n in range(records):
            record = {"seq": n, "ts": f"2026-03-{1 + n // 86400:02}T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
                      "actor": ("alice", "bob")[n % 2], "action": "read", "target": f"file/{n % 977}", "prev_hash": before}
            text = json.dumps(record, separators=(",", ":"))
            before = hashlib.sha256(text.encode()).hexdigest()
            if damaged and n == records // 2:
                text = text.replace('"read"', '"rm"')
            out.write(f'{text[:-1]},"hash":"{before}"}}\n')


def findings(program, log, home):
    """Exit status, and kind and line of what `verify` finds."""
    done = run(program, ["verify", log, "--format", "json"], home)
    files = json.loads(done.stdout)["files"]
    return done.returncode, [(f["kind"], f["line"]) for file in files for f in file["findings"]]


def marked(program, log, home):
    """Lines that the index calls broken."""
    done = run(program, ["search", "chain:broken", log, "--fields", "line", "--format", "csv"], home)
    return [int(line) for line in done.stdout.decode().split()[1:]]


def time_of(program, log, home):
    began = time.monotonic()
    findings(program, log, home)
    return time.monotonic() - began


def killed_after(argv, env, moment):
    """Runs until the moment, then no longer; whether it had to be killed."""
    child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    # The moment is what is tried out here; nothing is waited for.
    try:
        child.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def main():
    program, checks = binary(), Checks()
    records = int(sys.argv[2]) if len(sys.argv) > 2 else 40_000
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    with Workplace() as place:
        for damaged in (False, True):
            what = "damaged" if damaged else "clean"
            log = place.path / what / "app.jsonl"
            log.parent.mkdir()
            write(log, records, damaged)
            line = records // 2 + 1
            wanted = (3, [("content-modified", line)]) if damaged else (0, [])
            checks.equal(f"{what}: undisturbed", findings(program, log, place.home), wanted)
            duration = min(time_of(program, log, place.home) for _ in range(3))
            for name, more in (("verify", []), ("verify --watch", ["--watch"])):
                home = place.path / f"home-{what}-{len(more)}"
                killed, wrong = 0, []
                for number in range(runs):
                    moment = duration * (number + 0.5) / runs * (4 if more else 1)
                    killed += killed_after([program, "verify", log, *more], environment(home), moment)
                    if findings(program, log, home) != wanted or marked(program, log, home) != [l for _, l in wanted[1]]:
                        wrong.append(f"{moment:.2f} s")
                checks.check(f"{what}: {name} killed at {killed} of {runs} moments, afterwards as undisturbed",
                             not wrong and killed * 2 >= runs, f"wrong after {wrong}")
            home = place.path / f"home-{what}-explorer"
            wrong = []
            for number in range(runs // 4):
                session = Session([program, str(log)], environment(home), columns=120, rows=40)
                with session:
                    # Whatever it has drawn by then.
                    until = time.monotonic() + duration * (number + 0.5)
                    session.wait(lambda _: time.monotonic() >= until)
                if marked(program, log, home) != [l for _, l in wanted[1]]:
                    wrong.append(number)
            checks.equal(f"{what}: the explorer killed at {runs // 4} moments, afterwards as undisturbed", wrong, [])
    checks.finish()


main()
