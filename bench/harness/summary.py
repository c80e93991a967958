"""From single runs to figures: medians, their spread, and ratios to the floor of the same round."""

import statistics


def median_and_mad(values):
    """The median, and the median absolute deviation from it."""
    middle = statistics.median(values)
    return {"median": middle, "mad": statistics.median(abs(value - middle) for value in values), "count": len(values)}


def cpu(timed):
    return timed["user_s"] + timed["system_s"]


def gigabytes(run):
    return run["facts"]["arrow_bytes"] / 1e9


def per_gigabyte(run, name, value):
    """A figure of the passes of that name, per GB of Arrow data: the median within this run."""
    return statistics.median(value(timed) for timed in run["report"]["passes"][name]) / gigabytes(run)


def pass_name(client):
    return "recv+decode" if client == "floor" else client.split(", ")[1]


def requests_per_statement(run):
    """Without the opening and closing of the session; where that is all there is, of both together."""
    counted = run["server"]["requests"]
    if run.get("mode") == "sessions":
        return sum(counted.values()) / counted["OpenSession"]
    statements = counted.get("ExecuteStatement", 0)
    inside = sum(count for name, count in counted.items() if name not in ("OpenSession", "CloseSession"))
    return inside / statements if statements else None


def ratios(runs, floors, value):
    """Each run's figure divided by the floor's of the same round."""
    return [value(run) / value(floors[run["round"]]) for run in runs if run["round"] in floors]


def pages_row(client, name, runs, floors):
    def cpu_of(run):
        return per_gigabyte(run, pass_name(run["client"]) if run["client"] != client else name, cpu)

    def figures(value):
        return median_and_mad([per_gigabyte(run, name, value) for run in runs])

    wall = figures(lambda timed: timed["wall_s"])
    facts = runs[0]["facts"]
    own_cpu = figures(cpu)
    row = {
        "cpu_s_per_gb": median_and_mad([cpu_of(run) for run in runs]),
        "user_s_per_gb": figures(lambda timed: timed["user_s"]),
        "system_s_per_gb": figures(lambda timed: timed["system_s"]),
        "wall_s_per_gb": wall,
        "cells_per_cpu_s": (facts["rows"] * runs[0]["cells_of_a_row"] / facts["arrow_bytes"] * 1e9
                            / max(own_cpu["median"], 1e-9)),
        "page_faults_per_gb": figures(lambda timed: timed["minor_faults"]),
        "requests_per_statement": requests_per_statement(runs[0]),
        "peak_rss_mib": statistics.median(run["report"]["peak_rss_kib"] for run in runs) / 1024,
    }
    if name not in ("recv", "decode"):
        row["x_floor"] = median_and_mad(ratios(runs, floors, cpu_of))
        row["x_floor_best"] = min(map(cpu_of, runs)) / min(map(cpu_of, floors.values()))
    return row


def copies_row(run):
    """Of a run with the counting library: what was copied and allocated per byte that was delivered."""
    timed = run["report"]["passes"]["arrow"][0]
    facts = run["facts"]
    return {
        "copied_per_wire_byte": timed["counted"]["copied_bytes"] / facts["wire_bytes"],
        "copied_per_arrow_byte": timed["counted"]["copied_bytes"] / facts["arrow_bytes"],
        "allocated_per_arrow_byte": timed["counted"]["allocated_bytes"] / facts["arrow_bytes"],
        "allocations": timed["counted"]["allocations"],
    }


def queries_row(runs, floors):
    def figure(name):
        return median_and_mad([run["report"][name] for run in runs])

    def cpu_of(run):
        return run["report"]["cpu_us_per_query"]

    row = {
        "x_floor": median_and_mad(ratios(runs, floors, cpu_of)),
        "x_floor_best": min(map(cpu_of, runs)) / min(map(cpu_of, floors.values())),
        "cpu_us": figure("cpu_us_per_query"),
        "p50_us": figure("p50_us"),
        "p99_us": figure("p99_us"),
        "requests_per_statement": requests_per_statement(runs[0]),
        "peak_rss_mib": statistics.median(run["report"]["peak_rss_kib"] for run in runs) / 1024,
        "what": runs[0]["mode"],
    }
    if counted := runs[0]["report"].get("counted"):
        count = runs[0]["report"]["queries"]
        row["allocations"] = counted["allocations"] / count
        row["copied_bytes"] = counted["copied_bytes"] / count
    return row


def memory_row(runs):
    """Above the memory of the process before its query: that of a language's runtime is not the driver's."""
    passes = [run["report"]["passes"]["slow"][0] for run in runs]
    gb = gigabytes(runs[0])
    return {
        "peak_rss_mib": max(run["report"]["peak_rss_kib"] for run in runs) / 1024,
        "held_mib": max(run["report"]["peak_rss_kib"] - run["report"]["base_rss_kib"] for run in runs) / 1024,
        "wall_s_per_gb": median_and_mad([timed["wall_s"] / gb for timed in passes]),
        "cpu_s_per_gb": median_and_mad([cpu(timed) / gb for timed in passes]),
    }


def first_row(runs):
    return {
        "p50_ms": median_and_mad([run["report"]["p50_us"] / 1e3 for run in runs]),
        "cpu_ms": median_and_mad([run["report"]["cpu_us_per_query"] / 1e3 for run in runs]),
        "peak_rss_mib": statistics.median(run["report"]["peak_rss_kib"] for run in runs) / 1024,
    }


def cells_rows(runs):
    names = runs[0]["report"]["cells_per_s"]
    return {name: {"cells_per_s": median_and_mad([run["report"]["cells_per_s"][name] for run in runs])}
            for name in names}


def server_figures(runs):
    """What the server needed for the floor, the client that asks for the most of it."""
    queries = [run for run in runs if run["client"] == "floor" and run.get("mode") == "queries"]
    pages = [run for run in runs if run["client"] == "floor" and run["kind"] == "Pages"]
    figures = {}
    if queries:
        figures["cpu_us_per_reply"] = statistics.median(
            run["server"]["cpu_s"] * 1e6 / run["server"]["requests"]["ExecuteStatement"] for run in queries)
        figures["replies_per_s"] = statistics.median(1e6 / run["report"]["p50_us"] for run in queries)
    if pages:
        figures["cpu_s_per_wire_gb"] = statistics.median(
            run["server"]["cpu_s"] * 1e9 / run["server"]["reply_bytes"] for run in pages)
        figures["best_wire_gb_per_s"] = max(
            run["facts"]["wire_bytes"] / 1e9 / timed["wall_s"]
            for run in pages for timed in run["report"]["passes"]["recv"])
    return figures


def of_pages(by_client):
    floors = {run["round"]: run for run in by_client["floor"]}
    rows = {}
    for client, own in by_client.items():
        if client.endswith("counted"):
            rows[client] = copies_row(own[0])
        elif client == "floor":
            for name in ("recv", "decode", "recv+decode"):
                rows[f"floor, {name}"] = pages_row(client, name, own, floors)
        else:
            rows[client] = pages_row(client, pass_name(client), own, floors)
    return rows


def summarize_workload(runs):
    by_client = {}
    for run in runs:
        by_client.setdefault(run["client"], []).append(run)
    match runs[0]["kind"]:
        case "Pages":
            return of_pages(by_client)
        case "Memory":
            return {client: memory_row(own) for client, own in by_client.items()}
        case "First":
            return {client: first_row(own) for client, own in by_client.items()}
        case "Cells":
            return cells_rows(runs)
    floors = {run["round"]: run for run in by_client["floor"]}
    return {client: queries_row(own, floors) for client, own in by_client.items()}


def wire_of(run):
    """In which form the rows of a workload travelled."""
    facts = run.get("facts")
    if not facts:
        return ""
    count = f"{facts['files']} files" if facts["files"] else f"{facts['pages']} pages"
    form = "LZ4 frames" if facts["lz4"] else "no compression"
    return (f"{facts['arrow_bytes'] / 1e9:.2f} GB of Arrow in {facts['wire_bytes'] / 1e9:.2f} GB on the wire, "
            f"{count}, {form}")


def summarize(runs):
    by_workload = {}
    for run in runs:
        by_workload.setdefault(run["workload"], []).append(run)
    return {name: {"kind": own[0]["kind"], "wire": wire_of(own[0]), "rows": summarize_workload(own)}
            for name, own in by_workload.items()}
