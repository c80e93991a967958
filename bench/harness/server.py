"""The bench server as a child process."""

import http.client
import json
import subprocess
import urllib.parse


class BenchServer:
    """Runs while the `with` block does; ends by itself when this process goes."""

    def __init__(self, build):
        self.command = [build / "bench/dbsql-bench-server", "--lifetime", "1800"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("bench: the server did not start")
        self.port = json.loads(line)["port"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def get(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("GET", target)
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        if reply.status != 200:
            raise SystemExit(f"bench: the server refused {target}: {body.decode()}")
        return json.loads(body)

    def facts(self, statement):
        """What every client must have seen of the statement's result. Makes it, if it is new."""
        return self.get("/facts?" + urllib.parse.quote(statement))

    def stats(self):
        return self.get("/stats")

    def work_since(self, before):
        """Requests per method, bytes sent and CPU spent between an earlier `stats()` and now."""
        now = self.stats()
        earlier = before["methods"]
        return {
            "requests": {name: counter["requests"] - earlier.get(name, {"requests": 0})["requests"]
                         for name, counter in now["methods"].items()},
            "reply_bytes": now["reply_bytes"] - before["reply_bytes"],
            "cpu_s": now["user_s"] + now["system_s"] - before["user_s"] - before["system_s"],
        }
