#!/usr/bin/env python3
"""Two runbooks, walked from the list to their end as people would who type no query.

usage: runbook_walk.py AUDITTY [--transcript FILE]

Somebody in support walks the one about changed settings at 80x24, down to the text that is handed over, as it is copied.
Somebody on call walks the one about a leaked key at 160x50, keeps events as evidence, and writes a report. Checked is what
has to be on the screen at each step; --transcript writes every key with the screen after it.
"""

import re
import sys
import time
from pathlib import Path

from show import Checks, Session, Workplace, binary, environment

LOGS = Path(__file__).resolve().parent.parent.parent / "runbooks" / "fixtures"
KEYS = {"Enter": "\r", "Esc": "\x1b", "Tab": "\t", "Down": "\x1b[B", "Clear": "\x15"}


class Walk:
    """A person at a terminal: what was pressed, and what the screen says."""

    def __init__(self, checks, program, home, columns, rows, logs, transcript):
        home.mkdir()
        self.checks, self.home, self.transcript = checks, home, transcript
        self.size, self.pressed, self.typed = f"{columns}x{rows}", [], []
        self.session = Session([program, logs], environment(home, TERM="xterm-256color"), columns, rows)
        self.session.terminal.copies = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.kill()

    def screen(self):
        return self.session.terminal.text()

    def write(self, line):
        self.transcript.append(line)

    def shown(self):
        self.session.settle()
        self.write("\n".join("    " + line for line in self.screen().rstrip().split("\n")) + "\n")

    def see(self, what, wanted, seconds=20):
        """Waits until the screen matches, and checks that it does."""
        fits = wanted if callable(wanted) else lambda text: re.search(wanted, text)
        found = self.session.wait(lambda text: bool(fits(text)), seconds)
        return self.checks.check(f"{self.size}: {what}", found, self.screen())

    def press(self, key, why):
        self.pressed.append(key)
        self.write(f"--- key {len(self.pressed)}: {key} ({why})\n")
        self.session.send(KEYS.get(key, key))

    def type(self, text, why):
        self.typed.append(text)
        self.write(f"--- typed: {text} ({why})\n")
        self.session.send(text)

    def step(self, number, last):
        return self.see(f"step {number} of {last} is shown, with its own filter", rf"step {number}/{last}\b")

    def choose(self, title):
        """Opens the list and goes down to a runbook by its title."""
        self.press("R", "the screen says: R runbook")
        self.see("the runbooks are listed", r"RUNBOOKS")
        self.session.settle()
        for _ in range(18):
            if re.search(rf"▌{title}", self.screen()):
                break
            before = self.screen()
            self.press("j", "down to the one that is meant")
            self.session.wait(lambda text: text != before, 5)
        self.see(f"the list has the runbook: {title}", rf"▌{title}")
        self.shown()
        self.press("Enter", "open it")

    def leave(self):
        for _ in range(6):
            self.press("q", "leave what is open")
            if self.session.wait(lambda _: self.session.is_over(), 1):
                break
        self.checks.equal(f"{self.size}: left with exit 0", self.session.end(), 0)
        violations = self.session.terminal.violations
        self.checks.check(f"{self.size}: the terminal got nothing but what is drawn", not violations, str(violations[:3]))
        # A query would begin with a slash or a colon; what was typed are values that the runbook asked for.
        queries = [key for key in self.pressed if key in "/:"] + [text for text in self.typed if ":" in text]
        self.checks.equal(f"{self.size}: no query was typed", queries, [])


def settings_changed(it):
    last = 7
    it.see("events are shown", r"EVENTS(.|\n)*\d\d:\d\d:\d\d")
    it.shown()
    it.choose("Settings of an account were changed")

    it.see("it asks for the customer in plain words", r"Customer id(.|\n)*Day the customer noticed it")
    it.type("cus_48213", "the customer's id")
    it.press("Tab", "to the next field")
    it.type("2026-03-03", "the day")
    it.see("what was typed is there", r"cus_48213(.|\n)*2026-03-03")
    it.shown()
    it.press("Enter", "go on")

    it.step(1, last)
    it.see("rows of step 1 are counted and judged", r"4 rows(.|\n)*as expected ✓")
    it.see("what to look for stands there in words", r"Scenario(.|\n)*Action")
    it.shown()
    it.press("Enter", "the key beside the branch that fits")

    it.step(3, last)
    it.see("step 3 says that it is a finding", r"NOT as expected(.|\n)*ALARM: this is a finding by itself")
    it.see("step 3 names who it was", r"by actor: s\.lund 2")
    it.shown()
    it.press("i", "the step says: fill in the other name")
    it.see("the inputs are asked again, as they were", r"cus_48213(.|\n)*Other name")
    for _ in range(3):
        it.press("Tab", "to the other name")
    it.press("Clear", "not nobody")
    it.type("s.lund", "the name of step 3")
    it.press("Enter", "go on where one was")
    it.step(3, last)
    it.press("Enter", "the branch that fits")

    it.step(4, last)
    it.see("step 4 finds more than one address", r"NOT as expected(.|\n)*by ip: 198\.51\.100\.210 4,(.|\n)*203\.0\.113\.77 2")
    it.see("step 4 leaves the decision to a person", r"you decide: 1 to 3")
    it.shown()
    it.press("i", "fill in the address nobody knows")
    for _ in range(2):
        it.press("Tab", "to the address")
    it.press("Clear", "not 0.0.0.0")
    it.type("203.0.113.77", "the address of step 4")
    it.press("Enter", "go on where one was")
    it.step(4, last)
    it.press("3", "the answer that the address is a stranger's")

    it.step(5, last)
    it.see("step 5 lists what else was done", r"9 rows|9 of 101")
    it.shown()
    it.press("Enter", "go on")
    it.step(6, last)
    it.see("step 6 lists the other customers", r"6 rows|6 of 101")
    it.shown()
    it.press("Enter", "go on")
    it.step(7, last)
    it.see("step 7 finds what must be set back", r"4 rows|4 of 101")
    it.press("Enter", "go on")
    it.see("the end says how it ended", r"The end: money or identity settings(.|\n)*were touched")
    it.see("the end says what was found", r"ALARM at(.|\n)*step 3")
    it.see("the end says what to do now", r"H hands over, w writes")
    it.shown()

    it.press("H", "the screen says: H hands over")
    it.see("the text to hand over is shown, and that it is copied", r"To hand over(.|\n)*copied")
    it.shown()
    copied = it.session.wait(lambda _: it.session.terminal.copies, 5)
    text = it.session.terminal.copies[-1] if copied else ""
    it.write("--- copied:\n" + "\n".join("    " + line for line in text.split("\n")) + "\n")
    it.checks.check(f"{it.size}: what is copied has the lines of a letter", text.count("\n") >= 6 and "␊" not in text, text)
    for what, wanted in [
        ("the question with the customer", "settings of customer cus_48213 changed without permission? Noticed 2026-03-03"),
        ("the address and the name", "Address in question: 203.0.113.77. Other name: s.lund"),
        ("the steps", "3 Did somebody else make it? 2 rows, ALARM"),
        ("whether the records can be trusted", "cannot be told: no hash chain"),
        ("that everything was searched", "Every record of these sources was searched."),
    ]:
        it.checks.check(f"{it.size}: handed over is {what}", wanted in text, text)
    ids = re.findall(r"\b[0-9a-f]{32}\b", text)
    it.checks.equal(f"{it.size}: no placeholder is left", re.findall(r"\{[a-z.]+\}", text), [])
    it.checks.equal(f"{it.size}: the four records of the last step are named", len(ids), 4)


def leaked_key(it):
    last = 7
    it.see("events are shown", r"EVENTS(.|\n)*\d\d:\d\d:\d\d")
    it.shown()
    it.choose("Suspected leaked cloud access key")
    it.see("it asks for the key", r"Access key id")
    it.press("Clear", "what is offered may be another key")
    it.type("AKIAQ7SHOPCI2EXAMPLE", "the key of the alert")
    it.press("Tab", "to the day")
    it.press("Clear", "not today")
    it.type("2026-03-04", "the day of the alert")
    it.press("Enter", "go on")

    it.step(1, last)
    it.see("step 1 lists the key's calls by address", r"25 rows(.|\n)*by ip: ")
    it.shown()
    it.press("Tab", "to the events")
    it.press("Tab", "to the events")
    it.see("the events have the keys", r"\n EVENTS  Enter")
    it.press("P", "keep the newest call as evidence")
    it.see("it is kept", r"kept as evidence of step 1")
    it.see("the list marks it", r"▌ *●")
    it.press("k", "the call before it")
    it.press("P", "keep that too")
    it.see("the step counts what is kept", r"2 events kept as evidence")
    it.shown()
    it.press("R", "back to the runbook")
    it.press("a", "write a note on the step")
    it.see("a note is asked for", r"note on this step")
    it.type("the owner does not know 203.0.113.77", "the note")
    it.press("Enter", "keep the note")
    it.see("the note stands at the step", r"note: the owner does not know")
    it.press("Enter", "the branch that fits")

    at = 2
    while at < last:
        it.step(at, last)
        it.session.settle()
        it.session.wait(lambda text: re.search(r"you decide|▌ *Enter|▌Enter", text), 10)
        it.shown()
        if choice := re.search(r"you decide: 1 to (\d)", it.screen()):
            it.press(choice[1], "the last answer: go on with what is suspicious")
        else:
            it.press("Enter", "go on")
        before = at
        found = it.session.wait(lambda text: (m := re.search(r"step (\d)/7", text)) and int(m[1]) != before, 10)
        if not it.checks.check(f"{it.size}: step {at} leads on", found, it.screen()):
            return
        at = int(re.search(r"step (\d)/7", it.screen())[1])
    it.step(last, last)
    it.see("the last step says why nothing is known yet", r"Finding nothing says nothing: the\s")
    it.see("and which key counts from the end of the logs", r"r counts times from there")
    it.shown()
    it.press("r", "the screen says: r counts times from there")
    it.see("the last step is a finding", r"ALARM: this is a finding by itself")
    it.press("Enter", "go on")
    it.see("the end says how it ended", r"The end: the key or a session of it(.|\n)*still works")
    it.shown()

    it.press("l", "the footer says: l kept")
    it.see("what is kept is listed", r"2 events kept as evidence")
    it.see("nothing else is listed", r"2 of \d+")
    it.shown()
    it.press("G", "back to the last step")
    it.step(last, last)
    it.press("w", "the screen says: w writes a report")
    it.see("a name for the report is offered", r"run-report (.|\n)*leaked-access-key-\S+\.html")
    it.press("Enter", "take the name")
    it.see("the name is filled in first", r": run-report \S*leaked-access-key-\S+\.html")
    it.press("Enter", "write it")
    it.see("it is written", r"(wrote|written|report).*\.html")
    it.shown()
    deadline = time.monotonic() + 10
    while not (files := list(it.home.rglob("leaked-access-key-*.html"))) and time.monotonic() < deadline:
        it.session.pump(0.05)
    if not it.checks.equal(f"{it.size}: there is one report", len(files), 1):
        return
    page = files[0].read_text()
    for what, wanted in [
        ("the key", "AKIAQ7SHOPCI2EXAMPLE"),
        ("the finding", "ALARM"),
        ("the evidence", "Kept as evidence"),
        ("the note", "the owner does not know 203.0.113.77"),
        ("hashes of the records", "SHA-256 of the record"),
        ("every step's command", "auditty search"),
        ("the text to hand over", "Hand over"),
    ]:
        it.checks.check(f"{it.size}: the report has {what}", wanted in page)
    kept = page[page.index("Kept as evidence") :].split("</table>")[0]
    it.checks.equal(f"{it.size}: two records are kept in it", len(set(re.findall(r"\b[0-9a-f]{32}\b", kept))), 2)


def main():
    transcript = []
    program, checks = binary(), Checks()
    with Workplace() as place:
        for name, walk, columns, rows in [
            ("settings-changed", settings_changed, 80, 24),
            ("leaked-access-key", leaked_key, 160, 50),
        ]:
            logs = str(LOGS / name / "hostile")
            transcript.append(f"===== {name} at {columns}x{rows}\n")
            with Walk(checks, program, place.path / f"home-{columns}", columns, rows, logs, transcript) as it:
                walk(it)
                it.leave()
    if "--transcript" in sys.argv:
        with open(sys.argv[sys.argv.index("--transcript") + 1], "w") as out:
            out.write("\n".join(transcript))
    checks.finish()


main()
