"""A contender that uses kazoo, told what to do line by line, as a lock_worker is.

    kazoo_peer.py HOSTS

    lock ID PATH plain|patterns|read|write -> queued ID; then granted ID
                                              (patterns: Lock(extra_lock_patterns=["-lock-"]);
                                              read, write: ReadLock, WriteLock)
    lock ID PATH election                  -> the same, with kazoo's Election
    granted? ID                            -> granted? ID yes|no
    release ID                             -> released ID

The end of the input ends the process.
"""

import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.recipe.election import Election
from kazoo.recipe.lock import Lock, ReadLock, WriteLock

KINDS = {"plain": Lock, "patterns": Lock, "read": ReadLock, "write": WriteLock}
output = threading.Lock()


def say(*words):
    with output:
        print(*words, flush=True)


class Contender:
    def __init__(self, client, name, path, kind):
        self.client = client
        self.name = name
        self.path = path
        patterns = ["-lock-"] if kind == "patterns" else []
        self.lock = KINDS[kind](client, path, identifier=name, extra_lock_patterns=patterns)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        if self.lock.acquire():
            say("granted", self.name)

    def is_queued(self):
        return self.lock.is_acquired or self.name in self.lock.contenders()

    def release(self):
        self.lock.release()


class Candidate(Contender):
    def __init__(self, client, name, path):
        super().__init__(client, name, path, "plain")
        self.election = Election(client, path, identifier=name)
        self.lock = self.election.lock
        self.let_go = threading.Event()

    def run(self):
        self.election.run(self.lead)

    def lead(self):
        say("granted", self.name)
        self.let_go.wait()

    def release(self):
        self.let_go.set()
        self.thread.join()


def main():
    client = KazooClient(hosts=sys.argv[1])
    client.start(timeout=30)
    say("ready")
    contenders = {}
    for line in sys.stdin:
        verb, name, *rest = line.split()
        if verb == "lock":
            path, kind = rest
            if kind == "election":
                contender = Candidate(client, name, path)
            else:
                contender = Contender(client, name, path, kind)
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
