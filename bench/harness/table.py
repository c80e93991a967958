"""The one table that a run prints."""

COLUMNS = ("x floor", "best", "client CPU", "wall", "rate", "requests", "peak MiB", "faults/GB", "copies/byte")


def number(value, digits=3):
    """Three significant digits without an exponent."""
    if value == 0:
        return "0"
    magnitude = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:.{max(0, digits - magnitude)}f}"


def spread(figure, unit=""):
    """The median, and how far the runs lie apart, to the same decimal."""
    text = number(figure["median"])
    if figure["count"] > 1:
        decimals = len(text.partition(".")[2])
        text += f" ±{figure['mad']:.{decimals}f}"
    return f"{text}{unit}"


def short(value):
    return f"{value:.0f}" if value >= 100 else number(value, 2)


def pages_cells(row, copies):
    return [
        spread(row["x_floor"]) if "x_floor" in row else "",
        number(row["x_floor_best"]) if "x_floor" in row else "",
        spread(row["cpu_s_per_gb"], " s/GB"),
        f"{number(1 / row['wall_s_per_gb']['median'])} GB/s",
        f"{number(row['cells_per_cpu_s'] / 1e6)}M cells/CPU s" if row.get("by_rows") else "",
        "",
        short(row["peak_rss_mib"]),
        f"{row['page_faults_per_gb']['median']:.0f}",
        f"{copies['copied_per_wire_byte']:.2f}" if copies else "",
    ]


def queries_cells(row):
    return [
        spread(row["x_floor"]),
        number(row["x_floor_best"]),
        spread(row["cpu_us"], " µs"),
        f"p50 {short(row['p50_us']['median'])}, p99 {short(row['p99_us']['median'])} µs",
        f"{1e6 / row['p50_us']['median']:.0f} {row['what']}/s",
        number(row["requests_per_statement"]),
        short(row["peak_rss_mib"]),
        "",
        "",
    ]


def memory_cells(row):
    return ["", "", spread(row["cpu_s_per_gb"], " s/GB"), f"{number(1 / row['wall_s_per_gb']['median'])} GB/s",
            f"{short(row['held_mib'])} MiB held", "", short(row["peak_rss_mib"]), "", ""]


def first_cells(row):
    return ["", "", spread(row["cpu_ms"], " ms"), spread(row["p50_ms"], " ms"), "", "", short(row["peak_rss_mib"]),
            "", ""]


def access_cells(row):
    return ["", "", "", "", f"{number(row['cells_per_s']['median'] / 1e6)}M cells/s", "", "", "", ""]


def client_cells(kind, client, row, rows):
    match kind:
        case "Queries":
            return queries_cells(row)
        case "Memory":
            return memory_cells(row)
        case "First":
            return first_cells(row)
        case "Cells":
            return access_cells(row)
    copies = rows.get(f"{client.split(', ')[0]}, counted") if client.endswith("arrow") else None
    by_rows = client.endswith(("rows", "values"))
    return pages_cells({**row, "by_rows": by_rows}, copies)


def lines_of(name, workload):
    yield [name + (": " if workload["wire"] else "") + workload["wire"], *[None] * len(COLUMNS)]
    for client, row in workload["rows"].items():
        if not client.endswith("counted"):
            yield [f"  {client}", *client_cells(workload["kind"], client, row, workload["rows"])]


def aligned(lines):
    full = [line for line in lines if line[1] is not None]
    widths = [max(len(line[column]) for line in full) for column in range(len(lines[0]))]
    for line in lines:
        if line[1] is None:  # a heading, as long as it likes
            yield line[0]
            continue
        cells = [cell.ljust(width) if index == 0 else cell.rjust(width)
                 for index, (cell, width) in enumerate(zip(line, widths))]
        yield "  ".join(cells).rstrip()


def caption(results):
    machine = results["environment"]
    versions = {}
    for run in results["runs"]:
        versions.update(run["report"]["versions"])
    yield (f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, huge pages "
           f"{machine['transparent_huge_pages']}, revision {machine['revision']}, "
           f"stolen time {100 * results['steal_share']:.1f} %, load {machine['load_average_at_end']:.1f}")
    yield ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def server_line(server):
    """Whether the server was fast enough not to be what was measured."""
    parts = []
    if "replies_per_s" in server:
        parts.append(f"{server['replies_per_s']:.0f} small replies/s at "
                     f"{server['cpu_us_per_reply']:.1f} µs of its CPU")
    if "cpu_s_per_wire_gb" in server:
        parts.append(f"pages at up to {server['best_wire_gb_per_s']:.1f} GB/s and "
                     f"{server['cpu_s_per_wire_gb']:.2f} s/GB of wire data")
    return "server, asked by the floor: " + ", ".join(parts) if parts else ""


def render(results):
    lines = [["", *COLUMNS]]
    for name, rows in results["summary"].items():
        lines.extend(lines_of(name, rows))
    return "\n".join([*caption(results), server_line(results["server_figures"]), "", *aligned(lines)])
