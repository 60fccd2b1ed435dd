"""The processes that a black-box test of the order service needs, and how it talks to them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(SOURCE, "cmake", "dev"), os.path.join(SOURCE, "tests", "support")]
import four_letter  # noqa: E402  (found only once the path is set)
import pg  # noqa: E402
import zk_servers  # noqa: E402
from waiting import PATIENCE_S, wait_until  # noqa: E402

TICK_MS = 200


class ZooKeeper:
    def __init__(self):
        self.root = tempfile.TemporaryDirectory()
        self.servers = zk_servers.Servers(self.root.name, "zk")
        self.start()

    def start(self):
        self.servers.start(zk_servers.settings(tick=TICK_MS), PATIENCE_S, die_with_us=True)

    def stop(self):
        self.servers.stop(keep=True)

    def close(self):
        self.servers.stop()
        for each in self.servers.children:
            each.wait()
        self.root.cleanup()

    @property
    def connect(self):
        return self.servers.connect_string

    def ask(self, word):
        return four_letter.ask(self.servers.nodes[0]["port"], word, PATIENCE_S)

    def ephemerals(self, path):
        """Those whose path begins like this; others may be of a service that was killed."""
        return [line for line in self.ask("dump").splitlines() if line.startswith("\t" + path)]


class Program:
    """A program of ours that prints its port first; its standard error is kept."""

    def __init__(self, *command, env=None):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self.log,
            preexec_fn=lambda: zk_servers.die_with_parent(signal.SIGKILL),
            env={**os.environ, **(env or {})},
        )
        line = self.process.stdout.readline()
        if not line:
            said = self.said()
            self.close()
            raise AssertionError(f"{command[0]} did not start: {said}")
        self.port = int(line)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def events(self):
        return [json.loads(line) for line in self.said().splitlines()]

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.stdout.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def ask(self, method, target, body=None, headers=None):
        """(status, body, headers); the body parsed if it is JSON."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            text = json.dumps(body) if isinstance(body, (dict, list)) else body
            link.request(method, target, text, headers or {})
            answer = link.getresponse()
            raw = answer.read()
            is_json = answer.getheader("Content-Type") == "application/json"
            return answer.status, json.loads(raw) if is_json else raw.decode(), answer.headers
        finally:
            link.close()


class Asking(threading.Thread):
    """A request on a thread of its own."""

    def __init__(self, program, *request):
        super().__init__(daemon=True)
        self.program, self.request = program, request
        self.answer = None
        self.start()

    def run(self):
        self.answer = self.program.ask(*self.request)

    def result(self):
        self.join(PATIENCE_S)
        if self.answer is None:
            raise AssertionError(f"no answer to {self.request}")
        return self.answer
