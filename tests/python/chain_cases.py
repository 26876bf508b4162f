#!/usr/bin/env python3
"""Writes hash-chained logs and damages them, knowing what a verifier must say. Standard library only.

    chain_cases.py cases              one JSON object a line: logs, then cases as edits of a log
    chain_cases.py fixtures DIR       the clean logs as files
    chain_cases.py check AUDITTY      runs `AUDITTY verify --format json` on every case and prints what it said

A case expects a list of [kind, line, line_end] (1-based, of the damaged file); an empty list is a clean bill.
"""

import collections
import hashlib
import hmac
import json
import pathlib
import random
import subprocess
import sys
import tempfile

RECORDS = 200
RUNS = 60
ZEROS = "0" * 64


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def compact(record, ascii_only=False):
    return json.dumps(record, separators=(",", ":"), ensure_ascii=ascii_only)


def compact_sorted(record, ascii_only=False):
    return json.dumps(record, separators=(",", ":"), ensure_ascii=ascii_only, sort_keys=True)


class Recipe:
    """How one kind of logger serialises, links and hashes."""

    prev, own, genesis = "prev_hash", "hash", ZEROS

    def line(self, record):
        return compact(record)

    def preimage(self, record):
        """`record` holds the previous hash, and not its own."""
        raise NotImplementedError

    def digest(self, data: str) -> str:
        return sha(data.encode())

    def seal(self, record, prev):
        """The record with its link and hash, as a dict."""
        record = {**record, self.prev: prev}
        record[self.own] = self.digest(self.preimage(record))
        return record

    def link(self, record):
        """What the next record names."""
        return record[self.own]


class R1(Recipe):
    def preimage(self, record):
        return compact_sorted(record)


class R2(Recipe):
    genesis = "GENESIS"

    def line(self, record):
        return json.dumps(record)

    def preimage(self, record):
        return json.dumps(record, sort_keys=True)


class R3(Recipe):
    prev = "prevHash"

    def preimage(self, record):
        return compact(record)


class R5(Recipe):
    own = "entry_hash"

    def line(self, record):
        return compact(record, ascii_only=True)

    def preimage(self, record):
        rest = {k: v for k, v in record.items() if k != self.prev}
        return record[self.prev] + compact_sorted(rest, ascii_only=True)


class R5Joined(R5):
    """`json|prev`, keys as written."""

    def preimage(self, record):
        rest = {k: v for k, v in record.items() if k != self.prev}
        return compact(rest, ascii_only=True) + "|" + record[self.prev]


class R7(Recipe):
    own = None

    def seal(self, record, prev):
        return {**record, self.prev: prev}

    def link(self, record):
        return sha(self.line(record).encode())


class Keyed(R1):
    def digest(self, data):
        return hmac.new(b"k" * 32, data.encode(), hashlib.sha256).hexdigest()


RECIPES = {"R1": R1(), "R2": R2(), "R3": R3(), "R5": R5(), "R5-joined": R5Joined(), "R7": R7()}


def payload(rng, number, seq):
    record = {"seq": number} if seq else {}
    second = number % 60
    record.update(
        ts=f"2026-01-02T{3 + number // 3600:02}:{number // 60 % 60:02}:{second:02}Z",
        actor=rng.choice(["alice", "bob", "zoë", "ci-bot"]),
        action=rng.choice(["login", "delete", "settings.update", "read"]),
        n=rng.choice([1.0, 1e-07, 1e20, -3, 0, 12345678901234567890]),
        note=rng.choice(["", "café", "tab\there", 'a "quote"', "\u2028", "😀", "x" * 40]),
        target={"kind": "account", "id": rng.randrange(10**6), "a": [1, {"z": None, "b": True}]},
    )
    return record


def chain(recipe, seed, seq):
    """The records of a log, as dicts."""
    rng = random.Random(seed)
    prev, records = recipe.genesis, []
    for number in range(RECORDS):
        record = recipe.seal(payload(rng, number, seq), prev)
        prev = recipe.link(record)
        records.append(record)
    return records


# Mutations: (rng, recipe, records, foreign) -> (edits, expected). An edit is [index, how many to remove, lines].


def modified(recipe, record, changes):
    return recipe.line({**record, **changes})


def modify(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 1)
    key = rng.choice(["ts", "actor", "action", "n", "note", "target"])
    changed = {"target": {**log[i]["target"], "id": -1}, "n": 7.5}.get(key, "changed")
    return [[i, 1, [modified(recipe, log[i], {key: changed})]]], [["content-modified", i + 1, i + 1]]


def modify_link(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 2)
    changed = sha(rng.randbytes(8))
    return [[i, 1, [modified(recipe, log[i], {recipe.prev: changed})]]], [["content-modified", i + 1, i + 1]]


def modify_own(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 2)
    changed = sha(rng.randbytes(8))
    return [[i, 1, [modified(recipe, log[i], {recipe.own: changed})]]], [["content-modified", i + 1, i + 1]]


def modify_seq(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 2)
    changed = rng.randrange(10**6)
    return [[i, 1, [modified(recipe, log[i], {"seq": changed})]]], [["content-modified", i + 1, i + 1]]


def garble(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 2)
    line = recipe.line(log[i])
    return [[i, 1, [line[: rng.randrange(1, len(line) - 1)]]]], [["content-modified", i + 1, i + 1]]


def delete(count):
    def mutate(rng, _, log, __):
        i = rng.randrange(1, len(log) - count - 1)
        return [[i, count, []]], [["deleted", i + 1, i + 1]]

    return mutate


def duplicate_next(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 1)
    return [[i + 1, 0, [recipe.line(log[i])]]], [["duplicated", i + 2, i + 2]]


def duplicate_elsewhere(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 1)
    at = rng.choice([j for j in range(1, len(log) - 1) if j not in (i, i + 1)])
    return [[at, 0, [recipe.line(log[i])]]], [["duplicated", at + 1, at + 1]]


def insert_foreign(rng, recipe, log, foreign):
    at = rng.randrange(1, len(log) - 1)
    return [[at, 0, [recipe.line(foreign[at])]]], [["inserted", at + 1, at + 1]]


def insert_forged(rng, recipe, log, foreign):
    """Hand-made, in sequence, linked to nothing."""
    at = rng.randrange(1, len(log) - 1)
    record = {k: v for k, v in foreign[at].items() if k not in (recipe.prev, recipe.own)}
    record = recipe.seal(record, sha(rng.randbytes(8)))
    return [[at, 0, [recipe.line(record)]]], [["inserted", at + 1, at + 1]]


def insert_unhashed(rng, recipe, log, foreign):
    """Hand-made with a true link and a false hash of its own."""
    at = rng.randrange(1, len(log) - 1)
    record = recipe.seal(payload(rng, at, "seq" in log[0]), recipe.link(log[at - 1]))
    record[recipe.own] = sha(rng.randbytes(8))
    return [[at, 0, [recipe.line(record)]]], [["inserted", at + 1, at + 1]]


def swap_neighbours(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 2)
    lines = [recipe.line(log[i + 1]), recipe.line(log[i])]
    return [[i, 2, lines]], [["reordered", i + 1, i + 2]]


def swap_distant(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 4)
    j = rng.randrange(i + 2, len(log) - 1)
    edits = [[i, 1, [recipe.line(log[j])]], [j, 1, [recipe.line(log[i])]]]
    return edits, [["reordered", i + 1, j + 1]]


def rewrite(rng, recipe, log, _):
    i = rng.randrange(1, len(log) - 2)
    record = {k: v for k, v in log[i].items() if k not in (recipe.prev, recipe.own)}
    record["actor"] = "mallory"
    record = recipe.seal(record, log[i][recipe.prev])
    kind = "rewritten" if recipe.own else "content-modified"
    return [[i, 1, [recipe.line(record)]]], [[kind, i + 1, i + 1]]


def fork(rng, recipe, log, _):
    """A forged child of a real record; the second of the two in the file is named."""
    at = rng.randrange(1, len(log) - 2)
    record = payload(rng, at, "seq" in log[0])
    record["actor"] = "mallory"
    record = recipe.seal(record, recipe.link(log[at - 1]))
    return [[at, 0, [recipe.line(record)]]], [["fork", at + 2, at + 2]]


def head_cut(rng, recipe, log, _):
    count = rng.randrange(1, len(log) - 2)
    return [[0, count, []]], [["head-truncated", 1, 1]]


def cut_without_seq(rng, recipe, log, _):
    count = rng.choice([1, 5])
    i = rng.randrange(1, len(log) - count - 1)
    return [[i, count, []]], [["link-mismatch", i + 1, i + 1]]


COMMON = {
    "duplicate-next": duplicate_next,
    "duplicate-elsewhere": duplicate_elsewhere,
    "insert-foreign": insert_foreign,
    "insert-forged": insert_forged,
    "swap-neighbours": swap_neighbours,
    "swap-distant": swap_distant,
    "fork": fork,
    "head-cut": head_cut,
}
SEQUENCED = {
    "modify": modify,
    "modify-link": modify_link,
    "modify-seq": modify_seq,
    "garble": garble,
    "delete-1": delete(1),
    "delete-5": delete(5),
    "rewrite": rewrite,
}
OWN_HASH = {"modify-own": modify_own, "insert-unhashed": insert_unhashed}


def mutations(recipe, seq):
    chosen = dict(COMMON)
    if seq:
        chosen |= SEQUENCED
    else:
        chosen["delete-without-seq"] = cut_without_seq
        chosen["modify-link"] = modify_link
        if recipe.own:
            chosen["modify"] = modify
    if recipe.own:
        chosen |= OWN_HASH
    return chosen


def everything():
    """Yields (log name, lines) and (log name, mutation, edits, torn, expected)."""
    for name, recipe in RECIPES.items():
        # Without numbers one recipe of each family says it all.
        for seq in (True, False) if name in ("R1", "R7") else (True,):
            log_name = name if seq else f"{name}-noseq"
            log = chain(recipe, f"log {log_name}", seq)
            foreign = chain(recipe, f"foreign {log_name}", seq)
            lines = [recipe.line(r) for r in log]
            yield log_name, lines
            yield log_name, "clean", [], False, []
            yield log_name, "torn", [[RECORDS - 1, 1, [lines[-1][:-9]]]], True, [["torn-tail", RECORDS, RECORDS]]
            for mutation, mutate in mutations(recipe, seq).items():
                rng = random.Random(f"{log_name} {mutation}")
                for _ in range(RUNS):
                    edits, expected = mutate(rng, recipe, log, foreign)
                    yield log_name, mutation, edits, False, expected
    keyed = Keyed()
    yield "HMAC", [keyed.line(r) for r in chain(keyed, "log HMAC", True)]
    yield "HMAC", "clean", [], False, []


def apply(lines, edits, torn):
    lines = list(lines)
    for index, remove, new in edits:
        lines[index : index + remove] = new
    return "\n".join(lines) + ("" if torn else "\n")


def print_cases():
    for item in everything():
        if len(item) == 2:
            out = {"log": item[0], "lines": item[1]}
        else:
            out = dict(zip(("log", "mutation", "edits", "torn", "expected"), item))
        print(json.dumps(out))


def write_fixtures(directory):
    for item in everything():
        if len(item) == 2 and not item[0].endswith("-noseq"):
            path = pathlib.Path(directory) / f"{item[0]}.jsonl"
            path.write_text(apply(item[1], [], False), encoding="utf-8")


def check(binary):
    logs, table, wrong = {}, collections.defaultdict(collections.Counter), 0
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "case.jsonl"
        for item in everything():
            if len(item) == 2:
                logs[item[0]] = item[1]
                continue
            log, mutation, edits, torn, expected = item
            path.write_text(apply(logs[log], edits, torn), encoding="utf-8")
            run = subprocess.run([binary, "verify", "--format", "json", path], capture_output=True, check=False)
            found = [
                [f["kind"], f["line"], f["line_end"]]
                for file in json.loads(run.stdout)["files"]
                for f in file["findings"]
            ]
            right = found == expected
            wrong += not right
            table[log, mutation]["right" if right else " + ".join(k for k, *_ in found) or "nothing"] += 1
    for (log, mutation), counts in table.items():
        print(f"{log:16} {mutation:20}", dict(counts))
    return 1 if wrong else 0


def main():
    match sys.argv[1:]:
        case ["cases"]:
            print_cases()
        case ["fixtures", directory]:
            write_fixtures(directory)
        case ["check", binary]:
            sys.exit(check(binary))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
