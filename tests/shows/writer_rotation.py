#!/usr/bin/env python3
"""5,000 events a second, three renames and one copytruncate, while the explorer follows: nothing lost, nothing double.

usage: writer_rotation.py AUDITTY [SECONDS=60]
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

from show import Checks, Session, Workplace, binary, environment, json_lines, run, short

RATE = 5000
BATCH = 100


def shift(path):
    """Makes room for a new `.1`."""
    for number in range(8, 0, -1):
        old = Path(f"{path}.{number}")
        if old.exists():
            old.rename(f"{path}.{number + 1}")


def writer(path, seconds):
    """The writer itself, a process of its own; prints how many events it wrote."""
    path = Path(path)
    turns = {0.2: "rename", 0.4: "rename", 0.6: "rename", 0.8: "copytruncate"}
    out = path.open("ab", buffering=0)
    began, written, done = time.monotonic(), 0, []
    total = int(RATE * seconds)
    while written < total:
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        lines = []
        for n in range(written, min(written + BATCH, total)):
            lines.append(json.dumps({"time": now, "user": f"user{n % 17}", "action": "write", "target": f"item-{n:08}",
                                     "seq": n, "ip": f"10.1.{n % 200}.{n % 250}", "outcome": "success"}))
        out.write(("\n".join(lines) + "\n").encode())
        written += len(lines)
        for share, kind in turns.items():
            if share not in done and written >= total * share:
                done.append(share)
                shift(path)
                if kind == "rename":
                    path.rename(f"{path}.1")
                    out.close()
                    out = path.open("ab", buffering=0)
                else:
                    shutil.copyfile(path, f"{path}.1")
                    os.truncate(path, 0)
        ahead = began + written / RATE - time.monotonic()
        if ahead > 0:
            # The pace is the point of this loop.
            time.sleep(ahead)
    print(json.dumps({"written": written, "seconds": time.monotonic() - began}))


def found_by_search(program, folder, home):
    done = run(program, ["search", "*", folder, "--format", "jsonl", "--fields", "id,seq"], home)
    rows = json_lines(done.stdout)
    return done, [row["id"] for row in rows], Counter(int(row["seq"]) for row in rows)


def main():
    if sys.argv[1:2] == ["--write"]:
        return writer(sys.argv[2], float(sys.argv[3]))
    program, checks = binary(), Checks()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    with Workplace() as place:
        folder = place.path / "logs"
        folder.mkdir()
        log = folder / "app.log"
        log.write_text(json.dumps({"time": "2026-01-01T00:00:00Z", "user": "start", "action": "start", "seq": -1}) + "\n")
        with Session([program, folder], environment(place.home)) as explorer:
            checks.check("the explorer shows the first event", explorer.wait("start", 20), explorer.terminal.text())
            child = subprocess.Popen([sys.executable, __file__, "--write", log, str(seconds)], stdout=subprocess.PIPE)
            lag, newest = [], 0
            while child.poll() is None:
                explorer.pump(0.05)
                if explorer.is_over():
                    break
            told = json.loads(child.communicate()[0])
            written = told["written"]
            checks.check(f"the writer kept its pace: {written} events in {told['seconds']:.1f} s",
                         told["seconds"] < seconds * 1.2 + 2)
            checks.check("the explorer still runs", not explorer.is_over(), f"status {explorer.status}: {explorer.terminal.text()}")
            last = f"item-{written - 1:08}"
            began = time.monotonic()
            shown = explorer.wait(last, 30)
            checks.check(f"the newest event is on the screen ({time.monotonic() - began:.2f} s after it was written)", shown,
                         "\n" + explorer.terminal.text())
            explorer.wait(lambda text: f"{written + 1:,}" in text, 60)
            checks.check(f"the explorer counts {written + 1:,} events", f"{written + 1:,}" in explorer.terminal.text(),
                         "\n" + "\n".join(explorer.terminal.lines()[:4]))
            compare(checks, "a second process, while the explorer is open", program, folder, place.home, written)
            explorer.pump(0.1)
            print(f"     explorer: peak RSS {explorer.peak:.0f} MB, {explorer.terminal.bytes:,} bytes drawn")
            checks.check("the explorer's peak RSS stays below 1 GB", explorer.peak < 1024, f"{explorer.peak:.0f} MB")
            checks.check("only well-formed output", not explorer.terminal.violations, short(explorer.terminal.violations))
            checks.equal("leaving ends the explorer with exit 0", explorer.leave(), 0)
        compare(checks, "afterwards", program, folder, place.home, written)
        compare(checks, "with a new index", program, folder, place.path / "fresh", written)
        first = found_by_search(program, folder, place.home)[1]
        second = found_by_search(program, folder, place.path / "fresh")[1]
        checks.check("the same ids, live and read later", sorted(first) == sorted(second),
                     f"{len(set(first) - set(second))} differ")
    checks.finish()


def compare(checks, name, program, folder, home, written):
    done, _, seen = found_by_search(program, folder, home)
    wanted = Counter(range(-1, written))
    lost, double = wanted - seen, seen - wanted
    checks.check(f"{name}: every event once ({written + 1})", done.returncode == 0 and not lost and not double,
                 f"exit {done.returncode}, {sum(lost.values())} lost {short(sorted(lost)[:5])}, "
                 f"{sum(double.values())} too many {short(sorted(double)[:5])} {done.stderr.decode()[:200]}")


main()
