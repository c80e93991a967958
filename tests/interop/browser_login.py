"""Signs a person in with a real browser: from the shell's start over the warehouse's consent page to a query result.

usage: browser_login.py WAREHOUSE SHELL

Chromium runs headless and is driven over WebDriver, so that the page is loaded, and its buttons clicked, as a person would.
Prints one line for each part, with `ok` or what went wrong. Exit code 77 where there is no browser.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 60  # seconds, for everything that is waited for


class Browser:
    """A WebDriver session."""

    def __init__(self, address, profile):
        self.base = address
        options = {"args": ["--headless=new", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"]}
        if os.geteuid() == 0:
            options["args"].append("--no-sandbox")  # Chromium has no sandbox for root
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.base += f"/session/{session['sessionId']}"

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.load(reply)["value"]

    def open(self, address):
        self.call("POST", "/url", {"url": address})

    def text(self, selector="body"):
        return self.call("GET", f"/element/{self.find(selector)}/text")

    def next_text(self, condition):
        """The page's text as soon as it fits. Between two pages there may be none."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            with contextlib.suppress(urllib.error.HTTPError):
                if condition(text := self.text()):
                    return text
            time.sleep(0.05)
        raise RuntimeError("the page that should have come did not")

    def find(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        return next(iter(found.values()))

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def close(self):
        with contextlib.suppress(OSError):
            self.call("DELETE", "")


@contextlib.contextmanager
def running(command, **options):
    """A program that is ended with the block."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **options)
    try:
        yield program
    finally:
        program.terminate()
        try:
            program.wait(timeout=10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def line_with(stream, pattern):
    """The match of the first line that fits."""
    for line in stream:
        if match := re.search(pattern, line):
            return match
    raise RuntimeError(f"the program ended without saying {pattern}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shell_at_page(shell, dsn, options):
    return running([shell, "--dsn", f"{dsn}&{options}", "-e", "SELECT 6 * 7 AS answer"],
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def consent(browser, shell, dsn, button):
    """Clicks a button of the consent page; returns what the shell made of it and what the person saw."""
    with shell_at_page(shell, dsn, f"auth.login=url&auth.redirect_ports={free_port()}") as program:
        address = line_with(program.stderr, r"^(http\S+/authorize\?\S+)").group(1)
        browser.open(address)
        page = browser.text("main")
        if "databricks-sql-connector" not in page or "offline_access" not in page:
            raise RuntimeError(f"the consent page says: {page}")
        browser.click(button)
        seen = browser.next_text(lambda text: text and "Allow" not in text)
        out, err = program.communicate(timeout=PATIENCE)
        return program.returncode, out, err, seen


def allow(browser, shell, dsn):
    code, out, err, seen = consent(browser, shell, dsn, "#allow")
    return code == 0 and "42" in out and "Signed in" in seen, f"{out}{err} page: {seen}"


def deny(browser, shell, dsn):
    code, out, err, seen = consent(browser, shell, dsn, "#deny")
    return code != 0 and "access_denied" in err and "42" not in out, f"{out}{err} page: {seen}"


def device(browser, shell, dsn):
    """The device's code is entered in the browser: it could be another machine's."""
    with shell_at_page(shell, dsn, "auth.login=device") as program:
        address = line_with(program.stderr, r"(http\S+user_code=\S+)").group(1)
        browser.open(address)
        browser.click("#allow")
        browser.next_text(lambda text: "signed in" in text)
        out, err = program.communicate(timeout=PATIENCE)
        return program.returncode == 0 and "42" in out, f"{out}{err}"


def main():
    warehouse, shell = sys.argv[1:]
    driver = shutil.which("chromedriver")
    if driver is None or not (shutil.which("chromium") or shutil.which("google-chrome")):
        print("there is no Chromium with its driver (Debian: chromium, chromium-driver)")
        return 77
    status = 0
    with contextlib.ExitStack() as stack:
        profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        served = stack.enter_context(running([warehouse, "--auth", "oauth", "--print-dsn", "--quiet"],
                                             stdout=subprocess.PIPE))
        dsn = served.stdout.readline().strip()
        started = stack.enter_context(running([driver, "--port=0"], stdout=subprocess.PIPE))
        port = line_with(started.stdout, r"successfully on port (\d+)").group(1)
        browser = Browser(f"http://127.0.0.1:{port}", profile)
        stack.callback(browser.close)
        for part in (allow, deny, device):
            try:
                is_good, detail = part(browser, shell, dsn)
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                is_good, detail = False, f"{type(error).__name__}: {error}"
            status |= not is_good
            print(f"{part.__name__}: {'ok' if is_good else detail}", flush=True)
    return status


sys.exit(main())
