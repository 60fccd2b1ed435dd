#!/usr/bin/env python3
"""Looks at the queues of a chaos run from outside, on all three servers at once, and takes no lock.

    observer.py PORT,PORT,PORT PATH,PATH

Tells when a queue has changed, who stands in it, and how long reads take. Which of the servers is
behind is seen by the queue's version. Ends with its standard input.
"""

import json
import logging
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoNodeError

LOOK_EVERY_S = 0.05
TELL_EVERY_S = 1.0  # how long a read took at most
READ_TIMEOUT_S = 2.0
SESSION_TIMEOUT_S = 4.0
output = threading.Lock()


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def tell(kind, **what):
    with output:
        print(json.dumps({"kind": kind, "t": now(), **what}), flush=True)


class View:
    """What is known of all queues, from whichever server knows the most."""

    def __init__(self, paths):
        self.guard = threading.Lock()
        self.versions = {path: -1 for path in paths}
        self.nodes = {path: set() for path in paths}  # told of

    def is_news(self, path, version, names):
        """Whether it changes anything, and who in it is new."""
        with self.guard:
            if version <= self.versions[path]:
                return False, []
            self.versions[path] = version
            return True, [name for name in names if name not in self.nodes[path]]

    def is_told(self, path, name):
        with self.guard:
            self.nodes[path].add(name)


class Look:
    """One server, as long as the process lives."""

    def __init__(self, number, port, view, over):
        self.number = number
        self.view = view
        self.over = over
        self.client = KazooClient(
            hosts=f"127.0.0.1:{port}",
            timeout=SESSION_TIMEOUT_S,
            connection_retry={"max_tries": -1, "delay": 0.1, "backoff": 1, "max_jitter": 0.1},
        )
        self.slowest_s = 0.0
        self.told_at = now()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        self.client.start_async()
        while not self.over.wait(LOOK_EVERY_S):
            if not self.client.connected:
                continue
            try:
                for path in self.view.versions:
                    self.look(path)
            except (KazooException, self.client.handler.timeout_exception, OSError):
                pass  # the server is gone, or away; looks go on
        self.client.stop()
        self.client.close()

    def look(self, path):
        begun = now()
        names, stat = self.client.get_children_async(path, include_data=True).get(
            timeout=READ_TIMEOUT_S
        )
        took_s = now() - begun
        is_news, fresh = self.view.is_news(path, stat.children_version, names)
        self.slowest_s = max(self.slowest_s, took_s)
        if now() - self.told_at > TELL_EVERY_S:
            tell("read", server=self.number, took_s=self.slowest_s, since=self.told_at)
            self.slowest_s, self.told_at = 0.0, now()
        if is_news:
            tell("queue", server=self.number, path=path, names=names)
        for name in fresh:
            try:
                data, stat = self.client.get_async(f"{path}/{name}").get(timeout=READ_TIMEOUT_S)
            except NoNodeError:
                continue
            self.view.is_told(path, name)
            tell("node", path=path, name=name, czxid=stat.czxid, session=stat.ephemeralOwner,
                 record=data.decode("ascii", errors="replace"))


def main(arguments):
    logging.disable(logging.CRITICAL)
    ports, paths = (each.split(",") for each in arguments)
    over = threading.Event()
    view = View(paths)
    looks = [Look(number, port, view, over) for number, port in enumerate(ports, 1)]
    maker = KazooClient(hosts=",".join(f"127.0.0.1:{port}" for port in ports))
    maker.start(timeout=30)
    for path in paths:
        maker.ensure_path(path)  # not a container: numbers go on when the queue was empty
    maker.stop()
    maker.close()
    for look in looks:
        look.thread.start()
    tell("ready")
    sys.stdin.read()
    over.set()
    for look in looks:
        look.thread.join()
    tell("closed")


if __name__ == "__main__":
    main(sys.argv[1:])
