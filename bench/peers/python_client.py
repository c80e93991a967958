"""The official Python connector at the work of dbsql-bench-client; prints the same JSON.

usage: python_client.py --port PORT --mode arrow --sql STATEMENT [--repeat N] [--no-log-text]
       python_client.py --port PORT --mode queries --queries N

Version 4.9.0 makes a text of every reply for its debug log, also when nothing is logged. --no-log-text leaves that out,
to show the connector without this accident.
"""

import argparse
import ctypes
import json
import resource
import time

import numpy
import pyarrow
from databricks import sql
from databricks.sql.thrift_api.TCLIService import ttypes


def connect(port):
    # The connector speaks https only, except to an address that is given whole.
    return sql.connect(
        server_hostname=f"http://127.0.0.1:{port}", http_path="/sql/1.0/warehouses/bench",
        _connection_uri=f"http://127.0.0.1:{port}/sql/1.0/warehouses/bench", access_token="bench",
        enable_telemetry=False, use_cloud_fetch=False, _retry_stop_after_attempts_count=1)


def words(buffer, dtype, offset, length):
    return numpy.frombuffer(buffer, dtype=dtype, count=length, offset=offset * numpy.dtype(dtype).itemsize)


def wrapped_sum(values):
    return int(values.astype(numpy.int64, copy=False).view(numpy.uint64).sum(dtype=numpy.uint64))


def text_sum(array):
    _, offsets, data = array.buffers()
    offsets = words(offsets, numpy.int32, array.offset, len(array) + 1)
    data = numpy.frombuffer(data, dtype=numpy.uint8)
    first = data[offsets[:-1]].sum(dtype=numpy.uint64)
    last = data[offsets[1:] - 1].sum(dtype=numpy.uint64)
    return int(offsets[-1] - offsets[0]) + (int(first) << 8) + (int(last) << 16)


def column_sum(array):
    """The checksum of workload/checksum.h, over one chunk of a column."""
    kind = array.type
    values = array.buffers()[1]
    if pyarrow.types.is_string(kind):
        return text_sum(array)
    if pyarrow.types.is_decimal(kind):
        return wrapped_sum(words(values, numpy.int64, 2 * array.offset, 2 * len(array))[::2])
    if pyarrow.types.is_int32(kind):
        return wrapped_sum(words(values, numpy.int32, array.offset, len(array)))
    return wrapped_sum(words(values, numpy.int64, array.offset, len(array)))  # BIGINT, bits of DOUBLE


def first_words(array):
    total = 0
    for buffer in array.buffers()[1:]:
        if buffer is not None and buffer.size >= 8:
            total += int.from_bytes(memoryview(buffer)[:8], "little")
    return total


def read(cursor, statement, look_at):
    """Reads the whole result page by page; `look_at` sees every chunk of every column."""
    cursor.execute(statement)
    rows = total = 0
    while True:
        table = cursor.fetchmany_arrow(100_000)
        if table.num_rows == 0:
            return rows, total % 2**64
        rows += table.num_rows
        for column in table.columns:
            for chunk in column.chunks:
                if len(chunk) > 0:
                    total += look_at(chunk)


def usage():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"wall_s": time.perf_counter(), "user_s": used.ru_utime, "system_s": used.ru_stime,
            "minor_faults": used.ru_minflt, "major_faults": used.ru_majflt,
            "voluntary_switches": used.ru_nvcsw, "involuntary_switches": used.ru_nivcsw}


def leave_out_log_text():
    for kind in vars(ttypes).values():
        if isinstance(kind, type) and "__repr__" in vars(kind):
            kind.__repr__ = object.__repr__


class Counters(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("allocations", "allocated_bytes", "copied_bytes")]


def counters():
    """What the preloaded counting library has seen so far; None without it."""
    try:
        read_counters = ctypes.CDLL(None).dbsql_bench_read_counters
    except AttributeError:
        return None
    now = Counters()
    read_counters(ctypes.byref(now))
    return {name: getattr(now, name) for name, _ in Counters._fields_}


def difference(begin, end):
    return {name: end[name] - begin[name] for name in begin}


def timed(work):
    counted, begin = counters(), usage()
    rows, total = work()
    report = difference(begin, usage())
    if counted:
        report["counted"] = difference(counted, counters())
    return {**report, "rows": rows, "checksum": str(total)}


def run_pages(connection, arguments):
    with connection.cursor() as cursor:
        cold = timed(lambda: read(cursor, arguments.sql, column_sum))
        passes = [timed(lambda: read(cursor, arguments.sql, first_words)) for _ in range(arguments.repeat)]
    verified = {"rows": cold["rows"], "checksum": cold["checksum"]}
    return {"cold": cold, "verified": verified, "passes": {arguments.mode: passes}}


def select_one(cursor):
    cursor.execute("SELECT 1")
    if cursor.fetchall()[0][0] != 1:
        raise RuntimeError("SELECT 1 gave another number")


def run_queries(connection, arguments):
    with connection.cursor() as cursor:
        for _ in range(arguments.warm_up):
            select_one(cursor)
        wall = []
        begin = usage()
        for _ in range(arguments.queries):
            before = time.perf_counter()
            select_one(cursor)
            wall.append((time.perf_counter() - before) * 1e6)
        spent = difference(begin, usage())
    wall.sort()
    return {"queries": len(wall), **spent,
            "cpu_us_per_query": (spent["user_s"] + spent["system_s"]) * 1e6 / len(wall),
            "p50_us": wall[len(wall) // 2], "p99_us": wall[len(wall) * 99 // 100]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mode", choices=["arrow", "queries"], required=True)
    parser.add_argument("--sql", default="")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--no-log-text", action="store_true")
    arguments = parser.parse_args()
    if arguments.no_log_text:
        leave_out_log_text()
    with connect(arguments.port) as connection:
        run = run_queries if arguments.mode == "queries" else run_pages
        report = run(connection, arguments)
    report["versions"] = {"databricks-sql-connector": sql.__version__, "pyarrow": pyarrow.__version__}
    report["peak_rss_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(report))


main()
