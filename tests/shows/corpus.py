#!/usr/bin/env python3
"""Real logs: are they recognised, are they read whole, and do they say what a second, independent reading says?

usage: corpus.py AUDITTY CORPUS_FOLDER
"""

import json
import random
import re
import sys
import zlib
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from corpus_readings import BROKEN, GENERIC, READERS, expected, files, values
from show import Checks, Workplace, binary, json_lines, run, short

FIELDS = ("ts", "actor", "action", "outcome", "ip")
SHARES = ("ts", "actor", "action", "target", "outcome", "ip", "session")
GOAL = 97
EXAMPLES = 3


class File:
    def __init__(self, path, corpus):
        self.path, self.name = path, str(path.relative_to(corpus))
        self.parts = path.relative_to(corpus).parts
        self.expected = expected(self.parts)
        self.well_formed = self.parts[0] not in ("_malformed", "_partial", "_other") and self.expected != "generic"
        self.detected, self.rows, self.moved, self.middle, self.cut = None, [], None, None, None


def corpus_files(corpus):
    left_out = ("MANIFEST.tsv", "NOTES.md")
    return [File(path, corpus) for path in sorted(corpus.rglob("*"))
            if path.is_file() and not path.name.endswith(".meta.json") and path.name not in left_out]


def detect(program, path, home):
    done = run(program, ["formats", "detect", path], home)
    found = re.match(r".*?: ([\w-]+)~?(?: in [^(]+)? \(.*\), score \d+$", done.stdout.decode("utf-8", "replace").split("\n")[0])
    return found[1] if found else "no format"


def right(wanted, found):
    return found in GENERIC if wanted == "generic" else found == wanted


def visit(program, file, place):
    """Everything the program says about one file: whole, without its name, and begun in the middle."""
    number = f"{zlib.crc32(file.name.encode()):08x}"
    folder = place.path / number
    home = folder / "home"
    home.mkdir(parents=True)
    file.detected = detect(program, file.path, home)
    done = run(program, ["search", "*", file.path, "--sort", "asc", "--format", "jsonl"], home)
    file.rows = json_lines(done.stdout)
    nameless = folder / "x"
    nameless.write_bytes(file.path.read_bytes())
    file.moved = detect(program, nameless, home)
    file.cut = files.cut(file.path, file.expected)
    start = random.Random(number).randrange(len(file.cut.records)) if file.cut.records else 0
    nameless.write_bytes(file.cut.starting_at(start))
    file.middle = detect(program, nameless, home)
    return file


def has(row, field):
    value = row.get(field)
    return value not in (None, "", []) and not (field == "outcome" and value == "unknown")


def part_one(all_files, checks):
    print("\n# 1. Read whole: per format, the share of events that have a field (%)\n")
    groups = defaultdict(list)
    for file in all_files:
        groups[file.parts[0] if file.parts[0][0] == "_" else file.expected].append(file)
    print(f"{'format':20}{'files':>6}{'events':>8}{'unparsed':>9}{'otherwise':>10} " + "".join(f"{f:>8}" for f in SHARES))
    for name, group in sorted(groups.items()):
        rows = [row for file in group for row in file.rows]
        plain = sum(row["format"] == "text" for row in rows)
        other = sum(row["format"] not in ("text", file.expected) for file in group for row in file.rows)
        share = [f"{100 * sum(has(row, f) for row in rows) / len(rows):8.1f}" if rows else f"{'-':>8}" for f in SHARES]
        print(f"{name:20}{len(group):6}{len(rows):8}{plain:9}{other:10} " + "".join(share))
    print("\n('unparsed' became plain text, 'otherwise' was read as another format than the folder says)\n")
    for file in all_files:
        read_as = Counter(row["format"] for row in file.rows)
        print(f"     {file.name}: {file.detected}, {len(file.rows)} events {dict(read_as)}")
    print()
    for file in all_files:
        if not file.well_formed:
            continue
        plain = [row for row in file.rows if row["format"] == "text"]
        checks.check(f"nothing unparsed: {file.name}", bool(file.rows) and len(plain) <= BROKEN.get(file.path.name, 0),
                     f"{len(plain)} of {len(file.rows)}, first at line {plain[0]['line'] if plain else '-'}: "
                     f"{short(plain[0]['raw'] if plain else '', 100)}")
        if files.counted(file.cut) and right(file.expected, file.detected) and file.expected not in ("otlp", "google-workspace", "csv"):
            checks.equal(f"as many events as records: {file.name}", len(file.rows), len(file.cut.records))


def printed(row, field):
    if field == "ip":
        return values.same_address(row["ip"][0]) if row["ip"] else None
    return row[field]


def part_two(all_files, checks):
    print("\n# 2. What an independent reading says: agreed / compared\n")
    agreed, compared, examples, kinds = Counter(), Counter(), defaultdict(list), Counter()
    skipped = Counter()
    for file in all_files:
        if file.parts[0].startswith("_"):
            continue
        for row in file.rows:
            name = row["format"]
            if name != file.expected or name not in READERS:
                skipped[f"{file.expected} read as {name}"] += 1
                continue
            where = f"{file.name}:{row['line']}"
            try:
                wanted = READERS[name](row["raw"])
            except Exception as error:  # a reading that breaks is a finding, not the end
                kinds[name, "raw", type(error).__name__] += 1
                examples[name, "raw", type(error).__name__].append(f"{where}: {error}: {short(row['raw'], 120)}")
                compared[name, "raw"] += 1
                continue
            for field in FIELDS:
                if field not in wanted or (field == "outcome" and wanted[field] is None):
                    continue
                compared[name, field] += 1
                found, want = printed(row, field), wanted[field]
                same = values.same_time(want, found) if field == "ts" else want == found
                agreed[name, field] += same
                if same:
                    continue
                want = values.show_time(want) if field == "ts" else want
                kind = (name, field, "missing" if not found or found == "unknown" else
                        "not wanted" if not want or want == "unknown" else "another value")
                kinds[kind] += 1
                if len(examples[kind]) < EXAMPLES and not any(short(found) in e and short(want) in e for e in examples[kind]):
                    examples[kind].append(f"{where}: program {short(found, 120)}, reading {short(want, 120)}")
    names = sorted({name for name, _ in compared})
    print(f"{'format':20}" + "".join(f"{f:>14}" for f in FIELDS))
    for name in names:
        print(f"{name:20}" + "".join(f"{agreed[name, f]}/{compared[name, f]}".rjust(14) for f in FIELDS))
    for what, count in sorted(skipped.items()):
        print(f"not compared: {count} events of {what}")
    print()
    for kind, count in kinds.most_common():
        print(f"{count:6} x {' '.join(kind)}")
        for example in examples[kind][:EXAMPLES]:
            print(f"         {example}")
    print()
    for name in names:
        for field in FIELDS + ("raw",):
            if compared[name, field]:
                share = 100 * agreed[name, field] / compared[name, field]
                # Of a few events one may be a matter of opinion.
                checks.check(f"{name} {field}: {agreed[name, field]} of {compared[name, field]} agree",
                             share >= GOAL or compared[name, field] - agreed[name, field] == 1,
                             f"{share:.1f} %, goal {GOAL} %")


def foreign(place):
    """Things that are no log at all."""
    rng = random.Random(3)
    noise = bytes(rng.randrange(256) for _ in range(4000))
    prose = ("# Readme\n\nThis tool reads the audit log of a server; see `user`, `action` and `time` below.\n\n"
             "- start it with `tool --input file.json`\n- the event is written as {\"user\": ...}\n\n") * 20
    code = "def main(user, action):\n    print(f'{user} did {action}')\n\nmain('alice', 'login')\n" * 30
    things = {
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise,
        "elf": b"\x7fELF\x02\x01\x01" + bytes(9) + noise,
        "zip": b"PK\x03\x04\x14\0\0\0\x08\0" + noise,
        "noise": noise,
        "empty": b"",
        "prose": prose.encode(),
        "code": code.encode(),
        "table": "name,price,amount\n".encode() + b"apple,1.20,3\npear,2.10,4\n" * 50,
        "object": json.dumps({"name": "demo", "version": "1.0", "dependencies": {"left-pad": "^1"}}).encode(),
    }
    for name, data in things.items():
        path = place.path / "foreign" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        yield name, path


def part_three(program, all_files, place, checks):
    print("\n# 3. Recognised\n")
    claimed = []
    for way, attribute in (("as it is", "detected"), ("without its name", "moved"), ("begun in the middle", "middle")):
        hits, total, misses = 0, 0, []
        for file in all_files:
            found = getattr(file, attribute)
            if file.expected == "generic":
                if found not in GENERIC:
                    claimed.append(f"{file.name} ({way}): {found}")
                continue
            total += 1
            if right(file.expected, found):
                hits += 1
            else:
                misses.append(f"{file.name}: {found}, should be {file.expected}")
        share = 100 * hits / total if total else 0
        for miss in misses:
            print(f"     {way}: {miss}")
        checks.check(f"recognised {way}: {hits} of {total} ({share:.1f} %, goal {GOAL} %)", share >= GOAL)
    for name, path in foreign(place):
        found = detect(program, path, place.home)
        if found not in GENERIC:
            claimed.append(f"{name}: {found}")
    checks.check("nothing else is taken for an audit log", not claimed, "; ".join(claimed))


def main():
    program, checks = binary(), Checks()
    if len(sys.argv) < 3 or not Path(sys.argv[2]).is_dir():
        sys.exit(f"usage: {sys.argv[0]} AUDITTY CORPUS_FOLDER")
    all_files = corpus_files(Path(sys.argv[2]).resolve())
    if not all_files:
        sys.exit("no files there")
    with Workplace() as place:
        place.home.mkdir()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda file: visit(program, file, place), all_files))
        part_one(all_files, checks)
        part_two(all_files, checks)
        part_three(program, all_files, place, checks)
    checks.finish()


if __name__ == "__main__":
    main()
