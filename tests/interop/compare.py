#!/usr/bin/env python3
"""Compares what other drivers returned with what our shell returns for the same statements.

usage: compare.py --shell SHELL --statements FILE PEER...     with DBSQL_DSN set; PEER.jsonl holds a peer's answers

A peer's answer is {"name", "columns", "rows"} or {"name", "error"}; a cell is null or one of
  {"bool": true} {"integer": "1"} {"float": "1.5"} {"double": "1.5"} {"decimal": "1.50"} {"text": ""} {"bytes": "00ff"}
  {"date": "2024-02-29"} {"timestamp": "2024-02-29 12:00:00+00:00"} {"microseconds": "1"}
  {"list": [..]} {"object": [["field", cell]]} {"entries": [[cell, cell]]}
and, where the peer's language has nothing better,
  {"number": "1.5"}   a binary double, also for decimals and 64-bit integers
  {"instant": "2024-02-29T12:00:00.000Z"}   milliseconds, also for dates
Ours is read from `dbsql --format ndjson`.
"""

import argparse
import base64
import datetime
import hashlib
import json
import math
import os
import re
import struct
import subprocess
import sys


class Number(str):
    """A JSON number as it was written."""


class Members(list):
    """A JSON object as its (key, value) pairs, in order."""


def read_json(text):
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Members)


class Shell:
    def __init__(self, program):
        self.program = program

    def run(self, sql, *options):
        return subprocess.run(
            [self.program, "--timeout", "120s", *options, "-e", sql],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=os.environ)

    def output(self, sql, *options):
        run = self.run(sql, *options)
        if run.returncode != 0:
            raise Mismatch(f"our shell failed: {run.stderr.strip()}")
        return run.stdout

    def rows(self, sql):
        lines = self.output(sql, "--format", "ndjson", "-q").splitlines()
        return [read_json(line) for line in lines]

    def columns(self, sql):
        return self.output(sql, "--format", "tsv", "-q").splitlines()[0].split("\t")


class Mismatch(Exception):
    pass


def microseconds_of(text):
    """`-3 12:30:15.000500000` -> microseconds."""
    sign, days, hours, minutes, seconds, fraction = re.fullmatch(
        r"(-?)(\d+) (\d+):(\d+):(\d+)\.(\d{9})", text).groups()
    whole = ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    total = whole * 1_000_000 + int(fraction) // 1000
    return -total if sign else total


def wall_clock(text):
    """A timestamp without its offset and without trailing zeros of the fraction."""
    text = re.sub(r"(?<=\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d:\d\d|Z)$", r"\1", text)
    return text.rstrip("0").rstrip(".") if "." in text else text


def same_float(ours, theirs, tolerance=0.0):
    a, b = float(ours), float(theirs)
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=tolerance) and (
        math.copysign(1, a) == math.copysign(1, b))


def single(text):
    """The nearest single-precision number, as a double."""
    return struct.unpack("f", struct.pack("f", float(text)))[0]


def same_number(ours, theirs):
    """A peer without other number types: decimals are computed there in doubles, floats are widened."""
    return same_float(ours, theirs, 1e-15) or same_float(single(ours), theirs)


def same_instant(ours, theirs):
    instant = datetime.datetime.fromisoformat(theirs.replace("Z", "+00:00"))
    text = ours if " " in ours else ours + " 00:00:00"
    own = datetime.datetime.fromisoformat(text + "+00:00")
    return own.replace(microsecond=own.microsecond // 1000 * 1000) == instant


def same_members(ours, theirs):
    return len(ours) == len(theirs) and all(
        key == (other if isinstance(other, str) else key_text(other)) and same(value, item)
        for (key, value), (other, item) in zip(ours, theirs))


def key_text(cell):
    return next(iter(cell.values()))


def same_text(ours, theirs):
    if isinstance(ours, str):
        return ours == theirs
    return ours == read_json(theirs)  # a nested value that the peer shows as JSON text


RULES = {
    "bool": lambda ours, theirs: ours is theirs,
    "integer": lambda ours, theirs: isinstance(ours, Number) and ours == theirs,
    "float": lambda ours, theirs: same_float(single(ours), single(theirs)),
    "double": same_float,
    "number": same_number,
    "decimal": lambda ours, theirs: ours == theirs,
    "text": same_text,
    "bytes": lambda ours, theirs: base64.b64decode(ours, validate=True).hex() == theirs,
    "date": lambda ours, theirs: ours == theirs,
    "timestamp": lambda ours, theirs: ours == wall_clock(theirs),
    "instant": same_instant,
    "microseconds": lambda ours, theirs: microseconds_of(ours) == int(theirs),
    "list": lambda ours, theirs: len(ours) == len(theirs) and all(map(same, ours, theirs)),
    "object": same_members,
    "entries": same_members,
}


def same(ours, cell):
    if ours is None or cell is None:
        return ours is None and cell is None
    (kind, theirs), = cell.items()
    try:
        return RULES[kind](ours, theirs)
    except (ValueError, TypeError, AttributeError):
        return False  # not even of the same kind


def check_rows(shell, statement, answer):
    sql = statement.get("ours", statement.get("sql"))
    rows = shell.rows(sql)
    columns = [key for key, _ in rows[0]] if rows else shell.columns(sql)
    if answer["columns"] != columns:
        raise Mismatch(f"columns {answer['columns']} where ours are {columns}")
    if len(answer["rows"]) != len(rows):
        raise Mismatch(f"{len(answer['rows'])} rows where ours are {len(rows)}")
    for number, (own, other) in enumerate(zip(rows, answer["rows"])):
        for (name, ours), theirs in zip(own, other):
            if not same(ours, theirs):
                raise Mismatch(f"row {number}, {name}: {json.dumps(theirs)} where ours is {json.dumps(ours)}")
    return f"{len(rows)} rows, {len(columns)} columns"


def check_lines(shell, statement, answer):
    own = shell.output(statement["sql"], "--format", "tsv", "--no-header", "-q").splitlines()
    if len(own) != len(answer["lines"]):
        raise Mismatch(f"{len(answer['lines'])} rows where ours are {len(own)}")
    for number, (ours, theirs) in enumerate(zip(own, answer["lines"])):
        if ours != theirs:
            raise Mismatch(f"row {number}: {theirs!r} where ours is {ours!r}")
    return f"{len(own)} rows"


def check_affected(_, statement, answer):
    if answer["affected"] != statement["affected"]:
        raise Mismatch(f"{answer['affected']} affected rows instead of {statement['affected']}")
    return f"{answer['affected']} affected rows"


def check_error(shell, statement, answer):
    """The same error class on both sides; the SQLSTATE as ours reports it."""
    wanted = statement["error"]
    if "error" not in answer:
        raise Mismatch("the peer reported no error")
    run = shell.run(statement["sql"])
    if run.returncode != 1:
        raise Mismatch(f"our shell ended with {run.returncode} instead of 1")
    for text in wanted.values():
        if text not in run.stderr:
            raise Mismatch(f"{text} is not in our error: {run.stderr.strip()}")
    if wanted["class"] not in answer["error"]:
        raise Mismatch(f"{wanted['class']} is not in the peer's error: {answer['error']}")
    return f"{wanted['class']}, SQLSTATE {wanted['sqlstate']}"


def check_metadata(shell, statement, answer):
    """Picked columns of a metadata call against a SHOW or DESCRIBE statement, without regard to order."""
    theirs_at = [answer["columns"].index(name) for name in statement["pick"]]
    theirs = sorted([(row[at] or {}).get("text", "") for at in theirs_at] for row in answer["rows"])
    ours = sorted([dict(row)[name] for name in statement["ours_pick"]] for row in shell.rows(statement["ours"]))
    if not ours or ours != theirs:
        raise Mismatch(f"{theirs} where ours is {ours}")
    return f"{len(ours)} rows"


def check_download(shell, statement, answer):
    """The rows that the statement's formula gives, for the peer and for our shell alike; in files or not, compressed or
    not, as the statement wants it."""
    digest = hashlib.sha256()
    for row in range(statement["rows"]):
        digest.update(f"{row}\t{row * 7 % 1000}\trow-{row}\n".encode())
    if answer["rows"] != statement["rows"]:
        raise Mismatch(f"{answer['rows']} rows instead of {statement['rows']}")
    if answer["sha256"] != digest.hexdigest():
        raise Mismatch("other values than the statement's")
    if (answer["files"] >= 3) != statement["files"]:
        raise Mismatch(f"it came in {answer['files']} files")
    # 27 bytes a row, of which LZ4 saves half
    if (answer["bytes"] / answer["rows"] < 20) != statement["lz4"]:
        raise Mismatch(f"it took {answer['bytes']} bytes, with LZ4 {statement['lz4']}")
    ours = shell.output(statement["sql"], "--format", "tsv", "--no-header", "-q")
    if hashlib.sha256(ours.encode()).hexdigest() != digest.hexdigest():
        raise Mismatch("our shell reads other values than the statement's")
    return f"{answer['rows']} rows, {answer['files']} files, {answer['bytes']} bytes"


CHECKS = {
    "download": check_download,
    "rows": check_rows,
    "lines": check_lines,
    "affected": check_affected,
    "error": check_error,
    "metadata": check_metadata,
}


def check_peer(shell, statements, path):
    peer = os.path.basename(path)
    answers = {}
    if os.path.exists(path + ".jsonl"):
        with open(path + ".jsonl", encoding="utf-8") as lines:
            answers = {answer["name"]: answer for answer in map(json.loads, lines)}
    passed = failed = 0
    for statement in statements:
        if peer not in statement.get("peers", [peer]) or (
                peer == "arrow" and statement.get("check", "rows") != "rows"):
            continue
        name = statement["name"]
        try:
            answer = answers.get(name)
            if answer is None:
                raise Mismatch("no answer")
            kind = statement.get("check", "rows")
            if "error" in answer and kind != "error":
                raise Mismatch(f"the peer failed: {answer['error'][:400]}")
            detail = CHECKS[kind](shell, statement, answer)
            print(f"PASS  {peer:7}{name}  ({detail})")
            passed += 1
        except Mismatch as mismatch:
            print(f"FAIL  {peer:7}{name}: {mismatch}")
            failed += 1
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shell", required=True)
    parser.add_argument("--statements", required=True)
    parser.add_argument("peers", nargs="+")
    arguments = parser.parse_args()
    with open(arguments.statements, encoding="utf-8") as file:
        statements = json.load(file)
    shell = Shell(arguments.shell)
    passed = failed = 0
    for peer in arguments.peers:
        good, bad = check_peer(shell, statements, peer)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
