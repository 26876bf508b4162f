#!/usr/bin/env python3
"""CloudTrail's digest files, checked offline: a bucket written with openssl and gzip, changed in every way, each named.

usage: digests.py AUDITTY [BUCKET KEYS]      BUCKET, KEYS: one more bucket and its public keys, all of it valid
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from show import FIXTURES, Checks, Workplace, binary, environment, run

WRITE = FIXTURES / "cloudtrail-digest" / "bucket" / "write.sh"
HOURS, LOGS = 8, 3


class Bucket:
    """A copy of the bucket, to be changed."""

    def __init__(self, source, target):
        shutil.copytree(source, target)
        self.root = target
        self.digests = sorted(self.root.rglob("*_CloudTrail-Digest_*.json.gz"))
        self.logs = sorted(self.root.rglob("*_CloudTrail_*.json.gz"))

    def log(self, hour, number=0):
        return next(path for path in self.logs if f"_hour{hour:02}log{number:02}" in path.name)


def edit(path, old, new):
    text = gzip.decompress(path.read_bytes())
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, 1)))


def sign(key, text):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(), capture_output=True, check=True).stdout.hex()


class Show:
    def __init__(self, program, place, checks):
        self.program, self.place, self.checks = program, place, checks
        self.key = place.path / "key.pem"
        self.made = place.path / "made"
        write(self.made, self.key)
        self.keys = self.made / "keys.json"
        self.number = 0

    def bucket(self):
        self.number += 1
        return Bucket(self.made / "trail-logs", self.place.path / f"copy{self.number}" / "trail-logs")

    def verify(self, root, keys="own", form="json"):
        keys = self.keys if keys == "own" else keys
        more = ["--public-keys", keys] if keys else []
        return run(self.program, ["verify", root, "--format", form, *more], self.place.home)

    def findings(self, root, keys="own"):
        """Exit status, (path, kind) of all findings, and the report by path."""
        done = self.verify(root, keys)
        files = json.loads(done.stdout)["files"] if done.stdout else []
        found = sorted((file["path"], finding["kind"]) for file in files for finding in file["findings"])
        return done.returncode, found, {file["path"]: file for file in files}

    def expect(self, name, bucket, code, wanted, keys="own"):
        """Exactly these findings, no other file accused."""
        found = self.findings(bucket.root, keys)
        self.checks.equal(name, found[:2], (code, sorted((str(path), kind) for path, kind in wanted)))
        return found[2]


def write(folder, key):
    subprocess.run(["sh", WRITE, folder, str(HOURS), str(LOGS), key], check=True)


def valid(show):
    bucket = show.bucket()
    files = show.expect("nothing changed: no finding", bucket, 0, [])
    show.checks.equal("every digest and every log file is verified",
                      sorted((path, file["verdict"]) for path, file in files.items()),
                      sorted((str(path), "pass") for path in bucket.digests + bucket.logs))
    empty = files[str(bucket.digests[1])]["coverage"]
    show.checks.check("an hour without log files is fine", "no log files were delivered" in empty, empty)
    text = show.verify(bucket.root, form="text").stdout.decode()
    show.checks.check("the same as text", text.endswith(f"{len(files)} files: {len(files)} pass\n"), text[-200:])
    for path in bucket.logs + bucket.digests:
        subprocess.run(["gunzip", path], check=True)
    show.expect("unpacked copies are known by their names", bucket, 0, [])
    flat = show.place.path / "flat"
    flat.mkdir()
    for path in [*bucket.root.rglob("*.json")]:
        shutil.copy(path, flat / path.name)
    show.checks.equal("all files in one folder", show.findings(flat)[:2], (0, []))
    part = next(bucket.root.rglob("111122223333"))
    show.checks.equal("only a part of the bucket's tree", show.findings(part)[:2], (0, []))
    shutil.copy(show.keys, bucket.root / "keys.json")
    show.checks.equal("the keys may lie among the logs", show.findings(bucket.root, bucket.root / "keys.json")[:2], (0, []))


def logs(show):
    bucket = show.bucket()
    edit(bucket.log(3), b"alice", b"mallo")
    files = show.expect("a changed log file", bucket, 3, [(bucket.log(3), "content-modified")])
    finding = files[str(bucket.log(3))]["findings"][0]
    now = hashlib.sha256(gzip.decompress(bucket.log(3).read_bytes())).hexdigest()
    then = hashlib.sha256(gzip.decompress((show.made / bucket.log(3).relative_to(bucket.root.parent)).read_bytes())).hexdigest()
    show.checks.equal("its hashes are said", (finding["expected"], finding["found"]), (then, now))

    bucket = show.bucket()
    bucket.log(3).unlink()
    files = show.expect("a removed log file", bucket, 1, [(bucket.digests[3], "file-missing")])
    finding = files[str(bucket.digests[3])]["findings"][0]
    show.checks.check("it is named", bucket.log(3).name in finding["explanation"], finding["explanation"])

    bucket = show.bucket()
    for path in bucket.logs:
        path.unlink()
    show.expect("only digests were downloaded", bucket, 1, [(d, "file-missing") for n, d in enumerate(bucket.digests) if n != 1])

    bucket = show.bucket()
    with bucket.log(3).open("ab") as out:
        out.write(b"hidden behind the end")
    files = show.expect("bytes behind the end of a log file", bucket, 3, [(bucket.log(3), "content-modified")])
    said = files[str(bucket.log(3))]["findings"][0]["explanation"]
    show.checks.check("they are counted", said.startswith("21 bytes were added"), said)

    bucket = show.bucket()
    with bucket.log(3).open("ab") as out:
        out.write(gzip.compress(b'{"Records":[]}'))
    show.expect("a second gzip member behind a log file", bucket, 3, [(bucket.log(3), "content-modified")])

    bucket = show.bucket()
    packed = bucket.log(3).read_bytes()
    bucket.log(3).write_bytes(packed[: len(packed) - 30])
    show.expect("a log file that is cut short", bucket, 3, [(bucket.log(3), "tail-truncated")])

    bucket = show.bucket()
    moved = Path(str(bucket.log(3).parent).replace("/2026/", "/2025/")) / bucket.log(3).name
    moved.parent.mkdir(parents=True)
    bucket.log(3).rename(moved)
    show.expect("a log file moved to another day", bucket, 1, [(moved, "file-missing")])
    renamed = moved.with_name("renamed.json.gz")
    moved.rename(renamed)
    show.expect("a log file under another name", bucket, 1, [(renamed, "file-missing")])

    bucket = show.bucket()
    extra = bucket.log(3).with_name(bucket.log(3).name.replace("hour03log00hour03", "slippedinslipped"))
    extra.write_bytes(gzip.compress(b'{"Records":[{"eventName":"Nothing"}]}'))
    show.expect("a log file that no digest names", bucket, 1, [(extra, "unlinked")])


def digests(show):
    bucket = show.bucket()
    edit(bucket.digests[3], b'"hashValue":"', b'"hashValue":"00')
    # Two digits more than a hash has: it is no digest any more.
    show.expect("a digest spoilt", bucket, 3, [(bucket.digests[3], "link-mismatch")])
    bucket = show.bucket()
    old = hashlib.sha256(gzip.decompress(bucket.log(3).read_bytes())).hexdigest()
    edit(bucket.log(3), b"alice", b"mallo")
    new = hashlib.sha256(gzip.decompress(bucket.log(3).read_bytes())).hexdigest()
    edit(bucket.digests[3], old.encode(), new.encode())
    files = show.expect("a log file changed, and its digest with it", bucket, 3, [(bucket.digests[3], "signature-bad")])
    show.checks.equal("nothing vouches for the log files of that digest", [files[str(bucket.log(3, n))]["verdict"] for n in range(LOGS)],
                      ["warn"] * LOGS)
    show.expect("the same without keys", bucket, 3, [(bucket.digests[3], "link-mismatch")], keys=None)

    bucket = show.bucket()
    edit(bucket.digests[-1], b'"newestEventTime":null', b'"newestEventTime":"x"')
    show.expect("the newest digest changed", bucket, 3, [(bucket.digests[-1], "signature-bad")])
    bucket = show.bucket()
    text = json.loads(gzip.decompress(bucket.digests[5].read_bytes()))
    edit(bucket.digests[5], text["previousDigestHashValue"].encode(), b"0" * 64)
    show.expect("a link changed", bucket, 3, [(bucket.digests[5], "signature-bad")])
    bucket = show.bucket()
    edit(bucket.digests[5], text["previousDigestSignature"].encode(), b"0" * 512)
    show.expect("the signature changed that a digest repeats", bucket, 3, [(bucket.digests[5], "signature-bad")])
    with bucket.digests[2].open("ab") as out:
        out.write(b"tail")
    show.expect("bytes behind the end of a digest", bucket, 3, [(bucket.digests[2], "content-modified"), (bucket.digests[5], "signature-bad")])

    bucket = show.bucket()
    bucket.digests[3].unlink()
    files = show.expect("a missing digest", bucket, 1, [(bucket.digests[4], "rotation-gap")])
    explanation = files[str(bucket.digests[4])]["findings"][0]["explanation"]
    show.checks.check("it is named, with its time", bucket.digests[3].name in explanation and "2026-03-01T13:00Z to 2026-03-01T14:00Z" in explanation, explanation)
    coverage = [files[str(bucket.log(3, n))]["coverage"] for n in range(LOGS)]
    show.checks.check("its log files are not accused, but not vouched for", all("its digest is missing or spoilt" in c for c in coverage), coverage)
    bucket = show.bucket()
    bucket.digests[0].unlink()
    show.expect("the oldest digest missing", bucket, 1, [(bucket.digests[1], "head-truncated")])
    bucket = show.bucket()
    bucket.digests[-1].unlink()
    Path(f"{bucket.digests[-1]}.metadata.json").unlink()
    files = show.expect("the newest digest missing", bucket, 1, [])
    show.checks.check("the last that is left has no signature here", "not in these files" in files[str(bucket.digests[-2])]["coverage"], files[str(bucket.digests[-2])])
    show.checks.check("log files since are said", "newer than the newest digest" in files[str(bucket.log(7))]["coverage"], files[str(bucket.log(7))])

    bucket = show.bucket()
    shutil.copy(bucket.digests[2], bucket.digests[4])
    files = show.expect("an old digest in the place of another", bucket, 3, [(bucket.digests[4], "link-mismatch")])
    bucket = show.bucket()
    moved = bucket.digests[4].parent.parent / "02" / bucket.digests[4].name
    moved.parent.mkdir()
    bucket.digests[4].rename(moved)
    show.expect("a digest moved to another day", bucket, 1, [(moved, "file-missing")])


def keys(show):
    bucket = show.bucket()
    files = show.expect("no keys: no alarm", bucket, 1, [], keys=None)
    show.checks.check("it is said that signatures are not checked", all("not checked: no public keys" in files[str(d)]["coverage"] for d in bucket.digests))
    show.checks.equal("log files are as the chain of digests says", {files[str(log)]["verdict"] for log in bucket.logs}, {"pass"})
    other = show.place.path / "other"
    write(other, show.place.path / "other.pem")
    files = show.expect("the key of another trail", bucket, 1, [(bucket.digests[0], "key-unknown")], keys=other / "keys.json")
    show.checks.equal("all signatures are counted", files[str(bucket.digests[0])]["findings"][0]["count"], HOURS)
    forged = show.place.path / "forged.json"
    right, wrong = json.loads(show.keys.read_text()), json.loads((other / "keys.json").read_text())
    wrong["PublicKeyList"][0]["Fingerprint"] = right["PublicKeyList"][0]["Fingerprint"]
    forged.write_text(json.dumps(wrong))
    show.expect("another key under the same fingerprint", bucket, 3, [(d, "signature-bad") for d in bucket.digests], keys=forged)
    for name, text in (("no JSON", "x"), ("no keys", '{"PublicKeyList": []}'), ("no base64", '{"PublicKeyList":[{"Value":"?","Fingerprint":"x"}]}')):
        forged.write_text(text)
        show.checks.equal(f"a list of keys that is {name}", show.verify(bucket.root, forged).returncode, 2)


def backfill(show):
    bucket = show.bucket()
    late = bucket.log(3).with_name(bucket.log(3).name.replace("hour03log00hour03", "latelatelatelate"))
    late.write_bytes(gzip.compress(b'{"Records":[{"eventName":"Late"}]}'))
    show.expect("a late log file without its backfill digest", bucket, 1, [(late, "unlinked")])
    text = json.loads(gzip.decompress(bucket.digests[3].read_bytes()))
    key = text["digestS3Object"].replace(".json.gz", "_backfill.json.gz")
    text["digestS3Object"] = key
    for name in text:
        if name.startswith("previous"):
            text[name] = None
    text["logFiles"] = [{"s3Bucket": "trail-logs", "s3Object": str(late.relative_to(bucket.root)),
                         "hashValue": hashlib.sha256(b'{"Records":[{"eventName":"Late"}]}').hexdigest(), "hashAlgorithm": "SHA-256"}]
    packed = json.dumps(text).encode()
    path = bucket.root / key
    path.write_bytes(gzip.compress(packed))
    signature = sign(show.key, f"{text['digestEndTime']}\ntrail-logs/{key}\n{hashlib.sha256(packed).hexdigest()}\nnull")
    Path(f"{path}.metadata.json").write_text(json.dumps({"signature": signature, "signature-algorithm": "SHA256withRSA"}))
    files = show.expect("with its backfill digest, a list of its own", bucket, 0, [])
    show.checks.check("it is called so", files[str(path)]["coverage"].startswith("backfill digest of"), files[str(path)])
    edit(late, b"Late", b"Soon")
    show.expect("a late log file changed", bucket, 3, [(late, "content-modified")])


def hostile(show):
    bucket = show.bucket()
    text = gzip.decompress(bucket.digests[7].read_bytes())
    folder = show.place.path / "hostile"
    folder.mkdir()
    deep = text.replace(b'"logFiles":[', b'"logFiles":' + b"[" * 100_000)
    cases = {
        "cut": text[:400], "deep": deep, "double": text[:-1] + b',"awsAccountId":"1"}', "two": text + b"\n" + text,
        "hash": text.replace(b'"hashValue":"', b'"hashValue":"zz'), "time": text.replace(b"2026-03-01T18", b"9999-99-99T18"),
        "large": text.replace(b'"logFiles":[', b'"x":"' + b"x" * (70 << 20) + b'","logFiles":['), "bytes": text.replace(b"main", b"\xff\xfe\x00\x1b"),
        "loop": text.replace(json.loads(text)["previousDigestS3Object"].encode(), json.loads(text)["digestS3Object"].encode()),
        "signature": text.replace(json.loads(text)["previousDigestSignature"].encode(), b"\xc3\xa9'; rm -rf /"),
    }
    for name, content in cases.items():
        path = folder / f"{name}.json"
        path.write_bytes(content)
        done = show.verify(folder)
        show.checks.check(f"hostile: {name}", done.returncode in (0, 1, 3) and not done.stderr, (done.returncode, done.stderr))
        path.unlink()


def many(show, count=100_000, digests=100):
    """Unsigned digests that name many files: memory is that of names and hashes."""
    folder = show.place.path / "many"
    each = count // digests
    before = None
    for hour in range(digests):
        begin, end = (f"2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z" for n in (hour, hour + 1))
        logs = []
        part = folder / "AWSLogs/1/CloudTrail/r" / f"{hour}"
        part.mkdir(parents=True)
        for n in range(each):
            text = b'{"Records":[{"eventID":"%d-%d","requestParameters":"%s"}]}' % (hour, n, b"x" * 2000)
            name = f"1_CloudTrail_r_202601{1 + hour // 24:02}T{hour % 24:02}00Z_{hour}x{n}.json"
            (part / name).write_bytes(text)
            logs.append({"s3Bucket": "b", "s3Object": f"AWSLogs/1/CloudTrail/r/{hour}/{name}.gz", "hashValue": hashlib.sha256(text).hexdigest(), "hashAlgorithm": "SHA-256"})
        key = f"AWSLogs/1/CloudTrail-Digest/r/1_CloudTrail-Digest_r_t_r_{begin.replace('-', '').replace(':', '')}.json.gz"
        text = json.dumps({"awsAccountId": "1", "digestStartTime": begin, "digestEndTime": end, "digestS3Bucket": "b", "digestS3Object": key,
                           "digestPublicKeyFingerprint": "f", "previousDigestS3Bucket": before and "b", "previousDigestS3Object": before and before[0],
                           "previousDigestHashValue": before and before[1], "previousDigestSignature": None, "logFiles": logs}).encode()
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text))
        before = key, hashlib.sha256(text).hexdigest()
    process = subprocess.Popen([show.program, "verify", folder], env=environment(show.place.home), stdout=subprocess.PIPE)
    last = process.stdout.read().decode().splitlines()[-1]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    show.checks.equal(f"{count} log files", (process.returncode, last), (1, f"{count + digests} files: {digests} warn, {count} pass"))
    megabytes = usage.ru_maxrss // 1024
    show.checks.check("memory of no more than 4 KB a file", megabytes < count * 4 // 1024 + 64, f"{megabytes} MB")
    print(f"     {usage.ru_utime + usage.ru_stime:.1f} s of CPU, {megabytes} MB")


def main():
    program, checks = binary(), Checks()
    with Workplace() as place:
        show = Show(program, place, checks)
        for part in (valid, logs, digests, keys, backfill, hostile, many):
            part(show)
        if len(sys.argv) > 3:
            code, found, files = show.findings(Path(sys.argv[2]), Path(sys.argv[3]))
            checks.equal("a bucket from elsewhere", (code, found, {file["verdict"] for file in files.values()}), (0, [], {"pass"}))
            print(f"     {len(files)} files")
    checks.finish()


if __name__ == "__main__":
    main()
