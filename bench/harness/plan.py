"""In which order things are run: floor, ours, peers, floor, ours, ... so that all see the same machine."""

import json

from harness.peers import run_json, say
from harness.workloads import Cells, First, Memory, Pages, Queries


class Runner:
    def __init__(self, scale, build, server, peers):
        self.scale, self.build, self.server, self.peers = scale, build.resolve(), server, peers
        self.facts = {}
        self.runs = []

    def program(self, name):
        return self.build / "bench" / name

    def driver(self, options=""):
        return [self.program("dbsql-bench-client"), "--dsn",
                f"http://token:bench@127.0.0.1:{self.server.port}/sql/1.0/warehouses/bench{options}"]

    def port(self):
        return ["--port", str(self.server.port)]

    def record(self, workload, client, round_number, command, environment=None, statement=None):
        """Runs one client once, checks that it saw what the server had, and keeps its report."""
        before = self.server.stats()
        report = run_json(command, environment)
        run = {"workload": workload.name, "kind": type(workload).__name__, "client": client, "round": round_number,
               "report": report, "server": self.server.work_since(before)}
        if statement:
            run["facts"] = self.facts_of(statement)
            run["execute_options"] = self.server.stats()["last_execute_options"]
        if isinstance(workload, Queries):
            run["mode"] = workload.mode
        if isinstance(workload, Pages):
            run["cells_of_a_row"] = workload.cells_of_a_row
        if "verified" in report:
            check(run)
        self.runs.append(run)

    def peer(self, workload, client, name, number, options, statement=None):
        if name not in self.peers:
            return
        peer = self.peers[name]
        sql = ["--sql", statement] if statement else []
        if statement:
            self.facts_of(statement)  # made before anybody waits for it
        self.record(workload, client, number, [*peer["command"], *self.port(), *sql, *options],
                    peer["environment"], statement)

    def facts_of(self, statement):
        if statement not in self.facts:
            self.facts[statement] = self.server.facts(statement)
        return self.facts[statement]

    # ------------------------------------------------------------------------------------------ whole results

    def pages_round(self, workload, number):
        if number >= (self.scale.file_rounds if workload.form == "files" else self.scale.rounds):
            return
        repeat = ["--repeat", str(1 if workload.form == "files" else self.scale.repeat)]
        statement = workload.statement()
        sql = ["--sql", statement]
        self.facts_of(statement)
        self.record(workload, "floor", number, [self.program("dbsql-bench-floor"), *self.port(), *sql, *repeat],
                    statement=statement)
        for mode in self.modes(workload, number):
            self.record(workload, f"ours, {mode}", number, [*self.driver(), "--mode", mode, *sql, *repeat],
                        statement=statement)
        if number == 0:
            self.counted_run(workload)
        if number < self.scale.peer_rounds and workload.batches < 64:
            self.peer_pages(workload, number, repeat)

    def modes(self, workload, number):
        """The ways of the driver: the stream's own cost does not depend on the data, and values are slow."""
        if workload.batches == 64 or workload.data == "nested3":
            return ["arrow"]
        first = workload.name == "pages, ints4 LZ4"
        values = number == 0 and workload.form == "arrow"
        return ["arrow", *(["stream"] if first else []), "rows", *(["values"] if values else [])]

    def counted_run(self, workload):
        """Allocations and copies, in a run of its own whose times mean nothing."""
        preload = {"LD_PRELOAD": str(self.program("libdbsql-bench-count.so"))}
        statement = workload.statement()
        self.record(workload, "ours, counted", 0, [*self.driver(), "--mode", "arrow", "--sql", statement], preload,
                    statement)

    def peer_pages(self, workload, number, repeat):
        scale = self.scale
        is_files = workload.form == "files"
        is_columns = workload.form == "columns"
        batches = workload.statement(scale.peer_files if is_files else scale.python_pages)
        rows = workload.statement(scale.node_files if is_files else scale.node_pages)
        arrow = ["--mode", "arrow", *repeat]
        # Column-based pages become lists of Python values there, at the same cost as rows.
        if not is_columns:
            self.peer(workload, "Python, arrow", "python", number, arrow, batches)
            if not is_files:
                self.peer(workload, "Python without log text, arrow", "python", number, [*arrow, "--no-log-text"],
                          batches)
        if is_files:
            self.peer(workload, "Python kernel, arrow", "kernel", number, arrow, batches)
        if not workload.lz4 and not is_columns:
            self.peer(workload, "Go, arrow", "go", number, arrow, batches)
        if workload.data in ("nested3", "decimals15") or number > 0:
            return
        by_rows = ["--mode", "rows", *repeat]
        self.peer(workload, "Python, rows", "python", number, by_rows, rows)
        if not workload.lz4:
            self.peer(workload, "Go, rows", "go", number, by_rows, batches)
        if not (workload.lz4 and is_files):  # it asks for LZ4 only where it downloads nothing
            self.peer(workload, "Node, rows", "node", number, by_rows, rows)

    # --------------------------------------------------------------------------------------------- slow readers

    def memory_round(self, workload, number):
        if number >= self.scale.peer_rounds:
            return
        statement = workload.pages.statement()
        facts = self.facts_of(statement)
        pace = ["--mode", "slow", "--bytes-per-row", str(facts["arrow_bytes"] / facts["rows"]),
                "--rate", str(self.scale.memory_rate)]
        budget = f"?result.memory_budget={workload.budget_mib << 20}"
        self.record(workload, "ours", number, [*self.driver(budget), *pace, "--sql", statement], statement=statement)
        if workload.budget_mib != 256 or number > 0:  # the peers have no such option
            return
        self.peer(workload, "Python", "python", number, pace, statement)
        self.peer(workload, "Python kernel", "kernel", number, pace, statement)
        if not workload.pages.lz4:
            self.peer(workload, "Go", "go", number, pace, statement)

    def first_round(self, workload, number):
        if number >= self.scale.peer_rounds:
            return
        statement = workload.pages.statement()
        self.facts_of(statement)
        options = ["--mode", "first", "--queries", str(workload.queries)]
        self.record(workload, "ours", number, [*self.driver(), *options, "--sql", statement])
        for client, name in (("Python", "python"), ("Python kernel", "kernel"), ("Go", "go")):
            if name != "go" or not workload.pages.lz4:
                self.peer(workload, client, name, number, options, statement)

    # ------------------------------------------------------------------------------------------------ cells

    def cells_round(self, workload, number):
        if number >= self.scale.peer_rounds:
            return
        command = [self.program("dbsql-bench-micro"), "--benchmark_format=json", "--benchmark_min_time=0.3",
                   "--benchmark_filter=column_spans|typed_|get_|value_rows"]
        report = run_json(command)
        cells = {each["name"]: each["items_per_second"] for each in report["benchmarks"]}
        self.runs.append({"workload": workload.name, "kind": "Cells", "client": "ours", "round": number,
                          "report": {"cells_per_s": cells, "versions": {}}})

    # ------------------------------------------------------------------------------------------ small queries

    def queries_round(self, workload, number):
        queries = ["--queries", str(workload.queries)]
        floor = [self.program("dbsql-bench-floor"), *self.port(), f"--{workload.mode}", str(workload.queries)]
        self.record(workload, "floor", number, floor)
        self.record(workload, "libcurl", number, [*floor, "--curl"])
        ours = [*self.driver(), "--mode", workload.mode, *queries]
        self.record(workload, "ours", number, ours)
        if number == 0:
            preload = {"LD_PRELOAD": str(self.program("libdbsql-bench-count.so"))}
            self.record(workload, "ours, counted", 0, ours, preload)
        if number < self.scale.peer_rounds and workload.mode == "queries":
            mode = ["--mode", "queries", "--queries", str(self.scale.peer_queries)]
            self.peer(workload, "Python", "python", number, [*mode, "--warm-up", "200"])
            self.peer(workload, "Go", "go", number, mode)
            self.peer(workload, "Node", "node", number, [*mode, "--warm-up", str(self.scale.node_warm_up)])


ROUNDS = {Pages: Runner.pages_round, Memory: Runner.memory_round, First: Runner.first_round,
          Cells: Runner.cells_round, Queries: Runner.queries_round}


def check(run):
    """The same rows and the same values as the server has sent; the same batches, where a client keeps them."""
    facts, report = run["facts"], run["report"]
    where = f"{run['client']} on {run['workload']}"
    verified = report["verified"]
    if (verified["rows"], verified["checksum"]) != (facts["rows"], facts["checksum"]):
        raise SystemExit(f"bench: {where} read other data than the server sent: {json.dumps(verified)} instead of "
                         f"{json.dumps(facts)}")
    for name, passes in report["passes"].items():
        for timed in passes:
            if name != "recv" and timed["rows"] != facts["rows"]:
                raise SystemExit(f"bench: {where} lost rows: {timed['rows']} of {facts['rows']}")
            keeps_batches = "touch" in timed and name in ("arrow", "stream", "decode", "recv+decode")
            if keeps_batches and timed["touch"] != facts["touch"]:
                raise SystemExit(f"bench: {where} did not see every batch")


def run_all(chosen, scale, build, server, peers):
    runner = Runner(scale, build, server, peers)
    for number in range(scale.rounds):
        say(f"round {number + 1} of {scale.rounds}")
        for workload in chosen:
            ROUNDS[type(workload)](runner, workload, number)
    return runner.runs
