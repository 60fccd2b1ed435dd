"""What all tests of the Python package share: servers, clients of them, and scripts in processes of
their own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

import leasehold
from leasehold.testing import EmbeddedServer

TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parents[2]
sys.path[:0] = [str(ROOT / "cmake" / "dev"), str(ROOT / "tests" / "support")]
import zk_servers  # noqa: E402  (found only once the path is set)
from waiting import PATIENCE_S, wait_until  # noqa: E402

TICK_MS = 200
CLIENT_OPTIONS = {"tick": TICK_MS / 1e3, "standalone": True, "session_timeout": 20}


class Servers:
    """Servers of either kind, and how to be a client of them."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.clients = []

    def connect(self, **options):
        client = leasehold.connect(self.hosts, **{**CLIENT_OPTIONS, **options})
        self.clients.append(client)
        return client

    def close(self):
        for client in self.clients:
            client.close()

    def nodes(self, path):
        """How many contenders are at `path`, seen by a client of its own."""
        with leasehold.connect(self.hosts, **CLIENT_OPTIONS) as client:
            return len(client.contenders(path))

    def wait_until_free(self, path):
        with leasehold.connect(self.hosts, **CLIENT_OPTIONS) as client:
            wait_until(lambda: not client.contenders(path), f"{path} is free")


@contextlib.contextmanager
def real_server(**settings):
    """A real ZooKeeper, in Java; gives its connect string."""
    with tempfile.TemporaryDirectory() as root:
        servers = zk_servers.Servers(root, "zk")
        servers.start(zk_servers.settings(tick=TICK_MS, **settings), PATIENCE_S, die_with_us=True)
        yield servers.connect_string
        servers.stop()
        for each in servers.children:
            each.wait()


@pytest.fixture(scope="session")
def real_hosts():
    """One for the whole run."""
    with real_server() as hosts:
        yield hosts


@pytest.fixture(params=["embedded", "real"])
def servers(request):
    """Both kinds, one after the other."""
    if request.param == "real":
        found = Servers(request.getfixturevalue("real_hosts"))
        yield found
        found.close()
    else:
        with EmbeddedServer() as server:
            found = Servers(server.connect_string)
            yield found
            found.close()


@pytest.fixture
def real(real_hosts):
    found = Servers(real_hosts)
    yield found
    found.close()


@pytest.fixture
def client(servers):
    return servers.connect()


@pytest.fixture
def path(request):
    """A path of its own for each test."""
    name = "".join(each if each.isalnum() else "_" for each in request.node.name)
    return f"/python/{name}"


class Script:
    """A Python program in a process of its own, which says what it has done line by line."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(TESTS / "scripts" / f"{name}.py"), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        )

    def line(self):
        said = self.process.stdout.readline()
        if not said:
            raise AssertionError(f"the script ended: {self.process.communicate()[1]}")
        return said.split()

    def tell(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self, patience=PATIENCE_S):
        """(exit code, the rest of its output, its standard error); closes its input."""
        output, errors = self.process.communicate(timeout=patience)
        return self.process.returncode, output, errors

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def script():
    started = []

    def start(name, *arguments):
        started.append(Script(name, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.close()
