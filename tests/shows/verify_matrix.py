#!/usr/bin/env python3
"""Damaged hash chains, written and damaged by an independent program: is every kind of damage named, once, in place?

usage: verify_matrix.py AUDITTY

Five ways to chain (and a keyed one), 200 records each with sequence numbers. Every kind of damage at 60 places.
"""

import hashlib
import hmac
import json
import random
from collections import Counter

from show import Checks, Workplace, binary, run, short

RECORDS = 200
PLACES = 60
ZEROS = "0" * 64


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def keyed(data):
    return hmac.new(b"k" * 32, data, hashlib.sha256).hexdigest()


def record(n, rng):
    return {
        "seq": n,
        "ts": f"2026-01-02T03:{n // 60:02}:{n % 60:02}Z",
        "actor": rng.choice(["alice", "bob", "zoë", "svc-payments"]),
        "action": rng.choice(["login", "delete", "settings.update"]),
        "n": rng.choice([1.0, 1e-07, 2.5, 1e20, 17, -3]),
        "note": rng.choice(["café", 'a "quoted" \\ word', "tab\there", "", "😀"]),
        "nested": {"b": [1, None, True], "a": {"z": rng.randrange(10**9), "y": "x"}},
    }


def own_sorted(rng, digest=sha256):
    """Hash of the record without its own hash: keys sorted, no blanks; the previous hash is inside."""
    previous = ZEROS
    for n in range(RECORDS):
        r = record(n, rng) | {"prev_hash": previous}
        text = json.dumps(r, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = r["hash"] = digest(text.encode())
        yield json.dumps(r, separators=(",", ":"), ensure_ascii=False)


def own_sorted_spaced(rng):
    """The same with Python's default separators and escapes; the first link says GENESIS."""
    previous = "GENESIS"
    for n in range(RECORDS):
        r = record(n, rng) | {"prev_hash": previous}
        previous = r["hash"] = sha256(json.dumps(r, sort_keys=True).encode())
        yield json.dumps(r)


def own_insertion(rng):
    """Keys in the order they were written, as JavaScript does."""
    previous = ZEROS
    for n in range(RECORDS):
        r = record(n, rng) | {"prevHash": previous}
        previous = r["hash"] = sha256(json.dumps(r, separators=(",", ":"), ensure_ascii=False).encode())
        yield json.dumps(r, separators=(",", ":"), ensure_ascii=False)


def previous_and_json(rng):
    """Hash of the previous hash's text followed by the record without both."""
    previous = ZEROS
    for n in range(RECORDS):
        r = record(n, rng)
        text = json.dumps(r, sort_keys=True, separators=(",", ":"))
        own = sha256((previous + text).encode())
        yield json.dumps(r | {"prev_hash": previous, "entry_hash": own}, separators=(",", ":"))
        previous = own


def raw_line(rng):
    """No own hash: each record names the hash of the line before, as it stands in the file."""
    previous = ZEROS
    for n in range(RECORDS):
        line = json.dumps(record(n, rng) | {"prev_hash": previous}, separators=(",", ":"), ensure_ascii=False)
        previous = sha256(line.encode())
        yield line


WRITERS = {
    "R1": own_sorted,
    "R2": own_sorted_spaced,
    "R3": own_insertion,
    "R5": previous_and_json,
    "R7": raw_line,
}


def changed(line):
    """Another actor, the hashes left as they are."""
    r = json.loads(line)
    new = line.replace(json.dumps(r["ts"]), json.dumps("2026-01-02T04:00:00Z"), 1)
    assert new != line
    return new


# Each gives the damaged lines, and what has to be found: kind, line, count (None = any).
def modify(lines, foreign, rng, i):
    return lines[:i] + [changed(lines[i])] + lines[i + 1 :], ("content-modified", i + 1, None)


def delete_1(lines, foreign, rng, i):
    return lines[:i] + lines[i + 1 :], ("deleted", i + 1, 1)


def delete_5(lines, foreign, rng, i):
    return lines[:i] + lines[i + 5 :], ("deleted", i + 1, 5)


def duplicate(lines, foreign, rng, i):
    at = i + rng.choice([1, 1, rng.randrange(2, 20)])
    return lines[:at] + [lines[i]] + lines[at:], ("duplicated", at + 1, None)


def insert(lines, foreign, rng, i):
    return lines[:i] + [foreign[i]] + lines[i:], ("inserted", i + 1, None)


def swap(lines, foreign, rng, i):
    j = i + rng.choice([1, 1, rng.randrange(2, 12)])
    out = list(lines)
    out[i], out[j] = out[j], out[i]
    return out, ("reordered", i + 1, None)


# Damage -> how many of the 60 have to be named rightly.
DAMAGE = {modify: 60, delete_1: 60, delete_5: 60, duplicate: 60, insert: 57, swap: 57}


def verify(program, path, home):
    done = run(program, ["verify", path, "--format", "json"], home)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {"files": [], "verdict": f"no report: {done.stderr.decode()[:200]}"}
    return done.returncode, report


def put(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def stem(file):
    return file["path"].rsplit("/", 1)[-1].split(".")[0]


def main():
    program, checks = binary(), Checks()
    rng = random.Random(20260301)
    matrix = {}
    with Workplace() as place:
        for recipe, writer in WRITERS.items():
            lines, foreign = list(writer(random.Random(1))), list(writer(random.Random(2)))
            clean = place.path / recipe / "clean.jsonl"
            put(clean, lines)
            code, report = verify(program, clean, place.home)
            file = (report["files"] or [{}])[0]
            # Nothing after it vouches for the last line of a raw-line chain: not everything is verified.
            wanted = 1 if recipe == "R7" else 0
            said = "last record" in file.get("coverage", "") if recipe == "R7" else True
            checks.check(f"{recipe} clean: exit {wanted}, {RECORDS} records, nothing found",
                         code == wanted and said and file.get("findings") == [] and file.get("records") == RECORDS
                         and file.get("scheme"), f"exit {code}, {short(file)}")
            for damage, wanted in DAMAGE.items():
                folder = place.path / recipe / damage.__name__
                expected = {}
                for n, i in enumerate(rng.sample(range(10, RECORDS - 25), PLACES)):
                    damaged, what = damage(lines, foreign, rng, i)
                    name = f"case_{n:02}_at"
                    put(folder / f"{name}.jsonl", damaged)
                    expected[name] = what
                code, report = verify(program, folder, place.home)
                files = {stem(f): f for f in report["files"]}
                right, spread, wrong = 0, 0, []
                for name, (kind, line, count) in expected.items():
                    findings = files.get(name, {}).get("findings", [])
                    matrix.setdefault((recipe, damage.__name__), Counter()).update(
                        "+".join(f["kind"] for f in findings) or "nothing" for _ in (0,))
                    found = [(f["kind"], f["line"], f["count"] if count else None) for f in findings]
                    good = found == [(kind, line, count)] and findings[0]["level"] == "alarm"
                    right += good
                    spread += len(findings) > 3
                    if not good:
                        wrong.append((name, (kind, line, count), found))
                label = f"{recipe} {damage.__name__}"
                checks.check(f"{label}: {right}/{PLACES} one finding, right kind, right record (≥ {wanted})",
                             right >= wanted, short(wrong[:3], 500))
                checks.check(f"{label}: exit 3, never spreading", code == 3 and spread == 0 and len(files) == PLACES,
                             f"exit {code}, {spread} spread, {len(files)} files")
            edges(checks, program, place, recipe, lines)

        lines = list(own_sorted(random.Random(1), keyed))
        path = place.path / "keyed.jsonl"
        put(path, lines)
        code, report = verify(program, path, place.home)
        file = report["files"][0]
        checks.check("keyed chain: exit 1, no alarm, links only",
                     code == 1 and not [f for f in file["findings"] if f["level"] == "alarm"] and "link" in str(file).lower(),
                     f"exit {code}, {short(file)}")
        put(path, lines[:99] + lines[100:])
        code, report = verify(program, path, place.home)
        found = [(f["kind"], f["line"]) for f in report["files"][0]["findings"]]
        checks.check("keyed chain, a record deleted: found by its links", code == 3 and found == [("deleted", 100)],
                     f"exit {code}, {found}")
        put(path, ['{"seq":%d,"ts":"2026-01-02T03:04:05Z","actor":"a"}' % n for n in range(50)])
        code, report = verify(program, path, place.home)
        checks.check("no chain: exit 1, nothing found", code == 1 and report["files"][0]["findings"] == [], short(report))
        code, _ = verify(program, place.path / "missing.jsonl", place.home)
        checks.equal("nothing there: exit 5", code, 5)

    print("\nfound (rows: what was done)")
    for (recipe, damage), counts in matrix.items():
        print(f"  {recipe} {damage:10}", ", ".join(f"{k} {n}" for k, n in counts.most_common()))
    checks.finish()


def edges(checks, program, place, recipe, lines):
    path = place.path / recipe / "edge.jsonl"

    put(path, lines[20:])
    code, report = verify(program, path, place.home)
    found = [(f["kind"], f["level"], f["line"]) for f in report["files"][0]["findings"]]
    checks.check(f"{recipe} head cut: a warning at line 1, exit 1",
                 code == 1 and found == [("head-truncated", "warning", 1)], f"exit {code}, {found}")

    text = "\n".join(lines) + "\n"
    path.write_text(text[:-40], encoding="utf-8")
    code, report = verify(program, path, place.home)
    found = [(f["kind"], f["level"], f["line"]) for f in report["files"][0]["findings"]]
    checks.check(f"{recipe} torn last line: a note, no alarm",
                 code in (0, 1) and found == [("torn-tail", "note", RECORDS)], f"exit {code}, {found}")

    path.write_text(text[:-1], encoding="utf-8")
    code, report = verify(program, path, place.home)
    kinds = {f["level"] for f in report["files"][0]["findings"]}
    checks.check(f"{recipe} only the last LF is missing: no alarm, no warning", code in (0, 1) and kinds <= {"note"},
                 f"exit {code}, {short(report['files'][0])}")


if __name__ == "__main__":
    main()
