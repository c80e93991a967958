"""What a figure depends on beside the code: machine, kernel, settings."""

import os
import pathlib
import platform
import subprocess


def clear_proxies():
    """The clients under test talk to the loopback interface, and some of them would ask a proxy even for that."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)


def text_of(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def cpu_model():
    for line in text_of("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def revision():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def describe():
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": platform.release(),
        "transparent_huge_pages": text_of("/sys/kernel/mm/transparent_hugepage/enabled"),
        "governor": text_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "load_average_at_end": os.getloadavg()[0],
        "revision": revision(),
    }


def cpu_times():
    return [int(number) for number in text_of("/proc/stat").splitlines()[0].split()[1:]]


def steal_share(before, after):
    """The share of time that the hypervisor gave to others; above 0.01 the run is worth little."""
    spent = [end - begin for begin, end in zip(before, after)]
    return spent[7] / max(1, sum(spent[:8]))
