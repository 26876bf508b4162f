#!/usr/bin/env python3
"""What databases need for the benchmark's log: loading it, a count, a group.

usage: databases.py duckdb|sqlite LOG

Prints one JSON object: seconds by what was done, and the rows counted.
"""

import json
import os
import sqlite3
import sys
import tempfile
import time

COUNT = "objectRef.resource = 'secrets' AND responseStatus.code = '403'"


def timed(times, name, act):
    start = time.perf_counter()
    result = act()
    times[name] = time.perf_counter() - start
    return result


def use_duckdb(log, folder):
    import duckdb

    times = {}
    database = duckdb.connect(os.path.join(folder, "log.duckdb"))
    raw = f"read_json_auto('{log}', format = 'newline_delimited')"
    timed(times, "load", lambda: database.execute(f"CREATE TABLE log AS SELECT * FROM {raw}"))
    rows = database.execute("SELECT count(*) FROM log").fetchone()[0]
    timed(times, "count", lambda: database.execute(f"SELECT count(*) FROM log WHERE {COUNT}").fetchall())
    by_name = "SELECT objectRef.name, count(*) AS n FROM {} GROUP BY 1 ORDER BY n DESC LIMIT 10"
    timed(times, "group", lambda: database.execute(by_name.format("log")).fetchall())
    timed(times, "group of the raw file", lambda: database.execute(by_name.format(raw)).fetchall())
    return rows, times


def use_sqlite(log, folder):
    times = {}
    database = sqlite3.connect(os.path.join(folder, "log.sqlite"))
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("CREATE VIRTUAL TABLE log USING fts5(line, detail = none)")

    def load():
        with open(log, encoding="utf-8") as lines:
            database.executemany("INSERT INTO log VALUES (?)", ((line,) for line in lines))
        database.commit()

    timed(times, "load", load)
    rows = database.execute("SELECT count(*) FROM log").fetchone()[0]
    timed(times, "count", lambda: database.execute("SELECT count(*) FROM log('secrets AND 403')").fetchone())
    return rows, times


def main():
    which, log = sys.argv[1:]
    use = {"duckdb": use_duckdb, "sqlite": use_sqlite}[which]
    with tempfile.TemporaryDirectory() as folder:
        rows, times = use(log, folder)
    print(json.dumps({"rows": rows, "seconds": times}))


main()
