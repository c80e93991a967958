"""Reads every value of the golden file through our shell's Arrow streams with Arrow's own implementation.

usage: golden_reader.py VALUES SHELL DSN

Each stream is validated in full; its type and its value are compared with the file's typed form, without any code of
ours in between. The file and the notation are described in tests/golden/types.
"""

import os
import re
import struct
import subprocess
import sys

import pyarrow

ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def unescape(cell):
    return re.sub(r"\\(x..|.)", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else ESCAPES[m[1]], cell)


def values(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                name, form, zone, source, kind, _, typed = map(unescape, line.split("\t"))
                if form == "*":
                    yield name, zone, source, kind, typed


class Typed:
    """The notation as nested tuples: ("i32", 5), ("list", [...]), ("map", [(key, value)]), ("struct", [(name, value)])."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def read(self):
        value = self.value()
        if self.at != len(self.text):
            raise ValueError(f"left over: {self.text[self.at:]}")
        return value

    def accept(self, word):
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def quoted(self):
        match = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(self.text, self.at)
        self.at = match.end()
        return re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)

    def each(self, close, item):
        items = []
        while not self.accept(close):
            items.append(item())
            self.accept(", ")
        return items

    def pair(self, key, between):
        first = key()
        if not self.accept(between):
            raise ValueError(f"no {between} at {self.text[self.at:]}")
        return first, self.value()

    def value(self):
        for word, constant in (("null", None), ("true", ("bool", True)), ("false", ("bool", False))):
            if self.accept(word):
                return constant
        if self.accept("["):
            return "list", self.each("]", self.value)
        if self.accept("{"):
            return "map", self.each("}", lambda: self.pair(self.value, " => "))
        if self.accept("("):
            return "struct", self.each(")", lambda: self.pair(self.quoted, ": "))
        if self.accept("str:"):
            return "str", self.quoted()
        match = re.compile(r"(\w+):([^,\])} ]*)").match(self.text, self.at)
        self.at = match.end()
        tag, word = match.groups()
        if tag in ("f32", "f64"):
            return tag, struct.pack("f" if tag == "f32" else "d", float(word))
        if tag == "dec":
            return tag, tuple(map(int, word.split("/")))
        if tag == "ts":
            return tag, (int(word.split("@")[0]), word.split("@")[1])
        return tag, bytes.fromhex(word) if tag == "bin" else int(word)


def fixed(array, index, code):
    return struct.unpack_from(code, array.buffers()[1], (array.offset + index) * struct.calcsize(code))[0]


def decimal(array, index):
    start = (array.offset + index) * 16
    return int.from_bytes(array.buffers()[1][start:start + 16], "little", signed=True), array.type.scale


FIXED = {
    "int8": ("i8", "<b"), "int16": ("i16", "<h"), "int32": ("i32", "<i"), "int64": ("i64", "<q"),
    "date32[day]": ("date", "<i"), "month_interval": ("ym", "<i"), "duration[us]": ("dt", "<q"),
    "timestamp[us]": ("ntz", "<q"),
}


def readable(kind):
    """The type with 32-bit integers in place of months, for which pyarrow has no class."""
    if str(kind) == "month_interval":
        return pyarrow.int32()
    if pyarrow.types.is_map(kind):
        return pyarrow.map_(pyarrow.field(kind.key_field.with_type(readable(kind.key_type))),
                            pyarrow.field(kind.item_field.with_type(readable(kind.item_type))))
    if pyarrow.types.is_list(kind):
        return pyarrow.list_(kind.value_field.with_type(readable(kind.value_type)))
    if pyarrow.types.is_struct(kind):
        return pyarrow.struct([kind.field(i).with_type(readable(kind.field(i).type)) for i in range(kind.num_fields)])
    return kind


def shown(kind, array, index):
    """One value of an Arrow array in the same tuples, read from Arrow's buffers."""
    if not array.is_valid()[index].as_py():
        return None
    name = str(kind)
    if name in FIXED:
        tag, code = FIXED[name]
        return tag, fixed(array, index, code)
    if pyarrow.types.is_timestamp(kind):
        return "ts", (fixed(array, index, "<q"), kind.tz)
    if pyarrow.types.is_boolean(kind):
        return "bool", array[index].as_py()
    if pyarrow.types.is_float32(kind) or pyarrow.types.is_float64(kind):
        tag, code = ("f32", "f") if pyarrow.types.is_float32(kind) else ("f64", "d")
        return tag, struct.pack(code, fixed(array, index, "<" + code))
    if pyarrow.types.is_decimal128(kind):
        return "dec", decimal(array, index)
    if pyarrow.types.is_string(kind):
        return "str", array[index].as_py()
    if pyarrow.types.is_binary(kind):
        return "bin", array[index].as_py()
    if pyarrow.types.is_map(kind):
        first, last = (fixed(array, index + i, "<i") for i in (0, 1))
        return "map", [(shown(kind.key_type, array.keys, i), shown(kind.item_type, array.items, i)) for i in range(first, last)]
    if pyarrow.types.is_list(kind):
        first, last = (fixed(array, index + i, "<i") for i in (0, 1))
        return "list", [shown(kind.value_type, array.values, i) for i in range(first, last)]
    if pyarrow.types.is_struct(kind):
        return "struct", [(kind.field(i).name, shown(kind.field(i).type, array.field(i), index)) for i in range(kind.num_fields)]
    raise TypeError(f"no rule for {name}")


def check(shell, dsn, name, zone, source, kind, typed):
    statement = f"GOLDEN {name}" if source == "=" else f"SELECT {source} AS v"
    session = f"{'&' if '?' in dsn else '?'}timezone={zone.replace('+', '%2B')}"
    run = subprocess.run([shell, "--format", "arrow", "-q", "-e", statement], stdin=subprocess.DEVNULL,
                         capture_output=True, check=False, env={**os.environ, "DBSQL_DSN": dsn + session})
    if run.returncode != 0:
        return f"the shell failed: {run.stderr.decode().strip()}"
    pyarrow.ipc.open_stream(run.stdout).read_all().validate(full=True)
    messages = pyarrow.MessageReader.open_stream(run.stdout)
    field = pyarrow.ipc.read_schema(messages.read_next_message()).field(0)
    if field.nullable == kind.endswith(" NOT NULL"):
        return f"nullable is {field.nullable}"
    declared = (field.metadata or {}).get(b"Spark:DataType:SqlName", b"").decode()
    if declared != kind.removesuffix(" NOT NULL"):
        return f"the type is {declared} instead of {kind}"
    schema = pyarrow.schema([field.with_type(readable(field.type))])
    batches = [pyarrow.ipc.read_record_batch(message, schema) for message in messages]
    rows = [shown(field.type, batch.column(0), i) for batch in batches for i in range(batch.num_rows)]
    wanted = [Typed(typed).read()] + [None] * (source == "=" and field.nullable)
    return None if rows == wanted else f"{rows} instead of {wanted}"


def main():
    path, shell, dsn = sys.argv[1:]
    passed = failed = 0
    for value in values(path):
        try:
            problem = check(shell, dsn, *value)
        except (pyarrow.ArrowException, TypeError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            print(f"FAIL  arrow  golden value {value[0]}: {problem}")
        passed, failed = passed + (problem is None), failed + (problem is not None)
    print(f"{passed} golden values passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
