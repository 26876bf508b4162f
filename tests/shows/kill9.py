#!/usr/bin/env python3
"""An index built by processes that are killed gives the same answers as one built undisturbed.

usage: kill9.py AUDITTY [EVENTS=100000] [RUNS=20]
"""

import hashlib
import json
import random
import signal
import subprocess
import sys
import time

from show import Checks, Workplace, binary, environment, json_lines, run, short

USERS = ["system:admin", "system:node:n1", "alice@corp", "bob@corp", "ci-bot", "system:serviceaccount:kube-system:gc"]
VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]
RESOURCES = ["pods", "secrets", "configmaps", "leases", "deployments"]


def write(path, events):
    rng = random.Random(7)
    with path.open("w") as out:
        for n in range(events):
            verb, resource = rng.choice(VERBS), rng.choice(RESOURCES)
            code = rng.choices([200, 201, 403, 404, 500], [80, 8, 6, 4, 2])[0]
            when = f"2026-03-{1 + n // 86400:02}T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}000Z"
            event = {
                "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": f"{n:08x}-0000",
                "stage": "ResponseComplete", "requestURI": f"/api/v1/namespaces/prod/{resource}/x-{n % 977}",
                "verb": verb, "user": {"username": rng.choice(USERS), "groups": ["system:authenticated"]},
                "sourceIPs": [f"10.0.{n % 7}.{n % 251}"], "userAgent": "kubectl/v1.31.0 (linux/amd64)",
                "objectRef": {"resource": resource, "namespace": "prod", "name": f"x-{n % 977}", "apiVersion": "v1"},
                "responseStatus": {"metadata": {}, "code": code},
                "requestReceivedTimestamp": when, "stageTimestamp": when,
                "annotations": {"authorization.k8s.io/decision": "forbid" if code == 403 else "allow"},
            }
            out.write(json.dumps(event, separators=(",", ":")) + "\n")


def answers(program, path, home):
    """What a complete search says: ids in order, and facets."""
    ids = run(program, ["search", "*", path, "--format", "jsonl", "--fields", "id,line"], home)
    rows = json_lines(ids.stdout)
    facets = {}
    for field in ("actor", "action", "outcome"):
        done = run(program, ["search", "*", path, "--facet", field, "--format", "jsonl"], home)
        facets[field] = sorted((str(row.get("value", row.get(field))), row["count"]) for row in json_lines(done.stdout))
    return {
        "exit": ids.returncode,
        "events": len(rows),
        "distinct": len({row["id"] for row in rows}),
        "ids": hashlib.sha256(repr([(row["id"], row["line"]) for row in rows]).encode()).hexdigest(),
        **facets,
    }


def main():
    program, checks = binary(), Checks()
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    with Workplace() as place:
        log = place.path / "logs" / "audit.log"
        log.parent.mkdir()
        write(log, events)
        began = time.monotonic()
        done = run(program, ["index", log], place.home)
        duration = time.monotonic() - began
        checks.equal("undisturbed: exit 0", done.returncode, 0)
        wanted = answers(program, log, place.home)
        checks.check(f"undisturbed: {events} events in {duration:.1f} s, each once",
                     wanted["events"] == wanted["distinct"] == events, short(wanted))
        checks.check("undisturbed: facets add up",
                     all(sum(n for _, n in wanted[f]) == events for f in ("actor", "action", "outcome")))
        killed = 0
        for number in range(runs):
            home = place.path / f"home{number}"
            moment = duration * (number + 0.5) / runs
            child = subprocess.Popen([program, "index", log], env=environment(home), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # The moment is what is tried out here; nothing is waited for.
            try:
                child.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
            found = answers(program, log, home)
            differ = {k: (short(found[k], 80), short(wanted[k], 80)) for k in wanted if found[k] != wanted[k]}
            checks.check(f"killed after {moment:.2f} s: the same ids, lines and facets", not differ, str(differ))
        checks.check(f"at least half of the runs were killed ({killed} of {runs})", killed * 2 >= runs)

        # Killed again and again on one index: it still comes to the same end.
        home = place.path / "again"
        for number in range(6):
            child = subprocess.Popen([program, "index", log], env=environment(home), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(timeout=duration * 0.35)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        found = answers(program, log, home)
        checks.check("killed six times on one index: the same", found == wanted, short(found))
    checks.finish()


main()
