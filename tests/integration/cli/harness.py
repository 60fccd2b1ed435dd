"""What the tests of the command line tool share: a real server, the tool, and bounded waiting.

Nothing here sleeps to let something happen: `until` polls for what can be observed, with a limit.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from kazoo.client import KazooClient

TOOL = os.environ["LEASEHOLD_TOOL"]
SOURCE = os.environ["LEASEHOLD_SOURCE"]
# Sanitizers are slow: every limit that is not the tool's own promise is stretched by this.
FACTOR = float(os.environ.get("LEASEHOLD_TEST_TIME_FACTOR", "1"))

sys.path.insert(0, os.path.join(SOURCE, "cmake", "dev"))
sys.dont_write_bytecode = True
import four_letter  # noqa: E402
import zk_servers  # noqa: E402

TICK_S = 0.2
LIMIT_S = 20 * FACTOR  # after which something that has to happen is taken not to
SLACK_S = 1.5 * FACTOR  # for processes to be scheduled on a busy machine
# 17.95 s are in hand after each acknowledgement: a busy machine does not make a lease end early.
TIMING = ["--tick", "200ms", "--session-timeout", "20s"]
# For tests that wait for the end of a lease: 3.71 s are in hand.
SHORT = ["--standalone", "--session-timeout", "4s"]
SHORT_SPAN_S = 0.99 * 4 - 0.25
PR_SET_CHILD_SUBREAPER = 36


def until(condition, what, limit=LIMIT_S):
    """Polls until `condition()` is true, and returns its value."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:g} s: {what}")
        time.sleep(0.005)


def checks_types():
    """Whether the tool is built with the undefined behaviour sanitizer. It looks at memory through
    a pipe, and calls an object none when no descriptor is left for one."""
    with open(TOOL, "rb") as file:
        return b"__ubsan_handle_" in file.read()


def is_alive(pid):
    """Whether the process exists and is no zombie."""
    return zk_servers.start_ticks(pid) is not None


def own_children():
    """Our children; what the tool orphans becomes one of them, because we are its reaper."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


class Finished:
    """How one run of the tool went."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.3f} s\n{self.out}{self.err}"


class Started:
    """The tool while it runs."""

    def __init__(self, arguments, connect, env=None, **options):
        self.files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        variables = dict(os.environ, LEASEHOLD_CONNECT=connect or "", **(env or {}))
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [TOOL, *arguments],
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=self.files[0],
            stderr=self.files[1],
            env=variables,
            **options,
        )
        self.pid = self.process.pid

    def text(self, which):
        size = os.fstat(self.files[which].fileno()).st_size
        return os.pread(self.files[which].fileno(), size, 0).decode(errors="replace")

    def line(self, pattern):
        """Waits until the command has printed a line that matches; returns the match."""

        def look():
            found = re.search(pattern, self.text(0), re.MULTILINE)
            if not found and self.process.poll() is not None:
                raise AssertionError(f"ended: {self.finish()}")
            return found

        return until(look, f"{pattern!r} in the output")

    def send(self, number):
        self.process.send_signal(number)

    def finish(self, limit=LIMIT_S):
        code = self.process.wait(limit)
        seconds = time.monotonic() - self.begin
        texts = [self.text(0), self.text(1)]
        for file in self.files:
            file.close()
        return Finished(code, texts[0], texts[1], seconds)

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for file in [*self.files, self.process.stdin]:
            if file:
                file.close()


class ToolTest(unittest.TestCase):
    """Runs the tool; what it leaves behind is a failure of the test."""

    connect = None

    @classmethod
    def setUpClass(cls):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="leasehold-cli-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.children_before = set(own_children())
        self.addCleanup(self.check_nothing_is_left)
        self.path = f"/cli/{self.id().rsplit('.', 1)[-1]}"

    def check_nothing_is_left(self):
        def nobody():
            for pid in set(own_children()) - self.children_before:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            return not set(own_children()) - self.children_before

        until(nobody, "no process of the tool is left", 2 * FACTOR)

    def start(self, *arguments, **options):
        tool = Started(arguments, options.pop("connect", self.connect), **options)
        self.addCleanup(tool.discard)
        return tool

    def tool(self, *arguments, **options):
        return self.start(*arguments, **options).finish()

    def start_run(self, *command, options=(), path=None, **more):
        return self.start("run", path or self.path, *TIMING, *options, "--", *command, **more)

    def run_tool(self, *command, options=(), path=None, **more):
        return self.start_run(*command, options=options, path=path, **more).finish()

    def file(self, name):
        return os.path.join(self.directory, name)

    def assert_code(self, finished, code):
        self.assertEqual(finished.code, code, finished)


class ServerTest(ToolTest):
    """The same, with a real standalone server for all tests of a class."""

    config = []
    jvm = []
    netty = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = tempfile.mkdtemp(prefix="leasehold-zk-")
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.servers = zk_servers.Servers(cls.root, "cli")
        cls.settings = zk_servers.settings(
            tick=int(TICK_S * 1000), config=cls.config, jvm=cls.jvm, netty=cls.netty
        )
        cls.servers.start(cls.settings, 60 * FACTOR, die_with_us=True)
        cls.addClassCleanup(cls.servers.stop)
        cls.connect = cls.servers.connect_string
        cls.zoo = KazooClient(cls.connect, timeout=10)
        cls.zoo.start(30 * FACTOR)
        cls.addClassCleanup(cls.zoo.close)
        cls.addClassCleanup(cls.zoo.stop)

    @property
    def server_pid(self):
        return self.servers.nodes[0]["pid"]

    def contenders(self, path=None):
        path = path or self.path
        return self.zoo.get_children(path) if self.zoo.exists(path) else []

    def wait_for_contenders(self, count, path=None):
        return until(
            lambda: len(self.contenders(path)) == count and (self.contenders(path) or ["none"]),
            f"{count} contenders",
        )

    def listed(self, path=None):
        finished = self.tool("ls", path or self.path, "--json")
        self.assert_code(finished, 0)
        return json.loads(finished.out)


class Proxy:
    """Between the tool and a server: remembers the sessions, and can stop passing anything on."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.sessions = {}  # id: password
        self.is_open = threading.Event()
        self.is_open.set()
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(self.target)
                self.sockets += [client, server]
                threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
                threading.Thread(
                    target=self.pump, args=(server, client, self.learn), daemon=True
                ).start()

    def pump(self, source, target, look=None):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if look:
                    look(data)
                    look = None
                self.is_open.wait()
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def learn(self, data):
        """The first frame of an answer to a connect request: version, timeout, id, password."""
        if len(data) >= 40 and data[:4] != b"Zook":
            session, size = struct.unpack(">qi", data[12:24])
            if session and size == 16:
                self.sessions[session] = data[24:40]

    def cut(self):
        """Ends every connection that there is; new ones are welcome."""
        for each in list(self.sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.is_open.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for each in [self.listener, *self.sockets]:
            each.close()


class FakeServer:
    """Accepts, and does with each connection what it is told to."""

    def __init__(self, serve):
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.listener.accept()[0]
                self.sockets.append(connection)
                threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with contextlib.suppress(OSError):
            self.serve(connection)

    def close(self):
        for each in [self.listener, *self.sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def main():
    # A test that hangs is to be seen where it hangs, and to leave no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    unittest.main(verbosity=2)
