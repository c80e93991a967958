"""The official drivers of other languages, at the versions that the interop tests pin. They are installed once, into
build/bench; where that is not possible they are left out, and the run says so."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess

PINNED = pathlib.Path("tests/interop")
OWN = pathlib.Path("bench/peers")


def say(text):
    print(f"bench: {text}", flush=True)


def attempt(log, *command):
    with open(log, "a", encoding="utf-8") as output:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=600,
                                  check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error, file=output)
            return False
    return done.returncode == 0


def installed_once(folder, pins, install):
    """Whether `install` has succeeded for these pins, now or earlier."""
    stamp = folder / "installed"
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in pins)).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not install():
        return False
    stamp.write_text(wanted, encoding="utf-8")
    return True


def install_python(work):
    """The interpreter that has the Python connector, or None."""
    folder, pins, log = work / "venv", PINNED / "requirements.txt", work / "python.log"
    python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else "python3"

    def install():
        say("installing the Python connector")
        return attempt(log, python, "-m", "venv", folder) and pip_install(log, folder, pins)

    if installed_once(folder, [pins], install):
        return folder / "bin/python"
    say(f"the Python connector is left out: it cannot be installed ({log})")
    return None


def pip_install(log, folder, pins):
    return attempt(log, folder / "bin/pip", "install", "--quiet", "--retries", "1", "--timeout", "20",
                   "--only-binary", ":all:", "--no-deps", "-r", pins)


def has_kernel(work):
    """Whether the connector's other backend, a compiled library for some machines, is there, too."""
    pins, log = OWN / "kernel-requirements.txt", work / "kernel.log"
    folder = work / "venv"
    stamp = folder / "kernel-installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == pins.read_text(encoding="utf-8"):
        return True
    say("installing the Python connector's kernel")
    if not pip_install(log, folder, pins):
        say(f"the Python connector's kernel is left out: it cannot be installed ({log})")
        return False
    stamp.write_text(pins.read_text(encoding="utf-8"), encoding="utf-8")
    return True


def install_go(work):
    """The program that uses the Go driver, or None."""
    source, folder, log = OWN / "go", work / "go", work / "go.log"
    program = (folder / "go-client").resolve()

    def install():
        say("building the Go driver's client")
        return attempt(log, "go", "build", "-C", source.resolve(), "-trimpath", "-o", program, ".")

    if shutil.which("go") and installed_once(folder, sorted(source.iterdir()), install):
        return program
    say(f"the Go driver is left out: there is no Go, or its modules cannot be had ({log})")
    return None


def install_node(work):
    """The folder that has the Node driver, or None."""
    folder, pins, log = work / "node", PINNED / "package-lock.json", work / "node.log"

    def install():
        say("installing the Node driver")
        shutil.copy(PINNED / "package.json", folder)
        shutil.copy(pins, folder)
        options = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
                   "--fetch-retries=1", "--fetch-timeout=20000"]
        # Some versions of npm refuse a lock file that leaves out other platforms' packages; the driver's own version is
        # pinned without it, too.
        return (attempt(log, "npm", "ci", *options) or
                attempt(log, "npm", "install", "--no-package-lock", *options))

    if shutil.which("node") and shutil.which("npm") and installed_once(folder, [pins], install):
        return folder / "node_modules"
    say(f"the Node driver is left out: it cannot be installed ({log})")
    return None


def install(work):
    """How to start each peer that is here."""
    work.mkdir(parents=True, exist_ok=True)
    found = {}
    if python := install_python(work):
        found["python"] = {"command": [python, "bench/peers/python_client.py"], "environment": {}}
        if has_kernel(work):
            found["kernel"] = {"command": [*found["python"]["command"], "--kernel"], "environment": {}}
    if program := install_go(work):
        found["go"] = {"command": [program], "environment": {}}
    if modules := install_node(work):
        found["node"] = {"command": ["node", "bench/peers/node_client.cjs"],
                         "environment": {"NODE_PATH": str(modules.resolve()),
                                         "DATABRICKS_TELEMETRY_DISABLED": "1"}}
    return found


def run_json(command, environment=None):
    """Runs a client and returns the JSON object it printed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600,
                          env={**os.environ, **(environment or {})}, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)
