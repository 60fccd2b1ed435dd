"""One queue with kazoo, in both directions, on a real server."""

import subprocess
import sys

import pytest

import leasehold
from conftest import ROOT

PEER = ROOT / "tests" / "integration" / "kazoo_peer.py"


class Kazoo:
    def __init__(self, hosts):
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(PEER), hosts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.expect("ready")

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def said(self):
        return self.process.stdout.readline().split()

    def expect(self, *words):
        assert self.said() == list(words)

    def queue(self, name, path, kind):
        self.tell("lock", name, path, kind)
        self.expect("queued", name)

    def take(self, name, path, kind):
        """A lock that is free: kazoo may be told of it before it is seen in the queue."""
        self.tell("lock", name, path, kind)
        assert sorted([self.said(), self.said()]) == [["granted", name], ["queued", name]]

    def release(self, name):
        self.tell("release", name)
        self.expect("released", name)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


@pytest.fixture
def kazoo(real_hosts):
    peer = Kazoo(real_hosts)
    yield peer
    peer.close()


def test_kazoo_waits_for_us(real, path, kazoo):
    client = real.connect()
    lock = client.lock(path, naming="kazoo", budget=15).acquire()
    kazoo.queue("k", path, "plain")
    kazoo.tell("granted?", "k")
    kazoo.expect("granted?", "k", "no")
    lock.release()
    kazoo.expect("granted", "k")
    kazoo.release("k")


def test_we_wait_for_kazoo(real, path, kazoo):
    client = real.connect()
    kazoo.take("k", path, "plain")
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, naming="kazoo", wait=0.3, refuse_hopeless=False).acquire()
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, naming="kazoo", wait=0).acquire()
    kazoo.release("k")
    with client.lock(path, naming="kazoo", wait=20) as lock:
        assert lock.valid


def test_readers_and_writers_of_both(real, path, kazoo):
    client = real.connect()
    kazoo.take("r", path, "read")
    with client.lock_shared(path, naming="kazoo", wait=5) as share:
        assert share.valid
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, naming="kazoo", wait=0).acquire()
    kazoo.release("r")
    with client.lock(path, naming="kazoo", wait=20) as lock:
        kazoo.queue("w", path, "write")
        lock.release()
    kazoo.expect("granted", "w")
    kazoo.release("w")


def test_a_stuck_holder_is_out_of_kazoos_way_in_time(real, path, kazoo):
    """The budget ends our lock, whatever its holder does; kazoo is told within 250 ms."""
    client = real.connect()
    lock = client.lock(path, naming="kazoo", budget=1).acquire()
    until = lock.deadline
    kazoo.queue("k", path, "plain")
    kazoo.expect("granted", "k")
    assert leasehold.now() < until + 0.25
    assert not lock.valid
    kazoo.release("k")
