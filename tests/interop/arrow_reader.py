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


def is_months(field):
    return str(field.type) == "month_interval"


def read_stream(body):
    """The schema and the validated batches. pyarrow reads year-month intervals but has no Python type for them, so their
    columns are read a second time as the 32-bit counts of months that they are."""
    pyarrow.ipc.open_stream(body).read_all().validate(full=True)
    messages = pyarrow.MessageReader.open_stream(body)
    schema = pyarrow.ipc.read_schema(messages.read_next_message())
    readable = pyarrow.schema(
        [pyarrow.field(field.name, pyarrow.int32()) if is_months(field) else field for field in schema])
    batches = [pyarrow.ipc.read_record_batch(message, readable) for message in messages]
    return schema, batches


def months(value):
    return None if value is None else {"text": f"{'-' if value < 0 else ''}{abs(value) // 12}-{abs(value) % 12}"}


def rows_of(schema, batch):
    columns = []
    for field, column in zip(schema, batch.columns):
        values = column.to_pylist()
        columns.append([months(v) if is_months(field) else nested(field.type, v) for v in values])
    return [list(row) for row in zip(*columns)]


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
                schema, batches = read_stream(run.stdout)
                answer = {"columns": schema.names, "rows": [row for batch in batches for row in rows_of(schema, batch)]}
            print(json.dumps({"name": statement["name"], **answer}), file=output, flush=True)


main()
