"""What the acceptance checks share: counted checks, running the program, and a terminal to run it in."""

import base64
import codecs
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
from pathlib import Path

# Numbers of any length are numbers.
sys.set_int_max_str_digits(0)

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


class Checks:
    """Prints one line a check and counts them."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, ok, detail=""):
        word = "ok  " if ok else "FAIL"
        print(f"{word} {name}" + (f": {detail}" if detail and not ok else ""), flush=True)
        if ok:
            self.passed += 1
        else:
            self.failed += 1
        return ok

    def equal(self, name, found, wanted):
        return self.check(name, found == wanted, f"found {short(found)}, wanted {short(wanted)}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed else 0)


def short(value, limit=300):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + f"… ({len(text)} characters)"


def binary():
    """The program under test: the first argument."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PATH-OF-AUDITTY")
    return str(Path(sys.argv[1]).resolve())


class Workplace:
    """A scratch folder that is removed at the end; `home` is a fresh AUDITTY_HOME inside it."""

    def __init__(self, keep=False):
        self.path = Path(tempfile.mkdtemp(prefix="auditty-show-"))
        self.home = self.path / "home"
        self.keep = keep or bool(os.environ.get("SHOWS_KEEP"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.keep:
            print(f"kept {self.path}", file=sys.stderr)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


def environment(home, **more):
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "AUDITTY_HOME": str(home),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
    env.update(more)
    return env


def run(program, arguments, home, timeout=300, stdin=subprocess.DEVNULL, prefix=(), **more):
    """Runs to the end; standard output and error as bytes."""
    return subprocess.run(
        [*prefix, program, *map(str, arguments)],
        env=environment(home, **more),
        stdin=stdin,
        capture_output=True,
        timeout=timeout,
    )


def json_lines(output):
    return [json.loads(line) for line in output.decode("utf-8").split("\n") if line]


def wait_until(condition, seconds, pause=0.02):
    """Polls until the condition holds; false once the deadline has passed."""
    deadline = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)


def peak_rss_mb(pid):
    """The most memory the process ever had resident; None once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else None


# --- a strict terminal -------------------------------------------------------------------------------------------

# Modes that may be set and reset: cursor, alternate screen, bracketed paste, synchronised output.
MODES = {"25", "1049", "2004", "2026"}
# Final byte -> what its parameters must look like.
CSI = {
    "H": r"(\d+(;\d+)?)?",
    "m": r"[\d;:]*",
    "J": r"[0-3]?",
    "K": r"[0-2]?",
    "A": r"\d*",
    "B": r"\d*",
    "C": r"\d*",
    "D": r"\d*",
    "G": r"\d*",
    "d": r"\d*",
    "n": r"6",
}


def is_forbidden(char):
    """Controls, format characters, separators of lines, private use and non-characters have no place in drawn text."""
    return unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs") or (
        ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    )


class Terminal:
    """Understands only what a well-behaved full-screen program needs; everything else is a violation."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.state = "text"
        self.sequence = ""
        self.violations = []
        # What was put on the clipboard; None = nobody pressed a copying key, so nothing may be.
        self.copies = None
        self.tail = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self.bytes = 0
        self.alternate = False
        self.newlines = 0

    def violation(self, what):
        if len(self.violations) < 50:
            self.violations.append(f"{what} after {self.tail[-60:]!r}")

    def feed(self, data):
        self.bytes += len(data)
        try:
            text = self.decoder.decode(data)
        except UnicodeDecodeError as error:
            self.violation(f"not UTF-8: {data[max(0, error.start - 10):error.end + 10]!r}")
            self.decoder.reset()
            text = data.decode("utf-8", "replace")
        for char in text:
            self.char(char)
            self.tail = (self.tail + char)[-80:]

    def char(self, char):
        if self.state == "text":
            if char == "\x1b":
                self.state = "escape"
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self.newlines += 1
                if self.alternate:
                    self.violation("line feed on the alternate screen")
                if self.row + 1 < self.rows:
                    self.row += 1
                else:
                    self.cells.append([" "] * self.columns)
                    self.cells.pop(0)
            elif is_forbidden(char):
                self.violation(f"character U+{ord(char):04X}")
            else:
                self.put(char)
        elif self.state == "escape":
            if char == "[":
                self.state, self.sequence = "csi", ""
            elif char == "]" and self.copies is not None:
                self.state, self.sequence = "copy", ""
            else:
                self.violation(f"sequence ESC {char!r}")
                self.state = "text"
        elif self.state == "copy":
            if char == "\x07":
                found = re.fullmatch(r"52;c;([A-Za-z0-9+/]*={0,2})", self.sequence)
                if found and len(found[1]) <= 74994:
                    self.copies.append(base64.b64decode(found[1]).decode("utf-8"))
                else:
                    self.violation(f"OSC {self.sequence[:80]!r}")
                self.state = "text"
            elif "\x20" <= char <= "\x7e" and len(self.sequence) < 100_000:
                self.sequence += char
            else:
                self.violation(f"character {char!r} in OSC {self.sequence[:80]!r}")
                self.state = "text"
        elif self.state == "csi":
            if "\x40" <= char <= "\x7e":
                self.csi(self.sequence, char)
                self.state = "text"
            elif "\x20" <= char <= "\x3f" and len(self.sequence) < 64:
                self.sequence += char
            else:
                self.violation(f"character {char!r} in CSI {self.sequence!r}")
                self.state = "text"

    def csi(self, parameters, final):
        if final in "hl" and parameters.startswith("?"):
            modes = set(parameters[1:].split(";"))
            if modes - MODES:
                self.violation(f"mode CSI {parameters}{final}")
            if "1049" in modes:
                self.alternate = final == "h"
                self.clear()
            return
        if final not in CSI or not re.fullmatch(CSI[final], parameters):
            self.violation(f"sequence CSI {parameters}{final}")
            return
        numbers = [int(n or 0) for n in parameters.split(";")] if final != "m" and parameters else []
        first = numbers[0] if numbers else 0
        if final == "H":
            self.row = max(1, first) - 1
            self.column = max(1, numbers[1] if len(numbers) > 1 else 1) - 1
            if self.row >= self.rows or self.column >= self.columns:
                self.violation(f"cursor outside the screen: {parameters}H")
                self.row, self.column = min(self.row, self.rows - 1), min(self.column, self.columns - 1)
        elif final == "J" and first in (2, 3):
            self.clear()
        elif final == "J" and first == 0:
            self.cells[self.row][self.column :] = [" "] * (self.columns - self.column)
            for row in self.cells[self.row + 1 :]:
                row[:] = [" "] * self.columns
        elif final == "K" and first == 0:
            self.cells[self.row][self.column :] = [" "] * (self.columns - self.column)
        elif final == "A":
            self.row = max(0, self.row - max(1, first))
        elif final == "B":
            self.row = min(self.rows - 1, self.row + max(1, first))
        elif final == "C":
            self.column = min(self.columns - 1, self.column + max(1, first))
        elif final == "D":
            self.column = max(0, self.column - max(1, first))
        elif final == "G":
            self.column = max(1, first) - 1
        elif final == "d":
            self.row = max(1, first) - 1

    def clear(self):
        for row in self.cells:
            row[:] = [" "] * self.columns

    def put(self, char):
        width = 0 if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me") else 1
        if width and unicodedata.east_asian_width(char) in "WF":
            width = 2
        if width == 0:
            if self.column:
                self.cells[self.row][self.column - 1] += char
            return
        if self.column >= self.columns:
            self.column = 0
            self.row = min(self.rows - 1, self.row + 1)
        self.cells[self.row][self.column] = char
        if width == 2 and self.column + 1 < self.columns:
            self.cells[self.row][self.column + 1] = ""
        self.column += width

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def text(self):
        return "\n".join(self.lines())


class Session:
    """A program in a real pseudo-terminal."""

    def __init__(self, argv, env, columns=120, rows=40, before=None, err=None):
        self.terminal = Terminal(columns, rows)
        pid, self.fd = pty.fork()
        if pid == 0:
            try:
                if before:
                    before()
                if err:
                    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
                os.execve(argv[0], [str(a) for a in argv], env)
            finally:
                os._exit(127)
        self.pid = pid
        self.status = None
        self.peak = 0.0
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(pid, signal.SIGWINCH)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def pump(self, seconds=0.05):
        """Reads what there is for at most so long; false at the end."""
        self.peak = max(self.peak, peak_rss_mb(self.pid) or 0.0)
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return not self.is_over()
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            data = b""
        if not data:
            self.is_over(block=True)
            return False
        self.terminal.feed(data)
        return True

    def is_over(self, block=False):
        if self.status is None:
            deadline = time.monotonic() + (5 if block else 0)
            while True:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.status = os.waitstatus_to_exitcode(status)
                    break
                if time.monotonic() >= deadline:
                    break
                time.sleep(0.01)
        return self.status is not None

    def send(self, keys):
        if isinstance(keys, str):
            keys = keys.encode()
        while keys:
            _, writable, _ = select.select([], [self.fd], [], 0)
            if writable:
                keys = keys[os.write(self.fd, keys[:512]) :]
            self.pump(0)

    def wait(self, condition, seconds=20):
        """Pumps until the condition on the screen's text holds."""
        if isinstance(condition, str):
            wanted = condition
            condition = lambda text: wanted in text
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            alive = self.pump(0.05)
            if condition(self.terminal.text()):
                return True
            if not alive:
                return condition(self.terminal.text())
        return False

    def settle(self, quiet=0.15, seconds=5):
        """Pumps until nothing has been written for `quiet` seconds; false if it never falls quiet or ended."""
        deadline = time.monotonic() + seconds
        last, seen = time.monotonic(), self.terminal.bytes
        while time.monotonic() < deadline:
            if not self.pump(0.03):
                return False
            if self.terminal.bytes != seen:
                last, seen = time.monotonic(), self.terminal.bytes
            elif time.monotonic() - last >= quiet:
                return True
        return False

    def end(self, seconds=20):
        """Pumps until the program ends; its exit status, or None."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.pump(0.05):
                break
        self.is_over(block=True)
        return self.status

    def leave(self):
        """Leaves the explorer with its own keys: q, and q again where it asks for that."""
        for _ in range(4):
            self.send("q")
            if self.wait(lambda _: self.is_over(), 1.5) or self.end(0.2) is not None:
                break
        return self.end()

    def kill(self):
        if not self.is_over():
            os.kill(self.pid, signal.SIGKILL)
            self.is_over(block=True)
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
