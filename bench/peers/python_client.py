"""The official Python connector at the work of dbsql-bench-client; prints the same JSON.

usage: python_client.py --port PORT --mode arrow|rows --sql STATEMENT [--repeat N] [--kernel] [--no-log-text]
       python_client.py --port PORT --mode queries --queries N
       python_client.py --port PORT --mode first --sql STATEMENT --queries N [--kernel]
       python_client.py --port PORT --mode slow --sql STATEMENT --bytes-per-row B --rate MB [--kernel]

--kernel uses its other backend, the kernel written in Rust, which speaks the REST protocol. Version 4.9.0 makes a text
of every Thrift reply for its debug log, also when nothing is logged. --no-log-text leaves that out, to show the
connector without this accident.
"""

import argparse
import ctypes
import decimal
import importlib.metadata
import json
import resource
import struct
import time

import numpy
import pyarrow
from databricks import sql
from databricks.sql.thrift_api.TCLIService import ttypes


MASK = 2**64 - 1
STEP = 100_000  # rows that a program asks for at once


def connect(arguments):
    port = arguments.port
    options = {"use_cloud_fetch": "form=files" in arguments.sql, "_retry_stop_after_attempts_count": 1}
    # The connector speaks https only, except to an address that is given whole.
    options["_connection_uri"] = f"http://127.0.0.1:{port}/sql/1.0/warehouses/bench"
    if arguments.kernel:
        options = {"use_kernel": True}
    return sql.connect(
        server_hostname=f"http://127.0.0.1:{port}", http_path="/sql/1.0/warehouses/bench", access_token="bench",
        enable_telemetry=False, **options)


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


def nested_sum(array):
    """The leaves of a nested column."""
    if pyarrow.types.is_struct(array.type):
        return sum(column_sum(child) for child in array.flatten())
    offsets = words(array.buffers()[1], numpy.int32, array.offset, len(array) + 1)
    size = int(offsets[-1] - offsets[0])
    if pyarrow.types.is_map(array.type):
        return sum(column_sum(part.slice(offsets[0], size)) for part in (array.keys, array.items))
    return column_sum(array.values.slice(offsets[0], size))


def column_sum(array):
    """The checksum of workload/checksum.h, over one chunk of a column."""
    kind = array.type
    if len(array) == 0:
        return 0
    if pyarrow.types.is_nested(kind):
        return nested_sum(array)
    if array.null_count > 0:
        array = array.drop_null()
    values = array.buffers()[1]
    if pyarrow.types.is_string(kind):
        return text_sum(array)
    if pyarrow.types.is_decimal(kind):
        return wrapped_sum(words(values, numpy.int64, 2 * array.offset, 2 * len(array))[::2])
    if pyarrow.types.is_int32(kind):
        return wrapped_sum(words(values, numpy.int32, array.offset, len(array)))
    return wrapped_sum(words(values, numpy.int64, array.offset, len(array)))  # BIGINT, bits of DOUBLE


def cell_sum(value):
    """The same of one cell of a row."""
    if value is None:
        return 0
    if isinstance(value, str):
        return len(value) + (ord(value[0]) << 8) + (ord(value[-1]) << 16)
    if isinstance(value, float):
        return struct.unpack("<Q", struct.pack("<d", value))[0]
    return int(value.scaleb(2)) if isinstance(value, decimal.Decimal) else int(value) & MASK


def first_words(array):
    total = 0
    for buffer in array.buffers()[1:]:
        if buffer is not None and buffer.size >= 8:
            total += int.from_bytes(memoryview(buffer)[:8], "little")
    return total


def read(cursor, statement, look_at, after=lambda rows: None):
    """Reads the whole result in steps; `look_at` sees every chunk of every column."""
    cursor.execute(statement)
    rows = total = 0
    while True:
        table = cursor.fetchmany_arrow(STEP)
        if table.num_rows == 0:
            return rows, total & MASK
        rows += table.num_rows
        if not isinstance(table, pyarrow.Table):  # column-based pages become lists of Python values
            total += sum(map(cell_sum, (cell for column in table.column_table for cell in column)))
            continue
        for column in table.columns:
            for chunk in column.chunks:
                if len(chunk) > 0:
                    total += look_at(chunk)
        after(rows)


def read_rows(cursor, statement, look_at):
    """Reads every cell of every row."""
    cursor.execute(statement)
    rows = total = 0
    while True:
        step = cursor.fetchmany(10_000)
        if not step:
            return rows, total & MASK
        rows += len(step)
        for row in step:
            for cell in row:
                total += look_at(cell)


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
        if arguments.mode == "rows":
            verify = lambda: read_rows(cursor, arguments.sql, cell_sum)
            work = lambda: read_rows(cursor, arguments.sql, lambda cell: cell is not None)
        else:
            verify = lambda: read(cursor, arguments.sql, column_sum)
            work = lambda: read(cursor, arguments.sql, first_words)
        cold = timed(verify)
        passes = [timed(work) for _ in range(arguments.repeat)]
    verified = {"rows": cold["rows"], "checksum": cold["checksum"]}
    return {"cold": cold, "verified": verified, "passes": {arguments.mode: passes}}


def memory_kib(name):
    with open("/proc/self/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))


def run_slowly(connection, arguments):
    """Once, no faster than the given rate: what is looked at is how much memory it takes."""
    with connection.cursor() as cursor:
        if not arguments.kernel:
            select_one(cursor)
        base = memory_kib("VmRSS")
        begin = time.perf_counter()

        def wait(rows):
            due = rows * arguments.bytes_per_row / (arguments.rate * 1e6)
            time.sleep(max(0.0, begin + due - time.perf_counter()))

        seen = timed(lambda: read(cursor, arguments.sql, column_sum, wait))
    verified = {"rows": seen["rows"], "checksum": seen["checksum"]}
    return {"verified": verified, "base_rss_kib": base, "passes": {"slow": [seen]}}


def read_first(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.fetchmany_arrow(10_000).num_rows == 0:
            raise RuntimeError("the result has no rows")


def run_first(connection, arguments):
    read_first(connection, arguments.sql)  # warm-up
    return repeated(lambda: read_first(connection, arguments.sql), arguments.queries)


def repeated(work, count):
    wall = []
    begin = usage()
    for _ in range(count):
        before = time.perf_counter()
        work()
        wall.append((time.perf_counter() - before) * 1e6)
    spent = difference(begin, usage())
    wall.sort()
    return {"queries": len(wall), **spent,
            "cpu_us_per_query": (spent["user_s"] + spent["system_s"]) * 1e6 / len(wall),
            "p50_us": wall[len(wall) // 2], "p99_us": wall[len(wall) * 99 // 100]}


def select_one(cursor):
    cursor.execute("SELECT 1")
    if cursor.fetchall()[0][0] != 1:
        raise RuntimeError("SELECT 1 gave another number")


def run_queries(connection, arguments):
    with connection.cursor() as cursor:
        for _ in range(arguments.warm_up):
            select_one(cursor)
        return repeated(lambda: select_one(cursor), arguments.queries)


MODES = {"arrow": run_pages, "rows": run_pages, "queries": run_queries, "first": run_first, "slow": run_slowly}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mode", choices=list(MODES), required=True)
    parser.add_argument("--sql", default="")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--bytes-per-row", type=float, default=0)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--kernel", action="store_true")
    parser.add_argument("--no-log-text", action="store_true")
    arguments = parser.parse_args()
    if arguments.no_log_text:
        leave_out_log_text()
    with connect(arguments) as connection:
        report = MODES[arguments.mode](connection, arguments)
    report["versions"] = {"databricks-sql-connector": sql.__version__, "pyarrow": pyarrow.__version__}
    if arguments.kernel:
        report["versions"]["databricks-sql-kernel"] = importlib.metadata.version("databricks-sql-kernel")
    report["peak_rss_kib"] = memory_kib("VmHWM")
    print(json.dumps(report))


main()
