"""Reads the Arrow streams that our shell writes with Arrow's own implementation, one answer a statement.

usage: arrow_reader.py STATEMENTS OUTPUT SHELL      with DBSQL_DSN set

Only statements whose rows are compared take part. The form of the answers is described in compare.py.
"""

import datetime
import json
import subprocess
import sys

import pyarrow
import pyarrow.types


def scalar(kind, value):
    if value is None:
        return None
    if pyarrow.types.is_boolean(kind):
        return {"bool": value}
    if pyarrow.types.is_integer(kind):
        return {"integer": str(value)}
    if pyarrow.types.is_float32(kind):
        return {"float": repr(value)}
    if pyarrow.types.is_float64(kind):
        return {"double": repr(value)}
    if pyarrow.types.is_decimal(kind):
        return {"decimal": format(value, "f")}
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        return {"text": value}
    if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        return {"bytes": value.hex()}
    if pyarrow.types.is_date(kind):
        return {"date": value.isoformat()}
    if pyarrow.types.is_timestamp(kind):
        return {"timestamp": value.isoformat(sep=" ")}
    if pyarrow.types.is_duration(kind):
        return {"microseconds": str(value // datetime.timedelta(microseconds=1))}
    raise TypeError(f"no rule for {kind}")


def nested(kind, value):
    if value is None:
        return None
    if pyarrow.types.is_map(kind):
        return {"entries": [[nested(kind.key_type, key), nested(kind.item_type, item)] for key, item in value]}
    if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind):
        return {"list": [nested(kind.value_type, item) for item in value]}
    if pyarrow.types.is_struct(kind):
        return {"object": [[field.name, nested(field.type, value[field.name])] for field in kind]}
    return scalar(kind, value)


def months(array):
    """pyarrow has no Python type for year-month intervals; their values are 32-bit counts of months."""
    counts = pyarrow.Array.from_buffers(pyarrow.int32(), len(array), array.buffers(), offset=array.offset).to_pylist()
    return [None if n is None else {"text": f"{'-' if n < 0 else ''}{abs(n) // 12}-{abs(n) % 12}"} for n in counts]


def cells(column):
    if str(column.type) == "month_interval":
        return [cell for chunk in column.chunks for cell in months(chunk)]
    return [nested(column.type, value) for value in column.to_pylist()]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        statements = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as output:
        for statement in statements:
            if "arrow" not in statement.get("peers", ["arrow"]) or statement.get("check", "rows") != "rows":
                continue
            run = subprocess.run(
                [sys.argv[3], "--format", "arrow", "-q", "-e", statement.get("ours", statement.get("sql"))],
                stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if run.returncode != 0:
                answer = {"error": run.stderr.decode()}
            else:
                table = pyarrow.ipc.open_stream(run.stdout).read_all()
                table.validate(full=True)
                columns = [cells(column) for column in table.columns]
                answer = {"columns": table.column_names, "rows": [list(row) for row in zip(*columns)]}
            print(json.dumps({"name": statement["name"], **answer}), file=output, flush=True)


main()
