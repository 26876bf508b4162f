#!/usr/bin/env python3
"""Every way to chain, damaged in fifteen ways at sixty places: is each named, once, in place?

usage: mutations.py AUDITTY [PLACES]

200 records each, from the writers beside the fixtures, with and without numbers that count on. Prints what was found for
what was done.
"""

import random
import shutil
import sys
from collections import Counter

from show import FIXTURES, Checks, Workplace, binary, run, short
from verify_matrix import put, stem, verify

sys.path.insert(0, str(FIXTURES / "chain" / "writers"))
from write import HERE, WRITERS, tenants  # noqa: E402

RECORDS = 200
CLEAN = ["r1", "r1-sha512", "r1-sha1", "r1-md5", "r1-prefixed", "r1-upper", "r1-base64", "r1-cut", "r1-hmac", "r2", "r5", "r6",
         "r7", "r8", "r9", "r10"]
DAMAGED = ["r1", "r1-sha512", "r1-md5", "r1-hmac", "r2", "r5", "r6", "r7", "r8", "r9", "r10"]


class Log:
    """A chained log, another of the same writer, and the means to hash a record anew."""

    def __init__(self, name, seq):
        self.name, self.seq, self.writer = name, seq, WRITERS[name]
        self.lines, self.made = self.writer.write(random.Random(1), RECORDS, seq)
        self.foreign, _ = self.writer.write(random.Random(2), RECORDS, seq)
        self.raw, self.rolling = name == "r7", name == "r10"

    def anew(self, i, previous=None, **changes):
        """Record i with other values, its hashes made anew."""
        r, was = self.made[i]
        return self.writer.step(r | changes, was if previous is None else previous, i)[0]


def modify(log, rng, i):
    ts = log.made[i][0]["ts"]
    line = log.lines[i].replace(ts, "2026-01-02T04:00:00Z", 1)
    kind = "link-mismatch" if (log.raw or log.rolling) and not log.seq else "content-modified"
    at = i + 2 if log.raw and not log.seq else i + 1
    return log.lines[:i] + [line] + log.lines[i + 1:], (kind, at)


def rehash(log, rng, i):
    line = log.anew(i, ts="2026-01-02T04:00:00Z")
    out = log.lines[:i] + [line] + log.lines[i + 1:]
    if not log.seq:
        return out, ("link-mismatch", i + 2)
    # A rolling chain shows a record hashed anew at the one after it.
    return out, ("content-modified", i + 2) if log.rolling else ("content-modified" if log.raw else "rewritten", i + 1)


def delete_1(log, rng, i):
    return log.lines[:i] + log.lines[i + 1:], ("deleted" if log.seq else "link-mismatch", i + 1)


def delete_5(log, rng, i):
    return log.lines[:i] + log.lines[i + 5:], ("deleted" if log.seq else "link-mismatch", i + 1)


def duplicate(log, rng, i):
    at = i + rng.choice([1, 1, rng.randrange(2, 20)])
    return log.lines[:at] + [log.lines[i]] + log.lines[at:], ("duplicated", at + 1)


def insert(log, rng, i):
    return log.lines[:i] + [log.foreign[i]] + log.lines[i:], ("inserted", i + 1)


def swap(log, rng, i):
    j = i + rng.choice([1, 1, rng.randrange(2, 12)])
    out = list(log.lines)
    out[i], out[j] = out[j], out[i]
    return out, ("reordered", i + 1)


def move(log, rng, i):
    out = list(log.lines)
    out.insert(i + rng.randrange(2, 12), out.pop(i))
    return out, ("reordered", i + 1)


def fork(log, rng, i):
    """A second record after record i-1, as a second writer makes it: rightly hashed."""
    line = log.anew(i, actor="mallory")
    return log.lines[:i + 1] + [line] + log.lines[i + 1:], ("fork", i + 2)


def restart(log, rng, i):
    again, _ = log.writer.write(random.Random(3), RECORDS - i, log.seq)
    return log.lines[:i] + again, ("restart", i + 1)


def head_cut(log, rng, i):
    return log.lines[i:], ("head-truncated", 1)


def garbage(log, rng, i):
    return log.lines[:i] + ["<<< disk was full >>>"] + log.lines[i:], ("malformed", i + 1)


def unchained(log, rng, i):
    return log.lines[:i] + ['{"ts":"2026-01-02T03:00:00Z","actor":"cron"}'] + log.lines[i:], ("unlinked", i + 1)


def tail_cut(log, rng, i):
    return log.lines[:i], ("tail-truncated", i + 1)


def suffix(log, rng, i):
    """Everything from record i on written and hashed anew."""
    out, previous = log.lines[:i], log.made[i][1]
    for n in range(i, RECORDS):
        # Each of them another one.
        line, previous = log.writer.step(log.made[n][0] | {"actor": f"mallory {n}"}, previous, n)
        out.append(line)
    return out, ("rewritten-since-seal", i + 1)


# Damage -> the share that has to be named rightly.
DAMAGE = {modify: 1, rehash: 1, delete_1: 1, delete_5: 1, duplicate: 1, insert: 0.95, swap: 0.95, move: 0.95, fork: 0.95,
          restart: 0.95, head_cut: 1, garbage: 1, unchained: 1}
# Found only by what was sealed before.
SEALED = {tail_cut: 1, suffix: 1}


def judge(checks, program, place, log, damage, share, places, matrix, sealed):
    rng = random.Random(f"{log.name} {log.seq} {damage.__name__}")
    folder = place.path / f"{damage.__name__}-{log.seq}"
    expected = {}
    cases = [damage(log, rng, i) for i in rng.sample(range(10, RECORDS - 25), places)]
    names = [f"case_{n:02}_at" for n in range(places)]
    if sealed:
        for name in names:
            put(folder / f"{name}.jsonl", log.lines)
        run(program, ["seal", folder], place.home)
    for name, (lines, what) in zip(names, cases):
        put(folder / f"{name}.jsonl", lines)
        expected[name] = what
    code, report = verify(program, folder, place.home)
    files = {stem(f): f for f in report["files"]}
    right, spread, wrong = 0, 0, []
    for name, what in expected.items():
        findings = files.get(name, {}).get("findings", [])
        found = [(f["kind"], f["line"]) for f in findings]
        matrix.setdefault((log.name, log.seq, damage.__name__), Counter())["+".join(k for k, _ in found) or "nothing"] += 1
        right += found == [what]
        spread += len(found) > 3
        if found != [what]:
            wrong.append((name, what, found))
    numbers = "numbered" if log.seq else "no numbers"
    checks.check(f"{log.name} {numbers} {damage.__name__}: {right}/{places} one finding, right kind, right line; {spread} spread",
                 right >= share * places and spread == 0 and len(files) == places, short(wrong[:3], 500))
    shutil.rmtree(folder)


def main():
    program, checks = binary(), Checks()
    places = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    matrix = {}
    with Workplace() as place:
        config = place.home / "config"
        config.mkdir(parents=True, exist_ok=True)
        rules = (HERE / "config.toml").read_text().replace("**/py-r8.jsonl", "**/r8/**").replace("**/py-r1-hmac.jsonl", "**/r1-hmac/**")
        (config / "config.toml").write_text(rules.replace("\nfrom = ", "\n# from = "))
        for key in ("hmac-1.key", "hmac-2.key", "ed25519.pub.pem"):
            shutil.copy(HERE / key, config / key)
        root = place.path
        for name in CLEAN:
            for seq in (True, False):
                log = Log(name, seq)
                path = root / name / "clean" / "log.jsonl"
                put(path, log.lines)
                code, report = verify(program, path, place.home)
                file = report["files"][0]
                wanted = 1 if log.raw else 0
                checks.check(f"{name} seq {seq} clean: nothing found, all verified",
                             code == wanted and file["findings"] == [] and file["records"] == RECORDS, short(file))
        lines, _ = tenants(random.Random(1), RECORDS)
        put(root / "tenants.jsonl", lines)
        code, report = verify(program, root / "tenants.jsonl", place.home)
        checks.check("tenants clean: nothing found, all verified", code == 0, short(report))
        for name in DAMAGED:
            place.path = root / name
            for seq in (True, False):
                log = Log(name, seq)
                for damage, share in DAMAGE.items():
                    # A record of a chain of lines that is hashed anew is a modified one.
                    if not (log.raw and damage is rehash):
                        judge(checks, program, place, log, damage, share, places, matrix, False)
                for damage, share in SEALED.items():
                    judge(checks, program, place, log, damage, share, places, matrix, True)
        place.path = root

    print("\nfound (rows: what was done)")
    for (name, seq, damage), counts in matrix.items():
        numbers = "numbered  " if seq else "no numbers"
        print(f"  {name:10} {numbers} {damage:10}", ", ".join(f"{k} {n}" for k, n in counts.most_common()))
    checks.finish()


main()
