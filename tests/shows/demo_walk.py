#!/usr/bin/env python3
"""The demo, walked through as a newcomer would, with only the screen to go by: to the broken link, and to the runbook's end.

usage: demo_walk.py AUDITTY

Runs in tmux at 80x24 and at 160x50, prints what was pressed and what was on the screen, and counts the keys: at most 40.
"""

import re
import shutil
import subprocess
import sys
import time

from show import Checks, Workplace, binary, environment

KEYS = 40
SIZES = [(80, 24), (160, 50)]


class Walk:
    """A tmux server of its own with the demo in it."""

    def __init__(self, program, home, columns, rows):
        self.name = f"auditty-walk-{columns}"
        self.keys = []
        self.home = home
        command = f"{program} demo; printf 'ended with %s\\n' $?; sleep 600"
        home.mkdir()
        subprocess.run([*self.tmux, "new-session", "-d", "-s", "walk", "-x", str(columns), "-y", str(rows), command],
                       env=environment(home, TERM="screen-256color"), check=True)

    @property
    def tmux(self):
        return ["tmux", "-u", "-L", self.name, "-f", "/dev/null"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self.tmux, "kill-server"], capture_output=True)

    def screen(self):
        done = subprocess.run([*self.tmux, "capture-pane", "-p", "-t", "walk"], capture_output=True, env=environment(self.home))
        return done.stdout.decode("utf-8", "replace")

    def wait(self, wanted, seconds=30):
        """Until the screen matches; returns it, or None."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            screen = self.screen()
            if wanted(screen) if callable(wanted) else re.search(wanted, screen):
                return screen
            time.sleep(0.05)
        return None

    def press(self, key, why):
        self.keys.append(key)
        subprocess.run([*self.tmux, "send-keys", "-t", "walk", key], check=True)
        print(f"--- key {len(self.keys)}: {key} ({why})", flush=True)

    def shown(self, screen=None):
        text = screen or self.screen()
        print("\n".join("    " + line.rstrip() for line in text.rstrip().split("\n")), flush=True)


def step(screen):
    """The number of the runbook's step and of all, as the query line says it."""
    found = re.search(r"step (\d+)/(\d+)", screen)
    return (int(found[1]), int(found[2])) if found else None


def walk(checks, program, home, columns, rows):
    size = f"{columns}x{rows}"
    with Walk(program, home, columns, rows) as it:
        screen = it.wait(r"EVENTS(.|\n)*\d\d:\d\d:\d\d")
        if not checks.check(f"{size}: events are shown", screen, it.screen()):
            return
        screen = it.wait(r"x: \d+ breaks?|x next break|press x")
        if not checks.check(f"{size}: the screen says how to get to the break", screen, it.screen()):
            return
        it.shown(screen)

        it.press("x", "the screen says: x: 2 breaks")
        screen = it.wait(lambda s: re.search(r"▌⌁", s))
        checks.check(f"{size}: the broken link is selected", screen, it.screen())
        it.shown()
        it.press("Enter", "open the event")
        screen = it.wait(r"DETAIL(.|\n)*(content-modified|deleted|changed|modified|missing)")
        checks.check(f"{size}: the detail says what is broken", screen, it.screen())
        it.shown()
        it.press("Escape", "back to the list")
        it.wait(r"R runbook")

        it.press("R", "the screen says: R runbook")
        checks.check(f"{size}: the runbooks are listed", it.wait(r"Suspected leaked cloud"), it.screen())
        # What fits best comes first, and that depends on what is selected.
        while not re.search(r"▌Suspected leaked cloud", it.screen()) and len(it.keys) < KEYS:
            before = it.screen()
            it.press("j", "down to the one that fits the alert")
            it.wait(lambda s: s != before, 5)
        it.press("Enter", "open it")
        checks.check(f"{size}: it asks for the key and offers it", it.wait(r"AKIA[A-Z0-9]{16}"), it.screen())
        it.press("Enter", "what is offered will do")
        screen = it.wait(lambda s: step(s))
        if not checks.check(f"{size}: the first step's filter is applied", screen, it.screen()):
            return
        it.shown(screen)

        now, last = step(screen)
        while now < last and len(it.keys) < KEYS:
            before = it.screen()
            if choice := re.search(r"you decide: 1 to (\d)", before):
                it.press(choice[1], "the last answer: go on with what is suspicious")
            else:
                it.press("Enter", "go on")
            # What is found may leave the decision to a person only now.
            screen = it.wait(lambda s: step(s) and (step(s)[0] != now or "you decide" in s), 10) or before
            it.shown(screen)
            if not step(screen) or step(screen)[0] == now and "you decide" not in screen:
                break
            now, last = step(screen)
        checks.check(f"{size}: the runbook's last step is reached ({now} of {last}), {len(it.keys)} keys", now == last, it.screen())
        checks.check(f"{size}: within {KEYS} keys", len(it.keys) <= KEYS, str(it.keys))

        # One layer after the other: the step, the runbooks, the program.
        for _ in range(6):
            it.press("q", "leave what is open")
            if it.wait(r"q again", 2):
                it.press("q", "the screen says: q again")
                it.wait(r"ended with \d", 20)
                break
        checks.check(f"{size}: left with exit 0", re.search(r"ended with 0", it.screen()), it.screen())
        left = list(home.rglob("demo-*"))
        checks.check(f"{size}: nothing of the demo is left", not left, str(left))


def main():
    program, checks = binary(), Checks()
    if not shutil.which("tmux"):
        sys.exit("there is no tmux")
    with Workplace() as place:
        for columns, rows in SIZES:
            walk(checks, program, place.path / f"home-{columns}", columns, rows)
    checks.finish()


main()
