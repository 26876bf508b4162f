#!/usr/bin/env python3
"""A command that dies and prints everything again, a file that is rotated, and standard input, followed together: nothing
lost, nothing double, in the explorer and in `tail`.

usage: live_sources.py AUDITTY [SECONDS=60]
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from show import Checks, Session, Workplace, binary, environment, short, wait_until

RATE = 400
LIFE = 2.5


def line(kind, number):
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}Z"
    return json.dumps({"time": stamp, "user": f"user{number % 7}", "action": kind, "target": f"{kind}-{number:07}"}) + "\n"


def command(state, stop):
    """Prints all it ever printed, goes on for a while, and dies in the middle of a line."""
    state, stop = Path(state), Path(stop)
    kept = state.read_text().splitlines(keepends=True) if state.exists() else []
    sys.stdout.write("".join(kept))
    sys.stdout.flush()
    number, began, printed = len(kept), time.monotonic(), 0
    with state.open("a") as keep:
        while time.monotonic() < began + LIFE and not stop.exists():
            text = line("command", number)
            keep.write(text)
            keep.flush()
            sys.stdout.write(text)
            sys.stdout.flush()
            number, printed = number + 1, printed + 1
            # The pace is the point of this loop.
            time.sleep(max(0, began + printed / RATE - time.monotonic()))
    if stop.exists():
        while True:
            time.sleep(60)
    sys.stdout.write('{"time": "cut')
    sys.stdout.flush()
    sys.exit(1)


class Writer(threading.Thread):
    """Writes at a pace until it is told to stop; `write` takes one line."""

    def __init__(self, kind, write, turn=None):
        super().__init__(daemon=True)
        self.kind, self.write, self.turn = kind, write, turn
        self.written, self.stop = 0, threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.stop.is_set():
            self.write(line(self.kind, self.written))
            self.written += 1
            if self.turn and self.written % (RATE * 5) == 0:
                self.turn()
            time.sleep(max(0, began + self.written / RATE - time.monotonic()))


class Rotated:
    def __init__(self, path):
        self.path, self.out = path, path.open("a", buffering=1)

    def write(self, text):
        self.out.write(text)

    def turn(self):
        for number in range(30, 0, -1):
            old = Path(f"{self.path}.{number}")
            if old.exists():
                old.rename(f"{self.path}.{number + 1}")
        self.path.rename(f"{self.path}.1")
        self.out.close()
        self.out = self.path.open("a", buffering=1)


def running(folder):
    """The processes that were started with a path in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--command" in words and any(word.startswith(bytes(folder)) for word in words):
            found.append(int(place.parent.name))
    return found


def configure(home, state, stop):
    (home / "config").mkdir(parents=True)
    run = json.dumps([sys.executable, str(Path(__file__).resolve()), "--command", str(state), str(stop)])
    (home / "config" / "config.toml").write_text(f'[[command]]\nname = "pods"\nrun = {run}\n')


def main():
    if sys.argv[1:2] == ["--command"]:
        return command(*sys.argv[2:])
    program, checks = binary(), Checks()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    with Workplace() as place:
        stop = place.path / "stop"
        homes = {name: place.path / name for name in ("explorer", "tail")}
        for name, home in homes.items():
            configure(home, place.path / f"state-{name}", stop)
        log = place.path / "app.log"
        rotated = Rotated(log)
        rotated.write(line("first", 0))
        fifo = place.path / "fifo"
        os.mkfifo(fifo)
        tail = subprocess.Popen([program, "tail", "*", log, "-", "command:pods", "--format", "raw"],
                                env=environment(homes["tail"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        got = []
        reader = threading.Thread(target=lambda: got.extend(tail.stdout), daemon=True)
        reader.start()
        shell = ["/bin/sh", "-c", 'exec "$0" - "$1" command:pods <"$2"', program, str(log), str(fifo)]
        with Session(shell, environment(homes["explorer"])) as explorer:
            pipe = fifo.open("w", buffering=1)
            checks.check("tail has begun", wait_until(lambda: any("command-" in text for text in got), 20))
            checks.check("the explorer has begun", explorer.wait("command-", 20), explorer.terminal.text())

            def to_both(text):
                pipe.write(text)
                tail.stdin.write(text)
                tail.stdin.flush()

            writers = [Writer("pipe", to_both), Writer("file", rotated.write, rotated.turn)]
            for writer in writers:
                writer.start()
            end = time.monotonic() + seconds
            while time.monotonic() < end and not explorer.is_over():
                explorer.pump(0.05)
            for writer in writers:
                writer.stop.set()
                writer.join()
            stop.touch()
            commands = {name: 0 for name in homes}

            def settled():
                """Once both commands sleep, their states do not change any more."""
                explorer.pump(0.05)
                now = {name: (place.path / f"state-{name}").read_text().count("\n") for name in homes}
                before = dict(commands)
                commands.update(now)
                return before == now and now["tail"] == sum("command-" in text for text in got)

            checks.check("everything the command printed arrived in tail", wait_until(settled, 90, 0.5), f"{commands}")
            parts = {writer.kind: writer.written for writer in writers}
            print(f"     written: {parts}, by the commands: {commands}")
            wanted = sum(parts.values()) + commands["explorer"] + 1
            explorer.send("/")
            explorer.wait("Esc", 10)
            explorer.send("-cut\r")
            explorer.wait(lambda text: f"{wanted:,}" in text, 60)
            checks.check(f"the explorer counts {wanted:,} events", f"{wanted:,}" in explorer.terminal.text(),
                         "\n" + "\n".join(explorer.terminal.lines()[:5]))
            for kind, count in (*parts.items(), ("command", commands["explorer"])):
                explorer.send("/")
                explorer.wait("Esc", 10)
                explorer.send(f"\x15action:{kind}\r")
                explorer.wait(lambda text, count=count: f"{count:,} of" in text or f"all {count:,}" in text, 30)
                checks.check(f"the explorer counts {count:,} of {kind}", f"{count:,}" in explorer.terminal.text(),
                             "\n" + "\n".join(explorer.terminal.lines()[:5]))
            checks.equal("leaving ends the explorer with exit 0", explorer.leave(), 0)
        wait_until(lambda: sum("pipe-" in text for text in got) >= parts["pipe"], 30)
        tail.terminate()
        tail.wait(20)
        reader.join(20)
        for kind, count in (*parts.items(), ("command", commands["tail"])):
            seen = Counter(json.loads(text)["target"] for text in got if f'"{kind}"' in text and "cut" not in text)
            lost = [n for n in range(count) if seen[f"{kind}-{n:07}"] == 0]
            double = [target for target, times in seen.items() if times > 1]
            checks.check(f"tail: every event of {kind} once ({count})", not lost and not double,
                         f"lost {short(lost, 100)}, double {short(double, 100)}")
        checks.check("no command is left behind", wait_until(lambda: not running(place.path), 10), f"{running(place.path)}")
    checks.finish()


if __name__ == "__main__":
    main()
