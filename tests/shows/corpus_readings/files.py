"""Cutting a file into records without the program: for counting, and for beginning in the middle."""

import gzip
import json
import re

PG_TIME = re.compile(r'"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d')


def content(path):
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


class Cut:
    """The records of one file, and how to write some of them as the same kind of file."""

    def __init__(self, kind, records, before="", between="\n", after="\n"):
        self.kind, self.records = kind, records
        self.before, self.between, self.after = before, between, after

    def starting_at(self, number):
        return (self.before + self.between.join(self.records[number:]) + self.after).encode("utf-8", "surrogateescape")


def documents(text):
    """The JSON documents of a text one after another, as (value, source), or None if it is not that."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text):
            return found or None
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            return None
        if not isinstance(value, (dict, list)):
            return None
        found.append((value, text[place:end]))
        place = end


def cut(path, expected):
    text = content(path).decode("utf-8-sig", "surrogateescape")
    found = documents(text)
    if found and len(found) == 1:
        value = found[0][0]
        if isinstance(value, list):
            return Cut("array", [json.dumps(v) for v in value], "[", ",\n", "]\n")
        if expected != "otlp":
            for key in ("Records", "records", "items", "value", "events"):
                if isinstance(value.get(key), list) and value[key] and set(value) <= {key, "kind", "apiVersion", "metadata"}:
                    rest = "".join(json.dumps(k) + ":" + json.dumps(v) + "," for k, v in value.items() if k != key)
                    return Cut("list", [json.dumps(v) for v in value[key]], "{" + rest + json.dumps(key) + ":[", ",\n", "]}\n")
    if found:
        return Cut("documents", [source for _, source in found])
    lines = text.rstrip("\n").split("\n")
    if path.suffix == ".csv" and not PG_TIME.match(lines[0]):
        return Cut("csv", lines[1:], lines[0] + "\n")
    if PG_TIME.match(lines[0]):
        records = []
        for line in lines:
            if PG_TIME.match(line) or not records:
                records.append(line)
            else:
                records[-1] += "\n" + line
        return Cut("blocks", records)
    if lines[0].startswith("__CURSOR="):
        return Cut("export", [part for part in text.split("\n\n") if part.strip()], "", "\n\n", "\n\n")
    return Cut("lines", lines)


def counted(cut_file):
    """Whether the number of records is the number of events that a right reading prints."""
    return cut_file.kind in ("array", "list", "documents", "csv")
