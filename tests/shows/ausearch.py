#!/usr/bin/env python3
"""The events of auditd's logs are those that `ausearch` groups, serial by serial.

usage: ausearch.py AUDITTY [FOLDER-OR-FILE...]   (needs ausearch: Debian's package auditd)
"""

import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from show import FIXTURES, Checks, Workplace, binary, json_lines, run, short

RECORD = re.compile(r"(?:node=(\S+) )?type=(\S*) msg=audit\((\d+)\.(\d+):(\d+)\)")


def records(lines):
    """Each record's key (node, time, serial), and the record as both programs can print it."""
    for line in lines:
        found = RECORD.match(line)
        if found:
            node, _, seconds, millis, serial = found.groups()
            # ausearch leaves out what auditd added to make a record readable (behind 0x1D).
            yield (node, int(seconds), int(millis), int(serial)), " ".join(line.split("\x1d")[0].split())


def by_ausearch(path):
    """Key → the records of each event that has it."""
    done = subprocess.run(["ausearch", "-if", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    events = defaultdict(list)
    for block in done.stdout.decode("utf-8", "surrogateescape").split("----\n"):
        found = list(records(block.split("\n")))
        for key in {key for key, _ in found}:
            events[key].append(Counter(text for k, text in found if k == key))
    return events


def by_auditty(program, path, home):
    done = run(program, ["search", "*", path, "--sort", "asc", "--format", "jsonl"], home)
    events, more = defaultdict(list), []
    for row in json_lines(done.stdout):
        found = list(records(row["raw"].split("\n")))
        keys = {key for key, _ in found}
        if row["format"] == "auditd" and len(keys) > 1:
            more.append((row["line"], keys))
        for key in keys:
            events[key].append(Counter(text for k, text in found if k == key))
    return events, more


def shown(counter):
    return sorted(counter)[0][:160] if counter else "nothing"


def compare(checks, program, path, home):
    theirs, (ours, mixed) = by_ausearch(path), by_auditty(program, path, home)
    checks.check(f"{path.name}: no event has records of two serials", not mixed, short(mixed))
    wrong, alone = [], 0
    for key in sorted(set(theirs) | set(ours), key=str):
        # It passes over records that it cannot take apart (AppArmor's, where it was built without it).
        if not theirs[key]:
            print(f"     {path.name}: only auditty has {key}: {shown(sum(ours[key], Counter()))}")
            continue
        if theirs[key] != ours[key] and len(theirs[key]) > 1:
            # It gives a LOGIN out by itself, though the record of the system call has the same serial.
            logins = [event for event in theirs[key] if all("type=LOGIN " in text for text in event)]
            alone += len(logins)
            theirs[key] = [sum(theirs[key], Counter())] if logins else theirs[key]
        if sorted(map(sorted, (c.elements() for c in theirs[key]))) != sorted(map(sorted, (c.elements() for c in ours[key]))):
            wrong.append(f"{key}: ausearch {[sum(c.values()) for c in theirs[key]]} records, auditty "
                         f"{[sum(c.values()) for c in ours[key]]}: {shown(sum(theirs[key], Counter()))}")
    if alone:
        print(f"     {path.name}: {alone} LOGIN that ausearch gives out apart")
    same = sum(bool(found) for found in theirs.values()) - len(wrong)
    records_ = sum(sum(c.values()) for found in theirs.values() for c in found)
    checks.check(f"{path.name}: {same} serials, {records_} records grouped alike", not wrong, "\n     " + "\n     ".join(wrong))


def main():
    program, checks = binary(), Checks()
    if not shutil.which("ausearch"):
        # A peer to compare with, like those of the benchmark: not everybody who builds has it.
        print("not compared: ausearch is not installed; it is in Debian's package auditd")
        return
    places = [Path(arg) for arg in sys.argv[2:]] or [FIXTURES / "auditd"]
    with Workplace() as place:
        for path in places:
            for file in sorted(path.glob("*.log")) if path.is_dir() else [path]:
                compare(checks, program, file, place.home)
    checks.finish()


if __name__ == "__main__":
    main()
