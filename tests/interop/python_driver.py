"""Runs the statements with the official Python connector and writes down what it returned, one JSON line each.

usage: python_driver.py STATEMENTS OUTPUT      with DBSQL_DSN set

The form of values and of errors is described in compare.py.
"""

import datetime
import decimal
import hashlib
import json
import os
import re
import sys
import urllib.request

from databricks import sql
from databricks.sql.parameters import native

PARAMETER_TYPES = {
    "TINYINT": native.TinyIntParameter,
    "SMALLINT": native.SmallIntParameter,
    "INT": native.IntegerParameter,
    "BIGINT": native.BigIntegerParameter,
    "FLOAT": native.FloatParameter,
    "DOUBLE": native.DoubleParameter,
    "DECIMAL": native.DecimalParameter,
    "BOOLEAN": native.BooleanParameter,
    "STRING": native.StringParameter,
    "DATE": native.DateParameter,
    "TIMESTAMP": native.TimestampParameter,
    "TIMESTAMP_NTZ": native.TimestampNTZParameter,
    "VOID": native.VoidParameter,
}


def python_value(kind, value):
    """The parameter of the statement list as the Python type a user would pass."""
    if value is None:
        return None
    if kind == "DECIMAL":
        return decimal.Decimal(value)
    if kind == "DATE":
        return datetime.date.fromisoformat(value)
    if kind in ("TIMESTAMP", "TIMESTAMP_NTZ"):
        return datetime.datetime.fromisoformat(value)
    return value


def parameters_of(statement):
    parameters = []
    for item in statement["parameters"]:
        make = PARAMETER_TYPES[item["type"] if item["value"] is not None else "VOID"]
        parameters.append(make(python_value(item["type"], item["value"]), name=item.get("name")))
    return parameters


def tagged(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, float):
        return {"double": repr(value)}
    if isinstance(value, decimal.Decimal):
        return {"decimal": format(value, "f")}
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime.datetime):
        return {"timestamp": value.isoformat(sep=" ")}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"microseconds": str(value // datetime.timedelta(microseconds=1))}
    if isinstance(value, dict):
        return {"object": [[str(key), tagged(item)] for key, item in value.items()]}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {"entries": [[tagged(key), tagged(item)] for key, item in value]}
        return {"list": [tagged(item) for item in value]}
    raise TypeError(f"no rule for {type(value)}")


def metadata_call(cursor, call):
    arguments = dict(call)
    getattr(cursor, arguments.pop("python"))(**arguments.get("arguments", {}))


def run_statement(cursor, statement):
    if "call" in statement:
        metadata_call(cursor, statement["call"])
    elif "parameters" in statement:
        cursor.execute(statement["sql"], parameters_of(statement))
    else:
        cursor.execute(statement["sql"])
    answer = {"columns": [column[0] for column in cursor.description or []]}
    if statement.get("check") == "affected":
        answer["affected"] = cursor.rowcount
        return answer
    if statement.get("check") == "lines":
        answer["lines"] = ["\t".join(map(str, row)) for row in fetched_in_steps(cursor)]
        return answer
    answer["rows"] = [[cell_of(*pair) for pair in zip(cursor.description, row)] for row in cursor.fetchall()]
    return answer


def cell_of(column, value):
    # Python has one type for both; the column tells.
    return {"float": repr(value)} if column[1] == "float" and value is not None else tagged(value)


def fetched_in_steps(cursor):
    """All rows through Arrow, in steps that do not divide the pages."""
    while True:
        table = cursor.fetchmany_arrow(77_777)
        if table.num_rows == 0:
            return
        yield from zip(*(column.to_pylist() for column in table.columns))


def warehouse():
    return re.fullmatch(r"http://token:([^@]*)@([^/]+)(/[^?]*).*", os.environ["DBSQL_DSN"]).groups()


def journal(method):
    token, host, _ = warehouse()
    request = urllib.request.Request(
        f"http://{host}/_local/journal", method=method, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return reply.read()


def run_download(statement):
    """Reads a large result, and says what it is made of, in how many files it came, and how many bytes travelled."""
    journal("DELETE")
    options = {"enable_query_result_lz4_compression": statement["lz4"], "use_cloud_fetch": statement["files"]}
    with connect(**options) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement["sql"])
            digest = hashlib.sha256()
            rows = 0
            for row in fetched_in_steps(cursor):
                digest.update(("\t".join(map(str, row)) + "\n").encode())
                rows += 1
    replies = [each for each in json.loads(journal("GET"))["entries"] if each["status"] == 200]
    return {"rows": rows, "sha256": digest.hexdigest(),
            "files": sum(each["path"].startswith("/_storage/") for each in replies),
            "bytes": sum(each["response_bytes"] for each in replies)}


def connect(**options):
    token, host, path = warehouse()
    # The connector speaks https only, except to an address that is given whole.
    return sql.connect(
        server_hostname=f"http://{host}", http_path=path, access_token=token, enable_telemetry=False,
        _connection_uri=f"http://{host}{path}", _retry_stop_after_attempts_count=1, _socket_timeout=60,
        _disable_pandas=True, **options)  # pandas cannot tell NULL from NaN


def main():
    statements = json.load(open(sys.argv[1], encoding="utf-8"))
    with connect() as connection, open(sys.argv[2], "w", encoding="utf-8") as output:
        for statement in statements:
            if "python" not in statement.get("peers", ["python"]):
                continue
            with connection.cursor() as cursor:
                try:
                    is_download = statement.get("check") == "download"
                    answer = run_download(statement) if is_download else run_statement(cursor, statement)
                except Exception as error:  # whatever it is, it is the peer's answer to this statement
                    answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps({"name": statement["name"], **answer}), file=output, flush=True)


main()
