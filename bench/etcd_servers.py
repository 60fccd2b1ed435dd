"""Servers of etcd for a contest, for its own client: as many as there are of ZooKeeper, and on the same
kind of storage, so that both sync each transaction to the same place."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

import zk_servers

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Where './dev bench --peers' unpacks Debian's etcd-server: installed, it would start a service.
UNPACKED = os.path.join(ROOT, "build", "peers", "etcd-server", "usr", "bin", "etcd")
LOOK_TIMEOUT_S = 1


def program():
    """None if there is none."""
    return UNPACKED if os.access(UNPACKED, os.X_OK) else shutil.which("etcd")


class Member:
    def __init__(self, number, directory):
        self.name = f"node{number}"
        self.data = os.path.join(directory, self.name)
        self.log = os.path.join(directory, f"{self.name}.log")
        self.process = None
        self.port = self.peer_port = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def peer_url(self):
        return f"http://127.0.0.1:{self.peer_port}"

    def launch(self, cluster):
        command = [
            program(),
            f"--name={self.name}",
            f"--data-dir={self.data}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={self.peer_url}",
            f"--initial-advertise-peer-urls={self.peer_url}",
            f"--initial-cluster={cluster}",
            "--logger=zap",
            "--log-level=warn",
        ]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is not for the servers
                preexec_fn=lambda: zk_servers.die_with_parent(signal.SIGKILL),
            )

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-5:])

    def is_leader(self):
        """None while it knows of no leader."""
        question = urllib.request.Request(f"{self.url}/v3/maintenance/status", data=b"{}")
        try:
            with urllib.request.urlopen(question, timeout=LOOK_TIMEOUT_S) as answer:
                status = json.load(answer)
        except (OSError, ValueError):
            return None
        leader = status.get("leader")  # not there while there is none
        return leader and leader == status["header"]["member_id"]


@contextlib.contextmanager
def running(nodes, parent, timeout):
    """Their files are in a new directory in `parent`. Yields HOST:PORT of the leader."""
    directory = tempfile.mkdtemp(prefix="leasehold-etcd-", dir=parent)
    members = [Member(number, directory) for number in range(1, nodes + 1)]
    try:
        start(members)
        yield f"127.0.0.1:{leader_of(members, timeout).port}"
    finally:
        for each in members:
            if each.process:
                each.process.kill()  # nothing of it has to last
                each.process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def start(members):
    # All are held until all are known, so that none is handed out twice.
    with contextlib.ExitStack() as held:
        for each in members:
            ports = [held.enter_context(zk_servers.hold_free_port()) for _ in range(2)]
            each.port, each.peer_port = [one.getsockname()[1] for one in ports]
    cluster = ",".join(f"{each.name}={each.peer_url}" for each in members)
    for each in members:
        each.launch(cluster)


def leader_of(members, timeout):
    deadline = time.monotonic() + timeout
    while True:
        roles = [each.is_leader() for each in members]
        if None not in roles and roles.count(True) == 1:
            return members[roles.index(True)]
        for each in members:
            if each.process.poll() is not None:
                raise zk_servers.Failure(f"etcd ended at once:\n{each.log_tail()}")
        if time.monotonic() > deadline:
            raise zk_servers.Failure(f"etcd does not serve after {timeout} s:\n{members[0].log_tail()}")
        time.sleep(zk_servers.POLL_S)
