#!/usr/bin/env python3
"""A chained log is damaged while the explorer follows it: how soon is it told, and is the cursor left alone?

usage: live_integrity.py AUDITTY

On a pseudo-terminal: a forged record appended, the end cut off, bytes changed in place in a small file and in one of nearly
10 MB that goes on growing; each told within a second (of the last, which has to be read whole, within two on a busy machine).
"""

import random
import sys
import time

from show import FIXTURES, Checks, Session, Workplace, binary, environment, short

sys.path.insert(0, str(FIXTURES / "chain" / "writers"))
from write import WRITERS, record  # noqa: E402

R1 = WRITERS["r1"]


class Chain:
    """A writer of a chained file that can go on."""

    def __init__(self, path, count):
        self.path, self.rng, self.n, self.previous = path, random.Random(1), 0, R1.genesis
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(self.next() for _ in range(count)), encoding="utf-8")

    def next(self):
        r = record(self.n, self.rng) | {"ts": f"2026-01-02T{3 + self.n // 3600:02}:{self.n // 60 % 60:02}:{self.n % 60:02}Z"}
        line, self.previous = R1.step(r, self.previous, self.n)
        self.n += 1
        return line + "\n"

    def append(self, text):
        with open(self.path, "a", encoding="utf-8") as out:
            out.write(text)


def change_in_place(path, share):
    """Another actor in a record in the midst, the length and the file the same."""
    with open(path, "r+b") as file:
        data = file.read()
        at = data.index(b'"actor":"', int(len(data) * share)) + len(b'"actor":"')
        file.seek(at)
        file.write(b"X")


def header(session):
    return session.terminal.text().split("\n", 1)[0]


def told(session, seconds, what="1 break"):
    """Seconds until the header tells it; None if it does not."""
    start = time.monotonic()
    return time.monotonic() - start if session.wait(lambda text: what in text.split("\n", 1)[0], seconds) else None


def shown(took):
    return "never" if took is None else f"{took:.2f} s"


def main():
    program, checks = binary(), Checks()
    with Workplace() as place:
        def explorer(path):
            return Session([program, path], environment(place.home), 120, 40)

        def followed(session, checks, label, good):
            ok = session.wait(lambda text: f"chain {good} ✓" in text.split("\n", 1)[0], 30)
            return checks.check(f"{label}: all is verified first", ok, short(header(session)))

        def judge(session, label, damage, limit, what="1 break"):
            damage()
            took = told(session, 20, what)
            checks.check(f"{label}: told after {shown(took)}", took is not None and took <= limit, short(header(session)))

        chain = Chain(place.path / "append" / "a.jsonl", 300)
        with explorer(chain.path) as session:
            followed(session, checks, "forged append", 300)
            # The cursor is on a record of its own, which it must not leave.
            session.send("g")
            session.send("jjj")
            session.settle()
            selected = [line for line in session.terminal.lines() if "▌" in line]
            r = record(chain.n, chain.rng) | {"prev_hash": "ab" * 32}
            forged = R1.step(r, "ab" * 32, chain.n)[0] + "\n"
            judge(session, "forged append", lambda: chain.append(forged), 1.0)
            session.settle()
            kept = [line for line in session.terminal.lines() if "▌" in line]
            checks.equal("forged append: the cursor stays", [l.split("│")[1] for l in kept if "│" in l][:1],
                         [l.split("│")[1] for l in selected if "│" in l][:1])

        chain = Chain(place.path / "honest" / "a.jsonl", 300)
        with explorer(chain.path) as session:
            followed(session, checks, "honest append", 300)
            chain.append("".join(chain.next() for _ in range(50)))
            ok = session.wait(lambda text: "chain 350 ✓" in text.split("\n", 1)[0], 5)
            checks.check("honest append: nothing is told", ok and "break" not in header(session), short(header(session)))
            # What copies a log away and empties it is no alarm, nor is a log that goes on from there.
            open(chain.path, "w").close()
            session.settle(0.5, 3)
            chain.append("".join(chain.next() for _ in range(20)))
            session.settle(1.0, 5)
            checks.check("emptied and gone on: no alarm", "tail" not in session.terminal.text(), short(header(session)))

        chain = Chain(place.path / "cut" / "a.jsonl", 300)
        with explorer(chain.path) as session:
            followed(session, checks, "end cut off", 300)
            text = chain.path.read_text().splitlines(keepends=True)

            def cut():
                with open(chain.path, "r+", encoding="utf-8") as file:
                    file.truncate(len("".join(text[:250]).encode()))

            judge(session, "end cut off", cut, 1.0)

        chain = Chain(place.path / "small" / "a.jsonl", 300)
        with explorer(chain.path) as session:
            followed(session, checks, "changed in place", 300)
            judge(session, "changed in place", lambda: change_in_place(chain.path, 0.4), 1.0)

        chain = Chain(place.path / "large" / "a.jsonl", 26000)
        size = chain.path.stat().st_size
        checks.check(f"large: {size / 1e6:.1f} MB", 8e6 < size < 10.4e6)
        with explorer(chain.path) as session:
            followed(session, checks, "large", "26,000")
            judge(session, "large, changed in place", lambda: change_in_place(chain.path, 0.5), 1.5)

        chain = Chain(place.path / "growing" / "a.jsonl", 26000)
        with explorer(chain.path) as session:
            followed(session, checks, "growing", "26,000")
            for _ in range(20):
                chain.append(chain.next())
                session.pump(0.05)
            change_in_place(chain.path, 0.5)
            start, took = time.monotonic(), None
            while time.monotonic() - start < 15 and took is None:
                chain.append(chain.next())
                session.pump(0.05)
                if "1 break" in header(session):
                    took = time.monotonic() - start
            checks.check(f"growing, changed in place: told after {shown(took)}", took is not None and took <= 3.0,
                         short(header(session)))
    checks.finish()


main()
