"""What is run, how often, and in which order: floor, ours, peers, floor, ours, ... so that all see the same machine."""

import dataclasses
import types

from harness.peers import run_json, say

# Slow peers get fewer pages, rounds and queries; all figures are per GB or per query.
FULL = types.SimpleNamespace(rounds=7, peer_rounds=3, repeat=2, pages=100, queries=5000, peer_queries=400,
                             python_pages=8, node_pages=2, node_warm_up=2000)
QUICK = types.SimpleNamespace(rounds=2, peer_rounds=1, repeat=1, pages=40, queries=2000, peer_queries=100,
                              python_pages=3, node_pages=1, node_warm_up=300)


@dataclasses.dataclass(frozen=True)
class Pages:
    """A result of inline Arrow pages."""
    name: str
    data: str
    rows: int
    lz4: int
    pages: int
    batches: int = 8

    def statement(self, pages=None):
        return (f"bench pages={pages or self.pages} rows={self.rows} batches={self.batches} lz4={self.lz4} "
                f"data={self.data}")


@dataclasses.dataclass(frozen=True)
class Queries:
    """SELECT 1, again and again on one connection."""
    name: str
    queries: int


def workloads(scale):
    """Pages of about 2.5 MB each."""
    return [
        Pages("ints4 LZ4", "ints4", 100_000, 1, scale.pages),
        Pages("ints4 plain", "ints4", 100_000, 0, scale.pages),
        Pages("strings10 LZ4", "strings10", 10_000, 1, scale.pages),
        Pages("decimals15 LZ4", "decimals15", 10_000, 1, scale.pages),
        Pages("ints4 LZ4, 64 batches a page", "ints4", 100_000, 1, scale.pages, batches=64),
        Queries("SELECT 1", scale.queries),
    ]


class Runner:
    def __init__(self, scale, build, server, peers):
        self.scale, self.build, self.server, self.peers = scale, build.resolve(), server, peers
        self.facts = {}
        self.runs = []

    def program(self, name):
        return self.build / "bench" / name

    def driver(self):
        return [self.program("dbsql-bench-client"), "--dsn",
                f"http://token:bench@127.0.0.1:{self.server.port}/sql/1.0/warehouses/bench"]

    def port(self):
        return ["--port", str(self.server.port)]

    def record(self, workload, client, round_number, command, environment=None, pages=None):
        """Runs one client once, checks that it saw what the server had, and keeps its report."""
        before = self.server.stats()
        report = run_json(command, environment)
        run = {"workload": workload.name, "client": client, "round": round_number, "report": report,
               "server": self.server.work_since(before)}
        if isinstance(workload, Pages):
            run["facts"] = self.facts_of(workload.statement(pages))
            run["execute_options"] = self.server.stats()["last_execute_options"]
            check(run)
        self.runs.append(run)

    def facts_of(self, statement):
        if statement not in self.facts:
            self.facts[statement] = self.server.facts(statement)
        return self.facts[statement]

    def pages_round(self, workload, number):
        repeat = ["--repeat", str(self.scale.repeat)]
        sql = ["--sql", workload.statement()]
        self.facts_of(workload.statement())  # made before anybody waits for it
        self.record(workload, "floor", number, [self.program("dbsql-bench-floor"), *self.port(), *sql, *repeat])
        for mode in self.modes(workload, number):
            self.record(workload, f"ours, {mode}", number, [*self.driver(), "--mode", mode, *sql, *repeat])
        if number == 0:
            self.counted_run(workload)
        if number < self.scale.peer_rounds and workload.batches == 8:
            self.peer_pages(workload, number, repeat)

    def modes(self, workload, number):
        """The ways of the driver: the stream's own cost does not depend on the data, and values are slow."""
        if workload.batches != 8:
            return ["arrow"]
        first = workload.name == "ints4 LZ4"
        return ["arrow", *(["stream"] if first else []), "rows", *(["values"] if number == 0 else [])]

    def counted_run(self, workload):
        """Allocations and copies, in a run of its own whose times mean nothing."""
        preload = {"LD_PRELOAD": str(self.program("libdbsql-bench-count.so"))}
        sql = ["--sql", workload.statement()]
        self.record(workload, "ours, counted", 0, [*self.driver(), "--mode", "arrow", *sql], preload)
        if "python" in self.peers and workload.batches == 8:
            pages = self.scale.python_pages
            self.record(workload, "Python, counted", 0,
                        [*self.peers["python"]["command"], *self.port(), "--mode", "arrow", "--sql",
                         workload.statement(pages)], preload, pages)

    def peer_pages(self, workload, number, repeat):
        scale = self.scale
        for peer, client, mode, pages, options in (
                ("python", "Python, arrow", "arrow", scale.python_pages, []),
                ("python", "Python without log text, arrow", "arrow", scale.python_pages, ["--no-log-text"]),
                ("node", "Node, rows", "rows", scale.node_pages, [])):
            if peer not in self.peers:
                continue
            self.facts_of(workload.statement(pages))
            command = [*self.peers[peer]["command"], *self.port(), "--mode", mode, "--sql",
                       workload.statement(pages), *repeat, *options]
            self.record(workload, client, number, command, self.peers[peer]["environment"], pages)

    def queries_round(self, workload, number):
        queries = ["--queries", str(workload.queries)]
        floor = [self.program("dbsql-bench-floor"), *self.port(), *queries]
        self.record(workload, "floor", number, floor)
        self.record(workload, "libcurl", number, [*floor, "--curl"])
        self.record(workload, "ours", number, [*self.driver(), "--mode", "queries", *queries])
        if number == 0:
            preload = {"LD_PRELOAD": str(self.program("libdbsql-bench-count.so"))}
            self.record(workload, "ours, counted", 0, [*self.driver(), "--mode", "queries", *queries], preload)
        if number < self.scale.peer_rounds:
            self.peer_queries(workload, number)

    def peer_queries(self, workload, number):
        for peer, client, warm_up in (("python", "Python", 200), ("node", "Node", self.scale.node_warm_up)):
            if peer in self.peers:
                command = [*self.peers[peer]["command"], *self.port(), "--mode", "queries", "--queries",
                           str(self.scale.peer_queries), "--warm-up", str(warm_up)]
                self.record(workload, client, number, command, self.peers[peer]["environment"])


def check(run):
    """The same rows and the same values as the server has sent; the same batches, where a client keeps them."""
    facts, report = run["facts"], run["report"]
    where = f"{run['client']} on {run['workload']}"
    verified = report["verified"]
    if (verified["rows"], verified["checksum"]) != (facts["rows"], facts["checksum"]):
        raise SystemExit(f"bench: {where} read other data than the server sent: {verified} instead of {facts}")
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
            (runner.pages_round if isinstance(workload, Pages) else runner.queries_round)(workload, number)
    return runner.runs
