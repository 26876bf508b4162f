#!/usr/bin/env python3
"""Everything the program writes is its owner's alone, whatever the umask: directories 0700, files 0600.

usage: private_files.py AUDITTY
"""

import os
import stat
import subprocess

from show import FIXTURES, Checks, Session, Workplace, binary, environment, short, wait_until


def open_to_all():
    os.umask(0)


def too_open(*roots):
    """What others could get at, and how much there is at all."""
    wrong, seen = [], 0
    for root in roots:
        for folder, folders, files in os.walk(root):
            for name, wanted in [(n, 0o700) for n in folders] + [(n, 0o600) for n in files]:
                path = os.path.join(folder, name)
                try:
                    mode = os.lstat(path).st_mode
                except OSError:
                    continue
                seen += 1
                if stat.S_IMODE(mode) != wanted and not stat.S_ISLNK(mode):
                    wrong.append(f"{path[len(str(root)):]} {stat.S_IMODE(mode):04o}")
    return wrong, seen


def main():
    program, checks = binary(), Checks()
    with Workplace() as place:
        logs = place.path / "logs"
        logs.mkdir()
        for name in ("k8s-audit/audit2rbac_demo.log", "syslog/auth.log", "hoop/event_catalog_sample_payloads.jsonl"):
            (logs / os.path.basename(name)).write_bytes((FIXTURES / name).read_bytes())
        temp = place.path / "tmp"
        temp.mkdir()
        env = environment(place.home, TMPDIR=str(temp))

        def look(name, home=place.home):
            wrong, seen = too_open(home, temp)
            own = stat.S_IMODE(os.stat(home).st_mode)
            checks.check(f"{name}: {seen} files and folders, all private, {own:04o} above them",
                         not wrong and seen > 0 and own == 0o700, f"{own:04o} {short(wrong)}")

        def go(*arguments, **more):
            return subprocess.run([program, *map(str, arguments)], env=env, preexec_fn=open_to_all, capture_output=True,
                                  timeout=120, **more)

        done = go("index", logs)
        checks.equal("index: exit 0", done.returncode, 0)
        look("after index")
        go("search", "*", logs)
        look("after search")
        go("search", "*", "-", input=(logs / "auth.log").read_bytes())
        look("after search of standard input")

        with Session([program, logs], env, before=open_to_all) as session:
            checks.check("the explorer opens", session.wait("system:admin", 20) or session.wait("alex.morgan", 5), session.terminal.text())
            session.send("\r")
            session.settle()
            look("while the explorer runs")
            session.send("\x1b")
            session.settle()
            checks.equal("the explorer ends with exit 0", session.leave(), 0)
        look("after the explorer")

        with Session([program, "demo"], env, before=open_to_all) as session:
            checks.check("the demo opens", session.wait("demo incident", 30) and session.wait("live", 10), session.terminal.text())
            session.settle()
            look("while the demo runs")
            checks.check("the demo's own files are there", any("demo-" in d for d, _, _ in os.walk(place.home)))
            checks.equal("the demo ends with exit 0", session.leave(), 0)
        look("after the demo")
        checks.check("the demo leaves nothing behind", not [d for d, _, _ in os.walk(place.home) if "demo-" in d])

        reading, writing = os.pipe()
        child = subprocess.Popen([program, "tail", "*", "-", "--format", "jsonl"], env=env, preexec_fn=open_to_all,
                                 stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.close(reading)
        os.write(writing, (logs / "auth.log").read_bytes())
        wait_until(lambda: any("stdin-" in d for d, _, _ in os.walk(place.home)), 20)
        look("while standard input is read")
        os.close(writing)
        try:
            child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            checks.check("tail of standard input ends with its end", False)
        wait_until(lambda: not [d for d, _, _ in os.walk(place.home) if "stdin-" in d], 5)
        checks.check("standard input leaves nothing behind", not [d for d, _, _ in os.walk(place.home) if "stdin-" in d])
        checks.check("nothing is written beside AUDITTY_HOME", too_open(temp)[1] == 0, short(list(os.walk(temp))))

        # Without AUDITTY_HOME: the usual directories, of which only the program's own are closed.
        house = place.path / "house"
        house.mkdir(mode=0o755)
        env = environment(house, TMPDIR=str(temp))
        del env["AUDITTY_HOME"]
        done = go("search", "*", logs, "--count")
        parts = [p for p in house.rglob("auditty") if p.is_dir()]
        wrong, seen = too_open(*parts)
        own = [f"{p} {stat.S_IMODE(p.stat().st_mode):04o}" for p in parts if stat.S_IMODE(p.stat().st_mode) != 0o700]
        checks.check(f"the usual directories: {seen} files and folders, all private", parts and seen and not wrong and not own,
                     short(own + wrong))

        # What was opened to others meanwhile is closed again.
        for folder, _, files in os.walk(place.home):
            os.chmod(folder, 0o777)
            for name in files:
                os.chmod(os.path.join(folder, name), 0o666)
        env = environment(place.home, TMPDIR=str(temp))
        go("search", "*", logs, "--count")
        cache = stat.S_IMODE((place.home / "cache").stat().st_mode)
        checks.equal("a cache that was opened to others is closed again", f"{cache:04o}", "0700")
    checks.finish()


main()
