"""What is run: results in every form that servers send them, and small queries."""

import dataclasses
import types

# Slow peers get fewer pages, files, rounds and queries; all figures are per GB or per query.
FULL = types.SimpleNamespace(
    name="full", rounds=7, file_rounds=5, peer_rounds=3, repeat=2, pages=100, files=50, queries=5000, firsts=15,
    peer_queries=400, python_pages=8, node_pages=2, peer_files=10, node_files=1, node_warm_up=2000,
    memory_files=50, memory_rate=300)
QUICK = types.SimpleNamespace(
    name="quick", rounds=2, file_rounds=2, peer_rounds=1, repeat=1, pages=40, files=8, queries=2000, firsts=5,
    peer_queries=100, python_pages=3, node_pages=1, peer_files=4, node_files=1, node_warm_up=300,
    memory_files=16, memory_rate=300)

CELLS_OF_A_ROW = {"ints4": 4, "nulls4": 4, "strings10": 10, "decimals15": 17, "nested3": 3}


@dataclasses.dataclass(frozen=True)
class Pages:
    """A result of pages, or of files."""
    name: str
    data: str
    rows: int
    lz4: int
    pages: int
    batches: int = 8
    form: str = "arrow"
    distinct: int = 8
    more: str = ""

    def statement(self, pages=None):
        return (f"bench form={self.form} pages={pages or self.pages} rows={self.rows} batches={self.batches} "
                f"distinct={self.distinct} lz4={self.lz4} data={self.data}{self.more}")

    @property
    def cells_of_a_row(self):
        return CELLS_OF_A_ROW[self.data]


@dataclasses.dataclass(frozen=True)
class Memory:
    """A reader that is slower than the storage service: what is measured is how much the client holds."""
    name: str
    pages: Pages
    budget_mib: int


@dataclasses.dataclass(frozen=True)
class First:
    """The first batch of a result of files, from a storage service far away."""
    name: str
    pages: Pages
    queries: int


@dataclasses.dataclass(frozen=True)
class Queries:
    """SELECT 1, again and again on one connection; or sessions, opened and closed on a kept network connection."""
    name: str
    queries: int
    mode: str = "queries"


@dataclasses.dataclass(frozen=True)
class Cells:
    """Typed access to the cells of a batch that is in memory already."""
    name: str


def files(name, data, lz4, count, more=""):
    """Files of about 20 MB, the usual size, in batches of about 65,000 rows or 5 MB."""
    rows, batches = {"ints4": (851_968, 13), "strings10": (80_000, 4), "nested3": (140_000, 4)}[data]
    return Pages(name, data, rows, lz4, count, batches, "files", distinct=4, more=more)


def all_workloads(scale):
    far = " delay=100 rate=88"
    memory = scale.memory_files
    return [
        *(files(f"files, {data} {'LZ4' if lz4 else 'plain'}", data, lz4, scale.files)
          for data in ("ints4", "strings10", "nested3") for lz4 in (1, 0)),
        Pages("pages, ints4 LZ4", "ints4", 100_000, 1, scale.pages),
        Pages("pages, ints4 plain", "ints4", 100_000, 0, scale.pages),
        Pages("pages, strings10 LZ4", "strings10", 10_000, 1, scale.pages),
        Pages("pages, decimals15 LZ4", "decimals15", 10_000, 1, scale.pages),
        Pages("pages, ints4 LZ4, 64 batches a page", "ints4", 100_000, 1, scale.pages, batches=64),
        Pages("columns, ints4", "ints4", 100_000, 0, scale.pages, form="columns"),
        Pages("columns, nulls4", "nulls4", 100_000, 0, scale.pages, form="columns"),
        Pages("columns, strings10", "strings10", 10_000, 0, scale.pages, form="columns"),
        Cells("row access, in memory"),
        Memory("slow reader, LZ4, budget 64 MiB", files("", "ints4", 1, memory), 64),
        Memory("slow reader, LZ4, budget 256 MiB", files("", "ints4", 1, memory), 256),
        Memory("slow reader, plain, budget 64 MiB", files("", "ints4", 0, memory), 64),
        Memory("slow reader, plain, budget 256 MiB", files("", "ints4", 0, memory), 256),
        First("first batch, LZ4", files("", "ints4", 1, 16, far), scale.firsts),
        First("first batch, plain", files("", "ints4", 0, 16, far), scale.firsts),
        Queries("SELECT 1", scale.queries),
        Queries("open and close", scale.queries, "sessions"),
    ]
