#!/usr/bin/env python3
"""Sealing a syslog: edits named with their line, a proof checked by a second program, a sealer killed again and again.

usage: seals.py AUDITTY [KILLS=20]
"""

import base64
import gzip
import hashlib
import json
import random
import signal
import subprocess
import sys
import time

from show import Checks, Workplace, binary, environment, run

# Ed25519 as RFC 8032 (5.1) has it, for checking alone.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover(y, sign)
    return x, y, 1, x * y % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, p)
        p, n = add(p, p), n >> 1
    return result


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little")
    left, right = times(s, BASE), add(point(r), times(h, point(public)))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def check_proof(text, key):
    """The line that a proof proves; an error says why it proves none."""
    name, key_id, packed = key.split("+", 2)
    public = base64.b64decode(packed)[1:]
    head, body, signatures = text.split("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    line = base64.b64decode(lines[1].removeprefix("extra "))
    index = int(lines[2].removeprefix("index "))
    path = [base64.b64decode(part) for part in lines[3:]]
    _, signer, signature = signatures.strip().split(" ")
    signature = base64.b64decode(signature)
    assert signer == name and signature[:4].hex() == key_id
    assert signed(public, (body + "\n").encode(), signature[4:]), "signature"
    _, size, root = body.split("\n")[:3]
    node, at, last = hashlib.sha256(b"\0" + line).digest(), index, int(size) - 1
    for beside in path:
        if at & 1 or at == last:
            node = hashlib.sha256(b"\1" + beside + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + beside).digest()
        at, last = at >> 1, last >> 1
    assert last == 0 and base64.b64encode(node).decode() == root, "root"
    return line.decode(), index


def syslog(count, start=0):
    return [f"Nov 26 10:{n // 60 % 60:02}:{n % 60:02} bastion sshd[{n}]: Accepted publickey for user{n % 9} from 10.0.0.{n % 250}\n"
            for n in range(start, start + count)]


def verify(program, log, home):
    done = run(program, ["verify", log, "--format", "json"], home)
    findings = [(f["kind"], f["line"]) for file in json.loads(done.stdout)["files"] for f in file["findings"]]
    return done.returncode, findings


def edits(program, place, checks):
    log, home, lines = place.path / "auth.log", place.home, syslog(5000)
    log.write_text("".join(lines))
    run(program, ["seal", log], home)
    checks.equal("nothing changed: no finding", verify(program, log, home), (0, []))
    sed = lambda script: subprocess.run(["sed", "-i", script, log], check=True)
    for name, change, wanted in (
        ("a word changed with sed", lambda: sed("4410s/Accepted/Rejected/"), (3, [("content-modified", 4410)])),
        ("a line deleted", lambda: sed("4410d"), (3, [("deleted", 4410)])),
        ("five lines deleted", lambda: sed("100,104d"), (3, [("deleted", 100)])),
        ("a line inserted", lambda: sed("4410i forged"), (3, [("inserted", 4410)])),
        ("the tail cut", lambda: sed("4901,$d"), (3, [("tail-truncated", 4901)])),
        ("the head cut", lambda: sed("1,10d"), (3, [("deleted", 1)])),
        ("two edits", lambda: sed("5s/10/11/;4000d"), (3, [("content-modified", 5), ("deleted", 4000)])),
        ("appended to", lambda: log.write_text("".join(lines + syslog(3, 5000))), (1, [])),
    ):
        log.write_text("".join(lines))
        change()
        checks.equal(name, verify(program, log, home), wanted)
    log.write_text("".join(lines))
    log.rename(place.path / "auth.log.1")
    log.write_text("".join(syslog(10, 9000)))
    run(program, ["seal", log], home)
    checks.equal("rotated", verify(program, log, home), (0, []))
    (place.path / "auth.log.1.gz").write_bytes(gzip.compress("".join(lines).encode()))
    (place.path / "auth.log.1").unlink()
    checks.equal("rotated and compressed", verify(program, log, home), (0, []))
    key = run(program, ["seal", "--public-key"], home).stdout.decode().strip()
    proof = run(program, ["prove", f"{place.path}/auth.log.1.gz:4410"], home).stdout.decode()
    checks.equal("a proof holds by a second program", check_proof(proof, key), (lines[4409].rstrip("\n"), 4409))
    for name, forged in (("another line", proof.replace("extra T", "extra U", 1)), ("another place", proof.replace("index 4409", "index 4408")),
                         ("another size", proof.replace("\n5000\n", "\n5001\n"))):
        try:
            check_proof(forged, key)
            checks.check(f"{name} is no proof", False, forged)
        except (AssertionError, ValueError):
            checks.check(f"{name} is no proof", forged != proof)


def killed(program, place, checks, kills):
    """A log that grows and is rotated, and a sealer that is killed at any moment."""
    home, log, sink = place.path / "killed-home", place.path / "grow.log", place.path / "sink.jsonl"
    out, written, rng = log.open("a", buffering=1), 0, random.Random(5)
    for number in range(kills):
        sealer = subprocess.Popen([program, "seal", "--follow", log, "--every", "50", "--after", "0", "--sink", sink],
                                  env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + rng.uniform(0.05, 0.9)
        while time.monotonic() < end:
            out.writelines(syslog(20, written))
            written += 20
            # The pace is the point of this loop.
            time.sleep(0.005)
        if number % 5 == 2:
            out.close()
            for old in range(30, 0, -1):
                if (place.path / f"grow.log.{old}").exists():
                    (place.path / f"grow.log.{old}").rename(place.path / f"grow.log.{old + 1}")
            log.rename(f"{log}.1")
            out = log.open("a", buffering=1)
        sealer.send_signal(signal.SIGKILL)
        sealer.wait()
    out.writelines(syslog(1, written))
    done = run(program, ["seal", log], home)
    checks.equal("after the last kill it is sealed to the end", done.returncode, 0)
    code, findings = verify(program, log, home)
    checks.equal(f"after {kills} kills nothing is found and all is sealed", (code, findings), (0, []))
    report = json.loads(run(program, ["verify", log, "--format", "json"], home).stdout)["files"][0]
    checks.equal("every line is sealed once", report["records"], written + 1)
    rows = [json.loads(line) for line in next((home / "state" / "seals").glob("*/checkpoints.jsonl")).read_text().splitlines()]
    copies = [json.loads(line) for line in sink.read_text().splitlines()]
    known = [row["note"] for row in rows]
    checks.check("every copy is one of the checkpoints, none twice",
                 all(copy["note"] in known for copy in copies) and len({copy["note"] for copy in copies}) == len(copies))
    print(f"     {written + 1} lines, {len(rows)} checkpoints, {len(copies)} copied before a kill")
    for line in (1, written // 2):
        files = sorted(place.path.glob("grow.log*"))
        rng.shuffle(files)
        count = sum(1 for _ in files[0].open())
        proof = run(program, ["prove", f"{files[0]}:{min(line, count)}"], home)
        checks.check(f"line {min(line, count)} of {files[0].name} can be proved", proof.returncode == 0, proof.stderr.decode())


def main():
    program, checks = binary(), Checks()
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with Workplace() as place:
        edits(program, place, checks)
        killed(program, place, checks, kills)
    checks.finish()


if __name__ == "__main__":
    main()
