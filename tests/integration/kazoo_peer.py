"""A contender that uses kazoo, told what to do line by line, as a lock_worker is.

    kazoo_peer.py HOSTS

    lock ID PATH plain|patterns|read|write -> queued ID; then granted ID, or failed ID TEXT
                                              (patterns: Lock(extra_lock_patterns=["-lock-"]);
                                              read, write: ReadLock, WriteLock)
    lock ID PATH permits=N                 -> the same with a Semaphore
    lock ID PATH election                  -> the same with an Election
    granted? ID                            -> granted? ID yes|no
    release ID                             -> released ID

The end of the input ends the process.
"""

import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.recipe.election import Election
from kazoo.recipe.lock import Lock, ReadLock, Semaphore, WriteLock

KINDS = {"plain": Lock, "patterns": Lock, "read": ReadLock, "write": WriteLock}
output = threading.Lock()


def say(*words):
    with output:
        print(*words, flush=True)


class Contender:
    def __init__(self, name, lock):
        self.name = name
        self.lock = lock
        self.has_failed = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            if self.lock.acquire():
                say("granted", self.name)
        except ValueError as error:
            self.has_failed = True
            say("failed", self.name, error)

    def is_queued(self):
        return self.lock.is_acquired or self.has_failed or self.waits()

    def waits(self):
        return self.name in self.lock.contenders()

    def release(self):
        self.lock.release()


class Candidate(Contender):
    def __init__(self, client, name, path):
        self.election = Election(client, path, identifier=name)
        super().__init__(name, self.election.lock)
        self.let_go = threading.Event()

    def run(self):
        self.election.run(self.lead)

    def lead(self):
        say("granted", self.name)
        self.let_go.wait()

    def release(self):
        self.let_go.set()
        self.thread.join()


class PermitContender(Contender):
    """Waits in the queue of a lock beside the path, or at its head for a permit."""

    def __init__(self, client, name, path, permits):
        super().__init__(name, Semaphore(client, path, identifier=name, max_leases=permits))
        self.queue = Lock(client, self.lock.lock_path)

    def waits(self):
        return str(self.name.encode()) in self.queue.contenders()


def make_contender(client, name, path, kind):
    if kind.startswith("permits="):
        return PermitContender(client, name, path, int(kind[len("permits="):]))
    if kind == "election":
        return Candidate(client, name, path)
    patterns = ["-lock-"] if kind == "patterns" else []
    return Contender(name, KINDS[kind](client, path, name, extra_lock_patterns=patterns))


def main():
    client = KazooClient(hosts=sys.argv[1])
    client.start(timeout=30)
    say("ready")
    contenders = {}
    for line in sys.stdin:
        verb, name, *rest = line.split()
        if verb == "lock":
            path, kind = rest
            contender = make_contender(client, name, path, kind)
            contenders[name] = contender
            contender.thread.start()
            while not contender.is_queued():
                time.sleep(0.005)
            say("queued", name)
        elif verb == "granted?":
            say(verb, name, "yes" if contenders[name].lock.is_acquired else "no")
        elif verb == "release":
            contenders.pop(name).release()
            say("released", name)
    client.stop()


main()
