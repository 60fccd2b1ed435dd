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

    def expect(self, *words):
        assert self.process.stdout.readline().split() == list(words)

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
    kazoo.tell("lock", "k", path, "plain")
    kazoo.expect("queued", "k")
    kazoo.tell("granted?", "k")
    kazoo.expect("granted?", "k", "no")
    lock.release()
    kazoo.expect("granted", "k")
    kazoo.tell("release", "k")
    kazoo.expect("released", "k")


def test_we_wait_for_kazoo(real, path, kazoo):
    client = real.connect()
    kazoo.tell("lock", "k", path, "plain")
    kazoo.expect("queued", "k")
    kazoo.expect("granted", "k")
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, naming="kazoo", wait=0.3, refuse_hopeless=False).acquire()
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, naming="kazoo", wait=0).acquire()
    kazoo.tell("release", "k")
    kazoo.expect("released", "k")
    with client.lock(path, naming="kazoo", wait=20) as lock:
        assert lock.valid


def test_readers_and_writers_of_both(real, path, kazoo):
    client = real.connect()
    kazoo.tell("lock", "r", path, "read")
    kazoo.expect("queued", "r")
    kazoo.expect("granted", "r")
    with client.lock_shared(path, naming="kazoo", wait=5) as share:
        assert share.valid
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, naming="kazoo", wait=0).acquire()
    kazoo.tell("release", "r")
    kazoo.expect("released", "r")
    with client.lock(path, naming="kazoo", wait=20) as lock:
        kazoo.tell("lock", "w", path, "write")
        kazoo.expect("queued", "w")
        lock.release()
    kazoo.expect("granted", "w")
    kazoo.tell("release", "w")
    kazoo.expect("released", "w")


def test_a_stuck_holder_is_out_of_kazoos_way_in_time(real, path, kazoo):
    """The budget ends our lock, whatever its holder does; kazoo is told within 250 ms."""
    client = real.connect()
    lock = client.lock(path, naming="kazoo", budget=1).acquire()
    until = lock.deadline
    kazoo.tell("lock", "k", path, "plain")
    kazoo.expect("queued", "k")
    kazoo.expect("granted", "k")
    assert leasehold.now() < until + 0.25
    assert not lock.valid
    kazoo.tell("release", "k")
    kazoo.expect("released", "k")
