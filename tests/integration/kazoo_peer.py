"""A contender that uses kazoo, told what to do line by line, as a lock_worker is.

    kazoo_peer.py HOSTS

    lock ID PATH plain|patterns   -> queued ID; then granted ID
                                     (patterns: Lock(extra_lock_patterns=["-lock-"]))
    release ID                    -> released ID

The end of the input ends the process.
"""

import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.recipe.lock import Lock

output = threading.Lock()


def say(*words):
    with output:
        print(*words, flush=True)


class Contender:
    def __init__(self, client, name, path, patterns):
        self.client = client
        self.name = name
        self.path = path
        self.lock = Lock(client, path, identifier=name, extra_lock_patterns=patterns)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        if self.lock.acquire():
            say("granted", self.name)

    def is_queued(self):
        return self.lock.is_acquired or self.name in self.lock.contenders()


def main():
    client = KazooClient(hosts=sys.argv[1])
    client.start(timeout=30)
    say("ready")
    contenders = {}
    for line in sys.stdin:
        verb, name, *rest = line.split()
        if verb == "lock":
            path, mode = rest
            contender = Contender(client, name, path, ["-lock-"] if mode == "patterns" else [])
            contenders[name] = contender
            contender.thread.start()
            while not contender.is_queued():
                time.sleep(0.005)
            say("queued", name)
        elif verb == "release":
            contenders.pop(name).lock.release()
            say("released", name)
    client.stop()


main()
