"""What the clients of a drill meet: a real ZooKeeper server, a real database, a payment gateway."""

import contextlib
import os
import re
import signal
import subprocess
import time

import pg
import zk_servers
from four_letter import ask

SERVE_TIMEOUT_S = 60
POLL_S = 0.02


class ZooKeeper:
    """One standalone server, with a fresh and empty data directory."""

    def __init__(self, root, name, tick_ms, is_netty, jars=None):
        self.servers = zk_servers.Servers(root, name)
        self.settings = zk_servers.settings(tick=tick_ms, netty=is_netty, jars=jars)

    def __enter__(self):
        self.servers.start(self.settings, SERVE_TIMEOUT_S, die_with_us=True)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(zk_servers.Failure):
            zk_servers.send(self.node, signal.SIGCONT)
        self.servers.stop()

    @property
    def node(self):
        return self.servers.nodes[0]

    @property
    def port(self):
        return self.node["port"]

    @property
    def connect_string(self):
        return self.servers.connect_string

    def zxid(self):
        found = re.search(r"^Zxid: 0x([0-9a-f]+)", ask(self.port, "srvr", 2), re.MULTILINE)
        return int(found.group(1), 16) if found else None

    def version(self):
        found = re.search(r"version: ([0-9.]+)", ask(self.port, "srvr", 2))
        return found.group(1) if found else "unknown"

    def pause(self):
        zk_servers.send(self.node, signal.SIGSTOP)

    def resume(self):
        """Returns the boot time at which it served again."""
        zk_servers.send(self.node, signal.SIGCONT)
        return self.wait_until_serving()

    def kill(self):
        zk_servers.send(self.node, signal.SIGKILL)
        for child in self.servers.children:
            if child.pid == self.node["pid"]:
                child.wait()

    def restart(self):
        self.servers.launch(self.node, die_with_us=True)
        return self.wait_until_serving()

    def wait_until_serving(self):
        deadline = time.monotonic() + SERVE_TIMEOUT_S
        while "Mode:" not in ask(self.port, "srvr"):
            if time.monotonic() > deadline:
                raise zk_servers.Failure("ZooKeeper does not serve again")
            time.sleep(POLL_S)
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class Gateway:
    """The payment gateway of the examples, in a process of its own."""

    def __init__(self, program):
        self.program = program
        self.process = None
        self.address = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.program, "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: zk_servers.die_with_parent(signal.SIGKILL),
        )
        port = self.process.stdout.readline().strip()
        if not port.isdigit():
            raise zk_servers.Failure(f"{os.path.basename(self.program)} did not start")
        self.address = f"127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Database:
    """A throw-away PostgreSQL with one counter for each lock: once fenced, once not."""

    FENCE = "fence bigint not null default 1 check (fence > 0)"  # leasehold::fence_column_sql()

    def __init__(self, root, connections):
        self.server = pg.Postgres(root, [f"max_connections={connections}"])

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *details):
        return self.server.__exit__(*details)

    @property
    def connection_string(self):
        return self.server.connection_string

    def make_table(self, paths):
        rows = ", ".join(f"('{path}')" for path in paths)
        self.server.execute(
            "drop table if exists orders; create table orders (path text primary key, "
            "unfenced bigint not null default 0, fenced bigint not null default 0, "
            f"reads bigint not null default 0, {self.FENCE}); "
            f"insert into orders (path) values {rows}"
        )

    def counters(self):
        """path -> (unfenced, fenced)"""
        lines = self.server.execute("select path, unfenced, fenced from orders").splitlines()
        rows = [re.split(r"[|\t ]+", line.strip()) for line in lines if line.startswith("/")]
        return {path: (int(unfenced), int(fenced)) for path, unfenced, fenced in rows}
