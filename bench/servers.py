"""Real servers for a contest, with their data in memory or on a disk; those of etcd beside ZooKeeper's."""

import contextlib
import shutil
import tempfile

import etcd_servers
import zk_servers

MEMORY = "/dev/shm"
START_S = 60
TICK_MS = 2000  # ZooKeeper's default: shorter ones are for tests
# As in production, not as in tests: each transaction is synced, and compiled code is optimised.
JVM = ["-Xmx512m", "-XX:TieredStopAtLevel=4", "-Dzookeeper.forceSync=yes", "-Dzookeeper.preAllocSize=65536"]


class Servers:
    """`port` is that of the one server which all contestants use: the leader, if there are more.
    `etcd_hosts`: the same of etcd, or None."""

    tick_ms = TICK_MS

    def __init__(self, port, etcd_hosts=None):
        self.port = port
        self.etcd_hosts = etcd_hosts
        self.hosts = f"127.0.0.1:{port}"


@contextlib.contextmanager
def running(nodes, data, build, with_etcd=False):
    """`data`: tmpfs, or disk (in the build directory)."""
    storage = MEMORY if data == "tmpfs" else build
    directory = tempfile.mkdtemp(prefix="leasehold-bench-", dir=storage)
    servers = zk_servers.Servers(directory, "bench")
    try:
        servers.start(zk_servers.settings(nodes=nodes, tick=TICK_MS, jvm=JVM), START_S, die_with_us=True)
        led = next(
            node["port"]
            for node, mode in zip(servers.nodes, servers.modes())
            if mode in ("leader", "standalone")
        )
        with contextlib.ExitStack() as beside:
            etcd_hosts = None
            if with_etcd:
                etcd_hosts = beside.enter_context(etcd_servers.running(nodes, storage, START_S))
            yield Servers(led, etcd_hosts)
    finally:
        servers.stop()
        for each in servers.children:
            each.wait()
        shutil.rmtree(directory, ignore_errors=True)
