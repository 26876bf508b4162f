#!/usr/bin/env python3
"""OSSEC's .sum files and systemd's journals: a tree of days written here, changed in every way, each named with its file.

usage: sums.py AUDITTY

Journals are made where systemd-journal-remote is installed; elsewhere that part is left out, and says so.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from show import Checks, Workplace, binary, environment, run

DAYS = [("Nov", 28), ("Nov", 29), ("Nov", 30), ("Dec", 1), ("Dec", 2)]
REMOTE = Path("/lib/systemd/systemd-journal-remote")


def hashes(name, content, old):
    """As OSSEC prints them; `old` = before there was SHA-256."""
    def of(function):
        return "none" if content is None else function(content).hexdigest()

    text = f"MD5  ({name}) = {of(hashlib.md5)}\nSHA1 ({name}) = {of(hashlib.sha1)}\n\n"
    return text if old else text + f"SHA256 ({name}) = {of(hashlib.sha256)}\n\n"


def write(root, tag="alerts", extension="log", old=False, text="sudo by alice", parts=False):
    """The logs, oldest first."""
    before, logs = None, []
    for month, day in DAYS:
        name = f"logs/{tag}/2026/{month}/ossec-{tag}-{day:02}"
        log = root / f"2026/{month}/ossec-{tag}-{day:02}.{extension}"
        log.parent.mkdir(parents=True, exist_ok=True)
        content = f"{month} {day}: {text}\n".encode() * 500
        log.write_bytes(content)
        if parts:
            for number in (1, 2):
                part = f"{month} {day}, part {number}\n".encode()
                log.with_name(f"{log.stem}-{number:03}.{extension}").write_bytes(part)
                content += part
        yesterday = logs[-1] if logs else root / f"2026/Nov/ossec-{tag}-27.{extension}"
        previous = f"logs/{tag}/2026/{yesterday.parent.name}/{yesterday.name}.sum"
        written = f"Current checksum:\n{hashes(name, content, old)}Chained checksum:\n{hashes(previous, before, old)}"
        before = written.encode()
        Path(f"{log}.sum").write_bytes(before)
        logs.append(log)
    return logs


def sum_of(log):
    return Path(f"{log}.sum")


class Show:
    def __init__(self, program, place, checks):
        self.program, self.place, self.checks, self.number = program, place, checks, 0

    def tree(self, **how):
        self.number += 1
        root = self.place.path / f"tree{self.number}" / "alerts"
        return root, write(root, **how)

    def verify(self, *arguments, **more):
        done = run(self.program, ["verify", *arguments, "--format", "json"], self.place.home, **more)
        report = json.loads(done.stdout)
        return done.returncode, report["files"]

    def expect(self, name, root, code, wanted, days):
        """Exactly these findings, each of which names its file, and so many days verified."""
        ended, files = self.verify(root)
        found = sorted((finding["kind"], finding["explanation"]) for file in files for finding in file["findings"])
        kinds = [kind for kind, _ in found]
        self.checks.equal(name, (ended, kinds), (code, sorted(kind for kind, _ in wanted)))
        for (kind, path), (_, said) in zip(sorted(wanted), found):
            self.checks.check(f"{name}: {path.name} is named", str(path) in said or path.name in said, said)
        self.checks.check(f"{name}: {days} days verified", files[0]["coverage"].startswith(f"{days} verified"), files[0]["coverage"])
        return files


def whole(show):
    root, logs = show.tree()
    files = show.expect("nothing changed", root, 0, [], "5 of 5 days")
    show.checks.equal("one report for all days", [(file["path"], file["scheme"], file["records"]) for file in files],
                      [(f"{root}/2026/**/ossec-alerts-*.log", "ossec-sum sha256", 5)])
    coverage = files[0]["coverage"]
    show.checks.check("what protects nothing is said", "the newest .sum is protected by no later one; unkeyed: whoever can write" in coverage, coverage)
    moved = show.place.path / "elsewhere"
    shutil.move(root, moved)
    show.expect("the tree moved", moved, 0, [], "5 of 5 days")
    for path in moved.rglob("*.log"):
        subprocess.run(["gzip", path], check=True)
    show.expect("the logs packed", moved, 0, [], "5 of 5 days")
    show.expect("one month of it", moved / "2026/Dec", 1, [("head-truncated", logs[2])], "2 of 2 days")
    show.checks.equal("one log", show.verify(moved / "2026/Nov/ossec-alerts-29.log.gz")[0], 0)
    show.checks.equal("one .sum", show.verify(moved / "2026/Nov/ossec-alerts-29.log.sum")[0], 0)
    root, logs = show.tree(old=True)
    files = show.expect("without SHA-256", root, 0, [], "5 of 5 days")
    show.checks.check("MD5 and SHA-1 are called weak", "(weak)" in files[0]["scheme"] and "are weak" in files[0]["coverage"], files[0])
    root, logs = show.tree(parts=True)
    show.expect("days in several files", root, 0, [], "5 of 5 days")
    late = logs[1].with_name("ossec-alerts-29-003.log")
    late.write_bytes(b"slipped in\n")
    show.expect("a part that was not summed", root, 1, [("unlinked", late)], "5 of 5 days")
    late.unlink()
    late.with_name("ossec-alerts-29-002.log").unlink()
    show.expect("a part that is missing", root, 3, [("content-modified", logs[1])], "4 of 5 days")
    root, _ = show.tree()
    list(write(root, extension="json"))
    list(write(root, tag="archive"))
    code, files = show.verify(root)
    show.checks.equal("several logs in one tree", (code, [file["records"] for file in files]), (0, [5, 5, 5]))
    copy = root.with_name("other")
    shutil.copytree(root, copy)
    sum_of(copy / "2026/Nov/ossec-alerts-29.log").unlink()
    show.checks.equal("another host's tree is not taken for this one",
                      sorted(f["kind"] for file in show.verify(root.parent)[1] for f in file["findings"]), ["rotation-gap", "unlinked"])


def changed(show):
    root, logs = show.tree()
    with logs[1].open("r+b") as log:
        log.write(b"XXX")
    files = show.expect("a log changed", root, 3, [("content-modified", logs[1])], "4 of 5 days")
    finding = files[0]["findings"][0]
    show.checks.equal("the hash it has", finding["found"], "sha256 " + hashlib.sha256(logs[1].read_bytes()).hexdigest())
    root, logs = show.tree()
    with logs[1].open("ab") as log:
        log.write(b"one line more\n")
    show.expect("a line added", root, 3, [("content-modified", logs[1])], "4 of 5 days")

    root, logs = show.tree()
    content = logs[1].read_bytes().replace(b"alice", b"mallo")
    text = sum_of(logs[1]).read_text()
    for function in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        text = text.replace(function(logs[1].read_bytes()).hexdigest(), function(content).hexdigest())
    logs[1].write_bytes(content)
    sum_of(logs[1]).write_text(text)
    show.expect("a log changed, and its .sum with it", root, 3, [("link-mismatch", logs[1])], "4 of 5 days")
    root, logs = show.tree()
    text = sum_of(logs[1]).read_text()
    sum_of(logs[1]).write_text(text.replace(hashlib.md5(logs[1].read_bytes()).hexdigest(), "0" * 32))
    show.expect("one hash of a .sum changed", root, 3, [("link-mismatch", logs[1]), ("content-modified", logs[1])], "4 of 5 days")

    root, logs = show.tree()
    packed = gzip.compress(logs[1].read_bytes())
    logs[1].unlink()
    path = Path(f"{logs[1]}.gz")
    path.write_bytes(packed + b"behind the end")
    show.expect("bytes behind the end of a packed log", root, 3, [("content-modified", path)], "4 of 5 days")
    path.write_bytes(packed[:-20])
    show.expect("a packed log cut short", root, 3, [("tail-truncated", path)], "4 of 5 days")
    path.unlink()
    show.expect("a log removed", root, 1, [("file-missing", logs[1])], "4 of 5 days")

    root, logs = show.tree()
    sum_of(logs[1]).unlink()
    show.expect("a .sum removed", root, 1, [("rotation-gap", sum_of(logs[1])), ("unlinked", logs[1])], "4 of 5 days")
    logs[1].unlink()
    show.expect("a day removed", root, 1, [("rotation-gap", sum_of(logs[1]))], "4 of 4 days")
    root, logs = show.tree()
    sum_of(logs[0]).unlink()
    logs[0].unlink()
    show.expect("the oldest day removed", root, 1, [("head-truncated", sum_of(logs[0]))], "4 of 4 days")

    root, logs = show.tree()
    shutil.copy(logs[1], logs[4])
    shutil.copy(sum_of(logs[1]), sum_of(logs[4]))
    code, files = show.verify(root)
    kinds = [finding["kind"] for finding in files[0]["findings"]]
    show.checks.check("an old day copied over the newest", code == 3 and "link-mismatch" in kinds, kinds)


def hostile(show):
    good = None
    for name, spoil in {
        "emptied": lambda text: b"",
        "large": lambda text: text + b"\n" * (1 << 20),
        "binary": lambda text: bytes(range(256)) * 20,
        "long": lambda text: text.replace(b"logs/", b"a" * 60_000),
        "terminal": lambda text: text.replace(b"logs/", b"\x1b]0;x\x07\x1b[31m"),
        "cut": lambda text: text[:200],
        "itself": lambda text: text.replace(b"alerts-28.log.sum", b"alerts-29.log.sum"),
    }.items():
        root, logs = show.tree()
        good = sum_of(logs[1]).read_bytes()
        sum_of(logs[1]).write_bytes(spoil(good))
        code, files = show.verify(root)
        found = [(f["kind"], f["explanation"]) for file in files for f in file["findings"]]
        named = [words for kind, words in found if kind == "link-mismatch" and f"{sum_of(logs[1])} " in words]
        show.checks.check(f"hostile .sum: {name}", code == 3 and named, (code, found))
        done = run(show.program, ["verify", root], show.place.home)
        show.checks.check(f"hostile .sum: {name}: nothing reaches the terminal", b"\x1b" not in done.stdout and not done.stderr, done.stdout)
    root, logs = show.tree()
    with logs[1].open("wb") as log:
        log.truncate(600 << 20)
    process = subprocess.Popen([show.program, "verify", root], env=environment(show.place.home), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    show.checks.check("memory stays flat", process.returncode == 3 and usage.ru_maxrss < 100 << 10, usage.ru_maxrss)


def journals(show):
    if not (REMOTE.exists() and shutil.which("journalctl")):
        print("     no journals: systemd-journal-remote is not installed")
        return
    folder = show.place.path / "journals"
    folder.mkdir()
    path = folder / "x[1].journal"
    fields = "__MONOTONIC_TIMESTAMP={0}\n_BOOT_ID={1}\nMESSAGE=hello {0}\n_UID=0\n\n"
    export = "".join(f"__REALTIME_TIMESTAMP={1772359200000000 + i}\n" + fields.format(i, "ab" * 16) for i in range(50))
    subprocess.run([REMOTE, "-o", path, "-"], input=export.encode(), check=True, capture_output=True)
    code, files = show.verify(folder)
    show.checks.equal("a journal without seals", (code, [(f["path"], f["verdict"]) for f in files]), (1, [(str(path), "none")]))
    show.checks.check("what that is worth is said", "not sealed, so changes that keep the structure do not show" in files[0]["coverage"], files)
    report = show.place.path / "journal.md"
    run(show.program, ["verify", folder, "--report", report], show.place.home)
    show.checks.check("the evidence report has its hash", hashlib.sha256(path.read_bytes()).hexdigest() in report.read_text())
    content = path.read_bytes()
    assert b"MESSAGE=hello 20" in content
    path.write_bytes(content.replace(b"MESSAGE=hello 20", b"MESSAGE=jello 20", 1))
    code, files = show.verify(folder)
    findings = files[0]["findings"]
    show.checks.check("a changed journal", code == 3 and findings[0]["kind"] == "content-modified" and findings[0]["offset"] > 0, files)
    path.write_bytes(content[:200_000])
    code, files = show.verify(folder)
    show.checks.equal("a journal cut short", (code, [f["kind"] for f in files[0]["findings"]]), (3, ["tail-truncated"]))
    code, files = show.verify(folder, "--no-exec")
    show.checks.check("--no-exec", code == 5 and "leave out --no-exec" in files[0]["coverage"], files)


def main():
    checks = Checks()
    with Workplace() as place:
        show = Show(binary(), place, checks)
        for part in (whole, changed, hostile, journals):
            part(show)
    checks.finish()


if __name__ == "__main__":
    main()
