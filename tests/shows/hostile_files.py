#!/usr/bin/env python3
"""Files that are broken, huge, deep, unreadable or no files at all: no panic, the rest is shown, messages say why.

usage: hostile_files.py AUDITTY [MEBIBYTES-OF-THE-LONG-LINE=1024]
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from show import FIXTURES, Checks, Session, Workplace, binary, environment, json_lines, short

GOOD = b'{"time":"2026-03-01T09:00:00Z","user":"alice","action":"fine","message":"all is well"}\n'


class Done:
    def __init__(self, code, stdout, stderr, rss):
        self.code, self.stdout, self.stderr, self.rss = code, stdout, stderr.decode("utf-8", "replace"), rss

    def rows(self):
        return json_lines(self.stdout)


def go(program, arguments, home, seconds=120, prefix=(), stdin=None):
    """Runs to the end and measures the most memory it had resident."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([*prefix, program, *map(str, arguments)], env=environment(home),
                                 stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err)
        timer = threading.Timer(seconds, lambda: os.kill(child.pid, signal.SIGKILL))
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Done(child.returncode, out.read(), err.read(), usage.ru_maxrss / 1024)


def main():
    program, checks = binary(), Checks()
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
    with Workplace() as place:
        number = 0

        def search(name, path, query="*", codes=(0,), seconds=120, arguments=(), **more):
            nonlocal number
            number += 1
            done = go(program, ["search", query, path, "--format", "jsonl", *arguments],
                      place.path / f"home{number}", seconds, **more)
            calm = "panicked" not in done.stderr and "RUST_BACKTRACE" not in done.stderr
            checks.check(f"{name}: no panic, exit {' or '.join(map(str, codes))}", calm and done.code in codes,
                         f"exit {done.code}: {short(done.stderr)}")
            return done

        def folder(name, data=None):
            path = place.path / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if data is not None:
                path.write_bytes(data)
            return path

        # --- bytes
        done = search("NUL bytes", folder("nul.log", GOOD * 3 + b"a\0b\0\0c\n" + GOOD))
        checks.check("NUL bytes: 5 events, the NULs kept", len(done.rows()) == 5 and any("\0" in r.get("raw", "") for r in done.rows()))
        done = search("invalid UTF-8", folder("utf8.log", GOOD + b"\xff\xfe\x80 bad \xc3\x28\n" + b'{"user":"\xff","action":"x"}\n' + GOOD))
        rows = done.rows()
        checks.check("invalid UTF-8: 4 events, the bytes kept in raw_base64", len(rows) == 4 and sum("raw_base64" in r for r in rows) == 2,
                     short(rows))
        for depth in (100, 127, 128, 129, 10_000, 1_000_000):
            line = b'{"user":"deep","a":' + b"[" * depth + b"1" + b"]" * depth + b"}\n"
            done = search(f"JSON {depth} deep", folder(f"deep{depth}.jsonl", GOOD + line + GOOD))
            checks.check(f"JSON {depth} deep: 3 events", len(done.rows()) == 3, f"{len(done.rows())}: {short(done.stderr)}")
            line = b'{"a":' * depth + b"1" + b"}" * depth + b"\n"
            done = search(f"objects {depth} deep", folder(f"odeep{depth}.jsonl", GOOD + line + GOOD))
            checks.check(f"objects {depth} deep: 3 events", len(done.rows()) == 3, f"{len(done.rows())}: {short(done.stderr)}")
        done = search("brackets without end", folder("open.jsonl", GOOD + b"[" * 500_000 + b"\n" + GOOD))
        checks.check("brackets without end: found all the same", len(done.rows()) == 3)
        done = search("duplicate keys", folder("twice.jsonl", b'{"user":"alice","user":"mallory","action":"a"}\n' + GOOD), query="user:mallory OR .user:mallory")
        checks.check("duplicate keys: either value is found", len(done.rows()) == 1, short(done.rows()))
        done = search("duplicate keys, the first", folder("twice.jsonl"), query="alice action:a")
        checks.check("duplicate keys: the first value is found too", len(done.rows()) == 1)
        done = search("100,000 keys in one record", folder("keys.jsonl", json.dumps({f"k{n}": n for n in range(100_000)}).encode() + b"\n" + GOOD), query="k99999:99999")
        checks.check("100,000 keys: the last is found", len(done.rows()) == 1)
        big = b'{"user":"n","n":' + b"9" * 5000 + b',"e":1e999999,"m":-0.0,"l":18446744073709551616}\n'
        done = search("giant numbers", folder("big.jsonl", big + GOOD), query="user:n")
        checks.check("giant numbers: kept digit by digit", len(done.rows()) == 1 and b"9" * 5000 in done.stdout)
        done = search("lines without end", folder("crlf.log", b"one\r\ntwo\r\n\r\n\n\nthree"))
        checks.check("CRLF, empty lines, no last LF: 3 events", [r["message"] for r in done.rows()][::-1] == ["one", "two", "three"], short(done.rows()))
        done = search("UTF-8 with byte order mark", folder("bom.jsonl", b"\xef\xbb\xbf" + GOOD * 2))
        checks.check("byte order mark: 2 JSON events", [r["actor"] for r in done.rows()] == ["alice", "alice"], short(done.rows()))
        done = search("UTF-16", folder("utf16.log", "eins\nzwei\n".encode("utf-16")), codes=(0, 1, 5))
        checks.check("UTF-16: events or a message", done.rows() or done.stderr)
        done = search("times that cannot be", folder("time.jsonl", b'{"time":"9999999-99-99T99:99:99Z","user":"t"}\n{"time":1e300,"user":"t"}\n{"time":-99999999999999999999,"user":"t"}\n{"time":"2026-02-30T00:00:00Z","user":"t"}\n'))
        checks.check("times that cannot be: 4 events without a time", [r["ts"] for r in done.rows()] == [None] * 4, short([r["ts"] for r in done.rows()]))

        # --- compression
        packed = gzip.compress(GOOD * 5000, 1)
        noisy = gzip.compress(b"".join(b'{"user":"%s","n":%d}\n' % (os.urandom(20).hex().encode(), n) for n in range(20_000)))
        done = search("cut gzip", folder("cut.log.gz", noisy[: len(noisy) * 2 // 3]), codes=(0, 5))
        checks.check("cut gzip: what precedes the cut, and a message", len(done.rows()) > 1000 and "cut" in done.stderr, f"{len(done.rows())} {short(done.stderr)}")
        damaged = bytearray(noisy)
        damaged[len(damaged) // 2 : len(damaged) // 2 + 40] = b"\xff" * 40
        done = search("damaged gzip", folder("damaged.log.gz", bytes(damaged)), codes=(0, 5))
        checks.check("damaged gzip: what precedes, and a message", done.rows() and "damaged.log.gz" in done.stderr, f"{len(done.rows())} {short(done.stderr)}")
        done = search("garbage after gzip", folder("garbage.log.gz", packed + b"garbage after the end" * 10), codes=(0, 5))
        checks.check("garbage after gzip: all events, and a message", len(done.rows()) == 5000 and "garbage.log.gz" in done.stderr, f"{len(done.rows())} {short(done.stderr)}")
        done = search("several gzip members", folder("members.log.gz", gzip.compress(GOOD) + gzip.compress(GOOD * 2)))
        checks.check("several gzip members: 3 events", len(done.rows()) == 3)
        done = search("gzip of nothing", folder("nothing.log.gz", gzip.compress(b"")), codes=(0, 1, 5))
        done = search("not gzip at all", folder("lie.log.gz", GOOD), codes=(0,))
        checks.check("a name that lies: read by content", len(done.rows()) == 1)
        done = search("gzip header only", folder("head.log.gz", packed[:12]), codes=(0, 1, 5))
        checks.check("gzip header only: a message", done.stderr)
        if shutil.which("zstd"):
            path = folder("cut.log.zst")
            subprocess.run(["zstd", "-q", "-f", "-", "-o", path], input=b"".join(b'{"user":"%s","n":%d}\n' % (os.urandom(20).hex().encode(), n) for n in range(200_000)), check=True)
            data = path.read_bytes()
            path.write_bytes(data[: len(data) * 2 // 3])
            done = search("cut zstd", path, codes=(0, 5), arguments=("--fields", "id"))
            checks.check("cut zstd: what precedes the cut, and a message", len(done.rows()) > 1000 and "cut" in done.stderr, f"{len(done.rows())} {short(done.stderr)}")
        bomb = place.path / "files" / "bomb.log.gz"
        with gzip.open(bomb, "wb", 9) as out:
            for _ in range(512):
                out.write(b"\0" * (1 << 20))
        done = search("a gzip of 512 MiB of NULs", bomb, codes=(0, 1, 5), arguments=("--count",))
        checks.check(f"a gzip of NULs: memory stays below 600 MB ({done.rss:.0f})", done.rss < 600)

        # --- no files, or not ours
        done = search("an empty file", folder("empty.log", b""), codes=(0, 1))
        checks.check("an empty file: said", "empty" in done.stderr, short(done.stderr))
        done = search("a binary file", folder("true.bin", Path("/bin/true").read_bytes()), codes=(0, 1, 5))
        checks.check("a binary file: said", "true.bin" in done.stderr, short(done.stderr))
        done = search("a file that is not there", folder("missing.log"), codes=(5,))
        checks.check("a file that is not there: said", "missing.log" in done.stderr)

        tree = place.path / "tree"
        (tree / "sub").mkdir(parents=True)
        (tree / "good.log").write_bytes(GOOD * 3)
        (tree / "empty.log").touch()
        (tree / "sub" / "binary").write_bytes(bytes(range(256)) * 64)
        (tree / "sub" / "loop").symlink_to(tree)
        (tree / "loop2").symlink_to(tree / "loop2")
        (tree / "dangling.log").symlink_to(tree / "nowhere")
        (tree / "again.log").symlink_to(tree / "good.log")
        os.link(tree / "good.log", tree / "sub" / "hard.log")
        os.mkfifo(tree / "fifo.log")
        (tree / "device").symlink_to("/dev/zero")
        done = search("a tree of links, loops, pipes and devices", tree, codes=(0, 5), seconds=60)
        checks.check("… its one log is read once", len(done.rows()) == 3, f"{len(done.rows())} {short(done.stderr)}")
        done = search("a FIFO by itself", tree / "fifo.log", codes=(0, 1, 5), seconds=30)
        checks.check("a FIFO by itself: does not hang", done.code != -9)
        done = search("/dev/zero", Path("/dev/zero"), codes=(1, 5), seconds=30)
        number += 1
        done = go(program, ["verify", tree], place.path / f"home{number}", 60)
        checks.check("verify of the tree: no panic, no hang", done.code in (0, 1, 5) and "panicked" not in done.stderr, f"{done.code} {short(done.stderr)}")
        with Session([program, tree], environment(place.path / "tui")) as session:
            checks.check("the explorer opens the tree", session.wait("alice", 20), session.terminal.text())
            checks.equal("the explorer ends", session.leave(), 0)

        denied(checks, program, place)
        long_line(checks, program, place, megabytes)
    checks.finish()


def denied(checks, program, place):
    """Without permission: everything else opens, and the message names the owner and the way out."""
    tree = place.path / "denied"
    (tree / "closed").mkdir(parents=True)
    (tree / "closed" / "in.log").write_bytes(GOOD)
    (tree / "open.log").write_bytes(GOOD * 2)
    (tree / "secret.log").write_bytes(GOOD)
    prefix = ()
    home = place.path / "nobody"
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            print("skip without permission: this is root and there is no setpriv")
            return
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        os.chown(home, 65534, 65534)
        os.chmod(place.path, 0o755)
        copy = place.path / "auditty"
        shutil.copy(program, copy)
        program = str(copy)
    os.chmod(tree / "closed", 0)
    os.chmod(tree / "secret.log", 0)
    done = go(program, ["search", "*", tree, "--format", "jsonl"], home, prefix=prefix)
    checks.check("without permission: the rest is read, exit 5", done.code == 5 and len(done.rows()) == 2, f"{done.code} {len(done.rows())} {short(done.stderr)}")
    checks.check("without permission: both are named, with owner and fix",
                 all(word in done.stderr for word in ("closed", "secret.log", "root")) and any(fix in done.stderr for fix in ("sudo", "setfacl", "usermod")),
                 short(done.stderr, 900))
    done = go(program, ["search", "*", tree / "secret.log", "--format", "jsonl"], home, prefix=prefix)
    checks.check("only what cannot be read: exit 5", done.code == 5 and "secret.log" in done.stderr, f"{done.code} {short(done.stderr)}")
    done = go(program, ["verify", tree, "--format", "json"], home, prefix=prefix)
    checks.check("verify without permission: exit 5", done.code == 5, f"{done.code} {short(done.stderr)} {short(done.stdout)}")
    os.chmod(tree / "closed", 0o700)


def long_line(checks, program, place, megabytes):
    """One line of a gibibyte, between two ordinary ones."""
    for kind in ("text", "json"):
        path = place.path / f"long_{kind}.log"
        with path.open("wb") as out:
            out.write(GOOD)
            out.write(b'{"user":"long","action":"x","blob":"' if kind == "json" else b"2026-03-01T09:00:01Z long ")
            block = b"lorem ipsum dolor " * (1 << 16)
            block = block[: 1 << 20]
            for _ in range(megabytes):
                out.write(block)
            out.write(b'"}\n' if kind == "json" else b"\n")
            out.write(GOOD)
        done = go(program, ["search", "*", path, "--count"], place.path / f"long-{kind}", 600)
        checks.check(f"a {kind} line of {megabytes} MiB: counted, exit 0, no panic",
                     done.code == 0 and done.stdout.strip() in (b"3",) and "panicked" not in done.stderr,
                     f"exit {done.code} {done.stdout[:100]} {short(done.stderr)}")
        checks.check(f"a {kind} line of {megabytes} MiB: peak RSS {done.rss:.0f} MB < 400", done.rss < 400)
        done = go(program, ["search", "action:fine", path, "--format", "jsonl", "--fields", "line,actor"], place.path / f"long-{kind}", 600)
        checks.check(f"a {kind} line of {megabytes} MiB: what follows it is line 3",
                     sorted(r["line"] for r in done.rows()) == [1, 3], f"{short(done.stdout)} {short(done.stderr)}")
        done = go(program, ["verify", path], place.path / f"long-{kind}", 600)
        checks.check(f"verify of a {kind} line of {megabytes} MiB: no panic, peak RSS {done.rss:.0f} MB < 400",
                     done.code in (0, 1) and done.rss < 400 and "panicked" not in done.stderr, f"exit {done.code} {short(done.stderr)}")
        with Session([program, path], environment(place.path / f"long-{kind}")) as session:
            checks.check(f"the explorer opens a {kind} line of {megabytes} MiB", session.wait("fine", 60), session.terminal.text())
            session.send("k")
            session.settle(0.3, 10)
            session.send("\r")
            opened = session.wait("DETAIL", 30)
            checks.check(f"its detail is shown; peak RSS {session.peak:.0f} MB < 400", opened and session.peak < 400,
                         session.terminal.text())
            session.send("\x1b")
            session.settle()
            checks.equal("the explorer ends", session.leave(), 0)
        path.unlink()


main()
